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
    /// How it grows.
    pub up: Rules,
    /// How it shrinks.
    pub down: Rules,
    /// What it says about it, word for word: reason and message of a condition.
    pub said: Option<(String, String)>,
}

/// What bounds a change in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Seconds whose recommendations are looked at together.
    pub window: i64,
    /// How far it may go: of these the one that allows most, or least.
    pub policies: Vec<Policy>,
    /// Which of the policies counts: `Max`, `Min`, or `Disabled`.
    pub select: String,
    /// The difference from the target that changes nothing, in thousandths.
    pub tolerance: i64,
}

/// How far a change may go in a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether `value` is percent, or pods.
    pub percent: bool,
    /// How much.
    pub value: i64,
    /// Of how many seconds.
    pub seconds: i64,
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

impl Calculation {
    /// Whether the autoscaler wants something else than its metrics ask for within its bounds: it does not
    /// count pods alike that have no metrics yet, and its rules may hold it back.
    pub fn differs(&self) -> bool {
        let asks = self.metrics.iter().filter_map(|metric| metric.asks).max();
        asks.is_some_and(|asks| asks.min(self.most).max(self.least) != self.wanted)
    }
}

/// The calculation of an autoscaler (`autoscaling/v2`).
pub fn calculation(autoscaler: &Value) -> Calculation {
    let replicas = number(autoscaler, "/status/currentReplicas").unwrap_or_default();
    let given = autoscaler.pointer("/spec/metrics").and_then(Value::as_array);
    let metrics = given.into_iter().flatten();
    let (up, down) = (rules(autoscaler, true), rules(autoscaler, false));
    let bounds = (up.tolerance, down.tolerance);
    Calculation {
        replicas,
        metrics: metrics
            .filter_map(|metric| of_resource(autoscaler, metric, replicas, bounds))
            .collect(),
        least: number(autoscaler, "/spec/minReplicas").unwrap_or(1),
        most: number(autoscaler, "/spec/maxReplicas").unwrap_or_default(),
        wanted: number(autoscaler, "/status/desiredReplicas").unwrap_or_default(),
        up,
        down,
        said: said(autoscaler),
    }
}

fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// What bounds a direction; what is not said is as `pkg/apis/autoscaling/v2/defaults.go` says.
fn rules(autoscaler: &Value, up: bool) -> Rules {
    let direction = if up { "scaleUp" } else { "scaleDown" };
    let given = autoscaler.pointer(&format!("/spec/behavior/{direction}")).unwrap_or(&Value::Null);
    let policy = |percent, value| Policy { percent, value, seconds: 15 };
    let usual =
        if up { vec![policy(false, 4), policy(true, 100)] } else { vec![policy(true, 100)] };
    let own = given.get("policies").and_then(Value::as_array).map(|all| {
        let read = |one: &Value| {
            Some(Policy {
                percent: one.get("type")?.as_str()? == "Percent",
                value: one.get("value")?.as_i64()?,
                seconds: one.get("periodSeconds")?.as_i64()?,
            })
        };
        all.iter().filter_map(read).collect()
    });
    let select = given.get("selectPolicy").and_then(Value::as_str).unwrap_or("Max");
    let tolerance = given.get("tolerance").and_then(Value::as_str);
    Rules {
        window: number(given, "/stabilizationWindowSeconds").unwrap_or(if up { 0 } else { 300 }),
        policies: own.unwrap_or(usual),
        select: select.to_owned(),
        // `--horizontal-pod-autoscaler-tolerance` is 0.1.
        tolerance: tolerance.and_then(thousandths).unwrap_or(100),
    }
}

/// `50m`, `0.05`, `1`.
fn thousandths(quantity: &str) -> Option<i64> {
    if let Some(digits) = quantity.strip_suffix('m') {
        return digits.parse().ok();
    }
    let (whole, part) = quantity.split_once('.').unwrap_or((quantity, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    Some(whole.parse::<i64>().ok()? * 1000 + part.parse::<i64>().ok()?)
}

fn of_resource(
    autoscaler: &Value,
    metric: &Value,
    replicas: i64,
    (up, down): (i64, i64),
) -> Option<Metric> {
    let name = metric.pointer("/resource/name")?.as_str()?;
    let target = number(metric, "/resource/target/averageUtilization").filter(|one| *one > 0)?;
    let current = autoscaler.pointer("/status/currentMetrics").and_then(Value::as_array);
    let now = current
        .into_iter()
        .flatten()
        .find(|one| one.pointer("/resource/name").and_then(Value::as_str) == Some(name))
        .and_then(|one| number(one, "/resource/current/averageUtilization"));
    // `pkg/controller/podautoscaler/replica_calculator.go`: a tenth more or less changes nothing.
    let steady = now.is_some_and(|now| {
        let bound = if now > target { up } else { down };
        (now - target).abs() * 1000 <= target * bound
    });
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
