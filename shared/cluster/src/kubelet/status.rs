//! The status of a pod, as its kubelet reports it (`pkg/kubelet/status`, `kubelet_pods.go`).

use std::collections::BTreeMap;

use apimachinery::quantity::Quantity;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::container::{Container, Stage, hex, image_id, image_of};
use super::node_network::full_name;
use super::{Kubelets, Machine, resize, restart};
use crate::event_loop::{Plan, Write};
use crate::fields;
use crate::images::Reference;
use crate::store::Store;

/// The address of a node.
pub(super) fn node_address(store: &Store, node: &str) -> String {
    store.get("nodes", "", node).map_or_else(String::new, |node| {
        fields::items(&node, "/status/addresses")
            .iter()
            .find(|one| fields::text(one, "/type") == "InternalIP")
            .map_or_else(String::new, |one| fields::text(one, "/address").to_owned())
    })
}

/// The container runtime of a node, as it is written before the ids of its containers.
pub(super) fn runtime_of(store: &Store, node: &str) -> String {
    let version = store.get("nodes", "", node).map_or_else(String::new, |node| {
        fields::text(&node, "/status/nodeInfo/containerRuntimeVersion").to_owned()
    });
    version.split_once("://").map_or("containerd", |(runtime, _)| runtime).to_owned()
}

/// `containerID`.
pub(super) fn container_id(runtime: &str, pod: &Value, spec: &Value, one: &Container) -> String {
    format!(
        "{runtime}://{}",
        hex(&format!("{}{}{}", fields::uid(pod), fields::text(spec, "/name"), one.restarts))
    )
}

fn condition(kind: &str, is: bool, pod: &Value, now: Timestamp) -> Value {
    let status = if is { "True" } else { "False" };
    let known =
        fields::condition(pod, kind).filter(|known| fields::text(known, "/status") == status);
    let at = known.map_or_else(
        || fields::seconds(now),
        |known| fields::text(known, "/lastTransitionTime").to_owned(),
    );
    json!({
        "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": at,
        "observedGeneration": fields::number(pod, "/metadata/generation"),
    })
}

fn explained(mut condition: Value, reason: &str, message: &str) -> Value {
    fields::put(&mut condition, "/reason", json!(reason));
    if !message.is_empty() {
        fields::put(&mut condition, "/message", json!(message));
    }
    condition
}

/// Containers of a list with their progress.
fn pairs<'a>(pod: &'a Value, list: &str, machine: &'a Machine) -> Vec<(&'a Value, &'a Container)> {
    fields::items(pod, list)
        .iter()
        .filter_map(|spec| Some((spec, machine.containers.get(fields::text(spec, "/name"))?)))
        .collect()
}

/// `getPhase`; as long as a sidecar runs, nothing is final (`status_manager.go mergePodStatus`).
fn phase(pod: &Value, machine: &Machine) -> &'static str {
    if machine.halted {
        return "Failed";
    }
    let inits = pairs(pod, "/spec/initContainers", machine);
    let runs = |one: &Container| matches!(one.stage, Stage::Running { .. });
    let left = inits.iter().any(|(spec, one)| restart::is_sidecar(spec) && runs(one));
    let ended = |one: &Container| match one.stage {
        Stage::Ended { code, .. } => Some(code),
        _ => None,
    };
    let regular = || inits.iter().filter(|(spec, _)| !restart::is_sidecar(spec));
    if regular().any(|(spec, one)| {
        ended(one).is_some_and(|code| code != 0 && !restart::initial_restarts(pod, spec, code))
    }) {
        return if left { "Pending" } else { "Failed" };
    }
    if regular().any(|(_, one)| ended(one) != Some(0)) {
        return "Pending";
    }
    let all = pairs(pod, "/spec/containers", machine);
    if all.iter().any(|(_, one)| {
        matches!(one.stage, Stage::Created | Stage::Pulling { .. }) && one.last.is_none()
    }) {
        return "Pending";
    }
    let waits = |one: &Container| matches!(&one.stage, Stage::Waiting { .. }) && one.last.is_none();
    if all.iter().any(|(_, one)| waits(one)) {
        return "Pending";
    }
    let codes: Vec<i32> = all
        .iter()
        .filter_map(|(spec, one)| ended(one).filter(|code| !restart::restarts(pod, spec, *code)))
        .collect();
    if codes.len() < all.len() || left {
        return "Running";
    }
    if codes.iter().all(|code| *code == 0) { "Succeeded" } else { "Failed" }
}

impl Kubelets {
    /// Writes the pod's status if it has changed.
    pub(super) fn report(&self, store: &Store, pod: &Value, now: Timestamp, plan: &mut Plan) {
        let Some(machine) = self.machines.get(&full_name(pod)) else { return };
        let allocated = machine.resizes.applied(pod);
        let status = status(store, allocated.as_ref().unwrap_or(pod), machine, now);
        if pod.get("status") != Some(&status) {
            let mut changed = pod.clone();
            fields::put(&mut changed, "/status", status);
            plan.writes.insert(0, Write::update_subresource("pods", changed, "status"));
        }
    }
}

fn status(store: &Store, pod: &Value, machine: &Machine, now: Timestamp) -> Value {
    let phase = phase(pod, machine);
    let mut status = json!({
        "phase": phase,
        "qosClass": fields::text(pod, "/status/qosClass"),
        "observedGeneration": fields::number(pod, "/metadata/generation"),
        "startTime": fields::seconds(machine.since),
        "conditions": conditions(pod, machine, phase, now),
    });
    if let Some(sentence) = machine.sentence.as_ref().filter(|_| machine.halted) {
        fields::put(&mut status, "/reason", json!(sentence.reason));
        fields::put(&mut status, "/message", json!(sentence.message));
    }
    let host = node_address(store, &machine.node);
    fields::put(&mut status, "/hostIP", json!(host));
    fields::put(&mut status, "/hostIPs", json!([{ "ip": host }]));
    if !machine.address.is_empty() {
        fields::put(&mut status, "/podIP", json!(machine.address));
        fields::put(&mut status, "/podIPs", json!([{ "ip": machine.address }]));
    }
    resources(pod, machine, &mut status);
    let runtime = runtime_of(store, &machine.node);
    for (list, field) in [
        ("/spec/initContainers", "initContainerStatuses"),
        ("/spec/containers", "containerStatuses"),
        ("/spec/ephemeralContainers", "ephemeralContainerStatuses"),
    ] {
        let initial = list == "/spec/initContainers";
        let waits = pairs(pod, "/spec/initContainers", machine)
            .iter()
            .any(|(_, one)| !matches!(one.stage, Stage::Ended { code: 0, .. }));
        let shown: Vec<Value> = pairs(pod, list, machine)
            .iter()
            .map(|(spec, one)| {
                let mut shown = container_status(&runtime, pod, spec, one);
                if (initial || waits) && one.stage == Stage::Created {
                    fields::put(
                        &mut shown,
                        "/state",
                        json!({ "waiting": { "reason": "PodInitializing" } }),
                    );
                }
                shown
            })
            .collect();
        if !shown.is_empty() {
            fields::put(&mut status, &format!("/{field}"), json!(shown));
        }
    }
    status
}

/// The resources that a container has while it runs, or is to have.
fn given(spec: &Value, one: &Container) -> Value {
    match one.stage {
        Stage::Running { .. } => one.actual.clone(),
        _ => resize::resources_of(spec),
    }
}

/// What all containers of the pod together were given (`PodStatus.resources`, `allocatedResources`).
fn resources(pod: &Value, machine: &Machine, status: &mut Value) {
    let runs = |one: &Container| !matches!(one.stage, Stage::Created | Stage::Pulling { .. });
    let containers = pairs(pod, "/spec/containers", machine);
    if !containers.iter().any(|(_, one)| runs(one)) {
        return;
    }
    let sums = |all: &[Value], kind: &str| {
        let mut sums: BTreeMap<String, Quantity> = BTreeMap::new();
        for (name, text) in all.iter().flat_map(|one| fields::texts(one, kind)) {
            let Ok(amount) = Quantity::parse(&text) else { continue };
            match sums.get_mut(&name) {
                Some(sum) => *sum = sum.add(&amount),
                None => drop(sums.insert(name, amount)),
            }
        }
        sums.into_iter().map(|(name, sum)| (name, sum.to_string())).collect::<BTreeMap<_, _>>()
    };
    let asked: Vec<Value> = containers.iter().map(|(spec, _)| resize::resources_of(spec)).collect();
    let has: Vec<Value> = containers.iter().map(|(spec, one)| given(spec, one)).collect();
    let mut requests = sums(&has, "/requests");
    // No file of the kernel tells it, so that what was told before stays (`convertToAPIPodLevelResourcesStatus`).
    let told = fields::text(pod, "/status/resources/requests/memory");
    if fields::text(pod, "/status/phase") == "Running" && !told.is_empty() {
        requests.insert("memory".to_owned(), told.to_owned());
    }
    // Also of pods that ask for nothing.
    fields::put(status, "/resources", json!({}));
    for (pointer, map) in [
        ("/allocatedResources", &sums(&asked, "/requests")),
        ("/resources/limits", &sums(&has, "/limits")),
        ("/resources/requests", &requests),
    ] {
        if !map.is_empty() {
            fields::put(status, pointer, json!(map));
        }
    }
}

fn container_status(runtime: &str, pod: &Value, spec: &Value, one: &Container) -> Value {
    let reference = Reference::parse(fields::text(spec, "/image"));
    let has_run =
        matches!(one.stage, Stage::Running { .. } | Stage::Ended { .. }) || one.last.is_some();
    let id = container_id(runtime, pod, spec, one);
    let mut status = json!({
        "name": fields::text(spec, "/name"),
        "image": if has_run { reference.canonical() } else { fields::text(spec, "/image").to_owned() },
        "imageID": if has_run { image_id(&reference) } else { String::new() },
        "ready": one.ready, "started": one.started, "restartCount": one.restarts,
        "lastState": one.last.clone().unwrap_or_else(|| json!({})),
        "state": one.state(&id),
    });
    if matches!(one.stage, Stage::Running { .. } | Stage::Ended { .. }) {
        fields::put(&mut status, "/containerID", json!(id));
    } else if let Some(last) = &one.last {
        fields::put(
            &mut status,
            "/containerID",
            json!(fields::text(last, "/terminated/containerID")),
        );
    }
    if has_run {
        let mut resources = given(spec, one);
        if let Some(map) = resources.as_object_mut() {
            map.remove("claims");
        }
        if let Some(requests) = spec.pointer("/resources/requests") {
            fields::put(&mut status, "/allocatedResources", requests.clone());
        }
        fields::put(&mut status, "/resources", resources);
        fields::put(&mut status, "/user", user(pod, spec));
        let mounts: Vec<Value> = fields::items(spec, "/volumeMounts").iter().map(mount).collect();
        if !mounts.is_empty() {
            fields::put(&mut status, "/volumeMounts", json!(mounts));
        }
    }
    status
}

/// The numbers that a container was given, when it was given any.
pub(super) fn ids(pod: &Value, spec: &Value) -> Option<(i64, i64, Vec<i64>)> {
    let path = "/securityContext/runAsUser";
    spec.pointer(path).or_else(|| pod.pointer(&format!("/spec{path}")))?;
    let user = user(pod, spec);
    let number = |key: &str| fields::number(&user, &format!("/linux/{key}")).unwrap_or_default();
    let groups = fields::items(&user, "/linux/supplementalGroups");
    Some((number("uid"), number("gid"), groups.iter().filter_map(Value::as_i64).collect()))
}

/// The numbers under which the first process runs.
fn user(pod: &Value, spec: &Value) -> Value {
    let asked = |key: &str| {
        let path = format!("/securityContext/{key}");
        fields::number(spec, &path).or_else(|| fields::number(pod, &format!("/spec{path}")))
    };
    let known = |name: &str| match name {
        "nginx" => 101,
        "nobody" => 65534,
        "curl_user" => 100,
        name => name.parse().unwrap_or_default(),
    };
    let own = image_of(spec).map_or(0, |image| known(&image.user));
    let uid = asked("runAsUser").unwrap_or(own);
    let default_gid = if asked("runAsUser").is_some() { 0 } else { own };
    let gid = asked("runAsGroup").unwrap_or(default_gid);
    let mut groups = vec![gid];
    let fs_group = fields::number(pod, "/spec/securityContext/fsGroup");
    let more = fields::items(pod, "/spec/securityContext/supplementalGroups");
    groups.extend(fs_group.into_iter().chain(more.iter().filter_map(Value::as_i64)));
    groups.sort_unstable();
    groups.dedup();
    json!({ "linux": { "uid": uid, "gid": gid, "supplementalGroups": groups } })
}

fn mount(mount: &Value) -> Value {
    let mut shown = json!({ "name": fields::text(mount, "/name"), "mountPath": fields::text(mount, "/mountPath") });
    if fields::flag(mount, "/readOnly") {
        fields::put(&mut shown, "/readOnly", json!(true));
        fields::put(&mut shown, "/recursiveReadOnly", json!("Disabled"));
    }
    shown
}

fn conditions(pod: &Value, machine: &Machine, phase: &str, now: Timestamp) -> Vec<Value> {
    let done = matches!(phase, "Succeeded" | "Failed");
    let sandbox = !machine.address.is_empty() && machine.mounting.done && !done;
    // What others have said stays, in front (`generateAPIPodStatus`).
    let others = fields::items(pod, "/status/conditions").iter();
    let others = others.filter(|one| !OWN.contains(&fields::text(one, "/type")));
    let mut list: Vec<Value> = others.cloned().collect();
    list.extend(machine.resizes.conditions());
    if let Some(evicted) = machine.sentence.as_ref().filter(|_| machine.halted)
        && evicted.reason == "Evicted"
    {
        list.retain(|one| fields::text(one, "/type") != "DisruptionTarget");
        let target = condition("DisruptionTarget", true, pod, now);
        list.push(explained(target, "TerminationByKubelet", &evicted.message));
    }
    list.push(condition("PodReadyToStartContainers", sandbox, pod, now));
    let inits: Vec<&str> = pairs(pod, "/spec/initContainers", machine)
        .iter()
        .filter(|(_, one)| !matches!(one.stage, Stage::Ended { code: 0, .. }) && !one.started)
        .map(|(spec, _)| fields::text(spec, "/name"))
        .collect();
    let initialized = condition("Initialized", inits.is_empty(), pod, now);
    list.push(match (inits.is_empty(), phase) {
        (true, "Succeeded") => explained(initialized, "PodCompleted", ""),
        (true, _) => initialized,
        (false, _) => explained(
            initialized,
            "ContainersNotInitialized",
            &format!("containers with incomplete status: [{}]", inits.join(" ")),
        ),
    });
    let unready: Vec<&str> = pairs(pod, "/spec/containers", machine)
        .iter()
        .filter(|(_, one)| !one.ready)
        .map(|(spec, _)| fields::text(spec, "/name"))
        .collect();
    let ready = unready.is_empty() && phase == "Running";
    let gates = if ready { closed_gates(pod) } else { Vec::new() };
    for kind in ["Ready", "ContainersReady"] {
        let one = condition(kind, ready && (kind != "Ready" || gates.is_empty()), pod, now);
        list.push(match phase {
            _ if ready && kind == "Ready" && !gates.is_empty() => {
                explained(one, "ReadinessGatesNotReady", &gates.join(", "))
            }
            _ if ready => one,
            "Succeeded" => explained(one, "PodCompleted", ""),
            "Failed" => explained(one, "PodFailed", ""),
            _ => explained(
                one,
                "ContainersNotReady",
                &format!("containers with unready status: [{}]", unready.join(" ")),
            ),
        });
    }
    list.push(condition("PodScheduled", true, pod, now));
    list
}

/// The conditions that a kubelet says (`pkg/kubelet/types/pod_status.go PodConditionByKubelet`).
const OWN: [&str; 7] = [
    "PodScheduled",
    "Ready",
    "Initialized",
    "ContainersReady",
    "PodResizeInProgress",
    "PodResizePending",
    "PodReadyToStartContainers",
];

/// Why readiness gates keep a pod from being ready (`pkg/kubelet/status/generate.go GeneratePodReadyCondition`).
fn closed_gates(pod: &Value) -> Vec<String> {
    let gates = fields::items(pod, "/spec/readinessGates").iter();
    let why = |gate: &Value| {
        let kind = fields::text(gate, "/conditionType");
        let Some(known) = fields::condition(pod, kind) else {
            return Some(format!(
                "corresponding condition of pod readiness gate \"{kind}\" does not exist."
            ));
        };
        let status = fields::text(known, "/status");
        (status != "True").then(|| {
            format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {status}")
        })
    };
    gates.filter_map(why).collect()
}
