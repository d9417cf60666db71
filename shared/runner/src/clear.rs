//! Taking a scenario away from a cluster that goes on without it, and seeing what of it is there.

use std::sync::Arc;
use std::time::Duration;

use kubectl::apply::delete_documents;
use kubectl::{Captured, Invocation, Kubectl, manifest};
use serde_json::Value;

use crate::{Progress, Runner, Said};

/// How long deleted objects may take to be gone: pods end within their grace period.
const GONE: Duration = Duration::from_mins(2);
const EVERY: Duration = Duration::from_millis(500);

/// An object of the scenario's manifests that is on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Kind and name, for example `Namespace dev`.
    pub object: String,
    /// Its namespace; empty for what has none.
    pub namespace: String,
    /// Whether it is being deleted.
    pub going: bool,
}

impl Runner {
    /// What the scenario's manifests name and the cluster has. What cannot be read is left out: it is
    /// for the first request that needs it to fail on it.
    pub async fn standing(&self) -> Vec<Standing> {
        let kubectl = Kubectl::new(Arc::clone(&self.transport), Arc::clone(&self.clock));
        let mut standing: Vec<Standing> = Vec::new();
        for file in self.notebook.files.keys().filter(|file| file.ends_with(".yaml")) {
            let line = format!(
                "kubectl get -f {file} --ignore-not-found --no-headers -o custom-columns=\
                 KIND:.kind,NAME:.metadata.name,IN:.metadata.namespace,GOING:.metadata.deletionTimestamp"
            );
            let Ok(invocation) = Invocation::parse(&line) else { continue };
            let mut said = Captured::default();
            kubectl.run(&invocation, self, "", &mut said).await;
            for row in said.stdout.lines() {
                let words: Vec<&str> = row.split_whitespace().collect();
                let [kind, name, namespace, going] = words.as_slice() else { continue };
                let one = Standing {
                    object: format!("{kind} {name}"),
                    namespace: namespace.replace("<none>", ""),
                    going: *going != "<none>",
                };
                if !standing.contains(&one) {
                    standing.push(one);
                }
            }
        }
        standing
    }

    /// Waits while objects of the scenario are being deleted, and tells what is there then.
    pub async fn deletions_end(&self, progress: &dyn Progress) -> Vec<Standing> {
        let start = self.clock.now();
        loop {
            let standing = self.standing().await;
            let late = self.clock.now().duration_since(start).unsigned_abs() > GONE;
            let Some(going) = standing.iter().find(|one| one.going).filter(|_| !late) else {
                return standing;
            };
            progress.waiting(&Said::new("check-waiting-gone").with("object", &going.object), 0, 1);
            self.clock.sleep(EVERY).await;
        }
    }

    /// Takes away everything that the scenario's manifests name: first what the cells made, then the
    /// setup, last applied first. What is not there is no failure. Gives what is there in the end.
    pub async fn clear(&self, progress: &dyn Progress) -> Vec<Standing> {
        self.clear_but(&[], progress).await
    }

    /// The same, but what was there before the scenario stays.
    pub async fn clear_but(&self, kept: &[Standing], progress: &dyn Progress) -> Vec<Standing> {
        let kubectl = Kubectl::new(Arc::clone(&self.transport), Arc::clone(&self.clock));
        let setup = &self.notebook.scenario.setup;
        let files = &self.notebook.files;
        let cells = files.iter().filter(|(path, _)| !setup.contains(path)).map(|(_, text)| text);
        let first = setup.iter().rev().filter_map(|path| files.get(path));
        for text in cells.chain(first) {
            let mut documents = manifest::read(text).unwrap_or_default();
            documents.retain(|document| !kept.iter().any(|one| names(one, &document.value)));
            let mut results = delete_documents(&kubectl, &documents).await;
            results.retain(|one| one.status.as_ref().is_none_or(|status| status.code != 404));
            if !results.is_empty() {
                progress.applied("reset", &results);
            }
        }
        self.deletions_end(progress).await
    }
}

/// Whether a document names this object.
fn names(standing: &Standing, document: &Value) -> bool {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let namespace = text("/metadata/namespace");
    // A document without a namespace goes to `default` when its kind has namespaces.
    let here = standing.namespace == namespace
        || (namespace.is_empty() && standing.namespace == "default");
    here && standing.object == format!("{} {}", text("/kind"), text("/metadata/name"))
}
