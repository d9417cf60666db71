//! `kubectl expose`.

use serde_json::{Value, json};

use super::create::{builtin_resource, named, post};
use super::dry_run::DryRun;
use super::run::{labels, overridden};
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer};
use crate::select::Info;
use crate::session::Session;
use crate::value::{Reading as _, plain, set};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let operation = format!("exposed{}", dry_run.suffix());
    let arguments = session.flags.arguments.clone();
    let infos = named(session, &arguments).await?;
    let mut printer = Printer::new(format, &session.flags, operation);
    for info in infos {
        let service = overridden(session, service(session, &info)?)?;
        let namespace = session.namespace.clone();
        let resource = builtin_resource(&service);
        let service = post(session, &resource, &namespace, service, dry_run, "").await?;
        let text = printer.print(&service).map_err(Failure::Message)?;
        session.say(&text);
    }
    Ok(())
}

fn service(session: &Session<'_>, info: &Info) -> Outcome<Value> {
    let flags = &session.flags;
    let kind = info.resource.kind.as_str();
    if !matches!(kind, "ReplicationController" | "Service" | "Pod" | "Deployment" | "ReplicaSet") {
        return Err(Failure::message(format!(
            "cannot expose a {}",
            info.resource.printed_kind_of_group()
        )));
    }
    let selector = selector(session, info)?;
    let ports = ports(session, info)?;
    let default_name: String = info.name.chars().take(63).collect();
    let name = match flags.text("name") {
        "" => default_name.as_str(),
        name => name,
    };
    let mut service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
        "spec": {"selector": selector}, "status": {"loadBalancer": {}},
    });
    if !ports.is_empty() {
        set(&mut service, &["spec", "ports"], Value::Array(ports));
    }
    let labels = match flags.text("labels") {
        "" => info.object.at("metadata.labels").cloned(),
        given => Some(Value::Object(labels(given)?)),
    };
    if let Some(labels) = labels {
        set(&mut service, &["metadata", "labels"], labels);
    }
    if flags.changed("namespace") {
        set(&mut service, &["metadata", "namespace"], Value::from(session.namespace.clone()));
    }
    for (flag, field) in
        [("type", "type"), ("cluster-ip", "clusterIP"), ("session-affinity", "sessionAffinity")]
    {
        if !flags.text(flag).is_empty() {
            set(&mut service, &["spec", field], Value::from(flags.text(flag)));
        }
    }
    let affinity = flags.text("session-affinity");
    if !matches!(affinity, "" | "None" | "ClientIP") {
        return Err(Failure::message(format!("unknown session affinity: {affinity}")));
    }
    if !flags.text("external-ip").is_empty() {
        set(&mut service, &["spec", "externalIPs"], json!([flags.text("external-ip")]));
    }
    if flags.text("type") == "LoadBalancer" && !flags.text("load-balancer-ip").is_empty() {
        set(&mut service, &["spec", "loadBalancerIP"], Value::from(flags.text("load-balancer-ip")));
    }
    Ok(service)
}

/// The selector of the flags, or of what is exposed.
fn selector(session: &Session<'_>, info: &Info) -> Outcome<Value> {
    let given = session.flags.text("selector");
    if !given.is_empty() {
        return Ok(Value::Object(labels(given)?));
    }
    let refused = |why: String| {
        Failure::Message(format!(
            "couldn't retrieve selectors via --selector flag or introspection: {why}"
        ))
    };
    let path = match info.resource.kind.as_str() {
        "Pod" => {
            return info
                .object
                .at("metadata.labels")
                .filter(|labels| labels.as_object().is_some_and(|labels| !labels.is_empty()))
                .cloned()
                .ok_or_else(|| refused("the pod has no labels and cannot be exposed".to_owned()));
        }
        "Service" | "ReplicationController" => "spec.selector",
        _ => {
            if !info.object.list("spec.selector.matchExpressions").is_empty() {
                let shown: Vec<String> = info
                    .object
                    .list("spec.selector.matchExpressions")
                    .iter()
                    .map(|expression| {
                        let values: Vec<String> =
                            expression.list("values").iter().map(plain).collect();
                        format!(
                            "{{Key:{} Operator:{} Values:[{}]}}",
                            expression.text("key"),
                            expression.text("operator"),
                            values.join(" ")
                        )
                    })
                    .collect();
                return Err(refused(format!(
                    "couldn't convert expressions - \"[{}]\" to map-based selector format",
                    shown.join(" ")
                )));
            }
            "spec.selector.matchLabels"
        }
    };
    info.object.at(path).cloned().ok_or_else(|| match info.resource.kind.as_str() {
        "Service" => refused("the service has no pod selector set".to_owned()),
        _ => refused("invalid deployment: no selectors, therefore cannot be exposed".to_owned()),
    })
}

/// The ports of what is exposed: number and protocol.
fn known_ports(info: &Info) -> Vec<(String, String)> {
    let protocol = |port: &Value| match port.text("protocol") {
        "" => "TCP".to_owned(),
        protocol => protocol.to_owned(),
    };
    if info.resource.kind == "Service" {
        return info
            .object
            .list("spec.ports")
            .iter()
            .map(|port| (port.at("port").map(plain).unwrap_or_default(), protocol(port)))
            .collect();
    }
    let containers = if info.resource.kind == "Pod" {
        "spec.containers"
    } else {
        "spec.template.spec.containers"
    };
    info.object
        .list(containers)
        .iter()
        .flat_map(|container| container.list("ports"))
        .map(|port| (port.at("containerPort").map(plain).unwrap_or_default(), protocol(port)))
        .collect()
}

fn ports(session: &Session<'_>, info: &Info) -> Outcome<Vec<Value>> {
    let flags = &session.flags;
    let known = known_ports(info);
    let wanted: Vec<String> = match flags.text("port") {
        "" => {
            let mut numbers: Vec<String> = Vec::new();
            for (number, _) in &known {
                if !numbers.contains(number) {
                    numbers.push(number.clone());
                }
            }
            numbers
        }
        given => given.split(',').map(str::to_owned).collect(),
    };
    if wanted.is_empty() && flags.text("cluster-ip") != "None" {
        return Err(Failure::message("couldn't find port via --port flag or introspection"));
    }
    let several = wanted.len() > 1;
    let mut ports = Vec::new();
    for (index, text) in wanted.iter().enumerate() {
        let number: i64 = text.parse().ok().ok_or_else(|| {
            Failure::message(format!("strconv.Atoi: parsing \"{text}\": invalid syntax"))
        })?;
        let target = match flags.text("target-port") {
            "" => Value::from(number),
            given => given.parse::<i64>().map_or_else(|_| Value::from(given), Value::from),
        };
        let mut protocols: Vec<String> = known
            .iter()
            .filter(|(known, _)| known == text)
            .map(|(_, protocol)| protocol.clone())
            .collect();
        if !flags.text("protocol").is_empty() {
            protocols = vec![flags.text("protocol").to_owned()];
        } else if protocols.is_empty() {
            protocols = vec!["TCP".to_owned()];
        }
        let many = protocols.len() > 1;
        for protocol in protocols {
            let mut port = json!({"port": number, "protocol": protocol, "targetPort": target});
            if many {
                let name = format!("port-{}-{}", index + 1, protocol.to_lowercase());
                set(&mut port, &["name"], Value::from(name));
            } else if several {
                set(&mut port, &["name"], Value::from(format!("port-{}", index + 1)));
            }
            ports.push(port);
        }
    }
    Ok(ports)
}
