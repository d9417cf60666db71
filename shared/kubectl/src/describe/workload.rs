//! `kubectl describe` of the things that make pods.

use serde_json::Value;

use super::containers::pod_template;
use super::network::format_selector;
use super::page::{Page, clock_text};
use super::pod::controller;
use crate::client::Client;
use crate::discovery::query;
use crate::failure::Outcome;
use crate::print::format_labels;
use crate::value::{Reading as _, plain};

fn number(object: &Value, path: &str) -> i64 {
    object.int(path).unwrap_or(0)
}

/// Writes the text of a deployment.
pub(super) async fn deployment(client: &Client, page: &mut Page, object: &Value) -> Outcome {
    let (old, new) = replica_sets(client, object).await;
    page.field(0, "Name", object.text("metadata.name"));
    page.field(0, "Namespace", object.text("metadata.namespace"));
    page.field(0, "CreationTimestamp", &clock_text(object.text("metadata.creationTimestamp")));
    page.meta(object);
    page.field(0, "Selector", &selector(object));
    page.field(
        0,
        "Replicas",
        &format!(
            "{} desired | {} updated | {} total | {} available | {} unavailable",
            number(object, "spec.replicas"),
            number(object, "status.updatedReplicas"),
            number(object, "status.replicas"),
            number(object, "status.availableReplicas"),
            number(object, "status.unavailableReplicas")
        ),
    );
    page.field(0, "StrategyType", object.text("spec.strategy.type"));
    page.field(0, "MinReadySeconds", &number(object, "spec.minReadySeconds").to_string());
    if let Some(update) = object.at("spec.strategy.rollingUpdate") {
        let text = |field: &str| update.at(field).map(plain).unwrap_or_default();
        let said =
            format!("{} max unavailable, {} max surge", text("maxUnavailable"), text("maxSurge"));
        page.field(0, "RollingUpdateStrategy", &said);
    }
    template(page, object);
    conditions(page, object);
    if !old.is_empty() || new.is_some() {
        page.field(0, "OldReplicaSets", &shown(&old));
        page.field(0, "NewReplicaSet", &shown(new.as_slice()));
    }
    Ok(())
}

fn template(page: &mut Page, object: &Value) {
    pod_template(page, object.at("spec.template").unwrap_or(&Value::Null));
}

fn selector(object: &Value) -> String {
    match object.at("spec.selector").map(format_selector) {
        Some(text) if text != "<none>" => text,
        _ => String::new(),
    }
}

fn conditions(page: &mut Page, object: &Value) {
    let conditions = object.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    page.at(0, "Conditions:\n  Type\tStatus\tReason\n");
    page.at(1, "----\t------\t------\n");
    for condition in conditions {
        page.at(
            1,
            &format!(
                "{} \t{}\t{}\n",
                condition.text("type"),
                condition.text("status"),
                condition.text("reason")
            ),
        );
    }
}

fn shown(sets: &[Value]) -> String {
    let parts: Vec<String> = sets
        .iter()
        .map(|set| {
            format!(
                "{} ({}/{} replicas created)",
                set.text("metadata.name"),
                number(set, "status.replicas"),
                number(set, "spec.replicas")
            )
        })
        .collect();
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(", ") }
}

/// The old replica sets and the new one, oldest first (`util/deployment`).
pub(crate) async fn replica_sets(
    client: &Client,
    deployment: &Value,
) -> (Vec<Value>, Option<Value>) {
    let path = format!(
        "/apis/apps/v1/namespaces/{}/replicasets{}",
        deployment.text("metadata.namespace"),
        query(&[("labelSelector", &selector(deployment)), ("limit", "500")])
    );
    let mut sets = super::list(client, &path).await.unwrap_or_default();
    let uid = deployment.text("metadata.uid");
    sets.retain(|set| {
        set.list("metadata.ownerReferences")
            .iter()
            .any(|owner| owner.truth("controller") && owner.text("uid") == uid)
    });
    let new = sets
        .iter()
        .filter(|set| same_template(set, deployment))
        .min_by_key(|set| {
            (
                set.text("metadata.creationTimestamp").to_owned(),
                set.text("metadata.name").to_owned(),
            )
        })
        .cloned();
    let new_uid = new.as_ref().map_or("", |set| set.text("metadata.uid")).to_owned();
    sets.retain(|set| set.text("metadata.uid") != new_uid);
    (sets, new)
}

/// `equalIgnoreHash`: the templates agree but for the hash label.
fn same_template(set: &Value, deployment: &Value) -> bool {
    let without_hash = |object: &Value| {
        let mut template = object.at("spec.template").cloned().unwrap_or_default();
        crate::value::remove(&mut template, &["metadata", "labels", "pod-template-hash"]);
        crate::value::remove(&mut template, &["metadata", "creationTimestamp"]);
        template
    };
    without_hash(set) == without_hash(deployment)
}

/// Running, waiting, succeeded and failed pods of a controller.
async fn pod_counts(client: &Client, object: &Value) -> Outcome<String> {
    counts_of(client, object, &selector(object)).await
}

async fn counts_of(client: &Client, object: &Value, selector: &str) -> Outcome<String> {
    let path = format!(
        "/api/v1/namespaces/{}/pods{}",
        object.text("metadata.namespace"),
        query(&[("labelSelector", selector), ("limit", "500")])
    );
    let pods = client.get(&path).await?;
    let uid = object.text("metadata.uid");
    let phase = |phase: &str| {
        pods.list("items")
            .iter()
            .filter(|pod| {
                pod.list("metadata.ownerReferences")
                    .iter()
                    .any(|owner| owner.truth("controller") && owner.text("uid") == uid)
            })
            .filter(|pod| pod.text("status.phase") == phase)
            .count()
    };
    Ok(format!(
        "{} Running / {} Waiting / {} Succeeded / {} Failed",
        phase("Running"),
        phase("Pending"),
        phase("Succeeded"),
        phase("Failed")
    ))
}

/// How many pods there are of how many, what they are made from, and what is said of that.
fn copies(page: &mut Page, object: &Value, counts: &str) {
    let replicas = format!(
        "{} current / {} desired",
        number(object, "status.replicas"),
        number(object, "spec.replicas")
    );
    page.field(0, "Replicas", &replicas);
    page.field(0, "Pods Status", counts);
    template(page, object);
    conditions(page, object);
}

/// Writes the text of a replica set.
pub(super) async fn replica_set(client: &Client, page: &mut Page, object: &Value) -> Outcome {
    let counts = match pod_counts(client, object).await {
        Ok(counts) => counts,
        Err(failure) => format!("error in fetching pods: {}", failure.text()),
    };
    page.field(0, "Name", object.text("metadata.name"));
    page.field(0, "Namespace", object.text("metadata.namespace"));
    page.field(0, "Selector", &object.at("spec.selector").map(format_selector).unwrap_or_default());
    page.meta(object);
    controller(page, object);
    copies(page, object, &counts);
    Ok(())
}

/// Writes the text of a replication controller, whose selector is a map.
pub(super) async fn replication_controller(
    client: &Client,
    page: &mut Page,
    object: &Value,
) -> Outcome {
    let labels = format_labels(&object.entries("spec.selector"));
    let counts = counts_of(client, object, &labels).await?;
    page.field(0, "Name", object.text("metadata.name"));
    page.field(0, "Namespace", object.text("metadata.namespace"));
    page.field(0, "Selector", &labels);
    page.meta(object);
    copies(page, object, &counts);
    Ok(())
}

/// Writes the text of a stateful set.
pub(super) async fn stateful_set(client: &Client, page: &mut Page, object: &Value) -> Outcome {
    let counts = pod_counts(client, object).await?;
    page.field(0, "Name", object.text("metadata.name"));
    page.field(0, "Namespace", object.text("metadata.namespace"));
    page.field(0, "CreationTimestamp", &clock_text(object.text("metadata.creationTimestamp")));
    page.field(0, "Selector", &selector(object));
    page.meta(object);
    let replicas = format!(
        "{} desired | {} total",
        number(object, "spec.replicas"),
        number(object, "status.replicas")
    );
    page.field(0, "Replicas", &replicas);
    page.field(0, "Update Strategy", object.text("spec.updateStrategy.type"));
    if let Some(partition) = object.int("spec.updateStrategy.rollingUpdate.partition") {
        page.field(1, "Partition", &partition.to_string());
        if let Some(most) = object.at("spec.updateStrategy.rollingUpdate.maxUnavailable") {
            page.field(1, "MaxUnavailable", &plain(most));
        }
    }
    page.field(0, "Pods Status", &counts);
    template(page, object);
    claims(page, object.list("spec.volumeClaimTemplates"));
    Ok(())
}

fn claims(page: &mut Page, claims: &[Value]) {
    if claims.is_empty() {
        page.at(0, "Volume Claims:\t<none>\n");
        return;
    }
    page.at(0, "Volume Claims:\n");
    for claim in claims {
        page.field(1, "Name", claim.text("metadata.name"));
        page.field(1, "StorageClass", claim.text("spec.storageClassName"));
        page.labels("  Labels", &claim.entries("metadata.labels"));
        page.annotations("  Annotations", &claim.entries("metadata.annotations"));
        let capacity = claim.at("spec.resources.requests.storage").map(plain);
        page.field(1, "Capacity", &capacity.unwrap_or_else(|| "<default>".to_owned()));
        let modes: Vec<String> = claim.list("spec.accessModes").iter().map(plain).collect();
        page.field(1, "Access Modes", &format!("[{}]", modes.join(" ")));
    }
}

/// Writes the text of a daemon set.
pub(super) async fn daemon_set(client: &Client, page: &mut Page, object: &Value) -> Outcome {
    let counts = pod_counts(client, object).await?;
    page.field(0, "Name", object.text("metadata.name"));
    page.field(0, "Namespace", object.text("metadata.namespace"));
    page.field(0, "Selector", &selector(object));
    page.field(
        0,
        "Node-Selector",
        &format_labels(&object.entries("spec.template.spec.nodeSelector")),
    );
    page.meta(object);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.at(0, &format!("{title}: {}\n", number(object, &format!("status.{field}"))));
    }
    page.field(0, "Pods Status", &counts);
    template(page, object);
    Ok(())
}
