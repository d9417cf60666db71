//! A pod may not be given more than its node has altogether (`plugin/pkg/admission/podresize`).

use apimachinery::object;
use apimachinery::quantity::Quantity;
use apimachinery::status::StatusCause;
use serde_json::Value;

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::{Operation, forbidden};
use crate::fields;

pub(super) fn validate(
    server: &Apiserver,
    operation: &Operation<'_>,
    pod: &Value,
) -> Result<(), Refusal> {
    let node = fields::text(pod, "/spec/nodeName");
    let generation = |pod: &Value| fields::number(pod, "/metadata/generation");
    if node.is_empty() || operation.old.is_none_or(|old| generation(old) == generation(pod)) {
        return Ok(());
    }
    let refuse = |why: &str| forbidden(operation.target, object::name(pod), why);
    let Some(known) = server.store.get("nodes", "", node) else {
        return Err(refuse(&format!("node \"{node}\" not found")));
    };
    let because = |why: &str, cause: &str| {
        let mut refusal = refuse(why);
        let cause = StatusCause { reason: cause.to_owned(), ..StatusCause::default() };
        refusal.details.get_or_insert_default().causes.push(cause);
        refusal
    };
    if let Some(os) = fields::labels(&known).get("kubernetes.io/os").filter(|os| *os != "linux") {
        let why =
            format!("pod resize is only supported on linux nodes, node \"{node}\" is \"{os}\"");
        return Err(because(&why, "UnsupportedPlatform"));
    }
    let mut missing = Vec::new();
    for (name, milli) in [("cpu", true), ("memory", false)] {
        let unit = |one: Quantity| if milli { one.milli_value() } else { one.value() };
        let has = Quantity::parse(fields::text(&known, &format!("/status/allocatable/{name}")));
        let (asked, has) = (asked(pod, name, unit), has.map(unit).unwrap_or_default());
        if asked > has {
            missing.push(format!("{name}, requested: {asked}, allocatable: {has}"));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("node didn't have enough allocatable resources: {}", missing.join("; "));
    Err(because(&why, "NodeCapacity"))
}

/// `k8s.io/component-helpers/resource PodRequests`, of one resource.
fn asked(pod: &Value, name: &str, unit: impl Fn(Quantity) -> i128) -> i128 {
    let of = |one: &Value, place: &str| {
        let found = Quantity::parse(fields::text(one, &format!("{place}/{name}")));
        found.map(&unit).unwrap_or_default()
    };
    let whole = of(pod, "/spec/resources/requests");
    if whole > 0 {
        return whole + of(pod, "/spec/overhead");
    }
    let containers = fields::items(pod, "/spec/containers").iter();
    let mut sum: i128 = containers.map(|one| of(one, "/resources/requests")).sum();
    let (mut beside, mut first) = (0, 0);
    for one in fields::items(pod, "/spec/initContainers") {
        let asked = of(one, "/resources/requests");
        if fields::text(one, "/restartPolicy") == "Always" {
            sum += asked;
            beside += asked;
            first = beside.max(first);
        } else {
            first = (asked + beside).max(first);
        }
    }
    sum.max(first) + of(pod, "/spec/overhead")
}
