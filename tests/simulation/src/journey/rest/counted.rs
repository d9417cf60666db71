//! What counts others has counted right: quotas, budgets, sets, endpoints.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

use super::super::operation::HARD;

pub(super) fn wrong(store: &Store) -> Vec<String> {
    let mut wrong = quota(store);
    wrong.extend(budgets(store));
    wrong.extend(sets(store));
    wrong.extend(endpoints(store));
    wrong
}

fn ready(pod: &Value) -> bool {
    fields::condition_true(pod, "Ready") && !fields::deleting(pod)
}

fn has_ended(pod: &Value) -> bool {
    matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn of_app(store: &Store, namespace: &str, app: &str) -> Vec<Arc<Value>> {
    let mut pods = store.list("pods", Some(namespace));
    pods.retain(|pod| fields::labels(pod).get("app").is_some_and(|is| is == app));
    pods
}

fn quota(store: &Store) -> Vec<String> {
    let Some(quota) = store.get("resourcequotas", "tight", "quota") else {
        return vec!["the quota is gone".to_owned()];
    };
    let mut wrong = Vec::new();
    for (name, resource, _) in HARD {
        let mut counted = store.list(resource, Some("tight"));
        counted.retain(|one| resource != "pods" || !has_ended(one));
        let used = format!("/status/used/{}", name.replace('/', "~1"));
        let used = fields::text(&quota, &used);
        if used != counted.len().to_string() {
            wrong.push(format!("the quota tells {used} of {} {name}", counted.len()));
        }
    }
    wrong
}

fn budgets(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for budget in store.list("poddisruptionbudgets.policy", None) {
        let app = fields::text(&budget, "/spec/selector/matchLabels/app");
        let pods = of_app(store, fields::namespace(&budget), app);
        let is = pods.iter().filter(|pod| ready(pod)).count();
        let number =
            |field: &str| fields::number(&budget, &format!("/status/{field}")).unwrap_or_default();
        let (told, allowed) = (number("currentHealthy"), number("disruptionsAllowed"));
        let left = (told - number("desiredHealthy")).max(0);
        let name = format!("{}/{}", fields::namespace(&budget), fields::name(&budget));
        if i64::try_from(is) != Ok(told) {
            wrong.push(format!("budget {name} tells {told} of {is} healthy"));
        }
        if allowed != left && number("expectedPods") > 0 {
            wrong.push(format!("budget {name} allows {allowed} instead of {left}"));
        }
    }
    wrong
}

/// A ReplicaSet tells how many pods it has.
fn sets(store: &Store) -> Vec<String> {
    let all = store.list("replicasets.apps", None);
    let pods = store.list("pods", None);
    let wrong = |set: &Arc<Value>| {
        let own = pods.iter().filter(|pod| {
            fields::controlled_by(pod, set) && !fields::deleting(pod) && !has_ended(pod)
        });
        let (has, name) = (own.count(), fields::name(set));
        let told = fields::number(set, "/status/replicas").unwrap_or_default();
        (i64::try_from(has) != Ok(told)).then(|| format!("{name} tells {told} of {has} pods"))
    };
    all.iter().filter_map(wrong).collect()
}

/// The slices of a Service have the addresses of its ready pods and no others.
fn endpoints(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for service in store.list("services", None) {
        let (namespace, name) = (fields::namespace(&service), fields::name(&service));
        let app = fields::text(&service, "/spec/selector/app");
        if app.is_empty() || fields::deleting(&service) {
            continue;
        }
        let pods = of_app(store, namespace, app);
        let ready = pods.iter().filter(|pod| ready(pod));
        let is: BTreeSet<&str> = ready.map(|pod| fields::text(pod, "/status/podIP")).collect();
        let mut slices = store.list("endpointslices.discovery.k8s.io", Some(namespace));
        slices.retain(|slice| {
            fields::labels(slice).get("kubernetes.io/service-name").is_some_and(|of| of == name)
        });
        let endpoints = slices.iter().flat_map(|slice| fields::items(slice, "/endpoints"));
        let told: BTreeSet<&str> = endpoints
            .filter(|one| fields::flag(one, "/conditions/ready"))
            .map(|one| fields::text(one, "/addresses/0"))
            .collect();
        if is != told {
            wrong.push(format!("Service {namespace}/{name} leads to {told:?} instead of {is:?}"));
        }
    }
    wrong
}
