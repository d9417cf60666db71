//! ResourceQuota (`apiserver/pkg/admission/plugin/resourcequota/controller.go`): refuses what exceeds, and
//! books what is admitted, so that the next request sees it.

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::object;
use apimachinery::quantity::{Format, Quantity};
use serde_json::{Map, Value, json};

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::evaluate::{MUST_BE_SAID, Usage, in_scope, silent_containers, usage};
use super::{Operation, forbidden};
use crate::fields::put;

const KEY: &str = "resourcequotas";

fn quantities(quota: &Value, pointer: &str) -> Usage {
    let map = quota.pointer(pointer).and_then(Value::as_object);
    let read = |(name, amount): (&String, &Value)| {
        Some((name.clone(), Quantity::parse(amount.as_str()?).ok()?))
    };
    map.into_iter().flatten().filter_map(read).collect()
}

/// `a=1,b=2`, only the names that matter.
fn shown(usage: &Usage, names: &[&String]) -> String {
    let zero = Quantity::from_units(0, Format::DecimalSi);
    let parts: Vec<String> =
        names.iter().map(|name| format!("{name}={}", usage.get(*name).unwrap_or(&zero))).collect();
    parts.join(",")
}

/// What a write adds: all of a new object, the growth of an old one.
fn delta(operation: &Operation<'_>, value: &Value) -> Usage {
    let mut now = usage(operation.target, value);
    if let Some(old) = operation.old {
        for (name, before) in usage(operation.target, old) {
            let after = now.get(&name).cloned();
            now.insert(
                name,
                after.unwrap_or_else(|| Quantity::from_units(0, Format::DecimalSi)).sub(&before),
            );
        }
    }
    now
}

fn applies(operation: &Operation<'_>) -> bool {
    let target = operation.target;
    !target.namespace.is_empty() && target.subresource.is_empty() && target.key != "events"
}

/// The quotas that are about an object.
fn quotas(server: &Apiserver, operation: &Operation<'_>, value: &Value) -> Vec<Arc<Value>> {
    let all = server.store.list(KEY, Some(&operation.target.namespace)).into_iter();
    let scoped = |quota: &Value| {
        quota.pointer("/spec/scopes").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
            || quota.pointer("/spec/scopeSelector").is_some()
    };
    let pods = operation.target.key == "pods";
    all.filter(|quota| if scoped(quota) { pods && in_scope(quota, value) } else { true }).collect()
}

/// Refuses what is not said and what is too much.
pub(super) fn check(
    server: &Apiserver,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    if !applies(operation) {
        return Ok(());
    }
    let delta = delta(operation, value);
    let name = object::name(value);
    for quota in quotas(server, operation, value) {
        let hard = quantities(&quota, "/status/hard");
        if operation.target.key == "pods" && operation.old.is_none() {
            must_say(operation, &quota, &hard, value)?;
        }
        let used = quantities(&quota, "/status/used");
        let zero = Quantity::from_units(0, Format::DecimalSi);
        let exceeded: Vec<&String> = hard
            .iter()
            .filter(|(name, limit)| {
                let Some(more) =
                    delta.get(*name).filter(|more| !more.is_zero() && !more.is_negative())
                else {
                    return false;
                };
                used.get(*name).unwrap_or(&zero).add(more) > **limit
            })
            .map(|(name, _)| name)
            .collect();
        if !exceeded.is_empty() {
            let why = format!(
                "exceeded quota: {}, requested: {}, used: {}, limited: {}",
                object::name(&quota),
                shown(&delta, &exceeded),
                shown(&used, &exceeded),
                shown(&hard, &exceeded)
            );
            return Err(forbidden(operation.target, name, &why));
        }
    }
    Ok(())
}

fn must_say(
    operation: &Operation<'_>,
    quota: &Value,
    hard: &Usage,
    pod: &Value,
) -> Result<(), Refusal> {
    let mut missing: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in hard.keys().filter(|name| MUST_BE_SAID.contains(&name.as_str())) {
        let silent = silent_containers(pod, name);
        if !silent.is_empty() {
            missing.insert(name, silent);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let parts: Vec<String> = missing
        .into_iter()
        .map(|(name, containers)| format!("{name} for: {}", containers.join(",")))
        .collect();
    let why = format!("failed quota: {}: must specify {}", object::name(quota), parts.join("; "));
    Err(forbidden(operation.target, object::name(pod), &why))
}

/// Adds what a write uses to `status.used`.
pub(super) fn charge(server: &mut Apiserver, operation: &Operation<'_>, value: &Value) {
    if !applies(operation) {
        return;
    }
    let delta = delta(operation, value);
    for quota in quotas(server, operation, value) {
        let hard = quantities(&quota, "/status/hard");
        let mut used = quantities(&quota, "/status/used");
        let mut changed = false;
        for name in hard.keys() {
            if let Some(more) = delta.get(name).filter(|more| !more.is_zero()) {
                let zero = Quantity::from_units(0, Format::DecimalSi);
                let now = used.get(name).unwrap_or(&zero).add(more);
                used.insert(name.clone(), now);
                changed = true;
            }
        }
        if changed {
            let shown: Map<String, Value> = used
                .iter()
                .map(|(name, amount)| (name.clone(), json!(amount.to_string())))
                .collect();
            let mut quota_now = (*quota).clone();
            put(&mut quota_now, "/status/used", Value::Object(shown));
            let name = object::name(&quota).to_owned();
            server.store.put(KEY, &operation.target.namespace, &name, quota_now);
        }
    }
}
