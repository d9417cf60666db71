//! Deployments, ReplicaSets and their relatives (`pkg/apis/apps`, `pkg/registry/apps`).

use apimachinery::field_error::FieldError;
use apimachinery::object;
use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::at::At;
use super::internal;
use super::pod_defaults::{fill, fill_text, map_at, maps_in, pod_spec};
use super::{Faults, labels, meta, pod_spec as spec_rules};
use crate::fields::{number, text};

/// Defaults of the template at a pointer.
pub(super) fn default_template(value: &mut Value, pointer: &str) {
    if let Some(spec) = value.pointer_mut(&format!("{pointer}/spec")) {
        pod_spec(spec);
    }
}

pub(super) fn default_deployment(value: &mut Value) {
    default_template(value, "/spec/template");
    let Some(spec) = map_at(value, "/spec") else { return };
    fill(spec, "replicas", || json!(1));
    fill(spec, "strategy", || json!({}));
    fill(spec, "revisionHistoryLimit", || json!(10));
    fill(spec, "progressDeadlineSeconds", || json!(600));
    let Some(strategy) = map_at(value, "/spec/strategy") else { return };
    fill_text(strategy, "type", "RollingUpdate");
    if strategy.get("type") == Some(&json!("RollingUpdate")) {
        fill(strategy, "rollingUpdate", || json!({}));
        if let Some(rolling) = strategy.get_mut("rollingUpdate").and_then(Value::as_object_mut) {
            fill(rolling, "maxUnavailable", || json!("25%"));
            fill(rolling, "maxSurge", || json!("25%"));
        }
    }
}

pub(super) fn default_replica_set(value: &mut Value) {
    default_template(value, "/spec/template");
    if let Some(spec) = map_at(value, "/spec") {
        fill(spec, "replicas", || json!(1));
    }
}

pub(super) fn default_replication_controller(value: &mut Value) {
    default_replica_set(value);
    let Some(labels) = value.pointer("/spec/template/metadata/labels").cloned() else { return };
    if let Some(spec) = map_at(value, "/spec") {
        fill(spec, "selector", || labels.clone());
    }
    let own = value.pointer("/metadata/labels").and_then(Value::as_object);
    if own.is_none_or(serde_json::Map::is_empty) {
        crate::fields::put(value, "/metadata/labels", labels);
    }
}

pub(super) fn default_stateful_set(value: &mut Value) {
    default_template(value, "/spec/template");
    let Some(spec) = map_at(value, "/spec") else { return };
    fill_text(spec, "podManagementPolicy", "OrderedReady");
    fill(spec, "updateStrategy", || json!({}));
    fill(spec, "persistentVolumeClaimRetentionPolicy", || json!({}));
    fill(spec, "replicas", || json!(1));
    fill(spec, "revisionHistoryLimit", || json!(10));
    if let Some(policy) = map_at(value, "/spec/persistentVolumeClaimRetentionPolicy") {
        fill_text(policy, "whenDeleted", "Retain");
        fill_text(policy, "whenScaled", "Retain");
    }
    if let Some(strategy) = map_at(value, "/spec/updateStrategy") {
        if !strategy.contains_key("type") {
            fill(strategy, "rollingUpdate", || json!({}));
        }
        fill_text(strategy, "type", "RollingUpdate");
    }
    if let Some(rolling) = map_at(value, "/spec/updateStrategy/rollingUpdate") {
        // The gate MaxUnavailableStatefulSet is off.
        rolling.remove("maxUnavailable");
        fill(rolling, "partition", || json!(0));
    }
    for claim in maps_in(value, "/spec/volumeClaimTemplates") {
        fill_text(claim, "apiVersion", "v1");
        fill_text(claim, "kind", "PersistentVolumeClaim");
        fill(claim, "status", || json!({}));
        for (part, field, default) in
            [("status", "phase", "Pending"), ("spec", "volumeMode", "Filesystem")]
        {
            if let Some(part) = claim.get_mut(part).and_then(Value::as_object_mut) {
                fill_text(part, field, default);
            }
        }
    }
}

pub(super) fn default_daemon_set(value: &mut Value) {
    default_template(value, "/spec/template");
    // Whoever writes a DaemonSet is noted as who set this, as every one that is read in has it.
    let counted = value.pointer("/metadata/annotations");
    if counted.and_then(|all| all.get(TEMPLATE_GENERATION)).is_none() {
        object::set(value, &["metadata", "annotations", TEMPLATE_GENERATION], json!("0"));
    }
    let Some(spec) = map_at(value, "/spec") else { return };
    fill(spec, "updateStrategy", || json!({}));
    fill(spec, "revisionHistoryLimit", || json!(10));
    if let Some(strategy) = map_at(value, "/spec/updateStrategy") {
        fill_text(strategy, "type", "RollingUpdate");
        if strategy.get("type") == Some(&json!("RollingUpdate")) {
            fill(strategy, "rollingUpdate", || json!({}));
            if let Some(rolling) = strategy.get_mut("rollingUpdate").and_then(Value::as_object_mut)
            {
                fill(rolling, "maxUnavailable", || json!(1));
                fill(rolling, "maxSurge", || json!(0));
            }
        }
    }
}

pub(super) fn default_autoscaler(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill(spec, "minReplicas", || json!(1));
        fill(spec, "metrics", || {
            let target = json!({"type": "Utilization", "averageUtilization": 80});
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}])
        });
        if let Some(behavior) = spec.get_mut("behavior").and_then(Value::as_object_mut) {
            default_scaling_rules(behavior);
        }
    }
}

/// What a behavior leaves open (`pkg/apis/autoscaling/v2/defaults.go GenerateHPAScaleUpRules`).
fn default_scaling_rules(behavior: &mut serde_json::Map<String, Value>) {
    let percent = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    for (direction, policies) in
        [("scaleUp", json!([pods, percent.clone()])), ("scaleDown", json!([percent]))]
    {
        let rules = behavior.entry(direction).or_insert_with(|| json!({}));
        let Some(rules) = rules.as_object_mut() else { continue };
        if direction == "scaleUp" {
            fill(rules, "stabilizationWindowSeconds", || json!(0));
        }
        fill(rules, "selectPolicy", || json!("Max"));
        fill(rules, "policies", || policies);
    }
}

/// The annotation in which `apps/v1` keeps `templateGeneration` (`pkg/apis/apps/v1/conversion.go`).
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The first template (`daemonSetStrategy.PrepareForCreate`).
pub(super) fn prepare_daemon_set(value: &mut Value) {
    object::set(value, &["metadata", "annotations", TEMPLATE_GENERATION], json!("1"));
}

/// Counts templates (`daemonSetStrategy.PrepareForUpdate`).
pub(super) fn count_template(value: &mut Value, live: &Value) {
    let known = live.pointer("/metadata/annotations").and_then(|all| all.get(TEMPLATE_GENERATION));
    let known: u64 =
        known.and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or_default();
    let changed = value.pointer("/spec/template") != live.pointer("/spec/template");
    let count = known + u64::from(changed);
    object::set(value, &["metadata", "annotations", TEMPLATE_GENERATION], json!(count.to_string()));
}

/// A number or a percentage; the number that it stands for, 0 for percentages of zero.
pub(super) fn int_or_percent(value: Option<&Value>, path: &str, faults: &mut Faults) -> bool {
    match value {
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%').filter(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
            match digits {
                None => {
                    let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                    faults.push(FieldError::invalid(path, text.as_str(), why));
                    text.parse::<i64>().unwrap_or(0) == 0
                }
                Some(digits) => digits.bytes().all(|byte| byte == b'0'),
            }
        }
        Some(number) => {
            let amount = number.as_i64().unwrap_or(0);
            labels::nonnegative(Some(amount), path, faults);
            amount == 0
        }
        None => false,
    }
}

pub(super) fn over_all(value: Option<&Value>, path: &str, faults: &mut Faults) {
    let Some(Value::String(text)) = value else { return };
    let percent = text.strip_suffix('%').and_then(|digits| digits.parse::<i64>().ok());
    if percent.is_some_and(|percent| percent > 100) {
        faults.push(FieldError::invalid(path, text.as_str(), "must not be greater than 100%"));
    }
}

fn strategy(value: &Value, faults: &mut Faults) {
    let path = "spec.strategy";
    let strategy = value.pointer("/spec/strategy").unwrap_or(&Value::Null);
    let rolling = strategy.get("rollingUpdate").filter(|rolling| rolling.is_object());
    match text(strategy, "/type") {
        "Recreate" => {
            if rolling.is_some() {
                let why = "may not be specified when strategy `type` is 'Recreate'";
                faults.push(FieldError::forbidden(&format!("{path}.rollingUpdate"), why));
            }
        }
        "RollingUpdate" => {
            let path = format!("{path}.rollingUpdate");
            let Some(rolling) = rolling else {
                let why = "this should be defaulted and never be nil";
                faults.push(FieldError::required(&path, why));
                return;
            };
            let (unavailable, surge) = (rolling.get("maxUnavailable"), rolling.get("maxSurge"));
            let at = format!("{path}.maxUnavailable");
            let none = int_or_percent(unavailable, &at, faults);
            let no_surge = int_or_percent(surge, &format!("{path}.maxSurge"), faults);
            if none && no_surge {
                let shown = unavailable.cloned().unwrap_or_default();
                faults.push(FieldError::invalid(&at, shown, "may not be 0 when `maxSurge` is 0"));
            }
            over_all(unavailable, &at, faults);
        }
        other => {
            let mut fault = FieldError::not_supported(path, other, &["Recreate", "RollingUpdate"]);
            fault.value = internal::printed("apps.DeploymentStrategy", strategy);
            faults.push(fault);
        }
    }
}

/// The selector of a workload; whether it can be compared with the labels of the template, which is done.
pub(super) fn selector_of(
    spec: &At<'_>,
    owner: &str,
    unreadable: &str,
    faults: &mut Faults,
) -> bool {
    let selector = spec.child("selector");
    if selector.given() {
        labels::selector(Some(selector.value), &selector.path, faults);
        if selector.child("matchLabels").len() + selector.child("matchExpressions").len() == 0 {
            selector.invalid(format!("empty selector is invalid for {owner}"), faults);
            return true;
        }
        if !readable(&selector) {
            selector.invalid_struct("v1.LabelSelector", unreadable, faults);
            return false;
        }
    } else {
        selector.required("", faults);
    }
    matches_template(spec, faults);
    true
}

/// Whether Go can make a selector of it (`LabelSelectorAsSelector`).
fn readable(selector: &At<'_>) -> bool {
    let mut wrong = Vec::new();
    labels::selector(Some(selector.value), "", &mut wrong);
    wrong.is_empty() && LabelSelector::from_object(selector.value).is_ok()
}

fn matches_template(spec: &At<'_>, faults: &mut Faults) {
    let own = spec.at(&["template", "metadata", "labels"]);
    let labels = object::string_map(spec.value, &["template", "metadata", "labels"]);
    let selector = spec.child("selector");
    let parsed = LabelSelector::from_object(selector.value).ok().filter(|_| selector.given());
    if parsed.is_none_or(|selector| !selector.matches(&labels)) {
        own.invalid("`selector` does not match template `labels`", faults);
    }
}

/// A selector that can be read must match the labels of the template; no selector matches nothing.
pub(super) fn selector_matches(value: &Value, pointer: &str, faults: &mut Faults) {
    let spec = At::new(value.pointer(pointer), pointer.trim_start_matches('/').replace('/', "."));
    if !spec.has("selector") || readable(&spec.child("selector")) {
        matches_template(&spec, faults);
    }
}

/// A pod template (`ValidatePodTemplateSpec`).
pub(super) fn template_at(template: &At<'_>, faults: &mut Faults) {
    let metadata = template.child("metadata");
    let at = |field: &str| format!("{}.{field}", template.path);
    labels::labels(metadata.value.get("labels"), &at("labels"), faults);
    meta::annotations(metadata.value.get("annotations"), &at("annotations"), faults);
    let empty = json!({});
    let spec = template.value.get("spec").unwrap_or(&empty);
    spec_rules::validate(spec, &at("spec"), faults);
    let ephemeral = template.at(&["spec", "ephemeralContainers"]);
    if ephemeral.len() > 0 {
        ephemeral.forbidden("ephemeral containers not allowed in pod template", faults);
    }
}

fn replicated(value: &Value, owner: &str, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    if selector_of(&spec, owner, "invalid label selector", faults) {
        template_at(&spec.child("template"), faults);
        always_restarts(value, faults);
    }
}

fn always_restarts(value: &Value, faults: &mut Faults) {
    let policy = text(value, "/spec/template/spec/restartPolicy");
    if matches!(policy, "Never" | "OnFailure") {
        let path = "spec.template.spec.restartPolicy";
        faults.push(FieldError::not_supported(path, policy, &["Always"]));
    }
    if value.pointer("/spec/template/spec/activeDeadlineSeconds").is_some() {
        let path = "spec.template.spec.activeDeadlineSeconds";
        faults.push(FieldError::forbidden(
            path,
            "activeDeadlineSeconds in ReplicaSet is not Supported",
        ));
    }
}

pub(super) fn validate_deployment(value: &Value, faults: &mut Faults) {
    let field = |name: &str| number(value, &format!("/spec/{name}"));
    labels::nonnegative(field("replicas"), "spec.replicas", faults);
    replicated(value, "deployment", faults);
    strategy(value, faults);
    for name in ["minReadySeconds", "revisionHistoryLimit"] {
        labels::nonnegative(field(name), &format!("spec.{name}"), faults);
    }
    let deadline = field("progressDeadlineSeconds");
    labels::nonnegative(deadline, "spec.progressDeadlineSeconds", faults);
    let ready = field("minReadySeconds").unwrap_or(0);
    if let Some(deadline) = deadline.filter(|deadline| *deadline <= ready) {
        let path = "spec.progressDeadlineSeconds";
        faults.push(FieldError::invalid(path, deadline, "must be greater than minReadySeconds"));
    }
}

pub(super) fn validate_deployment_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/spec/selector", "spec.selector", faults);
}

pub(super) fn validate_replica_set(value: &Value, faults: &mut Faults) {
    let field = |name: &str| number(value, &format!("/spec/{name}"));
    labels::nonnegative(field("replicas"), "spec.replicas", faults);
    labels::nonnegative(field("minReadySeconds"), "spec.minReadySeconds", faults);
    replicated(value, "deployment", faults);
}

pub(super) fn validate_replica_set_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/spec/selector", "spec.selector", faults);
}
