//! What a call costs when it runs (`library.CostEstimator.CallCost`, `CostTracker.costCall`).

use crate::value::Value;

pub(super) const LIST: u64 = 10;
pub(super) const MAP: u64 = 30;
pub(super) const STRUCT: u64 = 40;
pub(super) const CALL: u64 = 1;

/// A tenth for each letter that is walked, rounded up.
fn walked(length: u64) -> u64 {
    length.div_ceil(10)
}

fn quarter(length: u64) -> u64 {
    length.div_ceil(4)
}

pub(super) fn of_call(name: &str, overload: &str, args: &[Value], result: Option<&Value>) -> u64 {
    let size = |index: usize| args.get(index).map_or(1, Value::weight);
    if let Some(cost) = of_overload(overload, args, result) {
        return cost;
    }
    match name {
        "check" => 350_000,
        "fieldSelector" | "labelSelector" => {
            let length = size(1);
            10 + walked(length) + length.div_ceil(2) * 50
        }
        "isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf" => {
            args.first().map_or(0, traversal)
        }
        "url"
        | "lowerAscii"
        | "upperAscii"
        | "substring"
        | "trim"
        | "jsonpatch.escapeKey"
        | "cidr"
        | "isIP"
        | "isCIDR"
        | "quantity"
        | "isQuantity"
        | "semver"
        | "isSemver" => walked(size(0)),
        "replace" | "split" | "ip.isCanonical" => size(0).div_ceil(5),
        "join" => result.map_or(1, Value::weight).div_ceil(5),
        "find" | "findAll" => walked(size(0) + 1).saturating_mul(quarter(size(1))),
        "ip" if overload == "cidr_ip" => 1,
        "ip" => walked(size(0)),
        "containsIP" | "containsCIDR" => {
            let mut cost = walked(size(0) * 2);
            if name == "containsCIDR" {
                cost += walked(size(0)) + 1;
            }
            if overload.ends_with("_string") {
                cost += walked(size(1));
            }
            cost
        }
        "validate" => {
            let pattern = match args.first() {
                Some(Value::Format(format)) => format.pattern,
                _ => 1,
            };
            walked(size(1) + 1).saturating_mul(quarter(pattern))
        }
        "_==_" if args.first().is_some_and(single) => 1,
        _ => standard(overload, &size),
    }
}

/// What compares at once.
fn single(value: &Value) -> bool {
    matches!(
        value,
        Value::Quantity(_)
            | Value::Ip(_)
            | Value::Cidr(..)
            | Value::Format(_)
            | Value::Url(_)
            | Value::Semver(_)
            | Value::Check(_)
            | Value::Decision(_)
    )
}

/// `CostTracker.costCall`.
fn standard(overload: &str, size: &impl Fn(usize) -> u64) -> u64 {
    match overload {
        "starts_with_string" | "ends_with_string" | "string_to_bytes" | "bytes_to_string"
        | "strings_quote" | "string_format" => walked(size(0)),
        "in_list" => size(1),
        "equals" | "not_equals" => walked(size(0).min(size(1))),
        "add_string" | "add_bytes" => walked(size(0) + size(1)),
        "matches_string" => walked(size(0) + 1).saturating_mul(quarter(size(1))),
        "contains_string" => walked(size(0)).saturating_mul(walked(size(1))),
        _ if ["less", "greater"].iter().any(|word| overload.starts_with(word))
            && (overload.ends_with("_string") || overload.ends_with("_bytes")) =>
        {
            walked(size(0).min(size(1)))
        }
        _ => 1,
    }
}

/// The trackers of `cel-go/ext/{lists,sets}.go`.
fn of_overload(overload: &str, args: &[Value], result: Option<&Value>) -> Option<u64> {
    let size = |index: usize| args.get(index).map_or(1, Value::weight);
    let result = result.map_or(1, Value::weight);
    Some(match overload {
        "list_slice" | "lists_range" | "list_reverse" => result + 1 + LIST,
        "list_flatten" => size(0) + 1 + LIST,
        "list_flatten_int" => {
            let depth = match args.get(1) {
                Some(Value::Int(depth)) => u64::try_from(*depth).unwrap_or(0),
                _ => 1,
            };
            size(0).saturating_mul(depth) + 1 + LIST
        }
        "list_distinct" => compared(args.first()),
        "list_sets_contains_list" | "list_sets_intersects_list" => 1 + size(0) * size(1),
        "list_sets_equivalent_list" => 1 + 2 * size(0) * size(1),
        _ if overload.ends_with("_sort") => compared(args.first()),
        _ if overload.ends_with("_sortByAssociatedKeys") => compared(args.get(1)),
        _ => return None,
    })
}

/// `trackListSelfCompare`.
fn compared(list: Option<&Value>) -> u64 {
    let Some(Value::List(list)) = list else { return 1 + LIST };
    let size = list.items.len() as u64;
    let squared = size.saturating_mul(size);
    let text = matches!(list.items.first(), Some(Value::String(_) | Value::Bytes(_)));
    squared.saturating_mul(2) + if text { squared / 10 } else { 0 } + 1 + LIST
}

/// `traversalCost`.
fn traversal(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64 / 10,
        Value::Bytes(bytes) => bytes.len() as u64 / 10,
        Value::List(list) => list.items.iter().map(traversal).sum(),
        Value::Map(map) => {
            map.entries.iter().map(|(key, one)| traversal(&key.into()) + traversal(one)).sum()
        }
        _ => 1,
    }
}
