//! JSON text to a document, with the keys that stand twice.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep a document may be; upstream's decoder stops at 10000, our stack earlier.
const DEPTH_MAX: usize = 120;

pub(super) fn read(body: &[u8]) -> Result<(Value, Vec<String>), String> {
    let found = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let seed = Seed { path: String::new(), found: &found, depth: 0 };
    let value = seed.deserialize(&mut deserializer).map_err(|error| in_go(body, &error))?;
    deserializer.end().map_err(|error| in_go(body, &error))?;
    Ok((value, found.into_inner()))
}

/// Go's words for text that is no JSON (`encoding/json/scanner.go`).
fn in_go(body: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    if error.is_data() {
        return error.to_string();
    }
    let line =
        body.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or(body);
    let at = error.column().saturating_sub(1);
    let byte = line.get(at).copied().unwrap_or(b'?');
    let said = error.to_string();
    let place = [
        ("key must be a string", "looking for beginning of object key string"),
        ("expected `:`", "after object key"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("trailing characters", "after top-level value"),
    ];
    let place =
        place.iter().find(|(ours, _)| said.starts_with(ours)).map(|(_, go)| (*go).to_owned());
    let place = place
        .or_else(|| {
            line.get(..at).filter(|_| said.starts_with("expected ident")).and_then(in_literal)
        })
        .unwrap_or_else(|| "looking for beginning of value".to_owned());
    format!("invalid character '{}' {place}", char::from(byte))
}

/// For a literal that goes on otherwise: `in literal null (expecting 'u')`.
fn in_literal(before: &[u8]) -> Option<String> {
    let letters = before.iter().rev().take_while(|byte| byte.is_ascii_lowercase()).count();
    let begun = before.get(before.len() - letters..)?;
    let literal =
        ["null", "true", "false"].into_iter().find(|it| it.as_bytes().starts_with(begun))?;
    let next = literal.as_bytes().get(letters)?;
    (letters > 0).then(|| format!("in literal {literal} (expecting '{}')", char::from(*next)))
}

struct Seed<'a> {
    path: String,
    found: &'a RefCell<Vec<String>>,
    depth: usize,
}

impl Seed<'_> {
    fn inner(&self, path: String) -> Seed<'_> {
        Seed { path, found: self.found, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.depth > DEPTH_MAX {
            return Err(D::Error::custom("exceeded max depth"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) =
            access.next_element_seed(self.inner(format!("{}[{}]", self.path, list.len())))?
        {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let path = super::join(&self.path, &key);
            if map.contains_key(&key) {
                self.found.borrow_mut().push(format!("duplicate field \"{path}\""));
            }
            let value = access.next_value_seed(self.inner(path))?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
