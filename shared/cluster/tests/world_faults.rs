//! What follows when something breaks: a machine, a cable, a disk, an image, a process.
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
    fn new(seed: u64) -> Self {
        let mut cluster = Cluster::new(ClusterConfig {
            seed,
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

    fn fault(&mut self, line: &str) -> String {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap_or("").to_owned();
        let body = json!({ "verb": next(), "kind": next(), "name": next(), "more": next() });
        self.send("POST", "/podium/v1/faults", &body).1["message"].as_str().unwrap().to_owned()
    }

    fn pod(&mut self, name: &str, spec: &Value) {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": { "app": name } },
            "spec": spec,
        });
        let (code, answer) = self.send("POST", "/api/v1/namespaces/default/pods", &pod);
        assert_eq!(code, 201, "{answer}");
    }

    /// Phase, readiness, restarts and state of a pod's container.
    fn state(&mut self, name: &str) -> String {
        let (code, pod) =
            self.send("GET", &format!("/api/v1/namespaces/default/pods/{name}"), &Value::Null);
        if code == 404 {
            return format!("{name} gone");
        }
        let status = &pod["status"];
        let one = &status["containerStatuses"][0];
        let ready = status["conditions"].as_array().unwrap().iter();
        let mut ready =
            ready.filter(|one| one["type"] == "Ready").map(|one| one["status"].as_str().unwrap());
        format!(
            "{name} {}{} ready={} restarts={} last={}",
            status["phase"].as_str().unwrap(),
            if pod["metadata"]["deletionTimestamp"].is_null() { "" } else { " terminating" },
            ready.next_back().unwrap_or("?"),
            one["restartCount"],
            one["lastState"]["terminated"]["reason"],
        )
    }

    fn node(&mut self, name: &str) -> String {
        let node = self.get(&format!("/api/v1/nodes/{name}"));
        let conditions = node["status"]["conditions"].as_array().unwrap();
        let ready = conditions.iter().find(|one| one["type"] == "Ready").unwrap();
        let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let keys: Vec<String> = taints
            .iter()
            .map(|one| {
                format!("{}:{}", one["key"].as_str().unwrap(), one["effect"].as_str().unwrap())
            })
            .collect();
        format!("{} {} [{}]", ready["status"], ready["message"], keys.join(" "))
    }

    fn connect(&mut self, from: &str, to: &str) -> String {
        let said =
            self.get(&format!("/podium/v1/connect?from=default/{from}&to=default/{to}&port=80"));
        format!(
            "{} {}",
            said["outcome"].as_str().unwrap(),
            said["reason"]["code"].as_str().unwrap()
        )
    }

    fn events(&mut self, name: &str) -> String {
        let list = self.get("/api/v1/namespaces/default/events");
        let mut lines: Vec<(String, String)> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["involvedObject"]["name"] == name)
            .map(|event| {
                let at = event["lastTimestamp"].as_str().unwrap_or("").to_owned();
                let text = |field: &str| event[field].as_str().unwrap_or("").to_owned();
                (at, format!("{} {}: {}", text("type"), text("reason"), text("message")))
            })
            .collect();
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
    }
}

fn web(node: &str) -> Value {
    json!({ "nodeName": node, "containers": [{ "name": "web", "image": "nginx:1.28" }] })
}

#[test]
fn a_node_without_power_is_unknown_and_loses_its_pods() {
    let mut world = World::new(1);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db" },
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": { "matchLabels": { "app": "db" } },
            "template": {
                "metadata": { "labels": { "app": "db" } },
                "spec": { "nodeSelector": { "kubernetes.io/hostname": "worker-1" }, "containers": [{ "name": "db", "image": "nginx:1.28" }] },
            },
        },
    });
    world.send("POST", "/apis/apps/v1/namespaces/default/statefulsets", &set);
    world.pod("far", &web("worker-2"));
    world.wait(10);
    let mut seen = vec![world.fault("stop node worker-1"), world.connect("far", "db-0")];
    world.wait(30);
    seen.push(format!("40 s: {} | {}", world.node("worker-1"), world.state("db-0")));
    world.wait(30);
    seen.push(format!("60 s: {} | {}", world.node("worker-1"), world.state("db-0")));
    world.wait(310);
    seen.push(format!("370 s: {}", world.state("db-0")));
    world.wait(600);
    seen.push(format!("970 s: {}", world.state("db-0")));
    seen.push(world.fault("stop node worker-1"));
    seen.push(world.fault("start node worker-1"));
    world.wait(30);
    seen.push(format!("back: {} | {}", world.node("worker-1"), world.state("db-0")));
    seen.push(world.connect("far", "db-0"));
    expect![[r#"
        node/worker-1 stopped
        blocked connect-node-off
        40 s: "True" "kubelet is posting ready status" [] | db-0 Running ready=True restarts=0 last=null
        60 s: "Unknown" "Kubelet stopped posting node status." [node.kubernetes.io/unreachable:NoSchedule node.kubernetes.io/unreachable:NoExecute] | db-0 Running ready=False restarts=0 last=null
        370 s: db-0 Running terminating ready=False restarts=0 last=null
        970 s: db-0 Running terminating ready=False restarts=0 last=null
        nothing is heard of node "worker-1" already
        node/worker-1 started
        back: "True" "kubelet is posting ready status" [] | db-0 Running ready=True restarts=0 last=null
        allowed connect-ingress-open"#]].assert_eq(&seen.join("\n"));
}

#[test]
fn a_node_that_comes_back_in_time_starts_its_pods_again() {
    let mut world = World::new(1);
    world.pod("web", &web("worker-1"));
    world.wait(10);
    world.fault("stop node worker-1");
    world.wait(70);
    let mut seen = vec![world.state("web"), world.fault("start node worker-1")];
    world.wait(15);
    seen.push(world.state("web"));
    seen.push(world.events("web"));
    seen.push(world.events("worker-1"));
    expect![[r#"
        web Running ready=False restarts=0 last=null
        node/worker-1 started
        web Running ready=True restarts=1 last="Unknown"
        Normal Pulling: Pulling image "nginx:1.28"
        Normal Pulled: Successfully pulled image "nginx:1.28" in 1.450s (1.450s including waiting). Image size: 72223946 bytes.
        Warning NodeNotReady: Node is not ready
        Normal SandboxChanged: Pod sandbox changed, it will be killed and re-created.
        Normal Created: Container created
        Normal Pulled: Container image "nginx:1.28" already present on machine and can be accessed by the pod
        Normal Started: Container started
        Normal NodeNotReady: Node worker-1 status is now: NodeNotReady
        Normal NodeHasNoDiskPressure: Node worker-1 status is now: NodeHasNoDiskPressure
        Normal NodeHasSufficientMemory: Node worker-1 status is now: NodeHasSufficientMemory
        Normal NodeHasSufficientPID: Node worker-1 status is now: NodeHasSufficientPID
        Normal NodeReady: Node worker-1 status is now: NodeReady
        Normal Starting: Starting kubelet.
        Warning Rebooted: Node worker-1 has been rebooted, boot id: 9236d18d9418f379778bfe4aa2c176b9"#]].assert_eq(&seen.join("\n"));
}

#[test]
fn out_of_service_lets_pods_of_a_dead_node_go() {
    let mut world = World::new(1);
    world.pod("web", &web("worker-1"));
    world.wait(10);
    world.fault("stop node worker-1");
    world.wait(400);
    let before = world.state("web");
    let taints = world.get("/api/v1/nodes/worker-1")["spec"]["taints"].clone();
    let mut taints = taints.as_array().cloned().unwrap();
    taints.push(json!({ "key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute" }));
    world.send("PATCH", "/api/v1/nodes/worker-1", &json!({ "spec": { "taints": taints } }));
    world.wait(30);
    expect![[r"
        web Running terminating ready=False restarts=0 last=null
        web gone"]]
    .assert_eq(&format!("{before}\n{}", world.state("web")));
}

#[test]
fn cables_disks_images_and_processes_break_and_are_mended() {
    let mut world = World::new(1);
    world.pod("one", &web("worker-1"));
    world.pod("two", &web("worker-2"));
    world.wait(10);
    let mut seen = vec![world.connect("one", "two"), world.fault("cut pod default/two")];
    seen.push(world.connect("one", "two"));
    seen.push(world.connect("two", "one"));
    seen.push(world.fault("mend pod default/two"));
    seen.push(world.connect("one", "two"));
    seen.push(world.fault("cut node worker-2"));
    seen.push(world.connect("one", "two"));
    seen.push(world.fault("mend node worker-2"));
    seen.push(world.connect("one", "two"));
    seen.push(world.fault("kill pod default/one web"));
    world.wait(5);
    seen.push(world.state("one"));
    seen.push(world.fault("break image httpd:2.4"));
    world.pod(
        "apache",
        &json!({ "nodeName": "worker-1", "containers": [{ "name": "a", "image": "httpd:2.4" }] }),
    );
    world.wait(20);
    seen.push(world.events("apache"));
    seen.push(world.fault("mend image httpd:2.4"));
    world.wait(60);
    seen.push(world.state("apache"));
    seen.push(world.fault("slow disk worker-2 100"));
    world.pod(
        "slow",
        &json!({ "nodeName": "worker-2", "containers": [{ "name": "a", "image": "httpd:2.4" }] }),
    );
    world.wait(60);
    seen.push(world.state("slow"));
    seen.push(world.fault("kill pod default/nobody"));
    seen.push(world.fault("burn node worker-1"));
    expect![[r#"
        allowed connect-ingress-open
        pod/default/two cut off
        blocked connect-pod-cut
        blocked connect-pod-cut
        pod/default/two connected again
        allowed connect-ingress-open
        node/worker-2 cut off
        blocked connect-node-cut
        node/worker-2 connected again
        allowed connect-ingress-open
        container web of pod/default/one killed
        one Running ready=True restarts=1 last="Error"
        image docker.io/library/httpd:2.4 gone from its registry
        Normal Pulling: Pulling image "httpd:2.4"
        Warning Failed: Error: ErrImagePull
        Warning Failed: Failed to pull image "httpd:2.4": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/httpd:2.4": failed to resolve image: docker.io/library/httpd:2.4: not found
        Normal BackOff: Back-off pulling image "httpd:2.4"
        Warning Failed: Error: ImagePullBackOff
        image docker.io/library/httpd:2.4 back in its registry
        apache Running ready=True restarts=0 last=null
        disk of node/worker-2 100 times slower
        slow Pending ready=False restarts=0 last=null
        pod "default/nobody" not found
        there is no fault "burn node"; there are: stop node, start node, cut node, mend node, kill pod, cut pod, mend pod, slow disk, mend disk, fill memory, free memory, fill disk, free disk, break image, mend image"#]].assert_eq(&seen.join("\n"));
}

#[test]
fn chance_follows_the_seed() {
    let hit = |seed: u64| {
        let mut world = World::new(seed);
        for name in ["a", "b", "c", "d", "e"] {
            world.pod(name, &web("worker-1"));
        }
        world.wait(10);
        (0..4).map(|_| world.fault("kill pod default/?")).collect::<Vec<_>>()
    };
    assert_eq!(hit(1), hit(1));
    assert!((2..6).any(|seed| hit(seed) != hit(1)));
}

impl World {
    /// Conditions of a kind, and taints.
    fn pressure(&mut self, node: &str, kind: &str) -> String {
        let node = self.get(&format!("/api/v1/nodes/{node}"));
        let conditions = node["status"]["conditions"].as_array().unwrap();
        let one = conditions.iter().find(|one| one["type"] == kind).unwrap();
        let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let keys: Vec<&str> = taints.iter().filter_map(|one| one["key"].as_str()).collect();
        format!("{} {} {keys:?}", one["status"], one["message"])
    }

    fn end(&mut self, name: &str) -> String {
        let pod = self.get(&format!("/api/v1/namespaces/default/pods/{name}"));
        let conditions = pod["status"]["conditions"].as_array().unwrap();
        let target = conditions.iter().find(|one| one["type"] == "DisruptionTarget");
        format!(
            "{name} {} {} {} {} {}",
            pod["status"]["phase"],
            pod["status"]["reason"],
            pod["status"]["message"],
            target.map_or(&Value::Null, |one| &one["reason"]),
            pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"],
        )
    }
}

#[test]
fn where_memory_runs_out_pods_go_that_hold_more_than_they_ask_for() {
    let mut world = World::new(1);
    let spec = |request: &str| {
        json!({
            "nodeName": "worker-1",
            "containers": [{
                "name": "main", "image": "nginx:1.28", "resources": { "requests": { "memory": request } },
            }],
        })
    };
    world.pod("modest", &spec("64Mi"));
    world.pod("greedy", &spec("1Mi"));
    world.wait(20);
    let told = world.fault("fill memory worker-1");
    world.wait(9);
    let pressed = world.pressure("worker-1", "MemoryPressure");
    let (greedy, modest) = (world.end("greedy"), world.state("modest"));
    world.fault("free memory worker-1");
    world.wait(299);
    let still = world.pressure("worker-1", "MemoryPressure");
    world.wait(20);
    let after = world.pressure("worker-1", "MemoryPressure");
    let events = world.get("/api/v1/events");
    let events = events["items"].as_array().unwrap().iter();
    let events: Vec<String> = events
        .filter(|one| {
            let reason = one["reason"].as_str().unwrap();
            reason.contains("Memory") || reason.contains("vict")
        })
        .map(|one| format!("{} {} {}", one["type"], one["reason"], one["message"]))
        .collect();
    expect![[r#"
        memory of node/worker-1 filled, 50Mi left
        "True" "kubelet has insufficient memory available" ["node.kubernetes.io/memory-pressure"]
        greedy "Failed" "Evicted" "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container main was using 3Mi, request is 1Mi, has larger consumption of memory. " "TerminationByKubelet" 0
        modest Running ready=True restarts=0 last=null
        "True" "kubelet has insufficient memory available" ["node.kubernetes.io/memory-pressure"]
        "False" "kubelet has sufficient memory available" []
        "Warning" "Evicted" "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container main was using 3Mi, request is 1Mi, has larger consumption of memory. "
        "Normal" "NodeHasInsufficientMemory" "Node worker-1 status is now: NodeHasInsufficientMemory"
        "Warning" "EvictionThresholdMet" "Attempting to reclaim memory"
        "Normal" "NodeHasSufficientMemory" "Node worker-1 status is now: NodeHasSufficientMemory""#]].assert_eq(&format!(
        "{told}\n{pressed}\n{greedy}\n{modest}\n{still}\n{after}\n{}",
        events.join("\n")
    ));
}

#[test]
fn where_the_disk_is_full_the_pod_that_wrote_most_goes_first() {
    let mut world = World::new(2);
    let spec = |script: &str| {
        json!({
            "nodeName": "worker-1", "restartPolicy": "Never",
            "containers": [{ "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script] }],
        })
    };
    world.pod("quiet", &spec("echo a; sleep 10000"));
    world.pod(
        "chatty",
        &spec("for i in 1 2 3 4 5 6 7 8 9; do echo a long line of text; done; sleep 10000"),
    );
    world.wait(20);
    let told = world.fault("fill disk worker-1");
    world.wait(5);
    let pressed = world.pressure("worker-1", "DiskPressure");
    let (first, second) = (world.end("chatty"), world.state("quiet"));
    world.wait(10);
    let later = world.end("quiet");
    expect![[r#"
        disk of node/worker-1 filled, 5Gi left
        "True" "kubelet has disk pressure" ["node.kubernetes.io/disk-pressure"]
        chatty "Failed" "Evicted" "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 5Gi. Container main was using 180, request is 0, has larger consumption of ephemeral-storage. " "TerminationByKubelet" 137
        quiet Running ready=True restarts=0 last=null
        quiet "Failed" "Evicted" "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 5368709300. Container main was using 2, request is 0, has larger consumption of ephemeral-storage. " "TerminationByKubelet" 137"#]].assert_eq(&format!("{told}\n{pressed}\n{first}\n{second}\n{later}"));
}
