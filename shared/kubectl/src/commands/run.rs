//! `kubectl run`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::create::post;
use super::dry_run::DryRun;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer};
use crate::select::Info;
use crate::session::Session;
use crate::value::{Reading as _, set};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.changed("image") {
        return Err(Failure::message("required flag(s) \"image\" not set"));
    }
    let arguments = session.flags.arguments.clone();
    let Some(name) = arguments.first().filter(|_| session.flags.before_dash != Some(0)) else {
        return Err(session.usage("NAME is required for run"));
    };
    check(session)?;
    let dry_run = DryRun::of(session)?;
    let attach = session.flags.is("attach")
        || (session.flags.is("stdin") && !session.flags.changed("attach"));
    if !attach && session.flags.is("rm") {
        return Err(session.usage("--rm should only be used for attached containers"));
    }
    if attach && dry_run != DryRun::None {
        return Err(session.usage(
            "--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)",
        ));
    }
    let words = arguments.get(1..).unwrap_or(&[]).to_vec();
    let pod = overridden(session, pod(session, name, &words)?)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let namespace = session.namespace.clone();
    let resource = super::create::builtin_resource(&pod);
    let created = post(session, &resource, &namespace, pod, dry_run, "").await?;
    let operation = format!("created{}", dry_run.suffix());
    let mut printer = Printer::new(format, &session.flags, operation);
    if session.flags.is("expose") {
        let service = service(session, name)?;
        let resource = super::create::builtin_resource(&service);
        let service = post(session, &resource, &namespace, service, dry_run, "").await?;
        let text = printer.print(&service).map_err(Failure::Message)?;
        session.say(&text);
    }
    if attach {
        let info = Info {
            resource,
            namespace,
            name: name.clone(),
            object: created,
            source: String::new(),
        };
        return attached(session, &info).await;
    }
    let text = printer.print(&created).map_err(Failure::Message)?;
    session.say(&text);
    Ok(())
}

fn check(session: &Session<'_>) -> Outcome {
    let flags = &session.flags;
    let image = flags.text("image");
    if image.is_empty() {
        return Err(Failure::message("--image is required"));
    }
    if !is_image(image) {
        return Err(Failure::message(format!(
            "Invalid image name {}: invalid reference format",
            go_quote(image)
        )));
    }
    if flags.is("tty") && !flags.is("stdin") {
        return Err(session.usage("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if flags.is("expose") && flags.text("port").is_empty() {
        return Err(session.usage("--port must be set when exposing a service"));
    }
    let restart = flags.text("restart");
    if !matches!(restart, "" | "Always" | "OnFailure" | "Never") {
        return Err(session.usage(format!("invalid restart policy: {restart}")));
    }
    let pull = flags.text("image-pull-policy");
    if !matches!(pull, "" | "Always" | "IfNotPresent" | "Never") {
        return Err(session.usage(format!("invalid image pull policy: {pull}")));
    }
    Ok(())
}

/// Whether an image's reference is well formed, as far as people get it wrong (`distribution/reference`).
pub(super) fn is_image(image: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    let repository =
        image.split('@').next().unwrap_or(image).rsplit_once('/').map_or(image, |(_, last)| last);
    let repository = repository.split(':').next().unwrap_or(repository);
    image.chars().all(good) && !repository.chars().any(|c| c.is_ascii_uppercase())
}

/// `BasicPod.Generate`.
fn pod(session: &Session<'_>, name: &str, words: &[String]) -> Outcome<Value> {
    let flags = &session.flags;
    let mut container = json!({"name": name, "image": flags.text("image"), "resources": {}});
    if !words.is_empty() {
        let field = if flags.is("command") { "command" } else { "args" };
        set(&mut container, &[field], json!(words));
    }
    let mut variables = Vec::new();
    for pair in flags.all("env") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                variables.push(json!({"name": name, "value": value}));
            }
            _ => return Err(Failure::message(format!("invalid env: {pair}"))),
        }
    }
    if !variables.is_empty() {
        set(&mut container, &["env"], Value::Array(variables));
    }
    if !flags.text("port").is_empty() {
        let port: i64 = flags.text("port").parse().map_err(|error| {
            Failure::message(format!(
                "strconv.Atoi: parsing {}: {error}",
                go_quote(flags.text("port"))
            ))
        })?;
        set(&mut container, &["ports"], json!([{"containerPort": port}]));
    }
    let pull = flags.text("image-pull-policy");
    if !pull.is_empty() {
        set(&mut container, &["imagePullPolicy"], Value::from(pull));
    }
    if flags.is("stdin") {
        set(&mut container, &["stdin"], Value::Bool(true));
        set(&mut container, &["stdinOnce"], Value::Bool(!flags.is("leave-stdin-open")));
    }
    if flags.is("tty") {
        set(&mut container, &["tty"], Value::Bool(true));
    }
    if flags.is("privileged") {
        set(&mut container, &["securityContext", "privileged"], Value::Bool(true));
    }
    let restart = match flags.text("restart") {
        "" => "Always",
        given => given,
    };
    let labels = match flags.text("labels") {
        "" => json!({"run": name}),
        given => Value::Object(labels(given)?),
    };
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        "status": {},
    });
    if session.explicit_namespace {
        set(&mut pod, &["metadata", "namespace"], Value::from(session.namespace.clone()));
    }
    let annotations = flags.all("annotations").join(",");
    if !annotations.is_empty() {
        set(&mut pod, &["metadata", "annotations"], Value::Object(labels_of(&annotations)?));
    }
    Ok(pod)
}

/// `--overrides`: a merge patch of the object.
pub(super) fn overridden(session: &Session<'_>, object: Value) -> Outcome<Value> {
    let text = session.flags.text("overrides");
    if text.is_empty() {
        return Ok(object);
    }
    let patch: Value = serde_json::from_str(text)
        .map_err(|error| Failure::message(format!("Invalid JSON Patch: {error}")))?;
    match session.flags.text("override-type") {
        "strategic" => {
            let gvk = apimachinery::gvk::GroupVersionKind::of(
                object.text("apiVersion"),
                object.text("kind"),
            );
            let schema = apimachinery::schema::Schema::builtin();
            apimachinery::patch::strategic::apply(schema, &gvk, &object, &patch)
                .map_err(|error| Failure::message(error.to_string()))
        }
        "json" => apimachinery::patch::json::apply(&object, &patch)
            .map_err(|error| Failure::message(error.to_string())),
        _ => apimachinery::patch::merge::apply(&object, &patch)
            .map_err(|error| Failure::message(error.to_string())),
    }
}

/// `ParseLabels`.
pub(super) fn labels(text: &str) -> Outcome<Map<String, Value>> {
    labels_of(text)
}

fn labels_of(text: &str) -> Outcome<Map<String, Value>> {
    let mut map = Map::new();
    for pair in text.split(',') {
        let parts: Vec<&str> = pair.split('=').collect();
        match parts.as_slice() {
            ["", _] => return Err(Failure::message("unexpected empty label key")),
            [key, value] => map.insert((*key).to_owned(), Value::from(*value)),
            _ => return Err(Failure::message(format!("unexpected label spec: {pair}"))),
        };
    }
    Ok(map)
}

fn service(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let port: i64 = session.flags.text("port").parse().map_err(|error| {
        Failure::message(format!(
            "strconv.Atoi: parsing {}: {error}",
            go_quote(session.flags.text("port"))
        ))
    })?;
    let selector = match session.flags.text("labels") {
        "" => json!({"run": name}),
        given => Value::Object(labels_of(given)?),
    };
    Ok(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": selector},
        "status": {"loadBalancer": {}},
    }))
}

/// `-i` and `--attach`.
async fn attached(session: &mut Session<'_>, info: &Info) -> Outcome {
    let outcome = if super::terminal::opens(session) {
        talked(session, info).await
    } else {
        watched(session, info).await
    };
    if session.flags.is("rm") {
        let options = super::DeleteOptions::default();
        super::delete_info(&session.client, info, &options).await?;
        let said = super::delete::said(info, &options);
        session.say(&said);
    }
    outcome
}

fn once(session: &Session<'_>) -> bool {
    matches!(session.flags.text("restart"), "Never" | "OnFailure")
}

fn waiting(session: &Session<'_>) -> super::wait::Waiting {
    let timeout = session.flags.span("pod-running-timeout").unwrap_or(Duration::from_mins(1));
    super::wait::Waiting { timeout, uid: None }
}

/// `handleAttachPod`: attaches when the pod is ready, and shows what came before that.
async fn talked(session: &mut Session<'_>, info: &Info) -> Outcome {
    let ready = |pod: &Value| {
        let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
        Ok(ended || (pod.text("status.phase") == "Running" && super::pods::is_ready(pod)))
    };
    let limits = waiting(session);
    let pod = super::wait::until(session, info, &limits, ready).await?;
    say_log(session, info).await;
    if pod.text("status.phase") == "Running" {
        super::attach::to(session, &pod, &info.name).await?;
    }
    if !once(session) || session.flags.is("leave-stdin-open") {
        return Ok(());
    }
    let over = |pod: &Value| Ok(matches!(pod.text("status.phase"), "Succeeded" | "Failed"));
    let pod = super::wait::until(session, info, &limits, over).await?;
    ended(&pod, info)
}

/// Without a terminal: shows what the pod printed once it has run.
async fn watched(session: &mut Session<'_>, info: &Info) -> Outcome {
    let (limits, once) = (waiting(session), once(session));
    let pod = super::wait::until(session, info, &limits, |pod| {
        let phase = pod.text("status.phase");
        Ok(matches!(phase, "Succeeded" | "Failed") || (!once && phase == "Running"))
    })
    .await?;
    say_log(session, info).await;
    ended(&pod, info)
}

async fn say_log(session: &mut Session<'_>, info: &Info) {
    let path = format!("{}/log?container={}", info.path(), crate::discovery::encode(&info.name));
    let answer = session.client.send(http::Method::GET, &path, crate::client::JSON, None).await;
    if let Ok(answer) = answer {
        session.say(&answer.text());
    }
}

fn ended(pod: &Value, info: &Info) -> Outcome {
    if pod.text("status.phase") != "Failed" {
        return Ok(());
    }
    let status = pod
        .list("status.containerStatuses")
        .first()
        .and_then(|status| status.at("state.terminated"));
    let code = status.and_then(|status| status.int("exitCode")).unwrap_or(0);
    let full = format!("{}/{}", info.namespace, info.name);
    if code == 0 {
        return Err(Failure::message(format!("pod {full} failed with unknown exit code")));
    }
    let reason = status.map_or("", |status| status.text("reason"));
    let message = status.map_or("", |status| status.text("message"));
    Err(Failure::Remote(
        format!("pod {full} terminated ({reason})\n{message}"),
        i32::try_from(code).unwrap_or(1),
    ))
}
