//! `kubectl describe networkpolicy`.

use serde_json::Value;

use super::network::format_selector;
use super::page::Page;
use crate::value::{Reading as _, plain};

const INDENT: &str = "    ";

/// Writes the text of a network policy.
pub(super) fn write(page: &mut Page, policy: &Value) {
    page.field(0, "Name", policy.text("metadata.name"));
    page.field(0, "Namespace", policy.text("metadata.namespace"));
    let created =
        policy.text("metadata.creationTimestamp").replace('T', " ").replace('Z', " +0000 UTC");
    page.field(0, "Created on", &created);
    page.meta(policy);
    page.at(0, "Spec:\n");
    let selector = policy.at("spec.podSelector").map(format_selector).unwrap_or_default();
    page.at(1, "PodSelector: ");
    if selector == "<none>" || selector.is_empty() {
        page.at(2, "<none> (Allowing the specific traffic to all pods in this namespace)\n");
    } else {
        page.at(2, &format!("{selector}\n"));
    }
    let types: Vec<&str> =
        policy.list("spec.policyTypes").iter().filter_map(Value::as_str).collect();
    if types.is_empty() || types.contains(&"Ingress") {
        page.at(1, "Allowing ingress traffic:\n");
        rules(page, policy.list("spec.ingress"), "ingress");
    } else {
        page.at(1, "Not affecting ingress traffic\n");
    }
    if types.contains(&"Egress") {
        page.at(1, "Allowing egress traffic:\n");
        rules(page, policy.list("spec.egress"), "egress");
    } else {
        page.at(1, "Not affecting egress traffic\n");
    }
    let shown = if types.is_empty() { "<none>".to_owned() } else { types.join(", ") };
    page.at(1, &format!("Policy Types: {shown}\n"));
}

fn rules(page: &mut Page, rules: &[Value], direction: &str) {
    if rules.is_empty() {
        page.at(
            0,
            &format!("{INDENT}<none> (Selected pods are isolated for {direction} connectivity)\n"),
        );
        return;
    }
    let (title, field, end) = if direction == "ingress" {
        ("From", "from", "source")
    } else {
        ("To", "to", "destination")
    };
    for (index, rule) in rules.iter().enumerate() {
        ports(page, rule.list("ports"));
        let peers = rule.list(field);
        if peers.is_empty() {
            page.at(0, &format!("{INDENT}{title}: <any> (traffic not restricted by {end})\n"));
        }
        for peer in peers {
            page.at(0, &format!("{INDENT}{title}:\n"));
            one_peer(page, peer);
        }
        if index + 1 < rules.len() {
            page.at(0, &format!("{INDENT}----------\n"));
        }
    }
}

fn ports(page: &mut Page, ports: &[Value]) {
    if ports.is_empty() {
        page.at(0, &format!("{INDENT}To Port: <any> (traffic allowed to all ports)\n"));
    }
    for port in ports {
        let protocol = if port.text("protocol").is_empty() { "TCP" } else { port.text("protocol") };
        let number = port.at("port").map_or_else(|| "<nil>".to_owned(), plain);
        let line = match port.int("endPort") {
            Some(end) => format!("{INDENT}To Port Range: {number}-{end}/{protocol}\n"),
            None => format!("{INDENT}To Port: {number}/{protocol}\n"),
        };
        page.at(0, &line);
    }
}

fn one_peer(page: &mut Page, peer: &Value) {
    let namespaces = peer.at("namespaceSelector").map(format_selector);
    let pods = peer.at("podSelector").map(format_selector);
    if namespaces.is_none() && pods.is_none() {
        let except: Vec<String> = peer.list("ipBlock.except").iter().map(plain).collect();
        page.at(1, &format!("{INDENT}IPBlock:\n"));
        page.at(2, &format!("{INDENT}CIDR: {}\n", peer.text("ipBlock.cidr")));
        page.at(2, &format!("{INDENT}Except: {}\n", except.join(", ")));
        return;
    }
    for (title, selector) in [("NamespaceSelector", namespaces), ("PodSelector", pods)] {
        if let Some(selector) = selector {
            page.at(1, &format!("{INDENT}{title}: {selector}\n"));
        }
    }
}
