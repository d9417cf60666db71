//! `kubectl describe` of the small kinds of networking.k8s.io: classes of ingress, addresses, address ranges.

use serde_json::Value;

use super::page::{Page, clock_text};
use crate::value::{Reading as _, plain};

/// Writes the text of an ingress class.
pub(super) fn ingress_class(page: &mut Page, class: &Value) {
    page.heading(class, false);
    page.field(0, "Controller", class.text("spec.controller"));
    let Some(parameters) = class.at("spec.parameters") else { return };
    page.at(0, "Parameters:\n");
    if parameters.has("apiGroup") {
        page.field(1, "APIGroup", parameters.text("apiGroup"));
    }
    page.field(1, "Kind", parameters.text("kind"));
    page.field(1, "Name", parameters.text("name"));
}

/// Writes the text of an address.
pub(super) fn address(page: &mut Page, address: &Value) {
    page.heading(address, false);
    let Some(parent) = address.at("spec.parentRef") else { return };
    page.at(0, "Parent Reference:\n");
    for (title, field) in
        [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
    {
        page.field(1, title, parent.text(field));
    }
}

/// Writes the text of a range of addresses.
pub(super) fn range(page: &mut Page, range: &Value) {
    page.heading(range, false);
    let ranges: Vec<String> = range.list("spec.cidrs").iter().map(plain).collect();
    page.field(0, "CIDRs", &ranges.join(", "));
    let conditions = range.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    page.at(0, "Status:\nConditions:\n");
    page.at(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
    page.at(1, "----\t------\t------------------\t------\t-------\n");
    for condition in conditions {
        let cells = [
            condition.text("type").to_owned(),
            condition.text("status").to_owned(),
            clock_text(condition.text("lastTransitionTime")),
            condition.text("reason").to_owned(),
            condition.text("message").to_owned(),
        ];
        page.at(1, &format!("{}\n", cells.join("\t")));
    }
}
