//! Whether a policy or a binding is about a request (`policy/matching/matching.go`,
//! `webhook/predicates/{rules,namespace,object}`).

use std::collections::BTreeMap;

use apimachinery::selector::LabelSelector;
use serde_json::Value;

use super::super::Apiserver;
use super::request::Admitted;
use crate::fields::{items, labels, text};

fn has(rule: &Value, pointer: &str, wanted: &str) -> bool {
    items(rule, pointer).iter().any(|one| one == "*" || one == wanted)
}

/// `rules.Matcher`.
fn rule_matches(rule: &Value, admitted: &Admitted<'_>, new: Option<&Value>, exact: bool) -> bool {
    let target = admitted.target;
    let cluster = target.namespace.is_empty();
    let scope = match text(rule, "/scope") {
        "Namespaced" => !cluster,
        "Cluster" => cluster,
        _ => true,
    };
    let resource = items(rule, "/resources").iter().filter_map(Value::as_str).any(|one| {
        let (resource, sub) = one.split_once('/').unwrap_or((one, ""));
        (resource == "*" || resource == admitted.plural())
            && (sub == "*" || sub == target.subresource)
    });
    let names = items(rule, "/resourceNames");
    scope
        && has(rule, "/operations", admitted.operation)
        && has(rule, "/apiGroups", &target.gvk.group)
        && (!exact || has(rule, "/apiVersions", &target.gvk.version))
        && resource
        && (names.is_empty() || names.iter().any(|one| one == admitted.name(new)))
}

fn selected(selector: Option<&Value>, labels: &BTreeMap<String, String>) -> bool {
    let Some(selector) = selector.filter(|one| one.as_object().is_some_and(|map| !map.is_empty()))
    else {
        return true;
    };
    LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
}

/// Whether `matchConstraints` or `matchResources` are about a request.
pub(super) fn matches(
    server: &Apiserver,
    resources: &Value,
    admitted: &Admitted<'_>,
    new: Option<&Value>,
) -> bool {
    let target = admitted.target;
    let spaces = resources.get("namespaceSelector");
    let in_space = if target.key == "namespaces" {
        let labels = new.or(admitted.old).map(labels).unwrap_or_default();
        selected(spaces, &labels)
    } else if target.namespace.is_empty() {
        true
    } else {
        let space = server.store.get("namespaces", "", &target.namespace);
        selected(spaces, &space.map(|space| labels(&space)).unwrap_or_default())
    };
    let objects = resources.get("objectSelector");
    let any = [new, admitted.old].into_iter().flatten();
    let by_labels = any.into_iter().any(|one| selected(objects, &labels(one)));
    if !in_space || !by_labels {
        return false;
    }
    let exact = text(resources, "/matchPolicy") == "Exact";
    let any = |field: &str| {
        items(resources, field).iter().any(|rule| rule_matches(rule, admitted, new, exact))
    };
    !any("/excludeResourceRules")
        && (items(resources, "/resourceRules").is_empty() || any("/resourceRules"))
}
