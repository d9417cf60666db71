//! ValidatingAdmissionPolicy (`policy/validating/{dispatcher,validator}.go`).

use apimachinery::gvk::GroupResource;
use apimachinery::status::{Status, StatusCause};
use serde_json::Value;

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::policy::Policy;
use super::request::{Admitted, Asking, namespace_object};
use super::told::{Collected, Told, collect};
use super::{Hook, matching, params};
use crate::expressions::{CALL_LIMIT, Compiled, Evaluation, Outcome};
use crate::fields::{items, text};

/// `RuntimeCELCostBudget`.
pub(super) const BUDGET: u64 = 10_000_000;
/// `RuntimeCELCostBudgetMatchConditions`.
const CONDITIONS_BUDGET: u64 = 2_500_000;
const LONGEST_MESSAGE: usize = 5 * 1024;
/// `maxAuditAnnotationValueLength`.
const LONGEST_ANNOTATION: usize = 10 * 1024;
pub(super) const SPENT: &str =
    "validation failed due to running out of cost budget, no further validation rules will be run";

/// Why a policy denies a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    pub(super) message: String,
    pub(super) reason: String,
    /// Which of the validations it was.
    pub(super) index: usize,
}

impl Denial {
    pub(super) fn failure(message: impl Into<String>) -> Self {
        Self { message: message.into(), reason: String::new(), index: 0 }
    }
}

/// What a policy looks at.
pub(super) struct Subject<'a> {
    pub(super) server: &'a Apiserver,
    pub(super) admitted: &'a Admitted<'a>,
    pub(super) new: Option<&'a Value>,
}

impl Subject<'_> {
    /// Binds the variables of a policy and hands them on.
    pub(super) fn with<T>(
        &self,
        policy: &Policy,
        params: Option<&Value>,
        conditions: bool,
        evaluate: impl FnOnce(&mut dyn Evaluation) -> T,
    ) -> T {
        let request = self.admitted.request(self.new);
        let space = &self.admitted.target.namespace;
        let space = self.server.store.get("namespaces", "", space).filter(|_| !space.is_empty());
        let space = space.filter(|_| !conditions).map(|space| namespace_object(&space));
        let null = Value::Null;
        let inputs = [
            ("object", Some(self.new.unwrap_or(&null))),
            ("oldObject", Some(self.admitted.old.unwrap_or(&null))),
            ("namespaceObject", Some(space.as_ref().unwrap_or(&null))),
            ("request", Some(&request)),
            ("params", Some(params.unwrap_or(&null))),
            ("authorizer", None),
            ("authorizer.requestResource", Some(&request)),
        ];
        let asking = Asking { server: self.server, call: self.admitted.call };
        let environment =
            if conditions { &policy.conditions_environment } else { &policy.environment };
        let mut evaluation = environment.begin(&inputs, Some(&asking));
        evaluate(evaluation.as_mut())
    }

    /// Whether `matchConditions` hold (`matchconditions/matcher.go`).
    pub(super) fn conditions(
        &self,
        policy: &Policy,
        params: Option<&Value>,
    ) -> Result<bool, String> {
        if policy.conditions.is_empty() {
            return Ok(true);
        }
        let sources = items(&policy.spec, "/spec/matchConditions");
        self.with(policy, params, true, |evaluation| {
            let (mut left, mut errors) = (CONDITIONS_BUDGET, Vec::new());
            for ((_, program), source) in policy.conditions.iter().zip(sources) {
                let source = text(source, "/expression");
                match run(evaluation, program.as_ref(), source, &mut left) {
                    Ok(Value::Bool(false)) => return Ok(false),
                    Ok(_) => {}
                    Err(Fault::Spent) => return spent(policy),
                    Err(Fault::Said(why)) => errors.push(why),
                }
            }
            match errors.as_slice() {
                [] => Ok(true),
                _ if policy.ignores_failures() => Ok(false),
                [only] => Err(only.clone()),
                all => Err(format!("[{}]", all.join(", "))),
            }
        })
    }
}

fn spent(policy: &Policy) -> Result<bool, String> {
    if policy.ignores_failures() { Ok(false) } else { Err(SPENT.to_owned()) }
}

/// Why an expression has no value.
pub(super) enum Fault {
    Said(String),
    Spent,
}

impl Fault {
    /// In upstream's words.
    pub(super) fn said(self) -> String {
        match self {
            Self::Said(why) => why,
            Self::Spent => SPENT.to_owned(),
        }
    }
}

/// `evaluationActivation.Evaluate`: an outcome that has a value.
pub(super) fn evaluated(
    evaluation: &mut dyn Evaluation,
    program: Result<&Compiled, &String>,
    source: &str,
    left: &mut u64,
) -> Result<Outcome, Fault> {
    let program = program.map_err(|why| Fault::Said(format!("compilation error: {why}")))?;
    let outcome = evaluation.evaluate(program, CALL_LIMIT);
    *left = left.checked_sub(outcome.cost).ok_or(Fault::Spent)?;
    if let Err(why) = &outcome.value {
        return Err(Fault::Said(format!("expression '{source}' resulted in error: {why}")));
    }
    Ok(outcome)
}

/// The value of an expression.
pub(super) fn run(
    evaluation: &mut dyn Evaluation,
    program: Result<&Compiled, &String>,
    source: &str,
    left: &mut u64,
) -> Result<Value, Fault> {
    evaluated(evaluation, program, source, left)?.value.map_err(Fault::Said)
}

impl Apiserver {
    /// Asks the validating policies about a request.
    pub(crate) fn check_policies(
        &self,
        admitted: &Admitted<'_>,
        new: Option<&Value>,
        told: &mut Told,
    ) -> Result<(), Refusal> {
        if admitted.excluded() {
            return Ok(());
        }
        let subject = Subject { server: self, admitted, new };
        let mut denied = None;
        for hook in &self.policies.validating {
            self.ask(hook, &subject, told, &mut denied);
        }
        denied.map_or(Ok(()), |message: (String, String)| {
            Err(refusal(admitted, new, &message.0, &message.1))
        })
    }

    fn ask(
        &self,
        hook: &Hook,
        subject: &Subject<'_>,
        told: &mut Told,
        denied: &mut Option<(String, String)>,
    ) {
        let policy = &hook.policy;
        let (admitted, new) = (subject.admitted, subject.new);
        let constraints = policy.spec.pointer("/spec/matchConstraints");
        let Some(constraints) = constraints else { return };
        if !matching::matches(self, constraints, admitted, new) {
            return;
        }
        let mut deny = |binding: Option<&str>, denial: &Denial| {
            let name = policy.name();
            let message = match binding {
                Some(binding) => format!(
                    "ValidatingAdmissionPolicy '{name}' with binding '{binding}' denied request: {}",
                    denial.message
                ),
                None => {
                    format!("ValidatingAdmissionPolicy '{name}' denied request: {}", denial.message)
                }
            };
            denied.get_or_insert((message, denial.reason.clone()));
        };
        if let Some(why) = params::unknown_kind(self, &policy.spec) {
            if !policy.ignores_failures() {
                deny(None, &Denial::failure(format!("failed to configure policy: {why}")));
            }
            return;
        }
        let mut notes = Collected::new();
        for binding in &hook.bindings {
            let name = text(binding, "/metadata/name");
            let resources = binding.pointer("/spec/matchResources").filter(|one| one.is_object());
            if resources.is_some_and(|one| !matching::matches(self, one, admitted, new)) {
                continue;
            }
            let space = admitted.namespace(new);
            let params = match params::collect(self, &policy.spec, binding, space) {
                Ok(params) => params,
                Err(_) if policy.ignores_failures() => continue,
                Err(why) => {
                    let why = format!("failed to configure binding: {why}");
                    deny(Some(name), &Denial::failure(why));
                    continue;
                }
            };
            let actions = items(binding, "/spec/validationActions");
            for one in params {
                for denial in validate(policy, subject, one.as_deref()) {
                    if actions.iter().any(|action| action == "Deny") {
                        deny(Some(name), &denial);
                    }
                    told.of(policy.name(), binding, &denial);
                }
                for annotation in annotations(policy, subject, one.as_deref()) {
                    match annotation {
                        Ok((key, value)) => collect(&mut notes, key, value),
                        // Annotations that fail deny whatever the binding says.
                        Err(denial) => deny(Some(name), &denial),
                    }
                }
            }
        }
        for (key, values) in notes {
            told.notes.push((format!("{}/{key}", policy.name()), values.join(", ")));
        }
    }
}

/// `validator.Validate`.
fn validate(policy: &Policy, subject: &Subject<'_>, params: Option<&Value>) -> Vec<Denial> {
    let failed = |why: String| {
        if policy.ignores_failures() { Vec::new() } else { vec![Denial::failure(why)] }
    };
    match subject.conditions(policy, params) {
        Ok(true) => {}
        Ok(false) => return Vec::new(),
        Err(why) => return failed(why),
    }
    subject.with(policy, params, false, |evaluation| {
        let (mut left, mut denials) = (BUDGET, Vec::new());
        for (index, (spec, program, message)) in policy.validations.iter().enumerate() {
            let source = text(spec, "/expression");
            match run(evaluation, program.as_ref(), source, &mut left) {
                Ok(Value::Bool(true)) => {}
                Ok(_) => denials.push(Denial {
                    message: told(spec, message.as_ref(), evaluation, &mut left),
                    reason: text(spec, "/reason").to_owned(),
                    index,
                }),
                Err(Fault::Spent) => return failed(SPENT.to_owned()),
                Err(Fault::Said(why)) => {
                    denials.extend(failed(why).into_iter().map(|one| Denial { index, ..one }));
                }
            }
        }
        denials
    })
}

/// What is said of a validation that does not hold.
fn told(
    spec: &Value,
    message: Option<&Result<Compiled, String>>,
    evaluation: &mut dyn Evaluation,
    left: &mut u64,
) -> String {
    let source = text(spec, "/messageExpression");
    let said = message.and_then(|program| run(evaluation, program.as_ref(), source, left).ok());
    let said = said.and_then(|said| said.as_str().map(|said| said.trim().to_owned()));
    let fits =
        |said: &String| !said.is_empty() && said.len() <= LONGEST_MESSAGE && !said.contains('\n');
    if let Some(said) = said.filter(fits) {
        return said;
    }
    let message = text(spec, "/message").trim();
    if message.is_empty() {
        return format!("failed expression: {}", text(spec, "/expression").trim());
    }
    message.to_owned()
}

/// Annotations of the audit log, and why there is none.
fn annotations(
    policy: &Policy,
    subject: &Subject<'_>,
    params: Option<&Value>,
) -> Vec<Result<(String, String), Denial>> {
    if policy.annotations.is_empty() || subject.conditions(policy, params) != Ok(true) {
        return Vec::new();
    }
    subject.with(policy, params, false, |evaluation| {
        let mut left = BUDGET;
        let mut found = Vec::new();
        for (key, source, program) in &policy.annotations {
            match run(evaluation, program.as_ref(), source.trim(), &mut left) {
                Ok(Value::String(value)) if !value.trim().is_empty() => {
                    let value = value.trim();
                    let end = value.floor_char_boundary(LONGEST_ANNOTATION);
                    let value = value.get(..end).unwrap_or_default();
                    found.push(Ok((key.clone(), value.to_owned())));
                }
                Ok(_) => {}
                Err(_) if policy.ignores_failures() => {}
                Err(fault) => found.push(Err(Denial::failure(fault.said()))),
            }
        }
        found
    })
}

/// `NewForbidden`.
pub(super) fn forbidden(admitted: &Admitted<'_>, new: Option<&Value>, message: &str) -> Status {
    let resource = GroupResource::new(&admitted.target.gvk.group, admitted.plural());
    let name = admitted.name(new);
    let generated = new.map_or("", |new| text(new, "/metadata/generateName"));
    let name = match (name.is_empty(), generated.is_empty()) {
        (false, _) => name,
        (true, false) => generated,
        (true, true) => "Unknown",
    };
    Status::forbidden(&resource, name, message)
}

/// `NewForbidden` with the reason of the policy.
fn refusal(admitted: &Admitted<'_>, new: Option<&Value>, message: &str, reason: &str) -> Refusal {
    let mut status = forbidden(admitted, new, message);
    let (code, reason) = match reason {
        "" | "Invalid" => (422, "Invalid"),
        "RequestEntityTooLarge" => (413, "RequestEntityTooLarge"),
        "Unauthorized" => (401, "Unauthorized"),
        _ => (403, "Forbidden"),
    };
    status.code = code;
    status.reason = reason.to_owned();
    let cause = StatusCause { message: message.to_owned(), ..StatusCause::default() };
    let mut details = status.details.take().unwrap_or_default();
    details.causes.push(cause);
    status.details = Some(details);
    Box::new(status)
}
