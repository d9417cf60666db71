//! `kubectl create`, from files and from flags, and `kubectl replace`.

use http::Method;
use serde_json::{Value, json};

use super::apply::modified_configuration;
use super::dry_run::{DryRun, field_validation};
use super::{bindings, budgets, generators, ingress, services};
use crate::cli::Verb;
use crate::client::JSON;
use crate::discovery::{Resource, query};
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer, compact};
use crate::select::{Info, Visited, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

const NO_EDIT: &str =
    "--edit opens no editor in the console: change the manifest in an editor cell";

/// `kubectl create -f`.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if session.flags.is("edit") {
        return Err(Failure::message(NO_EDIT));
    }
    if !session.flags.arguments.is_empty() {
        let words = session.flags.arguments.join(" ");
        return Err(session.usage(format!("Unexpected args: [{words}]")));
    }
    let files = session.flags.all("filename").to_vec();
    if files.is_empty() {
        session.err("error: must specify one of -f and -k\n\n");
        let found = crate::cli::find(&["create".to_owned()]);
        let text = crate::cli::help_text(&found.path, found.command);
        session.say(&text);
        return Err(Failure::Exit(1));
    }
    if !session.flags.text("raw").is_empty() {
        return raw(session, &files, Method::POST).await;
    }
    let dry_run = DryRun::of(session)?;
    let validation = field_validation(&session.flags)?;
    let Visited { infos, mut failures } = session.read_files(&files).await?;
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::message("no objects passed to create"));
    }
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let mut printer = Printer::new(format, &session.flags, format!("created{}", dry_run.suffix()));
    for info in infos {
        let object = if session.flags.is("save-config") {
            modified_configuration(&info.object)
        } else {
            info.object.clone()
        };
        let result =
            post(session, &info.resource, &info.namespace, object, dry_run, validation).await;
        match result.map_err(|failure| failure.with_source("creating", &info.source)) {
            Ok(object) => {
                let text = printer.print(&object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

async fn raw(session: &mut Session<'_>, files: &[String], method: Method) -> Outcome {
    let path = session.flags.text("raw").to_owned();
    let text = session.raw_text(files)?;
    session.send_raw(method, &path, Some(text.into_bytes())).await
}

/// Posts an object, unless the client only pretends.
pub(super) async fn post(
    session: &mut Session<'_>,
    resource: &Resource,
    namespace: &str,
    object: Value,
    dry_run: DryRun,
    validation: &str,
) -> Outcome<Value> {
    if dry_run == DryRun::Client {
        return Ok(object);
    }
    let manager = session.flags.text("field-manager").to_owned();
    let parameters = query(&[
        ("dryRun", dry_run.query()),
        ("fieldManager", &manager),
        ("fieldValidation", validation),
    ]);
    let path = format!("{}{parameters}", resource.collection(namespace));
    let body = Some((JSON, compact(&unversioned(object)).into_bytes()));
    session.send(Method::POST, &path, JSON, body).await?.json()
}

/// What is created has no version yet (`Helper.CreateWithOptions` in `cli-runtime/pkg/resource/helper.go`).
pub(super) fn unversioned(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
    }
    object
}

/// The one NAME of a generator.
pub(super) fn name(session: &Session<'_>) -> Outcome<String> {
    let before = session.flags.before_dash.unwrap_or(usize::MAX);
    let count = session.flags.arguments.len().min(before);
    if count != 1 {
        return Err(session.usage(format!("exactly one NAME is required, got {count}")));
    }
    Ok(session.flags.arguments.first().cloned().unwrap_or_default())
}

/// An object with what every generated one has.
pub(super) fn object(
    session: &Session<'_>,
    api_version: &str,
    kind: &str,
    name: &str,
    namespaced: bool,
) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
    if namespaced && session.explicit_namespace {
        set(&mut object, &["metadata", "namespace"], Value::from(session.namespace.clone()));
    }
    object
}

/// `kubectl create KIND NAME`.
pub(super) async fn generate(session: &mut Session<'_>, verb: Verb) -> Outcome {
    required_flags(session, verb)?;
    if verb == Verb::CreateToken {
        return services::token(session).await;
    }
    let name = name(session)?;
    // How kubectl begins the sentence when the server refuses.
    let (object, refused) = match verb {
        Verb::CreateNamespace => (generators::namespace(session, &name), ""),
        Verb::CreateDeployment => {
            (generators::deployment(session, &name)?, "failed to create deployment: ")
        }
        Verb::CreateConfigMap => {
            (generators::config_map(session, &name)?, "failed to create configmap: ")
        }
        Verb::CreateSecretGeneric => {
            (generators::secret(session, &name)?, "failed to create secret ")
        }
        Verb::CreateSecretDocker => {
            (generators::docker_secret(session, &name)?, "failed to create secret ")
        }
        Verb::CreateServiceAccount => (
            object(session, "v1", "ServiceAccount", &name, true),
            "failed to create serviceaccount: ",
        ),
        Verb::CreateQuota => (generators::quota(session, &name)?, "failed to create quota: "),
        Verb::CreateJob => (generators::job(session, &name).await?, "failed to create job: "),
        Verb::CreateCronJob => (generators::cron_job(session, &name), "failed to create cronjob: "),
        Verb::CreateSecretTls => {
            (generators::tls_secret(session, &name)?, "failed to create secret ")
        }
        Verb::CreateDisruptionBudget => {
            (budgets::disruption_budget(session, &name)?, "failed to create poddisruptionbudgets: ")
        }
        Verb::CreatePriorityClass => {
            (budgets::priority_class(session, &name), "failed to create priorityclass: ")
        }
        Verb::CreateIngress => (ingress::ingress(session, &name)?, "failed to create ingress: "),
        Verb::CreateRole => (bindings::role(session, &name, "Role").await?, ""),
        Verb::CreateClusterRole => (bindings::role(session, &name, "ClusterRole").await?, ""),
        Verb::CreateRoleBinding => {
            (bindings::binding(session, &name, "RoleBinding")?, "failed to create rolebinding: ")
        }
        Verb::CreateClusterRoleBinding => (
            bindings::binding(session, &name, "ClusterRoleBinding")?,
            "failed to create clusterrolebinding: ",
        ),
        Verb::CreateServiceClusterIp => (
            services::service(session, &name, "ClusterIP")?,
            "failed to create ClusterIP service: ",
        ),
        Verb::CreateServiceNodePort => {
            (services::service(session, &name, "NodePort")?, "failed to create NodePort service: ")
        }
        Verb::CreateServiceLoadBalancer => (
            services::service(session, &name, "LoadBalancer")?,
            "failed to create LoadBalancer service: ",
        ),
        Verb::CreateServiceExternalName => (
            services::service(session, &name, "ExternalName")?,
            "failed to create ExternalName service: ",
        ),
        _ => return Err(Failure::message("unknown generator")),
    };
    finish(session, object, refused).await
}

/// `MarkFlagRequired`.
fn required_flags(session: &Session<'_>, verb: Verb) -> Outcome {
    let required: &[&str] = match verb {
        Verb::CreateDeployment => &["image"],
        Verb::CreateCronJob => &["image", "schedule"],
        Verb::CreateClusterRoleBinding => &["clusterrole"],
        Verb::CreateServiceExternalName => &["external-name"],
        _ => &[],
    };
    let missing: Vec<String> = required
        .iter()
        .filter(|name| !session.flags.changed(name))
        .map(|name| format!("\"{name}\""))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::message(format!("required flag(s) {} not set", missing.join(", "))))
}

async fn finish(session: &mut Session<'_>, object: Value, refused: &str) -> Outcome {
    let dry_run = DryRun::of(session)?;
    let validation = field_validation(&session.flags)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let object =
        if session.flags.is("save-config") { modified_configuration(&object) } else { object };
    let resource = builtin_resource(&object);
    let namespace = if resource.namespaced { session.namespace.clone() } else { String::new() };
    let result = post(session, &resource, &namespace, object, dry_run, validation).await;
    let object = result.map_err(|failure| match failure {
        Failure::Status(status) if !refused.is_empty() => {
            Failure::Message(format!("{refused}{}", status.message))
        }
        other => other,
    })?;
    let operation = format!("created{}", dry_run.suffix());
    let text =
        Printer::new(format, &session.flags, operation).print(&object).map_err(Failure::Message)?;
    session.say(&text);
    Ok(())
}

/// Where a generated object goes; typed clients of kubectl ask no discovery either.
pub(super) fn builtin_resource(object: &Value) -> Resource {
    let kind = object.text("kind");
    let api_version = object.text("apiVersion");
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let plural = match kind {
        "NetworkPolicy" => "networkpolicies".to_owned(),
        other if other.ends_with('s') => format!("{}es", other.to_lowercase()),
        other => format!("{}s", other.to_lowercase()),
    };
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        singular: kind.to_lowercase(),
        plural,
        namespaced: !matches!(
            kind,
            "Namespace" | "ClusterRole" | "ClusterRoleBinding" | "PriorityClass"
        ),
        ..Resource::default()
    }
}

/// `kubectl replace`.
pub(super) async fn replace(session: &mut Session<'_>) -> Outcome {
    let files = session.flags.all("filename").to_vec();
    if files.is_empty() {
        return Err(session.usage("Must specify --filename to replace"));
    }
    if !session.flags.text("raw").is_empty() {
        return raw(session, &files, Method::PUT).await;
    }
    let dry_run = DryRun::of(session)?;
    let validation = field_validation(&session.flags)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let Visited { infos, mut failures } = session.read_files(&files).await?;
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::message("no objects passed to replace"));
    }
    let force = session.flags.is("force");
    if force {
        delete_all(session, &infos).await?;
    }
    let operation = format!("replaced{}", dry_run.suffix());
    let mut printer = Printer::new(format, &session.flags, operation);
    for info in infos {
        match put(session, &info, dry_run, validation, force).await {
            Ok(object) => {
                let text = printer.print(&object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => failures.push(failure.with_source("replacing", &info.source)),
        }
    }
    Failure::gather(failures)
}

async fn delete_all(session: &mut Session<'_>, infos: &[Info]) -> Outcome {
    let options = super::DeleteOptions {
        grace_period: session.flags.int("grace-period").max(0),
        ..super::DeleteOptions::default()
    };
    for info in infos {
        match super::delete_info(&session.client, info, &options).await {
            Ok((uid, warnings)) => {
                session.warn_all(&warnings);
                let said = super::delete::said(info, &options);
                session.say(&said);
                let waiting = super::wait::Waiting {
                    timeout: std::time::Duration::from_mins(5),
                    uid: Some(uid),
                };
                super::wait::until_deleted(session, info, &waiting).await?;
            }
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

async fn put(
    session: &mut Session<'_>,
    info: &Info,
    dry_run: DryRun,
    validation: &str,
    force: bool,
) -> Outcome<Value> {
    let has_annotation = info
        .object
        .at("metadata.annotations")
        .and_then(|all| all.get(super::apply::LAST_APPLIED))
        .is_some();
    let mut object = if session.flags.is("save-config") || has_annotation {
        modified_configuration(&info.object)
    } else {
        info.object.clone()
    };
    if dry_run == DryRun::Client {
        return Ok(object);
    }
    if force {
        return post(session, &info.resource, &info.namespace, object, dry_run, validation).await;
    }
    if object.text("metadata.resourceVersion").is_empty() {
        let live = session.get(&info.path()).await?;
        set(
            &mut object,
            &["metadata", "resourceVersion"],
            Value::from(live.text("metadata.resourceVersion")),
        );
    }
    let manager = session.flags.text("field-manager").to_owned();
    let parameters = query(&[
        ("dryRun", dry_run.query()),
        ("fieldManager", &manager),
        ("fieldValidation", validation),
    ]);
    let path = format!("{}{parameters}", info.path());
    session
        .send(Method::PUT, &path, JSON, Some((JSON, compact(&object).into_bytes())))
        .await?
        .json()
}

/// [`Session::objects`] for commands that change what is named.
pub(super) async fn named(session: &mut Session<'_>, arguments: &[String]) -> Outcome<Vec<Info>> {
    session.objects(arguments, Wanted { go_on: true, ..Wanted::default() }).await
}
