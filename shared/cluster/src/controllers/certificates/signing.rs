//! What is approved is signed (`pkg/controller/certificates/signer/signer.go`), when the cluster's host has a
//! certificate authority.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    KUBELET_CLIENT, RESOURCE, check_kubelet_client, check_kubelet_serving, condition, keys, usages,
    with_condition,
};
use crate::certificate_request::{self, CertificateRequest};
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields::{number, put, text};
use crate::signer::{Signer, Wish};
use crate::store::{Change, Store};

/// `--cluster-signing-duration`.
const LONGEST: Duration = Duration::from_hours(365 * 24);
const SHORTEST: Duration = Duration::from_mins(10);
/// Certificates are valid from a little earlier, so that clocks may differ.
const BACKDATE: Duration = Duration::from_mins(5);
/// Shorter ones end with their lifetime counted from now.
const SHORT: Duration = Duration::from_hours(8);

/// Signs them.
pub(crate) struct Signing {
    /// Who can.
    pub(crate) signer: Arc<dyn Signer>,
}

impl Controller for Signing {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-signing-controller"
    }

    fn component(&self) -> Component {
        Component::controller("certificate-controller", "certificate-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        keys(change)
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(request) = store.get(RESOURCE, "", &key.name) else { return plan };
        let waits = condition(&request, "Approved").is_some()
            && condition(&request, "Failed").is_none()
            && text(&request, "/status/certificate").is_empty();
        if !waits {
            return plan;
        }
        let Ok(found) = certificate_request::read(text(&request, "/spec/request")) else {
            return plan;
        };
        let changed = match check(&found, &request) {
            None => return plan,
            Some(Err(why)) => with_condition(&request, "Failed", "SignerValidationFailure", &why),
            Some(Ok(())) => match self.signed(&request, now) {
                Ok(signed) => signed,
                // The host says no to what we took for a request, for example because its signature is wrong.
                Err(why) => with_condition(&request, "Failed", "SignerValidationFailure", &why),
            },
        };
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        plan
    }
}

/// Whether the signer takes it; nothing when the signer is none of ours.
fn check(found: &CertificateRequest, request: &Value) -> Option<Result<(), String>> {
    let usages = usages(request);
    Some(match text(request, "/spec/signerName") {
        "kubernetes.io/kubelet-serving" => check_kubelet_serving(found, &usages),
        KUBELET_CLIENT => check_kubelet_client(found, &usages),
        "kubernetes.io/kube-apiserver-client" => check_client(request),
        "kubernetes.io/legacy-unknown" => Ok(()),
        _ => return None,
    })
}

/// `validAPIServerClientUsages`.
fn check_client(request: &Value) -> Result<(), String> {
    let given = crate::fields::items(request, "/spec/usages").iter().filter_map(Value::as_str);
    let optional = ["digital signature", "key encipherment", "client auth"];
    if let Some(other) = given.clone().find(|usage| !optional.contains(usage)) {
        return Err(format!("invalid usage for client certificate: {other}"));
    }
    if given.clone().any(|usage| usage == "client auth") {
        return Ok(());
    }
    Err("missing required usage for client certificate: client auth".to_owned())
}

impl Signing {
    fn signed(&self, request: &Value, now: Timestamp) -> Result<Value, String> {
        let asked = number(request, "/spec/expirationSeconds");
        let asked = asked.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        let lifetime = asked.map_or(LONGEST, |asked| asked.clamp(SHORTEST, LONGEST));
        // `authority.PermissiveSigningPolicy`: long ones lose what they are backdated by.
        let ends = if lifetime < SHORT { lifetime } else { lifetime.saturating_sub(BACKDATE) };
        let pem = STANDARD.decode(text(request, "/spec/request")).unwrap_or_default();
        let wish = Wish {
            request: &String::from_utf8_lossy(&pem),
            usages: &usages(request),
            from: now.checked_sub(BACKDATE).unwrap_or(now),
            until: now.checked_add(ends).unwrap_or(now),
        };
        let certificate = self.signer.sign(&wish)?;
        let mut request = request.clone();
        put(&mut request, "/status/certificate", json!(STANDARD.encode(certificate)));
        Ok(request)
    }
}
