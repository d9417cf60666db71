//! `kubectl create role`, `clusterrole`, `rolebinding`, `clusterrolebinding`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::create::object;
use crate::failure::{Failure, Outcome, go_quote};
use crate::session::Session;
use crate::value::set;

const RBAC: &str = "rbac.authorization.k8s.io";
const VERBS: [&str; 14] = [
    "*",
    "get",
    "delete",
    "list",
    "create",
    "update",
    "patch",
    "watch",
    "proxy",
    "deletecollection",
    "use",
    "bind",
    "escalate",
    "impersonate",
];
const PATH_VERBS: [&str; 8] = ["*", "get", "post", "put", "delete", "patch", "head", "options"];

/// Verbs that only some resources know.
fn special(verb: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match verb {
        "bind" | "escalate" => &[("roles", RBAC), ("clusterroles", RBAC)],
        "impersonate" => &[
            ("users", ""),
            ("serviceaccounts", ""),
            ("groups", ""),
            ("userextras", "authentication.k8s.io"),
        ],
        "use" => &[("podsecuritypolicies", "policy")],
        _ => return None,
    })
}

fn unique(words: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in words {
        if !found.contains(word) {
            found.push(word.clone());
        }
    }
    found
}

pub(super) async fn role(session: &mut Session<'_>, name: &str, kind: &str) -> Outcome<Value> {
    let cluster = kind == "ClusterRole";
    let mut verbs = unique(session.flags.all("verb"));
    if verbs.iter().any(|verb| verb == "*") {
        verbs = vec!["*".to_owned()];
    }
    let resources = session.flags.all("resource").to_vec();
    let names = unique(session.flags.all("resource-name"));
    let urls = if cluster { unique(session.flags.all("non-resource-url")) } else { Vec::new() };
    let mut role = object(session, "rbac.authorization.k8s.io/v1", kind, name, !cluster);
    let aggregation =
        if cluster { session.flags.all("aggregation-rule").to_vec() } else { Vec::new() };
    if !aggregation.is_empty() {
        if !(verbs.is_empty() && resources.is_empty() && names.is_empty() && urls.is_empty()) {
            return Err(Failure::message(
                "aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames",
            ));
        }
        let labels: Map<String, Value> = aggregation
            .iter()
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), Value::from(value)))
            .collect();
        set(
            &mut role,
            &["aggregationRule"],
            json!({"clusterRoleSelectors": [{"matchLabels": labels}]}),
        );
        set(&mut role, &["rules"], Value::Null);
        return Ok(role);
    }
    if verbs.is_empty() {
        return Err(Failure::message("at least one verb must be specified"));
    }
    if resources.is_empty() && !cluster {
        return Err(Failure::message("at least one resource must be specified"));
    }
    if resources.is_empty() && urls.is_empty() {
        return Err(Failure::message("one of resource or nonResourceURL must be specified"));
    }
    if !resources.is_empty() {
        for verb in verbs.iter().filter(|verb| !VERBS.contains(&verb.as_str())) {
            session.err(&format!("Warning: '{verb}' is not a standard resource verb\n"));
        }
    }
    let grouped = resolve(session, &resources, &verbs).await?;
    check_urls(&urls, &verbs)?;
    let mut rules: Vec<Value> = Vec::new();
    for (group, resources) in grouped {
        let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
        if !names.is_empty() {
            set(&mut rule, &["resourceNames"], json!(names));
        }
        rules.push(rule);
    }
    if !urls.is_empty() {
        rules.push(json!({"nonResourceURLs": urls, "verbs": verbs}));
    }
    set(&mut role, &["rules"], Value::Array(rules));
    Ok(role)
}

/// The resources by group, with their plural names.
async fn resolve(
    session: &mut Session<'_>,
    resources: &[String],
    verbs: &[String],
) -> Outcome<BTreeMap<String, Vec<String>>> {
    let discovery = session.discovery().await?;
    let mut grouped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for word in resources {
        let (plain, sub) = match word.split_once('/') {
            Some((plain, sub)) => (plain, format!("/{sub}")),
            None => (word.as_str(), String::new()),
        };
        let (resource, group) = plain.split_once('.').unwrap_or((plain, ""));
        if resource.is_empty() {
            return Err(Failure::message(
                "resource must be specified if apiGroup/subresource specified",
            ));
        }
        let (resource, group) = if resource == "*" {
            (resource.to_owned(), group.to_owned())
        } else {
            let found =
                discovery.find(plain).map(|found| (found.plural.clone(), found.group.clone()));
            let known = found.is_some();
            let (resource, group) =
                found.unwrap_or_else(|| (resource.to_owned(), group.to_owned()));
            let mut by_verb = false;
            for verb in verbs {
                let Some(allowed) = special(verb) else { continue };
                by_verb = allowed.iter().any(|(name, of)| *name == resource && *of == group);
                if !by_verb {
                    return Err(Failure::message(format!(
                        "can not perform '{verb}' on '{resource}' in group '{group}'"
                    )));
                }
            }
            if !known && !by_verb {
                let more = if group.is_empty() {
                    String::new()
                } else {
                    format!(" in group {}", go_quote(&group))
                };
                return Err(Failure::Raw(format!(
                    "the server doesn't have a resource type {}{more}",
                    go_quote(&resource)
                )));
            }
            (resource, group)
        };
        let list = grouped.entry(group).or_default();
        let full = format!("{resource}{sub}");
        if !list.contains(&full) {
            list.push(full);
        }
    }
    Ok(grouped)
}

fn check_urls(urls: &[String], verbs: &[String]) -> Outcome {
    if urls.is_empty() {
        return Ok(());
    }
    if let Some(verb) = verbs.iter().find(|verb| !PATH_VERBS.contains(&verb.as_str())) {
        return Err(Failure::message(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|url| *url != "*") {
        if !url.starts_with('/') {
            return Err(Failure::message("nonResourceURL should start with /"));
        }
        if url.strip_suffix('*').unwrap_or(url).contains('*') {
            return Err(Failure::message(
                "nonResourceURL only supports wildcard matches when '*' is at the end",
            ));
        }
    }
    Ok(())
}

pub(super) fn binding(session: &Session<'_>, name: &str, kind: &str) -> Outcome<Value> {
    let flags = &session.flags;
    let (role, cluster_role) =
        (if kind == "RoleBinding" { flags.text("role") } else { "" }, flags.text("clusterrole"));
    if kind == "RoleBinding" && role.is_empty() == cluster_role.is_empty() {
        return Err(Failure::message("exactly one of clusterrole or role must be specified"));
    }
    let mut binding =
        object(session, "rbac.authorization.k8s.io/v1", kind, name, kind == "RoleBinding");
    let reference = if role.is_empty() {
        json!({"apiGroup": RBAC, "kind": "ClusterRole", "name": cluster_role})
    } else {
        json!({"apiGroup": RBAC, "kind": "Role", "name": role})
    };
    set(&mut binding, &["roleRef"], reference);
    let mut subjects = Vec::new();
    for (kind, flag) in [("User", "user"), ("Group", "group")] {
        for name in flags.all(flag) {
            subjects.push(json!({"apiGroup": RBAC, "kind": kind, "name": name}));
        }
    }
    for account in flags.all("serviceaccount") {
        match account.split_once(':') {
            Some((namespace, name))
                if !namespace.is_empty() && !name.is_empty() && !name.contains(':') =>
            {
                subjects
                    .push(json!({"kind": "ServiceAccount", "namespace": namespace, "name": name}));
            }
            _ => return Err(Failure::message("serviceaccount must be <namespace>:<name>")),
        }
    }
    if !subjects.is_empty() {
        set(&mut binding, &["subjects"], Value::Array(subjects));
    }
    Ok(binding)
}
