//! metrics-server and autoscalers in the embedded cluster.
#![expect(
    clippy::needless_raw_string_hashes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and says so by failing"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

struct World(Cluster);

impl World {
    fn with(addons: &[&str]) -> Self {
        let config = ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        };
        let addons = addons.iter().map(|name| addons::named(name).unwrap()).collect();
        Self(Cluster::furnished(config, System { addons, ..System::default() }))
    }

    fn wait(&mut self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
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

    fn get(&mut self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).1
    }

    fn deploy(&mut self, name: &str, command: &[&str]) {
        let mut container = json!({
            "name": "main", "image": "busybox:1.36",
            "resources": { "requests": { "cpu": "100m" }, "limits": { "cpu": "200m" } },
        });
        container["command"] = json!(command);
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
            "spec": {
                "selector": { "matchLabels": { "app": name } },
                "template": {
                    "metadata": { "labels": { "app": name } },
                    "spec": { "containers": [container], "terminationGracePeriodSeconds": 1 },
                },
            },
        });
        let (code, answer) =
            self.send("POST", "/apis/apps/v1/namespaces/default/deployments", &object);
        assert_eq!(code, 201, "{answer}");
    }

    fn autoscale(&mut self, name: &str, behavior: &Value) {
        let mut object = json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": { "name": name },
            "spec": {
                "minReplicas": 1, "maxReplicas": if name == "php-apache" { 10 } else { 5 },
                "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": name },
                "metrics": [{
                    "type": "Resource",
                    "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 50 } },
                }],
            },
        });
        if !behavior.is_null() {
            object["spec"]["behavior"] = behavior.clone();
        }
        let path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
        let (code, answer) = self.send("POST", path, &object);
        assert_eq!(code, 201, "{answer}");
    }

    fn scaled(&mut self, name: &str) -> String {
        let path =
            format!("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/{name}");
        let found = self.get(&path);
        let conditions: Vec<String> = found["status"]["conditions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| {
                format!(
                    "\n  {}={} {}: {}",
                    one["type"].as_str().unwrap(),
                    one["status"].as_str().unwrap(),
                    one["reason"].as_str().unwrap(),
                    one["message"].as_str().unwrap()
                )
            })
            .collect();
        format!(
            "{}/{} {}{}",
            found["status"]["currentReplicas"],
            found["status"]["desiredReplicas"],
            found["status"]["currentMetrics"],
            conditions.concat()
        )
    }

    fn events(&mut self, kind: &str) -> String {
        let events = self.get("/api/v1/namespaces/default/events");
        let mut lines: Vec<String> = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["involvedObject"]["kind"] == kind)
            .map(|one| {
                format!(
                    "{} {}: {}",
                    one["type"].as_str().unwrap(),
                    one["reason"].as_str().unwrap(),
                    one["message"].as_str().unwrap()
                )
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }
}

impl World {
    /// `php-apache` of the documentation's walk-through, or another Deployment of its image.
    fn php(&mut self, name: &str, limits: &Value) {
        let container = json!({
            "name": "php-apache", "image": "registry.k8s.io/hpa-example",
            "ports": [{ "containerPort": 80 }],
            "resources": { "limits": limits, "requests": { "cpu": "200m" } },
        });
        let object = json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
            "spec": {
                "selector": { "matchLabels": { "run": name } },
                "template": {
                    "metadata": { "labels": { "run": name } },
                    "spec": { "containers": [container] },
                },
            },
        });
        let (code, answer) =
            self.send("POST", "/apis/apps/v1/namespaces/default/deployments", &object);
        assert_eq!(code, 201, "{answer}");
        let service = json!({
            "metadata": { "name": name },
            "spec": { "ports": [{ "port": 80 }], "selector": { "run": name } },
        });
        let (code, answer) = self.send("POST", "/api/v1/namespaces/default/services", &service);
        assert_eq!(code, 201, "{answer}");
    }

    /// `kubectl run NAME --image=busybox:1.28 -- /bin/sh -c SCRIPT`.
    fn run(&mut self, name: &str, script: &str) {
        let pod = json!({
            "metadata": { "name": name, "labels": { "run": name } },
            "spec": {
                "containers": [{
                    "name": name, "image": "busybox:1.28", "args": ["/bin/sh", "-c", script],
                }],
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            },
        });
        let (code, answer) = self.send("POST", "/api/v1/namespaces/default/pods", &pod);
        assert_eq!(code, 201, "{answer}");
    }

    /// Thousandths of a CPU that each pod of a Deployment uses.
    fn cpu(&mut self, name: &str) -> Vec<u64> {
        let path = "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=run%3D";
        let list = self.get(&format!("{path}{name}"));
        let cpu = |one: &Value| {
            let text = one["containers"][0]["usage"]["cpu"].as_str().unwrap();
            text.trim_end_matches('n').parse::<u64>().unwrap() / 1_000_000
        };
        list["items"].as_array().unwrap().iter().map(cpu).collect()
    }

    fn log(&mut self, pod: &str) -> String {
        let path = format!("/api/v1/namespaces/default/pods/{pod}/log");
        let mut request = http::Request::get(path).body(Vec::new()).unwrap();
        request.extensions_mut().insert(Identity::admin());
        match self.0.handle(request) {
            EngineAnswer::Full(response) => String::from_utf8(response.into_body()).unwrap(),
            EngineAnswer::Stream(_) => String::new(),
        }
    }
}

fn metrics(list: &Value) -> String {
    let mut lines: Vec<String> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let name = one["metadata"]["name"].as_str().unwrap();
            let name = name.split('-').next().unwrap();
            format!("{name} {} {}", one["usage"], one["containers"])
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn the_api_group_is_served_when_its_pod_is_ready() {
    let mut world = World::with(&["metrics-server"]);
    world.wait(5);
    let (code, body) = world.send("GET", "/apis/metrics.k8s.io/v1beta1/nodes", &Value::Null);
    let service = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
    let before = world.get(service)["status"]["conditions"][0]["message"].clone();
    expect![[r#"
        503 "the server is currently unable to handle the request"
        "endpoints for service/metrics-server in \"kube-system\" have no addresses with port name \"https\"""#]].assert_eq(&format!("{code} {}\n{before}", body["message"]));
    world.wait(60);
    let groups = world.get("/apis");
    let known =
        groups["groups"].as_array().unwrap().iter().any(|one| one["name"] == "metrics.k8s.io");
    assert!(known, "{groups}");
    let nodes = world.get("/apis/metrics.k8s.io/v1beta1/nodes");
    expect![[r#"
        control {"cpu":"45000000n","memory":"430080Ki"} null
        worker {"cpu":"45000000n","memory":"430080Ki"} null
        worker {"cpu":"49000000n","memory":"449536Ki"} null"#]]
    .assert_eq(&metrics(&nodes));
}

#[test]
fn busy_processes_use_what_their_limit_lets_them() {
    let mut world = World::with(&["metrics-server"]);
    world.deploy("spin", &["sh", "-c", "while :; do :; done"]);
    world.deploy("yes", &["sh", "-c", "yes > /dev/null"]);
    world.deploy("idle", &["sleep", "infinity"]);
    world.deploy("short", &["sh", "-c", "timeout 30 yes > /dev/null & sleep infinity"]);
    world.wait(90);
    let pods = world.get("/apis/metrics.k8s.io/v1beta1/namespaces/default/pods?labelSelector=app");
    expect![[r#"
        idle null [{"name":"main","usage":{"cpu":"1000000n","memory":"1024Ki"}}]
        short null [{"name":"main","usage":{"cpu":"1000000n","memory":"1024Ki"}}]
        spin null [{"name":"main","usage":{"cpu":"200000000n","memory":"1024Ki"}}]
        yes null [{"name":"main","usage":{"cpu":"200000000n","memory":"1024Ki"}}]"#]]
    .assert_eq(&metrics(&pods));
}

#[test]
fn an_autoscaler_follows_the_load_and_returns_after_its_window() {
    let mut world = World::with(&["metrics-server"]);
    world.wait(60);
    world.deploy("load", &["sh", "-c", "sleep 60; timeout 120 yes > /dev/null; sleep infinity"]);
    let behavior = json!({ "scaleDown": { "stabilizationWindowSeconds": 30 } });
    world.autoscale("load", &behavior);
    let mut seen = Vec::new();
    for _ in 0..24 {
        world.wait(15);
        let path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/load";
        let status = world.get(path)["status"].clone();
        seen.push(format!("{}>{}", status["currentReplicas"], status["desiredReplicas"]));
    }
    expect!["null>0 1>0 1>1 1>1 1>1 1>3 3>4 4>4 4>4 4>4 4>5 5>5 5>5 5>5 5>5 5>5 5>5 5>5 5>5 5>5 5>5 5>4 4>4 4>1"].assert_eq(&seen.join(" "));
    expect![[r#"
        4/1 [{"resource":{"current":{"averageUtilization":1,"averageValue":"1m"},"name":"cpu"},"type":"Resource"}]
          AbleToScale=True SucceededRescale: the HPA controller was able to update the target scale to 1
          ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)
          ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range"#]].assert_eq(&world.scaled("load"));
    expect![[r#"
        Normal SuccessfulRescale: New size: 1; reason: All metrics below target
        Normal SuccessfulRescale: New size: 3; reason: cpu resource utilization (percentage of request) above target
        Normal SuccessfulRescale: New size: 4; reason: All metrics below target
        Normal SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target
        Normal SuccessfulRescale: New size: 5; reason: cpu resource utilization (percentage of request) above target
        Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API
        Warning FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API"#]].assert_eq(&world.events("HorizontalPodAutoscaler"));
}

#[test]
fn without_metrics_an_autoscaler_says_what_is_missing() {
    let mut world = World::with(&[]);
    world.deploy("load", &["sleep", "infinity"]);
    world.autoscale("load", &Value::Null);
    world.wait(40);
    expect![[r#"
        1/0 [{"type":""}]
          AbleToScale=True SucceededGetScale: the HPA controller was able to get the target's current scale
          ScalingActive=False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"#]].assert_eq(&world.scaled("load"));
    expect![[r#"
        Warning FailedComputeMetricsReplicas: invalid metrics (1 invalid out of 1), first error is: failed to get cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)
        Warning FailedGetResourceMetric: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"#]].assert_eq(&world.events("HorizontalPodAutoscaler"));
}

#[test]
fn a_day_of_a_session_passes_while_an_autoscaler_looks_on() {
    let config = ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 3,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    };
    let mut world = World(Cluster::furnished(config, addons::of_sessions()));
    world.deploy("idle", &["sleep", "infinity"]);
    world.autoscale("idle", &Value::Null);
    world.wait(24 * 3600);
    expect![[r#"
        1/1 [{"resource":{"current":{"averageUtilization":1,"averageValue":"1m"},"name":"cpu"},"type":"Resource"}]
          AbleToScale=True ReadyForNewScale: recommended size matches current size
          ScalingActive=True ValidMetricFound: the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)
          ScalingLimited=False DesiredWithinRange: the desired count is within the acceptable range"#]].assert_eq(&world.scaled("idle"));
}

/// The load generator of the walk-through (`tasks/run-application/horizontal-pod-autoscale-walkthrough`).
fn generator(service: &str) -> String {
    format!("while sleep 0.01; do wget -q -O- http://{service}; done")
}

#[test]
fn requests_cost_the_cpu_that_the_image_says() {
    let mut world = World::with(&["metrics-server"]);
    world.wait(45);
    for name in ["idle", "one", "three", "limited"] {
        let limits = if name == "limited" { json!({ "cpu": "200m" }) } else { json!({}) };
        world.php(name, &limits);
    }
    world.wait(10);
    world.run("a", &generator("one"));
    for name in ["b", "c", "d"] {
        world.run(name, &generator("three"));
    }
    // Fifty times a second, whether there was an answer or not: five times what 200m of CPU answer.
    let asks = "wget -q -T 1 -O- http://limited || echo";
    world.run("e", &format!("while sleep 0.02; do {asks} & done"));
    world.wait(35);
    let names = ["idle", "one", "three", "limited"];
    let seen: Vec<String> =
        names.iter().map(|name| format!("{name} {:?}", world.cpu(name))).collect();
    expect![[r#"
        idle [1]
        one [626]
        three [1877]
        limited [200]"#]]
    .assert_eq(&seen.join("\n"));
    let mut said: Vec<String> =
        world.log("e").lines().map(|line| line.replace("OK!", "")).collect();
    said.sort();
    said.dedup();
    expect![[r#"

        wget: download timed out"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn the_walk_through_of_the_documentation_scales_up_and_down() {
    let mut world = World::with(&["metrics-server"]);
    world.wait(45);
    world.php("php-apache", &json!({ "cpu": "500m" }));
    world.autoscale("php-apache", &Value::Null);
    world.wait(60);
    world.run("load-generator", &generator("php-apache"));
    let path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/php-apache";
    let mut seen = Vec::new();
    for minute in 0..9 {
        if minute == 3 {
            world.send("DELETE", "/api/v1/namespaces/default/pods/load-generator", &Value::Null);
        }
        world.wait(60);
        let status = world.get(path)["status"].clone();
        let used = &status["currentMetrics"][0]["resource"]["current"]["averageUtilization"];
        seen.push(format!("{used}%/50% {}", status["currentReplicas"]));
    }
    expect![[r#"
        85%/50% 4
        52%/50% 6
        52%/50% 6
        0%/50% 6
        0%/50% 6
        0%/50% 6
        0%/50% 6
        0%/50% 6
        0%/50% 1"#]]
    .assert_eq(&seen.join("\n"));
}
