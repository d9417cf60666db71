//! MutatingAdmissionPolicy (`policy/mutating/{dispatcher,plugin}.go`, `policy/generic/policy_dispatcher.go`).

use std::sync::Arc;

use apimachinery::apply::overlay;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::patch::json;
use apimachinery::status::{Status, StatusCause};
use serde_json::{Value, json};

use super::super::Apiserver;
use super::super::admission::reinvocation::Reinvocation;
use super::super::answer::Refusal;
use super::super::call::Call;
use super::super::decode;
use super::super::write::Target;
use super::policy::{Mutation, Policy};
use super::request::Admitted;
use super::validating::{BUDGET, Fault, Subject, evaluated, forbidden};
use super::{Hook, matching, params};
use crate::expressions::Outcome;
use crate::fields::text;

/// A policy that is about a request, with a binding and a parameter.
struct Invocation<'a> {
    policy: &'a Policy,
    binding: String,
    params: Option<Arc<Value>>,
}

impl Invocation<'_> {
    /// `keyFor`.
    fn key(&self) -> String {
        let params = self.params.as_deref();
        let of = |read: fn(&Value) -> &str| params.map_or("", read);
        let (space, name) = (of(object::namespace), of(object::name));
        format!("{}/{}/{space}/{name}", self.policy.name(), self.binding)
    }
}

/// `PolicyError`.
struct Failure {
    message: String,
    /// Whether it is the policy itself that fails, not how it is configured.
    invalid: bool,
}

/// What keeps a mutation from being applied.
enum Trouble {
    /// The policy says what follows.
    Failed(String),
    /// The request ends.
    Refused(Refusal),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl Apiserver {
    /// Lets mutating policies change a write.
    pub(crate) fn mutate_by_policies(
        &self,
        call: &Call,
        target: &Target,
        value: &mut Value,
        old: Option<&Value>,
        chain: &mut Reinvocation,
    ) -> Result<(), Refusal> {
        let admitted = Admitted::write(call, target, old);
        // Who scales writes a Scale, not what is scaled.
        if admitted.excluded() || target.subresource == "scale" {
            return Ok(());
        }
        let mut failures = Vec::new();
        let invocations = self.invocations(&admitted, value, &mut failures);
        if !invocations.is_empty() {
            if chain.policies.begin(chain.second, value) {
                chain.policies.require();
            }
            if self.invoke(&invocations, &admitted, value, chain, &mut failures)? {
                chain.policies.require();
                chain.wanted = true;
            }
            chain.policies.end(value);
        }
        match failures.first() {
            None => Ok(()),
            Some(first) => {
                let mut status = forbidden(&admitted, Some(value), &first.message);
                // Unlike other refusals, this one does not begin with what is forbidden.
                status.message.clone_from(&first.message);
                if first.invalid {
                    "Invalid".clone_into(&mut status.reason);
                }
                let cause = |one: &Failure| StatusCause {
                    message: one.message.clone(),
                    ..StatusCause::default()
                };
                let mut details = status.details.take().unwrap_or_default();
                details.causes.extend(failures.iter().map(cause));
                status.details = Some(details);
                Err(Box::new(status))
            }
        }
    }

    /// `policyDispatcher.Dispatch`: what is about the request, all of it before anything is changed.
    fn invocations(
        &self,
        admitted: &Admitted<'_>,
        value: &Value,
        failures: &mut Vec<Failure>,
    ) -> Vec<Invocation<'_>> {
        let mut found = Vec::new();
        for Hook { policy, bindings } in &self.policies.mutating {
            let constraints = policy.spec.pointer("/spec/matchConstraints");
            let about = |one: &Value| matching::matches(self, one, admitted, Some(value));
            if !constraints.is_some_and(about) {
                continue;
            }
            let name = policy.name();
            let mut fail = |message: String| {
                if !policy.ignores_failures() {
                    failures.push(Failure { message, invalid: false });
                }
            };
            if let Some(why) = params::unknown_kind(self, &policy.spec) {
                fail(format!("policy {name:?} denied request: failed to configure policy: {why}"));
                continue;
            }
            for binding in bindings {
                let resources =
                    binding.pointer("/spec/matchResources").filter(|one| one.is_object());
                if resources.is_some_and(|one| !about(one)) {
                    continue;
                }
                let own = object::name(binding);
                let space = admitted.namespace(Some(value));
                match params::collect(self, &policy.spec, binding, space) {
                    Ok(params) => found.extend(params.into_iter().map(|params| Invocation {
                        policy,
                        binding: own.to_owned(),
                        params,
                    })),
                    Err(why) => fail(format!(
                        "policy '{name}' with binding '{own}' denied request: failed to configure binding: {why}"
                    )),
                }
            }
        }
        found
    }

    /// `dispatchInvocations`; says whether something was changed.
    fn invoke(
        &self,
        invocations: &[Invocation<'_>],
        admitted: &Admitted<'_>,
        value: &mut Value,
        chain: &mut Reinvocation,
        failures: &mut Vec<Failure>,
    ) -> Result<bool, Refusal> {
        let mut dirty = false;
        for invocation in invocations {
            let policy = invocation.policy;
            let mut fail = |why: String| {
                if !policy.ignores_failures() {
                    let message = format!(
                        "policy '{}' with binding '{}' denied request: {why}",
                        policy.name(),
                        invocation.binding
                    );
                    failures.push(Failure { message, invalid: true });
                }
            };
            let subject = Subject { server: self, admitted, new: Some(value) };
            match subject.conditions(policy, invocation.params.as_deref()) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(why) => {
                    fail(why);
                    continue;
                }
            }
            let key = invocation.key();
            if chain.second && !chain.policies.is_due(&key) {
                continue;
            }
            let before = value.clone();
            for mutation in &policy.mutations {
                let subject = Subject { server: self, admitted, new: Some(value) };
                match mutated(invocation, mutation, &subject, value) {
                    Ok(changed) => {
                        *value = changed;
                        dirty = true;
                    }
                    Err(Trouble::Failed(why)) => fail(why),
                    Err(Trouble::Refused(refusal)) => return Err(refusal),
                }
            }
            if *value != before {
                chain.policies.require();
                chain.wanted = true;
            }
            if text(&policy.spec, "/spec/reinvocationPolicy") == "IfNeeded" {
                chain.policies.invoked(key);
            }
        }
        Ok(dirty)
    }
}

/// `dispatchOne`: an object after a mutation.
fn mutated(
    invocation: &Invocation<'_>,
    mutation: &Mutation,
    subject: &Subject<'_>,
    value: &Value,
) -> Result<Value, Trouble> {
    let params = invocation.params.as_deref();
    let outcome = subject.with(invocation.policy, params, false, |evaluation| {
        evaluated(evaluation, mutation.program.as_ref(), &mutation.source, &mut BUDGET.clone())
    });
    let outcome = outcome.map_err(Fault::said)?;
    let Outcome { value: Ok(patch), misnamed, .. } = outcome else { return Ok(value.clone()) };
    if !misnamed.is_empty() {
        return Err(Trouble::Failed(format!("type mismatch: {}", misnamed.join("\n"))));
    }
    let target = subject.admitted.target;
    let custom = target.custom.as_deref();
    let own = || GroupVersionKind::of(object::api_version(value), object::kind(value));
    let gvk = if custom.is_some() { target.gvk.clone() } else { own() };
    let mut changed = if mutation.is_patch {
        let patched = match json::apply(value, &operations(patch)) {
            Ok(patched) => patched,
            Err(why) if json::is_failed_test(&why) => return Ok(value.clone()),
            Err(why) => return Err(Trouble::Failed(format!("JSON Patch: {why}"))),
        };
        let internal = |why| Trouble::Refused(Box::new(Status::internal(why)));
        let (patched, strict) = decode::shaped(custom, &gvk, patched).map_err(internal)?;
        // What a custom resource does not know is dropped later, without a word.
        if custom.is_none() && !strict.is_empty() {
            return Err(internal(format!("strict decoding error: {}", strict.join(", "))));
        }
        patched
    } else {
        let mut applied = patch;
        if let Some(map) = applied.as_object_mut() {
            map.insert("apiVersion".to_owned(), json!(gvk.group_version().to_string()));
            map.insert("kind".to_owned(), json!(gvk.kind));
        }
        let merged = overlay(target.schema(), &gvk, value, &applied)
            .map_err(|why| format!("error applying patch: {why}"))?;
        decode::shaped(custom, &gvk, merged)?.0
    };
    decode::settle(custom, &gvk, &mut changed);
    Ok(changed)
}

/// JSON patches as the expression made them, without a `from` that is empty.
fn operations(mut patch: Value) -> Value {
    for operation in patch.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        for field in ["op", "path"] {
            operation.entry(field).or_insert_with(|| json!(""));
        }
        if operation.get("from").is_some_and(|from| *from == "") {
            operation.remove("from");
        }
    }
    patch
}
