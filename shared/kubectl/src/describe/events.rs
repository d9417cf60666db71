//! The events under a description.

use apimachinery::order::Order as _;
use serde_json::Value;

use super::page::Page;
use crate::client::Client;
use crate::discovery::query;
use crate::value::Reading as _;

/// Events about an object; `None` when they may not be read.
pub(super) async fn search(
    client: &Client,
    object: &Value,
    key: (&str, &str),
) -> Option<Vec<Value>> {
    let namespace = object.text("metadata.namespace");
    let name = object.text("metadata.name");
    let kind = if key == ("", "Pod") { "" } else { object.text("kind") };
    let mut uids = vec![match object
        .at("metadata.annotations")
        .and_then(|all| all.get("kubernetes.io/config.mirror"))
    {
        Some(mirror) => mirror.as_str().unwrap_or("").to_owned(),
        None => object.text("metadata.uid").to_owned(),
    }];
    if key == ("", "Node") {
        uids.push(name.to_owned());
    }
    let mut events = Vec::new();
    for uid in uids {
        events.extend(by_uid(client, namespace, name, kind, &uid).await?);
    }
    Some(events)
}

async fn by_uid(
    client: &Client,
    namespace: &str,
    name: &str,
    kind: &str,
    uid: &str,
) -> Option<Vec<Value>> {
    let mut terms = vec![
        format!("involvedObject.name={name}"),
        format!("involvedObject.namespace={namespace}"),
    ];
    if !kind.is_empty() {
        terms.push(format!("involvedObject.kind={kind}"));
    }
    if !uid.is_empty() {
        terms.push(format!("involvedObject.uid={uid}"));
    }
    terms.sort();
    let fields = terms.join(",");
    let collection = if namespace.is_empty() {
        "/api/v1/events".to_owned()
    } else {
        format!("/api/v1/namespaces/{namespace}/events")
    };
    super::list(
        client,
        &format!("{collection}{}", query(&[("fieldSelector", &fields), ("limit", "500")])),
    )
    .await
}

impl Page {
    /// `DescribeEvents`.
    pub(crate) fn events(&mut self, mut events: Vec<Value>) {
        if events.is_empty() {
            self.at(0, "Events:\t<none>\n");
            return;
        }
        events.order_by(|a, b| a.text("lastTimestamp").cmp(b.text("lastTimestamp")));
        self.at(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
        self.at(1, "----\t------\t----\t----\t-------\n");
        for event in events {
            let interval = self.interval(&event);
            let source = match event.text("source.component") {
                "" => event.text("reportingComponent"),
                component => component,
            };
            let message = event.text("message").trim();
            let field_path = event.text("involvedObject.fieldPath");
            let message = if field_path.is_empty() {
                message.to_owned()
            } else {
                format!("{field_path}: {message}")
            };
            self.at(
                1,
                &format!(
                    "{}\t{}\t{interval}\t{source}\t{message}\n",
                    event.text("type"),
                    event.text("reason")
                ),
            );
        }
    }

    /// How long ago, and how often.
    pub(crate) fn interval(&self, event: &Value) -> String {
        let first = if event.has("eventTime") {
            event.text("eventTime")
        } else {
            event.text("firstTimestamp")
        };
        let first = self.ago(first);
        let count = event.int("count").unwrap_or(0);
        if event.has("series") {
            let last = self.ago(event.text("series.lastObservedTime"));
            format!("{last} (x{} over {first})", event.int("series.count").unwrap_or(0))
        } else if count > 1 {
            format!("{} (x{count} over {first})", self.ago(event.text("lastTimestamp")))
        } else {
            first
        }
    }
}
