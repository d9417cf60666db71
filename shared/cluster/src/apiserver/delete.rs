//! delete and deletecollection (`registry/rest/delete.go`, `registry/generic/registry/store.go`): grace,
//! finalizers, preconditions. Removing dependents is the garbage collector's work.

use std::time::Duration;

use apimachinery::gvk::GroupResource;
use apimachinery::object;
use apimachinery::status::Status;
use apimachinery::time::format_rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Apiserver;
use super::admission::{node_restriction, webhook};
use super::answer::{Refusal, Reply};
use super::call::Call;
use super::custom::DEFINITIONS;
use super::kinds::definition;
use super::options::{self, DeleteOptions};
use super::policies::{Admitted, Told};
use super::read::{Selection, listed};
use super::write::Target;
use crate::fields::{items, number, put, text};
use crate::store::Object;

/// What became of an object that was to be deleted.
pub(crate) enum Outcome {
    /// It is gone; this was its last state.
    Gone(Value),
    /// It is on its way.
    Leaving(Object),
}

impl Apiserver {
    /// DELETE of an object.
    pub(crate) fn delete(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let options = options::delete(call)?;
        let target = Target::of(call)?;
        let name = target.name.clone();
        if let Some(live) = self.present(&target.key, &target.namespace, &name) {
            node_restriction::validate_removal(call, &target, &live)?;
            self.admit_deletion(call, &target, &live)?;
        }
        match self.delete_object(call.now, &call.group_resource(), &target, &name, &options)? {
            Outcome::Leaving(value) => Ok(Reply::Object(200, self.shown(&value, &target.gvk))),
            Outcome::Gone(last) => Ok(Reply::Document(200, success(call, &last))),
        }
    }

    /// DELETE of a collection.
    pub(crate) fn delete_collection(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let options = options::delete(call)?;
        let target = Target::of(call)?;
        let selection = Selection::of(call, &target)?;
        let namespace = Some(target.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let all = self.store.list(&target.key, namespace);
        let revision = self.store.revision();
        let mut deleted = Vec::new();
        for value in all.iter().filter(|value| selection.matches(value)) {
            let own = Target { namespace: object::namespace(value).to_owned(), ..copy(&target) };
            let name = object::name(value);
            self.admit_deletion(call, &own, value)?;
            match self.delete_object(call.now, &call.group_resource(), &own, name, &options)? {
                Outcome::Leaving(value) => deleted.push(self.shown(&value, &target.gvk)),
                Outcome::Gone(last) => deleted.push(last.into()),
            }
        }
        let metadata = json!({"resourceVersion": revision.to_string()});
        listed(call, &target, deleted, metadata)
    }

    /// Asks webhooks and policies whether an object may go.
    fn admit_deletion(
        &self,
        call: &mut Call,
        target: &Target,
        live: &Value,
    ) -> Result<(), Refusal> {
        webhook::ask_before_removal(self, call, target, live)?;
        let mut told = Told::default();
        let admitted = Admitted::delete(call, target, live);
        let checked = self.check_policies(&admitted, None, &mut told);
        told.tell(call);
        checked?;
        webhook::validate_removal(self, call, target, live)
    }

    /// Deletes one object, as far as grace and finalizers let it.
    pub(crate) fn delete_object(
        &mut self,
        now: Timestamp,
        resource: &GroupResource,
        target: &Target,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Outcome, Refusal> {
        let live = self
            .live(&target.key, &target.namespace, name)
            .ok_or_else(|| Box::new(Status::not_found(resource, name)))?;
        preconditions(target, &live, options)?;
        if target.key == "namespaces" {
            return self.delete_namespace(now, resource, target, live, options);
        }
        // `pkg/registry/scheduling/priorityclass/storage/storage.go`.
        if target.key == "priorityclasses.scheduling.k8s.io"
            && ["system-node-critical", "system-cluster-critical"].contains(&name)
        {
            let why = "this is a system priority class and cannot be deleted";
            return Err(Box::new(Status::forbidden(resource, name, why)));
        }
        if target.key == DEFINITIONS && object::deletion_timestamp(&live).is_none() {
            return Ok(self.delete_definition(now, target, live, options));
        }
        let grace = if target.key == "pods" { pod_grace(&live, options) } else { 0 };
        let before = number(&live, "/metadata/deletionGracePeriodSeconds");
        let mut value = live.clone();
        match (object::deletion_timestamp(&live), before) {
            (Some(at), Some(before)) if grace > 0 => {
                if options.grace.is_none() || grace >= before {
                    return Ok(Outcome::Leaving(self.stored(target, name, live)));
                }
                let at = at.checked_sub(Duration::from_secs(before.unsigned_abs())).unwrap_or(at);
                mark(&mut value, at, grace);
            }
            (None, _) if grace > 0 => {
                mark(&mut value, now, grace);
                set_finalizers(&mut value, options);
                count(&mut value);
            }
            _ => return Ok(self.delete_now(now, target, name, value, options)),
        }
        if options.dry_run {
            return Ok(Outcome::Leaving(value.into()));
        }
        Ok(Outcome::Leaving(self.store.put(&target.key, &target.namespace, name, value)))
    }

    fn stored(&self, target: &Target, name: &str, live: Value) -> Object {
        let stored = self.store.object(&target.key, &target.namespace, name);
        stored.unwrap_or_else(|| live.into())
    }

    /// Without grace: gone, unless finalizers hold it.
    fn delete_now(
        &mut self,
        now: Timestamp,
        target: &Target,
        name: &str,
        mut value: Value,
        options: &DeleteOptions,
    ) -> Outcome {
        set_finalizers(&mut value, options);
        if items(&value, "/metadata/finalizers").is_empty() {
            if !options.dry_run {
                self.store.remove(&target.key, &target.namespace, name);
            }
            return Outcome::Gone(value);
        }
        let unmarked = object::deletion_timestamp(&value).is_none();
        if unmarked {
            mark(&mut value, now, 0);
            count(&mut value);
        }
        put(&mut value, "/metadata/deletionGracePeriodSeconds", json!(0));
        let live = self.live(&target.key, &target.namespace, name);
        if live.as_ref() == Some(&value) {
            return Outcome::Leaving(self.stored(target, name, value));
        }
        if options.dry_run {
            return Outcome::Leaving(value.into());
        }
        Outcome::Leaving(self.store.put(&target.key, &target.namespace, name, value))
    }

    /// `apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go`: held until its instances
    /// are gone.
    fn delete_definition(
        &mut self,
        now: Timestamp,
        target: &Target,
        mut value: Value,
        options: &DeleteOptions,
    ) -> Outcome {
        put(&mut value, "/metadata/deletionTimestamp", json!(format_rfc3339(now)));
        definition::mark(&mut value, &format_rfc3339(now));
        if options.dry_run {
            return Outcome::Leaving(value.into());
        }
        let name = object::name(&value).to_owned();
        Outcome::Leaving(self.store.put(&target.key, "", &name, value))
    }

    /// `pkg/registry/core/namespace/storage`: marked here, emptied and finalized by its controller.
    fn delete_namespace(
        &mut self,
        now: Timestamp,
        resource: &GroupResource,
        target: &Target,
        mut value: Value,
        options: &DeleteOptions,
    ) -> Result<Outcome, Refusal> {
        let name = object::name(&value).to_owned();
        if ["default", "kube-system", "kube-public"].contains(&name.as_str()) {
            let why = "this namespace may not be deleted";
            return Err(Box::new(Status::forbidden(resource, &name, why)));
        }
        if object::deletion_timestamp(&value).is_none() {
            put(&mut value, "/metadata/deletionTimestamp", json!(format_rfc3339(now)));
            put(&mut value, "/status/phase", json!("Terminating"));
            if options.dry_run {
                return Ok(Outcome::Leaving(value.into()));
            }
            return Ok(Outcome::Leaving(self.store.put(&target.key, "", &name, value)));
        }
        if !items(&value, "/spec/finalizers").is_empty() {
            return Ok(Outcome::Leaving(self.stored(target, &name, value)));
        }
        Ok(self.delete_now(now, target, &name, value, options))
    }
}

fn copy(target: &Target) -> Target {
    Target {
        key: target.key.clone(),
        kind: target.kind,
        custom: target.custom.clone(),
        gvk: target.gvk.clone(),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        subresource: target.subresource.clone(),
    }
}

/// `Status` of a delete that is done.
fn success(call: &Call, last: &Value) -> Value {
    let mut details = json!({
        "name": object::name(last), "kind": call.info.resource, "uid": object::uid(last),
    });
    if !call.info.api_group.is_empty() {
        put(&mut details, "/group", json!(call.info.api_group));
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    })
}

fn preconditions(target: &Target, live: &Value, options: &DeleteOptions) -> Result<(), Refusal> {
    let of = GroupResource::new(&target.gvk.group, &target.gvk.kind);
    let name = object::name(live);
    let (uid, version) = (object::uid(live), object::resource_version(live));
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        let why = format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The object might have been deleted and then recreated"
        );
        return Err(Box::new(Status::conflict(&of, name, &why)));
    }
    if let Some(wanted) = options.resource_version.as_deref().filter(|wanted| *wanted != version) {
        let why = format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in record ({version}). The object might have been modified"
        );
        return Err(Box::new(Status::conflict(&of, name, &why)));
    }
    Ok(())
}

/// `podStrategy.CheckGracefulDelete`.
fn pod_grace(pod: &Value, options: &DeleteOptions) -> i64 {
    let unassigned = text(pod, "/spec/nodeName").is_empty();
    if unassigned || matches!(text(pod, "/status/phase"), "Failed" | "Succeeded") {
        return 0;
    }
    let own = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
    let grace = options.grace.unwrap_or(own);
    if grace < 0 { 1 } else { grace }
}

fn mark(value: &mut Value, from: Timestamp, grace: i64) {
    let at = from.checked_add(Duration::from_secs(grace.unsigned_abs())).unwrap_or(from);
    put(value, "/metadata/deletionTimestamp", json!(format_rfc3339(at)));
    put(value, "/metadata/deletionGracePeriodSeconds", json!(grace));
}

fn count(value: &mut Value) {
    if let Some(generation) =
        number(value, "/metadata/generation").filter(|generation| *generation > 0)
    {
        put(value, "/metadata/generation", json!(generation + 1));
    }
}

/// `deletionFinalizersForGarbageCollection`.
fn set_finalizers(value: &mut Value, options: &DeleteOptions) {
    let Some(policy) = options.propagation.as_deref() else { return };
    let mut finalizers: Vec<Value> = items(value, "/metadata/finalizers")
        .iter()
        .filter(|one| !matches!(one.as_str(), Some("orphan" | "foregroundDeletion")))
        .cloned()
        .collect();
    match policy {
        "Orphan" => finalizers.push(json!("orphan")),
        "Foreground" => finalizers.push(json!("foregroundDeletion")),
        _ => {}
    }
    if finalizers.is_empty() {
        object::remove(value, &["metadata", "finalizers"]);
    } else {
        put(value, "/metadata/finalizers", Value::Array(finalizers));
    }
}
