//! The node tier runs real pods. Needs root.

use std::process::Output;

use realcluster::NodeTier;

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|part| String::from_utf8_lossy(part)).concat()
}

fn kubectl(tier: &NodeTier, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    said(&tier.kubectl(&words).expect("kubectl"))
}

#[test]
fn pods_run_answer_log_and_are_told_when_an_image_is_missing() {
    let tier = NodeTier::start().expect("a cluster with a node");
    kubectl(&tier, "create deployment web --image=nginx --replicas=2");
    kubectl(&tier, "expose deployment web --port=80");
    kubectl(&tier, "run shell --image=alpine:3.22 -- sleep 1000");
    kubectl(&tier, "run absent --image=nginx:0.1");
    let rolled = kubectl(&tier, "rollout status deployment web --timeout=90s");
    assert!(rolled.ends_with("deployment \"web\" successfully rolled out\n"), "{rolled}");
    assert_eq!(
        kubectl(&tier, "wait --for=condition=Ready pod/shell --timeout=60s"),
        "pod/shell condition met\n"
    );
    let address = kubectl(&tier, "get service web -o jsonpath={.spec.clusterIP}");
    let page = kubectl(&tier, &format!("exec shell -- wget -q -O - http://{address}"));
    assert!(page.contains("Welcome to nginx!"), "{page}");
    let refused = kubectl(&tier, "exec shell -- false");
    assert!(refused.contains("command terminated with exit code"), "{refused}");
    let logs = kubectl(&tier, "logs -l app=web --prefix");
    assert!(logs.contains("response:200"), "{logs}");
    let waiting = "jsonpath={.status.containerStatuses[0].state.waiting.reason}";
    let missing =
        kubectl(&tier, &format!("wait --for={waiting}=ErrImagePull pod/absent --timeout=60s"));
    assert_eq!(missing, "pod/absent condition met\n");
    assert_eq!(
        kubectl(&tier, "delete pod shell absent --now"),
        "pod \"shell\" deleted from default namespace\npod \"absent\" deleted from default namespace\n"
    );
    drop(tier);
    let namespaces = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
    let ours = format!("podium-{}-", std::process::id());
    let left: Vec<_> = namespaces.map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(&ours)), "{left:?}");
}
