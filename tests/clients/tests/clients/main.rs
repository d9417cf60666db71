//! Clients that people use, each doing what it is for. `PODIUM_BIN` names the program `podium`.
#![expect(clippy::expect_used, reason = "a test may panic")]

mod helm;
mod kube_rs;
mod kubectl;

use std::process::Command;

use clients::{Podium, run};
use expect_test::{Expect, expect};

/// Runs a program that takes a kubeconfig and prints what it saw.
fn prints(command: &mut Command, expected: &Expect) {
    let podium = Podium::start(&[]).expect("podium");
    let printed = run(command.arg(podium.kubeconfig())).unwrap_or_else(|failure| failure);
    expected.assert_eq(&printed);
}

#[test]
fn client_go_informs_applies_pages_and_elects() {
    let program = realcluster::programs::informers().expect("the program");
    prints(
        &mut Command::new(program),
        &expect![[r#"
            == workload
            the cache has 3 ready pods
            scale 3, selector app=web
            the cache has 1 ready pod
            3 pods were seen to go
            == conflict
            conflict true, reason Conflict
            count ab, bytes [0 255 128]
            another uid: conflict true
            == apply
            Apply failed with 1 conflict: conflict with "mine": .data.b
            mine owns [a]
            yours owns [b]
            == pages
            25 items in 3 requests
            0 items afterwards
            == custom
            seen: phase Ready
            held by [example.com/held], generation 2
            == leader
            first leads
            second leads
            1 transitions
        "#]],
    );
}

#[test]
fn the_python_client_works() {
    let program = clients::python().expect("the Python client");
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("python/client.py");
    prints(
        Command::new(program).arg(script),
        &expect![[r#"
        == workload
        MODIFIED: 2 ready
        scale 1 of app=web
        one pod has gone
        == inside
        stdout out, stderr err
        echo typed
        exit code 3
        HTTP/1.1 200 OK
        log: GET / HTTP/1.1
        == errors
        404 Not Found pods "nobody" not found
        422 Unprocessable Entity ConfigMap "Not A Name" is invalid: metadata.name: Invalid value: "Not A Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        409 Conflict namespaces "python" already exists
        == without types
        python Apply
        {'a': '1', 'b': '2'}
        ['deployments', 'cronjobs', 'networkpolicies']
        == custom
        snakes.example.com is established
        Snake.example.com "one" is invalid: spec.length: Invalid value: 10: spec.length in body should be less than or equal to 9
        1 snake
    "#]],
    );
}

#[test]
fn the_javascript_client_works() {
    let script = clients::node().expect("the JavaScript client");
    prints(
        Command::new("node").arg(script),
        &expect![[r#"
        == workload
        2 pods run
        1 pod runs
        == inside
        got typed bad 3
        200 text/html true
        the log is followed
        == errors
        404 pods "nobody" not found
        422 ConfigMap "Not A Name" is invalid: metadata.name: Invalid value: "Not A Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        409 namespaces "node" already exists
        == objects
        application/merge-patch+json {"b":"2"}
        application/strategic-merge-patch+json {"b":"2","c":"3"}
        application/apply-patch+yaml {"b":"2","c":"3","d":"4"}
        ADDED {}, MODIFIED {"a":"1"}, DELETED {"a":"1"}
        == custom
        Gadget.example.com "gadget-NAME" is invalid: spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9
        1 gadget
    "#]],
    );
}
