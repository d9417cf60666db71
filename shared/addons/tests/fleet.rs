//! The machines of the proof of concept in the embedded cluster.
#![expect(
    clippy::needless_raw_string_hashes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and says so by failing"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

fn fleet() -> Cluster {
    let config = ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 3,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    };
    let mut cluster = Cluster::furnished(config, addons::profile("hypercloud-4.1").unwrap());
    cluster.advance(Duration::from_mins(2));
    cluster
}

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut request = http::Request::builder().method(method).uri(path).body(body).unwrap();
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) => serde_json::from_slice(response.body()).unwrap_or_default(),
        EngineAnswer::Stream(_) => Value::Null,
    }
}

fn list(cluster: &mut Cluster, path: &str) -> Vec<Value> {
    send(cluster, "GET", path, &Value::Null)["items"].as_array().unwrap().clone()
}

#[test]
fn the_fleet_has_twenty_seven_machines_of_four_kinds() {
    let mut cluster = fleet();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for node in list(&mut cluster, "/api/v1/nodes") {
        let roles: Vec<&str> = node["metadata"]["labels"]
            .as_object()
            .unwrap()
            .keys()
            .filter_map(|key| key.strip_prefix("node-role.kubernetes.io/"))
            .collect();
        let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let taints: Vec<&str> = taints.iter().map(|taint| taint["key"].as_str().unwrap()).collect();
        let gpus = node["status"]["allocatable"]["nvidia.com/gpu"].as_str().unwrap_or("0");
        let info = &node["status"]["nodeInfo"];
        let kind = format!(
            "{} taints={taints:?} gpus={gpus} {} {}",
            roles.join(","),
            info["osImage"].as_str().unwrap(),
            info["containerRuntimeVersion"].as_str().unwrap()
        );
        *kinds.entry(kind).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    expect![[r#"
        3 control-plane taints=["node-role.kubernetes.io/control-plane"] gpus=0 ProLinux 7.7 cri-o://1.36.0
        2 gpu taints=["nvidia.com/gpu"] gpus=2 ProLinux 7.7 cri-o://1.36.0
        6 storage taints=["node-role.kubernetes.io/storage"] gpus=0 ProLinux 7.7 cri-o://1.36.0
        16 worker taints=[] gpus=0 ProLinux 7.7 cri-o://1.36.0"#]].assert_eq(&kinds.join("\n"));
}

#[test]
fn every_pod_of_the_system_runs_where_it_belongs() {
    let mut cluster = fleet();
    let pods = list(&mut cluster, "/api/v1/pods");
    let waiting: Vec<String> = pods
        .iter()
        .filter(|pod| pod["status"]["phase"] != "Running")
        .map(|pod| format!("{} {}", pod["metadata"]["name"], pod["status"]))
        .collect();
    assert_eq!(waiting, Vec::<String>::new());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for pod in &pods {
        let node = pod["spec"]["nodeName"].as_str().unwrap().split('-').next().unwrap();
        let image = pod["spec"]["containers"][0]["name"].as_str().unwrap();
        // Which worker runs what is for the scheduler.
        *counts.entry(format!("{image} on {node}")).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    expect![[r#"
        2 calico-node on gpu
        3 calico-node on master
        6 calico-node on storage
        16 calico-node on worker
        2 coredns on worker
        3 etcd on master
        1 hyperauth on worker
        1 hypercloud4-operator on worker
        1 hypercloud4-webhook on worker
        3 kube-apiserver on master
        3 kube-controller-manager on master
        2 kube-proxy on gpu
        3 kube-proxy on master
        6 kube-proxy on storage
        16 kube-proxy on worker
        3 kube-scheduler on master
        1 metrics-server on worker
        3 mon on storage
        6 osd on storage"#]]
    .assert_eq(&counts.join("\n"));
    assert!(pods.iter().all(|pod| {
        pod["status"]["containerStatuses"][0]["containerID"]
            .as_str()
            .unwrap()
            .starts_with("cri-o://")
    }));
}

#[test]
fn a_pod_that_wants_a_gpu_goes_to_one_of_two_machines_and_ceph_gives_disks() {
    let mut cluster = fleet();
    for name in ["one", "two", "three"] {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
            "spec": {
                "tolerations": [{ "key": "nvidia.com/gpu", "operator": "Exists" }],
                "containers": [{
                    "name": "main", "image": "busybox:1.36", "command": ["sleep", "infinity"],
                    "resources": { "limits": { "nvidia.com/gpu": "2" } },
                }],
            },
        });
        send(&mut cluster, "POST", "/api/v1/namespaces/default/pods", &pod);
    }
    for class in ["ssd-ceph-block", "csi-cephfs-sc"] {
        let claim = json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": class },
            "spec": {
                "storageClassName": class, "accessModes": ["ReadWriteMany"],
                "resources": { "requests": { "storage": "1Gi" } },
            },
        });
        send(&mut cluster, "POST", "/api/v1/namespaces/default/persistentvolumeclaims", &claim);
    }
    cluster.advance(Duration::from_secs(30));
    let mut nodes: Vec<String> = list(&mut cluster, "/api/v1/namespaces/default/pods")
        .iter()
        .map(|pod| pod["spec"]["nodeName"].as_str().unwrap_or("-").to_owned())
        .collect();
    nodes.sort();
    assert_eq!(nodes, ["-", "gpu-1", "gpu-2"]);
    let drivers: Vec<String> = list(&mut cluster, "/api/v1/persistentvolumes")
        .iter()
        .map(|volume| volume["spec"]["csi"]["driver"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(drivers.len(), 2);
    assert!(drivers.iter().any(|driver| driver == "rook-ceph.rbd.csi.ceph.com"));
    assert!(drivers.iter().any(|driver| driver == "rook-ceph.cephfs.csi.ceph.com"));
}
