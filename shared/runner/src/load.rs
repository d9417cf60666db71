//! Load on a Service: pods that ask it, as many as a slider says.

use kubectl::apply::{ApplyOptions, DocumentResult, apply_documents, delete_documents};
use kubectl::manifest;
use notebook::cell::{Cell, CellKind};
use serde_json::{Value, json};

use crate::{Deed, Progress, RunError, Runner};

impl Runner {
    /// What setting a load cell to so many pods does.
    pub(crate) fn load_deed(&self, cell: &Cell, pods: u32) -> Result<Deed, RunError> {
        let CellKind::Load { file, namespace, name, most, .. } = &cell.kind else {
            return Err(RunError::WrongKind { cell: cell.id.clone(), expected: "load" });
        };
        let text = self.file(file)?;
        if pods == 0 {
            return Ok(Deed::Delete(text.to_owned()));
        }
        // What cannot be read is said when it is applied.
        let Ok(documents) = manifest::read(text) else { return Ok(Deed::Apply(text.to_owned())) };
        let texts: Vec<String> = documents
            .into_iter()
            .map(|mut document| {
                let of = |path: &str| document.value.pointer(path).and_then(Value::as_str);
                let its_own = of("/kind") == Some("Deployment")
                    && of("/metadata/name") == Some(name)
                    && of("/metadata/namespace") == Some(namespace);
                let spec = document.value.get_mut("spec").and_then(Value::as_object_mut);
                if let Some(spec) = spec.filter(|_| its_own) {
                    spec.insert("replicas".to_owned(), json!(pods.min(*most)));
                }
                manifest::to_yaml(&document.value)
            })
            .collect();
        Ok(Deed::Apply(texts.join("---\n")))
    }

    /// Sets a load cell to so many pods, as the cell's persona. Ending a load that is not there is no failure.
    pub async fn load(
        &self,
        cell: &str,
        pods: u32,
        progress: &dyn Progress,
    ) -> Result<Vec<DocumentResult>, RunError> {
        let found = self.cell(cell)?;
        let kubectl = self.kubectl_of(found)?;
        let results = match self.load_deed(found, pods)? {
            Deed::Delete(text) => {
                let documents = manifest::read(&text).unwrap_or_default();
                let mut results = delete_documents(&kubectl, &documents).await;
                results.retain(|one| one.status.as_ref().is_none_or(|status| status.code != 404));
                results
            }
            Deed::Apply(text) => {
                let documents = manifest::read(&text).unwrap_or_default();
                apply_documents(&kubectl, &documents, &ApplyOptions::default()).await
            }
            Deed::Run { .. } | Deed::Nothing => Vec::new(),
        };
        progress.applied(cell, &results);
        Ok(results)
    }
}
