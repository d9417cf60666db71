//! Whether a webhook is called for a request (`webhook/generic/webhook.go ShouldCallHook`).

use std::collections::BTreeMap;

use apimachinery::selector::LabelSelector;
use apimachinery::status::Status;
use serde_json::Value;

use super::{Hook, Subject};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::call::Call;
use crate::apiserver::write::Target;
use crate::fields::{self, items, text};

/// Whether it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Matched {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Rules, both selectors and conditions; conditions that fail refuse the request.
pub(super) fn applies(
    server: &Apiserver,
    call: &Call,
    hook: &Hook,
    subject: &Subject<'_>,
) -> Result<Matched, Refusal> {
    if !in_namespace(server, hook, subject) || !of_labels(hook, subject) {
        return Ok(Matched::No);
    }
    let exact = text(&hook.spec, "/matchPolicy") == "Exact";
    let target = subject.target;
    // Whoever is asked for `Equivalent` resources is asked about every version that is served.
    let means = |version: &str| {
        version == "*" || version == target.gvk.version || !exact && server.serves(target, version)
    };
    let mut rules = items(&hook.spec, "/rules").iter();
    if !rules.any(|rule| matches(rule, target, subject.operation, means)) {
        return Ok(Matched::No);
    }
    let admitted = subject.admitted(call);
    match server.hook_conditions(&hook.key(), &admitted, subject.new) {
        Ok(true) => Ok(Matched::Yes),
        Ok(false) => Ok(Matched::No),
        Err(why) => {
            let name = admitted.name(subject.new);
            Err(Box::new(Status::forbidden(&call.group_resource(), name, &why)))
        }
    }
}

fn selected(hook: &Hook, field: &str, labels: &BTreeMap<String, String>) -> bool {
    let selector = hook.spec.pointer(field).filter(|selector| !selector.is_null());
    selector.is_none_or(|selector| {
        LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
    })
}

/// `predicates/namespace/matcher.go`: cluster-scoped objects are never left out, namespaces by their own labels.
fn in_namespace(server: &Apiserver, hook: &Hook, subject: &Subject<'_>) -> bool {
    let target = subject.target;
    if target.key == "namespaces" {
        let own = subject.new.or(subject.old).map(fields::labels).unwrap_or_default();
        return selected(hook, "/namespaceSelector", &own);
    }
    target.namespace.is_empty()
        || server.store.get("namespaces", "", &target.namespace).is_none_or(|namespace| {
            selected(hook, "/namespaceSelector", &fields::labels(&namespace))
        })
}

/// `predicates/object/matcher.go`: the new labels or the old ones.
fn of_labels(hook: &Hook, subject: &Subject<'_>) -> bool {
    let mut states = [subject.new, subject.old].into_iter().flatten();
    states.any(|state| selected(hook, "/objectSelector", &fields::labels(state)))
}

/// `predicates/rules/rules.go Matcher`.
fn matches(rule: &Value, target: &Target, operation: &str, means: impl Fn(&str) -> bool) -> bool {
    let any = |field: &str, wanted: &str| {
        items(rule, field).iter().any(|one| one == "*" || one == wanted)
    };
    let plural = target.key.split('.').next().unwrap_or(&target.key);
    let resource = items(rule, "/resources").iter().filter_map(Value::as_str).any(|one| {
        let (resource, subresource) = one.split_once('/').unwrap_or((one, ""));
        (resource == "*" || resource == plural)
            && (subresource == "*" || subresource == target.subresource)
    });
    let scope = match text(rule, "/scope") {
        "Namespaced" => !target.namespace.is_empty(),
        "Cluster" => target.namespace.is_empty(),
        _ => true,
    };
    scope
        && resource
        && any("/operations", operation)
        && any("/apiGroups", &target.gvk.group)
        && items(rule, "/apiVersions").iter().filter_map(Value::as_str).any(means)
}
