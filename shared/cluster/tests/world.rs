//! What happens by itself: pods run, Services answer, policies block.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

use std::fmt::Write as _;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
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

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let content =
        if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", content)
        .header("user-agent", "test/1")
        .body(body)
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) => {
            serde_json::from_slice(response.body()).unwrap_or(Value::Null)
        }
        EngineAnswer::Stream(_) => panic!("a stream for {path}"),
    }
}

fn get(cluster: &mut Cluster, path: &str) -> Value {
    send(cluster, "GET", path, &Value::Null)
}

fn exec(cluster: &mut Cluster, pod: &str, command: &[&str]) -> String {
    let (namespace, name) = pod.split_once('/').unwrap();
    let mut query = String::new();
    for word in command {
        write!(query, "&command={}", apimachinery::request::percent_encode(word)).unwrap();
    }
    let path =
        format!("/api/v1/namespaces/{namespace}/pods/{name}/exec?stdout=true&stderr=true{query}");
    let mut request = http::Request::get(path).body(Vec::new()).unwrap();
    request.extensions_mut().insert(Identity::admin());
    let stream = match cluster.handle(request) {
        EngineAnswer::Stream(response) => response.into_body(),
        EngineAnswer::Full(response) => {
            return String::from_utf8_lossy(response.body()).into_owned();
        }
    };
    let before = cluster.now();
    let mut text = String::new();
    loop {
        let read = cluster.read_stream(stream);
        for chunk in read.chunks {
            text.push_str(&String::from_utf8_lossy(&chunk[1..]));
        }
        if read.closed {
            break;
        }
        cluster.advance(Duration::from_secs(1));
    }
    let took = cluster.now().as_second() - before.as_second();
    format!("{text} after {took} s")
}

fn pod(namespace: &str, name: &str, app: &str, image: &str) -> Value {
    let mut container = json!({ "name": "main", "image": image });
    if image.starts_with("alpine") {
        container["command"] = json!(["sleep", "infinity"]);
    }
    let labels = if app.is_empty() { json!({}) } else { json!({ "app": app }) };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": name, "namespace": namespace, "labels": labels },
        "spec": { "containers": [container] },
    })
}

/// The picture of section 3.
fn picture() -> Cluster {
    let mut cluster = fresh();
    for namespace in ["op", "dev"] {
        let object =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace } });
        send(&mut cluster, "POST", "/api/v1/namespaces", &object);
        cluster.advance(Duration::from_secs(1));
        for (name, app) in [("np-connect", "np-connect"), ("np-no", "")] {
            let path = format!("/api/v1/namespaces/{namespace}/pods");
            send(&mut cluster, "POST", &path, &pod(namespace, name, app, "alpine:3.22"));
        }
    }
    send(
        &mut cluster,
        "POST",
        "/api/v1/namespaces/dev/pods",
        &pod("dev", "np-test", "np-test", "nginx:1.29"),
    );
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "np-test" },
        "spec": { "selector": { "app": "np-test" }, "ports": [{ "port": 80 }] },
    });
    send(&mut cluster, "POST", "/api/v1/namespaces/dev/services", &service);
    cluster.advance(Duration::from_secs(20));
    cluster
}

fn policy(name: &str, from: &Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": name },
        "spec": {
            "podSelector": { "matchLabels": { "app": "np-test" } },
            "ingress": [{ "from": from }],
            "policyTypes": ["Ingress"],
        },
    })
}

fn matrix(cluster: &mut Cluster) -> String {
    ["dev/np-connect", "dev/np-no", "op/np-connect", "op/np-no"]
        .iter()
        .map(|from| {
            let path = format!("/podium/v1/connect?from={from}&to=dev/np-test&port=80");
            let answer = get(cluster, &path);
            format!("{} ", answer["outcome"].as_str().unwrap_or("?"))
        })
        .collect()
}

#[test]
fn bare_pods_come_to_run_with_the_events_of_a_kubelet() {
    let mut cluster = picture();
    let pod = get(&mut cluster, "/api/v1/namespaces/dev/pods/np-test");
    assert_eq!(pod["status"]["phase"], "Running", "{pod:#}");
    let events = get(&mut cluster, "/api/v1/namespaces/dev/events");
    let mut text = String::new();
    for event in events["items"].as_array().unwrap() {
        if event["involvedObject"]["name"] == "np-test" {
            writeln!(
                text,
                "{}: {}",
                event["reason"].as_str().unwrap(),
                event["message"].as_str().unwrap()
            )
            .unwrap();
        }
    }
    expect![[r#"
        Scheduled: Successfully assigned dev/np-test to worker-2
        Pulling: Pulling image "nginx:1.29"
        Pulled: Successfully pulled image "nginx:1.29" in 1.450s (1.450s including waiting). Image size: 72223946 bytes.
        Created: Container created
        Started: Container started
    "#]]
    .assert_eq(&text);
}

#[test]
fn the_matrix_of_section_3_is_that_of_the_specification() {
    let mut cluster = picture();
    let policies = "/apis/networking.k8s.io/v1/namespaces/dev/networkpolicies";
    let same = policy(
        "default-policy",
        &json!([{ "podSelector": { "matchLabels": { "app": "np-connect" } } }]),
    );
    let both = json!([{
        "podSelector": { "matchLabels": { "app": "np-connect" } },
        "namespaceSelector": { "matchLabels": { "ns": "op" } },
    }]);
    let either = json!([
        { "podSelector": { "matchLabels": { "app": "np-connect" } } },
        { "namespaceSelector": { "matchLabels": { "ns": "op" } } },
    ]);
    let label = |value: Value| json!({ "metadata": { "labels": { "ns": value } } });
    let mut text = String::new();
    writeln!(text, "none        {}", matrix(&mut cluster)).unwrap();
    send(&mut cluster, "POST", policies, &same);
    writeln!(text, "same        {}", matrix(&mut cluster)).unwrap();
    send(&mut cluster, "POST", policies, &policy("test-namespace-policy", &both));
    writeln!(text, "no label    {}", matrix(&mut cluster)).unwrap();
    send(&mut cluster, "PATCH", "/api/v1/namespaces/op", &label(json!("op")));
    writeln!(text, "both        {}", matrix(&mut cluster)).unwrap();
    send(&mut cluster, "DELETE", &format!("{policies}/default-policy"), &Value::Null);
    writeln!(text, "other only  {}", matrix(&mut cluster)).unwrap();
    send(&mut cluster, "DELETE", &format!("{policies}/test-namespace-policy"), &Value::Null);
    send(&mut cluster, "POST", policies, &policy("dash", &either));
    writeln!(text, "dash        {}", matrix(&mut cluster)).unwrap();
    expect![[r"
        none        allowed allowed allowed allowed 
        same        allowed blocked blocked blocked 
        no label    allowed blocked blocked blocked 
        both        allowed blocked allowed blocked 
        other only  blocked blocked allowed blocked 
        dash        allowed blocked allowed allowed 
    "]]
    .assert_eq(&text);
}

#[test]
fn a_blocked_connection_times_out_and_a_closed_port_refuses() {
    let mut cluster = picture();
    let wget = ["wget", "-T", "2", "-q", "-O", "/dev/null", "http://np-test.dev"];
    let mut text = String::new();
    writeln!(text, "{}", exec(&mut cluster, "op/np-no", &wget)).unwrap();
    let policies = "/apis/networking.k8s.io/v1/namespaces/dev/networkpolicies";
    send(&mut cluster, "POST", policies, &policy("deny", &json!([{ "podSelector": {} }])));
    writeln!(text, "{}", exec(&mut cluster, "op/np-no", &wget)).unwrap();
    writeln!(
        text,
        "{}",
        exec(&mut cluster, "dev/np-no", &["sh", "-c", "wget -T 2 http://nowhere; echo $?"])
    )
    .unwrap();
    writeln!(text, "{}", exec(&mut cluster, "dev/np-no", &["sh", "-c", "curl x"])).unwrap();
    expect![[r#"
        {"metadata":{},"status":"Success"} after 1 s
        wget: download timed out
        {"details":{"causes":[{"message":"1","reason":"ExitCode"}]},"message":"command terminated with non-zero exit code: error executing command, exit code 1","metadata":{},"reason":"NonZeroExitCode","status":"Failure"} after 2 s
        1
        wget: bad address 'nowhere'
        {"metadata":{},"status":"Success"} after 1 s
        sh: curl: not found
        {"details":{"causes":[{"message":"127","reason":"ExitCode"}]},"message":"command terminated with non-zero exit code: error executing command, exit code 127","metadata":{},"reason":"NonZeroExitCode","status":"Failure"} after 0 s
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_deployment_rolls_without_losing_availability() {
    let mut cluster = fresh();
    let deployments = "/apis/apps/v1/namespaces/default/deployments";
    let mut web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": 3, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "nginx:1" }] },
            },
        },
    });
    send(&mut cluster, "POST", deployments, &web);
    cluster.advance(Duration::from_secs(30));
    let found = get(&mut cluster, &format!("{deployments}/web"));
    assert_eq!(found["status"]["readyReplicas"], 3, "{found:#}");
    web["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:1.28");
    send(&mut cluster, "PUT", &format!("{deployments}/web"), &web);
    let mut fewest = 3;
    for _ in 0..600 {
        cluster.advance(Duration::from_millis(100));
        let found = get(&mut cluster, &format!("{deployments}/web"));
        fewest = fewest.min(found["status"]["availableReplicas"].as_i64().unwrap_or_default());
    }
    let found = get(&mut cluster, &format!("{deployments}/web"));
    assert_eq!(found["status"]["updatedReplicas"], 3, "{found:#}");
    assert_eq!(found["metadata"]["annotations"]["deployment.kubernetes.io/revision"], "2");
    assert!(fewest >= 3, "only {fewest} were available");
}
