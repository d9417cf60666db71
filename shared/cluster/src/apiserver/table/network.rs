//! Services, endpoints, policies, ingresses.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, format_labels, name, or_none, selector};
use crate::fields::{items, number, text, texts};

fn ports(service: &Value) -> String {
    let shown: Vec<String> = items(service, "/spec/ports")
        .iter()
        .map(|port| {
            let own = number(port, "/port").unwrap_or(0);
            let protocol = text(port, "/protocol");
            match number(port, "/nodePort").unwrap_or(0) {
                0 => format!("{own}/{protocol}"),
                node => format!("{own}:{node}/{protocol}"),
            }
        })
        .collect();
    shown.join(",")
}

fn external_ip(service: &Value) -> String {
    let listed: Vec<&str> =
        items(service, "/spec/externalIPs").iter().filter_map(Value::as_str).collect();
    let none = || {
        if listed.is_empty() { "<none>".to_owned() } else { listed.join(",") }
    };
    match text(service, "/spec/type") {
        "LoadBalancer" => {
            let mut all: Vec<&str> = items(service, "/status/loadBalancer/ingress")
                .iter()
                .map(|one| {
                    if text(one, "/ip").is_empty() {
                        text(one, "/hostname")
                    } else {
                        text(one, "/ip")
                    }
                })
                .collect();
            all.extend(&listed);
            if all.is_empty() { "<pending>".to_owned() } else { all.join(",") }
        }
        "ExternalName" => text(service, "/spec/externalName").to_owned(),
        _ => none(),
    }
}

pub(super) fn service(value: &Value, now: Timestamp) -> Cells {
    vec![
        name(value),
        json!(text(value, "/spec/type")),
        or_none(text(value, "/spec/clusterIP")),
        json!(external_ip(value)),
        or_none(&ports(value)),
        age(value, now),
        json!(format_labels(&texts(value, "/spec/selector"))),
    ]
}

/// At most three, and how many more (`formatEndpoints`).
fn shortened(list: &[String]) -> String {
    if list.is_empty() {
        return "<none>".to_owned();
    }
    let shown: Vec<String> = list.iter().take(3).cloned().collect();
    let shown = shown.join(",");
    match list.len() {
        0..=3 => shown,
        all => format!("{shown} + {} more...", all - 3),
    }
}

pub(super) fn endpoints(value: &Value, now: Timestamp) -> Cells {
    let mut all = Vec::new();
    for subset in items(value, "/subsets") {
        let ports = items(subset, "/ports");
        for address in items(subset, "/addresses") {
            let ip = text(address, "/ip");
            if ports.is_empty() {
                all.push(ip.to_owned());
            }
            all.extend(
                ports.iter().map(|port| format!("{ip}:{}", number(port, "/port").unwrap_or(0))),
            );
        }
    }
    vec![name(value), json!(shortened(&all)), age(value, now)]
}

pub(super) fn slice(value: &Value, now: Timestamp) -> Cells {
    let more = |list: &[String], none: &str| {
        let mut shown: Vec<String> = list.iter().take(3).cloned().collect();
        if shown.is_empty() {
            return none.to_owned();
        }
        if list.len() > 3 {
            let last = shown.pop().unwrap_or_default();
            shown.push(format!("{last} + {} more...", list.len() - 3));
        }
        shown.join(",")
    };
    let ports: Vec<String> = items(value, "/ports")
        .iter()
        .map(|port| match (number(port, "/port"), port.get("name").and_then(Value::as_str)) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => name.to_owned(),
            (None, None) => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> = items(value, "/endpoints")
        .iter()
        .flat_map(|endpoint| items(endpoint, "/addresses"))
        .filter_map(|address| address.as_str().map(str::to_owned))
        .collect();
    vec![
        name(value),
        json!(text(value, "/addressType")),
        json!(more(&ports, "<unset>")),
        json!(more(&addresses, "<unset>")),
        age(value, now),
    ]
}

pub(super) fn policy(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(selector(value.pointer("/spec/podSelector"))), age(value, now)]
}

pub(super) fn ingress(value: &Value, now: Timestamp) -> Cells {
    let rules = items(value, "/spec/rules");
    let hosts: Vec<String> = rules
        .iter()
        .map(|rule| text(rule, "/host"))
        .filter(|host| !host.is_empty())
        .take(3)
        .map(str::to_owned)
        .collect();
    let more = hosts.len() == 3 && rules.len() > 3;
    let mut hosts = if hosts.is_empty() { "*".to_owned() } else { hosts.join(",") };
    if more {
        hosts = format!("{hosts} + {} more...", rules.len() - 3);
    }
    let addresses: Vec<&str> =
        items(value, "/status/loadBalancer/ingress")
            .iter()
            .map(|one| {
                if text(one, "/ip").is_empty() { text(one, "/hostname") } else { text(one, "/ip") }
            })
            .collect();
    let ports = if items(value, "/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        name(value),
        or_none(text(value, "/spec/ingressClassName")),
        json!(hosts),
        json!(addresses.join(",")),
        json!(ports),
        age(value, now),
    ]
}
