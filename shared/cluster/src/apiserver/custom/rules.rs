//! `x-kubernetes-validations`: the rules of a schema, compiled once (`apiextensions-apiserver/pkg/apiserver/
//! schema/cel/compilation.go`).

mod evaluate;
mod ratchet;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use self::evaluate::{Found, evaluate};
use crate::expressions::{Compiled, Environment, Expressions, Shape, Variable};
use crate::fields::{flag, items, text};

pub(crate) const KEY: &str = "/x-kubernetes-validations";

/// The rules of a schema and of what is below it.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    own: Option<Own>,
    /// The schema that says what the values are.
    schema: Value,
    items: Option<Box<Self>>,
    values: Option<Box<Self>>,
    properties: BTreeMap<String, Self>,
    all_of: Vec<Self>,
}

/// The rules of one schema.
#[derive(Debug)]
struct Own {
    plain: Option<Box<dyn Environment>>,
    optional: Option<Box<dyn Environment>>,
    rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// As it is written.
    pub(crate) spec: Value,
    /// Nothing when it is empty.
    pub(crate) program: Option<Result<Compiled, String>>,
    /// What tells the message.
    pub(crate) message: Option<Result<Compiled, String>>,
}

impl Rule {
    /// Whether it compares with what was there before.
    pub(crate) fn uses_old(&self) -> bool {
        let program = self.program.as_ref().and_then(|program| program.as_ref().ok());
        program.is_some_and(|program| program.mentions.iter().any(|name| name == "oldSelf"))
    }

    fn optional(&self) -> bool {
        flag(&self.spec, "/optionalOldSelf")
    }
}

/// What the rules of a schema may name.
pub(crate) fn environment(
    expressions: &dyn Expressions,
    schema: &Value,
    (resource, optional): (bool, bool),
) -> Option<Box<dyn Environment>> {
    let shape = |optional| Shape::Structural { schema, resource, optional };
    expressions.environment(&[
        Variable { name: "self", shape: shape(false) },
        Variable { name: "oldSelf", shape: shape(optional) },
    ])
}

/// Compiles a rule (`compileRule`).
pub(crate) fn compile(spec: &Value, environment: &dyn Environment) -> Rule {
    let source = text(spec, "/rule");
    if source.trim().is_empty() {
        return Rule { spec: spec.clone(), program: None, message: None };
    }
    let program = match environment.compile(source) {
        Err(why) => Err(format!("compilation failed: {why}")),
        Ok(compiled) if compiled.result != "bool" => {
            Err("cel expression must evaluate to a bool".to_owned())
        }
        Ok(compiled) => Ok(compiled),
    };
    let source = text(spec, "/messageExpression");
    let message =
        (program.is_ok() && !source.is_empty()).then(|| match environment.compile(source) {
            Err(why) => Err(format!("messageExpression compilation failed: {why}")),
            Ok(compiled) if compiled.result != "string" => {
                Err("messageExpression must evaluate to a string".to_owned())
            }
            Ok(compiled) => Ok(compiled),
        });
    Rule { spec: spec.clone(), program: Some(program), message }
}

/// Whether a schema has rules anywhere.
pub(crate) fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            map.contains_key("x-kubernetes-validations") || map.values().any(has_rules)
        }
        Value::Array(list) => list.iter().any(has_rules),
        _ => false,
    }
}

impl Rules {
    /// The rules of the schema of a resource.
    pub(crate) fn read(schema: &Value, expressions: &dyn Expressions) -> Option<Self> {
        has_rules(schema).then(|| Self::of(schema, schema, true, expressions))
    }

    /// `validator`: the rules of `source`, over values of `schema`.
    fn of(source: &Value, schema: &Value, resource: bool, expressions: &dyn Expressions) -> Self {
        let embedded = |one: &Value| flag(one, "/x-kubernetes-embedded-resource");
        let below = |field: &str| {
            let (source, schema) = (source.get(field)?, schema.get(field)?);
            let found = source.is_object() && schema.is_object() && has_rules(source);
            found.then(|| Box::new(Self::of(source, schema, embedded(schema), expressions)))
        };
        let mut properties = BTreeMap::new();
        for (name, one) in source.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let own = schema.get("properties").and_then(|all| all.get(name));
            if let Some(own) = own.filter(|_| has_rules(one)) {
                properties.insert(name.clone(), Self::of(one, own, embedded(own), expressions));
            }
        }
        let all_of = items(source, "/allOf").iter().filter(|one| has_rules(one));
        let all_of = all_of.map(|one| Self::of(one, schema, resource, expressions)).collect();
        Self {
            own: Own::of(items(source, KEY), schema, resource, expressions),
            schema: schema.clone(),
            items: below("items"),
            values: below("additionalProperties"),
            properties,
            all_of,
        }
    }
}

impl Own {
    fn of(
        specs: &[Value],
        schema: &Value,
        resource: bool,
        expressions: &dyn Expressions,
    ) -> Option<Self> {
        if specs.is_empty() {
            return None;
        }
        let needed =
            |wanted: bool| specs.iter().any(|spec| flag(spec, "/optionalOldSelf") == wanted);
        let make = |optional: bool| {
            needed(optional)
                .then(|| environment(expressions, schema, (resource, optional)))
                .flatten()
        };
        let (plain, optional) = (make(false), make(true));
        let rules = specs
            .iter()
            .filter_map(|spec| {
                let own = if flag(spec, "/optionalOldSelf") { &optional } else { &plain };
                Some(compile(spec, own.as_deref()?))
            })
            .collect();
        Some(Self { plain, optional, rules })
    }

    fn environment(&self, rule: &Rule) -> Option<&dyn Environment> {
        if rule.optional() { self.optional.as_deref() } else { self.plain.as_deref() }
    }
}
