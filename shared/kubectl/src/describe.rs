//! The texts of `kubectl describe` (`kubectl/pkg/describe/describe.go`). The client makes them; the
//! server knows nothing of them.

mod access;
mod addresses;
mod autoscaler;
mod bindings;
mod containers;
mod events;
mod generic;
mod ingress;
mod job;
mod limits;
mod network;
mod node;
mod page;
mod pod;
mod policy;
mod settings;
mod storage;
mod volume;
mod volumes;
mod workload;

pub(crate) use access::rows;
pub(crate) use containers::pod_template;
pub(crate) use network::format_selector;
pub(crate) use page::Page;
pub(crate) use workload::replica_sets;

use serde_json::Value;

use crate::client::Client;
use crate::failure::Outcome;
use crate::select::Info;
use crate::session::Session;

/// The text of one object.
pub(crate) async fn describe(
    session: &mut Session<'_>,
    info: &Info,
    show_events: bool,
) -> Outcome<String> {
    let object = session.get(&info.path()).await?;
    let client = &session.client;
    let key = (info.resource.group.as_str(), info.resource.kind.as_str());
    let mut page = Page::new(session.client.kubectl.clock.now());
    match key {
        ("", "Pod") => pod::write(&mut page, &object),
        ("", "Namespace") => limits::namespace(client, &mut page, &object).await?,
        ("", "ResourceQuota") => limits::quota(&mut page, &object),
        ("", "LimitRange") => limits::limit_range(&mut page, &object),
        ("", "ConfigMap") => settings::config_map(&mut page, &object),
        ("", "Secret") => settings::secret(&mut page, &object),
        ("", "ServiceAccount") => settings::service_account(&mut page, &object),
        ("", "Service") => network::service(client, &mut page, &object).await?,
        ("", "Endpoints") => network::endpoints(&mut page, &object),
        ("discovery.k8s.io", "EndpointSlice") => network::endpoint_slice(&mut page, &object),
        ("networking.k8s.io", "NetworkPolicy") => policy::write(&mut page, &object),
        ("", "Node") => node::write(client, &mut page, &object).await?,
        ("apps", "Deployment") => workload::deployment(client, &mut page, &object).await?,
        ("apps", "ReplicaSet") => workload::replica_set(client, &mut page, &object).await?,
        ("", "ReplicationController") => {
            workload::replication_controller(client, &mut page, &object).await?;
        }
        ("", "PersistentVolume") => volume::write(&mut page, &object),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaler::write(&mut page, &object),
        ("networking.k8s.io", "IngressClass") => addresses::ingress_class(&mut page, &object),
        ("networking.k8s.io", "IPAddress") => addresses::address(&mut page, &object),
        ("networking.k8s.io", "ServiceCIDR") => addresses::range(&mut page, &object),
        ("storage.k8s.io", "VolumeAttributesClass") => {
            storage::attributes_class(&mut page, &object);
        }
        ("storage.k8s.io", "CSINode") => storage::node(&mut page, &object),
        ("apps", "StatefulSet") => workload::stateful_set(client, &mut page, &object).await?,
        ("apps", "DaemonSet") => workload::daemon_set(client, &mut page, &object).await?,
        ("batch", "Job") => job::write(&mut page, &object),
        ("batch", "CronJob") => job::cron_job(&mut page, &object),
        ("storage.k8s.io", "StorageClass") => storage::storage_class(&mut page, &object),
        ("policy", "PodDisruptionBudget") => storage::disruption_budget(&mut page, &object),
        ("networking.k8s.io", "Ingress") => ingress::write(client, &mut page, &object).await,
        ("", "PersistentVolumeClaim") => storage::claim(client, &mut page, &object).await?,
        ("scheduling.k8s.io", "PriorityClass") => storage::priority_class(&mut page, &object),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => access::role(&mut page, &object),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            bindings::write(&mut page, &object);
        }
        _ => generic::write(&mut page, &object),
    }
    if show_events && has_events(key) {
        let events = events::search(client, &object, key).await;
        if let Some(events) = events {
            page.events(events);
        }
    }
    Ok(page.finish())
}

/// Kinds whose text ends without events.
fn has_events(key: (&str, &str)) -> bool {
    !matches!(
        key,
        ("", "Namespace" | "ResourceQuota" | "LimitRange" | "Secret")
            | ("networking.k8s.io", "NetworkPolicy")
            | ("rbac.authorization.k8s.io", _)
    )
}

/// The items of a list, or nothing when it may not be read.
async fn list(client: &Client, path: &str) -> Option<Vec<Value>> {
    let pages = client.get(path).await.ok()?;
    pages.get("items").and_then(Value::as_array).cloned()
}
