//! `kubectl describe` of namespaces, quotas and limit ranges.

use apimachinery::order::Order as _;
use std::collections::BTreeSet;

use serde_json::Value;

use super::page::{Page, clock_text};
use crate::client::Client;
use crate::failure::Outcome;
use crate::value::{Reading as _, plain};

/// Writes the text of a namespace, with its quotas and limit ranges.
pub(super) async fn namespace(client: &Client, page: &mut Page, namespace: &Value) -> Outcome {
    let name = namespace.text("metadata.name");
    let quotas = client.get(&format!("/api/v1/namespaces/{name}/resourcequotas?limit=500")).await?;
    let ranges = client.get(&format!("/api/v1/namespaces/{name}/limitranges?limit=500")).await?;
    page.heading(namespace, false);
    page.field(0, "Status", namespace.text("status.phase"));
    let conditions = namespace.list("status.conditions");
    if !conditions.is_empty() {
        page.at(0, "Conditions:\n");
        page.at(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
        page.at(1, "----\t------\t------------------\t------\t-------\n");
        for condition in conditions {
            page.at(
                1,
                &format!(
                    "{}\t{}\t{}\t{}\t{}\n",
                    condition.text("type"),
                    condition.text("status"),
                    clock_text(condition.text("lastTransitionTime")),
                    condition.text("reason"),
                    condition.text("message")
                ),
            );
        }
    }
    page.at(0, "\n");
    quotas_of(page, quotas.list("items"));
    page.at(0, "\n");
    let ranges = ranges.list("items");
    if ranges.is_empty() {
        page.at(0, "No LimitRange resource.\n");
    } else {
        page.at(0, "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n");
        page.at(
            0,
            " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
        );
        for range in ranges {
            limits(page, range, " ");
        }
    }
    Ok(())
}

fn quotas_of(page: &mut Page, quotas: &[Value]) {
    if quotas.is_empty() {
        page.at(0, "No resource quota.\n");
        return;
    }
    let mut sorted: Vec<&Value> = quotas.iter().collect();
    sorted.order_by_key(|quota| quota.text("metadata.name").to_owned());
    page.at(0, "Resource Quotas\n");
    for quota in sorted {
        page.field(1, "Name", quota.text("metadata.name"));
        scopes(page, quota, 1, "* ");
        page.at(1, "Resource\tUsed\tHard\n");
        page.at(1, "--------\t---\t---\n");
        amounts(page, quota, 1);
    }
}

fn scopes(page: &mut Page, quota: &Value, level: usize, bullet: &str) {
    let mut scopes: Vec<&str> =
        quota.list("spec.scopes").iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.sort_unstable();
    page.field(level, "Scopes", &scopes.join(", "));
    for scope in scopes {
        let said = match scope {
            "Terminating" => {
                "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system."
            }
            "NotTerminating" => {
                "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate."
            }
            "BestEffort" => {
                "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service."
            }
            "NotBestEffort" => {
                "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service."
            }
            _ => continue,
        };
        page.at(level, &format!("{bullet}{said}\n"));
    }
}

fn amounts(page: &mut Page, quota: &Value, level: usize) {
    let used = quota.at("status.used");
    for (name, hard) in quota.entries("status.hard") {
        let used = used.and_then(|used| used.get(name)).map_or_else(|| "0".to_owned(), plain);
        page.at(level, &format!("{name}\t{used}\t{}\n", plain(hard)));
    }
}

/// Writes the text of a quota.
pub(super) fn quota(page: &mut Page, quota: &Value) {
    page.field(0, "Name", quota.text("metadata.name"));
    page.field(0, "Namespace", quota.text("metadata.namespace"));
    scopes(page, quota, 0, " * ");
    page.at(0, "Resource\tUsed\tHard\n");
    page.at(0, "--------\t----\t----\n");
    amounts(page, quota, 0);
}

/// Writes the text of a limit range.
pub(super) fn limit_range(page: &mut Page, range: &Value) {
    page.field(0, "Name", range.text("metadata.name"));
    page.field(0, "Namespace", range.text("metadata.namespace"));
    page.at(
        0,
        "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n",
    );
    page.at(
        0,
        "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n",
    );
    limits(page, range, "");
}

/// The rows of a limit range. (kubectl prints resources in the random order of a Go map; here sorted.)
fn limits(page: &mut Page, range: &Value, prefix: &str) {
    const COLUMNS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in range.list("spec.limits") {
        let names: BTreeSet<&str> =
            COLUMNS.iter().flat_map(|column| item.entries(column)).map(|(name, _)| name).collect();
        for name in names {
            let cells: Vec<String> = COLUMNS
                .iter()
                .map(|column| {
                    item.at(column)
                        .and_then(|values| values.get(name))
                        .map_or_else(|| "-".to_owned(), plain)
                })
                .collect();
            page.at(0, &format!("{prefix}{}\t{name}\t{}\n", item.text("type"), cells.join("\t")));
        }
    }
}
