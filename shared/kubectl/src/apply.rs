//! Applying, deleting and comparing manifests without a command line: what an editor cell does.

use apimachinery::status::Status;
use serde_json::Value;

use crate::Kubectl;
use crate::client::Client;
use crate::commands::{self, DeleteOptions, DryRun};
use crate::discovery::Discovery;
use crate::failure::{Failure, Outcome};
use crate::manifest::{Document, to_yaml};
use crate::print::{name_line, without_managed_fields};
use crate::select::Info;
use crate::session::discover;
use crate::value::{Reading as _, set};

/// How documents are applied.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApplyOptions {
    /// Apply on the server, as the field manager `kubectl`.
    pub server_side: bool,
    /// Take fields from other field managers.
    pub force_conflicts: bool,
    /// Only pretend (the server does everything but keep it).
    pub dry_run: bool,
}

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ObjectKey {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Empty for objects without a namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What happened to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentOutcome {
    /// The object is new.
    Created,
    /// The object has changed.
    Configured,
    /// The object was like this already.
    Unchanged,
    /// The object is being deleted, or is gone.
    Deleted,
    /// The server or the client refused.
    Failed,
}

/// The answer to one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentResult {
    /// Which object the document is about.
    pub key: ObjectKey,
    /// What happened.
    pub outcome: DocumentOutcome,
    /// What kubectl prints, with its line break.
    pub message: String,
    /// The server's refusal, when it was the server.
    pub status: Option<Status>,
    /// Warnings of the server and of kubectl.
    pub warnings: Vec<String>,
    /// The object that the server answered with.
    pub object: Option<Value>,
}

/// A document before and after it would be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentDiff {
    /// Which object the document is about.
    pub key: ObjectKey,
    /// The object now, as YAML without managedFields; empty when there is none.
    pub before: String,
    /// The object afterwards.
    pub after: String,
    /// Why the server would refuse: what kubectl prints.
    pub refused: Option<String>,
    /// The server's refusal, when it was the server.
    pub status: Option<Status>,
}

/// Applies documents in order; a refused one does not stop the next.
pub async fn apply_documents(
    kubectl: &Kubectl,
    documents: &[Document],
    options: &ApplyOptions,
) -> Vec<DocumentResult> {
    let client = Client::new(kubectl.clone(), "kubectl apply");
    let mut discovery = None;
    let mut results = Vec::new();
    for document in documents {
        for value in items(&document.value) {
            let mut warnings = Vec::new();
            let result = match info(&client, &mut discovery, value.clone()).await {
                Ok(info) => {
                    let options = commands_options(options, true);
                    commands::apply_info(&client, &info, &options, &mut warnings).await
                }
                Err(failure) => Err(failure),
            };
            let key = key_of(&value, kubectl.namespace());
            results.push(match result {
                Ok(applied) => DocumentResult {
                    key: key_of(&applied.object, kubectl.namespace()),
                    outcome: outcome_of(applied.operation, &applied.object),
                    message: name_line(
                        &applied.object,
                        &with_suffix(applied.operation, options.dry_run),
                    ),
                    status: None,
                    warnings,
                    object: Some(applied.object),
                },
                Err(failure) => failed(key, &failure, warnings),
            });
        }
    }
    results
}

fn with_suffix(operation: &str, dry_run: bool) -> String {
    let suffix = if dry_run { DryRun::Server.suffix() } else { "" };
    format!("{operation}{suffix}")
}

fn commands_options(options: &ApplyOptions, annotate: bool) -> commands::ApplyOptions {
    commands::ApplyOptions {
        server_side: options.server_side,
        force_conflicts: options.force_conflicts,
        field_manager: if options.server_side { "kubectl" } else { "kubectl-client-side-apply" }
            .to_owned(),
        field_validation: "Strict",
        dry_run: if options.dry_run { DryRun::Server } else { DryRun::None },
        annotate,
        force: false,
        subresource: String::new(),
    }
}

/// A server-side apply does not say whether it made the object: its first generation does.
fn outcome_of(operation: &str, object: &Value) -> DocumentOutcome {
    match operation {
        "created" => DocumentOutcome::Created,
        "unchanged" => DocumentOutcome::Unchanged,
        "serverside-applied"
            if object.list("metadata.managedFields").len() == 1
                && object.int("metadata.generation") == Some(1) =>
        {
            DocumentOutcome::Created
        }
        _ => DocumentOutcome::Configured,
    }
}

fn failed(key: ObjectKey, failure: &Failure, warnings: Vec<String>) -> DocumentResult {
    DocumentResult {
        key,
        outcome: DocumentOutcome::Failed,
        message: failure.said().0,
        status: failure.status().cloned(),
        warnings,
        object: None,
    }
}

/// Deletes the objects of documents, last one first, without waiting until they are gone.
pub async fn delete_documents(kubectl: &Kubectl, documents: &[Document]) -> Vec<DocumentResult> {
    let client = Client::new(kubectl.clone(), "kubectl delete");
    let mut discovery = None;
    let mut results = Vec::new();
    for document in documents.iter().rev() {
        for value in items(&document.value).into_iter().rev() {
            let key = key_of(&value, kubectl.namespace());
            let options = DeleteOptions::default();
            let result = match info(&client, &mut discovery, value).await {
                Ok(info) => commands::delete_info(&client, &info, &options)
                    .await
                    .map(|(_, warnings)| (info, warnings)),
                Err(failure) => Err(failure),
            };
            results.push(match result {
                Ok((info, warnings)) => DocumentResult {
                    key,
                    outcome: DocumentOutcome::Deleted,
                    message: commands::deleted_line(&info, &options),
                    status: None,
                    warnings,
                    object: None,
                },
                Err(failure) => failed(key, &failure, Vec::new()),
            });
        }
    }
    results
}

/// What applying documents would change, asked of the server with a dry run.
pub async fn diff_documents(kubectl: &Kubectl, documents: &[Document]) -> Vec<DocumentDiff> {
    let client = Client::new(kubectl.clone(), "kubectl diff");
    let options =
        commands_options(&ApplyOptions { dry_run: true, ..ApplyOptions::default() }, false);
    let mut discovery = None;
    let mut results = Vec::new();
    for document in documents {
        for value in items(&document.value) {
            let key = key_of(&value, kubectl.namespace());
            let result = match info(&client, &mut discovery, value).await {
                Ok(info) => commands::preview(&client, &info, &options).await,
                Err(failure) => Err(failure),
            };
            let yaml = |object: &Value| {
                if object.is_null() {
                    String::new()
                } else {
                    to_yaml(&without_managed_fields(object))
                }
            };
            results.push(match result {
                Ok((before, after)) => DocumentDiff {
                    key,
                    before: yaml(&before),
                    after: yaml(&after),
                    refused: None,
                    status: None,
                },
                Err(failure) => DocumentDiff {
                    key,
                    before: String::new(),
                    after: String::new(),
                    refused: Some(failure.said().0),
                    status: failure.status().cloned(),
                },
            });
        }
    }
    results
}

/// The objects of a document: itself, or the items of a list.
fn items(value: &Value) -> Vec<Value> {
    if value.text("kind").ends_with("List") && value.get("items").is_some_and(Value::is_array) {
        value.list("items").to_vec()
    } else {
        vec![value.clone()]
    }
}

fn key_of(value: &Value, namespace: &str) -> ObjectKey {
    let own = value.text("metadata.namespace");
    ObjectKey {
        api_version: value.text("apiVersion").to_owned(),
        kind: value.text("kind").to_owned(),
        namespace: if own.is_empty() { namespace } else { own }.to_owned(),
        name: value.text("metadata.name").to_owned(),
    }
}

/// Finds the resource of an object; asks the server what it serves only once, and again when a kind
/// is not known (its definition may be one of the documents before).
async fn info(client: &Client, known: &mut Option<Discovery>, mut object: Value) -> Outcome<Info> {
    let (api_version, kind) =
        (object.text("apiVersion").to_owned(), object.text("kind").to_owned());
    let lookup = |discovery: &Discovery| discovery.of_kind(&api_version, &kind).cloned();
    let mut resource = known.as_ref().and_then(lookup);
    if resource.is_none() {
        let fresh = discover(client).await?;
        resource = lookup(&fresh);
        *known = Some(fresh);
    }
    let resource =
        resource.ok_or_else(|| Failure::Message(crate::select::no_mapping(&object, "cell")))?;
    crate::validation::check_metadata(&object, "cell")?;
    let mut namespace = object.text("metadata.namespace").to_owned();
    if !resource.namespaced {
        namespace.clear();
    } else if namespace.is_empty() {
        client.kubectl.namespace().clone_into(&mut namespace);
        set(&mut object, &["metadata", "namespace"], Value::from(namespace.clone()));
    }
    let name = object.text("metadata.name").to_owned();
    Ok(Info { resource, namespace, name, object, source: String::new() })
}
