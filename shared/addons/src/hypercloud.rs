//! HyperCloud 4.1 as the course shows it: the claims of its operator (`tmax-cloud/hypercloud-operator` 4.1.7.0), the
//! webhook that says who made an object (`tmax-cloud/hypercloud-webhook`), and the users of HyperAuth, which is a
//! Keycloak with a realm `tmax`.
//!
//! What they do happens only while their pods run, as of any product.

mod binding_claim;
mod claim;
mod definitions;
mod hyperauth;
mod installer;
mod manifest;
mod menus;
mod namespace_claim;
mod namespaces;
mod operator;
mod quota_claim;
mod roles;
mod users;
mod webhook;

use std::sync::Arc;

use cluster::addon::{Addon, Admission, Review};
use cluster::event_loop::Controller;
use serde_json::Value;

/// The add-on.
#[derive(Debug, Clone, Copy)]
pub struct HyperCloud;

impl Addon for HyperCloud {
    fn name(&self) -> &'static str {
        "hypercloud"
    }

    fn objects(&self) -> Vec<(&'static str, Value)> {
        let definitions = definitions::all().into_iter();
        let definitions = definitions.map(|one| (definitions::RESOURCE, one));
        definitions.chain(roles::all()).chain(manifest::objects()).collect()
    }

    fn controllers(&self) -> Vec<Arc<dyn Controller>> {
        vec![
            Arc::new(installer::Installer),
            Arc::new(namespace_claim::NamespaceClaims),
            Arc::new(quota_claim::QuotaClaims),
            Arc::new(binding_claim::BindingClaims),
            Arc::new(namespaces::Namespaces),
            Arc::new(hyperauth::HyperAuth),
            Arc::new(users::Users),
        ]
    }

    fn admit(&self, review: &Review<'_>) -> Option<Admission> {
        webhook::admit(review)
    }
}
