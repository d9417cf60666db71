//! From text to a tree. The grammar and its error texts are those of the crate `cel`, which follows cel-go; the
//! macros of two variables are added (`cel-go/ext/comprehensions.go`).

use std::sync::{Arc, LazyLock};

use cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, operators,
};
use cel::parser::{Macro, MacroExprHelper, ParseError};
use cel::{DeclarationError, Env};

use crate::source::{Issue, Source, display};

const RESULT: &str = "@result";

static ENVIRONMENT: LazyLock<Arc<Result<Env, DeclarationError>>> =
    LazyLock::new(|| Arc::new(environment()));

/// The tree of an expression with its source.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) tree: IdedExpr,
    pub(crate) source: Source,
}

/// Reads an expression, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Parsed, String> {
    let environment = ENVIRONMENT.as_ref().as_ref().map_err(ToString::to_string)?;
    let parser = environment.parser().max_recursion_depth(250);
    match parser.parse_with_source_info(text) {
        Ok((tree, info)) => Ok(Parsed { tree, source: Source::new(info) }),
        Err(errors) => {
            let issues = errors.errors.into_iter().map(issue_of).collect();
            Err(display(issues, text))
        }
    }
}

fn issue_of(error: ParseError) -> Issue {
    let line = usize::try_from(error.pos.0).unwrap_or(1);
    let column = usize::try_from(error.pos.1).unwrap_or(1).saturating_sub(1);
    Issue { line, column, message: error.msg }
}

fn environment() -> Result<Env, DeclarationError> {
    let mut environment = Env::stdlib();
    environment.add_extension(cel::extensions::lists)?;
    for (name, arity) in [
        ("all", 3),
        ("exists", 3),
        ("existsOne", 3),
        ("exists_one", 3),
        ("transformList", 3),
        ("transformList", 4),
        ("transformMap", 3),
        ("transformMap", 4),
        ("transformMapEntry", 3),
        ("transformMapEntry", 4),
    ] {
        environment.add_macro(Macro::receiver(name, arity, move |helper, target, args| {
            Expansion { helper }.expand(name, target, args).map(Some)
        }))?;
    }
    Ok(environment)
}

/// The expansion of a macro with two variables.
struct Expansion<'a, 'b> {
    helper: &'a mut MacroExprHelper<'b>,
}

impl Expansion<'_, '_> {
    fn node(&mut self, expr: Expr) -> IdedExpr {
        self.helper.next_expr(expr)
    }

    fn accumulator(&mut self) -> IdedExpr {
        self.node(Expr::Ident(RESULT.to_owned()))
    }

    fn boolean(&mut self, value: bool) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Boolean(value.into())))
    }

    fn integer(&mut self, value: i64) -> IdedExpr {
        self.node(Expr::Literal(LiteralValue::Int(value.into())))
    }

    fn call(&mut self, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
        self.node(Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }))
    }

    fn variables(
        &self,
        first: &IdedExpr,
        second: &IdedExpr,
    ) -> Result<(String, String), ParseError> {
        let name = |one: &IdedExpr| match &one.expr {
            Expr::Ident(name) => Ok(name.clone()),
            _ => Err(self.helper.new_error(one.id, "argument must be a simple name")),
        };
        let (one, two) = (name(first)?, name(second)?);
        if one == two {
            return Err(self
                .helper
                .new_error(second.id, format!("duplicate variable name: {one}")));
        }
        for (variable, at) in [(&one, first), (&two, second)] {
            if variable == RESULT || variable == "__result__" {
                let why = "iteration variable overwrites accumulator variable";
                return Err(self.helper.new_error(at.id, why));
            }
        }
        Ok((one, two))
    }

    fn expand(
        &mut self,
        name: &str,
        target: &mut Option<IdedExpr>,
        args: &mut Vec<IdedExpr>,
    ) -> Result<IdedExpr, ParseError> {
        let mut args = std::mem::take(args).into_iter();
        let (first, second) = (args.next().unwrap_or_default(), args.next().unwrap_or_default());
        let (one, two) = self.variables(&first, &second)?;
        let last = args.next_back().unwrap_or_default();
        let filter = args.next();
        let (accu_init, loop_cond, loop_step, result) = match name {
            "all" => {
                let (init, accumulator) = (self.boolean(true), self.accumulator());
                let condition = self.call(operators::NOT_STRICTLY_FALSE, vec![accumulator]);
                let accumulator = self.accumulator();
                let step = self.call(operators::LOGICAL_AND, vec![accumulator, last]);
                (init, condition, step, self.accumulator())
            }
            "exists" => {
                let (init, accumulator) = (self.boolean(false), self.accumulator());
                let not = self.call(operators::LOGICAL_NOT, vec![accumulator]);
                let condition = self.call(operators::NOT_STRICTLY_FALSE, vec![not]);
                let accumulator = self.accumulator();
                let step = self.call(operators::LOGICAL_OR, vec![accumulator, last]);
                (init, condition, step, self.accumulator())
            }
            "existsOne" | "exists_one" => self.exactly_one(last),
            _ => self.transform(name, &one, filter, last),
        };
        Ok(self.node(Expr::Comprehension(Box::new(ComprehensionExpr {
            iter_range: target.take().unwrap_or_default(),
            iter_var: one,
            iter_var2: Some(two),
            accu_var: RESULT.to_owned(),
            accu_init,
            loop_cond,
            loop_step,
            result,
        }))))
    }

    fn exactly_one(&mut self, predicate: IdedExpr) -> (IdedExpr, IdedExpr, IdedExpr, IdedExpr) {
        let (init, condition) = (self.integer(0), self.boolean(true));
        let (accumulator, one) = (self.accumulator(), self.integer(1));
        let more = self.call(operators::ADD, vec![accumulator, one]);
        let accumulator = self.accumulator();
        let step = self.call(operators::CONDITIONAL, vec![predicate, more, accumulator]);
        let (accumulator, one) = (self.accumulator(), self.integer(1));
        (init, condition, step, self.call(operators::EQUALS, vec![accumulator, one]))
    }

    fn transform(
        &mut self,
        name: &str,
        key: &str,
        filter: Option<IdedExpr>,
        transform: IdedExpr,
    ) -> (IdedExpr, IdedExpr, IdedExpr, IdedExpr) {
        let empty = match name {
            "transformList" => Expr::List(ListExpr::new(Vec::new())),
            _ => Expr::Map(MapExpr::default()),
        };
        let (init, condition) = (self.node(empty), self.boolean(true));
        let accumulator = self.accumulator();
        let mut step = match name {
            "transformList" => {
                let one = self.node(Expr::List(ListExpr::new(vec![transform])));
                self.call(operators::ADD, vec![accumulator, one])
            }
            "transformMap" => {
                let key = self.node(Expr::Ident(key.to_owned()));
                self.call("cel.@mapInsert", vec![accumulator, key, transform])
            }
            _ => self.call("cel.@mapInsert", vec![accumulator, transform]),
        };
        if let Some(filter) = filter {
            let accumulator = self.accumulator();
            step = self.call(operators::CONDITIONAL, vec![filter, step, accumulator]);
        }
        (init, condition, step, self.accumulator())
    }
}
