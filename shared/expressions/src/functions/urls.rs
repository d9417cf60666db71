//! URLs (`apiserver/pkg/cel/library/urls.go`, Go's `net/url`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Answer, said};
use crate::value::{Key, Value};

/// A URL, in the parts that an expression may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) text: String,
    scheme: String,
    host: String,
    path: String,
    query: String,
}

/// `url.ParseRequestURI`.
fn parse(text: &str) -> Result<Url, String> {
    let refuse = |why: &str| Err(format!("parse {text:?}: {why}"));
    if text.chars().any(|c| c.is_ascii_control()) {
        return refuse("net/url: invalid control character in URL");
    }
    if text.is_empty() {
        return refuse("empty url");
    }
    let (scheme, rest) = scheme_of(text);
    if text.starts_with(':') {
        return refuse("missing protocol scheme");
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if !rest.starts_with('/') {
        return refuse("invalid URI for request");
    }
    let (host, path) = match rest.strip_prefix("//").filter(|_| !scheme.is_empty()) {
        Some(authority) => {
            let end = authority.find('/').unwrap_or(authority.len());
            authority.split_at_checked(end).unwrap_or((authority, ""))
        }
        None => ("", rest),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    if host.contains(' ') {
        return refuse("invalid character \" \" in host name");
    }
    let port = port_of(host);
    if !port.chars().all(|c| c.is_ascii_digit()) {
        return refuse(&format!("invalid port \":{port}\" after host"));
    }
    Ok(Url {
        text: text.to_owned(),
        scheme: scheme.to_lowercase(),
        host: host.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
    })
}

fn scheme_of(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    match end.and_then(|end| text.split_at_checked(end)) {
        Some((scheme, rest)) if scheme.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            rest.strip_prefix(':').map_or(("", text), |rest| (scheme, rest))
        }
        _ => ("", text),
    }
}

fn port_of(host: &str) -> &str {
    let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
    after.rsplit_once(':').map_or("", |(_, port)| port)
}

fn hostname(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split_once(']').map_or(inner, |(inner, _)| inner);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// `url.ParseQuery`.
fn query(text: &str) -> Value {
    let mut found: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for part in text.split('&').filter(|part| !part.is_empty() && !part.contains(';')) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (Some(key), Some(value)) = (unescape(key), unescape(value)) else { continue };
        found.entry(Key::String(key.into())).or_default().push(value);
    }
    Value::map(found.into_iter().map(|(key, all)| (key, Value::strings(all))).collect())
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("url", [Value::String(text)]) => match parse(text) {
            Ok(url) => Ok(Value::Url(Arc::new(url))),
            Err(why) => said(format!("URL parse error during conversion from string: {why}")),
        },
        ("isURL", [Value::String(text)]) => Ok(Value::Bool(parse(text).is_ok())),
        ("getScheme", [Value::Url(url)]) => Ok(Value::string(url.scheme.as_str())),
        ("getHost", [Value::Url(url)]) => Ok(Value::string(url.host.as_str())),
        ("getHostname", [Value::Url(url)]) => Ok(Value::string(hostname(&url.host))),
        ("getPort", [Value::Url(url)]) => Ok(Value::string(port_of(&url.host))),
        ("getEscapedPath", [Value::Url(url)]) => Ok(Value::string(url.path.replace(' ', "%20"))),
        ("getQuery", [Value::Url(url)]) => Ok(query(&url.query)),
        _ => return None,
    })
}
