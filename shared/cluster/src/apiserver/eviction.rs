//! POST pods/NAME/eviction: a delete that asks the disruption budget first
//! (`pkg/registry/core/pod/storage/eviction.go`).

use std::sync::Arc;

use apimachinery::field_error::FieldError;
use apimachinery::gvk::{GroupResource, GroupVersionKind};
use apimachinery::identity::Identity;
use apimachinery::object;
use apimachinery::selector::LabelSelector;
use apimachinery::status::{Status, StatusCause};
use apimachinery::time::format_rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::admission::node_restriction;
use super::answer::{Refusal, Reply, bad_request, plain_error};
use super::call::Call;
use super::options::DeleteOptions;
use super::write::Target;
use super::{Apiserver, decode};
use crate::fields::{self, condition, deleting, items, number, put, text};

const BUDGETS: &str = "poddisruptionbudgets.policy";
/// Evictions that the disruption controller has not confirmed yet (`MaxDisruptedPodSize`).
const MOST_DISRUPTED: usize = 2000;
const VIOLATES: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const TWO_BUDGETS: &str = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

impl Apiserver {
    /// POST pods/NAME/eviction.
    pub(crate) fn evict(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let gvk = GroupVersionKind::new("policy", "v1", "Eviction");
        let body = decode::plain(call, &gvk)?;
        let target = Target::of(call)?;
        let name = target.name.clone();
        if object::name(&body) != name {
            return Err(bad_request("name in URL does not match name in Eviction object"));
        }
        let mut options = options(call, &body, &name)?;
        let of = GroupResource::new("", "pods");
        let live = self.live("pods", &target.namespace, &name);
        let pod = live.ok_or_else(|| Box::new(Status::not_found(&of, &name)))?;
        node_restriction::validate_removal(call, &target, &pod)?;
        if !ends_anyway(&pod) {
            let budgets = self.budgets_of(&target.namespace, &pod);
            match budgets.as_slice() {
                [] => {}
                [budget] if may_go_unhealthy(budget, &pod) => {
                    // The pod must not have become ready since.
                    let version = object::resource_version(&pod);
                    options.resource_version.get_or_insert_with(|| version.to_owned());
                }
                [budget] => self.decrement(call.now, budget, &pod, options.dry_run)?,
                _ => return Err(plain_error(TWO_BUDGETS)),
            }
        }
        self.mark_disrupted(call.now, &target, &pod, &mut options);
        self.delete_object(call.now, &of, &target, &name, &options)?;
        let done = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201,
        });
        Ok(Reply::Document(201, done))
    }

    /// The budgets whose selector matches the pod (`getPodDisruptionBudgets`).
    fn budgets_of(&self, namespace: &str, pod: &Value) -> Vec<Arc<Value>> {
        let labels = object::labels(pod);
        let mut budgets = self.store.list(BUDGETS, Some(namespace));
        // A selector that is not there matches nothing.
        budgets.retain(|budget| {
            budget
                .pointer("/spec/selector")
                .and_then(|selector| LabelSelector::from_object(selector).ok())
                .is_some_and(|selector| selector.matches(&labels))
        });
        budgets
    }

    /// Takes one of the disruptions that the budget allows (`checkAndDecrement`).
    fn decrement(
        &mut self,
        now: Timestamp,
        budget: &Value,
        pod: &Value,
        dry_run: bool,
    ) -> Result<(), Refusal> {
        let name = object::name(budget);
        let status = |field: &str| number(budget, &format!("/status/{field}")).unwrap_or(0);
        let generation = number(budget, "/metadata/generation").unwrap_or(0);
        if status("observedGeneration") < generation {
            let why =
                format!("The disruption budget {name} is still being processed by the server.");
            return Err(too_many(10, why));
        }
        let forbidden = |why: &str| {
            let of = GroupResource::new("policy", "poddisruptionbudget");
            Err(Box::new(Status::forbidden(&of, name, why)))
        };
        let allowed = status("disruptionsAllowed");
        if allowed < 0 {
            return forbidden("pdb disruptions allowed is negative");
        }
        let disrupted = fields::texts(budget, "/status/disruptedPods");
        if disrupted.len() > MOST_DISRUPTED {
            return forbidden(
                "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
            );
        }
        if allowed == 0 {
            return Err(too_many(0, exhausted(budget)));
        }
        if dry_run {
            return Ok(());
        }
        let mut taken = budget.clone();
        put(&mut taken, "/status/disruptionsAllowed", json!(allowed - 1));
        if allowed == 1 {
            let conditions = allowing(&taken, now);
            put(&mut taken, "/status/conditions", conditions);
        }
        let mut disrupted = json!(disrupted);
        if let Some(map) = disrupted.as_object_mut() {
            map.insert(object::name(pod).to_owned(), json!(format_rfc3339(now)));
        }
        put(&mut taken, "/status/disruptedPods", disrupted);
        self.write_status(now, &taken);
        Ok(())
    }

    /// As the server's client of itself does. Nobody writes in between, so it cannot be refused.
    fn write_status(&mut self, now: Timestamp, budget: &Value) {
        let (namespace, name) = (object::namespace(budget), object::name(budget));
        let request = http::Request::builder()
            .method("PUT")
            .uri(format!(
                "/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets/{name}/status"
            ))
            .header("content-type", "application/json")
            .header("user-agent", "kube-apiserver/v1.36.3 (podium)")
            .body(budget.to_string().into_bytes());
        if let Ok(mut request) = request {
            let own = Identity::user("system:apiserver", &["system:masters"]);
            request.extensions_mut().insert(own);
            drop(self.handle(now, request));
        }
    }

    /// Says on the pod why it goes (`addConditionAndDeletePod`).
    fn mark_disrupted(
        &mut self,
        now: Timestamp,
        target: &Target,
        pod: &Value,
        options: &mut DeleteOptions,
    ) {
        let version = object::resource_version(pod);
        let other = options.resource_version.as_deref().is_some_and(|wanted| wanted != version)
            || options.uid.as_deref().is_some_and(|wanted| wanted != object::uid(pod));
        if options.dry_run || other {
            return;
        }
        let mut marked = pod.clone();
        let since = match condition(pod, "DisruptionTarget") {
            Some(known) if text(known, "/status") == "True" => {
                text(known, "/lastTransitionTime").to_owned()
            }
            _ => format_rfc3339(now),
        };
        let mut conditions = items(pod, "/status/conditions").to_vec();
        conditions.retain(|one| text(one, "/type") != "DisruptionTarget");
        conditions.push(json!({
            "type": "DisruptionTarget", "status": "True", "lastProbeTime": null,
            "lastTransitionTime": since, "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
        }));
        put(&mut marked, "/status/conditions", Value::Array(conditions));
        let stored = self.store.put("pods", &target.namespace, &target.name, marked);
        if options.resource_version.is_some() {
            options.resource_version = Some(object::resource_version(&stored).to_owned());
        }
    }
}

/// The options of the delete, with the dry run of the request (`propagateDryRun`).
fn options(call: &Call, body: &Value, name: &str) -> Result<DeleteOptions, Refusal> {
    const UNSAFE: &str = "ignoreStoreReadErrorWithClusterBreakingPotential";
    let of = |field: &str| body.pointer(&format!("/deleteOptions/{field}"));
    let word = |field: &str| of(field).and_then(Value::as_str).map(str::to_owned);
    if of(UNSAFE).and_then(Value::as_bool) == Some(true) {
        let why = "can not be set for pod eviction, try after removing the option";
        let errors = [FieldError::invalid(&format!("deleteOptions.{UNSAFE}"), true, why)];
        return Err(Box::new(Status::invalid("policy", "Eviction", name, &errors)));
    }
    let own = of("dryRun").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    Ok(DeleteOptions {
        grace: of("gracePeriodSeconds").and_then(Value::as_i64),
        uid: word("preconditions/uid"),
        resource_version: word("preconditions/resourceVersion"),
        propagation: word("propagationPolicy"),
        dry_run: own || call.dry_run(),
    })
}

/// Pods whose end is no disruption (`canIgnorePDB`).
fn ends_anyway(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed" | "Pending") || deleting(pod)
}

/// A pod that is not ready may go when nothing is lost by it (`unhealthyPodEvictionPolicy`).
fn may_go_unhealthy(budget: &Value, pod: &Value) -> bool {
    if fields::condition_true(pod, "Ready") {
        return false;
    }
    let desired = number(budget, "/status/desiredHealthy").unwrap_or(0);
    let current = number(budget, "/status/currentHealthy").unwrap_or(0);
    text(budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow"
        || (current >= desired && desired > 0)
}

/// Why a budget allows nothing.
fn exhausted(budget: &Value) -> String {
    let name = object::name(budget);
    let desired = number(budget, "/status/desiredHealthy").unwrap_or(0);
    let current = number(budget, "/status/currentHealthy").unwrap_or(0);
    let refusal = condition(budget, "DisruptionAllowed")
        .filter(|one| text(one, "/status") == "False" && !text(one, "/message").is_empty())
        .map(|one| (text(one, "/reason"), text(one, "/message")));
    match refusal {
        Some(("SyncFailed", message)) => format!(
            "The disruption budget {name} does not allow evicting pods currently because it failed sync: {message}"
        ),
        _ if current <= desired => format!(
            "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
        ),
        Some((reason, message)) => format!(
            "The disruption budget {name} does not allow evicting pods currently ({reason}): {message}"
        ),
        None => format!("The disruption budget {name} does not allow evicting pods currently"),
    }
}

/// The conditions of a budget that has used up what it allowed (`UpdateDisruptionAllowedCondition`).
fn allowing(budget: &Value, now: Timestamp) -> Value {
    let known = condition(budget, "DisruptionAllowed");
    let since = known
        .filter(|known| text(known, "/status") == "False")
        .map_or_else(|| format_rfc3339(now), |known| text(known, "/lastTransitionTime").to_owned());
    json!([{
        "type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods", "message": "",
        "lastTransitionTime": since,
        "observedGeneration": number(budget, "/status/observedGeneration"),
    }])
}

fn too_many(seconds: u32, why: String) -> Refusal {
    let mut status = Status::too_many_requests(VIOLATES, seconds);
    let cause =
        StatusCause { reason: "DisruptionBudget".to_owned(), message: why, field: String::new() };
    if let Some(details) = status.details.as_mut() {
        details.causes.push(cause);
    }
    Box::new(status)
}
