//! The rules over an object (`apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::ratchet::{Ratchet, same_item};
use super::{Own, Rule, Rules};
use crate::apiserver::kinds::Faults;
use crate::apiserver::kinds::definition_rules::field_path;
use crate::expressions::{CALL_LIMIT, Evaluation};
use crate::fields::text;

/// What all rules of an object may cost (`RuntimeCELCostBudget`).
const BUDGET: u64 = 10_000_000;
/// The longest message that an expression may tell (`MaxEvaluatedMessageExpressionSizeBytes`).
const LONGEST_MESSAGE: usize = 5 * 1024;
const SPENT: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// What the rules found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What is wrong.
    pub(crate) faults: Faults,
    /// What was wrong before, too.
    pub(crate) warnings: Vec<String>,
}

/// Evaluates the rules of an object; the old one is what it replaces.
pub(crate) fn evaluate(rules: &Rules, new: &Value, old: Option<&Value>) -> Found {
    let mut walk = Walk { found: Found::default(), left: Some(BUDGET) };
    let ratchet = old.map(|old| Ratchet::of(&rules.schema, new, old)).unwrap_or_default();
    walk.node(rules, "", (new, old), ratchet);
    walk.found
}

struct Walk {
    found: Found,
    /// What is left of the budget; nothing when it is spent.
    left: Option<u64>,
}

/// A new value, and the old one that corresponds to it.
type Values<'a> = (&'a Value, Option<&'a Value>);

fn child(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

/// A path as Go prints it, which has a word for none.
fn shown(path: &str) -> &str {
    if path.is_empty() { "<nil>" } else { path }
}

impl Walk {
    fn fault(&mut self, rules: &Rules, path: &str, why: String) {
        let kind = text(&rules.schema, "/type");
        self.found.faults.push(FieldError::invalid(shown(path), kind, why));
    }

    fn node(&mut self, rules: &Rules, path: &str, (new, old): Values<'_>, ratchet: Ratchet<'_>) {
        if new.is_null() {
            return;
        }
        if let Some(own) = &rules.own {
            self.rules(rules, own, path, (new, old), ratchet);
        }
        for one in &rules.all_of {
            if self.left.is_some() {
                self.node(one, path, (new, old), ratchet.all_of());
            }
        }
        match new {
            Value::Array(list) => {
                for (index, item) in list.iter().enumerate() {
                    let Some(below) = rules.items.as_deref().filter(|_| self.left.is_some()) else {
                        return;
                    };
                    let before = same_item(&rules.schema, old, item);
                    let path = format!("{path}[{index}]");
                    self.node(below, &path, (item, before), ratchet.index(index));
                }
            }
            Value::Object(map) => {
                let before = |key: &str| old.and_then(|old| old.get(key));
                for (key, one) in map.iter().filter(|_| rules.values.is_some()) {
                    let Some(below) = rules.values.as_deref().filter(|_| self.left.is_some())
                    else {
                        return;
                    };
                    let path = format!("{path}[{key}]");
                    self.node(below, &path, (one, before(key)), ratchet.key(key));
                }
                for (key, one) in map {
                    let Some(below) = rules.properties.get(key).filter(|_| self.left.is_some())
                    else {
                        continue;
                    };
                    self.node(below, &child(path, key), (one, before(key)), ratchet.key(key));
                }
            }
            _ => {}
        }
    }

    /// `validateExpressions`.
    fn rules(
        &mut self,
        rules: &Rules,
        own: &Own,
        path: &str,
        (new, old): Values<'_>,
        ratchet: Ratchet<'_>,
    ) {
        let old = old.filter(|old| !old.is_null());
        for rule in &own.rules {
            let program = match &rule.program {
                Some(Ok(program)) => program,
                Some(Err(why)) => {
                    self.fault(rules, path, format!("rule compile error: {why}"));
                    continue;
                }
                None => continue,
            };
            if rule.uses_old() && old.is_none() && !rule.optional() {
                continue;
            }
            let Some(left) = self.left else { return };
            let Some(environment) = own.environment(rule) else { continue };
            let mut evaluation = environment.begin(&[("self", Some(new)), ("oldSelf", old)], None);
            let outcome = evaluation.evaluate(program, CALL_LIMIT);
            self.left = left.checked_sub(outcome.cost);
            if self.left.is_none() {
                self.fault(rules, path, SPENT.to_owned());
                return;
            }
            match outcome.value {
                Ok(Value::Bool(true)) => {}
                Ok(_) => {
                    self.failed(rules, rule, path, (new, ratchet), evaluation.as_mut());
                    if self.left.is_none() {
                        return;
                    }
                }
                Err(why) => {
                    self.fault(rules, path, told(rule, &why));
                    if why.starts_with(TOO_EXPENSIVE) {
                        self.left = None;
                        return;
                    }
                }
            }
        }
    }

    /// Says that a rule does not hold.
    fn failed(
        &mut self,
        rules: &Rules,
        rule: &Rule,
        path: &str,
        (new, ratchet): (&Value, Ratchet<'_>),
        evaluation: &mut dyn Evaluation,
    ) {
        let path = match field_path(&rules.schema, text(&rule.spec, "/fieldPath")) {
            Ok(below) if !below.is_empty() => child(path, &below),
            _ => path.to_owned(),
        };
        let message = match self.message(rule, evaluation) {
            Ok(message) => message.unwrap_or_else(|| default_message(rule)),
            Err(why) => {
                self.left = None;
                self.fault(rules, &path, why);
                return;
            }
        };
        let scalar = !matches!(text(&rules.schema, "/type"), "object" | "array");
        let fault = fault_of(shown(&path), new, scalar, message, text(&rule.spec, "/reason"));
        if !rule.uses_old() && ratchet.unchanged() {
            self.found.warnings.push(fault.to_string());
        } else {
            self.found.faults.push(fault);
        }
    }

    /// `evalMessageExpression`; nothing when it tells nothing, an error when it is too expensive.
    fn message(
        &mut self,
        rule: &Rule,
        evaluation: &mut dyn Evaluation,
    ) -> Result<Option<String>, String> {
        let Some(Ok(program)) = &rule.message else { return Ok(None) };
        let outcome = evaluation.evaluate(program, CALL_LIMIT);
        self.left = self.left.and_then(|left| left.checked_sub(outcome.cost));
        if self.left.is_none() {
            return Err("messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run".to_owned());
        }
        match outcome.value {
            Err(why) if why.starts_with(TOO_EXPENSIVE) => Err(format!(
                "no further validation rules will be run due to call cost exceeds limit for messageExpression: {:?}",
                text(&rule.spec, "/messageExpression")
            )),
            Ok(Value::String(said)) => {
                let said = said.trim();
                let fits =
                    !said.is_empty() && !said.contains('\n') && said.len() <= LONGEST_MESSAGE;
                Ok(fits.then(|| said.to_owned()))
            }
            _ => Ok(None),
        }
    }
}

const TOO_EXPENSIVE: &str = "operation cancelled: actual cost limit exceeded";

/// `ruleErrorString`.
fn name(rule: &Rule) -> String {
    let message = text(&rule.spec, "/message");
    if message.is_empty() { text(&rule.spec, "/rule") } else { message }.trim().to_owned()
}

fn default_message(rule: &Rule) -> String {
    let message = text(&rule.spec, "/message");
    if message.is_empty() {
        format!("failed rule: {}", name(rule))
    } else {
        message.trim().to_owned()
    }
}

/// An error of a rule that could not be evaluated.
fn told(rule: &Rule, why: &str) -> String {
    let name = name(rule);
    if why.starts_with("no such overload") {
        return format!(
            "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {name}"
        );
    }
    if why.starts_with(TOO_EXPENSIVE) {
        return format!(
            "'{why}': no further validation rules will be run due to call cost exceeds limit for rule: {name}"
        );
    }
    format!("{why} evaluating rule: {name}")
}

/// `fieldErrorForReason`.
fn fault_of(path: &str, value: &Value, scalar: bool, message: String, reason: &str) -> FieldError {
    match reason {
        "FieldValueForbidden" => FieldError::forbidden(path, message),
        "FieldValueRequired" => FieldError::required(path, message),
        "FieldValueDuplicate" if scalar => FieldError::duplicate(path, value.clone()),
        "FieldValueDuplicate" => {
            FieldError { value: String::new(), ..FieldError::duplicate(path, "") }
        }
        _ if scalar => FieldError::invalid(path, value.clone(), message),
        _ => FieldError::invalid_printed(path, "", message),
    }
}
