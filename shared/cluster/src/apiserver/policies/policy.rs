//! One policy, compiled (`policy/{validating,mutating}/plugin.go`, `admission/plugin/cel/compile.go`).

use std::sync::Arc;

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::super::kinds::Faults;
use crate::expressions::{Compiled, Environment, Expressions, Shape, Variable};
use crate::fields::{items, text};

/// An expression; the error says why it did not compile.
pub(super) type Program = Result<Compiled, String>;

/// A policy.
#[derive(Debug)]
pub(super) struct Policy {
    pub(super) spec: Arc<Value>,
    pub(super) conditions_environment: Box<dyn Environment>,
    pub(super) environment: Box<dyn Environment>,
    /// Name of the condition, and its program.
    pub(super) conditions: Vec<(String, Program)>,
    /// Validations: as written, program, message.
    pub(super) validations: Vec<(Value, Program, Option<Program>)>,
    pub(super) annotations: Vec<(String, String, Program)>,
    pub(super) mutations: Vec<Mutation>,
}

/// A mutation.
#[derive(Debug)]
pub(super) struct Mutation {
    /// Whether it gives JSON patches; otherwise it gives what is applied.
    pub(super) is_patch: bool,
    /// As written.
    pub(super) source: String,
    pub(super) program: Program,
}

/// What the expressions of a policy may name.
fn environment(
    spec: &Value,
    expressions: &dyn Expressions,
    (mutates, authorizer): (bool, bool),
) -> Option<Box<dyn Environment>> {
    let variable = |name, shape| Variable { name, shape };
    let mut variables = vec![
        variable("object", Shape::Any),
        variable("oldObject", Shape::Any),
        variable("namespaceObject", Shape::Namespace),
        variable("request", Shape::Request),
    ];
    if authorizer {
        variables.push(variable("authorizer", Shape::Authorizer));
        variables.push(variable("authorizer.requestResource", Shape::RequestResource));
    }
    if spec.pointer("/spec/paramKind").is_some_and(Value::is_object) {
        variables.push(variable("params", Shape::Any));
    }
    if mutates {
        variables.push(variable("", Shape::Mutation));
    }
    expressions.environment(&variables)
}

/// `CompileCELExpression`.
fn compile(environment: &dyn Environment, source: &str, wanted: &[&str]) -> Program {
    let compiled =
        environment.compile(source).map_err(|why| format!("compilation failed: {why}"))?;
    fits(&compiled, wanted)?;
    Ok(compiled)
}

fn fits(compiled: &Compiled, wanted: &[&str]) -> Result<(), String> {
    if wanted.is_empty() || wanted.contains(&compiled.result.as_str()) {
        return Ok(());
    }
    Err(match wanted {
        [only] => format!("must evaluate to {only} but got {}", compiled.result),
        all => format!("must evaluate to one of [{}] but got {}", all.join(" "), compiled.result),
    })
}

const BOOL: [&str; 1] = ["bool"];
const STRING: [&str; 1] = ["string"];
const TEXT: [&str; 2] = ["string", "null_type"];

impl Policy {
    /// Compiles a policy.
    pub(super) fn read(spec: &Arc<Value>, expressions: &dyn Expressions) -> Option<Self> {
        let mutates = text(spec, "/kind") == "MutatingAdmissionPolicy";
        let conditions_environment = environment(spec, expressions, (false, true))?;
        let mut environment = environment(spec, expressions, (mutates, true))?;
        let conditions = items(spec, "/spec/matchConditions")
            .iter()
            .map(|one| {
                let source = text(one, "/expression").trim();
                let program = compile(conditions_environment.as_ref(), source, &BOOL);
                (text(one, "/name").to_owned(), program)
            })
            .collect();
        for one in items(spec, "/spec/variables") {
            // One that does not compile is missing; who uses it does not compile either.
            drop(environment.define(text(one, "/name"), text(one, "/expression")));
        }
        let own = environment.as_ref();
        let validations = items(spec, "/spec/validations").iter().map(|one| {
            let message = text(one, "/messageExpression");
            let message = (!message.is_empty()).then(|| compile(own, message, &STRING));
            (one.clone(), compile(own, text(one, "/expression"), &BOOL), message)
        });
        let validations = validations.collect();
        let annotations = items(spec, "/spec/auditAnnotations").iter().map(|one| {
            let source = text(one, "/valueExpression");
            (text(one, "/key").to_owned(), source.to_owned(), compile(own, source.trim(), &TEXT))
        });
        let annotations = annotations.collect();
        let mutations = items(spec, "/spec/mutations").iter().map(|one| {
            let (is_patch, source, wanted) = mutation(one);
            let program = compile(own, source.trim(), &[wanted]);
            Mutation { is_patch, source: source.to_owned(), program }
        });
        let mutations = mutations.collect();
        Some(Self {
            spec: Arc::clone(spec),
            conditions_environment,
            environment,
            conditions,
            validations,
            annotations,
            mutations,
        })
    }

    pub(super) fn name(&self) -> &str {
        text(&self.spec, "/metadata/name")
    }

    pub(super) fn ignores_failures(&self) -> bool {
        text(&self.spec, "/spec/failurePolicy") == "Ignore"
    }
}

/// Whether a mutation is a JSON patch, its expression, and what that evaluates to.
fn mutation(one: &Value) -> (bool, &str, &'static str) {
    if text(one, "/patchType") == "JSONPatch" {
        (true, text(one, "/jsonPatch/expression"), "list(JSONPatch)")
    } else {
        (false, text(one, "/applyConfiguration/expression"), "Object")
    }
}

/// What is wrong with the expressions of a policy (`validateValidatingAdmissionPolicySpec`).
pub(crate) fn validate(spec: &Value, expressions: &dyn Expressions, faults: &mut Faults) {
    let mutates = text(spec, "/kind") == "MutatingAdmissionPolicy";
    let conditions = environment(spec, expressions, (false, true));
    let own = environment(spec, expressions, (mutates, true));
    let (Some(conditions), Some(mut own)) = (conditions, own) else { return };
    for (index, one) in items(spec, "/spec/matchConditions").iter().enumerate() {
        condition(conditions.as_ref(), "spec.matchConditions", (index, one), faults);
    }
    let mut check = |environment: &dyn Environment, path: String, source: &str, wanted: &[&str]| {
        // One that is missing was told already.
        let given = !source.trim().is_empty();
        if let Some(Err(why)) = given.then(|| compile(environment, source, wanted)) {
            faults.push(FieldError::invalid(&path, source, why));
        }
    };
    // A variable makes no objects; only mutations do.
    let Some(mut plain) = environment(spec, expressions, (false, true)) else { return };
    for (index, one) in items(spec, "/spec/variables").iter().enumerate() {
        let (name, source) = (text(one, "/name"), text(one, "/expression"));
        check(plain.as_ref(), format!("spec.variables[{index}].expression"), source, &[]);
        drop((plain.define(name, source), own.define(name, source)));
    }
    for (index, one) in items(spec, "/spec/validations").iter().enumerate() {
        let path = format!("spec.validations[{index}]");
        check(own.as_ref(), format!("{path}.expression"), text(one, "/expression"), &BOOL);
        let message = text(one, "/messageExpression");
        if message.is_empty() {
            continue;
        }
        // A message may not ask the authorizer.
        let asks = own.compile(message).is_ok_and(|one| asks_authorizer(&one));
        let without = environment(spec, expressions, (false, false)).filter(|_| asks);
        let environment = without.as_deref().unwrap_or_else(|| own.as_ref());
        check(environment, format!("{path}.messageExpression"), message, &STRING);
    }
    for (index, one) in items(spec, "/spec/auditAnnotations").iter().enumerate() {
        let path = format!("spec.auditAnnotations[{index}].valueExpression");
        check(own.as_ref(), path, text(one, "/valueExpression"), &TEXT);
    }
    for (index, one) in items(spec, "/spec/mutations").iter().enumerate() {
        let (patch, source, wanted) = mutation(one);
        let field = if patch { "jsonPatch" } else { "applyConfiguration" };
        check(
            own.as_ref(),
            format!("spec.mutations[{index}].{field}.expression"),
            source.trim(),
            &[wanted],
        );
    }
}

/// What is wrong with the conditions of webhooks.
pub(crate) fn validate_hooks(value: &Value, expressions: &dyn Expressions, faults: &mut Faults) {
    let Some(environment) = environment(value, expressions, (false, true)) else { return };
    for (hook, one) in items(value, "/webhooks").iter().enumerate() {
        let path = format!("webhooks[{hook}].matchConditions");
        for (index, one) in items(one, "/matchConditions").iter().enumerate() {
            condition(environment.as_ref(), &path, (index, one), faults);
        }
    }
}

/// What is wrong with the expression of a condition, before what is wrong with its name.
fn condition(
    environment: &dyn Environment,
    path: &str,
    (index, one): (usize, &Value),
    faults: &mut Faults,
) {
    let source = text(one, "/expression").trim();
    let given = !source.is_empty();
    let Some(Err(why)) = given.then(|| compile(environment, source, &BOOL)) else { return };
    let fault = FieldError::invalid(&format!("{path}[{index}].expression"), source, why);
    let place = |known: &FieldError| {
        let rest = known.field.strip_prefix(path)?.strip_prefix('[')?;
        rest.split_once(']')?.0.parse::<usize>().ok()
    };
    let after = faults.iter().position(|known| place(known).is_some_and(|own| own >= index));
    let last = || faults.iter().rposition(|known| place(known).is_some()).map(|last| last + 1);
    let at = after.or_else(last).unwrap_or(faults.len());
    faults.insert(at, fault);
}

fn asks_authorizer(compiled: &Compiled) -> bool {
    compiled.mentions.iter().any(|name| name.starts_with("authorizer"))
}
