//! Writes `shared/apimachinery/schema` from what a real API server says of itself.
//!
//! The embedded cluster's types are data, and this is where the data comes from: the server's
//! `/openapi/v3` documents, its discovery, and the Go types by reflection (protobuf tags, `omitempty`).
//! The same text is made again by a test, so that the committed files cannot drift from the server.

mod discovery;
mod openapi;
mod wire;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::programs::{make_dir, write};
use crate::{ControlPlane, Failure};

/// Git and reviewers should be able to look at each file.
const LARGEST_FILE: usize = 180 * 1024;

/// The structs that errors of validation print: only the embedded API server has a use for them.
const INTERNAL: &str = "../../cluster/data/internal.txt";

const INTERNAL_HEAD: &str = "\
# Structs that errors of validation print, as Go has them inside the server. Written by `cargo xtask schema`; do not edit.
#   NAME, then its fields in order: GONAME JSONNAME TYPE [omitempty]
# GONAME -: its members stand in the struct around it. JSONNAME -: on the wire, too.
";

/// The files of the schema: path below the folder, and text.
pub type Files = BTreeMap<String, String>;

/// Asks the server and renders all files.
pub fn render(plane: &ControlPlane) -> Result<Files, Failure> {
    let lists = discovery::read(plane)?;
    let mut files = Files::new();
    files.insert("discovery.txt".to_owned(), discovery::render(&lists));
    for (group, text) in openapi::render(&documents(plane)?)? {
        files.insert(format!("openapi/{group}.txt"), text);
    }
    let reflected = reflect(plane, &discovery::group_versions(&lists))?;
    for (group, text) in wire::render(&reflected)? {
        files.insert(format!("wire/{group}.txt"), text);
    }
    files.insert(INTERNAL.to_owned(), internal(plane)?);
    match files.iter().find(|(_, text)| text.len() > LARGEST_FILE) {
        Some((name, text)) => Err(format!("{name} has {} bytes; split it", text.len())),
        None => Ok(files),
    }
}

/// The folder of the committed files.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/apimachinery/schema")
}

/// The committed files.
pub fn committed() -> Result<Files, Failure> {
    let mut files = Files::new();
    for part in ["", "openapi", "wire"] {
        let dir = folder().join(part);
        let entries = fs::read_dir(&dir)
            .map_err(|error| format!("{} cannot be read: {error}", dir.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_none_or(|extension| extension != "txt") {
                continue;
            }
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = Path::new(part).join(name.unwrap_or_default()).display().to_string();
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            files.insert(name, text);
        }
    }
    let path = folder().join(INTERNAL);
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    files.insert(INTERNAL.to_owned(), text);
    Ok(files)
}

/// Replaces the committed files.
pub fn write_files(files: &Files) -> Result<(), Failure> {
    for part in ["openapi", "wire"] {
        let dir = folder().join(part);
        if dir.is_dir() {
            fs::remove_dir_all(&dir)
                .map_err(|error| format!("{} cannot be removed: {error}", dir.display()))?;
        }
        make_dir(&dir)?;
    }
    files.iter().try_for_each(|(name, text)| write(&folder().join(name), text))
}

/// The OpenAPI document of each group version.
fn documents(plane: &ControlPlane) -> Result<Vec<Value>, Failure> {
    let index = json(&plane.get("/openapi/v3")?)?;
    let paths = index.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("the index of /openapi/v3 has no paths")?;
    let mut documents = Vec::new();
    for path in paths.keys() {
        // `api/v1` and `apis/apps/v1` have definitions of kinds; `apis`, `version` and the like do not.
        if path == "api/v1" || path.starts_with("apis/") && path.split('/').count() == 3 {
            documents.push(json(&plane.get(&format!("/openapi/v3/{path}"))?)?);
        }
    }
    Ok(documents)
}

fn reflect(plane: &ControlPlane, group_versions: &[String]) -> Result<String, Failure> {
    printed(Command::new(plane.program()).arg("types").args(group_versions))
}

fn internal(plane: &ControlPlane) -> Result<String, Failure> {
    Ok(format!("{INTERNAL_HEAD}{}", printed(Command::new(plane.program()).arg("internal"))?))
}

fn printed(command: &mut Command) -> Result<String, Failure> {
    let output =
        command.output().map_err(|error| format!("the Go types cannot be read: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the Go types cannot be read: {}", said.trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("the Go types are not UTF-8: {error}"))
}

fn json(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| format!("the server's answer is not JSON: {error}"))
}

/// The file for an OpenAPI package: `io.k8s.api.rbac.v1` belongs to `rbac`.
fn file_of(package: &str) -> String {
    for (prefix, file) in [
        ("io.k8s.api.", ""),
        ("io.k8s.apiextensions-apiserver.", "apiextensions"),
        ("io.k8s.kube-aggregator.", "apiregistration"),
    ] {
        if let Some(rest) = package.strip_prefix(prefix) {
            let group = rest.split('.').next().unwrap_or_default();
            return if file.is_empty() { group.to_owned() } else { file.to_owned() };
        }
    }
    "apimachinery".to_owned()
}
