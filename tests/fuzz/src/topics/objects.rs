//! Objects of built-in kinds: small, of few values, so that two of them have much in common.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{Definition, Field, ListKind, Schema, Type, Word};
use cluster::rng::Stream;
use serde_json::{Map, Value, json};

use crate::pick::Pick as _;

/// The kinds whose objects are made.
pub(super) const KINDS: [(&str, &str); 10] = [
    ("v1", "Pod"),
    ("v1", "Pod"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("v1", "Node"),
    ("networking.k8s.io/v1", "Ingress"),
    ("v1", "PersistentVolumeClaim"),
];

/// Fields that are there more often than others: with merge keys, of all list and map types.
const FAVOURITES: [&str; 46] = [
    "metadata",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "spec",
    "template",
    "containers",
    "initContainers",
    "env",
    "ports",
    "volumeMounts",
    "image",
    "args",
    "volumes",
    "emptyDir",
    "configMap",
    "hostPath",
    "secret",
    "tolerations",
    "imagePullSecrets",
    "hostAliases",
    "topologySpreadConstraints",
    "nodeSelector",
    "securityContext",
    "selector",
    "matchLabels",
    "matchExpressions",
    "strategy",
    "replicas",
    "resources",
    "limits",
    "data",
    "binaryData",
    "secrets",
    "rules",
    "http",
    "paths",
    "backend",
    "service",
    "taints",
    "podCIDRs",
    "status",
    "conditions",
    "loadBalancer",
    "accessModes",
];

/// What is made of a schema.
pub(super) struct Maker<'a> {
    pub(super) schema: &'a Schema,
    pub(super) chance: &'a mut Stream,
}

impl Maker<'_> {
    /// An object of one of the kinds.
    pub(super) fn object(&mut self, (api_version, kind): (&str, &str)) -> Value {
        let schema = self.schema;
        let definition = schema.kind(&GroupVersionKind::of(api_version, kind));
        let mut map = definition.map(|definition| self.fields(definition, 0)).unwrap_or_default();
        map.insert("apiVersion".to_owned(), json!(api_version));
        map.insert("kind".to_owned(), json!(kind));
        Value::Object(map)
    }

    fn fields(&mut self, definition: &Definition, depth: usize) -> Map<String, Value> {
        let mut map = Map::new();
        for (name, field) in &definition.fields {
            let times = match FAVOURITES.contains(&name.as_str()) {
                _ if matches!(name.as_str(), "managedFields" | "apiVersion" | "kind") => continue,
                true if depth < 2 => 1,
                true => 3,
                false => 25,
            };
            if depth < 9 && self.chance.once_in(times) {
                map.insert(name.clone(), self.field(field, depth));
            }
        }
        map
    }

    pub(super) fn field(&mut self, field: &Field, depth: usize) -> Value {
        let Type::List(items) = &field.ty else { return self.value(&field.ty, depth) };
        let mut list: Vec<Value> =
            (0..self.chance.upto(4)).map(|_| self.item(field, items, depth)).collect();
        if !self.chance.once_in(40) {
            unique(field, &mut list);
        }
        Value::Array(list)
    }

    /// An item of a list, with its keys.
    pub(super) fn item(&mut self, field: &Field, items: &Type, depth: usize) -> Value {
        let schema = self.schema;
        let mut item = self.value(items, depth + 1);
        let keys = field.keys.iter().chain(&field.merge_key);
        let definition = schema.resolve(items);
        for key in keys {
            let known = definition.and_then(|definition| definition.fields.get(key));
            if let (Some(map), Some(known)) = (item.as_object_mut(), known)
                && !map.contains_key(key)
                && !self.chance.once_in(60)
            {
                map.insert(key.clone(), self.value(&known.ty, depth + 1));
            }
        }
        item
    }

    pub(super) fn value(&mut self, ty: &Type, depth: usize) -> Value {
        let schema = self.schema;
        match ty {
            Type::Word(word) => self.word(*word),
            Type::Ref(name) => match schema.definition(name) {
                Some(definition) => match definition.scalar {
                    Some(word) => self.word(word),
                    None if definition.fields.is_empty() => self.word(Word::Object),
                    None => Value::Object(self.fields(definition, depth + 1)),
                },
                None => json!({}),
            },
            Type::List(items) => {
                (0..self.chance.upto(3)).map(|_| self.value(items, depth + 1)).collect()
            }
            Type::Map(values) => {
                let mut map = Map::new();
                for _ in 0..self.chance.upto(3) {
                    let key = self.chance.one(&["a", "b", "c", "x.io/y"]).to_owned();
                    map.insert(key, self.value(values, depth + 1));
                }
                Value::Object(map)
            }
        }
    }

    fn word(&mut self, word: Word) -> Value {
        let chance = &mut *self.chance;
        match word {
            Word::String => json!(chance.one(&["a", "b", "c", "d", "TCP", "UDP", "web"])),
            Word::Bytes => json!(chance.one(&["YQ==", "Yg==", ""])),
            Word::Bool => json!(chance.once_in(2)),
            Word::Int32 | Word::Int64 | Word::Int => json!([0, 1, 2, 80, 443].get(chance.upto(5))),
            Word::Number => json!([0.5, 1.0, 2.0].get(chance.upto(3))),
            Word::Quantity => json!(chance.one(&["1", "500m", "1Gi", "0"])),
            Word::IntOrString if chance.once_in(2) => json!(chance.one(&["http", "25%"])),
            Word::IntOrString => json!(80 + chance.upto(2)),
            Word::Time => json!(chance.one(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"])),
            Word::MicroTime => json!("2026-01-01T00:00:00.000000Z"),
            Word::Raw | Word::Fields | Word::Object | Word::Any => json!({ "a": chance.upto(3) }),
        }
    }

    /// The object with some of it changed, left out or added.
    pub(super) fn changed(&mut self, kind: (&str, &str), object: &Value) -> Value {
        let other = self.object(kind);
        self.mixed(object, &other)
    }

    fn mixed(&mut self, one: &Value, other: &Value) -> Value {
        match (one, other) {
            (Value::Object(left), Value::Object(right)) => {
                let mut map = Map::new();
                let keys = left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)));
                for key in keys {
                    let kept = matches!(key.as_str(), "apiVersion" | "kind");
                    match (left.get(key), right.get(key)) {
                        (Some(left), Some(right)) if !kept => {
                            map.insert(key.clone(), self.mixed(left, right));
                        }
                        (Some(left), _) if kept || !self.chance.once_in(6) => {
                            map.insert(key.clone(), left.clone());
                        }
                        (None, Some(right)) if self.chance.once_in(3) => {
                            map.insert(key.clone(), right.clone());
                        }
                        _ => {}
                    }
                }
                Value::Object(map)
            }
            (Value::Array(left), Value::Array(right)) => {
                let mut list: Vec<Value> = left
                    .iter()
                    .zip(right.iter().map(Some).chain(std::iter::repeat(None)))
                    .filter_map(|(left, right)| match self.chance.upto(8) {
                        0 => None,
                        1 => right.cloned(),
                        2 | 3 => right.map(|right| self.inside(left, right)),
                        _ => Some(left.clone()),
                    })
                    .collect();
                if self.chance.once_in(3) {
                    list.extend(right.iter().filter(|item| !left.contains(item)).take(1).cloned());
                }
                if self.chance.once_in(4) {
                    list.reverse();
                }
                let mut seen = Vec::new();
                list.retain(|item| {
                    let again = seen.contains(item);
                    seen.push(item.clone());
                    !again
                });
                Value::Array(list)
            }
            _ if self.chance.once_in(3) => other.clone(),
            _ => one.clone(),
        }
    }

    /// An item with what distinguishes it kept.
    fn inside(&mut self, left: &Value, right: &Value) -> Value {
        let mut mixed = self.mixed(left, right);
        for key in [
            "name",
            "containerPort",
            "port",
            "mountPath",
            "key",
            "type",
            "uid",
            "ip",
            "protocol",
            "topologyKey",
        ] {
            if let (Some(map), Some(value)) = (mixed.as_object_mut(), left.get(key)) {
                map.insert(key.to_owned(), value.clone());
            }
        }
        mixed
    }
}

/// Leaves out items whose keys stand before already.
pub(super) fn unique(field: &Field, list: &mut Vec<Value>) {
    let keyed = field.list == ListKind::Map || field.merge_key.is_some();
    let mut seen: Vec<Value> = Vec::new();
    list.retain(|item| {
        let own = |keys: &mut dyn Iterator<Item = &String>| -> Value {
            keys.map(|key| item.get(key).cloned().unwrap_or_default()).collect()
        };
        let ids = if keyed {
            vec![own(&mut field.merge_key.iter()), own(&mut field.keys.iter())]
        } else {
            vec![item.clone()]
        };
        let again = ids.iter().any(|id| *id != json!([]) && seen.contains(id));
        seen.extend(ids);
        !again || !(keyed || field.list == ListKind::Set || field.patch_merge)
    });
}
