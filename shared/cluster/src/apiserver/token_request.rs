//! POST serviceaccounts/NAME/token (`pkg/registry/core/serviceaccount/storage/token.go`).

use std::sync::Arc;

use apimachinery::field_error::FieldError;
use apimachinery::gvk::{GroupResource, GroupVersionKind};
use apimachinery::object;
use apimachinery::status::Status;
use apimachinery::time::format_rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::admission::node_restriction;
use super::answer::{Refusal, Reply, bad_request};
use super::call::Call;
use super::write::{Target, settle_namespace};
use super::{Apiserver, decode, token, uuid};
use crate::fields::{items, number, put, text};

const DEFAULT_SECONDS: i64 = 3600;
const LEAST_SECONDS: i64 = 600;
const MOST_SECONDS: i64 = 1 << 32;
/// Tokens that pods get by default are asked for with this lifetime and live for a year
/// (`pkg/serviceaccount/util.go WarnOnlyBoundTokenExpirationSeconds`).
const WARN_ONLY_SECONDS: i64 = 3607;
const EXTENDED_SECONDS: i64 = 24 * 365 * 3600;

/// What a token is bound to.
#[derive(Default)]
struct Bound {
    pod: Option<Arc<Value>>,
    secret: Option<Arc<Value>>,
    /// Name and uid; a node that is gone has none.
    node: Option<(String, String)>,
}

fn reference(name: &str, uid: &str) -> Value {
    if uid.is_empty() { json!({"name": name}) } else { json!({"name": name, "uid": uid}) }
}

impl Apiserver {
    /// Makes a token for an account.
    pub(crate) fn create_token(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let gvk = GroupVersionKind::new("authentication.k8s.io", "v1", "TokenRequest");
        let mut body = decode::plain(call, &gvk)?;
        let target = Target::of(call)?;
        settle_namespace(&mut body, &target.namespace)?;
        agree_on_name(&gvk, &target, &body)?;
        let account = self.referenced("serviceaccounts", &target.namespace, &target.name)?;
        let uid = object::uid(&account);
        match text(&body, "/metadata/uid") {
            "" => {}
            given if given == uid => {}
            given => {
                let why = format!(
                    "the UID in the token request ({given}) does not match the UID of the service account ({uid})"
                );
                let of = GroupResource::new(&gvk.group, &gvk.kind);
                return Err(Box::new(Status::conflict(&of, &target.name, &why)));
            }
        }
        let audiences = items(&body, "/spec/audiences").to_vec();
        let audiences = if audiences.is_empty() { vec![json!(token::ISSUER)] } else { audiences };
        let seconds = number(&body, "/spec/expirationSeconds").unwrap_or(DEFAULT_SECONDS);
        check_lifetime(&gvk, seconds)?;
        node_restriction::validate_token(self, call, &target, &body)?;
        let bound = self.bound(&target, &body)?;
        let own = audiences.iter().all(|one| one == token::ISSUER);
        let extended = own && bound.pod.is_some() && seconds == WARN_ONLY_SECONDS;
        let issued = call.now.as_second();
        let id = uuid(&mut self.audits);
        call.notes
            .annotate("authentication.kubernetes.io/issued-credential-id", format!("JTI={id}"));
        let mut own = json!({
            "namespace": target.namespace, "serviceaccount": reference(&target.name, uid),
        });
        bound.claim(&mut own);
        if extended {
            put(&mut own, "/warnafter", json!(issued + seconds));
        }
        let lifetime = if extended { EXTENDED_SECONDS } else { seconds };
        let claims = json!({
            "aud": audiences, "exp": issued + lifetime, "iat": issued, "iss": token::ISSUER, "jti": id,
            "kubernetes.io": own, "nbf": issued,
            "sub": format!("system:serviceaccount:{}:{}", target.namespace, target.name),
        });
        let until = Timestamp::from_second(issued + seconds).unwrap_or(call.now);
        let metadata = json!({
            "name": target.name, "namespace": target.namespace, "uid": uid,
            "creationTimestamp": format_rfc3339(call.now),
        });
        let status = json!({
            "token": self.tokens.sign(&claims),
            "expirationTimestamp": format_rfc3339(until),
        });
        put(&mut body, "/metadata", metadata);
        put(&mut body, "/spec/audiences", Value::Array(audiences));
        put(&mut body, "/spec/expirationSeconds", json!(seconds));
        put(&mut body, "/status", status);
        Ok(Reply::Document(201, body))
    }

    fn referenced(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Arc<Value>, Refusal> {
        let of = GroupResource::new("", resource);
        let found = self.store.get(resource, namespace, name);
        found.ok_or_else(|| Box::new(Status::not_found(&of, name)))
    }

    fn bound(&self, target: &Target, body: &Value) -> Result<Bound, Refusal> {
        let mut bound = Bound::default();
        let Some(wanted) = body.pointer("/spec/boundObjectRef").filter(|one| !one.is_null()) else {
            return Ok(bound);
        };
        let name = text(wanted, "/name");
        let gvk = GroupVersionKind::of(text(wanted, "/apiVersion"), text(wanted, "/kind"));
        let found = match (gvk.group.as_str(), gvk.kind.as_str()) {
            ("", "Pod") => {
                let pod = self.referenced("pods", &target.namespace, name)?;
                if text(&pod, "/spec/serviceAccountName") != target.name {
                    return Err(bad_request(format!(
                        "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
                        target.name
                    )));
                }
                bound.node = self.node_of(&pod);
                bound.pod = Some(Arc::clone(&pod));
                pod
            }
            ("", "Node") => {
                let node = self.referenced("nodes", "", name)?;
                bound.node = Some((name.to_owned(), object::uid(&node).to_owned()));
                node
            }
            ("", "Secret") => {
                let secret = self.referenced("secrets", &target.namespace, name)?;
                bound.secret = Some(Arc::clone(&secret));
                secret
            }
            _ => {
                return Err(bad_request(format!(
                    "cannot bind token to object of type {}/{}, Kind={}",
                    gvk.group, gvk.version, gvk.kind
                )));
            }
        };
        let (given, live) = (text(wanted, "/uid"), object::uid(&found));
        if !given.is_empty() && given != live {
            let why = format!(
                "the UID in the bound object reference ({given}) does not match the UID in record. The object might have been deleted and then recreated"
            );
            let of = GroupResource::new(&gvk.group, &gvk.kind);
            return Err(Box::new(Status::conflict(&of, name, &why)));
        }
        Ok(bound)
    }

    fn node_of(&self, pod: &Value) -> Option<(String, String)> {
        let name = Some(text(pod, "/spec/nodeName")).filter(|name| !name.is_empty())?;
        let node = self.store.get("nodes", "", name);
        let uid = node.map_or_else(String::new, |node| object::uid(&node).to_owned());
        Some((name.to_owned(), uid))
    }
}

impl Bound {
    fn claim(&self, own: &mut Value) {
        for (claim, object) in [("/pod", &self.pod), ("/secret", &self.secret)] {
            if let Some(object) = object {
                put(own, claim, reference(object::name(object), object::uid(object)));
            }
        }
        if let Some((name, uid)) = &self.node {
            put(own, "/node", reference(name, uid));
        }
    }
}

/// What the body says of the name must be what the path says.
fn agree_on_name(gvk: &GroupVersionKind, target: &Target, body: &Value) -> Result<(), Refusal> {
    let given = text(body, "/metadata/name");
    if given.is_empty() || given == target.name {
        return Ok(());
    }
    let why = "must match the service account name if specified";
    let errors = [FieldError::invalid("metadata.name", given, why)];
    Err(Box::new(Status::invalid(&gvk.group, &gvk.kind, &target.name, &errors)))
}

/// `pkg/apis/authentication/validation/validation.go ValidateTokenRequest`.
fn check_lifetime(gvk: &GroupVersionKind, seconds: i64) -> Result<(), Refusal> {
    let why = if seconds < LEAST_SECONDS {
        "may not specify a duration less than 10 minutes"
    } else if seconds > MOST_SECONDS {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let errors = [FieldError::invalid("spec.expirationSeconds", seconds, why)];
    Err(Box::new(Status::invalid(&gvk.group, &gvk.kind, "", &errors)))
}
