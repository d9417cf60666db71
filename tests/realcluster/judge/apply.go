package main

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
)

var converter = applyconfigurations.NewTypeConverter(scheme.Scheme)

// apply writes an object step by step, by apply and by update, and says what it is after each of them.
func apply(line []byte) (any, error) {
	var given struct {
		APIVersion, Kind string
		Steps            []struct {
			Manager string
			Apply   bool
			Force   bool
			Object  json.RawMessage
		}
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	manager := managedfieldstest.NewTestFieldManager(
		converter, schema.FromAPIVersionAndKind(given.APIVersion, given.Kind))
	said := []any{}
	for _, step := range given.Steps {
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(step.Object); err != nil {
			return nil, err
		}
		var err error
		if step.Apply {
			err = manager.Apply(object, step.Manager, step.Force)
		} else {
			err = manager.Update(object, step.Manager)
		}
		if err != nil {
			said = append(said, map[string]any{"error": err.Error()})
			continue
		}
		live := manager.Live().(*unstructured.Unstructured)
		fields := live.GetManagedFields()
		for i := range fields {
			fields[i].Time = nil
		}
		live.SetManagedFields(nil)
		said = append(said, map[string]any{"object": live.Object, "fields": fields})
	}
	return said, nil
}
