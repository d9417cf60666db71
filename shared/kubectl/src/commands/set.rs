//! `kubectl set image`, `resources`, `serviceaccount`.

use http::Method;
use serde_json::{Map, Value, json};

use super::apply::gvk_of;
use super::dry_run::DryRun;
use super::generators::quantities;
use crate::cli::Verb;
use crate::client::{JSON, STRATEGIC};
use crate::discovery::query;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer, compact};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>, verb: Verb) -> Outcome {
    let arguments = session.flags.arguments.clone();
    match verb {
        Verb::SetImage => {
            let (resources, pairs) = split(&arguments);
            if resources.is_empty() && session.flags.all("filename").is_empty() {
                return Err(Failure::message(crate::select::NOTHING_NAMED));
            }
            if pairs.is_empty() {
                return Err(Failure::message("at least one image update is required"));
            }
            change(session, &resources, "image updated", |template| images(template, &pairs)).await
        }
        Verb::SetResources => {
            let limits = quantities(session.flags.text("limits"))?;
            let requests = quantities(session.flags.text("requests"))?;
            if limits.is_empty() && requests.is_empty() {
                return Err(Failure::message(
                    "you must specify an update to requests or limits (in the form of --requests/--limits)",
                ));
            }
            let wanted = session.flags.text("containers").to_owned();
            change(session, &arguments, "resource requirements updated", |template| {
                resources(template, &wanted, &limits, &requests)
            })
            .await
        }
        _ => {
            let Some((account, rest)) = arguments.split_last() else {
                return Err(Failure::message("serviceaccount is required"));
            };
            change(session, rest, "serviceaccount updated", |template| {
                set(template, &["spec", "serviceAccountName"], Value::from(account.clone()));
                Ok(())
            })
            .await
        }
    }
}

fn split(arguments: &[String]) -> (Vec<String>, Vec<String>) {
    arguments.iter().cloned().partition(|word| !word.contains('='))
}

/// Where a kind keeps its pod template; a pod is one.
pub(super) fn template_path(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "Pod" => &[],
        "Deployment"
        | "ReplicaSet"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "ReplicationController" => &["spec", "template"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        _ => return None,
    })
}

pub(super) fn template_mut<'a>(object: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    let mut value = object;
    for key in path {
        value = value.get_mut(*key)?;
    }
    Some(value)
}

/// Changes the templates of the named objects and sends a strategic merge patch of the difference.
pub(super) async fn change(
    session: &mut Session<'_>,
    resources: &[String],
    operation: &str,
    edit: impl Fn(&mut Value) -> Outcome,
) -> Outcome {
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let wanted = Wanted { all_of_type: session.flags.is("all"), go_on: true, ..Wanted::default() };
    let target = session.target(resources, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    let operation = format!("{operation}{}", dry_run.suffix());
    for info in visited.infos {
        let mut object = info.object.clone();
        let edited = template_path(&info.resource.kind)
            .and_then(|path| template_mut(&mut object, path))
            .ok_or_else(|| {
                Failure::message(format!(
                    "{}/{} is not a pod or has no pod template",
                    info.resource.plural, info.name
                ))
            })
            .and_then(&edit);
        if let Err(failure) = edited {
            failures.push(failure);
            continue;
        }
        if object == info.object {
            continue;
        }
        let local = dry_run == DryRun::Client || session.flags.is("local");
        if !local {
            match send(session, &info, &object, dry_run).await {
                Ok(answer) => object = answer,
                Err(failure) => {
                    failures.push(Failure::message(format!(
                        "failed to patch {} update to pod template: {}",
                        patch_noun(&operation),
                        failure.text()
                    )));
                    continue;
                }
            }
        }
        let mut printer = Printer::new(format.clone(), &session.flags, operation.clone());
        let text = printer.print(&object).map_err(Failure::Message)?;
        session.say(&text);
    }
    Failure::gather(failures)
}

fn patch_noun(operation: &str) -> &str {
    operation.split(' ').next().unwrap_or(operation)
}

pub(super) async fn send(
    session: &mut Session<'_>,
    info: &Info,
    object: &Value,
    dry_run: DryRun,
) -> Outcome<Value> {
    use apimachinery::patch::strategic;
    use apimachinery::schema::Schema;
    let patch =
        strategic::create_two_way(Schema::builtin(), &gvk_of(&info.resource), &info.object, object)
            .map_err(|error| Failure::message(error.to_string()))?;
    let manager = session.flags.text("field-manager").to_owned();
    let parameters = query(&[("dryRun", dry_run.query()), ("fieldManager", &manager)]);
    let path = format!("{}{parameters}", info.path());
    session
        .send(Method::PATCH, &path, JSON, Some((STRATEGIC, compact(&patch).into_bytes())))
        .await?
        .json()
}

fn containers<'a>(template: &'a mut Value, field: &str) -> Vec<&'a mut Value> {
    template
        .get_mut("spec")
        .and_then(|spec| spec.get_mut(field))
        .and_then(Value::as_array_mut)
        .map(|list| list.iter_mut().collect())
        .unwrap_or_default()
}

fn images(template: &mut Value, pairs: &[String]) -> Outcome {
    for pair in pairs {
        let (name, image) = pair.split_once('=').unwrap_or((pair, ""));
        let mut found = false;
        for field in ["initContainers", "containers"] {
            for container in containers(template, field) {
                if name == "*" || container.text("name") == name {
                    found = true;
                    set(container, &["image"], Value::from(image));
                }
            }
        }
        if !found {
            return Err(Failure::message(format!(
                "unable to find container named {}",
                go_quote(name)
            )));
        }
    }
    Ok(())
}

fn resources(
    template: &mut Value,
    wanted: &str,
    limits: &Map<String, Value>,
    requests: &Map<String, Value>,
) -> Outcome {
    let names: Vec<&str> = wanted.split(',').collect();
    let mut found = false;
    for container in containers(template, "containers") {
        if wanted != "*" && !names.contains(&container.text("name")) {
            continue;
        }
        found = true;
        for (field, amounts) in [("limits", limits), ("requests", requests)] {
            for (name, amount) in amounts {
                set(container, &["resources", field, name], amount.clone());
            }
        }
    }
    if found {
        Ok(())
    } else {
        Err(Failure::message(format!("unable to find container named {wanted}")))
    }
}

/// The list of a container's variables with one changed; `None` removes it.
pub(super) fn with_variable(container: &mut Value, name: &str, value: Option<Value>) {
    if !container.get("env").is_some_and(Value::is_array) {
        set(container, &["env"], json!([]));
    }
    let Some(list) = container.get_mut("env").and_then(Value::as_array_mut) else { return };
    let at = list.iter().position(|variable| variable.text("name") == name);
    match (at, value) {
        (Some(at), Some(value)) => {
            if let Some(slot) = list.get_mut(at) {
                *slot = value;
            }
        }
        (None, Some(value)) => list.push(value),
        (Some(at), None) => {
            list.remove(at);
        }
        (None, None) => {}
    }
}
