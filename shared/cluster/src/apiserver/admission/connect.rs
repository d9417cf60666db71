//! Connections through subresources: `exec`, `attach`, `portforward` and `proxy` go through admission as the operation
//! CONNECT, with the options that their query says (`apiserver/pkg/endpoints/handlers/rest.go ConnectResource`).

use apimachinery::gvk::GroupVersionKind;
use serde_json::{Map, Value, json};

use super::reinvocation::Reinvocation;
use super::webhook;
use crate::apiserver::Apiserver;
use crate::apiserver::answer::{Refusal, bad_request};
use crate::apiserver::call::Call;
use crate::apiserver::policies::{Admitted, Told};
use crate::apiserver::write::Target;
use crate::fields::put;

/// The subresources that connect, and what their options are called.
fn kind(resource: &str, subresource: &str) -> Option<&'static str> {
    Some(match (resource, subresource) {
        ("pods", "exec") => "PodExecOptions",
        ("pods", "attach") => "PodAttachOptions",
        ("pods", "portforward") => "PodPortForwardOptions",
        ("pods", "proxy") => "PodProxyOptions",
        ("services", "proxy") => "ServiceProxyOptions",
        ("nodes", "proxy") => "NodeProxyOptions",
        _ => return None,
    })
}

/// Whether a target is a connection.
pub(super) fn is(target: &Target) -> bool {
    target.gvk.kind.ends_with("Options") && kind(&target.key, &target.subresource).is_some()
}

/// Whether a path leads to a connection.
pub(in crate::apiserver) fn leads_to(path: &str) -> bool {
    ["/exec", "/attach", "/portforward"].iter().any(|end| path.ends_with(end))
        || path.split('/').any(|part| part == "proxy")
}

/// Asks webhooks and policies about a connection.
pub(in crate::apiserver) fn admit(server: &mut Apiserver, call: &mut Call) -> Result<(), Refusal> {
    let Some(kind) = kind(&call.info.resource, &call.info.subresource) else { return Ok(()) };
    if call.continued.is_some() {
        return Ok(());
    }
    if call.dry_run() {
        return Err(bad_request("dryRun is not supported"));
    }
    let mut target = Target::of(call)?;
    target.gvk = GroupVersionKind::new("", "v1", kind);
    let mut options = options(call, kind);
    let before = options.clone();
    let mut chain = Reinvocation::default();
    webhook::mutate(server, call, &target, (&mut options, None), &mut chain)?;
    if options != before {
        ask_for(call, &options);
    }
    let mut told = Told::default();
    let admitted = Admitted::connect(call, &target);
    let checked = server.check_policies(&admitted, Some(&options), &mut told);
    told.tell(call);
    checked?;
    webhook::validate_connection(server, call, &target, &options)
}

const SWITCHES: [&str; 4] = ["stderr", "stdin", "stdout", "tty"];

/// What the query says, as an object.
fn options(call: &Call, kind: &str) -> Value {
    let mut options = json!({"kind": kind, "apiVersion": "v1"});
    match kind {
        "PodExecOptions" | "PodAttachOptions" => {
            for name in SWITCHES.iter().filter(|name| call.switch(name)) {
                put(&mut options, &format!("/{name}"), json!(true));
            }
            let container = call.param("container");
            if !container.is_empty() {
                put(&mut options, "/container", json!(container));
            }
            if kind == "PodExecOptions" {
                // The only member that is written when it is empty.
                let command = call.params("command");
                let command = if command.is_empty() { Value::Null } else { json!(command) };
                put(&mut options, "/command", command);
            }
        }
        "PodPortForwardOptions" => {
            let lists = call.params("ports").join(",");
            let ports: Vec<i64> = lists.split(',').filter_map(|port| port.parse().ok()).collect();
            if !ports.is_empty() {
                put(&mut options, "/ports", json!(ports));
            }
        }
        _ => {
            let before = format!("/{}/{}", call.info.name, call.info.subresource);
            let path = call.info.path.split_once(&before).map_or("", |(_, path)| path);
            if !path.is_empty() {
                put(&mut options, "/path", json!(path));
            }
        }
    }
    options
}

/// Puts options that a webhook has changed in place of what was asked for.
fn ask_for(call: &mut Call, options: &Value) {
    let none = Map::new();
    let map = options.as_object().unwrap_or(&none);
    let ours =
        |name: &str| SWITCHES.contains(&name) || ["command", "container", "ports"].contains(&name);
    call.query.retain(|(name, _)| !ours(name));
    for (name, value) in map.iter().filter(|(name, _)| ours(name)) {
        let values = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            call.query.push((name.clone(), text));
        }
    }
    if let Some(path) = map.get("path").and_then(Value::as_str) {
        path.trim_start_matches('/').clone_into(&mut call.info.rest);
    }
}
