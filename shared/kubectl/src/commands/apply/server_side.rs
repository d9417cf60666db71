//! `kubectl apply --server-side`, and the way there from applies on the client
//! (`client-go/util/csaupgrade`).

use http::Method;
use serde_json::{Value, json};

use super::super::dry_run::DryRun;
use super::{Applied, LAST_APPLIED, Options, take, warn_deleting};
use crate::client::{APPLY, Client, JSON, JSON_PATCH};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::compact;
use crate::select::Info;
use crate::value::{Reading as _, set};

/// Applies one object on the server.
pub(super) async fn apply(
    client: &Client,
    info: &Info,
    options: &Options,
    said: &mut Vec<String>,
) -> Outcome<Applied> {
    let force = if options.force_conflicts { "true" } else { "false" };
    let parameters = query(&[
        ("dryRun", options.dry_run.query()),
        ("fieldManager", &options.field_manager),
        ("fieldValidation", options.field_validation),
        ("force", force),
    ]);
    let item = match options.subresource.as_str() {
        "" => info.path(),
        subresource => format!("{}/{subresource}", info.path()),
    };
    let path = format!("{item}{parameters}");
    let data = compact(&info.object).into_bytes();
    let send = || client.send(Method::PATCH, &path, JSON, Some((APPLY, data.clone())));
    let mut object = match send().await {
        Ok(answer) => take(answer, said)?,
        Err(failure) if failure.has_reason("Conflict") => return Err(conflict(&failure)),
        Err(failure) => return Err(failure),
    };
    if options.dry_run == DryRun::None && options.field_manager == "kubectl" {
        object = keep_last_applied(client, info, object).await?;
    }
    if let Some(patch) = migration(&object, &options.field_manager) {
        let parameters =
            query(&[("dryRun", options.dry_run.query()), ("fieldManager", &options.field_manager)]);
        let migrate = format!("{}{parameters}", info.path());
        let body = Some((JSON_PATCH, compact(&patch).into_bytes()));
        match client.send(Method::PATCH, &migrate, JSON, body).await {
            Ok(_) => object = take(send().await?, said)?,
            Err(failure) => said.push(format!(
                "server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: {}",
                failure.text()
            )),
        }
    }
    warn_deleting(info, &object, said);
    Ok(Applied { operation: "serverside-applied", object })
}

fn conflict(failure: &Failure) -> Failure {
    Failure::message(format!(
        "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
        failure.text()
    ))
}

fn owns_annotation(entry: &Value) -> bool {
    let field = format!("f:{LAST_APPLIED}");
    entry
        .at("fieldsV1")
        .and_then(|fields| fields.get("f:metadata"))
        .and_then(|fields| fields.get("f:annotations"))
        .and_then(|fields| fields.get(&field))
        .is_some()
}

/// The annotation gets a field manager of its own, so that apply on the server does not drop it.
async fn keep_last_applied(client: &Client, info: &Info, object: Value) -> Outcome<Value> {
    let annotation = object.at("metadata.annotations").and_then(|all| all.get(LAST_APPLIED));
    let Some(annotation) = annotation else { return Ok(object) };
    let owned = object
        .list("metadata.managedFields")
        .iter()
        .any(|entry| entry.text("operation") == "Apply" && owns_annotation(entry));
    if owned {
        return Ok(object);
    }
    let mut only = json!({
        "apiVersion": info.resource.api_version(), "kind": info.resource.kind,
        "metadata": {"name": info.name, "annotations": {LAST_APPLIED: annotation}},
    });
    if !info.namespace.is_empty() {
        set(&mut only, &["metadata", "namespace"], Value::from(info.namespace.clone()));
    }
    let path = format!(
        "{}{}",
        info.path(),
        query(&[("fieldManager", "kubectl-last-applied"), ("force", "false")])
    );
    client
        .send(Method::PATCH, &path, JSON, Some((APPLY, compact(&only).into_bytes())))
        .await?
        .json()
}

/// The patch that makes fields of earlier applies on the client belong to the server's apply
/// (`client-go/util/csaupgrade/upgrade.go`).
fn migration(object: &Value, manager: &str) -> Option<Value> {
    let mut entries = object.list("metadata.managedFields").to_vec();
    let is_update = |entry: &Value, name: &str| {
        entry.text("manager") == name
            && entry.text("operation") == "Update"
            && entry.text("subresource").is_empty()
    };
    let names: Vec<String> = entries
        .iter()
        .filter(|entry| entry.text("operation") == "Update" && owns_annotation(entry))
        .map(|entry| entry.text("manager").to_owned())
        .collect();
    if names.is_empty() {
        return None;
    }
    for name in &names {
        let existing = entries.iter().position(|entry| {
            entry.text("manager") == manager
                && entry.text("operation") == "Apply"
                && entry.text("subresource").is_empty()
        });
        let index = existing.or_else(|| entries.iter().position(|entry| is_update(entry, name)))?;
        let old = entries.iter().find(|entry| is_update(entry, name)).cloned();
        let target = entries.get_mut(index)?;
        set(target, &["manager"], Value::from(manager));
        set(target, &["operation"], Value::from("Apply"));
        if let Some(fields) = old.as_ref().and_then(|old| old.get("fieldsV1")) {
            let mut union = target.get("fieldsV1").cloned().unwrap_or_else(|| json!({}));
            overlay(&mut union, fields.clone());
            set(target, &["fieldsV1"], union);
        }
        entries.retain(|entry| !is_update(entry, name));
    }
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": object.text("metadata.resourceVersion")},
    ]))
}

fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(inner) if inner.is_object() && value.is_object() => overlay(inner, value),
                    _ => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}
