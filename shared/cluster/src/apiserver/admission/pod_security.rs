//! Pod security standards (`k8s.io/pod-security-admission/admission/admission.go`): a namespace's labels say which
//! pods are refused, which are warned about, and which are noted in the audit log.

mod baseline;
mod checks;
mod policy;
mod restricted;

use std::collections::BTreeMap;

use apimachinery::object;
use apimachinery::status::Status;
use serde_json::{Value, json};

use self::checks::{Pod, Verdict, evaluate};
use self::policy::{Level, Policy, Standard};
use super::{Operation, forbidden};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::call::Call;
use crate::fields::{items, text, texts};

const PREFIX: &str = "pod-security.kubernetes.io";
/// How many pods of a namespace are looked at when its labels change.
const MOST_PODS: usize = 3000;
/// Subresources through which a pod's containers do not change.
const IGNORED: [&str; 8] =
    ["exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status"];

/// Where a kind keeps its pod template.
fn template(key: &str) -> Option<&'static str> {
    Some(match key {
        "podtemplates" => "/template",
        "replicationcontrollers"
        | "replicasets.apps"
        | "deployments.apps"
        | "statefulsets.apps"
        | "daemonsets.apps"
        | "jobs.batch" => "/spec/template",
        "cronjobs.batch" => "/spec/jobTemplate/spec/template",
        _ => return None,
    })
}

/// Looks at a write.
pub(super) fn validate(
    server: &Apiserver,
    call: &mut Call,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    let target = operation.target;
    match target.key.as_str() {
        "namespaces" if target.subresource.is_empty() => namespace(server, call, operation, value),
        "pods" if !IGNORED.contains(&target.subresource.as_str()) => {
            pod(server, call, operation, value)
        }
        key if target.subresource.is_empty() => {
            if let Some(found) = template(key).and_then(|pointer| value.pointer(pointer)) {
                let (policy, errors) = policy_of(server, &target.namespace);
                if errors.is_empty()
                    && policy.warn.level == Level::Privileged
                    && policy.audit.level == Level::Privileged
                {
                    return Ok(());
                }
                note_errors(call, &errors);
                warn(call, &policy, found, &mut BTreeMap::new());
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn policy_of(
    server: &Apiserver,
    namespace: &str,
) -> (Policy, Vec<apimachinery::field_error::FieldError>) {
    let namespace = server.store.get("namespaces", "", namespace);
    let labels = namespace.map(|one| texts(&one, "/metadata/labels")).unwrap_or_default();
    policy::read(&labels)
}

fn note_errors(call: &mut Call, errors: &[apimachinery::field_error::FieldError]) {
    if errors.is_empty() {
        return;
    }
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let shown = match shown.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    call.notes.annotate(&format!("{PREFIX}/error"), format!("Failed to parse policy: {shown}"));
}

/// What was found out already, by standard.
type Known = BTreeMap<Standard, Verdict>;

fn judge<'a>(known: &'a mut Known, standard: Standard, pod: &Value) -> &'a Verdict {
    known.entry(standard).or_insert_with(|| evaluate(standard, &Pod::of(pod)))
}

/// The audit log's note, and the warning.
fn warn(call: &mut Call, policy: &Policy, pod: &Value, known: &mut Known) {
    note_violations(call, policy, pod, known);
    let verdict = judge(known, policy.warn, pod);
    if !verdict.allowed() {
        call.warn(format!("would violate PodSecurity \"{}\": {}", policy.warn, verdict.detail()));
    }
}

fn note_violations(call: &mut Call, policy: &Policy, pod: &Value, known: &mut Known) {
    let verdict = judge(known, policy.audit, pod);
    if !verdict.allowed() {
        let text = format!("would violate PodSecurity \"{}\": {}", policy.audit, verdict.detail());
        call.notes.annotate(&format!("{PREFIX}/audit-violations"), text);
    }
}

fn pod(
    server: &Apiserver,
    call: &mut Call,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    let (policy, errors) = policy_of(server, &operation.target.namespace);
    let key = format!("{PREFIX}/enforce-policy");
    if errors.is_empty() && policy.is_privileged() {
        // As the shared answer of upstream says it, whatever version the labels name.
        call.notes.annotate(&key, "privileged:latest");
        return Ok(());
    }
    if operation.old.is_some_and(|old| !is_significant(value, old)) {
        return Ok(());
    }
    note_errors(call, &errors);
    call.notes.annotate(&key, policy.enforce.to_string());
    let mut known = Known::new();
    let verdict = judge(&mut known, policy.enforce, value);
    if verdict.allowed() {
        warn(call, &policy, value, &mut known);
        return Ok(());
    }
    let why = format!("violates PodSecurity \"{}\": {}", policy.enforce, verdict.detail());
    note_violations(call, &policy, value, &mut known);
    Err(forbidden(operation.target, object::name(value), &why))
}

/// Whether containers or images have changed.
fn is_significant(new: &Value, old: &Value) -> bool {
    let lists = ["/spec/containers", "/spec/initContainers"];
    let changed = lists.iter().any(|list| {
        let (new, old) = (items(new, list), items(old, list));
        new.len() != old.len()
            || new.iter().zip(old).any(|(new, old)| text(new, "/image") != text(old, "/image"))
    });
    let before = items(old, "/spec/ephemeralContainers");
    changed
        || items(new, "/spec/ephemeralContainers").iter().any(|one| {
            let same = before.iter().find(|old| text(old, "/name") == text(one, "/name"));
            same.is_none_or(|old| text(old, "/image") != text(one, "/image"))
        })
}

/// Labels must be right; pods that are there already are told of.
fn namespace(
    server: &Apiserver,
    call: &mut Call,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    let labels = |value: &Value| texts(value, "/metadata/labels");
    let (new, errors) = policy::read(&labels(value));
    let invalid =
        || Err(Box::new(Status::invalid("", "Namespace", object::name(value), &errors)) as Refusal);
    let Some(old) = operation.old else {
        return if errors.is_empty() { Ok(()) } else { invalid() };
    };
    let (old, old_errors) = policy::read(&labels(old));
    if !errors.is_empty() && errors != old_errors {
        return invalid();
    }
    let relaxed = new.enforce == old.enforce
        || new.enforce.level == Level::Privileged
        || new.enforce.version == old.enforce.version && new.enforce.level <= old.enforce.level;
    if !relaxed {
        for warning in existing(server, object::name(value), new.enforce) {
            call.warn(warning);
        }
    }
    Ok(())
}

/// `EvaluatePodsInNamespace`: one warning for each kind of violation.
fn existing(server: &Apiserver, namespace: &str, enforce: Standard) -> Vec<String> {
    let pods = prioritized(server.store.list("pods", Some(namespace)));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pod in pods.iter().take(MOST_PODS) {
        let verdict = evaluate(enforce, &Pod::of(pod));
        if !verdict.allowed() {
            found.entry(verdict.reason()).or_default().push(object::name(pod).to_owned());
        }
    }
    let mut warnings = Vec::new();
    if pods.len() > MOST_PODS {
        warnings.push(format!(
            "new PodSecurity enforce level only checked against the first {MOST_PODS} of {} existing pods",
            pods.len()
        ));
    }
    if !found.is_empty() {
        warnings.push(format!(
            "existing pods in namespace \"{namespace}\" violate the new PodSecurity enforce level \"{enforce}\""
        ));
    }
    let mut each: Vec<String> = found
        .into_iter()
        .map(|(reason, mut names)| {
            names.sort();
            let first = names.first().map_or("", String::as_str);
            match names.len() {
                1 => format!("{first}: {reason}"),
                2 => format!("{first} (and 1 other pod): {reason}"),
                count => format!("{first} (and {} other pods): {reason}", count - 1),
            }
        })
        .collect();
    each.sort();
    warnings.extend(each);
    warnings
}

/// Pods of a controller that was seen already come last.
fn prioritized(pods: Vec<std::sync::Arc<Value>>) -> Vec<std::sync::Arc<Value>> {
    let mut seen = std::collections::BTreeSet::new();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for pod in pods {
        let owners = items(&pod, "/metadata/ownerReferences").iter();
        let owner = owners
            .filter(|owner| owner.get("controller") == Some(&json!(true)))
            .map(|owner| text(owner, "/uid").to_owned())
            .next();
        match owner {
            Some(owner) if !seen.insert(owner.clone()) => last.push(pod),
            _ => first.push(pod),
        }
    }
    first.extend(last);
    first
}
