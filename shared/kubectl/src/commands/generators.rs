//! The objects of `kubectl create KIND`. Empty maps are what Go's types print of themselves.

use apimachinery::quantity::Quantity;
use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::create::object;
use crate::failure::{Failure, Outcome, go_quote};
use crate::session::Session;
use crate::value::{Reading as _, append, set};

/// The words behind `--`.
fn command(session: &Session<'_>) -> Vec<String> {
    session.flags.arguments.iter().skip(1).cloned().collect()
}

fn set_if_some(container: &mut Value, field: &str, words: &[String]) {
    if !words.is_empty() {
        set(container, &[field], json!(words));
    }
}

pub(super) fn namespace(session: &Session<'_>, name: &str) -> Value {
    let mut namespace = object(session, "v1", "Namespace", name, false);
    set(&mut namespace, &["spec"], json!({}));
    set(&mut namespace, &["status"], json!({}));
    namespace
}

pub(super) fn deployment(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let images = session.flags.all("image");
    let command = command(session);
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::message("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let mut container =
                json!({"name": container_name(image), "image": image, "resources": {}});
            set_if_some(&mut container, "command", &command);
            container
        })
        .collect();
    let port = session.flags.int("port");
    if let (true, Some(first)) = (port >= 0, containers.first_mut()) {
        set(first, &["ports"], json!([{"containerPort": port}]));
    }
    let mut deployment = object(session, "apps/v1", "Deployment", name, true);
    let labels = json!({"app": name});
    set(&mut deployment, &["metadata", "labels"], labels.clone());
    let spec = json!({
        "replicas": session.flags.int("replicas"),
        "selector": {"matchLabels": labels},
        "strategy": {},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    });
    set(&mut deployment, &["spec"], spec);
    set(&mut deployment, &["status"], json!({}));
    Ok(deployment)
}

/// The last part of an image's name, fit for a container. (kubectl adds a random end when it had to
/// change it; here the name stays the same each time.)
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let plain = last.split([':', '@']).next().unwrap_or(last);
    plain.replace(['_', '.'], "-")
}

/// Keys and values of `--from-literal`, `--from-file` and `--from-env-file`.
fn data(session: &Session<'_>, kind: &str, name: &str) -> Outcome<Vec<(String, String)>> {
    let flags = &session.flags;
    if !flags.all("from-env-file").is_empty()
        && (!flags.all("from-file").is_empty() || !flags.all("from-literal").is_empty())
    {
        return Err(Failure::message(
            "from-env-file cannot be combined with from-file or from-literal",
        ));
    }
    if flags.is("append-hash") {
        return Err(Failure::message("--append-hash is not available in the console"));
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    let read = |path: &str| {
        session.files.read(path).ok_or_else(|| {
            Failure::message(format!("error reading {path}: no such file or directory"))
        })
    };
    for source in flags.all("from-file") {
        let (key, path) = match source.split_once('=') {
            None => (source.rsplit('/').next().unwrap_or(source), source.as_str()),
            Some(("", path)) => {
                return Err(Failure::message(format!("key name for file path {path} missing")));
            }
            Some((key, "")) => {
                return Err(Failure::message(format!("file path for key name {key} missing")));
            }
            Some((_, path)) if path.contains('=') => {
                return Err(Failure::message("key names or file paths cannot contain '='"));
            }
            Some((key, path)) => (key, path),
        };
        pairs.push((key.to_owned(), read(path)?));
    }
    for literal in flags.all("from-literal") {
        match literal.split_once('=') {
            Some((key, value)) if !key.is_empty() => pairs.push((key.to_owned(), value.to_owned())),
            _ => {
                return Err(Failure::message(format!(
                    "invalid literal source {literal}, expected key=value"
                )));
            }
        }
    }
    for path in flags.all("from-env-file") {
        for line in read(path)?.lines() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            pairs.push((key.to_owned(), value.to_owned()));
        }
    }
    check_keys(&pairs, kind, name)?;
    Ok(pairs)
}

/// `IsConfigMapKey`, and no key twice.
fn check_keys(pairs: &[(String, String)], kind: &str, name: &str) -> Outcome {
    for (index, (key, _)) in pairs.iter().enumerate() {
        let good = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !good || key.is_empty() {
            let why = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
            return Err(Failure::message(if kind == "ConfigMap" {
                format!("{} is not a valid key name for a ConfigMap: {why}", go_quote(key))
            } else {
                format!("{} is not valid key name for a Secret {why}", go_quote(key))
            }));
        }
        if pairs.iter().take(index).any(|(known, _)| known == key) {
            return Err(Failure::message(if kind == "ConfigMap" {
                format!(
                    "cannot add key {}, another key by that name already exists in Data for ConfigMap {}",
                    go_quote(key),
                    go_quote(name)
                )
            } else {
                format!("cannot add key {key}, another key by that name already exists")
            }));
        }
    }
    Ok(())
}

pub(super) fn config_map(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let pairs = data(session, "ConfigMap", name)?;
    let mut map = object(session, "v1", "ConfigMap", name, true);
    if !pairs.is_empty() {
        let data: Map<String, Value> =
            pairs.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
        set(&mut map, &["data"], Value::Object(data));
    }
    Ok(map)
}

fn encoded(text: &str) -> Value {
    Value::from(base64::engine::general_purpose::STANDARD.encode(text))
}

pub(super) fn secret(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let pairs = data(session, "Secret", name)?;
    let mut secret = object(session, "v1", "Secret", name, true);
    let kind = session.flags.text("type");
    if !kind.is_empty() {
        set(&mut secret, &["type"], Value::from(kind));
    }
    if !pairs.is_empty() {
        let data: Map<String, Value> =
            pairs.into_iter().map(|(key, value)| (key, encoded(&value))).collect();
        set(&mut secret, &["data"], Value::Object(data));
    }
    Ok(secret)
}

pub(super) fn docker_secret(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let text = |flag: &str| session.flags.text(flag).to_owned();
    let (user, password) = (text("docker-username"), text("docker-password"));
    if user.is_empty() || password.is_empty() {
        return Err(Failure::message(
            "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required",
        ));
    }
    // The fields in the order of Go's struct, which a map of this crate does not keep.
    let quoted = |text: &str| Value::from(text).to_string();
    let mut entry = format!("\"username\":{},\"password\":{}", quoted(&user), quoted(&password));
    let email = text("docker-email");
    if !email.is_empty() {
        append(&mut entry, format_args!(",\"email\":{}", quoted(&email)));
    }
    append(&mut entry, format_args!(",\"auth\":{}", encoded(&format!("{user}:{password}"))));
    let config = format!("{{\"auths\":{{{}:{{{entry}}}}}}}", quoted(&text("docker-server")));
    let mut secret = object(session, "v1", "Secret", name, true);
    set(&mut secret, &["type"], Value::from("kubernetes.io/dockerconfigjson"));
    set(&mut secret, &["data", ".dockerconfigjson"], encoded(&config));
    Ok(secret)
}

/// A secret of a certificate and its key. (Whether the two belong together is not looked at here.)
pub(super) fn tls_secret(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let (certificate, key) = (session.flags.text("cert"), session.flags.text("key"));
    if certificate.is_empty() || key.is_empty() {
        return Err(Failure::message("key and cert must be specified"));
    }
    let read = |file: &str| {
        session.files.read(file).ok_or_else(|| {
            Failure::Message(format!(
                "Cannot read file {file}, open {file}: no such file or directory"
            ))
        })
    };
    let (certificate, key) = (read(certificate)?, read(key)?);
    let mut secret = object(session, "v1", "Secret", name, true);
    set(&mut secret, &["type"], Value::from("kubernetes.io/tls"));
    set(
        &mut secret,
        &["data"],
        json!({"tls.crt": encoded(&certificate), "tls.key": encoded(&key)}),
    );
    Ok(secret)
}

/// `resource=quantity,…` with canonical quantities.
pub(super) fn quantities(text: &str) -> Outcome<Map<String, Value>> {
    let mut map = Map::new();
    for statement in text.split(',').filter(|part| !part.is_empty()) {
        let parts: Vec<&str> = statement.split('=').collect();
        let [name, value] = parts.as_slice() else {
            return Err(Failure::message(format!(
                "Invalid argument syntax {statement}, expected <resource>=<value>"
            )));
        };
        let quantity = Quantity::parse(value).map_err(Failure::Message)?;
        map.insert((*name).to_owned(), Value::from(quantity.to_string()));
    }
    Ok(map)
}

pub(super) fn quota(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let mut quota = object(session, "v1", "ResourceQuota", name, true);
    set(&mut quota, &["spec"], json!({}));
    set(&mut quota, &["status"], json!({}));
    let hard = quantities(session.flags.text("hard"))?;
    if !hard.is_empty() {
        set(&mut quota, &["spec", "hard"], Value::Object(hard));
    }
    let scopes = session.flags.text("scopes");
    if !scopes.is_empty() {
        let scopes: Vec<&str> = scopes.split(',').collect();
        if scopes.contains(&"") {
            return Err(Failure::message("invalid resource quota scope \"\""));
        }
        set(&mut quota, &["spec", "scopes"], json!(scopes));
    }
    Ok(quota)
}

fn job_template(session: &Session<'_>, name: &str, restart: &str) -> Value {
    let mut container =
        json!({"name": name, "image": session.flags.text("image"), "resources": {}});
    set_if_some(&mut container, "command", &command(session));
    json!({"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}})
}

pub(super) async fn job(session: &mut Session<'_>, name: &str) -> Outcome<Value> {
    let from = session.flags.text("from").to_owned();
    if from.is_empty() == session.flags.text("image").is_empty() {
        return Err(Failure::message("either --image or --from must be specified"));
    }
    let mut job = object(session, "batch/v1", "Job", name, true);
    set(&mut job, &["status"], json!({}));
    if from.is_empty() {
        set(&mut job, &["spec", "template"], job_template(session, name, "Never"));
        return Ok(job);
    }
    if !command(session).is_empty() {
        return Err(Failure::message("cannot specify --from and command"));
    }
    let infos = session.objects(&[from], crate::select::Wanted::default()).await?;
    let [info] = infos.as_slice() else {
        return Err(Failure::message("from must be an existing cronjob"));
    };
    if info.resource.kind != "CronJob" {
        return Err(Failure::message(format!(
            "unknown object type *{}.{}",
            info.resource.version, info.resource.kind
        )));
    }
    let template = info.object.at("spec.jobTemplate").cloned().unwrap_or_default();
    let mut annotations = Map::new();
    annotations.insert("cronjob.kubernetes.io/instantiate".to_owned(), Value::from("manual"));
    for (key, value) in template.entries("metadata.annotations") {
        annotations.insert(key.to_owned(), value.clone());
    }
    set(&mut job, &["metadata", "annotations"], Value::Object(annotations));
    if let Some(labels) = template.at("metadata.labels") {
        set(&mut job, &["metadata", "labels"], labels.clone());
    }
    let owner = json!([{
        "apiVersion": "batch/v1", "kind": "CronJob", "controller": true,
        "name": info.name, "uid": info.object.text("metadata.uid"),
    }]);
    set(&mut job, &["metadata", "ownerReferences"], owner);
    set(&mut job, &["spec"], template.at("spec").cloned().unwrap_or_default());
    Ok(job)
}

pub(super) fn cron_job(session: &Session<'_>, name: &str) -> Value {
    let restart = match session.flags.text("restart") {
        "" => "OnFailure",
        given => given,
    };
    let mut job = object(session, "batch/v1", "CronJob", name, true);
    let template = job_template(session, name, restart);
    let spec = json!({
        "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template}},
        "schedule": session.flags.text("schedule"),
    });
    set(&mut job, &["spec"], spec);
    set(&mut job, &["status"], json!({}));
    job
}
