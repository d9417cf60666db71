//! `openapi/*.txt`: the definitions of `/openapi/v3` as lines, without descriptions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::file_of;
use crate::Failure;

const HEAD: &str = "\
# What the real API server's /openapi/v3 says of these types, without descriptions.
# Written by `cargo xtask schema`; do not edit.
#
#   package PACKAGE
#   type NAME [map=atomic|granular]          an object; its fields follow
#   type NAME = WORD                         a scalar, or any, or object (free form)
#     @kind KIND GROUPVERSION[,GROUPVERSION]   (DeleteOptions and WatchEvent: all of them; a document lists v1 and its own)
#     @union DISCRIMINATOR|- FIELD:VALUE ...
#     FIELD TYPE [required] [list=atomic|set|map] [keys=K,K] [patch=STRATEGY] [mergekey=K] [map=atomic|granular]
#                [enum=V,V] [default=JSON] [items=JSON|none]
# TYPE is a WORD, a NAME of this package, PACKAGE.NAME, []TYPE or map[]TYPE. WORD is string, bytes, bool, int32, int64, int,
# number, quantity, int-or-string, time, micro-time, raw, fields, object or any.
# enum (also of a list's items): `\"\"` is the empty string and `\\s` a space. items: the default of the items where it is not
# the zero value (\"\", 0, false, {} for objects with fields; none for everything else).
";

/// Definitions that fields name by a word.
const WORDS: [(&str, &str); 6] = [
    ("io.k8s.apimachinery.pkg.api.resource.Quantity", "quantity"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1", "fields"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "micro-time"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "time"),
    ("io.k8s.apimachinery.pkg.runtime.RawExtension", "raw"),
    ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "int-or-string"),
];

/// What a definition or a field may say; anything else must be added to the grammar first.
const KNOWN_KEYS: [&str; 18] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "default",
    "description",
    "enum",
    "format",
    "items",
    "oneOf",
    "properties",
    "required",
    "type",
    "x-kubernetes-group-version-kind",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-merge-key",
    "x-kubernetes-patch-strategy",
];
const UNIONS: &str = "x-kubernetes-unions";

type Definitions = BTreeMap<String, Value>;

/// Renders the definitions of all documents, one text per file.
pub(super) fn render(documents: &[Value]) -> Result<BTreeMap<String, String>, Failure> {
    let mut kinds: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut definitions = Definitions::new();
    for document in documents {
        let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
        for (name, definition) in schemas.into_iter().flatten() {
            kinds.entry(name.clone()).or_default().extend(kinds_of(definition));
            definitions.insert(name.clone(), definition.clone());
        }
    }
    let mut packages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, definition) in &definitions {
        let (package, short) = split(name)?;
        let scope = Scope { package, definitions: &definitions };
        let kinds = kinds.get(name).into_iter().flatten();
        let block =
            scope.block(short, definition, kinds).map_err(|why| format!("{name}: {why}"))?;
        packages.entry(package).or_default().push(block);
    }
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (package, blocks) in packages {
        let file = files.entry(file_of(package)).or_insert_with(|| HEAD.to_owned());
        let text = format!("\npackage {package}\n\n{}", blocks.join("\n"));
        file.push_str(&text);
    }
    Ok(files)
}

/// (kind, group version) of a top-level kind.
fn kinds_of(definition: &Value) -> Vec<(String, String)> {
    let list = definition.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|kind| {
            let part = |name| kind.get(name).and_then(Value::as_str).unwrap_or_default();
            let group_version = match part("group") {
                "" => part("version").to_owned(),
                group => format!("{group}/{}", part("version")),
            };
            (part("kind").to_owned(), group_version)
        })
        .collect()
}

fn split(name: &str) -> Result<(&str, &str), Failure> {
    name.rsplit_once('.').ok_or_else(|| format!("the definition {name} has no package"))
}

/// Where a definition stands, for short references.
struct Scope<'a> {
    package: &'a str,
    definitions: &'a Definitions,
}

impl Scope<'_> {
    fn block<'k>(
        &self,
        name: &str,
        definition: &Value,
        kinds: impl Iterator<Item = &'k (String, String)>,
    ) -> Result<String, Failure> {
        let object = known(definition)?;
        let full = format!("{}.{name}", self.package);
        let Some(properties) = object.get("properties").and_then(Value::as_object) else {
            let word = WORDS.iter().find(|(known, _)| *known == full).map(|(_, word)| *word);
            let word = word.map_or_else(|| self.type_of(definition), |word| Ok(word.to_owned()))?;
            return Ok(format!("type {name} = {word}\n"));
        };
        let mut lines =
            vec![format!("type {name}{}", flag(object, "map", "x-kubernetes-map-type")?)];
        let mut by_kind: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (kind, group_version) in kinds {
            by_kind.entry(kind).or_default().push(group_version);
        }
        for (kind, group_versions) in by_kind {
            lines.push(format!("  @kind {kind} {}", group_versions.join(",")));
        }
        lines.extend(unions(object).into_iter().map(|union| format!("  {union}")));
        let required: Vec<&str> = strings(object, "required");
        for (field, schema) in properties {
            let line = self
                .field(field, schema, required.contains(&field.as_str()))
                .map_err(|why| format!("{field}: {why}"))?;
            lines.push(format!("  {line}"));
        }
        lines.push(String::new());
        Ok(lines.join("\n"))
    }

    fn field(&self, name: &str, schema: &Value, required: bool) -> Result<String, Failure> {
        let object = known(schema)?;
        let mut line = format!("{name} {}", self.type_of(schema)?);
        if required {
            line.push_str(" required");
        }
        line.push_str(&flag(object, "list", "x-kubernetes-list-type")?);
        let keys = strings(object, "x-kubernetes-list-map-keys");
        if !keys.is_empty() {
            push(&mut line, "keys", &keys.join(","))?;
        }
        line.push_str(&flag(object, "patch", "x-kubernetes-patch-strategy")?);
        line.push_str(&flag(object, "mergekey", "x-kubernetes-patch-merge-key")?);
        line.push_str(&flag(object, "map", "x-kubernetes-map-type")?);
        let items = object.get("items").or_else(|| object.get("additionalProperties"));
        let choices = strings(items.and_then(Value::as_object).unwrap_or(object), "enum");
        let choices = if choices.is_empty() { strings(object, "enum") } else { choices };
        if !choices.is_empty() {
            push(
                &mut line,
                "enum",
                &choices.iter().map(|value| word(value)).collect::<Vec<_>>().join(","),
            )?;
        }
        if let Some(default) = object.get("default") {
            push(&mut line, "default", &default.to_string())?;
        }
        if let Some(items) = items {
            let default = items.get("default");
            if default != self.zero(items)?.as_ref() {
                push(
                    &mut line,
                    "items",
                    &default.map_or_else(|| "none".to_owned(), Value::to_string),
                )?;
            }
        }
        Ok(line)
    }

    fn type_of(&self, schema: &Value) -> Result<String, Failure> {
        let object = known(schema)?;
        if let Some(name) = reference(schema) {
            if let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == name) {
                return Ok((*word).to_owned());
            }
            let (package, short) = split(name)?;
            return Ok(if package == self.package { short } else { name }.to_owned());
        }
        let part = |name| object.get(name).and_then(Value::as_str);
        Ok(match (part("type"), part("format")) {
            (Some("array"), None) => {
                format!("[]{}", self.type_of(object.get("items").unwrap_or(&Value::Null))?)
            }
            (Some("object"), None) => match object.get("additionalProperties") {
                Some(values) => format!("map[]{}", self.type_of(values)?),
                None => "object".to_owned(),
            },
            (Some("string"), None) => "string".to_owned(),
            (Some("string"), Some("byte")) => "bytes".to_owned(),
            (Some("boolean"), None) => "bool".to_owned(),
            (Some("integer"), Some(format @ ("int32" | "int64"))) => format.to_owned(),
            (Some("integer"), None) => "int".to_owned(),
            (Some("number"), Some("double")) => "number".to_owned(),
            (None, None) => "any".to_owned(),
            unknown => return Err(format!("the grammar has no word for {unknown:?}")),
        })
    }

    /// The default that items have in OpenAPI unless said otherwise.
    fn zero(&self, items: &Value) -> Result<Option<Value>, Failure> {
        if let Some(name) = reference(items) {
            let has_fields = self
                .definitions
                .get(name)
                .is_some_and(|definition| definition.get("properties").is_some());
            return Ok(has_fields.then(|| Value::Object(Map::new())));
        }
        Ok(match self.type_of(items)?.as_str() {
            "string" => Some(Value::from("")),
            "bool" => Some(Value::from(false)),
            "int32" | "int64" | "int" | "number" => Some(Value::from(0)),
            _ => None,
        })
    }
}

fn known(schema: &Value) -> Result<&Map<String, Value>, Failure> {
    let object = schema.as_object().ok_or("a schema is not an object")?;
    match object.keys().find(|key| !KNOWN_KEYS.contains(&key.as_str()) && *key != UNIONS) {
        Some(key) => Err(format!("the grammar has no word for the key {key}")),
        None => Ok(object),
    }
}

fn reference(schema: &Value) -> Option<&str> {
    let reference = schema.pointer("/allOf/0/$ref").or_else(|| schema.get("$ref"))?;
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

fn unions(definition: &Map<String, Value>) -> Vec<String> {
    let list = definition.get(UNIONS).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|union| {
            let discriminator = union.get("discriminator").and_then(Value::as_str).unwrap_or("-");
            let mut line = format!("@union {discriminator}");
            let fields = union.get("fields-to-discriminateBy").and_then(Value::as_object);
            for (field, value) in fields.into_iter().flatten() {
                line.extend([" ", field, ":", value.as_str().unwrap_or_default()]);
            }
            line
        })
        .collect()
}

fn strings<'a>(object: &'a Map<String, Value>, key: &str) -> Vec<&'a str> {
    let list = object.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn flag(object: &Map<String, Value>, name: &str, key: &str) -> Result<String, Failure> {
    let mut line = String::new();
    if let Some(value) = object.get(key).and_then(Value::as_str) {
        push(&mut line, name, value)?;
    }
    Ok(line)
}

fn push(line: &mut String, name: &str, value: &str) -> Result<(), Failure> {
    if value.contains(char::is_whitespace) {
        return Err(format!("the value of {name} has a space: {value}"));
    }
    line.extend([" ", name, "=", value]);
    Ok(())
}

fn word(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { value.replace(' ', "\\s") }
}
