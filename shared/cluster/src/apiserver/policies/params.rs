//! The objects that parametrize a policy (`policy/generic/policy_dispatcher.go CollectParams`).

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use apimachinery::selector::LabelSelector;
use serde_json::Value;

use super::super::{Apiserver, view};
use crate::fields::{labels, text};

/// The parameters that a binding names for a request in a namespace; one that is nothing without any.
pub(super) fn collect(
    server: &Apiserver,
    policy: &Value,
    binding: &Value,
    namespace: &str,
) -> Result<Vec<Option<Arc<Value>>>, String> {
    let kind = policy.pointer("/spec/paramKind").filter(|kind| kind.is_object());
    let reference = binding.pointer("/spec/paramRef").filter(|one| one.is_object());
    let (Some(kind), Some(reference)) = (kind, reference) else { return Ok(vec![None]) };
    let Some((key, namespaced)) = resource_of(server, kind) else {
        return Err(unknown(kind));
    };
    let own = text(reference, "/namespace");
    let place = match (namespaced, own.is_empty()) {
        (false, true) => "",
        (false, false) => {
            return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
                .to_owned());
        }
        (true, false) => own,
        (true, true) if namespace.is_empty() => {
            return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".to_owned());
        }
        (true, true) => namespace,
    };
    let name = text(reference, "/name");
    let found: Vec<Arc<Value>> = if name.is_empty() {
        let selector = reference.get("selector").cloned().unwrap_or_default();
        let selector = LabelSelector::from_object(&selector)?;
        let all = server.store.list(&key, namespaced.then_some(place));
        all.into_iter().filter(|one| selector.matches(&labels(one))).collect()
    } else {
        server.store.get(&key, place, name).into_iter().collect()
    };
    if found.is_empty() && text(reference, "/parameterNotFoundAction") == "Deny" {
        return Err(
            "no params found for policy binding with `Deny` parameterNotFoundAction".to_owned()
        );
    }
    Ok(found.into_iter().map(Some).collect())
}

/// What is wrong with a policy whose parameters nobody knows.
pub(super) fn unknown_kind(server: &Apiserver, policy: &Value) -> Option<String> {
    let kind = policy.pointer("/spec/paramKind").filter(|kind| kind.is_object())?;
    resource_of(server, kind).is_none().then(|| unknown(kind))
}

fn unknown(kind: &Value) -> String {
    format!(
        "failed to find resource referenced by paramKind: '{}, Kind={}'",
        text(kind, "/apiVersion"),
        text(kind, "/kind")
    )
}

fn resource_of(server: &Apiserver, kind: &Value) -> Option<(String, bool)> {
    let version = text(kind, "/apiVersion");
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let gvk = GroupVersionKind::new(group, version, text(kind, "/kind"));
    let custom = server.customs.of_kind(&gvk).map(|custom| &custom.resource);
    let resource = custom.or_else(|| Schema::builtin().resource_of(&gvk))?;
    Some((view::storage_key(&resource.group, &resource.plural), resource.namespaced))
}
