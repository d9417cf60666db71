package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	resourcev1 "k8s.io/api/resource/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/networking"
	"k8s.io/kubernetes/pkg/apis/policy"
	"k8s.io/kubernetes/pkg/apis/resource"
	"k8s.io/kubernetes/pkg/apis/storage"
)

// Specs that errors of validation print whole: as the structs that the server works on, which have no JSON
// names, beside the structs of the wire, which have them.
var printed = [][2]any{
	{apps.DaemonSetSpec{}, appsv1.DaemonSetSpec{}},
	{apps.DeploymentSpec{}, appsv1.DeploymentSpec{}},
	{apps.StatefulSetSpec{}, appsv1.StatefulSetSpec{}},
	{batch.CronJobSpec{}, batchv1.CronJobSpec{}},
	{core.PersistentVolumeClaimSpec{}, corev1.PersistentVolumeClaimSpec{}},
	{core.PersistentVolumeSpec{}, corev1.PersistentVolumeSpec{}},
	{core.PodSpec{}, corev1.PodSpec{}},
	{core.ResourceQuotaSpec{}, corev1.ResourceQuotaSpec{}},
	{core.ServiceSpec{}, corev1.ServiceSpec{}},
	{networking.IngressClassSpec{}, networkingv1.IngressClassSpec{}},
	{networking.IngressSpec{}, networkingv1.IngressSpec{}},
	{networking.ServiceCIDRSpec{}, networkingv1.ServiceCIDRSpec{}},
	{networking.IPAddressSpec{}, networkingv1.IPAddressSpec{}},
	{policy.PodDisruptionBudgetSpec{}, policyv1.PodDisruptionBudgetSpec{}},
	{resource.ResourceClaimSpec{}, resourcev1.ResourceClaimSpec{}},
	{resource.ResourceClaimTemplateSpec{}, resourcev1.ResourceClaimTemplateSpec{}},
	{storage.CSIDriverSpec{}, storagev1.CSIDriverSpec{}},
	{storage.CSINodeSpec{}, storagev1.CSINodeSpec{}},
	{storage.VolumeAttachmentSpec{}, storagev1.VolumeAttachmentSpec{}},
}

// printInternal writes the structs of `printed` and all that they hold: shared/cluster/data/internal.txt.
func printInternal() {
	walk := internalWalk{}
	for _, pair := range printed {
		walk.visit(reflect.TypeOf(pair[0]), reflect.TypeOf(pair[1]))
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	names := make([]string, 0, len(walk))
	for name := range walk {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(out, "%s\n", name)
		for _, line := range walk[name] {
			fmt.Fprintf(out, "  %s\n", line)
		}
	}
}

// internalWalk holds the lines of each struct: GONAME JSONNAME TYPE [omitempty]. GONAME -: its members stand in the
// struct around it. JSONNAME -: on the wire, too. A field that the wire has elsewhere is named after the Go field.
type internalWalk map[string][]string

func (w internalWalk) visit(internal, versioned reflect.Type) {
	name := internal.String()
	if _, known := w[name]; known {
		return
	}
	w[name] = nil
	var lines []string
	for i := 0; i < internal.NumField(); i++ {
		field := internal.Field(i)
		if !field.IsExported() {
			continue
		}
		words := []string{field.Name, strings.ToLower(field.Name[:1]) + field.Name[1:], ""}
		other, found := versioned.FieldByName(field.Name)
		otherType := field.Type
		if found {
			otherType = other.Type
			words[1] = strings.Split(other.Tag.Get("json"), ",")[0]
		}
		words[2] = w.kind(field.Type, otherType)
		tag := strings.Split(field.Tag.Get("json"), ",")
		if tag[0] != "" {
			words[0] = tag[0]
		}
		if field.Anonymous && tag[0] == "" {
			words[0] = "-"
		}
		if words[1] == "" {
			words[1] = "-"
		}
		if len(tag) > 1 && (contains(tag[1:], "omitempty") || contains(tag[1:], "omitzero")) {
			words = append(words, "omitempty")
		}
		lines = append(lines, strings.Join(words, " "))
	}
	w[name] = lines
}

func (w internalWalk) kind(internal, versioned reflect.Type) string {
	if word := specialTypes[internal]; word != "" {
		return word
	}
	switch internal.Kind() {
	case reflect.Pointer:
		if versioned.Kind() == reflect.Pointer {
			versioned = versioned.Elem()
		}
		return "*" + w.kind(internal.Elem(), versioned)
	case reflect.Map:
		if versioned.Kind() == reflect.Map {
			versioned = versioned.Elem()
		}
		return "map[]" + w.kind(internal.Elem(), versioned)
	case reflect.Slice:
		if internal.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if versioned.Kind() == reflect.Slice {
			versioned = versioned.Elem()
		}
		return "[]" + w.kind(internal.Elem(), versioned)
	case reflect.Struct:
		if versioned.Kind() == reflect.Pointer {
			versioned = versioned.Elem()
		}
		w.visit(internal, versioned)
		return internal.String()
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	default:
		return "int"
	}
}
