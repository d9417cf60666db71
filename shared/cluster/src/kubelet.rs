//! The kubelets: what a bound pod goes through (`pkg/kubelet`).
//!
//! A pod's life is told by its status, so the kubelet is a reconciler like the others: it reads the pod, the
//! clock and the image's behaviour, and says the next status, its events, and when to look again.

pub(crate) mod exec;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::images::{Image, Reference, find};
use crate::store::{Change, Store};
use crate::{fields, rng};

/// How long the sandbox takes.
const SANDBOX_MILLIS: i64 = 400;
/// First delay after a failed pull or a crash; doubled up to five minutes.
const BACKOFF_SECONDS: u64 = 10;

/// All kubelets.
pub(crate) struct Kubelets;

impl Controller for Kubelets {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn component(&self) -> Component {
        Component::kubelet("")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let bound = change.resource == "pods"
            && change
                .new
                .as_deref()
                .is_some_and(|pod| !fields::text(pod, "/spec/nodeName").is_empty());
        if bound { vec![Key::new(&change.namespace, &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(pod) = store.get("pods", &key.namespace, &key.name) else { return plan };
        if fields::text(&pod, "/spec/nodeName").is_empty() {
            return plan;
        }
        if fields::deleting(&pod) {
            terminate(&pod, now, &mut plan);
        } else if fields::text(&pod, "/status/startTime").is_empty() {
            admit(&pod, now, &mut plan);
        } else if fields::text(&pod, "/status/phase") == "Pending" {
            start(store, &pod, now, &mut plan);
        } else if fields::text(&pod, "/status/phase") == "Running" {
            run(&pod, now, &mut plan);
        }
        plan
    }
}

fn millis_since(pod: &Value, pointer: &str, now: Timestamp) -> i64 {
    fields::time(pod, pointer).map_or(0, |then| now.as_millisecond() - then.as_millisecond())
}

fn after(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default().max(1))
}

fn containers(pod: &Value) -> &[Value] {
    fields::items(pod, "/spec/containers")
}

fn image_of(container: &Value) -> Option<&'static Image> {
    find(fields::text(container, "/image"))
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

fn conditions(pod: &Value, sandbox: bool, ready: bool, now: Timestamp) -> Vec<Value> {
    let mut list = vec![
        condition("PodReadyToStartContainers", sandbox, pod, now),
        condition("Initialized", true, pod, now),
    ];
    for kind in ["Ready", "ContainersReady"] {
        let mut one = condition(kind, ready, pod, now);
        if !ready {
            let names: Vec<&str> = containers(pod).iter().map(fields_name).collect();
            fields::put(&mut one, "/reason", json!("ContainersNotReady"));
            fields::put(
                &mut one,
                "/message",
                json!(format!("containers with unready status: [{}]", names.join(" "))),
            );
        }
        list.push(one);
    }
    list.push(condition("PodScheduled", true, pod, now));
    list
}

fn fields_name(container: &Value) -> &str {
    fields::text(container, "/name")
}

fn write_status(pod: &Value, status: Value, plan: &mut Plan) {
    if pod.get("status") == Some(&status) {
        return;
    }
    let mut changed = pod.clone();
    fields::put(&mut changed, "/status", status);
    plan.writes.push(Write::update_subresource("pods", changed, "status"));
}

fn waiting(pod: &Value, reason: &str, message: &str) -> Vec<Value> {
    containers(pod)
        .iter()
        .map(|container| {
            let mut state = json!({ "waiting": { "reason": reason } });
            if !message.is_empty() {
                fields::put(&mut state, "/waiting/message", json!(message));
            }
            json!({
                "name": fields_name(container), "image": fields::text(container, "/image"), "imageID": "",
                "ready": false, "started": false, "restartCount": 0, "lastState": {}, "state": state,
            })
        })
        .collect()
}

fn base_status(pod: &Value, phase: &str) -> Value {
    json!({
        "phase": phase,
        "qosClass": fields::text(pod, "/status/qosClass"),
        "observedGeneration": fields::number(pod, "/metadata/generation"),
    })
}

fn node_address(store: &Store, node: &str) -> String {
    store.get("nodes", "", node).map_or_else(String::new, |node| {
        fields::items(&node, "/status/addresses")
            .iter()
            .find(|one| fields::text(one, "/type") == "InternalIP")
            .map_or_else(String::new, |one| fields::text(one, "/address").to_owned())
    })
}

/// The kubelet has seen the pod.
fn admit(pod: &Value, now: Timestamp, plan: &mut Plan) {
    let mut status = base_status(pod, "Pending");
    fields::put(&mut status, "/startTime", json!(fields::seconds(now)));
    fields::put(&mut status, "/conditions", json!(conditions(pod, false, false, now)));
    fields::put(&mut status, "/containerStatuses", json!(waiting(pod, "ContainerCreating", "")));
    write_status(pod, status, plan);
    plan.again(after(SANDBOX_MILLIS));
}

fn note(
    pod: &Value,
    container: &Value,
    warning: bool,
    reason: &str,
    text: String,
    plan: &mut Plan,
) {
    let mut regarding = reference(pod, "v1", "Pod");
    fields::put(
        &mut regarding,
        "/fieldPath",
        json!(format!("spec.containers{{{}}}", fields_name(container))),
    );
    plan.events.push(if warning {
        EventNote::warning(regarding, reason, text)
    } else {
        EventNote::normal(regarding, reason, text)
    });
}

/// Pulls, and starts when everything is there.
fn start(store: &Store, pod: &Value, now: Timestamp, plan: &mut Plan) {
    let passed = millis_since(pod, "/status/startTime", now);
    if let Some(missing) = containers(pod).iter().find(|container| image_of(container).is_none()) {
        pull_fails(pod, missing, now, plan);
        return;
    }
    let pull: i64 = containers(pod)
        .iter()
        .filter(|container| must_pull(store, pod, container))
        .filter_map(|container| image_of(container))
        .map(|image| i64::try_from(image.pull_millis).unwrap_or_default())
        .sum();
    if passed < SANDBOX_MILLIS + pull {
        plan.again(after(SANDBOX_MILLIS + pull - passed));
        return;
    }
    for container in containers(pod) {
        started(store, pod, container, plan);
    }
    let mut status = base_status(pod, "Running");
    let node = fields::text(pod, "/spec/nodeName");
    let host = node_address(store, node);
    let address = if fields::flag(pod, "/spec/hostNetwork") {
        host.clone()
    } else {
        free_address(store, node)
    };
    fields::put(&mut status, "/startTime", json!(fields::text(pod, "/status/startTime")));
    fields::put(&mut status, "/hostIP", json!(host));
    fields::put(&mut status, "/hostIPs", json!([{ "ip": host }]));
    fields::put(&mut status, "/podIP", json!(address));
    fields::put(&mut status, "/podIPs", json!([{ "ip": address }]));
    let list: Vec<Value> =
        containers(pod).iter().map(|container| running(pod, container, false, now)).collect();
    fields::put(&mut status, "/containerStatuses", json!(list));
    fields::put(&mut status, "/conditions", json!(conditions(pod, true, false, now)));
    write_status(pod, status, plan);
    plan.again(after(1));
}

/// Whether the image must come from the registry: always for `Always`, else when no pod of the node has it.
fn must_pull(store: &Store, pod: &Value, container: &Value) -> bool {
    let image = Reference::parse(fields::text(container, "/image"));
    let here = store.list("pods", None).iter().any(|other| {
        fields::text(other, "/spec/nodeName") == fields::text(pod, "/spec/nodeName")
            && fields::uid(other) != fields::uid(pod)
            && fields::text(other, "/status/phase") == "Running"
            && containers(other)
                .iter()
                .any(|one| Reference::parse(fields::text(one, "/image")) == image)
    });
    !here
}

fn started(store: &Store, pod: &Value, container: &Value, plan: &mut Plan) {
    let image = fields::text(container, "/image");
    if must_pull(store, pod, container) {
        let (millis, size) =
            image_of(container).map_or((0, 0), |image| (image.pull_millis, image.size));
        let seconds = format!("{}.{:03}s", millis / 1000, millis % 1000);
        note(pod, container, false, "Pulling", format!("Pulling image \"{image}\""), plan);
        let text = format!(
            "Successfully pulled image \"{image}\" in {seconds} ({seconds} including waiting). Image size: {size} bytes."
        );
        note(pod, container, false, "Pulled", text, plan);
    } else {
        let text = format!(
            "Container image \"{image}\" already present on machine and can be accessed by the pod"
        );
        note(pod, container, false, "Pulled", text, plan);
    }
    note(pod, container, false, "Created", "Container created".to_owned(), plan);
    note(pod, container, false, "Started", "Container started".to_owned(), plan);
}

/// The lowest address of the node's range that no pod has.
fn free_address(store: &Store, node: &str) -> String {
    let range = store.get("nodes", "", node).map_or_else(String::new, |node| {
        fields::text(&node, "/spec/podCIDR").trim_end_matches("0/24").to_owned()
    });
    let pods = store.list("pods", None);
    let taken =
        |address: &str| pods.iter().any(|pod| fields::text(pod, "/status/podIP") == address);
    (2..255)
        .map(|last| format!("{range}{last}"))
        .find(|address| !taken(address))
        .unwrap_or_default()
}

fn hex(text: &str) -> String {
    (0..4_u8).map(|part| format!("{:016x}", rng::hash(&format!("{text}{part}")))).collect()
}

fn running(pod: &Value, container: &Value, ready: bool, now: Timestamp) -> Value {
    let known = fields::items(pod, "/status/containerStatuses")
        .iter()
        .find(|one| fields_name(one) == fields_name(container));
    let since = known.map_or("", |known| fields::text(known, "/state/running/startedAt"));
    let since = if since.is_empty() { fields::seconds(now) } else { since.to_owned() };
    let reference = Reference::parse(fields::text(container, "/image"));
    let repository = reference.canonical();
    let repository = repository.rsplit_once(':').map_or("", |(repository, _)| repository);
    let restarts =
        known.and_then(|known| fields::number(known, "/restartCount")).unwrap_or_default();
    let mut status = json!({
        "name": fields_name(container),
        "image": reference.canonical(),
        "imageID": format!("{repository}@sha256:{}", hex(&reference.canonical())),
        "containerID": format!("containerd://{}", hex(&format!("{}{}{restarts}", fields::uid(pod), fields_name(container)))),
        "ready": ready, "started": true, "restartCount": restarts, "lastState": {},
        "state": { "running": { "startedAt": since } },
    });
    let mounts: Vec<Value> = fields::items(container, "/volumeMounts")
        .iter()
        .map(|mount| {
            let mut shown = json!({ "name": fields_name(mount), "mountPath": fields::text(mount, "/mountPath") });
            if fields::flag(mount, "/readOnly") {
                fields::put(&mut shown, "/readOnly", json!(true));
                fields::put(&mut shown, "/recursiveReadOnly", json!("Disabled"));
            }
            shown
        })
        .collect();
    if !mounts.is_empty() {
        fields::put(&mut status, "/volumeMounts", json!(mounts));
    }
    status
}

/// Ready when every image has had its time, and its probe's.
fn run(pod: &Value, now: Timestamp, plan: &mut Plan) {
    let mut wait = 0_i64;
    for container in containers(pod) {
        let needed = image_of(container)
            .map_or(0, |image| i64::try_from(image.ready_millis).unwrap_or_default())
            + fields::number(container, "/readinessProbe/initialDelaySeconds").unwrap_or_default()
                * 1000;
        let since = fields::items(pod, "/status/containerStatuses")
            .iter()
            .find(|one| fields_name(one) == fields_name(container))
            .map_or(0, |one| millis_since(one, "/state/running/startedAt", now));
        wait = wait.max(needed - since);
    }
    if wait > 0 {
        plan.again(after(wait));
        return;
    }
    let mut status = pod.get("status").cloned().unwrap_or_default();
    let list: Vec<Value> =
        containers(pod).iter().map(|container| running(pod, container, true, now)).collect();
    fields::put(&mut status, "/containerStatuses", json!(list));
    fields::put(&mut status, "/conditions", json!(conditions(pod, true, true, now)));
    fields::put(
        &mut status,
        "/observedGeneration",
        json!(fields::number(pod, "/metadata/generation")),
    );
    write_status(pod, status, plan);
}

fn pull_fails(pod: &Value, container: &Value, now: Timestamp, plan: &mut Plan) {
    let image = fields::text(container, "/image");
    let canonical = Reference::parse(image).canonical();
    let cause = format!(
        "failed to pull and unpack image \"{canonical}\": failed to resolve image: {canonical}: not found"
    );
    let text =
        format!("Failed to pull image \"{image}\": rpc error: code = NotFound desc = {cause}");
    let known = fields::items(pod, "/status/containerStatuses")
        .iter()
        .find(|one| fields_name(one) == fields_name(container))
        .map_or("", |one| fields::text(one, "/state/waiting/reason"));
    let (reason, message) = if known == "ErrImagePull" {
        note(pod, container, false, "BackOff", format!("Back-off pulling image \"{image}\""), plan);
        note(pod, container, true, "Failed", "Error: ImagePullBackOff".to_owned(), plan);
        (
            "ImagePullBackOff",
            format!(
                "Back-off pulling image \"{image}\": ErrImagePull: rpc error: code = NotFound desc = {cause}"
            ),
        )
    } else {
        note(pod, container, false, "Pulling", format!("Pulling image \"{image}\""), plan);
        note(pod, container, true, "Failed", text, plan);
        note(pod, container, true, "Failed", "Error: ErrImagePull".to_owned(), plan);
        ("ErrImagePull", format!("rpc error: code = NotFound desc = {cause}"))
    };
    let mut status = pod.get("status").cloned().unwrap_or_default();
    fields::put(&mut status, "/containerStatuses", json!(waiting(pod, reason, &message)));
    fields::put(&mut status, "/conditions", json!(conditions(pod, true, false, now)));
    write_status(pod, status, plan);
    plan.again(Duration::from_secs(BACKOFF_SECONDS));
}

/// Stops the containers and confirms the deletion.
fn terminate(pod: &Value, now: Timestamp, plan: &mut Plan) {
    let grace = fields::number(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
    let quick = containers(pod)
        .iter()
        .all(|container| image_of(container).is_none_or(|image| image.ends_on_term));
    let began = fields::time(pod, "/metadata/deletionTimestamp").map_or(now, |end| {
        end.checked_sub(Duration::from_secs(u64::try_from(grace).unwrap_or_default()))
            .unwrap_or(end)
    });
    let needed = if quick { 600 } else { grace * 1000 };
    let passed = now.as_millisecond() - began.as_millisecond();
    let runs = fields::text(pod, "/status/phase") == "Running";
    if runs && passed < needed {
        if passed < 100 {
            for container in containers(pod) {
                note(
                    pod,
                    container,
                    false,
                    "Killing",
                    format!("Stopping container {}", fields_name(container)),
                    plan,
                );
            }
        }
        plan.again(after(needed - passed));
        return;
    }
    plan.writes.push(Write::delete_now("pods", pod));
}
