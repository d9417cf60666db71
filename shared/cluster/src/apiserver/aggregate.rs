//! API groups that add-ons serve behind this API server (`kube-aggregator/pkg/apiserver/handler_proxy.go`).

use apimachinery::status::Status;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply};
use super::audit::lines::Kept;
use super::call::Call;
use super::token::ISSUER;
use super::{Apiserver, discovery, metrics};
use crate::addon::{AddonCall, Served, availability, unavailable};
use crate::fields::{put, text};

impl Apiserver {
    /// Answers for a group that is not one of ours; nothing when it is.
    pub(super) fn aggregated(&self, call: &Call) -> Result<Option<Reply>, Refusal> {
        let own = |one: &&Served| {
            one.group == call.info.api_group && one.version == call.info.api_version
        };
        let Some(served) = self.served.iter().find(own) else { return Ok(None) };
        let Some(available) = availability(&self.store, served) else {
            return Err(Box::new(Status::no_such_path()));
        };
        if !available {
            return Err(Box::new(unavailable()));
        }
        let known = served.resources.iter().any(|one| one.plural == call.info.resource);
        if !known || !call.info.subresource.is_empty() {
            return Err(Box::new(Status::no_such_path()));
        }
        if !matches!(call.info.verb.as_str(), "get" | "list") {
            return Err(Box::new(Status::method_not_allowed()));
        }
        Ok(Some(Reply::Addon(Box::new(AddonCall {
            group: call.info.api_group.clone(),
            resource: call.info.resource.clone(),
            namespace: call.info.namespace.clone(),
            name: call.info.name.clone(),
            selector: call.param("labelSelector").to_owned(),
        }))))
    }

    /// Paths that are not about objects; discovery tells the groups of add-ons as well.
    pub(super) fn non_resource(&self, call: &Call) -> Result<Reply, Refusal> {
        if call.info.path == "/podium/v1/audit" {
            let since = call.param("since").parse().unwrap_or(0);
            let body = self.trail.document(since).into_bytes();
            return Ok(Reply::Bytes("application/json", body));
        }
        if call.info.path == "/podium/v1/audit/lines" {
            return Ok(Reply::Text(200, self.trail.lines(&Kept::of(call))));
        }
        if call.info.path == "/metrics" && call.method == http::Method::GET {
            return Ok(Reply::Bytes(metrics::MEDIA_TYPE, self.metrics().into_bytes()));
        }
        let path = call.info.path.trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let active: Vec<&Served> = self
            .served
            .iter()
            .filter(|served| availability(&self.store, served) == Some(true))
            .collect();
        let of = |group: &str| active.iter().find(|served| served.group == group).copied();
        match parts.as_slice() {
            [".well-known", "openid-configuration"] | ["openid", "v1", "jwks"]
                if call.method == http::Method::GET =>
            {
                // `pkg/routes/openidmetadata.go`; without keys that others can use, they are not there.
                if let Some(keys) = &self.tokens.host {
                    let shared = if parts.len() == 2 {
                        Reply::Shared("application/json", keys.configuration(ISSUER).into_bytes())
                    } else {
                        Reply::Shared("application/jwk-set+json", keys.key_set().into_bytes())
                    };
                    return Ok(shared);
                }
            }
            [] if call.method == http::Method::GET => {
                return Ok(discovery::root(self.tokens.host.is_some()));
            }
            ["apis", group] => {
                if let Some(served) = of(group) {
                    let mut document = entry(served);
                    put(&mut document, "/kind", json!("APIGroup"));
                    put(&mut document, "/apiVersion", json!("v1"));
                    return Ok(Reply::Document(200, document));
                }
            }
            ["apis", group, version] => {
                if let Some(served) = of(group).filter(|served| served.version == *version) {
                    return Ok(Reply::Document(200, resources(served)));
                }
            }
            _ => {}
        }
        if let Some(found) =
            self.customs.discover(&parts).filter(|_| call.method == http::Method::GET)
        {
            return Ok(Reply::Document(200, found));
        }
        let mut reply = discovery::non_resource(call)?;
        self.customs.extend(call, &parts, &mut reply);
        match (parts.as_slice(), &mut reply) {
            (["apis"], Reply::Discovery(list)) => {
                discovery::extend(list, "items", active.iter().map(|served| discovered(served)));
            }
            (["apis"], Reply::Document(_, list)) => {
                discovery::extend(list, "groups", active.iter().map(|served| entry(served)));
            }
            _ => {}
        }
        Ok(reply)
    }
}

fn entry(served: &Served) -> Value {
    let version = json!({
        "groupVersion": format!("{}/{}", served.group, served.version), "version": served.version,
    });
    json!({ "name": served.group, "versions": [version], "preferredVersion": version })
}

fn resources(served: &Served) -> Value {
    let all: Vec<Value> = served
        .resources
        .iter()
        .map(|one| {
            json!({
                "name": one.plural, "singularName": "", "namespaced": one.namespaced,
                "kind": one.kind, "verbs": ["get", "list"],
            })
        })
        .collect();
    json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": format!("{}/{}", served.group, served.version), "resources": all,
    })
}

fn discovered(served: &Served) -> Value {
    let all: Vec<Value> = fields_of(&resources(served))
        .iter()
        .map(|one| {
            let namespaced = one.get("namespaced").and_then(Value::as_bool).unwrap_or_default();
            json!({
                "resource": text(one, "/name"), "singularResource": "", "verbs": ["get", "list"],
                "responseKind": { "group": "", "version": "", "kind": text(one, "/kind") },
                "scope": if namespaced { "Namespaced" } else { "Cluster" },
            })
        })
        .collect();
    let version = json!({ "version": served.version, "resources": all, "freshness": "Current" });
    json!({ "metadata": { "name": served.group }, "versions": [version] })
}

fn fields_of(list: &Value) -> Vec<Value> {
    crate::fields::items(list, "/resources").to_vec()
}
