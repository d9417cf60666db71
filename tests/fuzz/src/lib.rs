//! Differential fuzzing: what the API machinery and the scheduler say about made-up cases, held against Go's own code.
//!
//! A case is made of its topic, a seed and its number, and of nothing else; both sides read it as one line of
//! JSON and answer with one. Where the answers differ, the case is made as small as it can be while they do.
//!
//! *Invariant:* the answers of the other side come from the modules that Kubernetes publishes
//! (`tests/realcluster/judge` and `scheduling`); nothing here knows what is right.

mod judge;
mod pick;
mod shrink;
mod topics;

use std::fmt;

use cluster::rng::Stream;
use realcluster::Failure;
use serde_json::{Map, Value};

use crate::judge::Judge;
pub use crate::topics::{TOPICS, Topic};

/// How many cases are on their way to the other side at once.
const BATCH: u64 = 500;

/// A case about which the two sides do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What it is about.
    pub topic: &'static str,
    /// What the case was made of.
    pub seed: u64,
    /// Which of the seed's cases it is.
    pub number: u64,
    /// The smallest case found.
    pub case: Value,
    /// Our answer to it.
    pub ours: Value,
    /// Go's answer to it.
    pub theirs: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, seed, number, case, .. } = self;
        let (ours, theirs) = apart(&self.ours, &self.theirs);
        write!(
            f,
            "{topic}, seed {seed}, case {number}\n  case: {case}\n  ours: {ours}\n  Go's: {theirs}"
        )
    }
}

/// Compares the cases `from..to` of a topic; at most `limit` differences are looked into, and made small.
pub fn compare(
    topic: &'static Topic,
    seed: u64,
    range: (u64, u64),
    limit: usize,
) -> Result<Vec<Difference>, Failure> {
    compare_and(topic, seed, range, limit, shrink::smallest)
}

/// The same, with the cases as they came about: to make one small can take longer than to find it.
pub fn compare_whole(
    topic: &'static Topic,
    seed: u64,
    range: (u64, u64),
    limit: usize,
) -> Result<Vec<Difference>, Failure> {
    compare_and(topic, seed, range, limit, |_, _, case| Ok(case))
}

fn compare_and(
    topic: &'static Topic,
    seed: u64,
    (from, to): (u64, u64),
    limit: usize,
    shrunk: impl Fn(&Topic, &mut Judge, Value) -> Result<Value, Failure>,
) -> Result<Vec<Difference>, Failure> {
    let mut judge = Judge::start(topic)?;
    let mut found = Vec::new();
    let mut next = from;
    while next < to && found.len() < limit {
        let end = to.min(next + BATCH);
        let cases: Vec<Value> = (next..end).map(|number| case(topic, seed, number)).collect();
        let answers = judge.ask(&cases)?;
        for ((number, case), theirs) in (next..).zip(cases).zip(answers) {
            if found.len() < limit && !agrees(topic, &mut judge, &case, &theirs)? {
                let case = shrunk(topic, &mut judge, case)?;
                let (ours, theirs) = ((topic.ours)(&case), judge.ask_one(&case)?);
                found.push(Difference { topic: topic.name, seed, number, case, ours, theirs });
            }
        }
        next = end;
    }
    Ok(found)
}

/// Whether the two sides agree. What Go says may be chance, as it walks over maps in no order: it is asked again.
fn agrees(topic: &Topic, judge: &mut Judge, case: &Value, theirs: &Value) -> Result<bool, Failure> {
    const TIMES: usize = 100;
    let ours = (topic.ours)(case);
    if (topic.agree)(&ours, theirs) {
        return Ok(true);
    }
    let again = judge.ask(&vec![case.clone(); TIMES])?;
    Ok(again.iter().any(|theirs| (topic.agree)(&ours, theirs)))
}

/// One case.
pub fn case(topic: &Topic, seed: u64, number: u64) -> Value {
    let mut chance = Stream::new(seed, &format!("{} {number}", topic.name));
    (topic.case)(&mut chance)
}

/// Two answers without the members about which they agree.
fn apart(ours: &Value, theirs: &Value) -> (Value, Value) {
    let (Value::Object(one), Value::Object(other)) = (ours, theirs) else {
        return (ours.clone(), theirs.clone());
    };
    let without = |map: &Map<String, Value>, same: &Map<String, Value>| {
        let differ = map.iter().filter(|(key, value)| same.get(*key) != Some(value));
        Value::Object(differ.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    (without(one, other), without(other, one))
}
