//! The protocol over HTTP, as a client sees it: a server on loopback in this process.

mod client;

use std::fmt::Write as _;
use std::path::Path;

use client::{Client, server};
use expect_test::expect;
use protocol::v1::{ApiProblem, EventBody, OutputLine, RunOutcome, SessionView};
use serde_json::{Value, json};

fn opening() -> Value {
    json!({"scenario": "hypercloud-4.1/02-authority", "language": "en", "executor": "embedded-server"})
}

async fn opened(client: &Client) -> SessionView {
    let answer = client.post("/api/v1/sessions", &opening().to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_opened_used_and_closed() {
    let client = Client::of(server().await);
    let session = opened(&client).await;
    let path = format!("/api/v1/sessions/{}", session.id.0);
    let mut events = client.events(&format!("{path}/events?since=0")).await;
    let finished = |run: &'static str| move |body: &EventBody| matches!(body, EventBody::RunFinished { run: ended, .. } if ended.0 == run);
    let setup = events.until(finished("setup")).await;
    assert!(setup.iter().zip(1..).all(|(event, seq)| event.seq == seq), "a gap in {setup:?}");

    let line = "kubectl get namespaces dev op -o name";
    let command = json!({"run": "r1", "command": {"console": {"cell": "console", "line": line}}});
    for _twice in 0..2 {
        let taken = client.post(&format!("{path}/commands"), &command.to_string()).await;
        assert_eq!(taken.status, 202, "{}", taken.text());
    }
    let ran = events.until(finished("r1")).await;
    let said: Vec<&OutputLine> = ran
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::Output { run, lines, .. } if run.0 == "r1" => Some(lines),
            _ => None,
        })
        .flatten()
        .collect();
    let said: Vec<String> =
        said.iter().map(|line| format!("{:?} {}", line.stream, line.text)).collect();
    expect![[r"
        Command kubectl get namespaces dev op -o name
        Stdout namespace/dev
        Stdout namespace/op"]]
    .assert_eq(&said.join("\n"));
    assert!(ran.iter().any(|event| matches!(
        &event.body,
        EventBody::RunFinished { outcome: RunOutcome::Ok, .. }
    )));

    let key = json!({"apiVersion": "v1", "kind": "Namespace", "namespace": "", "name": "dev"});
    let query = json!({"object": {"key": key}});
    let answer = client.post(&format!("{path}/queries"), &query.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("kind: Namespace"), "{}", answer.text());

    let kubeconfig = client.get(&format!("{path}/kubeconfig")).await;
    assert_eq!(kubeconfig.header("content-type"), "application/yaml");
    let file = client::file("session.kubeconfig", &kubeconfig.text());
    let real = server::gateway::Cluster::connect(Path::new(&file), None).await;
    assert_eq!(real.expect("the cluster answers").view.kubernetes, "v1.36.3");

    assert_eq!(client.send("DELETE", &path, "").await.status, 204);
    let gone = client.get(&path).await;
    assert_eq!(
        (gone.status, gone.json::<ApiProblem>().phrase.code.as_str()),
        (404, "session-gone")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn event_streams_go_on_where_the_reader_stopped() {
    let client = Client::of(server().await);
    let session = opened(&client).await;
    let path = format!("/api/v1/sessions/{}/events", session.id.0);
    let is_end = |body: &EventBody| matches!(body, EventBody::RunFinished { .. });
    let all = client.events(&format!("{path}?since=0")).await.until(is_end).await;
    let rest = client.events(&format!("{path}?since=2")).await.until(is_end).await;
    assert_eq!(all[2..rest.len() + 2], rest[..]);
    let reader = [("last-event-id", "3")];
    let again = client.events_with(&format!("{path}?since=0"), &reader).await.until(is_end).await;
    assert_eq!(again[0], all[3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_said() {
    let client = Client::of(server().await);
    let deep = format!("{{\"deep\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = format!("{{\"scenario\": \"{}\"}}", "x".repeat(600 * 1024));
    let elsewhere = |key: &str, value: &str| {
        let mut request = opening();
        request[key] = json!(value);
        request.to_string()
    };
    let mut table = String::new();
    for (what, body) in [
        ("empty", String::new()),
        ("half", "{\"scenario\": ".to_owned()),
        ("not an object", "[1]".to_owned()),
        ("deep", deep),
        ("huge", huge),
        ("no such scenario", elsewhere("scenario", "hypercloud-4.1/99-nothing")),
        ("path", elsewhere("scenario", "../../etc")),
        ("no real cluster", elsewhere("executor", "real")),
        ("in the tab", elsewhere("executor", "embedded-tab")),
        (
            "wrong variable",
            json!({"scenario": "hypercloud-4.1/02-authority", "language": "en",
            "executor": "embedded-server", "variables": {"nope": "x"}})
            .to_string(),
        ),
    ] {
        let answer = client.post("/api/v1/sessions", &body).await;
        let problem: ApiProblem = answer.json();
        assert_eq!(problem.status, answer.status);
        let ApiProblem { status, phrase, detail } = problem;
        writeln!(table, "{what}: {status} {}: {detail}", phrase.code).expect("text");
    }
    expect![[r"
        empty: 400 session-malformed: the body is not what this path expects: EOF while parsing a value at line 1 column 0
        half: 400 session-malformed: the body is not what this path expects: EOF while parsing a value at line 1 column 13
        not an object: 400 session-malformed: the body is not what this path expects: invalid type: integer `1`, expected a string at line 1 column 2
        deep: 400 session-malformed: the body is not what this path expects: missing field `scenario` at line 1 column 200010
        huge: 413 session-text-too-long: a body may have 524288 bytes, and must arrive as a whole
        no such scenario: 404 session-no-scenario: there is no scenario `hypercloud-4.1/99-nothing`; see `podium scenarios`
        path: 404 session-no-scenario: there is no scenario `../../etc`; see `podium scenarios`
        no real cluster: 422 session-no-executor: this server knows no real cluster; it was started without --kubeconfig
        in the tab: 422 session-no-executor: an embedded cluster of the tab runs in the tab
        wrong variable: 422 session-wrong-variables: the scenario has no variable `nope`; there are `dev`, `op`
    "]].assert_eq(&table);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_page_or_a_program_may_ask() {
    let client = Client::of(server().await);
    let mut table = String::new();
    for (what, headers) in [
        ("without the protocol", vec![]),
        ("another protocol", vec![("x-podium-protocol", "0")]),
        (
            "another site",
            vec![("x-podium-protocol", protocol::v1::VERSION), ("origin", "https://evil.example")],
        ),
        (
            "cross-site",
            vec![("x-podium-protocol", protocol::v1::VERSION), ("sec-fetch-site", "cross-site")],
        ),
        (
            "a name that was made to lead here",
            vec![
                ("x-podium-protocol", protocol::v1::VERSION),
                ("origin", "http://evil.example:8080"),
                ("sec-fetch-site", "same-origin"),
                ("host", "evil.example:8080"),
            ],
        ),
    ] {
        let body = opening().to_string();
        let answer = client.send_with("POST", "/api/v1/sessions", &body, &headers).await;
        let problem: ApiProblem = answer.json();
        writeln!(table, "{what}: {} {}", answer.status, problem.phrase.code).expect("text");
    }
    expect![[r"
        without the protocol: 403 session-not-the-page
        another protocol: 403 session-not-the-page
        another site: 403 session-not-the-page
        cross-site: 403 session-not-the-page
        a name that was made to lead here: 403 session-not-the-page
    "]]
    .assert_eq(&table);
    for host in ["localhost:8080", "podium.localhost", "[::1]:8080", "127.0.0.1"] {
        let headers = [("x-podium-protocol", protocol::v1::VERSION), ("host", host)];
        let body = opening().to_string();
        let answer = client.send_with("POST", "/api/v1/sessions", &body, &headers).await;
        assert_eq!(answer.status, 201, "{host}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_tells_how_it_is() {
    let client = Client::of(server().await);
    assert_eq!(client.get("/healthz").await.text(), "ok");
    assert_eq!(client.get("/readyz").await.text(), "ok");
    let executors = client.get("/api/v1/executors").await;
    expect![[r#"[{"kind":"embedded-server","kubernetes":"v1.36.3","cluster":"embedded","kubeconfig":true}]"#]]
        .assert_eq(&executors.text());
    let session = opened(&client).await;
    let path = format!("/api/v1/sessions/{}", session.id.0);
    let mut events = client.events(&format!("{path}/events")).await;
    events.until(|body| matches!(body, EventBody::RunFinished { .. })).await;
    assert_eq!(client.get("/api/v1/sessions/nobody").await.status, 404);
    let metrics = client.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text: String = metrics
        .text()
        .lines()
        .map(|line| match line.strip_prefix("podium_session_events_total ") {
            Some(count) => {
                assert!(count.parse::<u64>().is_ok_and(|count| count > 2), "{count}");
                "podium_session_events_total N\n".to_owned()
            }
            None => format!("{line}\n"),
        })
        .collect();
    expect![[r#"
        # HELP podium_build_info The build of this server.
        # TYPE podium_build_info gauge
        podium_build_info{version="0.1.0"} 1
        # HELP podium_sessions Open sessions.
        # TYPE podium_sessions gauge
        podium_sessions 1
        # HELP podium_session_events_total Events of all sessions.
        # TYPE podium_session_events_total counter
        podium_session_events_total N
        # HELP podium_http_requests_total Answered requests.
        # TYPE podium_http_requests_total counter
        podium_http_requests_total{method="GET",route="/api/v1/executors",status="200"} 1
        podium_http_requests_total{method="GET",route="/api/v1/sessions/{id}",status="404"} 1
        podium_http_requests_total{method="GET",route="/api/v1/sessions/{id}/events",status="200"} 1
        podium_http_requests_total{method="GET",route="/healthz",status="200"} 1
        podium_http_requests_total{method="GET",route="/readyz",status="200"} 1
        podium_http_requests_total{method="POST",route="/api/v1/sessions",status="201"} 1
    "#]]
    .assert_eq(&text);
}
