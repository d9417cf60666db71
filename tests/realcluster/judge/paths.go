package main

import (
	"bytes"
	"encoding/json"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/util/jsonpath"
)

// jsonPath fills in a template of kubectl's JSONPath.
func jsonPath(line []byte) (any, error) {
	var given struct {
		Template string
		Data     json.RawMessage
		Missing  bool
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	var data any
	if err := utiljson.Unmarshal(given.Data, &data); err != nil {
		return nil, err
	}
	path := jsonpath.New("out").AllowMissingKeys(given.Missing)
	if err := path.Parse(given.Template); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := path.Execute(&out, data); err != nil {
		return nil, err
	}
	return map[string]any{"text": out.String()}, nil
}
