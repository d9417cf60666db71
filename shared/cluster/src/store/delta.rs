//! What turns a document back into the one before it. Successive versions of an object differ in a few
//! fields, so this is much smaller than a document.

use std::iter::zip;

use serde_json::{Map, Value};

/// The way from a document back to an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Delta {
    /// They are the same.
    Same,
    /// Nothing of it is the same.
    Whole(Value),
    /// Fields of an object that differ; those that were not there are removed.
    Fields(Box<[(Box<str>, Option<Self>)]>),
    /// Items of a list of the same length that differ.
    Items(Box<[(u32, Self)]>),
}

impl Delta {
    /// The way back from `new` to `old`.
    pub(super) fn between(new: &Value, old: &Value) -> Self {
        match (new, old) {
            _ if new == old => Self::Same,
            (Value::Object(new), Value::Object(old)) => Self::fields(new, old),
            (Value::Array(new), Value::Array(old)) if new.len() == old.len() => {
                let items = zip(0_u32.., zip(new, old));
                let differ = items.filter(|(_, (new, old))| new != old);
                Self::Items(differ.map(|(at, (new, old))| (at, Self::between(new, old))).collect())
            }
            _ => Self::Whole(old.clone()),
        }
    }

    fn fields(new: &Map<String, Value>, old: &Map<String, Value>) -> Self {
        let kept = old.iter().filter_map(|(name, old)| match new.get(name) {
            Some(new) if new == old => None,
            Some(new) => Some((name.as_str().into(), Some(Self::between(new, old)))),
            None => Some((name.as_str().into(), Some(Self::Whole(old.clone())))),
        });
        let came = new.keys().filter(|name| !old.contains_key(*name));
        Self::Fields(kept.chain(came.map(|name| (name.as_str().into(), None))).collect())
    }

    /// Goes back from `new`.
    pub(super) fn undo(&self, new: &Value) -> Value {
        let mut value = new.clone();
        self.apply(&mut value);
        value
    }

    fn apply(&self, value: &mut Value) {
        match (self, value) {
            (Self::Same, _) => {}
            (Self::Whole(old), value) => value.clone_from(old),
            (Self::Fields(fields), Value::Object(map)) => {
                for (name, delta) in fields {
                    match delta {
                        Some(delta) => delta.apply(map.entry(&**name).or_insert(Value::Null)),
                        None => {
                            map.remove(&**name);
                        }
                    }
                }
            }
            (Self::Items(items), Value::Array(list)) => {
                for (at, delta) in items {
                    if let Some(item) = usize::try_from(*at).ok().and_then(|at| list.get_mut(at)) {
                        delta.apply(item);
                    }
                }
            }
            // Made from such a document, it is only ever applied to it.
            (Self::Fields(_) | Self::Items(_), _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Delta;

    #[test]
    fn it_leads_back_whatever_changed() {
        let documents = [
            json!({"a": 1, "b": {"c": [1, 2], "d": "x"}, "e": [{"f": 1}, {"g": null}]}),
            json!({"a": 1, "b": {"c": [1, 3], "d": "x"}, "e": [{"f": 1}, {"g": 2}]}),
            json!({"b": {"c": [1], "d": {"x": 1}}, "e": [{"g": 2}], "h": null}),
            json!({"a": {"b": 2}, "e": {"f": []}}),
            json!([1, 2]),
            Value::Null,
        ];
        for new in &documents {
            for old in &documents {
                assert_eq!(Delta::between(new, old).undo(new), *old, "{new} back to {old}");
            }
        }
    }

    #[test]
    fn it_holds_only_what_differs() {
        let old = json!({"spec": {"nodeName": "a"}, "status": {"phase": "Pending", "ips": ["x"]}});
        let new = json!({"spec": {"nodeName": "a"}, "status": {"phase": "Running", "ips": ["y"]}});
        expect_test::expect![[r#"Fields([("status", Some(Fields([("ips", Some(Items([(0, Whole(String("x")))]))), ("phase", Some(Whole(String("Pending"))))])))])"#]]
            .assert_eq(&format!("{:?}", Delta::between(&new, &old)));
    }
}
