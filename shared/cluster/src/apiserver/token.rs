//! Service account tokens: signed JSON web tokens. Where the host has keys, any OpenID verifier can check them, as
//! those of a real server. Where it has none (the browser: a key pair needs entropy, and RSA would cost more than the
//! whole budget of the wasm), the key comes from the seed, and nobody outside trusts its signatures.

use std::sync::Arc;

use apimachinery::object;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::fields;
use crate::signer::TokenKeys;

/// Who issues the tokens.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Who issues those that Secrets hold.
pub(crate) const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";
const BLOCK: usize = 64;

/// What tokens are signed with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Key {
    /// From the seed.
    own: Vec<u8>,
    /// The host's, which then is the only one.
    pub(crate) host: Option<Arc<dyn TokenKeys>>,
}

impl Key {
    /// A key from the seed.
    pub(crate) fn of_seed(own: Vec<u8>) -> Self {
        Self { own, host: None }
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        match &self.host {
            Some(host) => host.token(&claims.to_string()),
            None => sign(&self.own, claims),
        }
    }

    /// The claims of a token that was signed here; `None` when it is no such token
    /// (`jwt.go hasCorrectIssuer`), and the reason when somebody else signed it.
    pub(crate) fn verify(&self, token: &str) -> Result<Option<Value>, String> {
        let Some(claims) = claims(token) else { return Ok(None) };
        if ![ISSUER, LEGACY_ISSUER].contains(&fields::text(&claims, "/iss")) {
            return Ok(None);
        }
        match &self.host {
            Some(host) => host.check(token)?,
            None if is_signed(&self.own, token) => {}
            None => return Err(NO_KEY.to_owned()),
        }
        Ok(Some(claims))
    }
}

/// What is said of a token whose key is not known.
const NO_KEY: &str = "invalid signature, no keys found";

/// The claims of a token, whoever signed it.
fn claims(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// RFC 2104 over SHA-256.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0_u8; BLOCK];
    let short = if key.len() > BLOCK { Sha256::digest(key).to_vec() } else { key.to_vec() };
    for (place, byte) in block.iter_mut().zip(short) {
        *place = byte;
    }
    let pad = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().to_vec()
}

fn sign(key: &[u8], claims: &Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(key, text.as_bytes()));
    format!("{text}.{signature}")
}

fn is_signed(key: &[u8], token: &str) -> bool {
    let Some((text, signature)) = token.rsplit_once('.') else { return false };
    let Ok(given) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let wanted = hmac(key, text.as_bytes());
    given.len() == wanted.len()
        && given.iter().zip(&wanted).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// A token as a Secret holds it.
pub(crate) fn encoded(token: &str) -> String {
    STANDARD.encode(token)
}

/// The token that a Secret of an account holds (`pkg/serviceaccount/legacy.go LegacyClaims`).
pub(crate) fn of_secret(key: &Key, account: &Value, secret: &str) -> String {
    let (namespace, name) = (object::namespace(account), object::name(account));
    let claims = json!({
        "iss": LEGACY_ISSUER,
        "kubernetes.io/serviceaccount/namespace": namespace,
        "kubernetes.io/serviceaccount/secret.name": secret,
        "kubernetes.io/serviceaccount/service-account.name": name,
        "kubernetes.io/serviceaccount/service-account.uid": object::uid(account),
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    key.sign(&claims)
}
