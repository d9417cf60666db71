//! Requests to the API server as kubectl sends them.

use apimachinery::status::Status;
use apimachinery::transport::ByteStream;
use http::{Method, Request, Response, header};
use serde_json::Value;

use crate::Kubectl;
use crate::failure::{Failure, Outcome};
use crate::stream::{Lines, Next};
use crate::value::append;

pub(crate) const JSON: &str = "application/json";
pub(crate) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// The version that this kubectl speaks for.
pub(crate) const VERSION: &str = "v1.36.3";

/// An answer that is no error.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Vec<u8>,
    pub(crate) warnings: Vec<String>,
}

impl Answer {
    pub(crate) fn json(&self) -> Outcome<Value> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::message(error.to_string()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An answer of any status.
#[derive(Debug)]
pub(crate) struct Exchange {
    method: Method,
    code: u16,
    pub(crate) answer: Answer,
}

impl Exchange {
    /// The answer, or the error that it is. The path names the resource in errors without a `Status`.
    pub(crate) fn outcome(self, path: &str) -> Outcome<Answer> {
        if self.code >= 400 {
            return Err(failure(self.code, &self.method, path, &self.answer.body));
        }
        Ok(self.answer)
    }
}

/// Who asks, and with which command.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) kubectl: Kubectl,
    pub(crate) command: String,
    /// Further headers of impersonation: the UID, extra attributes.
    impersonation: Vec<(String, String)>,
}

impl Client {
    pub(crate) fn new(kubectl: Kubectl, command: impl Into<String>) -> Self {
        Self { kubectl, command: command.into(), impersonation: Vec::new() }
    }

    /// Acts with a UID and with extra attributes (`key=value`), as `--as-uid` and `--as-user-extra` give them.
    pub(crate) fn with_impersonation(mut self, uid: &str, extra: &[String]) -> Self {
        if !uid.is_empty() {
            self.impersonation.push(("impersonate-uid".to_owned(), uid.to_owned()));
        }
        for (key, value) in extra.iter().filter_map(|pair| pair.split_once('=')) {
            let name = format!("impersonate-extra-{}", header_key(key));
            self.impersonation.push((name, value.to_owned()));
        }
        self
    }

    /// A request with the headers of every request.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Outcome<Request<Vec<u8>>> {
        let mut builder = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, accept)
            .header(header::USER_AGENT, "kubectl/v1.36.3 (podium)")
            .header("kubectl-command", &self.command);
        if let Some((user, groups)) = &self.kubectl.persona {
            builder = builder.header("impersonate-user", user);
            for group in groups {
                builder = builder.header("impersonate-group", group);
            }
        }
        for (name, value) in &self.impersonation {
            builder = builder.header(name, value);
        }
        let (content_type, body) = body.unwrap_or(("", Vec::new()));
        if !content_type.is_empty() {
            builder = builder.header(header::CONTENT_TYPE, content_type);
        }
        builder.body(body).map_err(|error| Failure::message(format!("{path}: {error}")))
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Outcome<Answer> {
        self.exchange(method, path, accept, body).await?.outcome(path)
    }

    /// Sends a request; the answer with its warnings, whatever its status.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        accept: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Outcome<Exchange> {
        let request = self.request(method.clone(), path, accept, body)?;
        let response = self.kubectl.transport.send(request).await?;
        let warnings = warnings(&response);
        let code = response.status().as_u16();
        Ok(Exchange { method, code, answer: Answer { body: response.into_body(), warnings } })
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Value> {
        self.send(Method::GET, path, JSON, None).await?.json()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Value> {
        self.send(Method::POST, path, JSON, Some((JSON, body.to_string().into_bytes())))
            .await?
            .json()
    }

    /// Opens a stream; an error status is read to its end.
    pub(crate) async fn open(
        &self,
        path: &str,
        accept: &str,
    ) -> Outcome<(ByteStream, Vec<String>)> {
        let request = self.request(Method::GET, path, accept, None)?;
        let response = self.kubectl.transport.stream(request).await?;
        let warnings = warnings(&response);
        let code = response.status().as_u16();
        let mut stream = response.into_body();
        if code >= 400 {
            let mut body = Vec::new();
            while let Next::Item(chunk) = crate::stream::next_chunk(&mut stream, &mut None).await {
                body.extend(chunk);
            }
            return Err(failure(code, &Method::GET, path, &body));
        }
        Ok((stream, warnings))
    }

    /// Opens a watch.
    pub(crate) async fn watch(&self, path: &str, accept: &str) -> Outcome<Watch> {
        let (stream, _) = self.open(path, accept).await?;
        Ok(Watch { lines: Lines::new(stream) })
    }
}

/// An open watch.
pub(crate) struct Watch {
    lines: Lines,
}

impl Watch {
    /// The next event: its type and object.
    pub(crate) async fn next(
        &mut self,
        limit: &mut Option<apimachinery::transport::BoxFuture<'_, ()>>,
    ) -> Next<(String, Value)> {
        loop {
            match self.lines.next(limit).await {
                Next::Item(line) if line.trim().is_empty() => {}
                Next::Item(line) => {
                    let Ok(mut event) = serde_json::from_str::<Value>(&line) else {
                        return Next::Broken(format!(
                            "unable to decode an event from the watch stream: {line}"
                        ));
                    };
                    let kind = event.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
                    let object = event.get_mut("object").map(Value::take).unwrap_or_default();
                    return Next::Item((kind, object));
                }
                Next::End => return Next::End,
                Next::Timeout => return Next::Timeout,
                Next::Broken(why) => return Next::Broken(why),
            }
        }
    }
}

/// `headerKeyEscape` (`k8s.io/client-go/transport/round_trippers.go`): what no name of a header may hold, and
/// the sign of the escape itself.
fn header_key(key: &str) -> String {
    let mut escaped = String::new();
    for byte in key.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"!#$&'*+-.^_`|~".contains(&byte);
        if plain {
            escaped.push(char::from(byte));
        } else {
            append(&mut escaped, format_args!("%{byte:02X}"));
        }
    }
    escaped
}

/// The texts of `Warning: 299 - "…"` headers.
fn warnings<B>(response: &Response<B>) -> Vec<String> {
    response
        .headers()
        .get_all(header::WARNING)
        .iter()
        .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
        .filter_map(|value| {
            let (_, quoted) = value.split_once('"')?;
            let text = quoted.strip_suffix('"').unwrap_or(quoted);
            Some(text.replace("\\\"", "\"").replace("\\\\", "\\"))
        })
        .collect()
}

/// An error answer as `client-go/rest/request.go` reads it.
fn failure(code: u16, method: &Method, path: &str, body: &[u8]) -> Failure {
    if let Ok(status) = serde_json::from_slice::<Status>(body)
        && status.kind == "Status"
        && !status.status.is_empty()
    {
        return Failure::Status(Box::new(status));
    }
    let text = String::from_utf8_lossy(body).trim().to_owned();
    let resource = path.split('?').next().unwrap_or("").rsplit('/').next().unwrap_or("");
    let verb = method.as_str().to_lowercase();
    let (reason, message) = match code {
        401 => (
            "Unauthorized",
            "the server has asked for the client to provide credentials".to_owned(),
        ),
        403 => ("Forbidden", text),
        404 => ("NotFound", "the server could not find the requested resource".to_owned()),
        405 => (
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource".to_owned(),
        ),
        415 => ("UnsupportedMediaType", text),
        429 => (
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later"
                .to_owned(),
        ),
        503 => (
            "ServiceUnavailable",
            "the server is currently unable to handle the request".to_owned(),
        ),
        _ if code >= 500 => (
            "InternalError",
            format!(
                "an error on the server (\"{text}\") has prevented the request from succeeding"
            ),
        ),
        _ => ("", text),
    };
    let message = match code {
        404 | 405 | 503 if !resource.is_empty() => format!("{message} ({verb} {resource})"),
        _ => message,
    };
    Failure::Status(Box::new(Status::failure(code, reason, message)))
}
