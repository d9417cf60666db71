//! Small questions to the API server: objects, lists, reviews, dry runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use apimachinery::status::Status;
use apimachinery::transport::{ExecError, ExecOutput, Transport, TransportError};
use http::{Method, Request};
use notebook::scenario::Persona;
use serde_json::Value;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// The API server answered with an error.
    #[error("{}", .0.message)]
    Status(Box<Status>),
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The answer makes no sense.
    #[error("{0}")]
    Odd(String),
}

impl Problem {
    /// Whether the object is simply not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Status(status) if status.code == 404)
    }
}

/// What discovery says of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kind {
    plural: String,
    namespaced: bool,
}

/// A client with discovery.
pub(crate) struct Client {
    transport: Arc<dyn Transport>,
    kinds: Mutex<BTreeMap<(String, String), Kind>>,
}

/// Names an object: what `apiVersion`, `kind` and `metadata` of a document say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl Target {
    /// Reads the names out of a document.
    pub(crate) fn of(object: &Value) -> Self {
        let text = |pointer: &str| {
            object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Self {
            api_version: text("/apiVersion"),
            kind: text("/kind"),
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
        }
    }

    /// For a person: `Pod dev/np-test`.
    pub(crate) fn title(&self) -> String {
        match self.namespace.as_str() {
            "" => format!("{} {}", self.kind, self.name),
            namespace => format!("{} {namespace}/{}", self.kind, self.name),
        }
    }
}

impl Client {
    pub(crate) fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, kinds: Mutex::new(BTreeMap::new()) }
    }

    /// Sends a request; a status of 400 and more is a problem.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        persona: Option<&Persona>,
        body: Option<&Value>,
    ) -> Result<Value, Problem> {
        let request = Self::request(method, path, persona, body)?;
        let answer = self.transport.send(request).await?;
        let code = answer.status().as_u16();
        let body = answer.into_body();
        if code < 400 {
            return serde_json::from_slice(&body)
                .map_err(|error| Problem::Odd(format!("{path}: {error}")));
        }
        let status = serde_json::from_slice::<Status>(&body).unwrap_or_else(|_| {
            Status::failure(code, "", String::from_utf8_lossy(&body).trim().to_owned())
        });
        Err(Problem::Status(Box::new(Status { code, ..status })))
    }

    fn request(
        method: Method,
        path: &str,
        persona: Option<&Persona>,
        body: Option<&Value>,
    ) -> Result<Request<Vec<u8>>, Problem> {
        let mut builder = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            .header("user-agent", "podium-runner");
        if let Some(persona) = persona.filter(|persona| !persona.user.is_empty()) {
            builder = builder.header("impersonate-user", &persona.user);
            for group in &persona.groups {
                builder = builder.header("impersonate-group", group);
            }
        }
        let bytes = match body {
            Some(body) => {
                builder = builder.header("content-type", "application/json");
                body.to_string().into_bytes()
            }
            None => Vec::new(),
        };
        builder.body(bytes).map_err(|error| Problem::Odd(format!("{path}: {error}")))
    }

    /// GET as the executor.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Problem> {
        self.send(Method::GET, path, None, None).await
    }

    /// GET of something that is not JSON.
    pub(crate) async fn text(&self, path: &str) -> Result<String, Problem> {
        let request = Self::request(Method::GET, path, None, None)?;
        let answer = self.transport.send(request).await?;
        let code = answer.status().as_u16();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if code < 400 {
            return Ok(text);
        }
        let status = serde_json::from_str::<Status>(&text)
            .unwrap_or_else(|_| Status::failure(code, "", text.trim().to_owned()));
        Err(Problem::Status(Box::new(Status { code, ..status })))
    }

    /// POST as the executor.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value, Problem> {
        self.send(Method::POST, path, None, Some(body)).await
    }

    /// The objects of a list.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>, Problem> {
        let mut list = self.get(path).await?;
        match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// The live object; `None` when it does not exist.
    pub(crate) async fn find(&self, target: &Target) -> Result<Option<Value>, Problem> {
        let path = self.path(target, true).await?;
        match self.get(&path).await {
            Ok(object) => Ok(Some(object)),
            Err(problem) if problem.is_not_found() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Path of an object, or of its collection.
    pub(crate) async fn path(&self, target: &Target, named: bool) -> Result<String, Problem> {
        let root = root(&target.api_version);
        let kind = self.kind(&root, target).await?;
        let mut path = root;
        if kind.namespaced {
            let namespace = target.namespace.as_str();
            let namespace = if namespace.is_empty() { "default" } else { namespace };
            path = format!("{path}/namespaces/{namespace}");
        }
        path = format!("{path}/{}", kind.plural);
        if named {
            path = format!("{path}/{}", target.name);
        }
        Ok(path)
    }

    async fn kind(&self, root: &str, target: &Target) -> Result<Kind, Problem> {
        let key = (target.api_version.clone(), target.kind.clone());
        let known = self.kinds.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(kind) = known {
            return Ok(kind);
        }
        let found = self.get(root).await?;
        let resources = found.get("resources").and_then(Value::as_array);
        let text = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let resource = resources
            .into_iter()
            .flatten()
            .find(|one| text(one, "kind") == target.kind && !text(one, "name").contains('/'));
        let Some(resource) = resource else {
            let (kind, version) = (&target.kind, &target.api_version);
            return Err(Problem::Odd(format!(
                "no matches for kind \"{kind}\" in version \"{version}\""
            )));
        };
        let kind = Kind {
            plural: text(resource, "name"),
            namespaced: resource.get("namespaced").and_then(Value::as_bool) == Some(true),
        };
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(key, kind.clone());
        Ok(kind)
    }

    /// Runs a command in a pod.
    pub(crate) async fn exec(
        &self,
        namespace: &str,
        pod: &str,
        command: &[&str],
    ) -> Result<ExecOutput, ExecError> {
        let words: Vec<String> =
            command.iter().map(|word| format!("command={}", escape(word))).collect();
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{pod}/exec?{}&stdout=true&stderr=true",
            words.join("&")
        );
        let request = Self::request(Method::GET, &path, None, None).map_err(|problem| {
            ExecError::Transport(TransportError::Unsupported(problem.to_string()))
        })?;
        self.transport.exec(request, Vec::new()).await
    }
}

fn root(api_version: &str) -> String {
    if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    }
}

/// Percent-encodes a value of a query.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                escaped.push(char::from(byte));
            }
            _ => {
                let hex = |digit: u8| char::from_digit(u32::from(digit), 16).unwrap_or('0');
                let (high, low) = (hex(byte >> 4), hex(byte & 15));
                escaped.extend(['%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]);
            }
        }
    }
    escaped
}
