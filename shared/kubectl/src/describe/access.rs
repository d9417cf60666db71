//! `kubectl describe role` and `clusterrole`.

use apimachinery::order::Order as _;
use std::collections::BTreeMap;

use serde_json::Value;

use super::page::Page;
use crate::value::Reading as _;

/// A rule taken apart: one group, one resource, at most one name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Simple {
    group: String,
    resource: String,
    name: Option<String>,
}

/// A row of the table. The order of fields is the order that kubectl sorts by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) verbs: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) urls: Vec<String>,
}

impl Row {
    /// `PolicyRule.String()`, which kubectl sorts by.
    fn key(&self) -> String {
        let list = |words: &[String]| format!("[{}]", words.join(" "));
        format!(
            "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            list(&self.verbs),
            list(&self.groups),
            list(&self.resources),
            list(&self.names),
            list(&self.urls)
        )
    }

    /// The cells: resource with group, URLs, names, verbs.
    pub(crate) fn cells(&self) -> [String; 4] {
        let list = |words: &[String]| format!("[{}]", words.join(" "));
        [
            combined(&self.resources, &self.groups),
            list(&self.urls),
            list(&self.names),
            list(&self.verbs),
        ]
    }
}

/// `CombineResourceGroup`.
fn combined(resources: &[String], groups: &[String]) -> String {
    let Some(first) = resources.first() else { return String::new() };
    let (resource, sub) = match first.split_once('/') {
        Some((resource, sub)) => (resource, format!("/{sub}")),
        None => (first.as_str(), String::new()),
    };
    match groups.first().map(String::as_str) {
        None | Some("") => format!("{resource}{sub}"),
        Some(group) => format!("{resource}.{group}{sub}"),
    }
}

fn texts(rule: &Value, path: &str) -> Vec<String> {
    rule.list(path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn add_new(known: &mut Vec<String>, words: &[String]) {
    for word in words {
        if !known.contains(word) {
            known.push(word.clone());
        }
    }
}

/// `BreakdownRule`, `CompactRules` and the sort behind them.
pub(crate) fn rows(rules: &[Value]) -> Vec<Row> {
    let mut simple: BTreeMap<Simple, Vec<String>> = BTreeMap::new();
    let mut rows = Vec::new();
    for rule in rules {
        let verbs = texts(rule, "verbs");
        let names = texts(rule, "resourceNames");
        let names: Vec<Option<String>> =
            if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() };
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                for name in &names {
                    let key = Simple {
                        group: group.clone(),
                        resource: resource.clone(),
                        name: name.clone(),
                    };
                    add_new(simple.entry(key).or_default(), &verbs);
                }
            }
        }
        for url in texts(rule, "nonResourceURLs") {
            for verb in &verbs {
                rows.push(Row {
                    verbs: vec![verb.clone()],
                    groups: Vec::new(),
                    resources: Vec::new(),
                    names: Vec::new(),
                    urls: vec![url.clone()],
                });
            }
        }
    }
    for (key, verbs) in simple {
        rows.push(Row {
            verbs,
            groups: vec![key.group],
            resources: vec![key.resource],
            names: key.name.into_iter().collect(),
            urls: Vec::new(),
        });
    }
    rows.order_by_key(Row::key);
    rows
}

/// Writes the text of a role.
pub(super) fn role(page: &mut Page, role: &Value) {
    page.heading(role, false);
    page.at(0, "PolicyRule:\n");
    page.at(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    page.at(1, "---------\t-----------------\t--------------\t-----\n");
    for row in rows(role.list("rules")) {
        page.at(1, &format!("{}\n", row.cells().join("\t")));
    }
}
