//! Service account tokens: signed JSON web tokens. The key comes from the seed; the cluster is a toy for
//! learning in this one respect that nobody outside trusts its signatures.

use apimachinery::object;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Who issues the tokens.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";
/// Who issues those that Secrets hold.
pub(crate) const LEGACY_ISSUER: &str = "kubernetes/serviceaccount";
const BLOCK: usize = 64;

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

/// A token with these claims.
pub(crate) fn sign(key: &[u8], claims: &Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(hmac(key, text.as_bytes()));
    format!("{text}.{signature}")
}

/// The claims of a token that this key signed.
pub(crate) fn verify(key: &[u8], token: &str) -> Option<Value> {
    let (text, signature) = token.rsplit_once('.')?;
    let given = URL_SAFE_NO_PAD.decode(signature).ok()?;
    let wanted = hmac(key, text.as_bytes());
    let same = given.len() == wanted.len()
        && given.iter().zip(&wanted).fold(0, |all, (a, b)| all | (a ^ b)) == 0;
    if !same {
        return None;
    }
    let (_, claims) = text.split_once('.')?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

/// A token as a Secret holds it.
pub(crate) fn encoded(token: &str) -> String {
    STANDARD.encode(token)
}

/// The token that a Secret of an account holds (`pkg/serviceaccount/legacy.go LegacyClaims`).
pub(crate) fn of_secret(key: &[u8], account: &Value, secret: &str) -> String {
    let (namespace, name) = (object::namespace(account), object::name(account));
    let claims = json!({
        "iss": LEGACY_ISSUER,
        "kubernetes.io/serviceaccount/namespace": namespace,
        "kubernetes.io/serviceaccount/secret.name": secret,
        "kubernetes.io/serviceaccount/service-account.name": name,
        "kubernetes.io/serviceaccount/service-account.uid": object::uid(account),
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    sign(key, &claims)
}
