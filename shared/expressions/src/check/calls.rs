//! Calls, and the making of objects (`resolveOverload`, `checkCreateStruct`).

use cel::common::ast::{
    CallExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, operators,
};

use super::assign::Mapping;
use super::{Checker, Reference, qualified};
use crate::declarations::Overload;
use crate::types::{Type, signature};

impl Checker<'_> {
    pub(super) fn call(&mut self, tree: &IdedExpr, call: &CallExpr) {
        if call.func_name == operators::OPT_SELECT {
            self.optional_select(tree, call);
            return;
        }
        for argument in &call.args {
            self.check(argument);
        }
        let Some(target) = call.target.as_deref() else {
            let name = call.func_name.strip_prefix('.').unwrap_or(&call.func_name);
            if let Some(overloads) = self.functions.find(name) {
                self.resolve(tree, name, overloads, (None, &call.args));
            } else {
                self.undeclared(tree.id, name);
                self.set(tree, Type::Error);
            }
            return;
        };
        if let Some(prefix) = qualified(target) {
            let prefix = prefix.strip_prefix('.').unwrap_or(&prefix);
            let name = format!("{prefix}.{}", call.func_name);
            if let Some(overloads) = self.functions.find(&name) {
                self.resolve(tree, &name, overloads, (None, &call.args));
                return;
            }
        }
        self.check(target);
        if let Some(overloads) = self.functions.find(&call.func_name) {
            self.resolve(tree, &call.func_name, overloads, (Some(target), &call.args));
        } else {
            self.set(tree, Type::Error);
            self.undeclared(tree.id, &call.func_name);
        }
    }

    fn optional_select(&mut self, tree: &IdedExpr, call: &CallExpr) {
        let [operand, field] = call.args.as_slice() else { return };
        let Expr::Literal(LiteralValue::String(name)) = &field.expr else { return };
        let result = self.field(tree.id, operand, name.inner(), true);
        let ty = self.mapping.resolve(&result, false);
        self.set(tree, ty);
        let reference = Reference::Function {
            name: operators::OPT_SELECT.to_owned(),
            qualified: false,
            overloads: vec!["select_optional_field".to_owned()],
        };
        self.checked.references.insert(tree.id, reference);
    }

    fn resolve(
        &mut self,
        tree: &IdedExpr,
        name: &str,
        overloads: &[Overload],
        (target, arguments): (Option<&IdedExpr>, &[IdedExpr]),
    ) {
        let given: Vec<Type> =
            target.into_iter().chain(arguments).map(|one| self.get(one)).collect();
        if name == operators::LOGICAL_AND || name == operators::LOGICAL_OR {
            self.logical(tree, name, arguments, &given);
            return;
        }
        let mut result: Option<Type> = None;
        let mut matched = Vec::new();
        for overload in overloads.iter().filter(|one| one.member == target.is_some()) {
            let mut fresh = Mapping::default();
            for parameter in &overload.parameters {
                let variable = self.variable();
                fresh.add(parameter, variable);
            }
            let wanted: Vec<Type> =
                overload.arguments.iter().map(|one| fresh.resolve(one, false)).collect();
            if !self.mapping.assign_all(&given, &wanted) {
                continue;
            }
            matched.push(overload.id.clone());
            let own = self.mapping.resolve(&fresh.resolve(&overload.result, false), false);
            result = Some(match result {
                None => own,
                Some(before) if before != Type::Dyn && own != before => Type::Dyn,
                Some(before) => before,
            });
        }
        let Some(result) = result else {
            let given: Vec<Type> =
                given.iter().map(|one| self.mapping.resolve(one, true)).collect();
            let shown = signature(&given, target.is_some());
            let why = format!("found no matching overload for '{name}' applied to '{shown}'");
            self.issue(tree.id, why);
            self.set(tree, Type::Error);
            return;
        };
        self.set(tree, result);
        self.refer(tree, name, matched);
    }

    fn refer(&mut self, tree: &IdedExpr, name: &str, overloads: Vec<String>) {
        let qualified = match &tree.expr {
            Expr::Call(call) => call.target.is_some() && call.func_name != name,
            _ => false,
        };
        let reference = Reference::Function { name: name.to_owned(), qualified, overloads };
        self.checked.references.insert(tree.id, reference);
    }

    fn logical(&mut self, tree: &IdedExpr, name: &str, arguments: &[IdedExpr], given: &[Type]) {
        let mut wrong = false;
        for (argument, ty) in arguments.iter().zip(given) {
            if !self.mapping.assign(ty, &Type::Bool) {
                self.mismatch(argument.id, &Type::Bool, ty);
                wrong = true;
            }
        }
        self.set(tree, if wrong { Type::Error } else { Type::Bool });
        if !wrong {
            let id = if name == operators::LOGICAL_AND { "logical_and" } else { "logical_or" };
            self.refer(tree, name, vec![id.to_owned()]);
        }
    }

    pub(super) fn make(&mut self, tree: &IdedExpr, name: &str, entries: &[IdedEntryExpr]) {
        let made = match self.lookup(name) {
            None => {
                self.undeclared(tree.id, name);
                self.set(tree, Type::Error);
                return;
            }
            Some(Type::Kind(Some(of))) => match of.as_ref() {
                Type::Record(record) => Some(record.clone()),
                other => {
                    self.issue(tree.id, format!("'{}' is not a message type", other.name()));
                    None
                }
            },
            Some(other) => {
                self.issue(tree.id, format!("'{}' is not a type", other.name()));
                None
            }
        };
        self.checked.references.insert(tree.id, Reference::Name(name.to_owned()));
        self.set(tree, made.clone().map_or(Type::Error, Type::Record));
        for entry in entries {
            let EntryExpr::StructField(field) = &entry.expr else { continue };
            self.check(&field.value);
            let value =
                if field.optional { self.inside(&field.value) } else { self.get(&field.value) };
            let declared = made.as_ref().and_then(|record| record.field(&field.field));
            let Some(declared) = declared else {
                // A patch knows every field, those that it has not without a type (`cel/mutation/jsonpatch.go`).
                let why = match &made {
                    Some(record) if record.name == "JSONPatch" => format!(
                        "expected type of field '{}' is '' but provided type is '{value}'",
                        field.field
                    ),
                    Some(_) => format!("undefined field '{}'", field.field),
                    None => continue,
                };
                self.issue(entry.id, why);
                continue;
            };
            if !self.mapping.assign(&declared, &value) {
                let why = format!(
                    "expected type of field '{}' is '{declared}' but provided type is '{value}'",
                    field.field
                );
                self.issue(entry.id, why);
            }
        }
    }
}
