//! Checks of `scenario.yaml`.

use regex_lite::Regex;

use super::Report;
use super::fields::{Fields, text};
use super::scenario::{FILE, Names, file, requirements};
use super::yaml::{Node, Yaml};
use crate::cell::Connection;
use crate::check::{AccessExpectation, AccessRequest, Check, Condition, ConnectionExpectation};
use crate::operator::{self, Operator};
use crate::{duration, scenario::Localized};

const CONDITIONS: &str =
    "`assert`, `absent`, `can`, `connects`, `rejects`, `event`, `logs`, `output` or `prints`";

/// The verbs of kubectl that a check may use: it looks and changes nothing.
const READING: [&str; 9] = [
    "api-resources",
    "api-versions",
    "auth",
    "describe",
    "events",
    "get",
    "logs",
    "top",
    "version",
];

/// Reads checks: knows what they may refer to and remembers the files they name.
pub(super) struct Reader<'a> {
    /// What checks may refer to.
    pub(super) names: &'a Names,
    /// Files that were named.
    pub(super) files: &'a mut Vec<(String, u32)>,
}

impl Reader<'_> {
    /// Reads a list of checks; `named`: each must have an id of its own.
    pub(super) fn list(&mut self, items: &[Node], named: bool, report: &mut Report) -> Vec<Check> {
        let mut checks: Vec<Check> = Vec::new();
        for item in items {
            let Some(check) = self.check(item, named, report) else { continue };
            if named && checks.iter().any(|other| other.id == check.id) {
                let message = format!("the check `{}` is there twice", check.id);
                report.say(FILE, item.line, message, "a new id");
            }
            checks.push(check);
        }
        checks
    }

    fn check(&mut self, item: &Node, named: bool, report: &mut Report) -> Option<Check> {
        let mut fields = Fields::of(FILE, item, "a check", report)?;
        let id = if named {
            fields.text("id", report)?
        } else {
            fields.text_or_none("id", report).unwrap_or_default()
        };
        let title: Option<Localized> = fields
            .take("title")
            .and_then(|node| super::fields::localized(FILE, node, "title", report));
        let within = duration(&mut fields, "within", report);
        let stable_for = duration(&mut fields, "stableFor", report);
        let holds_before = fields.switch("holdsBefore", report);
        let requires = requirements(fields.list("requires", report), report);
        // Of a check that is not known, it is not known which fields it may have either.
        let condition = self.condition(&mut fields, report)?;
        fields.finish(report);
        Some(Check { id, title, condition, within, stable_for, holds_before, requires })
    }

    fn condition(&mut self, fields: &mut Fields<'_>, report: &mut Report) -> Option<Condition> {
        let node = fields.require("check", report)?;
        let word = text(FILE, node, "check", report)?;
        Some(match word.as_str() {
            "assert" => Condition::Assert { object: object(fields, report)? },
            "absent" => Condition::Absent { object: object(fields, report)? },
            "can" => {
                let items = filled(fields, "requests", report);
                let requests = items.iter().filter_map(|item| self.expectation(item, report));
                Condition::Can { requests: requests.collect() }
            }
            "connects" => {
                let items = filled(fields, "connections", report);
                let expected = items.iter().filter_map(|item| connection_expectation(item, report));
                Condition::Connects { connections: expected.collect() }
            }
            "rejects" => self.rejects(fields, report)?,
            "event" => Condition::Event {
                object: fields.text("object", report)?,
                namespace: fields.text("namespace", report)?,
                reason: fields.text("reason", report)?,
                pattern: fields.take("pattern").and_then(|node| pattern(node, report)),
            },
            "logs" => Condition::Logs {
                pod: fields.require("pod", report).and_then(|node| pod(node, report))?,
                container: fields.text_or_none("container", report),
                pattern: fields
                    .require("pattern", report)
                    .and_then(|node| pattern(node, report))?,
            },
            "output" => Condition::Output {
                pod: fields.require("pod", report).and_then(|node| pod(node, report))?,
                command: filled(fields, "command", report)
                    .iter()
                    .filter_map(|item| text(FILE, item, "command", report))
                    .collect(),
                pattern: fields
                    .require("pattern", report)
                    .and_then(|node| pattern(node, report))?,
            },
            "prints" => Condition::Prints {
                line: fields.require("line", report).and_then(|node| reading(node, report))?,
                persona: fields.take("persona").and_then(|node| self.persona(node, report)),
                pattern: fields
                    .require("pattern", report)
                    .and_then(|node| pattern(node, report))?,
            },
            _ => {
                report.say(FILE, node.line, format!("there is no check `{word}`"), CONDITIONS);
                return None;
            }
        })
    }

    fn rejects(&mut self, fields: &mut Fields<'_>, report: &mut Report) -> Option<Condition> {
        let document = fields.require("file", report);
        let document = document.and_then(|node| file(node, "file", self.files, report));
        let persona = fields.take("persona").and_then(|node| self.persona(node, report));
        let code = fields.number("code", report);
        let reason = fields.text("reason", report);
        let pattern = fields.require("pattern", report).and_then(|node| pattern(node, report));
        Some(Condition::Rejects {
            file: document?,
            persona,
            code: u16::try_from(code?).ok()?,
            reason: reason?,
            pattern: pattern?,
        })
    }

    fn persona(&self, node: &Node, report: &mut Report) -> Option<String> {
        let id = text(FILE, node, "persona", report)?;
        if !self.names.personas.contains(&id) {
            let known: Vec<_> = self.names.personas.iter().map(|id| format!("`{id}`")).collect();
            let message = format!("there is no persona `{id}`");
            report.say(FILE, node.line, message, format!("one of {}", known.join(", ")));
        }
        Some(id)
    }

    fn expectation(&self, item: &Node, report: &mut Report) -> Option<AccessExpectation> {
        let mut fields = Fields::of(FILE, item, "a request", report)?;
        let persona = fields.require("persona", report).and_then(|node| self.persona(node, report));
        let allowed = required_switch(&mut fields, report);
        let request = access_fields(&mut fields, report);
        fields.finish(report);
        Some(AccessExpectation { persona: persona?, request: request?, allowed: allowed? })
    }
}

/// A list that must have an item: a check over nothing could not fail.
fn filled<'n>(fields: &mut Fields<'n>, key: &'static str, report: &mut Report) -> &'n [Node] {
    let items = fields.list(key, report);
    if items.is_empty() {
        let message = format!("the check has no `{key}`, so it could not fail");
        report.say(FILE, fields.line(), message, format!("one or more `{key}`"));
    }
    items
}

fn required_switch(fields: &mut Fields<'_>, report: &mut Report) -> Option<bool> {
    let node = fields.require("allowed", report)?;
    if let Yaml::Bool(value) = node.yaml {
        return Some(value);
    }
    report.say(FILE, node.line, format!("`allowed` is {}", node.what()), "true or false");
    None
}

/// An access request without an answer.
pub(super) fn access(item: &Node, report: &mut Report) -> Option<AccessRequest> {
    let mut fields = Fields::of(FILE, item, "a request", report)?;
    let request = access_fields(&mut fields, report);
    fields.finish(report);
    request
}

fn access_fields(fields: &mut Fields<'_>, report: &mut Report) -> Option<AccessRequest> {
    let verb = fields.text("verb", report);
    let resource = fields.text("resource", report);
    let namespace = fields.text_or_none("namespace", report).unwrap_or_default();
    let name = fields.text_or_none("name", report).unwrap_or_default();
    Some(AccessRequest { verb: verb?, resource: resource?, namespace, name })
}

fn connection_expectation(item: &Node, report: &mut Report) -> Option<ConnectionExpectation> {
    let mut fields = Fields::of(FILE, item, "a connection", report)?;
    let found = connection(&mut fields, report);
    let allowed = required_switch(&mut fields, report);
    let nobody_listens = fields.switch("nobodyListens", report);
    fields.finish(report);
    Some(ConnectionExpectation { connection: found?, allowed: allowed?, nobody_listens })
}

/// The fields of a connection.
pub(super) fn connection(fields: &mut Fields<'_>, report: &mut Report) -> Option<Connection> {
    let from = fields.require("from", report).and_then(|node| pod(node, report));
    let to = fields.require("to", report).and_then(|node| pod(node, report));
    let line = fields.line();
    let port = fields.number("port", report)?;
    let port = u16::try_from(port).ok().filter(|port| *port > 0);
    if port.is_none() {
        report.say(FILE, line, "`port` is no port", "a number from 1 to 65535");
    }
    Some(Connection { from: from?, to: to?, port: port? })
}

fn pod(node: &Node, report: &mut Report) -> Option<String> {
    let name = text(FILE, node, "pod", report)?;
    let parts: Vec<&str> = name.split('/').collect();
    if parts.len() != 2 || parts.iter().any(|part| part.is_empty()) {
        let message = format!("`{name}` does not name a pod");
        report.say(FILE, node.line, message, "`<namespace>/<pod>`");
    }
    Some(name)
}

/// A kubectl line that only reads.
fn reading(node: &Node, report: &mut Report) -> Option<String> {
    let line = text(FILE, node, "line", report)?;
    let mut words = line.split_whitespace();
    let (program, verb) = (words.next(), words.next().unwrap_or_default());
    if program != Some("kubectl") || !READING.contains(&verb) {
        let message = format!("`{line}` may change something");
        report.say(FILE, node.line, message, format!("`kubectl` with {}", READING.join(", ")));
    }
    Some(line)
}

fn duration(fields: &mut Fields<'_>, key: &'static str, report: &mut Report) -> Option<String> {
    let node = fields.take(key)?;
    let written = text(FILE, node, key, report)?;
    if duration::parse(&written).is_none() {
        let message = format!("`{key}` is `{written}`");
        report.say(FILE, node.line, message, duration::EXPECTED);
    }
    Some(written)
}

fn pattern(node: &Node, report: &mut Report) -> Option<String> {
    let written = text(FILE, node, "pattern", report)?;
    regex(node.line, &written, report);
    Some(written)
}

fn regex(line: u32, written: &str, report: &mut Report) {
    if let Err(error) = Regex::new(written) {
        let message = format!("`{written}` is not a regular expression: {error}");
        report.say(FILE, line, message, "a pattern of the regex-lite crate");
    }
}

/// The partial document of `assert` and `absent`.
fn object(fields: &mut Fields<'_>, report: &mut Report) -> Option<serde_json::Value> {
    let node = fields.require("object", report)?;
    let value = node.to_json();
    for path in ["/apiVersion", "/kind", "/metadata/name"] {
        if !value.pointer(path).is_some_and(serde_json::Value::is_string) {
            let field = path.trim_start_matches('/').replace('/', ".");
            let message = format!("the object has no `{field}`");
            report.say(FILE, node.line, message, "`apiVersion`, `kind` and `metadata.name`");
        }
    }
    node.texts(&mut |line, text| match Operator::parse(text) {
        None
        | Some(Ok(
            Operator::AtLeast(_)
            | Operator::MoreThan(_)
            | Operator::AtMost(_)
            | Operator::LessThan(_)
            | Operator::Not(_)
            | Operator::Exists
            | Operator::Absent
            | Operator::Length(_),
        )) => {}
        Some(Ok(Operator::Matches(written))) => regex(line, &written, report),
        Some(Err(message)) => report.say(FILE, line, message, operator::EXPECTED),
    });
    Some(value)
}
