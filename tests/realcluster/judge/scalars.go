package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/validation"
	generate "k8s.io/apiserver/pkg/storage/names"
)

// quantity parses two quantities and calculates with them.
func quantity(line []byte) (any, error) {
	var given struct{ A, B string }
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	a, err := resource.ParseQuantity(given.A)
	if err != nil {
		return nil, err
	}
	said := map[string]any{
		"text": a.String(), "value": a.Value(), "milli": a.MilliValue(), "sign": a.Sign(),
	}
	b, err := resource.ParseQuantity(given.B)
	if err != nil {
		return said, nil
	}
	sum, difference := a.DeepCopy(), a.DeepCopy()
	sum.Add(b)
	difference.Sub(b)
	said["sum"], said["difference"] = sum.String(), difference.String()
	said["compared"] = a.Cmp(b)
	return said, nil
}

// labelSelector reads a selector, as a text or as an object, and matches labels.
func labelSelector(line []byte) (any, error) {
	var given struct {
		Text   *string
		Object *metav1.LabelSelector
		Labels map[string]string
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	var selector labels.Selector
	var err error
	if given.Text != nil {
		selector, err = labels.Parse(*given.Text)
	} else {
		selector, err = metav1.LabelSelectorAsSelector(given.Object)
	}
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"text": selector.String(), "empty": selector.Empty(), "matches": selector.Matches(labels.Set(given.Labels)),
	}, nil
}

// fieldSelector reads a selector and matches fields.
func fieldSelector(line []byte) (any, error) {
	var given struct {
		Text   string
		Fields map[string]string
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	selector, err := fields.ParseSelector(given.Text)
	if err != nil {
		return nil, err
	}
	requirements := [][]string{}
	for _, one := range selector.Requirements() {
		requirements = append(requirements, []string{one.Field, string(one.Operator), one.Value})
	}
	return map[string]any{"requirements": requirements, "matches": selector.Matches(fields.Set(given.Fields))}, nil
}

// names checks a text as each kind of name, and makes names of it.
func names(line []byte) (any, error) {
	var given struct{ Text string }
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	generated := generate.SimpleNameGenerator.GenerateName(given.Text)
	return map[string]any{
		"label":      told(validation.IsDNS1123Label(given.Text)),
		"subdomain":  told(validation.IsDNS1123Subdomain(given.Text)),
		"underscore": told(validation.IsDNS1123SubdomainWithUnderscore(given.Text)),
		"wildcard":   told(validation.IsWildcardDNS1123Subdomain(given.Text)),
		"service":    told(validation.IsDNS1035Label(given.Text)),
		"key":        told(validation.IsQualifiedName(given.Text)),
		"value":      told(validation.IsValidLabelValue(given.Text)),
		"encoded":    rand.SafeEncodeString(given.Text),
		// The last five are chance.
		"generated": generated[:len(generated)-5],
	}, nil
}

func told(wrong []string) []string {
	if wrong == nil {
		return []string{}
	}
	return wrong
}

// parseSchedule is ParseCronScheduleWithPanicRecovery of k8s.io/kubernetes/pkg/util/parsers, whose module is too large
// for this program.
func parseSchedule(text string) (schedule cron.Schedule, err error) {
	defer func() {
		if found := recover(); found != nil {
			schedule, err = nil, fmt.Errorf("invalid schedule format: %v", found)
		}
	}()
	return cron.ParseStandard(text)
}

// cronSchedule reads a schedule as validation and controller do and says when it is due.
func cronSchedule(line []byte) (any, error) {
	var given struct {
		Schedule, Zone string
		From           int64
	}
	if err := json.Unmarshal(line, &given); err != nil {
		return nil, err
	}
	schedule, err := parseSchedule(given.Schedule)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(given.Zone)
	if err != nil {
		return nil, err
	}
	due := []string{}
	for at := time.Unix(given.From, 0).In(zone); len(due) < 3; {
		at = schedule.Next(at)
		if at.IsZero() {
			break
		}
		due = append(due, at.UTC().Format(time.RFC3339))
	}
	return map[string]any{"due": due}, nil
}
