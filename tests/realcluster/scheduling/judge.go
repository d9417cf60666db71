package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/events"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	registry "k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/scheduler"
	internalcache "k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/profile"
)

// question is a cluster, and a pod in it that waits for a node.
type question struct {
	Objects []json.RawMessage `json:"objects"`
	Pod     json.RawMessage   `json:"pod"`
}

// answer is what the scheduler finds.
type answer struct {
	// Feasible are the nodes that can take the pod; Refused has for the others the plugin and its reasons.
	Feasible []string            `json:"feasible"`
	Refused  map[string][]string `json:"refused"`
	// Scores has the weighted scores of plugins that do not say the same of all nodes.
	Scores map[string]map[string]int64 `json:"scores"`
	Best   []string                    `json:"best"`
	// Text is the note of the event when there is no node, and what preemption does then.
	Text      string   `json:"text"`
	Nominated string   `json:"nominated"`
	Victims   []string `json:"victims"`
}

func judge(line []byte) (any, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	objects := make([]kruntime.Object, 0, len(asked.Objects)+1)
	for _, raw := range append(asked.Objects, asked.Pod) {
		object, err := read(raw)
		if err != nil {
			return nil, err
		}
		// The fake API server knows no field selectors, by which the scheduler leaves out what has ended.
		if pod, ok := object.(*v1.Pod); ok && (pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed) {
			continue
		}
		objects = append(objects, object)
	}
	pod, ok := objects[len(objects)-1].(*v1.Pod)
	if !ok {
		return nil, fmt.Errorf("%T is not a pod", objects[len(objects)-1])
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cycle, err := start(ctx, objects, pod)
	if err != nil {
		return nil, err
	}
	found := answer{Feasible: []string{}, Refused: map[string][]string{}, Best: []string{}, Victims: []string{}}
	if err := cycle.filter(ctx, &found); err != nil {
		return nil, err
	}
	if len(found.Feasible) == 0 {
		return found, cycle.fail(ctx, &found)
	}
	if err := cycle.score(ctx, &found); err != nil {
		return nil, err
	}
	return found, cycle.confirm(ctx, &found)
}

// read decodes an object and gives it the defaults of the API server.
func read(raw []byte) (kruntime.Object, error) {
	object, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(object)
	if pod, ok := object.(*v1.Pod); ok {
		if err := created(pod); err != nil {
			return nil, err
		}
	}
	access, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	if access.GetUID() == "" {
		access.SetUID(types.UID(fmt.Sprintf("%T/%s/%s", object, access.GetNamespace(), access.GetName())))
	}
	access.SetResourceVersion("1")
	return object, nil
}

// created has done to a pod what the API server does when it is created: selectors are extended by label keys.
func created(pod *v1.Pod) error {
	var internal core.Pod
	status := pod.Status
	if err := legacyscheme.Scheme.Convert(pod, &internal, nil); err != nil {
		return err
	}
	registry.Strategy.PrepareForCreate(context.Background(), &internal)
	if err := legacyscheme.Scheme.Convert(&internal, pod, nil); err != nil {
		return err
	}
	pod.Status = status
	return nil
}

// cycle is a scheduler that knows the cluster, at the pod's turn.
type cycle struct {
	scheduler *scheduler.Scheduler
	framework framework.Framework
	nodes     []fwk.NodeInfo
	feasible  []fwk.NodeInfo
	state     fwk.CycleState
	pod       *v1.Pod
	told      *recorder
}

func start(ctx context.Context, objects []kruntime.Object, pod *v1.Pod) (*cycle, error) {
	//nolint:staticcheck // what NewClientset adds is server-side apply, which a scheduler does not ask for
	client := fake.NewSimpleClientset(objects...)
	informers := scheduler.NewInformerFactory(client, 0)
	told := &recorder{}
	made := profile.RecorderFactory(func(string) events.EventRecorderLogger { return told })
	one, err := scheduler.New(ctx, client, informers, nil, made)
	if err != nil {
		return nil, err
	}
	informers.StartWithContext(ctx)
	informers.WaitForCacheSyncWithContext(ctx)
	for !synced(ctx, one) {
		runtime.Gosched()
	}
	settle()
	logger := klog.FromContext(ctx)
	found := one.Profiles[v1.DefaultSchedulerName]
	snapshot, ok := found.SnapshotSharedLister().(*internalcache.Snapshot)
	if !ok {
		return nil, fmt.Errorf("%T is not a snapshot", found.SnapshotSharedLister())
	}
	if err := one.Cache.UpdateSnapshot(logger, snapshot); err != nil {
		return nil, err
	}
	nodes, err := snapshot.NodeInfos().List()
	if err != nil {
		return nil, err
	}
	return &cycle{scheduler: one, framework: found, nodes: nodes, state: framework.NewCycleState(), pod: pod, told: told}, nil
}

// synced asks once whether the scheduler has seen all that there was at its start.
func synced(ctx context.Context, one *scheduler.Scheduler) bool {
	once, cancel := context.WithTimeout(ctx, time.Microsecond)
	defer cancel()
	return one.WaitForHandlersSync(once) == nil
}

// settle lets everybody else run until nobody wants to.
func settle() {
	for range 500 {
		runtime.Gosched()
	}
}

// filter asks of each node whether it can take the pod.
func (c *cycle) filter(ctx context.Context, found *answer) error {
	before, status, plugins := c.framework.RunPreFilterPlugins(ctx, c.state, c.pod)
	if !status.IsSuccess() {
		if !status.IsRejected() {
			return status.AsError()
		}
		for _, node := range c.nodes {
			found.Refused[node.Node().Name] = reasons(status)
		}
		return nil
	}
	for _, node := range c.nodes {
		name := node.Node().Name
		if !before.AllNodes() && !before.NodeNames.Has(name) {
			for plugin := range plugins {
				found.Refused[name] = []string{plugin, fmt.Sprintf("node(s) didn't satisfy plugin(s) [%s]", plugin)}
			}
			continue
		}
		status := c.framework.RunFilterPluginsWithNominatedPods(ctx, c.state, c.pod, node)
		if status.IsSuccess() {
			found.Feasible = append(found.Feasible, name)
			c.feasible = append(c.feasible, node)
			continue
		}
		if !status.IsRejected() {
			return status.AsError()
		}
		found.Refused[name] = reasons(status)
	}
	sort.Strings(found.Feasible)
	return nil
}

// reasons are the plugin that refuses a node, and why; the order of resources is up to chance.
func reasons(status *fwk.Status) []string {
	all := slices.Sorted(slices.Values(status.Reasons()))
	return append([]string{status.Plugin()}, all...)
}

// score ranks the nodes that can take the pod.
func (c *cycle) score(ctx context.Context, found *answer) error {
	if len(c.feasible) < 2 {
		found.Best = found.Feasible
		return nil
	}
	if status := c.framework.RunPreScorePlugins(ctx, c.state, c.pod, c.feasible); !status.IsSuccess() {
		return status.AsError()
	}
	scores, status := c.framework.RunScorePlugins(ctx, c.state, c.pod, c.feasible)
	if !status.IsSuccess() {
		return status.AsError()
	}
	found.Scores = map[string]map[string]int64{}
	most := scores[0].TotalScore
	for _, node := range scores {
		most = max(most, node.TotalScore)
		for _, one := range node.Scores {
			if found.Scores[one.Name] == nil {
				found.Scores[one.Name] = map[string]int64{}
			}
			found.Scores[one.Name][node.Name] = one.Score
		}
	}
	for plugin, of := range found.Scores {
		if same(of) {
			delete(found.Scores, plugin)
		}
	}
	for _, node := range scores {
		if node.TotalScore == most {
			found.Best = append(found.Best, node.Name)
		}
	}
	sort.Strings(found.Best)
	return nil
}

// confirm holds what was found against what the scheduler does with it. It looks at no other node when the one that
// the pod was nominated for can take it.
func (c *cycle) confirm(ctx context.Context, found *answer) error {
	info, err := framework.NewPodInfo(c.pod)
	if err != nil {
		return err
	}
	result, err := c.scheduler.SchedulePod(ctx, c.framework, framework.NewCycleState(), &framework.QueuedPodInfo{PodInfo: info})
	if err != nil {
		return fmt.Errorf("there are nodes, but %w", err)
	}
	host := []string{result.SuggestedHost}
	switch {
	case result.FeasibleNodes == 1 && result.SuggestedHost == c.pod.Status.NominatedNodeName:
		*found = answer{Feasible: host, Refused: map[string][]string{}, Best: host, Victims: []string{}}
	case result.FeasibleNodes != len(found.Feasible) || !slices.Contains(found.Best, result.SuggestedHost):
		return fmt.Errorf("the scheduler takes %v of %d nodes", host, result.FeasibleNodes)
	}
	return nil
}

func same(scores map[string]int64) bool {
	seen := map[int64]bool{}
	for _, score := range scores {
		seen[score] = true
	}
	return len(seen) < 2
}

// fail lets the scheduler itself take the pod's turn, with all that it does when there is no node. Others whose turn
// comes before stay where they are.
func (c *cycle) fail(ctx context.Context, found *answer) error {
	info, err := framework.NewPodInfo(c.pod)
	if err != nil {
		return err
	}
	c.scheduler.NextPod = func(klog.Logger) (*framework.QueuedPodInfo, error) {
		return &framework.QueuedPodInfo{PodInfo: info}, nil
	}
	c.scheduler.ScheduleOne(ctx)
	settle()
	found.Text = c.told.failed
	found.Victims = append(found.Victims, c.told.preempted...)
	sort.Strings(found.Victims)
	for _, node := range c.nodes {
		for _, one := range c.scheduler.SchedulingQueue.NominatedPodsForNode(node.Node().Name) {
			if one.GetPod().UID == c.pod.UID {
				found.Nominated = node.Node().Name
			}
		}
	}
	return nil
}

// recorder keeps what the scheduler says in events.
type recorder struct {
	failed    string
	preempted []string
}

func (r *recorder) Eventf(regarding kruntime.Object, _ kruntime.Object, _, reason, _, note string, args ...any) {
	switch reason {
	case "FailedScheduling":
		r.failed = fmt.Sprintf(note, args...)
	case "Preempted":
		if victim, ok := regarding.(*v1.Pod); ok {
			r.preempted = append(r.preempted, victim.Namespace+"/"+victim.Name)
		}
	}
}

func (r *recorder) WithLogger(klog.Logger) events.EventRecorderLogger { return r }
