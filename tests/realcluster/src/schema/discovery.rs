//! `discovery.txt`: what the server offers, in the order in which clients prefer it.

use serde_json::Value;

use super::json;
use crate::{ControlPlane, Failure};

const HEAD: &str = "\
# What the real API server offers, in its own order, which is the order in which clients prefer it.
# Written by `cargo xtask schema`; do not edit.
#
#   group NAME PREFERREDVERSION       `core` is the legacy group whose name is empty
#   version VERSION
#     PLURAL KIND GROUPVERSION singular=S scope=Namespaced|Cluster verbs=V,V [short=S,S] [categories=C,C] [hash=STORAGEVERSIONHASH]
#     PLURAL/SUBRESOURCE KIND GROUPVERSION verbs=V,V
# GROUPVERSION is that of the kind, not of the path.
";

/// One group version with its resources.
pub(super) struct List {
    group: String,
    preferred: String,
    version: String,
    resources: Vec<Value>,
}

/// Reads the legacy discovery documents: they say all that the aggregated one says.
pub(super) fn read(plane: &ControlPlane) -> Result<Vec<List>, Failure> {
    let mut lists = vec![list(plane, "/api/v1", "", "v1", "v1")?];
    let groups = json(&plane.get("/apis")?)?;
    for group in array(&groups, "groups") {
        let name = text(group, "name");
        let preferred = group.get("preferredVersion").map(|version| text(version, "version"));
        let preferred = preferred.unwrap_or_default();
        for version in array(group, "versions") {
            let version = text(version, "version");
            let path = format!("/apis/{name}/{version}");
            lists.push(list(plane, &path, &name, &version, &preferred)?);
        }
    }
    Ok(lists)
}

/// `v1`, `apps/v1` and so on.
pub(super) fn group_versions(lists: &[List]) -> Vec<String> {
    lists.iter().map(|list| group_version(&list.group, &list.version)).collect()
}

/// The text of the file.
pub(super) fn render(lists: &[List]) -> String {
    let mut out = HEAD.to_owned();
    let mut last = None;
    for list in lists {
        if last != Some(&list.group) {
            let name = if list.group.is_empty() { "core" } else { &list.group };
            push(&mut out, &format!("\ngroup {name} {}", list.preferred));
        }
        last = Some(&list.group);
        push(&mut out, &format!("version {}", list.version));
        for resource in &list.resources {
            push(&mut out, &format!("  {}", line(list, resource)));
        }
    }
    out
}

fn push(out: &mut String, line: &str) {
    out.extend([line, "\n"]);
}

fn list(
    plane: &ControlPlane,
    path: &str,
    group: &str,
    version: &str,
    preferred: &str,
) -> Result<List, Failure> {
    let document = json(&plane.get(path)?)?;
    let mut resources: Vec<Value> = array(&document, "resources").to_vec();
    resources.sort_by_key(|resource| text(resource, "name"));
    Ok(List {
        group: group.to_owned(),
        preferred: preferred.to_owned(),
        version: version.to_owned(),
        resources,
    })
}

fn line(list: &List, resource: &Value) -> String {
    let name = text(resource, "name");
    let group =
        resource.get("group").map_or_else(|| list.group.clone(), |_| text(resource, "group"));
    let version =
        resource.get("version").map_or_else(|| list.version.clone(), |_| text(resource, "version"));
    let mut words = vec![name.clone(), text(resource, "kind"), group_version(&group, &version)];
    let mut verbs = words_of(resource, "verbs");
    verbs.sort();
    if name.contains('/') {
        words.push(format!("verbs={}", verbs.join(",")));
        return words.join(" ");
    }
    let namespaced = resource.get("namespaced").and_then(Value::as_bool).unwrap_or_default();
    words.push(format!("singular={}", text(resource, "singularName")));
    words.push(format!("scope={}", if namespaced { "Namespaced" } else { "Cluster" }));
    words.push(format!("verbs={}", verbs.join(",")));
    for (field, flag) in [("shortNames", "short"), ("categories", "categories")] {
        let list = words_of(resource, field);
        if !list.is_empty() {
            words.push(format!("{flag}={}", list.join(",")));
        }
    }
    let hash = text(resource, "storageVersionHash");
    if !hash.is_empty() {
        words.push(format!("hash={hash}"));
    }
    words.join(" ")
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn words_of(value: &Value, field: &str) -> Vec<String> {
    array(value, field).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
