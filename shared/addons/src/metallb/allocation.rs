//! Which address a Service gets (`internal/allocator/allocator.go`).

use std::net::Ipv4Addr;

use cluster::fields;
use serde_json::Value;

use super::addresses;

/// Who may share an address says so with the same value of this.
const SHARING: &str = "metallb.io/allow-shared-ip";

/// A pool of addresses.
struct Pool<'a> {
    name: &'a str,
    /// Whether Services that ask for no pool get its addresses.
    automatic: bool,
    ranges: Vec<(u32, u32)>,
}

/// `first-last`, or an address with the number of its common bits.
fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse::<Ipv4Addr>().ok().map(u32::from);
    if let Some((first, last)) = text.split_once('-') {
        return Some((number(first)?, number(last)?));
    }
    let (address, bits) = text.split_once('/')?;
    let bits = bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or_default();
    let first = number(address)? & mask;
    Some((first, first | !mask))
}

impl<'a> Pool<'a> {
    fn of(object: &'a Value) -> Self {
        let texts = fields::items(object, "/spec/addresses").iter().filter_map(Value::as_str);
        let automatic = object.pointer("/spec/autoAssign").and_then(Value::as_bool);
        Self {
            name: fields::name(object),
            automatic: automatic.unwrap_or(true),
            ranges: texts.filter_map(range).collect(),
        }
    }

    fn has(&self, address: Ipv4Addr) -> bool {
        let number = u32::from(address);
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    fn all(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        self.ranges.iter().flat_map(|(first, last)| (*first..=*last).map(Ipv4Addr::from))
    }
}

/// What a Service asks for.
pub(super) struct Wish<'a> {
    pub(super) service: &'a Value,
    /// All other Services.
    pub(super) others: &'a [std::sync::Arc<Value>],
    /// The pools, by their names.
    pub(super) pools: &'a [std::sync::Arc<Value>],
}

fn full(service: &Value) -> String {
    format!("{}/{}", fields::namespace(service), fields::name(service))
}

fn ports(service: &Value) -> Vec<(String, i64)> {
    let all = fields::items(service, "/spec/ports").iter();
    all.map(|port| {
        let protocol = fields::text(port, "/protocol");
        let protocol = if protocol.is_empty() { "TCP" } else { protocol };
        (protocol.to_owned(), fields::number(port, "/port").unwrap_or_default())
    })
    .collect()
}

impl Wish<'_> {
    /// The address that is asked for by name; an error is MetalLB's.
    fn named(&self) -> Result<Option<Ipv4Addr>, String> {
        let annotation = fields::annotation(self.service, "metallb.io/loadBalancerIPs");
        let own = fields::text(self.service, "/spec/loadBalancerIP");
        match (annotation, own) {
            ("", "") => Ok(None),
            ("", own) => own
                .parse()
                .map(Some)
                .map_err(|_why| format!("invalid spec.loadBalancerIP \"{own}\"")),
            (text, "") => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_why| format!("invalid metallb.io/loadBalancerIPs: \"{text}\"")),
            _ => Err(
                "service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP"
                    .to_owned(),
            ),
        }
    }

    /// Why an address cannot be had beside those who have it already.
    fn taken(&self, address: Ipv4Addr) -> Option<String> {
        let text = address.to_string();
        let holders: Vec<_> =
            self.others.iter().filter(|other| addresses(other).contains(&text)).collect();
        let key = fields::annotation(self.service, SHARING);
        let strangers: Vec<String> = holders
            .iter()
            .filter(|other| key.is_empty() || fields::annotation(other, SHARING) != key)
            .map(|other| full(other))
            .collect();
        if !strangers.is_empty() {
            return Some(format!(
                "can't change sharing key for \"{}\", address also in use by {}",
                full(self.service),
                strangers.join(",")
            ));
        }
        let own = ports(self.service);
        let used: Vec<_> = holders.iter().flat_map(|other| ports(other)).collect();
        let (protocol, port) = own.into_iter().find(|port| used.contains(port))?;
        Some(format!("port {protocol}/{port} is already in use on \"{text}\""))
    }

    /// The address and its pool.
    pub(super) fn address(&self) -> Result<(Ipv4Addr, String), String> {
        let pools: Vec<Pool<'_>> = self.pools.iter().map(|pool| Pool::of(pool)).collect();
        let wanted = fields::annotation(self.service, "metallb.io/address-pool");
        if let Some(address) = self.named()? {
            let Some(pool) = pools.iter().find(|pool| pool.has(address)) else {
                return Err(format!("[\"{address}\"] is not allowed in config"));
            };
            if let Some(why) = self.taken(address) {
                return Err(why);
            }
            if !wanted.is_empty() && pool.name != wanted {
                return Err(format!(
                    "requested loadBalancer IP(s) [\"{address}\"] is not compatible with requested address pool {wanted}"
                ));
            }
            return Ok((address, pool.name.to_owned()));
        }
        let free = |pool: &Pool<'_>| {
            let address = pool.all().find(|address| self.taken(*address).is_none())?;
            Some((address, pool.name.to_owned()))
        };
        if wanted.is_empty() {
            let mut automatic = pools.iter().filter(|pool| pool.automatic);
            return automatic.find_map(free).ok_or_else(|| "no available IPs".to_owned());
        }
        let Some(pool) = pools.iter().find(|pool| pool.name == wanted) else {
            return Err(format!("unknown pool \"{wanted}\""));
        };
        free(pool).ok_or_else(|| format!("no available IPs in pool \"{wanted}\" for ipv4 IPFamily"))
    }

    /// The pool of an address that the Service has, while it may keep it.
    pub(super) fn keeps(&self, address: Ipv4Addr) -> Result<String, String> {
        let pools = self.pools.iter().map(|pool| Pool::of(pool));
        let Some(pool) = pools.into_iter().find(|pool| pool.has(address)) else {
            return Err(format!("[\"{address}\"] is not allowed in config"));
        };
        self.taken(address).map_or_else(|| Ok(pool.name.to_owned()), Err)
    }

    /// Whether the Service asks for something else than the address that it has.
    pub(super) fn moves(&self, address: Ipv4Addr, pool: &str) -> bool {
        let wanted = fields::annotation(self.service, "metallb.io/address-pool");
        (!wanted.is_empty() && wanted != pool)
            || self.named().is_ok_and(|named| named.is_some_and(|named| named != address))
    }
}
