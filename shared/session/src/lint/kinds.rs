//! Kinds that no server has: another version of a known kind, or a name that was spelled otherwise.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{ApiResource, Schema};
use kubectl::manifest::Document;
use kubectl::nearest::nearest;
use protocol::v1::{Finding, Fix, Phrase};

use super::error;
use crate::convert;

/// What is said of a kind that is not served.
pub(super) fn unknown(document: &Document, gvk: &GroupVersionKind) -> Finding {
    let version = gvk.group_version().to_string();
    if let Some(served) = elsewhere(gvk) {
        let here = served.gvk().group_version().to_string();
        let phrase = Phrase::new("finding-other-version")
            .with("kind", served.kind.clone())
            .with("version", version)
            .with("served", here.clone());
        let fix = replaced(document, "apiVersion", here);
        return Finding { fix, ..error(document, "other-version", "apiVersion", phrase) };
    }
    let phrase =
        Phrase::new("finding-unknown-kind").with("kind", gvk.kind.clone()).with("version", version);
    let fix = respelled(gvk).and_then(|kind| replaced(document, "kind", kind.to_owned()));
    Finding { fix, ..error(document, "unknown-kind", "kind", phrase) }
}

fn kinds() -> impl Iterator<Item = &'static ApiResource> {
    Schema::builtin().resources().iter()
}

/// The preferred version of a kind of this very name in another version, or in the group that it moved to.
fn elsewhere(gvk: &GroupVersionKind) -> Option<&'static ApiResource> {
    let named = || kinds().filter(|one| one.kind == gvk.kind);
    // `Event` is in two groups: the one that was named goes first.
    named().find(|one| one.group == gvk.group).or_else(|| named().next())
}

fn respelled(gvk: &GroupVersionKind) -> Option<&'static str> {
    let same = kinds().filter(|one| one.group == gvk.group && one.version == gvk.version);
    nearest(&gvk.kind, same.map(|one| one.kind.as_str()))
}

fn replaced(document: &Document, field: &str, text: String) -> Option<Fix> {
    let span = convert::span(document.spans.find(field)?);
    let phrase = Phrase::new("finding-fix-replace").with("text", text.clone());
    Some(Fix { span, text, phrase })
}
