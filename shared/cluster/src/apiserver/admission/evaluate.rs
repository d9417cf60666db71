//! What an object uses (`pkg/quota/v1/evaluator/core`).

use std::collections::BTreeMap;

use apimachinery::object;
use apimachinery::quantity::{Format, Quantity};
use serde_json::Value;

use super::super::write::Target;
use crate::fields::{items, number, text};
use crate::store::Store;

/// Amounts by the names that quotas have for them.
pub(crate) type Usage = BTreeMap<String, Quantity>;

/// The sum of an amount that may not be there and another.
pub(crate) fn sum(left: Option<Quantity>, right: Quantity) -> Quantity {
    match left {
        Some(left) => left.add(&right),
        None => right,
    }
}

fn one() -> Quantity {
    Quantity::from_units(1, Format::DecimalSi)
}

fn amounts(container: &Value, kind: &str) -> Vec<(String, Quantity)> {
    let found = container.pointer(&format!("/resources/{kind}")).and_then(Value::as_object);
    found
        .into_iter()
        .flatten()
        .filter_map(|(name, amount)| Some((name.clone(), Quantity::parse(amount.as_str()?).ok()?)))
        .collect()
}

/// `requests` or `limits` of a pod: the sum of its containers, or the largest init container
/// (`k8s.io/component-helpers/resource`).
pub(super) fn pod_amounts(pod: &Value, kind: &str) -> Usage {
    let mut total = Usage::new();
    for container in items(pod, "/spec/containers") {
        for (name, amount) in amounts(container, kind) {
            let before = total.get(&name).cloned();
            total.insert(name, sum(before, amount));
        }
    }
    let mut sidecars = Usage::new();
    let mut largest = Usage::new();
    for container in items(pod, "/spec/initContainers") {
        let sidecar = text(container, "/restartPolicy") == "Always";
        for (name, amount) in amounts(container, kind) {
            let running = sum(sidecars.get(&name).cloned(), amount.clone());
            if sidecar {
                sidecars.insert(name.clone(), running.clone());
                let before = total.get(&name).cloned();
                total.insert(name.clone(), sum(before, amount));
            }
            let peak =
                largest.get(&name).cloned().filter(|peak| *peak > running).unwrap_or(running);
            largest.insert(name, peak);
        }
    }
    for (name, amount) in largest {
        let before = total.get(&name).cloned();
        if before.is_none_or(|before| before < amount) {
            total.insert(name, amount);
        }
    }
    if let Some(overhead) = pod.pointer("/spec/overhead").and_then(Value::as_object) {
        for (name, amount) in overhead {
            let amount = amount.as_str().and_then(|text| Quantity::parse(text).ok());
            if let (Some(amount), Some(before)) = (amount, total.get(name).cloned()) {
                total.insert(name.clone(), before.add(&amount));
            }
        }
    }
    total
}

/// Whether a pod counts: it has neither ended nor outlived its grace.
fn counts(pod: &Value) -> bool {
    !matches!(text(pod, "/status/phase"), "Failed" | "Succeeded")
}

fn pod_usage(pod: &Value) -> Usage {
    let mut usage = Usage::new();
    usage.insert("count/pods".to_owned(), one());
    if !counts(pod) {
        return usage;
    }
    usage.insert("pods".to_owned(), one());
    for (name, amount) in pod_amounts(pod, "requests") {
        if matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") {
            usage.insert(name.clone(), amount.clone());
        }
        usage.insert(format!("requests.{name}"), amount);
    }
    for (name, amount) in pod_amounts(pod, "limits") {
        usage.insert(format!("limits.{name}"), amount);
    }
    usage
}

fn service_usage(service: &Value) -> Usage {
    let mut usage = Usage::new();
    usage.insert("services".to_owned(), one());
    let ports = i128::try_from(items(service, "/spec/ports").len()).unwrap_or(0);
    let ports = Quantity::from_units(ports, Format::DecimalSi);
    match text(service, "/spec/type") {
        "NodePort" => {
            usage.insert("services.nodeports".to_owned(), ports);
        }
        "LoadBalancer" => {
            usage.insert("services.loadbalancers".to_owned(), one());
            if service.pointer("/spec/allocateLoadBalancerNodePorts") != Some(&Value::Bool(false)) {
                usage.insert("services.nodeports".to_owned(), ports);
            }
        }
        _ => {}
    }
    usage
}

fn claim_usage(claim: &Value) -> Usage {
    let mut usage = Usage::new();
    usage.insert("persistentvolumeclaims".to_owned(), one());
    let asked = claim.pointer("/spec/resources/requests/storage").and_then(Value::as_str);
    let asked = asked.and_then(|text| Quantity::parse(text).ok());
    let class = text(claim, "/spec/storageClassName");
    if let Some(asked) = asked {
        usage.insert("requests.storage".to_owned(), asked.clone());
        if !class.is_empty() {
            usage.insert(format!("{class}.storageclass.storage.k8s.io/requests.storage"), asked);
        }
    }
    if !class.is_empty() {
        usage.insert(format!("{class}.storageclass.storage.k8s.io/persistentvolumeclaims"), one());
    }
    usage
}

/// What an object uses.
pub(super) fn usage(target: &Target, value: &Value) -> Usage {
    usage_of(&target.key, value)
}

/// Everything in a quota's namespace that counts for it, by the names that it limits.
pub(crate) fn used(store: &Store, quota: &Value) -> Usage {
    let hard = quota.pointer("/spec/hard").and_then(Value::as_object);
    let nothing = Quantity::from_units(0, Format::DecimalSi);
    let mut total: Usage =
        hard.into_iter().flatten().map(|(name, _)| (name.clone(), nothing.clone())).collect();
    for resource in store.resources() {
        for object in store.list(resource, Some(object::namespace(quota))) {
            if resource == "pods" && !in_scope(quota, &object) {
                continue;
            }
            for (name, amount) in usage_of(resource, &object) {
                if let Some(known) = total.get_mut(&name) {
                    *known = known.add(&amount);
                }
            }
        }
    }
    total
}

/// What an object of a resource (`pods`, `deployments.apps`) uses.
pub(crate) fn usage_of(resource: &str, value: &Value) -> Usage {
    let mut usage = match resource {
        "pods" => return pod_usage(value),
        "services" => service_usage(value),
        "persistentvolumeclaims" => claim_usage(value),
        "configmaps" | "secrets" | "replicationcontrollers" | "resourcequotas" => {
            Usage::from([(resource.to_owned(), one())])
        }
        _ => Usage::new(),
    };
    usage.insert(format!("count/{resource}"), one());
    usage
}

/// `requests.cpu` and `cpu` mean the same; these must be said by every container that is limited.
pub(super) const MUST_BE_SAID: [&str; 6] =
    ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

/// Which containers do not say an amount that a quota limits.
pub(super) fn silent_containers(pod: &Value, name: &str) -> Vec<String> {
    let (kind, resource) = name.split_once('.').unwrap_or(("requests", name));
    let pointer = format!("/resources/{kind}/{resource}");
    let mut found: Vec<String> = Vec::new();
    for list in ["/spec/containers", "/spec/initContainers"] {
        let silent = items(pod, list).iter().filter(|one| one.pointer(&pointer).is_none());
        found.extend(silent.map(|one| text(one, "/name").to_owned()));
    }
    found.sort();
    found
}

/// Whether a quota with scopes is about a pod (`pkg/quota/v1/evaluator/core/pods.go podMatchesScopeFunc`).
pub(crate) fn in_scope(quota: &Value, pod: &Value) -> bool {
    let scopes = items(quota, "/spec/scopes").iter().filter_map(Value::as_str);
    let selectors = items(quota, "/spec/scopeSelector/matchExpressions").iter();
    scopes.into_iter().all(|scope| matches_scope(scope, "Exists", &[], pod))
        && selectors.into_iter().all(|one| {
            let (scope, operator) = (text(one, "/scopeName"), text(one, "/operator"));
            matches_scope(scope, operator, items(one, "/values"), pod)
        })
}

fn matches_scope(scope: &str, operator: &str, values: &[Value], pod: &Value) -> bool {
    let best_effort = || super::super::kinds::qos_class(pod) == "BestEffort";
    let ends = number(pod, "/spec/activeDeadlineSeconds").is_some_and(|seconds| seconds >= 0);
    let class = text(pod, "/spec/priorityClassName");
    let named = || values.iter().any(|value| value == class);
    match (scope, operator) {
        ("BestEffort", _) => best_effort(),
        ("NotBestEffort", _) => !best_effort(),
        ("Terminating", _) => ends,
        ("NotTerminating", _) => !ends,
        ("CrossNamespacePodAffinity", _) => crosses_namespaces(pod),
        ("PriorityClass", "In") => named(),
        ("PriorityClass", "NotIn") => !named(),
        ("PriorityClass", "DoesNotExist") => class.is_empty(),
        ("PriorityClass", _) => !class.is_empty(),
        _ => false,
    }
}

/// `usesCrossNamespacePodAffinity`: a term that names namespaces, or selects them.
fn crosses_namespaces(pod: &Value) -> bool {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    let crosses = |term: &Value| {
        !items(term, "/namespaces").is_empty()
            || term.get("namespaceSelector").is_some_and(Value::is_object)
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let terms = |list: &str| items(pod, &format!("/spec/affinity/{kind}/{list}"));
        terms(REQUIRED).iter().any(crosses)
            || terms(PREFERRED).iter().filter_map(|one| one.get("podAffinityTerm")).any(crosses)
    })
}
