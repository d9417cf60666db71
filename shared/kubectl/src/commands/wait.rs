//! `kubectl wait`, and waiting for deletion (`kubectl/pkg/cmd/wait`).

use std::time::Duration;

use apimachinery::jsonpath::JsonPath;
use apimachinery::status::Status;
use serde_json::Value;

use crate::client::JSON;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer, relaxed};
use crate::select::{Info, Target, Wanted, list_query};
use crate::session::{Session, items_of};
use crate::stream::Next;
use crate::value::{Reading as _, plain};

/// How long to wait, and for which object of that name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    pub(crate) timeout: Duration,
    pub(crate) uid: Option<String>,
}

/// One `--for`.
enum Condition {
    Delete,
    Create,
    Status { name: String, value: String },
    Path { path: JsonPath, value: Option<String> },
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let timeout = session.flags.span("timeout").unwrap_or(Duration::from_hours(168));
    let given = session.flags.all("for").to_vec();
    let conditions = given.iter().map(|text| parse(text)).collect::<Outcome<Vec<_>>>()?;
    if conditions.is_empty() {
        return Err(Failure::message("unrecognized condition: []"));
    }
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let arguments = session.flags.arguments.clone();
    let wanted = Wanted { go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    if conditions.iter().any(|condition| matches!(condition, Condition::Create)) {
        until_created(session, &target, timeout).await?;
    }
    let for_delete = conditions.iter().any(|condition| matches!(condition, Condition::Delete));
    let target = target.by_name()?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    if for_delete {
        failures.retain(|failure| !failure.is_not_found());
    }
    let count = visited.infos.len();
    let deadline = Waiting { timeout, uid: None };
    for info in visited.infos {
        if let Err(failure) = one(session, &info, &conditions, &deadline, &format).await {
            failures.push(failure);
        }
    }
    if count == 0 && !for_delete && failures.is_empty() {
        return Err(Failure::message("no matching resources found"));
    }
    Failure::gather(failures)
}

fn parse(text: &str) -> Outcome<Condition> {
    if let Some(name) = text.strip_prefix("condition=") {
        let (name, value) = name.split_once('=').unwrap_or((name, "true"));
        return Ok(Condition::Status { name: name.to_owned(), value: value.to_owned() });
    }
    if let Some(input) = text.strip_prefix("jsonpath=") {
        return json_path(input);
    }
    match text.to_lowercase().as_str() {
        "delete" => Ok(Condition::Delete),
        "create" => Ok(Condition::Create),
        _ => Err(Failure::message(format!("unrecognized condition: {}", go_quote(text)))),
    }
}

/// `processJSONPathInput`: splits at a single `=`; `==` belongs to the expression.
fn json_path(input: &str) -> Outcome<Condition> {
    let mut parts = vec![String::new()];
    let mut characters = input.chars().peekable();
    while let Some(character) = characters.next() {
        let Some(last) = parts.last_mut() else { break };
        if character == '=' && characters.next_if_eq(&'=').is_some() {
            last.push_str("==");
        } else if character == '=' {
            parts.push(String::new());
        } else {
            last.push(character);
        }
    }
    let (expression, value) = match parts.as_slice() {
        [expression] => (expression, None),
        [expression, value] => (expression, Some(value.trim_matches(['\'', '"']).to_owned())),
        _ => {
            return Err(Failure::message(
                "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
            ));
        }
    };
    if value.as_deref() == Some("") {
        return Err(Failure::message(
            "jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3",
        ));
    }
    let expression = relaxed(expression).map_err(Failure::Message)?;
    if expression.is_empty() {
        return Err(Failure::message("jsonpath expression cannot be empty"));
    }
    let path = JsonPath::parse(&expression).map_err(Failure::Message)?;
    Ok(Condition::Path { path, value })
}

async fn one(
    session: &mut Session<'_>,
    info: &Info,
    conditions: &[Condition],
    waiting: &Waiting,
    format: &Format,
) -> Outcome {
    for condition in conditions {
        let object = match condition {
            Condition::Delete => {
                until_deleted(session, info, waiting).await?;
                info.object.clone()
            }
            Condition::Create => info.object.clone(),
            Condition::Status { name, value } => {
                until(session, info, waiting, |object| Ok(status_is(object, name, value))).await?
            }
            Condition::Path { path, value } => {
                until(session, info, waiting, |object| path_is(object, path, value.as_deref()))
                    .await?
            }
        };
        let mut printer = Printer::new(format.clone(), &session.flags, "condition met");
        let text = printer.print(&object).map_err(Failure::Message)?;
        session.say(&text);
    }
    Ok(())
}

fn status_is(object: &Value, name: &str, value: &str) -> bool {
    let Some(condition) = object.list("status.conditions").iter().find(|condition| {
        condition.text("type").eq_ignore_ascii_case(name) && condition.has("status")
    }) else {
        return false;
    };
    let observed =
        condition.int("observedGeneration").or_else(|| object.int("status.observedGeneration"));
    if let (Some(generation), Some(observed)) = (object.int("metadata.generation"), observed)
        && observed < generation
    {
        return false;
    }
    condition.text("status").eq_ignore_ascii_case(value)
}

fn path_is(object: &Value, path: &JsonPath, value: Option<&str>) -> Outcome<bool> {
    let found = path.find(object).unwrap_or_default();
    let Some(first) = found.first().filter(|first| !first.is_empty()) else { return Ok(false) };
    if found.len() > 1 {
        return Err(Failure::message("given jsonpath expression matches more than one list"));
    }
    let [result] = first.as_slice() else {
        return Err(Failure::message("given jsonpath expression matches more than one value"));
    };
    let Some(value) = value else { return Ok(true) };
    if result.is_object() || result.is_array() {
        return Err(Failure::message(
            "jsonpath leads to a nested object or list which is not supported",
        ));
    }
    Ok(plain(result).trim() == value.trim())
}

async fn until_created(session: &mut Session<'_>, target: &Target, timeout: Duration) -> Outcome {
    let mut waited = Duration::ZERO;
    let step = Duration::from_millis(500);
    loop {
        match session.visit(target.clone(), Wanted::default()).await {
            Ok(visited) if !visited.infos.is_empty() => return Ok(()),
            Ok(_) => {}
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
        if waited >= timeout {
            return Err(Failure::message("timed out waiting for the condition"));
        }
        session.client.kubectl.clock.sleep(step).await;
        waited += step;
    }
}

fn timed_out(info: &Info) -> Failure {
    Failure::message(format!(
        "timed out waiting for the condition on {}/{}",
        info.resource.plural, info.name
    ))
}

/// Waits until a check of the object holds; hands back the object.
pub(crate) async fn until(
    session: &mut Session<'_>,
    info: &Info,
    waiting: &Waiting,
    check: impl Fn(&Value) -> Outcome<bool>,
) -> Outcome<Value> {
    if waiting.timeout.is_zero() {
        let object = session.get(&info.path()).await?;
        if check(&object)? {
            return Ok(object);
        }
        return Err(Failure::message(format!("condition not met for {}", info.object_name())));
    }
    let (object, version) = look(session, info).await?;
    let Some(object) = object else {
        let message = format!("{} \"{}\" not found", info.resource.group_resource(), info.name);
        return Err(Failure::Status(Box::new(Status::failure(404, "NotFound", message))));
    };
    if check(&object)? {
        return Ok(object);
    }
    let mut watch = session.client.watch(&watch_path(info, &version), JSON).await?;
    let clock = std::sync::Arc::clone(&session.client.kubectl.clock);
    let mut limit = Some(clock.sleep(waiting.timeout));
    loop {
        match watch.next(&mut limit).await {
            Next::Item((kind, object)) if kind == "ADDED" || kind == "MODIFIED" => {
                if check(&object)? {
                    return Ok(object);
                }
            }
            Next::Item((kind, object)) if kind == "ERROR" => {
                let said = format!(
                    "error: An error occurred while waiting for the condition to be satisfied: {}",
                    object.text("message")
                );
                session.err(&said);
                return Err(timed_out(info));
            }
            Next::Item(_) => {}
            Next::Timeout | Next::End => return Err(timed_out(info)),
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}

/// Waits until the object is gone.
pub(crate) async fn until_deleted(
    session: &mut Session<'_>,
    info: &Info,
    waiting: &Waiting,
) -> Outcome {
    let object = match session.get(&info.path()).await {
        Ok(object) => object,
        Err(failure) if failure.is_not_found() => return Ok(()),
        Err(failure) => return Err(failure),
    };
    let is_other = |object: &Value| {
        waiting
            .uid
            .as_deref()
            .is_some_and(|uid| !uid.is_empty() && object.text("metadata.uid") != uid)
    };
    if is_other(&object) {
        return Ok(());
    }
    if waiting.timeout.is_zero() {
        return Err(Failure::message(format!("condition not met for {}", info.object_name())));
    }
    let (object, version) = look(session, info).await?;
    match object {
        None => return Ok(()),
        Some(object) if is_other(&object) => return Ok(()),
        Some(_) => {}
    }
    let mut watch = session.client.watch(&watch_path(info, &version), JSON).await?;
    let clock = std::sync::Arc::clone(&session.client.kubectl.clock);
    let mut limit = Some(clock.sleep(waiting.timeout));
    loop {
        match watch.next(&mut limit).await {
            Next::Item((kind, _)) if kind == "DELETED" => return Ok(()),
            Next::Item(_) => {}
            Next::Timeout | Next::End => return Err(timed_out(info)),
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}

fn name_selector(info: &Info) -> String {
    format!("metadata.name={}", info.name)
}

/// The object and the version of the list it was found in.
async fn look(session: &mut Session<'_>, info: &Info) -> Outcome<(Option<Value>, String)> {
    let query = list_query("", &name_selector(info), &[("limit", "500")]);
    let path = format!("{}{query}", info.resource.collection(&info.namespace));
    let page = session.get(&path).await?;
    let version = page.text("metadata.resourceVersion").to_owned();
    Ok((items_of(page, &info.resource).into_iter().next(), version))
}

fn watch_path(info: &Info, version: &str) -> String {
    let query = list_query(
        "",
        &name_selector(info),
        &[("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", version)],
    );
    format!("{}{query}", info.resource.collection(&info.namespace))
}
