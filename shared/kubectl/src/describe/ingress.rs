//! `kubectl describe ingress`.

use serde_json::Value;

use super::network::endpoints_of;
use super::page::Page;
use crate::client::Client;
use crate::discovery::query;
use crate::value::{Reading as _, plain};

/// Writes the text of an ingress, with the endpoints behind its rules.
pub(super) async fn write(client: &Client, page: &mut Page, ingress: &Value) {
    page.field(0, "Name", ingress.text("metadata.name"));
    page.labels("Labels", &ingress.entries("metadata.labels"));
    page.field(0, "Namespace", ingress.text("metadata.namespace"));
    page.field(0, "Address", &addresses(ingress));
    let class = match ingress.text("spec.ingressClassName") {
        "" => "<none>",
        class => class,
    };
    page.field(0, "Ingress Class", class);
    let namespace = ingress.text("metadata.namespace");
    let default = match ingress.at("spec.defaultBackend") {
        Some(backend) => described(client, namespace, backend).await,
        None => "<default>".to_owned(),
    };
    page.field(0, "Default backend", &default);
    let tls = ingress.list("spec.tls");
    if !tls.is_empty() {
        page.at(0, "TLS:\n");
    }
    for entry in tls {
        let hosts: Vec<String> = entry.list("hosts").iter().map(plain).collect();
        let line = match entry.text("secretName") {
            "" => format!("SNI routes {}\n", hosts.join(",")),
            secret => format!("{secret} terminates {}\n", hosts.join(",")),
        };
        page.at(1, &line);
    }
    page.at(0, "Rules:\n  Host\tPath\tBackends\n");
    page.at(1, "----\t----\t--------\n");
    let mut count = 0;
    for rule in ingress.list("spec.rules").iter().filter(|rule| rule.has("http")) {
        count += 1;
        let host = if rule.text("host").is_empty() { "*" } else { rule.text("host") };
        page.at(1, &format!("{host}\t\n"));
        for path in rule.list("http.paths") {
            let backend = path.at("backend").unwrap_or(&Value::Null);
            let backend = described(client, namespace, backend).await;
            page.at(2, &format!("\t{} \t{backend}\n", path.text("path")));
        }
    }
    if count == 0 {
        page.at(1, &format!("*\t*\t{default}\n"));
    }
    page.annotations("Annotations", &ingress.entries("metadata.annotations"));
}

fn addresses(ingress: &Value) -> String {
    let all: Vec<&str> =
        ingress
            .list("status.loadBalancer.ingress")
            .iter()
            .map(|entry| {
                if entry.text("ip").is_empty() { entry.text("hostname") } else { entry.text("ip") }
            })
            .collect();
    all.join(",")
}

/// `web:80 (10.244.0.4:80)`.
async fn described(client: &Client, namespace: &str, backend: &Value) -> String {
    let Some(target) = backend.at("service") else {
        let group = match backend.text("resource.apiGroup") {
            "" => "<none>",
            group => group,
        };
        let (kind, name) = (backend.text("resource.kind"), backend.text("resource.name"));
        return format!("APIGroup: {group}, Kind: {kind}, Name: {name}");
    };
    let name = target.text("name");
    let number = target.int("port.number").unwrap_or(0);
    let port = if number > 0 { number.to_string() } else { target.text("port.name").to_owned() };
    let selector = format!("kubernetes.io/service-name={name}");
    let slices = format!(
        "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices{}",
        query(&[("labelSelector", &selector)])
    );
    let slices = match client.get(&slices).await {
        Ok(list) => list.list("items").to_vec(),
        Err(failure) => return format!("{name}:{port} (<error: {}>)", failure.text()),
    };
    let service = match client.get(&format!("/api/v1/namespaces/{namespace}/services/{name}")).await
    {
        Ok(service) => service,
        Err(failure) => return format!("{name}:{port} (<error: {}>)", failure.text()),
    };
    let port_name = service
        .list("spec.ports")
        .iter()
        .find(|known| {
            (number > 0 && known.int("port") == Some(number)) || known.text("name") == port
        })
        .map_or("", |known| known.text("name"));
    format!("{name}:{port} ({})", endpoints_of(&slices, port_name))
}
