//! Custom resources: what their definitions say, made ready for the stages of a request. Nothing is kept
//! that the definitions in the store do not say, so a snapshot needs no copy of this.

mod discovery;
mod prune;
pub(crate) mod rules;
mod scale;
mod shape;
mod table;
mod validate;

use std::sync::Arc;

use apimachinery::field_error::FieldError;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{ApiResource, ApiSubresource, Schema};
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::rules::{Found, Rules};
pub(crate) use self::scale::{of as scale_of, set as set_scale};
pub use self::shape::{Taken, take};
pub(crate) use self::table::document as table;
use super::kinds::Faults;
use crate::expressions::Expressions;
use crate::fields::{condition_true, deleting, flag, items, put, text};
use crate::store::Store;

pub(crate) const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// The verbs in the order of `customresource_discovery_controller.go`.
const VERBS: [&str; 8] =
    ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// A served version of a custom resource.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) resource: ApiResource,
    pub(crate) list_kind: String,
    /// `openAPIV3Schema`.
    pub(crate) structural: Value,
    /// The same for server-side apply.
    pub(crate) schema: Schema,
    /// The version of the definition, as written.
    pub(crate) spec: Value,
    /// `group/version` in which it is stored.
    stored: String,
    /// The schema of that version.
    storage: Value,
    /// `x-kubernetes-validations`, when something evaluates them.
    rules: Option<Rules>,
    pub(crate) warning: Option<String>,
    /// Whether the definition is on its way out.
    pub(crate) leaving: bool,
}

/// All custom resources.
#[derive(Debug, Default)]
pub(crate) struct Customs {
    source: Vec<Arc<Value>>,
    versions: Vec<Arc<Version>>,
}

impl Customs {
    /// Whether the definitions are still those of the store.
    pub(crate) fn is_current(&self, store: &Store) -> bool {
        let now = store.list(DEFINITIONS, None);
        now.len() == self.source.len()
            && now.iter().zip(&self.source).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Reads the definitions of the store.
    pub(crate) fn read(store: &Store, expressions: Option<&dyn Expressions>) -> Self {
        let source = store.list(DEFINITIONS, None);
        let versions = source
            .iter()
            .filter(|one| condition_true(one, "Established"))
            .flat_map(|one| versions_of(one, expressions))
            .map(Arc::new)
            .collect();
        Self { source, versions }
    }

    /// The version at a path.
    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Version>> {
        let own = |one: &&Arc<Version>| {
            let resource = &one.resource;
            resource.plural == plural && resource.group == group && resource.version == version
        };
        self.versions.iter().find(own).cloned()
    }

    /// The version of a kind.
    pub(crate) fn of_kind(&self, gvk: &GroupVersionKind) -> Option<&Version> {
        let own = |one: &&Arc<Version>| one.resource.kind == gvk.kind && one.resource.gvk() == *gvk;
        self.versions.iter().find(own).map(AsRef::as_ref)
    }

    /// Whether a group has custom resources.
    pub(crate) fn serves(&self, group: &str) -> bool {
        self.versions.iter().any(|one| one.resource.group == group)
    }

    /// Group and versions, as discovery lists them.
    fn groups(&self) -> Vec<(String, Vec<String>)> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        for one in &self.versions {
            let (group, version) = (&one.resource.group, &one.resource.version);
            match found.iter_mut().find(|(name, _)| name == group) {
                Some((_, versions)) if versions.contains(version) => {}
                Some((_, versions)) => versions.push(version.clone()),
                None => found.push((group.clone(), vec![version.clone()])),
            }
        }
        for (_, versions) in &mut found {
            versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        }
        found
    }
}

/// `apimachinery/pkg/version CompareKubeAwareVersionStrings`: v2, v1, v1beta1, v1alpha1, anything else.
fn priority(version: &str) -> (u8, u64, u64) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    for (word, rank) in [("alpha", 1), ("beta", 2)] {
        if let Some((major, minor)) = rest.split_once(word) {
            let minor = if minor.is_empty() { Ok(0) } else { minor.parse() };
            return match (major.parse(), minor) {
                (Ok(major), Ok(minor)) => (rank, major, minor),
                _ => (0, 0, 0),
            };
        }
    }
    rest.parse().map_or((0, 0, 0), |major| (3, major, 0))
}

fn versions_of(definition: &Value, expressions: Option<&dyn Expressions>) -> Vec<Version> {
    let versions = items(definition, "/spec/versions");
    let stored = versions.iter().find(|one| flag(one, "/storage"));
    let Some(stored) = stored else { return Vec::new() };
    let served = versions.iter().filter(|one| flag(one, "/served"));
    served.map(|one| version_of(definition, one, stored, expressions)).collect()
}

fn texts(value: &Value, pointer: &str) -> Vec<String> {
    items(value, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn resource_of(definition: &Value, version: &Value) -> ApiResource {
    let group = text(definition, "/spec/group");
    let name = |field: &str| text(definition, &format!("/status/acceptedNames/{field}")).to_owned();
    let own = GroupVersionKind::new(group, text(version, "/name"), &name("kind"));
    let verbs = || ["get", "patch", "update"].map(str::to_owned).to_vec();
    let mut subresources = Vec::new();
    if version.pointer("/subresources/status").is_some_and(|one| !one.is_null()) {
        subresources.push(ApiSubresource { name: "status".to_owned(), gvk: own, verbs: verbs() });
    }
    if version.pointer("/subresources/scale").is_some_and(|one| !one.is_null()) {
        let gvk = GroupVersionKind::new("autoscaling", "v1", "Scale");
        subresources.push(ApiSubresource { name: "scale".to_owned(), gvk, verbs: verbs() });
    }
    ApiResource {
        group: group.to_owned(),
        version: text(version, "/name").to_owned(),
        kind: name("kind"),
        plural: name("plural"),
        singular: name("singular"),
        short_names: texts(definition, "/status/acceptedNames/shortNames"),
        categories: texts(definition, "/status/acceptedNames/categories"),
        namespaced: text(definition, "/spec/scope") == "Namespaced",
        verbs: VERBS.map(str::to_owned).to_vec(),
        storage_hash: storage_hash(definition),
        subresources,
    }
}

/// `discovery.StorageVersionHash` of group, storage version and kind.
fn storage_hash(definition: &Value) -> String {
    let versions = items(definition, "/spec/versions");
    let stored = versions.iter().find(|one| flag(one, "/storage"));
    let version = stored.map_or("", |one| text(one, "/name"));
    let of = format!(
        "{}/{version}/{}",
        text(definition, "/spec/group"),
        text(definition, "/status/acceptedNames/kind")
    );
    let digest = Sha256::digest(of.as_bytes());
    base64::engine::general_purpose::STANDARD.encode(digest.get(..8).unwrap_or_default())
}

fn version_of(
    definition: &Value,
    version: &Value,
    stored: &Value,
    expressions: Option<&dyn Expressions>,
) -> Version {
    let resource = resource_of(definition, version);
    let structural = version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default();
    let schema = Schema::of_custom(&resource.gvk(), &structural);
    let warning = flag(version, "/deprecated").then(|| deprecation(definition, version));
    Version {
        list_kind: text(definition, "/status/acceptedNames/listKind").to_owned(),
        rules: expressions.and_then(|one| Rules::read(&structural, one)),
        schema,
        structural,
        spec: version.clone(),
        stored: format!("{}/{}", resource.group, text(stored, "/name")),
        storage: stored.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_default(),
        resource,
        warning,
        leaving: deleting(definition),
    }
}

/// `getDeprecationWarning`: the next newer version that is served and not deprecated.
fn deprecation(definition: &Value, version: &Value) -> String {
    let own = text(version, "/deprecationWarning");
    if !own.is_empty() {
        return own.to_owned();
    }
    let group = text(definition, "/spec/group");
    let kind = text(definition, "/spec/names/kind");
    let name = text(version, "/name");
    let newer = items(definition, "/spec/versions")
        .iter()
        .filter(|one| flag(one, "/served") && !flag(one, "/deprecated"))
        .map(|one| text(one, "/name"))
        .filter(|one| priority(one) > priority(name))
        .max_by_key(|one| priority(one));
    let said = format!("{group}/{name} {kind} is deprecated");
    match newer {
        Some(newer) => format!("{said}; use {group}/{newer} {kind}"),
        None => said,
    }
}

/// What is wrong with the default that a schema gives (`schema/defaulting/validation.go`).
pub(crate) fn default_faults(schema: &Value, given: &Value, path: &str) -> Faults {
    let (mut pruned, mut unknown) = (given.clone(), Vec::new());
    prune::inside(schema, &mut pruned, &mut unknown);
    if !unknown.is_empty() {
        return vec![FieldError::invalid(path, given.clone(), "must not have unknown fields")];
    }
    let mut faults = Vec::new();
    validate::value(schema, given, path, &mut faults);
    faults
}

impl Version {
    /// Whether the status is written through an endpoint of its own.
    pub(crate) fn has_status(&self) -> bool {
        self.resource.subresource("status").is_some()
    }

    /// Fields that a selector may name.
    pub(crate) fn selectable(&self, path: &str) -> bool {
        items(&self.spec, "/selectableFields")
            .iter()
            .any(|one| text(one, "/jsonPath").trim_start_matches('.') == path)
    }

    /// Brings a document into the shape that the schema says; unknown fields are told.
    pub(crate) fn decode(&self, value: Value) -> Result<(Value, Vec<String>), String> {
        let (value, unknown) = shape::shaped(&self.structural, value)?;
        let unknown = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
        Ok((value, unknown))
    }

    /// Brings an object into the version in which it is stored, whose schema may know less.
    pub(crate) fn convert(&self, value: &mut Value) {
        if text(value, "/apiVersion") == self.stored {
            return;
        }
        put(value, "/apiVersion", json!(self.stored));
        prune::prune(&self.storage, value, &mut Vec::new());
        prune::nulls(&self.storage, value);
        prune::default(&self.storage, value);
    }

    /// Shows a stored object in this version, with the defaults that came after it.
    pub(crate) fn show(&self, value: &mut Value) {
        put(value, "/apiVersion", json!(self.resource.gvk().group_version().to_string()));
        prune::prune(&self.structural, value, &mut Vec::new());
        prune::nulls(&self.structural, value);
        prune::default(&self.structural, value);
    }

    /// Fills in defaults.
    pub(crate) fn default(&self, value: &mut Value) {
        prune::default(&self.structural, value);
    }

    /// Everything that is wrong with an object.
    pub(crate) fn validate(&self, value: &Value, faults: &mut Faults) {
        shape::faults(&self.structural, value, faults);
        scale::validate(self, value, faults);
    }

    /// Whether its schema has rules.
    pub(crate) fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// What the rules say of an object that is otherwise right.
    pub(crate) fn evaluate(&self, value: &Value, old: Option<&Value>) -> Found {
        self.rules.as_ref().map(|rules| rules::evaluate(rules, value, old)).unwrap_or_default()
    }
}
