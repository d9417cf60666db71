//! What the embedded network does to a connection is what cyclonus' matcher says of it, in every cell of every
//! generated case. (A pod always reaches itself, which the matcher does not know.)
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, and tells its counts"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

/// Why a connection by name fails before any policy is asked about it.
const BEYOND: [&str; 2] = ["connect-dns-blocked", "connect-service-without-endpoints"];

#[derive(Deserialize)]
struct Case {
    description: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    changes: Option<Vec<Change>>,
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct Change {
    verb: String,
    object: Value,
}

#[derive(Deserialize)]
struct Cell {
    from: String,
    to: String,
    host: String,
    port: u16,
    protocol: String,
    ingress: bool,
    egress: bool,
}

struct World(Cluster);

impl World {
    fn new() -> Self {
        let cluster = Cluster::new(ClusterConfig {
            seed: 1,
            epoch: Timestamp::UNIX_EPOCH,
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        });
        let mut world = Self(cluster);
        world.wait();
        for namespace in ["x", "y", "z"] {
            world.create(&json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace, "labels": {"ns": namespace}},
            }));
            world.wait();
            for name in ["a", "b", "c"] {
                world.create(&pod(namespace, name));
                world.create(&service(namespace, name));
            }
        }
        world.wait();
        world
    }

    fn wait(&mut self) {
        self.0.advance(Duration::from_secs(20));
    }

    fn send(&mut self, method: &str, path: &str, kind: &str, body: &Value) -> Value {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(body)
            .expect("a request");
        request.extensions_mut().insert(Identity::admin());
        let EngineAnswer::Full(response) = self.0.handle(request) else {
            panic!("{method} {path} is a stream");
        };
        let answer = String::from_utf8_lossy(response.body()).into_owned();
        assert!(response.status().is_success(), "{method} {path}: {answer}");
        serde_json::from_str(&answer).expect("JSON")
    }

    fn create(&mut self, object: &Value) {
        let (collection, _) = paths(object);
        self.send("POST", &collection, "application/json", object);
    }

    fn get(&mut self, path: &str) -> Value {
        self.send("GET", path, "application/json", &Value::Null)
    }

    fn change(&mut self, change: &Change) {
        let (_, path) = paths(&change.object);
        match change.verb.as_str() {
            "create" => {
                self.create(&change.object);
                // A namespace needs its service account before its pods.
                self.wait();
            }
            "update" => {
                let live = self.get(&path);
                let mut object = change.object.clone();
                object["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
                self.send("PUT", &path, "application/json", &object);
            }
            "delete" => {
                self.send("DELETE", &path, "application/json", &Value::Null);
            }
            "label" => {
                let live = self.get(&path);
                let old = live["metadata"]["labels"].as_object().cloned().unwrap_or_default();
                let mut labels: serde_json::Map<String, Value> = old
                    .keys()
                    .filter(|key| *key != "kubernetes.io/metadata.name")
                    .map(|key| (key.clone(), Value::Null))
                    .collect();
                let new = change.object["metadata"]["labels"].as_object().cloned();
                labels.extend(new.unwrap_or_default());
                let patch = json!({"metadata": {"labels": labels}});
                self.send("PATCH", &path, "application/merge-patch+json", &patch);
            }
            other => panic!("cyclonus says {other}"),
        }
    }

    fn connects(&mut self, cell: &Cell, to: &str) -> Value {
        let (from, port, protocol) = (&cell.from, cell.port, &cell.protocol);
        let query = format!("from={from}&to={to}&port={port}&protocol={protocol}");
        self.get(&format!("/podium/v1/connect?{query}"))
    }

    /// The addresses of all pods and of their Services.
    fn addresses(&mut self) -> BTreeMap<String, Value> {
        let pods = self.get("/api/v1/pods")["items"].as_array().cloned().unwrap_or_default();
        let mut addresses = BTreeMap::new();
        for pod in &pods {
            let meta = &pod["metadata"];
            let (Some(namespace), Some(name)) = (meta["namespace"].as_str(), meta["name"].as_str())
            else {
                continue;
            };
            let path = format!("/api/v1/namespaces/{namespace}/services/s-{namespace}-{name}");
            let service = self.get(&path);
            let both = json!({
                "pod": pod["status"]["podIP"], "service": service["spec"]["clusterIP"],
            });
            addresses.insert(format!("{namespace}/{name}"), both);
        }
        addresses
    }
}

/// The paths of the collection and of the object.
fn paths(object: &Value) -> (String, String) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    let collection = match text("/kind") {
        "Namespace" => "/api/v1/namespaces".to_owned(),
        "Pod" => format!("/api/v1/namespaces/{namespace}/pods"),
        "Service" => format!("/api/v1/namespaces/{namespace}/services"),
        _ => format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"),
    };
    (collection.clone(), format!("{collection}/{name}"))
}

/// As cyclonus makes its pods: one container for each port and protocol (`pkg/connectivity/probe/pod.go`).
fn pod(namespace: &str, name: &str) -> Value {
    let mut containers = Vec::new();
    for port in [80, 81] {
        for protocol in ["TCP", "UDP", "SCTP"] {
            let word = protocol.to_lowercase();
            let command = if protocol == "SCTP" {
                json!(["/agnhost", "porter"])
            } else {
                let (flag, number) = (format!("--{word}"), port.to_string());
                json!(["/agnhost", "serve-hostname", flag, "--http=false", "--port", number])
            };
            containers.push(json!({
                "name": format!("cont-{port}-{word}"), "command": command,
                "image": "registry.k8s.io/e2e-test-images/agnhost:2.53",
                "env": [{"name": format!("SERVE_SCTP_PORT_{port}"), "value": "foo"}],
                "ports": [{
                    "containerPort": port, "name": format!("serve-{port}-{word}"),
                    "protocol": protocol,
                }],
            }));
        }
    }
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"pod": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": containers},
    })
}

fn service(namespace: &str, name: &str) -> Value {
    let mut ports = Vec::new();
    for port in [80, 81] {
        for protocol in ["TCP", "UDP", "SCTP"] {
            let word = protocol.to_lowercase();
            ports.push(json!({
                "name": format!("service-port-{word}-{port}"), "protocol": protocol, "port": port,
            }));
        }
    }
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": format!("s-{namespace}-{name}"), "namespace": namespace},
        "spec": {"ports": ports, "selector": {"pod": name}},
    })
}

/// A new pod of a case runs the image that cyclonus names; the registry here knows that of the test above.
fn with_known_image(object: &Value) -> Value {
    if object["kind"] != "Pod" || object.pointer("/spec/containers/0/image").is_none() {
        return object.clone();
    }
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mut known = pod(text("/metadata/namespace"), text("/metadata/name"));
    known["metadata"]["labels"] = object["metadata"]["labels"].clone();
    known
}

fn generated(addresses: &BTreeMap<String, Value>) -> Vec<Case> {
    let program = realcluster::programs::cyclonus().expect("cyclonus, built from its Go module");
    let mut process = Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cyclonus that starts");
    let input = serde_json::to_vec(addresses).expect("JSON");
    process.stdin.take().expect("its input").write_all(&input).expect("addresses that it reads");
    let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    let cases =
        lines.map(|line| serde_json::from_str(&line.expect("a line")).expect("a case")).collect();
    assert!(process.wait().expect("its end").success());
    cases
}

#[test]
fn every_cell_of_every_case_is_what_the_matcher_of_cyclonus_says() {
    let mut world = World::new();
    let addresses = world.addresses();
    assert_eq!(addresses.len(), 9);
    let cases = generated(&addresses);
    let fresh = world.0.snapshot();
    let (mut cells, mut names, mut wrong) = (0_usize, 0_usize, Vec::new());
    for case in &cases {
        world.0.restore(&fresh);
        for (index, step) in case.steps.iter().enumerate() {
            for change in step.changes.iter().flatten() {
                let object = with_known_image(&change.object);
                world.change(&Change { verb: change.verb.clone(), object });
            }
            world.wait();
            for cell in &step.cells {
                // Straight at the pod, and as cyclonus asks, by the name of its Service.
                for to in [&cell.to, &cell.host] {
                    let said = world.connects(cell, to);
                    // The matcher knows neither that names must be looked up nor that a relabelled pod leaves
                    // its Service.
                    let by_name =
                        to == &cell.host && BEYOND.iter().any(|one| said["reason"]["code"] == *one);
                    if by_name {
                        names += 1;
                        continue;
                    }
                    let allowed = cell.from == cell.to || (cell.ingress && cell.egress);
                    let expected = if allowed { "allowed" } else { "blocked" };
                    cells += 1;
                    if said["outcome"] != expected {
                        let Cell { from, port, protocol, .. } = cell;
                        wrong.push(format!(
                            "{} step {index}: {from} -> {to}:{port}/{protocol}: expected {expected}, found {said}",
                            case.description
                        ));
                    }
                }
            }
        }
    }
    println!("{} cases, {cells} connections, {names} that stop at a name", cases.len());
    assert!(cases.len() > 200 && cells > 100_000, "cyclonus generates less than it did");
    assert!(names * 100 < cells, "{names} connections stop at a name");
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n")
    );
}
