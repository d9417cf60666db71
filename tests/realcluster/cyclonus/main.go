// Command cyclonus says what NetworkPolicies mean, in the words of cyclonus' own generator and matcher.
//
// Standard input is the addresses of the pods as JSON, `{"x/a": {"pod": "10.0.0.1", "service": "10.96.0.1"}}`.
// Standard output is one line of JSON for each generated case: its steps with what they do to the cluster and,
// for every pair of pods and every port, whether cyclonus' matcher allows the connection. Nothing is connected.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/mattfenwick/cyclonus/pkg/connectivity/probe"
	"github.com/mattfenwick/cyclonus/pkg/generator"
	"github.com/mattfenwick/cyclonus/pkg/kube"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
	"github.com/sirupsen/logrus"
	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type address struct {
	Pod     string `json:"pod"`
	Service string `json:"service"`
}

type change struct {
	Verb   string `json:"verb"`
	Object any    `json:"object"`
}

type cell struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Protocol string `json:"protocol"`
	Ingress  bool   `json:"ingress"`
	Egress   bool   `json:"egress"`
}

type step struct {
	Changes []change `json:"changes"`
	Cells   []cell   `json:"cells"`
}

type testCase struct {
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Steps       []step   `json:"steps"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	logrus.SetLevel(logrus.ErrorLevel)
	var addresses map[string]address
	if err := json.NewDecoder(os.Stdin).Decode(&addresses); err != nil {
		return fmt.Errorf("the addresses cannot be read: %w", err)
	}
	namespaces := []string{"x", "y", "z"}
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	encoder := json.NewEncoder(output)
	// What `cyclonus generate` would run without its default exclusions.
	cases := generator.NewTestCaseGenerator(true, addresses["z/c"].Pod, namespaces, nil, nil)
	for _, one := range cases.GenerateTestCases() {
		said, err := play(one, namespaces, addresses)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Description, err)
		}
		if err := encoder.Encode(said); err != nil {
			return err
		}
	}
	return nil
}

func resources(namespaces []string, addresses map[string]address) *probe.Resources {
	all := &probe.Resources{Namespaces: map[string]map[string]string{}}
	protocols := []v1.Protocol{v1.ProtocolTCP, v1.ProtocolUDP, v1.ProtocolSCTP}
	for _, namespace := range namespaces {
		all.Namespaces[namespace] = map[string]string{"ns": namespace, kube.DefaultNamespaceLabel: namespace}
		for _, name := range []string{"a", "b", "c"} {
			pod := probe.NewDefaultPod(namespace, name, []int{80, 81}, protocols, false, "registry.k8s.io")
			known := addresses[namespace+"/"+name]
			pod.IP, pod.ServiceIP = known.Pod, known.Service
			all.Pods = append(all.Pods, pod)
		}
	}
	return all
}

func play(one *generator.TestCase, namespaces []string, addresses map[string]address) (*testCase, error) {
	tags := one.Tags.Keys()
	sort.Strings(tags)
	said := &testCase{Description: one.Description, Tags: tags}
	now := &state{resources: resources(namespaces, addresses)}
	for _, each := range one.Steps {
		done := step{}
		for _, action := range each.Actions {
			changes, err := now.change(action)
			if err != nil {
				return nil, err
			}
			done.Changes = append(done.Changes, changes...)
		}
		done.Cells = now.cells(each.Probe)
		said.Steps = append(said.Steps, done)
	}
	return said, nil
}

type state struct {
	resources *probe.Resources
	policies  []*networkingv1.NetworkPolicy
}

func (s *state) remove(namespace, name string) {
	var kept []*networkingv1.NetworkPolicy
	for _, policy := range s.policies {
		if policy.Namespace != namespace || policy.Name != name {
			kept = append(kept, policy)
		}
	}
	s.policies = kept
}

// change does what an action does to the cluster (`pkg/connectivity/testcasestate.go`).
func (s *state) change(action *generator.Action) ([]change, error) {
	var err error
	switch {
	case action.CreatePolicy != nil:
		s.policies = append(s.policies, action.CreatePolicy.Policy)
		return []change{{"create", typed(action.CreatePolicy.Policy)}}, nil
	case action.UpdatePolicy != nil:
		policy := action.UpdatePolicy.Policy
		s.remove(policy.Namespace, policy.Name)
		s.policies = append(s.policies, policy)
		return []change{{"update", typed(policy)}}, nil
	case action.DeletePolicy != nil:
		s.remove(action.DeletePolicy.Namespace, action.DeletePolicy.Name)
		policy := &networkingv1.NetworkPolicy{}
		policy.Namespace, policy.Name = action.DeletePolicy.Namespace, action.DeletePolicy.Name
		return []change{{"delete", typed(policy)}}, nil
	case action.CreateNamespace != nil:
		name, labels := action.CreateNamespace.Namespace, action.CreateNamespace.Labels
		s.resources, err = s.resources.CreateNamespace(name, labels)
		return []change{{"create", namespace(name, labels)}}, err
	case action.SetNamespaceLabels != nil:
		name, labels := action.SetNamespaceLabels.Namespace, action.SetNamespaceLabels.Labels
		s.resources, err = s.resources.UpdateNamespaceLabels(name, labels)
		return []change{{"label", namespace(name, labels)}}, err
	case action.DeleteNamespace != nil:
		name := action.DeleteNamespace.Namespace
		s.resources, err = s.resources.DeleteNamespace(name)
		return []change{{"delete", namespace(name, nil)}}, err
	case action.CreatePod != nil:
		return s.createPod(action.CreatePod)
	case action.SetPodLabels != nil:
		asked := action.SetPodLabels
		s.resources, err = s.resources.SetPodLabels(asked.Namespace, asked.Pod, asked.Labels)
		pod := &v1.Pod{}
		pod.Kind, pod.Namespace, pod.Name, pod.Labels = "Pod", asked.Namespace, asked.Pod, asked.Labels
		return []change{{"label", pod}}, err
	case action.DeletePod != nil:
		pod, err := s.resources.GetPod(action.DeletePod.Namespace, action.DeletePod.Pod)
		if err != nil {
			return nil, err
		}
		s.resources, err = s.resources.DeletePod(action.DeletePod.Namespace, action.DeletePod.Pod)
		return []change{{"delete", service(pod)}, {"delete", kubePod(pod)}}, err
	}
	return nil, fmt.Errorf("an action that is not known: %+v", action)
}

func (s *state) createPod(asked *generator.CreatePodAction) ([]change, error) {
	made, err := s.resources.CreatePod(asked.Namespace, asked.Pod, asked.Labels)
	if err != nil {
		return nil, err
	}
	s.resources = made
	pod, err := made.GetPod(asked.Namespace, asked.Pod)
	if err != nil {
		return nil, err
	}
	// The test says the real address by the pod's name; no block of a case with new pods contains any.
	pod.IP = "192.0.2.1"
	return []change{{"create", kubePod(pod)}, {"create", service(pod)}}, nil
}

// cells asks the matcher about every connection that the probe would make.
func (s *state) cells(config *generator.ProbeConfig) []cell {
	policies := matcher.BuildNetworkPolicies(true, s.policies)
	builder := &probe.JobBuilder{TimeoutSeconds: 1}
	var cells []cell
	for _, job := range builder.GetJobsForProbeConfig(s.resources, config).Valid {
		allowed := policies.IsTrafficAllowed(job.Traffic())
		cells = append(cells, cell{
			From: job.FromKey, To: job.ToKey, Host: job.ToHost, Port: job.ResolvedPort,
			Protocol: string(job.Protocol),
			Ingress:  allowed.Ingress.IsAllowed(), Egress: allowed.Egress.IsAllowed(),
		})
	}
	return cells
}

func typed(policy *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	policy.Kind, policy.APIVersion = "NetworkPolicy", "networking.k8s.io/v1"
	return policy
}

func namespace(name string, labels map[string]string) *v1.Namespace {
	made := probe.KubeNamespace(name, labels)
	made.Kind, made.APIVersion = "Namespace", "v1"
	return made
}

func kubePod(pod *probe.Pod) *v1.Pod {
	made := pod.KubePod()
	made.Kind, made.APIVersion = "Pod", "v1"
	return made
}

func service(pod *probe.Pod) *v1.Service {
	made := pod.KubeService()
	made.Kind, made.APIVersion = "Service", "v1"
	return made
}
