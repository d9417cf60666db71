//! DaemonSets and StatefulSets, told by what `kubectl get` and the events say.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const APPS: &str = "/apis/apps/v1/namespaces/default";
const CORE: &str = "/api/v1/namespaces/default";

/// A cluster with hands.
struct World(Cluster);

impl World {
    fn new() -> Self {
        let mut world = Self(Cluster::new(ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 3,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        }));
        world.wait(1);
        world
    }

    fn wait(&mut self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn send(&mut self, method: &str, path: &str, accept: &str, body: &Value) -> Value {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let content =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content)
            .header("accept", accept)
            .body(bytes)
            .unwrap();
        request.extensions_mut().insert(Identity::admin());
        let EngineAnswer::Full(response) = self.0.handle(request) else { panic!("a stream") };
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        assert!(response.status().is_success(), "{answer:#}");
        answer
    }

    fn create(&mut self, path: &str, object: &Value) {
        self.send("POST", path, "application/json", object);
    }

    fn patch(&mut self, path: &str, patch: &Value) {
        self.send("PATCH", path, "application/json", patch);
    }

    /// What `kubectl get` prints, without the age.
    fn table(&mut self, path: &str) -> String {
        let accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
        let table = self.send("GET", path, accept, &Value::Null);
        let columns = table["columnDefinitions"].as_array().unwrap();
        let shown: Vec<usize> = (0..columns.len())
            .filter(|at| columns[*at]["priority"] == 0 && columns[*at]["name"] != "Age")
            .collect();
        let mut text = String::new();
        for row in table["rows"].as_array().unwrap() {
            let cell = |at: &usize| match &row["cells"][*at] {
                Value::String(cell) => cell.clone(),
                other => other.to_string(),
            };
            text.push_str(&shown.iter().map(cell).collect::<Vec<_>>().join(" "));
            text.push('\n');
        }
        text
    }

    /// Reasons and messages of the events of a kind.
    fn events(&mut self, kind: &str) -> String {
        let path = format!("{CORE}/events?fieldSelector=involvedObject.kind={kind}");
        let list = self.send("GET", &path, "application/json", &Value::Null);
        let line = |event: &Value| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}\n", text("type"), text("reason"), text("message"))
        };
        list["items"].as_array().unwrap().iter().map(line).collect()
    }

    /// Pods with their nodes and images.
    fn pods(&mut self) -> String {
        let list = self.send("GET", &format!("{CORE}/pods"), "application/json", &Value::Null);
        let line = |pod: &Value| {
            let text = |path: &str| pod.pointer(path).and_then(Value::as_str).unwrap_or("-");
            format!(
                "{} {} {} {}\n",
                text("/metadata/name"),
                text("/spec/nodeName"),
                text("/spec/containers/0/image"),
                text("/status/phase"),
            )
        };
        list["items"].as_array().unwrap().iter().map(line).collect()
    }
}

fn template(app: &str, image: &str) -> Value {
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": { "containers": [{ "name": "main", "image": image }] },
    })
}

fn daemon_set() -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": "agent" },
        "spec": {
            "selector": { "matchLabels": { "app": "agent" } },
            "template": template("agent", "nginx:1.29-alpine"),
        },
    })
}

fn stateful_set(replicas: u64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db" },
        "spec": {
            "replicas": replicas, "serviceName": "db",
            "selector": { "matchLabels": { "app": "db" } },
            "template": template("db", "nginx:1.29-alpine"),
        },
    })
}

#[test]
fn a_daemon_set_has_one_pod_on_every_node_that_takes_it() {
    let mut world = World::new();
    world.create(&format!("{APPS}/daemonsets"), &daemon_set());
    world.wait(10);
    expect![[r#"
        agent 3 3 3 3 3 <none>
    "#]]
    .assert_eq(&world.table(&format!("{APPS}/daemonsets")));
    expect![[r#"
        agent-ktrfh worker-2 nginx:1.29-alpine Running
        agent-w42fg worker-1 nginx:1.29-alpine Running
        agent-zlrdr worker-3 nginx:1.29-alpine Running
    "#]]
    .assert_eq(&world.pods());
    expect![[r#"
        Normal SuccessfulCreate: Created pod: agent-w42fg
        Normal SuccessfulCreate: Created pod: agent-ktrfh
        Normal SuccessfulCreate: Created pod: agent-zlrdr
    "#]]
    .assert_eq(&world.events("DaemonSet"));
    // A label that only one node has.
    world.patch("/api/v1/nodes/worker-2", &json!({ "metadata": { "labels": { "disk": "ssd" } } }));
    let only = json!({ "spec": { "template": { "spec": { "nodeSelector": { "disk": "ssd" } } } } });
    world.patch(&format!("{APPS}/daemonsets/agent"), &only);
    world.wait(60);
    expect![[r#"
        agent 1 1 1 1 1 disk=ssd
    "#]]
    .assert_eq(&world.table(&format!("{APPS}/daemonsets")));
}

#[test]
fn a_daemon_set_is_updated_node_by_node() {
    let mut world = World::new();
    world.create(&format!("{APPS}/daemonsets"), &daemon_set());
    world.wait(10);
    let newer = json!({ "spec": { "template": template("agent", "httpd:2.4") } });
    world.patch(&format!("{APPS}/daemonsets/agent"), &newer);
    let mut seen = Vec::new();
    for _ in 0..120 {
        world.wait(1);
        let line = world.table(&format!("{APPS}/daemonsets"));
        if seen.last() != Some(&line) {
            seen.push(line);
        }
    }
    expect![[r#"
        agent 3 3 2 1 2 <none>
        agent 3 3 3 1 3 <none>
        agent 3 3 2 2 2 <none>
        agent 3 3 2 3 2 <none>
        agent 3 3 3 3 3 <none>
    "#]]
    .assert_eq(&seen.concat());
    expect![[r#"
        agent-#cd#db##c# daemonset.apps/agent #
        agent-c#bb#bf### daemonset.apps/agent #
    "#]]
    .assert_eq(
        &world
            .table(&format!("{APPS}/controllerrevisions"))
            .replace(|c: char| c.is_ascii_digit(), "#"),
    );
}

#[test]
fn a_stateful_set_begins_and_ends_in_order() {
    let mut world = World::new();
    world.create(&format!("{APPS}/statefulsets"), &stateful_set(3));
    let mut seen = Vec::new();
    for _ in 0..20 {
        world.wait(1);
        let line = world.table(&format!("{CORE}/pods")).replace('\n', " | ");
        if seen.last() != Some(&line) {
            seen.push(line);
        }
    }
    expect![[r#"
        db-0 0/1 ContainerCreating 0 | 
        db-0 1/1 Running 0 | db-1 0/1 ContainerCreating 0 | 
        db-0 1/1 Running 0 | db-1 1/1 Running 0 | db-2 0/1 ContainerCreating 0 | 
        db-0 1/1 Running 0 | db-1 1/1 Running 0 | db-2 1/1 Running 0 | "#]]
    .assert_eq(&seen.join("\n"));
    world.patch(&format!("{APPS}/statefulsets/db"), &json!({ "spec": { "replicas": 1 } }));
    world.wait(90);
    expect![[r#"
        db 1/1
    "#]]
    .assert_eq(&world.table(&format!("{APPS}/statefulsets")));
    expect![[r#"
        Normal SuccessfulCreate: Create Pod db-0 in StatefulSet db successful
        Normal SuccessfulCreate: Create Pod db-1 in StatefulSet db successful
        Normal SuccessfulCreate: Create Pod db-2 in StatefulSet db successful
        Normal SuccessfulDelete: Delete Pod db-2 in StatefulSet db successful
        Normal SuccessfulDelete: Delete Pod db-1 in StatefulSet db successful
    "#]]
    .assert_eq(&world.events("StatefulSet"));
}

#[test]
fn a_stateful_set_is_updated_from_the_last_to_the_partition() {
    let mut world = World::new();
    world.create(&format!("{APPS}/statefulsets"), &stateful_set(3));
    world.wait(20);
    let strategy = json!({ "type": "RollingUpdate", "rollingUpdate": { "partition": 1 } });
    let newer = json!({ "spec": {
        "updateStrategy": strategy, "template": template("db", "httpd:2.4"),
    }});
    world.patch(&format!("{APPS}/statefulsets/db"), &newer);
    world.wait(120);
    expect![[r#"
        db-0 worker-2 nginx:1.29-alpine Running
        db-1 worker-1 httpd:2.4 Running
        db-2 worker-3 httpd:2.4 Running
    "#]]
    .assert_eq(&world.pods());
    // A pod below the partition comes back as it was.
    world.send("DELETE", &format!("{CORE}/pods/db-0"), "application/json", &Value::Null);
    world.wait(60);
    expect![[r#"
        db-0 worker-2 nginx:1.29-alpine Running
        db-1 worker-1 httpd:2.4 Running
        db-2 worker-3 httpd:2.4 Running
    "#]]
    .assert_eq(&world.pods());
    let all = json!({ "spec": { "updateStrategy": { "rollingUpdate": { "partition": 0 } } } });
    world.patch(&format!("{APPS}/statefulsets/db"), &all);
    world.wait(60);
    expect![[r#"
        db-0 worker-2 httpd:2.4 Running
        db-1 worker-1 httpd:2.4 Running
        db-2 worker-3 httpd:2.4 Running
    "#]]
    .assert_eq(&world.pods());
}
