//! Whether the server is well (`apiserver/pkg/server/healthz/healthz.go`). What the checks of a real server look at
//! is one thing here, which either answers or is not there: each of them is good as soon as somebody can ask.

use super::answer::Reply;
use super::call::Call;

/// What a real server looks at before it calls itself alive, in its order; `READY` has the differences.
const HOOKS: [&str; 30] = [
    "poststarthook/start-apiserver-admission-initializer",
    "poststarthook/generic-apiserver-start-informers",
    "poststarthook/priority-and-fairness-config-consumer",
    "poststarthook/priority-and-fairness-filter",
    "poststarthook/storage-object-count-tracker-hook",
    "poststarthook/start-apiextensions-informers",
    "poststarthook/start-apiextensions-controllers",
    "poststarthook/crd-informer-synced",
    "poststarthook/start-system-namespaces-controller",
    "poststarthook/peer-endpoint-reconciler-controller",
    "poststarthook/start-cluster-authentication-info-controller",
    "poststarthook/start-kube-apiserver-identity-lease-controller",
    "poststarthook/start-kube-apiserver-identity-lease-garbage-collector",
    "poststarthook/storage-readiness",
    "poststarthook/start-legacy-token-tracking-controller",
    "poststarthook/start-service-ip-repair-controllers",
    "poststarthook/rbac/bootstrap-roles",
    "poststarthook/scheduling/bootstrap-system-priority-classes",
    "poststarthook/priority-and-fairness-config-producer",
    "poststarthook/bootstrap-controller",
    "poststarthook/start-kubernetes-service-cidr-controller",
    "poststarthook/start-kube-aggregator-informers",
    "poststarthook/apiservice-status-local-available-controller",
    "poststarthook/apiservice-status-remote-available-controller",
    "poststarthook/apiservice-registration-controller",
    "poststarthook/apiservice-discovery-controller",
    "poststarthook/kube-apiserver-autoregistration",
    "autoregister-completion",
    "poststarthook/apiservice-openapi-controller",
    "poststarthook/apiservice-openapiv3-controller",
];

/// The checks behind one of the three paths.
fn checks(probe: &str) -> Vec<&'static str> {
    let (before, after): (&[&str], &[&str]) = match probe {
        "readyz" => (&["ping", "log", "etcd", "etcd-readiness", "informer-sync"], &["shutdown"]),
        _ => (&["ping", "log", "loopback-serving-certificate", "etcd"], &[]),
    };
    [before, &HOOKS, after].concat()
}

/// All paths that tell of the health.
pub(super) fn paths() -> Vec<String> {
    let of = |probe: &'static str| {
        let each = checks(probe).into_iter().map(move |check| format!("/{probe}/{check}"));
        each.chain([format!("/{probe}")])
    };
    ["healthz", "livez", "readyz"].into_iter().flat_map(of).collect()
}

/// One check.
pub(super) fn single(probe: &str, check: &[&str]) -> Reply {
    if checks(probe).contains(&check.join("/").as_str()) {
        Reply::Text(200, "ok".to_owned())
    } else {
        Reply::Text(404, "404 page not found\n".to_owned())
    }
}

/// All checks but those that are not asked for.
pub(super) fn all(call: &Call, probe: &str) -> Reply {
    let of = |name: &'static str| {
        let named = call.query.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    };
    if of("verbose").next().is_none() {
        return Reply::Text(200, "ok".to_owned());
    }
    let checks = checks(probe);
    let mut lines = String::new();
    for check in &checks {
        let excluded = of("exclude").any(|name| name == *check);
        lines.extend(["[+]", check, if excluded { " excluded: ok\n" } else { " ok\n" }]);
    }
    let mut unknown: Vec<String> = of("exclude")
        .filter(|name| !checks.contains(name))
        .map(|name| format!("{name:?}"))
        .collect();
    unknown.sort();
    unknown.dedup();
    if !unknown.is_empty() {
        lines.extend(["warn: some health checks cannot be excluded: no matches for "]);
        lines.extend([unknown.join(",").as_str(), "\n"]);
    }
    lines.extend([probe, " check passed\n"]);
    Reply::Text(200, lines)
}
