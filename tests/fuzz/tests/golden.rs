//! The golden objects of `k8s.io/api`: every one of a served kind is read from JSON, YAML and protobuf, comes out as
//! the same object from all three, and as itself from what was written of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use apimachinery::decode::{decode, decode_value};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::protobuf;
use apimachinery::schema::Schema;
use serde_json::Value;

/// What a server serves besides the objects of the module: kinds of other modules, and options that stand in the query of
/// a request, never in a body.
const NOT_OF_THE_MODULE: [&str; 8] = [
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    "apiregistration.k8s.io/v1 APIService",
    "v1 NodeProxyOptions",
    "v1 PodAttachOptions",
    "v1 PodExecOptions",
    "v1 PodPortForwardOptions",
    "v1 PodProxyOptions",
    "v1 ServiceProxyOptions",
];

/// Where the module of the API types lies: in Go's cache, as the judge needs it.
fn folder() -> PathBuf {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../realcluster/judge");
    realcluster::programs::judge().expect("a judge");
    let asked = Command::new("go")
        .args(["list", "-m", "-f", "{{.Dir}}", "k8s.io/api"])
        .current_dir(judge)
        .env("GOTOOLCHAIN", "local")
        .output()
        .expect("Go");
    let module = String::from_utf8(asked.stdout).expect("a path");
    Path::new(module.trim()).join("testdata/HEAD")
}

/// The kind that a file is called after: `apps.v1.Deployment.json`.
fn kind(name: &str) -> Option<GroupVersionKind> {
    let mut parts: Vec<&str> = name.strip_suffix(".json")?.split('.').collect();
    let (kind, version) = (parts.pop()?, parts.pop()?);
    let group = parts.join(".");
    Some(GroupVersionKind::new(if group == "core" { "" } else { &group }, version, kind))
}

#[test]
fn every_golden_object_is_the_same_in_all_formats() {
    let (folder, schema) = (folder(), Schema::builtin());
    let mut names: Vec<String> = fs::read_dir(folder.clone())
        .expect("golden objects")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let (mut looked_at, mut wrong) = (Vec::new(), Vec::new());
    for name in &names {
        // A watch event is never a body.
        let served =
            |gvk: &GroupVersionKind| schema.kind(gvk).is_some() && gvk.kind != "WatchEvent";
        let Some(gvk) = kind(name).filter(served) else { continue };
        if let Err(why) = agrees(schema, &gvk, &folder, name.trim_end_matches(".json")) {
            wrong.push(format!("{name}: {why}"));
        }
        looked_at.push(gvk);
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), looked_at.len(), wrong.join("\n"));
    let mut others: Vec<String> = schema
        .resources()
        .iter()
        .flat_map(|one| one.subresources.iter().map(|inner| &inner.gvk).cloned().chain([one.gvk()]))
        .filter(|gvk| !looked_at.contains(gvk))
        .map(|gvk| format!("{} {}", gvk.group_version(), gvk.kind))
        .collect();
    others.sort();
    others.dedup();
    assert_eq!(others, NOT_OF_THE_MODULE);
}

fn agrees(
    schema: &Schema,
    gvk: &GroupVersionKind,
    folder: &Path,
    name: &str,
) -> Result<(), String> {
    let read = |end: &str| {
        let file = folder.join(format!("{name}.{end}"));
        fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let json = read("json")?;
    let decoded = decode(schema, gvk, &json)?;
    if !decoded.strict.is_empty() {
        return Err(decoded.strict.join(", "));
    }
    let golden: Value = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
    same("JSON", &golden, &decoded.value)?;
    let again = decode(schema, gvk, decoded.value.to_string().as_bytes())?;
    same("written JSON", &golden, &again.value)?;
    let message = protobuf::decode(schema, &read("pb")?)?;
    let message = decode_value(schema, gvk, message, Vec::new())?;
    same("protobuf", &golden, &message.value)?;
    let text = String::from_utf8(read("yaml")?).map_err(|error| error.to_string())?;
    let documents = kubectl::manifest::read(&text).map_err(|error| error.to_string())?;
    let document = documents.first().ok_or("no document")?;
    let yaml = decode_value(schema, gvk, document.value.clone(), Vec::new())?;
    same("YAML", &golden, &yaml.value)
}

/// Says where two documents differ first.
fn same(what: &str, golden: &Value, found: &Value) -> Result<(), String> {
    match difference("", golden, found) {
        None => Ok(()),
        Some(place) => Err(format!("{what}: {place}")),
    }
}

fn difference(path: &str, golden: &Value, found: &Value) -> Option<String> {
    match (golden, found) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let null = Value::Null;
                let path = format!("{path}.{key}");
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => difference(&path, one, other),
                    (one, other) => {
                        let (one, other) = (one.unwrap_or(&null), other.unwrap_or(&null));
                        Some(format!("{path}: {one} is {other}"))
                    }
                }
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(at, (one, other))| difference(&format!("{path}[{at}]"), one, other)),
        _ if golden == found => None,
        _ => Some(format!("{path}: {golden} is {found}")),
    }
}
