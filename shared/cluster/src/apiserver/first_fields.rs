//! Who set the fields of the first objects. The real API server writes them through its own client, and other parts of
//! it look after what they say of themselves; the data holds the objects only.

use apimachinery::apply::{Writer, sort_managed_fields, update};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::schema::Schema;
use apimachinery::time::format_rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::decode;
use crate::fields::put;

/// The client of the API server.
const OWN: &str = "kube-apiserver";
/// `pkg/registry/flowcontrol/rest/storage_flowcontrol.go`.
const PRODUCER: &str = "api-priority-and-fairness-config-producer-v1";
/// `pkg/util/flowcontrol/apf_controller.go`.
const CONSUMER: &str = "api-priority-and-fairness-config-consumer-v1";
/// `pkg/controller/clusterroleaggregation/clusterroleaggregation_controller.go`.
const AGGREGATION: &str = "clusterrole-aggregation-controller";
/// `pkg/controlplane/controller/defaultservicecidr/default_servicecidr_controller.go`.
const DEFAULT_RANGE: &str = "kubernetes-service-cidr-controller";
/// `pkg/controller/servicecidrs/servicecidrs_controller.go`.
const RANGES: &str = "service-cidr-controller";

/// Notes on an object of the start who set its fields.
pub(super) fn own(value: &mut Value, at: Timestamp) {
    let mut entries = Vec::new();
    let applied = |manager: &str, subresource: &str, fields: Value| {
        let mut entry = json!({
            "apiVersion": object::api_version(value), "fieldsType": "FieldsV1", "fieldsV1": fields,
            "manager": manager, "operation": "Apply", "time": format_rfc3339(at),
        });
        if !subresource.is_empty() {
            put(&mut entry, "/subresource", json!(subresource));
        }
        entry
    };
    let has = |pointer: &str| value.pointer(pointer).is_some_and(|it| !it.is_null());
    let (manager, others): (&str, &[&str]) = match object::kind(value) {
        "ClusterRole" if has("/aggregationRule") => {
            if has("/rules") {
                entries.push(applied(AGGREGATION, "", json!({"f:rules": {}})));
            }
            (OWN, &["/rules"])
        }
        "FlowSchema" => {
            entries.push(applied(CONSUMER, "status", condition("Dangling", &WHOLE)));
            (PRODUCER, &["/status"])
        }
        "PriorityLevelConfiguration" => (PRODUCER, &["/status"]),
        "APIService" => (OWN, &["/status"]),
        "Namespace" => (OWN, &["/status", "/spec"]),
        // The addresses are given out after what a client wrote was noted.
        "Service" => (OWN, &["/status", "/spec/clusterIPs", "/spec/ipFamilies"]),
        "ServiceCIDR" => {
            // Whoever holds the range says of its condition all but what it is.
            let held = has("/metadata/finalizers");
            let own: &[&str] = if held { &[] } else { &["f:lastTransitionTime", "f:message"] };
            entries.push(applied(DEFAULT_RANGE, "status", condition("Ready", own)));
            if held {
                entries.push(applied(RANGES, "status", condition("Ready", &WHOLE)));
                let mut holding = json!({
                    "apiVersion": object::api_version(value), "kind": object::kind(value),
                    "metadata": {"finalizers": value.pointer("/metadata/finalizers")},
                });
                entries.extend(updated(&mut holding, "kube-controller-manager", at));
            }
            (OWN, &["/status", "/metadata/finalizers"])
        }
        _ => (OWN, &["/status"]),
    };
    let mut written = value.clone();
    for pointer in others {
        object::remove(&mut written, &pointer.split('/').skip(1).collect::<Vec<_>>());
    }
    entries.extend(updated(&mut written, manager, at));
    if !entries.is_empty() {
        put(value, "/metadata/managedFields", Value::Array(entries));
        sort_managed_fields(value);
    }
}

/// What a condition has beside its type and its status.
const WHOLE: [&str; 3] = ["f:lastTransitionTime", "f:message", "f:reason"];

/// The fields of the condition of a type.
fn condition(kind: &str, others: &[&str]) -> Value {
    let mut fields = json!({".": {}, "f:status": {}, "f:type": {}});
    for field in others {
        put(&mut fields, &format!("/{field}"), json!({}));
    }
    let mut list = serde_json::Map::new();
    list.insert(format!("k:{{\"type\":\"{kind}\"}}"), fields);
    json!({"f:status": {"f:conditions": list}})
}

/// The entry of whoever created an object; none when it set nothing.
fn updated(value: &mut Value, manager: &str, now: Timestamp) -> Vec<Value> {
    let gvk = GroupVersionKind::of(object::api_version(value), object::kind(value));
    let kind = json!({"apiVersion": object::api_version(value), "kind": object::kind(value)});
    let zero = decode::shaped(None, &gvk, kind).map_or_else(|_| json!({}), |(zero, _)| zero);
    let writer = Writer { manager, subresource: "", now };
    update(Schema::builtin(), &gvk, &zero, value, writer);
    let entries = value.pointer_mut("/metadata/managedFields").map(Value::take);
    entries.and_then(|entries| entries.as_array().cloned()).unwrap_or_default()
}
