//! Comprehensions (`evalFold`).

use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, operators};

use super::{Answer, Evaluator, cost};
use crate::value::{Fault, Value};

impl<'a> Evaluator<'a> {
    pub(super) fn fold(&mut self, one: &'a ComprehensionExpr) -> Answer {
        let range = self.eval(&one.iter_range)?;
        let pairs = pairs(range, one.iter_var2.is_some())?;
        let depth = self.locals.len();
        // A bound value that fails matters only to who uses it.
        let start = match self.eval(&one.accu_init) {
            Err(Fault::Said(why)) if pairs.is_empty() => Value::Bad(why.into()),
            other => other?,
        };
        self.locals.push((&one.accu_var, start));
        for (first, second) in pairs {
            self.locals.push((&one.iter_var, first));
            if let Some(name) = &one.iter_var2 {
                self.locals.push((name, second));
            }
            let goes_on = self.eval(&one.loop_cond).map(|value| matches!(value, Value::Bool(true)));
            let goes_on = match goes_on {
                Err(Fault::Limit) => return Err(Fault::Limit),
                other => other.unwrap_or(true),
            };
            if !goes_on {
                self.locals.truncate(depth + 1);
                break;
            }
            let next = self.step(depth, &one.loop_step)?;
            self.locals.truncate(depth + 1);
            if let (Some(next), Some(accumulated)) = (next, self.locals.get_mut(depth)) {
                accumulated.1 = next;
            }
        }
        let result = self.eval(&one.result);
        self.locals.truncate(depth);
        result
    }

    /// The next state of the accumulator; nothing when it stays, or was changed in place.
    fn step(&mut self, depth: usize, step: &'a IdedExpr) -> Result<Option<Value>, Fault> {
        match &step.expr {
            Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
                let [condition, yes, no] = call.args.as_slice() else {
                    return Err(Fault::no_overload());
                };
                match self.eval(condition)? {
                    Value::Bool(true) => self.step(depth, yes),
                    Value::Bool(false) => self.step(depth, no),
                    _ => Err(Fault::no_overload()),
                }
            }
            Expr::Ident(name) if self.accumulates(depth, name) => {
                self.charge(1)?;
                Ok(None)
            }
            Expr::Call(call) if call.func_name == operators::ADD => self.append(depth, call, step),
            _ => match self.eval(step) {
                Ok(value) => Ok(Some(value)),
                Err(Fault::Limit) => Err(Fault::Limit),
                // What fails may yet be decided by a later element.
                Err(Fault::Said(why)) => Ok(Some(Value::Bad(why.into()))),
            },
        }
    }

    fn accumulates(&self, depth: usize, name: &str) -> bool {
        let place = self.locals.iter().rposition(|(local, _)| *local == name);
        place == Some(depth)
    }

    /// `accumulator + [one]`, without copying what is there.
    fn append(
        &mut self,
        depth: usize,
        call: &'a CallExpr,
        step: &'a IdedExpr,
    ) -> Result<Option<Value>, Fault> {
        let list = match call.args.as_slice() {
            [IdedExpr { expr: Expr::Ident(name), .. }, list]
                if self.accumulates(depth, name) && matches!(list.expr, Expr::List(_)) =>
            {
                list
            }
            _ => return self.eval(step).map(Some),
        };
        let added = self.eval(list)?;
        self.charge(1 + cost::CALL)?;
        let slot = self.locals.get_mut(depth).map(|(_, accumulated)| accumulated);
        if let (Some(Value::List(all)), Value::List(added)) = (slot, &added) {
            Arc::make_mut(all).items.extend(added.items.iter().cloned());
            return Ok(None);
        }
        Err(Fault::no_overload())
    }
}

/// What a range goes through.
fn pairs(range: Value, two: bool) -> Result<Vec<(Value, Value)>, Fault> {
    match range {
        Value::List(list) if two => {
            let numbered = list.items.iter().enumerate();
            Ok(numbered.map(|(index, item)| (Value::size(index), item.clone())).collect())
        }
        Value::List(list) => {
            Ok(list.items.iter().map(|item| (item.clone(), Value::Null)).collect())
        }
        Value::Map(map) => {
            Ok(map.entries.iter().map(|(key, value)| (key.into(), value.clone())).collect())
        }
        other => Err(Fault::said(format!("got '{}', expected iterable type", go_type(&other)))),
    }
}

/// Go's name of the type of a value.
fn go_type(value: &Value) -> String {
    let name = value.type_name();
    let short = name.rsplit('.').next().unwrap_or(name);
    let mut letters = short.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    format!("types.{}{}", first.map(String::from).unwrap_or_default(), letters.as_str())
}
