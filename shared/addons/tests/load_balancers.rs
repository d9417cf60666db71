//! MetalLB in the embedded cluster, and the ways to a Service from outside: its address, and the ports of nodes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and says so by failing"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const SERVICES: &str = "/api/v1/namespaces/default/services";
const POOLS: &str = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools";

struct World(Cluster);

impl World {
    fn new() -> Self {
        let config = ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 3,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        };
        let addons = vec![addons::named("metallb").unwrap()];
        let mut world = Self(Cluster::furnished(config, System { addons, ..System::default() }));
        world.wait(30);
        world
    }

    fn wait(&mut self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(body)
            .unwrap();
        request.extensions_mut().insert(Identity::admin());
        match self.0.handle(request) {
            EngineAnswer::Full(response) => {
                let body = serde_json::from_slice(response.body()).unwrap_or_default();
                (response.status().as_u16(), body)
            }
            EngineAnswer::Stream(_) => (0, Value::Null),
        }
    }

    fn make(&mut self, path: &str, object: &Value) {
        let (code, answer) = self.send("POST", path, object);
        assert_eq!(code, 201, "{answer}");
    }

    fn pods(&mut self, app: &str, replicas: u32) {
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": app },
            "spec": {
                "replicas": replicas, "selector": { "matchLabels": { "app": app } },
                "template": {
                    "metadata": { "labels": { "app": app } },
                    "spec": { "containers": [{
                        "name": "main", "image": "nginx:1.28",
                        "readinessProbe": { "httpGet": { "port": 80 }, "periodSeconds": 1 },
                        "lifecycle": { "preStop": { "sleep": { "seconds": 10 } } },
                    }] },
                },
            },
        });
        self.make("/apis/apps/v1/namespaces/default/deployments", &object);
        self.wait(20);
    }

    fn service(&mut self, name: &str, more: &Value, annotations: &Value) {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": name, "annotations": annotations },
            "spec": { "type": "LoadBalancer", "selector": { "app": "web" }, "ports": [{ "port": 80 }] },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            object["spec"][key] = value.clone();
        }
        self.make(SERVICES, &object);
        self.wait(2);
    }

    fn get(&mut self, name: &str) -> Value {
        self.send("GET", &format!("{SERVICES}/{name}"), &Value::Null).1
    }

    /// Address, pool and events of a Service.
    fn shown(&mut self, name: &str) -> String {
        let service = self.get(name);
        let events = self.send("GET", "/api/v1/namespaces/default/events", &Value::Null).1;
        let mut lines: Vec<String> = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| {
                one["involvedObject"]["name"] == name && one["involvedObject"]["kind"] == "Service"
            })
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap().to_owned();
                let from = one["source"]["component"].as_str().unwrap();
                format!("\n  {} {} {from}: {}", text("type"), text("reason"), text("message"))
            })
            .collect();
        lines.sort();
        format!(
            "{} {}{}",
            service["status"]["loadBalancer"],
            service["metadata"]["annotations"]["metallb.io/ip-allocated-from-pool"],
            lines.concat()
        )
    }

    /// What a connection from a pod does.
    fn connect(&mut self, from: &str, to: &str, port: u64) -> String {
        let path = format!("/podium/v1/connect?from=default/{from}&to={to}&port={port}");
        let said = self.send("GET", &path, &Value::Null).1;
        let codes: Vec<&str> = said["path"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["code"].as_str().unwrap())
            .collect();
        format!("{} {}", said["outcome"].as_str().unwrap(), codes.join(" "))
    }

    fn client(&mut self, name: &str) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
            "spec": { "containers": [{ "name": "main", "image": "busybox:1.36", "command": ["sleep", "36000"] }] },
        });
        self.make("/api/v1/namespaces/default/pods", &pod);
        self.wait(10);
    }
}

#[test]
fn a_service_gets_an_address_and_a_node_announces_it() {
    let mut world = World::new();
    world.pods("web", 2);
    world.client("client");
    world.service("web", &json!({}), &Value::Null);
    expect![[r#"
        {"ingress":[{"ip":"172.18.255.200","ipMode":"VIP"}]} "default"
          Normal IPAllocated metallb-controller: Assigned IP ["172.18.255.200"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2""#]].assert_eq(&world.shown("web"));
    expect![
        "allowed connect-load-balancer connect-service connect-egress-open connect-ingress-open"
    ]
    .assert_eq(&world.connect("client", "172.18.255.200", 80));
    expect!["blocked connect-load-balancer"].assert_eq(&world.connect(
        "client",
        "172.18.255.200",
        81,
    ));
    // It goes with the type of the Service.
    let plain = json!({ "spec": { "type": "ClusterIP" } });
    world.send("PATCH", &format!("{SERVICES}/web"), &plain);
    world.wait(2);
    expect![[r#"
        {} null
          Normal IPAllocated metallb-controller: Assigned IP ["172.18.255.200"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2""#]].assert_eq(&world.shown("web"));
    expect!["blocked "].assert_eq(&world.connect("client", "172.18.255.200", 80));
}

#[test]
fn addresses_are_chosen_shared_refused_and_given_back() {
    let mut world = World::new();
    world.pods("web", 1);
    let small = json!({
        "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "metadata": { "name": "small" },
        "spec": { "addresses": ["192.0.2.8/31"], "autoAssign": false },
    });
    world.make(POOLS, &small);
    let from_small = json!({ "metallb.io/address-pool": "small" });
    world.service("one", &json!({}), &from_small);
    world.service("two", &json!({}), &from_small);
    world.service("three", &json!({}), &from_small);
    world.service("unknown", &json!({}), &json!({ "metallb.io/address-pool": "none" }));
    world.service("foreign", &json!({ "loadBalancerIP": "10.0.0.1" }), &Value::Null);
    world.service("same", &json!({ "loadBalancerIP": "192.0.2.8" }), &Value::Null);
    let sharing = json!({ "metallb.io/loadBalancerIPs": "172.18.255.210", "metallb.io/allow-shared-ip": "us" });
    world.service("left", &json!({}), &sharing);
    world.service("right", &json!({ "ports": [{ "port": 81 }] }), &sharing);
    world.service("third", &json!({ "ports": [{ "port": 81 }] }), &sharing);
    world.service("classed", &json!({ "loadBalancerClass": "example.com/other" }), &Value::Null);
    let names =
        ["one", "two", "three", "unknown", "foreign", "same", "left", "right", "third", "classed"];
    let shown: Vec<String> =
        names.iter().map(|name| format!("{name}: {}", world.shown(name))).collect();
    expect![[r#"
        one: {"ingress":[{"ip":"192.0.2.8","ipMode":"VIP"}]} "small"
          Normal IPAllocated metallb-controller: Assigned IP ["192.0.2.8"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-3" with protocol "layer2"
        two: {"ingress":[{"ip":"192.0.2.9","ipMode":"VIP"}]} "small"
          Normal IPAllocated metallb-controller: Assigned IP ["192.0.2.9"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2"
        three: {} null
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/three": no available IPs in pool "small" for ipv4 IPFamily
        unknown: {} null
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/unknown": unknown pool "none"
        foreign: {} null
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/foreign": ["10.0.0.1"] is not allowed in config
        same: {} null
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/same": can't change sharing key for "default/same", address also in use by default/one
        left: {"ingress":[{"ip":"172.18.255.210","ipMode":"VIP"}]} "default"
          Normal IPAllocated metallb-controller: Assigned IP ["172.18.255.210"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2"
        right: {"ingress":[{"ip":"172.18.255.210","ipMode":"VIP"}]} "default"
          Normal IPAllocated metallb-controller: Assigned IP ["172.18.255.210"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2"
        third: {} null
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/third": port TCP/81 is already in use on "172.18.255.210"
        classed: {} null"#]].assert_eq(&shown.join("\n"));
    // What one gives back, those who wait get.
    for (gone, gets, address) in [("one", "same", "192.0.2.8"), ("two", "three", "192.0.2.9")] {
        world.send("DELETE", &format!("{SERVICES}/{gone}"), &Value::Null);
        world.wait(2);
        assert_eq!(world.get(gets)["status"]["loadBalancer"]["ingress"][0]["ip"], address);
    }
    // A pool that goes takes its addresses along.
    world.send("DELETE", &format!("{POOLS}/small"), &Value::Null);
    world.wait(2);
    expect![[r#"
        {} null
          Normal ClearAssignment metallb-controller: current IP for "default/three" not allowed by config, will attempt for new IP assignment: ["192.0.2.9"] is not allowed in config
          Normal IPAllocated metallb-controller: Assigned IP ["192.0.2.9"]
          Normal nodeAssigned metallb-speaker: announcing from node "worker-2" with protocol "layer2"
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/three": no available IPs in pool "small" for ipv4 IPFamily
          Warning AllocationFailed metallb-controller: Failed to allocate IP for "default/three": unknown pool "small""#]].assert_eq(&world.shown("three"));
}

#[test]
fn without_a_controller_an_address_is_pending() {
    let mut world = World::new();
    world.pods("web", 1);
    let none = json!({ "spec": { "replicas": 0 } });
    world.send("PATCH", "/apis/apps/v1/namespaces/metallb-system/deployments/controller", &none);
    world.wait(20);
    world.service("web", &json!({}), &Value::Null);
    assert_eq!(world.shown("web"), "{} null");
    let one = json!({ "spec": { "replicas": 1 } });
    world.send("PATCH", "/apis/apps/v1/namespaces/metallb-system/deployments/controller", &one);
    world.wait(30);
    assert_eq!(world.get("web")["status"]["loadBalancer"]["ingress"][0]["ip"], "172.18.255.200");
}

#[test]
fn every_node_leads_a_node_port_to_the_pods() {
    let mut world = World::new();
    world.pods("web", 2);
    world.client("client");
    let port = json!({ "type": "NodePort", "ports": [{ "port": 80, "nodePort": 30080 }] });
    world.service("web", &port, &Value::Null);
    let nodes = world.send("GET", "/api/v1/nodes", &Value::Null).1;
    let answers: BTreeSet<String> = nodes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["status"]["addresses"][0]["address"].as_str().unwrap().to_owned())
        .map(|address| world.connect("client", &address, 30080))
        .collect();
    expect![[
        r#"{"allowed connect-node-port connect-service connect-egress-open connect-ingress-open"}"#
    ]]
    .assert_eq(&format!("{answers:?}"));
    expect!["refused connect-egress-open connect-ingress-open"].assert_eq(&world.connect(
        "client",
        "172.18.0.3",
        30081,
    ));
    // Local traffic asks for a number of its own, at which nodes tell whether they have pods.
    let local = json!({ "spec": { "type": "LoadBalancer", "externalTrafficPolicy": "Local" } });
    world.send("PATCH", &format!("{SERVICES}/web"), &local);
    let number = world.get("web")["spec"]["healthCheckNodePort"].as_i64().unwrap();
    assert!((30000..32768).contains(&number), "{number}");
}

/// The pods whose logs tell that they were asked.
fn asked(world: &mut World) -> usize {
    let pods = world
        .send("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb", &Value::Null)
        .1;
    let names: Vec<String> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    let mut request = |name: &String| {
        let path = format!("/api/v1/namespaces/default/pods/{name}/log");
        let mut request = http::Request::builder().uri(path).body(Vec::new()).unwrap();
        request.extensions_mut().insert(Identity::admin());
        match world.0.handle(request) {
            EngineAnswer::Full(response) => {
                String::from_utf8_lossy(response.body()).contains("GET / ")
            }
            EngineAnswer::Stream(_) => false,
        }
    };
    names.iter().filter(|name| request(name)).count()
}

#[test]
fn with_affinity_a_client_stays_with_its_pod() {
    for (affinity, pods) in [("ClientIP", 1), ("None", 3)] {
        let mut world = World::new();
        world.pods("web", 3);
        world.service("web", &json!({ "sessionAffinity": affinity }), &Value::Null);
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "client" },
            "spec": { "restartPolicy": "Never", "containers": [{
                "name": "main", "image": "busybox:1.36",
                "command": ["sh", "-c", "i=0; while [ $i -lt 30 ]; do wget -q -O - http://web; sleep 1; i=$((i+1)); done"],
            }] },
        });
        world.make("/api/v1/namespaces/default/pods", &pod);
        world.wait(60);
        assert_eq!(asked(&mut world), pods, "{affinity}");
    }
}

/// Somebody asks all the time while the pods behind the address are replaced one after the other.
#[test]
fn nobody_is_refused_while_pods_are_drained_and_replaced() {
    let mut world = World::new();
    world.pods("web", 3);
    world.service("web", &json!({}), &Value::Null);
    let script = "i=0; while [ $i -lt 240 ]; do wget -q -T 1 -O /dev/null http://172.18.255.200 || echo lost; sleep 0.5; i=$((i+1)); done; echo done";
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "client" },
        "spec": { "restartPolicy": "Never", "containers": [{
            "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script],
        }] },
    });
    world.make("/api/v1/namespaces/default/pods", &pod);
    world.wait(5);
    let rolled =
        json!({ "spec": { "template": { "metadata": { "annotations": { "new": "yes" } } } } });
    world.send("PATCH", "/apis/apps/v1/namespaces/default/deployments/web", &rolled);
    world.wait(200);
    let mut request = http::Request::builder()
        .uri("/api/v1/namespaces/default/pods/client/log")
        .body(Vec::new())
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    let EngineAnswer::Full(response) = world.0.handle(request) else { return };
    assert_eq!(String::from_utf8_lossy(response.body()), "done\n");
    let pods = world
        .send("GET", "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb", &Value::Null)
        .1;
    let pods = pods["items"].as_array().unwrap();
    assert!(
        pods.len() == 3 && pods.iter().all(|one| one["metadata"]["annotations"]["new"] == "yes")
    );
}
