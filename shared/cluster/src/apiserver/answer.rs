//! Answers: status codes, headers and bodies as the real server sends them.

use apimachinery::engine::StreamId;
use apimachinery::status::Status;
use http::{HeaderValue, Response};
use serde_json::Value;

use super::wire::List;
use super::{NodeRequest, wire};
use crate::addon::AddonCall;
use crate::store::Object;

/// A request that is refused. Boxed, because most requests are not.
pub(crate) type Refusal = Box<Status>;

/// What a verb gives.
#[derive(Debug)]
pub(crate) enum Reply {
    /// An object, still to be brought into the form that the client asked for.
    Object(u16, Object),
    /// A list.
    List(Box<List>),
    /// A document that is sent as it is.
    Document(u16, Value),
    /// Aggregated discovery, which has a media type of its own.
    Discovery(Value),
    /// A document that is not JSON, in its media type.
    Bytes(&'static str, Vec<u8>),
    /// A document in its media type that anybody may keep for an hour.
    Shared(&'static str, Vec<u8>),
    /// A text.
    Text(u16, String),
    /// An open watch.
    Watch(StreamId),
    /// The kubelet answers.
    Node(Box<NodeRequest>),
    /// The world computes the connection that this query asks about.
    Connect(String),
    /// The world breaks or mends something.
    Fault(Vec<u8>),
    /// An add-on answers.
    Addon(Box<AddonCall>),
}

/// An answer with a JSON body.
pub(crate) fn json(code: u16, body: &Value, pretty: bool) -> Response<Vec<u8>> {
    written(code, wire::write(body, pretty), pretty)
}

/// An answer with an object.
pub(crate) fn object(code: u16, object: &Object, pretty: bool) -> Response<Vec<u8>> {
    let text = if pretty { wire::write(object, true) } else { wire::text_of(object).to_owned() };
    written(code, text, pretty)
}

/// An answer with a list.
pub(crate) fn list(list: &List, pretty: bool) -> Response<Vec<u8>> {
    written(200, wire::write_list(list, pretty), pretty)
}

fn written(code: u16, mut text: String, pretty: bool) -> Response<Vec<u8>> {
    if !pretty {
        text.push('\n');
    }
    with_type(code, "application/json", text.into_bytes())
}

/// An answer with a text.
pub(crate) fn text(code: u16, body: &str) -> Response<Vec<u8>> {
    let mut response = with_type(code, "text/plain; charset=utf-8", body.as_bytes().to_vec());
    header(&mut response, "x-content-type-options", "nosniff");
    response
}

/// An answer with a body of a type.
pub(crate) fn with_type<T>(code: u16, content_type: &'static str, body: T) -> Response<T> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    header(&mut response, "content-type", content_type);
    header(&mut response, "cache-control", "no-cache, private");
    response
}

/// Says of JSON that it is YAML, which it is.
pub(crate) fn into_yaml(response: &mut Response<Vec<u8>>) {
    if let Some(kind) = response.headers_mut().get_mut("content-type")
        && *kind == "application/json"
    {
        *kind = HeaderValue::from_static("application/yaml");
    }
}

/// Sets a header; text that cannot stand in one is left out.
pub(crate) fn header<T>(response: &mut Response<T>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

/// A status as a document, with its keys in the order of Go.
pub(crate) fn status_document(status: &Status) -> Value {
    serde_json::to_value(status).unwrap_or_default()
}

/// A refusal without a reason: Go errors that are no `StatusError` become a bare 500.
pub(crate) fn plain_error(message: impl Into<String>) -> Refusal {
    Box::new(Status::failure(500, "", message))
}

/// A 406 of a form that what was found has not.
pub(crate) fn not_acceptable(message: impl Into<String>) -> Refusal {
    Box::new(Status::failure(406, "NotAcceptable", message))
}

/// A 400.
pub(crate) fn bad_request(message: impl Into<String>) -> Refusal {
    Box::new(Status::bad_request(message))
}
