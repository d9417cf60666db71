//! `kubectl create poddisruptionbudget` and `priorityclass` (`create_pdb.go`, `create_priorityclass.go`).

use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::create::object;
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::value::set;

pub(super) fn disruption_budget(session: &Session<'_>, name: &str) -> Outcome<Value> {
    let flags = &session.flags;
    let selector = flags.text("selector");
    let (least, most) = (flags.text("min-available"), flags.text("max-unavailable"));
    if selector.is_empty() {
        return Err(Failure::message("a selector must be specified"));
    }
    if least.is_empty() && most.is_empty() {
        return Err(Failure::message("one of min-available or max-unavailable must be specified"));
    }
    if !least.is_empty() && !most.is_empty() {
        return Err(Failure::message("min-available and max-unavailable cannot be both specified"));
    }
    let mut budget = object(session, "policy/v1", "PodDisruptionBudget", name, true);
    for (flag, field, text) in
        [("min-available", "minAvailable", least), ("max-unavailable", "maxUnavailable", most)]
    {
        if text.is_empty() {
            continue;
        }
        let digits = text.strip_suffix('%').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::message(format!("invalid format specified for {flag}")));
        }
        let value = text.parse::<i32>().map_or_else(|_| Value::from(text), Value::from);
        set(&mut budget, &["spec", field], value);
    }
    set(&mut budget, &["spec", "selector"], label_selector(selector)?);
    let status = json!({
        "currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0,
    });
    set(&mut budget, &["status"], status);
    Ok(budget)
}

/// `metav1.ParseToLabelSelector`.
fn label_selector(text: &str) -> Outcome<Value> {
    let selector = LabelSelector::parse(text).map_err(|why| {
        Failure::Message(format!("couldn't parse the selector string \"{text}\": {why}"))
    })?;
    selector.to_object().map_err(Failure::Message)
}

pub(super) fn priority_class(session: &Session<'_>, name: &str) -> Value {
    let flags = &session.flags;
    let mut class = object(session, "scheduling.k8s.io/v1", "PriorityClass", name, false);
    set(&mut class, &["value"], Value::from(flags.int("value")));
    if flags.is("global-default") {
        set(&mut class, &["globalDefault"], Value::Bool(true));
    }
    if !flags.text("description").is_empty() {
        set(&mut class, &["description"], Value::from(flags.text("description")));
    }
    set(&mut class, &["preemptionPolicy"], Value::from(flags.text("preemption-policy")));
    class
}
