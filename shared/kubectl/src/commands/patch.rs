//! `kubectl patch`.

use http::Method;
use serde_json::Value;

use super::apply::gvk_of;
use super::create::named;
use super::dry_run::DryRun;
use crate::client::{JSON, JSON_PATCH, MERGE, STRATEGIC};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::manifest;
use crate::print::{Format, Printer};
use crate::select::Info;
use crate::session::Session;

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let flags = &session.flags;
    let (text, file) = (flags.text("patch").to_owned(), flags.text("patch-file").to_owned());
    let text = match (text.is_empty(), file.is_empty()) {
        (false, false) => {
            return Err(Failure::message("cannot specify --patch and --patch-file together"));
        }
        (true, true) => {
            return Err(Failure::message(
                "must specify --patch or --patch-file containing the contents of the patch",
            ));
        }
        (false, true) => text,
        (true, false) => session.files.read(&file).ok_or_else(|| {
            Failure::message(format!(
                "unable to read patch file: open {file}: no such file or directory"
            ))
        })?,
    };
    let kind = match flags.text("type").to_lowercase().as_str() {
        "json" => JSON_PATCH,
        "merge" => MERGE,
        "strategic" => STRATEGIC,
        _ => {
            return Err(Failure::message(format!(
                "--type must be one of [json merge strategic], not {}",
                crate::failure::go_quote(flags.text("type"))
            )));
        }
    };
    let patch = parse(&text)?;
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let arguments = session.flags.arguments.clone();
    let infos = named(session, &arguments).await?;
    if infos.is_empty() {
        return Err(Failure::message("no objects passed to patch"));
    }
    for info in infos {
        let object = one(session, &info, &patch, kind, dry_run).await?;
        let operation = if object == info.object { "patched (no change)" } else { "patched" };
        let operation = format!("{operation}{}", dry_run.suffix());
        let text = Printer::new(format.clone(), &session.flags, operation)
            .print(&object)
            .map_err(Failure::Message)?;
        session.say(&text);
    }
    Ok(())
}

/// `yaml.ToJSON` of the patch.
fn parse(text: &str) -> Outcome<Value> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let documents = manifest::read(text).map_err(|error| {
        Failure::message(format!("unable to parse {}: {error}", crate::failure::go_quote(text)))
    })?;
    Ok(documents.into_iter().next().map(|document| document.value).unwrap_or_default())
}

async fn one(
    session: &mut Session<'_>,
    info: &Info,
    patch: &Value,
    kind: &str,
    dry_run: DryRun,
) -> Outcome<Value> {
    if dry_run == DryRun::Client || session.flags.is("local") {
        return local(info, patch, kind).map_err(Failure::Message);
    }
    let manager = session.flags.text("field-manager").to_owned();
    let parameters = query(&[("dryRun", dry_run.query()), ("fieldManager", &manager)]);
    let subresource = match session.flags.text("subresource") {
        "" => String::new(),
        name => format!("/{name}"),
    };
    let path = format!("{}{subresource}{parameters}", info.path());
    let body = Some((kind, patch.to_string().into_bytes()));
    let answer = session.send(Method::PATCH, &path, JSON, body).await.map_err(|failure| {
        if failure.has_reason("UnsupportedMediaType") {
            let resource = &info.resource;
            return Failure::Message(format!(
                "{kind} is not supported by {}, Kind={}: {}",
                resource.api_version(),
                resource.kind,
                failure.text()
            ));
        }
        failure
    })?;
    answer.json()
}

fn local(info: &Info, patch: &Value, kind: &str) -> Result<Value, String> {
    use apimachinery::patch::{json, merge, strategic};
    use apimachinery::schema::Schema;
    match kind {
        JSON_PATCH => json::apply(&info.object, patch).map_err(|error| error.to_string()),
        MERGE => merge::apply(&info.object, patch).map_err(|error| error.to_string()),
        _ => strategic::apply(Schema::builtin(), &gvk_of(&info.resource), &info.object, patch)
            .map_err(|error| error.to_string()),
    }
}
