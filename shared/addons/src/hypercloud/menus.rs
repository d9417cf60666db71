//! Which menus the console shows to whom (`ClusterMenuPolicy`). It looks for a policy with the name of the account, then
//! for `default`. It hides menus; what somebody may do is decided by RBAC alone.

use serde_json::{Value, json};

/// The resource.
pub(super) const RESOURCE: &str = "clustermenupolicies.ui.tmax.io";

/// An entry of a menu: name, type of link and where it leads.
type Entry = (&'static str, char, &'static str);

/// Thirteen menus in their order, with links to a place (`h`ref), a `n`amespaced or `c`luster-wide resource, or HyperAuth's
/// `a`dministration.
const MENUS: [(&str, &[Entry]); 13] = [
    (
        "home",
        &[
            ("status", 'h', "/status"),
            ("search", 'h', "/search"),
            ("audit", 'n', "audits"),
            ("event", 'n', "events"),
            ("grafana", 'h', "/grafana"),
        ],
    ),
    (
        "servicecatalog",
        &[
            ("servicebroker", 'n', "servicebrokers"),
            ("serviceclass", 'n', "serviceclasses"),
            ("serviceplan", 'n', "serviceplans"),
            ("clusterservicebroker", 'c', "clusterservicebrokers"),
            ("clusterserviceclass", 'c', "clusterserviceclasses"),
            ("clusterserviceplan", 'c', "clusterserviceplans"),
            ("serviceinstance", 'n', "serviceinstances"),
            ("servicebinding", 'n', "servicebindings"),
            ("catalogserviceclaim", 'n', "catalogserviceclaims"),
            ("template", 'n', "templates"),
            ("templateinstance", 'n', "templateinstances"),
        ],
    ),
    (
        "workload",
        &[
            ("pod", 'n', "pods"),
            ("deployment", 'n', "deployments"),
            ("replicaset", 'n', "replicasets"),
            ("horizontalpodautoscaler", 'n', "horizontalpodautoscalers"),
            ("daemonset", 'n', "daemonsets"),
            ("statefulset", 'n', "statefulsets"),
            ("virtualmachine", 'n', "virtualmachines"),
            ("virtualmachineinstance", 'n', "virtualmachineinstances"),
            ("configmap", 'n', "configmaps"),
            ("secret", 'n', "secrets"),
            ("job", 'n', "jobs"),
            ("cronjob", 'n', "cronjobs"),
        ],
    ),
    (
        "servicemesh",
        &[
            ("virtualservice", 'n', "virtualservices"),
            ("destinationrule", 'n', "destinationrules"),
            ("envoyfilter", 'n', "envoyfilters"),
            ("gateway", 'n', "gateways"),
            ("sidecar", 'n', "sidecars"),
            ("serviceentry", 'n', "serviceentries"),
            ("requestauthentication", 'n', "requestauthentications"),
            ("peerauthentication", 'n', "peerauthentications"),
            ("authorizationpolicy", 'n', "authorizationpolicies"),
            ("kiali", 'h', "/kiali"),
        ],
    ),
    ("network", &[("ingress", 'n', "ingresses"), ("service", 'n', "services")]),
    (
        "storage",
        &[
            ("storageclass", 'c', "storageclasses"),
            ("datavolume", 'n', "datavolumes"),
            ("persistentvolumeclaim", 'n', "persistentvolumeclaims"),
            ("persistentvolume", 'c', "persistentvolumes"),
        ],
    ),
    (
        "cicd",
        &[
            ("task", 'n', "tasks"),
            ("taskrun", 'n', "taskruns"),
            ("pipeline", 'n', "pipelines"),
            ("pipelinerun", 'n', "pipelineruns"),
            ("approval", 'n', "approvals"),
            ("pipelineresource", 'n', "pipelineresources"),
            ("condition", 'n', "conditions"),
        ],
    ),
    (
        "aiops",
        &[
            ("notebook", 'n', "notebooks"),
            ("experiment", 'n', "experiments"),
            ("inferenceservice", 'n', "inferenceservices"),
            ("trainingjob", 'n', "trainingjobs"),
            ("workflowtemplate", 'n', "workflowtemplates"),
            ("workflow", 'n', "workflows"),
        ],
    ),
    (
        "security",
        &[
            ("podsecuritypolicy", 'c', "podsecuritypolicies"),
            ("networkpolicy", 'n', "networkpolicies"),
        ],
    ),
    ("image", &[("registry", 'n', "registries")]),
    (
        "management",
        &[
            ("namespace", 'c', "namespaces"),
            ("namespaceclaim", 'c', "namespaceclaims"),
            ("limitrange", 'n', "limitranges"),
            ("resourcequota", 'n', "resourcequotas"),
            ("resourcequotaclaim", 'n', "resourcequotaclaims"),
            ("customresourcedefinition", 'c', "customresourcedefinitions"),
        ],
    ),
    ("host", &[("node", 'c', "nodes")]),
    (
        "auth",
        &[
            ("role", 'n', "roles"),
            ("rolebinding", 'n', "rolebindings"),
            ("rolebindingclaim", 'n', "rolebindingclaims"),
            ("user", 'a', "users"),
            ("usergroup", 'a', "usergroups"),
            ("serviceaccount", 'n', "serviceaccounts"),
        ],
    ),
];

/// The two policies that are shipped: the administrator sees everything, everybody else all but users and their groups.
pub(super) fn policies() -> Vec<Value> {
    vec![policy("admin-tmax.co.kr", true), policy("default", false)]
}

fn policy(name: &str, users: bool) -> Value {
    let entry = |(name, kind, place): &Entry| {
        let kind = match kind {
            'h' => "hreflink",
            'n' => "resourcenslink",
            'c' => "resourceclusterlink",
            _ => "authadminlink",
        };
        json!({ "name": name, "type": kind, "href": place })
    };
    let menus: Vec<Value> = MENUS
        .iter()
        .map(|(name, entries)| {
            let shown = entries.iter().filter(|(_, kind, _)| users || *kind != 'a');
            json!({ "name": name, "menu": shown.map(entry).collect::<Vec<_>>() })
        })
        .collect();
    json!({
        "apiVersion": "ui.tmax.io/v1", "kind": "ClusterMenuPolicy", "metadata": { "name": name },
        "menus": menus,
    })
}
