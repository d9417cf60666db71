//! `kubectl apply`: three-way on the client with the last applied configuration kept in an annotation,
//! or on the server with a field manager (`kubectl/pkg/cmd/apply`).

mod server_side;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::patch::{merge, strategic};
use apimachinery::schema::Schema;
use http::Method;
use serde_json::{Value, json};

use super::create::unversioned;
use super::dry_run::{DryRun, field_validation};
use crate::client::{Answer, Client, JSON, MERGE, STRATEGIC};
use crate::discovery::{Resource, query};
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer, compact};
use crate::select::{Info, Target, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

/// The annotation of the configuration applied last.
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const RETRIES: usize = 5;

/// How to apply.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of kubectl apply")]
pub(crate) struct Options {
    pub(crate) server_side: bool,
    pub(crate) force_conflicts: bool,
    pub(crate) field_manager: String,
    pub(crate) field_validation: &'static str,
    pub(crate) dry_run: DryRun,
    /// Keep the configuration in the annotation; `diff` does not.
    pub(crate) annotate: bool,
    /// `--force`: delete and create when the change is not allowed.
    pub(crate) force: bool,
    pub(crate) subresource: String,
}

/// What came of one object.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    /// `created`, `configured`, `unchanged`, `serverside-applied`.
    pub(crate) operation: &'static str,
    pub(crate) object: Value,
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.arguments.is_empty() {
        let words = session.flags.arguments.join(" ");
        return Err(session.usage(format!("Unexpected args: [{words}]")));
    }
    if session.flags.all("filename").is_empty() {
        return Err(Failure::message("must specify one of -f and -k"));
    }
    let options = options(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let (infos, mut failures) = match session.target(&[], Wanted::default()).await? {
        Target::Files(infos, failures) => (infos, failures),
        Target::Lists(_) | Target::Named(_) => (Vec::new(), Vec::new()),
    };
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::message("no objects passed to apply"));
    }
    let human = matches!(format, Format::Human | Format::Name);
    let mut objects = Vec::new();
    for info in infos {
        let mut said = Vec::new();
        let result = apply_info(&session.client, &info, &options, &mut said).await;
        for warning in said {
            session.warn(&warning);
        }
        match result {
            Ok(applied) if human => {
                let operation = format!("{}{}", applied.operation, options.dry_run.suffix());
                let mut printer = Printer::new(format.clone(), &session.flags, operation);
                let text = printer.print(&applied.object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Ok(applied) => objects.push(applied.object),
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)?;
    if !human {
        let value = match objects.as_slice() {
            [single] => single.clone(),
            several => {
                json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": several})
            }
        };
        let text =
            Printer::new(format, &session.flags, "").print(&value).map_err(Failure::Message)?;
        session.say(&text);
    }
    Ok(())
}

fn options(session: &mut Session<'_>) -> Outcome<Options> {
    let flags = &session.flags;
    for (name, why) in [("prune", "--prune"), ("applyset", "--applyset")] {
        if flags.changed(name) && flags.text(name) != "false" {
            return Err(Failure::message(format!(
                "{why} is not available in the console: delete the objects by name"
            )));
        }
    }
    let server_side = flags.is("server-side");
    let force_conflicts = flags.is("force-conflicts");
    if force_conflicts && !server_side {
        return Err(Failure::message("--force-conflicts only works with --server-side"));
    }
    let field_manager = match flags.text("field-manager") {
        "kubectl-client-side-apply" if server_side => "kubectl",
        given => given,
    };
    let mut options = Options {
        server_side,
        force_conflicts,
        field_manager: field_manager.to_owned(),
        field_validation: field_validation(flags)?,
        dry_run: DryRun::None,
        annotate: true,
        force: flags.is("force"),
        subresource: flags.text("subresource").to_owned(),
    };
    options.dry_run = DryRun::of(session)?;
    if options.dry_run == DryRun::Client && server_side {
        return Err(Failure::message(
            "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)",
        ));
    }
    if options.force && server_side {
        return Err(Failure::message("--force cannot be used with --server-side"));
    }
    Ok(options)
}

/// Applies one object; warnings go to `said`.
pub(crate) async fn apply_info(
    client: &Client,
    info: &Info,
    options: &Options,
    said: &mut Vec<String>,
) -> Outcome<Applied> {
    let generate = info.object.text("metadata.generateName");
    if info.name.is_empty() && !generate.is_empty() {
        return Err(Failure::message(format!(
            "from {generate}: cannot use generate name with apply"
        )));
    }
    if options.server_side {
        return server_side::apply(client, info, options, said).await;
    }
    let current = match client.get(&info.path()).await {
        Ok(current) => current,
        Err(failure) if failure.is_not_found() => return create(client, info, options, said).await,
        Err(failure) => {
            let doing = format!(
                "retrieving current configuration of:\n{}\nfrom server for:",
                described(info)
            );
            return Err(failure.with_source(&doing, &info.source));
        }
    };
    if current.at("metadata.annotations").and_then(|all| all.get(LAST_APPLIED)).is_none() {
        said.push(format!(
            "resource {} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            info.object_name()
        ));
    }
    update(client, info, current, options, said).await
}

async fn create(
    client: &Client,
    info: &Info,
    options: &Options,
    said: &mut Vec<String>,
) -> Outcome<Applied> {
    let mut object = if options.annotate {
        modified_configuration(&info.object)
    } else {
        plain_configuration(&info.object)
    };
    prune_nulls(&mut object);
    if options.dry_run == DryRun::Client {
        return Ok(Applied { operation: "created", object });
    }
    let parameters = query(&[
        ("dryRun", options.dry_run.query()),
        ("fieldManager", &options.field_manager),
        ("fieldValidation", options.field_validation),
    ]);
    let path = format!("{}{parameters}", info.resource.collection(&info.namespace));
    let body = Some((JSON, compact(&unversioned(object)).into_bytes()));
    let answer = client.send(Method::POST, &path, JSON, body).await;
    let answer = answer.map_err(|failure| failure.with_source("creating", &info.source))?;
    let object = take(answer, said)?;
    Ok(Applied { operation: "created", object })
}

async fn update(
    client: &Client,
    info: &Info,
    mut current: Value,
    options: &Options,
    said: &mut Vec<String>,
) -> Outcome<Applied> {
    let modified = if options.annotate {
        modified_configuration(&info.object)
    } else {
        plain_configuration(&info.object)
    };
    let mut attempt = 0;
    loop {
        let (patch, kind) = three_way(&info.resource, &modified, &current)
            .map_err(|error| Failure::message(error).with_source("patching", &info.source))
            .map_err(|failure| with_patch(failure, "", info))?;
        let text = compact(&patch);
        if text == "{}" {
            warn_deleting(info, &current, said);
            return Ok(Applied { operation: "unchanged", object: current });
        }
        if options.dry_run == DryRun::Client {
            let object = local(&info.resource, &current, &patch, kind)
                .map_err(|error| with_patch(Failure::message(error), &text, info))?;
            return Ok(Applied { operation: "configured", object });
        }
        let parameters = query(&[
            ("dryRun", options.dry_run.query()),
            ("fieldManager", &options.field_manager),
            ("fieldValidation", options.field_validation),
        ]);
        let path = format!("{}{parameters}", info.path());
        let body = Some((kind, text.clone().into_bytes()));
        match client.send(Method::PATCH, &path, JSON, body).await {
            Ok(answer) => {
                let object = take(answer, said)?;
                warn_deleting(info, &object, said);
                return Ok(Applied { operation: "configured", object });
            }
            Err(failure) if failure.has_reason("Conflict") && attempt < RETRIES => {
                attempt += 1;
                current = client.get(&info.path()).await?;
            }
            Err(failure)
                if options.force
                    && (failure.has_reason("Conflict") || failure.has_reason("Invalid")) =>
            {
                let object = replace_by_force(client, info, &modified, options, said).await?;
                return Ok(Applied { operation: "configured", object });
            }
            Err(failure) => {
                return Err(with_patch(failure.with_source("patching", &info.source), &text, info));
            }
        }
    }
}

/// `deleteAndCreate` of `patcher.go`.
async fn replace_by_force(
    client: &Client,
    info: &Info,
    modified: &Value,
    options: &Options,
    said: &mut Vec<String>,
) -> Outcome<Value> {
    let body = json!({"propagationPolicy": "Background"}).to_string().into_bytes();
    client.send(Method::DELETE, &info.path(), JSON, Some((JSON, body))).await?;
    loop {
        match client.get(&info.path()).await {
            Ok(_) => client.kubectl.clock.sleep(std::time::Duration::from_secs(1)).await,
            Err(failure) if failure.is_not_found() => break,
            Err(failure) => return Err(failure),
        }
    }
    let parameters = query(&[
        ("fieldManager", &options.field_manager),
        ("fieldValidation", options.field_validation),
    ]);
    let path = format!("{}{parameters}", info.resource.collection(&info.namespace));
    let body = Some((JSON, compact(&unversioned(modified.clone())).into_bytes()));
    take(client.send(Method::POST, &path, JSON, body).await?, said)
}

fn take(answer: Answer, said: &mut Vec<String>) -> Outcome<Value> {
    said.extend(answer.warnings.iter().cloned());
    answer.json()
}

fn with_patch(failure: Failure, patch: &str, info: &Info) -> Failure {
    failure.with_source(
        &format!("applying patch:\n{patch}\nto:\n{}\nfor:", described(info)),
        &info.source,
    )
}

fn warn_deleting(info: &Info, object: &Value, said: &mut Vec<String>) {
    if object.has("metadata.deletionTimestamp") {
        said.push(format!(
            "Detected changes to resource {} which is currently being deleted.",
            info.name
        ));
    }
}

/// `info.String()`.
fn described(info: &Info) -> String {
    let Resource { group, version, kind, plural, .. } = &info.resource;
    format!(
        "Resource: \"{group}/{version}, Resource={plural}\", GroupVersionKind: \"{group}/{version}, Kind={kind}\"\nName: \"{}\", Namespace: \"{}\"",
        info.name, info.namespace
    )
}

/// The object with itself as its last applied configuration (`GetModifiedConfiguration`).
pub(crate) fn modified_configuration(object: &Value) -> Value {
    let mut modified = plain_configuration(object);
    let text = format!("{}\n", compact(&modified));
    set(&mut modified, &["metadata", "annotations", LAST_APPLIED], Value::from(text));
    modified
}

/// The object without its last applied configuration, but with annotations.
fn plain_configuration(object: &Value) -> Value {
    let mut modified = object.clone();
    let annotations = modified
        .at("metadata.annotations")
        .and_then(Value::as_object)
        .map(|all| {
            all.iter()
                .filter(|(key, _)| *key != LAST_APPLIED)
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect()
        })
        .unwrap_or_default();
    set(&mut modified, &["metadata", "annotations"], Value::Object(annotations));
    modified
}

/// The patch from the current object to the modified one, and its content type.
pub(crate) fn three_way(
    resource: &Resource,
    modified: &Value,
    current: &Value,
) -> Result<(Value, &'static str), String> {
    let original = current
        .at("metadata.annotations")
        .and_then(|all| all.get(LAST_APPLIED))
        .and_then(Value::as_str)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| json!({}));
    let schema = Schema::builtin();
    let gvk = gvk_of(resource);
    if schema.kind(&gvk).is_some() {
        let patch = strategic::create_three_way(schema, &gvk, &original, modified, current)
            .map_err(|error| error.to_string())?;
        return Ok((patch, STRATEGIC));
    }
    Ok((merge::create_three_way(&original, modified, current), MERGE))
}

pub(crate) fn gvk_of(resource: &Resource) -> GroupVersionKind {
    GroupVersionKind {
        group: resource.group.clone(),
        version: resource.version.clone(),
        kind: resource.kind.clone(),
    }
}

fn local(resource: &Resource, current: &Value, patch: &Value, kind: &str) -> Result<Value, String> {
    if kind == STRATEGIC {
        strategic::apply(Schema::builtin(), &gvk_of(resource), current, patch)
            .map_err(|error| error.to_string())
    } else {
        merge::apply(current, patch).map_err(|error| error.to_string())
    }
}

fn prune_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `kubectl apply view-last-applied`.
pub(super) async fn view_last(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let infos =
        session.objects(&arguments, Wanted { all_of_type: true, ..Wanted::default() }).await?;
    for info in infos {
        let text = info
            .object
            .at("metadata.annotations")
            .and_then(|all| all.get(LAST_APPLIED))
            .and_then(Value::as_str);
        let Some(text) = text else {
            return Err(Failure::message(format!(
                "no last-applied-configuration annotation found on resource: {}",
                info.name
            )));
        };
        let value: Value =
            serde_json::from_str(text).map_err(|error| Failure::message(error.to_string()))?;
        let text = match session.flags.text("output") {
            "json" => crate::print::pretty_by_two(&value),
            "" | "yaml" => crate::manifest::to_yaml(&value),
            other => {
                return Err(session.usage(format!(
                    "Unexpected -o output mode: {other}, the flag 'output' must be one of yaml|json"
                )));
            }
        };
        session.say(&text);
    }
    Ok(())
}
