//! `MutatingAdmissionWebhook` (`apiserver/pkg/admission/plugin/webhook/mutating/dispatcher.go`) for webhooks whose
//! Service belongs to an add-on. A configuration that names anything else is stored and not called, as its warning says.

use apimachinery::patch::json;
use apimachinery::selector::LabelSelector;
use apimachinery::status::{Status, StatusCause, StatusDetails};
use serde_json::Value;

use crate::addon::{Admission, Review};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::call::Call;
use crate::apiserver::decode;
use crate::apiserver::write::Target;
use crate::fields;

const CONFIGURATIONS: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";

/// Lets webhooks change a write, in the order of their configurations' names.
pub(in crate::apiserver) fn mutate(
    server: &Apiserver,
    call: &Call,
    target: &Target,
    value: &mut Value,
    old: Option<&Value>,
) -> Result<(), Refusal> {
    // `rules.IsExemptAdmissionConfigurationResource`: nobody can lock himself out of the configurations.
    if server.addons.is_empty() || target.gvk.group == "admissionregistration.k8s.io" {
        return Ok(());
    }
    for configuration in server.store.list(CONFIGURATIONS, None) {
        for hook in fields::items(&configuration, "/webhooks") {
            if !applies(server, hook, target, value, old) {
                continue;
            }
            match ask(server, call, hook, value, old) {
                Ok(None) => {}
                Ok(Some(Admission::Allowed(patch))) => {
                    *value = json::apply(value, &patch).map_err(|_unpatchable| {
                        let why = "the patch of the webhook does not fit the object".to_owned();
                        internal(hook, &why)
                    })?;
                    decode::settle(target.custom.as_deref(), &target.gvk, value);
                }
                Ok(Some(Admission::Denied { code, message })) => {
                    return Err(denied(hook, code, &message));
                }
                Err(_) if fields::text(hook, "/failurePolicy") == "Ignore" => {}
                Err(why) => return Err(internal(hook, &why)),
            }
        }
    }
    Ok(())
}

/// `webhook/generic/webhook.go ShouldCallHook`: rules and both selectors.
fn applies(
    server: &Apiserver,
    hook: &Value,
    target: &Target,
    value: &Value,
    old: Option<&Value>,
) -> bool {
    let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
    let ruled = fields::items(hook, "/rules").iter().any(|rule| matches(rule, target, operation));
    let labels = |object: &Value| fields::labels(object);
    let selected = |field: &str, labels: &std::collections::BTreeMap<String, String>| {
        let selector = hook.pointer(field).filter(|selector| !selector.is_null());
        selector.is_none_or(|selector| {
            LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
        })
    };
    // `predicates/namespace/matcher.go`: cluster-scoped objects are never left out.
    let in_namespace = target.namespace.is_empty()
        || server
            .store
            .get("namespaces", "", &target.namespace)
            .is_none_or(|namespace| selected("/namespaceSelector", &labels(&namespace)));
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

/// Calls the Service; the error is what a failed call says. Nothing when no add-on stands behind it.
fn ask(
    server: &Apiserver,
    call: &Call,
    hook: &Value,
    value: &Value,
    old: Option<&Value>,
) -> Result<Option<Admission>, String> {
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
    let Some(answer) = server.addons.iter().find_map(|addon| addon.admit(&review)) else {
        return Ok(None);
    };
    match unreachable(server, hook, service) {
        Some(why) => Err(why),
        None => Ok(Some(answer)),
    }
}

/// Why the Service cannot be called (`apiserver/pkg/util/proxy/proxy.go ResolveCluster`).
fn unreachable(
    server: &Apiserver,
    hook: &Value,
    (namespace, name): (&str, &str),
) -> Option<String> {
    let port = fields::number(hook, "/clientConfig/service/port").unwrap_or(443);
    let seconds = fields::number(hook, "/timeoutSeconds").unwrap_or(10);
    let path = fields::text(hook, "/clientConfig/service/path");
    let failed = |why: String| {
        format!(
            "failed to call webhook: Post \"https://{name}.{namespace}.svc:{port}{path}?timeout={seconds}s\": {why}"
        )
    };
    let Some(service) = server.store.get("services", namespace, name) else {
        return Some(failed(format!("service {name:?} not found")));
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
    (!ready).then(|| failed(format!("dial tcp {address}:{port}: connect: connection refused")))
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
