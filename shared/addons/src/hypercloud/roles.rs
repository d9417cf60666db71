//! The cluster roles that HyperCloud ships (`_yaml_Install`, `default-auth-object-init.yaml` of 4.1.7.0).

use serde_json::{Value, json};

const ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";
const API: &str = "rbac.authorization.k8s.io/v1";

/// Groups of which whoever has a namespace may do everything in it.
const WORK: [&str; 16] = [
    "",
    "events.k8s.io",
    "servicecatalog.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "kubevirt.io",
    "extensions",
    "networking.k8s.io",
    "networking.istio.io",
    "snapshot.storage.k8s.io",
    "storage.k8s.io",
    "cdi.kubevirt.io",
    "tekton.dev",
    "policy",
    "apiextensions.k8s.io",
];

/// All of them: resource and object.
pub(super) fn all() -> Vec<(&'static str, Value)> {
    let rule = |groups: &[&str], resources: &[&str], verbs: &[&str]| json!({ "apiGroups": groups, "resources": resources, "verbs": verbs });
    let work = || WORK.iter().map(|group| rule(&[group], &["*"], &["*"]));
    let mut owner: Vec<Value> = work().collect();
    let own = [
        "templates",
        "templateinstances",
        "images",
        "registries",
        "namespaceclaims",
        "resourcequotaclaims",
    ];
    owner.push(rule(&["tmax.io"], &own, &["*"]));
    owner.push(rule(&["rbac.authorization.k8s.io"], &["roles", "rolebindings"], &["*"]));
    let mut user: Vec<Value> = work().collect();
    // `template` is what is written there; it gives nothing.
    let own = ["template", "templateinstances", "registries", "namespaceclaims"];
    user.push(rule(&["tmax.io"], &own, &["*"]));
    let read = ["get", "list"];
    vec![
        binding(
            "admin",
            "cluster-admin",
            &json!({
                "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "hc-admin@tmax.co.kr",
            }),
        ),
        role("namespace-owner", "namespace-owner", owner),
        role("namespace-user", "namespace-user", user),
        role(
            "clusterrole-trial",
            "clusterrole-for-trial-user",
            vec![
                rule(
                    &["servicecatalog.k8s.io"],
                    &["clusterserviceclasses", "clusterserviceplans"],
                    &read,
                ),
                rule(&["storage.k8s.io"], &["storageclasses"], &read),
            ],
        ),
        role(
            "clusterrole-new-user",
            "for-new-user",
            vec![
                rule(&["tmax.io"], &["namespaceclaims"], &["create", "get"]),
                rule(&["ui.tmax.io"], &["clustermenupolicies"], &["get"]),
                rule(&["rbac.authorization.k8s.io"], &["clusterroles"], &read),
            ],
        ),
        role(
            "namespace-listget",
            "for-nsc",
            vec![
                rule(&[""], &["namespaces"], &read),
                rule(
                    &["tmax.io"],
                    &["rolebindingclaims", "resourcequotaclaims", "catalogserviceclaims"],
                    &["create", "get", "list"],
                ),
                rule(&["rbac.authorization.k8s.io"], &["roles", "rolebindings"], &read),
            ],
        ),
        role("hypercloud4-admin", "operator", vec![rule(&["*"], &["*"], &["*"])]),
        binding(
            "hypercloud4-admin",
            "hypercloud4-admin",
            &json!({
                "kind": "ServiceAccount", "name": "hypercloud4-admin", "namespace": super::operator::NAMESPACE,
            }),
        ),
    ]
}

fn role(name: &str, purpose: &str, rules: Vec<Value>) -> (&'static str, Value) {
    (
        ROLES,
        json!({
            "apiVersion": API, "kind": "ClusterRole",
            "metadata": { "name": name, "labels": { "purpose": purpose, "madeby": "tmax" } },
            "rules": rules,
        }),
    )
}

fn binding(name: &str, role: &str, subject: &Value) -> (&'static str, Value) {
    (
        BINDINGS,
        json!({
            "apiVersion": API, "kind": "ClusterRoleBinding", "metadata": { "name": name },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
            "subjects": [subject],
        }),
    )
}
