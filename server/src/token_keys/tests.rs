//! Tokens are checked as somebody would who has only the published keys.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cluster::signer::TokenKeys as _;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::Value;

use super::{Keys, fixed};

const ADDRESS: &str = "https://127.0.0.1:6443";

fn decoded(of: &Value, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(of[name].as_str().unwrap()).unwrap()
}

/// What somebody does who has only the token and the published keys.
fn outsider_accepts(token: &str, key_set: &str) -> bool {
    let (text, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let head = URL_SAFE_NO_PAD.decode(text.split('.').next().unwrap()).unwrap();
    let head: Value = serde_json::from_slice(&head).unwrap();
    let set: Value = serde_json::from_str(key_set).unwrap();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == head["kid"]).unwrap();
    assert_eq!(key["alg"], head["alg"]);
    if key["kty"] == "RSA" {
        let (n, e) = (decoded(key, "n"), decoded(key, "e"));
        let numbers = RsaPublicKeyComponents { n: &n, e: &e };
        let how = &RSA_PKCS1_2048_8192_SHA256;
        return numbers.verify(how, text.as_bytes(), &signature).is_ok();
    }
    let point = [vec![4], decoded(key, "x"), decoded(key, "y")].concat();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(text.as_bytes(), &signature).is_ok()
}

#[test]
fn whoever_knows_the_published_keys_can_check_a_token() {
    let keys = Keys::new(ADDRESS, None, &[]).unwrap();
    let token = keys.token(r#"{"iss":"us"}"#);
    assert!(outsider_accepts(&token, &keys.key_set()));
    assert_eq!(keys.token(r#"{"iss":"us"}"#), token, "files with tokens are compared");
    assert_eq!(keys.check(&token), Ok(()));
    let forged = keys.token(r#"{"iss":"them"}"#);
    let (text, _) = forged.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    assert!(keys.check(&format!("{text}.{signature}")).is_err());
    let others = Keys::new(ADDRESS, None, &[]).unwrap();
    assert_eq!(others.check(&token), Err("invalid signature, no keys found".to_owned()));
}

#[test]
fn the_key_of_a_file_signs_and_those_of_others_check() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/token-keys");
    let (rsa, curve) = (folder.join("rsa.key"), folder.join("curve.key"));
    let signer = Keys::new(ADDRESS, Some(&rsa), &[]).unwrap();
    let token = signer.token(r#"{"iss":"us"}"#);
    assert!(outsider_accepts(&token, &signer.key_set()));
    let other = Keys::new(ADDRESS, Some(&curve), &[folder.join("rsa.pub")]).unwrap();
    assert_eq!(other.check(&token), Ok(()));
    let own = other.token("{}");
    assert!(outsider_accepts(&own, &other.key_set()));
    expect_test::expect![[r#"{"issuer":"https://us","jwks_uri":"https://127.0.0.1:6443/openid/v1/jwks","response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["ES256","RS256"]}"#]].assert_eq(&other.configuration("https://us"));
    let missing = Keys::new(ADDRESS, Some(&folder.join("rsa.pub")), &[]).unwrap_err();
    assert!(missing.to_string().contains("holds no private key"), "{missing}");
}

#[test]
fn numbers_of_a_signature_get_their_full_width() {
    let der = [0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 2];
    assert_eq!(fixed(&der, 3), Some(vec![0, 0, 0x80, 0, 1, 2]));
    assert_eq!(fixed(&der, 1), None);
    assert_eq!(fixed(&der[..7], 3), None);
}
