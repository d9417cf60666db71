//! `/metrics`: the families of kube-apiserver that say something here, by their real names
//! (`apiserver/pkg/endpoints/metrics/metrics.go` and others), in the text format of Prometheus.

use std::fmt::Write as _;

use apimachinery::object;
use apimachinery::request::RequestInfo;
use rpds::RedBlackTreeMapSync;

use super::call::Call;
use super::{ApiAnswer, Apiserver};
use crate::fields::condition_true;

/// Its media type.
pub(super) const MEDIA_TYPE: &str =
    "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
/// Paths outside the resources that are counted, as upstream's handlers name them.
const PATHS: [&str; 8] =
    ["api", "apis", "healthz", "livez", "metrics", "openapi/v2", "openapi/v3", "readyz"];

/// How often what was asked, by labels and code.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counters {
    requests: RedBlackTreeMapSync<(u16, String), u64>,
}

impl Counters {
    /// Counts an answer, when its request is one that is counted.
    pub(super) fn count(&mut self, labels: Option<String>, answer: &ApiAnswer) {
        let code = match answer {
            ApiAnswer::Full(response) => response.status().as_u16(),
            ApiAnswer::Watch(response) => response.status().as_u16(),
            // Somebody else answers those.
            _ => return,
        };
        let Some(labels) = labels else { return };
        let key = (code, labels);
        let before = self.requests.get(&key).copied().unwrap_or(0);
        self.requests.insert_mut(key, before + 1);
    }
}

/// `metrics.go cleanVerb`.
fn verb(call: &Call) -> &'static str {
    match call.info.verb.as_str() {
        "list" => "LIST",
        "watch" => "WATCH",
        "create" => "POST",
        "update" => "PUT",
        "patch" if call.content_type == "application/apply-patch+yaml" => "APPLY",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => "GET",
    }
}

/// `metrics.go CleanScope`.
fn scope(info: &RequestInfo) -> &'static str {
    if !info.name.is_empty() || info.verb == "create" {
        "resource"
    } else if info.namespace.is_empty() {
        "cluster"
    } else {
        "namespace"
    }
}

/// What a request is counted under, in the order of the labels but for the code; none for paths that nobody knows.
pub(super) fn labels(call: &Call) -> Option<String> {
    let info = &call.info;
    if !info.is_resource {
        let path = info.path.trim_matches('/');
        let known = PATHS.iter().find(|known| {
            path.strip_prefix(**known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })?;
        let component = if known.starts_with("api") { "apiserver" } else { "" };
        return Some(format!(
            "component=\"{component}\",dry_run=\"\",group=\"\",resource=\"\",scope=\"\",subresource=\"{known}\",verb=\"{}\",version=\"\"",
            call.method
        ));
    }
    let resource = call.resource().ok()?;
    if !info.subresource.is_empty() {
        resource.subresource(&info.subresource)?;
    }
    Some(format!(
        "component=\"apiserver\",dry_run=\"{}\",group=\"{}\",resource=\"{}\",scope=\"{}\",subresource=\"{}\",verb=\"{}\",version=\"{}\"",
        if call.dry_run() { "All" } else { "" },
        info.api_group,
        info.resource,
        scope(info),
        info.subresource,
        verb(call),
        info.api_version
    ))
}

/// One family of a name and a type, with its lines.
fn family(text: &mut String, (name, kind, help): (&str, &str, &str), lines: &[(String, u64)]) {
    if lines.is_empty() {
        return;
    }
    // Writing to a text cannot fail.
    let _written = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    for (labels, value) in lines {
        let _written = if labels.is_empty() {
            writeln!(text, "{name} {value}")
        } else {
            writeln!(text, "{name}{{{labels}}} {value}")
        };
    }
}

impl Apiserver {
    /// The whole text.
    pub(super) fn metrics(&self) -> String {
        let mut text = String::new();
        let services = self.store.list("apiservices.apiregistration.k8s.io", None);
        let unavailable: Vec<(String, u64)> = services
            .iter()
            .map(|one| {
                let label = format!("name=\"{}\"", object::name(one));
                (label, u64::from(!condition_true(one, "Available")))
            })
            .collect();
        family(&mut text, UNAVAILABLE, &unavailable);
        family(&mut text, AUDITED, &[(String::new(), self.trail.written())]);
        family(&mut text, LONG_RUNNING, &self.long_running());
        let requests: Vec<(String, u64)> = self
            .counters
            .requests
            .iter()
            .map(|((code, labels), count)| (format!("code=\"{code}\",{labels}"), *count))
            .collect();
        family(&mut text, REQUESTS, &requests);
        let objects: Vec<(String, u64)> = self
            .store
            .resources()
            .map(|key| {
                let (resource, group) = key.split_once('.').unwrap_or((key, ""));
                let count = self.store.list(key, None).len();
                let labels = format!("group=\"{group}\",resource=\"{resource}\"");
                (labels, u64::try_from(count).unwrap_or(u64::MAX))
            })
            .collect();
        family(&mut text, OBJECTS, &objects);
        family(&mut text, BUILD, &[(BUILT.to_owned(), 1)]);
        let started = u64::try_from(self.settings.epoch.as_second()).unwrap_or(0);
        family(&mut text, STARTED, &[(String::new(), started)]);
        text
    }

    /// Watches and other answers that are not over yet.
    fn long_running(&self) -> Vec<(String, u64)> {
        let mut found = std::collections::BTreeMap::new();
        for (asked, _) in self.open.values() {
            let info = asked.info();
            let labels = format!(
                "component=\"apiserver\",group=\"{}\",resource=\"{}\",scope=\"{}\",subresource=\"{}\",verb=\"{}\",version=\"{}\"",
                info.api_group,
                info.resource,
                scope(&info),
                info.subresource,
                if info.verb == "watch" { "WATCH" } else { "CONNECT" },
                info.api_version
            );
            *found.entry(labels).or_insert(0) += 1;
        }
        found.into_iter().collect()
    }
}

type Family = (&'static str, &'static str, &'static str);

const UNAVAILABLE: Family = (
    "aggregator_unavailable_apiservice",
    "gauge",
    "[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name.",
);
const AUDITED: Family = (
    "apiserver_audit_event_total",
    "counter",
    "[ALPHA] Counter of audit events generated and sent to the audit backend.",
);
const LONG_RUNNING: Family = (
    "apiserver_longrunning_requests",
    "gauge",
    "[STABLE] Gauge of all active long-running apiserver requests broken out by verb, group, version, resource, scope and component. Not all requests are tracked this way.",
);
const REQUESTS: Family = (
    "apiserver_request_total",
    "counter",
    "[STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.",
);
const OBJECTS: Family = (
    "apiserver_resource_objects",
    "gauge",
    "[ALPHA] Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.",
);
const BUILD: Family = (
    "kubernetes_build_info",
    "gauge",
    "[BETA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
);
/// What `/version` says.
const BUILT: &str = "build_date=\"2026-01-01T00:00:00Z\",compiler=\"rustc\",git_commit=\"podium\",git_tree_state=\"clean\",git_version=\"v1.36.3\",go_version=\"none\",major=\"1\",minor=\"36\",platform=\"linux/amd64\"";
const STARTED: Family = (
    "process_start_time_seconds",
    "gauge",
    "Start time of the process since unix epoch in seconds.",
);
