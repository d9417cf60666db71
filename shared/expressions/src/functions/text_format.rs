//! `format` (`cel-go/ext/formatting.go`).

use super::convert::shown;
use super::{said, time};
use crate::value::{Fault, Key, Value};

/// Go's precision of doubles.
const PRECISION: usize = 6;

/// Fills the clauses of a text.
pub(super) fn format(text: &str, arguments: &[Value]) -> Result<String, Fault> {
    let mut built = String::new();
    let mut rest = text;
    let mut index = 0;
    while let Some(at) = rest.find('%') {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        built.push_str(before);
        let after = after.strip_prefix('%').unwrap_or(after);
        if let Some(after) = after.strip_prefix('%') {
            built.push('%');
            rest = after;
            continue;
        }
        let Some(argument) = arguments.get(index) else {
            return said(format!("index {index} out of range"));
        };
        if after.is_empty() {
            return said("unexpected end of string");
        }
        let (clause, after) = clause(after)
            .map_err(|why| Fault::said(format!("could not parse formatting clause: {why}")))?;
        let filled = clause
            .fill(argument)
            .map_err(|why| Fault::said(format!("error during formatting: {why}")))?;
        built.push_str(&filled);
        rest = after;
        index += 1;
    }
    built.push_str(rest);
    Ok(built)
}

struct Clause {
    letter: char,
    precision: usize,
}

fn clause(text: &str) -> Result<(Clause, &str), String> {
    let mut precision = PRECISION;
    let mut rest = text;
    if let Some(digits) = text.strip_prefix('.') {
        let end = digits.find(|c: char| !c.is_ascii_digit());
        let end =
            end.ok_or("error while parsing precision: could not find end of precision specifier")?;
        let (number, after) = digits.split_at_checked(end).unwrap_or((digits, ""));
        precision = number.parse().map_err(|_unread| {
            format!(
                "error while parsing precision: error while converting precision to integer: strconv.Atoi: parsing {number:?}: invalid syntax"
            )
        })?;
        rest = after;
    }
    let mut letters = rest.chars();
    let letter = letters.next().unwrap_or(' ');
    if "sdfebxXo".contains(letter) {
        return Ok((Clause { letter, precision }, letters.as_str()));
    }
    Err(format!("unrecognized formatting clause \"{letter}\""))
}

impl Clause {
    fn fill(&self, value: &Value) -> Result<String, String> {
        let given = value.type_name();
        match (self.letter, value) {
            ('s', _) => string(value),
            ('d', Value::Int(_) | Value::Uint(_)) => Ok(shown(value)),
            ('d', _) => {
                Err(format!("decimal clause can only be used on integers, was given {given}"))
            }
            ('f' | 'e', _) => self.double(value),
            ('b', Value::Bool(value)) => Ok(if *value { "1" } else { "0" }.to_owned()),
            ('b', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:b}"))),
            ('b', Value::Uint(value)) => Ok(format!("{value:b}")),
            ('b', _) => Err(format!(
                "only integers and bools can be formatted as binary, was given {given}"
            )),
            ('o', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:o}"))),
            ('o', Value::Uint(value)) => Ok(format!("{value:o}")),
            ('o', _) => {
                Err(format!("octal clause can only be used on integers, was given {given}"))
            }
            _ => self.hexadecimal(value),
        }
    }

    fn double(&self, value: &Value) -> Result<String, String> {
        let number = match value {
            Value::Double(value) => *value,
            Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_ref()) => {
                text.parse().unwrap_or(f64::NAN)
            }
            other => {
                let clause = if self.letter == 'f' { "fixed-point" } else { "scientific" };
                return Err(format!(
                    "{clause} clause can only be used on doubles, was given {}",
                    other.type_name()
                ));
            }
        };
        let precision = self.precision;
        if number.is_nan() {
            return Ok("NaN".to_owned());
        }
        if number.is_infinite() {
            return Ok(if number > 0.0 { "\u{221e}" } else { "-\u{221e}" }.to_owned());
        }
        if self.letter == 'f' {
            return Ok(grouped(&format!("{number:.precision$}")));
        }
        let text = format!("{number:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        // The printer of golang.org/x/text writes exponents of English as powers.
        Ok(format!("{digits}\u{202f}\u{d7}\u{202f}10{}", raised(exponent)))
    }

    fn hexadecimal(&self, value: &Value) -> Result<String, String> {
        let text = match value {
            Value::Int(value) => signed(*value, |value| format!("{value:x}")),
            Value::Uint(value) => format!("{value:x}"),
            Value::String(text) => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
            Value::Bytes(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            other => {
                return Err(format!(
                    "only integers, byte buffers, and strings can be formatted as hex, was given {}",
                    other.type_name()
                ));
            }
        };
        Ok(if self.letter == 'X' { text.to_uppercase() } else { text })
    }
}

fn signed(value: i64, print: impl Fn(u64) -> String) -> String {
    let sign = if value < 0 { "-" } else { "" };
    format!("{sign}{}", print(value.unsigned_abs()))
}

/// The thousands of English.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut shown = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if fraction.is_empty() { format!("{sign}{shown}") } else { format!("{sign}{shown}.{fraction}") }
}

fn raised(exponent: i32) -> String {
    let digits = "\u{2070}\u{b9}\u{b2}\u{b3}\u{2074}\u{2075}\u{2076}\u{2077}\u{2078}\u{2079}";
    let raise = |letter: char| match letter.to_digit(10) {
        Some(digit) => digits.chars().nth(digit as usize).unwrap_or(letter),
        None => '\u{207b}',
    };
    format!("{exponent:02}").chars().map(raise).collect()
}

/// `FormatString`.
fn string(value: &Value) -> Result<String, String> {
    match value {
        Value::List(list) => {
            let items: Result<Vec<String>, String> = list.items.iter().map(member).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Value::Map(map) => {
            let mut entries = Vec::new();
            for (key, one) in &map.entries {
                let key = match key {
                    Key::String(text) => format!("{text:?}"),
                    other => shown(&other.into()),
                };
                entries.push((key, member(one)?));
            }
            entries.sort();
            let entries: Vec<String> =
                entries.into_iter().map(|(key, one)| format!("{key}:{one}")).collect();
            Ok(format!("{{{}}}", entries.join(", ")))
        }
        Value::Bytes(bytes) => String::from_utf8(bytes.to_vec())
            .map_err(|_unread| "invalid UTF-8 in bytes, cannot convert to string".to_owned()),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::Double(_)
        | Value::String(_)
        | Value::Duration(_)
        | Value::Timestamp(_)
        | Value::Type(_) => Ok(shown(value)),
        other => Err(format!(
            "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given {}",
            other.type_name()
        )),
    }
}

/// An item of a list or map.
fn member(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(format!("{text:?}")),
        Value::Bytes(_) => Ok(format!("b{:?}", string(value)?)),
        Value::Double(number) => Ok(format!("{number:.PRECISION$}")),
        Value::Timestamp(at) => Ok(format!("timestamp({:?})", time::timestamp_text(*at))),
        Value::Duration(nanos) => Ok(format!("duration({:?})", time::duration_text(*nanos))),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Uint(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Type(_) => string(value),
        other => Err(format!("no formatting function for {}", other.type_name())),
    }
}
