//! Deployments, ReplicaSets and their relatives (`pkg/apis/apps`, `pkg/registry/apps`).

use apimachinery::field_error::FieldError;
use apimachinery::object;
use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::pod_defaults::{fill, fill_text, map_at, pod_spec};
use super::security::{go_struct, is_empty};
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
    let labels = value.pointer("/spec/template/metadata/labels").cloned().unwrap_or(Value::Null);
    if let Some(spec) = map_at(value, "/spec") {
        fill(spec, "selector", || labels);
    }
}

pub(super) fn default_stateful_set(value: &mut Value) {
    default_template(value, "/spec/template");
    let Some(spec) = map_at(value, "/spec") else { return };
    fill_text(spec, "podManagementPolicy", "OrderedReady");
    fill(spec, "updateStrategy", || json!({}));
    fill(
        spec,
        "persistentVolumeClaimRetentionPolicy",
        || json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    fill(spec, "replicas", || json!(1));
    fill(spec, "revisionHistoryLimit", || json!(10));
    if let Some(strategy) = map_at(value, "/spec/updateStrategy") {
        fill_text(strategy, "type", "RollingUpdate");
        if strategy.get("type") == Some(&json!("RollingUpdate")) {
            fill(strategy, "rollingUpdate", || json!({"partition": 0}));
        }
    }
}

pub(super) fn default_daemon_set(value: &mut Value) {
    default_template(value, "/spec/template");
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
    super::clear_status(value);
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

pub(super) fn prepare_replica_set(value: &mut Value) {
    object::set(value, &["status"], json!({"replicas": 0}));
}

/// A number or a percentage; the number that it stands for, 0 for percentages of zero.
fn int_or_percent(value: Option<&Value>, path: &str, faults: &mut Faults) -> bool {
    match value {
        Some(Value::String(text)) => {
            let digits = text.strip_suffix('%').filter(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
            match digits {
                None => {
                    let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                    faults.push(FieldError::invalid(path, text.as_str(), why));
                    false
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

fn over_all(value: Option<&Value>, path: &str, faults: &mut Faults) {
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
            let before = faults.len();
            let none = int_or_percent(unavailable, &at, faults);
            let no_surge = int_or_percent(surge, &format!("{path}.maxSurge"), faults);
            if none && no_surge && faults.len() == before {
                let shown = unavailable.cloned().unwrap_or_default();
                faults.push(FieldError::invalid(&at, shown, "may not be 0 when `maxSurge` is 0"));
            }
            over_all(unavailable, &at, faults);
        }
        other => {
            let shown = go_struct(&[
                ("Type", json!(other)),
                ("RollingUpdate", rolling.cloned().unwrap_or(Value::Null)),
            ]);
            let mut fault = FieldError::not_supported(path, other, &["Recreate", "RollingUpdate"]);
            fault.value = shown;
            faults.push(fault);
        }
    }
}

/// The selector, the template, and whether they fit.
fn selector_and_template(value: &Value, owner: &str, faults: &mut Faults) {
    let selector = value.pointer("/spec/selector").filter(|selector| selector.is_object());
    let mut parsed = None;
    match selector {
        None => faults.push(FieldError::required("spec.selector", "")),
        Some(selector) => {
            let before = faults.len();
            labels::selector(Some(selector), "spec.selector", faults);
            let correct = faults.len() == before;
            let nothing = is_empty(selector.get("matchLabels").and_then(Value::as_object))
                && selector
                    .get("matchExpressions")
                    .and_then(Value::as_array)
                    .is_none_or(Vec::is_empty);
            if nothing {
                let why = format!("empty selector is invalid for {owner}");
                faults.push(FieldError::invalid("spec.selector", selector.clone(), why));
            }
            parsed = LabelSelector::from_object(selector).ok().filter(|_| correct);
            if parsed.is_none() {
                let why = "invalid label selector";
                faults.push(FieldError::invalid("spec.selector", selector.clone(), why));
            }
            if parsed.is_none() || nothing {
                return;
            }
        }
    }
    let own = object::string_map(value, &["spec", "template", "metadata", "labels"]);
    if parsed.is_none_or(|selector| !selector.matches(&own)) {
        let shown = value.pointer("/spec/template/metadata/labels").cloned().unwrap_or(Value::Null);
        faults.push(FieldError::invalid(
            "spec.template.metadata.labels",
            shown,
            "`selector` does not match template `labels`",
        ));
    }
}

/// A pod template (`ValidatePodTemplateSpecForReplicaSet`).
pub(super) fn template(value: &Value, path: &str, faults: &mut Faults) {
    let template = value.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
    labels::labels(
        template.pointer("/metadata/labels"),
        &format!("{path}.metadata.labels"),
        faults,
    );
    let annotations = template.pointer("/metadata/annotations");
    meta::annotations(annotations, &format!("{path}.metadata.annotations"), faults);
    let empty = json!({});
    let spec = template.get("spec").unwrap_or(&empty);
    spec_rules::validate(spec, &format!("{path}.spec"), faults);
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
    selector_and_template(value, "deployment", faults);
    template(value, "spec.template", faults);
    always_restarts(value, faults);
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
    selector_and_template(value, "replicaset", faults);
    template(value, "spec.template", faults);
    always_restarts(value, faults);
}

pub(super) fn validate_replica_set_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/spec/selector", "spec.selector", faults);
}

/// StatefulSets and DaemonSets: what they share with the others.
pub(super) fn validate_template_owner(value: &Value, faults: &mut Faults) {
    let owner = text(value, "/kind").to_lowercase();
    labels::nonnegative(number(value, "/spec/replicas"), "spec.replicas", faults);
    selector_and_template(value, &owner, faults);
    template(value, "spec.template", faults);
    always_restarts(value, faults);
}
