package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// Types whose encoding no struct tag describes.
var specialTypes = map[reflect.Type]string{
	reflect.TypeOf(resource.Quantity{}):    "quantity",
	reflect.TypeOf(intstr.IntOrString{}):   "int-or-string",
	reflect.TypeOf(metav1.Time{}):          "time",
	reflect.TypeOf(metav1.MicroTime{}):     "micro-time",
	reflect.TypeOf(metav1.Duration{}):      "duration",
	reflect.TypeOf(metav1.FieldsV1{}):      "fields",
	reflect.TypeOf(runtime.RawExtension{}): "raw",
	reflect.TypeOf(apiextensions.JSON{}):   "json",
}

// printTypes writes how Go encodes the types of the given group versions: the body of
// shared/apimachinery/schema/wire, which `cargo xtask schema` splits into files.
func printTypes(groupVersions []string) error {
	for _, add := range []func(*runtime.Scheme) error{apiextensions.AddToScheme, apiregistration.AddToScheme} {
		if err := add(scheme.Scheme); err != nil {
			return err
		}
	}
	walk := typeWalk{messages: map[string]map[string][]string{}}
	for _, word := range groupVersions {
		groupVersion, err := schema.ParseGroupVersion(word)
		if err != nil {
			return err
		}
		for _, known := range scheme.Scheme.KnownTypes(groupVersion) {
			walk.visit(known)
		}
	}
	for _, known := range []any{metav1.Status{}, metav1.Table{}, metav1.PartialObjectMetadataList{}, runtime.Unknown{}} {
		walk.visit(reflect.TypeOf(known))
	}
	walk.print()
	return nil
}

type typeWalk struct {
	// package name of OpenAPI, message name, lines
	messages map[string]map[string][]string
}

func (w *typeWalk) print() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, pkg := range sortedKeys(w.messages) {
		fmt.Fprintf(out, "package %s\n", pkg)
		for _, name := range sortedKeys(w.messages[pkg]) {
			fmt.Fprintf(out, "\n%s\n", strings.Join(w.messages[pkg][name], "\n"))
		}
		fmt.Fprintln(out)
	}
}

// visit describes a named type once, and those it holds.
func (w *typeWalk) visit(t reflect.Type) {
	pkg := openAPIPackage(t)
	if specialTypes[t] != "" || w.messages[pkg][t.Name()] != nil {
		return
	}
	if w.messages[pkg] == nil {
		w.messages[pkg] = map[string][]string{}
	}
	head := fmt.Sprintf("message %s %s", t.Name(), t)
	w.messages[pkg][t.Name()] = []string{head}
	if t.Kind() == reflect.Slice {
		w.messages[pkg][t.Name()] = []string{head + " = []" + w.wire(pkg, t.Elem())}
		return
	}
	lines := []string{head}
	for i := 0; i < t.NumField(); i++ {
		if line := w.field(pkg, t.Field(i)); line != "" {
			lines = append(lines, "  "+line)
		}
	}
	w.messages[pkg][t.Name()] = lines
}

func (w *typeWalk) field(pkg string, field reflect.StructField) string {
	if !field.IsExported() {
		return ""
	}
	json := strings.Split(field.Tag.Get("json"), ",")
	name, options := json[0], json[1:]
	if name == "-" {
		return ""
	}
	if name == "" {
		name = field.Name
	}
	if field.Anonymous && json[0] == "" || contains(options, "inline") {
		name, options = "-", []string{"inline"}
	}
	tag := "-"
	if protobuf := strings.Split(field.Tag.Get("protobuf"), ","); len(protobuf) > 1 {
		tag = protobuf[1]
	}
	goType := strings.ReplaceAll(field.Type.String(), " ", "")
	return strings.Join(append([]string{name, tag, w.wire(pkg, field.Type), goType}, options...), " ")
}

func (w *typeWalk) wire(pkg string, t reflect.Type) string {
	if word := specialTypes[t]; word != "" {
		return word
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.wire(pkg, t.Elem())
	case reflect.Bool:
		return "bool"
	case reflect.String, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64:
		return t.Kind().String()
	case reflect.Float64:
		return "double"
	case reflect.Interface:
		return "json"
	case reflect.Map:
		return "map[]" + w.wire(pkg, t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if _, isMessage := reflect.PointerTo(t).MethodByName("MarshalToSizedBuffer"); !isMessage {
			return "[]" + w.wire(pkg, t.Elem())
		}
	case reflect.Struct:
	default:
		return "unknown:" + t.String()
	}
	w.visit(t)
	if openAPIPackage(t) == pkg {
		return t.Name()
	}
	return openAPIPackage(t) + "." + t.Name()
}

// openAPIPackage turns k8s.io/api/apps/v1 into io.k8s.api.apps.v1.
func openAPIPackage(t reflect.Type) string {
	domain, path, _ := strings.Cut(t.PkgPath(), "/")
	labels := strings.Split(domain, ".")
	for i, j := 0, len(labels)-1; i < j; i, j = i+1, j-1 {
		labels[i], labels[j] = labels[j], labels[i]
	}
	return strings.Join(labels, ".") + "." + strings.ReplaceAll(path, "/", ".")
}

func contains(words []string, word string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
