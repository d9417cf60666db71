package main

import (
	"encoding/json"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// custom takes a custom resource through the stages of a create: what customresource_handler.go does with its metadata
// and its fields, the defaults, and what customresource/strategy.go finds wrong. The rules in CEL are not among them.
func custom(line []byte) (any, error) {
	var given struct {
		Schema json.RawMessage
		Object json.RawMessage
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	var external apiextensionsv1.JSONSchemaProps
	if err := utiljson.Unmarshal(given.Schema, &external); err != nil {
		return nil, err
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&external, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	if wrong := structuralschema.ValidateStructural(nil, structural); len(wrong) > 0 {
		return nil, fmt.Errorf("not structural: %w", wrong.ToAggregate())
	}
	validator, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(given.Object, &object.Object); err != nil {
		return nil, err
	}
	unknown, err := coerced(object, structural)
	if err != nil {
		return nil, err
	}
	defaulting.Default(object.Object, structural)
	faults := validation.ValidateCustomResource(nil, object.Object, validator)
	faults = append(faults, objectmeta.Validate(nil, object.Object, structural, false)...)
	faults = append(faults, listtype.ValidateListSetsAndMaps(nil, structural, object.Object)...)
	return map[string]any{"object": object.Object, "unknown": unknown, "faults": texts(faults)}, nil
}

// coerced is unstructuredSchemaCoercer.apply.
func coerced(object *unstructured.Unstructured, structural *structuralschema.Structural) ([]string, error) {
	unknown := []string{}
	kind, apiVersion := object.GetKind(), object.GetAPIVersion()
	meta, found, paths, err := objectmeta.GetObjectMetaWithOptions(object.Object,
		objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return nil, err
	}
	unknown = append(unknown, paths...)
	unknown = append(unknown, pruning.PruneWithOptions(object.Object, structural, true,
		structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, structural)
	wrong, paths := objectmeta.CoerceWithOptions(nil, object.Object, structural, false,
		objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true})
	if wrong != nil {
		return nil, wrong
	}
	unknown = append(unknown, paths...)
	object.SetKind(kind)
	object.SetAPIVersion(apiVersion)
	if found {
		if err := objectmeta.SetObjectMeta(object.Object, meta); err != nil {
			return nil, err
		}
	}
	return unknown, nil
}

func texts(faults field.ErrorList) []string {
	found := []string{}
	for _, one := range faults {
		found = append(found, string(one.Type)+" "+one.Error())
	}
	return found
}
