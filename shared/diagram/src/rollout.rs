//! A Deployment's update: its versions, how many pods each has, and between which numbers it moves.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The state of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// Pods that are wanted.
    pub wanted: i64,
    /// Pods that stay available at least.
    pub least: i64,
    /// Pods that there are at most.
    pub most: i64,
    /// Pods that are available now.
    pub available: i64,
    /// Pods that there are now.
    pub total: i64,
    /// Versions, the newest revision first: those with pods, and the one that is wanted.
    pub versions: Vec<Version>,
}

/// A version: a ReplicaSet of the Deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its revision.
    pub revision: i64,
    /// Its images.
    pub images: Vec<String>,
    /// How many pods it has.
    pub pods: i64,
    /// How many of them are available.
    pub available: i64,
}

/// The state of a Deployment's update, out of it and all ReplicaSets.
pub fn rollout<'a>(
    deployment: &Value,
    replica_sets: impl IntoIterator<Item = &'a Value>,
) -> Rollout {
    let uid = deployment.pointer("/metadata/uid");
    let own = replica_sets.into_iter().filter(|set| {
        let owners = set.pointer("/metadata/ownerReferences").and_then(Value::as_array);
        owners.into_iter().flatten().any(|owner| owner.get("uid") == uid)
    });
    let mut versions: Vec<Version> = own.map(version).collect();
    versions.sort_by_key(|version| -version.revision);
    let newest = versions.first().map(|version| version.revision);
    versions.retain(|version| version.pods > 0 || Some(version.revision) == newest);
    let wanted = number(deployment, "/spec/replicas");
    let (least, most) = bounds(deployment, wanted);
    Rollout {
        wanted,
        least,
        most,
        available: versions.iter().map(|version| version.available).sum(),
        total: versions.iter().map(|version| version.pods).sum(),
        versions,
    }
}

fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

fn version(set: &Value) -> Version {
    let revision = set
        .pointer("/metadata/annotations/deployment.kubernetes.io~1revision")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    let containers = set.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let images = containers.into_iter().flatten().filter_map(|one| one.get("image")?.as_str());
    Version {
        revision: revision.unwrap_or_default(),
        images: images.map(str::to_owned).collect(),
        pods: number(set, "/status/replicas"),
        available: number(set, "/status/availableReplicas"),
    }
}

/// Between which numbers of pods an update moves (`pkg/controller/deployment/util/deployment_util.go
/// ResolveFenceposts`): what may be missing is rounded down, what may be too many is rounded up.
fn bounds(deployment: &Value, wanted: i64) -> (i64, i64) {
    let strategy = deployment.pointer("/spec/strategy/type").and_then(Value::as_str);
    if strategy == Some("Recreate") {
        return (0, wanted);
    }
    let share = |field: &str, up: bool| {
        let given = deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}"));
        match given {
            Some(Value::Number(number)) => number.as_i64().unwrap_or_default(),
            Some(Value::String(text)) => {
                let percent: i64 = text.trim_end_matches('%').parse().unwrap_or_default();
                (percent * wanted + if up { 99 } else { 0 }) / 100
            }
            _ => 0,
        }
    };
    let (surge, mut missing) = (share("maxSurge", true), share("maxUnavailable", false));
    if surge == 0 && missing == 0 {
        missing = 1;
    }
    ((wanted - missing).max(0), wanted + surge)
}
