package main

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
)

var strictJSON = serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme.Scheme, scheme.Scheme,
	serializer.SerializerOptions{Strict: true})

// strict decodes a body as the server does with fieldValidation=Strict, and says what it became.
func strict(line []byte) (any, error) {
	var given struct{ APIVersion, Kind, Body string }
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	kind := schema.FromAPIVersionAndKind(given.APIVersion, given.Kind)
	object, _, err := strictJSON.Decode([]byte(given.Body), &kind, nil)
	findings := []string{}
	if found, ok := runtime.AsStrictDecodingError(err); ok {
		for _, one := range found.Errors() {
			findings = append(findings, one.Error())
		}
	} else if err != nil {
		return nil, err
	}
	return map[string]any{"object": object, "strict": findings}, nil
}
