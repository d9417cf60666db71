//! Decoding says what Go says, and writes what Go writes.

use apimachinery::decode::decode;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use expect_test::{Expect, expect};
use serde_json::Value;

fn check(api_version: &str, kind: &str, body: &str, expected: Expect) {
    let gvk = GroupVersionKind::of(api_version, kind);
    let text = match decode(Schema::builtin(), &gvk, body.as_bytes()) {
        Ok(decoded) => format!("{}\n{}", decoded.value, decoded.strict.join("\n")),
        Err(error) => error,
    };
    expected.assert_eq(text.trim_end());
}

#[test]
fn a_wrong_scalar_is_told_with_gos_struct_and_type() {
    check(
        "apps/v1",
        "Deployment",
        r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":"two"}}"#,
        expect![
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
        ],
    );
    check(
        "v1",
        "Pod",
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"nodeSelector":{"kubernetes.io/hostname":["host-name"]}}}"#,
        expect![
            "json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type string"
        ],
    );
    check(
        "v1",
        "Pod",
        r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":{"name":"a"}}}"#,
        expect![
            "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"
        ],
    );
}

#[test]
fn unknown_and_duplicate_fields_are_collected_with_their_paths() {
    check(
        "v1",
        "ConfigMap",
        r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","nam":"b","name":"c"},"dat":{}}"#,
        expect![[r#"
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}
            duplicate field "metadata.name"
            unknown field "metadata.nam"
            unknown field "dat""#]],
    );
}

#[test]
fn a_typed_round_trip_drops_what_omitempty_drops_and_writes_what_go_writes() {
    check(
        "v1",
        "Pod",
        r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{}},"spec":{"containers":[{"name":"c","image":null,"resources":{"requests":{"cpu":"0.5","memory":"1024Mi"}}}]}}"#,
        expect![[
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","resources":{"requests":{"cpu":"500m","memory":"1Gi"}}}]},"status":{}}"#
        ]],
    );
}

#[test]
fn text_that_is_no_json_is_refused_in_gos_words() {
    check("v1", "Pod", "{", expect!["unexpected end of JSON input"]);
}

#[test]
fn every_bootstrap_object_of_the_real_server_decodes_to_itself() {
    let text = include_str!("../../cluster/data/bootstrap.jsonl");
    let mut count = 0;
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let object: Value = serde_json::from_str(line).unwrap();
        let gvk = GroupVersionKind::of(
            object["apiVersion"].as_str().unwrap_or_default(),
            object["kind"].as_str().unwrap_or_default(),
        );
        if gvk.kind.is_empty() {
            continue;
        }
        let decoded = decode(Schema::builtin(), &gvk, line.as_bytes()).unwrap();
        assert_eq!(decoded.strict, Vec::<String>::new(), "{line}");
        for (key, value) in object.as_object().unwrap() {
            if key != "metadata" {
                let mut found = decoded.value.get(key).cloned();
                found.iter_mut().for_each(without_times);
                assert_eq!(found.as_ref(), Some(value), "{key} of {line}");
            }
        }
        count += 1;
    }
    assert!(count > 50, "only {count} objects were read");
}

/// The data has no times: they are those of the cluster that begins.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !(key == "lastTransitionTime" && value.is_null()));
            map.values_mut().for_each(without_times);
        }
        Value::Array(list) => list.iter_mut().for_each(without_times),
        _ => {}
    }
}
