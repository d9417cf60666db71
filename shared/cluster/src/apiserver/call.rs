//! One request with everything that is known about it, and what the client wants back.

use apimachinery::gvk::GroupResource;
use apimachinery::identity::Identity;
use apimachinery::outgoing::{Answers, Continued, Outgoing};
use apimachinery::request::{RequestInfo, query_all};
use apimachinery::schema::{ApiResource, Schema};
use apimachinery::status::Status;
use http::HeaderMap;
use jiff::Timestamp;
use std::sync::Arc;

use super::accept::negotiate;
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
    /// `meta.k8s.io/v1 PartialObjectMetadata`.
    Partial,
    /// `meta.k8s.io/v1 PartialObjectMetadataList`.
    PartialList,
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
    /// The version of `meta.k8s.io` in which the form is written.
    pub(crate) meta: &'static str,
    pub(crate) aggregated: bool,
    pub(crate) wants_openapi_v2: bool,
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
    /// Whether its user may not do it.
    pub(crate) denied: bool,
    /// The custom resource that the path names.
    pub(crate) custom: Option<Arc<Version>>,
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The type without its parameters; what is none stays what it is.
fn media_type(content_type: &str) -> &str {
    let media = content_type.split(';').next().unwrap_or("").trim();
    if media.is_empty() { content_type.trim() } else { media }
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
        let wanted = negotiate(&parts.headers, &info)?;
        let query = query_all(query);
        let user_agent = header(&parts.headers, "user-agent").to_owned();
        let content_type = header(&parts.headers, "content-type");
        Ok(Self {
            now,
            info,
            identity,
            method: parts.method,
            query,
            form: wanted.form,
            meta: if wanted.beta { "meta.k8s.io/v1beta1" } else { "meta.k8s.io/v1" },
            aggregated: wanted.aggregated,
            wants_openapi_v2: header(&parts.headers, "accept").contains("openapi.spec.v2"),
            content_type: media_type(content_type).to_owned(),
            user_agent,
            body,
            warnings: Vec::new(),
            notes: Notes::default(),
            audit_id: String::new(),
            answers: parts.extensions.get::<Answers>().cloned().unwrap_or_default(),
            outgoing: None,
            continued: parts.extensions.get::<Continued>().copied(),
            denied: false,
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
