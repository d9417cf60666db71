//! Tokens of service accounts: bound ones (`pkg/serviceaccount/claims.go`) and those that Secrets hold
//! (`pkg/serviceaccount/legacy.go`).

use std::collections::BTreeMap;

use apimachinery::identity::Identity;
use apimachinery::object;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::service_account;
use crate::apiserver::token::{self, ISSUER, LEGACY_ISSUER};
use crate::fields::{self, items};
use crate::store::Store;

/// By how much clocks may differ (`jwt.DefaultLeeway`).
const LEEWAY: i64 = 60;
const INVALID_SINCE: &str = "kubernetes.io/legacy-token-invalid-since";
const LAST_USED: &str = "kubernetes.io/legacy-token-last-used";
const INVALIDATED: &str = "service account token has been invalidated";

/// Whom a token names.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) identity: Identity,
    pub(crate) audiences: Vec<String>,
    /// The Secret that holds the token.
    pub(crate) secret: Option<(String, String)>,
    /// Whether the account lists that Secret, as older clusters generated them.
    pub(crate) generated: bool,
}

impl Known {
    /// Somebody for the API server itself.
    pub(crate) fn of(identity: Identity) -> Self {
        Self { identity, audiences: vec![ISSUER.to_owned()], secret: None, generated: false }
    }
}

/// What is looked at.
pub(super) struct Check<'a> {
    pub(super) store: &'a Store,
    pub(super) now: Timestamp,
    pub(super) bearer: &'a str,
    pub(super) claims: &'a Value,
    /// What whoever asks wants the token to be for.
    pub(super) audiences: &'a [String],
}

impl Check<'_> {
    /// The account; `None` when the token is none of these.
    pub(super) fn identity(&self) -> Result<Option<Known>, String> {
        let legacy = match self.text("/iss") {
            ISSUER => false,
            LEGACY_ISSUER => true,
            _ => return Ok(None),
        };
        let own = items(self.claims, "/aud").iter().filter_map(Value::as_str);
        let mut own: Vec<String> = own.map(str::to_owned).collect();
        if own.is_empty() {
            own = vec![ISSUER.to_owned()];
        }
        let both: Vec<String> =
            own.iter().filter(|one| self.audiences.contains(one)).cloned().collect();
        if both.is_empty() {
            return Err(format!(
                "token audiences {} is invalid for the target audiences {}",
                quoted(&own),
                quoted(self.audiences)
            ));
        }
        let mut known = if legacy { self.of_secret()? } else { self.bound()? };
        known.audiences = both;
        Ok(Some(known))
    }

    fn text(&self, pointer: &str) -> &str {
        fields::text(self.claims, pointer)
    }

    fn second(&self, name: &str) -> Option<i64> {
        self.claims.get(name).and_then(Value::as_i64)
    }

    fn bound(&self) -> Result<Known, String> {
        let now = self.now.as_second();
        if self.second("nbf").is_some_and(|from| now + LEEWAY < from) {
            return Err("service account token is not valid yet".to_owned());
        }
        if self.second("exp").is_some_and(|until| now - LEEWAY > until) {
            return Err("service account token has expired".to_owned());
        }
        let namespace = self.text("/kubernetes.io/namespace");
        let name = self.text("/kubernetes.io/serviceaccount/name");
        let uid = self.text("/kubernetes.io/serviceaccount/uid");
        self.account(namespace, name, uid, "service account UID")?;
        for (resource, claim, what) in
            [("secrets", "secret", "secret UID"), ("pods", "pod", "pod UID")]
        {
            self.bound_to(resource, claim, what, namespace)?;
        }
        if self.claims.pointer("/kubernetes.io/pod").is_none() {
            self.bound_to("nodes", "node", "node UID", "")?;
        }
        let mut extra = BTreeMap::new();
        let mut say = |key: &str, value: &str| {
            if !value.is_empty() {
                let key = format!("authentication.kubernetes.io/{key}");
                extra.insert(key, vec![value.to_owned()]);
            }
        };
        let id = self.text("/jti");
        if !id.is_empty() {
            say("credential-id", &format!("JTI={id}"));
        }
        for object in ["pod", "node"] {
            say(&format!("{object}-name"), self.text(&format!("/kubernetes.io/{object}/name")));
            say(&format!("{object}-uid"), self.text(&format!("/kubernetes.io/{object}/uid")));
        }
        let identity = Identity { extra, ..service_account(namespace, name, uid) };
        Ok(Known { identity, audiences: Vec::new(), secret: None, generated: false })
    }

    /// The account is there, and the same as when the token was made.
    fn account(
        &self,
        namespace: &str,
        name: &str,
        uid: &str,
        what: &str,
    ) -> Result<std::sync::Arc<Value>, String> {
        let account = self.store.get("serviceaccounts", namespace, name);
        let account = account.ok_or_else(|| format!("serviceaccounts \"{name}\" not found"))?;
        let live = object::uid(&account);
        if live == uid {
            Ok(account)
        } else {
            Err(format!("{what} ({live}) does not match claim ({uid})"))
        }
    }

    /// What the token is bound to is there, and not about to be removed.
    fn bound_to(
        &self,
        resource: &str,
        claim: &str,
        what: &str,
        namespace: &str,
    ) -> Result<(), String> {
        let Some(reference) = self.claims.pointer(&format!("/kubernetes.io/{claim}")) else {
            return Ok(());
        };
        let (name, uid) = (fields::text(reference, "/name"), fields::text(reference, "/uid"));
        let live = self.store.get(resource, namespace, name).ok_or(INVALIDATED)?;
        if object::uid(&live) != uid {
            let live = object::uid(&live);
            return Err(format!(
                "{what} ({live}) does not match service account {claim} ref claim ({uid})"
            ));
        }
        let long_gone = object::deletion_timestamp(&live)
            .is_some_and(|at| at.as_second() < self.now.as_second() - LEEWAY);
        if long_gone { Err(INVALIDATED.to_owned()) } else { Ok(()) }
    }

    fn of_secret(&self) -> Result<Known, String> {
        let at = |name: &str| {
            let claim = self.claims.get(format!("kubernetes.io/serviceaccount/{name}"));
            claim.and_then(Value::as_str).unwrap_or("")
        };
        let (namespace, name) = (at("namespace"), at("service-account.name"));
        let secret_name = at("secret.name");
        let gone = "Token has been invalidated";
        let secret = self.store.get("secrets", namespace, secret_name).ok_or(gone)?;
        if object::deletion_timestamp(&secret).is_some() {
            return Err(gone.to_owned());
        }
        if fields::text(&secret, "/data/token") != token::encoded(self.bearer) {
            return Err("Token does not match server's copy".to_owned());
        }
        let uid = at("service-account.uid");
        let account = self.account(namespace, name, uid, "ServiceAccount UID")?;
        if object::labels(&secret).contains_key(INVALID_SINCE) {
            return Err(format!(
                "the token in secret {namespace}/{secret_name} for service account {namespace}/{name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '{INVALID_SINCE}' label from the secret to temporarily allow use of this token"
            ));
        }
        let listed = items(&account, "/secrets").iter();
        Ok(Known {
            identity: service_account(namespace, name, uid),
            audiences: Vec::new(),
            generated: listed.clone().any(|one| fields::text(one, "/name") == secret_name),
            secret: Some((namespace.to_owned(), secret_name.to_owned())),
        })
    }
}

/// `%q` of a list of strings.
fn quoted(list: &[String]) -> String {
    let all: Vec<String> = list.iter().map(|one| format!("{one:?}")).collect();
    format!("[{}]", all.join(" "))
}

/// How the API server notes on a Secret that its token was used today (`patchSecretWithLastUsedDate`): as its own
/// client.
pub(crate) fn last_used(
    store: &Store,
    now: Timestamp,
    secret: &(String, String),
) -> Option<http::Request<Vec<u8>>> {
    let (namespace, name) = secret;
    let found = store.get("secrets", namespace, name)?;
    let today = apimachinery::time::format_rfc3339(now);
    let today = today.get(..10)?;
    if object::labels(&found).get(LAST_USED).is_some_and(|day| day == today) {
        return None;
    }
    let patch = json!({
        "metadata": {"uid": object::uid(&found), "labels": {LAST_USED: today}},
    });
    let mut request =
        http::Request::patch(format!("/api/v1/namespaces/{namespace}/secrets/{name}"))
            .header("content-type", "application/merge-patch+json")
            .header("user-agent", "kube-apiserver/v1.36.3 (podium)")
            .body(patch.to_string().into_bytes())
            .ok()?;
    request.extensions_mut().insert(Identity::user("system:apiserver", &["system:masters"]));
    Some(request)
}
