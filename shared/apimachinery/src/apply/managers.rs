//! `metadata.managedFields`: who manages which fields, and since when.

use crate::order::Order as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Writer;
use super::set::FieldSet;
use crate::gvk::GroupVersionKind;
use crate::{object, time};

/// A manager as `managedFields` tells them apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Manager {
    operation: String,
    name: String,
    api_version: String,
    subresource: String,
}

impl Manager {
    pub(super) fn update(writer: Writer<'_>, gvk: &GroupVersionKind) -> Self {
        Self::new("Update", writer, gvk)
    }

    pub(super) fn apply(writer: Writer<'_>, gvk: &GroupVersionKind) -> Self {
        Self::new("Apply", writer, gvk)
    }

    fn new(operation: &str, writer: Writer<'_>, gvk: &GroupVersionKind) -> Self {
        Self {
            operation: operation.to_owned(),
            name: writer.manager.to_owned(),
            api_version: gvk.group_version().to_string(),
            subresource: writer.subresource.to_owned(),
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// What upstream tells managers apart by, in its order (`internal/managedfields.go BuildManagerIdentifier`).
    pub(super) fn identifier(&self) -> (&str, &str, &str, &str) {
        (&self.name, &self.operation, &self.api_version, &self.subresource)
    }

    /// `internal/conflict.go printManager`; an identifier never holds a time (`internal/managedfields.go`).
    pub(super) fn show(&self) -> String {
        let mut text = format!("{:?}", self.name);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {:?}", self.subresource);
        }
        if self.operation == "Update" {
            text = format!("{text} using {}", self.api_version);
        }
        text
    }
}

/// All managers of an object, with their fields and the time of their last change.
#[derive(Debug, Default)]
pub(super) struct Managers {
    pub(super) entries: Vec<(Manager, FieldSet, Option<String>)>,
}

impl Managers {
    pub(super) fn read(list: Option<&Value>) -> Self {
        let mut found = Self::default();
        for entry in list.and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let manager = Manager {
                operation: text("operation"),
                name: text("manager"),
                api_version: text("apiVersion"),
                subresource: text("subresource"),
            };
            let fields = entry.get("fieldsV1").map(FieldSet::decode).unwrap_or_default();
            let time = entry.get("time").and_then(Value::as_str).map(str::to_owned);
            found.entries.push((manager, fields, time));
        }
        found
    }

    pub(super) fn set_of(&self, manager: &Manager) -> FieldSet {
        self.entries
            .iter()
            .find(|(one, ..)| one == manager)
            .map(|(_, set, _)| set.clone())
            .unwrap_or_default()
    }

    /// Gives a manager its fields; without a time it keeps its last one.
    pub(super) fn put(&mut self, manager: Manager, set: FieldSet, now: Option<Timestamp>) {
        let before = self.entries.iter().position(|(one, ..)| *one == manager);
        let last = before.map(|at| self.entries.remove(at)).and_then(|(_, _, time)| time);
        self.entries.push((manager, set, now.map(time::format_rfc3339).or(last)));
    }

    /// Writes the list into an object: applies first, then by time and name
    /// (`internal/managedfields.go sortEncodedManagedFields`).
    pub(super) fn write(mut self, into: &mut Value) {
        self.entries.retain(|(_, set, _)| !set.is_empty());
        self.entries.order_by(|(a, _, a_time), (b, _, b_time)| {
            (&a.operation, a_time, &a.name, &a.api_version, &a.subresource).cmp(&(
                &b.operation,
                b_time,
                &b.name,
                &b.api_version,
                &b.subresource,
            ))
        });
        let list: Vec<Value> = self
            .entries
            .into_iter()
            .map(|(manager, set, time)| {
                let mut entry = json!({
                    "manager": manager.name,
                    "operation": manager.operation,
                    "apiVersion": manager.api_version,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": set.encode(),
                });
                if let Some(time) = time {
                    object::set(&mut entry, &["time"], json!(time));
                }
                if !manager.subresource.is_empty() {
                    object::set(&mut entry, &["subresource"], json!(manager.subresource));
                }
                entry
            })
            .collect();
        if list.is_empty() {
            object::remove(into, &["metadata", "managedFields"]);
        } else {
            object::set(into, &["metadata", "managedFields"], Value::Array(list));
        }
    }
}
