//! The revisions of deployments, and what is common to all that have revisions: `polymorphichelpers/history.go`, `rollback.go`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::controller_revisions;
use super::dry_run::DryRun;
use super::set::template_mut;
use crate::client::{Client, JSON, JSON_PATCH};
use crate::describe::{Page, pod_template, replica_sets};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::{TabWriter, compact};
use crate::select::Info;
use crate::session::Session;
use crate::value::{Reading as _, plain, remove, set};

const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";
/// Annotations that belong to the deployment and not to a revision.
const KEPT: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn annotation<'a>(object: &'a Value, name: &str) -> &'a str {
    object
        .at("metadata.annotations")
        .and_then(|all| all.get(name))
        .and_then(Value::as_str)
        .unwrap_or("")
}

/// Whether the revisions are objects of their own and not ReplicaSets.
fn has_controller_revisions(info: &Info) -> bool {
    matches!(info.resource.kind.as_str(), "DaemonSet" | "StatefulSet")
}

/// What holds the templates, by revision.
async fn revisions(client: &Client, info: &Info) -> Outcome<BTreeMap<i64, Value>> {
    if has_controller_revisions(info) {
        return controller_revisions::revisions(client, info).await;
    }
    if info.resource.kind != "Deployment" {
        let kind = info.resource.printed_kind_of_group();
        return Err(Failure::Message(format!(
            "no history viewer has been implemented for \"{kind}\""
        )));
    }
    let (old, new) = replica_sets(client, &info.object).await;
    Ok(old
        .into_iter()
        .chain(new)
        .filter_map(|set| Some((annotation(&set, REVISION).parse().ok()?, set)))
        .collect())
}

/// The text of a template, unaligned as kubectl prints it here.
fn template_text(client: &Client, info: &Info, set: &Value) -> String {
    let holder = if has_controller_revisions(info) {
        controller_revisions::applied(&info.object, set)
    } else {
        set.clone()
    };
    let mut template = holder.at("spec.template").cloned().unwrap_or_default();
    let cause = annotation(set, CAUSE);
    if !cause.is_empty() && !has_controller_revisions(info) {
        crate::value::set(&mut template, &["metadata", "annotations", CAUSE], Value::from(cause));
    }
    let mut page = Page::new(client.kubectl.clock.now());
    pod_template(&mut page, &template);
    page.unaligned()
}

/// `rollout history`: a table, or the template of one revision.
pub(super) async fn text(client: &Client, info: &Info, revision: i64) -> Outcome<String> {
    let sets = revisions(client, info).await?;
    if sets.is_empty() {
        return Ok("No rollout history found.".to_owned());
    }
    if revision > 0 {
        let set = sets
            .get(&revision)
            .ok_or_else(|| Failure::message("unable to find the specified revision"))?;
        return Ok(template_text(client, info, set));
    }
    let mut writer = TabWriter::describe();
    writer.write("REVISION\tCHANGE-CAUSE\n");
    for (revision, set) in &sets {
        let cause = match annotation(set, CAUSE) {
            "" => "<none>",
            cause => cause,
        };
        writer.write(&format!("{revision}\t{cause}\n"));
    }
    Ok(writer.flush())
}

/// The objects of `rollout history -o`.
pub(super) async fn objects(client: &Client, info: &Info, revision: i64) -> Outcome<Vec<Value>> {
    let mut sets = revisions(client, info).await?;
    if has_controller_revisions(info) {
        for set in sets.values_mut() {
            *set = controller_revisions::applied(&info.object, set);
        }
    }
    if revision == 0 {
        return Ok(sets.into_values().collect());
    }
    match sets.remove(&revision) {
        Some(set) => Ok(vec![set]),
        None => Err(Failure::message("unable to find the specified revision")),
    }
}

/// `rollout undo`: what is printed behind the name.
pub(super) async fn undo(
    session: &mut Session<'_>,
    info: &Info,
    to: i64,
    dry_run: DryRun,
) -> Outcome<String> {
    if to < 0 {
        return Err(Failure::message(format!("unable to find specified revision {to} in history")));
    }
    let sets = revisions(&session.client, info).await?;
    let set = if to > 0 {
        sets.get(&to).ok_or_else(|| {
            Failure::message(format!("unable to find specified revision {to} in history"))
        })?
    } else {
        sets.values().rev().nth(1).ok_or_else(|| {
            if has_controller_revisions(info) {
                return Failure::message("no last revision to roll back to");
            }
            Failure::message(format!("no rollout history found for deployment \"{}\"", info.name))
        })?
    };
    if dry_run == DryRun::Client {
        return Ok(template_text(&session.client, info, set));
    }
    if has_controller_revisions(info) {
        return controller_revisions::restore(session, info, set, to, dry_run).await;
    }
    if info.object.truth("spec.paused") {
        return Err(Failure::message(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    let mut template = set.at("spec.template").cloned().unwrap_or_default();
    remove(&mut template, &["metadata", "labels", "pod-template-hash"]);
    if Some(&template) == info.object.at("spec.template") {
        return Ok(format!("skipped rollback (current template already matches revision {to})"));
    }
    let mut annotations = Map::new();
    for (key, value) in info.object.entries("metadata.annotations") {
        if KEPT.contains(&key) {
            annotations.insert(key.to_owned(), value.clone());
        }
    }
    for (key, value) in set.entries("metadata.annotations") {
        if !KEPT.contains(&key) {
            annotations.insert(key.to_owned(), Value::from(plain(value)));
        }
    }
    let patch = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    let path = format!("{}{}", info.path(), query(&[("dryRun", dry_run.query())]));
    let body = Some((JSON_PATCH, compact(&patch).into_bytes()));
    session.send(http::Method::PATCH, &path, JSON, body).await.map_err(|failure| {
        Failure::message(format!("failed restoring revision {to}: {}", failure.text()))
    })?;
    Ok(format!("rolled back{}", dry_run.suffix()))
}

/// Sets the annotation that makes the pods anew.
pub(super) fn restart(object: &mut Value, now: &str) -> Outcome {
    if object.truth("spec.paused") {
        return Err(Failure::message("can't restart paused deployment (run rollout resume first)"));
    }
    match template_mut(object, &["spec", "template"]) {
        Some(template) => {
            set(
                template,
                &["metadata", "annotations", "kubectl.kubernetes.io/restartedAt"],
                Value::from(now),
            );
            Ok(())
        }
        None => Err(Failure::message("restarting is not supported")),
    }
}
