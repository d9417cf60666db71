//! The readers of the three grammars. The files are ours and tested against the real server, so a line
//! that cannot be read is passed over here and found by the test that every line is understood.

use super::{
    ApiGroup, ApiResource, ApiSubresource, Definition, Field, ListKind, Message, Schema, Type,
    WireField, Word,
};
use crate::gvk::{GroupVersion, GroupVersionKind};

/// Reads everything.
pub(super) fn all(openapi: &[&str], wire: &[&str], discovery: &str) -> Schema {
    let mut schema = Schema::default();
    for file in openapi {
        read_openapi(file, &mut schema);
    }
    for file in wire {
        read_wire(file, &mut schema);
    }
    read_discovery(discovery, &mut schema);
    schema
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn absolute(package: &str, name: &str) -> String {
    if name.contains('.') { name.to_owned() } else { format!("{package}.{name}") }
}

fn read_openapi(text: &str, schema: &mut Schema) {
    let mut package = "";
    let mut current: Option<Definition> = None;
    for line in lines(text) {
        if let Some(name) = line.strip_prefix("package ") {
            package = name;
        } else if let Some(rest) = line.strip_prefix("type ") {
            finish(schema, current.take());
            current = Some(definition(package, rest));
        } else if let (Some(definition), Some(rest)) = (current.as_mut(), line.strip_prefix("  ")) {
            member(package, rest, definition);
        }
    }
    finish(schema, current);
}

fn finish(schema: &mut Schema, definition: Option<Definition>) {
    let Some(definition) = definition else { return };
    for gvk in &definition.kinds {
        schema.kinds.insert(gvk.clone(), definition.name.clone());
    }
    schema.definitions.insert(definition.name.clone(), definition);
}

fn definition(package: &str, rest: &str) -> Definition {
    let mut words = rest.split(' ');
    let name = absolute(package, words.next().unwrap_or(""));
    let mut found = Definition { name, ..Definition::default() };
    match (words.next(), words.next()) {
        (Some("="), Some(scalar)) => found.scalar = word(scalar),
        (Some(flag), _) => found.atomic = flag == "map=atomic",
        (None, _) => {}
    }
    found
}

fn member(package: &str, rest: &str, definition: &mut Definition) {
    let mut words = rest.split(' ');
    let name = words.next().unwrap_or("");
    match name {
        "@kind" => {
            let kind = words.next().unwrap_or("");
            for version in words.next().unwrap_or("").split(',') {
                definition.kinds.push(GroupVersionKind::of(version, kind));
            }
        }
        "@union" => definition.unions.push(words.collect::<Vec<_>>().join(" ")),
        _ => {
            if let Some(field) = field(package, words) {
                definition.fields.insert(name.to_owned(), field);
            }
        }
    }
}

fn field<'a>(package: &str, mut words: impl Iterator<Item = &'a str>) -> Option<Field> {
    let mut field = Field {
        ty: ty(package, words.next()?),
        required: false,
        list: ListKind::Unset,
        keys: Vec::new(),
        patch_merge: false,
        patch_retain_keys: false,
        patch_replace: false,
        merge_key: None,
        atomic: false,
        values: Vec::new(),
        default: None,
        items_default: None,
    };
    for flag in words {
        match flag.split_once('=') {
            None => field.required |= flag == "required",
            Some(("list", kind)) => {
                field.list = match kind {
                    "atomic" => ListKind::Atomic,
                    "set" => ListKind::Set,
                    "map" => ListKind::Map,
                    _ => ListKind::Unset,
                }
            }
            Some(("keys", keys)) => field.keys = keys.split(',').map(str::to_owned).collect(),
            Some(("patch", strategy)) => {
                field.patch_merge = strategy.split(',').any(|one| one == "merge");
                field.patch_retain_keys = strategy.split(',').any(|one| one == "retainKeys");
                field.patch_replace = strategy == "replace";
            }
            Some(("mergekey", key)) => field.merge_key = Some(key.to_owned()),
            Some(("map", kind)) => field.atomic = kind == "atomic",
            Some(("enum", values)) => {
                field.values =
                    values
                        .split(',')
                        .map(|value| {
                            if value == "\"\"" { String::new() } else { value.replace("\\s", " ") }
                        })
                        .collect();
            }
            Some(("default", json)) => field.default = serde_json::from_str(json).ok(),
            Some(("items", json)) => field.items_default = Some(json.to_owned()),
            Some(_) => {}
        }
    }
    Some(field)
}

fn ty(package: &str, text: &str) -> Type {
    if let Some(items) = text.strip_prefix("[]") {
        return Type::List(Box::new(ty(package, items)));
    }
    if let Some(values) = text.strip_prefix("map[]") {
        return Type::Map(Box::new(ty(package, values)));
    }
    word(text).map_or_else(|| Type::Ref(absolute(package, text)), Type::Word)
}

fn word(text: &str) -> Option<Word> {
    Some(match text {
        "string" => Word::String,
        "bytes" => Word::Bytes,
        "bool" => Word::Bool,
        "int32" => Word::Int32,
        "int64" => Word::Int64,
        "int" => Word::Int,
        "number" => Word::Number,
        "quantity" => Word::Quantity,
        "int-or-string" => Word::IntOrString,
        "time" => Word::Time,
        "micro-time" => Word::MicroTime,
        "raw" => Word::Raw,
        "fields" => Word::Fields,
        "object" => Word::Object,
        "any" => Word::Any,
        _ => return None,
    })
}

/// A wire type with its reference made absolute.
fn wire_type(package: &str, text: &str) -> String {
    for prefix in ["[]", "map[]"] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return format!("{prefix}{}", wire_type(package, rest));
        }
    }
    let scalar = text.chars().next().is_some_and(|c| c.is_ascii_lowercase()) && !text.contains('.');
    if scalar { text.to_owned() } else { absolute(package, text) }
}

fn read_wire(text: &str, schema: &mut Schema) {
    let mut package = "";
    let mut current: Option<(String, Message)> = None;
    for line in lines(text) {
        if let Some(name) = line.strip_prefix("package ") {
            package = name;
        } else if let Some(rest) = line.strip_prefix("message ") {
            if let Some((name, message)) = current.take() {
                schema.messages.insert(name, message);
            }
            current = message(package, rest);
        } else if let (Some((_, message)), Some(rest)) = (current.as_mut(), line.strip_prefix("  "))
        {
            message.fields.extend(wire_field(package, rest));
        }
    }
    if let Some((name, message)) = current {
        schema.messages.insert(name, message);
    }
}

fn message(package: &str, rest: &str) -> Option<(String, Message)> {
    let mut words = rest.split(' ');
    let name = absolute(package, words.next()?);
    let mut message = Message { go_type: words.next()?.to_owned(), ..Message::default() };
    if let (Some("="), Some(wire)) = (words.next(), words.next()) {
        message.slice = true;
        message.fields.push(WireField {
            name: "items".to_owned(),
            tag: 1,
            wire: wire_type(package, wire),
            go_type: wire.to_owned(),
            omit_empty: true,
            omit_zero: false,
            inline: false,
        });
    }
    Some((name, message))
}

fn wire_field(package: &str, rest: &str) -> Option<WireField> {
    let mut words = rest.split(' ');
    let name = words.next()?;
    let tag = words.next()?.parse().unwrap_or(0);
    let wire = wire_type(package, words.next()?);
    let go_type = words.next()?.to_owned();
    let flags: Vec<&str> = words.collect();
    Some(WireField {
        name: if name == "-" { String::new() } else { name.to_owned() },
        tag,
        wire,
        go_type,
        omit_empty: flags.contains(&"omitempty"),
        omit_zero: flags.contains(&"omitzero"),
        inline: flags.contains(&"inline"),
    })
}

fn read_discovery(text: &str, schema: &mut Schema) {
    let (mut group, mut version) = (String::new(), String::new());
    for line in lines(text) {
        if let Some(rest) = line.strip_prefix("group ") {
            let name = rest.split(' ').next().unwrap_or("");
            group = if name == "core" { String::new() } else { name.to_owned() };
            schema.groups.push(ApiGroup { name: group.clone(), versions: Vec::new() });
        } else if let Some(rest) = line.strip_prefix("version ") {
            rest.clone_into(&mut version);
            if let Some(last) = schema.groups.last_mut() {
                last.versions.push(version.clone());
            }
        } else if let Some(rest) = line.strip_prefix("  ") {
            resource(&group, &version, rest, schema);
        }
    }
}

fn resource(group: &str, version: &str, rest: &str, schema: &mut Schema) {
    let mut words = rest.split(' ');
    let (Some(path), Some(kind), Some(gv)) = (words.next(), words.next(), words.next()) else {
        return;
    };
    let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    let mut found = ApiResource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: kind.to_owned(),
        ..ApiResource::default()
    };
    for (key, value) in words.filter_map(|flag| flag.split_once('=')) {
        match key {
            "singular" => value.clone_into(&mut found.singular),
            "scope" => found.namespaced = value == "Namespaced",
            "verbs" => found.verbs = list(value),
            "short" => found.short_names = list(value),
            "categories" => found.categories = list(value),
            "hash" => value.clone_into(&mut found.storage_hash),
            _ => {}
        }
    }
    match path.split_once('/') {
        None => {
            path.clone_into(&mut found.plural);
            schema.resources.push(found);
        }
        Some((plural, name)) => {
            let GroupVersion { group: sub_group, version: sub_version } = GroupVersion::parse(gv);
            let parent =
                schema.resources.iter_mut().rev().find(|one| {
                    one.plural == plural && one.group == group && one.version == version
                });
            if let Some(parent) = parent {
                parent.subresources.push(ApiSubresource {
                    name: name.to_owned(),
                    gvk: GroupVersionKind {
                        group: sub_group,
                        version: sub_version,
                        kind: kind.to_owned(),
                    },
                    verbs: found.verbs,
                });
            }
        }
    }
}
