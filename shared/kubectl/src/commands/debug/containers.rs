//! The containers of a pod, of all three lists.

use serde_json::Value;

use super::super::pods::CONTAINER_LISTS;
use crate::value::Reading as _;

/// The statuses of the three lists.
const STATUSES: [&str; 3] = [
    "status.initContainerStatuses",
    "status.containerStatuses",
    "status.ephemeralContainerStatuses",
];

/// The container of a name.
pub(super) fn find<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    CONTAINER_LISTS
        .iter()
        .find_map(|(list, _)| pod.list(list).iter().find(|one| one.text("name") == name))
}

/// The container of a name, to be changed.
pub(super) fn find_mut<'a>(pod: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    let (list, at) = CONTAINER_LISTS.iter().find_map(|(list, _)| {
        let at = pod.list(list).iter().position(|one| one.text("name") == name)?;
        Some((*list, at))
    })?;
    let list = pod.pointer_mut(&format!("/{}", list.replace('.', "/")))?;
    list.as_array_mut()?.get_mut(at)
}

/// The status of a container.
pub(super) fn status<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    STATUSES.iter().find_map(|list| pod.list(list).iter().find(|one| one.text("name") == name))
}

/// Adds a container to a list of the spec.
pub(super) fn push(pod: &mut Value, list: &str, container: Value) {
    let Some(Value::Object(spec)) = pod.get_mut("spec") else { return };
    if let Value::Array(all) = spec.entry(list).or_insert_with(|| Value::Array(Vec::new())) {
        all.push(container);
    }
}
