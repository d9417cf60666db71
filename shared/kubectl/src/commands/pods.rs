//! Pods and containers that `logs` and `exec` mean.

use apimachinery::order::Order as _;
use std::cmp::Reverse;
use std::time::Duration;

use serde_json::Value;

use crate::client::JSON;
use crate::discovery::Resource;
use crate::failure::{Failure, Outcome, go_quote};
use crate::select::list_query;
use crate::session::Session;
use crate::stream::Next;
use crate::value::{Reading as _, plain};

const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";
/// Lists of containers in a pod's spec, and the word behind their names.
pub(super) const CONTAINER_LISTS: [(&str, &str); 3] = [
    ("spec.containers", ""),
    ("spec.initContainers", " (init)"),
    ("spec.ephemeralContainers", " (ephem)"),
];

/// `podcmd.AllContainerNames`.
pub(super) fn all_names(pod: &Value) -> String {
    let names: Vec<String> = CONTAINER_LISTS
        .iter()
        .flat_map(|(list, mark)| {
            pod.list(list).iter().map(move |c| format!("{}{mark}", c.text("name")))
        })
        .collect();
    names.join(", ")
}

/// Whether the pod has a container of this name.
pub(super) fn has_container(pod: &Value, name: &str) -> bool {
    CONTAINER_LISTS.iter().any(|(list, _)| pod.list(list).iter().any(|c| c.text("name") == name))
}

/// The container to use when none is named; says so when there is a choice.
pub(super) fn default_container(session: &mut Session<'_>, pod: &Value, quiet: bool) -> String {
    let wanted = pod
        .at("metadata.annotations")
        .and_then(|all| all.get(DEFAULT_CONTAINER))
        .and_then(Value::as_str)
        .unwrap_or("");
    if !wanted.is_empty() {
        if has_container(pod, wanted) {
            return wanted.to_owned();
        }
        if !quiet {
            session.err(&format!(
                "Default container name {} not found in pod {}\n",
                go_quote(wanted),
                pod.text("metadata.name")
            ));
        }
    }
    let first = pod.list("spec.containers").first().map_or("", |c| c.text("name")).to_owned();
    let several = CONTAINER_LISTS.iter().map(|(list, _)| pod.list(list).len()).sum::<usize>() > 1;
    if several && !quiet {
        session.err(&format!(
            "Defaulted container {} out of: {}\n",
            go_quote(&first),
            all_names(pod)
        ));
    }
    first
}

/// The error for a container that is not there.
pub(super) fn no_such_container(pod: &Value, name: &str) -> Failure {
    Failure::message(format!(
        "container {name} is not valid for pod {} out of: {}",
        pod.text("metadata.name"),
        all_names(pod)
    ))
}

/// The label selector of the pods of an object (`SelectorsForObject`).
pub(super) fn selector_of(resource: &Resource, object: &Value) -> Option<String> {
    match resource.kind.as_str() {
        "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => {
            label_selector(object.at("spec.selector")?)
        }
        "ReplicationController" | "Service" => {
            let pairs = object.entries("spec.selector");
            (!pairs.is_empty()).then(|| crate::print::format_labels(&pairs))
        }
        _ => None,
    }
}

/// A label selector as a query writes it.
pub(super) fn label_selector(selector: &Value) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in selector.entries("matchLabels") {
        parts.push(format!("{key}={}", plain(value)));
    }
    for expression in selector.list("matchExpressions") {
        let key = expression.text("key");
        let mut values: Vec<&str> =
            expression.list("values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        parts.push(match expression.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    parts.sort();
    Some(parts.join(","))
}

/// The pods of a selector; waits for the first one.
pub(super) async fn pods_of(
    session: &mut Session<'_>,
    namespace: &str,
    selector: &str,
    timeout: Duration,
) -> Outcome<Vec<Value>> {
    let path = format!("/api/v1/namespaces/{namespace}/pods");
    let page = session.get(&format!("{path}{}", list_query(selector, "", &[]))).await?;
    let pods = page.list("items").to_vec();
    if !pods.is_empty() {
        return Ok(pods);
    }
    let version = page.text("metadata.resourceVersion");
    let query = list_query(selector, "", &[("watch", "true"), ("resourceVersion", version)]);
    let mut watch = session.client.watch(&format!("{path}{query}"), JSON).await?;
    let clock = std::sync::Arc::clone(&session.client.kubectl.clock);
    let mut limit = Some(clock.sleep(timeout));
    loop {
        match watch.next(&mut limit).await {
            Next::Item((kind, object)) if kind == "ADDED" || kind == "MODIFIED" => {
                return Ok(vec![object]);
            }
            Next::Item(_) => {}
            Next::End | Next::Timeout => {
                return Err(Failure::message("timed out waiting for the condition"));
            }
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}

/// Whether the pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    pod.list("status.conditions")
        .iter()
        .any(|c| c.text("type") == "Ready" && c.text("status") == "True")
}

/// Best pod for logs first (`podutils.ByLogging`): assigned, running, ready, ready for long.
pub(super) fn sort_for_logs(pods: &mut [Value]) {
    pods.order_by_key(|pod| rank(pod, true));
}

/// Best pod for exec first (the reverse of `podutils.ActivePods`).
pub(super) fn sort_for_exec(pods: &mut [Value]) {
    pods.order_by_key(|pod| rank(pod, false));
}

type Rank = (bool, u8, bool, bool, u64, Reverse<String>, Reverse<i64>, String);

/// Lower is better.
fn rank(pod: &Value, logging: bool) -> Rank {
    let phase = match pod.text("status.phase") {
        "Running" => 0,
        "Unknown" if !logging => 1,
        "Unknown" => 1,
        _ => 2,
    };
    let ready = is_ready(pod);
    let since = pod
        .list("status.conditions")
        .iter()
        .find(|c| c.text("type") == "Ready" && c.text("status") == "True")
        .map_or("", |c| c.text("lastTransitionTime"))
        .to_owned();
    let restarts = pod
        .list("status.containerStatuses")
        .iter()
        .filter_map(|status| status.int("restartCount"))
        .max()
        .unwrap_or(0);
    let created = pod.text("metadata.creationTimestamp").to_owned();
    // Logs: longest ready, then most restarts, then oldest. Exec: shortest ready, fewest restarts, newest.
    if logging {
        (
            pod.text("spec.nodeName").is_empty(),
            phase,
            !ready,
            false,
            0,
            Reverse(String::new()),
            Reverse(restarts),
            format!("{since}{created}"),
        )
    } else {
        let deleting = pod.has("metadata.deletionTimestamp");
        let restarts = u64::try_from(restarts).unwrap_or(0);
        (
            pod.text("spec.nodeName").is_empty(),
            phase,
            !ready,
            deleting,
            restarts,
            Reverse(format!("{since}{created}")),
            Reverse(0),
            String::new(),
        )
    }
}
