//! Questions: what is wrong with a text, what would change, what is there.

mod custom;
mod lookup;

use std::sync::Arc;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use apimachinery::transport::{Clock, Transport};
use kubectl::manifest;
use kubectl::{Invocation, Kubectl};
use notebook::scenario::Notebook;
use protocol::v1::{Answer, Completion, DiffLine, DiffSign, ObjectDiff, ObjectKey, Phrase, Query};
use similar::{ChangeTag, TextDiff};

use crate::{convert, lint};

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// Everything that answering needs.
pub(crate) struct Questions {
    pub(crate) notebook: Arc<Notebook>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Questions {
    /// The answer.
    pub(crate) async fn answer(&self, query: Query) -> Answer {
        match query {
            Query::Validate { text, .. } => {
                let custom = self.custom_kinds(&text).await;
                Answer::Findings(lint::findings(&text, &custom))
            }
            Query::Complete { text, line, column } => {
                let custom = self.custom_kinds(&text).await;
                let schema = schema_at(&custom, &text, line);
                Answer::Completions(lookup::complete(schema, &text, line, column))
            }
            Query::Hover { text, line, column } => {
                let custom = self.custom_kinds(&text).await;
                let schema = schema_at(&custom, &text, line);
                Answer::Hover(lookup::hover(schema, &text, line, column))
            }
            Query::Documents { text } => match manifest::read(&text) {
                Ok(documents) => {
                    let values = documents.iter().map(|document| document.value.to_string());
                    Answer::Documents(values.collect())
                }
                Err(error) => Answer::Failed(convert::unreadable(&error).phrase),
            },
            Query::Rewrite { text, document, wanted } => rewritten(&text, document, &wanted),
            Query::Diff { cell, text } => self.diff(&cell, &text).await,
            Query::Object { key } => self.kubectl_text(&key, "get", "-o yaml").await,
            Query::Describe { key } => self.kubectl_text(&key, "describe", "").await,
            Query::CompleteLine { line } => {
                let found = kubectl::completion::complete(&self.kubectl(""), &line).await;
                Answer::Completions(found.into_iter().map(completion).collect())
            }
        }
    }

    /// The custom resources that a text names and the cluster serves.
    async fn custom_kinds(&self, text: &str) -> Vec<(GroupVersionKind, Schema)> {
        custom::schemas(self.transport.as_ref(), lint::foreign_kinds(text)).await
    }

    /// kubectl as the persona of a cell.
    fn kubectl(&self, cell: &str) -> Kubectl {
        let kubectl = Kubectl::new(Arc::clone(&self.transport), Arc::clone(&self.clock));
        let scenario = &self.notebook.scenario;
        let named =
            scenario.cells.iter().find(|one| one.id == cell).and_then(|one| one.persona.as_ref());
        let persona = named
            .and_then(|id| scenario.personas.iter().find(|persona| persona.id == *id))
            .filter(|persona| !persona.user.is_empty());
        match persona {
            Some(persona) => kubectl.with_persona(persona.user.clone(), persona.groups.clone()),
            None => kubectl,
        }
    }

    async fn diff(&self, cell: &str, text: &str) -> Answer {
        let documents = match manifest::read(text) {
            Ok(documents) => documents,
            Err(error) => return Answer::Failed(convert::unreadable(&error).phrase),
        };
        let mut found = Vec::new();
        for diff in kubectl::apply::diff_documents(&self.kubectl(cell), &documents).await {
            if let Some(refused) = diff.refused {
                let phrase = Phrase::new("finding-refused-whole")
                    .with("message", refused.trim_end().to_owned());
                return Answer::Failed(phrase);
            }
            found.push(ObjectDiff {
                object: convert::key(&diff.key),
                created: diff.before.is_empty(),
                lines: lines(&diff.before, &diff.after),
            });
        }
        Answer::Diff(found)
    }

    async fn kubectl_text(&self, key: &ObjectKey, verb: &str, rest: &str) -> Answer {
        let (group, version) = key.api_version.split_once('/').unwrap_or(("", &key.api_version));
        let resource = if group.is_empty() {
            key.kind.to_lowercase()
        } else {
            format!("{}.{version}.{group}", key.kind.to_lowercase())
        };
        let place =
            if key.namespace.is_empty() { String::new() } else { format!("-n {}", key.namespace) };
        let line = format!("{verb} {resource} {} {place} {rest}", key.name);
        let Ok(invocation) = Invocation::parse(&line) else {
            return Answer::Failed(Phrase::new("session-no-object").with("name", key.name.clone()));
        };
        let mut out = Kept::default();
        let code = self.kubectl("").run(&invocation, &kubectl::NoFiles, "", &mut out).await;
        if code == 0 {
            return Answer::Text(out.stdout);
        }
        Answer::Failed(
            Phrase::new("finding-refused-whole").with("message", out.stderr.trim_end().to_owned()),
        )
    }
}

/// The text with another value for one of its documents.
fn rewritten(text: &str, document: u32, wanted: &str) -> Answer {
    let wanted = serde_json::from_str(wanted).ok();
    let index = usize::try_from(document).ok();
    let written = wanted.zip(index).and_then(|(wanted, index)| {
        let written = manifest::rewrite(text, index, &wanted)?;
        (written.len() <= manifest::MAX_BYTES).then_some(written)
    });
    match written {
        Some(text) => Answer::Text(text),
        None => Answer::Failed(Phrase::new("session-not-rewritten")),
    }
}

/// The schema that has the kind of the document at a line.
fn schema_at<'a>(custom: &'a [(GroupVersionKind, Schema)], text: &str, line: u32) -> &'a Schema {
    let gvk = lookup::kind_at(text, line);
    let found = custom.iter().find(|(known, _)| *known == gvk);
    match found {
        Some((_, schema)) => schema,
        None => Schema::builtin(),
    }
}

/// Output that is kept.
#[derive(Default)]
struct Kept {
    stdout: String,
    stderr: String,
}

impl kubectl::Output for Kept {
    fn stdout(&mut self, text: &str) {
        self.stdout.push_str(text);
    }

    fn stderr(&mut self, text: &str) {
        self.stderr.push_str(text);
    }
}

fn completion(found: kubectl::completion::Completion) -> Completion {
    Completion {
        label: found.word.clone(),
        insert: found.word,
        detail: found.about,
        documentation: String::new(),
    }
}

/// Fields that the API server writes by itself: nobody changes them by applying a manifest.
const WRITTEN_BY_SERVER: [&str; 4] =
    ["  creationTimestamp:", "  generation:", "  resourceVersion:", "  uid:"];

/// An object as YAML without its status and what the API server alone writes.
fn settable(text: &str) -> String {
    let mut section = "";
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if !line.starts_with([' ', '-']) {
            section = line.trim_end();
        }
        let is_written =
            section == "metadata:" && WRITTEN_BY_SERVER.iter().any(|field| line.starts_with(field));
        if !is_written && !section.starts_with("status:") {
            kept.push_str(line);
        }
    }
    kept
}

/// The changed lines with a few around them.
fn lines(before: &str, after: &str) -> Vec<DiffLine> {
    let (before, after) = (settable(before), settable(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut found = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            found.push(DiffLine { sign: DiffSign::Gap, text: String::new() });
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => DiffSign::Removed,
                ChangeTag::Insert => DiffSign::Added,
                ChangeTag::Equal => DiffSign::Context,
            };
            found.push(DiffLine { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_difference_leaves_out_what_the_server_writes_by_itself() {
        let live = "kind: Service\nmetadata:\n  creationTimestamp: \"2026-11-23T23:15:14Z\"\n  generation: 1\n  labels:\n    uid: mine\n  name: web\n  uid: d624d853\nspec:\n  selector:\n    app: web\nstatus:\n  loadBalancer: {}\n";
        let wanted =
            live.replace("app: web", "app: shop").replace("generation: 1", "generation: 2");
        let shown: Vec<String> = lines(live, &wanted)
            .into_iter()
            .map(|line| format!("{:?} {}", line.sign, line.text))
            .collect();
        expect![[r"
            Context   name: web
            Context spec:
            Context   selector:
            Removed     app: web
            Added     app: shop"]]
        .assert_eq(&shown.join("\n"));
        assert_eq!(lines(live, &live.replace("generation: 1", "generation: 2")), []);
    }
}
