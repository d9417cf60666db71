//! Admission policies on an embedded cluster that has the language.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by failing")]

use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use expressions::Cel;
use serde_json::{Value, json};

const REGISTRATION: &str = "/apis/admissionregistration.k8s.io/v1";
const MAPS: &str = "/api/v1/namespaces/default/configmaps";

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

    /// Sends a request; returns the message of its status and its warnings.
    fn send(&mut self, method: &str, path: &str, body: &Value) -> String {
        let request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", "Bearer admin")
            .header("content-type", "application/json")
            .body(serde_json::to_vec(body).unwrap())
            .unwrap();
        let EngineAnswer::Full(answer) = self.0.handle(request) else { panic!("a stream") };
        self.0.advance(Duration::from_secs(1));
        let document: Value = serde_json::from_slice(answer.body()).unwrap();
        let message = document.get("message").and_then(Value::as_str).unwrap_or("done");
        let mut said = vec![message.to_owned()];
        for warning in answer.headers().get_all("warning") {
            said.push(warning.to_str().unwrap().to_owned());
        }
        said.join("\n")
    }

    fn bind(&mut self, actions: &Value, validations: &Value) {
        let rule = json!({
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"],
        });
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "p"},
            "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": validations},
        });
        let made =
            self.send("POST", &format!("{REGISTRATION}/validatingadmissionpolicies"), &policy);
        assert_eq!(made, "done");
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "b"},
            "spec": {"policyName": "p", "validationActions": actions},
        });
        let path = format!("{REGISTRATION}/validatingadmissionpolicybindings");
        assert_eq!(self.send("POST", &path, &binding), "done");
    }

    fn map(&mut self, name: &str) -> String {
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        self.send("POST", MAPS, &map)
    }
}

#[test]
fn a_policy_denies_creations_and_deletions() {
    let mut world = World::new();
    world.bind(
        &json!(["Deny"]),
        &json!([
            {"expression": "request.operation != 'CREATE' || object.metadata.name != 'no'"},
            {"expression": "request.operation != 'DELETE'", "message": "stays", "reason": "Forbidden"},
        ]),
    );
    expect![[r#"configmaps "no" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: failed expression: request.operation != 'CREATE' || object.metadata.name != 'no'"#]]
        .assert_eq(&world.map("no"));
    expect!["done"].assert_eq(&world.map("yes"));
    expect![[r#"configmaps "yes" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: stays"#]]
        .assert_eq(&world.send("DELETE", &format!("{MAPS}/yes"), &Value::Null));
}

#[test]
fn a_policy_warns() {
    let mut world = World::new();
    world.bind(
        &json!(["Warn"]),
        &json!([{"expression": "false", "messageExpression": "'you are ' + request.userInfo.username"}]),
    );
    expect![[r#"
        done
        299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': you are kubernetes-admin""#]]
        .assert_eq(&world.map("any"));
}
