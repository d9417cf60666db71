//! What was asked of a cluster, as the cluster tells it: of people, of its own components, of streams.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer, Peer};
use apimachinery::identity::Identity;
use cluster::apiserver::audit::{Event, Sink};
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

#[derive(Debug)]
struct Lines(Sender<String>);

impl Sink for Lines {
    fn write(&self, event: &Event) {
        self.0.send(event.line()).unwrap();
    }
}

fn cluster(sink: Option<Arc<dyn Sink>>) -> Cluster {
    let config = ClusterConfig {
        seed: 7,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 1,
        controllers: Controllers::All,
        admin_token: "secret".to_owned(),
        extra_tokens: Vec::new(),
    };
    Cluster::furnished(config, System { audit: sink, ..System::default() })
}

fn send(cluster: &mut Cluster, user: &str, method: &str, path: &str, body: &Value) -> EngineAnswer {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = http::Request::builder().method(method).uri(path).header("user-agent", "test/1");
    let mut request = request.header("content-type", "application/json").body(body).unwrap();
    let identity = if user == "admin" { Identity::admin() } else { Identity::user(user, &[]) };
    request.extensions_mut().insert(identity);
    request.extensions_mut().insert(Peer([192, 0, 2, 7].into()));
    cluster.handle(request)
}

fn trail(cluster: &mut Cluster, since: u64) -> Value {
    let path = format!("/podium/v1/audit?since={since}");
    match send(cluster, "admin", "GET", &path, &Value::Null) {
        EngineAnswer::Full(response) => serde_json::from_slice(response.body()).unwrap(),
        EngineAnswer::Stream(_) => Value::Null,
    }
}

fn position(list: &Value) -> u64 {
    list.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap().parse().unwrap()
}

fn summary(list: &Value) -> String {
    let text = |event: &Value, pointer: &str| {
        event.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned()
    };
    let line = |event: &Value| {
        format!(
            "{} {} {} {} {} {} {}\n",
            text(event, "/stage"),
            text(event, "/user/username"),
            text(event, "/sourceIPs/0"),
            text(event, "/verb"),
            text(event, "/requestURI"),
            event.pointer("/responseStatus/code").unwrap(),
            text(event, "/annotations/authorization.k8s.io~1decision"),
        )
    };
    list.pointer("/items").and_then(Value::as_array).unwrap().iter().map(line).collect()
}

#[test]
fn people_and_components_leave_a_trail() {
    let mut cluster = cluster(None);
    cluster.advance(Duration::from_mins(1));
    let from = position(&trail(&mut cluster, 0));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    });
    send(&mut cluster, "admin", "POST", "/api/v1/namespaces/default/pods", &pod);
    send(&mut cluster, "jane", "GET", "/api/v1/namespaces/default/pods/p", &Value::Null);
    cluster.advance(Duration::from_millis(10));
    let list = trail(&mut cluster, from);
    expect![[r"
        ResponseComplete kubernetes-admin 192.0.2.7 create /api/v1/namespaces/default/pods 201 allow
        ResponseComplete jane 192.0.2.7 get /api/v1/namespaces/default/pods/p 403 forbid
        ResponseComplete system:kube-scheduler 172.18.0.2 create /api/v1/namespaces/default/pods/p/binding?fieldManager=kube-scheduler 201 allow
        ResponseComplete system:kube-scheduler 172.18.0.2 create /api/v1/namespaces/default/events?fieldManager=kube-scheduler 201 allow
        ResponseComplete system:node:worker-1 172.18.0.3 update /api/v1/namespaces/default/pods/p/status?fieldManager=kubelet 200 allow
    "]]
    .assert_eq(&summary(&list));
    assert_eq!(position(&list), from + 5);
}

#[test]
fn a_stream_is_told_twice_and_our_own_paths_never() {
    let mut cluster = cluster(None);
    let from = position(&trail(&mut cluster, 0));
    let path = "/api/v1/namespaces/default/pods?watch=1";
    let answer = send(&mut cluster, "admin", "GET", path, &Value::Null);
    let EngineAnswer::Stream(response) = answer else { unreachable!("a watch is a stream") };
    assert!(response.headers().contains_key("audit-id"));
    send(&mut cluster, "admin", "GET", "/podium/v1/connect?from=-/-&to=-/-&port=1", &Value::Null);
    cluster.close_stream(*response.body());
    expect![[r"
        ResponseStarted kubernetes-admin 192.0.2.7 watch /api/v1/namespaces/default/pods?watch=1 200 allow
        ResponseComplete kubernetes-admin 192.0.2.7 watch /api/v1/namespaces/default/pods?watch=1 200 allow
    "]]
    .assert_eq(&summary(&trail(&mut cluster, from)));
}

#[test]
fn only_the_latest_are_kept_and_a_sink_gets_all() {
    let (sender, lines) = channel();
    let mut cluster = cluster(Some(Arc::new(Lines(sender))));
    for _ in 0..3000 {
        send(&mut cluster, "jane", "GET", "/api/v1/pods", &Value::Null);
    }
    let list = trail(&mut cluster, 0);
    assert_eq!(list.pointer("/items").and_then(Value::as_array).unwrap().len(), 2048);
    assert_eq!(position(&list), u64::try_from(lines.try_iter().count()).unwrap());
    let beyond = trail(&mut cluster, u64::MAX);
    assert_eq!(beyond.pointer("/items").and_then(Value::as_array).unwrap().len(), 2048);
}

#[test]
fn an_earlier_state_has_its_earlier_trail() {
    let mut cluster = cluster(None);
    let before = trail(&mut cluster, 0);
    let snapshot = cluster.snapshot();
    send(&mut cluster, "jane", "GET", "/api/v1/pods", &Value::Null);
    assert_eq!(position(&trail(&mut cluster, 0)), position(&before) + 1);
    cluster.restore(&snapshot);
    assert_eq!(trail(&mut cluster, 0), before);
}

#[test]
fn lines_tell_what_a_policy_would_keep() {
    let mut cluster = cluster(None);
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "kept" } });
    let path = "/api/v1/namespaces/default/configmaps";
    send(&mut cluster, "admin", "POST", path, &map);
    send(&mut cluster, "admin", "GET", &format!("{path}/kept"), &Value::Null);
    send(&mut cluster, "somebody", "DELETE", &format!("{path}/kept"), &Value::Null);
    let mut lines = |query: &str| {
        let path = format!("/podium/v1/audit/lines?name=kept{query}");
        match send(&mut cluster, "admin", "GET", &path, &Value::Null) {
            EngineAnswer::Full(response) => String::from_utf8(response.into_body()).unwrap(),
            EngineAnswer::Stream(_) => String::new(),
        }
    };
    expect![[r#"
        2026-09-21T14:13:20Z kubernetes-admin create configmaps default/kept 201
        2026-09-21T14:13:20Z kubernetes-admin get configmaps default/kept 200
        2026-09-21T14:13:20Z somebody delete configmaps default/kept 403 configmaps "kept" is forbidden: User "somebody" cannot delete resource "configmaps" in API group "" in the namespace "default"
    "#]].assert_eq(&lines(""));
    expect![[r#"
        2026-09-21T14:13:20Z somebody delete configmaps default/kept 403 configmaps "kept" is forbidden: User "somebody" cannot delete resource "configmaps" in API group "" in the namespace "default"
    "#]].assert_eq(&lines("&noVerbs=get,list,watch&user=somebody"));
    expect![[r#"
        2026-09-21T14:13:20Z somebody delete configmaps default/kept 403 configmaps "kept" is forbidden: User "somebody" cannot delete resource "configmaps" in API group "" in the namespace "default"
    "#]].assert_eq(&lines("&noGroups=system:masters"));
}
