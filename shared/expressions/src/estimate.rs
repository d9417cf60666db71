//! What an expression may cost at most, told before it runs (`cel-go/checker/cost.go`).

mod library;
mod range;
mod standard;

use std::collections::BTreeMap;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr,
};

use self::range::{Range, UNKNOWN};
use crate::check::{Checked, Reference};
use crate::schema::Declared;
use crate::types::Type;

/// An argument of a call.
#[derive(Debug, Clone)]
struct Node<'a> {
    path: Option<Vec<String>>,
    ty: Type,
    tree: Option<&'a IdedExpr>,
    size: Option<Range>,
}

/// The sizes of what is in a list or map.
#[derive(Debug, Clone, Copy)]
struct Entries {
    list: bool,
    key: Range,
    value: Range,
}

#[derive(Debug, Clone)]
struct Local {
    name: String,
    path: Option<Vec<String>>,
    size: Option<Range>,
    entries: Option<Entries>,
}

/// What a call costs, and how large its result is.
#[derive(Debug, Clone, Copy)]
struct Call {
    cost: Range,
    result: Option<Range>,
}

struct Coster<'a> {
    checked: &'a Checked,
    /// Where paths start.
    roots: &'a BTreeMap<String, Declared>,
    paths: BTreeMap<u64, Vec<String>>,
    locals: Vec<Local>,
    sizes: BTreeMap<u64, Range>,
    entries: BTreeMap<u64, Entries>,
}

/// The largest cost of an expression.
pub(crate) fn largest(
    tree: &IdedExpr,
    checked: &Checked,
    roots: &BTreeMap<String, Declared>,
) -> u64 {
    let mut coster = Coster {
        checked,
        roots,
        paths: BTreeMap::new(),
        locals: Vec::new(),
        sizes: BTreeMap::new(),
        entries: BTreeMap::new(),
    };
    coster.cost(tree).max
}

impl<'a> Coster<'a> {
    fn ty(&self, tree: &IdedExpr) -> Type {
        self.checked.types.get(&tree.id).cloned().unwrap_or(Type::Dyn)
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.iter().rev().find(|local| local.name == name)
    }

    fn path(&self, tree: &IdedExpr) -> Option<Vec<String>> {
        if let Expr::Ident(name) = &tree.expr
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&tree.id).cloned()
    }

    fn child(&self, tree: &IdedExpr, step: &str) -> Vec<String> {
        let mut path = self.path(tree).unwrap_or_default();
        path.push(step.to_owned());
        path
    }

    fn cost(&mut self, tree: &'a IdedExpr) -> Range {
        match &tree.expr {
            Expr::Unspecified | Expr::Literal(_) => Range::default(),
            Expr::Ident(name) => {
                let path = match self.local(name) {
                    Some(local) => local.path.clone().unwrap_or_default(),
                    None => vec![name.clone()],
                };
                self.paths.insert(tree.id, path);
                Range::fixed(1)
            }
            Expr::Select(select) => self.select(tree, select),
            Expr::Call(call) => self.call(tree, call),
            Expr::List(list) => self.list(tree, &list.elements),
            Expr::Map(_) => self.map(tree),
            Expr::Struct(made) => {
                let mut sum = Range::fixed(40);
                for entry in &made.entries {
                    if let EntryExpr::StructField(field) = &entry.expr {
                        sum = sum.add(self.cost(&field.value));
                    }
                }
                sum
            }
            Expr::Comprehension(one) if is_bind(one) => self.bind(tree, one),
            Expr::Comprehension(one) => self.fold(tree, one),
        }
    }

    fn select(&mut self, tree: &IdedExpr, select: &'a SelectExpr) -> Range {
        if let Some(Reference::Name(name)) = self.checked.references.get(&tree.id) {
            self.paths.insert(tree.id, vec![name.clone()]);
            return Range::fixed(1);
        }
        let mut sum = self.cost(&select.operand);
        if select.test {
            return sum;
        }
        if matches!(self.ty(&select.operand), Type::Map(_) | Type::Record(_) | Type::Param(_)) {
            sum = sum.add(Range::fixed(1));
        }
        let path = self.child(&select.operand, &select.field);
        self.paths.insert(tree.id, path);
        sum
    }

    fn call(&mut self, tree: &'a IdedExpr, call: &'a CallExpr) -> Range {
        if call.func_name == "dyn"
            && let [argument] = call.args.as_slice()
        {
            let cost = self.cost(argument);
            self.copy_sizes(tree, argument);
            return cost.add(Range::fixed(1));
        }
        let mut costs = Vec::with_capacity(call.args.len());
        let mut arguments = Vec::with_capacity(call.args.len());
        for argument in &call.args {
            costs.push(self.cost(argument));
            arguments.push(self.node(argument));
        }
        let (name, qualified, overloads) = match self.checked.references.get(&tree.id) {
            Some(Reference::Function { name, qualified, overloads }) => {
                (name, *qualified, overloads)
            }
            _ => return Range::default(),
        };
        let mut sum = Range::default();
        let mut target = None;
        if let Some(one) = call.target.as_deref().filter(|_| !qualified) {
            sum = self.cost(one);
            target = Some(self.node(one));
        }
        let mut cost = Range::new(u64::MAX, 0);
        let mut result: Option<Range> = None;
        for overload in overloads {
            let own = self.overload((tree, name, overload), target.as_ref(), &arguments, &costs);
            cost = cost.union(own.cost);
            if let Some(size) = own.result {
                result = Some(result.map_or(size, |before| before.union(size)));
            }
            if let Some(first) = call.args.first()
                && let "index_list" | "index_map" = overload.as_str()
            {
                result = self.entries_of(first).map(|entries| entries.value);
                let step = if overload == "index_list" { "@items" } else { "@values" };
                let path = self.child(first, step);
                self.paths.insert(tree.id, path);
            }
            if result.is_none() {
                result = self.size(tree);
            }
        }
        if let Some(result) = result {
            self.sizes.insert(tree.id, result);
        }
        sum.add(cost)
    }

    /// `functionCost`.
    fn overload(
        &mut self,
        (tree, name, overload): (&IdedExpr, &str, &str),
        target: Option<&Node<'a>>,
        arguments: &[Node<'a>],
        costs: &[Range],
    ) -> Call {
        let sum = costs.iter().fold(Range::default(), |sum, cost| sum.add(*cost));
        let own = self
            .lists(overload, target, arguments)
            .or_else(|| self.library(name, overload, target, arguments));
        if let Some(own) = own {
            return Call { cost: own.cost.add(sum), result: own.result };
        }
        self.standard((tree, overload), target, arguments, costs)
    }

    fn list(&mut self, tree: &IdedExpr, elements: &'a [IdedExpr]) -> Range {
        let mut sum = Range::fixed(10);
        let mut value = Range::new(if elements.is_empty() { 0 } else { u64::MAX }, 0);
        for element in elements {
            sum = sum.add(self.cost(element));
            value = value.union(self.size_or_unknown(element));
        }
        self.entries.insert(tree.id, Entries { list: true, key: Range::fixed(1), value });
        sum
    }

    fn map(&mut self, tree: &'a IdedExpr) -> Range {
        let Expr::Map(map) = &tree.expr else { return Range::default() };
        let mut sum = Range::fixed(30);
        let empty = Range::new(if map.entries.is_empty() { 0 } else { u64::MAX }, 0);
        let (mut key, mut value) = (empty, empty);
        for entry in &map.entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
            sum = sum.add(self.cost(&entry.key)).add(self.cost(&entry.value));
            key = key.union(self.size_or_unknown(&entry.key));
            value = value.union(self.size_or_unknown(&entry.value));
        }
        self.entries.insert(tree.id, Entries { list: false, key, value });
        sum
    }

    fn push_iterated(&mut self, name: &str, range: &IdedExpr, (key, second): (bool, bool)) {
        let entries = self.entries_of(range);
        let list = entries.map_or_else(|| matches!(self.ty(range), Type::List(_)), |one| one.list);
        let (step, size) = match (key, list) {
            (true, true) if second => ("@indices", entries.map(|one| one.key)),
            (true, false) => ("@keys", entries.map(|one| one.key)),
            (false, false) => ("@values", entries.map(|one| one.value)),
            _ => ("@items", entries.map(|one| one.value)),
        };
        let path = Some(self.child(range, step));
        self.locals.push(Local { name: name.to_owned(), path, size, entries: None });
    }

    fn push_bound(&mut self, name: &str, tree: &IdedExpr) {
        let local = Local {
            name: name.to_owned(),
            path: self.path(tree),
            size: self.size(tree),
            entries: self.entries_of(tree),
        };
        self.locals.push(local);
    }

    fn fold(&mut self, tree: &IdedExpr, one: &'a ComprehensionExpr) -> Range {
        let mut sum = self.cost(&one.iter_range).add(self.cost(&one.accu_init));
        self.push_bound(&one.accu_var, &one.accu_init);
        let inner = self.locals.len();
        match &one.iter_var2 {
            Some(second) => {
                self.push_iterated(&one.iter_var, &one.iter_range, (true, true));
                self.push_iterated(second, &one.iter_range, (false, true));
            }
            None => self.push_iterated(&one.iter_var, &one.iter_range, (true, false)),
        }
        let condition = self.cost(&one.loop_cond);
        let step = self.cost(&one.loop_step);
        self.locals.truncate(inner);
        sum = sum.add(self.cost(&one.result));
        self.locals.pop();
        let count = self.size_or_unknown(&one.iter_range);
        sum = sum.add(count.times(step.add(condition)));
        match &one.accu_init.expr {
            Expr::Literal(_) => {
                if let Some(size) = self.size(&one.accu_init) {
                    self.sizes.insert(tree.id, size);
                }
            }
            Expr::List(_) | Expr::Map(_) => {
                self.sizes.insert(tree.id, count);
                if let Some(entries) = self.entries_of(&one.loop_step) {
                    self.entries.insert(tree.id, entries);
                }
            }
            _ => {}
        }
        sum
    }

    fn bind(&mut self, tree: &IdedExpr, one: &'a ComprehensionExpr) -> Range {
        let mut sum = self.cost(&one.iter_range).add(self.cost(&one.accu_init));
        self.push_bound(&one.accu_var, &one.accu_init);
        sum = sum.add(self.cost(&one.result));
        self.copy_sizes(tree, &one.result);
        self.locals.pop();
        sum
    }

    fn node(&mut self, tree: &'a IdedExpr) -> Node<'a> {
        let path = self.path(tree);
        let hidden = path.as_ref().and_then(|path| path.first());
        let hidden = hidden.is_some_and(|first| first == "@result" || first == "__result__");
        let size = self.size(tree);
        Node { path: path.filter(|_| !hidden), ty: self.ty(tree), tree: Some(tree), size }
    }

    fn copy_sizes(&mut self, to: &IdedExpr, from: &IdedExpr) {
        if let Some(size) = self.size(from) {
            self.sizes.insert(to.id, size);
        }
        if let Some(entries) = self.entries_of(from) {
            self.entries.insert(to.id, entries);
        }
    }

    fn entries_of(&self, tree: &IdedExpr) -> Option<Entries> {
        if let Some(entries) = self.entries.get(&tree.id) {
            return Some(*entries);
        }
        match &tree.expr {
            Expr::Ident(name) => self.local(name)?.entries,
            _ => None,
        }
    }

    fn size_or_unknown(&mut self, tree: &IdedExpr) -> Range {
        self.size(tree).unwrap_or(UNKNOWN)
    }

    /// `EstimateSize`: what the declaration at a path says.
    fn declared(&self, path: Option<&[String]>) -> Option<Range> {
        let (first, rest) = path?.split_first()?;
        // Upstream starts at the only root whatever the path starts with, also for items of a literal.
        let root = self.roots.get(first).or_else(|| self.roots.get("self"))?;
        let max = root.at(rest)?.max;
        Some(Range::new(0, max))
    }

    /// `computeSize`.
    fn size(&mut self, tree: &IdedExpr) -> Option<Range> {
        if let Some(size) = self.sizes.get(&tree.id) {
            return Some(*size);
        }
        if let Some(size) = literal_size(tree) {
            return Some(size);
        }
        if let Some(size) = self.declared(self.path(tree).as_deref()) {
            self.sizes.insert(tree.id, size);
            return Some(size);
        }
        if self.ty(tree).is_scalar() {
            return Some(Range::fixed(1));
        }
        match &tree.expr {
            Expr::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    /// `CostEstimator.sizeEstimate`.
    fn node_size(&self, node: &Node<'_>) -> Range {
        node.size.or_else(|| self.declared(node.path.as_deref())).unwrap_or(UNKNOWN)
    }
}

/// `computeExprSize`.
fn literal_size(tree: &IdedExpr) -> Option<Range> {
    let size = match &tree.expr {
        Expr::Literal(LiteralValue::String(text)) => text.inner().chars().count(),
        Expr::Literal(LiteralValue::Bytes(bytes)) => bytes.inner().len(),
        Expr::Literal(_) => 1,
        Expr::List(list) => list.elements.len(),
        Expr::Map(map) => map.entries.len(),
        _ => return None,
    };
    Some(Range::fixed(size as u64))
}

fn is_bind(one: &ComprehensionExpr) -> bool {
    let empty = matches!(&one.iter_range.expr, Expr::List(list) if list.elements.is_empty());
    let never = matches!(&one.loop_cond.expr, Expr::Literal(LiteralValue::Boolean(value)) if !*value.inner());
    empty && never && one.accu_var != "__result__"
}
