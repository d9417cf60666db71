//! What a learner reads when a check fails: expected, found, the most likely cause, and hints.

#![expect(clippy::needless_raw_string_hashes, reason = "expected texts are written by the test")]
#![expect(clippy::unwrap_used, reason = "a world that cannot be built is a wrong test")]

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use apimachinery::transport::{
    BoxFuture, ByteStream, Clock, ExecError, ExecOutput, Transport, TransportError,
};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use notebook::words::Words;
use runner::{ConsoleInput, Runner, Said, Silent};
use serde_json::{Value, json};

/// An API server with fixed answers by path.
#[derive(Default)]
struct Shelf {
    answers: BTreeMap<String, Value>,
    allowed: bool,
    /// What any command in a pod prints.
    printed: Option<&'static str>,
}

impl Shelf {
    fn put(mut self, path: &str, object: Value) -> Self {
        let (collection, _) = path.rsplit_once('/').unwrap();
        let list =
            self.answers.entry(collection.to_owned()).or_insert_with(|| json!({"items": []}));
        list["items"].as_array_mut().unwrap().push(object.clone());
        self.answers.insert(path.to_owned(), object);
        self
    }

    fn discovery(mut self, path: &str, kinds: &[(&str, &str, bool)]) -> Self {
        let resources: Vec<Value> = kinds
            .iter()
            .map(|(kind, name, namespaced)| json!({"kind": kind, "name": name, "namespaced": namespaced}))
            .collect();
        self.answers.insert(path.to_owned(), json!({"resources": resources}));
        self
    }

    fn answer(&self, path: &str) -> (u16, Value) {
        if let Some(found) = self.answers.get(path) {
            return (200, found.clone());
        }
        if path.starts_with("/apis/authorization.k8s.io/v1/") {
            return (201, json!({"status": {"allowed": self.allowed}}));
        }
        if path.ends_with("policies") || path.ends_with("bindings") {
            return (200, json!({"items": []}));
        }
        (404, json!({"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}))
    }
}

impl Transport for Shelf {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let (code, body) = self.answer(&request.uri().to_string());
        let answer = http::Response::builder().status(code).body(body.to_string().into_bytes());
        Box::pin(std::future::ready(Ok(answer.unwrap())))
    }

    fn stream(
        &self,
        _request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        Box::pin(std::future::ready(Err(TransportError::Unsupported("no streams".to_owned()))))
    }

    fn exec(
        &self,
        _request: http::Request<Vec<u8>>,
        _stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
        let output = self.printed.map(|text| ExecOutput {
            stdout: text.as_bytes().to_vec(),
            stderr: Vec::new(),
            exit_code: 0,
        });
        let error = || TransportError::Unsupported("no exec".to_owned()).into();
        Box::pin(std::future::ready(output.ok_or_else(error)))
    }
}

/// A clock that is where it should be as soon as somebody waits for it.
struct Leap(Mutex<Timestamp>);

impl Clock for Leap {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        *self.0.lock().unwrap() += duration;
        Box::pin(std::future::ready(()))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn scenario(folder: &str) -> notebook::scenario::Notebook {
    let path = root().join("manifests/scenarios/hypercloud-4.1").join(folder);
    let mut files = BTreeMap::new();
    for part in ["", "cells", "setup"] {
        for entry in std::fs::read_dir(path.join(part)).unwrap() {
            let entry = entry.unwrap();
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                let name = entry.file_name().into_string().unwrap();
                files.insert(if part.is_empty() { name } else { format!("{part}/{name}") }, text);
            }
        }
    }
    let notebook = notebook::read::notebook("hypercloud-4.1", folder, &files, "en").unwrap();
    notebook.with_variables(&BTreeMap::new()).unwrap()
}

fn check(folder: &str, cell: &str, id: &str, shelf: Shelf, expected: Expect) {
    let words = std::fs::read_to_string(root().join("app/locales/en/check.ftl")).unwrap();
    let words = Words::parse(&[&words]);
    let clock = Leap(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let runner = Runner::new(Arc::new(shelf), Arc::new(clock), &scenario(folder));
    let verdicts = block_on(runner.check(cell, &Silent)).unwrap();
    let verdict = verdicts.iter().find(|verdict| verdict.id == id).unwrap();
    let say = |said: &Said| words.say(&said.code, &said.args);
    expected.assert_eq(&format!(
        "{:?}\nexpected: {}\nfound: {}\ncause: {}\nhints: {}\n",
        verdict.state,
        say(&verdict.expected),
        say(&verdict.found),
        verdict.cause.as_ref().map_or_else(|| "-".to_owned(), say),
        verdict.hints.join(", ")
    ));
}

/// The pods and namespaces of the course's picture.
fn picture(op_labels: Value) -> Shelf {
    let shelf = Shelf::default()
        .discovery("/api/v1", &[("Pod", "pods", true), ("Namespace", "namespaces", false)])
        .discovery("/apis/networking.k8s.io/v1", &[("NetworkPolicy", "networkpolicies", true)])
        .put("/api/v1/namespaces/dev", json!({"metadata": {"name": "dev"}}))
        .put("/api/v1/namespaces/op", json!({"metadata": {"name": "op", "labels": op_labels}}));
    let pods = [
        ("dev", "np-test", json!({"app": "np-test"})),
        ("dev", "np-connect", json!({"app": "np-connect"})),
        ("dev", "np-no", json!({})),
        ("op", "np-connect", json!({"app": "np-connect"})),
        ("op", "np-no", json!({})),
    ];
    pods.into_iter().fold(shelf, |shelf, (namespace, name, labels)| {
        let pod = json!({
            "metadata": {"namespace": namespace, "name": name, "labels": labels},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        });
        shelf.put(&format!("/api/v1/namespaces/{namespace}/pods/{name}"), pod)
    })
}

fn policy(shelf: Shelf, name: &str, selects: &str, from: Value) -> Shelf {
    let policy = json!({
        "metadata": {"namespace": "dev", "name": name},
        "spec": {
            "podSelector": {"matchLabels": {"app": selects}},
            "ingress": [{"from": from}], "policyTypes": ["Ingress"],
        },
    });
    let path = "/apis/networking.k8s.io/v1/namespaces/dev/networkpolicies";
    shelf.put(&format!("{path}/{name}"), policy)
}

fn connection(mut shelf: Shelf, from: &str, outcome: &str) -> Shelf {
    let path = format!("/podium/v1/connect?from={from}&to=dev/np-test&port=80&protocol=TCP");
    let answer = json!({"outcome": outcome, "reason": null, "decidedBy": null});
    shelf.answers.insert(path, answer);
    shelf
}

fn pods(app: &str) -> Value {
    json!({"podSelector": {"matchLabels": {"app": app}}})
}

fn both() -> Value {
    json!({
        "podSelector": {"matchLabels": {"app": "np-connect"}},
        "namespaceSelector": {"matchLabels": {"ns": "op"}},
    })
}

#[test]
fn an_unlabelled_namespace_is_found_as_the_cause() {
    let shelf = policy(picture(json!({})), "test-namespace-policy", "np-test", json!([both()]));
    let shelf = policy(shelf, "default-policy", "np-test", json!([pods("np-connect")]));
    let shelf = connection(shelf, "op/np-connect", "blocked");
    check(
        "03-network-policy",
        "picture-matrix",
        "op-connect",
        shelf,
        expect![[r#"
        Failed
        expected: op/np-connect reaches dev/np-test on port 80
        found: op/np-connect to dev/np-test, port 80: blocked, no answer within 2 seconds
        cause: test-namespace-policy asks for a namespace with ns=op, and the namespace op does not carry that label.
        hints: unlabelled
    "#]],
    );
}

#[test]
fn a_policy_for_its_own_namespace_is_found_as_the_cause() {
    let shelf = picture(json!({"ns": "op"}));
    let shelf = policy(shelf, "default-policy", "np-test", json!([pods("np-connect")]));
    let shelf = connection(shelf, "op/np-connect", "blocked");
    check(
        "03-network-policy",
        "picture-matrix",
        "op-connect",
        shelf,
        expect![[r#"
        Failed
        expected: op/np-connect reaches dev/np-test on port 80
        found: op/np-connect to dev/np-test, port 80: blocked, no answer within 2 seconds
        cause: The rule of default-policy has no namespaceSelector, so it only means pods of its own namespace dev.
        hints: policy-missing
    "#]],
    );
}

#[test]
fn one_dash_too_many_is_found_as_the_cause() {
    let from = json!([pods("np-connect"), {"namespaceSelector": {"matchLabels": {"ns": "op"}}}]);
    let shelf = policy(picture(json!({"ns": "op"})), "test-namespace-policy", "np-test", from);
    let shelf = connection(shelf, "op/np-no", "allowed");
    check(
        "03-network-policy",
        "repaired",
        "op-no",
        shelf,
        expect![[r#"
        Failed
        expected: op/np-no is blocked on the way to dev/np-test, port 80
        found: op/np-no reaches dev/np-test on port 80
        cause: In test-namespace-policy, podSelector and namespaceSelector are two items of the list (a dash each), so either is enough: ns=op admits the source alone.
        hints: still-two
    "#]],
    );
}

#[test]
fn a_missing_policy_is_found_as_the_cause() {
    let shelf = connection(picture(json!({})), "dev/np-no", "allowed");
    check(
        "03-network-policy",
        "same-matrix",
        "dev-no",
        shelf,
        expect![[r#"
        Failed
        expected: dev/np-no is blocked on the way to dev/np-test, port 80
        found: dev/np-no reaches dev/np-test on port 80
        cause: There is no network policy in dev, so everything is open.
        hints: not-applied
    "#]],
    );
}

#[test]
fn a_policy_that_selects_something_else_is_found_as_the_cause() {
    let shelf =
        policy(picture(json!({})), "default-policy", "np-tset", json!([pods("np-connect")]));
    let shelf = connection(shelf, "dev/np-no", "allowed");
    check(
        "03-network-policy",
        "same-matrix",
        "dev-no",
        shelf,
        expect![[r#"
        Failed
        expected: dev/np-no is blocked on the way to dev/np-test, port 80
        found: dev/np-no reaches dev/np-test on port 80
        cause: The network policy default-policy selects app=np-tset, and dev/np-test does not match that.
        hints: selects-something-else
    "#]],
    );
}

#[test]
fn a_pod_that_is_not_ready_is_found_as_the_cause() {
    let mut shelf = connection(picture(json!({})), "dev/np-connect", "unknown");
    let pod = shelf.answers.get_mut("/api/v1/namespaces/dev/pods/np-test").unwrap();
    pod["status"] = json!({
        "phase": "Pending",
        "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}],
        "conditions": [{"type": "Ready", "status": "False", "message": "containers with unready status: [nginx]"}],
    });
    check(
        "03-network-policy",
        "open-matrix",
        "dev-connect",
        shelf,
        expect![[r#"
        Failed
        expected: dev/np-connect reaches dev/np-test on port 80
        found: dev/np-connect to dev/np-test, port 80: could not be found out
        cause: The pod dev/np-test is not ready (ImagePullBackOff): containers with unready status: [nginx]
        hints: 
    "#]],
    );
}

#[test]
fn an_object_says_which_field_is_not_as_it_should_be() {
    let shelf = connection(picture(json!({"ns": "ops"})), "op/np-connect", "blocked");
    check(
        "03-network-policy",
        "picture-matrix",
        "label",
        shelf,
        expect![[r#"
        Failed
        expected: Namespace op: metadata.labels.ns is op
        found: Namespace op: metadata.labels.ns is ops
        cause: -
        hints: unlabelled, policy-missing
    "#]],
    );
}

fn access(bindings: Value, role: Value) -> Shelf {
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/dev";
    let mut shelf = Shelf::default()
        .discovery(
            "/apis/rbac.authorization.k8s.io/v1",
            &[("Role", "roles", true), ("RoleBinding", "rolebindings", true)],
        )
        .put(&format!("{rbac}/roles/new-role"), role);
    shelf.answers.insert(format!("{rbac}/rolebindings"), json!({"items": bindings}));
    shelf
}

fn binding(user: &str) -> Value {
    json!([{
        "metadata": {"name": "new-role-binding"},
        "subjects": [{"kind": "User", "name": user}],
        "roleRef": {"kind": "Role", "name": "new-role"},
    }])
}

fn role(group: &str) -> Value {
    json!({
        "metadata": {"name": "new-role", "namespace": "dev"},
        "rules": [{"verbs": ["*"], "apiGroups": [group], "resources": ["*"]}],
    })
}

#[test]
fn a_role_without_a_binding_is_found_as_the_cause() {
    let shelf = access(json!([]), role("apps"));
    check(
        "02-authority",
        "bound",
        "pods-and-deployments",
        shelf,
        expect![[r#"
        Failed
        expected: new-user may list pods -n dev
        found: new-user may not list pods -n dev
        cause: No RoleBinding in dev names the user new-user@tmax.co.kr.
        hints: no-binding
    "#]],
    );
}

#[test]
fn a_name_in_another_case_is_found_as_the_cause() {
    let shelf = access(binding("New-User@tmax.co.kr"), role("apps"));
    check(
        "02-authority",
        "bound",
        "pods-and-deployments",
        shelf,
        expect![[r#"
        Failed
        expected: new-user may list pods -n dev
        found: new-user may not list pods -n dev
        cause: The RoleBinding new-role-binding names New-User@tmax.co.kr, and the user is new-user@tmax.co.kr: case matters.
        hints: no-binding
    "#]],
    );
}

#[test]
fn a_version_in_a_group_is_found_as_the_cause() {
    let shelf = access(binding("new-user@tmax.co.kr"), role("events.k8s.io/v1beta1"));
    check(
        "02-authority",
        "events-readable",
        "events",
        shelf,
        expect![[r#"
        Failed
        expected: new-user may list events.events.k8s.io -n dev
        found: new-user may not list events.events.k8s.io -n dev
        cause: The role new-role names the group events.k8s.io/v1beta1 with its version. RBAC compares groups only: write events.k8s.io.
        hints: version
    "#]],
    );
}

#[test]
fn a_rule_that_allows_too_much_is_found_as_the_cause() {
    let mut shelf = access(binding("new-user@tmax.co.kr"), role("apps"));
    shelf.allowed = true;
    check(
        "02-authority",
        "no-deployments",
        "deployments",
        shelf,
        expect![[r#"
        Failed
        expected: new-user may not list deployments.apps -n dev
        found: new-user may list deployments.apps -n dev
        cause: The RoleBinding new-role-binding gives it by the role new-role.
        hints: rule-left
    "#]],
    );
}

#[test]
fn an_output_says_what_was_printed_instead() {
    let client = json!({
        "metadata": {"name": "client", "namespace": "dev"},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    });
    let there = |printed| {
        let shelf = Shelf { printed: Some(printed), ..Shelf::default() };
        shelf.put("/api/v1/namespaces/dev/pods/client", client.clone())
    };
    let shelf = there("2\n");
    check(
        "06-applications",
        "serving",
        "three-names",
        shelf,
        expect![[r#"
            Failed
            expected: The output of `sort -u /tmp/answers | grep -c ^web-` in dev/client is like ^3$
            found: The output of `sort -u /tmp/answers | grep -c ^web-` in dev/client: 2
            cause: -
            hints: 
        "#]],
    );
    let silent = there("");
    check(
        "06-applications",
        "serving",
        "three-names",
        silent,
        expect![[r#"
            Failed
            expected: The output of `sort -u /tmp/answers | grep -c ^web-` in dev/client is like ^3$
            found: `sort -u /tmp/answers | grep -c ^web-` in dev/client prints nothing
            cause: -
            hints: 
        "#]],
    );
}

#[test]
fn a_pod_that_is_missing_is_found_as_the_cause_of_no_output() {
    check(
        "06-applications",
        "serving",
        "three-names",
        Shelf::default(),
        expect![[r#"
        Failed
        expected: The output of `sort -u /tmp/answers | grep -c ^web-` in dev/client is like ^3$
        found: The cluster gave no usable answer: no exec
        cause: The pod dev/client does not exist.
        hints: 
    "#]],
    );
}

/// What lines of a console write, on a cluster with fixed answers.
#[derive(Default)]
struct Heard(Mutex<String>);

impl runner::Progress for Heard {
    fn output(&self, _cell: &str, stream: runner::Stream, text: &str) {
        if stream != runner::Stream::Command {
            self.0.lock().unwrap().push_str(text);
        }
    }
}

#[test]
fn a_fault_happens_in_the_embedded_cluster_and_is_refused_by_a_real_one() {
    let says = |shelf: Shelf, line: &str| {
        let clock = Leap(Mutex::new("2026-01-01T00:00:00Z".parse().unwrap()));
        let runner = Runner::new(Arc::new(shelf), Arc::new(clock), &scenario("03-network-policy"));
        let heard = Heard::default();
        let run =
            block_on(runner.console("none", line, None, ConsoleInput::default(), &heard)).unwrap();
        let said = heard.0.lock().unwrap().clone();
        format!("{} {said}", run.exit_code)
    };
    let mut embedded = Shelf::default();
    let answer = json!({"message": "node/worker-1 stopped"});
    embedded.answers.insert("/podium/v1/faults".to_owned(), answer);
    let line = "podium fault stop node worker-1";
    expect![[r#"
        0 node/worker-1 stopped
        1 error: podium fault breaks things in the embedded cluster only; this cluster is a real one
        1 error: usage: podium fault VERB KIND NAME [MORE], for example: podium fault stop node worker-1
    "#]].assert_eq(
        &[
            says(embedded, line),
            says(Shelf::default(), line),
            says(Shelf::default(), "podium fault"),
        ]
        .concat(),
    );
}
