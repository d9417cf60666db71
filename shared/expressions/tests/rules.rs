//! Rules of a definition on an embedded cluster that has the language.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::{Expect, expect};
use expressions::Cel;
use serde_json::{Value, json};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const SHIPS: &str = "/apis/sea.example.com/v1/ships";

struct World(Cluster);

impl World {
    fn new() -> Self {
        let config = ClusterConfig {
            seed: 7,
            epoch: "2026-01-01T00:00:00Z".parse().unwrap(),
            nodes: 0,
            controllers: Controllers::All,
            admin_token: "admin".to_owned(),
            extra_tokens: Vec::new(),
        };
        let system = System { expressions: Some(Arc::new(Cel)), ..System::default() };
        Self(Cluster::furnished(config, system))
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer admin")
            .header("content-type", kind)
            .body(serde_json::to_vec(body).unwrap())
            .unwrap();
        let EngineAnswer::Full(answer) = self.0.handle(request) else { panic!("a stream") };
        self.0.advance(Duration::from_secs(1));
        serde_json::from_slice(answer.body()).unwrap()
    }

    fn define(&mut self, spec: &Value) -> Value {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "ships.sea.example.com"},
            "spec": {
                "group": "sea.example.com", "scope": "Cluster",
                "names": {"plural": "ships", "kind": "Ship"},
                "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                    "openAPIV3Schema": {"type": "object", "properties": {"spec": spec}},
                }}],
            },
        });
        self.send("POST", DEFINITIONS, &definition)
    }

    fn launch(&mut self, name: &str, spec: &Value) -> Value {
        let ship = json!({
            "apiVersion": "sea.example.com/v1", "kind": "Ship", "metadata": {"name": name}, "spec": spec,
        });
        self.send("POST", SHIPS, &ship)
    }
}

fn said(answer: &Value, expected: &Expect) {
    expected.assert_eq(answer["message"].as_str().unwrap_or(""));
}

#[test]
fn a_rule_holds_on_create_and_on_patch() {
    let mut world = World::new();
    world.define(&json!({
        "type": "object", "properties": {"masts": {"type": "integer"}},
        "x-kubernetes-validations": [
            {"rule": "self.masts > 0"},
            {"rule": "self.masts >= oldSelf.masts", "message": "masts do not fall"},
        ],
    }));
    said(
        &world.launch("raft", &json!({"masts": 0})),
        &expect![[
            r#"Ship.sea.example.com "raft" is invalid: spec: Invalid value: failed rule: self.masts > 0"#
        ]],
    );
    said(&world.launch("bark", &json!({"masts": 3})), &expect![[""]]);
    let path = format!("{SHIPS}/bark");
    said(
        &world.send("PATCH", &path, &json!({"spec": {"masts": 2}})),
        &expect![[
            r#"Ship.sea.example.com "bark" is invalid: spec: Invalid value: masts do not fall"#
        ]],
    );
}

#[test]
fn a_rule_that_is_too_expensive_ends_and_is_told() {
    let mut world = World::new();
    world.define(&json!({
        "type": "object", "properties": {"crew": {
            "type": "array", "maxItems": 100, "items": {"type": "integer"},
            "x-kubernetes-validations": [
                {"rule": "self.all(a, self.all(b, self.all(c, a + b + c < 1000)))"},
            ],
        }},
    }));
    let crew: Vec<i64> = (0..100).collect();
    said(
        &world.launch("ark", &json!({"crew": crew})),
        &expect![[
            r#"Ship.sea.example.com "ark" is invalid: spec.crew: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.all(a, self.all(b, self.all(c, a + b + c < 1000)))"#
        ]],
    );
}

#[test]
fn expressions_of_another_mind_are_refused_with_their_place() {
    let mut world = World::new();
    let answer = world.define(&json!({
        "type": "object", "properties": {"masts": {"type": "integer"}},
        "x-kubernetes-validations": [{"rule": "self.masts > 'two'"}],
    }));
    said(
        &answer,
        &expect![[r#"
            CustomResourceDefinition.apiextensions.k8s.io "ships.sea.example.com" is invalid: spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self.masts \u003e 'two'","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: compilation failed: ERROR: <input>:1:12: found no matching overload for '_>_' applied to '(int, string)'
             | self.masts > 'two'
             | ...........^"#]],
    );
}
