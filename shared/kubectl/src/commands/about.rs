//! Commands about the server itself: `api-resources`, `api-versions`, `version`, `cluster-info`.

use apimachinery::order::Order as _;
use serde_json::{Value, json};

use crate::client::VERSION;
use crate::discovery::Resource;
use crate::failure::{Failure, Outcome};
use crate::manifest::to_yaml;
use crate::print::{TabWriter, pretty};
use crate::session::Session;
use crate::value::{Reading as _, append, set};

/// The kustomize that this kubectl would carry.
const KUSTOMIZE: &str = "v5.8.1";

/// `kubectl api-resources`.
pub(super) async fn api_resources(session: &mut Session<'_>) -> Outcome {
    let flags = session.flags.clone();
    if let Some(word) = flags.arguments.first() {
        return Err(session.usage(format!("unexpected arguments: [{word}]")));
    }
    let output = flags.text("output");
    if !matches!(output, "" | "wide" | "name" | "json" | "yaml") {
        return Err(Failure::message(format!("--output {output} is not available")));
    }
    let sort_by = flags.text("sort-by");
    if !matches!(sort_by, "" | "name" | "kind") {
        return Err(Failure::message("--sort-by accepts only name or kind"));
    }
    let discovery = session.discovery().await?;
    let mut resources: Vec<&Resource> = discovery
        .resources
        .iter()
        .filter(|known| known.preferred && !known.verbs.is_empty())
        .filter(|known| !flags.changed("api-group") || known.group == flags.text("api-group"))
        .filter(|known| !flags.changed("namespaced") || known.namespaced == flags.is("namespaced"))
        .filter(|known| flags.all("verbs").iter().all(|verb| known.can(verb)))
        .filter(|known| {
            flags.all("categories").iter().all(|category| known.categories.contains(category))
        })
        .collect();
    resources.order_by(|a, b| match sort_by {
        "name" => a.plural.cmp(&b.plural),
        "kind" => a.kind.cmp(&b.kind),
        _ => (&a.group, &a.plural).cmp(&(&b.group, &b.plural)),
    });
    let text = render(&resources, output, flags.is("no-headers"));
    session.say(&text);
    Ok(())
}

/// One word a line.
fn lines(words: impl Iterator<Item = String>) -> String {
    words.flat_map(|word| [word, "\n".to_owned()]).collect()
}

fn render(resources: &[&Resource], output: &str, no_headers: bool) -> String {
    if output == "name" {
        return lines(resources.iter().map(|known| known.group_resource()));
    }
    let mut writer = TabWriter::table();
    let wide = output == "wide";
    if !no_headers {
        writer.write("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        writer.write(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for known in resources {
        let mut cells = vec![
            known.plural.clone(),
            known.short_names.join(","),
            known.api_version(),
            known.namespaced.to_string(),
            known.kind.clone(),
        ];
        if wide {
            cells.push(known.verbs.join(","));
            cells.push(known.categories.join(","));
        }
        writer.write(&format!("{}\n", cells.join("\t")));
    }
    writer.flush()
}

/// `kubectl api-versions`.
pub(super) async fn api_versions(session: &mut Session<'_>) -> Outcome {
    let discovery = session.discovery().await?;
    let mut versions = discovery.versions.clone();
    versions.sort();
    versions.dedup();
    let text = lines(versions.into_iter());
    session.say(&text);
    Ok(())
}

/// `kubectl version`.
pub(super) async fn version(session: &mut Session<'_>) -> Outcome {
    let output = session.flags.text("output").to_owned();
    if !matches!(output.as_str(), "" | "yaml" | "json") {
        return Err(Failure::message("--output must be 'yaml' or 'json'"));
    }
    let client_only = session.flags.is("client");
    let server = if client_only { Ok(Value::Null) } else { session.client.get("/version").await };
    let client = json!({"major": "1", "minor": "36", "gitVersion": VERSION, "platform": "podium"});
    let mut said = json!({"clientVersion": client, "kustomizeVersion": KUSTOMIZE});
    if let (Ok(server), false) = (&server, client_only) {
        set(&mut said, &["serverVersion"], server.clone());
    }
    let text = match output.as_str() {
        "json" => pretty(&said),
        "yaml" => to_yaml(&said),
        _ => {
            let mut text = format!("Client Version: {VERSION}\nKustomize Version: {KUSTOMIZE}\n");
            if let (Ok(server), false) = (&server, client_only) {
                append(&mut text, format_args!("Server Version: {}\n", server.text("gitVersion")));
            }
            text
        }
    };
    session.say(&text);
    server.map(|_| ())
}

/// `kubectl cluster-info`.
pub(super) async fn cluster_info(session: &mut Session<'_>) -> Outcome {
    if let Some(word) = session.flags.arguments.first() {
        return Err(session.usage(format!("unknown command \"{word}\"")));
    }
    let path = "/api/v1/namespaces/kube-system/services?labelSelector=kubernetes.io%2Fcluster-service%3Dtrue";
    let services = session.client.get(path).await?;
    let mut text =
        "Kubernetes control plane is running at https://kubernetes.default.svc\n".to_owned();
    for service in services.list("items") {
        let name = service.text("metadata.name");
        let shown = match service
            .at("metadata.labels")
            .and_then(|all| all.get("kubernetes.io/name"))
            .and_then(Value::as_str)
        {
            Some(shown) => shown,
            None => name,
        };
        let port = match service.list("spec.ports").first().map(|port| port.text("name")) {
            Some("") | None => String::new(),
            Some(port) => format!(":{port}"),
        };
        append(
            &mut text,
            format_args!(
                "{shown} is running at https://kubernetes.default.svc/api/v1/namespaces/kube-system/services/{name}{port}/proxy\n"
            ),
        );
    }
    text.push_str(
        "\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n",
    );
    session.say(&text);
    Ok(())
}
