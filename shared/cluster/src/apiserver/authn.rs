//! Who asks: bearer tokens, identities that the host vouches for, service account tokens, impersonation.

pub(crate) mod account_token;
mod impersonation;

use apimachinery::identity::Identity;
use apimachinery::status::Status;
use jiff::Timestamp;

use self::account_token::{Check, Known};
use super::Apiserver;
use super::answer::Refusal;
use super::token;

/// The name of those who say nothing about themselves.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

impl Apiserver {
    /// The user of a request, before impersonation.
    pub(crate) fn authenticate(
        &self,
        now: Timestamp,
        request: &http::Request<Vec<u8>>,
    ) -> Result<Known, Refusal> {
        if let Some(identity) = request.extensions().get::<Identity>() {
            return Ok(Known::of(identity.clone()));
        }
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let Some(bearer) = header.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Ok(Known::of(Identity {
                username: ANONYMOUS.to_owned(),
                groups: vec!["system:unauthenticated".to_owned()],
                ..Identity::default()
            }));
        };
        let own = [token::ISSUER.to_owned()];
        match self.token_identity(now, bearer.trim(), &own) {
            Ok(Some(known)) => Ok(known),
            Ok(None) | Err(_) => Err(Box::new(Status::unauthorized())),
        }
    }

    /// The user that a token for one of these audiences names; `None` when nobody knows it.
    pub(crate) fn token_identity(
        &self,
        now: Timestamp,
        bearer: &str,
        audiences: &[String],
    ) -> Result<Option<Known>, String> {
        let extra = &self.settings.extra_tokens;
        let fixed = if bearer == self.settings.admin_token {
            Some(Identity::admin())
        } else {
            extra.iter().find(|(token, _)| token == bearer).map(|(_, identity)| identity.clone())
        };
        if let Some(identity) = fixed {
            // `authenticator/audagnostic.go`: these are for the API server and nobody else.
            if !audiences.iter().any(|one| one == token::ISSUER) {
                return Ok(None);
            }
            return Ok(Some(Known::of(identity)));
        }
        let Some(claims) = self.tokens.verify(bearer)? else { return Ok(None) };
        Check { store: &self.store, now, bearer, claims: &claims, audiences }.identity()
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
