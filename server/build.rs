//! Writes down what the fields of Kubernetes mean, for `kubectl explain`, completion and hover: the comments of
//! the dependency `k8s-openapi` are the descriptions of upstream's OpenAPI, so none are kept here.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

/// The package, and its folder for the version that the schema is of.
const PACKAGE: &str = "k8s-openapi";
const FOLDER: &str = "src/v1_36";
/// The definition whose `apiVersion` and `kind` are described as everybody's.
const TYPICAL: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";

/// Descriptions by field; that of the definition itself under the empty name.
type Fields = BTreeMap<String, String>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let mut found = BTreeMap::new();
    read(&sources()?, &mut found)?;
    if found.len() < 500 {
        return Err(format!("only {} definitions are described in {PACKAGE}", found.len()).into());
    }
    let typical = found.get(TYPICAL).cloned().unwrap_or_default();
    for fields in found.values_mut() {
        for name in ["apiVersion", "kind"] {
            if let (false, Some(text)) = (fields.contains_key(name), typical.get(name)) {
                fields.insert(name.to_owned(), text.clone());
            }
        }
    }
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or("cargo gives no OUT_DIR")?;
    fs::write(out.join("descriptions.json"), json!(found).to_string())?;
    Ok(())
}

/// Where cargo has the package, be it a registry or a vendored folder.
fn sources() -> Result<PathBuf, Box<dyn Error>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--offline"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata.get("packages").and_then(Value::as_array).into_iter().flatten();
    let manifest = packages
        .filter(|package| package.get("name").and_then(Value::as_str) == Some(PACKAGE))
        .find_map(|package| package.get("manifest_path").and_then(Value::as_str))
        .ok_or_else(|| format!("cargo knows no package {PACKAGE}"))?;
    let folder = Path::new(manifest).parent().map(|folder| folder.join(FOLDER));
    Ok(folder.ok_or("a manifest lies in a folder")?)
}

fn read(folder: &Path, found: &mut BTreeMap<String, Fields>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, found)?;
        } else if let Some((name, fields)) = definition(&fs::read_to_string(&path)?) {
            found.insert(name, fields);
        }
    }
    Ok(())
}

/// A file describes one definition, which its first line names.
fn definition(text: &str) -> Option<(String, Fields)> {
    let name = text.lines().next()?.strip_prefix("// Generated from definition ")?;
    let wire = wire_names(text);
    let mut fields = Fields::new();
    let mut comment: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push(plain(words.strip_prefix(' ').unwrap_or(words)));
        } else if line.starts_with("impl") {
            break;
        } else if let Some(item) = line.strip_prefix("pub ") {
            let words = std::mem::take(&mut comment).join("\n");
            if item.starts_with("struct ") || item.starts_with("enum ") {
                fields.insert(String::new(), words);
            } else if let Some((field, _)) = item.split_once(':') {
                let field = wire.get(field).map_or(field, String::as_str);
                fields.insert(field.to_owned(), words);
            }
        }
    }
    Some((name.to_owned(), fields))
}

/// What a field is called in JSON: the reader of the type says it, `"apiVersion" => Field::Key_api_version,`.
fn wire_names(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| {
        let (json, rust) = line.trim().split_once(" => Field::Key_")?;
        Some((rust.trim_end_matches(',').to_owned(), json.trim_matches('"').to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// The comment without what rustdoc needs.
fn plain(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut letters = words.chars().peekable();
    while let Some(letter) = letters.next() {
        let escapes = letter == '\\' && letters.peek().is_some_and(|next| "[]<>\\".contains(*next));
        text.push(if escapes { letters.next().unwrap_or(letter) } else { letter });
    }
    text
}
