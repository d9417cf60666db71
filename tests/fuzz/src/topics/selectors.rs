//! Selectors: `k8s.io/apimachinery/pkg/labels`, `pkg/fields` and `LabelSelectorAsSelector`.

use std::collections::BTreeMap;

use apimachinery::selector::{FieldSelector, LabelSelector};
use cluster::rng::Stream;
use serde_json::{Map, Value, json};

use super::text;
use crate::pick::Pick as _;

const KEYS: [&str; 14] = [
    "a",
    "app",
    "b",
    "in",
    "notin",
    "tier",
    "example.com/a",
    "",
    "A_b",
    "-x",
    "a/b/c",
    "Ex.com/x",
    "x.",
    "caf\u{e9}",
];
const VALUES: [&str; 14] = [
    "a",
    "b",
    "x",
    "1",
    "2",
    "10",
    "-3",
    "007",
    "",
    "in",
    "notin",
    "a b",
    "_",
    "9223372036854775808",
];
const SPACES: [&str; 8] = ["", "", "", "", " ", "  ", "\t", "\n"];
const OPERATORS: [&str; 16] = [
    "=", "==", "!=", " in ", " notin ", "<", ">", "!", "(", ")", ",", "=!", "===", "><", "in", " ",
];

pub(super) fn labels(chance: &mut Stream) -> Value {
    let labels: BTreeMap<&str, &str> =
        (0..chance.upto(4)).map(|_| (chance.one(&KEYS), chance.one(&VALUES))).collect();
    if chance.once_in(4) {
        return json!({ "Object": object(chance), "Labels": labels });
    }
    let text: Vec<String> = (0..=chance.upto(3)).map(|_| requirement(chance)).collect();
    json!({ "Text": text.join(","), "Labels": labels })
}

fn requirement(chance: &mut Stream) -> String {
    let mut found = String::new();
    let mut add = |chance: &mut Stream, word: &str| {
        found.push_str(chance.one(&SPACES));
        found.push_str(word);
    };
    let key = chance.one(&KEYS);
    match chance.upto(8) {
        0 => add(chance, key),
        1 => {
            add(chance, "!");
            add(chance, key);
        }
        2..=4 => {
            add(chance, key);
            let operator = chance.one(&["=", "==", "!=", "<", ">"]);
            add(chance, operator);
            let value = chance.one(&VALUES);
            add(chance, value);
        }
        5 | 6 => {
            add(chance, key);
            let operator = chance.one(&[" in ", " notin "]);
            add(chance, operator);
            let values: Vec<&str> = (0..chance.upto(4)).map(|_| chance.one(&VALUES)).collect();
            let values = values.join(chance.one(&[",", ",", ", ", " ,", ",,"]));
            add(chance, &format!("({values})"));
        }
        _ => {
            for _ in 0..chance.upto(6) {
                let from: &[&str] = match chance.upto(4) {
                    0 | 1 => &OPERATORS,
                    2 => &KEYS,
                    _ => &VALUES,
                };
                let word = chance.one(from);
                add(chance, word);
            }
        }
    }
    let end = chance.one(&SPACES);
    found + end
}

fn object(chance: &mut Stream) -> Value {
    let mut map = Map::new();
    if chance.once_in(2) {
        let labels: Map<String, Value> = (0..chance.upto(2))
            .map(|_| (chance.one(&KEYS).to_owned(), json!(chance.one(&VALUES))))
            .collect();
        map.insert("matchLabels".to_owned(), Value::Object(labels));
    }
    if chance.once_in(2) {
        let expressions: Vec<Value> = (0..chance.upto(3))
            .map(|_| {
                let values: Vec<&str> = (0..chance.upto(3)).map(|_| chance.one(&VALUES)).collect();
                json!({
                    "key": chance.one(&KEYS),
                    "operator": chance.one(&["In", "NotIn", "Exists", "DoesNotExist", "in", "Gt", ""]),
                    "values": values,
                })
            })
            .collect();
        map.insert("matchExpressions".to_owned(), json!(expressions));
    }
    Value::Object(map)
}

pub(super) fn labels_ours(case: &Value) -> Value {
    let labels = apimachinery::object::string_map(case, &["Labels"]);
    let parsed = match (case.get("Text").and_then(Value::as_str), case.get("Object")) {
        (Some(text), _) => LabelSelector::parse(text),
        (None, Some(object)) => LabelSelector::from_object(object),
        (None, None) => Ok(LabelSelector::nothing()),
    };
    match parsed {
        Ok(found) => json!({
            "text": found.to_string(), "empty": found.is_empty(), "matches": found.matches(&labels),
        }),
        Err(error) => json!({ "error": error }),
    }
}

pub(super) fn fields(chance: &mut Stream) -> Value {
    const FIELDS: [&str; 6] = ["metadata.name", "spec.nodeName", "a", "", " ", "a\\"];
    const WANTED: [&str; 8] = ["a", "b", "", "x\\,y", "x\\=y", "a\\\\", "\\x", "\u{fc}"];
    let fields: BTreeMap<&str, &str> =
        (0..chance.upto(4)).map(|_| (chance.one(&FIELDS), chance.one(&WANTED))).collect();
    let terms: Vec<String> = (0..chance.upto(4))
        .map(|_| {
            let parts = [
                chance.one(&FIELDS),
                chance.one(&["=", "==", "!=", "!", "", "===", "=!="]),
                chance.one(&WANTED),
                chance.one(&["", "", "", "=", "\\", ","]),
            ];
            parts.concat()
        })
        .collect();
    json!({ "Text": terms.join(","), "Fields": fields })
}

pub(super) fn fields_ours(case: &Value) -> Value {
    let fields = apimachinery::object::string_map(case, &["Fields"]);
    match FieldSelector::parse(text(case, "Text")) {
        Ok(found) => {
            let requirements: Vec<Value> = found
                .requirements
                .iter()
                .map(|one| json!([one.field, if one.equal { "=" } else { "!=" }, one.value]))
                .collect();
            let matches = found.matches(|field| fields.get(field).cloned().unwrap_or_default());
            json!({ "requirements": requirements, "matches": matches })
        }
        Err(error) => json!({ "error": error }),
    }
}
