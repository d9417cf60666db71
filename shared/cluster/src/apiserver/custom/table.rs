//! Tables of custom resources: columns are JSON paths of the definition
//! (`apiextensions-apiserver/pkg/registry/customresource/tableconvertor`).

use std::borrow::Borrow;

use apimachinery::jsonpath::JsonPath;
use apimachinery::time::human_duration;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::read::partial;
use super::Version;
use crate::fields::{items, number, text};

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE: &str = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

fn columns(version: &Version) -> Vec<Value> {
    let own = items(&version.spec, "/additionalPrinterColumns");
    if own.is_empty() {
        return vec![json!({
            "name": "Age", "type": "date", "description": AGE,
            "jsonPath": ".metadata.creationTimestamp",
        })];
    }
    own.to_vec()
}

/// A table of objects.
pub(crate) fn document<T: Borrow<Value>>(
    call: &Call,
    version: &Version,
    all: &[T],
    metadata: Value,
) -> Value {
    let columns = columns(version);
    let mut definitions = vec![json!({
        "name": "Name", "type": "string", "format": "name", "description": NAME, "priority": 0,
    })];
    definitions.extend(columns.iter().map(|column| {
        let name = text(column, "/name");
        let described = text(column, "/description");
        let path = text(column, "/jsonPath");
        let said = if described.is_empty() {
            format!("Custom resource definition column (in JSONPath format): {path}")
        } else {
            described.to_owned()
        };
        json!({
            "name": name, "type": text(column, "/type"), "format": text(column, "/format"),
            "description": said, "priority": number(column, "/priority").unwrap_or(0),
        })
    }));
    let paths: Vec<(Option<JsonPath>, &str)> = columns
        .iter()
        .map(|column| {
            let template = format!("{{{}}}", text(column, "/jsonPath"));
            (JsonPath::parse(&template).ok(), text(column, "/type"))
        })
        .collect();
    let include = call.param("includeObject");
    let rows: Vec<Value> = all
        .iter()
        .map(Borrow::borrow)
        .map(|item| {
            let mut cells = vec![json!(text(item, "/metadata/name"))];
            cells
                .extend(paths.iter().map(|(path, kind)| cell(item, path.as_ref(), kind, call.now)));
            let object = match include {
                "None" => Value::Null,
                "Object" => item.clone(),
                _ => partial(call, item),
            };
            json!({"cells": cells, "object": object})
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": call.meta, "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

/// `cellForJSONValue`: a value of another type than the column's is not shown.
fn cell(item: &Value, path: Option<&JsonPath>, kind: &str, now: Timestamp) -> Value {
    let found = path.and_then(|path| path.find(item).ok());
    let values: Vec<Value> = found.into_iter().flatten().next().unwrap_or_default();
    let Some(value) = values.first() else { return Value::Null };
    match kind {
        "string" => match values.as_slice() {
            [Value::String(text)] => json!(text),
            [Value::Null] => Value::Null,
            [one] => json!(one.to_string()),
            many => {
                let shown: Vec<String> = many
                    .iter()
                    .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                    .collect();
                json!(shown.join(" "))
            }
        },
        "integer" => value.as_i64().map_or(Value::Null, |number| json!(number)),
        "number" => value.as_f64().map_or(Value::Null, |number| json!(number)),
        "boolean" => value.as_bool().map_or(Value::Null, |flag| json!(flag)),
        "date" => match value.as_str() {
            Some(time) => time.parse::<Timestamp>().map_or_else(
                |_| json!("<invalid>"),
                |then| json!(human_duration(now.as_second() - then.as_second())),
            ),
            None => Value::Null,
        },
        _ => Value::Null,
    }
}
