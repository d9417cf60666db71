//! A custom resource against its schema, with the words of `kube-openapi/pkg/validation` as
//! `apiextensions-apiserver/pkg/apiserver/validation/validation.go` turns them into errors of fields.

use apimachinery::field_error::{FieldError, FieldErrorKind};
use serde_json::{Map, Value, json};

use super::super::kinds::Faults;
use crate::fields::{flag, items, number, text};

/// Everything that is wrong with a value.
pub(super) fn value(schema: &Value, value: &Value, path: &str, faults: &mut Faults) {
    if value.is_null() && flag(schema, "/nullable") {
        return;
    }
    if !right_type(schema, value, path, faults) {
        return;
    }
    junctors(schema, value, path, faults);
    enumeration(schema, value, path, faults);
    match value {
        Value::String(text) => string(schema, text, path, faults),
        Value::Number(number) => {
            if let Some(float) = number.as_f64() {
                amount(schema, value, float, path, faults);
            }
        }
        Value::Array(list) => array(schema, list, path, faults),
        Value::Object(map) => object(schema, map, path, faults),
        Value::Null | Value::Bool(_) => {}
    }
}

/// What Go calls the type of a value.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn right_type(schema: &Value, value: &Value, path: &str, faults: &mut Faults) -> bool {
    let found = type_name(value);
    let mut refuse = |wanted: &str, found: &str| {
        let why = format!("{path} in body must be of type {wanted}: \"{found}\"");
        faults.push(FieldError::invalid(path, found, why));
        false
    };
    if flag(schema, "/x-kubernetes-int-or-string") {
        return matches!(found, "integer" | "string") || refuse("integer,string", found);
    }
    let wanted = text(schema, "/type");
    let whole = value.as_f64().is_some_and(|float| float.fract() == 0.0);
    match (wanted, found) {
        ("", _) | ("number", "integer") => true,
        ("integer", "number") if whole => true,
        ("integer", "number") => {
            let format = text(schema, "/format").to_owned();
            let wanted = if format.is_empty() { "integer" } else { format.as_str() };
            refuse(wanted, if format.is_empty() { "number" } else { "float64" });
            if !format.is_empty() {
                let why =
                    format!("Checked value must be of type integer with format {format} in {path}");
                faults.push(FieldError::invalid("<nil>", "", why));
            }
            false
        }
        (wanted, found) if wanted == found => true,
        (wanted, found) => refuse(wanted, found),
    }
}

fn enumeration(schema: &Value, value: &Value, path: &str, faults: &mut Faults) {
    let known = items(schema, "/enum");
    if known.is_empty() || known.contains(value) {
        return;
    }
    let shown: Vec<String> = known
        .iter()
        .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
        .collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    faults.push(FieldError::not_supported(path, value.clone(), &shown));
}

fn string(schema: &Value, value: &str, path: &str, faults: &mut Faults) {
    let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    // Upstream says the first of these that is wrong.
    if let Some(most) = number(schema, "/maxLength").filter(|most| length > *most) {
        faults.push(FieldError::too_long(path, usize::try_from(most).unwrap_or(0)));
        return;
    }
    if let Some(least) = number(schema, "/minLength").filter(|least| length < *least) {
        let why = format!("{path} in body should be at least {least} chars long");
        faults.push(FieldError::invalid(path, value, why));
        return;
    }
    let pattern = text(schema, "/pattern");
    if !pattern.is_empty()
        && regex_lite::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(value))
    {
        let why = format!("{path} in body should match '{pattern}'");
        faults.push(FieldError::invalid(path, value, why));
    }
    let format = text(schema, "/format");
    let wrong = match format {
        "date-time" => value.parse::<jiff::Timestamp>().is_err(),
        "date" => value.parse::<jiff::civil::Date>().is_err(),
        "byte" => {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.decode(value).is_err()
        }
        "ipv4" => value.parse::<std::net::Ipv4Addr>().is_err(),
        "ipv6" => value.parse::<std::net::Ipv6Addr>().is_err(),
        _ => false,
    };
    if wrong {
        let why = format!("{path} in body must be of type {format}: {value:?}");
        faults.push(FieldError::invalid(path, value, why));
    }
}

fn amount(schema: &Value, value: &Value, float: f64, path: &str, faults: &mut Faults) {
    let limit = |key: &str| schema.get(key).and_then(Value::as_f64);
    if let Some(factor) = limit("multipleOf") {
        // Upstream brings the factor into the type of the value.
        if value.is_i64() && factor.fract() != 0.0 && factor < 1.0 {
            let why = format!("factor MultipleOf declared for {path} must be positive: 0");
            faults.push(FieldError::invalid(path, 0, why));
        } else if (float / factor).fract() != 0.0 {
            let why = format!("{path} in body should be a multiple of {factor}");
            faults.push(FieldError::invalid(path, value.clone(), why));
        }
    }
    if let Some(most) = limit("maximum") {
        let exclusive = flag(schema, "/exclusiveMaximum");
        if float > most || exclusive && float >= most {
            let than = if exclusive { "less than" } else { "less than or equal to" };
            let why = format!("{path} in body should be {than} {most}");
            faults.push(FieldError::invalid(path, value.clone(), why));
        }
    }
    if let Some(least) = limit("minimum") {
        let exclusive = flag(schema, "/exclusiveMinimum");
        if float < least || exclusive && float <= least {
            let than = if exclusive { "greater than" } else { "greater than or equal to" };
            let why = format!("{path} in body should be {than} {least}");
            faults.push(FieldError::invalid(path, value.clone(), why));
        }
    }
}

fn too_many(path: &str, count: usize, most: i64) -> FieldError {
    FieldError {
        kind: FieldErrorKind::TooMany,
        field: path.to_owned(),
        value: count.to_string(),
        detail: format!("must have at most {most} item{}", if most == 1 { "" } else { "s" }),
    }
}

fn array(schema: &Value, list: &[Value], path: &str, faults: &mut Faults) {
    if let Some(inner) = schema.get("items").filter(|inner| inner.is_object()) {
        for (index, item) in list.iter().enumerate() {
            value(inner, item, &format!("{path}[{index}]"), faults);
        }
    }
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if let Some(most) = number(schema, "/maxItems").filter(|most| count > *most) {
        faults.push(too_many(path, list.len(), most));
    }
    if let Some(least) = number(schema, "/minItems").filter(|least| count < *least) {
        let why = format!("{path} in body should have at least {least} items");
        faults.push(FieldError::invalid(path, count, why));
    }
}

fn object(schema: &Value, map: &Map<String, Value>, path: &str, faults: &mut Faults) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let count = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(most) = number(schema, "/maxProperties").filter(|most| count > *most) {
        faults.push(too_many(path, map.len(), most));
    }
    if let Some(least) = number(schema, "/minProperties").filter(|least| count < *least) {
        let why = format!("{path} in body should have at least {least} properties");
        faults.push(FieldError::invalid(path, count, why));
    }
    for key in items(schema, "/required").iter().filter_map(Value::as_str) {
        if !map.contains_key(key) {
            faults.push(FieldError::required(&at(key), ""));
        }
    }
    let more = schema.get("additionalProperties").filter(|more| more.is_object());
    for (key, inner) in map {
        let own = schema.get("properties").and_then(|all| all.get(key)).or(more);
        if let Some(own) = own {
            value(own, inner, &at(key), faults);
        }
    }
}

fn junctors(schema: &Value, found: &Value, path: &str, faults: &mut Faults) {
    let check = |one: &Value| {
        let mut wrong = Vec::new();
        value(one, found, path, &mut wrong);
        wrong
    };
    let mut refuse = |why: String| faults.push(FieldError::invalid("<nil>", "", why));
    let any = items(schema, "/anyOf");
    if !any.is_empty() && any.iter().all(|one| !check(one).is_empty()) {
        refuse(format!("{path:?} must validate at least one schema (anyOf)"));
    }
    let one = items(schema, "/oneOf");
    let fitting = one.iter().filter(|one| check(one).is_empty()).count();
    if !one.is_empty() && fitting != 1 {
        let more = if fitting == 0 {
            "Found none valid".to_owned()
        } else {
            format!("Found {fitting} valid alternatives")
        };
        refuse(format!("{path:?} must validate one and only one schema (oneOf). {more}"));
    }
    let all = items(schema, "/allOf");
    let wrong: Faults = all.iter().flat_map(check).collect();
    if !wrong.is_empty() {
        refuse(format!("{path:?} must validate all the schemas (allOf)"));
    }
    if schema.get("not").is_some_and(|not| not.is_object() && check(not).is_empty()) {
        refuse(format!("{path:?} must not validate the schema (not)"));
    }
    faults.extend(wrong);
    // Upstream tells what the alternative lacks that comes nearest.
    let nearest = |all: &[Value]| all.iter().map(check).min_by_key(Vec::len).unwrap_or_default();
    if fitting == 0 {
        faults.extend(nearest(one));
    }
    if any.iter().all(|one| !check(one).is_empty()) {
        faults.extend(nearest(any));
    }
}

/// Lists whose items are unique (`pkg/apiserver/schema/listtype`), and objects inside of the object.
pub(super) fn lists(schema: &Value, found: &Value, path: &str, faults: &mut Faults) {
    match found {
        Value::Array(list) => {
            unique(schema, list, path, faults);
            if let Some(inner) = schema.get("items") {
                for (index, item) in list.iter().enumerate() {
                    lists(inner, item, &format!("{path}[{index}]"), faults);
                }
            }
        }
        Value::Object(map) => {
            if flag(schema, "/x-kubernetes-embedded-resource") {
                embedded(map, path, faults);
            }
            let more = schema.get("additionalProperties").filter(|more| more.is_object());
            for (key, inner) in map {
                let own = schema.get("properties").and_then(|all| all.get(key)).or(more);
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                if let Some(own) = own {
                    lists(own, inner, &path, faults);
                }
            }
        }
        _ => {}
    }
}

/// An object inside of an object says what it is (`pkg/apiserver/schema/objectmeta/validation.go`).
fn embedded(map: &Map<String, Value>, path: &str, faults: &mut Faults) {
    for field in ["apiVersion", "kind"] {
        if map.get(field).and_then(Value::as_str).is_none_or(str::is_empty) {
            faults.push(FieldError::required(&format!("{path}.{field}"), ""));
        }
    }
}

fn unique(schema: &Value, list: &[Value], path: &str, faults: &mut Faults) {
    let keys = items(schema, "/x-kubernetes-list-map-keys");
    let key_of = |item: &Value| match text(schema, "/x-kubernetes-list-type") {
        "set" => Some(item.clone()),
        "map" => {
            let mut key = json!({});
            for name in keys.iter().filter_map(Value::as_str) {
                if let (Some(map), Some(value)) = (key.as_object_mut(), item.get(name)) {
                    map.insert(name.to_owned(), value.clone());
                }
            }
            Some(key)
        }
        _ => None,
    };
    let mut seen: Vec<Value> = Vec::new();
    for (index, key) in list.iter().enumerate().filter_map(|(at, item)| Some((at, key_of(item)?))) {
        if seen.contains(&key) {
            faults.push(FieldError::duplicate(&format!("{path}[{index}]"), key));
        } else {
            seen.push(key);
        }
    }
}
