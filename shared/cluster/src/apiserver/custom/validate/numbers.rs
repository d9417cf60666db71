//! `numberValidator`: what holds for numbers, in the type that the schema gives them.

use std::cmp::Ordering;

use apimachinery::go;
use serde_json::{Number, Value};

use super::{Found, Wrong};
use crate::fields::flag;

/// A number as Go has it: whole ones with 64 bits where they fit.
#[derive(Debug, Clone, Copy)]
enum Amount {
    Int(i64),
    Float(f64),
}

impl Amount {
    fn of(number: &Number) -> Self {
        number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or_default()), Self::Int)
    }

    #[expect(clippy::cast_precision_loss, reason = "as upstream compares")]
    const fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    fn value(self) -> Value {
        match self {
            Self::Int(number) => number.into(),
            Self::Float(number) => number.into(),
        }
    }

    fn show(self) -> String {
        go::print(&self.value())
    }
}

/// `swag.IsFloat64AJSONInteger`: with a tolerance, but only just above a whole number.
pub(super) fn is_whole(float: f64) -> bool {
    const MOST: f64 = 9_007_199_254_740_991.0;
    const TOLERANCE: f64 = 1e-9;
    if !float.is_finite() || float.abs() > MOST {
        return false;
    }
    let (cut, rest) = (float.trunc(), float.fract());
    rest == 0.0 || cut > 0.0 && rest / (float + cut) < TOLERANCE
}

pub(super) fn check(
    schema: &Value,
    (types, format): (&[&str], &str),
    number: &Number,
    path: &str,
) -> Found {
    let kind = match types {
        [kind @ ("integer" | "number")] => kind,
        _ => "",
    };
    let format = if kind.is_empty() { "" } else { format };
    let given = Amount::of(number);
    let mut found = Found { matches: 1, ..Found::default() };
    found.merge(in_range(given, (kind, format), "Checked", path));
    let limit = |key: &str| schema.get(key).and_then(Value::as_number).map(Amount::of);
    if let Some(factor) = limit("multipleOf") {
        let range = in_range(Amount::Float(factor.float()), (kind, format), "MultipleOf", path);
        let exact = exact(given, range.holds());
        found.merge(range);
        multiple(exact, factor.float(), path, &mut found);
    }
    for (key, exclusive, name, words) in [
        ("minimum", "/exclusiveMinimum", "Minimum boundary", "greater"),
        ("maximum", "/exclusiveMaximum", "Maximum boundary", "less"),
    ] {
        let Some(limit) = limit(key) else { continue };
        let limit = limit.float();
        let range = in_range(Amount::Float(limit), (kind, format), name, path);
        let exact = exact(given, range.holds());
        found.merge(range);
        let exclusive = flag(schema, exclusive);
        let order = order(exact, limit);
        let order = if key == "maximum" { order } else { order.map(Ordering::reverse) };
        if order.is_some_and(|order| order.is_gt() || exclusive && order.is_eq()) {
            let limit = cut(exact, limit).show();
            let than = if exclusive { "than" } else { "than or equal to" };
            let why = format!("{path} in body should be {words} {than} {limit}");
            found.wrong(path, why, Wrong::Other(exact.value()));
        }
    }
    found
}

/// The number that is compared: the one that was given where the constraint fits its type, or a float.
const fn exact(given: Amount, fits: bool) -> Amount {
    if fits { given } else { Amount::Float(given.float()) }
}

/// A constraint in the type of the number.
#[expect(clippy::cast_possible_truncation, reason = "as upstream does")]
const fn cut(given: Amount, limit: f64) -> Amount {
    match given {
        Amount::Int(_) => Amount::Int(limit as i64),
        Amount::Float(_) => Amount::Float(limit),
    }
}

/// How a number compares to a constraint.
fn order(given: Amount, limit: f64) -> Option<Ordering> {
    match (given, cut(given, limit)) {
        (Amount::Int(one), Amount::Int(other)) => Some(one.cmp(&other)),
        (one, other) => one.float().partial_cmp(&other.float()),
    }
}

fn multiple(given: Amount, factor: f64, path: &str, found: &mut Found) {
    let own = cut(given, factor);
    if own.float() <= 0.0 {
        let factor = own.show();
        let why = format!("factor MultipleOf declared for {path} must be positive: {factor}");
        return found.wrong(path, why, Wrong::Other(own.value()));
    }
    let fits = match (given, own) {
        (Amount::Int(number), Amount::Int(factor)) => number % factor == 0,
        _ if factor < 1.0 => is_whole(1.0 / factor * given.float()),
        _ => is_whole(given.float() / factor),
    };
    if !fits {
        let why = format!("{path} in body should be a multiple of {}", own.show());
        found.wrong(path, why, Wrong::Other(given.value()));
    }
}

/// `IsValueValidAgainstRange`.
fn in_range(given: Amount, (kind, format): (&str, &str), what: &str, path: &str) -> Found {
    let mut found = Found::default();
    let whole = match given {
        Amount::Int(number) => Some(number),
        Amount::Float(float) => whole(float),
    };
    let fits = match (kind, format) {
        ("integer", "int32") => whole.is_some_and(|whole| i32::try_from(whole).is_ok()),
        ("integer", _) => whole.is_some(),
        // What is too large for half the bits.
        (_, "float") => given.float().abs() < 3.402_823_567_797_337e38,
        _ => true,
    };
    if !fits {
        let format = if format.is_empty() {
            "(default format)".to_owned()
        } else {
            format!("with format {format}")
        };
        found.plain(format!("{what} value must be of type {kind} {format} in {path}"));
    }
    found
}

/// A float that is written without a point and fits into 64 bits.
#[expect(clippy::cast_possible_truncation, reason = "it was compared")]
fn whole(float: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let fits = float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float);
    fits.then_some(float as i64)
}
