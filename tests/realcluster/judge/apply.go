package main

import (
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

var converter = applyconfigurations.NewTypeConverter(scheme.Scheme)

// A step writes an object, by apply or by update.
type step struct {
	Manager string
	Apply   bool
	Force   bool
	Object  json.RawMessage
}

// nothing fills in no defaults: what they are is not the question here.
type nothing struct{}

func (nothing) Default(runtime.Object) {}

// apply writes an object step by step, as the handlers of the server do, and says what it is after each of them.
func apply(line []byte) (any, error) {
	var given struct {
		APIVersion, Kind string
		Steps            []step
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	kind := schema.FromAPIVersionAndKind(given.APIVersion, given.Kind)
	manager, err := managerOf(kind)
	if err != nil {
		return nil, err
	}
	live, err := scheme.Scheme.New(kind)
	if err != nil {
		return nil, err
	}
	live.GetObjectKind().SetGroupVersionKind(kind)
	said := []any{}
	for number, step := range given.Steps {
		next, err := taken(manager, live, step)
		if err != nil {
			said = append(said, map[string]any{"error": err.Error()})
			continue
		}
		if live, err = written(next); err != nil {
			return nil, err
		}
		accessor, err := meta.Accessor(live)
		if err != nil {
			return nil, err
		}
		// An object with a UID is no new one.
		accessor.SetUID("uid")
		accessor.SetManagedFields(timed(accessor.GetManagedFields(), number+1))
		said = append(said, shown(live, accessor.GetManagedFields()))
	}
	return said, nil
}

// managers has one for each kind, as the server does.
var managers = map[schema.GroupVersionKind]*managedfields.FieldManager{}

func managerOf(kind schema.GroupVersionKind) (*managedfields.FieldManager, error) {
	if known := managers[kind]; known != nil {
		return known, nil
	}
	manager, err := managedfields.NewDefaultFieldManager(converter, scheme.Scheme, nothing{}, scheme.Scheme,
		kind, kind.GroupVersion(), "", nil)
	managers[kind] = manager
	return manager, err
}

// taken is the object after a step.
func taken(manager *managedfields.FieldManager, live runtime.Object, step step) (runtime.Object, error) {
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(step.Object); err != nil {
		return nil, err
	}
	if step.Apply {
		return manager.Apply(live.DeepCopyObject(), object, step.Manager, step.Force)
	}
	typed, err := scheme.Scheme.New(object.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(step.Object, typed); err != nil {
		return nil, err
	}
	if typed, err = written(typed); err != nil {
		return nil, err
	}
	next, err := manager.Update(live.DeepCopyObject(), typed, step.Manager)
	if err != nil {
		// As UpdateNoErrors does, which the handlers call and which also writes it down.
		accessor, err := meta.Accessor(typed)
		if err != nil {
			return nil, err
		}
		accessor.SetManagedFields(nil)
		return typed, nil
	}
	return next, nil
}

// written is an object as it comes back from what was written of it. Lists in something atomic are compared as they lie
// in memory (value/listreflect.go EqualsUsing), where one that was sent empty is another than none; nothing that is
// stored tells them apart.
func written(object runtime.Object) (runtime.Object, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	again, err := scheme.Scheme.New(object.GetObjectKind().GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, again); err != nil {
		return nil, err
	}
	before, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	after, err := meta.Accessor(again)
	if err != nil {
		return nil, err
	}
	// Here it matters: who sends an empty list of them wants them cleared.
	after.SetManagedFields(before.GetManagedFields())
	return again, nil
}

// timed has the number of a step for the time of what was written in it.
func timed(fields []metav1.ManagedFieldsEntry, number int) []metav1.ManagedFieldsEntry {
	for i := range fields {
		if at := fields[i].Time; at != nil && at.Year() > 1970 {
			fields[i].Time = &metav1.Time{Time: time.Unix(int64(number), 0).UTC()}
		}
	}
	return fields
}

// shown has an object and its managed fields.
func shown(live runtime.Object, fields []metav1.ManagedFieldsEntry) any {
	fields = append([]metav1.ManagedFieldsEntry{}, fields...)
	object := live.DeepCopyObject()
	accessor, err := meta.Accessor(object)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	accessor.SetManagedFields(nil)
	return map[string]any{"object": object, "fields": fields}
}
