//! The interpreter (`cel-go/interpreter`), which counts what it costs (`runtimecost.go`).

mod cost;
mod fold;

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, SelectExpr, operators,
};

use crate::check::{Checked, Reference};
use crate::declarations::type_identifier;
use crate::functions::{self, World};
use crate::types::Type;
use crate::value::{Fault, Made, Value};

/// Where variables come from.
pub(crate) trait Names {
    /// The value of a variable, with what it costs to know it.
    fn resolve(&self, name: &str) -> Option<Result<Value, Fault>>;

    /// The value of a named expression, `variables.<name>`.
    fn variable(&self, name: &str) -> Option<Result<Value, Fault>>;
}

/// One evaluation.
pub(crate) struct Evaluator<'a> {
    checked: &'a Checked,
    names: &'a dyn Names,
    world: World<'a>,
    locals: Vec<(&'a str, Value)>,
    limit: u64,
    pub(crate) cost: u64,
}

type Answer = Result<Value, Fault>;

impl<'a> Evaluator<'a> {
    pub(crate) fn new(
        checked: &'a Checked,
        names: &'a dyn Names,
        world: World<'a>,
        limit: u64,
    ) -> Self {
        Self { checked, names, world, locals: Vec::new(), limit, cost: 0 }
    }

    /// Evaluates the whole.
    pub(crate) fn run(&mut self, tree: &'a IdedExpr) -> Answer {
        self.eval(tree)
    }

    fn charge(&mut self, cost: u64) -> Result<(), Fault> {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > self.limit { Err(Fault::Limit) } else { Ok(()) }
    }

    fn eval(&mut self, tree: &'a IdedExpr) -> Answer {
        match &tree.expr {
            Expr::Unspecified => Err(Fault::no_overload()),
            Expr::Literal(literal) => Ok(constant(literal)),
            Expr::Ident(name) => self.name(tree, name),
            Expr::Select(select) => self.select(tree, select),
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) => self.list(&list.elements, &list.optional_indices),
            Expr::Map(map) => self.map(&map.entries),
            Expr::Struct(made) => self.make(&made.type_name, &made.entries),
            Expr::Comprehension(one) => self.fold(one),
        }
    }

    fn name(&mut self, tree: &IdedExpr, name: &str) -> Answer {
        let name = match self.checked.references.get(&tree.id) {
            Some(Reference::Name(full)) => full.as_str(),
            _ => name,
        };
        if let Some((_, value)) = self.locals.iter().rev().find(|(local, _)| *local == name) {
            let value = value.clone();
            self.charge(1)?;
            return value.sound();
        }
        if let Some(value) = self.names.resolve(name) {
            self.charge(1)?;
            return value?.sound();
        }
        match type_identifier(name) {
            Some(Type::Kind(Some(of))) => Ok(Value::Type(of.name().into())),
            Some(_) => Ok(Value::Type("type".into())),
            None => Err(Fault::said(format!("no such attribute(s): {name}"))),
        }
    }

    fn select(&mut self, tree: &'a IdedExpr, select: &'a SelectExpr) -> Answer {
        if let Some(Reference::Name(name)) = self.checked.references.get(&tree.id) {
            return self.name(tree, name);
        }
        if matches!(&select.operand.expr, Expr::Ident(name) if name == "variables")
            && let Some(value) = self.names.variable(&select.field)
        {
            self.charge(2)?;
            return if select.test { value.map(|_| Value::Bool(true)) } else { value?.sound() };
        }
        let operand = self.operand(&select.operand)?;
        let key = Value::string(select.field.as_str());
        if select.test {
            return Ok(Value::Bool(find(&operand, &key)?.is_some()));
        }
        self.charge(1)?;
        qualify(operand, &key, false)
    }

    /// What is selected from: a value that was computed counts as an attribute of its own.
    fn operand(&mut self, tree: &'a IdedExpr) -> Answer {
        let value = self.eval(tree)?;
        let attribute = match &tree.expr {
            Expr::Ident(_) | Expr::Select(_) => true,
            Expr::Call(call) => [operators::INDEX, operators::OPT_INDEX, operators::OPT_SELECT]
                .contains(&call.func_name.as_str()),
            _ => false,
        };
        self.charge(u64::from(!attribute))?;
        Ok(value)
    }

    fn call(&mut self, tree: &'a IdedExpr, call: &'a CallExpr) -> Answer {
        let args = call.args.as_slice();
        match (call.func_name.as_str(), args) {
            (operators::LOGICAL_AND, [one, other]) => self.logical(one, other, false),
            (operators::LOGICAL_OR, [one, other]) => self.logical(one, other, true),
            (operators::CONDITIONAL, [condition, yes, no]) => match self.eval(condition)? {
                Value::Bool(true) => self.eval(yes),
                Value::Bool(false) => self.eval(no),
                _ => Err(Fault::no_overload()),
            },
            (operators::INDEX, [operand, index]) => self.index(operand, index, false),
            (operators::OPT_INDEX | operators::OPT_SELECT, [operand, index]) => {
                self.index(operand, index, true)
            }
            (operators::NOT_STRICTLY_FALSE, [one]) => match self.eval(one) {
                Err(Fault::Limit) => Err(Fault::Limit),
                Ok(Value::Bool(value)) => Ok(Value::Bool(value)),
                _ => Ok(Value::Bool(true)),
            },
            ("or" | "orValue", [fallback]) => match call.target.as_deref() {
                Some(target) => self.or(target, fallback, call.func_name == "or"),
                None => Err(Fault::no_overload()),
            },
            _ => self.function(tree, call),
        }
    }

    fn logical(&mut self, one: &'a IdedExpr, other: &'a IdedExpr, decides: bool) -> Answer {
        let mut fault = None;
        for term in [one, other] {
            match self.eval(term) {
                Ok(Value::Bool(value)) if value == decides => return Ok(Value::Bool(decides)),
                Ok(Value::Bool(_)) => {}
                Ok(_) => fault = fault.or_else(|| Some(Fault::no_overload())),
                Err(Fault::Limit) => return Err(Fault::Limit),
                Err(said) => fault = fault.or(Some(said)),
            }
        }
        fault.map_or(Ok(Value::Bool(!decides)), Err)
    }

    fn or(&mut self, target: &'a IdedExpr, fallback: &'a IdedExpr, whole: bool) -> Answer {
        let optional = self.eval(target)?;
        match optional {
            Value::Optional(Some(value)) if whole => Ok(Value::Optional(Some(value))),
            Value::Optional(Some(value)) => value.as_ref().clone().sound(),
            Value::Optional(None) => self.eval(fallback),
            _ => Err(Fault::no_overload()),
        }
    }

    fn index(&mut self, operand: &'a IdedExpr, index: &'a IdedExpr, optional: bool) -> Answer {
        let operand = self.operand(operand)?;
        let key = self.eval(index)?;
        self.charge(1)?;
        qualify(operand, &key, optional)
    }

    fn function(&mut self, tree: &'a IdedExpr, call: &'a CallExpr) -> Answer {
        let (name, qualified, overloads): (&str, bool, &[String]) =
            match self.checked.references.get(&tree.id) {
                Some(Reference::Function { name, qualified, overloads }) => {
                    (name, *qualified, overloads)
                }
                _ => (&call.func_name, false, &[]),
            };
        let mut arguments = Vec::with_capacity(call.args.len() + 1);
        if let Some(target) = call.target.as_deref().filter(|_| !qualified) {
            arguments.push(self.eval(target)?);
        }
        for argument in &call.args {
            arguments.push(self.eval(argument)?);
        }
        let result = functions::call(name, &arguments, self.world);
        let overload = match overloads {
            [only] => only.as_str(),
            _ => "",
        };
        self.charge(cost::of_call(name, overload, &arguments, result.as_ref().ok()))?;
        result
    }

    fn list(&mut self, elements: &'a [IdedExpr], optionals: &[usize]) -> Answer {
        let mut items = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            let value = self.eval(element)?;
            if !optionals.contains(&index) {
                items.push(value);
                continue;
            }
            match value {
                Value::Optional(inner) => items.extend(inner.as_deref().cloned()),
                other => {
                    let shown = functions::shown(&other);
                    return Err(Fault::said(format!(
                        "cannot initialize optional list element from non-optional value {shown}"
                    )));
                }
            }
        }
        self.charge(cost::LIST)?;
        Ok(Value::list(items))
    }

    fn map(&mut self, entries: &'a [IdedEntryExpr]) -> Answer {
        let mut map = BTreeMap::new();
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            let name = self.eval(&entry.key)?;
            let value = self.eval(&entry.value)?;
            let Some(key) = name.key() else {
                return Err(Fault::said(format!("unsupported key type: {}", name.type_name())));
            };
            if let Some(value) = initial(value, entry.optional, &functions::shown(&name))? {
                map.insert(key, value);
            }
        }
        self.charge(cost::MAP)?;
        Ok(Value::map(map))
    }

    fn make(&mut self, name: &str, entries: &'a [IdedEntryExpr]) -> Answer {
        let mut fields = BTreeMap::new();
        for entry in entries {
            let EntryExpr::StructField(field) = &entry.expr else { continue };
            let value = self.eval(&field.value)?;
            if let Some(value) = initial(value, field.optional, &field.field)? {
                fields.insert(field.field.clone(), value);
            }
        }
        self.charge(cost::STRUCT)?;
        Ok(Value::Made(Arc::new(Made { name: name.to_owned(), fields })))
    }
}

/// `applyQualifiers`: once optional, always optional.
fn qualify(operand: Value, key: &Value, optional: bool) -> Answer {
    match operand {
        Value::Optional(None) => Ok(Value::Optional(None)),
        Value::Optional(Some(inner)) => Ok(Value::Optional(find(&inner, key)?.map(Arc::new))),
        plain if optional => Ok(Value::Optional(find(&plain, key)?.map(Arc::new))),
        plain => match find(&plain, key)? {
            Some(found) => Ok(found),
            None if matches!(plain, Value::List(_)) => {
                Err(Fault::said(format!("index out of bounds: {}", functions::shown(key))))
            }
            None => Err(Fault::said(format!("no such key: {}", functions::shown(key)))),
        },
    }
}

fn initial(value: Value, optional: bool, name: &str) -> Result<Option<Value>, Fault> {
    match value {
        plain if !optional => Ok(Some(plain)),
        Value::Optional(inner) => Ok(inner.as_deref().cloned()),
        other => Err(Fault::said(format!(
            "cannot initialize optional entry '{name}' from non-optional value {}",
            functions::shown(&other)
        ))),
    }
}

fn constant(literal: &LiteralValue) -> Value {
    match literal {
        LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
        LiteralValue::Bytes(bytes) => Value::Bytes(bytes.inner().into()),
        LiteralValue::Double(value) => Value::Double(*value.inner()),
        LiteralValue::Int(value) => Value::Int(*value.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(text) => Value::string(text.inner()),
        LiteralValue::UInt(value) => Value::Uint(*value.inner()),
    }
}

/// `refQualify`: what stands at a key or index.
fn find(operand: &Value, key: &Value) -> Result<Option<Value>, Fault> {
    match operand {
        Value::Map(map) => map.get(key).cloned().map(Value::sound).transpose(),
        Value::List(list) => {
            let index = match key {
                Value::Int(index) => *index,
                Value::Uint(index) => i64::try_from(*index).unwrap_or(i64::MAX),
                Value::Double(value) if crate::value::whole(*value).is_some() => {
                    crate::value::whole(*value).unwrap_or_default()
                }
                other => {
                    let shown = functions::shown(other);
                    return Err(Fault::said(format!("unsupported index value {shown} in list")));
                }
            };
            let item = usize::try_from(index).ok().and_then(|index| list.items.get(index));
            item.cloned().map(Value::sound).transpose()
        }
        Value::Made(made) => match key {
            Value::String(name) => Ok(made.fields.get(name.as_ref()).cloned()),
            _ => Ok(None),
        },
        Value::Optional(Some(inner)) => find(inner, key),
        _ => Ok(None),
    }
}
