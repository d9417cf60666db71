//! Questions to the API server about itself: access, rules, identity, tokens.

use apimachinery::field_error::FieldError;
use apimachinery::identity::Identity;
use apimachinery::status::Status;
use apimachinery::time::format_rfc3339;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply, bad_request};
use super::authz::{Attributes, authorize};
use super::call::Call;
use super::{Apiserver, decode, managed, token};
use crate::fields::{items, put, text};

/// What a review asks about.
fn attributes(spec: &Value) -> Attributes {
    let at = |pointer: &str| text(spec, pointer).to_owned();
    let path = at("/nonResourceAttributes/path");
    if !path.is_empty() {
        return Attributes {
            verb: at("/nonResourceAttributes/verb"),
            path,
            ..Attributes::default()
        };
    }
    Attributes {
        verb: at("/resourceAttributes/verb"),
        group: at("/resourceAttributes/group"),
        resource: at("/resourceAttributes/resource"),
        subresource: at("/resourceAttributes/subresource"),
        namespace: at("/resourceAttributes/namespace"),
        name: at("/resourceAttributes/name"),
        ..Attributes::default()
    }
}

/// Whom a review asks about.
fn subject(spec: &Value) -> Identity {
    let texts = |pointer: &str| {
        items(spec, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Identity {
        username: text(spec, "/user").to_owned(),
        uid: text(spec, "/uid").to_owned(),
        groups: texts("/groups"),
        ..Identity::default()
    }
}

/// `nonResourceAttributes` as Go prints its type without a version.
fn path_asked(spec: &Value) -> Value {
    let part = |name: &str| text(spec, &format!("/nonResourceAttributes/{name}"));
    json!({"Path": part("path"), "Verb": part("verb")})
}

fn check_spec(spec: &Value, about_others: bool) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let has = |field: &str| spec.get(field).is_some_and(Value::is_object);
    match (has("resourceAttributes"), has("nonResourceAttributes")) {
        (true, true) => errors.push(FieldError::invalid(
            "spec.nonResourceAttributes",
            path_asked(spec),
            "cannot be specified in combination with resourceAttributes",
        )),
        (false, false) => errors.push(FieldError::invalid(
            "spec.resourceAttributes",
            Value::Null,
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        _ => {}
    }
    if about_others && text(spec, "/user").is_empty() && items(spec, "/groups").is_empty() {
        let why = "at least one of user or group must be specified";
        errors.push(FieldError::invalid("spec.user", "", why));
    }
    errors
}

impl Apiserver {
    /// POST of a review.
    pub(crate) fn review(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let gvk = call.resource()?.gvk();
        let mut body = decode::plain(call, &gvk)?;
        managed::on_create(call, &gvk, &mut body);
        match gvk.kind.as_str() {
            "SelfSubjectReview" => self.who_am_i(call, &mut body),
            "TokenReview" => self.review_token(call, &mut body)?,
            "SelfSubjectRulesReview" => self.review_rules(call, &mut body),
            kind => self.review_access(call, kind, &mut body)?,
        }
        Ok(Reply::Document(201, body))
    }

    fn review_access(&self, call: &Call, kind: &str, body: &mut Value) -> Result<(), Refusal> {
        let spec = body.get("spec").cloned().unwrap_or_default();
        let own = kind == "SelfSubjectAccessReview";
        let mut errors = check_spec(&spec, !own);
        if kind == "LocalSubjectAccessReview" {
            let about = spec.get("nonResourceAttributes").is_some_and(Value::is_object);
            let namespace = text(&spec, "/resourceAttributes/namespace");
            if !about && namespace != call.info.namespace {
                let path = "spec.resourceAttributes.namespace";
                errors.push(FieldError::invalid(path, namespace, "must match metadata.namespace"));
            }
            if about {
                let (path, why) =
                    ("spec.nonResourceAttributes", "disallowed on this kind of request");
                errors.push(FieldError::invalid(path, path_asked(&spec), why));
            }
            put(body, "/metadata/namespace", json!(call.info.namespace));
        }
        if !errors.is_empty() {
            return Err(Box::new(Status::invalid("authorization.k8s.io", "", "", &errors)));
        }
        let who = if own { call.identity.clone() } else { subject(&spec) };
        let decision = authorize(&self.store, &who, &attributes(&spec));
        let mut status = json!({"allowed": decision.allowed});
        if !decision.reason.is_empty() {
            put(&mut status, "/reason", json!(decision.reason));
        }
        put(body, "/status", status);
        Ok(())
    }

    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn who_am_i(&self, call: &Call, body: &mut Value) {
        let created = format_rfc3339(call.now);
        put(body, "/metadata", json!({"creationTimestamp": created}));
        let user = serde_json::to_value(&call.identity).unwrap_or_default();
        put(body, "/status", json!({"userInfo": user}));
    }

    /// `pkg/registry/authentication/tokenreview/storage.go`.
    fn review_token(&self, call: &Call, body: &mut Value) -> Result<(), Refusal> {
        let bearer = text(body, "/spec/token");
        if bearer.is_empty() {
            return Err(bad_request("token is required for TokenReview in authentication"));
        }
        let given = items(body, "/spec/audiences").iter().filter_map(Value::as_str);
        let mut audiences: Vec<String> = given.map(str::to_owned).collect();
        if audiences.is_empty() {
            audiences = vec![token::ISSUER.to_owned()];
        }
        let status = match self.token_identity(call.now, bearer, &audiences) {
            Ok(Some(known)) => json!({
                "authenticated": true, "user": known.identity, "audiences": known.audiences,
            }),
            Ok(None) => json!({"user": {}, "error": "invalid bearer token"}),
            Err(why) => json!({"user": {}, "error": format!("[invalid bearer token, {why}]")}),
        };
        put(body, "/status", status);
        Ok(())
    }
}
