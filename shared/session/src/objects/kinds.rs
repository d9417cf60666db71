//! The kinds that the page shows.

/// A kind and where its objects are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// For example `apps/v1`.
    pub(crate) api_version: &'static str,
    /// For example `Deployment`.
    pub(crate) kind: &'static str,
    /// Plural in paths.
    pub(crate) resource: &'static str,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
    /// Selector that leaves out what every cluster is born with.
    pub(crate) selector: &'static str,
}

/// RBAC objects of the API server itself.
const NOT_BORN_WITH: &str = "kubernetes.io/bootstrapping!=rbac-defaults";

/// Another kind is one more line here.
pub(crate) const KINDS: [Kind; 25] = [
    cluster("v1", "Namespace", "namespaces", ""),
    cluster("v1", "Node", "nodes", ""),
    namespaced("v1", "Pod", "pods", ""),
    namespaced("v1", "Service", "services", ""),
    namespaced("v1", "ConfigMap", "configmaps", ""),
    namespaced("v1", "Secret", "secrets", ""),
    namespaced("v1", "ServiceAccount", "serviceaccounts", ""),
    namespaced("v1", "ResourceQuota", "resourcequotas", ""),
    namespaced("v1", "LimitRange", "limitranges", ""),
    namespaced("v1", "Event", "events", ""),
    namespaced("apps/v1", "Deployment", "deployments", ""),
    namespaced("apps/v1", "ReplicaSet", "replicasets", ""),
    namespaced("apps/v1", "StatefulSet", "statefulsets", ""),
    namespaced("apps/v1", "DaemonSet", "daemonsets", ""),
    namespaced("batch/v1", "Job", "jobs", ""),
    namespaced("batch/v1", "CronJob", "cronjobs", ""),
    namespaced("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", ""),
    namespaced("v1", "PersistentVolumeClaim", "persistentvolumeclaims", ""),
    cluster("v1", "PersistentVolume", "persistentvolumes", ""),
    namespaced("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", ""),
    namespaced("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", ""),
    namespaced("rbac.authorization.k8s.io/v1", "Role", "roles", NOT_BORN_WITH),
    namespaced("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", NOT_BORN_WITH),
    cluster("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", NOT_BORN_WITH),
    cluster(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        "clusterrolebindings",
        NOT_BORN_WITH,
    ),
];

const fn namespaced(
    api_version: &'static str,
    kind: &'static str,
    resource: &'static str,
    selector: &'static str,
) -> Kind {
    Kind { api_version, kind, resource, namespaced: true, selector }
}

const fn cluster(
    api_version: &'static str,
    kind: &'static str,
    resource: &'static str,
    selector: &'static str,
) -> Kind {
    Kind { api_version, kind, resource, namespaced: false, selector }
}

impl Kind {
    /// The path of its collection.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "/apis/" } else { "/api/" };
        let namespace = namespace.map(|name| format!("/namespaces/{name}")).unwrap_or_default();
        format!("{root}{}{namespace}/{}", self.api_version, self.resource)
    }

    /// The query that selects what is shown.
    pub(crate) fn query(&self) -> String {
        let selector = self.selector.replace('!', "%21").replace('=', "%3D").replace('/', "%2F");
        if selector.is_empty() { String::new() } else { format!("&labelSelector={selector}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        let path = |kind: &str, namespace| {
            KINDS.iter().find(|known| known.kind == kind).unwrap().path(namespace)
        };
        assert_eq!(path("Pod", None), "/api/v1/pods");
        assert_eq!(
            path("Role", Some("dev")),
            "/apis/rbac.authorization.k8s.io/v1/namespaces/dev/roles"
        );
    }
}
