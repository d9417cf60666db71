//! IPAddresses and ServiceCIDRs (`pkg/apis/networking/validation/validation.go`).

use std::net::IpAddr;

use apimachinery::names;
use serde_json::Value;

use super::Faults;
use super::at::At;

/// `ValidateIPAddressName`: the name is the address, in its shortest form.
pub(super) fn address_name(name: &str) -> Vec<String> {
    match name.parse::<IpAddr>() {
        Err(_) => {
            vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()]
        }
        Ok(address) if address.to_string() != name => {
            vec![format!("must be in canonical form (\"{address}\")")]
        }
        Ok(_) => Vec::new(),
    }
}

pub(super) fn validate_address(value: &Value, faults: &mut Faults) {
    let parent = At::root(value).at(&["spec", "parentRef"]);
    if !parent.given() {
        parent.required("", faults);
        return;
    }
    let group = parent.child("group");
    if !group.text().is_empty() {
        group.each(names::dns1123_subdomain(group.text()), faults);
    }
    for field in ["resource", "name"] {
        let at = parent.child(field);
        if at.some_text(faults) {
            at.each(names::path_segment(at.text()), faults);
        }
    }
    let namespace = parent.child("namespace");
    if !namespace.text().is_empty() {
        namespace.each(names::path_segment(namespace.text()), faults);
    }
}

pub(super) fn validate_address_update(new: &Value, old: &Value, faults: &mut Faults) {
    let path = ["spec", "parentRef"];
    let before = At::root(old).at(&path);
    At::root(new).at(&path).immutable_struct(&before, "*networking.ParentReference", faults);
}

/// The family of a range: 4 or 6.
fn family(cidr: &str) -> Option<u8> {
    let (address, length) = cidr.split_once('/')?;
    let (address, length): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
    match address {
        IpAddr::V4(_) if length <= 32 => Some(4),
        IpAddr::V6(_) if length <= 128 => Some(6),
        _ => None,
    }
}

/// Whether a text is a range of addresses.
pub(super) fn is_range(cidr: &str) -> bool {
    family(cidr).is_some()
}

/// The address of a range without the bits that its length leaves open.
fn canonical(cidr: &str) -> Option<String> {
    let (address, length) = cidr.split_once('/')?;
    let bits: u32 = length.parse().ok()?;
    let network = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(own) => {
            let mask = u32::MAX.checked_shl(32_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::from((u32::from(own) & mask).to_be_bytes())
        }
        IpAddr::V6(own) => {
            let mask = u128::MAX.checked_shl(128_u32.checked_sub(bits)?).unwrap_or(0);
            IpAddr::from((u128::from(own) & mask).to_be_bytes())
        }
    };
    Some(format!("{network}/{bits}"))
}

pub(super) fn validate_range(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let ranges = spec.child("cidrs");
    if ranges.len() == 0 {
        ranges.required("at least one CIDR required", faults);
        return;
    }
    if ranges.len() > 2 {
        let at = At { value: spec.value, path: ranges.path };
        at.invalid_struct("networking.ServiceCIDRSpec", "may only hold up to 2 values", faults);
        return;
    }
    for range in ranges.items() {
        if family(range.text()).is_none() {
            let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
            range.invalid(why, faults);
        } else if canonical(range.text()).is_some_and(|form| form != range.text()) {
            range.invalid("must not have bits set beyond the prefix length", faults);
        }
    }
    let families: Vec<Option<u8>> = ranges.items().iter().map(|one| family(one.text())).collect();
    if let [Some(first), Some(second)] = families.as_slice()
        && first == second
    {
        let why = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        ranges.invalid(why, faults);
    }
}

pub(super) fn validate_range_update(new: &Value, old: &Value, faults: &mut Faults) {
    let path = ["spec", "cidrs"];
    let (now, before) = (At::root(new).at(&path), At::root(old).at(&path));
    if before.len() == now.len() || (before.len() == 1 && now.len() == 2) {
        for (now, before) in now.items().iter().zip(before.items()) {
            now.immutable(&before, faults);
        }
    } else {
        let shown = now.value.as_array().cloned().unwrap_or_default();
        now.invalid_as(shown, "field is immutable", faults);
    }
    if before.len() == 1 && now.len() == 2 {
        validate_range(new, faults);
    }
}
