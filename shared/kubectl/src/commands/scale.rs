//! `kubectl scale`.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::dry_run::DryRun;
use super::wait::{Waiting, until};
use crate::client::{JSON, MERGE};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.changed("replicas") {
        return Err(Failure::message("required flag(s) \"replicas\" not set"));
    }
    let replicas = session.flags.int("replicas");
    if replicas < 0 {
        return Err(Failure::message(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if session.flags.int("current-replicas") < -1 {
        return Err(Failure::message(
            "The --current-replicas must specify an integer of -1 or greater",
        ));
    }
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let arguments = session.flags.arguments.clone();
    let wanted = Wanted { all_of_type: session.flags.is("all"), go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    if visited.infos.is_empty() && failures.is_empty() {
        return Err(Failure::message("no objects passed to scale"));
    }
    let operation = format!("scaled{}", dry_run.suffix());
    for info in visited.infos {
        let mut object = info.object.clone();
        if dry_run == DryRun::Client {
            set(&mut object, &["spec", "replicas"], Value::from(replicas));
        } else if let Err(failure) = one(session, &info, replicas, dry_run).await {
            failures.push(failure);
            continue;
        }
        let mut printer = Printer::new(format.clone(), &session.flags, operation.clone());
        let text = printer.print(&object).map_err(Failure::Message)?;
        session.say(&text);
    }
    Failure::gather(failures)
}

async fn one(session: &mut Session<'_>, info: &Info, replicas: i64, dry_run: DryRun) -> Outcome {
    if info.resource.kind == "Job" {
        return Err(Failure::message("scaling a job is not supported"));
    }
    let path = format!("{}/scale{}", info.path(), query(&[("dryRun", dry_run.query())]));
    let expected = session.flags.int("current-replicas");
    let version = session.flags.text("resource-version").to_owned();
    if expected == -1 && version.is_empty() {
        let body = json!({"spec": {"replicas": replicas}}).to_string().into_bytes();
        session.send(Method::PATCH, &path, JSON, Some((MERGE, body))).await?;
    } else {
        let mut scale = session.get(&format!("{}/scale", info.path())).await?;
        let found = scale.int("spec.replicas").unwrap_or(0);
        if expected != -1 && expected != found {
            return Err(Failure::message(format!(
                "Expected replicas to be {expected}, was {found}"
            )));
        }
        let live = scale.text("metadata.resourceVersion").to_owned();
        if !version.is_empty() && version != live {
            return Err(Failure::message(format!(
                "Expected resource version to be {version}, was {live}"
            )));
        }
        set(&mut scale, &["spec", "replicas"], Value::from(replicas));
        session
            .send(Method::PUT, &path, JSON, Some((JSON, scale.to_string().into_bytes())))
            .await?;
    }
    let timeout = session.flags.span("timeout").unwrap_or(Duration::ZERO);
    if !timeout.is_zero() && dry_run == DryRun::None {
        let waiting = Waiting { timeout, uid: None };
        until(session, info, &waiting, |object| {
            let observed =
                object.int("status.observedGeneration") >= object.int("metadata.generation");
            Ok(observed && object.int("status.replicas").unwrap_or(0) == replicas)
        })
        .await?;
    }
    Ok(())
}
