//! StatefulSets, DaemonSets, ReplicationControllers and ControllerRevisions
//! (`pkg/apis/apps/validation/validation.go`, `pkg/apis/core/validation/validation.go`).

use apimachinery::names;
use serde_json::{Value, json};

use super::at::At;
use super::workload::{int_or_percent, over_all, selector_of, template_at};
use super::{Faults, claim, labels, meta};

/// `ValidateStatefulSetSpec`; an old one is forgiven its claims and the name of its Service.
pub(super) fn validate_stateful_set(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let management = spec.child("podManagementPolicy");
    if !matches!(management.text(), "OrderedReady" | "Parallel") {
        management.invalid("must be 'OrderedReady' or 'Parallel'", faults);
    }
    stateful_strategy(&spec.child("updateStrategy"), faults);
    let retention = spec.child("persistentVolumeClaimRetentionPolicy");
    for field in ["whenDeleted", "whenScaled"] {
        if retention.given() {
            retention.child(field).one_of(&["Retain", "Delete"], faults);
        }
    }
    if value.pointer("/metadata/resourceVersion").is_none() {
        for template in spec.list("volumeClaimTemplates") {
            claim::validate_spec(&template.child("spec"), faults);
        }
    }
    spec.nonnegative_fields(&["replicas", "minReadySeconds"], faults);
    spec.at(&["ordinals", "start"]).nonnegative(faults);
    let service = spec.child("serviceName");
    if value.pointer("/metadata/resourceVersion").is_none() && !service.text().is_empty() {
        service.each(names::dns1123_label(service.text()), faults);
    }
    if selector_of(&spec, "statefulset", "", faults) {
        let template = with_claims(&spec);
        let at = At::new(Some(&template), "spec.template");
        template_at(&at, faults);
        let metadata = template.get("metadata").unwrap_or(&Value::Null);
        labels::labels(metadata.get("labels"), "spec.template.labels", faults);
        meta::annotations(metadata.get("annotations"), "spec.template.annotations", faults);
    }
    always(&spec, "StatefulSet", faults);
}

/// The template with the volumes that the claims make; hostname and subdomain are the controller's.
fn with_claims(spec: &At<'_>) -> Value {
    let mut template = spec.child("template").value.clone();
    let claims: Vec<&str> = spec
        .list("volumeClaimTemplates")
        .iter()
        .map(|claim| crate::fields::text(claim.value, "/metadata/name"))
        .collect();
    let Some(pod) = template.pointer_mut("/spec").and_then(Value::as_object_mut) else {
        return template;
    };
    pod.remove("hostname");
    pod.remove("subdomain");
    if claims.is_empty() {
        return template;
    }
    let mut volumes: Vec<Value> = claims
        .iter()
        .map(|name| json!({"name": name, "persistentVolumeClaim": {"claimName": name}}))
        .collect();
    let own = pod.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
    volumes.extend(
        own.into_iter().filter(|volume| !claims.contains(&crate::fields::text(volume, "/name"))),
    );
    pod.insert("volumes".to_owned(), Value::Array(volumes));
    template
}

fn stateful_strategy(strategy: &At<'_>, faults: &mut Faults) {
    let rolling = strategy.child("rollingUpdate");
    match strategy.text_of("type") {
        "OnDelete" => {
            if rolling.given() {
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                rolling.invalid_struct("apps.RollingUpdateStatefulSetStrategy", why, faults);
            }
        }
        "RollingUpdate" => {
            rolling.child("partition").nonnegative(faults);
            let unavailable = rolling.child("maxUnavailable");
            if !unavailable.given() {
                return;
            }
            if int_or_percent(Some(unavailable.value), &unavailable.path, faults) {
                unavailable.invalid("cannot be 0", faults);
            }
            over_all(Some(unavailable.value), &unavailable.path, faults);
        }
        _ => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            strategy.invalid_struct("apps.StatefulSetUpdateStrategy", why, faults);
        }
    }
}

fn always(spec: &At<'_>, owner: &str, faults: &mut Faults) {
    spec.at(&["template", "spec", "restartPolicy"]).one_of(&["Always"], faults);
    let deadline = spec.at(&["template", "spec", "activeDeadlineSeconds"]);
    if deadline.given() {
        let why = format!("activeDeadlineSeconds in {owner} is not Supported");
        deadline.forbidden(why, faults);
    }
}

/// `ValidateStatefulSetUpdate`: the fields that may change.
pub(super) fn validate_stateful_set_update(new: &Value, old: &Value, faults: &mut Faults) {
    let rest = |value: &Value| {
        let mut spec = value.get("spec").cloned().unwrap_or_default();
        for field in [
            "replicas",
            "template",
            "updateStrategy",
            "minReadySeconds",
            "ordinals",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
        ] {
            if let Some(map) = spec.as_object_mut() {
                map.remove(field);
            }
        }
        spec
    };
    if rest(new) != rest(old) {
        let why = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
        At::root(new).child("spec").forbidden(why, faults);
    }
}

/// `ValidateDaemonSetSpec`.
pub(super) fn validate_daemon_set(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let selector = spec.child("selector");
    labels::selector(Some(selector.value), "spec.selector", faults);
    super::workload::selector_matches(value, "/spec", faults);
    if selector.given()
        && selector.child("matchLabels").len() + selector.child("matchExpressions").len() == 0
    {
        selector.invalid("empty selector is invalid for daemonset", faults);
    }
    template_at(&spec.child("template"), faults);
    always(&spec, "DaemonSet", faults);
    spec.child("minReadySeconds").nonnegative(faults);
    let strategy = spec.child("updateStrategy");
    match strategy.text_of("type") {
        "OnDelete" => {}
        "RollingUpdate" => daemon_rolling(&strategy.child("rollingUpdate"), faults),
        _ => {
            let mut fault = apimachinery::field_error::FieldError::not_supported(
                &strategy.path,
                "",
                &["RollingUpdate", "OnDelete"],
            );
            fault.value = super::internal::printed("apps.DaemonSetUpdateStrategy", strategy.value);
            faults.push(fault);
        }
    }
    spec.child("revisionHistoryLimit").nonnegative(faults);
}

fn daemon_rolling(rolling: &At<'_>, faults: &mut Faults) {
    if !rolling.given() {
        rolling.required("", faults);
        return;
    }
    let (unavailable, surge) = (rolling.child("maxUnavailable"), rolling.child("maxSurge"));
    let none = int_or_percent(Some(unavailable.value), &unavailable.path, faults);
    let no_surge = int_or_percent(Some(surge.value), &surge.path, faults);
    over_all(Some(unavailable.value), &unavailable.path, faults);
    over_all(Some(surge.value), &surge.path, faults);
    if !none && !no_surge {
        surge.invalid("may not be set when maxUnavailable is non-zero", faults);
    } else if none && no_surge {
        unavailable.required("cannot be 0 when maxSurge is 0", faults);
    }
}

pub(super) fn validate_daemon_set_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/spec/selector", "spec.selector", faults);
}

/// `ValidateReplicationControllerSpec`.
pub(super) fn validate_replication_controller(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    spec.child("minReadySeconds").nonnegative(faults);
    let selector = spec.child("selector");
    if selector.len() == 0 {
        selector.required("", faults);
    }
    spec.child("replicas").nonnegative(faults);
    let template = spec.child("template");
    if !template.given() {
        template.required("", faults);
        return;
    }
    let own = template.at(&["metadata", "labels"]);
    let fits = selector.entries().iter().all(|(key, at)| own.value.get(*key) == Some(at.value));
    if !fits {
        own.invalid("`selector` does not match template `labels`", faults);
    }
    template_at(&template, faults);
    always(&spec, "ReplicationController", faults);
}

/// `ValidateControllerRevisionCreate`.
pub(super) fn validate_revision(value: &Value, faults: &mut Faults) {
    At::root(value).child("revision").nonnegative(faults);
}

pub(super) fn validate_revision_create(value: &Value, faults: &mut Faults) {
    let data = At::root(value).child("data");
    if !data.given() {
        data.required("data is mandatory", faults);
    } else if !data.value.is_object() {
        data.required("data must be a valid JSON object", faults);
    }
}

pub(super) fn validate_revision_update(new: &Value, old: &Value, faults: &mut Faults) {
    At::root(new).child("data").immutable(&At::root(old).child("data"), faults);
}
