//! The most likely cause of a failed check, found by looking at the objects that could be wrong.
//!
//! A cause is a guess in the learner's interest and never part of a verdict: when nothing fits,
//! nothing is said.

mod access;
mod network;

use notebook::check::Condition;
use serde_json::Value;

use crate::client::Target;
use crate::{Runner, Said};

impl Runner {
    /// The most likely cause why a condition does not hold.
    pub(crate) async fn cause(&self, condition: &Condition) -> Option<Said> {
        match condition {
            Condition::Assert { object } => self.cause_of_missing(object).await,
            Condition::Absent { object } => self.cause_of_present(object).await,
            Condition::Can { requests } => self.cause_of_access(requests).await,
            Condition::Connects { connections } => self.cause_of_connections(connections).await,
            Condition::Logs { pod, .. } | Condition::Output { pod, .. } => {
                self.cause_of_pod(pod).await
            }
            Condition::Rejects { .. } | Condition::Event { .. } | Condition::Prints { .. } => None,
        }
    }

    /// An object is missing or wrong: perhaps its namespace is, or it is in another one.
    async fn cause_of_missing(&self, object: &Value) -> Option<Said> {
        let target = Target::of(object);
        if self.client.find(&target).await.ok()?.is_some() {
            return match target.kind.as_str() {
                "Pod" => self.cause_of_pod(&format!("{}/{}", target.namespace, target.name)).await,
                _ => None,
            };
        }
        if target.namespace.is_empty() {
            return None;
        }
        let namespace = Target {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            namespace: String::new(),
            name: target.namespace.clone(),
        };
        if self.client.find(&namespace).await.ok()?.is_none() {
            let said = Said::new("cause-namespace-missing");
            return Some(said.with("namespace", &target.namespace));
        }
        self.elsewhere(&target).await
    }

    /// The same object in another namespace.
    async fn elsewhere(&self, target: &Target) -> Option<Said> {
        let here = self.client.path(target, false).await.ok()?;
        let everywhere = here.replace(&format!("/namespaces/{}", target.namespace), "");
        let found = self.client.list(&everywhere).await.ok()?;
        let other = found.iter().find(|one| {
            one.pointer("/metadata/name").and_then(Value::as_str) == Some(target.name.as_str())
        })?;
        let namespace = other.pointer("/metadata/namespace").and_then(Value::as_str)?;
        let said = Said::new("cause-other-namespace").with("kind", &target.kind);
        let said = said.with("name", &target.name).with("found", namespace);
        Some(said.with("expected", &target.namespace))
    }

    async fn cause_of_present(&self, object: &Value) -> Option<Said> {
        let live = self.client.find(&Target::of(object)).await.ok()??;
        let owner = live.pointer("/metadata/ownerReferences/0")?;
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let said = Said::new("cause-owned").with("kind", text("kind"));
        Some(said.with("name", text("name")))
    }

    /// A pod that is missing or not ready.
    pub(crate) async fn cause_of_pod(&self, pod: &str) -> Option<Said> {
        let (namespace, name) = pod.split_once('/')?;
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
        let live = match self.client.get(&path).await {
            Ok(live) => live,
            Err(problem) if problem.is_not_found() => {
                return Some(Said::new("cause-pod-missing").with("pod", pod));
            }
            Err(_) => return None,
        };
        if is_ready(&live) {
            return None;
        }
        let conditions = live.pointer("/status/conditions").and_then(Value::as_array);
        let message = conditions
            .into_iter()
            .flatten()
            .filter(|one| one.get("status").and_then(Value::as_str) == Some("False"))
            .find_map(|one| one.get("message").and_then(Value::as_str));
        let state = crate::connect::state(&live);
        Some(match message {
            Some(message) => Said::new("cause-pod-not-ready-because")
                .with("pod", pod)
                .with("state", state)
                .with("message", message),
            None => Said::new("cause-pod-not-ready").with("pod", pod).with("state", state),
        })
    }
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|one| {
        one.get("type").and_then(Value::as_str) == Some("Ready")
            && one.get("status").and_then(Value::as_str) == Some("True")
    })
}
