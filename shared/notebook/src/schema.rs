//! The structure of a scenario as JSON Schema, for editors: made from the model itself, so that its
//! fields and their meanings are those of the reader.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::scenario::Scenario;

/// Where the published schema is.
const ID: &str = "scenario.schema.json";

/// `scenario.yaml` as JSON Schema (2020-12).
pub fn scenario() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<Scenario>().to_value();
    strict(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), json!(ID));
        root.insert("title".to_owned(), json!("scenario.yaml"));
    }
    schema
}

/// The reader knows no unknown fields, wherever they stand: a map with choices is closed as a whole, the
/// choices themselves stay open.
fn strict(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(strict),
        Value::Object(entries) => {
            let choices = ["oneOf", "allOf", "anyOf"].iter().any(|key| entries.contains_key(*key));
            let fields = entries.contains_key("properties");
            entries.values_mut().for_each(strict);
            without_null(entries);
            if fields && choices {
                entries.remove("additionalProperties");
                entries.insert("unevaluatedProperties".to_owned(), json!(false));
                for key in ["oneOf", "allOf", "anyOf"] {
                    entries.get_mut(key).into_iter().for_each(open);
                }
            } else if fields {
                entries.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What may be absent must not be null: the reader takes null for a mistake.
fn without_null(entries: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = entries.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            entries.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = entries.get_mut("anyOf") else { return };
    choices.retain(|choice| *choice != json!({"type": "null"}));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        entries.remove("anyOf");
        entries.extend(only);
    }
}

fn open(choices: &mut Value) {
    let choices = choices.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
    choices.for_each(|choice: &mut Map<String, Value>| {
        choice.remove("additionalProperties");
    });
}
