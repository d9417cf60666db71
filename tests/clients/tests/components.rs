//! The real controllers and scheduler at our API server: they bring workloads as far as there are kubelets, and
//! complain about nothing that they do not also complain about at the real one.

use std::collections::BTreeSet;

use clients::Podium;
use clients::side::{Side, errors, errors_of_races, races};
use expect_test::expect_file;
use realcluster::{Component, Components, ControlPlane};

const BOTH: [Component; 2] = [Component::Controllers, Component::Scheduler];

/// What is done and asked on each of the two; the answers must be the same. They are lines of a shell.
const STEPS: &[&str] = &[
    // A token that the controllers sign, with a key of theirs.
    "create -f $MANIFESTS/token.yaml",
    "wait --for=jsonpath={.data.token} secret/token --timeout=60s",
    "create -o jsonpath='{.status.authenticated} {.status.user.username} {.status.error}' -f - <<END
{apiVersion: authentication.k8s.io/v1, kind: TokenReview,
 spec: {token: \"$(kubectl get secret token -o jsonpath={.data.token} | base64 -d)\"}}
END",
    "create -f $MANIFESTS/nodes.yaml",
    "replace --subresource=status -f $MANIFESTS/nodes.yaml",
    "apply -f $MANIFESTS/workloads.yaml",
    "wait --for=jsonpath={.status.phase}=Bound persistentvolumeclaim/data --timeout=60s",
    "apply -f $MANIFESTS/claims.yaml",
    "wait --for=create pod/stateful-0 --timeout=60s",
    "wait --for=condition=PodScheduled pod -l made=here --timeout=60s",
    // Without a kubelet, somebody else says that a pod runs or has ended.
    "patch pod stateful-0 --subresource=status --patch-file $MANIFESTS/ready.yaml",
    "wait --for=create pod/stateful-1 --timeout=60s",
    // Now: nobody renews the nodes' leases, and what is on a node is no longer ready when it was silent for 50 s.
    "wait --for=jsonpath={.status.readyReplicas}=1 statefulset/stateful --timeout=60s",
    "patch $(kubectl get pod -l app=job -o name) --subresource=status --patch-file $MANIFESTS/ended.yaml",
    "wait --for=condition=PodScheduled pod/stateful-1 --timeout=60s",
    "wait --for=create job -l app=cron --timeout=90s",
    "wait --for=condition=PodScheduled pod -l app=cron --timeout=60s",
    "get deployments,statefulsets,daemonsets -o custom-columns=KIND:.kind,NAME:.metadata.name,PODS:.status.replicas,WANTED:.status.desiredNumberScheduled,SEEN:.status.observedGeneration",
    "get persistentvolumeclaims,persistentvolumes -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
    "get endpointslices -l app=deployment -o jsonpath='{.items[*].ports}{.items[*].endpoints}'",
    "scale deployment deployment --replicas=0",
    "wait --for=jsonpath={.status.observedGeneration}=2 deployment/deployment --timeout=60s",
    "create namespace going",
    "wait --for=create serviceaccount/default -n going --timeout=60s",
    "create configmap left -n going",
    "delete namespace going --timeout=60s",
    "delete -f $MANIFESTS/claims.yaml --grace-period=0 --force",
    "delete -f $MANIFESTS/workloads.yaml --cascade=orphan --wait=false",
];

#[test]
fn the_real_controllers_and_scheduler_cannot_tell() {
    let real = ControlPlane::start().expect("a control plane");
    let keys = std::env::temp_dir().join(format!("podium-components-{}", std::process::id()));
    let program = realcluster::programs::control_plane().expect("the real Kubernetes");
    realcluster::make_keys(&program, &keys, &["127.0.0.1"]).expect("keys");
    let key = format!("--service-account-key-file={}", keys.join("sa.pub").display());
    let podium = Podium::start(&["--controllers", "none", "--nodes", "0", &key]).expect("podium");
    let components = Components::start(&podium.kubeconfig(), &BOTH, &keys).expect("the components");
    let mut ours = Side::of("podium", podium.kubeconfig()).expect("kubectl");
    let mut theirs = Side::of("the real one", real.kubeconfig()).expect("kubectl");
    std::thread::scope(|both| {
        for one in [&mut ours, &mut theirs] {
            both.spawn(|| STEPS.iter().for_each(|step| one.run(step).expect("a step")));
        }
    });
    let mut expected = BTreeSet::new();
    let mut found = BTreeSet::new();
    for component in BOTH {
        expected.extend(errors(&real.log(component).expect("a log")));
        found.extend(errors(&components.log(component).expect("a log")));
    }
    assert_eq!(ours.answers, theirs.answers, "ours, theirs");
    // What is only written when a race goes one way was seen on the real one before; UPDATE_EXPECT adds to it.
    expected.extend(errors_of_races());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let all: Vec<&str> = expected.iter().map(String::as_str).collect();
        expect_file![races()].assert_eq(&(all.join("\n") + "\n"));
    }
    let more: Vec<&String> = found.difference(&expected).collect();
    assert!(more.is_empty(), "only at podium:\n{more:#?}");
}
