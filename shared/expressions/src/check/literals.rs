//! What can be told of literals without evaluating (`cel-go/cel/validator.go`).

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};

use crate::functions::{patterns, time};
use crate::source::{Issue, Source};

/// The issues with literals that are parsed when the expression runs.
pub(super) fn issues(tree: &IdedExpr, source: &Source) -> Vec<Issue> {
    let mut found = Vec::new();
    for name in ["duration", "timestamp", "matches"] {
        visit(tree, &mut |call| literal(call, name, source, &mut found));
    }
    found
}

fn literal(tree: &IdedExpr, name: &str, source: &Source, found: &mut Vec<Issue>) {
    let Expr::Call(call) = &tree.expr else { return };
    if call.func_name != name {
        return;
    }
    let Some(argument) = call.args.first() else { return };
    let Expr::Literal(LiteralValue::String(text)) = &argument.expr else { return };
    let text = text.inner();
    let right = match name {
        "duration" => time::parse_duration(text).is_some(),
        "timestamp" => time::parse_timestamp(text).is_some(),
        _ => patterns::compile(text).is_ok(),
    };
    if !right {
        found.push(source.issue(argument.id, format!("invalid {name} argument")));
    }
}

/// Calls `each` for every part of a tree, from the outside.
pub(crate) fn visit(tree: &IdedExpr, each: &mut impl FnMut(&IdedExpr)) {
    each(tree);
    match &tree.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
        Expr::Select(select) => visit(&select.operand, each),
        Expr::Call(call) => {
            if let Some(target) = &call.target {
                visit(target, each);
            }
            call.args.iter().for_each(|one| visit(one, each));
        }
        Expr::List(list) => list.elements.iter().for_each(|one| visit(one, each)),
        Expr::Map(map) => map.entries.iter().for_each(|one| entry(&one.expr, each)),
        Expr::Struct(made) => made.entries.iter().for_each(|one| entry(&one.expr, each)),
        Expr::Comprehension(one) => {
            for part in
                [&one.iter_range, &one.accu_init, &one.loop_cond, &one.loop_step, &one.result]
            {
                visit(part, each);
            }
        }
    }
}

fn entry(one: &EntryExpr, each: &mut impl FnMut(&IdedExpr)) {
    match one {
        EntryExpr::MapEntry(entry) => {
            visit(&entry.key, each);
            visit(&entry.value, each);
        }
        EntryExpr::StructField(field) => visit(&field.value, each),
    }
}
