//! Who signs for the cluster: a host that has random numbers, a certificate authority, and keys for tokens.

use std::fmt::Debug;

use jiff::Timestamp;

/// What a certificate is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The request, PEM.
    pub request: &'a str,
    /// Usages as Kubernetes names them, for example `client auth`.
    pub usages: &'a [String],
    /// From when it is valid.
    pub from: Timestamp,
    /// Until when it is valid.
    pub until: Timestamp,
}

/// A certificate authority.
pub trait Signer: Debug + Send + Sync {
    /// The certificate, PEM.
    fn sign(&self, wish: &Wish<'_>) -> Result<String, String>;

    /// The certificate of the authority, PEM.
    fn authority(&self) -> String;
}

/// Keys for the tokens of service accounts that others can check, too.
pub trait TokenKeys: Debug + Send + Sync {
    /// A JSON web token with these claims. The same claims give the same token: it stands in files that are compared.
    fn token(&self, claims: &str) -> String;

    /// Whether one of the keys signed a token, and if not, why, in the words of `pkg/serviceaccount/jwt.go
    /// AuthenticateToken`.
    fn check(&self, token: &str) -> Result<(), String>;

    /// The keys that check tokens, as a JSON Web Key Set.
    fn key_set(&self) -> String;

    /// What OpenID Connect tells of an issuer (`pkg/serviceaccount/openidmetadata.go`).
    fn configuration(&self, issuer: &str) -> String;
}
