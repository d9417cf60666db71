//! SelfSubjectRulesReview: what `kubectl auth can-i --list` prints.

use serde_json::{Value, json};

use super::Apiserver;
use super::authz::rules_of;
use super::call::Call;
use crate::fields::{items, put, text};

/// The parts of a rule that say something, in a document of their own.
fn shown(rule: &Value, fields: &[&str]) -> Value {
    let mut found = json!({});
    for field in fields {
        let list = items(rule, &format!("/{field}"));
        if !list.is_empty() {
            put(&mut found, &format!("/{field}"), Value::Array(list.to_vec()));
        }
    }
    found
}

impl Apiserver {
    /// Fills in the rules of who asks.
    pub(crate) fn review_rules(&self, call: &Call, body: &mut Value) {
        let namespace = text(body, "/spec/namespace").to_owned();
        let (mut rules, errors) = rules_of(&self.store, &call.identity, &namespace);
        if call.identity.groups.iter().any(|group| group == "system:masters") {
            rules.insert(0, json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
            rules.insert(1, json!({"verbs": ["*"], "nonResourceURLs": ["*"]}));
            // Masters are bound to cluster-admin too; once is enough.
            let mut seen: Vec<Value> = Vec::new();
            rules.retain(|rule| {
                let new = !seen.contains(rule);
                seen.push(rule.clone());
                new
            });
        }
        let about = |rule: &&Value| !items(rule, "/resources").is_empty();
        let resources: Vec<Value> = rules
            .iter()
            .filter(about)
            .map(|rule| shown(rule, &["verbs", "apiGroups", "resources", "resourceNames"]))
            .collect();
        let urls: Vec<Value> = rules
            .iter()
            .filter(|rule| !items(rule, "/nonResourceURLs").is_empty())
            .map(|rule| shown(rule, &["verbs", "nonResourceURLs"]))
            .collect();
        let mut status = json!({
            "resourceRules": resources, "nonResourceRules": urls, "incomplete": !errors.is_empty(),
        });
        if !errors.is_empty() {
            put(&mut status, "/evaluationError", json!(errors.join(", ")));
        }
        put(body, "/metadata", json!({}));
        put(body, "/spec", json!({}));
        put(body, "/status", status);
    }
}
