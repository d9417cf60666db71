//! Waiting for the answers of webhooks outside of the cluster. Nothing waits in here: a request that needs an answer
//! ends without having changed anything, the host makes the call, and the same request comes again with the answer.
//! What the cluster itself does while time passes is done again in the same way.

use apimachinery::outgoing::{Incoming, Outgoing, Returned};
use apimachinery::schema::Schema;

use super::admission::connect;
use super::admission::webhook::{MUTATING, VALIDATING};
use super::call::Call;
use super::write::Target;
use super::{ApiAnswer, Apiserver, answer};

/// What is known while time passes on trial.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trial {
    runs: bool,
    answers: Vec<Incoming>,
    waits: Option<Box<Outgoing>>,
}

impl Apiserver {
    /// The host makes the calls of admission webhooks.
    pub(crate) fn calls_for(&mut self) {
        self.calls = true;
    }

    /// Whether a write may need an answer from outside.
    pub(crate) fn may_call(&self) -> bool {
        let any = |key| !self.store.list(key, None).is_empty();
        self.calls && (any(MUTATING) || any(VALIDATING))
    }

    /// Lets time pass on trial, with these answers.
    pub(crate) fn try_with(&mut self, answers: &[Incoming]) {
        self.trial = Trial { runs: true, answers: answers.to_vec(), waits: None };
        self.trail.hold();
    }

    /// Whether the trial cannot go on.
    pub(crate) fn is_stuck(&self) -> bool {
        self.trial.waits.is_some()
    }

    /// What the trial waits for; when it needed nothing more, it holds.
    pub(crate) fn tried(&mut self) -> Option<Box<Outgoing>> {
        let trial = std::mem::take(&mut self.trial);
        if trial.waits.is_none() {
            self.trail.release();
        }
        trial.waits
    }

    /// The state before a request that may have to come again.
    pub(super) fn before(&self, method: &http::Method, path: &str) -> Option<Self> {
        let writes =
            !matches!(*method, http::Method::GET | http::Method::HEAD) || connect::leads_to(path);
        (writes && !self.trial.runs && self.may_call()).then(|| self.clone())
    }

    /// What is answered when a call is missing.
    pub(super) fn suspended(&mut self, before: Self, outgoing: Outgoing) -> ApiAnswer {
        *self = before;
        let mut response = answer::text(503, "");
        response.extensions_mut().insert(outgoing);
        ApiAnswer::Full(response)
    }

    /// Notes that the trial cannot go on.
    pub(super) fn stuck(&mut self, outgoing: Box<Outgoing>) {
        if self.trial.runs {
            self.trial.waits.get_or_insert(outgoing);
        }
    }

    /// The answer to a call, with the uid under which it was asked for.
    pub(crate) fn returned(&self, call: &Call, asked: &Outgoing) -> Option<(String, Returned)> {
        let known: &[Incoming] =
            if self.trial.runs { &self.trial.answers } else { &call.answers.0 };
        let known = known.iter().rfind(|one| one.outgoing.asks_like(asked))?;
        Some((known.outgoing.uid.clone(), known.returned.clone()))
    }

    /// Whether objects of a target are served in another version, too.
    pub(crate) fn serves(&self, target: &Target, version: &str) -> bool {
        let plural = target.key.split('.').next().unwrap_or(&target.key);
        let group = target.gvk.group.as_str();
        self.customs.find(group, version, plural).is_some()
            || Schema::builtin().resource(group, version, plural).is_some()
    }
}
