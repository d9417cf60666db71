//! The type checker (`cel-go/checker/checker.go`).

mod assign;
mod calls;
mod literals;

use std::collections::BTreeMap;

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use self::assign::{Mapping, most_general};
use crate::admission;
use crate::declarations::{Functions, type_identifier};
use crate::parse::Parsed;
use crate::source::{Issue, Source};
use crate::types::Type;

/// What a part of an expression refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A variable, or a type.
    Name(String),
    /// A function by its full name, whether its target is only a part of that name, and its overloads.
    Function { name: String, qualified: bool, overloads: Vec<String> },
}

/// What the checker found, by the ids of the tree.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) types: BTreeMap<u64, Type>,
    pub(crate) references: BTreeMap<u64, Reference>,
}

/// What an expression may name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    pub(crate) variables: BTreeMap<String, Type>,
    /// Whether it may make objects and JSON patches.
    pub(crate) patches: bool,
}

struct Checker<'a> {
    scope: &'a Scope,
    functions: &'static Functions,
    source: &'a Source,
    checked: Checked,
    mapping: Mapping,
    locals: Vec<(String, Type)>,
    free: usize,
    issues: Vec<Issue>,
}

/// Checks an expression.
pub(crate) fn check(parsed: &Parsed, scope: &Scope) -> Result<Checked, Vec<Issue>> {
    let mut checker = Checker {
        scope,
        functions: Functions::of(scope.patches),
        source: &parsed.source,
        checked: Checked::default(),
        mapping: Mapping::default(),
        locals: Vec::new(),
        free: 0,
        issues: Vec::new(),
    };
    checker.check(&parsed.tree);
    let mapping = checker.mapping;
    for ty in checker.checked.types.values_mut() {
        *ty = mapping.resolve(ty, true);
    }
    if checker.issues.is_empty() {
        checker.issues = literals::issues(&parsed.tree, &parsed.source);
    }
    if checker.issues.is_empty() { Ok(checker.checked) } else { Err(checker.issues) }
}

/// `a.b.c` when the expression is that (`containers.ToQualifiedName`).
pub(crate) fn qualified(tree: &IdedExpr) -> Option<String> {
    match &tree.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

impl Checker<'_> {
    fn issue(&mut self, id: u64, message: String) {
        let issue = self.source.issue(id, message);
        self.issues.push(issue);
    }

    fn set(&mut self, tree: &IdedExpr, ty: Type) {
        self.checked.types.insert(tree.id, ty);
    }

    fn get(&self, tree: &IdedExpr) -> Type {
        self.checked.types.get(&tree.id).cloned().unwrap_or(Type::Error)
    }

    fn variable(&mut self) -> Type {
        let name = format!("_var{}", self.free);
        self.free += 1;
        Type::Param(name.into())
    }

    fn undeclared(&mut self, id: u64, name: &str) {
        self.issue(id, format!("undeclared reference to '{name}' (in container '')"));
    }

    fn mismatch(&mut self, id: u64, expected: &Type, found: &Type) {
        self.issue(id, format!("expected type '{expected}' but found '{found}'"));
    }

    /// What a name means.
    fn lookup(&self, name: &str) -> Option<Type> {
        let name = name.strip_prefix('.').unwrap_or(name);
        let local = self.locals.iter().rev().find(|(local, _)| local == name).map(|(_, ty)| ty);
        let found = local.or_else(|| self.scope.variables.get(name)).cloned();
        found.or_else(|| type_identifier(name)).or_else(|| {
            let made = self.scope.patches.then(|| admission::made(name)).flatten()?;
            Some(Type::Kind(Some(made.into())))
        })
    }

    fn name(&mut self, tree: &IdedExpr, name: &str, ty: Type) {
        let name = name.strip_prefix('.').unwrap_or(name).to_owned();
        self.set(tree, ty);
        self.checked.references.insert(tree.id, Reference::Name(name));
    }

    fn check(&mut self, tree: &IdedExpr) {
        match &tree.expr {
            Expr::Unspecified => self.set(tree, Type::Error),
            Expr::Literal(literal) => {
                let ty = match literal {
                    LiteralValue::Boolean(_) => Type::Bool,
                    LiteralValue::Bytes(_) => Type::Bytes,
                    LiteralValue::Double(_) => Type::Double,
                    LiteralValue::Int(_) => Type::Int,
                    LiteralValue::Null => Type::Null,
                    LiteralValue::String(_) => Type::String,
                    LiteralValue::UInt(_) => Type::Uint,
                };
                self.set(tree, ty);
            }
            Expr::Ident(name) => {
                if let Some(ty) = self.lookup(name) {
                    self.name(tree, name, ty);
                } else {
                    self.set(tree, Type::Error);
                    self.undeclared(tree.id, name);
                }
            }
            Expr::Select(select) => {
                if let Some(name) = qualified(tree)
                    && let Some(ty) = self.lookup(&name)
                {
                    self.name(tree, &name, ty);
                    return;
                }
                let found = self.field(tree.id, &select.operand, &select.field, false);
                let ty = if select.test { Type::Bool } else { self.mapping.resolve(&found, false) };
                self.set(tree, ty);
            }
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) => self.list(tree, &list.elements, &list.optional_indices),
            Expr::Map(_) => self.map(tree),
            Expr::Struct(made) => self.make(tree, &made.type_name, &made.entries),
            Expr::Comprehension(comprehension) => self.comprehension(tree, comprehension),
        }
    }

    /// `checkSelectField`.
    fn field(&mut self, id: u64, operand: &IdedExpr, field: &str, optional: bool) -> Type {
        self.check(operand);
        let operand_type = self.mapping.resolve(&self.get(operand), false);
        let (target, is_optional) = operand_type.unwrap_optional();
        let result = match target {
            Type::Map(of) => of.1.clone(),
            Type::Record(record) => record.field(field).unwrap_or_else(|| {
                self.issue(id, format!("undefined field '{field}'"));
                Type::Error
            }),
            Type::Param(_) => {
                self.mapping.assign(&Type::Dyn, target);
                Type::Dyn
            }
            other => {
                if !other.is_dyn_or_error() {
                    self.issue(id, format!("type '{other}' does not support field selection"));
                }
                Type::Dyn
            }
        };
        if is_optional || optional { Type::optional(result) } else { result }
    }

    /// `joinTypes`, with homogeneous literals.
    fn join(&mut self, at: &IdedExpr, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else { return current };
        if self.mapping.assign(&previous, &current) {
            return most_general(&previous, &current);
        }
        self.mismatch(at.id, &previous, &current);
        Type::Error
    }

    /// The type in an optional element or entry.
    fn inside(&mut self, at: &IdedExpr) -> Type {
        let ty = self.get(at);
        let (inner, is_optional) = ty.unwrap_optional();
        if !is_optional && *inner != Type::Dyn {
            let expected = Type::optional(inner.clone());
            self.mismatch(at.id, &expected, inner);
        }
        inner.clone()
    }

    fn list(&mut self, tree: &IdedExpr, elements: &[IdedExpr], optionals: &[usize]) {
        let mut joined = None;
        for (index, element) in elements.iter().enumerate() {
            self.check(element);
            let ty =
                if optionals.contains(&index) { self.inside(element) } else { self.get(element) };
            joined = Some(self.join(element, joined, ty));
        }
        let of = joined.unwrap_or_else(|| self.variable());
        self.set(tree, Type::list(of));
    }

    fn map(&mut self, tree: &IdedExpr) {
        let Expr::Map(map) = &tree.expr else { return };
        let (mut keys, mut values) = (None, None);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            self.check(&entry.key);
            let key = self.get(&entry.key);
            keys = Some(self.join(&entry.key, keys, key));
            self.check(&entry.value);
            let value =
                if entry.optional { self.inside(&entry.value) } else { self.get(&entry.value) };
            values = Some(self.join(&entry.value, values, value));
        }
        let key = keys.unwrap_or_else(|| self.variable());
        let value = values.unwrap_or_else(|| self.variable());
        self.set(tree, Type::map(key, value));
    }

    fn comprehension(&mut self, tree: &IdedExpr, one: &ComprehensionExpr) {
        self.check(&one.iter_range);
        self.check(&one.accu_init);
        let range = self.mapping.resolve(&self.get(&one.iter_range), false);
        let accumulated = self.get(&one.accu_init);
        let depth = self.locals.len();
        self.locals.push((one.accu_var.clone(), accumulated.clone()));
        let (first, second) = match &range {
            Type::List(of) if one.iter_var2.is_some() => (Type::Int, of.as_ref().clone()),
            Type::List(of) => (of.as_ref().clone(), Type::Dyn),
            Type::Map(of) => (of.0.clone(), of.1.clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.mapping.assign(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let why = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.issue(one.iter_range.id, why);
                (Type::Error, Type::Error)
            }
        };
        let inner = self.locals.len();
        self.locals.push((one.iter_var.clone(), first));
        if let Some(name) = &one.iter_var2 {
            self.locals.push((name.clone(), second));
        }
        self.check(&one.loop_cond);
        self.assert(&one.loop_cond, &Type::Bool);
        self.check(&one.loop_step);
        self.assert(&one.loop_step, &accumulated);
        self.locals.truncate(inner);
        self.check(&one.result);
        self.locals.truncate(depth);
        let ty = self.mapping.resolve(&self.get(&one.result), false);
        self.set(tree, ty);
    }

    fn assert(&mut self, tree: &IdedExpr, expected: &Type) {
        let found = self.get(tree);
        if !self.mapping.assign(expected, &found) {
            self.mismatch(tree.id, expected, &found);
        }
    }
}
