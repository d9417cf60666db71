//! The real controllers, scheduler and kubelet at our API server: they bring workloads to Running with real
//! containers, and complain about nothing that they do not also complain about at the real one. Needs root.

use std::collections::BTreeSet;

use clients::Podium;
use clients::side::{Side, errors, errors_of_races};
use realcluster::{Component, NodeTier, Place};

const BOTH: [Component; 2] = [Component::Controllers, Component::Scheduler];

/// What is done and asked on each of the two; the answers must be the same. They are lines of a shell.
const STEPS: &[&str] = &[
    "apply -f $MANIFESTS/joined.yaml",
    "wait --for=jsonpath={.status.phase}=Bound persistentvolumeclaim/data --timeout=120s",
    "wait --for=condition=Available deployment/deployment --timeout=120s",
    "wait --for=jsonpath={.status.readyReplicas}=2 statefulset/stateful --timeout=120s",
    "wait --for=jsonpath={.status.numberReady}=1 daemonset/daemon --timeout=120s",
    "wait --for=condition=Complete job/job --timeout=120s",
    // Its image is there by now, so that nothing is pulled on one of the two only.
    "apply -f $MANIFESTS/mounts.yaml",
    "wait --for=condition=Ready pod/claims --timeout=120s",
    "wait --for=create job -l app=cron --timeout=120s",
    "wait --for=condition=Complete job -l app=cron --timeout=120s",
    "get pods -l app!=cron -o custom-columns=NAME:.metadata.name,PHASE:.status.phase,NODE:.spec.nodeName,QOS:.status.qosClass,READY:.status.containerStatuses[*].ready",
    "get deployments,statefulsets,daemonsets -o custom-columns=KIND:.kind,NAME:.metadata.name,READY:.status.readyReplicas,READY:.status.numberReady",
    "get persistentvolumeclaims,persistentvolumes -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
    "get jobs job -o jsonpath='{.status.succeeded} {.status.conditions[*].type}'",
    "get events --field-selector involvedObject.name=claims,reason!=Unhealthy -o custom-columns=TYPE:.type,REASON:.reason,FROM:.source.component",
    "get node node-1 -o jsonpath='{.status.conditions[*].type} {.status.nodeInfo.kubeletVersion} {.spec.taints}'",
    "get leases -n kube-node-lease -o name",
    "get csinodes -o custom-columns=NAME:.metadata.name,OWNER:.metadata.ownerReferences[*].name",
    "delete -f $MANIFESTS/mounts.yaml -f $MANIFESTS/joined.yaml --cascade=foreground --timeout=120s",
    "get pods",
];

/// How client-go and the components tell that they were refused, or did not understand an answer. Whatever else they
/// write is about the node itself, or about what other clients did meanwhile, which is up to chance.
const BLAME: [&str; 15] = [
    "could not ",
    "decod",
    "failed to list",
    "failed to watch",
    "Failed to watch",
    "forbidden",
    "invalid",
    "nauthorized",
    "no kind",
    "rejected",
    "the server ",
    "unexpected",
    "unknown",
    "unsupported",
    "validation",
];

/// Asking after a pod that was deleted a moment ago: the node authorizer of both servers allows a node the pods that
/// are there (`authorizePod` in plugin/pkg/auth/authorizer/node/node_authorizer.go), and a kubelet may ask once more
/// before it hears of the deletion, or not.
const BY_CHANCE: [&str; 2] = ["Failed to get status for pod", "no relationship found between node"];

/// The errors that an API server is to blame for.
fn complaints(log: &str) -> BTreeSet<String> {
    let mut found = errors(log);
    found.retain(|error| BLAME.iter().any(|word| error.contains(word)));
    found.retain(|error| !BY_CHANCE.iter().all(|words| error.contains(words)));
    found
}

#[test]
fn the_real_kubelet_cannot_tell() {
    let place = Place::make().expect("a place for a node");
    let keys = place.keys();
    let authority = keys.join("ca.crt").display().to_string();
    let podium = Podium::start_at(
        &format!("{}:0", place.address()),
        &["--controllers", "none", "--nodes", "0", "--client-ca-file", &authority],
    )
    .expect("podium");
    let joined = place.join(&podium.kubeconfig()).expect("a node");
    let real = NodeTier::start().expect("a cluster with a node");
    let mut ours = Side::of("podium", podium.kubeconfig()).expect("kubectl");
    let mut theirs = Side::of("the real one", real.kubeconfig()).expect("kubectl");
    std::thread::scope(|both| {
        for one in [&mut ours, &mut theirs] {
            both.spawn(|| STEPS.iter().for_each(|step| one.run(step).expect("a step")));
        }
    });
    assert_eq!(ours.answers, theirs.answers, "ours, theirs");
    let mut expected = errors_of_races();
    expected.extend(complaints(&real.kubelet_log().expect("a log")));
    let mut found = complaints(&joined.kubelet_log().expect("a log"));
    for component in BOTH {
        expected.extend(complaints(&real.log(component).expect("a log")));
        found.extend(complaints(&joined.log(component).expect("a log")));
    }
    let more: Vec<&String> = found.difference(&expected).collect();
    assert!(more.is_empty(), "only at podium:\n{more:#?}");
}
