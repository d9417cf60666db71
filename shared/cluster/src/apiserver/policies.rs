//! Admission policies (`apiserver/pkg/admission/plugin/policy`): read from the store whenever they change, like custom
//! resources, so that a snapshot holds all there is.

mod matching;
mod mutating;
mod params;
mod policy;
mod request;
mod told;
mod validating;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use self::policy::Policy;
pub(crate) use self::policy::{validate, validate_hooks};
pub(crate) use self::request::Admitted;
pub(crate) use self::told::Told;
use self::validating::Subject;
use super::Apiserver;
use super::admission::webhook;
use crate::expressions::Expressions;
use crate::fields::{items, text};
use crate::store::Store;

pub(crate) const VALIDATING: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
pub(crate) const MUTATING: &str = "mutatingadmissionpolicies.admissionregistration.k8s.io";
/// Bindings of validating policies.
pub(crate) const VALIDATING_BINDINGS: &str =
    "validatingadmissionpolicybindings.admissionregistration.k8s.io";
/// Bindings of mutating policies.
pub(crate) const MUTATING_BINDINGS: &str =
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io";
/// The kinds that only somebody who has the language acts on.
pub(crate) const ALL: [&str; 4] = [MUTATING, MUTATING_BINDINGS, VALIDATING, VALIDATING_BINDINGS];

const WEBHOOKS: [&str; 2] = [webhook::MUTATING, webhook::VALIDATING];

/// The policies of the store.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    source: Vec<Arc<Value>>,
    mutating: Vec<Hook>,
    validating: Vec<Hook>,
    /// The conditions of webhooks, by configuration and name.
    conditions: BTreeMap<String, Policy>,
}

/// A policy with its bindings.
#[derive(Debug)]
struct Hook {
    policy: Policy,
    bindings: Vec<Arc<Value>>,
}

fn sources(store: &Store) -> Vec<Arc<Value>> {
    ALL.into_iter().chain(WEBHOOKS).flat_map(|key| store.list(key, None)).collect()
}

/// Compiles the conditions of webhooks, as if each were a policy that has nothing else.
fn conditions(store: &Store, expressions: &dyn Expressions) -> BTreeMap<String, Policy> {
    let mut found = BTreeMap::new();
    for configuration in WEBHOOKS.into_iter().flat_map(|key| store.list(key, None)) {
        for hook in items(&configuration, "/webhooks") {
            let conditions = items(hook, "/matchConditions");
            if conditions.is_empty() {
                continue;
            }
            let name = text(hook, "/name");
            let spec = json!({
                "failurePolicy": hook.get("failurePolicy"), "matchConditions": conditions,
            });
            let spec = Arc::new(json!({"metadata": {"name": name}, "spec": spec}));
            let key = format!("{}/{name}", text(&configuration, "/metadata/name"));
            found.extend(Policy::read(&spec, expressions).map(|policy| (key, policy)));
        }
    }
    found
}

impl Apiserver {
    /// Whether the conditions of a webhook hold for a request.
    pub(crate) fn hook_conditions(
        &self,
        key: &str,
        admitted: &Admitted<'_>,
        new: Option<&Value>,
    ) -> Result<bool, String> {
        let Some(policy) = self.policies.conditions.get(key) else { return Ok(true) };
        Subject { server: self, admitted, new }.conditions(policy, None)
    }
}

impl Policies {
    /// Whether the policies are still those of the store.
    pub(crate) fn is_current(&self, store: &Store) -> bool {
        let now = sources(store);
        now.len() == self.source.len()
            && now.iter().zip(&self.source).all(|(one, other)| Arc::ptr_eq(one, other))
    }

    /// Reads the policies of the store.
    pub(crate) fn read(store: &Store, expressions: Option<&dyn Expressions>) -> Self {
        let hooks = |policies: &str, bindings: &str| -> Vec<Hook> {
            let Some(expressions) = expressions else { return Vec::new() };
            let bindings = store.list(bindings, None);
            let hook = |spec: &Arc<Value>| {
                let name = text(spec, "/metadata/name");
                let own = |one: &&Arc<Value>| text(one, "/spec/policyName") == name;
                let bindings: Vec<Arc<Value>> = bindings.iter().filter(own).cloned().collect();
                let policy = Policy::read(spec, expressions)?;
                (!bindings.is_empty()).then_some(Hook { policy, bindings })
            };
            store.list(policies, None).iter().filter_map(hook).collect()
        };
        Self {
            source: sources(store),
            mutating: hooks(MUTATING, MUTATING_BINDINGS),
            validating: hooks(VALIDATING, VALIDATING_BINDINGS),
            conditions: expressions.map_or_else(BTreeMap::new, |one| conditions(store, one)),
        }
    }
}
