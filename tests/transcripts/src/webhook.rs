//! An admission webhook in the process of the test, over HTTPS, for API servers of both kinds. What it answers is in
//! the path that it is called by.

use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::Failure;

/// A running webhook. It ends with the process.
pub(crate) struct Webhook {
    /// `https://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// Its authority, as `caBundle` wants it.
    pub(crate) authority: String,
}

impl Webhook {
    /// Listens at a free port.
    pub(crate) fn start() -> Result<Self, Failure> {
        Self::listen().map_err(|error| format!("no webhook could be started: {error}"))
    }

    fn listen() -> Result<Self, Box<dyn std::error::Error>> {
        let key = KeyPair::generate()?;
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = authority.self_signed(&key)?;
        let issuer = Issuer::new(authority, key);
        let own_key = KeyPair::generate()?;
        let own =
            CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&own_key, &issuer)?;
        let own_key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], own_key)?;
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("https://{}", listener.local_addr()?);
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let config = Arc::clone(&config);
                // A client that leaves ends its connection only.
                thread::spawn(move || drop(serve(socket, config)));
            }
        });
        Ok(Self { url, authority: STANDARD.encode(certificate.pem()) })
    }
}

fn serve(socket: TcpStream, config: Arc<ServerConfig>) -> Result<(), Box<dyn std::error::Error>> {
    let mut stream = StreamOwned::new(ServerConnection::new(config)?, socket);
    let mut read = Vec::new();
    loop {
        let Some((path, body)) = request(&mut stream, &mut read)? else { return Ok(()) };
        let review: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some((code, kind, answer)) = answer(&path, &review) else {
            // Until the client has lost its patience.
            while stream.read(&mut [0])? > 0 {}
            return Ok(());
        };
        write!(
            stream,
            "HTTP/1.1 {code} -\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
        stream.flush()?;
    }
}

/// A path and a body.
type Request = (String, Vec<u8>);

/// The next request.
fn request(
    stream: &mut impl Read,
    read: &mut Vec<u8>,
) -> Result<Option<Request>, Box<dyn std::error::Error>> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(read.get(..end).unwrap_or_default()).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
            let whole = end + 4 + length;
            if read.len() >= whole {
                let path = head.split_whitespace().nth(1).unwrap_or("/");
                let path = path.split('?').next().unwrap_or("/").to_owned();
                let body = read.get(end + 4..whole).unwrap_or_default().to_vec();
                read.drain(..whole);
                return Ok(Some((path, body)));
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Ok(None),
            count => read.extend(chunk.get(..count).unwrap_or_default()),
        }
    }
}

/// Status, media type and body; nothing when there is to be none.
fn answer(path: &str, review: &Value) -> Option<(u16, &'static str, String)> {
    let text = |code, text: &str| Some((code, "text/plain", text.to_owned()));
    match path {
        "/slow" => return None,
        "/garbage" => return text(200, "fine"),
        "/empty" => return text(200, ""),
        "/missing" => return text(404, "not here"),
        "/broken" => return text(500, "broken"),
        "/busy" => return Some((503, "application/json", "{}".to_owned())),
        _ => {}
    }
    let request = review.get("request").cloned().unwrap_or_default();
    let mut response = json!({"uid": request.get("uid"), "allowed": true});
    if let (Some(response), Some(more)) =
        (response.as_object_mut(), response_of(path, &request).as_object())
    {
        response.extend(more.clone());
    }
    let kind = if path == "/wrong-kind" { "Review" } else { "AdmissionReview" };
    let response = if path == "/no-response" { Value::Null } else { response };
    let answer = match path {
        "/no-kind" => json!({"response": response}),
        _ => json!({"apiVersion": "admission.k8s.io/v1", "kind": kind, "response": response}),
    };
    Some((200, "application/json", answer.to_string()))
}

/// What differs from an answer that allows.
fn response_of(path: &str, request: &Value) -> Value {
    let denied = |status: Value| json!({"allowed": false, "status": status});
    let patch = |patch: Value| json!({"patchType": "JSONPatch", "patch": STANDARD.encode(patch.to_string())});
    let annotations = request.pointer("/object/metadata/annotations");
    match path {
        "/deny" => denied(json!({"message": "not here", "code": 403, "reason": "Forbidden"})),
        "/deny-with-success" => denied(json!({"status": "Success", "message": "no", "code": 200})),
        "/deny-with-reason" => denied(json!({"reason": "BecauseISaySo", "code": 418})),
        "/deny-silently" => json!({"allowed": false}),
        "/echo" => denied(json!({"message": echo(request)})),
        "/warn" => json!({
            "warnings": ["mind the gap", "and the \"train\""], "auditAnnotations": {"seen": "yes"},
        }),
        "/deny-and-warn" => json!({
            "allowed": false, "warnings": ["mind the gap"], "status": {"message": "no"},
        }),
        "/wrong-uid" => json!({"uid": "another"}),
        "/label" => {
            patch(json!([{"op": "add", "path": "/metadata/labels", "value": {"hook": "yes"}}]))
        }
        // One more letter for every call.
        "/count" => {
            let calls = annotations.and_then(|all| all.get("calls")).and_then(Value::as_str);
            let own = json!(format!("{}x", calls.unwrap_or("")));
            let mut all = annotations.and_then(Value::as_object).cloned().unwrap_or_default();
            all.insert("calls".to_owned(), own);
            patch(json!([{"op": "add", "path": "/metadata/annotations", "value": all}]))
        }
        "/patch-nothing" => patch(json!([])),
        "/patch-wrong" => patch(json!([{"op": "replace", "path": "/nothing/here", "value": 1}])),
        "/patch-type" => patch(json!([{"op": "add", "path": "/data", "value": 1}])),
        "/patch-no-patch" => patch(json!({"op": "add"})),
        "/patch-untyped" => json!({"patch": STANDARD.encode("[]")}),
        "/typed-unpatched" => json!({"patchType": "JSONPatch"}),
        _ => json!({}),
    }
}

/// What a request says, on one line.
fn echo(request: &Value) -> String {
    let at = |pointer: &str| request.pointer(pointer).cloned().unwrap_or_default();
    let told = [
        ("operation", at("/operation")),
        ("kind", at("/kind")),
        ("resource", at("/resource")),
        ("subResource", at("/subResource")),
        ("requestKind", at("/requestKind/kind")),
        ("name", at("/name")),
        ("namespace", at("/namespace")),
        ("user", at("/userInfo/username")),
        ("groups", at("/userInfo/groups")),
        ("options", at("/options")),
        ("dryRun", at("/dryRun")),
        ("object", of_object(&at("/object"))),
        ("oldObject", of_object(&at("/oldObject"))),
    ];
    told.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

/// What of an object is the same for every server.
fn of_object(object: &Value) -> Value {
    let at = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    if object.is_null() {
        return Value::Null;
    }
    json!([
        at("/apiVersion"),
        at("/kind"),
        at("/metadata/name"),
        at("/metadata/labels"),
        at("/data"),
        at("/spec")
    ])
}
