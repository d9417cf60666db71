//! An event as it is written (`apiserver/pkg/apis/audit/v1/types.go`), its fields in the order of Go.

use std::collections::BTreeMap;

use apimachinery::identity::Identity;
use apimachinery::request::RequestInfo;
use apimachinery::status::StatusDetails;
use apimachinery::time::format_micro;
use serde::Serialize;

use super::{Asked, Event, Stage};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    kind: &'static str,
    api_version: &'static str,
    level: &'static str,
    #[serde(rename = "auditID")]
    audit_id: &'a str,
    stage: &'static str,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonated_user: Option<&'a Identity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_metadata: Option<Authentication<'a>>,
    #[serde(rename = "sourceIPs")]
    source_ips: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_ref: Option<Reference>,
    response_status: Response<'a>,
    request_received_timestamp: String,
    stage_timestamp: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(skip_serializing_if = "String::is_empty")]
    resource: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    uid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    api_group: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    api_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    resource_version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    subresource: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Authentication<'a> {
    impersonation_constraint: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum User<'a> {
    Known(&'a Identity),
    Nobody {},
}

#[derive(Serialize)]
struct Response<'a> {
    metadata: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    status: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a StatusDetails>,
    code: u16,
}

impl Event {
    /// How far its request had come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The event as a line of JSON, without its break. Go escapes what HTML would read.
    pub fn line(&self) -> String {
        let line = serde_json::to_string(&self.written()).unwrap_or_default();
        line.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
    }

    fn written(&self) -> Written<'_> {
        let asked = self.asked.as_ref();
        let info = asked.info();
        let status = asked.status.as_deref();
        let notes = asked.notes.annotations.iter();
        Written {
            kind: "Event",
            api_version: "audit.k8s.io/v1",
            level: "Metadata",
            audit_id: &asked.id,
            stage: match self.stage {
                Stage::ResponseStarted => "ResponseStarted",
                Stage::ResponseComplete => "ResponseComplete",
            },
            request_uri: asked.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            verb: info.verb.clone(),
            user: asked.user.as_ref().map_or(User::Nobody {}, User::Known),
            impersonated_user: asked.impersonated.as_ref(),
            authentication_metadata: Some(asked.constraint.as_str())
                .filter(|constraint| !constraint.is_empty())
                .map(|impersonation_constraint| Authentication { impersonation_constraint }),
            source_ips: &asked.sources,
            user_agent: &asked.agent,
            object_ref: info.is_resource.then(|| reference(asked, info)),
            response_status: Response {
                metadata: BTreeMap::new(),
                status: status.map_or("", |status| &status.status),
                message: status.map_or("", |status| &status.message),
                reason: status.map_or("", |status| &status.reason),
                details: status.and_then(|status| status.details.as_ref()),
                code: self.code,
            },
            request_received_timestamp: format_micro(asked.received),
            stage_timestamp: format_micro(self.at),
            annotations: notes.map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        }
    }
}

fn reference(asked: &Asked, info: RequestInfo) -> Reference {
    let named = asked.notes.named.as_deref().cloned().unwrap_or_default();
    let or = |first: String, second: String| if first.is_empty() { second } else { first };
    Reference {
        resource: info.resource,
        namespace: or(info.namespace, named.namespace),
        name: or(info.name, named.name),
        uid: named.uid,
        api_group: info.api_group,
        api_version: info.api_version,
        resource_version: named.resource_version,
        subresource: info.subresource,
    }
}
