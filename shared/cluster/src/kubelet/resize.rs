//! Resources of a pod that runs are changed (`pkg/kubelet/allocation/allocation_manager.go`,
//! `kuberuntime_manager.go computePodResizeAction`).
//!
//! What a pod asks for is allocated when its node has it, told as a resize in progress, and then given to the
//! containers: as they run, or by a restart where their policy says so. Until it is allocated the pod has what it had.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::admission::lacking;
use super::container::{Ending, Stage};
use super::hooks::When;
use super::node_network::full_name;
use super::{Kubelets, Machine, later, note, until};
use crate::event_loop::{EventNote, Plan, reference};
use crate::fields;
use crate::scheduler::{Resources, requests};
use crate::store::Store;

/// How long the runtime takes until the kubelet sees what it has changed.
const ACTUATION: Duration = Duration::from_millis(100);
/// How often what found no room is tried again (`retryDelay`).
const RETRY: Duration = Duration::from_mins(3);

/// What a condition about a resize says.
#[derive(Debug, Clone)]
struct Told {
    reason: &'static str,
    message: String,
    generation: i64,
    since: Timestamp,
}

/// The resources of a pod's containers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resizes {
    /// By container; nothing until the pod has been admitted.
    allocated: BTreeMap<String, Value>,
    pending: Option<Told>,
    progress: Option<Told>,
}

/// The containers of a pod whose resources may change.
fn resizable(pod: &Value) -> impl Iterator<Item = &Value> {
    fields::items(pod, "/spec/initContainers").iter().chain(fields::items(pod, "/spec/containers"))
}

pub(super) fn resources_of(spec: &Value) -> Value {
    spec.get("resources").cloned().unwrap_or_else(|| json!({}))
}

impl Resizes {
    /// What a pod has when it is admitted.
    pub(super) fn admitted(pod: &Value) -> Self {
        let all = resizable(pod);
        let all = all.map(|spec| (fields::text(spec, "/name").to_owned(), resources_of(spec)));
        Self { allocated: all.collect(), pending: None, progress: None }
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn at_rest(&self) -> bool {
        self.pending.is_none() && self.progress.is_none()
    }

    fn differs(&self, pod: &Value) -> bool {
        resizable(pod).any(|spec| {
            let known = self.allocated.get(fields::text(spec, "/name"));
            known.is_some_and(|known| *known != resources_of(spec))
        })
    }

    /// The pod with what it was allocated in place of what it asks for, when that differs
    /// (`UpdatePodFromAllocation`).
    pub(super) fn applied(&self, pod: &Value) -> Option<Value> {
        if !self.differs(pod) {
            return None;
        }
        let mut pod = pod.clone();
        for list in ["/spec/initContainers", "/spec/containers"] {
            let Some(all) = pod.pointer_mut(list).and_then(Value::as_array_mut) else { continue };
            for spec in all {
                if let Some(known) = self.allocated.get(fields::text(spec, "/name")) {
                    fields::put(spec, "/resources", known.clone());
                }
            }
        }
        Some(pod)
    }

    /// The conditions, the pending one first (`podResizeConditions.List`).
    pub(super) fn conditions(&self) -> Vec<Value> {
        let one = |kind: &str, told: &Told| {
            let mut condition = json!({
                "type": kind, "status": "True", "lastProbeTime": fields::seconds(told.since),
                "lastTransitionTime": fields::seconds(told.since),
                "observedGeneration": told.generation,
            });
            for (field, text) in [("/reason", told.reason), ("/message", told.message.as_str())] {
                if !text.is_empty() {
                    fields::put(&mut condition, field, json!(text));
                }
            }
            condition
        };
        let pending = self.pending.iter().map(|told| one("PodResizePending", told));
        pending.chain(self.progress.iter().map(|told| one("PodResizeInProgress", told))).collect()
    }
}

/// What a pod asks for, whatever its status says of what it has.
pub(super) fn asked_by(pod: &Value) -> Resources {
    let spec = json!({ "spec": pod.get("spec") });
    requests(&spec)
}

/// `makeResourceSummaryFromSpec`: the order of its fields is that of Go's.
fn summary(pod: &Value, generation: i64, error: &str) -> String {
    let listed = |list: &str| {
        let all = fields::items(pod, &format!("/spec/{list}")).iter().map(|spec| {
            let name = json!(fields::text(spec, "/name"));
            format!("{{\"name\":{name},\"resources\":{}}}", ordered(&resources_of(spec)))
        });
        all.collect::<Vec<_>>().join(",")
    };
    let mut parts = Vec::new();
    for list in ["initContainers", "containers"] {
        if !fields::items(pod, &format!("/spec/{list}")).is_empty() {
            parts.push(format!("\"{list}\":[{}]", listed(list)));
        }
    }
    parts.push(format!("\"generation\":{generation}"));
    if !error.is_empty() {
        parts.push(format!("\"error\":{}", json!(error)));
    }
    format!("{{{}}}", parts.join(","))
}

/// `ResourceRequirements`, as Go writes them.
fn ordered(resources: &Value) -> String {
    let part = |field: &str| {
        let map = fields::texts(resources, &format!("/{field}"));
        (!map.is_empty()).then(|| format!("\"{field}\":{}", json!(map)))
    };
    let parts: Vec<String> = ["limits", "requests"].into_iter().filter_map(part).collect();
    format!("{{{}}}", parts.join(","))
}

/// Whether a container has to be restarted for what it was allocated.
fn by_restart(spec: &Value, actual: &Value) -> bool {
    let differs = |name: &str| {
        ["limits", "requests"].iter().any(|kind| {
            let place = format!("/{kind}/{name}");
            fields::text(actual, &place) != fields::text(spec, &format!("/resources{place}"))
        })
    };
    fields::items(spec, "/resizePolicy").iter().any(|policy| {
        fields::text(policy, "/restartPolicy") == "RestartContainer"
            && differs(fields::text(policy, "/resourceName"))
    })
}

impl Kubelets {
    /// Allocates what a pod asks for now, when there is room (`handlePodResourcesResize`), and gives it to its
    /// containers. The pod comes back with what it was allocated.
    pub(super) fn resize(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        now: Timestamp,
        plan: &mut Plan,
    ) -> Option<Value> {
        if machine.resizes.differs(pod) {
            self.allocate(store, (pod, &mut *machine), now, plan);
        } else if machine.resizes.pending.take().is_some() {
            self.resizing.remove(&full_name(pod));
        }
        let allocated = machine.resizes.applied(pod);
        self.actuate((allocated.as_ref().unwrap_or(pod), machine), now, plan);
        allocated
    }

    fn allocate(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let generation = fields::number(pod, "/metadata/generation").unwrap_or_default();
        let about = || reference(pod, "v1", "Pod");
        let Some((reason, message)) = self.lacks(store, pod, &machine.node) else {
            let allocated = Resizes::admitted(pod).allocated;
            let told = Told { reason: "", message: String::new(), generation, since: now };
            machine.resizes = Resizes { allocated, pending: None, progress: Some(told) };
            self.resizing.remove(&full_name(pod));
            let text = format!("Pod resize started: {}", summary(pod, generation, ""));
            plan.events.push(EventNote::normal(about(), "ResizeStarted", text));
            return;
        };
        self.resizing.insert(full_name(pod));
        plan.again(RETRY);
        let known = machine.resizes.pending.as_ref();
        if known.is_some_and(|known| known.generation == generation && known.message == message) {
            return;
        }
        let since = known.map_or(now, |known| known.since);
        if known.is_none_or(|known| known.generation != generation) {
            let summary = summary(pod, generation, &message);
            let text = format!("Pod resize {reason}: {summary}");
            plan.events.push(EventNote::warning(about(), "ResizeDeferred", text));
        }
        machine.resizes.pending = Some(Told { reason: "Deferred", message, generation, since });
    }

    /// What a node has too little of for a pod, beside those that it has admitted.
    fn lacks(&self, store: &Store, pod: &Value, node: &str) -> Option<(String, String)> {
        let others = self.admitted(store, node, &full_name(pod));
        lacking(&asked_by(pod), &others, &*store.get("nodes", "", node)?)
    }

    /// Gives the containers of a pod what it was allocated.
    fn actuate(&mut self, (pod, machine): (&Value, &mut Machine), now: Timestamp, plan: &mut Plan) {
        let Some(progress) = machine.resizes.progress.clone() else { return };
        let due = later(progress.since, ACTUATION);
        if now < due {
            plan.again(until(now, due));
            return;
        }
        let grace = fields::number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        let mut left = false;
        for spec in resizable(pod) {
            let name = fields::text(spec, "/name");
            let hook = machine.hook(spec, When::PreStop, now);
            let Some(one) = machine.containers.get_mut(name) else { continue };
            left |= one.restarting;
            let allocated = resources_of(spec);
            if !matches!(one.stage, Stage::Running { .. }) || one.actual == allocated {
                continue;
            }
            if !by_restart(spec, &one.actual) {
                one.actual = allocated;
            } else if one.ending.is_none() {
                let text = format!("Container {name} resize requires restart");
                note(pod, spec, false, "Killing", text, plan);
                one.hook = hook;
                one.ending =
                    Some(Ending { since: now, signalled: None, grace: grace.unsigned_abs() });
                one.restarting = true;
                left = true;
            }
        }
        if left {
            return;
        }
        machine.resizes.progress = None;
        let summary = summary(pod, progress.generation, "");
        let about = reference(pod, "v1", "Pod");
        let text = format!("Pod resize completed: {summary}");
        plan.events.push(EventNote::normal(about, "ResizeCompleted", text));
        self.made_room(&machine.node);
    }

    /// Has those looked at that wait for room on a node (`RetryPendingResizes`).
    pub(super) fn made_room(&mut self, node: &str) {
        let waiting = self
            .resizing
            .iter()
            .filter(|name| self.machines.get(*name).is_some_and(|machine| machine.node == node));
        self.woken.extend(waiting.cloned());
    }
}
