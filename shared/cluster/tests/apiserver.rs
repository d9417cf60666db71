//! What the embedded API server answers, as texts. The wordings are those of a real 1.36.3 server.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::fmt::Write as _;

use apimachinery::identity::Identity;
use cluster::apiserver::{ApiAnswer, Apiserver};
use cluster::{ClusterConfig, Controllers};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A server without a world, and whoever talks to it.
struct Client {
    server: Apiserver,
    now: Timestamp,
    identity: Identity,
}

struct Answer {
    code: u16,
    warnings: Vec<String>,
    body: Value,
}

impl Client {
    fn new() -> Self {
        let epoch = Timestamp::from_second(1_790_000_000).unwrap();
        let config = ClusterConfig {
            seed: 7,
            epoch,
            nodes: 0,
            controllers: Controllers::Only(Vec::new()),
            admin_token: "secret".to_owned(),
            extra_tokens: Vec::new(),
        };
        Self { server: Apiserver::new(&config), now: epoch, identity: Identity::admin() }
    }

    fn raw(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> ApiAnswer {
        let mut request = http::Request::builder().method(method).uri(path);
        request = request.header("user-agent", "test/1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.as_bytes().to_vec()).unwrap();
        request.extensions_mut().insert(self.identity.clone());
        self.server.handle(self.now, request)
    }

    fn full(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let ApiAnswer::Full(response) = self.raw(method, path, headers, body) else {
            panic!("a stream for {method} {path}");
        };
        let warnings = response.headers().get_all("warning").iter();
        Answer {
            code: response.status().as_u16(),
            warnings: warnings.map(|one| one.to_str().unwrap().to_owned()).collect(),
            body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        }
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        let kind =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.full(method, path, &[("content-type", kind)], &body)
    }

    fn get(&mut self, path: &str) -> Value {
        self.send("GET", path, &Value::Null).body
    }

    fn create(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.send("POST", path, body);
        assert_eq!(answer.code, 201, "{}", answer.body);
        answer.body
    }

    fn as_user(&mut self, name: &str) {
        self.identity = Identity::user(name, &[]);
    }

    /// Code, reason and message of each request, and its warnings.
    fn say(&mut self, requests: &[(&str, &str, Value)]) -> String {
        let mut text = String::new();
        for (method, path, body) in requests {
            let answer = self.send(method, path, body);
            let of = |key: &str| answer.body.get(key).and_then(Value::as_str).unwrap_or("");
            writeln!(text, "{} {} {}", answer.code, of("reason"), of("message")).unwrap();
            for warning in answer.warnings {
                writeln!(text, "    {warning}").unwrap();
            }
        }
        text
    }

    /// The table that `kubectl get` prints.
    fn table(&mut self, path: &str) -> String {
        let accept = [("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")];
        let table = self.full("GET", path, &accept, "").body;
        let mut text = String::new();
        let line = |cells: Vec<String>| cells.join(" | ") + "\n";
        let columns = table.get("columnDefinitions").and_then(Value::as_array).unwrap();
        text.push_str(&line(
            columns.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect(),
        ));
        for row in table.get("rows").and_then(Value::as_array).unwrap() {
            let cells = row["cells"].as_array().unwrap().iter();
            let shown =
                cells.map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned));
            text.push_str(&line(shown.collect()));
        }
        text
    }
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PODS: &str = "/api/v1/namespaces/default/pods";
const SERVICES: &str = "/api/v1/namespaces/default/services";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";

fn pod(name: &str, container: Value) -> Value {
    json!({"metadata": {"name": name}, "spec": {"containers": [container]}})
}

fn deployment(name: &str) -> Value {
    json!({"metadata": {"name": name}, "spec": {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}},
            "spec": {"containers": [{"name": "c", "image": "nginx:1.27"}]}}}})
}

fn check(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

#[test]
fn a_fresh_cluster_has_what_a_fresh_cluster_has() {
    let mut client = Client::new();
    check(
        &(client.table("/api/v1/namespaces") + &client.table("/api/v1/services")),
        expect![[r"
            Name | Status | Age
            default | Active | 0s
            kube-node-lease | Active | 0s
            kube-public | Active | 0s
            kube-system | Active | 0s
            Name | Type | Cluster-IP | External-IP | Port(s) | Age | Selector
            kubernetes | ClusterIP | 10.96.0.1 | <none> | 443/TCP | 0s | <none>
        "]],
    );
    let roles = client.get("/apis/rbac.authorization.k8s.io/v1/clusterroles");
    assert_eq!(roles["items"].as_array().unwrap().len(), 69);
    assert_eq!(client.get("/version")["gitVersion"], "v1.36.3");
}

#[test]
fn requests_that_cannot_be_meant_are_refused_in_the_words_of_go() {
    let mut client = Client::new();
    let text = client.say(&[
        (
            "POST",
            CONFIG_MAPS,
            json!({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}}),
        ),
        (
            "POST",
            CONFIG_MAPS,
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}),
        ),
        ("POST", CONFIG_MAPS, json!({"metadata": {}})),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "a", "namespace": "b"}})),
        ("POST", "/api/v1/namespaces/nope/configmaps", json!({"metadata": {"name": "a"}})),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "a"}, "data": {"x": 1}})),
        (
            "POST",
            &format!("{CONFIG_MAPS}?fieldValidation=Strict"),
            json!({"metadata": {"name": "a"}, "foo": 1}),
        ),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "warned"}, "foo": 1})),
        ("POST", &format!("{CONFIG_MAPS}?dryRun=Some"), json!({"metadata": {"name": "a"}})),
        ("PUT", &format!("{CONFIG_MAPS}/warned"), json!({"metadata": {"name": "z"}})),
        (
            "PUT",
            &format!("{CONFIG_MAPS}/warned"),
            json!({"metadata": {"name": "warned", "resourceVersion": "1"}}),
        ),
        ("PUT", &format!("{CONFIG_MAPS}/missing"), json!({"metadata": {"name": "missing"}})),
        ("PUT", CONFIG_MAPS, Value::Null),
        ("GET", "/api/v1/bogus", Value::Null),
        ("GET", &format!("{CONFIG_MAPS}?fieldSelector=bogus%3Dx"), Value::Null),
        ("GET", &format!("{CONFIG_MAPS}?resourceVersion=99999999"), Value::Null),
        (
            "DELETE",
            &format!("{CONFIG_MAPS}/warned"),
            json!({"preconditions": {"resourceVersion": "1"}}),
        ),
        ("DELETE", "/api/v1/namespaces/default", Value::Null),
    ]);
    check(
        &text,
        expect![[r#"
            400 BadRequest ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/runtime/scheme.go:111"
            400 BadRequest Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion
            422 Invalid ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required
            400 BadRequest the namespace of the provided object does not match the namespace sent on the request
            404 NotFound namespaces "nope" not found
            400 BadRequest ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string
            400 BadRequest ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "foo"
            201  
                299 - "unknown field \"foo\""
            422 Invalid CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"
            400 BadRequest the name of the object (z) does not match the name on the URL (warned)
            409 Conflict Operation cannot be fulfilled on configmaps "warned": the object has been modified; please apply your changes to the latest version and try again
            404 NotFound configmaps "missing" not found
            405 MethodNotAllowed the server does not allow this method on the requested resource
            404 NotFound the server could not find the requested resource
            400 BadRequest "bogus" is not a known field selector: only "metadata.name", "metadata.namespace"
            504 Timeout Timeout: Too large resource version: 99999999, current: 226
            409 Conflict Operation cannot be fulfilled on ConfigMap "warned": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (226). The object might have been modified
            403 Forbidden namespaces "default" is forbidden: this namespace may not be deleted
        "#]],
    );
}

#[test]
fn wrong_objects_are_refused_field_by_field() {
    let mut client = Client::new();
    let mut without_selector = deployment("d");
    without_selector["spec"]["selector"] = json!({"matchLabels": {"app": "x"}});
    let text = client.say(&[
        ("POST", PODS, json!({"metadata": {"name": "p"}, "spec": {"containers": []}})),
        ("POST", PODS, pod("p", json!({"name": "c"}))),
        ("POST", PODS, pod("p", json!({"name": "c", "image": "nginx", "imagePullPolicy": "Sometimes"}))),
        ("POST", PODS, pod("p", json!({"name": "c", "image": "nginx", "resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}))),
        ("POST", PODS, pod("p", json!({"name": "c", "image": "nginx", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}))),
        ("POST", PODS, pod("p", json!({"name": "c", "image": "nginx", "livenessProbe": {}}))),
        ("POST", DEPLOYMENTS, without_selector),
        ("POST", DEPLOYMENTS, json!({"metadata": {"name": "d"}, "spec": {}})),
        ("POST", SERVICES, json!({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}, {"port": 80}]}})),
        ("POST", SERVICES, json!({"metadata": {"name": "s"}, "spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 80}]}})),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "a b", "labels": {"bad key": "x"}}})),
        ("POST", "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies",
            json!({"metadata": {"name": "n"}, "spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}]}]}})),
    ]);
    check(
        &text,
        expect![[r#"
        422 Invalid Pod "p" is invalid: spec.containers: Required value
        422 Invalid Pod "p" is invalid: spec.containers[0].image: Required value
        422 Invalid Pod "p" is invalid: spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"
        422 Invalid Pod "p" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1
        422 Invalid Pod "p" is invalid: spec.containers[0].volumeMounts[0].name: Not found: "data"
        422 Invalid Pod "p" is invalid: spec.containers[0].livenessProbe: Required value: must specify a handler type
        422 Invalid Deployment.apps "d" is invalid: spec.template.metadata.labels: Invalid value: {"app":"d"}: `selector` does not match template `labels`
        422 Invalid Deployment.apps "d" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]
        422 Invalid Service "s" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value, spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}]
        422 Invalid Service "s" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.1"]: failed to allocate IP 10.96.0.1: provided IP is already allocated
        422 Invalid ConfigMap "a b" is invalid: [metadata.name: Invalid value: "a b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]
        422 Invalid NetworkPolicy.networking.k8s.io "n" is invalid: spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer
    "#]],
    );
}

#[test]
fn a_pod_gets_its_account_token_tolerations_and_class() {
    let mut client = Client::new();
    let made = client.create(PODS, &pod("p", json!({"name": "c", "image": "nginx"})));
    let spec = &made["spec"];
    let text = format!(
        "{}\n{}\n{}\n{}\n",
        spec["containers"][0]["volumeMounts"],
        spec["serviceAccountName"],
        spec["tolerations"][0],
        made["status"]
    );
    check(
        &text,
        expect![[r#"
        [{"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","name":"kube-api-access-zmwpl","readOnly":true}]
        "default"
        {"effect":"NoExecute","key":"node.kubernetes.io/not-ready","operator":"Exists","tolerationSeconds":300}
        {"phase":"Pending","qosClass":"BestEffort"}
    "#]],
    );
    let entry = &made["metadata"]["managedFields"][0];
    assert_eq!(entry["manager"], "test");
    assert!(entry["fieldsV1"]["f:spec"].get("f:tolerations").is_none(), "admission has no manager");
}

#[test]
fn nobody_does_what_no_role_allows() {
    let mut client = Client::new();
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
    client.create(&format!("{rbac}/roles"), &json!({"metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]},
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["create"]}]}));
    client.create(&format!("{rbac}/rolebindings"), &json!({"metadata": {"name": "readers"},
        "roleRef": {"kind": "Role", "name": "reader"}, "subjects": [{"kind": "User", "name": "jane"}]}));
    client.create(&format!("{rbac}/rolebindings"), &json!({"metadata": {"name": "lost"},
        "roleRef": {"kind": "Role", "name": "gone"}, "subjects": [{"kind": "User", "name": "joe"}]}));
    client.as_user("jane");
    let mut text = client.say(&[
        ("GET", CONFIG_MAPS, Value::Null),
        ("GET", PODS, Value::Null),
        ("DELETE", &format!("{CONFIG_MAPS}/a"), Value::Null),
        ("GET", "/metrics", Value::Null),
        ("POST", &format!("{rbac}/roles"), json!({"metadata": {"name": "more"},
            "rules": [{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get"]}]})),
        ("POST", &format!("{rbac}/rolebindings"), json!({"metadata": {"name": "all"},
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"}, "subjects": []})),
    ]);
    client.as_user("joe");
    text += &client.say(&[("GET", PODS, Value::Null)]);
    check(
        &text,
        expect![[r#"
        200  
        403 Forbidden pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"
        403 Forbidden configmaps "a" is forbidden: User "jane" cannot delete resource "configmaps" in API group "" in the namespace "default"
        403 Forbidden forbidden: User "jane" cannot get path "/metrics"
        403 Forbidden roles.rbac.authorization.k8s.io "more" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
        {APIGroups:[""], Resources:["secrets"], Verbs:["get"]}
        403 Forbidden rolebindings.rbac.authorization.k8s.io "all" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
        {APIGroups:["*"], Resources:["*"], Verbs:["*"]}
        {NonResourceURLs:["*"], Verbs:["*"]}
        403 Forbidden pods is forbidden: User "joe" cannot list resource "pods" in API group "" in the namespace "default": RBAC: role.rbac.authorization.k8s.io "gone" not found
    "#]],
    );
}

#[test]
fn quotas_and_limit_ranges_say_what_is_too_much() {
    let mut client = Client::new();
    let quotas = "/api/v1/namespaces/default/resourcequotas";
    client.create(quotas, &json!({"metadata": {"name": "q"}, "spec": {"hard": {"limits.cpu": "4", "configmaps": "1"}}}));
    let hard = json!({"status": {"hard": {"limits.cpu": "4", "configmaps": "1"}, "used": {"limits.cpu": "0", "configmaps": "0"}}});
    client.send("PATCH", &format!("{quotas}/q/status"), &hard);
    let with = |name: &str, cpu: &str| {
        pod(name, json!({"name": "c", "image": "nginx", "resources": {"limits": {"cpu": cpu}}}))
    };
    let mut text = client.say(&[
        ("POST", PODS, with("example-pod", "6")),
        ("POST", PODS, pod("silent", json!({"name": "c1", "image": "nginx"}))),
        ("POST", PODS, with("fits", "3")),
        ("POST", PODS, with("late", "2")),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "a"}})),
        ("POST", CONFIG_MAPS, json!({"metadata": {"name": "b"}})),
    ]);
    writeln!(text, "{}", client.get(&format!("{quotas}/q"))["status"]["used"]).unwrap();
    client.create(
        "/api/v1/namespaces/default/limitranges",
        &json!({"metadata": {"name": "l"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "50m"}}]}}),
    );
    text += &client.say(&[("POST", PODS, with("big", "2")), ("POST", PODS, with("small", "10m"))]);
    check(
        &text,
        expect![[r#"
        403 Forbidden pods "example-pod" is forbidden: exceeded quota: q, requested: limits.cpu=6, used: limits.cpu=0, limited: limits.cpu=4
        403 Forbidden pods "silent" is forbidden: failed quota: q: must specify limits.cpu for: c1
        201  
        403 Forbidden pods "late" is forbidden: exceeded quota: q, requested: limits.cpu=2, used: limits.cpu=3, limited: limits.cpu=4
        201  
        403 Forbidden configmaps "b" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=1, limited: configmaps=1
        {"configmaps":"1","limits.cpu":"3"}
        403 Forbidden pods "big" is forbidden: maximum cpu usage per Container is 1, but limit is 2
        403 Forbidden pods "small" is forbidden: minimum cpu usage per Container is 50m, but request is 10m
    "#]],
    );
}

#[test]
fn a_list_in_pages_shows_one_moment() {
    let mut client = Client::new();
    for name in ["a", "b", "c"] {
        client.create(CONFIG_MAPS, &json!({"metadata": {"name": name}}));
    }
    let first = client.get(&format!("{CONFIG_MAPS}?limit=2"));
    client.create(CONFIG_MAPS, &json!({"metadata": {"name": "bb"}}));
    client.send("DELETE", &format!("{CONFIG_MAPS}/c"), &Value::Null);
    let token = first["metadata"]["continue"].as_str().unwrap();
    let rest = client.get(&format!("{CONFIG_MAPS}?limit=2&continue={token}"));
    let names = |list: &Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&first), ["a", "b"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 1);
    assert_eq!(names(&rest), ["c"]);
    assert_eq!(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

#[test]
fn a_watch_tells_what_enters_changes_and_leaves_its_selection() {
    let mut client = Client::new();
    let before =
        client.get(CONFIG_MAPS)["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let path = format!("{CONFIG_MAPS}?watch=true&labelSelector=a%3Db&resourceVersion={before}");
    let ApiAnswer::Watch(response) = client.raw("GET", &path, &[], "") else { panic!("no watch") };
    let stream = response.into_body();
    client.create(CONFIG_MAPS, &json!({"metadata": {"name": "x"}}));
    for labels in [json!({"a": "b"}), json!({"a": "b", "c": "d"}), json!({"a": null})] {
        client.send("PATCH", &format!("{CONFIG_MAPS}/x"), &json!({"metadata": {"labels": labels}}));
    }
    let read = client.server.read_stream(client.now, stream);
    let mut text = String::new();
    for chunk in read.chunks {
        let event: Value = serde_json::from_slice(&chunk).unwrap();
        writeln!(text, "{} {}", event["type"], event["object"]["metadata"]["labels"]).unwrap();
    }
    check(
        &text,
        expect![[r#"
        "ADDED" {"a":"b"}
        "MODIFIED" {"a":"b","c":"d"}
        "DELETED" {"a":"b","c":"d"}
    "#]],
    );
    let snapshot = client.server.clone();
    client.server.restore(&snapshot);
    let read = client.server.read_stream(client.now, stream);
    assert!(read.closed);
    let last: Value = serde_json::from_slice(read.chunks.last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["object"]["code"]), (&json!("ERROR"), &json!(410)));
}

#[test]
fn deletion_waits_for_grace_and_finalizers() {
    let mut client = Client::new();
    let mut held = pod("p", json!({"name": "c", "image": "nginx"}));
    held["spec"]["nodeName"] = json!("n");
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    client.create(PODS, &held);
    let path = format!("{PODS}/p");
    let mut text = String::new();
    let mut show = |client: &mut Client| {
        let pod = client.get(&path);
        let meta = &pod["metadata"];
        writeln!(
            text,
            "{} {} {}",
            meta["deletionGracePeriodSeconds"], meta["deletionTimestamp"], meta["finalizers"]
        )
        .unwrap();
    };
    client.send("DELETE", &path, &Value::Null);
    show(&mut client);
    client.send("DELETE", &path, &json!({"gracePeriodSeconds": 5}));
    show(&mut client);
    client.send("DELETE", &path, &json!({"gracePeriodSeconds": 0}));
    show(&mut client);
    client.send("PATCH", &path, &json!({"metadata": {"finalizers": null}}));
    show(&mut client);
    check(
        &text,
        expect![[r#"
        30 "2026-09-21T14:13:50Z" ["example.com/hold"]
        5 "2026-09-21T14:13:25Z" ["example.com/hold"]
        0 "2026-09-21T14:13:25Z" ["example.com/hold"]
        null null null
    "#]],
    );
}

#[test]
fn status_and_spec_are_written_apart_and_the_generation_counts_specs() {
    let mut client = Client::new();
    client.create(DEPLOYMENTS, &deployment("web"));
    let path = format!("{DEPLOYMENTS}/web");
    let mut text = String::new();
    for (path, patch) in [
        (path.clone(), json!({"spec": {"replicas": 3}, "status": {"replicas": 9}})),
        (format!("{path}/status"), json!({"spec": {"replicas": 7}, "status": {"replicas": 2}})),
        (format!("{path}/scale"), json!({"spec": {"replicas": 4}})),
        (path, json!({"spec": {"replicas": 4}})),
    ] {
        client.send("PATCH", &path, &patch);
        let live = client.get(&format!("{DEPLOYMENTS}/web"));
        writeln!(
            text,
            "{} {} {}",
            live["metadata"]["generation"], live["spec"]["replicas"], live["status"]
        )
        .unwrap();
    }
    check(
        &text,
        expect![[r#"
        2 3 {}
        2 3 {"replicas":2}
        3 4 {"replicas":2}
        3 4 {"replicas":2}
    "#]],
    );
}

#[test]
fn a_token_of_a_service_account_is_believed_until_it_expires() {
    let mut client = Client::new();
    let path = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let made = client.create(path, &json!({"spec": {"expirationSeconds": 600}}));
    let token = made["status"]["token"].as_str().unwrap().to_owned();
    let reviews = "/apis/authentication.k8s.io/v1/tokenreviews";
    let review = json!({"spec": {"token": token}});
    let user = client.create(reviews, &review)["status"]["user"]["username"].clone();
    assert_eq!(user, "system:serviceaccount:default:default");
    // Clocks may differ by a minute.
    client.now = client.now.checked_add(std::time::Duration::from_mins(11)).unwrap();
    assert_eq!(client.create(reviews, &review)["status"]["authenticated"], true);
    client.now = client.now.checked_add(std::time::Duration::from_secs(1)).unwrap();
    let error = client.create(reviews, &review)["status"]["error"].clone();
    assert_eq!(error, "[invalid bearer token, service account token has expired]");
}

#[test]
fn what_nothing_here_acts_on_is_said() {
    let mut client = Client::new();
    let text = client.say(&[(
        "POST",
        "/apis/networking.k8s.io/v1/namespaces/default/ingresses",
        json!({"metadata": {"name": "web"}, "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}}}),
    )]);
    check(
        &text,
        expect![[r#"
        201  
            299 - "Podium stores ingresses, but nothing in this embedded cluster acts on them"
    "#]],
    );
}

#[test]
fn where_nobody_calls_webhooks_and_nothing_has_the_language_it_is_said() {
    let mut client = Client::new();
    let hook = json!({
        "name": "a.example.com", "clientConfig": {"url": "https://127.0.0.1:9/a"},
        "admissionReviewVersions": ["v1"], "sideEffects": "None",
        "rules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
            "resources": ["configmaps"],
        }],
        "matchConditions": [{"name": "a", "expression": "false"}],
    });
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "a"}, "webhooks": [hook],
    });
    let path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    let made = client.send("POST", path, &configuration);
    let map = json!({"metadata": {"name": "a"}});
    let refused = client.send("POST", "/api/v1/namespaces/default/configmaps", &map);
    let message = refused.body.get("message").and_then(Value::as_str).unwrap_or("created");
    check(
        &format!("{}\n{message}", made.warnings.join("\n")),
        expect![[r#"
        299 - "Podium stores webhooks[*].matchConditions and does not evaluate them here: every request that the rules match is sent"
        299 - "Podium calls no webhooks outside of the cluster from here: webhooks[*].clientConfig.url cannot be reached, and failurePolicy says what follows"
        Internal error occurred: failed calling webhook "a.example.com": failed to call webhook: Post "https://127.0.0.1:9/a?timeout=10s": dial tcp 127.0.0.1:9: connect: connection refused"#]],
    );
}
