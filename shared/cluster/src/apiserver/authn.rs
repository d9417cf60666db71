//! Who asks: bearer tokens, identities that the host vouches for, service account tokens, impersonation.

use std::collections::BTreeMap;

use apimachinery::identity::Identity;
use apimachinery::status::Status;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::Apiserver;
use super::answer::{Refusal, bad_request};
use super::authz::{Attributes, authorize};
use super::token;

/// The name of those who say nothing about themselves.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

impl Apiserver {
    /// The user of a request, before impersonation.
    pub(crate) fn authenticate(
        &self,
        now: Timestamp,
        request: &http::Request<Vec<u8>>,
    ) -> Result<Identity, Refusal> {
        if let Some(identity) = request.extensions().get::<Identity>() {
            return Ok(identity.clone());
        }
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let Some(bearer) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Ok(Identity {
                username: ANONYMOUS.to_owned(),
                groups: vec!["system:unauthenticated".to_owned()],
                ..Identity::default()
            });
        };
        self.token_identity(now, bearer.trim()).ok_or_else(|| Box::new(Status::unauthorized()))
    }

    /// The user that a token names.
    pub(crate) fn token_identity(&self, now: Timestamp, bearer: &str) -> Option<Identity> {
        if bearer == self.settings.admin_token {
            return Some(Identity::admin());
        }
        let extra = self.settings.extra_tokens.iter().find(|(token, _)| token == bearer);
        if let Some((_, identity)) = extra {
            return Some(identity.clone());
        }
        self.service_account_identity(now, bearer)
    }

    fn service_account_identity(&self, now: Timestamp, bearer: &str) -> Option<Identity> {
        let claims = token::verify(&self.settings.signing_key, bearer)?;
        if claims.get("exp").and_then(Value::as_i64)? <= now.as_second() {
            return None;
        }
        let own = claims.get("kubernetes.io")?;
        let text = |pointer: &str| own.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        let (namespace, name) = (text("/namespace"), text("/serviceaccount/name"));
        let account = self.store.get("serviceaccounts", namespace, name)?;
        if apimachinery::object::uid(&account) != text("/serviceaccount/uid") {
            return None;
        }
        let mut extra = BTreeMap::new();
        let mut say = |key: &str, value: String| {
            extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value]);
        };
        if let Some(id) = claims.get("jti").and_then(Value::as_str) {
            say("credential-id", format!("JTI={id}"));
        }
        let pod = text("/pod/name");
        if !pod.is_empty() {
            let live = self.store.get("pods", namespace, pod)?;
            if apimachinery::object::uid(&live) != text("/pod/uid") {
                return None;
            }
            say("pod-name", pod.to_owned());
            say("pod-uid", text("/pod/uid").to_owned());
        }
        Some(Identity { extra, ..service_account(namespace, name, text("/serviceaccount/uid")) })
    }

    /// The user whom the caller wants to be, when he may (`apiserver/pkg/endpoints/filters/impersonation`).
    pub(crate) fn impersonate(
        &self,
        caller: Identity,
        headers: &HeaderMap,
    ) -> Result<Identity, Refusal> {
        let all = |name: &str| -> Vec<String> {
            let found = headers.get_all(name).iter();
            found.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
        };
        let groups = all("impersonate-group");
        let uid = all("impersonate-uid");
        let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for name in headers.keys() {
            if let Some(key) = name.as_str().strip_prefix("impersonate-extra-") {
                let key = apimachinery::request::percent_decode(key, false);
                extra.insert(key, all(name.as_str()));
            }
        }
        let users = all("impersonate-user");
        let Some(user) = users.first().filter(|user| !user.is_empty()) else {
            if groups.is_empty() && uid.is_empty() && extra.is_empty() {
                return Ok(caller);
            }
            return Err(bad_request(format!(
                "requested [{}] without impersonating a user",
                groups.join(" ")
            )));
        };
        self.may_impersonate(&caller, user, &groups, &extra)?;
        let mut found = match user.strip_prefix("system:serviceaccount:") {
            Some(rest) if groups.is_empty() => {
                let (namespace, name) = rest.split_once(':').unwrap_or((rest, ""));
                service_account(namespace, name, "")
            }
            _ => Identity { username: user.clone(), groups, ..Identity::default() },
        };
        let known = found
            .groups
            .iter()
            .any(|group| group == "system:authenticated" || group == "system:unauthenticated");
        if !known {
            let group = if user == ANONYMOUS { "unauthenticated" } else { "authenticated" };
            found.groups.push(format!("system:{group}"));
        }
        found.uid = uid.into_iter().next().unwrap_or_default();
        found.extra = extra;
        Ok(found)
    }

    fn may_impersonate(
        &self,
        caller: &Identity,
        user: &str,
        groups: &[String],
        extra: &BTreeMap<String, Vec<String>>,
    ) -> Result<(), Refusal> {
        let ask = |resource: &str, subresource: &str, namespace: &str, name: &str| {
            let group = if resource == "userextras" { "authentication.k8s.io" } else { "" };
            let attributes = Attributes {
                verb: "impersonate".to_owned(),
                group: group.to_owned(),
                resource: resource.to_owned(),
                subresource: subresource.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                ..Attributes::default()
            };
            let decision = authorize(&self.store, caller, &attributes);
            if decision.allowed {
                Ok(())
            } else {
                Err(attributes.refusal(caller, &decision.reason))
            }
        };
        match user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
            Some((namespace, name)) => ask("serviceaccounts", "", namespace, name)?,
            None => ask("users", "", "", user)?,
        }
        for group in groups {
            ask("groups", "", "", group)?;
        }
        for (key, values) in extra {
            for value in values {
                ask("userextras", key, "", value)?;
            }
        }
        Ok(())
    }
}

/// The identity of a service account.
pub(crate) fn service_account(namespace: &str, name: &str, uid: &str) -> Identity {
    let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}")];
    Identity {
        uid: uid.to_owned(),
        ..Identity::user(&format!("system:serviceaccount:{namespace}:{name}"), &groups)
    }
}
