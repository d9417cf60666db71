package main

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

const namespace = "informers"

// A Deployment grows, shrinks and goes; an informer's cache follows.
func workload(ctx context.Context, c *clients) error {
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := c.typed.CoreV1().Namespaces().Create(ctx, space, metav1.CreateOptions{}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(namespace))
	pods := factory.Core().V1().Pods()
	deployments := factory.Apps().V1().Deployments()
	deleted := make(chan string, 100)
	_, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		DeleteFunc: func(object any) {
			key, _ := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
			deleted <- key
		},
	})
	if err != nil {
		return err
	}
	deployments.Informer()
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%s was not synced", kind)
		}
	}
	web := deployment("web", 3)
	if _, err := c.typed.AppsV1().Deployments(namespace).Create(ctx, web, metav1.CreateOptions{}); err != nil {
		return err
	}
	ready := func(wanted int32) wait.ConditionWithContextFunc {
		return func(context.Context) (bool, error) {
			found, err := deployments.Lister().Deployments(namespace).Get("web")
			if apierrors.IsNotFound(err) {
				return false, nil
			}
			cached, _ := pods.Lister().Pods(namespace).List(labels.SelectorFromSet(labels.Set{"app": "web"}))
			return err == nil && found.Status.ReadyReplicas == wanted && len(cached) == int(wanted), err
		}
	}
	if err := until(ctx, ready(3)); err != nil {
		return err
	}
	fmt.Println("the cache has 3 ready pods")
	found, err := c.typed.AppsV1().Deployments(namespace).GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	fmt.Printf("scale %d, selector %s\n", found.Spec.Replicas, found.Status.Selector)
	found.Spec.Replicas = 1
	if _, err = c.typed.AppsV1().Deployments(namespace).UpdateScale(ctx, "web", found, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := until(ctx, ready(1)); err != nil {
		return err
	}
	fmt.Println("the cache has 1 ready pod")
	background := metav1.DeletePropagationForeground
	err = c.typed.AppsV1().Deployments(namespace).Delete(ctx, "web", metav1.DeleteOptions{PropagationPolicy: &background})
	if err != nil {
		return err
	}
	for range 3 {
		select {
		case key := <-deleted:
			if !strings.HasPrefix(key, namespace+"/web-") {
				return fmt.Errorf("%s was deleted", key)
			}
		case <-ctx.Done():
			return errors.New("the pods were not seen to go")
		}
	}
	fmt.Println("3 pods were seen to go")
	return nil
}

func deployment(name string, replicas int32) *appsv1.Deployment {
	own := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: own},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: own},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "nginx", Image: "nginx"}}},
			},
		},
	}
}

// Two writers: the second is told, and tries again.
func conflict(ctx context.Context, c *clients) error {
	maps := c.typed.CoreV1().ConfigMaps(namespace)
	first, err := maps.Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "shared-"},
		Data:       map[string]string{"count": ""},
		BinaryData: map[string][]byte{"bytes": {0, 255, 128}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	second := first.DeepCopy()
	first.Data["count"] += "a"
	if _, err = maps.Update(ctx, first, metav1.UpdateOptions{}); err != nil {
		return err
	}
	_, err = maps.Update(ctx, second, metav1.UpdateOptions{})
	fmt.Printf("conflict %t, reason %s\n", apierrors.IsConflict(err), apierrors.ReasonForError(err))
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		live, err := maps.Get(ctx, second.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		live.Data["count"] += "b"
		_, err = maps.Update(ctx, live, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return err
	}
	live, err := maps.Get(ctx, second.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	fmt.Printf("count %s, bytes %v\n", live.Data["count"], live.BinaryData["bytes"])
	uid, wrong := live.UID, live.UID+"x"
	err = maps.Delete(ctx, live.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	fmt.Printf("another uid: conflict %t\n", apierrors.IsConflict(err))
	return maps.Delete(ctx, live.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
}

// Two field managers share an object.
func apply(ctx context.Context, c *clients) error {
	maps := c.typed.CoreV1().ConfigMaps(namespace)
	mine := applyv1.ConfigMap("settings", namespace).WithData(map[string]string{"a": "1", "b": "1"})
	if _, err := maps.Apply(ctx, mine, metav1.ApplyOptions{FieldManager: "mine"}); err != nil {
		return err
	}
	yours := applyv1.ConfigMap("settings", namespace).WithData(map[string]string{"b": "2"})
	_, err := maps.Apply(ctx, yours, metav1.ApplyOptions{FieldManager: "yours"})
	fmt.Println(err)
	if _, err = maps.Apply(ctx, yours, metav1.ApplyOptions{FieldManager: "yours", Force: true}); err != nil {
		return err
	}
	live, err := maps.Get(ctx, "settings", metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, manager := range []string{"mine", "yours"} {
		owned, err := applyv1.ExtractConfigMap(live, manager)
		if err != nil {
			return err
		}
		keys := make([]string, 0)
		for key := range owned.Data {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		fmt.Printf("%s owns %v\n", manager, keys)
	}
	return nil
}

// A list in pages is one consistent list.
func pages(ctx context.Context, c *clients) error {
	maps := c.typed.CoreV1().ConfigMaps(namespace)
	for number := range 25 {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("page-%02d", number), Labels: map[string]string{"paged": "yes"},
		}}
		if _, err := maps.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	requests, items := 0, 0
	list := pager.New(pager.SimplePageFunc(func(options metav1.ListOptions) (runtimeObject, error) {
		requests++
		return maps.List(ctx, options)
	}))
	list.PageSize = 10
	err := list.EachListItem(ctx, metav1.ListOptions{LabelSelector: "paged in (yes)"}, func(runtimeObject) error {
		items++
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("%d items in %d requests\n", items, requests)
	err = maps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "paged=yes"})
	if err != nil {
		return err
	}
	rest, err := maps.List(ctx, metav1.ListOptions{LabelSelector: "paged"})
	if err != nil {
		return err
	}
	fmt.Printf("%d items afterwards\n", len(rest.Items))
	return nil
}

// Asks until it holds, a little apart: the cache has no way to tell.
func until(ctx context.Context, condition wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextTimeout(ctx, 20_000_000, patience, true, condition)
}
