//! What a Job says about failed pods and about success (`validatePodFailurePolicy`, `validateSuccessPolicy`).

use super::Faults;
use super::at::At;

const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
const OPERATORS: [&str; 2] = ["In", "NotIn"];
const STATUSES: [&str; 3] = ["False", "True", "Unknown"];

pub(super) fn validate(spec: &At<'_>, faults: &mut Faults) {
    let failure = spec.child("podFailurePolicy");
    if failure.given() {
        failure_policy(spec, &failure.child("rules"), faults);
    }
    let success = spec.child("successPolicy");
    if success.given() {
        if spec.text_of("completionMode") == "Indexed" {
            success_policy(spec, &success.child("rules"), faults);
        } else {
            let why = "requires indexed completion mode";
            success.invalid_struct("batch.SuccessPolicy", why, faults);
        }
    }
    let replacement = spec.child("podReplacementPolicy");
    if replacement.given() {
        let known: &[&str] =
            if failure.given() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        replacement.one_of(known, faults);
    }
}

/// Required, with the words that may stand there.
fn word(at: &At<'_>, known: &[&str], faults: &mut Faults) {
    if at.text().is_empty() {
        let quoted: Vec<String> = known.iter().map(|one| format!("{one:?}")).collect();
        at.required(&format!("valid values: [{}]", quoted.join(" ")), faults);
    } else {
        at.one_of(known, faults);
    }
}

fn failure_policy(spec: &At<'_>, rules: &At<'_>, faults: &mut Faults) {
    rules.too_many(20, faults);
    let pod = spec.at(&["template", "spec"]);
    let names: Vec<&str> = ["containers", "initContainers"]
        .iter()
        .flat_map(|list| pod.list(list))
        .map(|container| container.text_of("name"))
        .collect();
    for rule in rules.items() {
        let action = rule.child("action");
        if action.text() == "FailIndex" {
            if !spec.has("backoffLimitPerIndex") {
                action.invalid("requires the backoffLimitPerIndex to be set", faults);
            }
        } else {
            word(&action, &ACTIONS, faults);
        }
        let (codes, conditions) = (rule.child("onExitCodes"), rule.child("onPodConditions"));
        if codes.given() {
            exit_codes(&codes, &names, faults);
        }
        if conditions.len() > 0 {
            pod_conditions(&conditions, faults);
        }
        match (codes.given(), conditions.len() > 0) {
            (true, true) => {
                let why = "specifying both OnExitCodes and OnPodConditions is not supported";
                rule.invalid_omitted(why, faults);
            }
            (false, false) => {
                let why = "specifying one of OnExitCodes and OnPodConditions is required";
                rule.invalid_omitted(why, faults);
            }
            _ => {}
        }
    }
}

fn pod_conditions(conditions: &At<'_>, faults: &mut Faults) {
    conditions.too_many(20, faults);
    for pattern in conditions.items() {
        let kind = pattern.child("type");
        kind.each(apimachinery::names::qualified_name(kind.text()), faults);
        word(&pattern.child("status"), &STATUSES, faults);
    }
}

fn exit_codes(codes: &At<'_>, names: &[&str], faults: &mut Faults) {
    word(&codes.child("operator"), &OPERATORS, faults);
    let container = codes.child("containerName");
    if container.given() && !names.contains(&container.text()) {
        let why = "must be one of the container or initContainer names in the pod template";
        container.invalid(why, faults);
    }
    let values = codes.child("values");
    if values.len() == 0 {
        values.invalid("at least one value is required", faults);
    } else {
        values.too_many(255, faults);
    }
    let mut seen: Vec<i64> = Vec::new();
    for value in values.items() {
        let number = value.number().unwrap_or(0);
        if codes.text_of("operator") == "In" && number == 0 {
            value.invalid("must not be 0 for the In operator", faults);
        }
        if seen.contains(&number) {
            value.duplicate(faults);
        }
        seen.push(number);
    }
    if !seen.is_sorted() {
        values.invalid("must be ordered", faults);
    }
}

fn success_policy(spec: &At<'_>, rules: &At<'_>, faults: &mut Faults) {
    if rules.len() == 0 {
        let why = "at least one rules must be specified when the successPolicy is specified";
        rules.required(why, faults);
    }
    rules.too_many(20, faults);
    let completions = spec.number_of("completions").unwrap_or(0);
    for rule in rules.items() {
        let (count, indexes) = (rule.child("succeededCount"), rule.child("succeededIndexes"));
        if !count.given() && !indexes.given() {
            let why = "at least one of succeededCount or succeededIndexes must be specified";
            rule.required(why, faults);
        }
        let mut total = 0;
        if indexes.given() {
            match indexes_in(indexes.text(), completions) {
                Ok(found) => total = found,
                Err(why) => {
                    indexes.invalid(format!("error parsing succeededIndexes: {why}"), faults);
                }
            }
        }
        let Some(number) = count.number() else { continue };
        count.nonnegative(faults);
        if number > completions {
            let why = format!(
                "must be less than or equal to {completions} (the number of specified completions)"
            );
            count.invalid(why, faults);
        }
        if indexes.given() && number > total {
            let why = format!(
                "must be less than or equal to {total} (the number of indexes in the specified succeededIndexes field)"
            );
            count.invalid(why, faults);
        }
    }
}

/// How many indexes a list such as `1,3-5` names (`validateIndexesFormat`).
pub(super) fn indexes_in(text: &str, completions: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let mut total = 0;
    let mut last: Option<i64> = None;
    for interval in text.split(',') {
        let (from, to) = interval_of(interval, completions)?;
        if let Some(last) = last.filter(|last| *last >= from) {
            return Err(format!("non-increasing order, previous: {last}, current: {from}"));
        }
        total += to - from + 1;
        last = Some(to);
    }
    Ok(total)
}

pub(super) fn interval_of(text: &str, completions: i64) -> Result<(i64, i64), String> {
    let limits: Vec<&str> = text.split('-').collect();
    if limits.len() > 2 {
        return Err(format!(
            "the fragment {text:?} violates the requirement that an index interval can have at most two parts separated by '-'"
        ));
    }
    let index = |text: &str| {
        let why = || format!("cannot convert string to integer for index: {text:?}");
        text.parse::<i64>().ok().ok_or_else(why)
    };
    let too_large = |text: &str| format!("too large index: {text:?}");
    let first = limits.first().copied().unwrap_or_default();
    let from = index(first)?;
    if from >= completions {
        return Err(too_large(first));
    }
    let Some(second) = limits.get(1) else { return Ok((from, from)) };
    let to = index(second)?;
    if to >= completions {
        return Err(too_large(second));
    }
    if from >= to {
        return Err(format!("non-increasing order, previous: {from}, current: {to}"));
    }
    Ok((from, to))
}
