//! `matchLabelKeys` and `mismatchLabelKeys`: at creation the labels of the pod become part of the
//! selectors (`pkg/registry/core/pod/strategy.go mutatePodAffinity`, `mutateTopologySpreadConstraints`).

use serde_json::{Value, json};

use crate::fields;

const KINDS: [&str; 2] = ["/spec/affinity/podAffinity", "/spec/affinity/podAntiAffinity"];

/// Merges the labels of a new pod into the selectors of its terms and constraints.
pub(super) fn merge(pod: &mut Value) {
    let labels = json!(fields::labels(pod));
    let each = |pod: &mut Value, list: &str, term: &str| {
        let items = pod.pointer_mut(list).and_then(Value::as_array_mut);
        let terms = items.into_iter().flatten().filter_map(|item| item.pointer_mut(term));
        terms.for_each(|term| apply(term, &labels));
    };
    for kind in KINDS {
        let list = |when: &str| format!("{kind}/{when}DuringSchedulingIgnoredDuringExecution");
        each(pod, &list("preferred"), "/podAffinityTerm");
        each(pod, &list("required"), "");
    }
    each(pod, "/spec/topologySpreadConstraints", "");
}

fn apply(term: &mut Value, labels: &Value) {
    let requirements: Vec<Value> = [("/matchLabelKeys", "In"), ("/mismatchLabelKeys", "NotIn")]
        .into_iter()
        .flat_map(|(list, operator)| {
            let keys = fields::items(term, list).iter().filter_map(Value::as_str);
            keys.filter_map(move |key| {
                let value = labels.get(key)?;
                Some(json!({ "key": key, "operator": operator, "values": [value] }))
            })
        })
        .collect();
    let selector = term.get_mut("labelSelector").and_then(Value::as_object_mut);
    let Some(selector) = selector.filter(|_| !requirements.is_empty()) else { return };
    let known = selector.entry("matchExpressions").or_insert_with(|| json!([]));
    if let Some(known) = known.as_array_mut() {
        known.extend(requirements);
    }
}
