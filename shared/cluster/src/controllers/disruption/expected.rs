//! How many pods there should be, and how many of them must be healthy (`getExpectedPodCount`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::fields;
use crate::store::Store;

/// What a budget is measured against.
pub(super) struct Counted {
    pub(super) expected: i64,
    pub(super) desired: i64,
    /// Whether a pod has no controller although the budget needs one.
    pub(super) unmanaged: bool,
}

/// Counts; the error is the sentence of upstream.
pub(super) fn count(store: &Store, budget: &Value, pods: &[Arc<Value>]) -> Result<Counted, String> {
    if let Some(most) = budget.pointer("/spec/maxUnavailable").filter(|one| !one.is_null()) {
        let (expected, unmanaged) = scale(store, pods)?;
        let desired = (expected - scaled(most, expected)).max(0);
        return Ok(Counted { expected, desired, unmanaged });
    }
    let all = i64::try_from(pods.len()).unwrap_or_default();
    match budget.pointer("/spec/minAvailable") {
        Some(least @ Value::String(_)) => {
            let (expected, unmanaged) = scale(store, pods)?;
            Ok(Counted { expected, desired: scaled(least, expected), unmanaged })
        }
        Some(Value::Number(least)) => Ok(Counted {
            expected: all,
            desired: least.as_i64().unwrap_or_default(),
            unmanaged: false,
        }),
        _ => Ok(Counted { expected: 0, desired: 0, unmanaged: false }),
    }
}

/// A number or a percentage of a whole, rounded up.
fn scaled(value: &Value, whole: i64) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or_default();
            (whole * percent + 99) / 100
        }
        value => value.as_i64().unwrap_or_default(),
    }
}

/// What the controllers of the pods are asked for, each counted once (`getExpectedScale`).
fn scale(store: &Store, pods: &[Arc<Value>]) -> Result<(i64, bool), String> {
    let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(reference) = fields::controller_of(pod) else {
            unmanaged = true;
            continue;
        };
        let missing = || format!("found no controllers for pod {:?}", fields::name(pod));
        let namespace = fields::namespace(pod);
        let (mut owner, mut size) = owner(store, namespace, reference)?.ok_or_else(missing)?;
        if fields::text(reference, "/kind") == "ReplicaSet"
            && let Some(above) = fields::controller_of(&owner)
            && fields::text(above, "/kind") == "Deployment"
        {
            (owner, size) = self::owner(store, namespace, above)?.ok_or_else(missing)?;
        }
        sizes.insert(fields::uid(&owner).to_owned(), size);
    }
    Ok((sizes.values().sum(), unmanaged))
}

/// The owner of a reference with the size that it is asked to have; none when it has gone.
fn owner(
    store: &Store,
    namespace: &str,
    reference: &Value,
) -> Result<Option<(Arc<Value>, i64)>, String> {
    let (kind, version) =
        (fields::text(reference, "/kind"), fields::text(reference, "/apiVersion"));
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let (resource, path) = match (group, kind) {
        ("apps", "ReplicaSet") => ("replicasets.apps".to_owned(), "/spec/replicas".to_owned()),
        ("apps", "Deployment") => ("deployments.apps".to_owned(), "/spec/replicas".to_owned()),
        ("apps", "StatefulSet") => ("statefulsets.apps".to_owned(), "/spec/replicas".to_owned()),
        ("", "ReplicationController") => {
            ("replicationcontrollers".to_owned(), "/spec/replicas".to_owned())
        }
        ("apps", "DaemonSet") => return Err(no_scale("daemonsets.apps")),
        ("batch", "Job") => return Err(no_scale("jobs.batch")),
        _ => custom(store, group, version, kind)?,
    };
    let owner = store.get(&resource, namespace, fields::text(reference, "/name"));
    let owner = owner.filter(|owner| fields::uid(owner) == fields::text(reference, "/uid"));
    Ok(owner.map(|owner| {
        let size = fields::number(&owner, &path).unwrap_or_default();
        (owner, size)
    }))
}

fn no_scale(resource: &str) -> String {
    format!("{resource} does not implement the scale subresource")
}

/// The resource of a custom kind and the place of its size (`getScaleController`).
fn custom(
    store: &Store,
    group: &str,
    version: &str,
    kind: &str,
) -> Result<(String, String), String> {
    let definitions = store.list("customresourcedefinitions.apiextensions.k8s.io", None);
    let definition = definitions.iter().find(|one| {
        fields::text(one, "/spec/group") == group && fields::text(one, "/spec/names/kind") == kind
    });
    let Some(definition) = definition else {
        return Err(format!("no matches for kind {kind:?} in version {version:?}"));
    };
    let resource = fields::name(definition).to_owned();
    let name = version.rsplit('/').next().unwrap_or_default();
    let path = fields::items(definition, "/spec/versions")
        .iter()
        .find(|one| fields::text(one, "/name") == name)
        .and_then(|one| one.pointer("/subresources/scale/specReplicasPath"))
        .and_then(Value::as_str);
    match path {
        Some(path) => Ok((resource, path.replace('.', "/"))),
        None => Err(no_scale(&resource)),
    }
}

/// A selector as Go prints a `*LabelSelector` (`meta/v1 generated.pb.go`).
pub(super) fn shown(selector: &Value) -> String {
    let labels: Vec<String> = fields::texts(selector, "/matchLabels")
        .iter()
        .map(|(key, value)| format!("{key}: {value},"))
        .collect();
    let expressions: Vec<String> = fields::items(selector, "/matchExpressions")
        .iter()
        .map(|one| {
            let values: Vec<&str> =
                fields::items(one, "/values").iter().filter_map(Value::as_str).collect();
            format!(
                "LabelSelectorRequirement{{Key:{},Operator:{},Values:[{}],}},",
                fields::text(one, "/key"),
                fields::text(one, "/operator"),
                values.join(" ")
            )
        })
        .collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{}}},MatchExpressions:[]LabelSelectorRequirement{{{}}},}}",
        labels.concat(),
        expressions.concat()
    )
}
