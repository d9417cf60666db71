//! Subresources with bodies of their own: binding, scale.

use apimachinery::field_error::FieldError;
use apimachinery::gvk::{GroupResource, GroupVersionKind};
use apimachinery::object;
use apimachinery::patch::{json as json_patch, merge};
use apimachinery::selector::LabelSelector;
use apimachinery::status::Status;
use apimachinery::time::format_rfc3339;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply, bad_request};
use super::call::{Call, Form};
use super::write::Target;
use super::{Apiserver, custom, decode, table};
use crate::fields::{items, number, put, text};
use crate::store::Object;

fn success() -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
}

impl Apiserver {
    /// POST pods/NAME/binding: the scheduler's decision (`pkg/registry/core/pod/storage/storage.go`).
    pub(crate) fn bind(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let body = decode::plain(call, &GroupVersionKind::new("", "v1", "Binding"))?;
        let target = Target::of(call)?;
        let name = target.name.as_str();
        if object::name(&body) != name {
            return Err(bad_request("name in URL does not match name in Binding object"));
        }
        let node = text(&body, "/target/name").to_owned();
        if node.is_empty() {
            let errors = [FieldError::required("target.name", "")];
            return Err(Box::new(Status::invalid("", "Binding", name, &errors)));
        }
        let of = GroupResource::new("", "pods");
        let live = self.live("pods", &target.namespace, name);
        let mut pod = live.ok_or_else(|| Box::new(Status::not_found(&of, name)))?;
        let conflict = |why: String| {
            Box::new(Status::conflict(&GroupResource::new("", "pods/binding"), name, &why))
        };
        if object::deletion_timestamp(&pod).is_some() {
            return Err(conflict(format!(
                "pod {name} is being deleted, cannot be assigned to a host"
            )));
        }
        let assigned = text(&pod, "/spec/nodeName");
        if !assigned.is_empty() {
            return Err(conflict(format!("pod {name} is already assigned to node \"{assigned}\"")));
        }
        put(&mut pod, "/spec/nodeName", json!(node));
        let condition = json!({
            "type": "PodScheduled", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": format_rfc3339(call.now),
        });
        let mut conditions = items(&pod, "/status/conditions").to_vec();
        conditions.retain(|one| text(one, "/type") != "PodScheduled");
        conditions.push(condition);
        put(&mut pod, "/status/conditions", Value::Array(conditions));
        if let Some(status) = pod.get_mut("status").and_then(Value::as_object_mut) {
            status.remove("nominatedNodeName");
        }
        if !call.dry_run() {
            self.store.put("pods", &target.namespace, name, pod);
        }
        Ok(Reply::Document(201, success()))
    }

    /// GET, PUT and PATCH of a scale.
    pub(crate) fn scale(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let target = Target::of(call)?;
        let live = self.live(&target.key, &target.namespace, &target.name);
        let missing = || Box::new(Status::not_found(&call.group_resource(), &target.name));
        let live = live.ok_or_else(missing)?;
        let shown = |value: &Value| match &target.custom {
            Some(custom) => custom::scale_of(custom, value),
            None => scale_of(value),
        };
        let current = shown(&live);
        let wanted = match call.info.verb.as_str() {
            "get" if call.form == Form::Table => {
                let metadata = json!({"resourceVersion": object::resource_version(&current)});
                let rows = table::document(call, "scales.autoscaling", &[current], metadata);
                return Ok(Reply::Document(200, rows));
            }
            "get" => return Ok(Reply::Document(200, current)),
            "update" => decode::plain(call, &GroupVersionKind::new("autoscaling", "v1", "Scale"))?,
            _ => patched_scale(call, &current)?,
        };
        super::write::check_name(&wanted, &target.name)?;
        let replicas = number(&wanted, "/spec/replicas").unwrap_or(0);
        if replicas < 0 {
            let why = "must be greater than or equal to 0";
            let errors = [FieldError::invalid("spec.replicas", replicas, why)];
            return Err(Box::new(Status::invalid("autoscaling", "Scale", &target.name, &errors)));
        }
        let mut value = live.clone();
        match &target.custom {
            Some(custom) => custom::set_scale(custom, &mut value, replicas),
            None => put(&mut value, "/spec/replicas", json!(replicas)),
        }
        match object::resource_version(&wanted) {
            "" => {}
            version => put(&mut value, "/metadata/resourceVersion", json!(version)),
        }
        let generation = number(&live, "/metadata/generation").unwrap_or(0);
        if value.get("spec") != live.get("spec") {
            put(&mut value, "/metadata/generation", json!(generation + 1));
        }
        let updated = self.update_scale(call, &target, &live, value)?;
        Ok(Reply::Document(200, shown(&updated)))
    }

    fn update_scale(
        &mut self,
        call: &mut Call,
        target: &Target,
        live: &Value,
        value: Value,
    ) -> Result<Object, Refusal> {
        let generation = value.pointer("/metadata/generation").cloned();
        let mut live = live.clone();
        // The ordinary path keeps the old generation; a scale is a change of the spec.
        if let Some(generation) = generation {
            put(&mut live, "/metadata/generation", generation);
        }
        self.update_object(call, target, &live, value, None)
    }
}

fn patched_scale(call: &Call, current: &Value) -> Result<Value, Refusal> {
    let (patch, _) = apimachinery::decode::read_json(&call.body)
        .map_err(|why| bad_request(format!("error decoding patch: {why}")))?;
    let outcome = if call.content_type == "application/json-patch+json" {
        json_patch::apply(current, &patch)
    } else {
        merge::apply(current, &patch)
    };
    let patched = outcome.map_err(|error| bad_request(error.to_string()))?;
    let gvk = GroupVersionKind::new("autoscaling", "v1", "Scale");
    decode::typed(&gvk, patched).map(|(value, _)| value).map_err(bad_request)
}

/// The scale of a Deployment, ReplicaSet or StatefulSet.
fn scale_of(value: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(one) = value.pointer(&format!("/metadata/{field}")) {
            put(&mut metadata, &format!("/{field}"), one.clone());
        }
    }
    let mut spec = json!({});
    let replicas = number(value, "/spec/replicas").unwrap_or(0);
    if replicas != 0 {
        put(&mut spec, "/replicas", json!(replicas));
    }
    let mut status = json!({"replicas": number(value, "/status/replicas").unwrap_or(0)});
    let selector = value.pointer("/spec/selector");
    let shown = if text(value, "/kind") == "ReplicationController" {
        // A plain map.
        let labels = crate::fields::texts(value, "/spec/selector");
        let parts: Vec<String> = labels.iter().map(|(key, one)| format!("{key}={one}")).collect();
        Some(parts.join(","))
    } else {
        selector.and_then(|one| LabelSelector::from_object(one).ok()).map(|one| one.to_string())
    };
    if let Some(shown) = shown {
        put(&mut status, "/selector", json!(shown));
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec,
        "status": status,
    })
}
