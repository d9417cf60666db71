//! Server-side tables: the columns are data (`data/columns.txt`, from the real server), the cells follow
//! `pkg/printers/internalversion/printers.go`.

mod access;
mod autoscaler;
mod classes;
mod config;
mod network;
mod pods;
mod policies;
mod workloads;

use std::borrow::Borrow;

use apimachinery::object;
use apimachinery::time::human_duration;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::Call;
use super::read::partial;
use crate::fields::text;

const COLUMNS: &str = include_str!("../../data/columns.txt");

/// Columns of kinds whose cells are not computed here.
const PLAIN: &str = "Name/name|Age";

/// The cells of one object.
type Cells = Vec<Value>;

fn columns(key: &str) -> &'static str {
    COLUMNS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .find(|(resource, _)| *resource == key)
        .map_or(PLAIN, |(_, columns)| columns)
}

/// `NAME[:TYPE][/FORMAT][!PRIORITY]`; a `/` before a lower-case word only.
fn definition(column: &str) -> Value {
    let (rest, priority) = column.split_once('!').unwrap_or((column, "0"));
    let (rest, format) = match rest.split_once("/name") {
        Some((name, _)) => (name, "name"),
        None => (rest, ""),
    };
    let (name, kind) = rest.split_once(':').unwrap_or((rest, "string"));
    let priority: i64 = priority.parse().unwrap_or(0);
    json!({"name": name, "type": kind, "format": format, "description": "", "priority": priority})
}

/// A table of objects.
pub(crate) fn document<T: Borrow<Value>>(
    call: &Call,
    key: &str,
    items: &[T],
    metadata: Value,
) -> Value {
    let printer = printer(key);
    let definitions: Vec<Value> =
        if printer.is_some() { columns(key) } else { PLAIN }.split('|').map(definition).collect();
    let include = call.param("includeObject");
    let mut items: Vec<&Value> = items.iter().map(Borrow::borrow).collect();
    if key == classes::FLOW_SCHEMAS {
        classes::by_precedence(&mut items);
    }
    let rows: Vec<Value> = items
        .into_iter()
        .map(|item| {
            let cells = match printer {
                Some(print) => print(item, call.now),
                None => vec![name(item), age(item, call.now)],
            };
            let object = match include {
                "None" => Value::Null,
                "Object" => item.clone(),
                _ => partial(call, item),
            };
            let mut row = json!({"cells": cells, "object": object});
            if key == "pods"
                && let Some(condition) = pods::row_condition(item)
            {
                crate::fields::put(&mut row, "/conditions", json!([condition]));
            }
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": call.meta, "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

type Printer = fn(&Value, Timestamp) -> Cells;

const PRINTERS: &[(&str, Printer)] = &[
    ("apiservices.apiregistration.k8s.io", config::api_service),
    ("certificatesigningrequests.certificates.k8s.io", access::certificate_request),
    ("clusterrolebindings.rbac.authorization.k8s.io", access::binding),
    ("clusterroles.rbac.authorization.k8s.io", created_at),
    ("componentstatuses", config::component),
    ("configmaps", config::config_map),
    ("controllerrevisions.apps", workloads::revision),
    ("cronjobs.batch", workloads::cron_job),
    ("csidrivers.storage.k8s.io", classes::driver),
    ("csinodes.storage.k8s.io", classes::node),
    ("csistoragecapacities.storage.k8s.io", created_at),
    ("customresourcedefinitions.apiextensions.k8s.io", created_at),
    ("daemonsets.apps", workloads::daemon_set),
    ("deployments.apps", workloads::deployment),
    ("deviceclasses.resource.k8s.io", name_and_age),
    ("endpoints", network::endpoints),
    ("endpointslices.discovery.k8s.io", network::slice),
    ("events", config::event),
    (classes::FLOW_SCHEMAS, classes::flow_schema),
    ("horizontalpodautoscalers.autoscaling", autoscaler::cells),
    ("ingressclasses.networking.k8s.io", classes::ingress),
    ("ingresses.networking.k8s.io", network::ingress),
    ("ipaddresses.networking.k8s.io", classes::address),
    ("jobs.batch", workloads::job),
    ("leases.coordination.k8s.io", config::lease),
    ("limitranges", created_at),
    ("mutatingadmissionpolicies.admissionregistration.k8s.io", policies::mutating),
    ("mutatingadmissionpolicybindings.admissionregistration.k8s.io", policies::binding),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", access::webhooks),
    ("namespaces", config::namespace),
    ("networkpolicies.networking.k8s.io", network::policy),
    ("nodes", config::node),
    ("persistentvolumeclaims", config::claim),
    ("persistentvolumes", config::volume),
    ("poddisruptionbudgets.policy", workloads::budget),
    ("pods", pods::cells),
    ("podtemplates", classes::pod_template),
    ("priorityclasses.scheduling.k8s.io", config::priority_class),
    ("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", classes::priority_level),
    ("replicasets.apps", workloads::replica_set),
    ("replicationcontrollers", workloads::replication_controller),
    ("resourceclaims.resource.k8s.io", classes::resource_claim),
    ("resourceclaimtemplates.resource.k8s.io", name_and_age),
    ("resourcequotas", config::quota),
    ("resourceslices.resource.k8s.io", classes::resource_slice),
    ("rolebindings.rbac.authorization.k8s.io", access::binding),
    ("roles.rbac.authorization.k8s.io", created_at),
    ("runtimeclasses.node.k8s.io", classes::runtime),
    ("scales.autoscaling", workloads::scale),
    ("secrets", config::secret),
    ("serviceaccounts", name_and_age),
    ("servicecidrs.networking.k8s.io", classes::range),
    ("services", network::service),
    ("statefulsets.apps", workloads::stateful_set),
    ("storageclasses.storage.k8s.io", config::storage_class),
    ("volumeattachments.storage.k8s.io", classes::attachment),
    ("volumeattributesclasses.storage.k8s.io", classes::attributes),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", policies::validating),
    ("validatingadmissionpolicybindings.admissionregistration.k8s.io", policies::binding),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", access::webhooks),
];

fn printer(key: &str) -> Option<Printer> {
    PRINTERS.iter().find(|(known, _)| *known == key).map(|(_, print)| *print)
}

/// The name.
fn name(item: &Value) -> Value {
    json!(object::name(item))
}

/// How long ago a time was.
fn since(time: &str, now: Timestamp) -> String {
    time.parse::<Timestamp>().map_or_else(
        |_| "<unknown>".to_owned(),
        |then| human_duration(now.as_second() - then.as_second()),
    )
}

/// How long ago the object was created.
fn age(item: &Value, now: Timestamp) -> Value {
    json!(since(text(item, "/metadata/creationTimestamp"), now))
}

fn name_and_age(item: &Value, now: Timestamp) -> Cells {
    vec![name(item), age(item, now)]
}

fn created_at(item: &Value, _: Timestamp) -> Cells {
    vec![name(item), json!(text(item, "/metadata/creationTimestamp"))]
}

/// A text, or what stands for none.
fn or_none(text: &str) -> Value {
    json!(if text.is_empty() { "<none>" } else { text })
}

/// A label selector (`metav1.FormatLabelSelector`).
fn selector(value: Option<&Value>) -> String {
    let shown = value
        .and_then(|value| apimachinery::selector::LabelSelector::from_object(value).ok())
        .map(|selector| selector.to_string())
        .unwrap_or_default();
    if shown.is_empty() { "<none>".to_owned() } else { shown }
}

/// A map as labels are printed (`labels.FormatLabels`).
fn format_labels(map: &std::collections::BTreeMap<String, String>) -> String {
    if map.is_empty() {
        return "<none>".to_owned();
    }
    let parts: Vec<String> = map.iter().map(|(key, value)| format!("{key}={value}")).collect();
    parts.join(",")
}
