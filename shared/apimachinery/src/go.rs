//! How Go prints things that stand in texts of Kubernetes.

use serde_json::Value;

/// A text as `strconv.Quote` and `%q` print it.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        let escape = match letter {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{b}' => "\\v",
            other if printable(other) => {
                quoted.push(other);
                continue;
            }
            other => {
                let escaped = match u32::from(other) {
                    code @ (0..0x20 | 0x7f) => format!("\\x{code:02x}"),
                    code @ ..0x1_0000 => format!("\\u{code:04x}"),
                    code => format!("\\U{code:08x}"),
                };
                quoted.push_str(&escaped);
                continue;
            }
        };
        quoted.push_str(escape);
    }
    quoted.push('"');
    quoted
}

/// A text as Go's package `time` quotes it: other letters are bytes.
pub fn quote_bytes(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        if letter < ' ' || !letter.is_ascii() {
            for byte in letter.to_string().bytes() {
                quoted.extend(["\\x".to_owned(), format!("{byte:02x}")]);
            }
        } else {
            if matches!(letter, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(letter);
        }
    }
    quoted.push('"');
    quoted
}

/// `unicode.IsPrint`. Rust knows the same of a letter that does not begin a text (there it would escape a mark).
fn printable(letter: char) -> bool {
    letter.is_ascii_graphic()
        || letter == ' '
        || (!letter.is_ascii()
            && !['a', letter].iter().collect::<String>().escape_debug().any(|one| one == '\\'))
}

/// A document as `%v` prints it.
pub fn print(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => print_float(float),
            None => number.to_string(),
        },
        Value::Bool(flag) => flag.to_string(),
        Value::Array(list) => format!("[{}]", joined(list.iter().map(print))),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{key}:{}", print(value)));
            format!("map[{}]", joined(pairs))
        }
    }
}

/// A document as `encoding/json` writes it: what could end a script is escaped, and floats have no point where they
/// need none.
pub fn json(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => json_float(float),
            None => number.to_string(),
        },
        Value::Array(list) => format!("[{}]", list.iter().map(json).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| {
                let key = escaped(&Value::from(key.as_str()).to_string());
                format!("{key}:{}", json(value))
            });
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => escaped(&value.to_string()),
    }
}

/// With an exponent only where it is below 1e-6 or at least 1e21 (`encoding/json floatEncoder`).
fn json_float(float: f64) -> String {
    let size = float.abs();
    if float == 0.0 || (1e-6..1e21).contains(&size) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// Written JSON with what could end a script escaped.
pub fn escaped(text: &str) -> String {
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

/// `%v` of a float: with an exponent from 1e6 on.
fn print_float(float: f64) -> String {
    let text = format!("{float:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    if exponent.parse().is_ok_and(|exponent: i32| (-4..6).contains(&exponent)) {
        return float.to_string();
    }
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

/// The Go type of a document; none of null.
pub fn type_name(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    #[test]
    fn what_cannot_be_printed_is_escaped_as_go_does() {
        let text = "a\"\\\n\u{0}\u{1f}\u{7f}\u{a0}\u{ad}\u{e0001}\u{b}";
        expect![[r#""a\"\\\n\x00\x1f\x7f\u00a0\u00ad\U000e0001\v""#]]
            .assert_eq(&super::quote(text));
        let text = "e\u{301}\u{ac00}\u{1f600}";
        assert_eq!(super::quote(text), format!("\"{text}\""));
    }
}
