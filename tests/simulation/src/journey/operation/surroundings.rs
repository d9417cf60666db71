//! What stands beside what runs: Services, configuration, policies; and what is taken away again.

use cluster::rng::Stream;
use serde_json::json;

use super::workloads::{apps, autoscalers, cron_jobs, jobs};
use super::{NAMESPACES, Operation, pick};

fn policies(namespace: &str) -> String {
    format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies")
}

pub(super) fn removal(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let how = pick(chance, &["Background", "Foreground", "Orphan"]);
    let options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": how });
    let core = format!("/api/v1/namespaces/{namespace}");
    let path = match chance.below(11) {
        0 | 1 => format!("{}/deployment-{number}", apps(namespace, "Deployment")),
        2 => format!("{}/statefulset-{number}", apps(namespace, "StatefulSet")),
        3 => format!("{}/daemonset-{number}", apps(namespace, "DaemonSet")),
        4 => format!("{}/job-{number}", jobs(namespace)),
        5 => format!("{core}/services/service-{number}"),
        6 => format!("{core}/configmaps/config-{number}"),
        7 => format!("{}/cron-{number}", cron_jobs(namespace)),
        8 => format!("{}/autoscaler-{number}", autoscalers(namespace)),
        9 => format!("{}/policy-{number}", policies(namespace)),
        _ => format!("{core}/persistentvolumeclaims/data-statefulset-{number}-0"),
    };
    Operation::Delete(path, options)
}

pub(super) fn service(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let kind = pick(chance, &["ClusterIP", "NodePort", "LoadBalancer"]);
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": format!("service-{number}") },
        "spec": { "type": kind, "selector": { "app": format!("deployment-{number}") }, "ports": [{ "port": 80 }] },
    });
    Operation::Create(format!("/api/v1/namespaces/{namespace}/services"), object)
}

pub(super) fn configuration(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let finalizers = ["example.com/hold"];
    match chance.below(3) {
        0 => {
            let patch = json!({ "metadata": { "finalizers": null } });
            Operation::Patch(format!("{path}/config-{number}"), patch)
        }
        1 => {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": format!("config-{number}"), "finalizers": finalizers },
            });
            Operation::Create(path, object)
        }
        _ => {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": format!("config-{number}") },
            });
            Operation::Create(path, object)
        }
    }
}

/// Who may connect to, or from, the pods of an app: nobody, those of another app, or a whole namespace.
pub(super) fn policy(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let ingress = ("Ingress", "ingress", "from");
    let directions = [ingress, ingress, ("Egress", "egress", "to")];
    let (direction, rules, peers) = pick(chance, &directions).unwrap_or(ingress);
    let app = format!("deployment-{}", chance.below(2));
    let other = pick(chance, &NAMESPACES);
    let peer = match chance.below(3) {
        0 => None,
        1 => Some(json!({ "podSelector": { "matchLabels": { "app": app } } })),
        _ => Some(json!({ "namespaceSelector": {
            "matchLabels": { "kubernetes.io/metadata.name": other },
        } })),
    };
    let rule: Vec<_> = peer.into_iter().map(|peer| json!({ peers: [peer] })).collect();
    let object = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": { "name": format!("policy-{number}") },
        "spec": {
            "podSelector": { "matchLabels": { "app": format!("deployment-{number}") } },
            "policyTypes": [direction], rules: rule,
        },
    });
    Operation::Create(policies(namespace), object)
}
