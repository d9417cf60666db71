//! The load that a Deployment makes.

use protocol::v1::ObjectKey;
use serde_json::Value;

use super::objects::Objects;

/// Pods that make requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Load {
    /// How many there should be.
    pub wanted: u32,
    /// How many are at work.
    pub ready: u32,
}

/// The load of a Deployment; none when it is not there, or about to go.
pub(crate) fn load(objects: &Objects, namespace: &str, name: &str) -> Load {
    let key = ObjectKey {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let found = objects.get(&key);
    let found = found.filter(|one| one.pointer("/metadata/deletionTimestamp").is_none());
    let Some(deployment) = found else { return Load::default() };
    let number = |path: &str| {
        let found = deployment.pointer(path).and_then(Value::as_u64);
        found.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    };
    Load { wanted: number("/spec/replicas"), ready: number("/status/readyReplicas") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(deployment: &Value) -> Objects {
        let mut objects = Objects::default();
        objects.change(true, &[deployment.to_string()], &[]);
        objects
    }

    #[test]
    fn a_load_is_as_large_as_its_deployment_and_none_while_that_goes() {
        let mut deployment = serde_json::json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "load", "namespace": "dev"},
            "spec": {"replicas": 3}, "status": {"readyReplicas": 1},
        });
        let found = load(&objects(&deployment), "dev", "load");
        assert_eq!(found, Load { wanted: 3, ready: 1 });
        assert_eq!(load(&objects(&deployment), "op", "load"), Load::default());
        deployment["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z".into();
        assert_eq!(load(&objects(&deployment), "dev", "load"), Load::default());
    }
}
