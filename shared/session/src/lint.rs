//! What can be said of a manifest without asking the API server to take it: its syntax, its fields, the scalars
//! that YAML reads otherwise than people do, and whether its parts fit together. Where it is clear how to mend
//! something, the finding brings the change along.

mod fields;
mod kinds;
mod relations;
mod scalars;
mod source;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use kubectl::manifest::{self, Document};
use protocol::v1::{Finding, Fix, Phrase, Severity};

use self::source::Source;
use crate::convert;

/// The kinds of custom resources that the documents of a text name and no built-in kind is.
pub(crate) fn foreign_kinds(text: &str) -> Vec<GroupVersionKind> {
    let documents = manifest::read(text).unwrap_or_default();
    let kinds = documents.iter().map(kind_of);
    kinds.filter(|gvk| !gvk.kind.is_empty() && Schema::builtin().kind(gvk).is_none()).collect()
}

/// Everything that can be said of a text. `custom` are the schemas of the custom resources that it names; one that
/// the cluster serves without telling its fields is an empty schema.
pub(crate) fn findings(text: &str, custom: &[(GroupVersionKind, Schema)]) -> Vec<Finding> {
    let source = Source::new(text);
    let documents = match manifest::read(text) {
        Ok(documents) => documents,
        Err(error) => return vec![source.tab().unwrap_or_else(|| convert::unreadable(&error))],
    };
    let mut found: Vec<Finding> =
        documents.iter().flat_map(|document| of_document(&source, document, custom)).collect();
    found.extend(relations::ports(&documents));
    found
}

fn kind_of(document: &Document) -> GroupVersionKind {
    let text = |key: &str| document.value.get(key).and_then(|value| value.as_str()).unwrap_or("");
    GroupVersionKind::of(text("apiVersion"), text("kind"))
}

fn of_document(
    source: &Source<'_>,
    document: &Document,
    custom: &[(GroupVersionKind, Schema)],
) -> Vec<Finding> {
    for field in ["apiVersion", "kind"] {
        let value = document.value.get(field).and_then(|value| value.as_str());
        if value.unwrap_or("").is_empty() {
            let phrase = Phrase::new("finding-missing").with("field", field);
            return vec![error(document, "missing-field", field, phrase)];
        }
    }
    let mut found = twice(document);
    let gvk = kind_of(document);
    if Schema::builtin().kind(&gvk).is_some() {
        found.extend(fields::built_in(source, document, &gvk));
        found.extend(scalars::modes(source, document));
        found.extend(relations::selector(source, document));
    } else if let Some((_, schema)) = custom.iter().find(|(known, _)| *known == gvk) {
        found.extend(fields::unknown_fields(source, document, schema, &gvk));
    } else {
        found.push(kinds::unknown(document, &gvk));
    }
    found
}

/// Keys that are there twice. A second `apiVersion` and `kind` begin another object that lacks its separator.
fn twice(document: &Document) -> Vec<Finding> {
    let starts = |key: &str| matches!(key, "apiVersion" | "kind");
    let begins = |one: &&manifest::Duplicate| starts(&one.key) && one.span.start.column == 1;
    if let Some(first) = document.duplicates.iter().find(begins) {
        let phrase = Phrase::new("finding-separator");
        let before = protocol::v1::Span { column: 1, end_column: 1, ..convert::span(first.span) };
        let fix = Fix {
            span: protocol::v1::Span { end_line: before.line, ..before },
            text: "---\n".to_owned(),
            phrase: Phrase::new("finding-fix-separator"),
        };
        return vec![Finding {
            span: convert::span(first.span),
            severity: Severity::Error,
            rule: "missing-separator".to_owned(),
            path: first.key.clone(),
            phrase,
            message: None,
            fix: Some(fix),
        }];
    }
    let duplicates = document.duplicates.iter().map(|duplicate| Finding {
        span: convert::span(duplicate.span),
        severity: Severity::Warning,
        rule: "duplicate-field".to_owned(),
        path: duplicate.key.clone(),
        phrase: Phrase::new("finding-duplicate").with("field", duplicate.key.clone()),
        message: None,
        fix: None,
    });
    duplicates.collect()
}

/// A finding at a field's key, or at the nearest one above it.
fn error(document: &Document, rule: &str, path: &str, phrase: Phrase) -> Finding {
    Finding {
        span: convert::span(
            document.spans.find_key(path).unwrap_or_else(|| document.spans.find_nearest(path)),
        ),
        severity: Severity::Error,
        rule: rule.to_owned(),
        path: path.to_owned(),
        phrase,
        message: None,
        fix: None,
    }
}

/// A path of a field within another.
fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests;
