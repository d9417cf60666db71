//! Scalars: what Go accepts for a type, and how it prints it again.

use serde_json::{Number, Value};

use super::base64;
use super::document::Document;
use crate::quantity::Quantity;
use crate::schema::Word;
use crate::time;

/// Why a value cannot be taken.
pub(super) enum Wrong {
    /// Decoding goes on; the first of them is told (`UnmarshalTypeError`). What was found, and the Go type.
    Type(String, String),
    /// The same without a place.
    Plain(String),
    /// A type of its own refuses it: decoding ends with a type error …
    Own(String, &'static str),
    /// … or with another one.
    OwnPlain(String),
}

/// The value in the form that Go writes. `go_type` is that of the field.
pub(super) fn check(word: Word, given: Document, go_type: &str) -> Result<Value, Wrong> {
    match (word, given) {
        (Word::String, Document::String(text)) => Ok(Value::String(text)),
        (Word::Bool, Document::Bool(flag)) => Ok(Value::Bool(flag)),
        (Word::Int32, Document::Number(number, raw)) => {
            let fits = whole(number.as_ref()).is_some_and(|found| i32::try_from(found).is_ok());
            integer(fits && raw.is_none(), Document::Number(number, raw), go_type)
        }
        (Word::Int64 | Word::Int, Document::Number(number, raw)) => {
            let fits = whole(number.as_ref()).is_some() && raw.is_none();
            integer(fits, Document::Number(number, raw), go_type)
        }
        (Word::Number, Document::Number(Some(number), _)) => Ok(Value::Number(number)),
        (Word::Number, given @ Document::Number(..)) => integer(false, given, go_type),
        (Word::Bytes, Document::String(text)) => bytes(&text),
        (Word::Quantity, given) => quantity(&given),
        (Word::IntOrString, given) => int_or_string(given),
        (Word::Time, given) => timestamp(given, time::format_rfc3339),
        (Word::MicroTime, given) => timestamp(given, time::format_micro),
        (Word::Raw | Word::Fields | Word::Object | Word::Any, given) => Ok(plain(given)),
        (_, given) => Err(mismatch(&given, go_type)),
    }
}

/// A value of any form, of whose keys the last of each is taken.
pub(super) fn plain(given: Document) -> Value {
    given.into_value(&mut String::new(), &mut super::Findings::default())
}

/// What was found, and the Go type that was wanted.
pub(super) fn mismatch(given: &Document, go_type: &str) -> Wrong {
    Wrong::Type(given.kind().to_owned(), go_type.trim_start_matches('*').to_owned())
}

fn whole(number: Option<&Number>) -> Option<i64> {
    number.and_then(Number::as_i64)
}

fn integer(fits: bool, given: Document, go_type: &str) -> Result<Value, Wrong> {
    match given {
        Document::Number(Some(number), _) if fits => Ok(Value::Number(number)),
        given => Err(Wrong::Type(numbered(&given), go_type.trim_start_matches('*').to_owned())),
    }
}

/// Numbers that do not fit are told with their digits.
fn numbered(given: &Document) -> String {
    match given {
        Document::Number(..) => format!("number {}", digits(given)),
        other => other.kind().to_owned(),
    }
}

/// A number as it was written.
fn digits(given: &Document) -> String {
    match given {
        Document::Number(_, Some(raw)) => raw.to_string(),
        Document::Number(Some(number), None) => number.to_string(),
        other => other.kind().to_owned(),
    }
}

fn bytes(text: &str) -> Result<Value, Wrong> {
    base64::canonical(text)
        .map(Value::String)
        .map_err(|at| Wrong::Plain(format!("illegal base64 data at input byte {at}")))
}

/// Bytes may stand there one by one; what is none is nothing.
pub(super) fn listed_bytes(items: Vec<Document>) -> (Value, Vec<Wrong>) {
    let (mut bytes, mut wrong) = (Vec::with_capacity(items.len()), Vec::new());
    for item in items {
        let byte = match &item {
            Document::Number(number, None) => {
                whole(number.as_ref()).and_then(|number| u8::try_from(number).ok())
            }
            _ => None,
        };
        if byte.is_none() && item != Document::Null {
            wrong.push(Wrong::Type(numbered(&item), "uint8".to_owned()));
        }
        bytes.push(byte.unwrap_or_default());
    }
    (Value::String(base64::encode(&bytes)), wrong)
}

/// `quantity.go UnmarshalJSON`, which reads any text as it stands.
fn quantity(given: &Document) -> Result<Value, Wrong> {
    let text = match given {
        Document::String(text) => text.clone(),
        // What is neither is no quantity by any word.
        other => digits(other),
    };
    Quantity::canonical(text.trim()).map(Value::String).map_err(Wrong::OwnPlain)
}

/// What is no string is read as the number (`intstr.go UnmarshalJSON`).
fn int_or_string(given: Document) -> Result<Value, Wrong> {
    match given {
        Document::String(text) => Ok(Value::String(text)),
        Document::Number(Some(number), None)
            if whole(Some(&number)).is_some_and(|found| i32::try_from(found).is_ok()) =>
        {
            Ok(Value::Number(number))
        }
        given => Err(Wrong::Own(numbered(&given), "int32")),
    }
}

fn timestamp(given: Document, print: fn(jiff::Timestamp) -> String) -> Result<Value, Wrong> {
    let Document::String(text) = &given else {
        return Err(Wrong::Own(given.kind().to_owned(), "string"));
    };
    time::parse_as_go(text).map(|found| Value::String(print(found))).map_err(Wrong::OwnPlain)
}
