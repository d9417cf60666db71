//! Requests that no client sends: each gets an answer, and the next client notices nothing.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may panic"
)]

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use cluster::{Cluster, ClusterConfig, Controllers};
use http_body_util::BodyExt as _;
use serde_json::Value;
use server::kubernetes::{Api, RealTime};
use session::embedded::Embedded;

fn api() -> Api {
    let cluster = Cluster::new(ClusterConfig {
        seed: 1,
        epoch: jiff::Timestamp::UNIX_EPOCH,
        nodes: 1,
        controllers: Controllers::None,
        admin_token: "secret".to_owned(),
        extra_tokens: Vec::new(),
    });
    Api::trusting(Arc::new(RealTime::new(Arc::new(Embedded::new(cluster)))))
}

/// The code, and the reason of the `Status` when it is a failure.
async fn outcome(response: Response) -> (u16, String) {
    let code = response.status().as_u16();
    if code < 400 {
        // A watch has no end.
        return (code, String::new());
    }
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    if code == 404 && body.as_ref() == b"404 page not found\n" {
        return (code, String::new());
    }
    let status: Value = serde_json::from_slice(&body)
        .unwrap_or_else(|_| panic!("{code} without a Status: {}", String::from_utf8_lossy(&body)));
    assert_eq!(status["kind"], "Status", "{code}: {status}");
    (code, status["reason"].as_str().unwrap_or_default().to_owned())
}

async fn send(api: &Api, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (u16, String) {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header("content-type", kind).body(Body::from(body)).expect("a request");
    outcome(api.answer(request).await).await
}

/// xorshift: the same requests in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % limit.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Some bytes changed, removed, doubled.
    fn spoil(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap_or(0),
                1 => bytes.truncate(at),
                2 => {
                    let end = (at + self.below(30)).min(bytes.len());
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                3 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.splice(at..at, self.of(PIECES).bytes()).for_each(drop),
            }
        }
        bytes
    }
}

const PIECES: &[&str] = &[
    "null",
    "{}",
    "[[[[",
    "-1",
    "1e999",
    "99999999999999999999",
    "\"\"",
    "\\u0000",
    "\u{fffd}",
    "%00",
    "%2F",
    "..",
    "//",
    "?watch=1",
    "&limit=-1",
    "&fieldSelector=a!=b,,",
    "&labelSelector=a in (",
    "&continue=x",
    "\n",
    "&dryRun=x",
    "&resourceVersion=9999999",
    "&timeoutSeconds=-5",
    "*",
    "~1",
    "$patch",
    "f:",
    "k:{",
];
const PATHS: &[&str] = &[
    "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/configmaps/a",
    "/apis/apps/v1/deployments",
    "/apis/apps/v1/namespaces/default/deployments/a/scale",
    "/api/v1/nodes/worker-1/status",
    "/openapi/v3/apis/apps/v1",
    "/api/v1/namespaces/default/pods/a/exec",
    "/api/v1/namespaces/default/services/a:b/proxy/x",
    "/apis",
    "/version",
    "/api/v1/namespaces/default/pods/a/log",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/api/v1/watch/pods",
    "/apis/authentication.k8s.io/v1/tokenreviews",
    "/api/v1/namespaces/default/serviceaccounts/default/token",
];
const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"];
const KINDS: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "text/html",
    "",
    ";;;",
    "application/json; charset=\"",
];
const BODIES: &[&str] = &[
    r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}"#,
    r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "labels": {"a": "b"}}, "spec": {"replicas": 2, "selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "nginx", "resources": {"limits": {"cpu": "100m"}}, "ports": [{"containerPort": 80}]}]}}}}"#,
    r#"[{"op": "add", "path": "/data/x", "value": 1}, {"op": "test", "path": "/a~1b", "value": {}}]"#,
    r#"{"spec": {"template": {"spec": {"containers": [{"$patch": "delete", "name": "c"}]}}}}"#,
    "a: &x [1, 2]\nb: *x\nc: |\n  text\nd: {e: f}\n",
    "k8s\0\n\x0f\n\x02v1\x12\tConfigMap\x12\x0e\n\x07\n\x01a\x12\x00\x1a\x00\x12\x03\n\x01a\x1a\x00\"\x00",
    r#"{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "as.b.c"}, "spec": {"group": "b.c", "scope": "Namespaced", "names": {"plural": "as", "kind": "A"}, "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"x": {"type": "string", "pattern": "^a+$"}}}}}]}}"#,
];

#[tokio::test]
async fn whatever_is_sent_there_is_an_answer_and_the_next_client_is_served() {
    let api = api();
    let mut chance = Chance(0x5eed);
    for round in 0..6000 {
        let path = chance_path(&mut chance);
        let path = chance.spoil(path.as_bytes());
        let path: String = path
            .iter()
            .filter(|byte| byte.is_ascii_graphic())
            .map(|byte| char::from(*byte))
            .collect();
        let path = format!("/{}", path.trim_start_matches('/'));
        let (method, kind) = (chance.of(METHODS), chance.of(KINDS));
        let body = chance.of(BODIES).as_bytes();
        let body = if chance.below(4) == 0 { body.to_vec() } else { chance.spoil(body) };
        let request =
            http::Request::builder().method(method).uri(&path).header("content-type", kind);
        let accept = chance.spoil(b"application/json;as=Table;v=v1;g=meta.k8s.io, */*");
        let accept = http::HeaderValue::from_bytes(&accept);
        let request = match accept {
            Ok(accept) => request.header("accept", accept),
            Err(_) => request,
        };
        let Ok(request) = request.body(Body::from(body)) else { continue };
        let (code, _) = outcome(api.answer(request).await).await;
        assert!((200..=599).contains(&code), "{round}: {method} {path}: {code}");
        assert_ne!(code, 500, "{round}: {method} {path}");
    }
    let fine = send(&api, "GET", "/api/v1/namespaces/default", "", Vec::new()).await;
    assert_eq!(fine, (200, String::new()));
}

fn chance_path(chance: &mut Chance) -> String {
    let path = chance.of(PATHS).to_owned();
    if chance.below(3) == 0 { path + "?pretty=true" } else { path }
}

#[tokio::test]
async fn large_and_deep_documents_are_refused() {
    let api = api();
    let maps = "/api/v1/namespaces/default/configmaps";
    let ten = 10 * 1024 * 1024;
    let large = format!(r#"{{"data": {{"a": "{}"}}}}"#, "x".repeat(ten)).into_bytes();
    let refused = (413, "RequestEntityTooLarge".to_owned());
    for kind in ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"] {
        assert_eq!(send(&api, "POST", maps, kind, large.clone()).await, refused, "{kind}");
    }
    let bad = (400, "BadRequest".to_owned());
    let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
    let deep = format!(r#"{{"data": {open}{close}}}"#);
    for kind in ["application/json", "application/yaml"] {
        assert_eq!(send(&api, "POST", maps, kind, deep.clone().into_bytes()).await, bad, "{kind}");
    }
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n".to_owned()
        + &('c'..'y')
            .map(|one| {
                let next = char::from_u32(u32::from(one) + 1).expect("a letter");
                format!("{next}: &{next} [*{one}, *{one}, *{one}, *{one}]\n")
            })
            .collect::<String>();
    assert_eq!(send(&api, "POST", maps, "application/yaml", bomb.into_bytes()).await, bad);
}

/// A field of a message.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut found = vec![tag << 3 | 2];
    let mut length = bytes.len();
    while length > 0x7f {
        found.push(u8::try_from(length & 0x7f).unwrap_or_default() | 0x80);
        length >>= 7;
    }
    found.push(u8::try_from(length).unwrap_or_default());
    found.extend_from_slice(bytes);
    found
}

#[tokio::test]
async fn messages_in_messages_without_end_are_refused() {
    let api = api();
    // `JSONSchemaProps.not` (field 28 needs two bytes of tag) holds a `JSONSchemaProps`, and so on.
    let mut schema = Vec::new();
    for _ in 0..10_000 {
        let mut outer = vec![0xe2, 0x01];
        outer.extend_from_slice(&field(0, &schema)[1..]);
        schema = outer;
    }
    // CustomResourceDefinition.spec.versions[0].schema.openAPIV3Schema
    let version = [field(1, b"v1"), field(4, &field(1, &schema))].concat();
    let definition = field(2, &field(7, &version));
    let kind = [field(1, b"apiextensions.k8s.io/v1"), field(2, b"CustomResourceDefinition")];
    let mut body = b"k8s\0".to_vec();
    body.extend(field(1, &kind.concat()));
    body.extend(field(2, &definition));
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let answer = send(&api, "POST", path, "application/vnd.kubernetes.protobuf", body).await;
    assert_eq!(answer, (400, "BadRequest".to_owned()));
}
