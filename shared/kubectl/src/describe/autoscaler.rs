//! `kubectl describe` of HorizontalPodAutoscalers (`describeHorizontalPodAutoscalerV2`).

use serde_json::Value;

use super::page::{Page, clock_text};
use crate::failure::go_quote;
use crate::value::{Reading as _, plain};

const UNKNOWN: &str = "<unknown>";

/// Writes the text of an autoscaler.
pub(super) fn write(page: &mut Page, object: &Value) {
    page.heading(object, true);
    page.field(0, "CreationTimestamp", &clock_text(object.text("metadata.creationTimestamp")));
    let kind = object.text("spec.scaleTargetRef.kind");
    page.field(0, "Reference", &format!("{kind}/{}", object.text("spec.scaleTargetRef.name")));
    page.at(0, "Metrics:\t( current / target )\n");
    for (index, metric) in object.list("spec.metrics").iter().enumerate() {
        let current = object.list("status.currentMetrics").get(index).unwrap_or(&Value::Null);
        page.at(1, &format!("{}\n", line(metric, current)));
    }
    let least = object.at("spec.minReplicas").map_or_else(|| "<unset>".to_owned(), plain);
    page.field(0, "Min replicas", &least);
    page.field(0, "Max replicas", &object.int("spec.maxReplicas").unwrap_or(0).to_string());
    if let Some(behavior) = object.at("spec.behavior") {
        page.at(0, "Behavior:\n");
        direction(page, "Scale Up", behavior.at("scaleUp"));
        direction(page, "Scale Down", behavior.at("scaleDown"));
    }
    page.at(
        0,
        &format!(
            "{kind} pods:\t{} current / {} desired\n",
            object.int("status.currentReplicas").unwrap_or(0),
            object.int("status.desiredReplicas").unwrap_or(0)
        ),
    );
    conditions(page, object.list("status.conditions"));
}

/// One metric: what it is, its current value and its target.
fn line(metric: &Value, current: &Value) -> String {
    match metric.text("type") {
        "External" => {
            let name = go_quote(metric.text("external.metric.name"));
            average_or_value(&name, "external", metric, current)
        }
        "Pods" => format!(
            "{} on pods:\t{} / {}",
            go_quote(metric.text("pods.metric.name")),
            or_unknown(current.at("pods.current.averageValue")),
            shown(metric.at("pods.target.averageValue"))
        ),
        "Object" => {
            let name = format!(
                "\"{}\" on {}/{}",
                metric.text("object.metric.name"),
                metric.text("object.describedObject.kind"),
                metric.text("object.describedObject.name")
            );
            average_or_value(&name, "object", metric, current)
        }
        "Resource" => {
            let name = format!("resource {} on pods", metric.text("resource.name"));
            utilization(&name, "resource", metric, current)
        }
        "ContainerResource" => {
            let name = format!(
                "resource {} of container \"{}\" on pods",
                metric.text("containerResource.name"),
                metric.text("containerResource.container")
            );
            utilization(&name, "containerResource", metric, current)
        }
        other => format!("<unknown metric type {}>", go_quote(other)),
    }
}

fn average_or_value(name: &str, source: &str, metric: &Value, current: &Value) -> String {
    let average = metric.at(&format!("{source}.target.averageValue"));
    let (word, field) = if average.is_some() {
        ("target average value", "averageValue")
    } else {
        ("target value", "value")
    };
    format!(
        "{name} ({word}):\t{} / {}",
        or_unknown(current.at(&format!("{source}.current.{field}"))),
        shown(metric.at(&format!("{source}.target.{field}")))
    )
}

fn utilization(name: &str, source: &str, metric: &Value, current: &Value) -> String {
    let value = current.at(&format!("{source}.current.averageValue"));
    if let Some(target) = metric.at(&format!("{source}.target.averageValue")) {
        return format!("{name}:\t{} / {}", or_unknown(value), plain(target));
    }
    let used = current.int(&format!("{source}.current.averageUtilization"));
    let used =
        used.map_or_else(|| UNKNOWN.to_owned(), |used| format!("{used}% ({})", shown(value)));
    let target = metric.int(&format!("{source}.target.averageUtilization"));
    let target = target.map_or_else(|| "<auto>".to_owned(), |target| format!("{target}%"));
    // The two spaces are the indentation of a line that goes on.
    format!("{name}  (as a percentage of request):\t{used} / {target}")
}

fn or_unknown(value: Option<&Value>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), plain)
}

/// A quantity; one that is absent is zero in Go.
fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "0".to_owned(), plain)
}

fn direction(page: &mut Page, title: &str, rules: Option<&Value>) {
    let Some(rules) = rules else { return };
    page.at(1, &format!("{title}:\n"));
    if let Some(seconds) = rules.int("stabilizationWindowSeconds") {
        page.at(2, &format!("Stabilization Window: {seconds} seconds\n"));
    }
    let policies = rules.list("policies");
    if policies.is_empty() {
        return;
    }
    let select = rules.at("selectPolicy").map_or_else(|| "Max".to_owned(), plain);
    page.at(2, &format!("Select Policy: {select}\n"));
    page.at(2, "Policies:\n");
    for policy in policies {
        page.at(
            3,
            &format!(
                "- Type: {}\tValue: {}\tPeriod: {} seconds\n",
                policy.text("type"),
                policy.int("value").unwrap_or(0),
                policy.int("periodSeconds").unwrap_or(0)
            ),
        );
    }
}

fn conditions(page: &mut Page, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    page.at(0, "Conditions:\n");
    page.at(1, "Type\tStatus\tReason\tMessage\n");
    page.at(1, "----\t------\t------\t-------\n");
    for condition in conditions {
        let text = |field: &str| condition.text(field).to_owned();
        let cells = [text("type"), text("status"), text("reason"), text("message")];
        page.at(1, &format!("{}\n", cells.join("\t")));
    }
}
