//! Custom resources in a running cluster: what the controllers and the admission do with them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer, StreamId};
use apimachinery::identity::Identity;
use cluster::apiserver::take_custom;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const GADGETS: &str = "/apis/shop.example.com/v1beta1/namespaces/default/gadgets";
const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

fn raw(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> EngineAnswer {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let kind = if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .body(bytes)
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    cluster.handle(request)
}

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    match raw(cluster, method, path, body) {
        EngineAnswer::Full(response) => {
            serde_json::from_slice(response.body()).unwrap_or(Value::Null)
        }
        EngineAnswer::Stream(_) => panic!("a stream for {path}"),
    }
}

fn get(cluster: &mut Cluster, path: &str) -> Value {
    send(cluster, "GET", path, &Value::Null)
}

fn open(cluster: &mut Cluster, path: &str) -> StreamId {
    match raw(cluster, "GET", path, &Value::Null) {
        EngineAnswer::Stream(response) => response.into_body(),
        EngineAnswer::Full(response) => panic!("{}", String::from_utf8_lossy(response.body())),
    }
}

fn definition(schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.shop.example.com"},
        "spec": {
            "group": "shop.example.com", "scope": "Namespaced",
            "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{
                "name": "v1beta1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}

/// A cluster with gadgets.
fn furnished() -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 0,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    });
    let schema = json!({"type": "object", "properties": {"spec": {
        "type": "object", "properties": {"size": {"type": "integer", "default": 1}},
    }}});
    send(&mut cluster, "POST", DEFINITIONS, &definition(&schema));
    cluster.advance(Duration::from_secs(1));
    cluster
}

fn gadget(name: &str) -> Value {
    json!({
        "apiVersion": "shop.example.com/v1beta1", "kind": "Gadget", "metadata": {"name": name},
        "spec": {},
    })
}

#[test]
fn a_definition_is_served_as_soon_as_its_names_are_accepted() {
    let mut cluster = furnished();
    let path = format!("{DEFINITIONS}/gadgets.shop.example.com");
    let conditions = get(&mut cluster, &path)["status"]["conditions"].clone();
    let shown: Vec<String> = conditions
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{}={} {}", one["type"], one["status"], one["reason"]))
        .collect();
    expect![[r#"
        "NamesAccepted"="True" "NoConflicts"
        "Established"="True" "InitialNamesAccepted""#]]
    .assert_eq(&shown.join("\n"));
    let created = send(&mut cluster, "POST", GADGETS, &gadget("a"));
    assert_eq!(created["spec"], json!({"size": 1}));
}

#[test]
fn a_watch_tells_of_custom_resources() {
    let mut cluster = furnished();
    send(&mut cluster, "POST", GADGETS, &gadget("a"));
    let stream = open(&mut cluster, &format!("{GADGETS}?watch=1"));
    let path = format!("{GADGETS}/a");
    send(&mut cluster, "PATCH", &path, &json!({"spec": {"size": 2}}));
    send(&mut cluster, "DELETE", &path, &Value::Null);
    let read = cluster.read_stream(stream);
    let events: Vec<String> = read
        .chunks
        .iter()
        .map(|chunk| {
            let event: Value = serde_json::from_slice(chunk).unwrap();
            let object = &event["object"];
            format!("{} {} {}", event["type"], object["apiVersion"], object["spec"])
        })
        .collect();
    expect![[r#"
        "ADDED" "shop.example.com/v1beta1" {"size":1}
        "MODIFIED" "shop.example.com/v1beta1" {"size":2}
        "DELETED" "shop.example.com/v1beta1" {"size":2}"#]]
    .assert_eq(&events.join("\n"));
}

#[test]
fn a_quota_counts_custom_resources() {
    let mut cluster = furnished();
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gadgets"},
        "spec": {"hard": {"count/gadgets.shop.example.com": "1"}},
    });
    let quotas = "/api/v1/namespaces/default/resourcequotas";
    send(&mut cluster, "POST", quotas, &quota);
    cluster.advance(Duration::from_secs(1));
    send(&mut cluster, "POST", GADGETS, &gadget("a"));
    let refused = send(&mut cluster, "POST", GADGETS, &gadget("b"));
    expect![[r#""gadgets.shop.example.com \"b\" is forbidden: exceeded quota: gadgets, requested: count/gadgets.shop.example.com=1, used: count/gadgets.shop.example.com=1, limited: count/gadgets.shop.example.com=1""#]]
        .assert_eq(&refused["message"].to_string());
    cluster.advance(Duration::from_secs(1));
    let used = get(&mut cluster, &format!("{quotas}/gadgets"))["status"]["used"].clone();
    assert_eq!(used, json!({"count/gadgets.shop.example.com": "1"}));
}

#[test]
fn dependents_of_a_custom_resource_go_with_it_or_are_orphaned() {
    for (policy, left) in [("Background", 0), ("Foreground", 0), ("Orphan", 1)] {
        let mut cluster = furnished();
        let owner = send(&mut cluster, "POST", GADGETS, &gadget("owner"));
        let mut owned = gadget("owned");
        owned["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "shop.example.com/v1beta1", "kind": "Gadget", "name": "owner",
            "uid": owner["metadata"]["uid"],
        }]);
        send(&mut cluster, "POST", GADGETS, &owned);
        let options = json!({"propagationPolicy": policy});
        send(&mut cluster, "DELETE", &format!("{GADGETS}/owner"), &options);
        cluster.advance(Duration::from_secs(10));
        let items = get(&mut cluster, GADGETS)["items"].clone();
        let items = items.as_array().unwrap();
        assert_eq!(items.len(), left, "{policy}: {items:?}");
        assert!(items.iter().all(|one| one["metadata"].get("ownerReferences").is_none()));
    }
}

#[test]
fn a_definition_takes_its_instances_with_it() {
    let mut cluster = furnished();
    for name in ["a", "b"] {
        send(&mut cluster, "POST", GADGETS, &gadget(name));
    }
    let path = format!("{DEFINITIONS}/gadgets.shop.example.com");
    send(&mut cluster, "DELETE", &path, &Value::Null);
    cluster.advance(Duration::from_secs(10));
    assert_eq!(get(&mut cluster, &path)["code"], 404);
    assert_eq!(get(&mut cluster, GADGETS), Value::Null);
}

#[test]
fn rules_that_nothing_evaluates_are_named_in_a_warning() {
    let mut cluster = furnished();
    let schema = json!({"type": "object", "properties": {"spec": {
        "type": "object", "properties": {"size": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.size > 1"}],
    }}});
    let mut other = definition(&schema);
    other["metadata"]["name"] = json!("gizmos.shop.example.com");
    other["spec"]["names"] = json!({"plural": "gizmos", "kind": "Gizmo"});
    let EngineAnswer::Full(answer) = raw(&mut cluster, "POST", DEFINITIONS, &other) else {
        panic!("a stream")
    };
    expect![[r#"299 - "Podium stores x-kubernetes-validations, but this embedded cluster does not evaluate the rules""#]]
        .assert_eq(answer.headers()["warning"].to_str().unwrap());
}

/// Schemas and objects.
const STRUCTURAL: [(&str, &str); 7] = [
    (
        r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string","default":"x"},"c":{"type":"string","nullable":true,"default":"x"},"d":{"type":"array","items":{"type":"string"}}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":null,"b":null,"c":null,"d":[null]}"#,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"b":{"type":"object"}}}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{"bogus":1},"a":{"b":{"c":1},"d":{"e":1}},"f":[{"g":1}]}"#,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":{"apiVersion":"a/b/c","kind":"_","metadata":{"labels":{"-":"b"},"creationTimestamp":null,"bogus":1},"x":1}}"#,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":{"metadata":{"labels":5}}}"#,
    ),
    (
        r#"{"type":"object","required":["z"],"properties":{"a":{"type":"string","maxLength":1},"b":{"x-kubernetes-int-or-string":true,"enum":["a"]},"c":{"type":"number","multipleOf":0.5},"d":{"type":"integer","format":"int32","minimum":1.5},"e":{"type":"string","format":"ipv4"},"f":{"type":"string"}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":"<>","b":97,"c":1,"d":2147483648,"e":"010.0.0.256","f":1.0}"#,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"object","additionalProperties":{"type":"integer"}},"b":{"type":"object","properties":{"c":{"type":"integer"},"d":{"type":"integer"}},"anyOf":[{"required":["c"]},{"required":["d"],"properties":{"c":{"minimum":1}}}],"allOf":[{"minProperties":3}],"not":{"maxProperties":9}}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":{"k":"v"},"b":{}}"#,
    ),
    (
        r#"{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"number"}},"b":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}},"c":{"type":"object","additionalProperties":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}}"#,
        r#"{"apiVersion":"x.io/v1","kind":"X","metadata":{},"a":[1,1.0,1,2],"b":[{"k":"x"},{},{"k":"x"},{}],"c":{"m":["y","y","y"]}}"#,
    ),
];

fn taken(schema: &str, object: &str) -> String {
    let read = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let taken = match take_custom(&read(schema), read(object)) {
        Ok(taken) => taken,
        Err(why) => return format!("error: {why}"),
    };
    let mut lines = vec![apimachinery::go::json(&taken.object)];
    lines.extend(taken.unknown.iter().map(|path| format!("unknown {path}")));
    let faults = taken.faults.iter();
    let mut faults: Vec<String> =
        faults.map(|fault| format!("{} {fault}", fault.kind.reason())).collect();
    faults.sort();
    lines.extend(faults);
    lines.join("\n")
}

/// What `apiextensions-apiserver` makes of the same objects; `tests/fuzz` makes up more.
#[test]
fn a_structural_schema_takes_away_fills_in_and_refuses_as_upstream_does() {
    let told: Vec<String> =
        STRUCTURAL.iter().map(|(schema, object)| taken(schema, object)).collect();
    expect![[r#"
        {"apiVersion":"x.io/v1","b":"x","c":null,"d":[null],"kind":"X","metadata":{}}
        FieldValueTypeInvalid d[0]: Invalid value: "null": d[0] in body must be of type string: "null"

        {"a":{"b":{},"d":{"e":1}},"apiVersion":"x.io/v1","kind":"X","metadata":{}}
        unknown metadata.bogus
        unknown a.b.c
        unknown f

        {"a":{"apiVersion":"a/b/c","kind":"_","metadata":{"labels":{"-":"b"}},"x":1},"apiVersion":"x.io/v1","kind":"X","metadata":{}}
        unknown a.metadata.bogus
        FieldValueInvalid a.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c
        FieldValueInvalid a.kind: Invalid value: "_": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')
        FieldValueInvalid a.metadata.labels: Invalid value: "-": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')

        error: a.metadata: Invalid value: {"labels":5}: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type map[string]string

        {"a":"\u003c\u003e","apiVersion":"x.io/v1","b":97,"c":1,"d":2147483648,"e":"010.0.0.256","f":1,"kind":"X","metadata":{}}
        FieldValueInvalid <nil>: Invalid value: "": Checked value must be of type integer with format int32 in d
        FieldValueInvalid <nil>: Invalid value: "": Minimum boundary value must be of type integer with format int32 in d
        FieldValueInvalid c: Invalid value: 0: factor MultipleOf declared for c must be positive: 0
        FieldValueRequired z: Required value
        FieldValueTooLong a: Too long: may not be more than 1 byte
        FieldValueTypeInvalid e: Invalid value: "010.0.0.256": e in body must be of type ipv4: "010.0.0.256"
        FieldValueTypeInvalid f: Invalid value: "number": f in body must be of type string: "number"

        {"a":{"k":"v"},"apiVersion":"x.io/v1","b":{},"kind":"X","metadata":{}}
        FieldValueInvalid <nil>: Invalid value: "": "b" must not validate the schema (not)
        FieldValueInvalid <nil>: Invalid value: "": "b" must validate all the schemas (allOf). None validated
        FieldValueInvalid <nil>: Invalid value: "": "b" must validate at least one schema (anyOf)
        FieldValueInvalid b: Invalid value: 0: b in body should have at least 3 properties
        FieldValueRequired b.c: Required value
        FieldValueTypeInvalid a.k: Invalid value: "string": a.k in body must be of type integer: "string"

        {"a":[1,1,1,2],"apiVersion":"x.io/v1","b":[{"k":"x"},{},{"k":"x"},{}],"c":{"m":["y","y","y"]},"kind":"X","metadata":{}}
        FieldValueDuplicate a[2]: Duplicate value: 1
        FieldValueDuplicate b[2]: Duplicate value: {"k":"x"}
        FieldValueDuplicate b[3]: Duplicate value: {}
        FieldValueDuplicate c[m][1]: Duplicate value: "y"
        FieldValueRequired b[1].k: Required value
        FieldValueRequired b[3].k: Required value
    "#]].assert_eq(&format!("{}\n", told.join("\n\n")));
}
