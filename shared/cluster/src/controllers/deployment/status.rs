//! What a Deployment says of itself (`pkg/controller/deployment/sync.go calculateStatus`, `progress.go`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    RESOURCE, REVISION, Rollout, limits, next_revision, recreates, replicas, template_hash,
};
use crate::event_loop::{Plan, Write};
use crate::fields;

/// Status, reason and message of a condition.
type Said = (&'static str, &'static str, String);

/// A sum over all sets.
struct Counts {
    asked: i64,
    total: i64,
    updated: i64,
    ready: i64,
    available: i64,
    terminating: i64,
}

impl Rollout<'_> {
    fn counts(&self) -> Counts {
        let of = |set: &Value, key: &str| {
            fields::number(set, &format!("/status/{key}")).unwrap_or_default()
        };
        let sum = |key: &str| self.sets.iter().map(|set| of(set, key)).sum();
        Counts {
            asked: self.sets.iter().map(|set| replicas(set)).sum(),
            total: sum("replicas"),
            updated: self.current.map_or(0, |set| of(set, "replicas")),
            ready: sum("readyReplicas"),
            available: sum("availableReplicas"),
            terminating: sum("terminatingReplicas"),
        }
    }

    /// Writes the status; progress is estimated unless the Deployment is paused or was scaled just now.
    pub(super) fn status(&self, estimates: bool, now: Timestamp, plan: &mut Plan) {
        let counts = self.counts();
        let mut conditions = vec![self.availability(&counts, now)];
        if fields::number(self.deployment, "/spec/progressDeadlineSeconds").is_some() {
            conditions.extend(self.progress(&counts, estimates, now, plan));
        }
        conditions.extend(self.failure());
        let mut status = json!({
            "observedGeneration": fields::number(self.deployment, "/metadata/generation"),
            "replicas": counts.total, "updatedReplicas": counts.updated,
            "readyReplicas": counts.ready, "availableReplicas": counts.available,
            "unavailableReplicas": (counts.asked - counts.available).max(0),
            "terminatingReplicas": counts.terminating,
            "collisionCount": fields::number(self.deployment, "/status/collisionCount").unwrap_or_default(),
            "conditions": conditions,
        });
        if let Some(map) = status.as_object_mut() {
            map.retain(|key, value| key == "terminatingReplicas" || value.as_i64() != Some(0));
        }
        let revision = self.revision(plan);
        let revised = revision != fields::annotation(self.deployment, REVISION);
        if self.deployment.get("status") != Some(&status) || revised {
            let mut changed = self.deployment.clone();
            // The revision goes with the status, so that it does not count as a change by a user.
            if revised {
                let pointer = format!("/metadata/annotations/{}", REVISION.replace('/', "~1"));
                fields::put(&mut changed, &pointer, json!(revision));
            }
            fields::put(&mut changed, "/status", status);
            plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
    }

    /// The Deployment's revision: that of its set, also of one that this step creates.
    fn revision(&self, plan: &Plan) -> String {
        let created = plan.writes.iter().find(|one| one.method() == "POST");
        match (self.current, created) {
            (Some(current), _) => next_revision(current, self.sets).to_string(),
            (None, Some(set)) => fields::annotation(set.body(), REVISION).to_owned(),
            (None, None) => fields::annotation(self.deployment, REVISION).to_owned(),
        }
    }

    fn availability(&self, counts: &Counts, now: Timestamp) -> Value {
        let wanted = replicas(self.deployment);
        let (_, unavailable) = limits(self.deployment);
        let spare = if recreates(self.deployment) { 0 } else { unavailable.min(wanted) };
        let said = if counts.available >= wanted - spare {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            (
                "False",
                "MinimumReplicasUnavailable",
                "Deployment does not have minimum availability.",
            )
        };
        condition(self.deployment, "Available", (said.0, said.1, said.2.to_owned()), now)
    }

    /// The condition `Progressing`; progress renews its time even when it says the same.
    fn progress(
        &self,
        counts: &Counts,
        estimates: bool,
        now: Timestamp,
        plan: &mut Plan,
    ) -> Option<Value> {
        let known = fields::condition(self.deployment, "Progressing");
        let reason = known.map_or("", |known| fields::text(known, "/reason"));
        let said = |said: Said| condition(self.deployment, "Progressing", said, now);
        let paused = fields::flag(self.deployment, "/spec/paused");
        if paused && !matches!(reason, "ProgressDeadlineExceeded" | "DeploymentPaused") {
            let text = "Deployment is paused".to_owned();
            return Some(said(("Unknown", "DeploymentPaused", text)));
        }
        if !paused && reason == "DeploymentPaused" {
            let text = "Deployment is resumed".to_owned();
            return Some(said(("Unknown", "DeploymentResumed", text)));
        }
        let Some(current) = self.current.filter(|_| estimates) else {
            // The set that was created in this step.
            let created = estimates && (plan.writes.iter().any(|one| one.method() == "POST"));
            return if created {
                let name =
                    format!("{}-{}", fields::name(self.deployment), template_hash(self.deployment));
                let text = format!("Created new replica set \"{name}\"");
                Some(said(("True", "NewReplicaSetCreated", text)))
            } else {
                known.cloned()
            };
        };
        let name = fields::name(current);
        if counts.total == counts.updated && reason == "NewReplicaSetAvailable" {
            return known.cloned();
        }
        let wanted = replicas(self.deployment);
        if [counts.updated, counts.total, counts.available] == [wanted; 3] {
            let text = format!("ReplicaSet \"{name}\" has successfully progressed.");
            return Some(said(("True", "NewReplicaSetAvailable", text)));
        }
        if self.progressed(counts) {
            let text = format!("ReplicaSet \"{name}\" is progressing.");
            let mut renewed = said(("True", "ReplicaSetUpdated", text));
            fields::put(&mut renewed, "/lastUpdateTime", json!(fields::seconds(now)));
            return Some(renewed);
        }
        if known.is_none() {
            let text = format!("Found new replica set \"{name}\"");
            return Some(said(("True", "FoundNewReplicaSet", text)));
        }
        if self.timed_out(reason, now, plan) {
            let text = format!("ReplicaSet \"{name}\" has timed out progressing.");
            return Some(said(("False", "ProgressDeadlineExceeded", text)));
        }
        known.cloned()
    }

    /// `DeploymentProgressing`: more that is new, ready or available, or less that is old.
    fn progressed(&self, counts: &Counts) -> bool {
        let before = |key: &str| {
            fields::number(self.deployment, &format!("/status/{key}")).unwrap_or_default()
        };
        counts.updated > before("updatedReplicas")
            || counts.total - counts.updated < before("replicas") - before("updatedReplicas")
            || counts.ready > before("readyReplicas")
            || counts.available > before("availableReplicas")
    }

    fn timed_out(&self, reason: &str, now: Timestamp, plan: &mut Plan) -> bool {
        let deadline = fields::number(self.deployment, "/spec/progressDeadlineSeconds");
        let since = fields::condition(self.deployment, "Progressing")
            .and_then(|known| fields::time(known, "/lastUpdateTime"));
        let (Some(deadline), Some(since)) = (deadline, since) else { return false };
        match reason {
            "NewReplicaSetAvailable" => return false,
            "ProgressDeadlineExceeded" => return true,
            _ => {}
        }
        let passed = now.as_second() - since.as_second();
        if passed >= deadline {
            return true;
        }
        plan.again(Duration::from_secs((deadline - passed).unsigned_abs()));
        false
    }

    /// What keeps a set from making pods, told of the new set first (`getReplicaFailures`).
    fn failure(&self) -> Option<Value> {
        let found = self
            .current
            .into_iter()
            .chain(self.sets)
            .find_map(|set| fields::condition(set, "ReplicaFailure"))?;
        let at = found.get("lastTransitionTime");
        Some(json!({
            "type": "ReplicaFailure", "status": found.get("status"), "reason": found.get("reason"),
            "message": found.get("message"), "lastUpdateTime": at, "lastTransitionTime": at,
        }))
    }
}

fn condition(
    deployment: &Value,
    kind: &str,
    (status, reason, message): (&str, &str, String),
    now: Timestamp,
) -> Value {
    let known = fields::condition(deployment, kind);
    let same =
        |key: &str, value: &str| known.is_some_and(|known| fields::text(known, key) == value);
    if let Some(known) = known.filter(|_| same("/status", status) && same("/reason", reason)) {
        // `SetDeploymentCondition`: the same status and reason leave it as it is.
        return known.clone();
    }
    let at = fields::seconds(now);
    let since = known
        .filter(|_| same("/status", status))
        .map_or_else(|| at.clone(), |known| fields::text(known, "/lastTransitionTime").to_owned());
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastUpdateTime": at, "lastTransitionTime": since,
    })
}
