//! Hooks after the start and before the stop of containers.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and says so by failing"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

struct World(Cluster);

impl World {
    fn new() -> Self {
        let mut cluster = Cluster::new(ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 1,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        });
        cluster.advance(Duration::from_secs(1));
        Self(cluster)
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
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

    fn run(&mut self, grace: u64, lifecycle: &Value) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" },
            "spec": {
                "terminationGracePeriodSeconds": grace, "restartPolicy": "Never",
                "containers": [{ "name": "main", "image": "nginx:1.28", "lifecycle": lifecycle }],
            },
        });
        let (code, answer) = self.send("POST", "/api/v1/namespaces/default/pods", &pod);
        assert_eq!(code, 201, "{answer}");
        self.0.advance(Duration::from_secs(10));
    }

    /// Deletes the pod; how many tenths of a second it stays.
    fn stays(&mut self) -> u32 {
        let path = "/api/v1/namespaces/default/pods/a";
        self.send("DELETE", path, &Value::Null);
        let mut tenths = 0;
        while tenths < 600 && self.send("GET", path, &Value::Null).0 == 200 {
            self.0.advance(Duration::from_millis(100));
            tenths += 1;
        }
        tenths
    }

    fn events(&mut self) -> String {
        let events = self.send("GET", "/api/v1/namespaces/default/events", &Value::Null).1;
        let lines: Vec<String> = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| {
                one["reason"].as_str().unwrap().contains("Hook") || one["reason"] == "Killing"
            })
            .map(|one| {
                let text = |key: &str| one[key].as_str().unwrap().to_owned();
                format!("{} {} {}", text("type"), text("reason"), text("message"))
            })
            .collect();
        lines.join("\n")
    }
}

#[test]
fn a_hook_before_the_stop_is_waited_for_and_counts_against_the_grace_period() {
    let mut stays = Vec::new();
    for (grace, hook) in [
        (30, json!({})),
        (30, json!({ "preStop": { "exec": { "command": ["sleep", "3"] } } })),
        (30, json!({ "preStop": { "sleep": { "seconds": 5 } } })),
        (30, json!({ "preStop": { "httpGet": { "path": "/", "port": 80 } } })),
        (4, json!({ "preStop": { "exec": { "command": ["sleep", "60"] } } })),
    ] {
        let mut world = World::new();
        world.run(grace, &hook);
        stays.push(format!("{hook}: {} {}", world.stays(), world.events()));
    }
    expect![[r#"
        {}: 7 Normal Killing Stopping container main
        {"preStop":{"exec":{"command":["sleep","3"]}}}: 37 Normal Killing Stopping container main
        {"preStop":{"sleep":{"seconds":5}}}: 57 Normal Killing Stopping container main
        {"preStop":{"httpGet":{"path":"/","port":80}}}: 7 Normal Killing Stopping container main
        {"preStop":{"exec":{"command":["sleep","60"]}}}: 47 Normal Killing Stopping container main
        Warning FailedPreStopHook PreStopHook failed"#]]
    .assert_eq(&stays.join("\n"));
}

#[test]
fn a_container_is_not_running_before_its_hook_after_the_start_is_done() {
    let mut world = World::new();
    let hook = json!({ "postStart": { "exec": { "command": ["sh", "-c", "sleep 20; echo done > /tmp/done"] } } });
    world.run(30, &hook);
    let path = "/api/v1/namespaces/default/pods/a";
    let before =
        world.send("GET", path, &Value::Null).1["status"]["containerStatuses"][0]["state"].clone();
    world.0.advance(Duration::from_secs(15));
    let after =
        world.send("GET", path, &Value::Null).1["status"]["containerStatuses"][0]["ready"].clone();
    expect![[r#"{"waiting":{"reason":"ContainerCreating"}} true"#]]
        .assert_eq(&format!("{before} {after}"));
}

#[test]
fn a_container_whose_hook_after_the_start_fails_is_killed() {
    let mut world = World::new();
    world.run(30, &json!({ "postStart": { "exec": { "command": ["sh", "-c", "exit 4"] } } }));
    let pod = world.send("GET", "/api/v1/namespaces/default/pods/a", &Value::Null).1;
    let state = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
    expect![[r#"
        "Failed" 137 "Error"
        Warning FailedPostStartHook PostStartHook failed
        Normal Killing FailedPostStartHook"#]]
    .assert_eq(&format!(
        "{} {} {}\n{}",
        pod["status"]["phase"],
        state["exitCode"],
        state["reason"],
        world.events()
    ));
}

#[test]
fn a_container_that_holds_more_than_its_limit_is_killed() {
    let mut seen = Vec::new();
    for (image, command, limit) in [
        (
            "polinux/stress",
            json!(["stress", "--vm", "1", "--vm-bytes", "250M", "--vm-hang", "1"]),
            "100Mi",
        ),
        (
            "polinux/stress",
            json!(["stress", "--vm", "1", "--vm-bytes", "150M", "--vm-hang", "1"]),
            "200Mi",
        ),
        ("busybox:1.36", json!(["sh", "-c", "tail /dev/zero"]), "64Mi"),
    ] {
        let mut world = World::new();
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a" },
            "spec": {
                "restartPolicy": "Never",
                "containers": [{
                    "name": "main", "image": image, "command": command,
                    "resources": { "limits": { "memory": limit } },
                }],
            },
        });
        world.send("POST", "/api/v1/namespaces/default/pods", &pod);
        world.0.advance(Duration::from_secs(20));
        let pod = world.send("GET", "/api/v1/namespaces/default/pods/a", &Value::Null).1;
        let ended = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
        seen.push(format!("{} {} {}", pod["status"]["phase"], ended["reason"], ended["exitCode"]));
    }
    expect![[r#"
        "Failed" "OOMKilled" 137
        "Running" null null
        "Failed" "OOMKilled" 137"#]]
    .assert_eq(&seen.join("\n"));
}
