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
            unknown field "metadata.nam"
            duplicate field "metadata.name"
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

/// Each of them was told otherwise once.
#[test]
fn what_go_says_of_values_in_the_order_of_the_document() {
    let mut said = String::new();
    for inner in [
        r#""spec":{"nodeName":1},"metadata":{"name":2}"#,
        r#""spec":{"volumes":[{"emptyDir":[]}]}"#,
        r#""spec":{"containers":[{"name":"a","bogus":1},{"bogus":2}],"nodeSelector":{"a/b":"c","a/b":"d"}}"#,
        r#""spec":{"nodeName":"a"},"spec":{"hostname":"b","nodeName":null}"#,
        r#""spec":{"activeDeadlineSeconds":1e3}"#,
        r#""spec":{"activeDeadlineSeconds":1E400}"#,
        r#""spec":{"overhead":{"cpu":"x"},"nodeName":1}"#,
        r#""metadata":{"creationTimestamp":5}"#,
        r#""metadata":{"creationTimestamp":"2026-1-01"}"#,
        r#""metadata":{"creationTimestamp":"2026-02-30T01:02:03Z"}"#,
        r#""metadata":{"creationTimestamp":"2026-01-01T1:02:03.5+09:30"}"#,
        r#""metadata":{"managedFields":[]}"#,
        r#""metadata":{"name":"\ud83d\ude00\ud800"}"#,
        r#""metadata":{"name":tru"#,
        r#""metadata":{"name":01}"#,
    ] {
        let body = format!(r#"{{"apiVersion":"v1","kind":"Pod",{inner}}}"#);
        let gvk = GroupVersionKind::of("v1", "Pod");
        let text = match decode(Schema::builtin(), &gvk, body.as_bytes()) {
            Ok(decoded) => format!("{} {:?}", decoded.value, decoded.strict),
            Err(error) => error,
        };
        let text = text.replace('\u{1f600}', "(face)").replace('\u{fffd}', "(none)");
        said.extend([&text, "\n"]);
    }
    expect![[r#"
        json: cannot unmarshal number into Go struct field PodSpec.spec.nodeName of type string
        json: cannot unmarshal array into Go struct field Volume.spec.volumes.VolumeSource.emptyDir of type v1.EmptyDirVolumeSource
        {"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":[{"name":"a","resources":{}},{"name":"","resources":{}}],"nodeSelector":{"a/b":"d"}},"status":{}} ["unknown field \"spec.containers[0].bogus\"", "unknown field \"spec.containers[1].bogus\"", "duplicate field \"spec.nodeSelector.a/b\""]
        {"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":null,"hostname":"b","nodeName":"a"},"status":{}} ["duplicate field \"spec\""]
        json: cannot unmarshal number 1e3 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64
        json: cannot unmarshal number 1E400 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64
        quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
        json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string
        parsing time "2026-1-01" as "2006-01-02T15:04:05Z07:00": cannot parse "1-01" as "01"
        parsing time "2026-02-30T01:02:03Z": day out of range
        {"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":"2025-12-31T15:32:03Z"},"spec":{"containers":null},"status":{}} []
        {"apiVersion":"v1","kind":"Pod","metadata":{"managedFields":[]},"spec":{"containers":null},"status":{}} []
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"(face)(none)"},"spec":{"containers":null},"status":{}} []
        invalid character '}' in literal true (expecting 'e')
        invalid character '1' after object key:value pair
    "#]].assert_eq(&said);
}

#[test]
fn bytes_are_written_anew() {
    let mut said = String::new();
    for text in
        [r#""YQ==""#, r#""YR=\n=\n""#, r#""Y=""#, r#""YQ=""#, r#""Y!==""#, "[1,null]", "[256]"]
    {
        let body =
            format!(r#"{{"apiVersion":"v1","kind":"ConfigMap","binaryData":{{"a":{text}}}}}"#);
        let gvk = GroupVersionKind::of("v1", "ConfigMap");
        let text = match decode(Schema::builtin(), &gvk, body.as_bytes()) {
            Ok(decoded) => decoded.value.pointer("/binaryData/a").expect("bytes").to_string(),
            Err(error) => error,
        };
        said.extend([&text, "\n"]);
    }
    expect![[r#"
        "YQ=="
        "YQ=="
        illegal base64 data at input byte 1
        illegal base64 data at input byte 3
        illegal base64 data at input byte 1
        "AQA="
        json: cannot unmarshal number 256 into Go struct field ConfigMap.binaryData of type uint8
    "#]]
    .assert_eq(&said);
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
