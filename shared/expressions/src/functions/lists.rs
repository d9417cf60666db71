//! Lists and sets (`apiserver/pkg/cel/library/lists.go`, `cel-go/ext/{lists,sets}.go`).

use std::cmp::Ordering;

use super::{Answer, operators, said};
use crate::value::{Fault, Value, compare, equal};

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let [Value::List(list), rest @ ..] = arguments else {
        return match (name, arguments) {
            ("lists.range", [Value::Int(end)]) => {
                Some(Ok(Value::list((0..*end).map(Value::Int).collect())))
            }
            _ => None,
        };
    };
    let items = list.items.as_slice();
    Some(match (name, rest) {
        ("isSorted", []) => is_sorted(items),
        ("sum", []) => sum(items),
        ("max", []) => extreme(items, "max", Ordering::Less),
        ("min", []) => extreme(items, "min", Ordering::Greater),
        ("indexOf", [one]) => Ok(Value::place(items.iter().position(|item| equal(item, one)))),
        ("lastIndexOf", [one]) => Ok(Value::place(items.iter().rposition(|item| equal(item, one)))),
        ("slice", [Value::Int(start), Value::Int(end)]) => slice(items, *start, *end),
        ("flatten", []) => flatten(items, 1).map(Value::list),
        ("flatten", [Value::Int(depth)]) => flatten(items, *depth).map(Value::list),
        ("reverse", []) => Ok(Value::list(items.iter().rev().cloned().collect())),
        ("distinct", []) => {
            let mut seen: Vec<Value> = Vec::new();
            for item in items {
                if !seen.iter().any(|one| equal(one, item)) {
                    seen.push(item.clone());
                }
            }
            Ok(Value::list(seen))
        }
        ("sort", []) => sorted(items, items),
        ("@sortByAssociatedKeys", [Value::List(keys)]) => sorted(items, &keys.items),
        ("sets.contains", [Value::List(other)]) => Ok(Value::Bool(contains(items, &other.items))),
        ("sets.equivalent", [Value::List(other)]) => {
            Ok(Value::Bool(contains(items, &other.items) && contains(&other.items, items)))
        }
        ("sets.intersects", [Value::List(other)]) => {
            let shared = |one: &Value| other.items.iter().any(|item| equal(item, one));
            Ok(Value::Bool(items.iter().any(shared)))
        }
        _ => return None,
    })
}

fn contains(items: &[Value], all: &[Value]) -> bool {
    all.iter().all(|one| items.iter().any(|item| equal(item, one)))
}

fn is_sorted(items: &[Value]) -> Answer {
    for pair in items.windows(2) {
        if let [one, other] = pair
            && compare(one, other)? == Ordering::Greater
        {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}

fn sum(items: &[Value]) -> Answer {
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Int(0)) };
    let mut total = first.clone();
    for one in rest {
        let sum = operators::call("_+_", &[total, one.clone()]);
        total = sum.unwrap_or_else(|| Err(Fault::no_overload()))?;
    }
    Ok(total)
}

fn extreme(items: &[Value], name: &str, worse: Ordering) -> Answer {
    let Some((first, rest)) = items.split_first() else {
        return said(format!("{name} called on empty list"));
    };
    let mut best = first;
    for one in rest {
        if compare(best, one)? == worse {
            best = one;
        }
    }
    Ok(best.clone())
}

fn slice(items: &[Value], start: i64, end: i64) -> Answer {
    let refuse = |why: String| said(format!("cannot slice({start}, {end}), {why}"));
    let (Ok(from), Ok(to)) = (usize::try_from(start), usize::try_from(end)) else {
        return refuse("negative indexes not supported".to_owned());
    };
    if from > to {
        return refuse("start index must be less than or equal to end index".to_owned());
    }
    match items.get(from..to) {
        Some(part) => Ok(Value::list(part.to_vec())),
        None => refuse(format!("list is length {}", items.len())),
    }
}

fn flatten(items: &[Value], depth: i64) -> Result<Vec<Value>, Fault> {
    if depth < 0 {
        return said("level must be non-negative");
    }
    let mut flat = Vec::new();
    for item in items {
        match item {
            Value::List(inner) if depth > 0 => flat.extend(flatten(&inner.items, depth - 1)?),
            other => flat.push(other.clone()),
        }
    }
    Ok(flat)
}

fn sorted(items: &[Value], keys: &[Value]) -> Answer {
    if items.len() != keys.len() {
        return said(format!(
            "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got {} and {} elements respectively",
            items.len(),
            keys.len()
        ));
    }
    if let Some(first) = keys.first()
        && compare(first, first).is_err()
    {
        return said("list elements must be comparable");
    }
    let same = |pair: &[Value]| match pair {
        [one, other] => one.type_name() == other.type_name(),
        _ => true,
    };
    if !keys.windows(2).all(same) {
        return said("list elements must have the same type");
    }
    let mut pairs: Vec<(&Value, &Value)> = keys.iter().zip(items).collect();
    pairs.sort_by(|(one, _), (other, _)| compare(one, other).unwrap_or(Ordering::Equal));
    Ok(Value::list(pairs.into_iter().map(|(_, item)| item.clone()).collect()))
}
