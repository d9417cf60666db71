//! Who may approve and sign which certificates, and whom none is signed for
//! (`plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}`).

use apimachinery::identity::Identity;
use apimachinery::object;
use serde_json::Value;

use super::{Operation, forbidden};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::authz::{Attributes, authorize};
use crate::certificate_request;
use crate::fields::text;

const CLIENTS: &str = "kubernetes.io/kube-apiserver-client";
const MASTERS: &str = "system:masters";

/// Looks at a write of a request.
pub(super) fn validate(
    server: &Apiserver,
    who: &Identity,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    let target = operation.target;
    match (target.subresource.as_str(), operation.old) {
        ("", None) => restrict_subject(operation, value),
        ("approval", Some(old)) => may(server, who, "approve", old).map_err(|signer| {
            let why = format!("user not permitted to approve requests with signerName {signer:?}");
            forbidden(target, object::name(value), &why)
        }),
        ("status", Some(old)) => {
            let part = |value: &Value, name: &str| {
                value.pointer(&format!("/status/{name}")).cloned().unwrap_or_default()
            };
            if ["certificate", "conditions"].iter().all(|one| part(value, one) == part(old, one)) {
                return Ok(());
            }
            may(server, who, "sign", old).map_err(|signer| {
                let why = format!("user not permitted to sign requests with signerName {signer:?}");
                forbidden(target, object::name(value), &why)
            })
        }
        _ => Ok(()),
    }
}

/// Nobody becomes an administrator by a certificate.
fn restrict_subject(operation: &Operation<'_>, value: &Value) -> Result<(), Refusal> {
    if text(value, "/spec/signerName") != CLIENTS {
        return Ok(());
    }
    let refuse = |why: &str| Err(forbidden(operation.target, object::name(value), why));
    match certificate_request::read(text(value, "/spec/request")) {
        Err(why) => refuse(&format!("failed to parse CSR: {why}")),
        Ok(found) if found.organizations.iter().any(|one| one == MASTERS) => {
            refuse(&format!("use of {CLIENTS} signer with {MASTERS} group is not allowed"))
        }
        Ok(_) => Ok(()),
    }
}

/// `pkg/certauthorization/certauthorization.go`: for this signer, or all of its domain.
fn may(server: &Apiserver, who: &Identity, verb: &str, request: &Value) -> Result<(), String> {
    let signer = text(request, "/spec/signerName");
    let domain = signer.split('/').next().unwrap_or("");
    let asked = |name: String| Attributes {
        verb: verb.to_owned(),
        group: "certificates.k8s.io".to_owned(),
        resource: "signers".to_owned(),
        name,
        ..Attributes::default()
    };
    let names = [signer.to_owned(), format!("{domain}/*")];
    let allowed = names.into_iter().any(|name| authorize(&server.store, who, &asked(name)).allowed);
    if allowed { Ok(()) } else { Err(signer.to_owned()) }
}
