//! `kubectl describe node`.

use apimachinery::order::Order as _;
use std::collections::BTreeMap;

use apimachinery::quantity::Quantity;
use serde_json::Value;

use super::page::{Page, clock_text};
use crate::client::Client;
use crate::discovery::query;
use crate::failure::Outcome;
use crate::value::{Reading as _, plain};

/// Writes the text of a node, with what runs on it.
pub(super) async fn write(client: &Client, page: &mut Page, node: &Value) -> Outcome {
    let name = node.text("metadata.name");
    let fields = format!("spec.nodeName={name},status.phase!=Failed,status.phase!=Succeeded");
    let path = format!("/api/v1/pods{}", query(&[("fieldSelector", &fields), ("limit", "500")]));
    let pods = match client.get(&path).await {
        Ok(page) => Some(page.list("items").to_vec()),
        Err(failure) if failure.has_reason("Forbidden") => None,
        Err(failure) => return Err(failure),
    };
    let lease = client
        .get(&format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}"))
        .await;
    page.field(0, "Name", name);
    let roles = roles(node);
    page.field(0, "Roles", if roles.is_empty() { "<none>" } else { &roles });
    page.meta(node);
    page.field(0, "CreationTimestamp", &clock_text(node.text("metadata.creationTimestamp")));
    taints(page, node.list("spec.taints"));
    page.field(0, "Unschedulable", &node.truth("spec.unschedulable").to_string());
    match lease {
        Ok(lease) => write_lease(page, &lease),
        Err(failure) => page.field(0, "Lease", &format!("Failed to get lease: {}", failure.text())),
    }
    conditions(page, node);
    page.at(0, "Addresses:\n");
    for address in node.list("status.addresses") {
        page.field(1, address.text("type"), address.text("address"));
    }
    for (title, field) in [("Capacity", "status.capacity"), ("Allocatable", "status.allocatable")] {
        let amounts = node.entries(field);
        if !amounts.is_empty() {
            page.at(0, &format!("{title}:\n"));
        }
        for (name, amount) in amounts {
            page.field(1, name, &plain(amount));
        }
    }
    system(page, node);
    match pods {
        Some(pods) => resources(page, &pods, node),
        None => page.at(0, "Pods:\tnot authorized\n"),
    }
    Ok(())
}

fn roles(node: &Value) -> String {
    let mut roles: Vec<String> = node
        .entries("metadata.labels")
        .into_iter()
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) if !role.is_empty() => Some(role.to_owned()),
            _ if key == "kubernetes.io/role" => Some(plain(value)).filter(|role| !role.is_empty()),
            _ => None,
        })
        .collect();
    roles.sort();
    roles.dedup();
    roles.join(",")
}

fn taints(page: &mut Page, taints: &[Value]) {
    page.at(0, "Taints:\t");
    if taints.is_empty() {
        page.at(0, "<none>\n");
    }
    let mut sorted: Vec<&Value> = taints.iter().collect();
    sorted.order_by_key(|taint| format!("{},{}", taint.text("effect"), taint.text("key")));
    for (index, taint) in sorted.into_iter().enumerate() {
        let indent = if index > 0 { "\t" } else { "" };
        page.at(0, &format!("{indent}{}\n", taint_text(taint)));
    }
}

/// `taint.ToString`: `key=value:effect`.
fn taint_text(taint: &Value) -> String {
    let (key, value, effect) = (taint.text("key"), taint.text("value"), taint.text("effect"));
    match (value, effect) {
        ("", "") => key.to_owned(),
        ("", effect) => format!("{key}:{effect}"),
        (value, "") => format!("{key}={value}:"),
        (value, effect) => format!("{key}={value}:{effect}"),
    }
}

fn write_lease(page: &mut Page, lease: &Value) {
    let time = |path: &str| {
        if lease.has(path) { clock_text(lease.text(path)) } else { "<unset>".to_owned() }
    };
    let holder = if lease.has("spec.holderIdentity") {
        lease.text("spec.holderIdentity")
    } else {
        "<unset>"
    };
    page.at(0, "Lease:\n");
    page.field(1, "HolderIdentity", holder);
    page.field(1, "AcquireTime", &time("spec.acquireTime"));
    page.field(1, "RenewTime", &time("spec.renewTime"));
}

fn conditions(page: &mut Page, node: &Value) {
    let conditions = node.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    page.at(
        0,
        "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n",
    );
    page.at(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        page.at(
            1,
            &format!(
                "{} \t{} \t{} \t{} \t{} \t{}\n",
                condition.text("type"),
                condition.text("status"),
                clock_text(condition.text("lastHeartbeatTime")),
                clock_text(condition.text("lastTransitionTime")),
                condition.text("reason"),
                condition.text("message")
            ),
        );
    }
}

fn system(page: &mut Page, node: &Value) {
    page.at(0, "System Info:\n");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
    ] {
        page.field(1, title, node.text(&format!("status.nodeInfo.{field}")));
    }
    let ranges: Vec<String> = node.list("spec.podCIDRs").iter().map(plain).collect();
    for (title, value) in [
        ("PodCIDR", node.text("spec.podCIDR").to_owned()),
        ("PodCIDRs", ranges.join(",")),
        ("ProviderID", node.text("spec.providerID").to_owned()),
    ] {
        if !value.is_empty() {
            page.field(0, title, &value);
        }
    }
}

type Amounts = BTreeMap<String, Quantity>;

fn add(sum: &mut Amounts, name: &str, amount: Quantity) {
    match sum.get_mut(name) {
        Some(known) => *known = known.add(&amount),
        None => {
            sum.insert(name.to_owned(), amount);
        }
    }
}

/// What a pod requests or may use: containers and sidecars together, or the largest init container.
fn pod_amounts(pod: &Value, field: &str) -> Amounts {
    let of = |container: &Value| -> Amounts {
        container
            .entries(&format!("resources.{field}"))
            .into_iter()
            .filter_map(|(name, value)| {
                Some((name.to_owned(), Quantity::parse(&plain(value)).ok()?))
            })
            .collect()
    };
    let mut total = Amounts::new();
    for container in pod.list("spec.containers") {
        for (name, amount) in of(container) {
            add(&mut total, &name, amount);
        }
    }
    let mut sidecars = Amounts::new();
    let mut init = Amounts::new();
    for container in pod.list("spec.initContainers") {
        let mut own = of(container);
        if container.text("restartPolicy") == "Always" {
            for (name, amount) in own {
                add(&mut total, &name, amount.clone());
                add(&mut sidecars, &name, amount);
            }
            own = sidecars.clone();
        } else {
            for (name, amount) in &sidecars {
                add(&mut own, name, amount.clone());
            }
        }
        largest(&mut init, own);
    }
    largest(&mut total, init);
    for (name, value) in pod.entries(&format!("spec.resources.{field}")) {
        if let Ok(amount) = Quantity::parse(&plain(value)) {
            total.insert(name.to_owned(), amount);
        }
    }
    for (name, value) in pod.entries("spec.overhead") {
        let counts = field == "requests" || total.contains_key(name);
        if let (Ok(amount), true) = (Quantity::parse(&plain(value)), counts) {
            add(&mut total, name, amount);
        }
    }
    total
}

fn largest(into: &mut Amounts, from: Amounts) {
    for (name, amount) in from {
        match into.get(&name) {
            Some(known) if *known >= amount => {}
            _ => {
                into.insert(name, amount);
            }
        }
    }
}

/// An amount, and its share of the node.
fn share(amounts: &Amounts, node: &Amounts, name: &str) -> String {
    let zero = "0".to_owned();
    let shown = amounts.get(name).map_or(zero, ToString::to_string);
    let measure =
        |amount: &Quantity| if name == "cpu" { amount.milli_value() } else { amount.value() };
    let part = amounts.get(name).map_or(0, measure);
    let whole = node.get(name).map_or(0, measure);
    let percent = if whole == 0 { 0 } else { part * 100 / whole };
    format!("{shown} ({percent}%)")
}

fn resources(page: &mut Page, pods: &[Value], node: &Value) {
    page.field(0, "Non-terminated Pods", &format!("({} in total)", pods.len()));
    page.at(
        1,
        "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n",
    );
    page.at(
        1,
        "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n",
    );
    let field = if node.entries("status.allocatable").is_empty() {
        "status.capacity"
    } else {
        "status.allocatable"
    };
    let whole: Amounts = node
        .entries(field)
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Quantity::parse(&plain(value)).ok()?)))
        .collect();
    let (mut all_requests, mut all_limits) = (Amounts::new(), Amounts::new());
    for pod in pods {
        let (requests, limits) = (pod_amounts(pod, "requests"), pod_amounts(pod, "limits"));
        let age = page.ago(pod.text("metadata.creationTimestamp"));
        page.at(
            1,
            &format!(
                "{}\t{}\t\t{}\t{}\t{}\t{}\t{age}\n",
                pod.text("metadata.namespace"),
                pod.text("metadata.name"),
                share(&requests, &whole, "cpu"),
                share(&limits, &whole, "cpu"),
                share(&requests, &whole, "memory"),
                share(&limits, &whole, "memory"),
            ),
        );
        for (name, amount) in requests {
            add(&mut all_requests, &name, amount);
        }
        for (name, amount) in limits {
            add(&mut all_limits, &name, amount);
        }
    }
    page.at(
        0,
        "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n",
    );
    page.at(1, "Resource\tRequests\tLimits\n");
    page.at(1, "--------\t--------\t------\n");
    let huge = whole.keys().filter(|name| name.starts_with("hugepages-"));
    let standard = ["cpu", "memory", "ephemeral-storage"].into_iter();
    for name in standard.chain(huge.map(String::as_str)) {
        let line = format!(
            "{name}\t{}\t{}\n",
            share(&all_requests, &whole, name),
            share(&all_limits, &whole, name)
        );
        page.at(1, &line);
    }
    let others = whole.keys().filter(|name| {
        !name.starts_with("hugepages-")
            && !matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage" | "pods")
    });
    for name in others {
        let amount = |amounts: &Amounts| {
            amounts.get(name).map_or_else(|| "0".to_owned(), ToString::to_string)
        };
        page.at(1, &format!("{name}\t{}\t{}\n", amount(&all_requests), amount(&all_limits)));
    }
}
