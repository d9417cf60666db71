//! What the cluster can do that the scenario needs, found out by trying.

use std::time::Duration;

use notebook::check::AccessRequest;
use notebook::scenario::{Persona, Requirement};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use http::Method;

use crate::client::Problem;
use crate::connect::{Connection, Outcome};
use crate::{Progress, Runner, Said};

/// Images of the probe; they are those of the course's own pods.
const SERVER: &str = "nginx:1.29-alpine";
const CLIENT: &str = "alpine:3.22";
/// The label of namespaces that a probe made.
const PROBE: &str = "podium.dev/probe";
/// How long the probe's pods may take to be ready.
const START: Duration = Duration::from_mins(1);
/// How long a policy may take to be enforced.
const SETTLE: Duration = Duration::from_secs(15);
const EVERY: Duration = Duration::from_secs(1);

/// A requirement and whether the cluster meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capability {
    /// Which.
    pub requirement: Requirement,
    /// Whether it is met; `None` when it could not be found out.
    pub met: Option<bool>,
    /// How it was found out and what it means.
    pub said: Said,
}

/// Name of a requirement in `scenario.yaml`.
pub(crate) fn name(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Pods => "pods",
        Requirement::Exec => "exec",
        Requirement::NetworkPolicyEnforced => "network-policy-enforced",
        Requirement::Impersonation => "impersonation",
        Requirement::ClusterDns => "cluster-dns",
        Requirement::TwoNodes => "two-nodes",
        Requirement::DefaultStorage => "default-storage",
        Requirement::MetricsApi => "metrics-api",
        Requirement::Hypercloud => "hypercloud",
        Requirement::AuditLog => "audit-log",
        Requirement::Gpu => "gpu",
    }
}

fn capability(requirement: Requirement, met: Option<bool>) -> Capability {
    let word = match met {
        Some(true) => "met",
        Some(false) => "unmet",
        None => "unknown",
    };
    let said = Said::new(format!("capability-{}-{word}", name(requirement)));
    Capability { requirement, met, said }
}

impl Runner {
    /// Finds out what the scenario needs, one requirement after the other.
    pub async fn preflight(&self, progress: &dyn Progress) -> Vec<Capability> {
        let needed = self.requirements();
        let mut found = Vec::new();
        for (done, requirement) in needed.iter().enumerate() {
            let probing = Said::new(format!("capability-{}-probing", name(*requirement)));
            progress.waiting(&probing, done, needed.len());
            found.push(self.capability(*requirement, progress).await);
        }
        found
    }

    /// Everything that the scenario or one of its checks requires.
    fn requirements(&self) -> Vec<Requirement> {
        let scenario = &self.notebook.scenario;
        let mut needed: Vec<Requirement> = scenario.needs().collect();
        for cell in &scenario.cells {
            if let notebook::cell::CellKind::Check { checks, .. } = &cell.kind {
                needed.extend(checks.iter().flat_map(|check| check.requires.iter().copied()));
            }
        }
        needed.sort();
        needed.dedup();
        needed
    }

    /// Finds out one requirement.
    pub(crate) async fn capability(
        &self,
        requirement: Requirement,
        progress: &dyn Progress,
    ) -> Capability {
        let met = match requirement {
            Requirement::Pods => self.pods_run().await,
            Requirement::Exec => self.exec_works().await,
            Requirement::Impersonation => self.may_impersonate().await,
            Requirement::ClusterDns => self.names_resolve().await,
            Requirement::TwoNodes => self.nodes().await.map(|nodes| nodes >= 2),
            Requirement::DefaultStorage => self.claims_are_bound().await,
            Requirement::MetricsApi => self.usage_is_served().await,
            Requirement::Hypercloud => self.claims_are_handled().await,
            Requirement::AuditLog => self.audit_log_is_shown().await,
            Requirement::Gpu => self.gpus_are_there().await,
            Requirement::NetworkPolicyEnforced => return self.policies_enforced(progress).await,
        };
        capability(requirement, met)
    }

    /// Whether there is a node that takes pods.
    async fn pods_run(&self) -> Option<bool> {
        self.nodes().await.map(|nodes| nodes > 0)
    }

    /// How many nodes take pods that tolerate nothing.
    async fn nodes(&self) -> Option<usize> {
        let nodes = self.client.list("/api/v1/nodes").await.ok()?;
        let takes = |node: &&Value| {
            let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
            let text = |one: &Value, key: &str| {
                one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let ready = conditions
                .into_iter()
                .flatten()
                .any(|one| text(one, "type") == "Ready" && text(one, "status") == "True");
            let taints = node.pointer("/spec/taints").and_then(Value::as_array);
            // Those of the node's conditions come and go with them.
            let closed = taints.into_iter().flatten().any(|taint| {
                text(taint, "effect").starts_with("No")
                    && !text(taint, "key").starts_with("node.kubernetes.io/")
            });
            let cordoned = node.pointer("/spec/unschedulable").and_then(Value::as_bool);
            ready && !closed && cordoned != Some(true)
        };
        Some(nodes.iter().filter(takes).count())
    }

    /// Whether the audit log is served: that of a real API server goes to files or webhooks.
    async fn audit_log_is_shown(&self) -> Option<bool> {
        match self.client.get("/podium/v1/audit?since=1000000000").await {
            Ok(_) => Some(true),
            Err(Problem::Status(status)) if status.code == 404 => Some(false),
            Err(_) => None,
        }
    }

    /// Whether a device plugin has registered GPUs on some node.
    async fn gpus_are_there(&self) -> Option<bool> {
        let nodes = self.client.list("/api/v1/nodes").await.ok()?;
        Some(nodes.iter().any(|node| {
            let gpus = node.pointer("/status/allocatable/nvidia.com~1gpu").and_then(Value::as_str);
            gpus.is_some_and(|gpus| gpus != "0")
        }))
    }

    /// Whether a Service answers for names: one on port 53 with an endpoint that is ready. Distributions
    /// call it differently and keep it in different namespaces.
    async fn names_resolve(&self) -> Option<bool> {
        if self.explains_connections().await {
            return Some(true);
        }
        let text = |one: &Value, path: &str| {
            one.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        for service in self.client.list("/api/v1/services").await.ok()? {
            let ports = service.pointer("/spec/ports").and_then(Value::as_array);
            let answers = |port: &Value| {
                port.get("port").and_then(Value::as_i64) == Some(53)
                    && text(port, "/protocol") == "UDP"
            };
            if !ports.into_iter().flatten().any(answers) {
                continue;
            }
            let selector =
                format!("kubernetes.io/service-name={}", text(&service, "/metadata/name"));
            let path = format!(
                "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector={}",
                text(&service, "/metadata/namespace"),
                crate::client::escape(&selector),
            );
            let slices = self.client.list(&path).await.ok()?;
            let endpoints = slices.iter().filter_map(|slice| slice.get("endpoints")?.as_array());
            let ready = |one: &Value| {
                // What is not known counts as ready, says the API.
                one.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false)
            };
            if endpoints.flatten().any(ready) {
                return Some(true);
            }
        }
        Some(false)
    }

    /// Whether there is a StorageClass for claims that name none.
    async fn claims_are_bound(&self) -> Option<bool> {
        let classes = self.client.list("/apis/storage.k8s.io/v1/storageclasses").await.ok()?;
        let marked = |class: &Value| {
            let annotations = class.pointer("/metadata/annotations");
            let mark = annotations?.get("storageclass.kubernetes.io/is-default-class")?;
            mark.as_str().map(|mark| mark == "true")
        };
        Some(classes.iter().any(|class| marked(class) == Some(true)))
    }

    /// Whether whatever the API server passes such requests on to knows what nodes use. 503 says that it is
    /// registered and not ready: a cluster that has just started needs a moment.
    async fn usage_is_served(&self) -> Option<bool> {
        let start = self.clock.now();
        loop {
            let waited = self.clock.now().duration_since(start).unsigned_abs();
            match self.client.list("/apis/metrics.k8s.io/v1beta1/nodes").await {
                Ok(_) => return Some(true),
                Err(Problem::Status(status)) if status.code == 503 && waited < START => {}
                Err(Problem::Status(status)) if matches!(status.code, 404 | 503) => {
                    return Some(false);
                }
                Err(_) => return None,
            }
            self.clock.sleep(EVERY).await;
        }
    }

    /// Whether there are claims, and the operator that decides about them is available; like the metrics API, it may
    /// need a moment.
    async fn claims_are_handled(&self) -> Option<bool> {
        const KIND: &str =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/namespaceclaims.tmax.io";
        const OPERATOR: &str =
            "/apis/apps/v1/namespaces/hypercloud4-system/deployments/hypercloud4-operator";
        let start = self.clock.now();
        loop {
            for path in [KIND, OPERATOR] {
                match self.client.get(path).await {
                    Ok(found) => {
                        let replicas = found.pointer("/status/availableReplicas");
                        if replicas.and_then(Value::as_i64) > Some(0) {
                            return Some(true);
                        }
                    }
                    Err(Problem::Status(status)) if status.code == 404 => return Some(false),
                    Err(_) => return None,
                }
            }
            if self.clock.now().duration_since(start).unsigned_abs() >= START {
                return Some(false);
            }
            self.clock.sleep(EVERY).await;
        }
    }

    async fn exec_works(&self) -> Option<bool> {
        let namespaces = &self.notebook.scenario.variables;
        let namespace = namespaces.first().map_or("default", |variable| variable.default.as_str());
        let may = self.may("create", "pods/exec", namespace).await?;
        Some(may && self.pods_run().await?)
    }

    async fn may_impersonate(&self) -> Option<bool> {
        let personas: Vec<&Persona> = self
            .notebook
            .scenario
            .personas
            .iter()
            .filter(|persona| !persona.user.is_empty())
            .collect();
        for persona in personas {
            let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
            let body = json!({
                "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "spec": {"nonResourceAttributes": {"path": "/version", "verb": "get"}},
            });
            // A trial: the API server answers 403 to a header that the executor may not use.
            match self.client.send(Method::POST, path, Some(persona), Some(&body)).await {
                Ok(_) => {}
                Err(Problem::Status(status)) if status.code == 403 => return Some(false),
                Err(_) => return None,
            }
        }
        Some(true)
    }

    async fn may(&self, verb: &str, resource: &str, namespace: &str) -> Option<bool> {
        let myself = Persona {
            id: String::new(),
            title: notebook::scenario::Localized::default(),
            user: String::new(),
            groups: Vec::new(),
        };
        let request = AccessRequest {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: String::new(),
        };
        self.review(&myself, &request).await.ok().map(|review| review.allowed)
    }

    /// Whether NetworkPolicies are enforced. The embedded cluster says so; on any other, a policy that
    /// denies everything is tried in a namespace of its own.
    async fn policies_enforced(&self, progress: &dyn Progress) -> Capability {
        let requirement = Requirement::NetworkPolicyEnforced;
        if self.explains_connections().await {
            return capability(requirement, Some(true));
        }
        if self.pods_run().await == Some(false) {
            let said = Said::new("capability-network-policy-enforced-no-nodes");
            return Capability { requirement, met: Some(false), said };
        }
        self.sweep().await;
        let namespace = match self.scratch().await {
            Ok(namespace) => namespace,
            Err(problem) => {
                let said = Said::new("capability-network-policy-enforced-no-probe");
                return Capability { requirement, met: None, said: said.with("message", problem) };
            }
        };
        let found = self.trial(&namespace, progress).await;
        self.sweep().await;
        match found {
            Ok(met) => capability(requirement, Some(met)),
            Err(said) => Capability { requirement, met: None, said },
        }
    }

    async fn scratch(&self) -> Result<String, Problem> {
        let body = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"generateName": "podium-probe-", "labels": {PROBE: "network-policy"}},
        });
        let made = self.client.post("/api/v1/namespaces", &body).await?;
        let name = made.pointer("/metadata/name").and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| Problem::Odd("a namespace without a name".to_owned()))
    }

    /// Removes the namespaces of probes, also of those that were interrupted.
    pub async fn sweep(&self) {
        let path = format!("/api/v1/namespaces?labelSelector={}", crate::client::escape(PROBE));
        for namespace in self.client.list(&path).await.unwrap_or_default() {
            let gone = namespace.pointer("/metadata/deletionTimestamp").is_some();
            let name = namespace.pointer("/metadata/name").and_then(Value::as_str);
            if let (Some(name), false) = (name, gone) {
                let path = format!("/api/v1/namespaces/{name}");
                // What cannot be removed now is found again by its label next time.
                let _left = self.client.send(Method::DELETE, &path, None, None).await;
            }
        }
    }

    /// In the scratch namespace: the connection works, a policy denies everything, the connection
    /// must stop working.
    async fn trial(&self, namespace: &str, progress: &dyn Progress) -> Result<bool, Said> {
        let failed = |problem: Problem| {
            Said::new("capability-network-policy-enforced-no-probe").with("message", problem)
        };
        // A pod that is created before its namespace's service account is refused: try again.
        for (name, image) in [("server", SERVER), ("client", CLIENT)] {
            self.create_pod(namespace, name, image).await.map_err(failed)?;
        }
        for name in ["server", "client"] {
            let pod = format!("{namespace}/{name}");
            progress.waiting(&Said::new("check-waiting-pod").with("pod", &pod), 0, 1);
            self.wait_ready(&pod).await?;
        }
        let connection = Connection {
            from: format!("{namespace}/client"),
            to: format!("{namespace}/server"),
            port: 80,
        };
        if !self.becomes(&connection, Outcome::Allowed).await {
            return Err(Said::new("capability-network-policy-enforced-no-connection"));
        }
        let policy = json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": "deny-all", "namespace": namespace},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
        });
        let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies");
        self.client.post(&path, &policy).await.map_err(failed)?;
        Ok(self.becomes(&connection, Outcome::Blocked).await)
    }

    async fn create_pod(&self, namespace: &str, name: &str, image: &str) -> Result<(), Problem> {
        let mut container = json!({"name": name, "image": image});
        if name == "client"
            && let Some(container) = container.as_object_mut()
        {
            container.insert("command".to_owned(), json!(["sleep", "600"]));
        }
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
        });
        let path = format!("/api/v1/namespaces/{namespace}/pods");
        let start = self.clock.now();
        loop {
            match self.client.post(&path, &pod).await {
                Ok(_) => return Ok(()),
                Err(Problem::Status(status))
                    if status.message.contains("serviceaccount")
                        && self.clock.now().duration_since(start).unsigned_abs() < SETTLE =>
                {
                    self.clock.sleep(EVERY).await;
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    async fn wait_ready(&self, pod: &str) -> Result<(), Said> {
        let start = self.clock.now();
        while let Some(cause) = self.cause_of_pod(pod).await {
            if self.clock.now().duration_since(start).unsigned_abs() > START {
                return Err(cause);
            }
            self.clock.sleep(EVERY).await;
        }
        Ok(())
    }

    async fn becomes(&self, connection: &Connection, wanted: Outcome) -> bool {
        let start = self.clock.now();
        loop {
            if self.probe_connection(connection).await.outcome == wanted {
                return true;
            }
            if self.clock.now().duration_since(start).unsigned_abs() > SETTLE {
                return false;
            }
            self.clock.sleep(EVERY).await;
        }
    }
}
