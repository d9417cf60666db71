//! Which pods of a workload go first when it has too many (`ActivePods` and `ActivePodsWithRanks` in
//! `pkg/controller/controller_utils.go`).

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::order::Order as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::fields;

const COST: &str = "controller.kubernetes.io/pod-deletion-cost";

/// What a ReplicaSet looks at beside the pods themselves.
pub(super) struct Ranks {
    /// How many pods of the same Deployment are on a node.
    pub(super) on_node: BTreeMap<String, usize>,
    /// Times are compared by the logarithm of how long ago they are.
    pub(super) now: Timestamp,
}

/// Sorts pods by who goes first: not assigned, pending, not ready, cheap, crowded, young, restarted. What upstream
/// leaves to chance is by name here.
pub(super) fn sort(pods: &mut [Arc<Value>], ranks: Option<&Ranks>) {
    let times = Times::of(pods, ranks);
    pods.order_by_key(|pod| {
        let ready = fields::condition_true(pod, "Ready");
        let (cost, rank) = ranks.map_or((0, 0), |ranks| {
            let node = fields::text(pod, "/spec/nodeName");
            (cost(pod), ranks.on_node.get(node).copied().unwrap_or_default())
        });
        (
            (
                !fields::text(pod, "/spec/nodeName").is_empty(),
                phase(pod),
                ready,
                cost,
                Reverse(rank),
                ready.then(|| times.place(ready_since(pod), true)),
            ),
            Reverse(restarts(pod)),
            times.place(created(pod), false),
            fields::name(pod).to_owned(),
        )
    });
}

/// `podPhaseToOrdinal`.
fn phase(pod: &Value) -> u8 {
    match fields::text(pod, "/status/phase") {
        "Unknown" => 1,
        "Running" => 2,
        _ => 0,
    }
}

/// `GetDeletionCostFromPodAnnotations`: what is no number counts as none.
fn cost(pod: &Value) -> i32 {
    let text = fields::annotation(pod, COST);
    let plain = !text.starts_with('+') && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().unwrap_or_default() } else { 0 }
}

fn ready_since(pod: &Value) -> Option<Timestamp> {
    fields::time(fields::condition(pod, "Ready")?, "/lastTransitionTime")
}

fn created(pod: &Value) -> Option<Timestamp> {
    fields::time(pod, "/metadata/creationTimestamp")
}

/// `maxContainerRestarts`: of containers, then of sidecars.
fn restarts(pod: &Value) -> (i64, i64) {
    let most = |list: &str, counts: &dyn Fn(&str) -> bool| {
        fields::items(pod, list)
            .iter()
            .filter(|status| counts(fields::text(status, "/name")))
            .filter_map(|status| fields::number(status, "/restartCount"))
            .max()
            .unwrap_or_default()
    };
    let sidecar = |name: &str| {
        fields::items(pod, "/spec/initContainers").iter().any(|one| {
            fields::text(one, "/name") == name && fields::text(one, "/restartPolicy") == "Always"
        })
    };
    (most("/status/containerStatuses", &|_| true), most("/status/initContainerStatuses", &sidecar))
}

/// How times are compared: no time first, then the youngest; or by the logarithm of their age, and where that is the
/// same, by uid.
struct Times {
    now: Option<Timestamp>,
    /// The smallest uid of the pods that have a time in common, so that these stay together: they are compared by
    /// what comes next.
    ready: BTreeMap<Option<Timestamp>, String>,
    created: BTreeMap<Option<Timestamp>, String>,
}

/// `logarithmicRankDiff`'s rank, who has it first, and the time where there is no logarithm.
type Place = (bool, i64, String, Reverse<Option<Timestamp>>);

impl Times {
    fn of(pods: &[Arc<Value>], ranks: Option<&Ranks>) -> Self {
        let now = ranks.map(|ranks| ranks.now);
        let mut times = Self { now, ready: BTreeMap::new(), created: BTreeMap::new() };
        for pod in pods {
            for (map, time) in
                [(&mut times.ready, ready_since(pod)), (&mut times.created, created(pod))]
            {
                let uid = fields::uid(pod).to_owned();
                let first = map.entry(time).or_insert_with(|| uid.clone());
                if uid < *first {
                    *first = uid;
                }
            }
        }
        times
    }

    fn place(&self, time: Option<Timestamp>, ready: bool) -> Place {
        let (Some(now), Some(at)) = (self.now, time) else {
            return (time.is_some(), 0, String::new(), Reverse(time));
        };
        let age = now.as_nanosecond() - at.as_nanosecond();
        let rank = if age > 0 { i64::from(age.ilog2()) } else { -1 };
        let firsts = if ready { &self.ready } else { &self.created };
        (true, rank, firsts.get(&time).cloned().unwrap_or_default(), Reverse(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use serde_json::json;

    fn pod(name: &str, change: Value) -> Arc<Value> {
        let mut pod = json!({
            "metadata": { "name": name, "uid": name, "creationTimestamp": "2026-01-01T00:00:00Z" },
            "spec": { "nodeName": "a" },
            "status": { "phase": "Running", "conditions": [
                { "type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:10Z" } ] },
        });
        for (pointer, value) in change.as_object().into_iter().flatten() {
            fields::put(&mut pod, pointer, value.clone());
        }
        Arc::new(pod)
    }

    fn ready(at: &str) -> Value {
        json!([{ "type": "Ready", "status": "True", "lastTransitionTime": at }])
    }

    /// One pod for each rule; each goes before the next.
    fn one_of_each() -> Vec<Arc<Value>> {
        let cost = "/metadata/annotations/controller.kubernetes.io~1pod-deletion-cost";
        vec![
            pod("odd-cost", json!({ cost: "+5" })),
            pod("dear", json!({ cost: "5" })),
            pod("old", json!({ "/status/conditions": ready("2025-12-31T20:00:00Z") })),
            pod("young", json!({ "/status/conditions": ready("2026-01-01T00:59:50Z") })),
            pod(
                "restarted",
                json!({ "/status/containerStatuses": [{ "name": "c", "restartCount": 2 }] }),
            ),
            pod("crowded", json!({ "/spec/nodeName": "b" })),
            pod("cheap", json!({ cost: "-1" })),
            pod("waits", json!({ "/status/conditions": [] })),
            pod("pending", json!({ "/status/phase": "Pending" })),
            pod("nowhere", json!({ "/spec/nodeName": "" })),
        ]
    }

    fn names(pods: &[Arc<Value>]) -> String {
        pods.iter().map(|pod| fields::name(pod)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pods_go_by_upstreams_rules() {
        let mut pods = one_of_each();
        let on_node = [("a".to_owned(), 8), ("b".to_owned(), 9)].into();
        let now = "2026-01-01T01:00:00Z".parse().expect("a time");
        sort(&mut pods, Some(&Ranks { on_node, now }));
        expect!["nowhere pending waits cheap crowded young restarted odd-cost old dear"]
            .assert_eq(&names(&pods));
    }

    #[test]
    fn pods_of_jobs_go_without_costs_and_ranks() {
        let mut pods = one_of_each();
        sort(&mut pods, None);
        expect!["nowhere pending waits young restarted cheap crowded dear odd-cost old"]
            .assert_eq(&names(&pods));
    }

    #[test]
    fn times_of_one_magnitude_are_left_to_the_uid() {
        let mut pods = vec![
            pod("b", json!({ "/status/conditions": ready("2026-01-01T00:00:20Z") })),
            pod("a", json!({ "/status/conditions": ready("2026-01-01T00:00:10Z") })),
            pod("c", json!({ "/status/conditions": ready("2026-01-01T00:00:30Z") })),
        ];
        let now = "2026-01-01T01:00:00Z".parse().expect("a time");
        sort(&mut pods, Some(&Ranks { on_node: BTreeMap::new(), now }));
        expect!["a b c"].assert_eq(&names(&pods));
        sort(&mut pods, None);
        expect!["c b a"].assert_eq(&names(&pods));
    }
}
