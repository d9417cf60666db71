//! The scheduler under chance: clusters and pods out of a seed. Whatever the order, no node gets more than it
//! has, and nothing that must hold is broken at the moment of a decision.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::rng::Stream;
use cluster::{Cluster, ClusterConfig, Controllers, scheduler};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const PODS: &str = "/api/v1/namespaces/default/pods";
const ZONES: [&str; 3] = ["north", "south", "west"];
const APPS: [&str; 3] = ["web", "db", "cache"];

/// A cluster without kubelets: what is scheduled stays as it was scheduled.
struct Plane(Cluster);

impl Plane {
    fn new(seed: u64) -> Self {
        let scheduler = ["scheduler", "serviceaccount"].map(str::to_owned).to_vec();
        let mut plane = Self(Cluster::new(ClusterConfig {
            seed,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 0,
            controllers: Controllers::Only(scheduler),
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        }));
        plane.wait(1);
        plane
    }

    fn wait(&mut self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(bytes)
            .unwrap();
        request.extensions_mut().insert(Identity::admin());
        let EngineAnswer::Full(response) = self.0.handle(request) else { panic!("a stream") };
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        assert!(response.status().is_success(), "{answer:#}");
        answer
    }

    fn list(&mut self, path: &str) -> Vec<Value> {
        self.send("GET", path, &Value::Null)["items"].as_array().unwrap().clone()
    }

    fn node(&mut self, name: &str, labels: Value, taints: Value, cpu: u64, pods: u64) {
        let amounts = json!({"cpu": format!("{cpu}m"), "memory": "4Gi", "pods": pods.to_string()});
        let node = json!({
            "metadata": {"name": name, "labels": labels}, "spec": {"taints": taints},
            "status": {"capacity": amounts, "allocatable": amounts},
        });
        self.send("POST", "/api/v1/nodes", &node);
        self.send("PATCH", &format!("/api/v1/nodes/{name}"), &json!({"spec": {"taints": taints}}));
    }
}

fn choose<'a>(chance: &mut Stream, list: &[&'a str]) -> &'a str {
    list[usize::try_from(chance.below(list.len() as u64)).unwrap()]
}

/// A pod with a wish or two.
fn pod(chance: &mut Stream, index: usize) -> Value {
    let app = choose(chance, &APPS);
    let cpu = 100 * (1 + chance.below(6));
    let mut spec = json!({
        "containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": format!("{cpu}m")}}}],
        "terminationGracePeriodSeconds": 0,
    });
    let selector = json!({"matchLabels": {"app": app}});
    let hostname = "kubernetes.io/hostname";
    let term = json!([{"labelSelector": selector, "topologyKey": hostname}]);
    match chance.below(7) {
        0 => spec["nodeSelector"] = json!({"zone": choose(chance, &ZONES)}),
        1 => {
            spec["affinity"] = json!({"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": term}});
        }
        2 => {
            spec["topologySpreadConstraints"] = json!([{
                "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": selector,
            }]);
        }
        3 => spec["tolerations"] = json!([{"key": "team", "operator": "Exists"}]),
        4 => {
            let port = 8080 + chance.below(2);
            spec["containers"][0]["ports"] = json!([{"containerPort": 80, "hostPort": port}]);
        }
        _ => {}
    }
    json!({"metadata": {"name": format!("p{index}"), "labels": {"app": app}}, "spec": spec})
}

fn milli(pod: &Value) -> u64 {
    let cpu = pod["spec"]["containers"][0]["resources"]["requests"]["cpu"].as_str().unwrap();
    cpu.trim_end_matches('m').parse().unwrap_or_else(|_| 1000 * cpu.parse::<u64>().unwrap())
}

/// What is wrong with where the pods are.
fn faults(nodes: &[Value], pods: &[Value]) -> Vec<String> {
    let mut faults = Vec::new();
    for node in nodes {
        let name = node["metadata"]["name"].as_str().unwrap();
        let here: Vec<&Value> = pods.iter().filter(|pod| pod["spec"]["nodeName"] == name).collect();
        let all = node["status"]["allocatable"]["cpu"].as_str().unwrap();
        let all: u64 = all.trim_end_matches('m').parse::<u64>().unwrap()
            * if all.ends_with('m') { 1 } else { 1000 };
        let used: u64 = here.iter().map(|pod| milli(pod)).sum();
        if used > all {
            faults.push(format!("{name} has {all}m and gives {used}m"));
        }
        let most: usize = node["status"]["allocatable"]["pods"].as_str().unwrap().parse().unwrap();
        if here.len() > most {
            faults.push(format!("{name} takes {most} pods and has {}", here.len()));
        }
        let mut ports = BTreeSet::new();
        for pod in &here {
            let is = pod["metadata"]["name"].as_str().unwrap();
            let port = &pod["spec"]["containers"][0]["ports"][0]["hostPort"];
            if !port.is_null() && !ports.insert(port.to_string()) {
                faults.push(format!("{is} shares a port on {name}"));
            }
            let zone = &pod["spec"]["nodeSelector"]["zone"];
            if !zone.is_null() && *zone != node["metadata"]["labels"]["zone"] {
                faults.push(format!("{is} is in the wrong zone"));
            }
            let taints = node["spec"]["taints"].as_array().map_or(0, Vec::len);
            let tolerates = pod["spec"]["tolerations"].as_array().into_iter().flatten();
            if taints > 0 && !tolerates.into_iter().any(|one| one["key"] == "team") {
                faults.push(format!("{is} does not tolerate {name}"));
            }
            let alone = &pod["spec"]["affinity"]["podAntiAffinity"];
            let same =
                here.iter().filter(|one| one["metadata"]["labels"] == pod["metadata"]["labels"]);
            if !alone.is_null() && same.count() > 1 {
                faults.push(format!("{is} wants to be alone on {name}"));
            }
        }
    }
    faults
}

fn nodes(plane: &mut Plane, chance: &mut Stream) {
    for index in 0..2 + chance.below(4) {
        let name = format!("n{index}");
        let zone = choose(chance, &ZONES);
        let labels = json!({"kubernetes.io/hostname": name, "zone": zone});
        let taints = match chance.below(4) {
            0 => json!([{"key": "team", "value": "red", "effect": "NoSchedule"}]),
            _ => json!([]),
        };
        plane.node(&name, labels, taints, 500 * (1 + chance.below(6)), 2 + chance.below(5));
    }
}

#[test]
fn no_node_is_overcommitted_and_nothing_required_is_broken_in_any_order() {
    let mut placed = 0;
    for seed in 0..40 {
        let mut chance = Stream::new(seed, "pods");
        let mut plane = Plane::new(seed);
        nodes(&mut plane, &mut chance);
        for index in 0..24 {
            let pod = pod(&mut chance, index);
            plane.send("POST", PODS, &pod);
            if chance.below(3) == 0 {
                plane.wait(1);
            }
            if chance.below(6) == 0 {
                let gone = format!("{PODS}/p{}", chance.below(index as u64 + 1));
                if plane.list(PODS).iter().any(|pod| {
                    gone.ends_with(&format!("/{}", pod["metadata"]["name"].as_str().unwrap()))
                }) {
                    plane.send("DELETE", &gone, &Value::Null);
                }
            }
            let (nodes, pods) = (plane.list("/api/v1/nodes"), plane.list(PODS));
            assert_eq!(faults(&nodes, &pods), Vec::<String>::new(), "seed {seed}");
        }
        let pods = plane.list(PODS);
        placed += pods.iter().filter(|pod| !pod["spec"]["nodeName"].is_null()).count();
    }
    assert!(placed > 200, "only {placed} pods found a node");
}

#[test]
fn no_pod_waits_for_a_node_that_would_take_it() {
    for seed in 0..20 {
        let mut chance = Stream::new(seed, "waiting");
        let mut plane = Plane::new(seed);
        for index in 0..12 {
            let pod = pod(&mut chance, index);
            plane.send("POST", PODS, &pod);
        }
        plane.wait(1);
        nodes(&mut plane, &mut chance);
        plane.wait(1);
        for index in 0..6 {
            if plane.list(PODS).iter().any(|pod| pod["metadata"]["name"] == format!("p{index}")) {
                plane.send("DELETE", &format!("{PODS}/p{index}"), &Value::Null);
            }
        }
        plane.wait(1);
        for pod in plane.list(PODS).iter().filter(|pod| pod["spec"]["nodeName"].is_null()) {
            let name = pod["metadata"]["name"].as_str().unwrap();
            let decision =
                scheduler::explain(plane.0.apiserver().store(), "default", name).unwrap();
            assert_eq!(decision.chosen, None, "seed {seed}: {name} could go there");
        }
    }
}

#[test]
fn the_same_seed_decides_the_same() {
    let places = |seed| {
        let mut chance = Stream::new(seed, "again");
        let mut plane = Plane::new(seed);
        nodes(&mut plane, &mut chance);
        for index in 0..16 {
            let pod = pod(&mut chance, index);
            plane.send("POST", PODS, &pod);
        }
        plane.wait(2);
        let pods = plane.list(PODS);
        pods.iter().map(|pod| pod["spec"]["nodeName"].to_string()).collect::<Vec<_>>()
    };
    for seed in 0..5 {
        assert_eq!(places(seed), places(seed));
    }
}

#[test]
fn pods_that_wait_make_few_events_and_take_little_memory() {
    let mut plane = Plane::new(1);
    plane.node("n", json!({}), json!([]), 1000, 10);
    let big = json!({
        "metadata": {"name": "big"},
        "spec": {"containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "2"}}}]},
    });
    plane.send("POST", PODS, &big);
    plane.wait(30 * 60);
    let events = plane.list("/api/v1/namespaces/default/events");
    let mut seen = BTreeMap::new();
    for event in &events {
        let count = event["series"]["count"].as_u64().unwrap_or(1);
        *seen.entry(event["reason"].as_str().unwrap().to_owned()).or_insert(0) += count;
    }
    expect![[r#"2 {"FailedScheduling": 3}"#]].assert_eq(&format!("{} {seen:?}", events.len()));
}

#[test]
fn higher_priorities_come_first_and_take_what_they_need() {
    let mut plane = Plane::new(1);
    for (name, value) in [("low", 1), ("high", 100)] {
        let class = json!({"metadata": {"name": name}, "value": value});
        plane.send("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", &class);
    }
    for (name, class) in [("a", "low"), ("b", "high"), ("c", "low")] {
        let pod = json!({"metadata": {"name": name}, "spec": {
            "priorityClassName": class, "terminationGracePeriodSeconds": 0,
            "containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "600m"}}}],
        }});
        plane.send("POST", PODS, &pod);
    }
    plane.wait(1);
    plane.node("n", json!({}), json!([]), 1000, 10);
    plane.wait(1);
    let place = |plane: &mut Plane| {
        let pods = plane.list(PODS);
        let show = |pod: &Value| format!("{}={}", pod["metadata"]["name"], pod["spec"]["nodeName"]);
        pods.iter().map(show).collect::<Vec<_>>().join(" ")
    };
    expect![[r#""a"=null "b"="n" "c"=null"#]].assert_eq(&place(&mut plane));
    plane.send("DELETE", &format!("{PODS}/b"), &Value::Null);
    plane.wait(1);
    expect![[r#""a"="n" "c"=null"#]].assert_eq(&place(&mut plane));
    let vip = json!({"metadata": {"name": "vip"}, "spec": {
        "priorityClassName": "high",
        "containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "600m"}}}],
    }});
    plane.send("POST", PODS, &vip);
    plane.wait(1);
    expect![[r#""c"=null "vip"="n""#]].assert_eq(&place(&mut plane));
}

#[test]
fn a_decision_says_for_each_node_who_refused_it_or_how_it_scored() {
    let mut plane = Plane::new(1);
    plane.node("small", json!({"disk": "ssd"}), json!([]), 500, 10);
    plane.node("large", json!({"disk": "ssd"}), json!([]), 4000, 10);
    plane.node("spare", json!({"disk": "ssd"}), json!([]), 2000, 10);
    plane.node("other", json!({}), json!([]), 4000, 10);
    let pod = json!({"metadata": {"name": "p"}, "spec": {
        "nodeSelector": {"disk": "ssd"}, "schedulerName": "nobody",
        "containers": [{"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}],
    }});
    plane.send("POST", PODS, &pod);
    let decision = scheduler::explain(plane.0.apiserver().store(), "default", "p").unwrap();
    let told = decision.nodes.iter().map(|node| {
        let scores = node.scores.iter();
        let scores = scores.map(|one| format!(" {}={}x{}", one.plugin, one.score, one.weight));
        let scores: String = scores.collect();
        let refused = node.refused_by.unwrap_or("-");
        format!("{}: {refused} {:?} {}{scores}\n", node.node, node.reasons, node.total())
    });
    let text = format!("{}{:?}", told.collect::<String>(), decision.chosen);
    expect![[r#"
        large: - [] 450 TaintToleration=100x3 NodeResourcesFit=75x1 NodeResourcesBalancedAllocation=75x1 ImageLocality=0x1
        other: NodeAffinity ["node(s) didn't match Pod's node affinity/selector"] 0
        small: NodeResourcesFit ["Insufficient cpu"] 0
        spare: - [] 430 TaintToleration=100x3 NodeResourcesFit=62x1 NodeResourcesBalancedAllocation=68x1 ImageLocality=0x1
        Some("large")"#]].assert_eq(&text);
}

/// What two pods cannot have on one node, and how many volumes of a driver a node takes.
#[test]
fn disks_and_the_limits_of_drivers_keep_pods_from_nodes() {
    let mut plane = Plane::new(1);
    for name in ["a", "b"] {
        plane.node(name, json!({"kubernetes.io/hostname": name}), json!([]), 4000, 10);
    }
    let limits = json!({"metadata": {"name": "b"}, "spec": {"drivers": [
        {"name": "csi.example.com", "nodeID": "b", "allocatable": {"count": 0}},
    ]}});
    plane.send("POST", "/apis/storage.k8s.io/v1/csinodes", &limits);
    let class = json!({
        "metadata": {"name": "later"}, "provisioner": "csi.example.com", "volumeBindingMode": "WaitForFirstConsumer",
    });
    plane.send("POST", "/apis/storage.k8s.io/v1/storageclasses", &class);
    let claim = json!({"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "storageClassName": "later", "resources": {"requests": {"storage": "1Gi"}},
    }});
    plane.send("POST", "/api/v1/namespaces/default/persistentvolumeclaims", &claim);
    let iscsi =
        json!({"targetPortal": "10.0.0.9:3260", "iqn": "iqn.2026-01.com.example:a", "lun": 0});
    let pod = |name: &str, node: Option<&str>| {
        json!({"metadata": {"name": name}, "spec": {
            "nodeName": node, "schedulerName": "nobody", "containers": [{"name": "c", "image": "nginx"}],
            "volumes": [
                {"name": "disk", "iscsi": iscsi}, {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            ],
        }})
    };
    plane.send("POST", PODS, &pod("first", Some("a")));
    plane.send("POST", PODS, &pod("second", None));
    let store = plane.0.apiserver().store();
    let failure = scheduler::failure(store, "default", "second", plane.0.now()).unwrap();
    expect!["0/2 nodes are available: 1 node(s) exceed max volume count, 1 node(s) had no available disk. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."]
        .assert_eq(&failure.text);
}
