//! Environments, programs and evaluations.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::IdedExpr;
use cluster::expressions::{
    Authority, CALL_LIMIT, Compiled, Environment, Evaluation, Outcome, Shape, Variable,
};
use serde_json::Value as Json;

use crate::admission;
use crate::check::{Checked, Reference, Scope, check};
use crate::declarations::named;
use crate::estimate;
use crate::eval::{Evaluator, Names};
use crate::functions::World;
use crate::parse::parse;
use crate::schema::Declared;
use crate::source::display;
use crate::types::Type;
use crate::value::{Check, CheckKind, Fault, Value, from_json, from_schema, to_json};

const VARIABLES: &str = "variables";
const TOO_EXPENSIVE: &str = "operation cancelled: actual cost limit exceeded";

/// How the value of a variable is read.
#[derive(Debug)]
enum Reading {
    Plain,
    Structural { schema: Json, resource: bool, optional: bool },
    Authorizer,
    RequestResource,
}

/// An environment.
#[derive(Debug, Default)]
pub(crate) struct Scoped {
    scope: Scope,
    roots: BTreeMap<String, Declared>,
    readings: BTreeMap<&'static str, Reading>,
    smallest: u64,
    variables: Vec<(String, Arc<Program>)>,
}

/// An expression that was checked.
#[derive(Debug)]
struct Program {
    tree: IdedExpr,
    checked: Checked,
}

impl Scoped {
    /// What these variables make possible.
    pub(crate) fn new(variables: &[Variable<'_>]) -> Option<Self> {
        let mut scoped = Self::default();
        for variable in variables {
            scoped.declare(variable)?;
        }
        Some(scoped)
    }

    fn declare(&mut self, variable: &Variable<'_>) -> Option<()> {
        let mut optional_value = false;
        let (declared, reading) = match &variable.shape {
            Shape::Any => (Declared::unknown(), Reading::Plain),
            Shape::Structural { schema, resource, optional } => {
                let declared = Declared::of_schema(schema, *resource, "selfType")?;
                let schema = (*schema).clone();
                optional_value = *optional;
                (declared, Reading::Structural { schema, resource: *resource, optional: *optional })
            }
            Shape::Request => (admission::request(), Reading::Plain),
            Shape::Namespace => (admission::namespace(), Reading::Plain),
            Shape::Authorizer => {
                let ty = named("authorizer").unwrap_or(Type::Dyn);
                (Declared { ty, ..Declared::unknown() }, Reading::Authorizer)
            }
            Shape::RequestResource => {
                let ty = named("resourceCheck").unwrap_or(Type::Dyn);
                (Declared { ty, ..Declared::unknown() }, Reading::RequestResource)
            }
            Shape::Mutation => {
                self.scope.patches = true;
                return Some(());
            }
        };
        if self.readings.is_empty() {
            self.smallest = declared.min_size;
        }
        let ty = declared.ty.clone();
        let ty = if optional_value { Type::optional(ty) } else { ty };
        self.scope.variables.insert(variable.name.to_owned(), ty);
        self.roots.insert(variable.name.to_owned(), declared);
        self.readings.insert(variable.name, reading);
        Some(())
    }

    fn understand(&self, text: &str) -> Result<(Compiled, Arc<Program>, Type), String> {
        let parsed = parse(text)?;
        let checked = check(&parsed, &self.scope).map_err(|issues| display(issues, text))?;
        let ty = checked.types.get(&parsed.tree.id).cloned().unwrap_or(Type::Dyn);
        let cost = estimate::largest(&parsed.tree, &checked, &self.roots);
        let mut mentions: Vec<String> = checked
            .references
            .values()
            .filter_map(|reference| match reference {
                Reference::Name(name) => Some(name.clone()),
                Reference::Function { .. } => None,
            })
            .collect();
        mentions.sort();
        mentions.dedup();
        let program = Arc::new(Program { tree: parsed.tree, checked });
        let result = if ty == Type::Null { ty.name().to_owned() } else { ty.to_string() };
        let compiled =
            Compiled { program: Arc::<Program>::clone(&program), result, mentions, cost };
        Ok((compiled, program, ty))
    }
}

impl Environment for Scoped {
    fn compile(&self, text: &str) -> Result<Compiled, String> {
        self.understand(text).map(|(compiled, ..)| compiled)
    }

    fn define(&mut self, name: &str, text: &str) -> Result<Compiled, String> {
        let (compiled, program, ty) = self.understand(text)?;
        let mut fields = match self.scope.variables.get(VARIABLES) {
            Some(Type::Record(record)) => record.fields.clone(),
            _ => BTreeMap::new(),
        };
        fields.insert(name.to_owned(), ty);
        let record = Type::record("kubernetes.variables", fields);
        self.scope.variables.insert(VARIABLES.to_owned(), record);
        self.variables.push((name.to_owned(), program));
        Ok(compiled)
    }

    fn smallest(&self) -> u64 {
        self.smallest
    }

    fn begin<'a>(
        &'a self,
        inputs: &[(&'static str, Option<&Json>)],
        authority: Option<&'a dyn Authority>,
    ) -> Box<dyn Evaluation + 'a> {
        let mut values = BTreeMap::new();
        for (name, input) in inputs {
            let read = match self.readings.get(name) {
                Some(Reading::Structural { schema, resource, optional }) => {
                    let value = input.map(|input| from_schema(input, schema, *resource));
                    if *optional { Some(Value::Optional(value.map(Arc::new))) } else { value }
                }
                Some(Reading::Authorizer) => Some(Value::Check(Arc::default())),
                Some(Reading::RequestResource) => input.map(request_resource),
                Some(Reading::Plain) => input.map(from_json),
                None => None,
            };
            if let Some(value) = read {
                values.insert(*name, value);
            }
        }
        let known = RefCell::new(BTreeMap::new());
        let spent = RefCell::new(0);
        Box::new(Bound { environment: self, values, authority, known, spent })
    }
}

/// The question that a request itself is (`NewResourceAuthorizerVal`).
fn request_resource(request: &Json) -> Value {
    let text = |pointer: &str| {
        request.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    Value::Check(Arc::new(Check {
        kind: CheckKind::Resource,
        group: text("/resource/group"),
        resource: text("/resource/resource"),
        subresource: text("/subResource"),
        namespace: text("/namespace"),
        name: text("/name"),
        ..Check::default()
    }))
}

/// An environment with values.
struct Bound<'a> {
    environment: &'a Scoped,
    values: BTreeMap<&'static str, Value>,
    authority: World<'a>,
    /// The variables of a policy that are known by now.
    known: RefCell<BTreeMap<String, Result<Value, Fault>>>,
    /// What they did cost since it was last asked.
    spent: RefCell<u64>,
}

impl Names for Bound<'_> {
    fn resolve(&self, name: &str) -> Option<Result<Value, Fault>> {
        if name != VARIABLES || self.environment.variables.is_empty() {
            return self.values.get(name).cloned().map(Ok);
        }
        None
    }

    fn variable(&self, name: &str) -> Option<Result<Value, Fault>> {
        if let Some(known) = self.known.borrow().get(name) {
            return Some(known.clone());
        }
        let variables = &self.environment.variables;
        let program = &variables.iter().find(|(own, _)| own == name)?.1;
        let mut evaluator = Evaluator::new(&program.checked, self, self.authority, CALL_LIMIT);
        let value = evaluator.run(&program.tree).map_err(|fault| match fault {
            Fault::Said(why) => {
                Fault::Said(format!("composited variable \"{name}\" fails to evaluate: {why}"))
            }
            Fault::Limit => Fault::Limit,
        });
        *self.spent.borrow_mut() += evaluator.cost;
        self.known.borrow_mut().insert(name.to_owned(), value.clone());
        Some(value)
    }
}

impl Evaluation for Bound<'_> {
    fn evaluate(&mut self, compiled: &Compiled, limit: u64) -> Outcome {
        let Some(program) = compiled.program.downcast_ref::<Program>() else {
            let value = Err("the expression is of another kind".to_owned());
            return Outcome { value, cost: 0, misnamed: Vec::new() };
        };
        let mut evaluator = Evaluator::new(&program.checked, self, self.authority, limit);
        let value = evaluator.run(&program.tree);
        let cost = evaluator.cost + self.spent.take();
        let misnamed = value.as_ref().map(admission::misnamed).unwrap_or_default();
        let value = match value {
            Ok(value) => to_json(&value).ok_or_else(|| {
                format!("type conversion error from '{}' to JSON", value.type_name())
            }),
            Err(Fault::Said(why)) => Err(why),
            Err(Fault::Limit) => Err(TOO_EXPENSIVE.to_owned()),
        };
        Outcome { value, cost, misnamed }
    }
}
