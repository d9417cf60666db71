//! What kubelets may write (`plugin/pkg/admission/noderestriction/admission.go`): their own node, the state of their
//! own pods, mirror pods of their own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use apimachinery::object;
use apimachinery::status::Status;
use serde_json::{Value, json};

use super::{Operation, forbidden};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::authz::node_of;
use crate::apiserver::call::Call;
use crate::fields::{flag, items, text, texts};

const MIRROR: &str = "kubernetes.io/config.mirror";
/// `k8s.io/kubelet/pkg/apis/well_known_labels.go`.
const LABELS: [&str; 11] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Looks at a write of a kubelet.
pub(super) fn validate(
    server: &Apiserver,
    call: &Call,
    operation: &Operation<'_>,
    value: &Value,
) -> Result<(), Refusal> {
    let Some(node) = node_of(&call.identity) else { return Ok(()) };
    let target = operation.target;
    let name = if target.name.is_empty() { object::name(value) } else { &target.name };
    let refuse = |why: String| Err(forbidden(target, name, &why));
    match (target.key.as_str(), target.subresource.as_str(), operation.old) {
        ("pods", "", None) => match mirror(server, node, value) {
            Ok(()) => Ok(()),
            Err(None) => Err(Box::new(Status::not_found(
                &apimachinery::gvk::GroupResource::new("", "nodes"),
                node,
            ))),
            Err(Some(why)) => refuse(why),
        },
        ("pods", "", Some(_)) => refuse(format!(
            "unexpected operation \"UPDATE\", node \"{node}\" can only create and delete mirror pods"
        )),
        ("pods", "status", Some(old)) => match status(node, value, old) {
            Ok(()) => Ok(()),
            Err(why) => refuse(why),
        },
        ("nodes", _, old) => match own_node(node, name, value, old) {
            Ok(()) => Ok(()),
            Err(why) => refuse(why),
        },
        ("persistentvolumeclaims", "status", Some(_)) => Ok(()),
        ("persistentvolumeclaims", ..) => refuse("may only update PVC status".to_owned()),
        ("leases.coordination.k8s.io", ..) => {
            if target.namespace != "kube-node-lease" {
                return refuse(format!(
                    "can only access leases in the \"kube-node-lease\" system namespace, not {:?}",
                    target.namespace
                ));
            }
            if name == node {
                Ok(())
            } else {
                refuse(
                    "can only access node lease with the same name as the requesting node"
                        .to_owned(),
                )
            }
        }
        ("csinodes.storage.k8s.io", ..) if name != node => {
            refuse("can only access CSINode with the same name as the requesting node".to_owned())
        }
        _ => Ok(()),
    }
}

/// Looks at what a kubelet wants to remove or evict.
pub(crate) fn validate_removal(
    call: &Call,
    target: &crate::apiserver::write::Target,
    live: &Value,
) -> Result<(), Refusal> {
    let Some(node) = node_of(&call.identity) else { return Ok(()) };
    let name = object::name(live);
    let why = match (target.key.as_str(), target.subresource.as_str()) {
        ("pods", _) if text(live, "/spec/nodeName") == node => return Ok(()),
        ("pods", "eviction") => {
            format!("node {node} can only evict pods with spec.nodeName set to itself")
        }
        ("pods", _) => {
            format!("node \"{node}\" can only delete pods with spec.nodeName set to itself")
        }
        ("nodes", _) if name != node => {
            format!("node \"{node}\" is not allowed to modify node \"{name}\"")
        }
        _ => return Ok(()),
    };
    Err(forbidden(target, name, &why))
}

/// A pod that a kubelet reports; no reason: there is no such node.
fn mirror(server: &Apiserver, node: &str, pod: &Value) -> Result<(), Option<String>> {
    let refuse = |why: String| Err(Some(why));
    if pod.pointer("/metadata/annotations").is_none_or(|all| all.get(MIRROR).is_none()) {
        return refuse(format!(
            "pod does not have \"{MIRROR}\" annotation, node \"{node}\" can only create mirror pods"
        ));
    }
    if text(pod, "/spec/nodeName") != node {
        return refuse(format!(
            "node \"{node}\" can only create pods with spec.nodeName set to itself"
        ));
    }
    let mut only = format!("node \"{node}\" can only create pods with ");
    let owner = match items(pod, "/metadata/ownerReferences") {
        [owner] => owner,
        owners => {
            let how = if owners.is_empty() { "an" } else { "a single" };
            let _infallible = write!(only, "{how} owner reference set to itself");
            return refuse(only);
        }
    };
    let says = |field: &str| text(owner, &format!("/{field}"));
    if says("apiVersion") != "v1" || says("kind") != "Node" || says("name") != node {
        only.push_str("an owner reference set to itself");
        return refuse(only);
    }
    if !flag(owner, "/controller") {
        only.push_str("a controller owner reference set to itself");
        return refuse(only);
    }
    if flag(owner, "/blockOwnerDeletion") {
        return refuse(format!(
            "node \"{node}\" must not set blockOwnerDeletion on an owner reference"
        ));
    }
    let live = server.store.get("nodes", "", node).ok_or(None)?;
    let (given, uid) = (says("uid"), object::uid(&live));
    if given != uid {
        return refuse(format!("node {node} UID mismatch: expected {given} got {uid}"));
    }
    Ok(())
}

fn status(node: &str, new: &Value, old: &Value) -> Result<(), String> {
    if text(old, "/spec/nodeName") != node {
        return Err(format!(
            "node \"{node}\" can only update pod status for pods with spec.nodeName set to itself"
        ));
    }
    if texts(new, "/metadata/labels") != texts(old, "/metadata/labels") {
        return Err(format!("node \"{node}\" cannot update labels through pod status"));
    }
    if items(new, "/status/resourceClaimStatuses") != items(old, "/status/resourceClaimStatuses") {
        return Err(format!("node \"{node}\" cannot update resource claim statues"));
    }
    Ok(())
}

fn own_node(node: &str, name: &str, new: &Value, old: Option<&Value>) -> Result<(), String> {
    if name != node {
        return Err(format!("node \"{node}\" is not allowed to modify node \"{name}\""));
    }
    let labels = |value: &Value| texts(value, "/metadata/labels");
    let Some(old) = old else {
        let wrong = forbidden_labels(&labels(new), &BTreeMap::new());
        if wrong.is_empty() {
            return Ok(());
        }
        return Err(format!(
            "node \"{node}\" is not allowed to set the following labels: {}",
            wrong.join(", ")
        ));
    };
    if items(new, "/spec/taints") != items(old, "/spec/taints") {
        return Err(format!("node \"{node}\" is not allowed to modify taints"));
    }
    if items(new, "/metadata/ownerReferences") != items(old, "/metadata/ownerReferences") {
        return Err(format!("node \"{node}\" is not allowed to modify ownerReferences"));
    }
    let wrong = forbidden_labels(&labels(new), &labels(old));
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("is not allowed to modify labels: {}", wrong.join(", ")))
}

/// Labels that change and that kubelets do not decide about.
fn forbidden_labels(new: &BTreeMap<String, String>, old: &BTreeMap<String, String>) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = new.keys().chain(old.keys()).collect();
    let changed = keys.into_iter().filter(|key| new.get(*key) != old.get(*key));
    changed.filter(|key| is_forbidden(key)).cloned().collect()
}

fn is_forbidden(label: &str) -> bool {
    let namespace = label.split_once('/').map_or("", |(namespace, _)| namespace);
    let within = |domain: &str| {
        namespace == domain || namespace.strip_suffix(domain).is_some_and(|it| it.ends_with('.'))
    };
    if within("node-restriction.kubernetes.io") {
        return true;
    }
    let ours = within("kubernetes.io") || within("k8s.io");
    let theirs =
        LABELS.contains(&label) || within("kubelet.kubernetes.io") || within("node.kubernetes.io");
    ours && !theirs
}

/// What a kubelet may ask tokens for.
pub(crate) fn validate_token(
    server: &Apiserver,
    call: &Call,
    target: &crate::apiserver::write::Target,
    body: &Value,
) -> Result<(), Refusal> {
    let Some(node) = node_of(&call.identity) else { return Ok(()) };
    let refuse = |why: &str| Err(forbidden(target, &target.name, why));
    let reference = body.pointer("/spec/boundObjectRef").cloned().unwrap_or_else(|| json!({}));
    let says = |field: &str| text(&reference, &format!("/{field}"));
    if says("apiVersion") != "v1" || says("kind") != "Pod" || says("name").is_empty() {
        return refuse("node requested token not bound to a pod");
    }
    if says("uid").is_empty() {
        return refuse("node requested token with a pod binding without a uid");
    }
    let pod = server.store.get("pods", &target.namespace, says("name")).ok_or_else(|| {
        let of = apimachinery::gvk::GroupResource::new("", "pods");
        Box::new(Status::not_found(&of, says("name")))
    })?;
    if object::uid(&pod) != says("uid") {
        return refuse(&format!(
            "the UID in the bound object reference ({}) does not match the UID in record. The object might have been deleted and then recreated",
            says("uid")
        ));
    }
    if text(&pod, "/spec/nodeName") != node {
        return refuse("node requested token bound to a pod scheduled on a different node");
    }
    audience(server, call, body, &pod).map_err(|why| forbidden(target, &target.name, &why))
}

/// Only audiences that the pod's volumes name.
fn audience(server: &Apiserver, call: &Call, body: &Value, pod: &Value) -> Result<(), String> {
    let wanted = match items(body, "/spec/audiences") {
        [] => "",
        [one] => one.as_str().unwrap_or(""),
        _ => return Err("node may only request 0 or 1 audiences".to_owned()),
    };
    let mut missing = Vec::new();
    for volume in items(pod, "/spec/volumes") {
        let mut tokens = items(volume, "/projected/sources")
            .iter()
            .filter_map(|source| source.get("serviceAccountToken"));
        if tokens.any(|token| text(token, "/audience") == wanted) {
            return Ok(());
        }
        match driver(server, pod, volume) {
            Ok(driver) if asks_for(server, &driver, wanted) => return Ok(()),
            Ok(_) => {}
            Err(claim) => missing.push(format!("persistentvolumeclaim \"{claim}\" not found")),
        }
    }
    match missing.as_slice() {
        [] => Err(format!(
            "audience \"{wanted}\" not found in pod spec volume, {} is not authorized to request tokens for this audience",
            call.identity.username
        )),
        [one] => Err(format!("error validating audience \"{wanted}\": {one}")),
        many => Err(format!("error validating audience \"{wanted}\": [{}]", many.join(", "))),
    }
}

/// The storage driver of a volume; the error is the claim that is not there.
fn driver(server: &Apiserver, pod: &Value, volume: &Value) -> Result<String, String> {
    let named = text(volume, "/persistentVolumeClaim/claimName");
    let claim = if volume.get("ephemeral").is_some_and(Value::is_object) {
        format!("{}-{}", object::name(pod), text(volume, "/name"))
    } else {
        named.to_owned()
    };
    if claim.is_empty() {
        return Ok(text(volume, "/csi/driver").to_owned());
    }
    let namespace = object::namespace(pod);
    let found = server.store.get("persistentvolumeclaims", namespace, &claim);
    let found = found.ok_or(claim)?;
    let volume = server.store.get("persistentvolumes", "", text(&found, "/spec/volumeName"));
    Ok(volume.map_or_else(String::new, |volume| text(&volume, "/spec/csi/driver").to_owned()))
}

/// Whether a storage driver wants tokens for an audience.
fn asks_for(server: &Apiserver, driver: &str, wanted: &str) -> bool {
    let driver = server.store.get("csidrivers.storage.k8s.io", "", driver);
    driver.is_some_and(|driver| {
        items(&driver, "/spec/tokenRequests").iter().any(|one| text(one, "/audience") == wanted)
    })
}
