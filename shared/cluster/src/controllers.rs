//! The control loops of kube-controller-manager that run here.

mod active_pods;
mod api_service;
mod certificates;
mod claim;
mod cluster_role_aggregation;
pub(crate) mod cron_job;
mod custom_resource_definition;
mod daemon_set;
mod deployment;
mod disruption;
mod endpoint_slice;
mod endpoint_slice_mirroring;
mod endpoints;
mod garbage_collector;
mod horizontal_pod_autoscaler;
mod job;
mod namespace;
mod node_lifecycle;
pub(crate) mod persistent_volume;
mod pod_gc;
mod pod_template;
mod replica_set;
mod resource_quota;
mod service_account;
mod service_account_tokens;
mod stateful_set;
mod taint_eviction;
mod trigger_time;
mod ttl_after_finished;
mod volume_protection;

use std::sync::Arc;

use self::persistent_volume::provisioner::{self, Provisioner};
use self::replica_set::ReplicaSets;
use self::service_account::CA;
use crate::apiserver::token;
use crate::config::Controllers;
use crate::event_loop::Controller;
use crate::kubelet::Watching;
use crate::scheduler::Scheduler;
use crate::signer::Signer;

/// All control loops in the order of their ranks, with the names that users know.
fn all(keys: &Keys<'_>) -> Vec<(&'static str, Arc<dyn Controller>)> {
    let authority = keys.signer.map_or_else(|| CA.to_owned(), |signer| signer.authority());
    let mut all: Vec<(&'static str, Arc<dyn Controller>)> = vec![
        ("serviceaccount-controller", Arc::new(service_account::ServiceAccounts)),
        (
            "root-ca-certificate-publisher-controller",
            Arc::new(service_account::RootCa { authority: authority.clone() }),
        ),
        (
            "serviceaccount-token-controller",
            Arc::new(service_account_tokens::Tokens { key: keys.tokens.clone(), authority }),
        ),
        ("deployment-controller", Arc::new(deployment::Deployments)),
        ("replicaset-controller", Arc::new(ReplicaSets(&replica_set::REPLICA_SETS))),
        (
            "replicationcontroller-controller",
            Arc::new(ReplicaSets(&replica_set::REPLICATION_CONTROLLERS)),
        ),
        ("statefulset-controller", Arc::new(stateful_set::StatefulSets)),
        ("daemonset-controller", Arc::new(daemon_set::DaemonSets)),
        ("cronjob-controller", Arc::new(cron_job::CronJobs)),
        ("job-controller", Arc::new(job::Jobs)),
        ("ttl-after-finished-controller", Arc::new(ttl_after_finished::FinishedJobs)),
        ("persistentvolume-binder-controller", Arc::new(persistent_volume::Binder)),
        ("disk-provisioner", Arc::new(Provisioner(provisioner::NAME))),
        ("persistentvolumeclaim-protection-controller", Arc::new(volume_protection::Claims)),
        ("persistentvolume-protection-controller", Arc::new(volume_protection::Volumes)),
        ("node-lifecycle-controller", Arc::new(node_lifecycle::Nodes)),
        ("taint-eviction-controller", Arc::new(taint_eviction::Evictions)),
        ("pod-garbage-collector-controller", Arc::new(pod_gc::Collector)),
        ("disruption-controller", Arc::new(disruption::Budgets)),
        ("scheduler", Arc::new(Scheduler)),
        ("kubelet", Arc::new(Watching)),
        ("endpointslice-controller", Arc::new(endpoint_slice::EndpointSlices)),
        ("endpoints-controller", Arc::new(endpoints::Endpoints)),
        ("endpointslice-mirroring-controller", Arc::new(endpoint_slice_mirroring::Mirroring)),
        ("apiservice-availability-controller", Arc::new(api_service::Availability)),
        (custom_resource_definition::NAME, Arc::new(custom_resource_definition::Definitions)),
        ("horizontal-pod-autoscaler-controller", Arc::new(horizontal_pod_autoscaler::Autoscalers)),
        ("resourcequota-controller", Arc::new(resource_quota::Quotas)),
        ("clusterrole-aggregation-controller", Arc::new(cluster_role_aggregation::Aggregation)),
        ("namespace-controller", Arc::new(namespace::Namespaces)),
        ("garbage-collector-controller", Arc::new(garbage_collector::GarbageCollector)),
        ("certificatesigningrequest-approving-controller", Arc::new(certificates::Approver)),
        ("certificatesigningrequest-cleaner-controller", Arc::new(certificates::Cleaner)),
    ];
    if let Some(signer) = keys.signer {
        let signing = certificates::Signing { signer: Arc::clone(signer) };
        all.push(("certificatesigningrequest-signing-controller", Arc::new(signing)));
    }
    all
}

/// What controllers sign with.
pub(crate) struct Keys<'a> {
    /// Tokens of service accounts.
    pub(crate) tokens: &'a token::Key,
    /// Certificates, when the host can.
    pub(crate) signer: Option<&'a Arc<dyn Signer>>,
}

/// Their names, for whoever chooses some.
pub(crate) const NAMES: [&str; 33] = [
    "apiservice-availability-controller",
    "certificatesigningrequest-approving-controller",
    "certificatesigningrequest-cleaner-controller",
    "certificatesigningrequest-signing-controller",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemonset-controller",
    "deployment-controller",
    "disk-provisioner",
    "disruption-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "endpointslice-mirroring-controller",
    "garbage-collector-controller",
    "horizontal-pod-autoscaler-controller",
    "job-controller",
    "kubelet",
    "namespace-controller",
    "node-lifecycle-controller",
    "persistentvolume-binder-controller",
    "persistentvolume-protection-controller",
    "persistentvolumeclaim-protection-controller",
    "pod-garbage-collector-controller",
    "replicaset-controller",
    "replicationcontroller-controller",
    "resourcequota-controller",
    "root-ca-certificate-publisher-controller",
    "scheduler",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "statefulset-controller",
    "taint-eviction-controller",
    "ttl-after-finished-controller",
];

/// What a name is without what all of them have, as `deployment` for `deployment-controller`.
pub(crate) fn short(name: &str) -> String {
    name.trim_end_matches("-controller").replace('-', "")
}

/// Those that run.
pub(crate) fn chosen(wanted: &Controllers, keys: &Keys<'_>) -> Vec<Arc<dyn Controller>> {
    // Upstream runs them inside the API server, which is always there.
    let runs = |name: &str| match wanted {
        _ if name == custom_resource_definition::NAME => true,
        Controllers::All => true,
        Controllers::None => false,
        Controllers::Only(names) => names.iter().any(|one| short(one) == short(name)),
    };
    all(keys).into_iter().filter(|(name, _)| runs(name)).map(|(_, controller)| controller).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_controller_can_be_named() {
        let keys = Keys { tokens: &token::Key::of_seed(vec![1]), signer: None };
        let mut known: Vec<&str> = all(&keys).into_iter().map(|(name, _)| name).collect();
        known.retain(|name| *name != custom_resource_definition::NAME);
        // Only where the host can sign.
        known.push("certificatesigningrequest-signing-controller");
        known.sort_unstable();
        assert_eq!(known, NAMES);
    }
}
