//! `kubectl auth can-i` and `kubectl auth whoami`.

use http::Method;
use serde_json::{Value, json};

use crate::client::JSON;
use crate::describe::rows;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer, TabWriter};
use crate::session::Session;
use crate::value::{Reading as _, plain};

const REVIEW: &str = "authorization.k8s.io/v1";
const RESOURCE_VERBS: [&str; 14] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
];
const PATH_VERBS: [&str; 8] = ["get", "put", "post", "head", "options", "delete", "patch", "*"];

/// `kubectl auth can-i`.
pub(super) async fn can_i(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    if session.flags.is("list") {
        return list(session, &arguments).await;
    }
    let [verb, what] = arguments.as_slice() else {
        return Err(Failure::message(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        ));
    };
    let subresource = session.flags.text("subresource").to_owned();
    let all = session.flags.is("all-namespaces");
    let spec = if what.starts_with('/') {
        if !subresource.is_empty() {
            return Err(Failure::message("--subresource can not be used with NonResourceURL"));
        }
        if !PATH_VERBS.contains(&verb.as_str()) {
            session.warn(&format!("verb '{verb}' is not a known verb\n"));
        }
        json!({"nonResourceAttributes": {"verb": verb, "path": what}})
    } else {
        let (kind, name) = what.split_once('/').unwrap_or((what, ""));
        let (group, resource) = resource(session, kind, all).await?;
        if !all && !RESOURCE_VERBS.contains(&verb.as_str()) {
            session.warn(&format!("verb '{verb}' is not a known verb\n"));
        }
        let namespace = if all { String::new() } else { session.namespace.clone() };
        let mut attributes = json!({"verb": verb, "resource": resource});
        for (field, value) in [
            ("namespace", namespace),
            ("group", group),
            ("subresource", subresource),
            ("name", name.to_owned()),
        ] {
            if !value.is_empty() {
                crate::value::set(&mut attributes, &[field], Value::from(value));
            }
        }
        json!({"resourceAttributes": attributes})
    };
    if session.flags.is("no-headers") {
        return Err(Failure::message("--no-headers cannot be set without --list specified"));
    }
    let review = json!({"apiVersion": REVIEW, "kind": "SelfSubjectAccessReview", "metadata": {}, "spec": spec});
    let answer = session
        .client
        .post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review)
        .await?;
    let allowed = answer.truth("status.allowed");
    let mut said = if allowed { "yes".to_owned() } else { "no".to_owned() };
    if !allowed {
        for field in ["status.reason", "status.evaluationError"] {
            if !answer.text(field).is_empty() {
                said.push_str(" - ");
                said.push_str(answer.text(field));
            }
        }
    }
    if !session.flags.is("quiet") {
        session.say(&format!("{said}\n"));
    }
    if allowed { Ok(()) } else { Err(Failure::Exit(1)) }
}

/// Group and plural of the resource asked about; warns about odd ones.
async fn resource(session: &mut Session<'_>, kind: &str, all: bool) -> Outcome<(String, String)> {
    if kind == "*" {
        return Ok((String::new(), kind.to_owned()));
    }
    let discovery = session.discovery().await?;
    if let Some(found) = discovery.find(kind) {
        if !found.namespaced && !all {
            let group = if found.group.is_empty() {
                String::new()
            } else {
                format!(" in group '{}'", found.group)
            };
            session.warn(&format!("resource '{}' is not namespace scoped{group}\n", found.plural));
        }
        return Ok((found.group.clone(), found.plural.clone()));
    }
    let (plain, group) = kind.split_once('.').unwrap_or((kind, ""));
    if !matches!(kind, "users" | "groups") {
        let group = if group.is_empty() { String::new() } else { format!(" in group '{group}'") };
        session.warn(&format!(
            "the server doesn't have a resource type '{}'{group}\n",
            plain.to_lowercase()
        ));
    }
    Ok((String::new(), kind.to_owned()))
}

async fn list(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    if !arguments.is_empty() {
        return Err(Failure::message("list option must be specified with no arguments"));
    }
    let flags = &session.flags;
    if flags.is("quiet") || flags.is("all-namespaces") || !flags.text("subresource").is_empty() {
        return Err(Failure::message(
            "list option can't be specified with neither quiet, all-namespaces nor subresource options",
        ));
    }
    let review = json!({
        "apiVersion": REVIEW, "kind": "SelfSubjectRulesReview", "metadata": {},
        "spec": {"namespace": session.namespace},
    });
    let answer = session
        .client
        .post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", &review)
        .await?;
    if answer.truth("status.incomplete") {
        session.warn(&format!(
            "the list may be incomplete: {}",
            answer.text("status.evaluationError")
        ));
    }
    let mut rules = answer.list("status.resourceRules").to_vec();
    rules.extend(answer.list("status.nonResourceRules").iter().cloned());
    let mut writer = TabWriter::table();
    if !session.flags.is("no-headers") {
        writer.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    }
    for row in rows(&rules) {
        writer.write(&format!("{}\n", row.cells().join("\t")));
    }
    session.say(&writer.flush());
    Ok(())
}

/// `kubectl auth whoami`.
pub(super) async fn whoami(session: &mut Session<'_>) -> Outcome {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let body = Some((JSON, review.to_string().into_bytes()));
    let answer = session.send(Method::POST, path, JSON, body).await.map_err(|failure| {
        if failure.has_reason("Forbidden") {
            Failure::message("the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it")
        } else {
            failure
        }
    })?;
    let answer = answer.json()?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    if !format.is_human() {
        let text =
            Printer::new(format, &session.flags, "").print(&answer).map_err(Failure::Message)?;
        session.say(&text);
        return Ok(());
    }
    let mut writer = TabWriter::table();
    writer.write("ATTRIBUTE\tVALUE\n");
    for (title, field) in [("Username", "status.userInfo.username"), ("UID", "status.userInfo.uid")]
    {
        if !answer.text(field).is_empty() {
            writer.write(&format!("{title}\t{}\n", answer.text(field)));
        }
    }
    let joined = |value: &Value| {
        let texts: Vec<String> =
            value.as_array().map(|items| items.iter().map(plain).collect()).unwrap_or_default();
        format!("[{}]", texts.join(" "))
    };
    if !answer.list("status.userInfo.groups").is_empty() {
        let groups = answer.at("status.userInfo.groups").map(joined).unwrap_or_default();
        writer.write(&format!("Groups\t{groups}\n"));
    }
    for (key, value) in answer.entries("status.userInfo.extra") {
        writer.write(&format!("Extra: {key}\t{}\n", joined(value)));
    }
    session.say(&writer.flush());
    Ok(())
}
