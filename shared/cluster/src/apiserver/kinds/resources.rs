//! Requests and limits (`ValidateContainerResourceRequirements`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::Value;

use super::Faults;
use super::at::At;

const ONLY_CONTAINERS: &str = "must be a standard resource for containers";

const STANDARD_RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Amounts that may be promised more often than they are there.
fn overcommits(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    native && !name.starts_with("hugepages-")
}

/// Requests and limits of a container; `claims`: the names of the claims of its pod.
pub(super) fn validate(resources: &At<'_>, claims: &[&str], faults: &mut Faults) {
    for (name, amount) in resources.child("limits").entries() {
        named(name, &amount, faults);
    }
    let limits = resources.child("limits");
    let requests = resources.child("requests");
    for (name, amount) in requests.entries() {
        named(name, &amount, faults);
        let limit = limits.value.get(name).and_then(Value::as_str);
        let Some(limit) = limit else {
            if !overcommits(name) {
                limits.required("Limit must be set for non overcommitable resources", faults);
            }
            continue;
        };
        let pair = Quantity::parse(amount.text()).ok().zip(Quantity::parse(limit).ok());
        let Some((want, cap)) = pair else { continue };
        if want != cap && !overcommits(name) {
            let why = format!("must be equal to {name} limit of {cap}");
            requests.invalid_as(want.to_string(), why, faults);
        } else if want > cap {
            let why = format!("must be less than or equal to {name} limit of {cap}");
            requests.invalid_as(want.to_string(), why, faults);
        }
    }
    let has = |wanted: fn(&str) -> bool| {
        [&limits, &requests].iter().any(|all| all.entries().iter().any(|(name, _)| wanted(name)))
    };
    if has(|name| name.starts_with("hugepages-")) && !has(|name| matches!(name, "cpu" | "memory")) {
        resources.forbidden("HugePages require cpu or memory", faults);
    }
    claim_names(&resources.child("claims"), claims, faults);
}

fn claim_names(list: &At<'_>, known: &[&str], faults: &mut Faults) {
    let mut seen: Vec<String> = Vec::new();
    for claim in list.items() {
        let name = claim.text_of("name");
        if name.is_empty() {
            claim.required("", faults);
            continue;
        }
        let key = match claim.text_of("request") {
            "" => name.to_owned(),
            request => format!("{name}/{request}"),
        };
        if seen.contains(&key) {
            faults.push(FieldError::duplicate(&claim.path, key.as_str()));
        }
        seen.push(key);
        if !known.contains(&name) {
            let mut fault = FieldError::not_found(&claim.path, name);
            fault.detail = if known.is_empty() {
                "must be one of the names in pod.spec.resourceClaims which is empty".to_owned()
            } else {
                let mut sorted: Vec<&str> =
                    known.iter().copied().filter(|name| !name.is_empty()).collect();
                sorted.sort_unstable();
                sorted.dedup();
                format!(
                    "must be one of the names in pod.spec.resourceClaims: {}",
                    sorted.join(", ")
                )
            };
            faults.push(fault);
        }
    }
}

fn named(name: &str, amount: &At<'_>, faults: &mut Faults) {
    let wrong = names::qualified_name(name);
    let standard = STANDARD_RESOURCES.contains(&name) || name.starts_with("hugepages-");
    if wrong.is_empty() && !name.contains('/') && !standard {
        let why = "must be a standard resource type or fully qualified";
        amount.invalid_as(name, why, faults);
    }
    amount.each_as(name, wrong, faults);
    if !name.contains('/') && !standard {
        amount.invalid_as(name, ONLY_CONTAINERS, faults);
    }
    let extended = name.contains('/') && !name.contains("kubernetes.io/");
    if name.contains('/') && !extended && name.starts_with("requests.") {
        amount.invalid_as(name, "doesn't follow extended resource name standard", faults);
    }
    let Ok(parsed) = Quantity::parse(amount.text()) else { return };
    if parsed.is_negative() {
        amount.invalid("must be greater than or equal to 0", faults);
    }
    if extended && parsed.milli_value() % 1000 != 0 {
        amount.invalid("must be an integer", faults);
    }
    if let Some(size) = name.strip_prefix("hugepages-") {
        let size = Quantity::parse(size).map_or(0, |size| size.value());
        if size <= 0 || parsed.value() % size != 0 {
            let why = format!("{} is not positive integer multiple of {name}", amount.text());
            amount.invalid(why, faults);
        }
    }
}

/// A name of a resource that containers have (`ValidateContainerResourceName`).
pub(super) fn container_name(at: &At<'_>, faults: &mut Faults) {
    let name = at.text();
    let standard = STANDARD_RESOURCES.contains(&name) || name.starts_with("hugepages-");
    let wrong = names::qualified_name(name);
    if wrong.is_empty() && !name.contains('/') && !standard {
        at.invalid("must be a standard resource type or fully qualified", faults);
    }
    at.each(wrong, faults);
    if !name.contains('/') && !standard {
        at.invalid(ONLY_CONTAINERS, faults);
    }
}

/// Requests and limits of a pod as a whole (`validatePodResourceRequirements`).
pub(super) fn validate_pod(resources: &At<'_>, faults: &mut Faults) {
    let mut own = Vec::new();
    validate(resources, &[], &mut own);
    for kind in ["limits", "requests"] {
        for (name, at) in resources.child(kind).entries() {
            let known = matches!(name, "cpu" | "memory") || name.starts_with("hugepages-");
            if !known && (name.contains('/') || STANDARD_RESOURCES.contains(&name)) {
                let name = Value::from(name);
                At { value: &name, path: at.path }
                    .not_supported(&["cpu", "hugepages-", "memory"], &mut own);
            }
        }
    }
    own.retain(|fault| fault.detail != ONLY_CONTAINERS);
    faults.extend(own);
}

/// What the containers ask for must fit into what the pod asks for (`validatePodResourceConsistency`).
pub(super) fn consistent(spec: &At<'_>, own: &At<'_>, faults: &mut Faults) {
    for (name, amount) in own.child("requests").entries() {
        let mut sum = Quantity::from_milli(0);
        for container in spec.list("containers") {
            let asked = container.at(&["resources", "requests"]);
            if let Ok(asked) = Quantity::parse(asked.text_of(name)) {
                sum = sum.add(&asked);
            }
        }
        let Ok(all) = Quantity::parse(amount.text()) else { continue };
        if sum > all {
            let why =
                format!("must be greater than or equal to aggregate container requests of {sum}");
            amount.invalid(why, faults);
        }
    }
    for (name, amount) in own.child("limits").entries() {
        for (index, container) in spec.list("containers").iter().enumerate() {
            let limit = container.at(&["resources", "limits"]);
            let found = Quantity::parse(limit.text_of(name)).ok();
            let fits = found.zip(Quantity::parse(amount.text()).ok());
            if let Some((found, all)) = fits.filter(|(found, all)| found > all) {
                // Upstream's own order of the parts.
                let path = format!("{}.containers[{index}][{name}].limits", own.path);
                let why = format!("must be less than or equal to pod limits of {all}");
                At::new(None, path).invalid_as(found.to_string(), why, faults);
            }
        }
    }
}
