//! Addresses and networks (`apiserver/pkg/cel/library/{ip,cidr}.go`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Answer, said};
use crate::value::{Fault, Value};

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("ip", [Value::String(text)]) => parse_ip(text).map(Value::Ip),
        ("ip", [Value::Cidr(address, _)]) => Ok(Value::Ip(*address)),
        ("isIP", [Value::String(text)]) => Ok(Value::Bool(parse_ip(text).is_ok())),
        ("ip.isCanonical", [Value::String(text)]) => {
            parse_ip(text).map(|address| Value::Bool(address.to_string() == text.as_ref()))
        }
        ("family", [Value::Ip(address)]) => Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 })),
        ("isUnspecified", [Value::Ip(address)]) => Ok(Value::Bool(address.is_unspecified())),
        ("isLoopback", [Value::Ip(address)]) => Ok(Value::Bool(address.is_loopback())),
        ("isLinkLocalMulticast", [Value::Ip(address)]) => {
            Ok(Value::Bool(link_local_multicast(address)))
        }
        ("isLinkLocalUnicast", [Value::Ip(address)]) => Ok(Value::Bool(link_local(address))),
        ("isGlobalUnicast", [Value::Ip(address)]) => Ok(Value::Bool(global_unicast(address))),
        ("cidr", [Value::String(text)]) => {
            parse_cidr(text).map(|(address, bits)| Value::Cidr(address, bits))
        }
        ("isCIDR", [Value::String(text)]) => Ok(Value::Bool(parse_cidr(text).is_ok())),
        ("containsIP", [Value::Cidr(network, bits), Value::Ip(address)]) => {
            Ok(Value::Bool(contains(*network, *bits, *address)))
        }
        ("containsIP", [Value::Cidr(network, bits), Value::String(text)]) => {
            parse_ip(text).map(|address| Value::Bool(contains(*network, *bits, address)))
        }
        ("containsCIDR", [Value::Cidr(network, bits), Value::Cidr(address, inner)]) => {
            Ok(Value::Bool(contains(*network, *bits, *address) && bits <= inner))
        }
        ("containsCIDR", [Value::Cidr(network, bits), Value::String(text)]) => parse_cidr(text)
            .map(|(address, inner)| {
                Value::Bool(contains(*network, *bits, address) && *bits <= inner)
            }),
        ("prefixLength", [Value::Cidr(_, bits)]) => Ok(Value::Int((*bits).into())),
        ("masked", [Value::Cidr(address, bits)]) => Ok(Value::Cidr(masked(*address, *bits), *bits)),
        _ => return None,
    })
}

/// `netip.ParseAddr`, and what the library refuses beside.
fn parse_ip(text: &str) -> Result<IpAddr, Fault> {
    if let Some((address, _)) = text.split_once('%')
        && address.parse::<Ipv6Addr>().is_ok()
    {
        return said(format!("IP address {text:?} with zone value is not allowed"));
    }
    let address: IpAddr = text.parse().map_err(|_unread| {
        let why = why_no_address(text);
        Fault::said(format!(
            "IP Address {text:?} parse error during conversion from string: ParseAddr({text:?}): {why}"
        ))
    })?;
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_some() => {
            said(format!("IPv4-mapped IPv6 address {text:?} is not allowed"))
        }
        other => Ok(other),
    }
}

/// Go's words for a text that is no address (`net/netip/netip.go`), as far as a look at it tells.
fn why_no_address(text: &str) -> String {
    if !text.contains(['.', ':']) {
        return "unable to parse IP".to_owned();
    }
    if text.contains(':') {
        return "unable to parse IP".to_owned();
    }
    let fields: Vec<&str> = text.split('.').collect();
    for (index, field) in fields.iter().enumerate() {
        if let Some(wrong) = field.find(|c: char| !c.is_ascii_digit()) {
            let before: usize = fields.iter().take(index).map(|field| field.len() + 1).sum();
            let rest = text.get(before + wrong..).unwrap_or_default();
            return format!("unexpected character (at {rest:?})");
        }
        if index > 3 {
            return "IPv4 address too long".to_owned();
        }
        if field.is_empty() {
            let before: usize = fields.iter().take(index).map(|field| field.len() + 1).sum();
            let rest = text.get(before..).unwrap_or_default();
            return format!("IPv4 field must have at least one digit (at {rest:?})");
        }
        if field.len() > 1 && field.starts_with('0') {
            return "IPv4 field has octet with leading zero".to_owned();
        }
        if field.parse::<u32>().is_ok_and(|value| value > 255) || field.len() > 9 {
            return "IPv4 field has value >255".to_owned();
        }
    }
    "IPv4 address too short".to_owned()
}

/// Upstream says it twice.
const PARSING: &str = "network address parse error during conversion from string: ";

/// `parseCIDR`: `netip.ParsePrefix`.
fn parse_cidr(text: &str) -> Result<(IpAddr, u8), Fault> {
    let refuse =
        |why: String| said(format!("{PARSING}{PARSING}netip.ParsePrefix({text:?}): {why}"));
    let Some((address, bits)) = text.rsplit_once('/') else {
        return refuse("no '/'".to_owned());
    };
    let Ok(parsed) = address.parse::<IpAddr>() else {
        return refuse(format!("ParseAddr({address:?}): {}", why_no_address(address)));
    };
    let digits = !bits.is_empty() && bits.chars().all(|c| c.is_ascii_digit());
    let Some(length) =
        bits.parse::<u8>().ok().filter(|_| digits && (bits == "0" || !bits.starts_with('0')))
    else {
        return refuse(format!("bad bits after slash: {bits:?}"));
    };
    if length > if parsed.is_ipv4() { 32 } else { 128 } {
        return refuse("prefix length out of range".to_owned());
    }
    if let IpAddr::V6(six) = parsed
        && six.to_ipv4_mapped().is_some()
    {
        return said(format!("{PARSING}IPv4-mapped IPv6 address {text:?} is not allowed"));
    }
    Ok((parsed, length))
}

fn bits_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(four.to_bits()) << 96,
        IpAddr::V6(six) => six.to_bits(),
    }
}

fn mask(bits: u8) -> u128 {
    if bits == 0 { 0 } else { u128::MAX << (128 - u32::from(bits.min(128))) }
}

fn contains(network: IpAddr, bits: u8, address: IpAddr) -> bool {
    network.is_ipv4() == address.is_ipv4()
        && bits_of(network) & mask(bits) == bits_of(address) & mask(bits)
}

fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let kept = bits_of(address) & mask(bits);
    match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(kept >> 96).unwrap_or(0))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(kept)),
    }
}

fn link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    }
}

fn link_local_multicast(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => four.octets().starts_with(&[224, 0, 0]),
        IpAddr::V6(six) => {
            let [first, second, ..] = six.octets();
            first == 0xff && second & 0x0f == 0x02
        }
    }
}

fn global_unicast(address: &IpAddr) -> bool {
    let broadcast = *address == IpAddr::V4(Ipv4Addr::BROADCAST);
    !address.is_unspecified()
        && !address.is_loopback()
        && !address.is_multicast()
        && !link_local(address)
        && !broadcast
}
