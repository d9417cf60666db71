//! The formats of strings (`kube-openapi/pkg/validation/strfmt`,
//! `apiextensions-apiserver/pkg/apiserver/validation/formats.go`).

use std::net::{Ipv4Addr, Ipv6Addr};

use apimachinery::{go, names};
use serde_json::Value;

use super::{Found, Wrong};
use crate::fields::text;

/// What is said about a text of a format.
type Check = fn(&str) -> bool;

/// The formats that are known, by their names without dashes.
const KNOWN: [(&str, Check); 27] = [
    ("bsonobjectid", |text| text.len() == 24 && hex(text)),
    ("byte", base64),
    ("cidr", cidr),
    ("creditcard", credit_card),
    ("date", date),
    ("datetime", date_time),
    ("duration", duration),
    ("email", email),
    ("hexcolor", hex_color),
    ("hostname", hostname),
    ("ipv4", |text| text.contains('.') && address(text)),
    ("ipv6", |text| text.contains(':') && ipv6(text)),
    ("isbn", |text| isbn10(text) || isbn13(text)),
    ("isbn10", isbn10),
    ("isbn13", isbn13),
    ("k8slongname", |text| names::dns1123_subdomain(text).is_empty()),
    ("k8sshortname", |text| names::dns1123_label(text).is_empty()),
    ("mac", mac),
    ("password", |_| true),
    ("rgbcolor", rgb_color),
    ("ssn", ssn),
    ("uri", uri),
    ("uuid", |text| uuid(text, &[])),
    ("uuid3", |text| uuid(text, &[(12, "3")])),
    ("uuid4", |text| uuid(text, &[(12, "4"), (16, "89abAB")])),
    ("uuid5", |text| uuid(text, &[(12, "5"), (16, "89abAB")])),
    ("", |_| true),
];

fn known(format: &str) -> Option<Check> {
    let bare = format.replace('-', "");
    KNOWN.iter().find(|(name, _)| !bare.is_empty() && *name == bare).map(|(_, check)| *check)
}

/// The format of a schema; empty when there is none for its type.
pub(super) fn of<'a>(schema: &'a Value, types: &[&str]) -> &'a str {
    let format = text(schema, "/format");
    let fits = match types {
        ["integer"] => matches!(format, "int32" | "int64"),
        ["number"] => matches!(format, "float" | "double"),
        [] | ["string"] | [_, _, ..] => known(format).is_some(),
        _ => false,
    };
    if fits { format } else { "" }
}

pub(super) fn check(format: &str, text: &str, path: &str) -> Found {
    let mut found = Found::default();
    if known(format).is_some_and(|check| !check(text)) {
        let why = format!("{path} in body must be of type {format}: {}", go::quote(text));
        found.wrong(path, why, Wrong::Type(text.into()));
    }
    found
}

fn hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What Go's `mail.ParseAddress` takes, but for comments in parentheses: `name@host`, also after a name that is shown.
fn email(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    let address = match text.strip_suffix('>').and_then(|inner| inner.split_once('<')) {
        Some((shown, _)) if shown.contains(['@', ',', '<', '>']) => return false,
        Some((_, address)) => address,
        None => text,
    };
    let atoms = |text: &str| {
        let atom = |byte: u8| {
            byte.is_ascii_alphanumeric() || byte >= 0x80 || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
        };
        text.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
    };
    let quoted = |text: &str| {
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inner.is_some_and(|inner| !inner.contains(['"', '\\']))
    };
    let Some((name, host)) = address.rsplit_once('@') else { return false };
    (atoms(name) || quoted(name)) && atoms(host)
}

/// What Go's `url.ParseRequestURI` takes: an absolute path, or whatever begins with a scheme.
fn uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return false;
    }
    let (rest, absolute) = match text.split_once(':') {
        Some(("", _)) => return false,
        Some((scheme, rest))
            if scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            (rest, true)
        }
        _ => (text, false),
    };
    let rest = rest.split_once('?').map_or(rest, |(path, _)| path);
    if !rest.starts_with('/') {
        return absolute || text == "*";
    }
    let (host, path) = match rest.strip_prefix("//").filter(|_| absolute) {
        Some(named) => named.find('/').map_or((named, ""), |slash| named.split_at(slash)),
        None => ("", rest),
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let port =
        host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or("", |(_, port)| port);
    let named = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte >= 0x80 || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    let escaped = |part: &str| part.get(..2).is_some_and(hex);
    host.bytes().all(named)
        && (port.is_empty() || digits(port))
        && path.split('%').skip(1).all(escaped)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Four letters each, padded, and not nothing.
fn base64(text: &str) -> bool {
    let bare = text.strip_suffix('=').map_or(text, |less| less.strip_suffix('=').unwrap_or(less));
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    !bare.is_empty() && text.len().is_multiple_of(4) && bare.bytes().all(letter)
}

/// Zeros may lead its numbers (`ParseIPSloppy`).
fn ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| digits(part) && part.parse::<u8>().is_ok())
}

fn ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

/// An address of either family, an embedded one with zeros that lead.
fn address(text: &str) -> bool {
    let Some((head, tail)) = text.rsplit_once(':') else { return ipv4(text) };
    if !tail.contains('.') {
        return ipv6(text);
    }
    ipv4(tail) && ipv6(&format!("{head}:{}", Ipv4Addr::UNSPECIFIED))
}

fn cidr(text: &str) -> bool {
    let Some((address, size)) = text.split_once('/') else { return false };
    let most = if address.contains(':') { 128 } else { 32 };
    self::address(address) && digits(size) && size.parse::<u32>().is_ok_and(|size| size <= most)
}

/// `net.ParseMAC`: six, eight or twenty bytes, in pairs, in fours or without anything between them.
fn mac(text: &str) -> bool {
    let parts = |separator: char, length: usize| {
        let parts: Vec<&str> = text.split(separator).collect();
        let all = parts.iter().all(|part| part.len() == length && hex(part));
        all && matches!(parts.len() * length, 12 | 16 | 40)
    };
    let bare = hex(text) && matches!(text.len(), 12 | 16 | 40);
    bare || parts(':', 2) || parts('-', 2) || parts('.', 4)
}

/// `YYYY-MM-DD`, a day that there is.
fn date(text: &str) -> bool {
    text.len() == 10 && text.is_ascii() && text.parse::<jiff::civil::Date>().is_ok()
}

/// Pairs of digits.
fn clock(text: &str) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.split(':').collect();
    parts.iter().all(|part| part.len() == 2 && digits(part)).then_some(parts)
}

/// RFC 3339 as a pattern has it: `12:00:00`, a fraction after any letter, and a zone.
fn date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(day), Some(time)) = (parts.next(), parts.next()) else { return false };
    let Some((head, rest)) = time.split_at_checked(8) else { return false };
    let Some(hours) = clock(head).filter(|parts| parts.len() == 3) else { return false };
    let limits = ["23", "59", "59"];
    let after_fraction = || {
        let mut letters = rest.chars();
        letters.next().filter(|letter| *letter != '\n')?;
        let after = letters.as_str();
        let bare = after.trim_start_matches(|one: char| one.is_ascii_digit());
        (bare.len() < after.len()).then_some(bare)
    };
    let zone = |text: &str| {
        let off = text.strip_prefix(['+', '-']).and_then(clock);
        text == "z" || off.is_some_and(|parts| parts.len() == 2)
    };
    date(day)
        && hours.iter().zip(limits).all(|(part, limit)| **part <= *limit)
        && (zone(rest) || after_fraction().is_some_and(zone))
}

/// `time.ParseDuration`, or numbers with any of Scala's units anywhere in the text.
fn duration(text: &str) -> bool {
    go_duration(text) || scala_duration(text)
}

fn go_duration(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    if bare == "0" {
        return true;
    }
    let (mut rest, mut some) = (bare, false);
    while !rest.is_empty() {
        let after = rest.trim_start_matches(|one: char| one.is_ascii_digit());
        let fraction = after.strip_prefix('.').unwrap_or(after);
        let unit = fraction.trim_start_matches(|one: char| one.is_ascii_digit());
        let point = usize::from(after.len() > fraction.len());
        if rest.len() - unit.len() == point {
            return false;
        }
        let end = unit.find(|one: char| one == '.' || one.is_ascii_digit());
        let Some((name, next)) = unit.split_at_checked(end.unwrap_or(unit.len())) else {
            return false;
        };
        if !matches!(name, "ns" | "us" | "\u{b5}s" | "\u{3bc}s" | "ms" | "s" | "m" | "h") {
            return false;
        }
        (rest, some) = (next, true);
    }
    some
}

fn scala_duration(text: &str) -> bool {
    const EXACT: [&str; 12] =
        ["ns", "us", "\u{b5}s", "ms", "s", "m", "h", "hr", "d", "w", "wk", "nano"];
    const BEGIN: [&str; 8] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];
    let (mut rest, mut some) = (text, false);
    while let Some(start) = rest.find(|one: char| one.is_ascii_digit()) {
        let Some((_, number)) = rest.split_at_checked(start) else { break };
        let after = number.trim_start_matches(|one: char| one.is_ascii_digit());
        let unit = after.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        let next =
            unit.trim_start_matches(|one: char| one.is_ascii_alphabetic() || one == '\u{b5}');
        let (Some(number), Some(name)) =
            (number.strip_suffix(after), unit.strip_suffix(next).map(str::to_lowercase))
        else {
            break;
        };
        if !name.is_empty() {
            if number.parse::<i64>().is_err() {
                return false;
            }
            some |=
                EXACT.contains(&name.as_str()) || BEGIN.iter().any(|begin| name.starts_with(begin));
        }
        rest = next;
    }
    some
}

fn hex_color(text: &str) -> bool {
    let bare = text.strip_prefix('#').unwrap_or(text);
    matches!(bare.len(), 3 | 6) && hex(bare)
}

fn rgb_color(text: &str) -> bool {
    let inner = text.strip_prefix("rgb(").and_then(|text| text.strip_suffix(')'));
    let parts: Vec<&str> = inner.unwrap_or_default().split(',').collect();
    let channel = |part: &str| {
        let part = part.trim_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        digits(part) && part.parse::<u8>().is_ok() && (part.len() == 1 || !part.starts_with('0'))
    };
    parts.len() == 3 && parts.into_iter().all(channel)
}

fn without<'a>(text: &'a str, gone: &'a [char]) -> impl Iterator<Item = char> + 'a {
    text.chars().filter(|one| !gone.contains(one))
}

const BLANKS: [char; 6] = ['\t', '\n', '\u{c}', '\r', ' ', '-'];

fn isbn10(text: &str) -> bool {
    let bare: Vec<char> = without(text, &BLANKS).collect();
    let sum = bare.iter().zip(1_u32..).try_fold(0, |sum, (letter, place)| {
        let value = if *letter == 'X' && place == 10 { 10 } else { letter.to_digit(10)? };
        Some(sum + value * place)
    });
    bare.len() == 10 && sum.is_some_and(|sum| sum % 11 == 0)
}

fn isbn13(text: &str) -> bool {
    let bare: Vec<u32> = without(text, &BLANKS).map_while(|one| one.to_digit(10)).collect();
    let sum: u32 = bare.iter().zip([1, 3].into_iter().cycle()).map(|(one, by)| one * by).sum();
    bare.len() == 13 && bare.len() == without(text, &BLANKS).count() && sum.is_multiple_of(10)
}

fn credit_card(text: &str) -> bool {
    let bare: String = text.chars().filter(char::is_ascii_digit).collect();
    let starts = |all: &[&str]| all.iter().any(|one| bare.starts_with(one));
    let within = |from: u32, to: u32, places: usize| {
        let head = bare.get(..places).and_then(|head| head.parse().ok());
        head.is_some_and(|head: u32| (from..=to).contains(&head))
    };
    let issued = match bare.len() {
        13 => starts(&["4"]),
        14 => within(300, 305, 3) || starts(&["36", "38"]),
        15 => starts(&["34", "37", "2131", "1800"]),
        16 => starts(&["4", "6011", "65", "35"]) || within(51, 55, 2),
        _ => false,
    };
    let digits = bare.bytes().rev().map(|byte| u32::from(byte - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit * 2) {
            (0, _) => digit,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    issued && sum.is_multiple_of(10)
}

/// `123-45-6789`, or with spaces.
fn ssn(text: &str) -> bool {
    let separator = |byte: &u8| matches!(byte, b'-' | b' ');
    text.len() == 11
        && text.bytes().enumerate().all(|(at, byte)| match at {
            3 | 6 => separator(&byte),
            _ => byte.is_ascii_digit(),
        })
}

/// Groups of hexadecimal digits, with dashes between them or without, and what must stand at some places.
fn uuid(text: &str, places: &[(usize, &str)]) -> bool {
    let mut rest = text;
    let mut bare = String::new();
    for length in [8, 4, 4, 4, 12] {
        if !bare.is_empty() {
            rest = rest.strip_prefix('-').unwrap_or(rest);
        }
        let Some((group, after)) = rest.split_at_checked(length) else { return false };
        bare.push_str(group);
        rest = after;
    }
    let at = |(place, known): &(usize, &str)| {
        bare.get(*place..=*place).is_some_and(|letter| known.contains(letter))
    };
    rest.is_empty() && hex(&bare) && places.iter().all(at)
}

/// The pattern of upstream binds less than it looks: a text whose beginning is a label, or one whose end is a name with
/// a dot in it. Symbols count as letters there.
fn hostname(text: &str) -> bool {
    let letter = |one: char| one.is_alphanumeric() || is_symbol(one);
    let begins = text.chars().next().is_some_and(letter);
    let short = text.len() <= 255 && text.split('.').all(|part| part.len() <= 63);
    short && (begins || ends_with_domain(text))
}

fn is_symbol(one: char) -> bool {
    matches!(one, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~')
}

fn ends_with_domain(text: &str) -> bool {
    let Some((head, top)) = text.rsplit_once('.') else { return false };
    let known = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    known && head.chars().next_back().is_some_and(|one| one.is_alphanumeric() || is_symbol(one))
}
