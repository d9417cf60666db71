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

/// The address of a host as a pod of a namespace sees it; of several the first.
pub fn resolve(store: &Store, namespace: &str, host: &str) -> Option<String> {
    resolve_all(store, namespace, host).into_iter().next()
}

/// All addresses of a host as a pod of a namespace sees it, by its search domains.
pub fn resolve_all(store: &Store, namespace: &str, host: &str) -> Vec<String> {
    if is_address(host) {
        return vec![host.to_owned()];
    }
    if host == "localhost" {
        return vec!["127.0.0.1".to_owned()];
    }
    let host = host.trim_end_matches('.');
    let searched = [
        format!("{host}.{namespace}.svc.cluster.local"),
        format!("{host}.svc.cluster.local"),
        format!("{host}.cluster.local"),
        host.to_owned(),
    ];
    let mut found = searched.iter().map(|name| lookup(store, name, 0));
    found.find(|addresses| !addresses.is_empty()).unwrap_or_default()
}

fn lookup(store: &Store, name: &str, depth: u8) -> Vec<String> {
    let Some(rest) = name.strip_suffix(".cluster.local") else { return Vec::new() };
    if let Some(rest) = rest.strip_suffix(".svc") {
        let mut parts = rest.rsplit('.');
        return match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(namespace), Some(service), hostname, None) => {
                of_service(store, (namespace, service), hostname, depth)
            }
            _ => Vec::new(),
        };
    }
    let pod = rest.strip_suffix(".pod").and_then(|rest| rest.split_once('.'));
    let Some((address, _namespace)) = pod else { return Vec::new() };
    let address = address.replace('-', ".");
    if is_address(&address) { vec![address] } else { Vec::new() }
}

/// Addresses of a Service, or of one of its endpoints by its name (`coredns/plugin/kubernetes`): an endpoint
/// without a hostname is found by its address with dashes.
fn of_service(
    store: &Store,
    (namespace, name): (&str, &str),
    hostname: Option<&str>,
    depth: u8,
) -> Vec<String> {
    let Some(service) = store.get("services", namespace, name) else { return Vec::new() };
    match fields::text(&service, "/spec/clusterIP") {
        "" if depth < 4 => lookup(store, fields::text(&service, "/spec/externalName"), depth + 1),
        "" => Vec::new(),
        address if address != "None" && hostname.is_none() => vec![address.to_owned()],
        _ => {
            let slices = store.list("endpointslices.discovery.k8s.io", Some(namespace));
            slices
                .iter()
                .filter(|slice| {
                    fields::labels(slice)
                        .get("kubernetes.io/service-name")
                        .is_some_and(|one| one == name)
                })
                .flat_map(|slice| fields::items(slice, "/endpoints"))
                .filter(|endpoint| {
                    endpoint.pointer("/conditions/ready") != Some(&serde_json::Value::Bool(false))
                })
                .filter_map(|endpoint| {
                    let address = fields::text(endpoint, "/addresses/0");
                    let own = match fields::text(endpoint, "/hostname") {
                        "" => address.replace('.', "-"),
                        own => own.to_owned(),
                    };
                    hostname.is_none_or(|host| host == own).then(|| address.to_owned())
                })
                .collect()
        }
    }
}
