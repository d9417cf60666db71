//! What a structural schema declares (`apiserver/pkg/cel/common/schemas.go`, `apiserver/pkg/cel/types.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::escape::escape;
use crate::types::Type;

/// The largest request (`apis/cel/config.go`).
pub(crate) const MAX_REQUEST: u64 = 3 * 1024 * 1024;

/// A declared type with what bounds its values (`DeclType`).
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) ty: Type,
    /// How many elements, entries or letters a value has at most.
    pub(crate) max: u64,
    /// How many bytes a value takes at least.
    pub(crate) min_size: u64,
    pub(crate) of: Parts,
}

/// What is below a declared type.
#[derive(Debug, Clone)]
pub(crate) enum Parts {
    None,
    Items(Arc<Declared>),
    Values(Arc<Declared>),
    Fields(Arc<BTreeMap<String, Declared>>),
}

/// A word of a schema.
pub(crate) fn word<'a>(schema: &'a Value, name: &str) -> &'a str {
    schema.get(name).and_then(Value::as_str).unwrap_or("")
}

/// Whether a schema says something.
pub(crate) fn says(schema: &Value, name: &str) -> bool {
    schema.get(name).and_then(Value::as_bool).unwrap_or(false)
}

/// A limit of a schema, zero when it is negative.
fn limit(schema: &Value, name: &str) -> Option<u64> {
    let number = schema.get(name)?;
    Some(number.as_u64().unwrap_or(0))
}

fn simple(ty: Type, min_size: u64) -> Declared {
    Declared { ty, max: 0, min_size, of: Parts::None }
}

impl Declared {
    /// What says nothing.
    pub(crate) fn unknown() -> Self {
        simple(Type::Dyn, 1)
    }

    /// `SchemaDeclType`; nothing when the schema is not exposed to expressions.
    pub(crate) fn of_schema(schema: &Value, resource: bool, name: &str) -> Option<Self> {
        if says(schema, "x-kubernetes-int-or-string") {
            let max = limit(schema, "maxLength").map_or(MAX_REQUEST - 2, |length| length * 4);
            return Some(Self { max, ..simple(Type::Dyn, 1) });
        }
        match word(schema, "type") {
            "array" => Self::array(schema, name),
            "object" => Self::object(schema, resource, name),
            "string" => Some(Self::string(schema)),
            "boolean" => Some(simple(Type::Bool, 4)),
            "number" => Some(simple(Type::Double, 1)),
            "integer" => Some(simple(Type::Int, 1)),
            _ => None,
        }
    }

    fn child(schema: &Value, name: &str) -> Option<Self> {
        Self::of_schema(schema, says(schema, "x-kubernetes-embedded-resource"), name)
    }

    fn array(schema: &Value, name: &str) -> Option<Self> {
        let items = Self::child(schema.get("items")?, &format!("{name}.@idx"))?;
        let max =
            limit(schema, "maxItems").unwrap_or_else(|| (MAX_REQUEST - 2) / (items.min_size + 1));
        let ty = Type::list(items.ty.clone());
        Some(Self { ty, max, min_size: 2, of: Parts::Items(Arc::new(items)) })
    }

    fn object(schema: &Value, resource: bool, name: &str) -> Option<Self> {
        if let Some(values) = schema.get("additionalProperties").filter(|one| one.is_object()) {
            let values = Self::child(values, &format!("{name}.@elem"))?;
            let max = limit(schema, "maxProperties")
                .unwrap_or_else(|| (MAX_REQUEST - 2) / (values.min_size + 6));
            let ty = Type::map(Type::String, values.ty.clone());
            return Some(Self { ty, max, min_size: 2, of: Parts::Values(Arc::new(values)) });
        }
        let mut min_size = 2;
        let mut fields = BTreeMap::new();
        let required = schema.get("required").and_then(Value::as_array);
        let required = |name: &str| {
            required.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(name)))
        };
        for (field, property) in properties(schema, resource) {
            let escaped = escape(&field);
            let path = format!("{name}.{}", escaped.as_deref().unwrap_or(&field));
            let Some(declared) = Self::child(&property, &path) else { continue };
            if required(&field) && property.get("default").is_none() {
                min_size += field.len() as u64 + declared.min_size + 4;
            }
            if let Some(escaped) = escaped {
                fields.insert(escaped, declared);
            }
        }
        Some(Self { min_size, ..Self::record(name, fields) })
    }

    /// An object with these fields.
    pub(crate) fn record(name: &str, fields: BTreeMap<String, Self>) -> Self {
        let types = fields.iter().map(|(name, one)| (name.clone(), one.ty.clone())).collect();
        let ty = Type::record(name, types);
        Self { ty, max: 0, min_size: 2, of: Parts::Fields(Arc::new(fields)) }
    }

    fn string(schema: &Value) -> Self {
        let length = limit(schema, "maxLength");
        let of = |ty, min_size, max| Self { max, ..simple(ty, min_size) };
        match word(schema, "format") {
            "byte" => of(Type::Bytes, 2, length.unwrap_or(MAX_REQUEST - 2)),
            "duration" => of(Type::Duration, 3, 32),
            "date" => of(Type::Timestamp, 12, 12),
            "date-time" => of(Type::Timestamp, 21, 32),
            _ => {
                let choices = schema.get("enum").and_then(Value::as_array);
                let longest = choices.filter(|all| !all.is_empty()).map(|all| {
                    all.iter().filter_map(Value::as_str).map(str::len).max().unwrap_or(0) as u64
                });
                let max = length.map(|length| length * 4).or(longest);
                of(Type::String, 2, max.unwrap_or(MAX_REQUEST - 2))
            }
        }
    }

    /// The declared type at a path below (`sizeEstimator.EstimateSize`).
    pub(crate) fn at(&self, path: &[String]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        let below = match (&self.of, first.as_str()) {
            (Parts::Items(of) | Parts::Values(of), "@items" | "@values") => of,
            (Parts::Values(_), "@keys") => {
                // `StringType` of a map's keys is bounded by nothing.
                static KEY: Declared =
                    Declared { ty: Type::String, max: 0, min_size: 2, of: Parts::None };
                return KEY.at(rest);
            }
            (Parts::Fields(fields), name) => fields.get(name)?,
            _ => return None,
        };
        below.at(rest)
    }
}

/// The properties of an object; of a resource also what every resource has (`WithTypeAndObjectMeta`).
pub(crate) fn properties(schema: &Value, resource: bool) -> BTreeMap<String, Value> {
    let mut found: BTreeMap<String, Value> = schema
        .get("properties")
        .and_then(Value::as_object)
        .map(|all| all.iter().map(|(name, one)| (name.clone(), one.clone())).collect())
        .unwrap_or_default();
    if resource {
        let is = |found: &BTreeMap<String, Value>, pointer: &str, field: &str, ty: &str| {
            found
                .get(field)
                .and_then(|one| one.pointer(pointer))
                .is_some_and(|one| word(one, "type") == ty)
        };
        let whole = is(&found, "", "kind", "string")
            && is(&found, "", "apiVersion", "string")
            && is(&found, "", "metadata", "object")
            && is(&found, "/properties/name", "metadata", "string")
            && is(&found, "/properties/generateName", "metadata", "string");
        if !whole {
            let string = serde_json::json!({"type": "string"});
            found.insert("kind".to_owned(), string.clone());
            found.insert("apiVersion".to_owned(), string.clone());
            let metadata = serde_json::json!({
                "type": "object", "properties": {"name": string, "generateName": string}
            });
            found.insert("metadata".to_owned(), metadata);
        }
    }
    found
}
