//! HyperCloud's claims, its webhook and HyperAuth's users in the embedded cluster.
#![expect(
    clippy::needless_raw_string_hashes,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, and says so by failing"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers, System};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const CLAIMS: &str = "/apis/tmax.io/v1/namespaceclaims";
const USERS: &str = "/apis/keycloak.org/v1alpha1/namespaces/hyperauth/keycloakusers";
const BINDINGS: &str = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const NEW_USER: &str = "new-user@tmax.co.kr";

struct World(Cluster);

impl World {
    fn new() -> Self {
        let config = ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        };
        let addons = vec![addons::named("hypercloud").unwrap()];
        let mut world = Self(Cluster::furnished(config, System { addons, ..System::default() }));
        world.wait(20);
        world
    }

    fn wait(&mut self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }

    fn send(&mut self, who: &Identity, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", kind)
            .body(body)
            .unwrap();
        request.extensions_mut().insert(who.clone());
        match self.0.handle(request) {
            EngineAnswer::Full(response) => {
                let body = serde_json::from_slice(response.body()).unwrap_or_default();
                (response.status().as_u16(), body)
            }
            EngineAnswer::Stream(_) => (0, Value::Null),
        }
    }

    /// As the administrator.
    fn admin(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let (code, answer) = self.send(&Identity::admin(), method, path, body);
        assert!(code < 300, "{method} {path}: {answer}");
        self.wait(2);
        answer
    }

    fn get(&mut self, path: &str) -> Value {
        self.send(&Identity::admin(), "GET", path, &Value::Null).1
    }

    /// Signs the new user up, with a verified address.
    fn sign_up(&mut self) {
        self.admin("POST", USERS, &user("new-user", NEW_USER, "Qwer1234!"));
        let verified = json!({ "spec": { "user": { "emailVerified": true } } });
        self.admin("PATCH", &format!("{USERS}/new-user"), &verified);
    }

    /// As the new user.
    fn claim(&mut self, name: &str, namespace: &str, labels: &Value) -> (u16, Value) {
        let claim = json!({
            "apiVersion": "tmax.io/v1", "kind": "NamespaceClaim",
            "metadata": { "name": name, "labels": labels }, "resourceName": namespace,
            "spec": { "hard": { "limits.cpu": "4", "limits.memory": "8Gi" } },
        });
        let answer = self.send(&Identity::user(NEW_USER, &[]), "POST", CLAIMS, &claim);
        self.wait(2);
        answer
    }

    fn decide(&mut self, path: &str, status: &str, reason: &str) {
        let patch = json!({ "status": { "status": status, "reason": reason } });
        self.admin("PATCH", &format!("{path}/status"), &patch);
    }

    /// Label `handled`, status and reason of a claim.
    fn said(&mut self, path: &str) -> String {
        let claim = self.get(path);
        let text = |pointer: &str| claim.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
        let handled = text("/metadata/labels/handled");
        format!("{handled} {}: {}", text("/status/status"), text("/status/reason"))
    }
}

fn user(name: &str, email: &str, password: &str) -> Value {
    json!({
        "apiVersion": "keycloak.org/v1alpha1", "kind": "KeycloakUser",
        "metadata": { "name": name, "namespace": "hyperauth" },
        "spec": {
            "realmSelector": { "matchLabels": { "realm": "tmax" } },
            "user": {
                "username": email, "email": email, "enabled": true, "emailVerified": false,
                "credentials": [{ "type": "password", "value": password }],
            },
        },
    })
}

fn brief(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut found = json!({ "name": metadata["name"] });
    for part in ["labels", "finalizers"] {
        if !metadata[part].is_null() {
            found[part] = metadata[part].clone();
        }
    }
    found["owner"] = metadata["annotations"]["owner"].clone();
    for part in ["spec", "subjects", "roleRef"] {
        if !object[part].is_null() {
            found[part] = object[part].clone();
        }
    }
    found
}

#[test]
fn a_claim_waits_and_its_approval_makes_namespace_quota_and_bindings() {
    let mut world = World::new();
    world.sign_up();
    let (code, answer) = world.claim("dev", "dev", &json!({ "handled": "f" }));
    assert_eq!(code, 201, "{answer}");
    let path = format!("{CLAIMS}/dev");
    assert_eq!(world.said(&path), "f Awaiting: wait for admin permission");
    assert_eq!(world.get("/api/v1/namespaces/dev")["code"], 404);

    world.decide(&path, "Success", "");
    assert_eq!(world.said(&path), "t Success: namespace create success.");
    let made = [
        "/api/v1/namespaces/dev",
        "/api/v1/namespaces/dev/resourcequotas/dev",
        &format!("{BINDINGS}/CRB-dev"),
        "/apis/rbac.authorization.k8s.io/v1/namespaces/dev/rolebindings/dev-ns-listget",
    ];
    let made: Vec<String> = made.iter().map(|path| brief(&world.get(path)).to_string()).collect();
    expect![[r#"
        {"finalizers":["namespace/finalizers"],"labels":{"fromClaim":"dev","kubernetes.io/metadata.name":"dev"},"name":"dev","owner":"new-user@tmax.co.kr","spec":{"finalizers":["kubernetes"]}}
        {"labels":{"fromClaim":"dev"},"name":"dev","owner":null,"spec":{"hard":{"limits.cpu":"4","limits.memory":"8Gi"}}}
        {"name":"CRB-dev","owner":null,"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"clusterrole-trial"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"new-user@tmax.co.kr"}]}
        {"labels":{"fromClaim":"dev"},"name":"dev-ns-listget","owner":null,"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"namespace-listget"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"new-user@tmax.co.kr"}]}"#]].assert_eq(&made.join("\n"));

    let owner = Identity::user(NEW_USER, &[]);
    assert_eq!(world.send(&owner, "GET", "/api/v1/namespaces/dev", &Value::Null).0, 200);
    assert_eq!(world.send(&owner, "GET", "/api/v1/namespaces/dev/pods", &Value::Null).0, 403);
}

#[test]
fn the_webhook_says_who_made_a_claim_and_nobody_may_pretend() {
    let mut world = World::new();
    world.sign_up();
    world.claim("dev", "dev", &json!({ "handled": "f" }));
    let path = format!("{CLAIMS}/dev");
    let marks = world.get(&path)["metadata"]["annotations"].clone();
    expect![[r#"{"createdTime":"2026-09-21 23:13:44","creator":"new-user@tmax.co.kr","owner":"new-user@tmax.co.kr","updatedTime":"2026-09-21 23:13:44","updater":"system:serviceaccount:hypercloud4-system:hypercloud4-admin"}"#]].assert_eq(&marks.to_string());

    let mut forged = json!({
        "apiVersion": "tmax.io/v1", "kind": "NamespaceClaim",
        "metadata": { "name": "forged", "annotations": { "creator": "admin@tmax.co.kr" } },
        "resourceName": "forged", "spec": { "hard": { "limits.cpu": "1", "limits.memory": "1Gi" } },
    });
    let owner = Identity::user(NEW_USER, &[]);
    let (code, answer) = world.send(&owner, "POST", CLAIMS, &forged);
    expect![[r#"403 {"apiVersion":"v1","code":403,"kind":"Status","message":"admission webhook \"hypercloud4-webhook.mutating.metadata\" denied the request: Users cannot create or patch creator/updater/createdTime/updatedTime.","metadata":{},"status":"Failure"}"#]].assert_eq(&format!("{code} {answer}"));

    forged["metadata"] = json!({ "name": "own" });
    assert_eq!(world.send(&owner, "POST", CLAIMS, &forged).0, 201);
    let patch = json!({ "metadata": { "annotations": { "creator": "somebody@tmax.co.kr" } } });
    let (code, _) = world.send(&Identity::admin(), "PATCH", &format!("{CLAIMS}/own"), &patch);
    assert_eq!(code, 403);

    // While its pod is gone, nothing is written in tmax.io.
    let down = json!({ "spec": { "replicas": 0 } });
    let webhook = "/apis/apps/v1/namespaces/hypercloud4-system/deployments/hypercloud4-webhook";
    world.admin("PATCH", webhook, &down);
    world.wait(60);
    let (code, answer) = world.claim("late", "late", &json!({ "handled": "f" }));
    assert_eq!(code, 500);
    let message = answer["message"].as_str().unwrap();
    let (said, _) = message.split_once("dial tcp").unwrap();
    expect![[r#"Internal error occurred: failed calling webhook "hypercloud4-webhook.mutating.metadata": failed to call webhook: Post "https://hypercloud4-webhook-svc.hypercloud4-system.svc:443/api/webhook/metadata?timeout=10s": "#]].assert_eq(said);
}

#[test]
fn claims_end_in_each_of_their_states() {
    let mut world = World::new();
    world.sign_up();
    let open = json!({ "handled": "f" });
    world.claim("taken", "default", &open);
    world.claim("refused", "refused", &open);
    world.claim("forgotten", "forgotten", &json!({}));
    world.claim("odd", "Not_A_Name", &open);
    world.decide(&format!("{CLAIMS}/refused"), "Reject", "too much memory");
    world.decide(&format!("{CLAIMS}/odd"), "Success", "");
    world.wait(60);
    let said: Vec<String> = ["taken", "refused", "forgotten", "odd"]
        .iter()
        .map(|name| format!("{name}: {}", world.said(&format!("{CLAIMS}/{name}"))))
        .collect();
    expect![[r#"
        taken: t Reject: Duplicated NameSpaceName
        refused: t Reject: too much memory
        forgotten: - -: -
        odd: f Error: Unprocessable Entity"#]]
    .assert_eq(&said.join("\n"));
    assert_eq!(world.get(&format!("{BINDINGS}/CRB-Not_A_Name"))["code"], 404);

    let (code, answer) = world.send(
        &Identity::user(NEW_USER, &[]),
        "POST",
        CLAIMS,
        &json!({
            "apiVersion": "tmax.io/v1", "kind": "NamespaceClaim", "metadata": { "name": "inside" },
            "spec": { "resourceName": "inside", "hard": { "limits.cpu": "1" } },
        }),
    );
    assert_eq!(code, 422);
    expect![[r#"NamespaceClaim.tmax.io "inside" is invalid: [spec.hard.limits.memory: Required value, resourceName: Required value]"#]].assert_eq(answer["message"].as_str().unwrap());
}

#[test]
fn a_claimed_namespace_ends_with_what_was_given_for_it() {
    let mut world = World::new();
    world.sign_up();
    world.claim("dev", "dev", &json!({ "handled": "f" }));
    let path = format!("{CLAIMS}/dev");
    world.decide(&path, "Success", "");

    // Without the operator the namespace cannot go.
    let operator = "/apis/apps/v1/namespaces/hypercloud4-system/deployments/hypercloud4-operator";
    world.admin("PATCH", operator, &json!({ "spec": { "replicas": 0 } }));
    world.wait(60);
    world.admin("DELETE", "/api/v1/namespaces/dev", &Value::Null);
    world.wait(60);
    assert_eq!(world.get("/api/v1/namespaces/dev")["status"]["phase"], "Terminating");
    world.admin("PATCH", operator, &json!({ "spec": { "replicas": 1 } }));
    world.wait(60);
    assert_eq!(world.get("/api/v1/namespaces/dev")["code"], 404);
    assert_eq!(world.get(&format!("{BINDINGS}/CRB-dev"))["code"], 404);
    assert_eq!(world.said(&path), "t Deleted: Namespace dev Deleted");
}

#[test]
fn a_trial_ends_after_thirty_days() {
    let mut world = World::new();
    world.sign_up();
    world.claim("trial", "trial", &json!({ "handled": "f", "trial": "t" }));
    world.decide(&format!("{CLAIMS}/trial"), "Success", "");
    let binding = "/apis/rbac.authorization.k8s.io/v1/namespaces/trial/rolebindings/trial-trial";
    assert_eq!(world.get(binding)["roleRef"]["name"], "namespace-owner");
    world.wait(29 * 86_400);
    assert_eq!(world.get("/api/v1/namespaces/trial")["status"]["phase"], "Active");
    world.wait(2 * 86_400);
    assert_eq!(world.get("/api/v1/namespaces/trial")["code"], 404);
    assert_eq!(world.said(&format!("{CLAIMS}/trial")), "t Deleted: Namespace trial Deleted");
}

#[test]
fn claims_for_quotas_and_bindings_change_what_is_there() {
    let mut world = World::new();
    world.sign_up();
    world.claim("dev", "dev", &json!({ "handled": "f" }));
    world.decide(&format!("{CLAIMS}/dev"), "Success", "");
    let owner = Identity::user(NEW_USER, &[]);

    let quotas = "/apis/tmax.io/v1/namespaces/dev/resourcequotaclaims";
    let more = json!({
        "apiVersion": "tmax.io/v1", "kind": "ResourceQuotaClaim",
        "metadata": { "name": "more", "labels": { "handled": "f" } }, "resourceName": "dev",
        "spec": { "hard": { "limits.cpu": "6", "limits.memory": "8Gi" } },
    });
    assert_eq!(world.send(&owner, "POST", quotas, &more).0, 201);
    world.wait(2);
    world.decide(&format!("{quotas}/more"), "Success", "");
    assert_eq!(world.said(&format!("{quotas}/more")), "t Success: resource quota update success.");
    let quota = world.get("/api/v1/namespaces/dev/resourcequotas/dev");
    assert_eq!(quota["status"]["hard"]["limits.cpu"], "6");

    let bindings = "/apis/tmax.io/v1/namespaces/dev/rolebindingclaims";
    let claim = |name: &str, role: &str| {
        json!({
            "apiVersion": "tmax.io/v1", "kind": "RoleBindingClaim",
            "metadata": { "name": name, "labels": { "handled": "f" } }, "resourceName": "viewers",
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NEW_USER }],
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        })
    };
    for (name, role) in [("first", "view"), ("again", "view"), ("other", "edit")] {
        assert_eq!(world.send(&owner, "POST", bindings, &claim(name, role)).0, 201);
        world.wait(2);
        world.decide(&format!("{bindings}/{name}"), "Success", "");
    }
    let said = ["first", "again", "other"].map(|name| world.said(&format!("{bindings}/{name}")));
    expect![[r#"
        t Success: rolebinding create success.
        t Success: rolebinding update success.
        f Error: Unprocessable Entity"#]]
    .assert_eq(&said.join("\n"));
}

#[test]
fn hyperauth_takes_those_in_who_follow_its_rules() {
    let mut world = World::new();
    for (name, password) in [
        ("short", "Qwer12!"),
        ("plain", "Qwer12345"),
        ("lower", "qwer1234!"),
        ("good", "Qwer1234!"),
    ] {
        world.admin("POST", USERS, &user(name, &format!("{name}@tmax.co.kr"), password));
    }
    let said: Vec<String> = ["short", "plain", "lower", "good"]
        .iter()
        .map(|name| format!("{name}: {}", world.get(&format!("{USERS}/{name}"))["status"]))
        .collect();
    expect![[r#"
        short: {"message":"Invalid password: minimum length 9.","phase":"failing"}
        plain: {"message":"Invalid password: must contain at least 1 special characters.","phase":"failing"}
        lower: {"message":"Invalid password: must contain at least 1 upper case characters.","phase":"failing"}
        good: {"message":"","phase":"reconciled"}"#]].assert_eq(&said.join("\n"));
    assert!(world.get(&format!("{USERS}/good"))["spec"]["user"]["credentials"].is_null());
    assert_eq!(world.get(&format!("{BINDINGS}/plain@tmax.co.kr"))["code"], 404);
    let given = world.get(&format!("{BINDINGS}/good@tmax.co.kr"));
    assert_eq!(given["roleRef"]["name"], "clusterrole-new-user");

    // The address is not verified: after five minutes the user is gone, and so are the rights.
    world.wait(280);
    assert_eq!(world.get(&format!("{USERS}/good"))["status"]["phase"], "reconciled");
    world.wait(30);
    assert_eq!(world.get(&format!("{USERS}/good"))["code"], 404);
    assert_eq!(world.get(&format!("{BINDINGS}/good@tmax.co.kr"))["code"], 404);
}

#[test]
fn the_menus_are_thirteen_and_the_administrator_has_two_more_entries() {
    let mut world = World::new();
    let mut entries = |name: &str| {
        let policy = world.get(&format!("/apis/ui.tmax.io/v1/clustermenupolicies/{name}"));
        let menus = policy["menus"].as_array().unwrap().clone();
        assert_eq!(menus.len(), 13);
        menus.iter().map(|menu| menu["menu"].as_array().unwrap().len()).sum::<usize>()
    };
    assert_eq!(entries("admin-tmax.co.kr"), entries("default") + 2);
}
