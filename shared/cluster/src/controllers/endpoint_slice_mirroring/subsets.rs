//! The subsets of Endpoints in their canonical form (`RepackSubsets` in `pkg/api/v1/endpoints/util.go`), as endpoints
//! of slices.

use std::collections::BTreeMap;

use apimachinery::order::Order as _;
use serde_json::{Value, json};

use crate::fields;

/// What one slice holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mirrored {
    /// `IPv4` or `IPv6`.
    pub(super) family: &'static str,
    pub(super) ports: Vec<Value>,
    pub(super) endpoints: Vec<Value>,
}

/// An address and whether it is ready, by IP and who it belongs to (`addressKey`).
type Addresses<'a> = BTreeMap<(&'a str, &'a str), (&'a Value, bool)>;

/// What slices hold, with at most so many addresses of each subset; and how many addresses were left out.
pub(super) fn mirrored(subsets: &[Value], most: usize) -> (Vec<Mirrored>, usize) {
    let mut found = Vec::new();
    let mut skipped = 0;
    for (ports, addresses) in repacked(subsets) {
        let mut addresses: Vec<&(&Value, bool)> = addresses.values().collect();
        addresses.order_by_key(|(_, ready)| !ready);
        skipped += addresses.len().saturating_sub(most);
        addresses.truncate(most);
        for family in ["IPv4", "IPv6"] {
            let endpoints: Vec<Value> = addresses
                .iter()
                .filter(|(address, _)| {
                    fields::text(address, "/ip").contains(':') == (family == "IPv6")
                })
                .map(|(address, ready)| endpoint(address, *ready))
                .collect();
            if !endpoints.is_empty() {
                found.push(Mirrored { family, ports: ports.iter().map(port).collect(), endpoints });
            }
        }
    }
    (found, skipped)
}

/// Which ports share their addresses, in the order of their numbers.
fn repacked(subsets: &[Value]) -> Vec<(Vec<Value>, Addresses<'_>)> {
    let mut by_port: Vec<(Option<&Value>, Addresses<'_>)> = Vec::new();
    for subset in subsets {
        let ports: Vec<Option<&Value>> = match fields::items(subset, "/ports") {
            [] => vec![None],
            ports => ports.iter().map(Some).collect(),
        };
        for port in ports {
            let at = by_port.iter().position(|(known, _)| *known == port).unwrap_or_else(|| {
                by_port.push((port, Addresses::new()));
                by_port.len() - 1
            });
            for (list, ready) in [("/addresses", true), ("/notReadyAddresses", false)] {
                for address in fields::items(subset, list) {
                    let key =
                        (fields::text(address, "/ip"), fields::text(address, "/targetRef/uid"));
                    let Some((_, addresses)) = by_port.get_mut(at) else { continue };
                    // Not ready always trumps ready.
                    addresses.entry(key).or_insert((address, true)).1 &= ready;
                }
            }
        }
    }
    by_port.order_by_key(|(port, _)| {
        port.map(|port| (fields::number(port, "/port"), fields::text(port, "/name").to_owned()))
    });
    let mut packed: Vec<(Vec<Value>, Addresses<'_>)> = Vec::new();
    for (port, addresses) in by_port {
        match packed.iter_mut().find(|(_, known)| *known == addresses) {
            Some((ports, _)) => ports.extend(port.cloned()),
            None => packed.push((port.cloned().into_iter().collect(), addresses)),
        }
    }
    packed
}

/// `addressToEndpoint`.
fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = json!({
        "addresses": [fields::text(address, "/ip")], "conditions": { "ready": ready },
    });
    for key in ["hostname", "nodeName", "targetRef"] {
        if let Some(value) = address.get(key).filter(|value| !value.is_null()) {
            fields::put(&mut endpoint, &format!("/{key}"), value.clone());
        }
    }
    endpoint
}

/// `epPortsToEpsPorts`.
fn port(port: &Value) -> Value {
    let mut shown = json!({
        "name": fields::text(port, "/name"), "port": port.get("port"),
        "protocol": fields::text(port, "/protocol"),
    });
    if let Some(application) = port.get("appProtocol") {
        fields::put(&mut shown, "/appProtocol", application.clone());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn ports_that_share_their_addresses_share_a_slice() {
        let subsets = json!([
            { "addresses": [{ "ip": "192.0.2.1" }, { "ip": "2001:db8::1" }],
              "ports": [{ "name": "b", "port": 81, "protocol": "TCP" }] },
            { "addresses": [{ "ip": "192.0.2.1" }], "notReadyAddresses": [{ "ip": "192.0.2.2", "nodeName": "n" }],
              "ports": [{ "name": "c", "port": 82, "protocol": "UDP" }] },
            { "addresses": [{ "ip": "192.0.2.1" }, { "ip": "2001:db8::1" }],
              "ports": [{ "port": 80, "protocol": "TCP", "appProtocol": "http" }] },
            { "notReadyAddresses": [{ "ip": "192.0.2.1" }],
              "ports": [{ "name": "c", "port": 82, "protocol": "UDP" }] },
            { "addresses": [{ "ip": "192.0.2.9" }] },
        ]);
        let shown = |most: usize| {
            let (found, skipped) = mirrored(subsets.as_array().expect("a list"), most);
            let lines = found
                .iter()
                .map(|one| format!("{} {} {}", one.family, json!(one.ports), json!(one.endpoints)));
            format!("{}\nskipped: {skipped}\n", lines.collect::<Vec<_>>().join("\n"))
        };
        expect![[r#"
            IPv4 [] [{"addresses":["192.0.2.9"],"conditions":{"ready":true}}]
            IPv4 [{"appProtocol":"http","name":"","port":80,"protocol":"TCP"},{"name":"b","port":81,"protocol":"TCP"}] [{"addresses":["192.0.2.1"],"conditions":{"ready":true}}]
            IPv6 [{"appProtocol":"http","name":"","port":80,"protocol":"TCP"},{"name":"b","port":81,"protocol":"TCP"}] [{"addresses":["2001:db8::1"],"conditions":{"ready":true}}]
            IPv4 [{"name":"c","port":82,"protocol":"UDP"}] [{"addresses":["192.0.2.1"],"conditions":{"ready":false}},{"addresses":["192.0.2.2"],"conditions":{"ready":false},"nodeName":"n"}]
            skipped: 0
        "#]].assert_eq(&shown(1000));
        expect![[r#"
            IPv4 [] [{"addresses":["192.0.2.9"],"conditions":{"ready":true}}]
            IPv4 [{"appProtocol":"http","name":"","port":80,"protocol":"TCP"},{"name":"b","port":81,"protocol":"TCP"}] [{"addresses":["192.0.2.1"],"conditions":{"ready":true}}]
            IPv4 [{"name":"c","port":82,"protocol":"UDP"}] [{"addresses":["192.0.2.1"],"conditions":{"ready":false}}]
            skipped: 2
        "#]].assert_eq(&shown(1));
    }
}
