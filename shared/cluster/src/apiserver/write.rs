//! Create and update: the order of stages of `apiserver/pkg/endpoints/handlers/{create,update}.go` and
//! `pkg/registry/generic/registry/store.go`.

use std::sync::Arc;

use apimachinery::field_error::FieldError;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::names::{SUFFIX_ALPHABET, generated_base};
use apimachinery::object;
use apimachinery::schema::Schema;
use apimachinery::status::Status;
use apimachinery::time::format_rfc3339;
use serde_json::{Map, Value, json};

use super::Apiserver;
use super::admission::{self, Operation};
use super::answer::{Refusal, Reply, bad_request, plain_error};
use super::call::Call;
use super::custom::Version;
use super::kinds::{self, Kind};
use super::{allocate, decode, escalation, managed, options, view};
use crate::fields::{put, text};
use crate::store::Object;

/// Said of certificate signing requests where the host has no certificate authority.
const UNSIGNED: &str =
    "Podium approves certificate signing requests, but nothing in this embedded cluster signs them";

/// What a write is about.
pub(crate) struct Target {
    pub(crate) key: String,
    pub(crate) kind: &'static Kind,
    pub(crate) gvk: GroupVersionKind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) subresource: String,
    pub(crate) custom: Option<Arc<Version>>,
}

impl Target {
    pub(crate) fn of(call: &Call) -> Result<Self, Refusal> {
        let resource = call.resource()?;
        let key = view::storage_key(&resource.group, &resource.plural);
        Ok(Self {
            kind: if call.custom.is_some() { &kinds::CUSTOM } else { kinds::of(&key) },
            custom: call.custom.clone(),
            key,
            gvk: resource.gvk(),
            namespace: if resource.namespaced {
                call.info.namespace.clone()
            } else {
                String::new()
            },
            name: call.info.name.clone(),
            subresource: call.info.subresource.clone(),
        })
    }

    /// The schema that describes its objects.
    pub(crate) fn schema(&self) -> &Schema {
        self.custom.as_ref().map_or_else(|| Schema::builtin(), |custom| &custom.schema)
    }

    /// Brings an object into the version in which it is stored.
    fn settle_version(&self, value: &mut Value) {
        if let Some(custom) = &self.custom {
            custom.convert(value);
        }
    }

    pub(crate) fn invalid(&self, name: &str, errors: &[FieldError]) -> Refusal {
        Box::new(Status::invalid(&self.gvk.group, &self.gvk.kind, name, errors))
    }
}

/// The namespace of the object must be that of the path.
pub(crate) fn settle_namespace(value: &mut Value, namespace: &str) -> Result<(), Refusal> {
    let given = object::namespace(value).to_owned();
    if namespace.is_empty() {
        if !given.is_empty() {
            // Cluster-scoped: the namespace of the body is forgotten (`rest/meta.go`
            // `EnsureObjectNamespaceMatchesRequestNamespace`).
            if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
                metadata.remove("namespace");
            }
            return Ok(());
        }
    } else if given.is_empty() {
        put(value, "/metadata/namespace", json!(namespace));
    } else if given != namespace {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

impl Apiserver {
    /// POST to a collection.
    pub(crate) fn create(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        options::check(call, "CreateOptions")?;
        let target = Target::of(call)?;
        let value = decode::object(call, &target.gvk)?;
        let created = self.create_object(call, &target, value, None)?;
        Ok(Reply::Object(201, self.shown(&created, &target.gvk)))
    }

    /// Creates an object that is decoded and defaulted; `managed` is given when the caller knows it.
    pub(crate) fn create_object(
        &mut self,
        call: &mut Call,
        target: &Target,
        mut value: Value,
        managed: Option<Value>,
    ) -> Result<Object, Refusal> {
        settle_namespace(&mut value, &target.namespace)?;
        let revision = object::resource_version(&value).parse::<u64>().unwrap_or(0);
        refuse_leaving(call, target, &value)?;
        kinds::reset(target, &mut value, None);
        match managed {
            Some(fields) => put(&mut value, "/metadata/managedFields", fields),
            None => managed::on_create(call, &target.gvk, &mut value),
        }
        let generated = self.settle_name(&mut value);
        admission::mutate(self, call, target, (&mut value, None), generated)?;
        // Before the strategy of the kind: a Job's selector is made of its uid.
        let uid = self.new_uid();
        put(&mut value, "/metadata/uid", json!(uid));
        prepare_create(call, target, &mut value);
        target.settle_version(&mut value);
        let name = object::name(&value).to_owned();
        let mut errors = kinds::validate_create(target, &value);
        self.check_rules(call, target, &value, None, &mut errors);
        if errors.is_empty() {
            errors.extend(allocate::on_write(self, target, &mut value, call.dry_run()));
        }
        if !errors.is_empty() {
            return Err(target.invalid(&name, &errors));
        }
        escalation::check(self, call, target, &value)?;
        let place = target.namespace.as_str();
        admission::validate(self, call, &Operation { target, old: None }, &value)?;
        // `storage/etcd3/store.go Create`.
        if revision != 0 && !call.dry_run() && call.method == http::Method::POST {
            return Err(plain_error("resourceVersion should not be set on objects to be created"));
        }
        if self.store.get(&target.key, place, &name).is_some() {
            return Err(Box::new(self.exists(call, &name, generated)));
        }
        kinds::warn(call, target.kind, (&value, None), self.means());
        if target.kind.key == kinds::certificate::KEY && !self.signs {
            call.warn(UNSIGNED.to_owned());
        }
        if call.dry_run() {
            return Ok(value.into());
        }
        admission::charge(self, &Operation { target, old: None }, &value);
        Ok(self.store.put(&target.key, place, &name, value))
    }

    /// Whether expressions are evaluated here, and webhooks called.
    fn means(&self) -> (bool, bool) {
        (self.expressions.is_some(), self.calls)
    }

    fn exists(&self, call: &Call, name: &str, generated: bool) -> Status {
        let mut status = Status::already_exists(&call.group_resource(), name);
        if generated {
            status
                .message
                .push_str(", the server was not able to generate a unique name for the object");
        }
        let deleting = self
            .store
            .get(&call.group_resource().to_string(), &call.info.namespace, name)
            .is_some_and(|live| object::deletion_timestamp(&live).is_some());
        if deleting {
            status.message = format!("object is being deleted: {}", status.message);
        }
        status
    }

    /// Generates a name; says whether it did.
    fn settle_name(&mut self, value: &mut Value) -> bool {
        let prefix = text(value, "/metadata/generateName").to_owned();
        if prefix.is_empty() || !object::name(value).is_empty() {
            return false;
        }
        let short = generated_base(&prefix);
        let alphabet = std::str::from_utf8(SUFFIX_ALPHABET).unwrap_or("x");
        let suffix = self.suffixes.letters(alphabet, 5);
        put(value, "/metadata/name", json!(format!("{short}{suffix}")));
        true
    }

    /// PUT to an object or its subresource.
    pub(crate) fn update(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        options::check(call, "UpdateOptions")?;
        let target = Target::of(call)?;
        let mut value = decode::object(call, &target.gvk)?;
        settle_namespace(&mut value, &target.namespace)?;
        check_name(&value, &target.name)?;
        let Some(live) = self.present(&target.key, &target.namespace, &target.name) else {
            return self.create_on_update(call, &target, value);
        };
        let updated = self.update_object(call, &target, &live, value, None)?;
        Ok(Reply::Object(200, self.shown(&updated, &target.gvk)))
    }

    fn create_on_update(
        &mut self,
        call: &mut Call,
        target: &Target,
        value: Value,
    ) -> Result<Reply, Refusal> {
        if !target.kind.create_on_update || !target.subresource.is_empty() {
            let resource = call.group_resource();
            return Err(Box::new(Status::not_found(&resource, &target.name)));
        }
        let uid = object::uid(&value);
        if !uid.is_empty() {
            let why = wrong_uid(call, target, uid, "");
            return Err(Box::new(Status::conflict(&call.group_resource(), &target.name, &why)));
        }
        let created = self.create_object(call, target, value, None)?;
        Ok(Reply::Object(201, self.shown(&created, &target.gvk)))
    }

    /// Writes a new state of a live object; `managed` is given when the caller has computed it already.
    pub(crate) fn update_object(
        &mut self,
        call: &mut Call,
        target: &Target,
        live: &Value,
        mut value: Value,
        managed: Option<Value>,
    ) -> Result<Object, Refusal> {
        let name = target.name.as_str();
        check_preconditions(call, target, live, &value)?;
        kinds::reset(target, &mut value, Some(live));
        match managed {
            Some(fields) => put(&mut value, "/metadata/managedFields", fields),
            None => managed::on_update(call, target, live, &mut value),
        }
        if target.subresource == "scale" {
            managed::forget_scale_time(&mut value);
        }
        admission::mutate(self, call, target, (&mut value, Some(live)), false)?;
        prepare_update(target, &mut value, live);
        if target.kind.key == kinds::certificate::KEY {
            let now = format_rfc3339(call.now);
            kinds::certificate::prepare_update(&target.subresource, &now, &mut value, live);
        }
        target.settle_version(&mut value);
        let mut errors = kinds::validate_update(target, &value, live);
        self.check_rules(call, target, &value, Some(live), &mut errors);
        if errors.is_empty() && target.subresource.is_empty() {
            errors.extend(allocate::on_write(self, target, &mut value, call.dry_run()));
        }
        if !errors.is_empty() {
            return Err(target.invalid(name, &errors));
        }
        escalation::check(self, call, target, &value)?;
        let operation = Operation { target, old: Some(live) };
        admission::validate(self, call, &operation, &value)?;
        kinds::warn(call, target.kind, (&value, Some(live)), self.means());
        if unchanged(&value, live) {
            let stored = self.store.object(&target.key, &target.namespace, name);
            return Ok(stored.unwrap_or_else(|| live.clone().into()));
        }
        if call.dry_run() {
            return Ok(value.into());
        }
        admission::charge(self, &operation, &value);
        if removed_last_finalizer(&value) {
            let stored = self.store.put(&target.key, &target.namespace, name, value);
            self.store.remove(&target.key, &target.namespace, name);
            return Ok(stored);
        }
        Ok(self.store.put(&target.key, &target.namespace, name, value))
    }
}

/// Nothing new of a kind whose definition is on its way out (`customresource_handler.go`).
fn refuse_leaving(call: &Call, target: &Target, value: &Value) -> Result<(), Refusal> {
    if !target.custom.as_ref().is_some_and(|custom| custom.leaving) {
        return Ok(());
    }
    let why = "create not allowed while custom resource definition is terminating";
    Err(Box::new(Status::forbidden(&call.group_resource(), object::name(value), why)))
}

/// `metadata.name` must be that of the path; an empty one is filled in by the server.
pub(crate) fn check_name(value: &Value, name: &str) -> Result<(), Refusal> {
    let given = object::name(value);
    if given == name {
        return Ok(());
    }
    if given.is_empty() {
        return Err(bad_request(format!(
            "the name of the object ({name} based on URL) was undeterminable: name must be provided"
        )));
    }
    Err(bad_request(format!(
        "the name of the object ({given}) does not match the name on the URL ({name})"
    )))
}

/// `storage/interfaces.go Preconditions.Check`.
fn wrong_uid(call: &Call, target: &Target, uid: &str, live: &str) -> String {
    let namespace = match target.namespace.as_str() {
        "" => String::new(),
        namespace => format!("{namespace}/"),
    };
    format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{namespace}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {live}",
        call.info.resource, target.name
    )
}

fn check_preconditions(
    call: &Call,
    target: &Target,
    live: &Value,
    value: &Value,
) -> Result<(), Refusal> {
    let resource = call.group_resource();
    let uid = object::uid(value);
    if !uid.is_empty() && uid != object::uid(live) && call.method == http::Method::PUT {
        let why = wrong_uid(call, target, uid, object::uid(live));
        return Err(Box::new(Status::conflict(&resource, &target.name, &why)));
    }
    let version = object::resource_version(value);
    if version.is_empty() {
        if target.kind.unconditional_update {
            return Ok(());
        }
        let errors =
            [FieldError::invalid("metadata.resourceVersion", 0, "must be specified for an update")];
        return Err(target.invalid(&target.name, &errors));
    }
    if version.parse::<u64>().is_err() {
        return Err(plain_error(format!("strconv.ParseUint: parsing {version:?}: invalid syntax")));
    }
    if version != object::resource_version(live) && version != "0" {
        return Err(Box::new(Status::modified(&resource, &target.name)));
    }
    Ok(())
}

/// Everything but the record of who did it, and the revision.
fn unchanged(value: &Value, live: &Value) -> bool {
    same_but(value, live, &["metadata"], || {
        let (own, other) = (value.get("metadata"), live.get("metadata"));
        match (own, other) {
            (Some(own), Some(other)) => {
                same_but(own, other, &["resourceVersion", "managedFields"], || {
                    managed::same_but_times(own.get("managedFields"), other.get("managedFields"))
                })
            }
            (own, other) => own == other,
        }
    })
}

/// Whether two objects are the same, but for fields that `rest` compares.
fn same_but(one: &Value, other: &Value, fields: &[&str], rest: impl FnOnce() -> bool) -> bool {
    let (Value::Object(own), Value::Object(theirs)) = (one, other) else { return one == other };
    let compared = |map: &'_ Map<String, Value>| {
        map.len() - fields.iter().filter(|field| map.contains_key(**field)).count()
    };
    let same = |(name, value): (&String, &Value)| {
        fields.contains(&name.as_str()) || theirs.get(name) == Some(value)
    };
    compared(own) == compared(theirs) && own.iter().all(same) && rest()
}

fn removed_last_finalizer(value: &Value) -> bool {
    let none =
        |pointer: &str| value.pointer(pointer).and_then(Value::as_array).is_none_or(Vec::is_empty);
    let grace = value.pointer("/metadata/deletionGracePeriodSeconds").and_then(Value::as_i64);
    object::deletion_timestamp(value).is_some()
        && none("/metadata/finalizers")
        && grace.is_none_or(|grace| grace == 0)
        && (text(value, "/kind") != "Namespace" || none("/spec/finalizers"))
}

/// `registry/rest/create.go BeforeCreate` and the strategy of the kind.
fn prepare_create(call: &Call, target: &Target, value: &mut Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in
            ["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "selfLink"]
        {
            metadata.remove(field);
        }
        metadata.insert("creationTimestamp".to_owned(), json!(format_rfc3339(call.now)));
        if target.kind.generation {
            metadata.insert("generation".to_owned(), json!(1));
        } else if metadata.get("generation") == Some(&json!(0)) {
            metadata.remove("generation");
        }
    }
    (target.kind.prepare_create)(value);
    if target.kind.key == kinds::certificate::KEY {
        kinds::certificate::prepare_create(value, &call.identity);
    }
}

/// `registry/rest/update.go BeforeUpdate` and the strategy of the kind.
fn prepare_update(target: &Target, value: &mut Value, live: &Value) {
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        let old = |field: &str| object::at(live, &["metadata", field]).cloned();
        let mut keep = |field: &str| match old(field) {
            Some(value) => metadata.insert(field.to_owned(), value),
            None => metadata.remove(field),
        };
        for field in
            ["creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"]
        {
            keep(field);
        }
        metadata.remove("selfLink");
        if metadata.get("uid").is_none_or(Value::is_null)
            && let Some(uid) = old("uid")
        {
            metadata.insert("uid".to_owned(), uid);
        }
    }
    kinds::prepare_update(target, value, live);
}
