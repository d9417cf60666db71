//! Layers are crates and modules; the permitted arrows are data in `layers.toml`.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;
use tidy::{metadata, root, sources};

#[derive(Deserialize)]
struct Layers {
    crates: BTreeMap<String, Vec<String>>,
    forbidden: BTreeMap<String, Vec<String>>,
    inside: Vec<Inside>,
}

#[derive(Deserialize)]
struct Inside {
    #[serde(rename = "crate")]
    folder: String,
    from: String,
    never: Vec<String>,
}

fn layers() -> Layers {
    let text = std::fs::read_to_string(root().join("tests/tidy/layers.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[test]
fn a_crate_depends_only_on_what_the_table_permits() {
    let layers = layers();
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata["workspace_members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = text(package, "name");
        let path = text(package, "manifest_path");
        if !members.contains(text(package, "id")) || path.contains("/tests/") {
            continue;
        }
        let Some(permitted) = layers.crates.get(name) else {
            wrong.push(format!("{name} is not in layers.toml"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = text(dependency, "name");
            if dependency["kind"].is_null() && !permitted.iter().any(|one| one == to) {
                wrong.push(format!("{name} may not depend on {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names of everything that a package, built alone for the browser, reaches through normal dependencies.
fn reached(name: &str) -> BTreeSet<String> {
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
        ])
        .args(["--target", "wasm32-unknown-unknown", "--format", "{p}", "--package", name])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn a_crate_never_reaches_what_is_forbidden() {
    let mut wrong = Vec::new();
    for (name, forbidden) in &layers().forbidden {
        let reached = reached(name);
        wrong.extend(
            forbidden
                .iter()
                .filter(|to| reached.contains(*to))
                .map(|to| format!("{name} reaches {to}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_point_only_downward() {
    let mut wrong = Vec::new();
    for rule in layers().inside {
        let folder = format!("{}/{}/", rule.folder, rule.from);
        let file = format!("{}/{}.rs", rule.folder, rule.from);
        for source in sources(|path| path == file || path.starts_with(&folder)) {
            for (number, line) in source.text.lines().enumerate() {
                let named = |module: &String| line.contains(&format!("crate::{module}"));
                if let Some(module) = rule.never.iter().find(|module| named(module)) {
                    wrong.push(format!("{}:{}: names {module}", source.path, number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_feature_never_imports_another() {
    let mut wrong = Vec::new();
    for source in sources(|path| path.starts_with("app/src/features/")) {
        let rest = source.path.trim_start_matches("app/src/features/");
        let own = rest.split(['/', '.']).next().unwrap_or_default();
        for (number, line) in source.text.lines().enumerate() {
            let Some(at) = line.find("crate::features::") else { continue };
            let other: String =
                line[at + 17..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if other != own {
                wrong.push(format!(
                    "{}:{}: feature {own} imports {other}",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_controller_never_imports_another() {
    let folder = "shared/cluster/src/controllers/";
    let mut wrong = Vec::new();
    for source in sources(|path| path.starts_with(folder)) {
        let own = source
            .path
            .trim_start_matches(folder)
            .split(['/', '.'])
            .next()
            .unwrap_or_default()
            .to_owned();
        for other in sources(|path| path.starts_with(folder)) {
            let name =
                other.path.trim_start_matches(folder).split(['/', '.']).next().unwrap_or_default();
            let reconciles = other.text.contains("fn reconcile");
            if name != own && reconciles && source.text.contains(&format!("controllers::{name}::"))
            {
                wrong.push(format!("{} imports the controller {name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_package_takes_the_lints_of_the_workspace() {
    let manifests = sources(|path| path.ends_with("Cargo.toml") && path != "Cargo.toml");
    let wrong: Vec<&str> = manifests
        .iter()
        .filter(|source| !source.text.contains("[lints]\nworkspace = true"))
        .map(|source| source.path.as_str())
        .collect();
    assert!(wrong.is_empty(), "without the lints of the workspace: {wrong:?}");
}
