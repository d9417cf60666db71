//! What the installation of HyperCloud puts into `hypercloud4-system` and `hyperauth`: operator, webhook, HyperAuth.

use serde_json::{Value, json};

use super::{hyperauth, operator, webhook};

/// All objects: resource and object, in the order in which they can be made.
pub(super) fn objects() -> Vec<(&'static str, Value)> {
    vec![
        ("namespaces", namespace(operator::NAMESPACE)),
        ("namespaces", namespace(hyperauth::NAMESPACE)),
        ("serviceaccounts", account(operator::NAMESPACE, "hypercloud4-admin")),
        ("serviceaccounts", account(hyperauth::NAMESPACE, "hyperauth")),
        ("roles.rbac.authorization.k8s.io", realm_role()),
        ("rolebindings.rbac.authorization.k8s.io", realm_binding()),
        (
            "services",
            service(
                operator::NAMESPACE,
                "hypercloud4-operator-service",
                ("hypercloud4", "operator"),
                (28677, 28677),
            ),
        ),
        (
            "deployments.apps",
            deployment(&Part {
                namespace: operator::NAMESPACE,
                name: "hypercloud4-operator",
                label: operator::OPERATOR,
                image: "tmaxcloudck/hypercloud-operator:b4.1.7.0",
                port: 28677,
                account: "hypercloud4-admin",
                cpu: "1",
            }),
        ),
        (
            "services",
            service(operator::NAMESPACE, webhook::SERVICE, ("hypercloud4", "webhook"), (443, 8443)),
        ),
        (
            "deployments.apps",
            deployment(&Part {
                namespace: operator::NAMESPACE,
                name: "hypercloud4-webhook",
                label: ("hypercloud4", "webhook"),
                image: "tmaxcloudck/hypercloud-webhook:b4.1.0.22",
                port: 8443,
                account: "default",
                cpu: "500m",
            }),
        ),
        ("mutatingwebhookconfigurations.admissionregistration.k8s.io", mutator()),
        ("services", service(hyperauth::NAMESPACE, "hyperauth", hyperauth::LABEL, (8080, 8080))),
        (
            "deployments.apps",
            deployment(&Part {
                namespace: hyperauth::NAMESPACE,
                name: "hyperauth",
                label: hyperauth::LABEL,
                image: "tmaxcloudck/hyperauth:b1.0.5.6",
                port: 8080,
                account: "hyperauth",
                cpu: "500m",
            }),
        ),
    ]
}

fn namespace(name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } })
}

fn account(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": { "name": name, "namespace": namespace },
    })
}

/// HyperAuth keeps its users.
fn realm_role() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": { "name": "hyperauth", "namespace": hyperauth::NAMESPACE },
        "rules": [
            { "apiGroups": ["keycloak.org"], "resources": ["keycloakusers", "keycloakusers/status"], "verbs": ["*"] },
            { "apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"] },
        ],
    })
}

fn realm_binding() -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": "hyperauth", "namespace": hyperauth::NAMESPACE },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "hyperauth" },
        "subjects": [{ "kind": "ServiceAccount", "name": "hyperauth", "namespace": hyperauth::NAMESPACE }],
    })
}

fn service(
    namespace: &str,
    name: &str,
    (label, value): (&str, &str),
    (port, target): (u16, u16),
) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "selector": { label: value },
            "ports": [{ "port": port, "protocol": "TCP", "targetPort": target }],
        },
    })
}

/// One of the programs.
struct Part {
    namespace: &'static str,
    name: &'static str,
    label: (&'static str, &'static str),
    image: &'static str,
    port: u16,
    account: &'static str,
    cpu: &'static str,
}

fn deployment(part: &Part) -> Value {
    let (label, value) = part.label;
    let resources = json!({ "cpu": part.cpu, "memory": "1Gi" });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": part.name, "namespace": part.namespace, "labels": { label: value } },
        "spec": {
            "replicas": 1, "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { label: value } },
            "template": {
                "metadata": { "labels": { label: value } },
                "spec": {
                    "serviceAccountName": part.account,
                    "containers": [{
                        "name": part.name, "image": part.image, "imagePullPolicy": "IfNotPresent",
                        "env": [{ "name": "TZ", "value": "Asia/Seoul" }],
                        "ports": [{ "containerPort": part.port, "protocol": "TCP" }],
                        "resources": { "limits": resources, "requests": resources },
                        "readinessProbe": { "tcpSocket": { "port": part.port }, "periodSeconds": 1 },
                    }],
                },
            },
        },
    })
}

/// The webhook is asked about everything in `tmax.io/v1`, and nothing is written there without it.
fn mutator() -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": "hypercloud4-mutator" },
        "webhooks": [{
            "name": "hypercloud4-webhook.mutating.metadata",
            "clientConfig": { "service": {
                "namespace": operator::NAMESPACE, "name": webhook::SERVICE, "path": webhook::PATH, "port": 443,
            } },
            "rules": [{
                "operations": ["CREATE", "UPDATE"], "apiGroups": ["tmax.io"], "apiVersions": ["v1"],
                "resources": ["*"], "scope": "*",
            }],
            "matchPolicy": "Equivalent", "sideEffects": "None", "admissionReviewVersions": ["v1", "v1beta1"],
            "timeoutSeconds": 10, "failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "namespaceSelector": {}, "objectSelector": {},
        }],
    })
}
