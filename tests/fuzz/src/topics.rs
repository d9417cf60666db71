//! What is compared: how a case comes about, and what we say about it.

mod applies;
mod cron;
mod customs;
mod names;
mod objects;
mod patches;
mod paths;
mod quantity;
mod schedule;
mod selectors;
mod strict;

use std::path::PathBuf;

use cluster::rng::Stream;
use realcluster::{Failure, programs};
use serde_json::Value;

/// One thing that both sides can do.
#[derive(Debug)]
pub struct Topic {
    /// As the command line and the judge name it.
    pub name: &'static str,
    /// Makes a case.
    pub(crate) case: fn(&mut Stream) -> Value,
    /// Our answer.
    pub(crate) ours: fn(&Value) -> Value,
    /// Whether two answers are the same.
    pub(crate) agree: fn(&Value, &Value) -> bool,
    /// Whether a smaller case is still one that could have been made.
    pub(crate) fits: fn(&Value) -> bool,
    /// The program that answers for the other side.
    pub(crate) judge: fn() -> Result<PathBuf, Failure>,
    /// How much more than that of others a case costs: a small budget has so many times fewer of them.
    pub cost: u64,
}

impl Topic {
    const fn new(
        name: &'static str,
        case: fn(&mut Stream) -> Value,
        ours: fn(&Value) -> Value,
    ) -> Self {
        Self { name, case, ours, agree: same, fits: any, judge: programs::judge, cost: 1 }
    }

    const fn fits(self, fits: fn(&Value) -> bool) -> Self {
        Self { fits, ..self }
    }

    const fn judged_by(self, judge: fn() -> Result<PathBuf, Failure>, cost: u64) -> Self {
        Self { judge, cost, ..self }
    }

    const fn agree(self, agree: fn(&Value, &Value) -> bool) -> Self {
        Self { agree, ..self }
    }
}

/// All topics.
pub const TOPICS: &[Topic] = &[
    Topic::new("quantity", quantity::case, quantity::ours).fits(quantity::fits),
    Topic::new("labels", selectors::labels, selectors::labels_ours),
    Topic::new("fields", selectors::fields, selectors::fields_ours),
    Topic::new("names", names::case, names::ours),
    Topic::new("cron", cron::case, cron::ours).fits(cron::fits),
    Topic::new("patch", patches::patch, patches::patch_ours)
        .fits(patches::patch_fits)
        .agree(patches::agree),
    Topic::new("threeway", patches::three_way, patches::three_way_ours)
        .fits(patches::three_way_fits)
        .agree(patches::agree),
    Topic::new("apply", applies::case, applies::ours).fits(applies::fits).agree(applies::agree),
    Topic::new("strict", strict::case, strict::ours).fits(strict::fits).agree(strict::agree),
    Topic::new("custom", customs::case, customs::ours).fits(customs::fits).agree(customs::agree),
    Topic::new("jsonpath", paths::case, paths::ours).fits(paths::fits).agree(paths::agree),
    Topic::new("schedule", schedule::case, schedule::ours)
        .fits(schedule::fits)
        .judged_by(programs::scheduling, 4),
];

fn same(ours: &Value, theirs: &Value) -> bool {
    ours == theirs
}

fn any(_case: &Value) -> bool {
    true
}

/// The text of a member of a case.
fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_default()
}
