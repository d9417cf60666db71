//! `MutatingAdmissionWebhook` and `ValidatingAdmissionWebhook` (`apiserver/pkg/admission/plugin/webhook`). Webhooks whose
//! Service belongs to an add-on are called; no other can be reached, and its `failurePolicy` says what follows.

use apimachinery::object;
use apimachinery::patch::json;
use apimachinery::selector::LabelSelector;
use apimachinery::status::{Status, StatusCause, StatusDetails};
use serde_json::Value;

use crate::addon::{Admission, Review};
use crate::apiserver::Apiserver;
use crate::apiserver::admission::reinvocation::Reinvocation;
use crate::apiserver::answer::Refusal;
use crate::apiserver::call::Call;
use crate::apiserver::decode;
use crate::apiserver::write::Target;
use crate::fields;

const MUTATING: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";
const VALIDATING: &str = "validatingwebhookconfigurations.admissionregistration.k8s.io";

/// Lets webhooks change a write, in the order of their configurations' names.
pub(in crate::apiserver) fn mutate(
    server: &Apiserver,
    call: &Call,
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
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    for configuration in server.store.list(MUTATING, None) {
        for hook in fields::items(&configuration, "/webhooks") {
            let name = fields::text(hook, "/name");
            let key = format!("{}/{name}", object::name(&configuration));
            let skipped = chain.second && !chain.webhooks.is_due(&key);
            if skipped || !applies(server, hook, target, operation, value, old) {
                continue;
            }
            let before = value.clone();
            match ask(server, call, hook, value, old) {
                Ok(Admission::Allowed(patch)) => {
                    *value = json::apply(value, &patch).map_err(|_unpatchable| {
                        let why = "the patch of the webhook does not fit the object".to_owned();
                        internal(hook, &why)
                    })?;
                    decode::settle(target.custom.as_deref(), &target.gvk, value);
                }
                Ok(Admission::Denied { code, message }) => {
                    return Err(denied(hook, code, &message));
                }
                Err(_) if fields::text(hook, "/failurePolicy") == "Ignore" => {}
                Err(why) => return Err(internal(hook, &why)),
            }
            if *value != before {
                chain.webhooks.require();
                chain.wanted = true;
            }
            if fields::text(hook, "/reinvocationPolicy") == "IfNeeded" {
                chain.webhooks.invoked(key);
            }
        }
    }
    chain.webhooks.end(value);
    Ok(())
}

/// Lets webhooks look at a write.
pub(in crate::apiserver) fn validate(
    server: &Apiserver,
    call: &Call,
    target: &Target,
    value: &Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    look(server, call, (target, operation), value, old)
}

/// Lets webhooks look at what is to be removed.
pub(in crate::apiserver) fn validate_removal(
    server: &Apiserver,
    call: &Call,
    target: &Target,
    live: &Value,
) -> Result<(), Refusal> {
    look(server, call, (target, "DELETE"), live, Some(live))
}

fn look(
    server: &Apiserver,
    call: &Call,
    (target, operation): (&Target, &str),
    value: &Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    if is_exempt(target) {
        return Ok(());
    }
    for configuration in server.store.list(VALIDATING, None) {
        for hook in fields::items(&configuration, "/webhooks") {
            if !applies(server, hook, target, operation, value, old) {
                continue;
            }
            match ask(server, call, hook, value, old) {
                Ok(Admission::Allowed(_)) => {}
                Ok(Admission::Denied { code, message }) => {
                    return Err(denied(hook, code, &message));
                }
                Err(_) if fields::text(hook, "/failurePolicy") == "Ignore" => {}
                Err(why) => return Err(internal(hook, &why)),
            }
        }
    }
    Ok(())
}

/// `rules.IsExemptAdmissionConfigurationResource`: nobody can lock himself out of the configurations; nor do questions
/// about access and tokens go out.
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

/// `webhook/generic/webhook.go ShouldCallHook`: rules and both selectors.
fn applies(
    server: &Apiserver,
    hook: &Value,
    target: &Target,
    operation: &str,
    value: &Value,
    old: Option<&Value>,
) -> bool {
    let ruled = fields::items(hook, "/rules").iter().any(|rule| matches(rule, target, operation));
    let labels = |object: &Value| fields::labels(object);
    let selected = |field: &str, labels: &std::collections::BTreeMap<String, String>| {
        let selector = hook.pointer(field).filter(|selector| !selector.is_null());
        selector.is_none_or(|selector| {
            LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
        })
    };
    // `predicates/namespace/matcher.go`: cluster-scoped objects are never left out, namespaces by their own labels.
    let in_namespace = if target.key == "namespaces" {
        selected("/namespaceSelector", &labels(value))
    } else {
        target.namespace.is_empty()
            || server
                .store
                .get("namespaces", "", &target.namespace)
                .is_none_or(|namespace| selected("/namespaceSelector", &labels(&namespace)))
    };
    ruled
        && in_namespace
        && (selected("/objectSelector", &labels(value))
            || old.is_some_and(|old| selected("/objectSelector", &labels(old))))
}

/// `predicates/rules/rules.go Matcher`.
fn matches(rule: &Value, target: &Target, operation: &str) -> bool {
    let any = |field: &str, wanted: &str| {
        fields::items(rule, field).iter().any(|one| one == "*" || one == wanted)
    };
    let plural = target.key.split('.').next().unwrap_or(&target.key);
    let resource = fields::items(rule, "/resources").iter().filter_map(Value::as_str).any(|one| {
        let (resource, subresource) = one.split_once('/').unwrap_or((one, ""));
        (resource == "*" || resource == plural)
            && (subresource == "*" || subresource == target.subresource)
    });
    let scope = match fields::text(rule, "/scope") {
        "Namespaced" => !target.namespace.is_empty(),
        "Cluster" => target.namespace.is_empty(),
        _ => true,
    };
    scope
        && resource
        && any("/operations", operation)
        && any("/apiGroups", &target.gvk.group)
        && any("/apiVersions", &target.gvk.version)
}

/// Calls the Service; the error is what a failed call says.
fn ask(
    server: &Apiserver,
    call: &Call,
    hook: &Value,
    value: &Value,
    old: Option<&Value>,
) -> Result<Admission, String> {
    if let Some(url) = hook.pointer("/clientConfig/url").and_then(Value::as_str) {
        return Err(nobody_at(hook, url));
    }
    let at = |field: &str| fields::text(hook, &format!("/clientConfig/service/{field}"));
    let service = (at("namespace"), at("name"));
    let review = Review {
        service,
        path: at("path"),
        user: &call.identity.username,
        object: value,
        old,
        now: call.now,
    };
    let answer = server.addons.iter().find_map(|addon| addon.admit(&review));
    match unreachable(server, hook, service, answer.is_some()) {
        Err(why) => Err(why),
        Ok(()) => answer.ok_or_else(String::new),
    }
}

/// What a call to an address outside of the cluster says: there is nothing outside.
fn nobody_at(hook: &Value, url: &str) -> String {
    let seconds = fields::number(hook, "/timeoutSeconds").unwrap_or(10);
    let authority = url.strip_prefix("https://").unwrap_or(url).split('/').next().unwrap_or("");
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "443"));
    let why = if host.parse::<std::net::IpAddr>().is_ok() {
        format!("dial tcp {host}:{port}: connect: connection refused")
    } else {
        format!("dial tcp: lookup {host}: no such host")
    };
    format!("failed to call webhook: Post \"{url}?timeout={seconds}s\": {why}")
}

/// Why the Service cannot be called (`apiserver/pkg/util/proxy/proxy.go ResolveCluster`).
fn unreachable(
    server: &Apiserver,
    hook: &Value,
    (namespace, name): (&str, &str),
    served: bool,
) -> Result<(), String> {
    let port = fields::number(hook, "/clientConfig/service/port").unwrap_or(443);
    let seconds = fields::number(hook, "/timeoutSeconds").unwrap_or(10);
    let path = fields::text(hook, "/clientConfig/service/path");
    let failed = |why: String| {
        format!(
            "failed to call webhook: Post \"https://{name}.{namespace}.svc:{port}{path}?timeout={seconds}s\": {why}"
        )
    };
    let Some(service) = server.store.get("services", namespace, name) else {
        return Err(failed(format!("service {name:?} not found")));
    };
    let slices = server.store.list("endpointslices.discovery.k8s.io", Some(namespace));
    let ready = slices
        .iter()
        .filter(|slice| {
            fields::labels(slice).get("kubernetes.io/service-name").is_some_and(|of| of == name)
        })
        .flat_map(|slice| fields::items(slice, "/endpoints"))
        .any(|endpoint| fields::flag(endpoint, "/conditions/ready"));
    let address = fields::text(&service, "/spec/clusterIP");
    if ready && served {
        return Ok(());
    }
    // Containers here serve no TLS, so that whoever is not an add-on refuses.
    Err(failed(format!("dial tcp {address}:{port}: connect: connection refused")))
}

/// `webhook/errors/statuserror.go ToStatusErr`.
fn denied(hook: &Value, code: u16, message: &str) -> Refusal {
    let said = format!(
        "admission webhook {:?} denied the request: {message}",
        fields::text(hook, "/name")
    );
    Box::new(Status::failure(code.max(400), "", said))
}

/// `ErrCallingWebhook` as an internal error.
fn internal(hook: &Value, why: &str) -> Refusal {
    let said = format!("failed calling webhook {:?}: {why}", fields::text(hook, "/name"));
    let causes = vec![StatusCause { message: said.clone(), ..StatusCause::default() }];
    let details = StatusDetails { causes, ..StatusDetails::default() };
    let status = Status::failure(500, "InternalError", format!("Internal error occurred: {said}"));
    Box::new(status.with_details(details))
}
