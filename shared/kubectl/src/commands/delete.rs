//! `kubectl delete`.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value};

use super::dry_run::DryRun;
use super::wait::{Waiting, until_deleted};
use crate::client::{Client, JSON};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::select::{Info, Target, Wanted};
use crate::session::Session;
use crate::value::Reading as _;

/// How to delete.
#[derive(Debug, Clone)]
pub(crate) struct DeleteOptions {
    /// Seconds; negative leaves it to the object.
    pub(crate) grace_period: i64,
    pub(crate) propagation: &'static str,
    pub(crate) dry_run: DryRun,
}

impl Default for DeleteOptions {
    fn default() -> Self {
        Self { grace_period: -1, propagation: "Background", dry_run: DryRun::None }
    }
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.text("raw").is_empty() {
        let path = session.flags.text("raw").to_owned();
        let files = session.flags.all("filename").to_vec();
        let body = if files.is_empty() { None } else { Some(session.raw_text(&files)?) };
        return session.send_raw(Method::DELETE, &path, body.map(String::into_bytes)).await;
    }
    if session.flags.is("interactive") {
        return Err(Failure::message(
            "--interactive is not available in the console: it cannot ask back",
        ));
    }
    let options = options(session)?;
    let by_selection = session.flags.is("all")
        || !session.flags.text("selector").is_empty()
        || !session.flags.text("field-selector").is_empty();
    let ignore = session.flags.is("ignore-not-found")
        || (by_selection && !session.flags.changed("ignore-not-found"));
    let wanted = Wanted { names_only: true, go_on: true, ..Wanted::default() };
    let arguments = session.flags.arguments.clone();
    let target = session.target(&arguments, wanted).await?;
    let explicit = session.explicit_namespace;
    let named = !matches!(target, Target::Files(..));
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    let found = visited.infos.len();
    let mut deleted = Vec::new();
    for info in visited.infos {
        if explicit && named && !info.resource.namespaced {
            session.warn("deleting cluster-scoped resources, not scoped to the provided namespace");
        }
        match delete_one(session, &info, &options).await {
            Ok(uid) => deleted.push((info, uid)),
            Err(failure) if ignore && failure.is_not_found() => {}
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)?;
    if found == 0 {
        session.say("No resources found\n");
        return Ok(());
    }
    if session.flags.is("wait") && options.dry_run == DryRun::None {
        let timeout = match session.flags.span("timeout") {
            Some(Duration::ZERO) | None => Duration::from_hours(168),
            Some(given) => given,
        };
        for (info, uid) in deleted {
            let waiting = Waiting { timeout, uid: Some(uid) };
            match until_deleted(session, &info, &waiting).await {
                Err(failure)
                    if failure.has_reason("Forbidden")
                        || failure.has_reason("MethodNotAllowed") => {}
                other => other?,
            }
        }
    }
    Ok(())
}

fn options(session: &mut Session<'_>) -> Outcome<DeleteOptions> {
    let output = session.flags.text("output");
    if !output.is_empty() && output != "name" {
        return Err(Failure::message(format!(
            "unexpected -o output mode: {output}. We only support '-o name'"
        )));
    }
    let propagation = match session.flags.text("cascade") {
        "background" | "true" => "Background",
        "orphan" | "false" => "Orphan",
        "foreground" => "Foreground",
        other => {
            return Err(Failure::message(format!(
                "Invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\"."
            )));
        }
    };
    let force = session.flags.is("force");
    let mut grace_period = session.flags.int("grace-period");
    if session.flags.is("now") {
        if grace_period != -1 {
            return Err(Failure::message("--now and --grace-period cannot be specified together"));
        }
        grace_period = 1;
    }
    if grace_period == 0 && !force {
        grace_period = 1;
    }
    if force && grace_period < 0 {
        grace_period = 0;
    }
    let dry_run = DryRun::of(session)?;
    if grace_period == 0 && force {
        session.warn("Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.");
    } else if grace_period > 0 && force {
        return Err(Failure::message(
            "--force and --grace-period greater than 0 cannot be specified together",
        ));
    }
    Ok(DeleteOptions { grace_period, propagation, dry_run })
}

/// Deletes, prints, and hands back the UID of what was deleted.
async fn delete_one(
    session: &mut Session<'_>,
    info: &Info,
    options: &DeleteOptions,
) -> Outcome<String> {
    let uid = if options.dry_run == DryRun::Client {
        String::new()
    } else {
        let (uid, warnings) = delete_info(&session.client, info, options).await?;
        session.warn_all(&warnings);
        uid
    };
    let text = if session.flags.text("output") == "name" {
        format!("{}\n", info.shown())
    } else {
        said(info, options)
    };
    session.say(&text);
    Ok(uid)
}

/// `pod "web" deleted from default namespace`.
pub(crate) fn said(info: &Info, options: &DeleteOptions) -> String {
    let mut operation =
        if options.grace_period == 0 { "force deleted" } else { "deleted" }.to_owned();
    if info.resource.namespaced {
        operation = format!("{operation} from {} namespace", info.namespace);
    }
    format!(
        "{} \"{}\" {operation}{}\n",
        info.resource.printed_kind(),
        info.name,
        options.dry_run.suffix()
    )
}

/// Sends the DELETE; the UID of the answer and the warnings.
pub(crate) async fn delete_info(
    client: &Client,
    info: &Info,
    options: &DeleteOptions,
) -> Outcome<(String, Vec<String>)> {
    let mut body = Map::new();
    if options.grace_period >= 0 {
        body.insert("gracePeriodSeconds".to_owned(), Value::from(options.grace_period));
    }
    body.insert("propagationPolicy".to_owned(), Value::from(options.propagation));
    let path = format!("{}{}", info.path(), query(&[("dryRun", options.dry_run.query())]));
    let body = Value::Object(body).to_string().into_bytes();
    let answer = client
        .send(Method::DELETE, &path, JSON, Some((JSON, body)))
        .await
        .map_err(|failure| failure.with_source("deleting", &info.source))?;
    let object = answer.json().unwrap_or_default();
    let uid = match object.text("details.uid") {
        "" => object.text("metadata.uid"),
        uid => uid,
    };
    Ok((uid.to_owned(), answer.warnings))
}
