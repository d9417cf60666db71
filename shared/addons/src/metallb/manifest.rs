//! What MetalLB's own manifest creates (`config/manifests/metallb-native.yaml`), of which what does something here.

use serde_json::{Value, json};

use super::NAMESPACE;

const RBAC: &str = "rbac.authorization.k8s.io/v1";
const VERSION: &str = "v0.15.2";

/// All objects, in the order in which they can be made.
pub(super) fn objects() -> Vec<(&'static str, Value)> {
    let privileged = "pod-security.kubernetes.io/enforce";
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": NAMESPACE, "labels": { privileged: "privileged" } },
    });
    let pool = json!({
        "addresses": { "type": "array", "items": { "type": "string" } },
        "autoAssign": { "type": "boolean", "default": true },
        "avoidBuggyIPs": { "type": "boolean", "default": false },
    });
    let names = json!({ "type": "array", "items": { "type": "string" } });
    let advertisement = json!({ "ipAddressPools": names, "interfaces": names });
    let mut all = vec![
        ("namespaces", namespace),
        definition("IPAddressPool", "ipaddresspools", &pool, &["addresses"]),
        definition("L2Advertisement", "l2advertisements", &advertisement, &[]),
    ];
    for (part, rules) in [("controller", controller_rules()), ("speaker", speaker_rules())] {
        all.push(("serviceaccounts", account(part)));
        all.push(("clusterroles.rbac.authorization.k8s.io", role(part, &rules)));
        all.push(("clusterrolebindings.rbac.authorization.k8s.io", binding(part)));
    }
    all.push(("deployments.apps", workload("Deployment", "controller")));
    all.push(("daemonsets.apps", workload("DaemonSet", "speaker")));
    all
}

fn definition(
    kind: &str,
    plural: &str,
    properties: &Value,
    required: &[&str],
) -> (&'static str, Value) {
    let mut spec = json!({ "type": "object", "properties": properties });
    if let (Some(spec), false) = (spec.as_object_mut(), required.is_empty()) {
        spec.insert("required".to_owned(), json!(required));
    }
    let schema = json!({
        "type": "object",
        "properties": {
            "apiVersion": { "type": "string" }, "kind": { "type": "string" },
            "metadata": { "type": "object" }, "spec": spec, "status": { "type": "object" },
        },
    });
    let object = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.metallb.io") },
        "spec": {
            "group": "metallb.io", "scope": "Namespaced",
            "names": {
                "kind": kind, "plural": plural, "singular": kind.to_lowercase(),
                "listKind": format!("{kind}List"),
            },
            "versions": [{
                "name": "v1beta1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": schema }, "subresources": { "status": {} },
            }],
        },
    });
    ("customresourcedefinitions.apiextensions.k8s.io", object)
}

fn account(part: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": part, "namespace": NAMESPACE, "labels": { "app": "metallb" } },
    })
}

fn controller_rules() -> Value {
    json!([
        { "apiGroups": [""], "resources": ["services", "namespaces"], "verbs": ["get", "list"] },
        { "apiGroups": [""], "resources": ["services"], "verbs": ["watch", "update", "patch"] },
        { "apiGroups": [""], "resources": ["services/status"], "verbs": ["update", "patch"] },
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
        { "apiGroups": ["metallb.io"], "resources": ["ipaddresspools"], "verbs": ["get", "list", "watch"] },
    ])
}

fn speaker_rules() -> Value {
    let read = json!(["get", "list", "watch"]);
    json!([
        { "apiGroups": [""], "resources": ["services", "nodes", "namespaces"], "verbs": read },
        { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read },
        { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
        { "apiGroups": ["metallb.io"], "resources": ["l2advertisements", "ipaddresspools"], "verbs": read },
    ])
}

fn role(part: &str, rules: &Value) -> Value {
    json!({
        "apiVersion": RBAC, "kind": "ClusterRole",
        "metadata": { "name": format!("metallb-system:{part}"), "labels": { "app": "metallb" } },
        "rules": rules,
    })
}

fn binding(part: &str) -> Value {
    let name = format!("metallb-system:{part}");
    json!({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding",
        "metadata": { "name": name, "labels": { "app": "metallb" } },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name },
        "subjects": [{ "kind": "ServiceAccount", "name": part, "namespace": NAMESPACE }],
    })
}

fn workload(kind: &str, part: &str) -> Value {
    let labels = json!({ "app": "metallb", "component": part });
    let probe =
        json!({ "httpGet": { "path": "/metrics", "port": "monitoring" }, "periodSeconds": 10 });
    let mut pod = json!({
        "serviceAccountName": part,
        "nodeSelector": { "kubernetes.io/os": "linux" },
        "terminationGracePeriodSeconds": 0,
        "containers": [{
            "name": part, "image": format!("quay.io/metallb/{part}:{VERSION}"),
            "args": ["--port=7472", "--log-level=info"],
            "ports": [{ "containerPort": 7472, "name": "monitoring" }],
            "livenessProbe": probe, "readinessProbe": probe,
        }],
    });
    if let (Some(pod), "DaemonSet") = (pod.as_object_mut(), kind) {
        pod.insert("hostNetwork".to_owned(), json!(true));
        let tolerations =
            ["node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"]
                .map(|key| json!({ "effect": "NoSchedule", "key": key, "operator": "Exists" }));
        pod.insert("tolerations".to_owned(), json!(tolerations));
    }
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": { "name": part, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": pod },
        },
    })
}
