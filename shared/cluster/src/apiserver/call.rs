//! One request with everything that is known about it, and what the client wants back.

use std::collections::BTreeMap;

use apimachinery::gvk::GroupResource;
use apimachinery::identity::Identity;
use apimachinery::outgoing::{Answers, Continued, Outgoing};
use apimachinery::request::{RequestInfo, query_all};
use apimachinery::schema::{ApiResource, Schema};
use apimachinery::status::Status;
use http::HeaderMap;
use jiff::Timestamp;
use std::sync::Arc;

use super::answer::Refusal;
use super::audit::Notes;
use super::custom::Version;

/// The form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// The object.
    #[default]
    Plain,
    /// `meta.k8s.io/v1 Table`.
    Table,
    /// `meta.k8s.io/v1 PartialObjectMetadata` and its list.
    Partial,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) now: Timestamp,
    pub(crate) info: RequestInfo,
    pub(crate) identity: Identity,
    pub(crate) method: http::Method,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) form: Form,
    pub(crate) aggregated: bool,
    pub(crate) wants_openapi_v2: bool,
    pub(crate) pretty: bool,
    pub(crate) content_type: String,
    pub(crate) user_agent: String,
    pub(crate) body: Vec<u8>,
    pub(crate) warnings: Vec<String>,
    /// For the audit log.
    pub(crate) notes: Notes,
    /// The id of its audit event.
    pub(crate) audit_id: String,
    /// What webhooks have answered so far.
    pub(crate) answers: Answers,
    /// The call of a webhook whose answer is missing.
    pub(crate) outgoing: Option<Box<Outgoing>>,
    /// Whether it goes on with a request that was let through.
    pub(crate) continued: Option<Continued>,
    /// The custom resource that the path names.
    pub(crate) custom: Option<Arc<Version>>,
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The first media type of an `Accept` header that this server can write; none: 406.
fn accepted(accept: &str) -> Option<(Form, bool)> {
    if accept.trim().is_empty() {
        return Some((Form::Plain, false));
    }
    accept.split(',').find_map(|media| {
        let mut parts = media.split(';').map(str::trim);
        let kind = parts.next().unwrap_or("");
        if !matches!(kind, "application/json" | "*/*" | "application/*") {
            return None;
        }
        let parameters: BTreeMap<&str, &str> =
            parts.filter_map(|part| part.split_once('=')).collect();
        match (parameters.get("as").copied(), parameters.get("v").copied()) {
            (None, _) => Some((Form::Plain, false)),
            (Some("Table"), Some("v1")) => Some((Form::Table, false)),
            (Some("PartialObjectMetadata" | "PartialObjectMetadataList"), Some("v1")) => {
                Some((Form::Partial, false))
            }
            (Some("APIGroupDiscoveryList"), Some("v2")) => Some((Form::Plain, true)),
            _ => None,
        }
    })
}

impl Call {
    /// Reads what the request line and the headers say.
    pub(crate) fn new(
        now: Timestamp,
        identity: Identity,
        request: http::Request<Vec<u8>>,
    ) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or("");
        let info = RequestInfo::parse(parts.method.as_str(), parts.uri.path(), query);
        let streams =
            matches!(info.subresource.as_str(), "log" | "exec" | "attach" | "portforward");
        let found = accepted(header(&parts.headers, "accept"));
        if found.is_none() && info.is_resource && !streams {
            return Err(Box::new(Status::failure(
                406,
                "NotAcceptable",
                "only the following media types are accepted: application/json",
            )));
        }
        let (form, aggregated) = found.unwrap_or_default();
        let query = query_all(query);
        let user_agent = header(&parts.headers, "user-agent").to_owned();
        let asked = query.iter().find(|(key, _)| key == "pretty").map(|(_, value)| value.as_str());
        // Upstream pretty-prints for people: browsers and command line clients of HTTP.
        let person = ["curl/", "Wget/", "Mozilla/"].iter().any(|name| user_agent.starts_with(name));
        let pretty = asked.map_or(person, |value| value != "0" && value != "false");
        let content_type = header(&parts.headers, "content-type");
        Ok(Self {
            now,
            info,
            identity,
            method: parts.method,
            query,
            form,
            aggregated,
            wants_openapi_v2: header(&parts.headers, "accept").contains("openapi.spec.v2"),
            pretty,
            content_type: content_type.split(';').next().unwrap_or("").trim().to_owned(),
            user_agent,
            body,
            warnings: Vec::new(),
            notes: Notes::default(),
            audit_id: String::new(),
            answers: parts.extensions.get::<Answers>().cloned().unwrap_or_default(),
            outgoing: None,
            continued: parts.extensions.get::<Continued>().copied(),
            custom: None,
        })
    }

    /// A query parameter, empty when it is not there.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a query parameter.
    pub(crate) fn params(&self, name: &str) -> Vec<String> {
        let same = self.query.iter().filter(|(key, _)| key == name);
        same.map(|(_, value)| value.clone()).collect()
    }

    /// A boolean query parameter.
    pub(crate) fn switch(&self, name: &str) -> bool {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.is_some_and(|(_, value)| !matches!(value.as_str(), "0" | "false" | "False"))
    }

    /// Whether nothing must be written.
    pub(crate) fn dry_run(&self) -> bool {
        self.query.iter().any(|(key, value)| key == "dryRun" && value == "All")
    }

    /// Who is written into managedFields: the parameter, or the program of the User-Agent.
    pub(crate) fn field_manager(&self) -> String {
        let asked = self.param("fieldManager");
        if asked.is_empty() {
            self.user_agent.split('/').next().unwrap_or("").to_owned()
        } else {
            asked.to_owned()
        }
    }

    /// A warning for the client.
    pub(crate) fn warn(&mut self, text: String) {
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }

    /// The resource that the path names.
    pub(crate) fn resource(&self) -> Result<&ApiResource, Refusal> {
        let info = &self.info;
        if let Some(custom) = &self.custom {
            return Ok(&custom.resource);
        }
        Schema::builtin()
            .resource(&info.api_group, &info.api_version, &info.resource)
            .ok_or_else(|| Box::new(Status::no_such_path()))
    }

    /// Group and resource of the path.
    pub(crate) fn group_resource(&self) -> GroupResource {
        GroupResource::new(&self.info.api_group, &self.info.resource)
    }
}
