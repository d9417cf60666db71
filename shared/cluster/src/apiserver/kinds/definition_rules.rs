//! What is wrong with the rules of a definition (`apiextensions-apiserver/pkg/apis/apiextensions/validation`).

mod cost;
mod path;

use apimachinery::field_error::FieldError;
use serde_json::{Map, Value};

use self::cost::{Cardinality, Total};
pub(crate) use self::path::field_path;
use super::super::custom::rules::{self, KEY, Rule};
use super::Faults;
use crate::expressions::Expressions;
use crate::fields::{flag, items, text};

/// `supportedValidationReason`.
const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

fn has_newlines(text: &str) -> bool {
    text.contains(['\n', '\r'])
}

/// What can be told of the rules of one schema without compiling them.
pub(super) fn words(schema: &Value, path: &str, faults: &mut Faults) {
    for (index, rule) in items(schema, KEY).iter().enumerate() {
        let at = |field: &str| format!("{path}.x-kubernetes-validations[{index}].{field}");
        let (source, message) = (text(rule, "/rule").trim(), text(rule, "/message"));
        if source.is_empty() {
            faults.push(FieldError::required(&at("rule"), "rule is not specified"));
        } else if !message.is_empty() && message.trim().is_empty() {
            let why = "must be non-empty if specified";
            faults.push(FieldError::invalid(&at("message"), message, why));
        } else if has_newlines(message.trim()) {
            let why = "must not contain line breaks";
            faults.push(FieldError::invalid(&at("message"), message, why));
        } else if has_newlines(source) && message.trim().is_empty() {
            let why = "message must be specified if rule contains line breaks";
            faults.push(FieldError::required(&at("message"), why));
        }
        let expression = text(rule, "/messageExpression");
        if !expression.is_empty() && expression.trim().is_empty() {
            let why = "messageExpression must be non-empty if specified";
            faults.push(FieldError::required(&at("messageExpression"), why));
        }
        let reason = text(rule, "/reason");
        if !reason.is_empty() && !REASONS.contains(&reason) {
            faults.push(FieldError::not_supported(&at("reason"), reason, &REASONS));
        }
        words_of_path(schema, text(rule, "/fieldPath"), &at("fieldPath"), faults);
    }
}

fn words_of_path(schema: &Value, given: &str, path: &str, faults: &mut Faults) {
    let mut refuse = |why: &str| faults.push(FieldError::invalid(path, given, why));
    if given.is_empty() {
        return;
    }
    if given.trim().is_empty() {
        refuse("must be non-empty if specified");
    }
    if has_newlines(given) {
        refuse("must not contain line breaks");
    }
    if field_path(schema, given).is_err() {
        refuse("must be a valid path");
    }
}

/// Compiles the rules of a schema and tells what is wrong with them; `unchanged` is the schema of a version that
/// was accepted before, whose rules may cost what they did.
pub(crate) fn validate(
    schema: &Value,
    path: &str,
    expressions: &dyn Expressions,
    unchanged: bool,
    faults: &mut Faults,
) {
    let mut walk = Walk { expressions, unchanged, total: Total::default(), faults: Vec::new() };
    let node = Node { path: path.to_owned(), root: true, ..Node::default() };
    walk.node(schema, &node);
    faults.append(&mut walk.faults);
    walk.total.judge(path, faults);
}

/// Where a schema stands.
#[derive(Clone, Default)]
struct Node {
    path: String,
    root: bool,
    cardinality: Cardinality,
    /// The nearest schema above whose parts do not correspond to what was there before.
    uncorrelatable: Option<String>,
}

struct Walk<'a> {
    expressions: &'a dyn Expressions,
    unchanged: bool,
    total: Total,
    faults: Faults,
}

impl Walk<'_> {
    fn node(&mut self, schema: &Value, node: &Node) {
        let below = |path: String, uncorrelatable: Option<String>| Node {
            path,
            root: false,
            cardinality: node.cardinality.below(schema),
            uncorrelatable: node.uncorrelatable.clone().or(uncorrelatable),
        };
        if let Some(more) = schema.get("additionalProperties").filter(|more| more.is_object()) {
            let path = format!("{}.additionalProperties", node.path);
            self.node(more, &below(path, None));
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, one) in properties.into_iter().flat_map(Map::iter) {
            self.node(one, &below(format!("{}.properties[{name}]", node.path), None));
        }
        if let Some(inner) = schema.get("items").filter(|one| one.is_object()) {
            let keyed = text(schema, "/x-kubernetes-list-type") == "map";
            let uncorrelatable = (!keyed).then(|| node.path.clone());
            self.node(inner, &below(format!("{}.items", node.path), uncorrelatable));
        }
        self.rules(schema, node);
    }

    fn rules(&mut self, schema: &Value, node: &Node) {
        let specs = items(schema, KEY);
        if specs.is_empty() {
            return;
        }
        let resource = node.root || flag(schema, "/x-kubernetes-embedded-resource");
        for (index, spec) in specs.iter().enumerate() {
            let path = format!("{}.x-kubernetes-validations[{index}]", node.path);
            let optional = flag(spec, "/optionalOldSelf");
            let environment = rules::environment(self.expressions, schema, (resource, optional));
            let Some(environment) = environment else {
                let path = format!("{}.x-kubernetes-validations", node.path);
                let why = "internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations";
                self.faults.push(FieldError::invalid_printed(&path, "", why));
                return;
            };
            let rule = rules::compile(spec, environment.as_ref());
            let smallest = environment.smallest();
            self.judge(&rule, &path, node, smallest);
        }
    }

    /// What is wrong with a compiled rule.
    fn judge(&mut self, rule: &Rule, path: &str, node: &Node, smallest: u64) {
        let at = |field: &str| format!("{path}.{field}");
        let cost = match &rule.program {
            Some(Ok(program)) => node.cardinality.times(program.cost, smallest),
            _ => 0,
        };
        self.charge("estimated rule cost", &at("rule"), cost);
        if let Some(Err(why)) = &rule.program {
            let shown = printed(&rule.spec);
            self.faults.push(FieldError::invalid_printed(&at("rule"), shown, why.as_str()));
        }
        match &rule.message {
            Some(Err(why)) => {
                let shown = printed(&rule.spec);
                let path = at("messageExpression");
                self.faults.push(FieldError::invalid_printed(&path, shown, why.as_str()));
            }
            Some(Ok(message)) => {
                let cost = message.cost;
                self.charge("estimated messageExpression cost", &at("messageExpression"), cost);
            }
            None => {}
        }
        if rule.uses_old() {
            if let Some(above) = &node.uncorrelatable {
                let why = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {above}"
                );
                let source = text(&rule.spec, "/rule");
                self.faults.push(FieldError::invalid(&at("rule"), source, why));
            }
        } else if let Some(given) = rule.spec.get("optionalOldSelf").filter(|one| !one.is_null()) {
            let why = "may not be set if oldSelf is not used in rule";
            self.faults.push(FieldError::invalid(&at("optionalOldSelf"), given.clone(), why));
        }
    }

    fn charge(&mut self, what: &str, path: &str, cost: u64) {
        if !self.unchanged && cost > cost::EXPRESSION_LIMIT {
            let why = cost::too_much(what, cost, cost::EXPRESSION_LIMIT);
            self.faults.push(FieldError::forbidden(path, why));
        }
        self.total.observe(path, cost);
    }
}

/// A rule as Go prints it.
fn printed(spec: &Value) -> String {
    let shown = |field: &str| Value::from(text(spec, field)).to_string();
    let given = |field: &str| spec.get(field).cloned().unwrap_or_default().to_string();
    let whole = format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        shown("/rule"),
        shown("/message"),
        shown("/messageExpression"),
        given("reason"),
        shown("/fieldPath"),
        given("optionalOldSelf"),
    );
    // Go escapes what HTML would take for itself.
    whole.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}
