//! What is compared: how a case comes about, and what we say about it.

mod cron;
mod names;
mod quantity;
mod selectors;

use cluster::rng::Stream;
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
    /// Whether a smaller case is still one that could have been made.
    pub(crate) fits: fn(&Value) -> bool,
}

/// All topics.
pub const TOPICS: &[Topic] = &[
    Topic { name: "quantity", case: quantity::case, ours: quantity::ours, fits: quantity::fits },
    Topic { name: "labels", case: selectors::labels, ours: selectors::labels_ours, fits: any },
    Topic { name: "fields", case: selectors::fields, ours: selectors::fields_ours, fits: any },
    Topic { name: "names", case: names::case, ours: names::ours, fits: any },
    Topic { name: "cron", case: cron::case, ours: cron::ours, fits: cron::fits },
];

fn any(_case: &Value) -> bool {
    true
}

/// The text of a member of a case.
fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_default()
}
