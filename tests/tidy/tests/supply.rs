//! Where the crates come from: sources, licences, bans and known vulnerabilities, by `deny.toml`.
//!
//! The same file serves cargo-deny, where somebody has it; these tests need nothing but cargo.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_json::Value;
use tidy::{metadata, root};

#[derive(Deserialize)]
struct Deny {
    advisories: Advisories,
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Advisories {
    ignore: Vec<Reasoned>,
}

#[derive(Deserialize)]
struct Reasoned {
    id: String,
    reason: String,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

fn deny() -> Deny {
    toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

struct Package {
    name: String,
    version: Version,
    license: String,
    source: Option<String>,
}

fn packages() -> Vec<Package> {
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| Package {
            name: package["name"].as_str().unwrap().to_owned(),
            version: Version::parse(package["version"].as_str().unwrap()).unwrap(),
            license: package["license"].as_str().unwrap_or_default().to_owned(),
            source: package["source"].as_str().map(str::to_owned),
        })
        .collect()
}

/// Whether an SPDX expression can be satisfied with the allowed licences.
fn satisfied(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let expression = expression.replace('/', " OR ");
    let flat = expression.replace(['(', ')'], " ");
    if expression.contains(") AND (") || !expression.contains(" OR ") {
        return flat
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| allowed.contains(one.trim())));
    }
    flat.split(" OR ").any(|choice| choice.split(" AND ").all(|one| allowed.contains(one.trim())))
        || flat
            .split(" AND ")
            .all(|part| part.split(" OR ").any(|one| allowed.contains(one.trim())))
}

#[test]
fn every_crate_has_a_licence_that_we_may_use() {
    let deny = deny();
    let allowed: BTreeSet<&str> = deny.licenses.allow.iter().map(String::as_str).collect();
    let wrong: Vec<String> = packages()
        .iter()
        .filter(|package| package.source.is_some() && !satisfied(&package.license, &allowed))
        .map(|package| format!("{} {}: {}", package.name, package.version, package.license))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_crate_comes_from_the_registry() {
    let wrong: Vec<String> = packages()
        .iter()
        .filter_map(|package| package.source.as_ref().map(|source| (package, source)))
        .filter(|(_, source)| !source.starts_with("registry+"))
        .map(|(package, source)| format!("{}: {source}", package.name))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_banned_crate_is_used() {
    let names: BTreeSet<String> = packages().into_iter().map(|package| package.name).collect();
    let wrong: Vec<String> = deny()
        .bans
        .deny
        .iter()
        .filter(|ban| names.contains(&ban.name))
        .map(|ban| format!("{}: {}", ban.name, ban.reason))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Deserialize)]
struct Advisory {
    advisory: About,
    #[serde(default)]
    versions: Versions,
}

#[derive(Deserialize)]
struct About {
    id: String,
    package: String,
    #[serde(default)]
    withdrawn: Option<Value>,
}

#[derive(Deserialize, Default)]
struct Versions {
    #[serde(default)]
    patched: Vec<String>,
    #[serde(default)]
    unaffected: Vec<String>,
}

/// The advisory database beside the checkout, unpacked into a folder of its own.
fn advisories() -> Option<Vec<Advisory>> {
    let archive = root().parent()?.join("shared/reference/rustsec-advdb-2026-08-21.tar.xz");
    if !archive.is_file() {
        return None;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("advisories");
    std::fs::create_dir_all(&folder).unwrap();
    let unpacked = Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(&folder).status();
    assert!(
        unpacked.is_ok_and(|status| status.success()),
        "{} cannot be unpacked",
        archive.display()
    );
    let mut found = Vec::new();
    read_advisories(&folder, &mut found);
    Some(found)
}

fn read_advisories(folder: &std::path::Path, found: &mut Vec<Advisory>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_advisories(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            let front = text.split("```toml").nth(1).and_then(|rest| rest.split("```").next());
            found.extend(front.and_then(|front| toml::from_str::<Advisory>(front).ok()));
        }
    }
}

fn matches(requirements: &[String], version: &Version) -> bool {
    requirements
        .iter()
        .any(|text| VersionReq::parse(text).is_ok_and(|requirement| requirement.matches(version)))
}

#[test]
fn no_crate_has_a_known_vulnerability() {
    let Some(advisories) = advisories() else {
        println!("skipped: the advisory database is not beside this checkout");
        return;
    };
    assert!(advisories.len() > 1_000, "only {} advisories were read", advisories.len());
    let deny = deny();
    let ignored: BTreeMap<&str, &str> = deny
        .advisories
        .ignore
        .iter()
        .map(|entry| (entry.id.as_str(), entry.reason.as_str()))
        .collect();
    let packages = packages();
    let mut wrong = Vec::new();
    for advisory in advisories.iter().filter(|advisory| advisory.advisory.withdrawn.is_none()) {
        for package in packages.iter().filter(|package| package.name == advisory.advisory.package) {
            let safe = matches(&advisory.versions.patched, &package.version)
                || matches(&advisory.versions.unaffected, &package.version)
                || ignored.contains_key(advisory.advisory.id.as_str());
            if !safe {
                wrong.push(format!(
                    "{} {}: {}",
                    package.name, package.version, advisory.advisory.id
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
