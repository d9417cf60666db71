package main

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// typed makes an empty object of a kind.
func typed(apiVersion, kind string) (runtime.Object, error) {
	return scheme.Scheme.New(schema.FromAPIVersionAndKind(apiVersion, kind))
}

// strategicPatch applies a strategic merge patch.
func strategicPatch(line []byte) (any, error) {
	var given struct {
		APIVersion, Kind string
		Object, Patch    json.RawMessage
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	kind, err := typed(given.APIVersion, given.Kind)
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	put(said, "patched", func() ([]byte, error) {
		return strategicpatch.StrategicMergePatch(given.Object, given.Patch, kind)
	})
	return said, nil
}

// threeWay makes the patches of kubectl apply and kubectl edit, and applies the first one.
func threeWay(line []byte) (any, error) {
	var given struct {
		APIVersion, Kind            string
		Original, Modified, Current json.RawMessage
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	kind, err := typed(given.APIVersion, given.Kind)
	if err != nil {
		return nil, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(kind)
	if err != nil {
		return nil, err
	}
	said := map[string]any{}
	patch := put(said, "three", func() ([]byte, error) {
		return strategicpatch.CreateThreeWayMergePatch(given.Original, given.Modified, given.Current, lookup, true)
	})
	if patch != nil {
		put(said, "applied", func() ([]byte, error) {
			return strategicpatch.StrategicMergePatch(given.Current, patch, kind)
		})
	}
	put(said, "two", func() ([]byte, error) {
		return strategicpatch.CreateTwoWayMergePatch(given.Current, given.Modified, kind)
	})
	return said, nil
}

// put notes a result, or all errors that there can be: maps have no order, so which of several comes first is chance.
func put(said map[string]any, key string, make func() ([]byte, error)) []byte {
	found, err := make()
	if err == nil {
		said[key] = json.RawMessage(found)
		return found
	}
	texts := map[string]bool{}
	for range 30 {
		texts[err.Error()] = true
		if _, err = make(); err == nil {
			break
		}
	}
	said[key] = map[string]any{"errors": texts}
	return nil
}
