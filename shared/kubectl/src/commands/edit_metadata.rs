//! `kubectl label` and `kubectl annotate`.

use http::Method;
use serde_json::{Map, Value, json};

use super::dry_run::DryRun;
use crate::cli::Verb;
use crate::client::{JSON, MERGE};
use crate::discovery::query;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer, compact};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, plain, set};

/// The words that differ between labels and annotations.
struct Words {
    noun: &'static str,
    field: &'static str,
    done: &'static str,
    undone: &'static str,
    not_done: &'static str,
}

const LABEL: Words = Words {
    noun: "label",
    field: "labels",
    done: "labeled",
    undone: "unlabeled",
    not_done: "not labeled",
};
const ANNOTATE: Words = Words {
    noun: "annotation",
    field: "annotations",
    done: "annotated",
    undone: "annotated",
    not_done: "annotated",
};

/// What is to be set and removed.
struct Change {
    set: Vec<(String, String)>,
    remove: Vec<String>,
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>, verb: Verb) -> Outcome {
    let words = if verb == Verb::Label { &LABEL } else { &ANNOTATE };
    let (resources, pairs) = split(&session.flags.arguments, words)?;
    let change = parse(&pairs, words)?;
    let list = session.flags.is("list");
    if list && session.flags.changed("output") {
        return Err(Failure::message("--list and --output may not be specified together"));
    }
    if session.flags.is("all") && !session.flags.text("selector").is_empty() {
        return Err(Failure::message("cannot set --all and --selector at the same time"));
    }
    let has_files = !session.flags.all("filename").is_empty();
    if resources.is_empty() && !has_files {
        return Err(Failure::message(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if change.set.is_empty() && change.remove.is_empty() && !list {
        return Err(Failure::message(format!("at least one {} update is required", words.noun)));
    }
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let wanted = Wanted { all_of_type: session.flags.is("all"), go_on: true, ..Wanted::default() };
    let target = session.target(&resources, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    let single = visited.infos.len() == 1;
    for info in visited.infos {
        let result = if list {
            show(session, &info, words, single);
            Ok(())
        } else {
            one(session, &info, words, &change, dry_run, &format).await
        };
        failures.extend(result.err());
    }
    Failure::gather(failures)
}

/// `GetResourcesAndPairs`: resources first, then pairs.
fn split(arguments: &[String], words: &Words) -> Outcome<(Vec<String>, Vec<String>)> {
    let is_pair = |word: &String| word.contains('=') || word.ends_with('-');
    let first = arguments.iter().position(is_pair).unwrap_or(arguments.len());
    let (resources, pairs) = arguments.split_at(first);
    if let Some(stray) = pairs.iter().find(|word| !is_pair(word)) {
        return Err(Failure::message(format!(
            "all resources must be specified before {} changes: {stray}",
            words.noun
        )));
    }
    Ok((resources.to_vec(), pairs.to_vec()))
}

fn parse(pairs: &[String], words: &Words) -> Outcome<Change> {
    let mut change = Change { set: Vec::new(), remove: Vec::new() };
    for pair in pairs {
        if let Some((key, value)) = pair.split_once('=') {
            if words.noun == "label" {
                if value.contains('=') {
                    return Err(Failure::message(format!("invalid label spec: {pair}")));
                }
                let problems = apimachinery::names::label_value(value);
                if !problems.is_empty() {
                    return Err(Failure::message(format!(
                        "invalid label value: {}: {}",
                        go_quote(pair),
                        problems.join(";")
                    )));
                }
            }
            change.set.push((key.to_owned(), value.to_owned()));
        } else if let Some(key) = pair.strip_suffix('-') {
            change.remove.push(key.to_owned());
        }
    }
    if change.remove.iter().any(|key| change.set.iter().any(|(known, _)| known == key)) {
        return Err(Failure::message(if words.noun == "label" {
            "can not both modify and remove a label in the same command"
        } else {
            "can not both modify and remove an annotation in the same command"
        }));
    }
    Ok(change)
}

fn show(session: &mut Session<'_>, info: &Info, words: &Words, single: bool) {
    let indent = if single { "" } else { " " };
    if !single {
        let heading = format!(
            "Listing {} for {}.{}/{}:\n",
            words.field, info.resource.kind, info.resource.group, info.name
        );
        session.say(&heading);
    }
    let lines: Vec<String> = info
        .object
        .entries(&format!("metadata.{}", words.field))
        .into_iter()
        .map(|(key, value)| format!("{indent}{key}={}\n", plain(value)))
        .collect();
    session.say(&lines.concat());
}

async fn one(
    session: &mut Session<'_>,
    info: &Info,
    words: &Words,
    change: &Change,
    dry_run: DryRun,
    format: &Format,
) -> Outcome {
    let mut object = info.object.clone();
    let current = object
        .at(&format!("metadata.{}", words.field))
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    if words.noun == "label" && dry_run != DryRun::Client {
        for key in change.remove.iter().filter(|key| !current.contains_key(*key)) {
            session.say(&format!("label {} not found.\n", go_quote(key)));
        }
    }
    if !session.flags.is("overwrite") {
        check_overwrite(&current, change, words)?;
    }
    let mut patch = Map::new();
    for (key, value) in &change.set {
        if current.get(key).and_then(Value::as_str) != Some(value.as_str()) {
            patch.insert(key.clone(), Value::from(value.clone()));
        }
    }
    let added = patch.len();
    for key in change.remove.iter().filter(|key| current.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    let removed = patch.len() - added;
    let operation = match (added > 0, removed > 0) {
        (true, true) if words.noun == "label" => "modified",
        (true, _) => words.done,
        (false, true) => words.undone,
        (false, false) => words.not_done,
    };
    let must_send = words.noun != "label" || added + removed > 0;
    if dry_run == DryRun::Client {
        for (key, value) in &patch {
            if value.is_null() {
                crate::value::remove(&mut object, &["metadata", words.field, key]);
            } else {
                set(&mut object, &["metadata", words.field, key], value.clone());
            }
        }
    } else if must_send {
        object = send(session, info, words, patch, dry_run).await?;
    }
    let operation = format!("{operation}{}", dry_run.suffix());
    let text = Printer::new(format.clone(), &session.flags, operation)
        .print(&object)
        .map_err(Failure::Message)?;
    session.say(&text);
    Ok(())
}

fn check_overwrite(current: &Map<String, Value>, change: &Change, words: &Words) -> Outcome {
    let mut failures = Vec::new();
    for (key, value) in &change.set {
        if let Some(known) = current.get(key).and_then(Value::as_str).filter(|known| known != value)
        {
            failures.push(Failure::Message(if words.noun == "label" {
                format!("'{key}' already has a value ({known}), and --overwrite is false")
            } else {
                format!("--overwrite is false but found the following declared annotation(s): '{key}' already has a value ({known})")
            }));
        }
    }
    Failure::gather(failures)
}

async fn send(
    session: &mut Session<'_>,
    info: &Info,
    words: &Words,
    patch: Map<String, Value>,
    dry_run: DryRun,
) -> Outcome<Value> {
    let mut body =
        if patch.is_empty() { json!({}) } else { json!({"metadata": {words.field: patch}}) };
    let version = session.flags.text("resource-version");
    if !version.is_empty() {
        set(&mut body, &["metadata", "resourceVersion"], Value::from(version));
    }
    let manager = session.flags.text("field-manager").to_owned();
    let parameters = query(&[("dryRun", dry_run.query()), ("fieldManager", &manager)]);
    let path = format!("{}{parameters}", info.path());
    session
        .send(Method::PATCH, &path, JSON, Some((MERGE, compact(&body).into_bytes())))
        .await?
        .json()
}
