//! A day in which nothing happens.
#![expect(clippy::unwrap_used, reason = "a test may panic, and says so by failing")]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use jiff::Timestamp;
use serde_json::{Value, json};

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) => serde_json::from_slice(response.body()).unwrap_or_default(),
        EngineAnswer::Stream(_) => Value::Null,
    }
}

#[test]
fn twenty_pods_are_as_ready_after_a_day_as_before() {
    let mut cluster = Cluster::furnished(
        ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        },
        System { kubeadm: true, ..System::default() },
    );
    cluster.advance(Duration::from_secs(1));
    let probe = json!({ "httpGet": { "path": "/", "port": 80 } });
    let web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": 20, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "nginx:1.28", "readinessProbe": probe }] },
            },
        },
    });
    send(&mut cluster, "POST", "/apis/apps/v1/namespaces/default/deployments", &web);
    cluster.advance(Duration::from_mins(2));
    let path = "/apis/apps/v1/namespaces/default/deployments/web";
    let before = send(&mut cluster, "GET", path, &Value::Null);
    assert_eq!(before["status"]["readyReplicas"], 20, "{before}");
    cluster.advance(Duration::from_hours(24));
    let after = send(&mut cluster, "GET", path, &Value::Null);
    assert_eq!(before["status"], after["status"]);
}
