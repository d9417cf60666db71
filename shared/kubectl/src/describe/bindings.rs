//! `kubectl describe rolebinding` and `clusterrolebinding`.

use serde_json::Value;

use super::page::Page;
use crate::value::Reading as _;

/// Writes the text of a binding.
pub(super) fn write(page: &mut Page, binding: &Value) {
    page.heading(binding, false);
    page.at(0, "Role:\n");
    page.field(1, "Kind", binding.text("roleRef.kind"));
    page.field(1, "Name", binding.text("roleRef.name"));
    page.at(0, "Subjects:\n");
    page.at(1, "Kind\tName\tNamespace\n");
    page.at(1, "----\t----\t---------\n");
    for subject in binding.list("subjects") {
        page.at(
            1,
            &format!(
                "{}\t{}\t{}\n",
                subject.text("kind"),
                subject.text("name"),
                subject.text("namespace")
            ),
        );
    }
}
