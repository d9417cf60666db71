//! Nobody grants what he does not have (`pkg/registry/rbac/validation/policy_comparator.go` and the
//! `policybased` storages): creating a role needs its rules or the verb `escalate`, binding one needs its
//! rules or the verb `bind`.

use apimachinery::gvk::GroupResource;
use apimachinery::status::Status;
use serde_json::Value;

use super::Apiserver;
use super::answer::Refusal;
use super::authz::{Attributes, authorize, referenced_rules, rules_of};
use super::call::Call;
use super::write::Target;
use crate::fields::{items, text};

fn list<'a>(rule: &'a Value, field: &str) -> Vec<&'a str> {
    items(rule, field).iter().filter_map(Value::as_str).collect()
}

/// A rule with at most one verb, group, resource (or URL) and name: what can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Atom {
    verb: String,
    group: String,
    resource: String,
    name: Option<String>,
    url: Option<String>,
}

/// `BreakdownRule`.
fn atoms(rule: &Value) -> Vec<Atom> {
    let mut found = Vec::new();
    let names = list(rule, "/resourceNames");
    for verb in list(rule, "/verbs") {
        for url in list(rule, "/nonResourceURLs") {
            found.push(Atom {
                verb: verb.to_owned(),
                group: String::new(),
                resource: String::new(),
                name: None,
                url: Some(url.to_owned()),
            });
        }
        for group in list(rule, "/apiGroups") {
            for resource in list(rule, "/resources") {
                let atom = |name: Option<&str>| Atom {
                    verb: verb.to_owned(),
                    group: group.to_owned(),
                    resource: resource.to_owned(),
                    name: name.map(str::to_owned),
                    url: None,
                };
                if names.is_empty() {
                    found.push(atom(None));
                }
                found.extend(names.iter().map(|name| atom(Some(name))));
            }
        }
    }
    found
}

fn has(owned: &[&str], wanted: &str) -> bool {
    owned.contains(&"*") || owned.contains(&wanted)
}

/// `ruleCovers`.
fn covers(owner: &Value, atom: &Atom) -> bool {
    if !has(&list(owner, "/verbs"), &atom.verb) {
        return false;
    }
    if let Some(url) = &atom.url {
        return list(owner, "/nonResourceURLs").iter().any(|own| {
            own == url || own.strip_suffix('*').is_some_and(|head| url.starts_with(head))
        });
    }
    let resources = list(owner, "/resources");
    let subresource = atom.resource.split_once('/').map(|(_, sub)| format!("*/{sub}"));
    let names = list(owner, "/resourceNames");
    has(&list(owner, "/apiGroups"), &atom.group)
        && (has(&resources, &atom.resource)
            || subresource.is_some_and(|sub| resources.contains(&sub.as_str())))
        && (names.is_empty() || atom.name.as_deref().is_some_and(|name| names.contains(&name)))
}

/// Compact as `CompactString` of `pkg/apis/rbac/v1`: what differs only in verbs is joined.
fn shown(missing: &[Atom]) -> String {
    let mut groups: Vec<(Atom, Vec<String>)> = Vec::new();
    for atom in missing {
        let key = Atom { verb: String::new(), ..atom.clone() };
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, verbs)) => verbs.push(atom.verb.clone()),
            None => groups.push((key, vec![atom.verb.clone()])),
        }
    }
    let quoted = |list: &[String]| {
        let all: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
        format!("[{}]", all.join(" ").replace(' ', ", "))
    };
    let mut lines: Vec<String> = groups
        .iter()
        .map(|(atom, verbs)| {
            let mut parts = Vec::new();
            if let Some(url) = &atom.url {
                parts.push(format!("NonResourceURLs:{}", quoted(std::slice::from_ref(url))));
            } else {
                parts.push(format!("APIGroups:{}", quoted(std::slice::from_ref(&atom.group))));
                parts.push(format!("Resources:{}", quoted(std::slice::from_ref(&atom.resource))));
                if let Some(name) = &atom.name {
                    parts.push(format!("ResourceNames:{}", quoted(std::slice::from_ref(name))));
                }
            }
            parts.push(format!("Verbs:{}", quoted(verbs)));
            format!("{{{}}}", parts.join(", "))
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

/// Refuses roles and bindings that grant more than the caller has.
pub(crate) fn check(
    server: &Apiserver,
    call: &Call,
    target: &Target,
    value: &Value,
) -> Result<(), Refusal> {
    if target.gvk.group != "rbac.authorization.k8s.io"
        || call.identity.groups.iter().any(|group| group == "system:masters")
    {
        return Ok(());
    }
    let binding = target.gvk.kind.ends_with("Binding");
    let (verb, resource, name, rules) = if binding {
        let kind = text(value, "/roleRef/kind").to_lowercase();
        (
            "bind",
            format!("{kind}s"),
            text(value, "/roleRef/name"),
            referenced_rules(&server.store, value),
        )
    } else {
        let rules = items(value, "/rules").to_vec();
        ("escalate", call.info.resource.clone(), text(value, "/metadata/name"), Ok(rules))
    };
    let asked = Attributes {
        verb: verb.to_owned(),
        group: target.gvk.group.clone(),
        resource,
        namespace: target.namespace.clone(),
        name: name.to_owned(),
        ..Attributes::default()
    };
    if authorize(&server.store, &call.identity, &asked).allowed {
        return Ok(());
    }
    let rules = rules?;
    let (owned, _) = rules_of(&server.store, &call.identity, &target.namespace);
    let missing: Vec<Atom> = rules
        .iter()
        .flat_map(atoms)
        .filter(|atom| !owned.iter().any(|rule| covers(rule, atom)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let groups: Vec<String> =
        call.identity.groups.iter().map(|group| format!("{group:?}")).collect();
    let why = format!(
        "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
        call.identity.username,
        groups.join(" "),
        shown(&missing)
    );
    let of = GroupResource::new(&target.gvk.group, &call.info.resource);
    Err(Box::new(Status::forbidden(&of, text(value, "/metadata/name"), &why)))
}
