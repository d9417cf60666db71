//! HorizontalPodAutoscalers (`printHorizontalPodAutoscaler`, `formatHPAMetrics`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name, or_none};
use crate::fields::{items, number, text};

/// How many metrics are shown.
const SHOWN: usize = 2;

pub(super) fn cells(value: &Value, now: Timestamp) -> Cells {
    let target = |field: &str| text(value, &format!("/spec/scaleTargetRef/{field}"));
    let current = items(value, "/status/currentMetrics");
    let wanted = items(value, "/spec/metrics").iter().enumerate();
    let all: Vec<String> =
        wanted.map(|(index, metric)| shown(metric, current.get(index))).collect();
    let mut metrics = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        metrics = format!("{metrics} + {} more...", all.len() - SHOWN);
    }
    let least = number(value, "/spec/minReplicas");
    vec![
        name(value),
        json!(format!("{}/{}", target("kind"), target("name"))),
        or_none(&metrics),
        json!(least.map_or_else(|| "<unset>".to_owned(), |least| least.to_string())),
        json!(number(value, "/spec/maxReplicas").unwrap_or(0)),
        json!(number(value, "/status/currentReplicas").unwrap_or(0)),
        age(value, now),
    ]
}

fn shown(metric: &Value, current: Option<&Value>) -> String {
    let (field, of_resource) = match text(metric, "/type") {
        "Resource" => ("resource", true),
        "ContainerResource" => ("containerResource", true),
        "Pods" => ("pods", false),
        "Object" => ("object", false),
        "External" => ("external", false),
        _ => return "<unknown type>".to_owned(),
    };
    let wanted = |name: &str| metric.pointer(&format!("/{field}/target/{name}"));
    let found = |name: &str| {
        let pointer = format!("/{field}/current/{name}");
        current.and_then(|current| current.pointer(&pointer)).cloned()
    };
    let amount = |value: Option<Value>| match value {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => "<unknown>".to_owned(),
    };
    let average = wanted("averageValue").map(|value| text(value, "").to_owned());
    if of_resource {
        let resource = text(metric, &format!("/{field}/name"));
        if let Some(average) = average {
            return format!("{resource}: {}/{average}", amount(found("averageValue")));
        }
        let percent = |value: Option<i64>, none: &str| {
            value.map_or_else(|| none.to_owned(), |value| format!("{value}%"))
        };
        let now = found("averageUtilization").as_ref().and_then(Value::as_i64);
        let target = wanted("averageUtilization").and_then(Value::as_i64);
        return format!("{resource}: {}/{}", percent(now, "<unknown>"), percent(target, "<auto>"));
    }
    match average {
        Some(average) if field == "pods" => format!("{}/{average}", amount(found("averageValue"))),
        Some(average) => format!("{}/{average} (avg)", amount(found("averageValue"))),
        None => {
            let target = wanted("value").map_or("", |value| text(value, ""));
            format!("{}/{target}", amount(found("value")))
        }
    }
}
