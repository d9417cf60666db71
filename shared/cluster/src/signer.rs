//! Who signs certificates for the cluster: a host that has random numbers and a certificate authority.

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
