//! What each metric of an autoscaler proposes.

use serde_json::{Value, json};

use super::calculator::{self, Amount};
use super::{Target, Turn};
use crate::fields;

/// What the metrics together propose.
pub(super) struct Proposal {
    /// The highest proposal; nothing when there is none to trust.
    pub(super) replicas: Option<i64>,
    /// The metric that proposes it.
    pub(super) metric: String,
    /// `currentMetrics`.
    pub(super) statuses: Vec<Value>,
    pub(super) error: String,
}

/// What one metric proposes.
struct One {
    replicas: i64,
    metric: String,
    status: Value,
}

/// Why a metric proposes nothing: reason of the condition, its text, and the text of the whole.
struct Trouble {
    reason: &'static str,
    text: String,
    whole: String,
}

impl Turn<'_> {
    /// `computeReplicasForMetrics`.
    pub(super) fn propose(&mut self, target: &Target, current: i64) -> Proposal {
        let mut proposal = Proposal {
            replicas: None,
            metric: String::new(),
            statuses: Vec::new(),
            error: String::new(),
        };
        let metrics = fields::items(self.autoscaler, "/spec/metrics").to_vec();
        let mut troubles: Vec<Trouble> = Vec::new();
        for metric in &metrics {
            match self.one(metric, target, current) {
                Ok(one) => {
                    proposal.statuses.push(one.status);
                    if proposal.replicas.is_none_or(|known| one.replicas > known) {
                        proposal.replicas = Some(one.replicas);
                        proposal.metric = one.metric;
                    }
                }
                Err(trouble) => {
                    proposal.statuses.push(json!({ "type": "" }));
                    self.warn(trouble.reason, &trouble.text);
                    troubles.push(trouble);
                }
            }
        }
        if let Some(first) = troubles.first() {
            proposal.error = format!(
                "invalid metrics ({} invalid out of {}), first error is: {}",
                troubles.len(),
                metrics.len(),
                first.whole
            );
            if proposal.replicas.is_none_or(|replicas| replicas < current) {
                let text =
                    format!("the HPA was unable to compute the replica count: {}", first.text);
                self.condition("ScalingActive", "False", first.reason, &text);
                proposal.replicas = None;
                return proposal;
            }
        }
        let text = format!(
            "the HPA was able to successfully calculate a replica count from {}",
            proposal.metric
        );
        self.condition("ScalingActive", "True", "ValidMetricFound", &text);
        proposal
    }

    fn one(&self, metric: &Value, target: &Target, current: i64) -> Result<One, Trouble> {
        match fields::text(metric, "/type") {
            "Resource" => self.resource(metric, "resource", target, current),
            "ContainerResource" => self.resource(metric, "containerResource", target, current),
            "External" => {
                let name = fields::text(metric, "/external/metric/name");
                Err(elsewhere(
                    "FailedGetExternalMetric",
                    "external",
                    format!(
                        "unable to get external metric {}/{name}/nil: unable to fetch metrics from external metrics API: the server could not find the requested resource (get {name}.external.metrics.k8s.io)",
                        fields::namespace(self.autoscaler)
                    ),
                ))
            }
            kind => {
                let (reason, field) = if kind == "Object" {
                    ("FailedGetObjectMetric", "object")
                } else {
                    ("FailedGetPodsMetric", "pods")
                };
                let name = fields::text(metric, &format!("/{field}/metric/name"));
                Err(elsewhere(
                    reason,
                    field,
                    format!(
                        "unable to get metric {name}: unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
                    ),
                ))
            }
        }
    }

    /// `computeStatusForResourceMetric`, also for one container.
    fn resource(
        &self,
        metric: &Value,
        source: &str,
        target: &Target,
        current: i64,
    ) -> Result<One, Trouble> {
        let of = |key: &str| fields::text(metric, &format!("/{source}/{key}"));
        let (name, container) = (of("name"), of("container"));
        let one_container = source == "containerResource";
        let (reason, label) = if one_container {
            ("FailedGetContainerResourceMetric", "container")
        } else {
            ("FailedGetResourceMetric", "resource")
        };
        let trouble = |what: &str, why: String| {
            let text = format!("failed to get {name} {what}: {why}");
            let whole = format!("failed to get {name} {label} metric value: {text}");
            Trouble { reason, text, whole }
        };
        let utilization = fields::number(metric, &format!("/{source}/target/averageUtilization"));
        let asked = calculator::Asked {
            turn: self,
            target,
            current,
            name,
            container: Some(container).filter(|_| one_container),
            wanted: utilization.map_or_else(
                || Amount::Value(calculator::quantity(of("target/averageValue"), name)),
                Amount::Utilization,
            ),
        };
        let what = if utilization.is_some() { "utilization" } else { "usage" };
        let found = asked.replicas().map_err(|why| trouble(what, why))?;
        let mut shown = json!({ "averageValue": calculator::shown(found.average, name) });
        if let Some(percent) = found.utilization {
            fields::put(&mut shown, "/averageUtilization", json!(percent));
        }
        let mut status = json!({ "name": name, "current": shown });
        if one_container {
            fields::put(&mut status, "/container", json!(container));
        }
        let metric_name = match (utilization.is_some(), one_container) {
            (true, false) => format!("{name} resource utilization (percentage of request)"),
            (true, true) => {
                format!("{name} container resource utilization (percentage of request)")
            }
            (false, false) => format!("{name} resource"),
            (false, true) => format!("{name} container resource"),
        };
        let mut whole = json!({ "type": fields::text(metric, "/type") });
        fields::put(&mut whole, &format!("/{source}"), status);
        Ok(One { replicas: found.replicas, metric: metric_name, status: whole })
    }
}

/// A metric of an API that no cluster of ours has.
fn elsewhere(reason: &'static str, kind: &str, text: String) -> Trouble {
    let whole = format!("failed to get {kind} metric value: {text}");
    Trouble { reason, text, whole }
}
