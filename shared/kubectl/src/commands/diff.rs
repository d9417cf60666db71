//! `kubectl diff`: what `kubectl apply` would change, asked of the server with a dry run.

use http::Method;
use serde_json::{Map, Value};
use similar::TextDiff;

use super::apply::{Options, apply_info};
use super::dry_run::DryRun;
use crate::client::Client;
use crate::failure::{Failure, Outcome};
use crate::manifest::to_yaml;
use crate::print::without_managed_fields;
use crate::select::{Info, Target, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, remove, set};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.arguments.is_empty() {
        let words = session.flags.arguments.join(" ");
        return Err(session.usage(format!("Unexpected args: [{words}]")));
    }
    if session.flags.all("filename").is_empty() {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    let server_side = session.flags.is("server-side");
    let options = options(session, server_side);
    let target = session.target(&[], Wanted::default()).await?;
    let Target::Files(infos, mut failures) = target else { return Ok(()) };
    let mut different = false;
    let keep = session.flags.is("show-managed-fields");
    let show_secrets = session.flags.is("show-secrets");
    for info in infos {
        match preview(&session.client, &info, &options).await {
            Ok((before, after)) => {
                let name = file_name(&info);
                let (before, after) =
                    if show_secrets { (before, after) } else { masked(before, after) };
                let text = unified(
                    &name,
                    &yaml(&before, keep),
                    &yaml(&after, keep),
                    session.client.kubectl.clock.now(),
                );
                different |= !text.is_empty();
                session.say(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)?;
    if different { Err(Failure::Exit(1)) } else { Ok(()) }
}

fn options(session: &Session<'_>, server_side: bool) -> Options {
    let manager = match session.flags.text("field-manager") {
        "kubectl-client-side-apply" if server_side => "kubectl",
        given => given,
    };
    Options {
        server_side,
        force_conflicts: session.flags.is("force-conflicts"),
        field_manager: manager.to_owned(),
        field_validation: "",
        dry_run: DryRun::Server,
        annotate: false,
        force: false,
        subresource: String::new(),
    }
}

/// The object as it is and as it would be; null when it does not exist yet.
pub(crate) async fn preview(
    client: &Client,
    info: &Info,
    options: &Options,
) -> Outcome<(Value, Value)> {
    let before = match client.send(Method::GET, &info.path(), crate::client::JSON, None).await {
        Ok(answer) => answer.json()?,
        Err(failure) if failure.is_not_found() => Value::Null,
        Err(failure) => return Err(failure),
    };
    let mut said = Vec::new();
    let applied = apply_info(client, info, options, &mut said).await?;
    Ok((before, applied.object))
}

fn yaml(object: &Value, keep_managed_fields: bool) -> String {
    if object.is_null() {
        return String::new();
    }
    if keep_managed_fields { to_yaml(object) } else { to_yaml(&without_managed_fields(object)) }
}

/// `v1.ConfigMap.default.settings`, the name of the file that kubectl would compare.
fn file_name(info: &Info) -> String {
    let group = if info.resource.group.is_empty() {
        String::new()
    } else {
        format!("{}.", info.resource.group)
    };
    format!(
        "{group}{}.{}.{}.{}",
        info.resource.version, info.resource.kind, info.namespace, info.name
    )
}

/// Values of secrets are stars; changed ones say before and after.
fn masked(mut before: Value, mut after: Value) -> (Value, Value) {
    if after.text("kind") != "Secret" {
        return (before, after);
    }
    let data =
        |object: &Value| object.at("data").and_then(Value::as_object).cloned().unwrap_or_default();
    let (old, new) = (data(&before), data(&after));
    let star =
        |map: &Map<String, Value>, other: &Map<String, Value>, word: &str| -> Map<String, Value> {
            map.iter()
                .map(|(key, value)| {
                    let changed = other.get(key).is_some_and(|other| other != value);
                    let text = if changed { format!("*** ({word})") } else { "***".to_owned() };
                    (key.clone(), Value::from(text))
                })
                .collect()
        };
    let (stars_old, stars_new) = (star(&old, &new, "before"), star(&new, &old, "after"));
    for (object, stars) in [(&mut before, stars_old), (&mut after, stars_new)] {
        if object.has("data") {
            set(object, &["data"], Value::Object(stars));
        }
        remove(object, &["metadata", "annotations", super::apply::LAST_APPLIED]);
    }
    (before, after)
}

/// The output of `diff -u -N`.
fn unified(name: &str, before: &str, after: &str, now: jiff::Timestamp) -> String {
    if before == after {
        return String::new();
    }
    let time =
        now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S.%9f +0000").to_string();
    let (old, new) = (format!("LIVE/{name}"), format!("MERGED/{name}"));
    let diff = TextDiff::from_lines(before, after);
    let body = diff
        .unified_diff()
        .context_radius(3)
        .header(&format!("{old}\t{time}"), &format!("{new}\t{time}"))
        .to_string();
    format!("diff -u -N {old} {new}\n{body}")
}
