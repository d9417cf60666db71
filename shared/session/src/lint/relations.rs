//! Whether the parts of a text fit together: selectors and labels, Services and ports.

use kubectl::manifest::Document;
use kubectl::nearest::nearest;
use protocol::v1::{Finding, Fix, Phrase, Severity};
use serde_json::{Map, Value};

use super::error;
use super::source::Source;
use crate::convert;

type Labels = Map<String, Value>;

fn map<'a>(value: &'a Value, pointer: &str) -> Option<&'a Labels> {
    value.pointer(pointer).and_then(Value::as_object)
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// A selector that does not select the pods of its own template: the API server refuses it.
pub(super) fn selector(source: &Source<'_>, document: &Document) -> Vec<Finding> {
    let wanted = map(&document.value, "/spec/selector/matchLabels");
    let Some(wanted) = wanted else { return Vec::new() };
    let Some(template) = document.value.pointer("/spec/template") else { return Vec::new() };
    let empty = Labels::new();
    let labels = map(template, "/metadata/labels").unwrap_or(&empty);
    let differ = wanted.iter().filter(|(key, value)| labels.get(*key) != Some(value));
    let found = differ.map(|(key, value)| {
        let place = format!("spec.selector.matchLabels[{key}]");
        let label = format!("{key}={}", value.as_str().unwrap_or_default());
        let phrase = Phrase::new("finding-selector").with("label", label);
        let there = document.spans.find(&format!("spec.template.metadata.labels[{key}]"));
        let written = document.spans.find(&place).and_then(|span| source.at(convert::span(span)));
        let fix = there.zip(written).map(|(there, written)| Fix {
            span: convert::span(there),
            text: written.to_owned(),
            phrase: Phrase::new("finding-fix-template").with("text", written),
        });
        Finding { fix, ..error(document, "selector-mismatch", &place, phrase) }
    });
    found.collect()
}

/// Pods that a document makes: their labels and their containers.
fn pod(document: &Document) -> Option<(&Labels, &Value)> {
    let value = &document.value;
    let template = match text(value, "/kind") {
        "Pod" => value,
        "CronJob" => value.pointer("/spec/jobTemplate/spec/template")?,
        _ => value.pointer("/spec/template")?,
    };
    Some((map(template, "/metadata/labels")?, template.pointer("/spec")?))
}

/// Services of the text whose selector or named port leads nowhere, as far as the text itself makes pods.
pub(super) fn ports(documents: &[Document]) -> Vec<Finding> {
    let services = documents.iter().filter(|one| text(&one.value, "/kind") == "Service");
    services.flat_map(|service| of_service(service, documents)).collect()
}

fn of_service(service: &Document, documents: &[Document]) -> Vec<Finding> {
    let Some(wanted) = map(&service.value, "/spec/selector").filter(|map| !map.is_empty()) else {
        return Vec::new();
    };
    let namespace = text(&service.value, "/metadata/namespace");
    let made = documents.iter().filter(|one| text(&one.value, "/metadata/namespace") == namespace);
    let made: Vec<_> = made.filter_map(pod).collect();
    if made.is_empty() {
        return Vec::new();
    }
    let meant: Vec<&Value> = made
        .iter()
        .filter(|(labels, _)| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
        .map(|(_, spec)| *spec)
        .collect();
    if meant.is_empty() {
        let phrase = Phrase::new("finding-selects-nothing");
        let found = error(service, "selects-nothing", "spec.selector", phrase);
        return vec![Finding { severity: Severity::Warning, ..found }];
    }
    let named: Vec<&str> = meant.iter().flat_map(|spec| port_names(spec)).collect();
    let ports = service.value.pointer("/spec/ports").and_then(Value::as_array);
    let indexed = ports.into_iter().flatten().enumerate();
    indexed.filter_map(|(index, port)| missing_port(service, index, port, &named)).collect()
}

fn port_names(spec: &Value) -> impl Iterator<Item = &str> {
    let containers = spec.pointer("/containers").and_then(Value::as_array).into_iter().flatten();
    containers
        .flat_map(|one| one.pointer("/ports").and_then(Value::as_array).into_iter().flatten())
        .filter_map(|port| port.pointer("/name").and_then(Value::as_str))
}

fn missing_port(service: &Document, index: usize, port: &Value, named: &[&str]) -> Option<Finding> {
    let target = port.get("targetPort").and_then(Value::as_str)?;
    if named.contains(&target) || target.parse::<u16>().is_ok() {
        return None;
    }
    let path = format!("spec.ports[{index}].targetPort");
    let span = convert::span(service.spans.find(&path)?);
    let known = nearest(target, named.iter().copied()).or(match named {
        [one] => Some(*one),
        _ => None,
    });
    let fix = known.map(|name| Fix {
        span,
        text: name.to_owned(),
        phrase: Phrase::new("finding-fix-replace").with("text", name),
    });
    let phrase = Phrase::new("finding-no-port").with("port", target);
    let found = error(service, "no-port", &path, phrase);
    Some(Finding { span, severity: Severity::Warning, fix, ..found })
}
