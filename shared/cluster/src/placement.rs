//! Which nodes a pod may be on: selector, node affinity, taints
//! (`k8s.io/component-helpers/scheduling/corev1`). The scheduler asks, and so do controllers that place
//! pods by themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fields;

/// Where a pod says which nodes it may be on.
pub(crate) const TERMS: &str =
    "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";

/// The node that a pod is on, or that its affinity names (`GetTargetNodeName`); empty when neither.
pub(crate) fn node_of(pod: &Value) -> &str {
    let bound = fields::text(pod, "/spec/nodeName");
    if !bound.is_empty() {
        return bound;
    }
    let fields_of = |term| fields::items(term, "/matchFields").iter();
    let mut named = fields::items(pod, TERMS).iter().flat_map(fields_of);
    named.find_map(|one| fields::items(one, "/values").first()?.as_str()).unwrap_or_default()
}

/// Whether a node has what the pod's `nodeSelector` and required node affinity ask for
/// (`GetRequiredNodeAffinity().Match`).
pub(crate) fn node_matches(pod: &Value, node: &Value) -> bool {
    let labels = fields::labels(node);
    let wanted = fields::texts(pod, "/spec/nodeSelector");
    if wanted.iter().any(|(key, value)| labels.get(key) != Some(value)) {
        return false;
    }
    let terms = fields::items(pod, TERMS);
    terms.is_empty() || terms.iter().any(|term| term_matches(term, node, &labels))
}

/// One term of a node selector; an empty one matches nothing.
pub(crate) fn term_matches(term: &Value, node: &Value, labels: &BTreeMap<String, String>) -> bool {
    let expressions = fields::items(term, "/matchExpressions");
    let by_field = fields::items(term, "/matchFields");
    if expressions.is_empty() && by_field.is_empty() {
        return false;
    }
    let name = BTreeMap::from([("metadata.name".to_owned(), fields::name(node).to_owned())]);
    expressions.iter().all(|one| expression_matches(one, labels))
        && by_field.iter().all(|one| expression_matches(one, &name))
}

fn expression_matches(expression: &Value, labels: &BTreeMap<String, String>) -> bool {
    let value = labels.get(fields::text(expression, "/key"));
    let values: Vec<&str> =
        fields::items(expression, "/values").iter().filter_map(Value::as_str).collect();
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = values.first().copied().and_then(number);
    let found = value.and_then(|value| number(value));
    match fields::text(expression, "/operator") {
        "In" => value.is_some_and(|value| values.contains(&value.as_str())),
        "NotIn" => value.is_none_or(|value| !values.contains(&value.as_str())),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => found.zip(bound).is_some_and(|(found, bound)| found > bound),
        "Lt" => found.zip(bound).is_some_and(|(found, bound)| found < bound),
        _ => false,
    }
}

/// The first taint that keeps a pod from being placed (`FindMatchingUntoleratedTaint`).
pub(crate) fn untolerated<'a>(pod: &Value, node: &'a Value) -> Option<&'a Value> {
    first_untolerated(pod, node, |effect| matches!(effect, "NoSchedule" | "NoExecute"))
}

/// The first taint of one effect that a pod does not tolerate.
pub(crate) fn untolerated_effect<'a>(
    pod: &Value,
    node: &'a Value,
    wanted: &str,
) -> Option<&'a Value> {
    first_untolerated(pod, node, |effect| effect == wanted)
}

fn first_untolerated<'a>(
    pod: &Value,
    node: &'a Value,
    counts: impl Fn(&str) -> bool,
) -> Option<&'a Value> {
    let tolerations = fields::items(pod, "/spec/tolerations");
    fields::items(node, "/spec/taints")
        .iter()
        .filter(|taint| counts(fields::text(taint, "/effect")))
        .find(|taint| !tolerations.iter().any(|one| tolerates(one, taint)))
}

/// `v1.Toleration.ToleratesTaint`.
pub(crate) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let text = |document, key| fields::text(document, key);
    let effect = text(toleration, "/effect");
    let key = text(toleration, "/key");
    if !effect.is_empty() && effect != text(taint, "/effect")
        || !key.is_empty() && key != text(taint, "/key")
    {
        return false;
    }
    match text(toleration, "/operator") {
        "Exists" => true,
        _ => !key.is_empty() && text(toleration, "/value") == text(taint, "/value"),
    }
}
