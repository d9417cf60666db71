//! The JSON Schema and the reader know the same fields, at every place of a structure.
#![expect(clippy::unwrap_used, reason = "a structure that cannot be read is a wrong test")]

use std::collections::{BTreeMap, BTreeSet};

use notebook::{read, schema};
use serde_json::{Value, json};

fn both(text: &str) -> Value {
    json!({"ko": text, "en": text})
}

fn cell(id: &str, fields: Value) -> Value {
    let mut cell = json!({"id": id, "title": both("t")});
    cell.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    cell
}

/// Every kind of check, with what it must have.
fn checks() -> Value {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
    let all = [
        json!({"check": "assert", "title": both("t"), "object": object}),
        json!({"check": "absent", "object": object}),
        json!({"check": "can", "requests": [
            {"persona": "admin", "verb": "get", "resource": "pods", "allowed": true}]}),
        json!({"check": "connects", "connections": [
            {"from": "a/b", "to": "a/c", "port": 80, "allowed": true}]}),
        json!({"check": "rejects", "file": "cells/a.yaml", "code": 403, "reason": "Forbidden", "pattern": "x"}),
        json!({"check": "event", "object": "Pod/a", "namespace": "a", "reason": "Scheduled"}),
        json!({"check": "logs", "pod": "a/b", "pattern": "x"}),
        json!({"check": "output", "pod": "a/b", "command": ["ls"], "pattern": "x"}),
        json!({"check": "prints", "line": "kubectl get pods", "pattern": "x"}),
    ];
    let named = all.into_iter().enumerate().map(|(index, mut check)| {
        check.as_object_mut().unwrap().insert("id".to_owned(), json!(format!("c{index}")));
        check
    });
    named.collect()
}

/// A structure with every kind of map that there is.
fn structure() -> Value {
    let options = json!([
        {"id": "a", "text": both("t"), "correct": true, "why": both("t")},
        {"id": "b", "text": both("t"), "why": both("t")},
    ]);
    let request = json!({"verb": "get", "resource": "pods"});
    let edge = json!({"from": "a/b", "to": "a/c", "port": 80});
    let cells = [
        cell("manifest", json!({"type": "manifest", "file": "cells/a.yaml"})),
        cell(
            "load",
            json!({"type": "load", "file": "cells/a.yaml", "namespace": "a", "name": "b",
            "each": 5, "most": 8, "solution": 4, "autoscaler": "c"}),
        ),
        cell("action", json!({"type": "action", "run": ["kubectl get pods"]})),
        cell("console", json!({"type": "console", "suggest": ["kubectl get pods"]})),
        cell(
            "check",
            json!({"type": "check", "checks": checks(),
            "hints": [{"id": "h", "text": both("t"), "when": checks()}]}),
        ),
        cell(
            "connections",
            json!({"type": "diagram",
            "view": {"show": "connections", "namespaces": ["a"], "edges": [edge]}}),
        ),
        cell(
            "access",
            json!({"type": "diagram", "view": {"show": "access", "requests": [request]}}),
        ),
        cell(
            "workloads",
            json!({"type": "diagram", "view": {"show": "workloads", "namespaces": ["a"]}}),
        ),
        cell(
            "rollout",
            json!({"type": "diagram",
            "view": {"show": "rollout", "namespace": "a", "deployment": "b"}}),
        ),
        cell(
            "autoscaler",
            json!({"type": "diagram",
            "view": {"show": "autoscaler", "namespace": "a", "name": "b"}}),
        ),
        cell("machines", json!({"type": "diagram", "view": {"show": "machines"}})),
        cell(
            "menus",
            json!({"type": "diagram", "view": {"show": "menus",
            "menus": [{"title": both("t"), "entries": [{"title": both("t")}]}]}}),
        ),
        cell("quiz", json!({"type": "quiz", "options": options})),
        cell(
            "observe",
            json!({"type": "observe", "options": options, "run": ["kubectl get pods"]}),
        ),
        cell("note", json!({"type": "note", "text": both("t")})),
    ];
    let ids: Vec<&Value> = cells.iter().map(|cell| &cell["id"]).collect();
    json!({
        "section": 1, "title": both("t"), "goal": both("t"), "status": "ready", "minutes": 1,
        "variables": [{"name": "a", "default": "a", "title": both("t")}],
        "personas": [{"id": "admin", "title": both("t")}],
        "cluster": {"profile": "plain", "addons": []},
        "setupChecks": checks(),
        "steps": [{"id": "s", "cells": ids}],
        "cells": cells,
    })
}

fn complaints(structure: &Value) -> Vec<String> {
    let files = BTreeMap::from([("scenario.yaml".to_owned(), structure.to_string())]);
    let found = read::scenario(&files).err().unwrap_or_default();
    found.into_iter().map(|one| format!("{}; {}", one.message, one.expected)).collect()
}

/// The pointers of all maps that the reader reads: partial documents are the author's own.
fn maps(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            found.push(pointer.to_owned());
            for (key, item) in entries.iter().filter(|(key, _)| *key != "object") {
                maps(item, &format!("{pointer}/{key}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                maps(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// What a schema says of a value, through references and the choice that fits.
fn resolve<'s>(root: &'s Value, schema: &'s Value, value: &Value) -> Vec<&'s Value> {
    let mut all = vec![schema];
    if let Some(reference) = schema["$ref"].as_str() {
        let found = root.pointer(reference.trim_start_matches('#')).unwrap();
        all.extend(resolve(root, found, value));
    }
    for choice in schema["oneOf"].as_array().into_iter().flatten() {
        let tags = choice["properties"].as_object().into_iter().flatten();
        let mut tags = tags.filter(|(_, schema)| schema.get("const").is_some());
        if tags.all(|(key, schema)| value[key] == schema["const"]) {
            all.extend(resolve(root, choice, value));
        }
    }
    all
}

/// The fields that the schema allows in the map at a pointer; none when it allows others as well.
fn allowed(root: &Value, structure: &Value, pointer: &str) -> Option<BTreeSet<String>> {
    let (mut schemas, mut value) = (resolve(root, root, structure), structure);
    for part in pointer.split('/').skip(1) {
        let inner = schemas.iter().find_map(|schema| match part.parse::<usize>() {
            Ok(_) => schema.get("items"),
            Err(_) => schema["properties"].get(part),
        })?;
        value = match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        };
        schemas = resolve(root, inner, value);
    }
    let closes = |schema: &&Value| {
        schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false
    };
    schemas.iter().any(closes).then(|| {
        let properties = schemas.iter().filter_map(|schema| schema["properties"].as_object());
        properties.flat_map(|properties| properties.keys().cloned()).collect()
    })
}

#[test]
fn the_structure_of_this_test_is_right() {
    assert_eq!(complaints(&structure()), Vec::<String>::new());
}

#[test]
fn the_schema_knows_the_fields_of_the_reader_and_no_others() {
    let (schema, structure) = (schema::scenario(), structure());
    let mut places = Vec::new();
    maps(&structure, "", &mut places);
    assert!(places.len() > 60, "{places:?}");
    for place in places {
        let mut wrong = structure.clone();
        wrong.pointer_mut(&place).unwrap()["zzz"] = json!(1);
        let told = complaints(&wrong);
        let told = told.iter().find_map(|line| line.split_once("unknown field `zzz`; one of "));
        let known = told.unwrap_or_else(|| unreachable!("{place} takes any field")).1;
        let known: BTreeSet<String> =
            known.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
        assert_eq!(allowed(&schema, &structure, &place), Some(known), "{place}");
    }
}

#[test]
fn what_the_schema_requires_the_reader_requires() {
    let (schema, structure) = (schema::scenario(), structure());
    let mut places = Vec::new();
    maps(&structure, "", &mut places);
    for place in places {
        for key in structure.pointer(&place).unwrap().as_object().unwrap().keys() {
            let mut wrong = structure.clone();
            wrong.pointer_mut(&place).unwrap().as_object_mut().unwrap().remove(key);
            let missing = format!("has no `{key}`");
            let reader = complaints(&wrong).iter().any(|line| line.contains(&missing));
            let required = requires(&schema, &structure, &place, key);
            // (Lists that are left out are empty: whether that is right is told in other words.)
            let is_list = structure.pointer(&format!("{place}/{key}")).unwrap().is_array();
            // (Checks that nothing refers to have no id; the schema has one kind of check.)
            let is_id = key == "id" && place.contains("/checks/");
            assert!(
                required == reader || is_list || is_id,
                "{place}/{key}: schema {required}, reader {reader}"
            );
        }
    }
}

fn requires(root: &Value, structure: &Value, pointer: &str, key: &str) -> bool {
    let (mut schemas, mut value) = (resolve(root, root, structure), structure);
    for part in pointer.split('/').skip(1) {
        let inner = schemas.iter().find_map(|schema| match part.parse::<usize>() {
            Ok(_) => schema.get("items"),
            Err(_) => schema["properties"].get(part),
        });
        value = match part.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[part],
        };
        schemas = resolve(root, inner.unwrap(), value);
    }
    schemas
        .iter()
        .any(|schema| schema["required"].as_array().is_some_and(|all| all.contains(&json!(key))))
}
