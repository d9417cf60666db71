package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var everything = labels.Everything()

type runtimeObject = runtime.Object

var widgets = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "widgets"}

// A definition, its objects through a dynamic informer, and their metadata through another.
func custom(ctx context.Context, c *clients) error {
	if err := define(ctx, c); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full := dynamicinformer.NewFilteredDynamicSharedInformerFactory(c.dynamic, 0, namespace, nil)
	slim := metadatainformer.NewFilteredSharedInformerFactory(c.metadata, 0, namespace, nil)
	objects, metadata := full.ForResource(widgets), slim.ForResource(widgets)
	updates := make(chan string, 10)
	_, err := objects.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, object any) {
			phase, _, _ := unstructured.NestedString(object.(*unstructured.Unstructured).Object, "status", "phase")
			updates <- phase
		},
	})
	if err != nil {
		return err
	}
	metadata.Informer()
	full.Start(ctx.Done())
	slim.Start(ctx.Done())
	full.WaitForCacheSync(ctx.Done())
	slim.WaitForCacheSync(ctx.Done())
	client := c.dynamic.Resource(widgets).Namespace(namespace)
	widget := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget",
		"metadata": map[string]any{"name": "one", "finalizers": []any{"example.com/held"}},
		"spec":     map[string]any{"size": int64(3)},
	}}
	made, err := client.Create(ctx, widget, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := unstructured.SetNestedField(made.Object, "Ready", "status", "phase"); err != nil {
		return err
	}
	if _, err = client.UpdateStatus(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	fmt.Printf("seen: phase %s\n", <-updates)
	err = until(ctx, func(context.Context) (bool, error) {
		found, _ := metadata.Lister().ByNamespace(namespace).List(everything)
		return len(found) == 1, nil
	})
	if err != nil {
		return err
	}
	if err = client.Delete(ctx, "one", metav1.DeleteOptions{}); err != nil {
		return err
	}
	held, err := client.Get(ctx, "one", metav1.GetOptions{})
	if err != nil {
		return err
	}
	fmt.Printf("held by %v, generation %d\n", held.GetFinalizers(), held.GetGeneration())
	held.SetFinalizers(nil)
	if _, err = client.Update(ctx, held, metav1.UpdateOptions{}); err != nil {
		return err
	}
	return until(ctx, func(context.Context) (bool, error) {
		left, _ := objects.Lister().List(everything)
		known, _ := metadata.Lister().List(everything)
		return len(left)+len(known) == 0, nil
	})
}

func define(ctx context.Context, c *clients) error {
	extensions, err := apiextensions.NewForConfig(c.config)
	if err != nil {
		return err
	}
	number := apiextensionsv1.JSONSchemaProps{Type: "integer"}
	text := apiextensionsv1.JSONSchemaProps{Type: "string"}
	object := func(properties map[string]apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Type: "object", Properties: properties}
	}
	whole := object(map[string]apiextensionsv1.JSONSchemaProps{
		"spec":   object(map[string]apiextensionsv1.JSONSchemaProps{"size": number}),
		"status": object(map[string]apiextensionsv1.JSONSchemaProps{"phase": text}),
	})
	_, err = extensions.ApiextensionsV1().CustomResourceDefinitions().Create(ctx, &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "widgets.example.com"},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "example.com", Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "widgets", Kind: "Widget", ListKind: "WidgetList", Singular: "widget"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &whole},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	return until(ctx, func(ctx context.Context) (bool, error) {
		found, err := extensions.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, "widgets.example.com", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range found.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
}

// Two candidates for one lease: the first leads, gives it back, and the second follows.
func leader(ctx context.Context, c *clients) error {
	var order sync.Mutex
	elect := func(name string, done func()) *leaderelection.LeaderElector {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "leader"},
			Client:     c.typed.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
			Lock: lock, LeaseDuration: 3 * time.Second, RenewDeadline: 2 * time.Second, RetryPeriod: 200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) {
					order.Lock()
					defer order.Unlock()
					fmt.Printf("%s leads\n", name)
					done()
				},
				OnStoppedLeading: func() {},
			},
		})
		if err != nil {
			panic(err)
		}
		return elector
	}
	for _, name := range []string{"first", "second"} {
		ctx, cancel := context.WithCancel(ctx)
		elect(name, cancel).Run(ctx)
		cancel()
	}
	found, err := c.typed.CoordinationV1().Leases(namespace).Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		return err
	}
	fmt.Printf("%d transitions\n", *found.Spec.LeaseTransitions)
	return nil
}
