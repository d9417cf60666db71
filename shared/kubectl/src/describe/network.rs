//! `kubectl describe` of services and their endpoints.

use serde_json::Value;

use super::page::Page;
use crate::client::Client;
use crate::discovery::query;
use crate::failure::Outcome;
use crate::print::format_labels;
use crate::value::{Reading as _, plain};

/// `metav1.FormatLabelSelector`.
pub(crate) fn format_selector(selector: &Value) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (key, value) in selector.entries("matchLabels") {
        parts.push(format!("{key}={}", plain(value)));
    }
    let mut expressions = Vec::new();
    for expression in selector.list("matchExpressions") {
        let key = expression.text("key");
        let mut values: Vec<&str> =
            expression.list("values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        expressions.push(match expression.text("operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return "<error>".to_owned(),
        });
    }
    parts.extend(expressions);
    parts.sort();
    if parts.is_empty() { "<none>".to_owned() } else { parts.join(",") }
}

/// Writes the text of a service.
pub(super) async fn service(client: &Client, page: &mut Page, service: &Value) -> Outcome {
    let selector = format!("kubernetes.io/service-name={}", service.text("metadata.name"));
    let path = format!(
        "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices{}",
        service.text("metadata.namespace"),
        query(&[("labelSelector", &selector)])
    );
    let slices = super::list(client, &path).await.unwrap_or_default();
    page.heading(service, true);
    page.field(0, "Selector", &format_labels(&service.entries("spec.selector")));
    page.field(0, "Type", service.text("spec.type"));
    optional(page, "IP Family Policy", service.text("spec.ipFamilyPolicy"));
    page.field(0, "IP Families", &joined_or(service, "spec.ipFamilies", "<none>"));
    page.field(0, "IP", service.text("spec.clusterIP"));
    page.field(0, "IPs", &joined_or(service, "spec.clusterIPs", "<none>"));
    optional(page, "External IPs", &joined_or(service, "spec.externalIPs", ""));
    optional(page, "Desired LoadBalancer IP", service.text("spec.loadBalancerIP"));
    optional(page, "External Name", service.text("spec.externalName"));
    optional(page, "LoadBalancer Ingress", &ingress(service));
    for port in service.list("spec.ports") {
        one_port(page, port, &slices);
    }
    page.field(0, "Session Affinity", service.text("spec.sessionAffinity"));
    optional(page, "External Traffic Policy", service.text("spec.externalTrafficPolicy"));
    optional(page, "Internal Traffic Policy", service.text("spec.internalTrafficPolicy"));
    if let Some(port) = service.int("spec.healthCheckNodePort").filter(|port| *port != 0) {
        page.field(0, "HealthCheck NodePort", &port.to_string());
    }
    optional(
        page,
        "LoadBalancer Source Ranges",
        &joined_or(service, "spec.loadBalancerSourceRanges", ""),
    );
    optional(page, "Traffic Distribution", service.text("spec.trafficDistribution"));
    Ok(())
}

fn optional(page: &mut Page, title: &str, value: &str) {
    if !value.is_empty() {
        page.field(0, title, value);
    }
}

fn joined_or(object: &Value, path: &str, none: &str) -> String {
    let texts: Vec<String> = object.list(path).iter().map(plain).collect();
    if texts.is_empty() { none.to_owned() } else { texts.join(",") }
}

fn ingress(service: &Value) -> String {
    let parts: Vec<String> = service
        .list("status.loadBalancer.ingress")
        .iter()
        .map(|entry| match (entry.text("ip"), entry.text("ipMode")) {
            ("", _) => entry.text("hostname").to_owned(),
            (ip, "") => ip.to_owned(),
            (ip, mode) => format!("{ip} ({mode})"),
        })
        .collect();
    parts.join(", ")
}

fn one_port(page: &mut Page, port: &Value, slices: &[Value]) {
    let name = match port.text("name") {
        "" => "<unset>",
        name => name,
    };
    let protocol = port.text("protocol");
    page.field(0, "Port", &format!("{name}\t{}/{protocol}", port.int("port").unwrap_or(0)));
    let target = port.at("targetPort").map_or_else(|| "0".to_owned(), plain);
    page.field(0, "TargetPort", &format!("{target}/{protocol}"));
    optional(page, "AppProtocol", port.text("appProtocol"));
    if let Some(node_port) = port.int("nodePort").filter(|port| *port != 0) {
        page.field(0, "NodePort", &format!("{name}\t{node_port}/{protocol}"));
    }
    page.field(0, "Endpoints", &endpoints_of(slices, port.text("name")));
}

/// `formatEndpointSlices`: the first three ready addresses, and how many more.
pub(super) fn endpoints_of(slices: &[Value], name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut found = Vec::new();
    for slice in slices {
        let ports = slice.list("ports");
        let wanted: Vec<Option<i64>> = if ports.is_empty() {
            vec![None]
        } else {
            ports
                .iter()
                .filter(|port| port.text("name") == name)
                .map(|port| port.int("port"))
                .collect()
        };
        for port in wanted {
            for endpoint in slice.list("endpoints") {
                let ready =
                    endpoint.at("conditions.ready").and_then(Value::as_bool).unwrap_or(true);
                let Some(address) = endpoint.list("addresses").first().map(plain).filter(|_| ready)
                else {
                    continue;
                };
                found.push(match port {
                    Some(port) if address.contains(':') => format!("[{address}]:{port}"),
                    Some(port) => format!("{address}:{port}"),
                    None => address,
                });
            }
        }
    }
    let more = found.len().saturating_sub(3);
    found.truncate(3);
    let shown = found.join(",");
    if more > 0 { format!("{shown} + {more} more...") } else { shown }
}

/// Writes the text of an Endpoints object.
pub(super) fn endpoints(page: &mut Page, endpoints: &Value) {
    page.heading(endpoints, true);
    page.at(0, "Subsets:\n");
    for subset in endpoints.list("subsets") {
        for (title, field) in
            [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")]
        {
            let addresses: Vec<&str> =
                subset.list(field).iter().map(|address| address.text("ip")).collect();
            let shown =
                if addresses.is_empty() { "<none>".to_owned() } else { addresses.join(",") };
            page.field(1, title, &shown);
        }
        let ports = subset.list("ports");
        if !ports.is_empty() {
            page.at(1, "Ports:\n");
            page.at(2, "Name\tPort\tProtocol\n");
            page.at(2, "----\t----\t--------\n");
            for port in ports {
                let name = if port.text("name").is_empty() { "<unset>" } else { port.text("name") };
                page.at(
                    2,
                    &format!(
                        "{name}\t{}\t{}\n",
                        port.int("port").unwrap_or(0),
                        port.text("protocol")
                    ),
                );
            }
        }
        page.at(0, "\n");
    }
}

/// Writes the text of an EndpointSlice.
pub(super) fn endpoint_slice(page: &mut Page, slice: &Value) {
    let or_unset =
        |text: &str| if text.is_empty() { "<unset>".to_owned() } else { text.to_owned() };
    page.heading(slice, true);
    page.field(0, "AddressType", slice.text("addressType"));
    let ports = slice.list("ports");
    if ports.is_empty() {
        page.at(0, "Ports: <unset>\n");
    } else {
        page.at(0, "Ports:\n");
        page.at(1, "Name\tPort\tProtocol\n");
        page.at(1, "----\t----\t--------\n");
        for port in ports {
            let number = port.at("port").map(plain).unwrap_or_default();
            let line = format!(
                "{}\t{}\t{}\n",
                or_unset(port.text("name")),
                or_unset(&number),
                port.text("protocol")
            );
            page.at(1, &line);
        }
    }
    let endpoints = slice.list("endpoints");
    if endpoints.is_empty() {
        page.at(0, "Endpoints: <none>\n");
        return;
    }
    page.at(0, "Endpoints:\n");
    for endpoint in endpoints {
        let addresses: Vec<String> = endpoint.list("addresses").iter().map(plain).collect();
        let shown = if addresses.is_empty() { "<none>".to_owned() } else { addresses.join(", ") };
        page.field(1, "- Addresses", &shown);
        page.at(2, "Conditions:\n");
        let ready = endpoint.at("conditions.ready").map(plain).unwrap_or_default();
        page.field(3, "Ready", &or_unset(&ready));
        page.field(2, "Hostname", &or_unset(endpoint.text("hostname")));
        if endpoint.has("targetRef") {
            let target =
                format!("{}/{}", endpoint.text("targetRef.kind"), endpoint.text("targetRef.name"));
            page.field(2, "TargetRef", &target);
        }
        page.field(2, "NodeName", &or_unset(endpoint.text("nodeName")));
        page.field(2, "Zone", &or_unset(endpoint.text("zone")));
    }
}
