//! What kubeadm puts into kube-system.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic and says so by failing; expected texts are written by the test"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::Value;

fn send(cluster: &mut Cluster, method: &str, path: &str) -> Value {
    let mut request = http::Request::builder().method(method).uri(path).body(Vec::new()).unwrap();
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) => serde_json::from_slice(response.body()).unwrap_or_default(),
        EngineAnswer::Stream(_) => Value::Null,
    }
}

fn cluster() -> Cluster {
    let config = ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 2,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    };
    let mut cluster = Cluster::furnished(config, System { kubeadm: true, ..System::default() });
    cluster.advance(Duration::from_secs(30));
    cluster
}

fn pods(cluster: &mut Cluster) -> String {
    let list = send(cluster, "GET", "/api/v1/namespaces/kube-system/pods");
    let mut lines: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| {
            format!(
                "{} {} {} ready={} {}",
                pod["metadata"]["name"].as_str().unwrap(),
                pod["spec"]["nodeName"].as_str().unwrap_or("-"),
                pod["status"]["phase"].as_str().unwrap_or("-"),
                pod["status"]["containerStatuses"][0]["ready"],
                pod["status"]["podIP"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn kube_system_has_dns_proxies_and_the_control_plane() {
    let mut cluster = cluster();
    expect![[r#"
        coredns-8bfd984cd5-drw7s worker-2 Running ready=true 10.244.2.2
        coredns-8bfd984cd5-qkjv5 worker-1 Running ready=true 10.244.1.2
        etcd-control-plane control-plane Running ready=true 172.18.0.2
        kube-apiserver-control-plane control-plane Running ready=true 172.18.0.2
        kube-controller-manager-control-plane control-plane Running ready=true 172.18.0.2
        kube-proxy-ktrfh worker-1 Running ready=true 172.18.0.3
        kube-proxy-w42fg control-plane Running ready=true 172.18.0.2
        kube-proxy-zlrdr worker-2 Running ready=true 172.18.0.4
        kube-scheduler-control-plane control-plane Running ready=true 172.18.0.2"#]]
    .assert_eq(&pods(&mut cluster));
    let slices = send(
        &mut cluster,
        "GET",
        "/apis/discovery.k8s.io/v1/namespaces/kube-system/endpointslices",
    );
    expect!["2"].assert_eq(&slices["items"][0]["endpoints"].as_array().unwrap().len().to_string());
}

#[test]
fn a_mirror_pod_that_is_deleted_comes_back() {
    let mut cluster = cluster();
    let path = "/api/v1/namespaces/kube-system/pods/etcd-control-plane";
    let before = send(&mut cluster, "GET", path)["metadata"]["uid"].clone();
    send(&mut cluster, "DELETE", path);
    cluster.advance(Duration::from_secs(40));
    let after = send(&mut cluster, "GET", path);
    assert_ne!(before, after["metadata"]["uid"]);
    assert_eq!(after["status"]["phase"], "Running", "{after}");
}

#[test]
fn every_kubelet_renews_its_lease_and_tells_that_it_lives() {
    let mut cluster = cluster();
    cluster.advance(Duration::from_hours(1));
    let leases =
        send(&mut cluster, "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases");
    let renewed: Vec<String> = leases["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {}", one["spec"]["holderIdentity"], one["spec"]["renewTime"]))
        .collect();
    expect![[r#"
        2026-09-21T15:13:50Z now
        "control-plane" "2026-09-21T15:13:50.000000Z"
        "worker-1" "2026-09-21T15:13:50.000000Z"
        "worker-2" "2026-09-21T15:13:50.000000Z""#]]
    .assert_eq(&format!("{} now\n{}", cluster.now(), renewed.join("\n")));
    let node = send(&mut cluster, "GET", "/api/v1/nodes/worker-1");
    expect![[r#"{"lastHeartbeatTime":"2026-09-21T15:13:20Z","lastTransitionTime":"2026-09-21T14:13:20Z","message":"kubelet is posting ready status","reason":"KubeletReady","status":"True","type":"Ready"}"#]].assert_eq(&node["status"]["conditions"][3].to_string());
}
