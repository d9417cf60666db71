//! What a pod says of where it wants to be.

use cluster::rng::Stream;
use serde_json::{Value, json};

use super::{APPS, HOSTNAME, NAMESPACES, REGION, ZONE, ZONES, pick};
use crate::pick::Pick as _;

const KEYS: [&str; 4] = [HOSTNAME, ZONE, REGION, "disk"];

/// Adds some wishes.
pub(super) fn wish(chance: &mut Stream, spec: &mut Value, nodes: &[String]) {
    if chance.once_in(8) {
        spec["nodeSelector"] = match chance.upto(3) {
            0 => json!({ ZONE: chance.one(&ZONES) }),
            1 => json!({ "disk": chance.one(&["ssd", "hdd"]) }),
            _ => json!({ HOSTNAME: pick(chance, nodes) }),
        };
    }
    let mut affinity = json!({});
    if chance.once_in(5) {
        affinity["nodeAffinity"] = node_affinity(chance, nodes);
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        if chance.once_in(6) {
            affinity[kind] = pod_affinity(chance);
        }
    }
    if affinity != json!({}) {
        spec["affinity"] = affinity;
    }
    if chance.once_in(4) {
        spec["topologySpreadConstraints"] = json!(constraints(chance));
    }
}

fn node_affinity(chance: &mut Stream, nodes: &[String]) -> Value {
    let mut said = json!({});
    if !chance.once_in(3) {
        let terms: Vec<Value> = (0..=chance.upto(2)).map(|_| term(chance, nodes)).collect();
        said["requiredDuringSchedulingIgnoredDuringExecution"] =
            json!({ "nodeSelectorTerms": terms });
    }
    if chance.once_in(2) {
        let term = |_| json!({ "weight": 1 + chance.upto(100), "preference": term(chance, nodes) });
        let terms: Vec<Value> = (0..=2).map(term).collect();
        said["preferredDuringSchedulingIgnoredDuringExecution"] = json!(terms);
    }
    said
}

/// A term of a node selector; one without anything is allowed and matches nothing.
fn term(chance: &mut Stream, nodes: &[String]) -> Value {
    if chance.once_in(15) {
        return json!({});
    }
    let mut said = json!({});
    if !chance.once_in(4) {
        let expressions: Vec<Value> =
            (0..=usize::from(chance.once_in(4))).map(|_| expression(chance)).collect();
        said["matchExpressions"] = json!(expressions);
    }
    if chance.once_in(5) {
        let name = if chance.once_in(6) { "nobody".to_owned() } else { pick(chance, nodes) };
        let operator = chance.one(&["In", "In", "NotIn"]);
        let mut matched =
            vec![json!({ "key": "metadata.name", "operator": operator, "values": [name] })];
        if chance.once_in(5) {
            let other = pick(chance, nodes);
            matched.push(json!({ "key": "metadata.name", "operator": "In", "values": [other] }));
        }
        said["matchFields"] = json!(matched);
    }
    said
}

fn expression(chance: &mut Stream) -> Value {
    match chance.upto(7) {
        0 => {
            let operator = chance.one(&["Gt", "Lt"]);
            let bound = chance.one(&["0", "4", "5", "9", "008"]);
            json!({ "key": "rank", "operator": operator, "values": [bound] })
        }
        1 => {
            let operator = chance.one(&["Exists", "DoesNotExist"]);
            json!({ "key": chance.one(&["disk", "rank", ZONE]), "operator": operator })
        }
        2 => {
            let operator = chance.one(&["In", "NotIn"]);
            json!({ "key": "disk", "operator": operator, "values": [chance.one(&["ssd", "hdd"])] })
        }
        _ => {
            let operator = chance.one(&["In", "In", "NotIn"]);
            let mut values = vec![chance.one(&ZONES)];
            if chance.once_in(2) {
                values.push(chance.one(&ZONES));
            }
            json!({ "key": ZONE, "operator": operator, "values": values })
        }
    }
}

fn pod_affinity(chance: &mut Stream) -> Value {
    let mut said = json!({});
    if !chance.once_in(3) {
        let terms: Vec<Value> =
            (0..=usize::from(chance.once_in(4))).map(|_| pod_term(chance)).collect();
        said["requiredDuringSchedulingIgnoredDuringExecution"] = json!(terms);
    }
    if chance.once_in(2) {
        let term =
            |_| json!({ "weight": 1 + chance.upto(100), "podAffinityTerm": pod_term(chance) });
        let terms: Vec<Value> = (0..=1).map(term).collect();
        said["preferredDuringSchedulingIgnoredDuringExecution"] = json!(terms);
    }
    said
}

fn pod_term(chance: &mut Stream) -> Value {
    let mut term = json!({ "topologyKey": chance.one(&KEYS) });
    if !chance.once_in(12) {
        term["labelSelector"] = selector(chance);
        if chance.once_in(5) {
            let keys = chance.one(&["matchLabelKeys", "mismatchLabelKeys"]);
            term[keys] = json!(["version"]);
        }
    }
    if chance.once_in(5) {
        term["namespaces"] = json!([chance.one(&NAMESPACES)]);
    }
    if chance.once_in(5) {
        term["namespaceSelector"] = match chance.upto(3) {
            0 => json!({}),
            1 => json!({ "matchLabels": { "team": chance.one(&["one", "two"]) } }),
            _ => json!({ "matchExpressions": [{ "key": "team", "operator": "DoesNotExist" }] }),
        };
    }
    term
}

fn selector(chance: &mut Stream) -> Value {
    match chance.upto(6) {
        0 => json!({}),
        1 => json!({ "matchExpressions": [{
            "key": "app", "operator": chance.one(&["In", "NotIn"]), "values": [chance.one(&APPS), chance.one(&APPS)],
        }] }),
        2 => json!({ "matchExpressions": [{
            "key": "tier", "operator": chance.one(&["Exists", "DoesNotExist"]),
        }] }),
        _ => json!({ "matchLabels": { "app": chance.one(&APPS) } }),
    }
}

fn constraints(chance: &mut Stream) -> Vec<Value> {
    let count = 1 + usize::from(chance.once_in(3));
    let mut seen: Vec<Value> = Vec::new();
    for _ in 0..count {
        let one = constraint(chance);
        // One key and action stand only once.
        let again = |other: &Value| {
            other["topologyKey"] == one["topologyKey"]
                && other["whenUnsatisfiable"] == one["whenUnsatisfiable"]
        };
        if !seen.iter().any(again) {
            seen.push(one);
        }
    }
    seen
}

fn constraint(chance: &mut Stream) -> Value {
    let hard = !chance.once_in(3);
    let mut said = json!({
        "maxSkew": 1 + chance.upto(3),
        "topologyKey": chance.one(&KEYS),
        "whenUnsatisfiable": if hard { "DoNotSchedule" } else { "ScheduleAnyway" },
    });
    if !chance.once_in(10) {
        said["labelSelector"] = selector(chance);
        if chance.once_in(5) {
            said["matchLabelKeys"] = json!(["version"]);
        }
    }
    if hard && chance.once_in(4) {
        said["minDomains"] = json!(1 + chance.upto(4));
    }
    for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        if chance.once_in(4) {
            said[policy] = json!(chance.one(&["Honor", "Ignore"]));
        }
    }
    said
}
