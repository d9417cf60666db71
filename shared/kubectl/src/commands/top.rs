//! `kubectl top`.

use apimachinery::order::Order as _;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use apimachinery::quantity::Quantity;
use serde_json::Value;

use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::TabWriter;
use crate::session::Session;
use crate::value::{Reading as _, plain};

/// Thousandths of a core, and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Usage {
    cpu: i128,
    memory: i128,
}

impl Usage {
    fn read(usage: &Value) -> Self {
        let amount =
            |name: &str| usage.at(name).map(plain).and_then(|text| Quantity::parse(&text).ok());
        Self {
            cpu: amount("cpu").map_or(0, |quantity| quantity.milli_value()),
            memory: amount("memory").map_or(0, |quantity| quantity.value()),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, memory: self.memory + other.memory }
    }

    fn cells(self) -> String {
        format!("{}m\t{}Mi", self.cpu, self.memory / (1024 * 1024))
    }
}

async fn check(session: &mut Session<'_>) -> Outcome {
    let sort = session.flags.text("sort-by");
    if !matches!(sort, "" | "cpu" | "memory") {
        return Err(Failure::message("--sort-by accepts only cpu or memory"));
    }
    let discovery = session.discovery().await?;
    if discovery.versions.iter().any(|version| version.starts_with("metrics.k8s.io/")) {
        Ok(())
    } else {
        Err(Failure::message("Metrics API not available"))
    }
}

fn sort<T>(rows: &mut [T], by: &str, usage: impl Fn(&T) -> Usage, name: impl Fn(&T) -> String) {
    match by {
        "cpu" => rows.order_by_key(|row| (Reverse(usage(row).cpu), name(row))),
        "memory" => rows.order_by_key(|row| (Reverse(usage(row).memory), name(row))),
        _ => rows.order_by_key(|row| name(row)),
    }
}

/// `kubectl top node`.
pub(super) async fn nodes(session: &mut Session<'_>) -> Outcome {
    check(session).await?;
    let selector = session.flags.text("selector").to_owned();
    let name = session.flags.arguments.first().cloned();
    let suffix = name
        .as_ref()
        .map_or_else(|| query(&[("labelSelector", &selector)]), |name| format!("/{name}"));
    let answer = session.client.get(&format!("/apis/metrics.k8s.io/v1beta1/nodes{suffix}")).await?;
    let mut metrics = if name.is_some() { vec![answer] } else { answer.list("items").to_vec() };
    if metrics.is_empty() {
        return Err(Failure::message("metrics not available yet"));
    }
    let answer = session.client.get(&format!("/api/v1/nodes{suffix}")).await?;
    let nodes = if name.is_some() { vec![answer] } else { answer.list("items").to_vec() };
    let field =
        if session.flags.is("show-capacity") { "status.capacity" } else { "status.allocatable" };
    let available: BTreeMap<String, Usage> = nodes
        .iter()
        .map(|node| {
            (
                node.text("metadata.name").to_owned(),
                Usage::read(node.at(field).unwrap_or(&Value::Null)),
            )
        })
        .collect();
    let usage = |row: &Value| Usage::read(row.at("usage").unwrap_or(&Value::Null));
    sort(&mut metrics, session.flags.text("sort-by"), usage, |row| {
        row.text("metadata.name").to_owned()
    });
    let mut writer = TabWriter::table();
    if !session.flags.is("no-headers") {
        writer.write("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\n");
    }
    for row in &metrics {
        let name = row.text("metadata.name");
        let used = usage(row);
        let whole = available.get(name).copied().unwrap_or_default();
        let percent = |part: i128, whole: i128| {
            if whole == 0 { "<unknown>".to_owned() } else { format!("{}%", part * 100 / whole) }
        };
        writer.write(&format!(
            "{name}\t{}m\t{}\t{}Mi\t{}\n",
            used.cpu,
            percent(used.cpu, whole.cpu),
            used.memory / (1024 * 1024),
            percent(used.memory, whole.memory)
        ));
    }
    session.say(&writer.flush());
    Ok(())
}

/// A line of `kubectl top pod`.
struct Row {
    namespace: String,
    pod: String,
    container: String,
    usage: Usage,
}

/// `kubectl top pod`.
pub(super) async fn pods(session: &mut Session<'_>) -> Outcome {
    check(session).await?;
    let all = session.flags.is("all-namespaces");
    let collection =
        if all { "pods".to_owned() } else { format!("namespaces/{}/pods", session.namespace) };
    let name = session.flags.arguments.first().cloned();
    let (labels, fields) = session.selectors();
    let suffix = name.as_ref().map_or_else(
        || query(&[("labelSelector", &labels), ("fieldSelector", &fields)]),
        |name| format!("/{name}"),
    );
    let answer =
        session.client.get(&format!("/apis/metrics.k8s.io/v1beta1/{collection}{suffix}")).await?;
    let metrics = if name.is_some() { vec![answer] } else { answer.list("items").to_vec() };
    if metrics.is_empty() {
        let said = if all {
            "No resources found\n".to_owned()
        } else {
            format!("No resources found in {} namespace.\n", session.namespace)
        };
        session.err(&said);
        return Ok(());
    }
    let per_container = session.flags.is("containers");
    let mut rows = Vec::new();
    for pod in &metrics {
        let used: Vec<(String, Usage)> = pod
            .list("containers")
            .iter()
            .map(|container| {
                let usage = Usage::read(container.at("usage").unwrap_or(&Value::Null));
                (container.text("name").to_owned(), usage)
            })
            .collect();
        let row = |container: String, usage: Usage| Row {
            namespace: pod.text("metadata.namespace").to_owned(),
            pod: pod.text("metadata.name").to_owned(),
            container,
            usage,
        };
        if per_container {
            rows.extend(used.into_iter().map(|(name, usage)| row(name, usage)));
        } else {
            let sum = used.into_iter().fold(Usage::default(), |sum, (_, usage)| sum.plus(usage));
            rows.push(row(String::new(), sum));
        }
    }
    sort(
        &mut rows,
        session.flags.text("sort-by"),
        |row| row.usage,
        |row| format!("{}/{}/{}", row.namespace, row.pod, row.container),
    );
    let text = render(session, &rows);
    session.say(&text);
    Ok(())
}

fn render(session: &Session<'_>, rows: &[Row]) -> String {
    let all = session.flags.is("all-namespaces");
    let per_container = session.flags.is("containers");
    let mut writer = TabWriter::table();
    if !session.flags.is("no-headers") {
        let namespace = if all { "NAMESPACE\t" } else { "" };
        let heading = if per_container { "POD\tNAME" } else { "NAME" };
        writer.write(&format!("{namespace}{heading}\tCPU(cores)\tMEMORY(bytes)\n"));
    }
    for row in rows {
        let namespace = if all { format!("{}\t", row.namespace) } else { String::new() };
        let container = if per_container { format!("\t{}", row.container) } else { String::new() };
        writer.write(&format!("{namespace}{}{container}\t{}\n", row.pod, row.usage.cells()));
    }
    if session.flags.is("sum") {
        let columns = 1 + usize::from(all) + usize::from(per_container);
        let sum = rows.iter().fold(Usage::default(), |sum, row| sum.plus(row.usage));
        let blank = "\t".repeat(columns);
        writer.write(&format!("{blank}________\t________\n"));
        writer.write(&format!("{blank}{}\n", sum.cells()));
    }
    writer.flush()
}
