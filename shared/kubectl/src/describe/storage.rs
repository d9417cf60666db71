//! `kubectl describe` of claims and of small kinds around pods: storage and priority classes, budgets.

use serde_json::Value;

use super::page::{Page, clock_text};
use crate::client::Client;
use crate::failure::Outcome;
use crate::print::format_labels;
use crate::value::{Reading as _, plain};

/// Writes the text of a claim, with the pods that use it.
pub(super) async fn claim(client: &Client, page: &mut Page, claim: &Value) -> Outcome {
    let path = format!("/api/v1/namespaces/{}/pods?limit=500", claim.text("metadata.namespace"));
    let pods = client.get(&path).await?;
    let name = claim.text("metadata.name");
    page.field(0, "Name", name);
    page.field(0, "Namespace", claim.text("metadata.namespace"));
    page.field(0, "StorageClass", claim.text("spec.storageClassName"));
    if claim.has("metadata.deletionTimestamp") {
        let lasts = page.ago(claim.text("metadata.deletionTimestamp"));
        page.field(0, "Status", &format!("Terminating (lasts {lasts})"));
    } else {
        page.field(0, "Status", claim.text("status.phase"));
    }
    let volume = claim.text("spec.volumeName");
    page.field(0, "Volume", volume);
    page.meta(claim);
    let finalizers: Vec<String> = claim.list("metadata.finalizers").iter().map(plain).collect();
    page.field(0, "Finalizers", &format!("[{}]", finalizers.join(" ")));
    let bound = !volume.is_empty();
    let capacity = claim.at("status.capacity.storage").map_or_else(|| "0".to_owned(), plain);
    page.field(0, "Capacity", &if bound { capacity } else { String::new() });
    let bound_modes = modes(claim.list("status.accessModes"));
    page.field(0, "Access Modes", &if bound { bound_modes } else { String::new() });
    let mode = claim.text("spec.volumeMode");
    if !mode.is_empty() {
        page.field(0, "VolumeMode", mode);
    }
    if let Some(source) = claim.at("spec.dataSource") {
        page.at(0, "DataSource:\n");
        if source.has("apiGroup") {
            page.field(1, "APIGroup", source.text("apiGroup"));
        }
        page.field(1, "Kind", source.text("kind"));
        page.field(1, "Name", source.text("name"));
    }
    let users: Vec<&str> = pods
        .list("items")
        .iter()
        .filter(|pod| {
            pod.list("spec.volumes")
                .iter()
                .any(|volume| volume.text("persistentVolumeClaim.claimName") == name)
        })
        .map(|pod| pod.text("metadata.name"))
        .collect();
    page.at(0, "Used By:\t");
    if users.is_empty() {
        page.at(0, "<none>\n");
    }
    for (index, user) in users.into_iter().enumerate() {
        let indent = if index > 0 { "\t" } else { "" };
        page.at(0, &format!("{indent}{user}\n"));
    }
    conditions(page, claim);
    Ok(())
}

/// Access modes in their short forms, in the order of `GetAccessModesAsString`.
pub(super) fn modes(modes: &[Value]) -> String {
    let modes: Vec<&str> = modes.iter().filter_map(Value::as_str).collect();
    let short: Vec<&str> = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ]
    .into_iter()
    .filter(|(long, _)| modes.contains(long))
    .map(|(_, short)| short)
    .collect();
    short.join(",")
}

fn conditions(page: &mut Page, claim: &Value) {
    let conditions = claim.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    page.at(0, "Conditions:\n");
    page.at(1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
    page.at(1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        page.at(
            1,
            &format!(
                "{} \t{} \t{} \t{} \t{} \t{}\n",
                condition.text("type"),
                condition.text("status"),
                clock_text(condition.text("lastProbeTime")),
                clock_text(condition.text("lastTransitionTime")),
                condition.text("reason"),
                condition.text("message")
            ),
        );
    }
}

/// Writes the text of a priority class.
pub(super) fn priority_class(page: &mut Page, class: &Value) {
    page.field(0, "Name", class.text("metadata.name"));
    page.field(0, "Value", &class.int("value").unwrap_or(0).to_string());
    page.field(0, "GlobalDefault", &class.truth("globalDefault").to_string());
    page.field(0, "PreemptionPolicy", class.text("preemptionPolicy"));
    page.field(0, "Description", class.text("description"));
    page.field(0, "Annotations", &format_labels(&class.entries("metadata.annotations")));
}

/// Writes the text of a storage class.
pub(super) fn storage_class(page: &mut Page, class: &Value) {
    let annotation = |name: &str| {
        class.at("metadata.annotations").and_then(|all| all.get(name)).and_then(Value::as_str)
            == Some("true")
    };
    let default = annotation("storageclass.kubernetes.io/is-default-class")
        || annotation("storageclass.beta.kubernetes.io/is-default-class");
    page.field(0, "Name", class.text("metadata.name"));
    page.field(0, "IsDefaultClass", if default { "Yes" } else { "No" });
    page.field(0, "Annotations", &format_labels(&class.entries("metadata.annotations")));
    page.field(0, "Provisioner", class.text("provisioner"));
    page.field(0, "Parameters", &format_labels(&class.entries("parameters")));
    let expansion = class.at("allowVolumeExpansion").and_then(Value::as_bool);
    page.field(
        0,
        "AllowVolumeExpansion",
        expansion.map_or("<unset>", |yes| if yes { "True" } else { "False" }),
    );
    let options = class.list("mountOptions");
    page.at(0, if options.is_empty() { "MountOptions:\t<none>\n" } else { "MountOptions:\n" });
    for option in options {
        page.at(1, &format!("{}\n", plain(option)));
    }
    for (title, field) in
        [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")]
    {
        if !class.text(field).is_empty() {
            page.field(0, title, class.text(field));
        }
    }
    if class.has("allowedTopologies") {
        super::volume::topologies(page, class.list("allowedTopologies"));
    }
}

/// Writes the text of a class of volume attributes.
pub(super) fn attributes_class(page: &mut Page, class: &Value) {
    page.field(0, "Name", class.text("metadata.name"));
    page.field(0, "Annotations", &format_labels(&class.entries("metadata.annotations")));
    page.field(0, "DriverName", class.text("driverName"));
    page.field(0, "Parameters", &format_labels(&class.entries("parameters")));
}

/// Writes the text of a node's storage drivers.
pub(super) fn node(page: &mut Page, node: &Value) {
    page.heading(node, false);
    page.field(0, "CreationTimestamp", &clock_text(node.text("metadata.creationTimestamp")));
    page.at(0, "Spec:\n");
    let drivers = node.list("spec.drivers");
    if drivers.is_empty() {
        return;
    }
    page.at(1, "Drivers:\n");
    for driver in drivers {
        page.at(2, &format!("{}:\n", driver.text("name")));
        page.field(3, "Node ID", driver.text("nodeID"));
        if let Some(count) = driver.int("allocatable.count") {
            page.at(3, "Allocatables:\n");
            page.field(4, "Count", &count.to_string());
        }
        let keys: Vec<String> = driver.list("topologyKeys").iter().map(plain).collect();
        if !keys.is_empty() {
            page.field(3, "Topology Keys", &format!("[{}]", keys.join(" ")));
        }
    }
}

/// Writes the text of a pod disruption budget.
pub(super) fn disruption_budget(page: &mut Page, budget: &Value) {
    page.field(0, "Name", budget.text("metadata.name"));
    page.field(0, "Namespace", budget.text("metadata.namespace"));
    if let Some(least) = budget.at("spec.minAvailable") {
        page.field(0, "Min available", &plain(least));
    } else if let Some(most) = budget.at("spec.maxUnavailable") {
        page.field(0, "Max unavailable", &plain(most));
    }
    let selector = budget.at("spec.selector").map(super::network::format_selector);
    page.field(0, "Selector", &selector.unwrap_or_else(|| "<unset>".to_owned()));
    page.at(0, "Status:\n");
    for (title, field) in [
        ("Allowed disruptions", "status.disruptionsAllowed"),
        ("Current", "status.currentHealthy"),
        ("Desired", "status.desiredHealthy"),
        ("Total", "status.expectedPods"),
    ] {
        page.field(2, title, &budget.int(field).unwrap_or(0).to_string());
    }
}
