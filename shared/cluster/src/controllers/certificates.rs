//! Certificate signing requests: approved when kubelets ask for what is theirs, signed when approved, removed when
//! old (`pkg/controller/certificates`).

mod approver;
mod cleaner;
mod signing;

pub(super) use self::approver::Approver;
pub(super) use self::cleaner::Cleaner;
pub(super) use self::signing::Signing;

use serde_json::Value;

use crate::certificate_request::CertificateRequest;
use crate::event_loop::Key;
use crate::fields::{items, text};
use crate::store::Change;

const RESOURCE: &str = "certificatesigningrequests.certificates.k8s.io";
const KUBELET_CLIENT: &str = "kubernetes.io/kube-apiserver-client-kubelet";

fn keys(change: &Change) -> Vec<Key> {
    let live = change.resource == RESOURCE && change.new.is_some();
    if live { vec![Key::new("", &change.name)] } else { Vec::new() }
}

fn condition<'a>(request: &'a Value, kind: &str) -> Option<&'a Value> {
    items(request, "/status/conditions").iter().find(|one| text(one, "/type") == kind)
}

fn usages(request: &Value) -> Vec<String> {
    let all = items(request, "/spec/usages").iter().filter_map(Value::as_str);
    let mut all: Vec<String> = all.map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}

fn same(usages: &[String], wanted: &[&str]) -> bool {
    usages.iter().map(String::as_str).eq(wanted.iter().copied())
}

/// `pkg/apis/certificates/helpers.go ValidateKubeletClientCSR`.
fn check_kubelet_client(found: &CertificateRequest, usages: &[String]) -> Result<(), String> {
    check_nodes(found)?;
    for (count, what) in [
        (found.dns_names, "DNS"),
        (found.emails, "Email"),
        (found.addresses, "IP"),
        (found.uris, "URI"),
    ] {
        if count > 0 {
            return Err(format!("{what} subjectAltNames are not allowed"));
        }
    }
    check_node_name(found)?;
    let all = ["client auth", "digital signature", "key encipherment"];
    if same(usages, &all) || same(usages, &["client auth", "digital signature"]) {
        return Ok(());
    }
    Err(format!("usages did not match [{}]", all.join(" ")))
}

/// `ValidateKubeletServingCSR`.
fn check_kubelet_serving(found: &CertificateRequest, usages: &[String]) -> Result<(), String> {
    check_nodes(found)?;
    if found.dns_names == 0 && found.addresses == 0 {
        return Err("DNS or IP subjectAltName is required".to_owned());
    }
    for (count, what) in [(found.emails, "Email"), (found.uris, "URI")] {
        if count > 0 {
            return Err(format!("{what} subjectAltNames are not allowed"));
        }
    }
    let all = ["digital signature", "key encipherment", "server auth"];
    if !same(usages, &all) && !same(usages, &["digital signature", "server auth"]) {
        return Err(format!("usages did not match [{}]", all.join(" ")));
    }
    check_node_name(found)
}

fn check_nodes(found: &CertificateRequest) -> Result<(), String> {
    if found.organizations == ["system:nodes"] {
        return Ok(());
    }
    Err("subject organization is not system:nodes".to_owned())
}

fn check_node_name(found: &CertificateRequest) -> Result<(), String> {
    if found.common_name.starts_with("system:node:") {
        return Ok(());
    }
    Err("subject common name does not begin with system:node:".to_owned())
}

/// A new condition at the end.
fn with_condition(request: &Value, kind: &str, reason: &str, message: &str) -> Value {
    let mut request = request.clone();
    let mut all = items(&request, "/status/conditions").to_vec();
    all.push(serde_json::json!({
        "type": kind, "status": "True", "reason": reason, "message": message,
    }));
    crate::fields::put(&mut request, "/status/conditions", Value::Array(all));
    request
}
