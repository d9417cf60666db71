//! Security contexts.

use apimachinery::field_error::FieldError;
use serde_json::{Map, Value, json};

use super::Faults;

const FIELDS: [(&str, &str); 12] = [
    ("Capabilities", "capabilities"),
    ("Privileged", "privileged"),
    ("SELinuxOptions", "seLinuxOptions"),
    ("WindowsOptions", "windowsOptions"),
    ("RunAsUser", "runAsUser"),
    ("RunAsGroup", "runAsGroup"),
    ("RunAsNonRoot", "runAsNonRoot"),
    ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
    ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
    ("ProcMount", "procMount"),
    ("SeccompProfile", "seccompProfile"),
    ("AppArmorProfile", "appArmorProfile"),
];

fn ids(context: &Value, path: &str, faults: &mut Faults) {
    for field in ["runAsUser", "runAsGroup", "fsGroup"] {
        let id = context.get(field).and_then(Value::as_i64);
        if let Some(id) = id.filter(|id| !(0..=2_147_483_647).contains(id)) {
            let why = "must be between 0 and 2147483647, inclusive";
            faults.push(FieldError::invalid(&format!("{path}.{field}"), id, why));
        }
    }
}

/// `spec.securityContext`.
pub(super) fn pod(spec: &Value, path: &str, faults: &mut Faults) {
    if let Some(context) = spec.get("securityContext") {
        ids(context, &format!("{path}.securityContext"), faults);
    }
}

/// `securityContext` of a container.
pub(super) fn container(context: Option<&Value>, path: &str, faults: &mut Faults) {
    let Some(context) = context.filter(|context| context.is_object()) else { return };
    let path = format!("{path}.securityContext");
    ids(context, &path, faults);
    let flag = |name: &str| context.get(name).and_then(Value::as_bool);
    if flag("allowPrivilegeEscalation") == Some(false) && flag("privileged") == Some(true) {
        let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        faults.push(FieldError::invalid_printed(&path, as_go(context), why));
    }
}

/// The struct as Go prints it: all fields, in their order.
fn as_go(context: &Value) -> String {
    let parts = FIELDS.map(|(go, json)| {
        let value = context.get(json).cloned().unwrap_or(Value::Null);
        format!("\"{go}\":{value}")
    });
    format!("{{{}}}", parts.join(","))
}

/// A map with these entries, for callers that print Go structs.
pub(super) fn go_struct(entries: &[(&str, Value)]) -> String {
    let parts: Vec<String> =
        entries.iter().map(|(name, value)| format!("{}:{value}", json!(name))).collect();
    format!("{{{}}}", parts.join(","))
}

/// Whether a map is empty or not there.
pub(super) fn is_empty(map: Option<&Map<String, Value>>) -> bool {
    map.is_none_or(Map::is_empty)
}
