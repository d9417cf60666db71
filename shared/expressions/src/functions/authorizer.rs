//! Questions to the authorizer (`apiserver/pkg/cel/library/authz.go`).

use std::sync::Arc;

use cluster::expressions::Question;

use super::{Answer, World, said};
use crate::value::{Check, CheckKind, Decision, Value};

pub(super) fn call(name: &str, arguments: &[Value], world: World<'_>) -> Option<Answer> {
    if let [Value::Decision(decision)] = arguments {
        return Some(Ok(match name {
            "allowed" => Value::Bool(decision.allowed),
            "reason" => Value::string(decision.reason.as_str()),
            "errored" => Value::Bool(false),
            "error" => Value::string(""),
            _ => return None,
        }));
    }
    let [Value::Check(check), rest @ ..] = arguments else { return None };
    let mut next = check.as_ref().clone();
    match (name, check.kind, rest) {
        ("path", CheckKind::Authorizer, [Value::String(path)]) => {
            if path.is_empty() {
                return Some(said("path must not be empty"));
            }
            next.kind = CheckKind::Path;
            next.path = path.to_string();
        }
        ("group", CheckKind::Authorizer, [Value::String(group)]) => {
            next.kind = CheckKind::Group;
            next.group = group.to_string();
        }
        ("serviceAccount", CheckKind::Authorizer, [Value::String(space), Value::String(name)]) => {
            next.service_account = Some((space.to_string(), name.to_string()));
        }
        ("resource", CheckKind::Group, [Value::String(resource)]) => {
            if resource.is_empty() {
                return Some(said("resource must not be empty"));
            }
            next.kind = CheckKind::Resource;
            next.resource = resource.to_string();
        }
        ("subresource", CheckKind::Resource, [Value::String(one)]) => {
            next.subresource = one.to_string();
        }
        ("namespace", CheckKind::Resource, [Value::String(one)]) => {
            next.namespace = one.to_string();
        }
        ("name", CheckKind::Resource, [Value::String(one)]) => next.name = one.to_string(),
        ("fieldSelector" | "labelSelector", CheckKind::Resource, [Value::String(_)]) => {}
        ("check", CheckKind::Path | CheckKind::Resource, [Value::String(verb)]) => {
            return Some(decide(check, verb, world));
        }
        _ => return None,
    }
    Some(Ok(Value::Check(Arc::new(next))))
}

fn decide(check: &Check, verb: &str, world: World<'_>) -> Answer {
    let Some(authority) = world else { return said("no such attribute(s): authorizer") };
    let (allowed, reason) = authority.decide(&Question {
        service_account: check.service_account.clone(),
        verb,
        path: &check.path,
        group: &check.group,
        resource: &check.resource,
        subresource: &check.subresource,
        namespace: &check.namespace,
        name: &check.name,
    });
    Ok(Value::Decision(Arc::new(Decision { allowed, reason })))
}
