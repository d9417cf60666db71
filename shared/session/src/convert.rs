//! From the runner's words to the protocol's.

use kubectl::apply::{DocumentOutcome, DocumentResult, ObjectKey as KubectlKey};
use kubectl::manifest::{Document, ManifestError, Position, Span as Place};
use protocol::v1::{
    ApplyOutcome, CapabilityView, CheckState, CheckView, ConnectionState, ConnectionView, Finding,
    ObjectKey, ObjectOutcome, Phrase, PodRef, Severity, Span, Stream,
};
use runner::{Capability, Said, State, Verdict};

/// A sentence.
pub(crate) fn phrase(said: &Said) -> Phrase {
    Phrase { code: said.code.clone(), args: said.args.clone() }
}

/// Where a line came from.
pub(crate) fn stream(stream: runner::Stream) -> Stream {
    match stream {
        runner::Stream::Command => Stream::Command,
        runner::Stream::Stdout => Stream::Stdout,
        runner::Stream::Stderr => Stream::Stderr,
    }
}

/// An object's name.
pub(crate) fn key(key: &KubectlKey) -> ObjectKey {
    ObjectKey {
        api_version: key.api_version.clone(),
        kind: key.kind.clone(),
        namespace: key.namespace.clone(),
        name: key.name.clone(),
    }
}

/// A verdict.
pub(crate) fn check(verdict: &Verdict) -> CheckView {
    CheckView {
        id: verdict.id.clone(),
        state: match verdict.state {
            State::Passed => CheckState::Passed,
            State::Failed => CheckState::Failed,
            State::Skipped => CheckState::Skipped,
        },
        expected: phrase(&verdict.expected),
        found: phrase(&verdict.found),
        cause: verdict.cause.as_ref().map(phrase),
        hints: verdict.hints.clone(),
    }
}

/// A capability.
pub(crate) fn capability(capability: &Capability) -> CapabilityView {
    let id = serde_json::to_value(capability.requirement);
    CapabilityView {
        id: id.ok().and_then(|id| id.as_str().map(str::to_owned)).unwrap_or_default(),
        met: capability.met,
        phrase: phrase(&capability.said),
    }
}

/// A probed connection.
pub(crate) fn connection(edge: &runner::Connection, probe: runner::Probe) -> ConnectionView {
    let pod = |text: &str| {
        let (namespace, name) = text.split_once('/').unwrap_or(("", text));
        PodRef { namespace: namespace.to_owned(), name: name.to_owned() }
    };
    ConnectionView {
        from: pod(&edge.from),
        to: pod(&edge.to),
        port: edge.port,
        state: match probe.outcome {
            runner::Outcome::Allowed => ConnectionState::Allowed,
            runner::Outcome::Blocked => ConnectionState::Blocked,
            runner::Outcome::Refused => ConnectionState::Refused,
            runner::Outcome::Unknown => ConnectionState::Unknown,
        },
        reason: probe.reason.as_ref().map(phrase),
        decided_by: probe.decided_by.map(|one| ObjectKey {
            api_version: one.api_version,
            kind: one.kind,
            namespace: one.namespace,
            name: one.name,
        }),
    }
}

/// A place in the text.
pub(crate) fn span(place: Place) -> Span {
    let number = |value: usize| u32::try_from(value.max(1)).unwrap_or(1);
    let (line, column) = (number(place.start.line), number(place.start.column));
    let (end_line, end_column) = (number(place.end.line), number(place.end.column));
    let empty = (end_line, end_column) <= (line, column);
    Span {
        line,
        column,
        end_line: if empty { line } else { end_line },
        end_column: if empty { column + 1 } else { end_column },
    }
}

/// What the reader says of a text that is no manifest.
pub(crate) fn unreadable(error: &ManifestError) -> Finding {
    Finding {
        span: span(error.span),
        severity: Severity::Error,
        rule: "syntax".to_owned(),
        path: String::new(),
        phrase: Phrase::new("finding-syntax").with("message", error.message.clone()),
        message: None,
        fix: None,
    }
}

/// What became of the documents, with the places of what was refused.
pub(crate) fn outcomes(results: &[DocumentResult], documents: &[Document]) -> Vec<ObjectOutcome> {
    results.iter().map(|result| outcome(result, documents)).collect()
}

fn outcome(result: &DocumentResult, documents: &[Document]) -> ObjectOutcome {
    ObjectOutcome {
        object: Some(key(&result.key)),
        outcome: match result.outcome {
            DocumentOutcome::Created => ApplyOutcome::Created,
            DocumentOutcome::Configured => ApplyOutcome::Configured,
            DocumentOutcome::Unchanged => ApplyOutcome::Unchanged,
            DocumentOutcome::Deleted => ApplyOutcome::Deleted,
            DocumentOutcome::Failed => ApplyOutcome::Failed,
        },
        message: result.message.trim_end().to_owned(),
        findings: refusals(result, documents),
    }
}

/// The findings of a refusal: one per cause of the `Status`, at the field that it names.
fn refusals(result: &DocumentResult, documents: &[Document]) -> Vec<Finding> {
    let Some(status) = &result.status else { return Vec::new() };
    let name = |document: &&Document| {
        document.value.pointer("/metadata/name").and_then(|name| name.as_str())
            == Some(result.key.name.as_str())
            && document.value.get("kind").and_then(|kind| kind.as_str())
                == Some(result.key.kind.as_str())
    };
    let document = documents.iter().find(name).or_else(|| documents.first());
    let causes = status.details.as_ref().map(|details| details.causes.clone()).unwrap_or_default();
    let mut found: Vec<(String, String)> = causes
        .into_iter()
        .filter(|cause| !cause.field.is_empty())
        .map(|cause| (cause.field, cause.message))
        .collect();
    if found.is_empty() {
        found.extend(quoted_fields(&status.message).map(|path| (path, status.message.clone())));
    }
    found
        .into_iter()
        .map(|(path, message)| Finding {
            span: document
                .map_or_else(|| span(first_place()), |one| span(one.spans.find_nearest(&path))),
            severity: Severity::Error,
            rule: "refused".to_owned(),
            phrase: Phrase::new("finding-refused")
                .with("path", path.clone())
                .with("message", message.clone()),
            path,
            message: Some(message),
            fix: None,
        })
        .collect()
}

fn first_place() -> Place {
    let start = Position { line: 1, column: 1 };
    Place { start, end: start }
}

/// Field paths in quotes, as in `unknown field "spec.bogus"`.
fn quoted_fields(message: &str) -> impl Iterator<Item = String> {
    let after = message.split("field \"").skip(1);
    after
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}
