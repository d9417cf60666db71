//! Kubelets get their client certificates without anybody looking (`pkg/controller/certificates/approver/sarapprove.go`).

use apimachinery::identity::Identity;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    KUBELET_CLIENT, RESOURCE, check_kubelet_client, condition, keys, usages, with_condition,
};
use crate::apiserver::{Question, may};
use crate::certificate_request;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields::{items, text};
use crate::store::{Change, Store};

/// Approves them.
pub(crate) struct Approver;

/// The subresource on which `create` is asked for, and what is said.
const SELF: (&str, &str) =
    ("selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.");
const ANY: (&str, &str) =
    ("nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.");

impl Controller for Approver {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-approving-controller"
    }

    fn component(&self) -> Component {
        Component::controller("certificate-controller", "certificate-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        keys(change)
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(request) = store.get(RESOURCE, "", &key.name) else { return plan };
        let settled = ["Approved", "Denied"].iter().any(|one| condition(&request, one).is_some());
        if settled || !text(&request, "/status/certificate").is_empty() {
            return plan;
        }
        if let Some(message) = approves(store, &request) {
            let approved = with_condition(&request, "Approved", "AutoApproved", message);
            plan.writes.push(Write::update_subresource(RESOURCE, approved, "approval"));
        }
        plan
    }
}

/// What is said when it is approved.
fn approves(store: &Store, request: &Value) -> Option<&'static str> {
    let found = certificate_request::read(text(request, "/spec/request")).ok()?;
    if text(request, "/spec/signerName") != KUBELET_CLIENT
        || check_kubelet_client(&found, &usages(request)).is_err()
    {
        return None;
    }
    let who = Identity {
        username: text(request, "/spec/username").to_owned(),
        uid: text(request, "/spec/uid").to_owned(),
        groups: items(request, "/spec/groups")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        ..Identity::default()
    };
    let own = found.common_name == who.username;
    let ways = own.then_some(SELF).into_iter().chain([ANY]);
    let allowed = |subresource: &str| {
        let question = Question {
            verb: "create",
            group: "certificates.k8s.io",
            resource: "certificatesigningrequests",
            subresource,
        };
        may(store, &who, &question)
    };
    ways.into_iter().find(|(subresource, _)| allowed(subresource)).map(|(_, message)| message)
}
