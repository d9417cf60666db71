//! Public keys that check tokens, and how they are told to others (`pkg/serviceaccount/openidmetadata.go`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::SignatureScheme;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, SubjectPublicKeyInfo};
use x509_parser::public_key::PublicKey as Numbers;

/// How tokens are signed.
pub(super) struct Algorithm {
    /// Its name in a token.
    pub(super) name: &'static str,
    pub(super) scheme: SignatureScheme,
    /// The curve, as keys and as RFC 7518 name it; none for RSA.
    curve: Option<(&'static str, &'static str)>,
    /// Bytes of each of the two numbers of a signature; 0 for RSA, which has one.
    pub(super) half: usize,
    check: &'static dyn VerificationAlgorithm,
}

static ALGORITHMS: [Algorithm; 3] = [
    Algorithm {
        name: "RS256",
        scheme: SignatureScheme::RSA_PKCS1_SHA256,
        curve: None,
        half: 0,
        check: &RSA_PKCS1_2048_8192_SHA256,
    },
    Algorithm {
        name: "ES256",
        scheme: SignatureScheme::ECDSA_NISTP256_SHA256,
        curve: Some(("1.2.840.10045.3.1.7", "P-256")),
        half: 32,
        check: &ECDSA_P256_SHA256_FIXED,
    },
    Algorithm {
        name: "ES384",
        scheme: SignatureScheme::ECDSA_NISTP384_SHA384,
        curve: Some(("1.3.132.0.34", "P-384")),
        half: 48,
        check: &ECDSA_P384_SHA384_FIXED,
    },
];

/// A key that checks tokens.
pub(super) struct PublicKey {
    /// Its name in tokens.
    pub(super) id: String,
    pub(super) algorithm: &'static Algorithm,
    /// What the check takes.
    bits: Vec<u8>,
    /// As a JSON Web Key, with the members in the order of go-jose.
    pub(super) text: String,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey {}", self.id)
    }
}

impl PublicKey {
    /// Reads a subject public key info, DER.
    pub(super) fn read(der: &[u8]) -> Result<Self, String> {
        let words = |error: &dyn std::fmt::Display| error.to_string();
        let (_, info) = SubjectPublicKeyInfo::from_der(der).map_err(|error| words(&error))?;
        let numbers = info.parsed().map_err(|error| words(&error))?;
        let parameters = info.algorithm.parameters.as_ref();
        let curve = parameters.and_then(|any| any.as_oid().ok()).map(|curve| curve.to_id_string());
        let rsa = matches!(numbers, Numbers::RSA(_));
        let fits = |one: &&Algorithm| match one.curve {
            None => rsa,
            Some((curve_id, _)) => !rsa && curve.as_deref() == Some(curve_id),
        };
        let algorithm = ALGORITHMS.iter().find(fits).ok_or("it is of no kind that tokens know")?;
        // `jwt.go keyIDFromPublicKey`.
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(der));
        let name = algorithm.name;
        let text = match (&numbers, algorithm.curve) {
            (Numbers::RSA(key), _) => format!(
                r#"{{"use":"sig","kty":"RSA","kid":"{id}","alg":"{name}","n":"{}","e":"{}"}}"#,
                encoded(without_zeros(key.modulus)),
                encoded(without_zeros(key.exponent))
            ),
            (Numbers::EC(point), Some((_, curve))) => {
                let (x, y) = halves(point.data(), algorithm.half).ok_or("its point is packed")?;
                format!(
                    r#"{{"use":"sig","kty":"EC","kid":"{id}","crv":"{curve}","alg":"{name}","x":"{}","y":"{}"}}"#,
                    encoded(x),
                    encoded(y)
                )
            }
            _ => return Err("it is of no kind that tokens know".to_owned()),
        };
        Ok(Self { id, algorithm, bits: info.subject_public_key.data.to_vec(), text })
    }

    /// Whether this key signed a text.
    pub(super) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.check, &self.bits).verify(text, signature).is_ok()
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The coordinates of a point that is written in full.
fn halves(point: &[u8], half: usize) -> Option<(&[u8], &[u8])> {
    let [4, both @ ..] = point else { return None };
    (both.len() == 2 * half).then(|| both.split_at(half))
}
