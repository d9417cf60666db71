//! Which values are as they were, so that a rule that they break is only a warning
//! (`apiserver/pkg/cel/common/equality.go`).

use serde_json::Value;

use crate::fields::{items, text};

/// A value with the one that was there before, as far as they correspond.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    schema: &'a Value,
    new: &'a Value,
    old: &'a Value,
}

/// The pair of a value, and of what it is in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ratchet<'a> {
    current: Option<Pair<'a>>,
    parent: Option<Pair<'a>>,
}

/// The item of a keyed list that has the same keys.
pub(super) fn same_item<'a>(
    schema: &Value,
    old: Option<&'a Value>,
    item: &Value,
) -> Option<&'a Value> {
    let keys = items(schema, "/x-kubernetes-list-map-keys");
    if text(schema, "/x-kubernetes-list-type") != "map" || keys.is_empty() {
        return None;
    }
    let key = |of: &Value| -> Option<Vec<Value>> {
        keys.iter()
            .map(|name| {
                of.get(name.as_str()?).filter(|one| !one.is_object() && !one.is_array()).cloned()
            })
            .collect()
    };
    let wanted = key(item)?;
    old?.as_array()?.iter().find(|one| key(one).as_ref() == Some(&wanted))
}

impl Pair<'_> {
    fn key(self, field: &str) -> Option<Self> {
        let (new, old) = (self.new.as_object()?.get(field)?, self.old.as_object()?.get(field)?);
        let own = self.schema.get("properties").and_then(|all| all.get(field));
        let more = self.schema.get("additionalProperties").filter(|more| more.is_object());
        Some(Self { schema: own.or(more)?, new, old })
    }

    fn index(self, index: usize) -> Option<Self> {
        let new = self.new.as_array()?.get(index)?;
        let old = same_item(self.schema, Some(self.old), new)?;
        Some(Self { schema: self.schema.get("items")?, new, old })
    }

    /// `CachedDeepEqual`.
    fn same(self) -> bool {
        match (self.new, self.old) {
            (Value::Null, Value::Null) => true,
            (Value::Null, _) | (_, Value::Null) => false,
            (Value::Array(new), Value::Array(old)) => {
                let keyed = text(self.schema, "/x-kubernetes-list-type") == "map";
                new.len() == old.len()
                    && if keyed {
                        (0..new.len()).all(|index| self.index(index).is_some_and(Self::same))
                    } else {
                        new == old
                    }
            }
            (Value::Object(new), Value::Object(old)) => {
                new.len() == old.len()
                    && new.keys().all(|key| self.key(key).is_some_and(Self::same))
            }
            (new, old) => new == old,
        }
    }
}

impl<'a> Ratchet<'a> {
    pub(super) fn of(schema: &'a Value, new: &'a Value, old: &'a Value) -> Self {
        Self { current: Some(Pair { schema, new, old }), parent: None }
    }

    /// For `allOf`, which corresponds to nothing of its own.
    pub(super) fn all_of(self) -> Self {
        Self { current: None, parent: self.parent }
    }

    pub(super) fn key(self, field: &str) -> Self {
        let Some(current) = self.current else { return self };
        if self.parent.is_none() && matches!(field, "apiVersion" | "kind") {
            return Self::default();
        }
        Self { current: current.key(field), parent: self.current }
    }

    pub(super) fn index(self, index: usize) -> Self {
        let Some(current) = self.current else { return self };
        Self { current: current.index(index), parent: self.current }
    }

    /// `shouldRatchetError`.
    pub(super) fn unchanged(self) -> bool {
        self.current.or(self.parent).is_some_and(Pair::same)
    }
}
