//! Admission: what may be written, and what is added to it. The plugins of the real server, in its order
//! (`pkg/kubeapiserver/options/plugins.go`), one file each.

mod certificates;
pub(super) mod connect;
pub(crate) mod evaluate;
mod limit_range;
mod namespace_lifecycle;
pub(super) mod node_restriction;
mod pod_resize;
mod pod_security;
mod pods;
mod quota;
pub(super) mod reinvocation;
mod runtime_class;
mod service_account;
mod storage_class;
pub(super) mod webhook;

pub(crate) use self::evaluate::used;
use self::reinvocation::Reinvocation;

use apimachinery::gvk::GroupResource;
use apimachinery::object;
use apimachinery::status::Status;
use serde_json::{Value, json};

use super::Apiserver;
use super::answer::Refusal;
use super::call::Call;
use super::kinds::certificate;
use super::policies::{Admitted, Told};
use super::write::Target;
use crate::fields::put;

/// A write that is looked at.
pub(crate) struct Operation<'a> {
    pub(crate) target: &'a Target,
    pub(crate) old: Option<&'a Value>,
}

/// 403 of a plugin.
fn forbidden(target: &Target, name: &str, why: &str) -> Refusal {
    let plural = target.key.split('.').next().unwrap_or(&target.key);
    Box::new(Status::forbidden(&GroupResource::new(&target.gvk.group, plural), name, why))
}

/// The plugins that change an object, a second time when policies or webhooks have changed it.
pub(crate) fn mutate(
    server: &mut Apiserver,
    call: &mut Call,
    target: &Target,
    (value, old): (&mut Value, Option<&Value>),
    generated: bool,
) -> Result<(), Refusal> {
    let mut chain = Reinvocation::default();
    loop {
        // What comes through a subresource is no new object.
        if target.subresource.is_empty() {
            mutate_in_tree(server, target, value, old)?;
        }
        // A name that is generated comes later than policies and webhooks.
        let name = generated.then(|| object::name(value).to_owned());
        if name.is_some() {
            object::remove(value, &["metadata", "name"]);
        }
        server.mutate_by_policies(call, target, value, old, &mut chain)?;
        webhook::mutate(server, call, target, (value, old), &mut chain)?;
        if let Some(name) = name.filter(|_| object::name(value).is_empty()) {
            put(value, "/metadata/name", json!(name));
        }
        if chain.second || !chain.wanted {
            return Ok(());
        }
        chain.second = true;
    }
}

fn mutate_in_tree(
    server: &mut Apiserver,
    target: &Target,
    value: &mut Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    if old.is_none() {
        namespace_lifecycle::check(server, target, value)?;
    }
    match (target.key.as_str(), old) {
        ("pods", None) => {
            limit_range::mutate(server, target, value);
            service_account::admit(server, target, value)?;
            pods::priority(server, target, value)?;
            pods::tolerations(value);
            runtime_class::admit(server, target, value)?;
        }
        ("pods", Some(_)) => pods::tolerations(value),
        ("nodes", None) => pods::not_ready_taint(value),
        ("persistentvolumeclaims", None) => storage_class::fill(server, value),
        _ => {}
    }
    Ok(())
}

/// The plugins that only look.
pub(crate) fn validate(
    server: &Apiserver,
    call: &mut Call,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    node_restriction::validate(server, call, operation, value)?;
    pod_security::validate(server, call, operation, value)?;
    if operation.target.key == certificate::KEY {
        certificates::validate(server, &call.identity, operation, value)?;
    }
    if operation.target.key == "pods" && operation.old.is_none() {
        limit_range::validate(server, operation.target, value)?;
    }
    if operation.target.key == "pods" && operation.target.subresource == "ephemeralcontainers" {
        service_account::check_ephemeral(server, operation.target, value)?;
    }
    if operation.target.key == "priorityclasses.scheduling.k8s.io" {
        pods::default_class(server, operation.target, value)?;
    }
    if operation.target.key == "persistentvolumeclaims" {
        match operation.old {
            None => limit_range::validate_claim(server, operation.target, value)?,
            Some(old) => storage_class::resize(server, operation.target, value, old)?,
        }
    }
    if operation.target.key == "pods" && operation.target.subresource == "resize" {
        pod_resize::validate(server, operation, value)?;
    }
    let admitted = Admitted::write(call, operation.target, operation.old);
    let mut told = Told::default();
    let checked = server.check_policies(&admitted, Some(value), &mut told);
    told.tell(call);
    checked?;
    webhook::validate(server, call, operation.target, value, operation.old)?;
    quota::check(server, operation, value)
}

/// Books what a write uses.
pub(crate) fn charge(server: &mut Apiserver, operation: &Operation<'_>, value: &Value) {
    quota::charge(server, operation, value);
}
