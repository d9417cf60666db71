//! HorizontalPodAutoscalers (`pkg/apis/autoscaling/validation/validation.go`).

use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::Value;

use super::at::At;
use super::{Faults, labels};

const SOURCES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let (least, most) = (spec.child("minReplicas"), spec.child("maxReplicas"));
    if least.number().is_some_and(|least| least < 1) {
        least.invalid("must be greater than or equal to 1", faults);
    }
    match most.number().unwrap_or(0) {
        0 => most.required("must be set and greater than 0", faults),
        number if number < 0 => most.invalid("must be greater than or equal to 1", faults),
        _ => {}
    }
    let number = most.number().unwrap_or(0);
    if least.number().is_some_and(|least| number < least) {
        most.invalid_as(number, "must be greater than or equal to `minReplicas`", faults);
    }
    reference(&spec.child("scaleTargetRef"), false, faults);
    let metrics = spec.child("metrics");
    for metric in metrics.items() {
        source(&metric, faults);
    }
    let kinds = metrics.items();
    let outside = kinds.iter().any(|one| matches!(one.text_of("type"), "Object" | "External"));
    if least.number() == Some(0) && !outside {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        metrics.forbidden(why, faults);
    }
    for direction in ["scaleUp", "scaleDown"] {
        rules(&spec.at(&["behavior", direction]), faults);
    }
}

fn path_segment(at: &At<'_>, why: &str, faults: &mut Faults) {
    if at.text().is_empty() {
        at.required(why, faults);
    } else {
        at.each(names::path_segment(at.text()), faults);
    }
}

/// `ValidateCrossVersionObjectReference`; `core`: the group may be the empty one.
fn reference(at: &At<'_>, core: bool, faults: &mut Faults) {
    path_segment(&at.child("kind"), "", faults);
    path_segment(&at.child("name"), "", faults);
    let version = at.child("apiVersion");
    let text = version.text();
    if text.matches('/').count() > 1 {
        version.invalid_as(text, format!("unexpected GroupVersion string: {text}"), faults);
    } else if !core && !text.contains('/') {
        version.invalid_as(text, "apiVersion must specify API group", faults);
    }
}

fn rules(rules: &At<'_>, faults: &mut Faults) {
    if !rules.given() {
        return;
    }
    let window = rules.child("stabilizationWindowSeconds");
    match window.number() {
        Some(seconds) if seconds < 0 => {
            window.invalid("must be greater than or equal to zero", faults);
        }
        Some(seconds) if seconds > 3600 => {
            window.invalid("must be less than or equal to 3600", faults);
        }
        _ => {}
    }
    let select = rules.child("selectPolicy");
    if select.given() {
        select.one_of(&["Disabled", "Max", "Min"], faults);
    }
    let policies = rules.child("policies");
    if policies.len() == 0 {
        policies.required("must specify at least one Policy", faults);
    }
    for policy in policies.items() {
        policy.child("type").one_of(&["Percent", "Pods"], faults);
        for field in ["value", "periodSeconds"] {
            let at = policy.child(field);
            let number = at.number().unwrap_or(0);
            if number <= 0 {
                at.invalid_as(number, "must be greater than zero", faults);
            }
            if field == "periodSeconds" && number > 1800 {
                at.invalid("must be less than or equal to 1800", faults);
            }
        }
    }
    let tolerance = rules.child("tolerance");
    if Quantity::parse(tolerance.text()).is_ok_and(|tolerance| tolerance.is_negative()) {
        tolerance.invalid("must be greater than or equal to 0", faults);
    }
}

/// One source of metrics, and only the one that the type names.
fn source(metric: &At<'_>, faults: &mut Faults) {
    let kind = metric.child("type");
    if kind.text().is_empty() {
        kind.required("must specify a metric source type", faults);
    }
    kind.one_of(&SOURCES, faults);
    let fields = ["object", "external", "pods", "resource", "containerResource"];
    let mut present: Vec<&str> = fields.into_iter().filter(|field| metric.has(field)).collect();
    if let Some(first) = present.first() {
        let at = metric.child(first);
        match *first {
            "object" => object(&at, faults),
            "external" => external(&at, faults),
            "pods" => pods(&at, faults),
            _ => resource(&at, *first == "containerResource", faults),
        }
    }
    let expected = match kind.text() {
        "Object" => "object",
        "Pods" => "pods",
        "Resource" => "resource",
        "External" => "external",
        "ContainerResource" => "containerResource",
        _ => "",
    };
    if !expected.is_empty() && !metric.has(expected) {
        let why = "must populate information for the given metric source";
        metric.child(expected).required(why, faults);
    }
    if present.len() != 1 {
        present.retain(|field| *field != expected);
        for field in present {
            let why = "must populate the given metric source only";
            metric.child(field).forbidden(why, faults);
        }
    }
}

fn identifier(at: &At<'_>, faults: &mut Faults) {
    path_segment(&at.at(&["metric", "name"]), "must specify a metric name", faults);
}

fn object(at: &At<'_>, faults: &mut Faults) {
    reference(&at.child("describedObject"), true, faults);
    identifier(at, faults);
    let target = at.child("target");
    target_value(&target, faults);
    if !target.has("value") && !target.has("averageValue") {
        let why = "must set either a target value or averageValue";
        target.child("averageValue").required(why, faults);
    }
}

fn external(at: &At<'_>, faults: &mut Faults) {
    identifier(at, faults);
    let target = at.child("target");
    target_value(&target, faults);
    match (target.has("value"), target.has("averageValue")) {
        (false, false) => {
            let why = "must set either a target value for metric or a per-pod target";
            target.child("averageValue").required(why, faults);
        }
        (true, true) => {
            let why = "may not set both a target value for metric and a per-pod target";
            target.child("value").forbidden(why, faults);
        }
        _ => {}
    }
}

fn pods(at: &At<'_>, faults: &mut Faults) {
    identifier(at, faults);
    let target = at.child("target");
    target_value(&target, faults);
    if !target.has("averageValue") {
        let why = "must specify a positive target averageValue";
        target.child("averageValue").required(why, faults);
    }
}

fn resource(at: &At<'_>, of_container: bool, faults: &mut Faults) {
    let name = at.child("name");
    if name.text().is_empty() {
        name.required("must specify a resource name", faults);
    } else if of_container {
        super::resources::container_name(&name, faults);
    }
    if of_container {
        let container = at.child("container");
        if container.text().is_empty() {
            container.required("must specify a container", faults);
        } else {
            labels::each(
                &container.path,
                container.text(),
                names::dns1123_label(container.text()),
                faults,
            );
        }
    }
    let target = at.child("target");
    target_value(&target, faults);
    match (target.has("averageUtilization"), target.has("averageValue")) {
        (false, false) => {
            let why = "must set either a target raw value or a target utilization";
            target.child("averageUtilization").required(why, faults);
        }
        (true, true) => {
            let why = "may not set both a target raw value and a target utilization";
            target.child("averageValue").forbidden(why, faults);
        }
        _ => {}
    }
}

fn target_value(target: &At<'_>, faults: &mut Faults) {
    let kind = target.child("type");
    if kind.text().is_empty() {
        kind.required("must specify a metric target type", faults);
    }
    if !matches!(kind.text(), "Utilization" | "Value" | "AverageValue") {
        kind.invalid_as(kind.text(), "must be either Utilization, Value, or AverageValue", faults);
    }
    for field in ["value", "averageValue"] {
        let at = target.child(field);
        let amount = Quantity::parse(at.text());
        if amount.is_ok_and(|amount| amount.is_zero() || amount.is_negative()) {
            at.invalid("must be positive", faults);
        }
    }
    let utilization = target.child("averageUtilization");
    if utilization.number().is_some_and(|percent| percent < 1) {
        utilization.invalid("must be greater than 0", faults);
    }
}

pub(super) fn validate_status(new: &Value, _: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    status.nonnegative_fields(&["currentReplicas", "desiredReplicas"], faults);
}
