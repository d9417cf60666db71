//! What drivers publish: ResourceSlice (`pkg/apis/resource/validation/validation.go ValidateResourceSlice`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::devices::{driver, few, label, qualified, tainted, unique};
use super::{Faults, internal, placement};

const MOST_DEVICES: usize = 128;
/// With taints, counters or attributes that are lists.
const MOST_ADVANCED: usize = 64;
const MOST_COUNTER_SETS: usize = 8;
const MOST_COUNTERS: usize = 32;
const MOST_CONSUMED: usize = 2;
const MOST_ENTRIES: usize = 32;
const MOST_VALUES: usize = 48;
const MOST_TAINTS: usize = 16;
const MOST_CONDITIONS: usize = 4;
const LONGEST_VALUE: usize = 64;
/// Members of an attribute: one value, or a list of them.
const LISTS: [&str; 4] = ["bools", "ints", "strings", "versions"];

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    driver(&spec.child("driver"), faults);
    pool(&spec.child("pool"), faults);
    placed(&spec, faults);
    if spec.has("sharedCounters") && spec.has("devices") {
        spec.invalid_as("", "only one of `sharedCounters` or `devices` is allowed", faults);
    }
    let devices = spec.child("devices");
    let advanced = devices.items().iter().any(|device| {
        let lists = device.child("attributes").entries();
        device.child("taints").len() > 0
            || device.child("consumesCounters").len() > 0
            || lists.iter().any(|(_, one)| LISTS.iter().any(|list| one.has(list)))
    });
    let most = if advanced { MOST_ADVANCED } else { MOST_DEVICES };
    let devices = few(&devices, most, faults);
    for device in &devices {
        published(device, spec.flag_of("perDeviceNodeSelection"), faults);
    }
    unique(&devices, |one| one.text_of("name"), faults);
    let sets = few(&spec.child("sharedCounters"), MOST_COUNTER_SETS, faults);
    for set in &sets {
        counters(set, "name", faults);
    }
    unique(&sets, |one| one.text_of("name"), faults);
}

pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (new, old) = (At::root(new).child("spec"), At::root(old).child("spec"));
    for path in [&["pool", "name"][..], &["driver"], &["nodeName"]] {
        new.at(path).immutable(&old.at(path), faults);
    }
}

/// `validateResourcePool`.
fn pool(pool: &At<'_>, faults: &mut Faults) {
    let name = pool.child("name");
    if name.some_text(faults) {
        if name.text().len() > 253 {
            faults.push(FieldError::too_long(&name.path, 253));
        }
        for part in name.text().split('/') {
            name.each_as(part, names::dns1123_subdomain(part), faults);
        }
    }
    let slices = pool.child("resourceSliceCount");
    let count = slices.number().unwrap_or(0);
    if count <= 0 {
        slices.invalid_as(count, "must be greater than zero", faults);
    }
    let generation = pool.child("generation");
    if generation.number().is_some_and(|number| number < 0) {
        generation.invalid("must be greater than or equal to zero", faults);
    }
}

/// On which nodes all devices are.
fn placed(spec: &At<'_>, faults: &mut Faults) {
    let mut set = Vec::new();
    let name = spec.child("nodeName");
    if name.given() && name.text().is_empty() {
        name.invalid("must be either unset or set to a non-empty string", faults);
    } else if name.given() {
        set.push("`nodeName`");
        name.each(names::dns1123_subdomain(name.text()), faults);
    }
    let selector = spec.child("nodeSelector");
    if selector.given() {
        set.push("`nodeSelector`");
        placement::node_selector(selector.value, &selector.path, faults);
        let terms = selector.child("nodeSelectorTerms");
        if terms.len() != 1 {
            let kind = "[]core.NodeSelectorTerm";
            terms.invalid_struct(kind, "must have exactly one node selector term", faults);
        }
    }
    for (field, told) in
        [("allNodes", "`allNodes`"), ("perDeviceNodeSelection", "`perDeviceNodeSelection`")]
    {
        let flag = spec.child(field);
        if spec.flag_of(field) {
            set.push(told);
        } else if flag.given() {
            flag.invalid("must be either unset or set to true", faults);
        }
    }
    let why = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    match set.len() {
        0 => spec.required(why, faults),
        1 => {}
        _ => {
            let why = format!("{why}, but multiple fields are set");
            spec.invalid_as(format!("{{{}}}", set.join(", ")), why, faults);
        }
    }
}

/// `validateDevice`.
fn published(device: &At<'_>, each_has_nodes: bool, faults: &mut Faults) {
    label(&device.child("name"), faults);
    let (attributes, capacity) = (device.child("attributes"), device.child("capacity"));
    let entries = attributes.len() + capacity.len();
    if entries > MOST_ENTRIES {
        let why =
            format!("the total number of attributes and capacities must not exceed {MOST_ENTRIES}");
        device.invalid_as(entries, why, faults);
    }
    let values =
        |one: &At<'_>| LISTS.iter().map(|list| one.child(list).len()).sum::<usize>().max(1);
    let values: usize = attributes.entries().iter().map(|(_, one)| values(one)).sum();
    if values > MOST_VALUES {
        let why = format!("the total number of attribute values must not exceed {MOST_VALUES}");
        device.invalid_as(values, why, faults);
    }
    for (key, one) in attributes.entries() {
        qualified(&attributes, key, faults);
        attribute(&one, faults);
    }
    for (key, one) in capacity.entries() {
        qualified(&capacity, key, faults);
        let policy = one.child("requestPolicy");
        if policy.given() {
            request_policy(&policy, device.flag_of("allowMultipleAllocations"), faults);
        }
    }
    for taint in few(&device.child("taints"), MOST_TAINTS, faults) {
        tainted(&taint, faults);
    }
    let consumed = few(&device.child("consumesCounters"), MOST_CONSUMED, faults);
    for one in &consumed {
        counters(one, "counterSet", faults);
    }
    unique(&consumed, |one| one.text_of("counterSet"), faults);
    device_nodes(device, each_has_nodes, faults);
    binding_conditions(device, faults);
}

/// On which nodes one device is.
fn device_nodes(device: &At<'_>, each_has_nodes: bool, faults: &mut Faults) {
    let (name, selector) = (device.child("nodeName"), device.child("nodeSelector"));
    let all = device.child("allNodes");
    if !each_has_nodes {
        if name.given() || selector.given() || all.given() {
            let why = "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
            device.invalid_as(Value::Null, why, faults);
        }
        return;
    }
    let mut set = Vec::new();
    if name.given() && name.text().is_empty() {
        name.invalid("must not be empty", faults);
    } else if name.given() {
        set.push("`nodeName`");
        name.each(names::dns1123_subdomain(name.text()), faults);
    }
    if selector.given() {
        set.push("`nodeSelector`");
        placement::node_selector(selector.value, &selector.path, faults);
    }
    if device.flag_of("allNodes") {
        set.push("`allNodes`");
    } else if all.given() {
        all.invalid("must be either unset or set to true", faults);
    }
    let why = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    match set.len() {
        0 => device.required(why, faults),
        1 => {}
        _ => device.invalid_as(format!("{{{}}}", set.join(", ")), why, faults),
    }
}

/// `validateDeviceAttribute`.
fn attribute(one: &At<'_>, faults: &mut Faults) {
    let version = |at: &At<'_>, faults: &mut Faults| {
        if !is_version(at.text()) {
            at.invalid("must be a string compatible with semver.org spec 2.0.0", faults);
        }
    };
    let short = |at: &At<'_>, faults: &mut Faults| {
        if at.text().len() > LONGEST_VALUE {
            faults.push(FieldError::too_long(&at.path, LONGEST_VALUE));
        }
    };
    let (text, number) = (one.child("string"), one.child("version"));
    short(&text, faults);
    if number.given() {
        version(&number, faults);
        short(&number, faults);
    }
    one.list("strings").iter().for_each(|at| short(at, faults));
    for at in one.list("versions") {
        version(&at, faults);
        short(&at, faults);
    }
    let singles = ["bool", "int", "string", "version"].into_iter().filter(|field| one.has(field));
    // A list without items is none.
    let lists = LISTS.into_iter().filter(|list| one.child(list).len() > 0);
    let why = "exactly one value must be specified";
    match singles.count() + lists.count() {
        0 => one.invalid_as("", why, faults),
        1 => {}
        _ => faults.push(FieldError::invalid_printed(&one.path, go_attribute(one), why)),
    }
}

/// An attribute as Go prints it.
fn go_attribute(one: &At<'_>) -> String {
    let members = [
        ("IntValue", "int"),
        ("BoolValue", "bool"),
        ("StringValue", "string"),
        ("VersionValue", "version"),
        ("IntValues", "ints"),
        ("BoolValues", "bools"),
        ("StringValues", "strings"),
        ("VersionValues", "versions"),
    ];
    let shown = members.map(|(go, json)| (go, one.child(json).value.clone()));
    internal::go_struct(&shown)
}

/// `semverRe`.
fn is_version(text: &str) -> bool {
    let (text, build) =
        text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, before) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let word = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let numbers: Vec<&str> = core.split('.').collect();
    numbers.len() == 3
        && numbers.into_iter().all(number)
        && before.is_none_or(|all| {
            all.split('.').all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.is_none_or(|all| all.split('.').all(word))
}

/// `validateRequestPolicy`; whether the values fit each other and the capacity is not looked at.
fn request_policy(policy: &At<'_>, shared: bool, faults: &mut Faults) {
    if !shared {
        return policy.forbidden("allowMultipleAllocations must be true", faults);
    }
    let (values, range) = (policy.child("validValues").len() > 0, policy.has("validRange"));
    if values && range {
        let why = "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the same time";
        return policy.forbidden(why, faults);
    }
    let default = policy.child("default");
    for (given, field) in [(values, "validValues"), (range, "validRange")] {
        if given && !default.given() {
            default.required(&format!("required when {field} is defined"), faults);
        }
    }
    if range && default.given() && !policy.child("validRange").has("min") {
        policy.at(&["validRange", "min"]).required("required when validRange is defined", faults);
    }
}

/// `validateCounterSet` and `validateDeviceCounterConsumption`.
fn counters(set: &At<'_>, name: &str, faults: &mut Faults) {
    let (name, counters) = (set.child(name), set.child("counters"));
    if name.some_text(faults) {
        label(&name, faults);
    }
    if counters.len() == 0 {
        return counters.required("", faults);
    }
    if counters.len() > MOST_COUNTERS {
        return counters.too_many(MOST_COUNTERS, faults);
    }
    for (key, _) in counters.entries() {
        counters.each_as(key, names::dns1123_label(key), faults);
    }
}

/// `validateDeviceBindingParameters`.
fn binding_conditions(device: &At<'_>, faults: &mut Faults) {
    let (good, bad) = (device.child("bindingConditions"), device.child("bindingFailureConditions"));
    for list in [&good, &bad] {
        for one in few(list, MOST_CONDITIONS, faults) {
            one.each(names::qualified_name(one.text()), faults);
        }
    }
    unique(&good.items(), At::text, faults);
    let mut seen: Vec<&str> = Vec::new();
    for one in bad.items() {
        if seen.contains(&one.text()) {
            one.duplicate(faults);
        }
        seen.push(one.text());
        if good.items().iter().any(|other| other.text() == one.text()) {
            let why = "bindingFailureConditions must not overlap with bindingConditions";
            one.invalid(why, faults);
        }
    }
    let missing = |list: &At<'_>, why: &str, faults: &mut Faults| {
        list.invalid_as(list.value.clone(), why, faults);
    };
    match (good.len(), bad.len()) {
        (0, 1..) => {
            missing(
                &good,
                "bindingConditions are required to use bindingFailureConditions",
                faults,
            );
        }
        (1.., 0) => {
            missing(&bad, "bindingFailureConditions are required to use bindingConditions", faults);
        }
        _ => {}
    }
}
