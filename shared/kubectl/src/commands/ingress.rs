//! `kubectl create ingress` (`create_ingress.go`): rules as `host/path=service:port[,tls[=secret]]`.

use serde_json::{Map, Value, json};

use super::create::object;
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::value::set;

/// One rule of the command line.
struct Rule<'a> {
    host: &'a str,
    path: &'a str,
    backend: &'a str,
    /// The secret, empty for the controller's own certificate.
    tls: Option<&'a str>,
}

pub(super) fn ingress(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let flags = &session.flags;
    let backend = flags.text("default-backend");
    let texts = flags.all("rule");
    if backend.is_empty() && texts.is_empty() {
        return Err(Failure::message(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        ));
    }
    let mut rules = Vec::new();
    for text in texts {
        rules.push(parse(text).ok_or_else(|| {
            Failure::Message(format!(
                "rule {text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"
            ))
        })?);
    }
    let annotations = annotations(flags.all("annotation"))?;
    if !backend.is_empty() && backend.split(':').count() != 2 {
        return Err(Failure::message(
            "default-backend should be in format servicename:serviceport",
        ));
    }
    let mut ingress = object(session, "networking.k8s.io/v1", "Ingress", name, true);
    if !annotations.is_empty() {
        set(&mut ingress, &["metadata", "annotations"], Value::Object(annotations));
    }
    set(&mut ingress, &["spec"], json!({}));
    if !flags.text("class").is_empty() {
        set(&mut ingress, &["spec", "ingressClassName"], Value::from(flags.text("class")));
    }
    if !backend.is_empty() {
        set(&mut ingress, &["spec", "defaultBackend"], service(backend));
    }
    let certificates = certificates(&rules);
    if !certificates.is_empty() {
        set(&mut ingress, &["spec", "tls"], Value::Array(certificates));
    }
    let hosts = hosts(&rules);
    if !hosts.is_empty() {
        set(&mut ingress, &["spec", "rules"], Value::Array(hosts));
    }
    set(&mut ingress, &["status", "loadBalancer"], json!({}));
    Ok(ingress)
}

fn annotations(texts: &[String]) -> Outcome<Map<String, Value>> {
    let mut annotations = Map::new();
    for text in texts {
        let (key, value) = text.split_once('=').ok_or_else(|| {
            Failure::Message(format!(
                "annotation {text} is invalid and should be in format key=[value]"
            ))
        })?;
        annotations.insert(key.to_owned(), Value::from(value));
    }
    Ok(annotations)
}

/// The rule's regular expression: what follows the port and is not `,tls` is of no interest to it.
fn parse(text: &str) -> Option<Rule<'_>> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let (before, tls) = match text.split_once(',') {
        Some((before, after)) => {
            let after = after.split(',').next().unwrap_or_default();
            (before, Some(after.split_once('=').map_or("", |(_, secret)| secret)))
        }
        None => (text, None),
    };
    let (host, rest) = before.split_once('/')?;
    if !host.chars().all(|c| word(c) || matches!(c, '*' | '.')) {
        return None;
    }
    let (path, backend) = rest.split_once('=')?;
    let (name, port) = backend.split_once(':')?;
    let begins = |part: &str| part.chars().next().is_some_and(word);
    if name.is_empty() || !name.chars().all(word) || !begins(port) {
        return None;
    }
    Some(Rule { host, path, backend, tls })
}

fn service(text: &str) -> Value {
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default();
    let port = parts.next().unwrap_or_default();
    let port = match port.parse::<i32>() {
        Ok(number) => json!({"number": number}),
        Err(_) => json!({"name": port}),
    };
    json!({"service": {"name": name, "port": port}})
}

/// `buildTLSRules`: one entry for each secret, each host once.
fn certificates(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut entries: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for rule in rules {
        let Some(secret) = rule.tls else { continue };
        if seen.contains(&rule.host) {
            continue;
        }
        seen.push(rule.host);
        if let Some((_, hosts)) = entries.iter_mut().find(|(known, _)| *known == secret) {
            hosts.push(rule.host);
        } else if !(rule.host.is_empty() && secret.is_empty()) {
            let hosts = if rule.host.is_empty() { Vec::new() } else { vec![rule.host] };
            entries.push((secret, hosts));
        }
    }
    entries
        .into_iter()
        .map(|(secret, hosts)| {
            let mut entry = json!({});
            if !hosts.is_empty() {
                set(&mut entry, &["hosts"], json!(hosts));
            }
            if !secret.is_empty() {
                set(&mut entry, &["secretName"], Value::from(secret));
            }
            entry
        })
        .collect()
}

/// `buildIngressRules`: the paths of each host together.
fn hosts(rules: &[Rule<'_>]) -> Vec<Value> {
    let mut hosts: Vec<(&str, Vec<Value>)> = Vec::new();
    for rule in rules {
        let (path, kind) = match rule.path.strip_suffix('*') {
            Some(prefix) => (prefix, "Prefix"),
            None => (rule.path, "Exact"),
        };
        let path = json!({
            "path": format!("/{path}"), "pathType": kind, "backend": service(rule.backend),
        });
        match hosts.iter_mut().find(|(known, _)| *known == rule.host) {
            Some((_, paths)) => paths.push(path),
            None => hosts.push((rule.host, vec![path])),
        }
    }
    hosts
        .into_iter()
        .map(|(host, paths)| {
            let mut rule = json!({"http": {"paths": paths}});
            if !host.is_empty() {
                set(&mut rule, &["host"], Value::from(host));
            }
            rule
        })
        .collect()
}
