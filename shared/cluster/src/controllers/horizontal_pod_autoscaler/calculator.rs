//! From measured use to a number of replicas (`pkg/controller/podautoscaler/replica_calculator.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::quantity::Quantity;
use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::Value;

use super::{Target, Turn};
use crate::addon::AddonCall;
use crate::fields;

/// `--horizontal-pod-autoscaler-cpu-initialization-period`, in seconds.
const INITIALIZATION: i64 = 300;
/// `--horizontal-pod-autoscaler-initial-readiness-delay`, in seconds.
const READINESS_DELAY: i64 = 30;
/// `--horizontal-pod-autoscaler-tolerance`.
const TOLERANCE: f64 = 0.1;

/// What a metric should be on average.
#[derive(Debug, Clone, Copy)]
pub(super) enum Amount {
    /// Percent of the request.
    Utilization(i64),
    /// Thousandths.
    Value(i64),
}

/// A question about a resource of the target's pods.
pub(super) struct Asked<'a> {
    pub(super) turn: &'a Turn<'a>,
    pub(super) target: &'a Target,
    pub(super) current: i64,
    pub(super) name: &'a str,
    pub(super) container: Option<&'a str>,
    pub(super) wanted: Amount,
}

/// The answer.
pub(super) struct Found {
    pub(super) replicas: i64,
    /// Thousandths.
    pub(super) average: i64,
    pub(super) utilization: Option<i64>,
}

/// What a pod used, in thousandths, and when it was measured.
#[derive(Debug, Clone, Copy)]
struct Sample {
    used: i64,
    at: Timestamp,
    window: i64,
}

type Samples = BTreeMap<String, Sample>;

/// A quantity in thousandths.
pub(super) fn quantity(text: &str, _resource: &str) -> i64 {
    Quantity::parse(text)
        .ok()
        .and_then(|found| i64::try_from(found.milli_value()).ok())
        .unwrap_or_default()
}

/// A number of thousandths as a quantity.
pub(super) fn shown(milli: i64, resource: &str) -> String {
    if resource == "cpu" {
        return if milli % 1000 == 0 { (milli / 1000).to_string() } else { format!("{milli}m") };
    }
    (milli / 1000).to_string()
}

/// Use in proportion to what is wanted, and the numbers behind it.
struct Ratio {
    ratio: f64,
    average: i64,
    utilization: Option<i64>,
}

#[expect(clippy::cast_precision_loss, reason = "upstream computes ratios in float64 as well")]
fn float(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "replica counts are small")]
fn ceil(number: f64) -> i64 {
    number.ceil() as i64
}

impl Asked<'_> {
    /// `GetResourceReplicas`, `GetRawResourceReplicas`.
    pub(super) fn replicas(&self) -> Result<Found, String> {
        let selector = self.target.selector.clone().unwrap_or_default();
        let mut samples = self.samples(&selector)?;
        let pods: Vec<Arc<Value>> = self
            .turn
            .aggregation
            .store
            .list("pods", Some(fields::namespace(self.turn.autoscaler)))
            .into_iter()
            .filter(|pod| selector.matches(&fields::labels(pod)))
            .collect();
        if pods.is_empty() {
            return Err("no pods returned by selector while calculating replica count".to_owned());
        }
        let groups = self.group(&pods, &samples);
        samples.retain(|name, _| groups.counted.contains(name));
        if samples.is_empty() {
            return Err(
                "did not receive metrics for targeted pods (pods might be unready)".to_owned()
            );
        }
        let requests = match self.wanted {
            Amount::Utilization(_) => self.requests(&pods)?,
            Amount::Value(_) => BTreeMap::new(),
        };
        let first = self.ratio(&samples, &requests)?;
        let found = |replicas: i64| Found {
            replicas,
            average: first.average,
            utilization: first.utilization,
        };
        let grows_unready = !groups.unready.is_empty() && first.ratio > 1.0;
        if !grows_unready && groups.missing.is_empty() {
            if self.tolerated(first.ratio) {
                return Ok(found(self.current));
            }
            return Ok(found(ceil(first.ratio * float(groups.ready))));
        }
        self.fill(&mut samples, &groups, &requests, first.ratio, grows_unready);
        let second = self.ratio(&samples, &requests)?.ratio;
        let turned = first.ratio < 1.0 && second > 1.0 || first.ratio > 1.0 && second < 1.0;
        if self.tolerated(second) || turned {
            return Ok(found(self.current));
        }
        let count = i64::try_from(samples.len()).unwrap_or_default();
        let wanted = ceil(second * float(count));
        let against =
            second < 1.0 && wanted > self.current || second > 1.0 && wanted < self.current;
        Ok(found(if against { self.current } else { wanted }))
    }

    /// Pods without a measure count for what makes the change smaller.
    fn fill(
        &self,
        samples: &mut Samples,
        groups: &Groups,
        requests: &BTreeMap<String, i64>,
        ratio: f64,
        grows_unready: bool,
    ) {
        let sample = |used: i64| Sample { used, at: self.turn.aggregation.now, window: 0 };
        for name in &groups.missing {
            if ratio < 1.0 {
                let used = match self.wanted {
                    Amount::Utilization(target) => {
                        requests.get(name).copied().unwrap_or_default() * target.max(100) / 100
                    }
                    Amount::Value(target) => target,
                };
                samples.insert(name.clone(), sample(used));
            } else if ratio > 1.0 {
                samples.insert(name.clone(), sample(0));
            }
        }
        if grows_unready {
            for name in &groups.unready {
                samples.insert(name.clone(), sample(0));
            }
        }
    }

    fn tolerated(&self, ratio: f64) -> bool {
        let of = |rules: &str| {
            let text = self
                .turn
                .autoscaler
                .pointer(&format!("/spec/behavior/{rules}/tolerance"))
                .and_then(Value::as_str);
            text.and_then(|text| Quantity::parse(text).ok())
                .and_then(|found| i64::try_from(found.milli_value()).ok())
                .map_or(TOLERANCE, |milli| float(milli) / 1000.0)
        };
        1.0 - of("scaleDown") <= ratio && ratio <= 1.0 + of("scaleUp")
    }

    /// `GetResourceMetric`.
    fn samples(&self, selector: &LabelSelector) -> Result<Samples, String> {
        let call = AddonCall {
            group: "metrics.k8s.io".to_owned(),
            resource: "pods".to_owned(),
            namespace: fields::namespace(self.turn.autoscaler).to_owned(),
            name: String::new(),
            selector: String::new(),
        };
        let failed = |why: &str| format!("unable to get metrics for resource {}: {why}", self.name);
        let list = self.turn.aggregation.ask(&call).map_err(|status| {
            failed(&format!(
                "unable to fetch metrics from resource metrics API: {} (get pods.metrics.k8s.io)",
                status.message
            ))
        })?;
        let mut samples = Samples::new();
        for pod in fields::items(&list, "/items") {
            if !selector.matches(&fields::labels(pod)) {
                continue;
            }
            let wanted = |one: &&Value| {
                self.container.is_none_or(|container| fields::text(one, "/name") == container)
            };
            let used = fields::items(pod, "/containers")
                .iter()
                .filter(wanted)
                .map(|one| {
                    let text = fields::text(one, &format!("/usage/{}", self.name));
                    quantity(text, self.name)
                })
                .sum();
            let at = fields::time(pod, "/timestamp").unwrap_or_default();
            let window = fields::text(pod, "/window").trim_end_matches('s').parse().unwrap_or(0);
            samples.insert(fields::name(pod).to_owned(), Sample { used, at, window });
        }
        if samples.is_empty() {
            return Err(failed("no metrics returned from resource metrics API"));
        }
        Ok(samples)
    }

    /// `calculatePodRequests`.
    fn requests(&self, pods: &[Arc<Value>]) -> Result<BTreeMap<String, i64>, String> {
        let mut found = BTreeMap::new();
        for pod in pods {
            let mut sum = 0;
            for spec in fields::items(pod, "/spec/containers") {
                let container = fields::text(spec, "/name");
                if self.container.is_some_and(|wanted| wanted != container) {
                    continue;
                }
                let request = fields::text(spec, &format!("/resources/requests/{}", self.name));
                if request.is_empty() {
                    return Err(format!(
                        "missing request for {} in container {container} of Pod {}",
                        self.name,
                        fields::name(pod)
                    ));
                }
                sum += quantity(request, self.name);
            }
            found.insert(fields::name(pod).to_owned(), sum);
        }
        Ok(found)
    }

    /// `GetResourceUtilizationRatio`, `GetMetricUsageRatio`.
    fn ratio(&self, samples: &Samples, requests: &BTreeMap<String, i64>) -> Result<Ratio, String> {
        match self.wanted {
            Amount::Value(target) => {
                let sum: i64 = samples.values().map(|sample| sample.used).sum();
                let average = sum / i64::try_from(samples.len()).unwrap_or(1).max(1);
                let ratio = float(average) / float(target.max(1));
                Ok(Ratio { ratio, average, utilization: None })
            }
            Amount::Utilization(target) => {
                let (mut used, mut asked, mut count) = (0, 0, 0);
                for (name, sample) in samples {
                    if let Some(request) = requests.get(name) {
                        used += sample.used;
                        asked += request;
                        count += 1;
                    }
                }
                if asked == 0 {
                    return Err("no metrics returned matched known pods".to_owned());
                }
                let percent = used * 100 / asked;
                let ratio = float(percent) / float(target.max(1));
                Ok(Ratio { ratio, average: used / count, utilization: Some(percent) })
            }
        }
    }

    /// `groupPods`.
    fn group(&self, pods: &[Arc<Value>], samples: &Samples) -> Groups {
        let mut groups = Groups::default();
        for pod in pods {
            let name = fields::name(pod).to_owned();
            let phase = fields::text(pod, "/status/phase");
            if fields::deleting(pod) || phase == "Failed" {
                continue;
            }
            if phase == "Pending" {
                groups.unready.push(name);
                continue;
            }
            let Some(sample) = samples.get(&name) else {
                groups.missing.push(name);
                continue;
            };
            if self.name == "cpu" && unready(pod, sample, self.turn.aggregation.now) {
                groups.unready.push(name);
                continue;
            }
            groups.ready += 1;
            groups.counted.push(name);
        }
        groups
    }
}

/// Pods by what can be said of them.
#[derive(Debug, Default)]
struct Groups {
    ready: i64,
    counted: Vec<String>,
    unready: Vec<String>,
    missing: Vec<String>,
}

/// Whether a pod's use of CPU says nothing yet: it starts.
fn unready(pod: &Value, sample: &Sample, now: Timestamp) -> bool {
    let condition = fields::condition(pod, "Ready");
    let since = condition.and_then(|one| fields::time(one, "/lastTransitionTime"));
    let (Some(condition), Some(since), Some(started)) =
        (condition, since, fields::time(pod, "/status/startTime"))
    else {
        return true;
    };
    let ready = fields::text(condition, "/status") != "False";
    if started.as_second() + INITIALIZATION > now.as_second() {
        return !ready || sample.at.as_second() < since.as_second() + sample.window;
    }
    !ready && started.as_second() + READINESS_DELAY > since.as_second()
}
