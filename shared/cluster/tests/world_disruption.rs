//! What takes pods away: budgets, taints, nodes that go, and events that grow old.
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
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        });
        cluster.advance(Duration::from_secs(1));
        Self(cluster)
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

    fn get(&mut self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).1
    }

    fn deploy(&mut self, replicas: u32, strategy: &Value) {
        let web = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": {
                "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
                "strategy": strategy,
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{ "name": "web", "image": "nginx:1.28" }] },
                },
            },
        });
        let (code, answer) =
            self.send("POST", "/apis/apps/v1/namespaces/default/deployments", &web);
        assert_eq!(code, 201, "{answer}");
        self.wait(10);
    }

    fn pods(&mut self) -> String {
        let list = self.get("/api/v1/namespaces/default/pods");
        let mut lines: Vec<String> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pod| {
                format!(
                    "{} {}",
                    pod["spec"]["nodeName"].as_str().unwrap_or("-"),
                    pod["status"]["phase"].as_str().unwrap()
                )
            })
            .collect();
        lines.sort();
        lines.join(", ")
    }
}

#[test]
fn a_budget_tells_what_it_allows_and_evictions_keep_to_it() {
    let mut world = World::new();
    world.deploy(3, &json!({}));
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "web" },
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "web" } } },
    });
    world.send("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets", &budget);
    world.wait(1);
    let path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web";
    let before = world.get(path)["status"].clone();
    expect![[r#"{"conditions":[{"lastTransitionTime":"2026-09-21T14:13:31Z","message":"","observedGeneration":1,"reason":"SufficientPods","status":"True","type":"DisruptionAllowed"}],"currentHealthy":3,"desiredHealthy":2,"disruptionsAllowed":1,"expectedPods":3,"observedGeneration":1}"#]].assert_eq(&before.to_string());
    let names: Vec<String> = world.get("/api/v1/namespaces/default/pods")["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    let mut codes = Vec::new();
    for name in &names {
        let eviction =
            json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name } });
        let path = format!("/api/v1/namespaces/default/pods/{name}/eviction");
        codes.push(world.send("POST", &path, &eviction).0);
    }
    assert_eq!(codes, [201, 429, 429]);
    world.wait(10);
    assert_eq!(world.get(path)["status"]["disruptionsAllowed"], 1);
}

#[test]
fn pods_leave_a_node_whose_taint_they_do_not_tolerate() {
    let mut world = World::new();
    world.deploy(4, &json!({}));
    let before = world.pods();
    let taint = json!({ "spec": { "taints": [{ "key": "broken", "effect": "NoExecute" }] } });
    world.send("PATCH", "/api/v1/nodes/worker-1", &taint);
    world.wait(10);
    expect![[r"
        worker-1 Running, worker-1 Running, worker-2 Running, worker-2 Running
        worker-2 Running, worker-2 Running, worker-2 Running, worker-2 Running"]]
    .assert_eq(&format!("{before}\n{}", world.pods()));
    // One that bears it for a minute.
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "patient" },
        "spec": {
            "nodeName": "worker-1", "containers": [{ "name": "web", "image": "nginx:1.28" }],
            "tolerations": [{
                "key": "broken", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60,
            }],
        },
    });
    world.send("POST", "/api/v1/namespaces/default/pods", &pod);
    let path = "/api/v1/namespaces/default/pods/patient";
    world.wait(55);
    let held = world.send("GET", path, &Value::Null).0;
    world.wait(10);
    assert_eq!((held, world.send("GET", path, &Value::Null).0), (200, 404));
}

#[test]
fn pods_of_a_node_that_is_deleted_are_collected() {
    let mut world = World::new();
    world.deploy(2, &json!({}));
    world.send("DELETE", "/api/v1/nodes/worker-1", &Value::Null);
    world.wait(30);
    let held = world.pods();
    world.wait(30);
    expect![[r"
        worker-1 Running, worker-2 Running
        worker-2 Running, worker-2 Running"]]
    .assert_eq(&format!("{held}\n{}", world.pods()));
}

#[test]
fn events_vanish_after_an_hour() {
    let mut world = World::new();
    world.deploy(1, &json!({}));
    let count = |world: &mut World| {
        world.get("/api/v1/namespaces/default/events")["items"].as_array().unwrap().len()
    };
    let before = count(&mut world);
    world.wait(3000);
    assert_eq!(count(&mut world), before);
    world.wait(700);
    assert_eq!(count(&mut world), 0);
}

#[test]
fn scaling_in_the_middle_of_a_rollout_keeps_the_proportions() {
    let mut world = World::new();
    let rolling =
        json!({ "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 3, "maxUnavailable": 2 } });
    world.deploy(10, &rolling);
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let image = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "web", "image": "nginx:0.1" }] } } } });
    world.send("PATCH", path, &image);
    world.wait(10);
    let sizes = |world: &mut World| {
        let list = world.get("/apis/apps/v1/namespaces/default/replicasets");
        let mut sizes: Vec<i64> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|set| set["spec"]["replicas"].as_i64().unwrap())
            .collect();
        sizes.sort_unstable();
        sizes
    };
    let before = sizes(&mut world);
    world.send("PATCH", path, &json!({ "spec": { "replicas": 15 } }));
    world.wait(5);
    // The example of the documentation: 8 and 5 become 11 and 7.
    assert_eq!((before, sizes(&mut world)), (vec![5, 8], vec![7, 11]));
}

#[test]
fn a_set_whose_pods_are_refused_tries_a_few_and_says_so() {
    let mut world = World::new();
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "few" },
        "spec": { "hard": { "pods": "2" } },
    });
    world.send("POST", "/api/v1/namespaces/default/resourcequotas", &quota);
    world.wait(1);
    world.deploy(10, &json!({}));
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let status = world.get(path)["status"].clone();
    let failure = status["conditions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["type"] == "ReplicaFailure")
        .unwrap();
    let text =
        failure["message"].as_str().unwrap().replace(|letter: char| letter.is_ascii_digit(), "#");
    let (_, text) = text.split_once(" is ").unwrap();
    expect![[r#"2 "FailedCreate" forbidden: exceeded quota: few, requested: pods=#, used: pods=#, limited: pods=#"#]].assert_eq(&format!("{} {} {text}", status["replicas"], failure["reason"]));
}

#[test]
fn a_node_that_nobody_runs_is_unknown_after_a_while() {
    let mut world = World::new();
    let node = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "paper" } });
    world.send("POST", "/api/v1/nodes", &node);
    let mut seen = Vec::new();
    for seconds in [30, 40] {
        world.wait(seconds);
        let node = world.get("/api/v1/nodes/paper");
        let ready = &node["status"]["conditions"][0];
        seen.push(format!(
            "{} {} {} {}",
            node["spec"]["taints"], ready["type"], ready["status"], ready["message"]
        ));
    }
    expect![[r#"
        [{"effect":"NoSchedule","key":"node.kubernetes.io/not-ready"}] null null null
        [{"effect":"NoSchedule","key":"node.kubernetes.io/unreachable","timeAdded":"2026-09-21T14:14:21Z"},{"effect":"NoExecute","key":"node.kubernetes.io/unreachable","timeAdded":"2026-09-21T14:14:21Z"}] "Ready" "Unknown" "Kubelet never posted node status.""#]].assert_eq(&seen.join("\n"));
    world.wait(24 * 3600);
    assert!(world.get("/api/v1/nodes/worker-1")["spec"]["taints"].is_null());
}

/// Sends an eviction; the code, the message and what the budget says.
fn evict(world: &mut World, name: &str) -> String {
    let eviction =
        json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name } });
    let path = format!("/api/v1/namespaces/default/pods/{name}/eviction");
    let (code, answer) = world.send("POST", &path, &eviction);
    let cause = answer["details"]["causes"][0]["message"].as_str().unwrap_or("");
    format!("{code} {} {} {cause}", answer["code"], answer["message"])
}

fn names(world: &mut World) -> Vec<String> {
    world.get("/api/v1/namespaces/default/pods")["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn evictions_ask_the_status_of_the_one_budget() {
    let mut world = World::new();
    world.deploy(3, &json!({}));
    let path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    let budget = |name: &str, least: u32| {
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": name },
            "spec": { "minAvailable": least, "selector": { "matchLabels": { "app": "web" } } },
        })
    };
    world.send("POST", path, &budget("web", 3));
    let names = names(&mut world);
    let mut seen = vec![evict(&mut world, &names[0])];
    world.wait(1);
    seen.push(evict(&mut world, &names[0]));
    world.send("PATCH", &format!("{path}/web"), &json!({ "spec": { "minAvailable": 2 } }));
    world.wait(1);
    world.send("POST", path, &budget("second", 1));
    world.wait(1);
    seen.push(evict(&mut world, &names[0]));
    world.send("DELETE", &format!("{path}/second"), &Value::Null);
    seen.push(evict(&mut world, &names[0]));
    let status = world.get(&format!("{path}/web"))["status"].clone();
    seen.push(format!("{} {}", status["disruptionsAllowed"], status["disruptedPods"][&names[0]]));
    let pod = world.get(&format!("/api/v1/namespaces/default/pods/{}", names[0]));
    seen.push(pod["status"]["conditions"].as_array().unwrap().last().unwrap().to_string());
    seen.push(evict(&mut world, &names[1]));
    expect![[r#"
        429 429 "Cannot evict pod as it would violate the pod's disruption budget." The disruption budget web is still being processed by the server.
        429 429 "Cannot evict pod as it would violate the pod's disruption budget." The disruption budget web needs 3 healthy pods and has 3 currently
        500 500 "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support." 
        201 201 null 
        0 "2026-09-21T14:13:34Z"
        {"lastProbeTime":null,"lastTransitionTime":"2026-09-21T14:13:34Z","message":"Eviction API: evicting","reason":"EvictionByEvictionAPI","status":"True","type":"DisruptionTarget"}
        429 429 "Cannot evict pod as it would violate the pod's disruption budget." The disruption budget web does not allow evicting pods currently"#]].assert_eq(&seen.join("\n"));
}

#[test]
fn a_budget_over_pods_of_a_job_cannot_be_counted() {
    let mut world = World::new();
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": "long" },
        "spec": { "template": {
            "metadata": { "labels": { "app": "long" } },
            "spec": { "restartPolicy": "Never", "containers": [{
                "name": "main", "image": "busybox:1.36", "command": ["sleep", "3600"],
            }] },
        } },
    });
    world.send("POST", "/apis/batch/v1/namespaces/default/jobs", &job);
    world.wait(5);
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": { "name": "long" },
        "spec": { "maxUnavailable": 1, "selector": { "matchLabels": { "app": "long" } } },
    });
    let path = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    world.send("POST", path, &budget);
    world.wait(1);
    let status = world.get(&format!("{path}/long"))["status"].clone();
    let pod = names(&mut world).remove(0);
    let refused = evict(&mut world, &pod);
    expect![[r#"
        {"conditions":[{"lastTransitionTime":"2026-09-21T14:13:26Z","message":"jobs.batch does not implement the scale subresource","reason":"SyncFailed","status":"False","type":"DisruptionAllowed"}],"currentHealthy":0,"desiredHealthy":0,"disruptionsAllowed":0,"expectedPods":0}
        429 429 "Cannot evict pod as it would violate the pod's disruption budget." The disruption budget long is still being processed by the server."#]].assert_eq(&format!("{status}\n{refused}"));
}
