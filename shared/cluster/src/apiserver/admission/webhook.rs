//! `MutatingAdmissionWebhook` and `ValidatingAdmissionWebhook` (`apiserver/pkg/admission/plugin/webhook`).

mod ask;
mod matching;
mod verdict;

use apimachinery::object;
use apimachinery::patch::json;
use apimachinery::status::{Status, StatusCause, StatusDetails};
use serde_json::{Value, json};

use self::matching::Matched;
use crate::apiserver::Apiserver;
use crate::apiserver::admission::connect;
use crate::apiserver::admission::reinvocation::Reinvocation;
use crate::apiserver::answer::Refusal;
use crate::apiserver::call::Call;
use crate::apiserver::decode;
use crate::apiserver::policies::Admitted;
use crate::apiserver::write::Target;
use crate::fields::{items, text};

pub(in crate::apiserver) const MUTATING: &str =
    "mutatingwebhookconfigurations.admissionregistration.k8s.io";
pub(in crate::apiserver) const VALIDATING: &str =
    "validatingwebhookconfigurations.admissionregistration.k8s.io";

/// A webhook of a configuration.
struct Hook {
    configuration: String,
    spec: Value,
}

impl Hook {
    /// All of a kind, in the order of their configurations' names.
    fn all(server: &Apiserver, key: &str) -> Vec<Self> {
        let mut found = Vec::new();
        for configuration in server.store.list(key, None) {
            let name = object::name(&configuration);
            found.extend(
                items(&configuration, "/webhooks")
                    .iter()
                    .map(|spec| Self { configuration: name.to_owned(), spec: spec.clone() }),
            );
        }
        found
    }

    fn name(&self) -> &str {
        text(&self.spec, "/name")
    }

    fn key(&self) -> String {
        format!("{}/{}", self.configuration, self.name())
    }

    fn ignores_failures(&self) -> bool {
        text(&self.spec, "/failurePolicy") == "Ignore"
    }
}

/// What comes of a call that has no answer.
enum Trouble {
    /// `ErrCallingWebhook`: the webhook says what follows.
    Calling(String),
    /// The request ends.
    Refused(Refusal),
}

/// What is written, as webhooks are shown it.
#[derive(Clone, Copy)]
struct Subject<'a> {
    target: &'a Target,
    operation: &'static str,
    new: Option<&'a Value>,
    old: Option<&'a Value>,
}

impl<'a> Subject<'a> {
    fn admitted(&self, call: &'a Call) -> Admitted<'a> {
        match (self.operation, self.old) {
            ("DELETE", Some(old)) => Admitted::delete(call, self.target, old),
            ("CONNECT", _) => Admitted::connect(call, self.target),
            _ => Admitted::write(call, self.target, self.old),
        }
    }
}

/// Lets webhooks change a write.
pub(in crate::apiserver) fn mutate(
    server: &Apiserver,
    call: &mut Call,
    target: &Target,
    (value, old): (&mut Value, Option<&Value>),
    chain: &mut Reinvocation,
) -> Result<(), Refusal> {
    if is_exempt(target) {
        return Ok(());
    }
    if chain.webhooks.begin(chain.second, value) {
        chain.webhooks.require();
    }
    let operation = match old {
        Some(_) => "UPDATE",
        None if connect::is(target) => "CONNECT",
        None => "CREATE",
    };
    for (index, hook) in Hook::all(server, MUTATING).iter().enumerate() {
        let subject = Subject { target, operation, new: Some(value), old };
        if matching::applies(server, call, hook, &subject)? == Matched::No {
            continue;
        }
        let key = hook.key();
        if chain.second && !chain.webhooks.is_due(&key) {
            continue;
        }
        let outcome = changed(server, call, hook, &subject);
        let place = format!("round_{}_index_{index}", u8::from(chain.second));
        let mutated = matches!(&outcome, Ok(Some(new)) if new != value);
        if mutated {
            chain.webhooks.require();
            chain.wanted = true;
        }
        if text(&hook.spec, "/reinvocationPolicy") == "IfNeeded" {
            chain.webhooks.invoked(key);
        }
        note(call, hook, &place, mutated);
        match outcome {
            Ok(Some(new)) => *value = new,
            Ok(None) => {}
            Err(trouble) => {
                settle(call, hook, trouble, "mutation.webhook.admission.k8s.io", &place)?;
            }
        }
    }
    chain.webhooks.end(value);
    Ok(())
}

/// Members of an object in the order of Go's fields.
fn in_order(object: &Value, fields: &[&str]) -> String {
    let member =
        |field: &&str| format!("{}:{}", json!(field), object.get(field).unwrap_or(&Value::Null));
    format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
}

/// What a failed call means for the request.
fn settle(
    call: &mut Call,
    hook: &Hook,
    trouble: Trouble,
    prefix: &str,
    place: &str,
) -> Result<(), Refusal> {
    match trouble {
        Trouble::Refused(refusal) => Err(refusal),
        Trouble::Calling(_) if hook.ignores_failures() => {
            call.notes.annotate(&format!("failed-open.{prefix}/{place}"), hook.name());
            Ok(())
        }
        Trouble::Calling(why) => {
            Err(internal(&format!("failed calling webhook {:?}: {why}", hook.name())))
        }
    }
}

/// `callAttrMutatingHook`: the object as the webhook changes it; nothing when it does not.
fn changed(
    server: &Apiserver,
    call: &mut Call,
    hook: &Hook,
    subject: &Subject<'_>,
) -> Result<Option<Value>, Trouble> {
    let answer = ask::ask(server, call, hook, subject, true)?;
    if !answer.allowed {
        return Err(Trouble::Refused(verdict::refusal(hook.name(), answer.result)));
    }
    let Some(patch) =
        answer.patch.filter(|patch| patch.as_array().is_none_or(|all| !all.is_empty()))
    else {
        return Ok(None);
    };
    let refuse = |why: String| Trouble::Refused(internal(&why));
    let Some(value) = subject.new else {
        return Err(refuse(format!(
            "admission webhook {:?} attempted to modify the object, which is not supported for this operation",
            hook.name()
        )));
    };
    let target = subject.target;
    let shown = ask::seen(target, value);
    let patched = json::apply(&shown, &patch).map_err(|why| refuse(why.to_string()))?;
    if subject.operation == "CONNECT" {
        return Ok(Some(patched));
    }
    let custom = target.custom.as_deref();
    let (mut new, _) = decode::shaped(custom, &target.gvk, patched).map_err(refuse)?;
    decode::settle(custom, &target.gvk, &mut new);
    Ok(Some(new))
}

/// Asks the mutating webhooks about what is to be removed; there is nothing that they could change.
pub(in crate::apiserver) fn ask_before_removal(
    server: &Apiserver,
    call: &mut Call,
    target: &Target,
    live: &Value,
) -> Result<(), Refusal> {
    if is_exempt(target) {
        return Ok(());
    }
    let subject = Subject { target, operation: "DELETE", new: None, old: Some(live) };
    for (index, hook) in Hook::all(server, MUTATING).iter().enumerate() {
        if matching::applies(server, call, hook, &subject)? == Matched::No {
            continue;
        }
        let outcome = changed(server, call, hook, &subject);
        let place = format!("round_0_index_{index}");
        note(call, hook, &place, false);
        if let Err(trouble) = outcome {
            settle(call, hook, trouble, "mutation.webhook.admission.k8s.io", &place)?;
        }
    }
    Ok(())
}

/// `PatchAuditAnnotation`'s lesser sister: who was asked, and whether that changed anything.
fn note(call: &mut Call, hook: &Hook, place: &str, mutated: bool) {
    let noted = json!({
        "configuration": hook.configuration, "webhook": hook.name(), "mutated": mutated,
    });
    call.notes.annotate(
        &format!("mutation.webhook.admission.k8s.io/{place}"),
        in_order(&noted, &["configuration", "webhook", "mutated"]),
    );
}

/// Lets webhooks look at a connection.
pub(in crate::apiserver) fn validate_connection(
    server: &Apiserver,
    call: &mut Call,
    target: &Target,
    options: &Value,
) -> Result<(), Refusal> {
    look(server, call, &Subject { target, operation: "CONNECT", new: Some(options), old: None })
}

/// Lets webhooks look at a write.
pub(in crate::apiserver) fn validate(
    server: &Apiserver,
    call: &mut Call,
    target: &Target,
    value: &Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    look(server, call, &Subject { target, operation, new: Some(value), old })
}

/// Lets webhooks look at what is to be removed.
pub(in crate::apiserver) fn validate_removal(
    server: &Apiserver,
    call: &mut Call,
    target: &Target,
    live: &Value,
) -> Result<(), Refusal> {
    look(server, call, &Subject { target, operation: "DELETE", new: None, old: Some(live) })
}

fn look(server: &Apiserver, call: &mut Call, subject: &Subject<'_>) -> Result<(), Refusal> {
    if is_exempt(subject.target) {
        return Ok(());
    }
    let mut relevant = Vec::new();
    for hook in Hook::all(server, VALIDATING) {
        if matching::applies(server, call, &hook, subject)? == Matched::Yes {
            relevant.push(hook);
        }
    }
    for (index, hook) in relevant.iter().enumerate() {
        let outcome = ask::ask(server, call, hook, subject, false).and_then(|answer| {
            if answer.allowed {
                return Ok(());
            }
            Err(Trouble::Refused(verdict::refusal(hook.name(), answer.result)))
        });
        if let Err(trouble) = outcome {
            let place = format!("round_0_index_{index}");
            settle(call, hook, trouble, "validating.webhook.admission.k8s.io", &place)?;
        }
    }
    Ok(())
}

/// `rules.IsExemptAdmissionConfigurationResource`: nobody can lock himself out of the configurations.
fn is_exempt(target: &Target) -> bool {
    matches!(
        target.key.as_str(),
        MUTATING
            | VALIDATING
            | "validatingadmissionpolicies.admissionregistration.k8s.io"
            | "validatingadmissionpolicybindings.admissionregistration.k8s.io"
            | "mutatingadmissionpolicies.admissionregistration.k8s.io"
            | "mutatingadmissionpolicybindings.admissionregistration.k8s.io"
    )
}

/// `NewInternalError`.
fn internal(why: &str) -> Refusal {
    let causes = vec![StatusCause { message: why.to_owned(), ..StatusCause::default() }];
    let details = StatusDetails { causes, ..StatusDetails::default() };
    let status = Status::failure(500, "InternalError", format!("Internal error occurred: {why}"));
    Box::new(status.with_details(details))
}
