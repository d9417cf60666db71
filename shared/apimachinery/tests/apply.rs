//! Managed fields and server-side apply, against what the real server answered to the same requests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use apimachinery::apply::{Writer, apply, update};
use apimachinery::decode::decode;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

fn writer(manager: &'static str, subresource: &'static str) -> Writer<'static> {
    Writer { manager, subresource, now: Timestamp::UNIX_EPOCH }
}

fn zero(gvk: &GroupVersionKind) -> Value {
    decode(Schema::builtin(), gvk, b"{}").unwrap().value
}

fn managed(object: &Value) -> String {
    let list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let lines = list.iter().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {} {}",
            text("manager"),
            text("operation"),
            text("subresource"),
            entry["fieldsV1"]
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn deployment() -> (GroupVersionKind, Value) {
    let applied = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "web", "labels": { "app": "web" } },
        "spec": {
            "replicas": 2,
            "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{
                    "name": "c", "image": "nginx", "env": [{ "name": "A", "value": "1" }],
                    "ports": [{ "containerPort": 80 }],
                }] },
            },
        },
    });
    (GroupVersionKind::new("apps", "v1", "Deployment"), applied)
}

#[test]
fn a_created_pod_is_managed_as_on_the_real_server() {
    let gvk = GroupVersionKind::new("", "v1", "Pod");
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "labels": { "x": "z" } },
        "spec": {
            "containers": [{
                "image": "b", "imagePullPolicy": "Always", "name": "a",
                "ports": [{ "containerPort": 80, "protocol": "TCP" }], "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
        },
        "status": {},
    });
    update(Schema::builtin(), &gvk, &zero(&gvk), &mut pod, writer("kubectl-create", ""));
    expect![[r#"kubectl-create Update - {"f:metadata":{"f:labels":{".":{},"f:x":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:protocol":{}}},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}"#]].assert_eq(&managed(&pod));
}

#[test]
fn an_applied_deployment_is_managed_as_on_the_real_server() {
    let (gvk, applied) = deployment();
    let found =
        apply(Schema::builtin(), &gvk, None, &applied, writer("kubectl", ""), false).unwrap();
    expect![[r#"kubectl Apply - {"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}"#]].assert_eq(&managed(&found.object));
}

#[test]
fn conflicts_name_the_managers_and_the_fields() {
    let (gvk, mut applied) = deployment();
    let schema = Schema::builtin();
    let live = apply(schema, &gvk, None, &applied, writer("kubectl", ""), false).unwrap().object;
    let mut scaled = live.clone();
    scaled["spec"]["replicas"] = json!(3);
    update(schema, &gvk, &live, &mut scaled, writer("kubectl", "scale"));
    applied["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");
    let refused =
        apply(schema, &gvk, Some(&scaled), &applied, writer("other", ""), false).unwrap_err();
    expect![[r#"
        Apply failed with 2 conflicts: conflicts with "kubectl":
        - .spec.template.spec.containers[name="c"].image
        conflicts with "kubectl" with subresource "scale" using apps/v1:
        - .spec.replicas"#]]
    .assert_eq(&refused.message);
}

#[test]
fn what_is_no_longer_applied_goes_unless_another_manager_has_it() {
    let gvk = GroupVersionKind::new("", "v1", "ConfigMap");
    let schema = Schema::builtin();
    let config = |data: Value| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": data });
    let first = apply(
        schema,
        &gvk,
        None,
        &config(json!({ "a": "1", "b": "2", "c": "3" })),
        writer("one", ""),
        false,
    );
    let second = config(json!({ "b": "2" }));
    let shared =
        apply(schema, &gvk, Some(&first.unwrap().object), &second, writer("two", ""), false)
            .unwrap();
    let third = config(json!({ "a": "1" }));
    let last = apply(schema, &gvk, Some(&shared.object), &third, writer("one", ""), false).unwrap();
    expect![[r#"{"a":"1","b":"2"}"#]].assert_eq(&last.object["data"].to_string());
}

#[test]
fn of_an_item_that_stands_twice_nobody_manages_the_fields() {
    let gvk = GroupVersionKind::of("v1", "Pod");
    let writer = Writer { manager: "one", subresource: "", now: Timestamp::UNIX_EPOCH };
    let old = json!({ "apiVersion": "v1", "kind": "Pod" });
    let mut new = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {},
        "spec": { "volumes": [{ "name": "a" }, { "name": "a" }, { "name": "b" }] },
    });
    update(Schema::builtin(), &gvk, &old, &mut new, writer);
    assert_eq!(
        new["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:volumes"],
        json!({
            ".": {}, "k:{\"name\":\"a\"}": {}, "k:{\"name\":\"b\"}": { ".": {}, "f:name": {} },
        })
    );
}

/// `tests/fuzz` found these.
#[test]
fn of_items_without_their_keys_nobody_manages_anything() {
    let gvk = GroupVersionKind::new("", "v1", "ServiceAccount");
    let mut account = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{}] });
    update(Schema::builtin(), &gvk, &zero(&gvk), &mut account, writer("one", ""));
    assert_eq!(managed(&account), "");
    // It is told before what is wrong with the document.
    let applied = json!({ "apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{}] });
    let refused =
        apply(Schema::builtin(), &gvk, Some(&account), &applied, writer("one", ""), false);
    expect![[r#"failed to create manager for existing fields: failed to convert new object (/; /v1, Kind=ServiceAccount) to smd typed: .secrets: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)"#]]
        .assert_eq(&refused.unwrap_err().message);
}

#[test]
fn values_of_another_shape_are_refused_in_gos_words() {
    let mut told = String::new();
    for (kind, document) in [
        ("Pod", json!({ "status": { "startTime": {} } })),
        ("Node", json!({ "status": { "allocatable": { "cpu": {} } } })),
        ("ServiceAccount", json!({ "automountServiceAccountToken": "yes" })),
        ("ServiceAccount", json!({ "secrets": [{ "name": "a" }, {}, null] })),
        ("ServiceAccount", json!({ "secrets": [null] })),
        ("Pod", json!({ "metadata": { "finalizers": ["a", null] } })),
        ("Pod", json!({ "metadata": { "finalizers": [{}] } })),
    ] {
        let gvk = GroupVersionKind::new("", "v1", kind);
        let refused = apply(Schema::builtin(), &gvk, None, &document, writer("one", ""), false);
        let message = refused.unwrap_err().message;
        told.push_str(message.trim_start_matches("failed to create typed patch object "));
        told.push('\n');
    }
    expect![[r#"
        (/; /v1, Kind=Pod): .status.startTime: expected any scalar, got &{map[]}
        (/; /v1, Kind=Node): .status.allocatable.cpu: expected any scalar, got &{map[]}
        (/; /v1, Kind=ServiceAccount): .automountServiceAccountToken: expected boolean, got &{yes}
        (/; /v1, Kind=ServiceAccount): .secrets: element 1: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)
        (/; /v1, Kind=ServiceAccount): .secrets: element 0: associative list with keys may not have a null element
        (/; /v1, Kind=Pod): .metadata.finalizers: element 1: associative list without keys has an element that's an explicit null
        (/; /v1, Kind=Pod): .metadata.finalizers: element 0: associative list without keys has an element that's a map type
    "#]].assert_eq(&told);
}

#[test]
fn an_item_that_is_known_by_an_empty_name_goes_when_it_is_applied_again() {
    let gvk = GroupVersionKind::new("", "v1", "Pod");
    let applied = json!({
        "apiVersion": "v1", "kind": "Pod", "spec": { "resources": { "claims": [{}] } },
    });
    let schema = Schema::builtin();
    let first = apply(schema, &gvk, None, &applied, writer("one", ""), false).unwrap().object;
    let first = decode(schema, &gvk, first.to_string().as_bytes()).unwrap().value;
    assert_eq!(first["spec"]["resources"], json!({ "claims": [{ "name": "" }] }));
    let again = apply(schema, &gvk, Some(&first), &applied, writer("one", ""), false).unwrap();
    assert_eq!(again.object["spec"]["resources"], json!({ "claims": null }));
    expect![[r#"one Apply - {"f:spec":{"f:resources":{"f:claims":{"k:{\"name\":\"\"}":{}}}}}"#]]
        .assert_eq(&managed(&again.object));
}
