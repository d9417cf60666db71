//! Names to addresses, as CoreDNS answers them with the search domains of a pod.

use crate::fields;
use crate::store::Store;

/// Whether a text is an IPv4 address.
pub fn is_address(text: &str) -> bool {
    octets(text).is_some()
}

fn octets(text: &str) -> Option<u32> {
    let mut value = 0_u32;
    let mut count = 0;
    for part in text.split('.') {
        value = value.checked_shl(8)? | u32::from(part.parse::<u8>().ok()?);
        count += 1;
    }
    (count == 4).then_some(value)
}

/// Whether an address lies in a block such as `10.0.0.0/8`.
pub fn in_block(address: &str, block: &str) -> bool {
    let Some((network, bits)) = block.split_once('/') else { return false };
    let (Some(address), Some(network), Ok(bits)) =
        (octets(address), octets(network), bits.parse::<u32>())
    else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    address & mask == network & mask
}

/// The address of a host as a pod of a namespace sees it.
pub fn resolve(store: &Store, namespace: &str, host: &str) -> Option<String> {
    if is_address(host) {
        return Some(host.to_owned());
    }
    if host == "localhost" {
        return Some("127.0.0.1".to_owned());
    }
    let host = host.trim_end_matches('.');
    let searched = [
        format!("{host}.{namespace}.svc.cluster.local"),
        format!("{host}.svc.cluster.local"),
        format!("{host}.cluster.local"),
        host.to_owned(),
    ];
    searched.iter().find_map(|name| lookup(store, name, 0))
}

fn lookup(store: &Store, name: &str, depth: u8) -> Option<String> {
    let rest = name.strip_suffix(".cluster.local")?;
    if let Some(rest) = rest.strip_suffix(".svc") {
        let mut parts = rest.rsplit('.');
        let (namespace, service) = (parts.next()?, parts.next()?);
        let hostname = parts.next();
        return of_service(store, namespace, service, hostname, depth);
    }
    let rest = rest.strip_suffix(".pod")?;
    let (address, _namespace) = rest.split_once('.')?;
    let address = address.replace('-', ".");
    is_address(&address).then_some(address)
}

fn of_service(
    store: &Store,
    namespace: &str,
    name: &str,
    hostname: Option<&str>,
    depth: u8,
) -> Option<String> {
    let service = store.get("services", namespace, name)?;
    match fields::text(&service, "/spec/clusterIP") {
        "None" => {
            let slices = store.list("endpointslices.discovery.k8s.io", Some(namespace));
            slices
                .iter()
                .filter(|slice| {
                    fields::labels(slice)
                        .get("kubernetes.io/service-name")
                        .is_some_and(|one| one == name)
                })
                .flat_map(|slice| fields::items(slice, "/endpoints"))
                .find(|endpoint| {
                    hostname.is_none_or(|host| fields::text(endpoint, "/hostname") == host)
                })
                .and_then(|endpoint| endpoint.pointer("/addresses/0"))
                .and_then(serde_json::Value::as_str)
                .map(str::to_owned)
        }
        "" if depth < 4 => lookup(store, fields::text(&service, "/spec/externalName"), depth + 1),
        address => Some(address.to_owned()),
    }
}
