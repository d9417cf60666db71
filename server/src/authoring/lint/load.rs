//! Loads that would change nothing: their manifest has no such Deployment.

use notebook::cell::CellKind;
use serde_json::Value;

use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

pub(super) fn check(folder: &Folder, found: &mut Vec<Finding>) {
    for (place, cell) in folder.cells() {
        let CellKind::Load { file, name, .. } = &cell.kind else { continue };
        let its_own = |document: &Value| {
            let of = |path: &str| document.pointer(path).and_then(Value::as_str);
            of("/kind") == Some("Deployment") && of("/metadata/name") == Some(name)
        };
        if !folder.documents(file).iter().any(|document| its_own(&document.value)) {
            let what = format!("the slider moves nothing: {file} has no Deployment `{name}`");
            let remedy = "name a manifest that makes it, or the Deployment of this one";
            found.push(folder.finding(&format!("{place}.name"), what, remedy));
        }
    }
}
