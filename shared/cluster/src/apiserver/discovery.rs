//! Paths that are not about objects: discovery, version, health, OpenAPI.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{ApiResource, Schema};
use apimachinery::status::Status;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply};
use super::call::Call;
use super::{health, openapi, openapi_v2};
use crate::fields::put;

/// Answers a path outside the resources.
pub(crate) fn non_resource(call: &Call) -> Result<Reply, Refusal> {
    if call.info.path == "/podium/v1/connect" {
        let query = call.query.iter().map(|(key, value)| {
            let encode = apimachinery::request::percent_encode;
            format!("{}={}", encode(key), encode(value))
        });
        return Ok(Reply::Connect(query.collect::<Vec<_>>().join("&")));
    }
    if call.info.path == "/podium/v1/faults" && call.method == http::Method::POST {
        return Ok(Reply::Fault(call.body.clone()));
    }
    let path = call.info.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    // Handlers that look at no method, and those of documents that have a head.
    let any = matches!(parts.as_slice(), ["apis"] | ["healthz" | "livez" | "readyz", ..]);
    let head = call.method == http::Method::HEAD && parts.first() == Some(&"openapi");
    if call.method != http::Method::GET && !any && !head {
        return Err(Box::new(Status::method_not_allowed()));
    }
    let found = match parts.as_slice() {
        ["version"] => return Ok(version()),
        [probe @ ("healthz" | "livez" | "readyz")] => return Ok(health::all(call, probe)),
        [probe @ ("healthz" | "livez" | "readyz"), check @ ..] => {
            return Ok(health::single(probe, check));
        }
        ["api"] if call.aggregated => return Ok(Reply::Discovery(aggregated(true))),
        ["api"] => versions(),
        ["apis"] if call.aggregated => return Ok(Reply::Discovery(aggregated(false))),
        ["apis"] => groups(),
        ["api", version] => return Ok(or_missing(resources("", version))),
        ["apis", group] => return Ok(or_missing(group_document(group))),
        ["apis", group, version] => return Ok(or_missing(resources(group, version))),
        ["openapi", "v2"] if call.wants_openapi_v2 => {
            return Ok(Reply::Bytes(openapi_v2::MEDIA_TYPE, openapi_v2::document()));
        }
        ["openapi", "v3"] => openapi::index(),
        ["openapi", "v3", rest @ ..] => return Ok(or_missing(openapi::document(rest))),
        _ => return Ok(Reply::Text(404, "404 page not found\n".to_owned())),
    };
    Ok(Reply::Document(200, found))
}

fn or_missing(found: Option<Value>) -> Reply {
    found.map_or_else(
        || Reply::Text(404, "404 page not found\n".to_owned()),
        |document| Reply::Document(200, document),
    )
}

/// `apimachinery/pkg/version.Info`, in its order; indented whoever asks (`responsewriters.WriteRawJSON`).
const VERSION: [(&str, &str); 13] = [
    ("major", "1"),
    ("minor", "36"),
    ("emulationMajor", "1"),
    ("emulationMinor", "36"),
    ("minCompatibilityMajor", "1"),
    ("minCompatibilityMinor", "35"),
    ("gitVersion", "v1.36.3"),
    ("gitCommit", "podium"),
    ("gitTreeState", "clean"),
    ("buildDate", "2026-01-01T00:00:00Z"),
    ("goVersion", "none"),
    ("compiler", "rustc"),
    ("platform", "linux/amd64"),
];

fn version() -> Reply {
    let lines = VERSION.map(|(key, value)| format!("  \"{key}\": \"{value}\""));
    Reply::Bytes("application/json", format!("{{\n{}\n}}", lines.join(",\n")).into_bytes())
}

/// All paths, for who asks for none (`apiserver/pkg/server/routes/index.go`); with those of OpenID, when there are keys.
pub(super) fn root(openid: bool) -> Reply {
    let mut paths = vec!["/api".to_owned(), "/apis".to_owned()];
    for group in Schema::builtin().groups() {
        for version in &group.versions {
            if group.name.is_empty() {
                paths.push(format!("/api/{version}"));
            } else {
                paths.push(format!("/apis/{}", group.name));
                paths.push(format!("/apis/{}/{version}", group.name));
            }
        }
    }
    paths.extend(health::paths());
    let others = ["/apis/", "/metrics", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version"];
    paths.extend(others.map(str::to_owned));
    if openid {
        paths.extend(["/.well-known/openid-configuration", "/openid/v1/jwks"].map(str::to_owned));
    }
    paths.sort();
    paths.dedup();
    // (Indented whoever asks: `responsewriters.WriteRawJSON`.)
    let text = serde_json::to_vec_pretty(&json!({"paths": paths})).unwrap_or_default();
    Reply::Bytes("application/json", text)
}

fn versions() -> Value {
    let address = json!({"clientCIDR": "0.0.0.0/0", "serverAddress": "172.18.0.2:6443"});
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]})
}

fn group_version(group: &str, version: &str) -> Value {
    json!({"groupVersion": format!("{group}/{version}"), "version": version})
}

pub(super) fn group_entry(name: &str, versions: &[String]) -> Value {
    let all: Vec<Value> = versions.iter().map(|version| group_version(name, version)).collect();
    json!({"name": name, "preferredVersion": all.first(), "versions": all})
}

fn groups() -> Value {
    let groups: Vec<Value> = Schema::builtin()
        .groups()
        .iter()
        .filter(|group| !group.name.is_empty())
        .map(|group| group_entry(&group.name, &group.versions))
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn group_document(name: &str) -> Option<Value> {
    let group = Schema::builtin().groups().iter().find(|group| group.name == name)?;
    let mut entry = group_entry(name, &group.versions);
    put(&mut entry, "/kind", json!("APIGroup"));
    put(&mut entry, "/apiVersion", json!("v1"));
    Some(entry)
}

pub(super) fn resource_entry(resource: &ApiResource) -> Vec<Value> {
    let mut first = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        put(&mut first, "/shortNames", json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        put(&mut first, "/categories", json!(resource.categories));
    }
    if !resource.storage_hash.is_empty() {
        put(&mut first, "/storageVersionHash", json!(resource.storage_hash));
    }
    let mut found = vec![first];
    for sub in &resource.subresources {
        let mut entry = json!({
            "name": format!("{}/{}", resource.plural, sub.name), "singularName": "",
            "namespaced": resource.namespaced, "kind": sub.gvk.kind, "verbs": sub.verbs,
        });
        if sub.gvk.group != resource.group || sub.gvk.version != resource.version {
            put(&mut entry, "/group", json!(sub.gvk.group));
            put(&mut entry, "/version", json!(sub.gvk.version));
        }
        found.push(entry);
    }
    found
}

fn resources(group: &str, version: &str) -> Option<Value> {
    let own = |resource: &&ApiResource| resource.group == group && resource.version == version;
    let all: Vec<Value> =
        Schema::builtin().resources().iter().filter(own).flat_map(resource_entry).collect();
    if all.is_empty() {
        return None;
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let mut list = json!({"kind": "APIResourceList", "groupVersion": name, "resources": all});
    if !group.is_empty() {
        put(&mut list, "/apiVersion", json!("v1"));
    }
    Some(list)
}

/// How aggregated discovery names the kind of an answer: its own group and version are left empty.
fn response_kind(gvk: &GroupVersionKind, resource: &ApiResource) -> Value {
    if gvk.group == resource.group && gvk.version == resource.version {
        json!({"group": "", "version": "", "kind": gvk.kind})
    } else {
        json!({"group": gvk.group, "version": gvk.version, "kind": gvk.kind})
    }
}

pub(super) fn aggregated_resource(resource: &ApiResource) -> Value {
    let mut entry = json!({
        "resource": resource.plural, "responseKind": response_kind(&resource.gvk(), resource),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular, "verbs": resource.verbs,
    });
    if !resource.short_names.is_empty() {
        put(&mut entry, "/shortNames", json!(resource.short_names));
    }
    if !resource.categories.is_empty() {
        put(&mut entry, "/categories", json!(resource.categories));
    }
    let subs: Vec<Value> = resource
        .subresources
        .iter()
        .map(|sub| {
            json!({
                "subresource": sub.name, "responseKind": response_kind(&sub.gvk, resource),
                "verbs": sub.verbs,
            })
        })
        .collect();
    if !subs.is_empty() {
        put(&mut entry, "/subresources", Value::Array(subs));
    }
    entry
}

fn aggregated(core: bool) -> Value {
    let schema = Schema::builtin();
    let items: Vec<Value> = schema
        .groups()
        .iter()
        .filter(|group| group.name.is_empty() == core)
        .map(|group| {
            let versions: Vec<Value> = group
                .versions
                .iter()
                .map(|version| {
                    let own =
                        |one: &&ApiResource| one.group == group.name && one.version == *version;
                    let all: Vec<Value> =
                        schema.resources().iter().filter(own).map(aggregated_resource).collect();
                    json!({"version": version, "resources": all, "freshness": "Current"})
                })
                .collect();
            let metadata = if core { json!({}) } else { json!({"name": group.name}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {},
        "items": items,
    })
}

/// Puts more into a list of a document.
pub(super) fn extend(document: &mut Value, key: &str, more: impl Iterator<Item = Value>) {
    if let Some(list) = document.get_mut(key).and_then(Value::as_array_mut) {
        list.extend(more);
    }
}
