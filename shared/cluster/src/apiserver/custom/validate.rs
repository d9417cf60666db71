//! A custom resource against its schema, with the words of `kube-openapi/pkg/validation` as
//! `apiextensions-apiserver/pkg/apiserver/validation/validation.go` turns them into errors of fields.

mod enumeration;
mod formats;
mod lists;
mod numbers;

use std::collections::BTreeSet;

use apimachinery::field_error::{FieldError, FieldErrorKind};
use apimachinery::go;
use serde_json::{Map, Value};

use super::super::kinds::Faults;
use crate::fields::{flag, items, number, text};

pub(super) use self::lists::{at, embedded, lists};

/// Everything that is wrong with a value at a path.
pub(super) fn value(schema: &Value, value: &Value, base: &str, faults: &mut Faults) {
    let found = against(schema, value, "");
    faults.extend(found.errors.into_iter().map(|one| one.fault(base)));
}

/// What upstream distinguishes among errors (`kube-openapi/pkg/validation/errors`).
#[derive(Debug)]
enum Wrong {
    Required,
    TooLong(i64),
    TooMany(usize, i64),
    Enumeration(Value, Vec<String>),
    Type(Value),
    Other(Value),
}

/// One error: the place that it is about, when it is about one, and its text.
#[derive(Debug)]
struct Finding {
    place: Option<String>,
    text: String,
    wrong: Wrong,
}

impl Finding {
    /// `kubeOpenAPIResultToFieldErrors`.
    fn fault(self, base: &str) -> FieldError {
        let place = self.place.as_deref().unwrap_or_default();
        let place = place.strip_prefix('.').unwrap_or(place);
        let path = match (base, place) {
            ("", "") => "<nil>".to_owned(),
            ("", path) | (path, "") => path.to_owned(),
            (base, place) => format!("{base}.{place}"),
        };
        match self.wrong {
            Wrong::Required => FieldError::required(&path, ""),
            Wrong::TooLong(most) => {
                FieldError::too_long(&path, usize::try_from(most).unwrap_or_default())
            }
            Wrong::TooMany(count, most) => {
                FieldError::too_many(&path, count, usize::try_from(most).unwrap_or_default())
            }
            Wrong::Enumeration(value, known) => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                FieldError::not_supported(&path, value, &known)
            }
            Wrong::Type(value) => FieldError {
                kind: FieldErrorKind::TypeInvalid,
                ..FieldError::invalid(&path, value, self.text)
            },
            Wrong::Other(value) => FieldError::invalid(&path, value, self.text),
        }
    }
}

/// What was found, and how much was right: of several schemas the one of which most holds is told about.
#[derive(Debug, Default)]
struct Found {
    errors: Vec<Finding>,
    texts: BTreeSet<String>,
    matches: usize,
}

impl Found {
    /// Each text once.
    fn add(&mut self, finding: Finding) {
        if self.texts.insert(finding.text.clone()) {
            self.errors.push(finding);
        }
    }

    fn wrong(&mut self, path: &str, text: String, wrong: Wrong) {
        self.add(Finding { place: Some(path.to_owned()), text, wrong });
    }

    fn merge(&mut self, other: Self) {
        self.matches += other.matches;
        other.errors.into_iter().for_each(|one| self.add(one));
    }

    /// Something of the whole value, with no place of its own.
    fn plain(&mut self, text: String) {
        self.add(Finding { place: None, text, wrong: Wrong::Other(Value::from("")) });
    }

    fn holds(&self) -> bool {
        self.errors.is_empty()
    }
}

/// The types that a schema allows.
fn types(schema: &Value) -> Vec<&str> {
    if flag(schema, "/x-kubernetes-int-or-string") {
        return vec!["integer", "string"];
    }
    Some(text(schema, "/type")).filter(|one| !one.is_empty()).into_iter().collect()
}

/// `SchemaValidator.Validate`.
fn against(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found::default();
    let types = types(schema);
    let format = formats::of(schema, &types);
    if value.is_null() {
        found.merge(right_type(schema, (&types, format), value, path));
        found.merge(enumeration::check(schema, value, path));
        return found;
    }
    if !types.is_empty() || !format.is_empty() {
        found.merge(right_type(schema, (&types, format), value, path));
        found.matches += 1;
    }
    found.merge(junctors(schema, value, path));
    match value {
        Value::String(text) => {
            found.merge(string(schema, text, path));
            if !format.is_empty() {
                found.merge(formats::check(format, text, path));
                found.matches += 1;
            }
        }
        Value::Number(number) => {
            found.merge(numbers::check(schema, (&types, format), number, path));
        }
        Value::Array(list) => found.merge(array(schema, list, path)),
        _ => {}
    }
    found.merge(enumeration::check(schema, value, path));
    if let Value::Object(map) = value {
        found.merge(object(schema, map, path));
    }
    // Every one of these, also the one about the value's own type, and itself.
    let own = usize::from(!matches!(value, Value::Bool(_)));
    found.matches += 3 + own;
    found
}

/// What Go calls the type of a value.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn wrong_type(path: &str, wanted: &str, found: &str) -> Found {
    let mut told = Found::default();
    let why = format!("{path} in body must be of type {wanted}: {}", go::quote(found));
    told.wrong(path, why, Wrong::Type(found.into()));
    told
}

/// `typeValidator`.
fn right_type(
    schema: &Value,
    (types, format): (&[&str], &str),
    value: &Value,
    path: &str,
) -> Found {
    let right = Found { matches: 1, ..Found::default() };
    let found = type_name(value);
    if value.is_null() {
        if types.is_empty() || flag(schema, "/nullable") {
            return right;
        }
        return wrong_type(path, &types.join(","), found);
    }
    let whole = found == "number" && value.as_f64().is_some_and(numbers::is_whole);
    let fits = types.contains(&found)
        || whole && types.contains(&"integer")
        || found == "integer" && types.contains(&"number");
    let text = matches!(value, Value::String(_) | Value::Array(_));
    let own = match found {
        "integer" => "int64",
        "number" => "float64",
        _ => "",
    };
    if !text && !format.is_empty() && !fits && own != format {
        return wrong_type(path, format, own);
    }
    let numeric = types.contains(&"number") || types.contains(&"integer");
    if fits || text && !numeric && !format.is_empty() {
        return right;
    }
    wrong_type(path, &types.join(","), found)
}

fn string(schema: &Value, value: &str, path: &str) -> Found {
    let mut found = Found::default();
    let length = i64::try_from(value.chars().count()).unwrap_or(i64::MAX);
    // Upstream says the first of these that is wrong.
    if let Some(most) = number(schema, "/maxLength").filter(|most| length > *most) {
        let why = format!("{path} in body should be at most {most} chars long");
        found.wrong(path, why, Wrong::TooLong(most));
        return found;
    }
    if let Some(least) = number(schema, "/minLength").filter(|least| length < *least) {
        let why = format!("{path} in body should be at least {least} chars long");
        found.wrong(path, why, Wrong::Other(value.into()));
        return found;
    }
    let pattern = text(schema, "/pattern");
    if !pattern.is_empty()
        && regex_lite::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(value))
    {
        let why = format!("{path} in body should match '{pattern}'");
        found.wrong(path, why, Wrong::Other(value.into()));
    }
    found
}

fn array(schema: &Value, list: &[Value], path: &str) -> Found {
    let mut found = Found { matches: 1, ..Found::default() };
    if let Some(inner) = schema.get("items").filter(|inner| inner.is_object()) {
        for (index, item) in list.iter().enumerate() {
            found.merge(against(inner, item, &format!("{path}[{index}]")));
        }
    }
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX);
    if let Some(least) = number(schema, "/minItems").filter(|least| count < *least) {
        let why = format!("{path} in body should have at least {least} items");
        found.wrong(path, why, Wrong::Other(count.into()));
    }
    if let Some(most) = number(schema, "/maxItems").filter(|most| count > *most) {
        let why = format!("{path} in body should have at most {most} items");
        found.wrong(path, why, Wrong::TooMany(list.len(), most));
    }
    found
}

fn object(schema: &Value, map: &Map<String, Value>, path: &str) -> Found {
    let mut found = Found::default();
    let count = i64::try_from(map.len()).unwrap_or(i64::MAX);
    if let Some(least) = number(schema, "/minProperties").filter(|least| count < *least) {
        let why = format!("{path} in body should have at least {least} properties");
        found.wrong(path, why, Wrong::Other(count.into()));
    }
    if let Some(most) = number(schema, "/maxProperties").filter(|most| count > *most) {
        let why = format!("{path} in body should have at most {most} properties");
        found.wrong(path, why, Wrong::TooMany(map.len(), most));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    let own = |key: &str| properties.and_then(|all| all.get(key));
    let more = schema.get("additionalProperties").filter(|more| more.is_object());
    for (key, inner) in map.iter().filter(|(key, _)| own(key).is_none()) {
        if let Some(more) = more {
            found.merge(against(more, inner, &format!("{path}.{key}")));
        }
    }
    for (key, inner) in map {
        if let Some(own) = own(key) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            found.merge(against(own, inner, &path));
        }
    }
    for key in items(schema, "/required").iter().filter_map(Value::as_str) {
        if !map.contains_key(key) {
            let path = format!("{path}.{key}");
            found.wrong(&path, format!("{path} in body is required"), Wrong::Required);
        }
    }
    found
}

/// `schemaPropsValidator`.
fn junctors(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found { matches: 1, ..Found::default() };
    let quoted = go::quote(path);
    any_of(items(schema, "/anyOf"), value, path, &mut found);
    one_of(items(schema, "/oneOf"), value, path, &mut found);
    let all = items(schema, "/allOf");
    let mut hold = 0;
    for one in all {
        let result = against(one, value, path);
        hold += usize::from(result.holds());
        found.merge(result);
    }
    if hold != all.len() {
        let none = if hold == 0 { ". None validated" } else { "" };
        found.plain(format!("{quoted} must validate all the schemas (allOf){none}"));
    }
    let not = schema.get("not").filter(|not| not.is_object());
    if not.is_some_and(|not| against(not, value, path).holds()) {
        found.plain(format!("{quoted} must not validate the schema (not)"));
    }
    found
}

/// Remembers of what does not hold the first with the most matches.
fn nearer(best: &mut Option<Found>, result: Found) {
    if best.as_ref().is_none_or(|best| result.matches > best.matches) {
        *best = Some(result);
    }
}

fn any_of(all: &[Value], value: &Value, path: &str, found: &mut Found) {
    let mut best = None;
    for one in all {
        let result = against(one, value, path);
        if result.holds() {
            return found.merge(result);
        }
        nearer(&mut best, result);
    }
    if let Some(best) = best {
        found.plain(format!("{} must validate at least one schema (anyOf)", go::quote(path)));
        found.merge(best);
    }
}

fn one_of(all: &[Value], value: &Value, path: &str, found: &mut Found) {
    let (mut holds, mut best) = (Vec::new(), None);
    for one in all {
        let result = against(one, value, path);
        if result.holds() {
            holds.push(result);
        } else {
            nearer(&mut best, result);
        }
    }
    let more = match holds.len() {
        _ if all.is_empty() => return,
        1 => return holds.into_iter().for_each(|one| found.merge(one)),
        0 => "Found none valid".to_owned(),
        many => format!("Found {many} valid alternatives"),
    };
    let quoted = go::quote(path);
    found.plain(format!("{quoted} must validate one and only one schema (oneOf). {more}"));
    if let (true, Some(best)) = (holds.is_empty(), best) {
        found.merge(best);
    }
}
