//! Secrets that hold tokens of service accounts: filled, and removed with their account
//! (`pkg/controller/serviceaccount/tokens_controller.go`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apiserver::token;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const NAME: &str = "serviceaccount-token-controller";
const TYPE: &str = "kubernetes.io/service-account-token";
const ACCOUNT: &str = "/metadata/annotations/kubernetes.io~1service-account.name";
const UID: &str = "/metadata/annotations/kubernetes.io~1service-account.uid";

/// Fills and removes them.
pub(crate) struct Tokens {
    /// What signs tokens.
    pub(crate) key: token::Key,
    /// The certificate of the cluster's authority, PEM.
    pub(crate) authority: String,
}

fn is_token(secret: &Value) -> bool {
    fields::text(secret, "/type") == TYPE
}

impl Controller for Tokens {
    fn name(&self) -> &'static str {
        NAME
    }

    fn component(&self) -> Component {
        Component::controller_manager("serviceaccount-token-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let either = change.new.as_ref().or(change.old.as_ref());
        match change.resource.as_str() {
            "secrets" if either.is_some_and(|secret| is_token(secret)) => {
                vec![Key::new(&change.namespace, &change.name)]
            }
            // Those of an account that goes, and those that waited for one.
            "serviceaccounts" if change.new.is_none() || change.old.is_none() => store
                .list("secrets", Some(&change.namespace))
                .iter()
                .filter(|secret| is_token(secret) && fields::text(secret, ACCOUNT) == change.name)
                .map(|secret| Key::of(secret))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(secret) = store.get("secrets", &key.namespace, &key.name) else {
            plan.writes = forget(store, key);
            return plan;
        };
        if !is_token(&secret) {
            return plan;
        }
        let account = store
            .get("serviceaccounts", &key.namespace, fields::text(&secret, ACCOUNT))
            .filter(|account| {
                let uid = fields::text(&secret, UID);
                uid.is_empty() || uid == fields::uid(account)
            });
        match account {
            None => plan.writes.push(Write::delete("secrets", &secret, "Background")),
            Some(account) => plan.writes.extend(self.fill(&secret, &account)),
        }
        plan
    }
}

/// A Secret that is gone is no longer listed by its account.
fn forget(store: &Store, key: &Key) -> Vec<Write> {
    let listed = |account: &Value| {
        fields::items(account, "/secrets").iter().any(|one| fields::text(one, "/name") == key.name)
    };
    let accounts = store.list("serviceaccounts", Some(&key.namespace)).into_iter();
    let without = accounts.filter(|account| listed(account)).map(|account| {
        let mut account = Value::clone(&account);
        let mut secrets = fields::items(&account, "/secrets").to_vec();
        secrets.retain(|one| fields::text(one, "/name") != key.name);
        fields::put(&mut account, "/secrets", Value::Array(secrets));
        Write::update("serviceaccounts", account)
    });
    without.collect()
}

impl Tokens {
    /// What of CA, namespace and token is missing.
    fn fill(&self, secret: &Value, account: &Value) -> Option<Write> {
        let data = |name: &str| secret.get("data").and_then(|data| data.get(name));
        let authority = token::encoded(&self.authority);
        let has = |name: &str| data(name).and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        let current = data("ca.crt").and_then(Value::as_str) == Some(authority.as_str());
        if current && has("namespace") && has("token") {
            return None;
        }
        let (namespace, name) = (fields::namespace(secret), fields::name(secret));
        let mut filled = json!({});
        if let Some(Value::Object(old)) = secret.get("data") {
            filled = Value::Object(old.clone());
        }
        fields::put(&mut filled, "/ca.crt", json!(authority));
        if !has("namespace") {
            fields::put(&mut filled, "/namespace", json!(token::encoded(namespace)));
        }
        if !has("token") {
            let made = token::of_secret(&self.key, account, name);
            fields::put(&mut filled, "/token", json!(token::encoded(&made)));
        }
        let mut secret = secret.clone();
        fields::put(&mut secret, "/data", filled);
        fields::put(&mut secret, ACCOUNT, json!(fields::name(account)));
        fields::put(&mut secret, UID, json!(fields::uid(account)));
        Some(Write::update("secrets", secret))
    }
}
