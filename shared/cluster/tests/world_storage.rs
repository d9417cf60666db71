//! Claims and volumes: binding, provisioning, reclaiming, protection, and disks that outlive their pods.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fmt::Write as _;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer, StreamId};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

fn fresh() -> Cluster {
    Cluster::new(ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 2,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    })
}

fn raw(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> EngineAnswer {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(bytes)
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    cluster.handle(request)
}

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    match raw(cluster, method, path, body) {
        EngineAnswer::Full(response) => {
            serde_json::from_slice(response.body()).unwrap_or(Value::Null)
        }
        EngineAnswer::Stream(_) => panic!("a stream for {path}"),
    }
}

fn create(cluster: &mut Cluster, name: &str, spec: &Value) {
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": { "app": name } }, "spec": spec });
    let answer = send(cluster, "POST", "/api/v1/namespaces/default/pods", &pod);
    assert_eq!(answer["kind"], "Pod", "{answer:#}");
}

fn get(cluster: &mut Cluster, name: &str) -> Value {
    send(cluster, "GET", &format!("/api/v1/namespaces/default/pods/{name}"), &Value::Null)
}

fn open(cluster: &mut Cluster, pod: &str, flags: &str, command: &[&str]) -> StreamId {
    let mut query = flags.to_owned();
    for word in command {
        write!(query, "&command={}", apimachinery::request::percent_encode(word)).unwrap();
    }
    let path = format!("/api/v1/namespaces/default/pods/{pod}/exec?{query}");
    match raw(cluster, "GET", &path, &Value::Null) {
        EngineAnswer::Stream(response) => response.into_body(),
        EngineAnswer::Full(response) => panic!("{}", String::from_utf8_lossy(response.body())),
    }
}

/// Output, errors and exit code of a command, and how long it took.
fn exec(cluster: &mut Cluster, pod: &str, command: &[&str]) -> String {
    let stream = open(cluster, pod, "stdout=true&stderr=true", command);
    let before = cluster.now();
    let (mut text, mut code) = (String::new(), String::new());
    loop {
        let read = cluster.read_stream(stream);
        for chunk in read.chunks {
            let part = String::from_utf8_lossy(&chunk[1..]).into_owned();
            if chunk[0] == 3 {
                let status: Value = serde_json::from_str(&part).unwrap();
                code = status["details"]["causes"][0]["message"].as_str().unwrap_or("0").to_owned();
            } else {
                text.push_str(&part);
            }
        }
        if read.closed {
            break;
        }
        cluster.advance(Duration::from_millis(500));
    }
    format!("{text}= {code}, {} s\n", cluster.now().as_second() - before.as_second())
}

fn sh(cluster: &mut Cluster, pod: &str, script: &str) -> String {
    exec(cluster, pod, &["sh", "-c", script])
}

fn claims(name: &str) -> String {
    format!("/api/v1/namespaces/default/persistentvolumeclaims{name}")
}

fn claim(cluster: &mut Cluster, name: &str, class: &Value, size: &str) {
    let mut claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": size } } },
    });
    if !class.is_null() {
        claim["spec"]["storageClassName"] = class.clone();
    }
    let answer = send(cluster, "POST", &claims(""), &claim);
    assert_eq!(answer["kind"], "PersistentVolumeClaim", "{answer:#}");
}

fn class(cluster: &mut Cluster, name: &str, provisioner: &str, reclaim: &str) {
    let class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": name },
        "provisioner": provisioner, "reclaimPolicy": reclaim,
    });
    send(cluster, "POST", "/apis/storage.k8s.io/v1/storageclasses", &class);
}

fn volume(cluster: &mut Cluster, name: &str, size: &str) {
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": name },
        "spec": {
            "capacity": { "storage": size }, "accessModes": ["ReadWriteOnce", "ReadWriteMany"],
            "storageClassName": "manual", "hostPath": { "path": format!("/data/{name}") },
        },
    });
    send(cluster, "POST", "/api/v1/persistentvolumes", &volume);
}

fn events(cluster: &mut Cluster, name: &str) -> String {
    let all = send(cluster, "GET", "/api/v1/namespaces/default/events", &Value::Null);
    let mut text = String::new();
    for event in all["items"].as_array().unwrap() {
        let field = |name: &str| event[name].as_str().unwrap_or_default();
        if event["involvedObject"]["name"] == name {
            writeln!(text, "{} {}: {}", field("type"), field("reason"), field("message")).unwrap();
        }
    }
    text
}

/// Claims and volumes in one line each.
fn shown(cluster: &mut Cluster) -> String {
    let mut text = String::new();
    for path in [claims(""), "/api/v1/persistentvolumes".to_owned()] {
        let all = send(cluster, "GET", &path, &Value::Null);
        for one in all["items"].as_array().unwrap() {
            let going = if one["metadata"]["deletionTimestamp"].is_string() {
                " (terminating)"
            } else {
                ""
            };
            let size = [&one["status"]["capacity"]["storage"], &one["spec"]["capacity"]["storage"]];
            let size = size.iter().find_map(|one| one.as_str()).unwrap_or("-");
            let other = [&one["spec"]["volumeName"], &one["spec"]["claimRef"]["name"]];
            let other = other.iter().find_map(|one| one.as_str()).unwrap_or("-");
            writeln!(
                text,
                "{} {}{going} {size} {} -> {other}",
                one["metadata"]["name"].as_str().unwrap(),
                one["status"]["phase"].as_str().unwrap_or("?"),
                one["spec"]["storageClassName"],
            )
            .unwrap();
        }
    }
    text
}

fn user(cluster: &mut Cluster, name: &str, claim: &str) {
    create(
        cluster,
        name,
        &json!({
            "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": claim } }],
            "containers": [{
                "name": "main", "image": "busybox:1.37", "command": ["sleep", "infinity"],
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            }],
        }),
    );
}

fn waits(cluster: &mut Cluster, name: &str) -> String {
    let pod = get(cluster, name);
    let status = &pod["status"];
    format!(
        "{}: {}\n",
        status["phase"].as_str().unwrap(),
        status["conditions"][0]["message"].as_str().unwrap_or("-")
    )
}

#[test]
fn the_default_class_waits_for_a_pod_and_the_disk_outlives_it() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    claim(&mut cluster, "home-pvc", &Value::Null, "1Gi");
    cluster.advance(Duration::from_secs(5));
    let mut text = shown(&mut cluster);
    user(&mut cluster, "first", "home-pvc");
    cluster.advance(Duration::from_secs(10));
    text += &shown(&mut cluster);
    text += &events(&mut cluster, "home-pvc");
    text += &sh(&mut cluster, "first", "ls /data; echo kept > /data/file");
    send(
        &mut cluster,
        "DELETE",
        "/api/v1/namespaces/default/pods/first?gracePeriodSeconds=0",
        &Value::Null,
    );
    user(&mut cluster, "second", "home-pvc");
    cluster.advance(Duration::from_secs(10));
    text += &sh(&mut cluster, "second", "cat /data/file");
    let uid = send(&mut cluster, "GET", &claims("/home-pvc"), &Value::Null)["metadata"]["uid"]
        .as_str()
        .unwrap()
        .to_owned();
    expect![[r#"
        home-pvc Pending - "standard" -> -
        home-pvc Bound 1Gi "standard" -> pvc-UID
        pvc-UID Bound 1Gi "standard" -> home-pvc
        Normal WaitForFirstConsumer: waiting for first consumer to be created before binding
        Normal ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'disk.podium.local' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.
        Normal Provisioning: External provisioner is provisioning volume for claim "default/home-pvc"
        Normal ProvisioningSucceeded: Successfully provisioned volume pvc-UID
        = 0, 0 s
        kept
        = 0, 0 s
    "#]].assert_eq(&text.replace(&uid, "UID"));
}

#[test]
fn a_claim_in_use_is_protected_and_its_disk_goes_with_it() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    claim(&mut cluster, "home-pvc", &Value::Null, "1Gi");
    user(&mut cluster, "box", "home-pvc");
    cluster.advance(Duration::from_secs(10));
    let uid = send(&mut cluster, "GET", &claims("/home-pvc"), &Value::Null)["metadata"]["uid"]
        .as_str()
        .unwrap()
        .to_owned();
    send(&mut cluster, "DELETE", &claims("/home-pvc"), &Value::Null);
    cluster.advance(Duration::from_secs(5));
    let mut text = shown(&mut cluster);
    send(
        &mut cluster,
        "DELETE",
        "/api/v1/namespaces/default/pods/box?gracePeriodSeconds=0",
        &Value::Null,
    );
    cluster.advance(Duration::from_secs(10));
    text += "--\n";
    text += &shown(&mut cluster);
    expect![[r#"
        home-pvc Bound (terminating) 1Gi "standard" -> pvc-UID
        pvc-UID Bound 1Gi "standard" -> home-pvc
        --
    "#]]
    .assert_eq(&text.replace(&uid, "UID"));
}

#[test]
fn a_claim_takes_the_smallest_volume_that_suits_and_leaves_it_released() {
    let mut cluster = fresh();
    for (name, size) in [("big", "10Gi"), ("small", "2Gi"), ("tiny", "100Mi")] {
        volume(&mut cluster, name, size);
    }
    cluster.advance(Duration::from_secs(1));
    claim(&mut cluster, "home-pvc", &json!("manual"), "1Gi");
    cluster.advance(Duration::from_secs(1));
    let mut text = shown(&mut cluster);
    send(&mut cluster, "DELETE", &claims("/home-pvc"), &Value::Null);
    cluster.advance(Duration::from_secs(1));
    text += &shown(&mut cluster);
    expect![[r#"
        home-pvc Bound 2Gi "manual" -> small
        big Available 10Gi "manual" -> -
        small Bound 2Gi "manual" -> home-pvc
        tiny Available 100Mi "manual" -> -
        big Available 10Gi "manual" -> -
        small Released 2Gi "manual" -> home-pvc
        tiny Available 100Mi "manual" -> -
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_pod_waits_for_claims_in_the_schedulers_words() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    class(&mut cluster, "elsewhere", "ebs.csi.aws.com", "Delete");
    class(&mut cluster, "fast", "disk.podium.local", "Retain");
    claim(&mut cluster, "never", &json!("elsewhere"), "1Gi");
    claim(&mut cluster, "unknown", &json!("nowhere"), "1Gi");
    claim(&mut cluster, "classless", &json!(""), "1Gi");
    claim(&mut cluster, "fast", &json!("fast"), "1Gi");
    for (pod, name) in [("a", "missing"), ("b", "never"), ("c", "fast")] {
        user(&mut cluster, pod, name);
    }
    cluster.advance(Duration::from_secs(10));
    let mut text = String::new();
    for pod in ["a", "b", "c"] {
        text += &waits(&mut cluster, pod);
    }
    for name in ["never", "unknown", "classless"] {
        text += &events(&mut cluster, name);
    }
    expect![[r#"
        Pending: 0/3 nodes are available: persistentvolumeclaim "missing" not found. not found
        Pending: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found
        Running: -
        Normal ExternalProvisioning: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.
        Warning ProvisioningFailed: storageclass.storage.k8s.io "nowhere" not found
        Normal FailedBinding: no persistent volumes available for this claim and no storage class is set
    "#]].assert_eq(&text);
}

#[test]
fn a_claim_grows_where_its_class_lets_it() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    class(&mut cluster, "fixed", "disk.podium.local", "Delete");
    claim(&mut cluster, "grows", &Value::Null, "1Gi");
    claim(&mut cluster, "stays", &json!("fixed"), "1Gi");
    user(&mut cluster, "box", "grows");
    cluster.advance(Duration::from_secs(10));
    let mut text = String::new();
    for name in ["grows", "stays"] {
        let path = claims(&format!("/{name}"));
        let mut claim = send(&mut cluster, "GET", &path, &Value::Null);
        claim["spec"]["resources"]["requests"]["storage"] = json!("2Gi");
        let answer = send(&mut cluster, "PUT", &path, &claim);
        writeln!(text, "{}", answer["message"].as_str().unwrap_or("accepted")).unwrap();
    }
    cluster.advance(Duration::from_secs(5));
    for name in ["grows", "stays"] {
        let claim = send(&mut cluster, "GET", &claims(&format!("/{name}")), &Value::Null);
        writeln!(text, "{name} {}", claim["status"]["capacity"]["storage"]).unwrap();
    }
    expect![[r#"
        accepted
        persistentvolumeclaims "stays" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize
        grows "2Gi"
        stays "1Gi"
    "#]].assert_eq(&text);
}
