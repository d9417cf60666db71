//! Making a case small: parts are left out, one after the other, as long as the two sides still differ.

use realcluster::Failure;
use serde_json::Value;

use crate::judge::Judge;
use crate::topics::Topic;

/// So many smaller cases are tried.
const TRIES: usize = 4000;

/// The smallest case found about which the two sides differ.
pub(crate) fn smallest(topic: &Topic, judge: &mut Judge, case: Value) -> Result<Value, Failure> {
    let mut best = case;
    let mut tries = 0;
    'again: loop {
        let mut candidates = smaller(&best);
        candidates.retain(|one| (topic.fits)(one));
        for chunk in candidates.chunks(64) {
            let answers = judge.ask(chunk)?;
            tries += chunk.len();
            let found = chunk
                .iter()
                .zip(answers)
                .find(|(one, theirs)| !(topic.agree)(&(topic.ours)(one), theirs));
            if let Some((one, _)) = found {
                best = one.clone();
                if tries < TRIES {
                    continue 'again;
                }
            }
        }
        return Ok(best);
    }
}

/// Everything that is one step smaller; big steps first.
fn smaller(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(map) => {
            let mut found = Vec::new();
            for key in map.keys() {
                let mut less = map.clone();
                less.remove(key);
                found.push(Value::Object(less));
            }
            for (key, inner) in map {
                for one in smaller(inner) {
                    let mut other = map.clone();
                    other.insert(key.clone(), one);
                    found.push(Value::Object(other));
                }
            }
            found
        }
        Value::Array(list) => {
            let mut found = Vec::new();
            for index in 0..list.len() {
                let mut less = list.clone();
                less.remove(index);
                found.push(Value::Array(less));
            }
            for (index, inner) in list.iter().enumerate() {
                for one in smaller(inner) {
                    let other = list
                        .iter()
                        .enumerate()
                        .map(|(at, item)| if at == index { one.clone() } else { item.clone() });
                    found.push(Value::Array(other.collect()));
                }
            }
            found
        }
        Value::String(text) => shorter(text).into_iter().map(Value::String).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// A text without its halves, quarters, … and single characters.
fn shorter(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut width = letters.len();
    while width > 0 {
        for start in (0..letters.len()).step_by(width) {
            let rest = letters.iter().enumerate();
            let rest = rest.filter(|(at, _)| !(start..start + width).contains(at));
            found.push(rest.map(|(_, letter)| *letter).collect());
        }
        width /= 2;
    }
    found
}
