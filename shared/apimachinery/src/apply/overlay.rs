//! A document laid over another without anybody managing its fields, as mutating admission policies do it
//! (`apiserver/pkg/admission/plugin/policy/mutating/patch/smd.go`).

use serde_json::Value;

use super::set::Element;
use super::shape_errors;
use super::typed::{Shape, merge};
use crate::gvk::GroupVersionKind;
use crate::schema::{Definition, Field, ListKind, Schema, Type};

/// `ApplyStructuredMergeDiff`: the live object with the applied document over it, or why not.
pub fn overlay(
    schema: &Schema,
    gvk: &GroupVersionKind,
    live: &Value,
    applied: &Value,
) -> Result<Value, String> {
    if let Some(why) = shape_errors(schema, gvk, applied) {
        return Err(format!("failed to convert patch object to typed object: {why}"));
    }
    let mut found = Atomics { schema, path: String::new(), paths: Vec::new() };
    if let Some(definition) = schema.kind(gvk) {
        found.of_struct(definition, applied);
    }
    if !found.paths.is_empty() {
        return Err(format!(
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {}",
            found.paths.join(", ")
        ));
    }
    Ok(merge(schema, &Shape::root(schema, gvk), live, applied))
}

/// `findAtomics`: what would be replaced as a whole.
struct Atomics<'a> {
    schema: &'a Schema,
    path: String,
    paths: Vec<String>,
}

impl Atomics<'_> {
    fn note(&mut self, atomic: bool) {
        if atomic {
            self.paths.push(self.path.clone());
        }
    }

    fn below(&mut self, element: &Element, inner: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        element.show(&mut self.path);
        inner(self);
        self.path.truncate(length);
    }

    fn of_struct(&mut self, definition: &Definition, value: &Value) {
        let Value::Object(map) = value else { return };
        if definition.scalar.is_some() {
            return;
        }
        self.note(definition.atomic || definition.fields.is_empty());
        for (key, inner) in map {
            if let Some(field) = definition.fields.get(key) {
                self.below(&Element::Field(key.clone()), |found| found.of_field(field, inner));
            }
        }
    }

    fn of_field(&mut self, field: &Field, value: &Value) {
        match &field.ty {
            Type::List(items) => {
                self.of_list(
                    matches!(field.list, ListKind::Unset | ListKind::Atomic),
                    items,
                    value,
                );
            }
            ty if field.atomic && value.is_object() => {
                let known = matches!(ty, Type::Ref(name)
                    if self.schema.definition(name).is_some_and(|one| one.atomic));
                self.note(!known);
                self.of_type(ty, value);
            }
            ty => self.of_type(ty, value),
        }
    }

    fn of_type(&mut self, ty: &Type, value: &Value) {
        match ty {
            Type::Ref(name) => {
                if let Some(definition) = self.schema.definition(name) {
                    self.of_struct(definition, value);
                }
            }
            Type::List(items) => self.of_list(true, items, value),
            // Maps are merged, and upstream does not look at their values.
            Type::Map(_) | Type::Word(_) => {}
        }
    }

    fn of_list(&mut self, atomic: bool, items: &Type, value: &Value) {
        let Value::Array(list) = value else { return };
        self.note(atomic);
        for (index, item) in list.iter().enumerate() {
            self.below(&Element::Index(index), |found| found.of_type(items, item));
        }
    }
}
