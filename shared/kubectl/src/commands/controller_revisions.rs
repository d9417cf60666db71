//! The revisions of DaemonSets and StatefulSets: `polymorphichelpers/history.go`, `rollback.go`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dry_run::DryRun;
use crate::client::{Client, JSON, STRATEGIC};
use crate::describe::format_selector;
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::compact;
use crate::select::Info;
use crate::session::Session;
use crate::value::{Reading as _, remove, set};

/// The objects of the kind `ControllerRevision` by revision.
pub(super) async fn revisions(client: &Client, info: &Info) -> Outcome<BTreeMap<i64, Value>> {
    let selector = info.object.at("spec.selector").map(format_selector).unwrap_or_default();
    let path = format!(
        "/apis/apps/v1/namespaces/{}/controllerrevisions{}",
        info.namespace,
        query(&[("labelSelector", &selector)])
    );
    let list = client.get(&path).await.map_err(|failure| {
        Failure::Message(format!(
            "unable to find history controlled by {} {}: {}",
            info.resource.kind,
            info.name,
            failure.text()
        ))
    })?;
    let uid = info.object.text("metadata.uid");
    Ok(list
        .list("items")
        .iter()
        .filter(|revision| {
            revision
                .list("metadata.ownerReferences")
                .iter()
                .any(|owner| owner.truth("controller") && owner.text("uid") == uid)
        })
        .map(|revision| (revision.int("revision").unwrap_or(0), revision.clone()))
        .collect())
}

/// The object as it was at a revision. What a revision holds is a patch that replaces the template.
pub(super) fn applied(object: &Value, revision: &Value) -> Value {
    let mut template = revision.at("data.spec.template").cloned().unwrap_or_default();
    remove(&mut template, &["$patch"]);
    let mut object = object.clone();
    set(&mut object, &["spec", "template"], template);
    object
}

/// Restores a revision; what is printed behind the name.
pub(super) async fn restore(
    session: &mut Session<'_>,
    info: &Info,
    revision: &Value,
    to: i64,
    dry_run: DryRun,
) -> Outcome<String> {
    if applied(&info.object, revision) == info.object {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    let path = format!("{}{}", info.path(), query(&[("dryRun", dry_run.query())]));
    let patch = revision.at("data").cloned().unwrap_or_default();
    let body = Some((STRATEGIC, compact(&patch).into_bytes()));
    session.send(http::Method::PATCH, &path, JSON, body).await.map_err(|failure| {
        Failure::Message(format!("failed restoring revision {to}: {}", failure.text()))
    })?;
    Ok(format!("rolled back{}", dry_run.suffix()))
}
