//! Finding and printing.

use serde_json::Value;

use super::{Node, Operand, Step};

/// What each node finds.
pub(super) fn find(
    nodes: &[Node],
    document: &Value,
    allow_missing: bool,
) -> Result<Vec<Vec<Value>>, String> {
    let mut found = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text) => found.push(vec![Value::String(text.clone())]),
            Node::Path(steps) => {
                found.push(cloned(&walk(steps, document, document, allow_missing)?));
            }
            Node::Range(steps, body) => {
                for item in walk(steps, document, document, allow_missing)? {
                    found.extend(find(body, item, allow_missing)?);
                }
            }
        }
    }
    Ok(found)
}

/// The template filled in.
pub(super) fn print(
    nodes: &[Node],
    document: &Value,
    allow_missing: bool,
) -> Result<String, String> {
    let mut text = String::new();
    for values in find(nodes, document, allow_missing)? {
        let printed: Vec<String> = values.iter().map(show).collect();
        text.push_str(&printed.join(" "));
    }
    Ok(text)
}

fn show(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn cloned(values: &[&Value]) -> Vec<Value> {
    values.iter().map(|value| (*value).clone()).collect()
}

fn walk<'a>(
    steps: &[Step],
    current: &'a Value,
    root: &'a Value,
    allow_missing: bool,
) -> Result<Vec<&'a Value>, String> {
    let mut found = vec![current];
    for step in steps {
        let mut next = Vec::new();
        for value in found {
            take(step, value, root, allow_missing, &mut next)?;
        }
        found = next;
    }
    Ok(found)
}

fn take<'a>(
    step: &Step,
    value: &'a Value,
    root: &'a Value,
    allow_missing: bool,
    next: &mut Vec<&'a Value>,
) -> Result<(), String> {
    match step {
        Step::Root => next.push(root),
        Step::Current => next.push(value),
        Step::Field(name) => match value.get(name) {
            Some(inner) => next.push(inner),
            None if allow_missing => {}
            None => return Err(format!("{name} is not found")),
        },
        Step::Wildcard => match value {
            Value::Array(list) => next.extend(list),
            Value::Object(map) => next.extend(map.values()),
            _ => {}
        },
        Step::Recursive => below(value, next),
        Step::Slice { start, end, step, single } => {
            slice(value, (*start, *end, *step, *single), allow_missing, next)?;
        }
        Step::Exists(path) => {
            for item in value.as_array().into_iter().flatten() {
                if walk(path, item, root, true).is_ok_and(|found| !found.is_empty()) {
                    next.push(item);
                }
            }
        }
        Step::Filter(left, operator, right) => {
            let items: Vec<&Value> = match value {
                Value::Array(list) => list.iter().collect(),
                Value::Object(map) => map.values().collect(),
                _ => Vec::new(),
            };
            for item in items {
                let left = side(left, item, root);
                let right = side(right, item, root);
                if let (Some(left), Some(right)) = (left, right)
                    && compare(&left, operator, &right)
                {
                    next.push(item);
                }
            }
        }
        Step::Union(paths) => {
            for path in paths {
                next.extend(walk(path, value, root, allow_missing)?);
            }
        }
    }
    Ok(())
}

fn below<'a>(value: &'a Value, next: &mut Vec<&'a Value>) {
    next.push(value);
    match value {
        Value::Array(list) => list.iter().for_each(|inner| below(inner, next)),
        Value::Object(map) => map.values().for_each(|inner| below(inner, next)),
        _ => {}
    }
}

fn slice<'a>(
    value: &'a Value,
    (start, end, step, single): (Option<i64>, Option<i64>, i64, bool),
    allow_missing: bool,
    next: &mut Vec<&'a Value>,
) -> Result<(), String> {
    let Value::Array(list) = value else { return Ok(()) };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let absolute = |index: i64| if index < 0 { index + length } else { index };
    let first = absolute(start.unwrap_or(0));
    if single {
        match usize::try_from(first).ok().and_then(|first| list.get(first)) {
            Some(item) => next.push(item),
            None if allow_missing => {}
            None => {
                return Err(format!("array index out of bounds: index {first}, length {length}"));
            }
        }
        return Ok(());
    }
    let last = absolute(end.unwrap_or(length)).min(length);
    let mut at = first;
    while at < last && step > 0 {
        next.extend(usize::try_from(at).ok().and_then(|at| list.get(at)));
        at += step;
    }
    Ok(())
}

fn side(operand: &Operand, item: &Value, root: &Value) -> Option<Value> {
    match operand {
        Operand::Value(value) => Some(value.clone()),
        Operand::Path(path) => {
            walk(path, item, root, true).ok()?.first().map(|found| (*found).clone())
        }
    }
}

fn compare(left: &Value, operator: &str, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64().partial_cmp(&right.as_f64()),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (left, right) if left == right => Some(std::cmp::Ordering::Equal),
        _ => None,
    };
    match operator {
        "==" => order.is_some_and(std::cmp::Ordering::is_eq),
        "!=" => !order.is_some_and(std::cmp::Ordering::is_eq),
        "<" => order.is_some_and(std::cmp::Ordering::is_lt),
        "<=" => order.is_some_and(std::cmp::Ordering::is_le),
        ">" => order.is_some_and(std::cmp::Ordering::is_gt),
        _ => order.is_some_and(std::cmp::Ordering::is_ge),
    }
}
