//! APIServices (`kube-aggregator/pkg/apis/apiregistration/validation/validation.go`).

use apimachinery::names;
use serde_json::{Value, json};

use super::Faults;
use super::at::At;
use super::pod_defaults::{fill, map_at};

pub(super) fn default(value: &mut Value) {
    if let Some(service) = map_at(value, "/spec/service") {
        fill(service, "port", || json!(443));
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let (group, version) = (spec.child("group"), spec.child("version"));
    let wanted = format!("{}.{}", version.text(), group.text());
    let name = At::root(value).at(&["metadata", "name"]);
    if names::path_segment(name.text()).is_empty() && name.text() != wanted {
        name.invalid(format!("must be `spec.version+\".\"+spec.group`: {wanted:?}"), faults);
    }
    if group.text().is_empty() {
        if version.text() != "v1" {
            let why = "only v1 may have an empty group and it better be legacy kube";
            group.required(why, faults);
        }
    } else {
        group.each(names::dns1123_subdomain(group.text()), faults);
    }
    version.each_as(version.text(), names::dns1035_label(version.text()), faults);
    for (field, most) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1000)] {
        let at = spec.child(field);
        let number = at.number().unwrap_or(0);
        if number <= 0 || number > most {
            at.invalid_as(number, format!("must be positive and less than {most}"), faults);
        }
    }
    let (service, bundle, insecure) =
        (spec.child("service"), spec.child("caBundle"), spec.child("insecureSkipTLSVerify"));
    if !service.given() {
        if !bundle.text().is_empty() {
            let size = format!("{} bytes", bundle.text().len() / 4 * 3);
            bundle.invalid_as(size, "local APIServices may not have a caBundle", faults);
        }
        if spec.flag_of("insecureSkipTLSVerify") {
            let why = "local APIServices may not have insecureSkipTLSVerify";
            insecure.invalid(why, faults);
        }
        return;
    }
    service.child("namespace").some_text(faults);
    service.child("name").some_text(faults);
    let port = service.child("port");
    if port.number().is_some_and(|port| !(1..=65_535).contains(&port)) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        port.invalid(why, faults);
    }
    if spec.flag_of("insecureSkipTLSVerify") && !bundle.text().is_empty() {
        insecure.invalid("may not be true if caBundle is present", faults);
    }
}
