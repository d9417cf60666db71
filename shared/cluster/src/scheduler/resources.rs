//! Amounts: what a pod asks for and what a node offers
//! (`k8s.io/component-helpers/resource PodRequests`, `pkg/scheduler/framework/types.go Resource`).

use std::collections::BTreeMap;

use apimachinery::quantity::Quantity;
use serde_json::Value;

use crate::fields;

/// What the scheduler counts for a container that says nothing, when it scores
/// (`pkg/scheduler/util/pod_resources.go`).
const QUIET: [(&str, i128); 2] = [("cpu", 100), ("memory", 200 * 1024 * 1024)];

/// Amounts by resource name: milli-units of `cpu`, whole units of everything else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resources(BTreeMap<String, i128>);

impl Resources {
    /// The amounts of the map at `pointer`.
    pub(crate) fn at(document: &Value, pointer: &str) -> Self {
        let amount = |(name, value): (String, String)| {
            let quantity = Quantity::parse(&value).ok()?;
            let amount = if name == "cpu" { quantity.milli_value() } else { quantity.value() };
            Some((name, amount))
        };
        Self(fields::texts(document, pointer).into_iter().filter_map(amount).collect())
    }

    /// The amount of a resource.
    pub(crate) fn get(&self, name: &str) -> i128 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// The resources in order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, i128)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            *self.0.entry(name.clone()).or_default() += amount;
        }
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            *self.0.entry(name.clone()).or_default() -= amount;
        }
        self.0.retain(|_, amount| *amount != 0);
    }

    fn at_least(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let known = self.0.entry(name.clone()).or_default();
            *known = (*known).max(*amount);
        }
    }

    /// With the assumption for those of some resources that it does not name.
    fn with_quiet(mut self, quiet: &[(&str, i128)]) -> Self {
        for (name, amount) in quiet {
            self.0.entry((*name).to_owned()).or_insert(*amount);
        }
        self
    }
}

/// What a pod asks for.
pub(crate) fn requests(pod: &Value) -> Resources {
    total(pod, &[], true)
}

/// What a pod on a node counts for in scores: the same with an assumption about containers that say nothing, where the
/// pod says nothing either (`PodInfo.CalculateResource`, `getNonMissingContainerRequests`).
pub(super) fn assumed_requests(pod: &Value) -> Resources {
    let said = Resources::at(pod, "/spec/resources/requests");
    if !said.0.keys().any(|name| is_for_pods(name)) {
        return total(pod, &QUIET, true);
    }
    let asked = requests(pod);
    let missing = |(name, _): &(&str, i128)| !asked.0.contains_key(*name);
    let quiet: Vec<(&str, i128)> = QUIET.into_iter().filter(missing).collect();
    total(pod, &quiet, true)
}

/// What the pod that waits counts for in the score of NodeResourcesFit, whose scorer is not told of resources of whole
/// pods (`nodeResourceStrategyTypeMap`).
pub(super) fn scored_requests(pod: &Value) -> Resources {
    total(pod, &QUIET, false)
}

/// Resources that a pod can ask for as a whole (`IsSupportedPodLevelResource`).
fn is_for_pods(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || name.starts_with("hugepages-")
}

fn total(pod: &Value, quiet: &[(&str, i128)], whole: bool) -> Resources {
    let of = |container: &Value, list: &str| effective(pod, container, list).with_quiet(quiet);
    let mut sum = Resources::default();
    for container in fields::items(pod, "/spec/containers") {
        sum.add(&of(container, "/status/containerStatuses"));
    }
    let (mut beside, mut first) = (Resources::default(), Resources::default());
    for container in fields::items(pod, "/spec/initContainers") {
        let mut asked = of(container, "/status/initContainerStatuses");
        if fields::text(container, "/restartPolicy") == "Always" {
            sum.add(&asked);
            beside.add(&asked);
            first.at_least(&beside);
        } else {
            asked.add(&beside);
            first.at_least(&asked);
        }
    }
    sum.at_least(&first);
    if whole {
        let said = Resources::at(pod, "/spec/resources/requests").0.into_iter();
        sum.0.extend(said.filter(|(name, _)| is_for_pods(name)));
    }
    sum.add(&Resources::at(pod, "/spec/overhead"));
    sum
}

/// A container's request, or what it still has while a resize is under way (`determineEffectiveRequests`).
fn effective(pod: &Value, container: &Value, list: &str) -> Resources {
    let asked = Resources::at(container, "/resources/requests");
    let name = fields::text(container, "/name");
    let has_name = |status: &&Value| fields::text(status, "/name") == name;
    let status = fields::items(pod, list).iter().find(has_name);
    let Some(status) = status.filter(|status| status.get("resources").is_some()) else {
        return asked;
    };
    let infeasible = fields::condition(pod, "PodResizePending")
        .is_some_and(|condition| fields::text(condition, "/reason") == "Infeasible");
    let mut has = Resources::at(status, "/resources/requests");
    has.at_least(&Resources::at(status, "/allocatedResources"));
    if !infeasible {
        has.at_least(&asked);
    }
    has
}
