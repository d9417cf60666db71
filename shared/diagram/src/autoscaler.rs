//! A HorizontalPodAutoscaler's calculation with its numbers, as far as its status tells them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calculation {
    /// Replicas when it was made.
    pub replicas: i64,
    /// What each metric asks for.
    pub metrics: Vec<Metric>,
    /// The fewest replicas.
    pub least: i64,
    /// The most replicas.
    pub most: i64,
    /// What the autoscaler wants after all.
    pub wanted: i64,
    /// What it says about it, word for word: reason and message of a condition.
    pub said: Option<(String, String)>,
}

/// A metric with a target for its utilization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Resource, for example `cpu`.
    pub name: String,
    /// Utilization now, in percent of the requests; nothing when it is not known.
    pub now: Option<i64>,
    /// Utilization that is wanted, in percent.
    pub target: i64,
    /// Replicas that it asks for; nothing when its value is not known.
    pub asks: Option<i64>,
    /// Whether the difference is too small to act on.
    pub steady: bool,
}

/// The calculation of an autoscaler (`autoscaling/v2`).
pub fn calculation(autoscaler: &Value) -> Calculation {
    let replicas = number(autoscaler, "/status/currentReplicas").unwrap_or_default();
    let given = autoscaler.pointer("/spec/metrics").and_then(Value::as_array);
    let metrics = given.into_iter().flatten();
    Calculation {
        replicas,
        metrics: metrics.filter_map(|metric| of_resource(autoscaler, metric, replicas)).collect(),
        least: number(autoscaler, "/spec/minReplicas").unwrap_or(1),
        most: number(autoscaler, "/spec/maxReplicas").unwrap_or_default(),
        wanted: number(autoscaler, "/status/desiredReplicas").unwrap_or_default(),
        said: said(autoscaler),
    }
}

fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

fn of_resource(autoscaler: &Value, metric: &Value, replicas: i64) -> Option<Metric> {
    let name = metric.pointer("/resource/name")?.as_str()?;
    let target = number(metric, "/resource/target/averageUtilization").filter(|one| *one > 0)?;
    let current = autoscaler.pointer("/status/currentMetrics").and_then(Value::as_array);
    let now = current
        .into_iter()
        .flatten()
        .find(|one| one.pointer("/resource/name").and_then(Value::as_str) == Some(name))
        .and_then(|one| number(one, "/resource/current/averageUtilization"));
    // `pkg/controller/podautoscaler/replica_calculator.go`: a tenth more or less changes nothing.
    let steady = now.is_some_and(|now| (now - target).abs() * 10 <= target);
    let asks =
        now.map(
            |now| {
                if steady { replicas } else { (replicas * now + target - 1).div_euclid(target) }
            },
        );
    Some(Metric { name: name.to_owned(), now, target, asks, steady })
}

/// What stands in the way, or holds back, or else that it can scale.
fn said(autoscaler: &Value) -> Option<(String, String)> {
    let conditions = autoscaler.pointer("/status/conditions").and_then(Value::as_array)?;
    let text = |condition: &Value, key: &str| {
        condition.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let wanted = [("ScalingActive", "False"), ("ScalingLimited", "True"), ("AbleToScale", "")];
    let found = wanted.iter().find_map(|(kind, status)| {
        conditions.iter().find(|condition| {
            text(condition, "type") == *kind
                && (status.is_empty() || text(condition, "status") == *status)
        })
    })?;
    Some((text(found, "reason"), text(found, "message")))
}
