//! Nothing is created in a namespace that is not there or is on its way out
//! (`apiserver/pkg/admission/plugin/namespace/lifecycle`).

use apimachinery::gvk::GroupResource;
use apimachinery::object;
use apimachinery::status::{Status, StatusCause};
use serde_json::Value;

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::super::write::Target;
use super::forbidden;
use crate::fields::text;

pub(super) fn check(server: &Apiserver, target: &Target, value: &Value) -> Result<(), Refusal> {
    if target.namespace.is_empty() {
        return Ok(());
    }
    let name = target.namespace.as_str();
    let Some(namespace) = server.store.get("namespaces", "", name) else {
        return Err(Box::new(Status::not_found(&GroupResource::new("", "namespaces"), name)));
    };
    if text(&namespace, "/status/phase") != "Terminating" {
        return Ok(());
    }
    let why =
        format!("unable to create new content in namespace {name} because it is being terminated");
    let mut refusal = forbidden(target, object::name(value), &why);
    if let Some(details) = refusal.details.as_mut() {
        details.causes.push(StatusCause {
            reason: "NamespaceTerminating".to_owned(),
            message: format!("namespace {name} is being terminated"),
            field: "metadata.namespace".to_owned(),
        });
    }
    Err(refusal)
}
