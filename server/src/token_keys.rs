//! What signs tokens of service accounts, so that any OpenID verifier can check them: the key that
//! `--service-account-signing-key-file` names, as a real API server takes it, or one of this run. That one is an
//! elliptic curve's (ES256): it is there in an instant, and an RSA key would take longer than the whole start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cluster::signer::TokenKeys;
use rcgen::KeyPair;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::public::PublicKey;
use crate::error::Failure;

mod public;

/// So many signatures are remembered.
const MEMORY: usize = 4096;

/// The keys of one cluster.
#[derive(Debug)]
pub(crate) struct Keys {
    signing: Arc<dyn SigningKey>,
    /// The first one is that of `signing`.
    public: Vec<PublicKey>,
    /// Where anybody gets them.
    address: String,
    /// The signatures of what was signed last: those on elliptic curves are never the same twice.
    signed: Mutex<BTreeMap<[u8; 32], String>>,
}

/// A section of a file of keys.
enum Section {
    Private(PrivateKeyDer<'static>),
    /// A subject public key info, DER.
    Public(Vec<u8>),
}

impl Keys {
    /// Keys of a cluster that is reachable at an address: one to sign with, which may stand in a file, and those in
    /// further files, which only check.
    pub(crate) fn new(
        address: &str,
        signing: Option<&Path>,
        checking: &[PathBuf],
    ) -> Result<Self, Failure> {
        let signing = match signing {
            None => made()?,
            Some(file) => private(file)?,
        };
        let mut public = vec![PublicKey::read(&info(&*signing)?).map_err(unusable)?];
        for file in checking {
            for key in public_keys(file)? {
                if public.iter().all(|known| known.id != key.id) {
                    public.push(key);
                }
            }
        }
        let address = address.to_owned();
        Ok(Self { signing, public, address, signed: Mutex::default() })
    }

    fn sign(&self, text: &str) -> Option<String> {
        let algorithm = self.public.first()?.algorithm;
        let scheme: SignatureScheme = algorithm.scheme;
        let signature = self.signing.choose_scheme(&[scheme])?.sign(text.as_bytes()).ok()?;
        let signature = match algorithm.half {
            0 => signature,
            half => fixed(&signature, half)?,
        };
        Some(URL_SAFE_NO_PAD.encode(signature))
    }
}

impl TokenKeys for Keys {
    fn token(&self, claims: &str) -> String {
        let head = self
            .public
            .first()
            .map(|key| format!(r#"{{"alg":"{}","kid":"{}"}}"#, key.algorithm.name, key.id));
        let head = URL_SAFE_NO_PAD.encode(head.unwrap_or_default());
        let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
        let place: [u8; 32] = Sha256::digest(&text).into();
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.len() >= MEMORY {
            signed.clear();
        }
        // (Without random numbers nothing is signed, and nobody is let in.)
        let signature = signed.entry(place).or_insert_with(|| self.sign(&text).unwrap_or_default());
        format!("{text}.{signature}")
    }

    fn check(&self, token: &str) -> Result<(), String> {
        let (text, signature) = token.rsplit_once('.').unwrap_or_default();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
        let head = text.split('.').next().unwrap_or("");
        let head: Value = serde_json::from_slice(&decode(head)).unwrap_or_default();
        let of = |name: &str| head.get(name).and_then(Value::as_str).unwrap_or("");
        let (id, algorithm) = (of("kid"), of("alg"));
        let mut keys = self.public.iter().filter(|key| id.is_empty() || key.id == id).peekable();
        if keys.peek().is_none() {
            return Err("invalid signature, no keys found".to_owned());
        }
        let signature = decode(signature);
        let good = keys
            .any(|key| key.algorithm.name == algorithm && key.signed(text.as_bytes(), &signature));
        // `go-jose.v2/shared.go ErrCryptoFailure`.
        let why = "go-jose/go-jose: error in cryptographic primitive";
        if good { Ok(()) } else { Err(why.to_owned()) }
    }

    fn key_set(&self) -> String {
        let keys: Vec<&str> = self.public.iter().map(|key| key.text.as_str()).collect();
        format!(r#"{{"keys":[{}]}}"#, keys.join(","))
    }

    fn configuration(&self, issuer: &str) -> String {
        let mut names: Vec<&str> = self.public.iter().map(|key| key.algorithm.name).collect();
        names.sort_unstable();
        names.dedup();
        let place = format!("{}/openid/v1/jwks", self.address);
        format!(
            r#"{{"issuer":{},"jwks_uri":{},"response_types_supported":["id_token"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":{}}}"#,
            json!(issuer),
            json!(place),
            json!(names)
        )
    }
}

fn unusable(why: impl std::fmt::Display) -> Failure {
    Failure::usage(
        format!("a key for tokens of service accounts cannot be used ({why})"),
        "give RSA keys of at least 2048 bits, or elliptic ones on the curves P-256 or P-384",
    )
}

/// A key of this run.
fn made() -> Result<Arc<dyn SigningKey>, Failure> {
    let pair = KeyPair::generate().map_err(unusable)?;
    let pair = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    any_supported_type(&pair).map_err(unusable)
}

/// The public half of a key.
fn info(key: &dyn SigningKey) -> Result<Vec<u8>, Failure> {
    let info = key.public_key().ok_or_else(|| unusable("it has no public half"))?;
    Ok(info.as_ref().to_vec())
}

fn sections(file: &Path, flag: &str) -> Result<Vec<Section>, Failure> {
    let wrong = |why: String| {
        Failure::usage(
            format!("{} holds no keys for tokens ({why})", file.display()),
            format!("name a file of keys in PEM with {flag}"),
        )
    };
    let text = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
    let mut found = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(&text) {
        let (kind, bytes) = section.map_err(|error| wrong(error.to_string()))?;
        found.push(match kind {
            SectionKind::PublicKey => Section::Public(bytes),
            SectionKind::RsaPrivateKey => {
                Section::Private(PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(bytes)))
            }
            SectionKind::PrivateKey => {
                Section::Private(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(bytes)))
            }
            SectionKind::EcPrivateKey => {
                Section::Private(PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(bytes)))
            }
            _ => continue,
        });
    }
    if found.is_empty() { Err(wrong("there is none in it".to_owned())) } else { Ok(found) }
}

fn private(file: &Path) -> Result<Arc<dyn SigningKey>, Failure> {
    let sections = sections(file, "--service-account-signing-key-file")?;
    let key = sections.iter().find_map(|section| match section {
        Section::Private(key) => Some(key),
        Section::Public(_) => None,
    });
    let key = key.ok_or_else(|| unusable("the file holds no private key"))?;
    any_supported_type(key).map_err(unusable)
}

fn public_keys(file: &Path) -> Result<Vec<PublicKey>, Failure> {
    let read = |section| {
        let bytes = match section {
            Section::Public(bytes) => bytes,
            Section::Private(key) => info(&*any_supported_type(&key).map_err(unusable)?)?,
        };
        PublicKey::read(&bytes).map_err(unusable)
    };
    sections(file, "--service-account-key-file")?.into_iter().map(read).collect()
}

/// The two numbers of a signature on an elliptic curve, each in its full width (RFC 7518, section 3.4), out of
/// their DER, which is short enough to have lengths of one byte.
fn fixed(der: &[u8], half: usize) -> Option<Vec<u8>> {
    let mut rest = der.get(2..)?;
    let mut all = Vec::new();
    for _ in 0..2 {
        let [2, length, following @ ..] = rest else { return None };
        let (number, left) = following.split_at_checked(usize::from(*length))?;
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = number.get(zeros..)?;
        all.extend(std::iter::repeat_n(0, half.checked_sub(digits.len())?));
        all.extend_from_slice(digits);
        rest = left;
    }
    Some(all)
}

#[cfg(test)]
mod tests;
