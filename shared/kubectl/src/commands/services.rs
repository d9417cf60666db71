//! `kubectl create service` and `kubectl create token`.

use std::time::Duration;

use serde_json::{Value, json};

use super::create::{name, object};
use crate::cli::Parsed;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer};
use crate::session::Session;
use crate::value::{Reading as _, set};

pub(super) fn service(session: &Session<'_>, name: &str, kind: &str) -> Outcome<Value> {
    let flags = &session.flags;
    let tcp = flags.all("tcp");
    let cluster_ip = flags.text("clusterip");
    if cluster_ip != "None" && tcp.is_empty() && kind != "ExternalName" {
        return Err(Failure::message("at least one tcp port specifier must be provided"));
    }
    let mut service = object(session, "v1", "Service", name, true);
    set(&mut service, &["metadata", "labels"], json!({"app": name}));
    set(&mut service, &["spec", "selector"], json!({"app": name}));
    set(&mut service, &["spec", "type"], Value::from(kind));
    set(&mut service, &["status", "loadBalancer"], json!({}));
    let mut ports = Vec::new();
    for pair in tcp {
        let (port, target) = parse_port(pair)?;
        let mut entry = json!({"name": pair.replace(':', "-"), "port": port, "protocol": "TCP", "targetPort": target});
        if kind == "NodePort" && flags.int("node-port") != 0 {
            set(&mut entry, &["nodePort"], Value::from(flags.int("node-port")));
        }
        ports.push(entry);
    }
    if !ports.is_empty() {
        set(&mut service, &["spec", "ports"], Value::Array(ports));
    }
    if kind == "ExternalName" {
        set(&mut service, &["spec", "externalName"], Value::from(flags.text("external-name")));
    }
    if !cluster_ip.is_empty() {
        set(&mut service, &["spec", "clusterIP"], Value::from(cluster_ip));
    }
    Ok(service)
}

/// `80`, `80:8080`, `80:http`.
fn parse_port(text: &str) -> Outcome<(i64, Value)> {
    let (port, target) = text.split_once(':').unwrap_or((text, text));
    let number = |part: &str| -> Outcome<i64> {
        part.parse::<i64>().ok().filter(|port| (1..=65535).contains(port)).ok_or_else(|| {
            Failure::message(format!("strconv.ParseInt: parsing \"{part}\": invalid syntax"))
        })
    };
    let target = target.parse::<i64>().map_or_else(|_| Value::from(target), Value::from);
    Ok((number(port)?, target))
}

/// `create_token.go Validate` about `--bound-object-…`.
fn bound_object(flags: &Parsed) -> Outcome {
    let kind = flags.text("bound-object-kind");
    if kind.is_empty() {
        for flag in ["bound-object-name", "bound-object-uid"] {
            if !flags.text(flag).is_empty() {
                return Err(Failure::Message(format!(
                    "--{flag} can only be set if --bound-object-kind is provided"
                )));
            }
        }
        return Ok(());
    }
    if !matches!(kind, "Node" | "Pod" | "Secret") {
        return Err(Failure::message("supported --bound-object-kind values are Node, Pod, Secret"));
    }
    if flags.text("bound-object-name").is_empty() {
        return Err(Failure::message(
            "--bound-object-name is required if --bound-object-kind is provided",
        ));
    }
    Ok(())
}

/// `kubectl create token`.
pub(super) async fn token(session: &mut Session<'_>) -> Outcome {
    let name = name(session)?;
    let duration = session
        .flags
        .span("duration")
        .ok_or_else(|| Failure::message("--duration must be greater than or equal to 0"))?;
    if duration.subsec_nanos() != 0 {
        return Err(Failure::message("--duration cannot be expressed in units less than seconds"));
    }
    let mut request =
        json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}});
    set(&mut request, &["spec", "audiences"], json!(session.flags.all("audience")));
    if duration > Duration::ZERO {
        set(&mut request, &["spec", "expirationSeconds"], Value::from(duration.as_secs()));
    }
    let kind = session.flags.text("bound-object-kind");
    bound_object(&session.flags)?;
    if !kind.is_empty() {
        let reference = json!({
            "kind": kind, "apiVersion": "v1",
            "name": session.flags.text("bound-object-name"), "uid": session.flags.text("bound-object-uid"),
        });
        set(&mut request, &["spec", "boundObjectRef"], reference);
    }
    let path = format!("/api/v1/namespaces/{}/serviceaccounts/{name}/token", session.namespace);
    let answer = session.client.post(&path, &request).await.map_err(|failure| {
        Failure::Message(format!("failed to create token: {}", failure.text()))
    })?;
    if session.flags.changed("output") {
        let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
        let text = Printer::new(format, &session.flags, "created")
            .print(&answer)
            .map_err(Failure::Message)?;
        session.say(&text);
        return Ok(());
    }
    let token = answer.text("status.token");
    if token.is_empty() {
        return Err(Failure::message("failed to create token: no token in server response"));
    }
    session.say(token);
    Ok(())
}
