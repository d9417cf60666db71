//! Request bodies in Kubernetes' protobuf (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`): what
//! kubectl sends for most `create` commands. Only decoding: every client also accepts JSON.

use serde_json::{Map, Value, json};

use crate::gvk::GroupVersionKind;
use crate::schema::{Message, Schema, WireField};

const MAGIC: &[u8] = b"k8s\0";
/// How deep messages may lie in each other: as deep as objects in JSON.
const DEPTH_MAX: usize = 120;

/// Whether a body begins like one.
pub fn is_protobuf(body: &[u8]) -> bool {
    body.starts_with(MAGIC)
}

/// Decodes an enveloped object into its JSON form.
pub fn decode(schema: &Schema, body: &[u8]) -> Result<Value, String> {
    let rest =
        body.strip_prefix(MAGIC).ok_or("provided data does not appear to be a protobuf message")?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for (tag, payload) in fields(rest)? {
        match (tag, payload) {
            (1, Payload::Bytes(bytes)) => {
                for (tag, payload) in fields(bytes)? {
                    if let Payload::Bytes(text) = payload {
                        let text = String::from_utf8_lossy(text).into_owned();
                        if tag == 1 { api_version = text } else { kind = text }
                    }
                }
            }
            (2, Payload::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let gvk = GroupVersionKind::of(&api_version, &kind);
    // Options of any group are those of meta/v1.
    let definition = schema
        .kind(&gvk)
        .or_else(|| schema.kind(&GroupVersionKind::new("", "v1", &kind)))
        .ok_or_else(|| format!("no kind \"{kind}\" is registered for version \"{api_version}\""))?;
    let message = schema
        .message(&definition.name)
        .ok_or_else(|| format!("no protobuf message is known for {kind}"))?;
    let mut object = message_value(schema, message, raw, 0)?;
    if let Value::Object(map) = &mut object {
        map.insert("apiVersion".to_owned(), json!(api_version));
        map.insert("kind".to_owned(), json!(kind));
    }
    Ok(object)
}

enum Payload<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

fn truncated() -> String {
    "unexpected EOF".to_owned()
}

fn varint(bytes: &mut &[u8]) -> Result<u64, String> {
    let (mut value, mut shift) = (0_u64, 0_u32);
    loop {
        let (first, rest) = bytes.split_first().ok_or_else(truncated)?;
        *bytes = rest;
        if shift >= 64 {
            return Err("proto: integer overflow".to_owned());
        }
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Ok(value);
        }
        shift += 7;
    }
}

fn fields(mut bytes: &[u8]) -> Result<Vec<(u64, Payload<'_>)>, String> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let head = varint(&mut bytes)?;
        let payload = match head & 7 {
            0 => Payload::Varint(varint(&mut bytes)?),
            1 => {
                let (first, rest) = bytes.split_first_chunk::<8>().ok_or_else(truncated)?;
                bytes = rest;
                Payload::Fixed64(u64::from_le_bytes(*first))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).map_err(|_error| truncated())?;
                let (first, rest) = bytes.split_at_checked(length).ok_or_else(truncated)?;
                bytes = rest;
                Payload::Bytes(first)
            }
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        found.push((head >> 3, payload));
    }
    Ok(found)
}

fn message_value(
    schema: &Schema,
    message: &Message,
    bytes: &[u8],
    depth: usize,
) -> Result<Value, String> {
    if depth > DEPTH_MAX {
        return Err("exceeded max depth".to_owned());
    }
    let mut map = Map::new();
    for (tag, payload) in fields(bytes)? {
        let Some(field) =
            message.fields.iter().find(|field| u64::from(field.tag) == tag && tag != 0)
        else {
            continue;
        };
        put(schema, &mut map, field, payload, depth)?;
    }
    if message.slice {
        return Ok(map.remove("items").unwrap_or_else(|| Value::Array(Vec::new())));
    }
    Ok(Value::Object(map))
}

fn put(
    schema: &Schema,
    map: &mut Map<String, Value>,
    field: &WireField,
    payload: Payload<'_>,
    depth: usize,
) -> Result<(), String> {
    if field.inline {
        let value = single(schema, &field.wire, payload, depth)?;
        if let Value::Object(inner) = value {
            map.extend(inner);
        }
        return Ok(());
    }
    if let Some(wire) = field.wire.strip_prefix("[]") {
        let value = single(schema, wire, payload, depth)?;
        let list = map.entry(field.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(value);
        }
        return Ok(());
    }
    if let Some(wire) = field.wire.strip_prefix("map[]") {
        let Payload::Bytes(bytes) = payload else { return Err(truncated()) };
        let (mut key, mut value) = (String::new(), default_of(wire));
        for (tag, payload) in fields(bytes)? {
            match (tag, payload) {
                (1, Payload::Bytes(text)) => key = String::from_utf8_lossy(text).into_owned(),
                (2, payload) => value = single(schema, wire, payload, depth)?,
                _ => {}
            }
        }
        let entries = map.entry(field.name.clone()).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(entries) = entries {
            entries.insert(key, value);
        }
        return Ok(());
    }
    let value = single(schema, &field.wire, payload, depth)?;
    // Go writes the zero of fields without a pointer; what `omitempty` leaves out, decoding drops.
    map.insert(field.name.clone(), value);
    Ok(())
}

fn default_of(wire: &str) -> Value {
    if wire == "string" { json!("") } else { Value::Null }
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "protobuf's varints carry negative numbers as two's complement"
)]
fn single(
    schema: &Schema,
    wire: &str,
    payload: Payload<'_>,
    depth: usize,
) -> Result<Value, String> {
    match (wire, payload) {
        ("bool", Payload::Varint(value)) => Ok(json!(value != 0)),
        ("uint32" | "uint64", Payload::Varint(value)) => Ok(json!(value)),
        (_, Payload::Varint(value)) => Ok(json!(value as i64)),
        (_, Payload::Fixed64(value)) => Ok(json!(f64::from_bits(value))),
        ("string", Payload::Bytes(bytes)) => Ok(json!(String::from_utf8_lossy(bytes))),
        ("bytes", Payload::Bytes(bytes)) => Ok(json!(base64(bytes))),
        ("quantity", Payload::Bytes(bytes)) => Ok(json!(text_at(bytes, 1)?)),
        ("time" | "micro-time", Payload::Bytes(bytes)) => time(wire, bytes),
        ("int-or-string", Payload::Bytes(bytes)) => int_or_string(bytes),
        ("duration", Payload::Bytes(bytes)) => Ok(json!(number_at(bytes, 1)?)),
        ("raw" | "fields" | "json", Payload::Bytes(bytes)) => {
            let text = text_at(bytes, 1)?;
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        }
        (name, Payload::Bytes(bytes)) => {
            let message =
                schema.message(name).ok_or_else(|| format!("unknown protobuf message {name}"))?;
            message_value(schema, message, bytes, depth + 1)
        }
    }
}

fn text_at(bytes: &[u8], wanted: u64) -> Result<String, String> {
    let mut found = String::new();
    for (tag, payload) in fields(bytes)? {
        if let (true, Payload::Bytes(text)) = (tag == wanted, payload) {
            found = String::from_utf8_lossy(text).into_owned();
        }
    }
    Ok(found)
}

#[expect(
    clippy::cast_possible_wrap,
    reason = "protobuf's varints carry negative numbers as two's complement"
)]
fn number_at(bytes: &[u8], wanted: u64) -> Result<i64, String> {
    let mut found = 0;
    for (tag, payload) in fields(bytes)? {
        if let (true, Payload::Varint(value)) = (tag == wanted, payload) {
            found = value as i64;
        }
    }
    Ok(found)
}

fn time(wire: &str, bytes: &[u8]) -> Result<Value, String> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let nanos = i32::try_from(number_at(bytes, 2)?).unwrap_or(0);
    let time =
        jiff::Timestamp::new(number_at(bytes, 1)?, nanos).map_err(|error| error.to_string())?;
    let print =
        if wire == "time" { crate::time::format_rfc3339 } else { crate::time::format_micro };
    Ok(json!(print(time)))
}

fn int_or_string(bytes: &[u8]) -> Result<Value, String> {
    if number_at(bytes, 1)? == 1 {
        Ok(json!(text_at(bytes, 3)?))
    } else {
        Ok(json!(number_at(bytes, 2)?))
    }
}

/// Standard base64 with padding, as Go's JSON writes bytes.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut found = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4_usize {
            if index > chunk.len() {
                found.push('=');
            } else {
                let six = word >> (18 - 6 * index) & 63;
                found.push(char::from(ALPHABET.get(six as usize).copied().unwrap_or(b'A')));
            }
        }
    }
    found
}
