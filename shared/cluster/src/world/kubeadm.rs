//! What kubeadm puts into kube-system: CoreDNS, kube-proxy, and the control plane as static pods
//! (`cmd/kubeadm/app/phases`).

mod static_pods;

use serde_json::{Value, json};

pub(crate) use self::static_pods::{NAME as STATIC_PODS, StaticPods};

const NAMESPACE: &str = "kube-system";
const RBAC: &str = "rbac.authorization.k8s.io/v1";
/// Where CoreDNS answers.
const DNS: &str = "10.96.0.10";
/// What pods of the system tolerate.
const CRITICAL: &str = "system-node-critical";

const COREFILE: &str = r".:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
";

/// All objects: resource and object.
pub(super) fn objects() -> Vec<(&'static str, Value)> {
    let account = |name: &str| {
        json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": { "name": name, "namespace": NAMESPACE },
        })
    };
    vec![
        ("serviceaccounts", account("coredns")),
        ("configmaps", corefile()),
        ("clusterroles.rbac.authorization.k8s.io", dns_role()),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("system:coredns", "system:coredns", "coredns"),
        ),
        ("services", dns_service()),
        ("deployments.apps", coredns()),
        ("serviceaccounts", account("kube-proxy")),
        ("configmaps", proxy_settings()),
        (
            "clusterrolebindings.rbac.authorization.k8s.io",
            binding("kubeadm:node-proxier", "system:node-proxier", "kube-proxy"),
        ),
        ("daemonsets.apps", proxy()),
    ]
}

fn binding(name: &str, role: &str, account: &str) -> Value {
    json!({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": { "name": name },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": [{ "kind": "ServiceAccount", "name": account, "namespace": NAMESPACE }],
    })
}

fn corefile() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "coredns", "namespace": NAMESPACE },
        "data": { "Corefile": COREFILE },
    })
}

fn dns_role() -> Value {
    json!({
        "apiVersion": RBAC, "kind": "ClusterRole", "metadata": { "name": "system:coredns" },
        "rules": [
            {
                "apiGroups": [""], "resources": ["endpoints", "services", "pods", "namespaces"],
                "verbs": ["list", "watch"],
            },
            { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"] },
        ],
    })
}

fn dns_service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {
            "name": "kube-dns", "namespace": NAMESPACE,
            "labels": { "k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS" },
            "annotations": { "prometheus.io/port": "9153", "prometheus.io/scrape": "true" },
        },
        "spec": {
            "clusterIP": DNS, "selector": { "k8s-app": "kube-dns" },
            "ports": [
                { "name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53 },
                { "name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53 },
                { "name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153 },
            ],
        },
    })
}

fn coredns() -> Value {
    let get = |path: &str, port: &str| json!({ "path": path, "port": port, "scheme": "HTTP" });
    let container = json!({
        "name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.13.1",
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "resources": { "limits": { "memory": "170Mi" }, "requests": { "cpu": "100m", "memory": "70Mi" } },
        "ports": [
            { "containerPort": 53, "name": "dns", "protocol": "UDP" },
            { "containerPort": 53, "name": "dns-tcp", "protocol": "TCP" },
            { "containerPort": 9153, "name": "metrics", "protocol": "TCP" },
            { "containerPort": 8080, "name": "liveness-probe", "protocol": "TCP" },
            { "containerPort": 8181, "name": "readiness-probe", "protocol": "TCP" },
        ],
        "livenessProbe": {
            "httpGet": get("/health", "liveness-probe"), "initialDelaySeconds": 60,
            "timeoutSeconds": 5, "successThreshold": 1, "failureThreshold": 5,
        },
        "readinessProbe": { "httpGet": get("/ready", "readiness-probe") },
        "securityContext": {
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
            "capabilities": { "add": ["NET_BIND_SERVICE"], "drop": ["ALL"] },
        },
        "volumeMounts": [{ "name": "config-volume", "mountPath": "/etc/coredns", "readOnly": true }],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "coredns", "namespace": NAMESPACE, "labels": { "k8s-app": "kube-dns" } },
        "spec": {
            "replicas": 2,
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1 } },
            "selector": { "matchLabels": { "k8s-app": "kube-dns" } },
            "template": {
                "metadata": { "labels": { "k8s-app": "kube-dns" } },
                "spec": {
                    "priorityClassName": "system-cluster-critical", "serviceAccountName": "coredns",
                    "tolerations": [
                        { "key": "CriticalAddonsOnly", "operator": "Exists" },
                        { "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" },
                    ],
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "containers": [container], "dnsPolicy": "Default",
                    "volumes": [{
                        "name": "config-volume",
                        "configMap": { "name": "coredns", "items": [{ "key": "Corefile", "path": "Corefile" }] },
                    }],
                },
            },
        },
    })
}

fn proxy_settings() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "kube-proxy", "namespace": NAMESPACE, "labels": { "app": "kube-proxy" } },
        "data": {
            "config.conf": "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: 10.244.0.0/16\nmode: \"\"\n",
        },
    })
}

fn proxy() -> Value {
    let container = json!({
        "name": "kube-proxy", "image": "registry.k8s.io/kube-proxy:v1.36.3",
        "imagePullPolicy": "IfNotPresent",
        "command": [
            "/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
            "--hostname-override=$(NODE_NAME)",
        ],
        "env": [{ "name": "NODE_NAME", "valueFrom": { "fieldRef": { "fieldPath": "spec.nodeName" } } }],
        "securityContext": { "privileged": true },
        "volumeMounts": [{ "mountPath": "/var/lib/kube-proxy", "name": "kube-proxy" }],
    });
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "kube-proxy", "namespace": NAMESPACE, "labels": { "k8s-app": "kube-proxy" } },
        "spec": {
            "selector": { "matchLabels": { "k8s-app": "kube-proxy" } },
            "updateStrategy": { "type": "RollingUpdate" },
            "template": {
                "metadata": { "labels": { "k8s-app": "kube-proxy" } },
                "spec": {
                    "priorityClassName": CRITICAL, "serviceAccountName": "kube-proxy",
                    "hostNetwork": true, "nodeSelector": { "kubernetes.io/os": "linux" },
                    "tolerations": [{ "operator": "Exists" }],
                    "containers": [container],
                    "volumes": [{ "name": "kube-proxy", "configMap": { "name": "kube-proxy" } }],
                },
            },
        },
    })
}
