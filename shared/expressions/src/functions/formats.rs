//! Named formats (`apiserver/pkg/cel/library/format.go`).

use apimachinery::names;
use base64::Engine as _;

use super::{Answer, time};
use crate::value::Value;

/// A format.
#[derive(Debug)]
pub(crate) struct Format {
    key: &'static str,
    pub(crate) name: &'static str,
    /// How long the regular expression is that its cost is reckoned with.
    pub(crate) pattern: u64,
    faults: fn(&str) -> Vec<String>,
}

const fn format(
    key: &'static str,
    name: &'static str,
    pattern: u64,
    faults: fn(&str) -> Vec<String>,
) -> Format {
    Format { key, name, pattern, faults }
}

static FORMATS: [Format; 13] = [
    format("dns1123Label", "DNS1123Label", 30, names::dns1123_label),
    format("dns1123Subdomain", "DNS1123Subdomain", 60, names::dns1123_subdomain),
    format("dns1035Label", "DNS1035Label", 30, names::dns1035_label),
    format("qualifiedName", "QualifiedName", 60, names::qualified_name),
    format("dns1123LabelPrefix", "DNS1123LabelPrefix", 30, |text| {
        names::dns1123_label(&unmasked(text))
    }),
    format("dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", 60, |text| {
        names::dns1123_subdomain(&unmasked(text))
    }),
    format("dns1035LabelPrefix", "DNS1035LabelPrefix", 30, |text| {
        names::dns1035_label(&unmasked(text))
    }),
    format("labelValue", "LabelValue", 40, names::label_value),
    format("uri", "URI", 1103, |text| match super::urls::call("url", &[Value::string(text)]) {
        Some(Ok(_)) => Vec::new(),
        Some(Err(crate::value::Fault::Said(why))) => {
            let start = "URL parse error during conversion from string: ";
            vec![why.strip_prefix(start).unwrap_or(&why).to_owned()]
        }
        _ => vec!["invalid".to_owned()],
    }),
    format("uuid", "uuid", 70, |text| fault(is_uuid(text), "does not match the UUID format")),
    format("byte", "byte", 84, |text| {
        let right = base64::engine::general_purpose::STANDARD.decode(text).is_ok();
        fault(right && !text.is_empty(), "invalid base64")
    }),
    format("date", "date", 77, |text| {
        fault(time::parse_timestamp(&format!("{text}T00:00:00Z")).is_some(), "invalid date")
    }),
    format("datetime", "datetime", 77, |text| {
        fault(time::parse_timestamp(text).is_some(), "invalid datetime")
    }),
];

/// `maskTrailingDash`: a prefix may end with a dash.
fn unmasked(text: &str) -> String {
    match text.strip_suffix('-') {
        Some(rest) if text.len() > 1 => format!("{rest}a"),
        _ => text.to_owned(),
    }
}

fn fault(right: bool, why: &str) -> Vec<String> {
    if right { Vec::new() } else { vec![why.to_owned()] }
}

fn is_uuid(text: &str) -> bool {
    let plain: String = text.chars().filter(|letter| *letter != '-').collect();
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    plain.len() == 32
        && plain.chars().all(|letter| letter.is_ascii_hexdigit())
        && (parts == [8, 4, 4, 4, 12] || parts == [32])
}

fn find(key: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|one| one.key == key)
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("format.named", [Value::String(key)]) => {
            Ok(Value::Optional(find(key).map(|one| Value::Format(one).into())))
        }
        ("validate", [Value::Format(format), Value::String(text)]) => {
            let faults = (format.faults)(text);
            Ok(Value::Optional((!faults.is_empty()).then(|| Value::strings(faults).into())))
        }
        (name, []) => Ok(Value::Format(find(name.strip_prefix("format.")?)?)),
        _ => return None,
    })
}
