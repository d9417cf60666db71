//! What metrics-server's own manifest creates (`components.yaml` of its release).

use serde_json::{Value, json};

const NAMESPACE: &str = "kube-system";

fn object(api_version: &str, kind: &str, name: &str, namespace: &str, rest: Value) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": { "name": name, "labels": { "k8s-app": "metrics-server" } },
    });
    if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
        object.extend(rest);
    }
    if let Some(metadata) =
        object.get_mut("metadata").and_then(Value::as_object_mut).filter(|_| !namespace.is_empty())
    {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
    object
}

fn binding(kind: &str, name: &str, namespace: &str, role: (&str, &str)) -> Value {
    let rest = json!({
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1 },
        "subjects": [
            { "kind": "ServiceAccount", "name": "metrics-server", "namespace": NAMESPACE },
        ],
    });
    object("rbac.authorization.k8s.io/v1", kind, name, namespace, rest)
}

fn reader() -> Value {
    let rest = json!({
        "rules": [
            { "apiGroups": ["metrics.k8s.io"], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"] },
        ],
    });
    let mut role = object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        "system:aggregated-metrics-reader",
        "",
        rest,
    );
    if let Some(labels) = role.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        for to in ["admin", "edit", "view"] {
            labels.insert(format!("rbac.authorization.k8s.io/aggregate-to-{to}"), json!("true"));
        }
    }
    role
}

fn role() -> Value {
    let rest = json!({
        "rules": [
            { "apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"] },
            { "apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"] },
        ],
    });
    object("rbac.authorization.k8s.io/v1", "ClusterRole", "system:metrics-server", "", rest)
}

fn container() -> Value {
    let probe = |path: &str| {
        json!({
            "failureThreshold": 3, "periodSeconds": 10,
            "httpGet": { "path": path, "port": "https", "scheme": "HTTPS" },
        })
    };
    let mut ready = probe("/readyz");
    if let Some(ready) = ready.as_object_mut() {
        ready.insert("initialDelaySeconds".to_owned(), json!(20));
    }
    json!({
        "name": "metrics-server",
        "image": "registry.k8s.io/metrics-server/metrics-server:v0.8.0",
        "imagePullPolicy": "IfNotPresent",
        "args": [
            "--cert-dir=/tmp", "--secure-port=10250",
            "--kubelet-preferred-address-types=InternalIP,ExternalIP,Hostname",
            "--kubelet-use-node-status-port", "--metric-resolution=15s",
        ],
        "livenessProbe": probe("/livez"), "readinessProbe": ready,
        "ports": [{ "containerPort": 10250, "name": "https", "protocol": "TCP" }],
        "resources": { "requests": { "cpu": "100m", "memory": "200Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": 1000,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "volumeMounts": [{ "mountPath": "/tmp", "name": "tmp-dir" }],
    })
}

fn deployment() -> Value {
    let labels = json!({ "k8s-app": "metrics-server" });
    let rest = json!({
        "spec": {
            "selector": { "matchLabels": labels },
            "strategy": { "rollingUpdate": { "maxUnavailable": 0 } },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "containers": [container()],
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "priorityClassName": "system-cluster-critical",
                    "serviceAccountName": "metrics-server",
                    "volumes": [{ "emptyDir": {}, "name": "tmp-dir" }],
                },
            },
        },
    });
    object("apps/v1", "Deployment", "metrics-server", NAMESPACE, rest)
}

/// All objects in the manifest's order.
pub(super) fn objects() -> Vec<(&'static str, Value)> {
    let service = json!({
        "spec": {
            "ports": [
                { "appProtocol": "https", "name": "https", "port": 443, "protocol": "TCP", "targetPort": "https" },
            ],
            "selector": { "k8s-app": "metrics-server" },
        },
    });
    let api = json!({
        "spec": {
            "group": "metrics.k8s.io", "groupPriorityMinimum": 100, "insecureSkipTLSVerify": true,
            "service": { "name": "metrics-server", "namespace": NAMESPACE },
            "version": "v1beta1", "versionPriority": 100,
        },
    });
    let delegator = ("ClusterRole", "system:auth-delegator");
    let authentication = ("Role", "extension-apiserver-authentication-reader");
    vec![
        ("serviceaccounts", object("v1", "ServiceAccount", "metrics-server", NAMESPACE, json!({}))),
        ("clusterroles.rbac.authorization.k8s.io", reader()),
        ("clusterroles.rbac.authorization.k8s.io", role()),
        (
            "rolebindings.rbac.authorization.k8s.io",
            binding("RoleBinding", "metrics-server-auth-reader", NAMESPACE, authentication),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("ClusterRoleBinding", "metrics-server:system:auth-delegator", "", delegator),
        ),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding(
                "ClusterRoleBinding",
                "system:metrics-server",
                "",
                ("ClusterRole", "system:metrics-server"),
            ),
        ),
        ("services", object("v1", "Service", "metrics-server", NAMESPACE, service)),
        ("deployments.apps", deployment()),
        (
            "apiservices.apiregistration.k8s.io",
            object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", "", api),
        ),
    ]
}
