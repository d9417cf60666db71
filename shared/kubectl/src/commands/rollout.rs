//! `kubectl rollout`.

use serde_json::Value;

use super::dry_run::DryRun;
use super::history;
use super::set::send;
use super::status_viewer::status as status_of;
use crate::cli::Verb;
use crate::client::JSON;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer};
use crate::select::{Info, Wanted, list_query};
use crate::session::Session;
use crate::stream::Next;
use crate::value::{Reading as _, set};

async fn infos(session: &mut Session<'_>) -> Outcome<(Vec<Info>, Vec<Failure>)> {
    if session.flags.arguments.is_empty() && session.flags.all("filename").is_empty() {
        return Err(Failure::message("required resource not specified"));
    }
    let arguments = session.flags.arguments.clone();
    let wanted = Wanted { all_of_type: true, go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    Ok((visited.infos, visited.failures))
}

fn none_found(session: &mut Session<'_>) {
    let said = format!("No resources found in {} namespace.\n", session.namespace);
    session.err(&said);
}

/// `kubectl rollout status`.
pub(super) async fn status(session: &mut Session<'_>) -> Outcome {
    if session.flags.int("revision") < 0 {
        return Err(Failure::message(format!(
            "revision must be a positive integer: {}",
            session.flags.int("revision")
        )));
    }
    let (infos, failures) = infos(session).await?;
    Failure::gather(failures)?;
    if infos.is_empty() {
        none_found(session);
    }
    for info in infos {
        follow(session, &info).await?;
    }
    Ok(())
}

async fn follow(session: &mut Session<'_>, info: &Info) -> Outcome {
    let revision = session.flags.int("revision");
    let wait = session.flags.is("watch");
    let kind = info.resource.kind.clone();
    let fields = format!("metadata.name={}", info.name);
    let collection = info.resource.collection(&info.namespace);
    let page = session
        .get(&format!("{collection}{}", list_query("", &fields, &[("limit", "500")])))
        .await?;
    let version = page.text("metadata.resourceVersion").to_owned();
    if let Some(object) = page.list("items").first() {
        let (text, done) = status_of(&kind, object, revision)?;
        session.say(&text);
        if done || !wait {
            return Ok(());
        }
    }
    let query = list_query(
        "",
        &fields,
        &[("watch", "true"), ("allowWatchBookmarks", "true"), ("resourceVersion", &version)],
    );
    let mut watch = session.client.watch(&format!("{collection}{query}"), JSON).await?;
    let clock = std::sync::Arc::clone(&session.client.kubectl.clock);
    let timeout = session.flags.span("timeout").filter(|timeout| !timeout.is_zero());
    let mut limit = timeout.map(|timeout| clock.sleep(timeout));
    loop {
        match watch.next(&mut limit).await {
            Next::Item((event, object)) if event == "ADDED" || event == "MODIFIED" => {
                let (text, done) = status_of(&kind, &object, revision)?;
                session.say(&text);
                if done || !wait {
                    return Ok(());
                }
            }
            Next::Item((event, _)) if event == "DELETED" => {
                return Err(Failure::message("object has been deleted"));
            }
            Next::Item((event, object)) if event == "ERROR" => {
                return Err(super::status_of(object));
            }
            Next::Item(_) => {}
            Next::Timeout => return Err(Failure::message("timed out waiting for the condition")),
            Next::End => return Err(Failure::message("the watch ended before the rollout did")),
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}

/// `kubectl rollout history`.
pub(super) async fn history(session: &mut Session<'_>) -> Outcome {
    let revision = session.flags.int("revision");
    if revision < 0 {
        return Err(Failure::message(format!("revision must be a positive integer: {revision}")));
    }
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let (infos, mut failures) = infos(session).await?;
    for info in infos {
        let result = if format.is_human() {
            history::text(&session.client, &info, revision).await.map(|text| {
                let with =
                    if revision > 0 { format!("with revision #{revision}") } else { String::new() };
                crate::print::name_line(&info.object, &format!("{with}\n{text}"))
            })
        } else {
            let mut printer = Printer::new(format.clone(), &session.flags, "");
            match history::objects(&session.client, &info, revision).await {
                Ok(objects) => objects
                    .iter()
                    .map(|object| printer.print(object).map_err(Failure::Message))
                    .collect::<Outcome<String>>(),
                Err(failure) => Err(failure),
            }
        };
        match result {
            Ok(text) => session.say(&text),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

/// `kubectl rollout undo`.
pub(super) async fn undo(session: &mut Session<'_>) -> Outcome {
    let dry_run = DryRun::of(session)?;
    let to = session.flags.int("to-revision");
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let (infos, mut failures) = infos(session).await?;
    for info in infos {
        let applied = info
            .object
            .at("metadata.annotations")
            .is_some_and(|all| all.get(super::apply::LAST_APPLIED).is_some());
        if applied {
            session.warn(&format!(
                "resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.",
                info.resource.plural,
                info.name,
                super::apply::LAST_APPLIED
            ));
        }
        match history::undo(session, &info, to, dry_run).await {
            Ok(operation) => {
                let mut printer = Printer::new(format.clone(), &session.flags, operation);
                let text = printer.print(&info.object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

/// `kubectl rollout pause`, `restart` and `resume`.
pub(super) async fn change(session: &mut Session<'_>, verb: Verb) -> Outcome {
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let (infos, mut failures) = infos(session).await?;
    if infos.is_empty() && failures.is_empty() {
        none_found(session);
        return Ok(());
    }
    let now = session.client.kubectl.clock.now();
    let now = apimachinery::time::format_rfc3339(now);
    let operation = match verb {
        Verb::RolloutPause => "paused",
        Verb::RolloutResume => "resumed",
        _ => "restarted",
    };
    for info in infos {
        let mut object = info.object.clone();
        if let Err(failure) = edit(verb, &info, &mut object, &now) {
            let shown = info.resource.group_resource();
            failures.push(Failure::message(format!(
                "error: {shown} {} {}",
                go_quote(&info.name),
                failure.text()
            )));
            continue;
        }
        match send(session, &info, &object, DryRun::None).await {
            Ok(object) => {
                let mut printer = Printer::new(format.clone(), &session.flags, operation);
                let text = printer.print(&object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => {
                failures.push(Failure::message(format!("failed to patch: {}", failure.text())));
            }
        }
    }
    Failure::gather(failures)
}

fn edit(verb: Verb, info: &Info, object: &mut Value, now: &str) -> Outcome {
    let kind = info.resource.kind.as_str();
    if verb == Verb::RolloutRestart {
        return match kind {
            "Deployment" | "DaemonSet" | "StatefulSet" => history::restart(object, now),
            _ => Err(Failure::message("restarting is not supported")),
        };
    }
    let word = if verb == Verb::RolloutPause { "pausing" } else { "resuming" };
    if kind != "Deployment" {
        return Err(Failure::message(format!("{word} is not supported")));
    }
    let pause = verb == Verb::RolloutPause;
    if info.object.truth("spec.paused") == pause {
        let state = if pause { "is already paused" } else { "is not paused" };
        return Err(Failure::message(state));
    }
    if pause {
        set(object, &["spec", "paused"], Value::Bool(true));
    } else {
        crate::value::remove(object, &["spec", "paused"]);
    }
    Ok(())
}
