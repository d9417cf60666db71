//! The calls whose cost cel-go itself knows (`functionCost`), and those of its lists and sets.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::range::{PATTERN, Range, WALK};
use super::{Call, Coster, Node};

impl<'a> Coster<'a> {
    pub(super) fn standard(
        &mut self,
        (tree, overload): (&IdedExpr, &str),
        target: Option<&Node<'a>>,
        arguments: &[Node<'a>],
        costs: &[Range],
    ) -> Call {
        let sum = costs.iter().fold(Range::default(), |sum, cost| sum.add(*cost));
        let plain = |cost: Range| Call { cost: cost.add(sum), result: None };
        let known = |node: &Node<'_>| node.size.unwrap_or(super::UNKNOWN);
        match (overload, target, arguments) {
            ("string_format", Some(target), _) => plain(known(target).scaled(WALK)),
            ("string_to_bytes", _, [one]) => {
                let size = known(one);
                let result = Range::new(size.min, size.max.wrapping_mul(4));
                Call { result: Some(result), ..plain(size.scaled(WALK)) }
            }
            ("bytes_to_string", _, [one]) => {
                let size = known(one);
                let result = Range::new(size.min / 4, size.max);
                Call { result: Some(result), ..plain(size.scaled(WALK)) }
            }
            ("strings_quote", _, [one]) => {
                let size = known(one);
                let max = size.max.wrapping_mul(2).wrapping_add(2);
                let result = Range::new(size.min.wrapping_add(2), max);
                Call { result: Some(result), ..plain(size.scaled(WALK)) }
            }
            ("starts_with_string" | "ends_with_string", _, [one]) => plain(known(one).scaled(WALK)),
            ("in_list", _, [_, list]) => plain(known(list).scaled(1.0)),
            ("matches_string", Some(target), [pattern]) => {
                let text = known(target).add(Range::fixed(1)).scaled(WALK);
                plain(text.times(known(pattern).scaled(PATTERN)))
            }
            ("contains_string", Some(target), [part]) => {
                plain(known(target).scaled(WALK).times(known(part).scaled(WALK)))
            }
            ("logical_and" | "logical_or", ..) => {
                let min = costs.first().map_or(0, |cost| cost.min);
                Call { cost: Range::new(min, sum.max), result: None }
            }
            ("conditional", _, [_, yes, no]) => self.conditional(tree, (yes, no), costs),
            ("add_string" | "add_bytes" | "add_list", _, [one, other]) => {
                let result = known(one).add(known(other));
                let entries = one.tree.and_then(|tree| self.entries_of(tree));
                let others = other.tree.and_then(|tree| self.entries_of(tree));
                if let (Some(one), Some(other)) = (entries, others) {
                    self.entries.insert(tree.id, one.union(other));
                }
                let cost =
                    if overload == "add_list" { Range::fixed(1) } else { result.scaled(WALK) };
                Call { result: Some(result), ..plain(cost) }
            }
            (_, _, [one, other]) if walks(overload) => {
                let max = known(one).max.min(known(other).max);
                plain(Range::new(u64::from(max > 0), max).scaled(WALK))
            }
            _ => plain(Range::fixed(1)),
        }
    }

    fn conditional(
        &mut self,
        tree: &IdedExpr,
        (yes, no): (&Node<'a>, &Node<'a>),
        costs: &[Range],
    ) -> Call {
        let known = |node: &Node<'_>| node.size.unwrap_or(super::UNKNOWN);
        let entries = yes.tree.and_then(|tree| self.entries_of(tree));
        let others = no.tree.and_then(|tree| self.entries_of(tree));
        if let (Some(one), Some(other)) = (entries, others) {
            self.entries.insert(tree.id, one.union(other));
        }
        let cost = match costs {
            [condition, yes, no] => condition.add(yes.union(*no)),
            _ => Range::default(),
        };
        Call { cost, result: Some(known(yes).union(known(no))) }
    }

    /// `cel-go/ext/{lists,sets}.go`.
    pub(super) fn lists(
        &self,
        overload: &str,
        target: Option<&Node<'a>>,
        arguments: &[Node<'a>],
    ) -> Option<Call> {
        let call = |factor: f64, size: Range| {
            let cost = size.scaled(factor).add(Range::fixed(1)).add(Range::fixed(10));
            Some(Call { cost, result: Some(size) })
        };
        match (overload, target, arguments) {
            ("list_slice", Some(target), [start, end]) => {
                let start = whole(start, 0);
                let end = whole(end, self.node_size(target).max);
                call(1.0, Range::fixed(end.wrapping_sub(start)))
            }
            ("lists_range", None, [end]) => call(1.0, Range::fixed(whole(end, u64::MAX))),
            ("list_reverse", Some(target), []) => call(1.0, self.node_size(target)),
            ("list_flatten" | "list_flatten_int", Some(target), rest) => {
                #[expect(clippy::cast_precision_loss, reason = "as Go reckons")]
                let depth = rest.first().map_or(1, |depth| whole(depth, u64::MAX)) as f64;
                call(depth, self.node_size(target))
            }
            ("list_distinct", Some(target), []) => {
                let size = self.node_size(target);
                call(2.0, size.times(size))
            }
            ("list_sets_contains_list" | "list_sets_intersects_list", None, [one, other]) => {
                let cost = self.node_size(one).times(self.node_size(other)).scaled(1.0);
                Some(Call { cost: cost.add(Range::fixed(1)), result: None })
            }
            ("list_sets_equivalent_list", None, [one, other]) => {
                let cost = self.node_size(one).times(self.node_size(other)).scaled(2.0);
                Some(Call { cost: cost.add(Range::fixed(1)), result: None })
            }
            (_, Some(target), []) if overload.ends_with("_sort") => {
                let size = self.node_size(target);
                call(sorting(overload), size.times(size))
            }
            (_, Some(_), [keys]) if overload.ends_with("_sortByAssociatedKeys") => {
                let size = self.node_size(keys);
                call(sorting(overload), size.times(size))
            }
            _ => None,
        }
    }
}

fn sorting(overload: &str) -> f64 {
    let text = overload.starts_with("list_string") || overload.starts_with("list_bytes");
    if text { 2.0 + WALK } else { 2.0 }
}

/// What compares letter by letter.
fn walks(overload: &str) -> bool {
    let order = overload.starts_with("less") || overload.starts_with("greater");
    let text = overload.ends_with("_string") || overload.ends_with("_bytes");
    overload == "equals" || overload == "not_equals" || order && text
}

/// `nodeAsIntValue`.
fn whole(node: &Node<'_>, otherwise: u64) -> u64 {
    match node.tree.map(|tree| &tree.expr) {
        Some(Expr::Literal(LiteralValue::Int(value))) => u64::try_from(*value.inner()).unwrap_or(0),
        _ => otherwise,
    }
}

impl super::Entries {
    fn union(self, other: Self) -> Self {
        Self {
            list: self.list,
            key: self.key.union(other.key),
            value: self.value.union(other.value),
        }
    }
}
