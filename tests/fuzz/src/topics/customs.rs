//! Custom resources: what a structural schema takes away, fills in and refuses
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/{schema,validation}`).

use apimachinery::go;
use cluster::apiserver::take_custom;
use cluster::rng::Stream;
use serde_json::{Map, Value, json};

use super::text;
use crate::pick::Pick as _;

const KEYS: [&str; 5] = ["a", "b", "c", "d", "x.io/y"];
const TEXTS: [&str; 6] = ["", "a", "b", "abc", "10m", "<&>"];
const PATTERNS: [&str; 4] = ["^a", "^[a-c]*$", "\\d", "^$"];
/// Formats, with texts that are of them or nearly so.
const FORMATS: [(&str, &[&str]); 24] = [
    ("email", &["a@b", "a", "a@", "@b", "a b@c", "A <a@b.c>", "a..b@c", "a@b@c", "\"a b\"@c"]),
    (
        "uri",
        &[
            "http://x",
            "/a",
            "a/b",
            "mailto:a@b",
            "http://x/%zz",
            "http://x/%20",
            "http://x y/",
            "http://x:port/",
            "http://u@x:80/",
            ":a",
            "*",
            "1a:b",
        ],
    ),
    ("date", &["2024-02-29", "2023-02-29", "2024-2-29"]),
    ("date-time", &["2024-02-29T23:59:59Z", "2024-02-29t00:00:00.5+25:00", "2024-01-01T24:00:00Z"]),
    ("duration", &["1h2m", "1.5s", "5 minutes", "x", "0", "-3ms", "1d", "1.", "3 apples"]),
    ("byte", &["YQ==", "YWJj", "YQ=", "YQ", "Y-=="]),
    ("ipv4", &["10.0.0.1", "010.0.0.1", "10.0.0", "::ffff:10.0.0.1", "256.0.0.1"]),
    ("ipv6", &["::1", "1::2::3", "::ffff:10.0.0.1", "10.0.0.1"]),
    ("cidr", &["10.0.0.0/8", "10.0.0.0/33", "::/128", "::/129", "10.0.0.0"]),
    (
        "mac",
        &["01:23:45:67:89:ab", "01-23-45-67-89-ab", "0123.4567.89ab", "01:23", "01:23:45-67-89-ab"],
    ),
    ("uuid", &["12345678-1234-1234-1234-123456789ABC", "12345678123412341234123456789abc", "1234"]),
    ("uuid3", &["12345678-1234-3234-1234-123456789abc", "12345678-1234-4234-1234-123456789abc"]),
    ("uuid4", &["12345678-1234-4234-8234-123456789abc", "12345678-1234-4234-1234-123456789abc"]),
    ("uuid5", &["12345678-1234-5234-b234-123456789abc", "12345678-1234-4234-8234-123456789abc"]),
    ("isbn", &["0321751043", "978-0321751041", "0321751044"]),
    ("isbn10", &["0321751043", "032175104X", "080442957X", "978-0321751041"]),
    ("isbn13", &["9780321751041", "9780321751042", "978 0321751041"]),
    (
        "creditcard",
        &["4111-1111-1111-1111", "4111 1111 1111 1112", "378282246310005", "6011111111111117"],
    ),
    ("ssn", &["123-45-6789", "123 45 6789", "123456789", "123-45-678"]),
    ("hexcolor", &["#fff", "abcdef", "#ffff", "#ggg"]),
    ("rgbcolor", &["rgb(1,2,3)", "rgb( 0 , 10,255 )", "rgb(1,2,256)", "rgb(01,2,3)"]),
    (
        "bsonobjectid",
        &["507f1f77bcf86cd799439011", "507f1f77bcf86cd79943901", "507f1f77bcf86cd79943901z"],
    ),
    ("k8s-short-name", &["a-b", "a.b", "A", ""]),
    ("bogus", &["x"]),
];

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An item, which has no default.
    Item,
    Field,
}

pub(super) fn case(chance: &mut Stream) -> Value {
    let mut schema = object_schema(chance, 0);
    if chance.once_in(8) {
        schema.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
    }
    let schema = Value::Object(schema);
    let mut object = value_of(chance, &schema, 0);
    if !object.is_object() {
        object = json!({});
    }
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), json!("x.io/v1"));
        map.insert("kind".to_owned(), json!("X"));
        let metadata = metadata(chance);
        map.insert("metadata".to_owned(), metadata);
    }
    json!({ "Schema": schema, "Object": object })
}

fn metadata(chance: &mut Stream) -> Value {
    let mut map = Map::new();
    for (key, values) in [
        ("name", [json!("x"), json!(""), json!(5), json!("a/b")]),
        ("labels", [json!({ "a": "b" }), json!({}), json!({ "a": null }), json!({ "-": "b" })]),
        (
            "annotations",
            [json!({ "a": "b" }), json!(null), json!({ "a": 1 }), json!({ "A B": "" })],
        ),
        ("finalizers", [json!(["a/b"]), json!([]), json!(["a"]), json!("a")]),
        ("creationTimestamp", [json!(null), json!("2026-01-01T00:00:00Z"), json!(""), json!({})]),
        ("bogus", [json!(1), json!(null), json!({}), json!("x")]),
    ] {
        // The last ones are of a wrong type now and then.
        let at = if chance.once_in(30) { 2 + chance.upto(2) } else { chance.upto(2) };
        if chance.once_in(if key == "bogus" { 20 } else { 4 }) {
            map.extend(values.get(at).map(|value| (key.to_owned(), value.clone())));
        }
    }
    Value::Object(map)
}

fn schema(chance: &mut Stream, depth: usize, place: Place) -> Value {
    let deep = depth > 3;
    let mut map = match chance.upto(if deep { 6 } else { 12 }) {
        0 | 1 => string_schema(chance),
        2 => number_schema(chance, "integer"),
        3 => number_schema(chance, "number"),
        4 => Map::from_iter([("type".to_owned(), json!("boolean"))]),
        5 => either_schema(chance),
        6 | 7 => array_schema(chance, depth),
        8 => map_schema(chance, depth),
        9 => open_schema(chance, depth),
        _ => object_schema(chance, depth),
    };
    if chance.once_in(6) {
        map.insert("nullable".to_owned(), json!(true));
    }
    if chance.once_in(6) {
        junctors(chance, &mut map, depth);
    }
    if place == Place::Field && chance.once_in(5) {
        let given = value_of(chance, &Value::Object(map.clone()), 99);
        map.insert("default".to_owned(), given);
    }
    Value::Object(map)
}

fn put(map: &mut Map<String, Value>, chance: &mut Stream, times: usize, key: &str, value: Value) {
    if chance.once_in(times) {
        map.insert(key.to_owned(), value);
    }
}

fn string_schema(chance: &mut Stream) -> Map<String, Value> {
    let mut map = validations(chance, "string");
    map.insert("type".to_owned(), json!("string"));
    map
}

fn number_schema(chance: &mut Stream, kind: &str) -> Map<String, Value> {
    let mut map = validations(chance, kind);
    map.insert("type".to_owned(), json!(kind));
    let format = chance.one(&["int32", "int64", "float", "double", "date", "bogus"]);
    put(&mut map, chance, 4, "format", json!(format));
    map
}

fn either_schema(chance: &mut Stream) -> Map<String, Value> {
    let kind = chance.one(&["string", "integer"]);
    let mut map = validations(chance, kind);
    map.insert("x-kubernetes-int-or-string".to_owned(), json!(true));
    put(&mut map, chance, 2, "anyOf", json!([{ "type": "integer" }, { "type": "string" }]));
    map
}

fn array_schema(chance: &mut Stream, depth: usize) -> Map<String, Value> {
    let mut map = validations(chance, "array");
    map.insert("type".to_owned(), json!("array"));
    let mut items = schema(chance, depth + 1, Place::Item);
    match chance.upto(4) {
        0 => {
            map.insert("x-kubernetes-list-type".to_owned(), json!("set"));
        }
        1 => {
            let keyed = Value::Object(object_schema(chance, depth + 1));
            let names = |keyed: &Value| -> Vec<String> {
                let all = keyed.get("properties").and_then(Value::as_object);
                all.into_iter().flatten().map(|(name, _)| name.clone()).collect()
            };
            let names = names(&keyed);
            let keys: Vec<&String> = names.iter().take(1 + chance.upto(2)).collect();
            if !keys.is_empty() {
                map.insert("x-kubernetes-list-type".to_owned(), json!("map"));
                map.insert("x-kubernetes-list-map-keys".to_owned(), json!(keys));
                items = keyed;
            }
        }
        _ => {}
    }
    map.insert("items".to_owned(), items);
    map
}

fn map_schema(chance: &mut Stream, depth: usize) -> Map<String, Value> {
    let mut map = validations(chance, "object");
    map.insert("type".to_owned(), json!("object"));
    let more =
        if chance.once_in(8) { json!(true) } else { schema(chance, depth + 1, Place::Field) };
    map.insert("additionalProperties".to_owned(), more);
    map
}

fn open_schema(chance: &mut Stream, depth: usize) -> Map<String, Value> {
    let mut map = object_schema(chance, depth);
    map.insert("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true));
    let embedded = chance.once_in(3);
    if embedded {
        map.insert("x-kubernetes-embedded-resource".to_owned(), json!(true));
    } else if chance.once_in(3) {
        map = Map::from_iter([("x-kubernetes-preserve-unknown-fields".to_owned(), json!(true))]);
    }
    map
}

fn object_schema(chance: &mut Stream, depth: usize) -> Map<String, Value> {
    let mut map = validations(chance, "object");
    let mut properties = Map::new();
    for key in KEYS {
        if chance.once_in(if depth < 2 { 2 } else { 4 }) {
            properties.insert(key.to_owned(), schema(chance, depth + 1, Place::Field));
        }
    }
    map.insert("type".to_owned(), json!("object"));
    if !properties.is_empty() {
        map.insert("properties".to_owned(), Value::Object(properties));
        if depth > 0 && chance.once_in(10) {
            map.insert("x-kubernetes-embedded-resource".to_owned(), json!(true));
        }
    }
    map
}

/// What is said of values of a type, besides the type.
fn validations(chance: &mut Stream, kind: &str) -> Map<String, Value> {
    let mut map = Map::new();
    let small = json!(chance.upto(4));
    match kind {
        "string" => {
            put(&mut map, chance, 6, "maxLength", small.clone());
            put(&mut map, chance, 6, "minLength", small);
            let pattern = chance.one(&PATTERNS);
            put(&mut map, chance, 6, "pattern", json!(pattern));
            let format = FORMATS.get(chance.upto(FORMATS.len())).map_or("", |(name, _)| name);
            put(&mut map, chance, 4, "format", json!(format));
        }
        "integer" | "number" => {
            for key in ["maximum", "minimum", "multipleOf"] {
                let limit = number(chance, key == "multipleOf");
                put(&mut map, chance, 6, key, limit);
            }
            for (key, of) in [("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")] {
                if map.contains_key(of) {
                    put(&mut map, chance, 3, key, json!(true));
                }
            }
        }
        "array" => {
            put(&mut map, chance, 6, "maxItems", small.clone());
            put(&mut map, chance, 6, "minItems", small);
        }
        _ => {
            put(&mut map, chance, 8, "maxProperties", small.clone());
            put(&mut map, chance, 8, "minProperties", small);
            let required: Vec<&str> = KEYS.into_iter().filter(|_| chance.once_in(3)).collect();
            put(&mut map, chance, 4, "required", json!(required));
        }
    }
    if chance.once_in(10) {
        let known: Vec<Value> = (0..=chance.upto(3)).map(|_| scalar(chance)).collect();
        map.insert("enum".to_owned(), json!(known));
    }
    map
}

fn number(chance: &mut Stream, positive: bool) -> Value {
    let all = [
        json!(1),
        json!(2),
        json!(0.5),
        json!(1.5),
        json!(3),
        json!(1_000_000.0),
        json!(0),
        json!(-2),
    ];
    all.get(chance.upto(if positive { 6 } else { 8 })).cloned().unwrap_or_default()
}

fn junctors(chance: &mut Stream, map: &mut Map<String, Value>, depth: usize) {
    for key in ["allOf", "anyOf", "oneOf"] {
        if chance.once_in(3) && !map.contains_key(key) {
            let all: Vec<Value> =
                (0..=chance.upto(3)).map(|_| validation_of(chance, map, depth)).collect();
            map.insert(key.to_owned(), json!(all));
        }
    }
    if chance.once_in(4) {
        let not = validation_of(chance, map, depth);
        map.insert("not".to_owned(), not);
    }
}

/// A schema that says nothing of the shape.
fn validation_of(chance: &mut Stream, of: &Map<String, Value>, depth: usize) -> Value {
    let kind = of.get("type").and_then(Value::as_str).unwrap_or("string");
    let mut map = validations(chance, kind);
    let properties = of.get("properties").and_then(Value::as_object);
    let mut inner = Map::new();
    for (key, own) in properties.into_iter().flatten() {
        if let (Some(own), true) = (own.as_object(), depth < 6 && chance.once_in(3)) {
            inner.insert(key.clone(), validation_of(chance, own, depth + 1));
        }
    }
    if !inner.is_empty() {
        map.insert("properties".to_owned(), Value::Object(inner));
    }
    if let Some(items) = of.get("items").and_then(Value::as_object)
        && chance.once_in(3)
    {
        map.insert("items".to_owned(), validation_of(chance, items, depth + 1));
    }
    if depth < 6 && chance.once_in(8) {
        map.insert("not".to_owned(), validation_of(chance, of, depth + 2));
    }
    Value::Object(map)
}

fn scalar(chance: &mut Stream) -> Value {
    match chance.upto(8) {
        0 => json!(null),
        1 => json!(chance.once_in(2)),
        2 | 3 => number(chance, false),
        4 => json!([1, -1, 97, 5, 2_147_483_648_i64].get(chance.upto(5))),
        _ => json!(chance.one(&TEXTS)),
    }
}

/// A value that is mostly what a schema says; of a `depth` of 99 it has nothing that the schema does not know.
fn value_of(chance: &mut Stream, schema: &Value, depth: usize) -> Value {
    let exact = depth >= 99;
    if !exact && depth > 0 && chance.once_in(25) {
        return match chance.upto(6) {
            0 => json!([]),
            1 => json!({}),
            2 => json!([null, "a"]),
            3 => json!({ "a": { "b": null } }),
            _ => scalar(chance),
        };
    }
    if !exact && chance.once_in(40) {
        return Value::Null;
    }
    if let (Some(known), true) = (schema.get("enum").and_then(Value::as_array), chance.once_in(2)) {
        return known.get(chance.upto(known.len())).cloned().unwrap_or_default();
    }
    let kind = match text(schema, "type") {
        "" if schema.get("x-kubernetes-int-or-string").is_some() => {
            chance.one(&["string", "integer"])
        }
        kind => kind,
    };
    match kind {
        "string" => {
            let of = FORMATS.iter().find(|(name, _)| *name == text(schema, "format"));
            match of {
                Some((_, texts)) if !chance.once_in(6) => json!(chance.one(texts)),
                _ => json!(chance.one(&TEXTS)),
            }
        }
        "integer" | "number" => {
            let whole = json!([0, 1, 2, 3, 4, 97, -2, 2_147_483_648_i64].get(chance.upto(8)));
            if kind == "integer" && !chance.once_in(6) { whole } else { number(chance, false) }
        }
        "boolean" => json!(chance.once_in(2)),
        "array" => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            (0..chance.upto(4)).map(|_| value_of(chance, items, depth + 1)).collect()
        }
        _ => members(chance, schema, depth),
    }
}

fn members(chance: &mut Stream, schema: &Value, depth: usize) -> Value {
    let exact = depth >= 99;
    let mut map = Map::new();
    let open = schema.get("x-kubernetes-preserve-unknown-fields").is_some();
    let more = schema.get("additionalProperties");
    for key in KEYS {
        let own = schema.get("properties").and_then(|all| all.get(key));
        if let Some(own) = own {
            if !chance.once_in(4) {
                map.insert(key.to_owned(), value_of(chance, own, depth + 1));
            }
        } else if let Some(more) = more {
            if chance.once_in(3) {
                map.insert(key.to_owned(), value_of(chance, more, depth + 1));
            }
        } else if (!exact || open) && depth < 110 && chance.once_in(if open { 3 } else { 12 }) {
            let odd = [json!({ "a": null }), json!([{ "b": 1 }]), json!({})];
            let value = odd.get(chance.upto(6)).cloned();
            map.insert(key.to_owned(), value.unwrap_or_else(|| scalar(chance)));
        }
    }
    if schema.get("x-kubernetes-embedded-resource").is_some() {
        let version = chance.one(&["v1", "x.io/v1", "v1", "a/b/c", ""]);
        let kind = chance.one(&["X", "Y", "x-Y", "_", ""]);
        for (key, value) in
            [("apiVersion", json!(version)), ("kind", json!(kind)), ("metadata", metadata(chance))]
        {
            if !chance.once_in(6) {
                map.insert(key.to_owned(), value);
            }
        }
        if chance.once_in(30) {
            let wrong = chance.one(&["apiVersion", "kind", "metadata"]);
            map.insert(wrong.to_owned(), scalar(chance));
        }
    }
    Value::Object(map)
}

/// Whether the object says what it is and has metadata.
pub(super) fn fits(case: &Value) -> bool {
    let object = case.get("Object");
    let is = |key: &str, value: &str| {
        object.and_then(|object| object.get(key)).and_then(Value::as_str) == Some(value)
    };
    let metadata = object.and_then(|object| object.get("metadata"));
    is("apiVersion", "x.io/v1")
        && is("kind", "X")
        && metadata.is_some_and(Value::is_object)
        && case.get("Schema").is_some_and(|schema| schema.is_object() && typed(schema))
}

/// Whether all types are ones that a definition may name.
fn typed(schema: &Value) -> bool {
    const TYPES: [&str; 6] = ["string", "integer", "number", "boolean", "array", "object"];
    match schema {
        Value::Object(map) => map.iter().all(|(key, inner)| match inner {
            Value::String(text) if key == "type" => TYPES.contains(&text.as_str()),
            inner => typed(inner),
        }),
        Value::Array(list) => list.iter().all(typed),
        _ => true,
    }
}

pub(super) fn ours(case: &Value) -> Value {
    let at = |key: &str| case.get(key).cloned().unwrap_or_default();
    match take_custom(&at("Schema"), at("Object")) {
        Ok(taken) => {
            let faults: Vec<String> = taken
                .faults
                .iter()
                .map(|fault| format!("{} {fault}", fault.kind.reason()))
                .collect();
            let written = go::json(&taken.object);
            let object: Value = serde_json::from_str(&written).unwrap_or_default();
            json!({ "object": object, "unknown": taken.unknown, "faults": faults })
        }
        Err(error) => json!({ "error": error }),
    }
}

/// Go walks over maps in no order. What the shrinking makes of a schema may be none that the server would take.
pub(super) fn agree(ours: &Value, theirs: &Value) -> bool {
    if text(theirs, "error").starts_with("not structural") {
        return true;
    }
    let faults = |said: &Value| {
        let mut list = said.get("faults").and_then(Value::as_array).cloned().unwrap_or_default();
        list.sort_by_key(ToString::to_string);
        list
    };
    let rest = |said: &Value| {
        let mut said = said.clone();
        said.as_object_mut().map(|map| map.remove("faults"));
        said
    };
    faults(ours) == faults(theirs) && rest(ours) == rest(theirs)
}
