//! The account of a pod: it is there, its token is mounted, its pull secrets are used
//! (`plugin/pkg/admission/serviceaccount/admission.go`).

use apimachinery::names::SUFFIX_ALPHABET;
use apimachinery::object;
use serde_json::{Value, json};

use super::forbidden;
use crate::apiserver::Apiserver;
use crate::apiserver::answer::{Refusal, plain_error};
use crate::apiserver::write::Target;
use crate::fields::{items, put, text};

const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const CONTAINERS: [&str; 2] = ["/spec/initContainers", "/spec/containers"];
const ENFORCED: &str = "/metadata/annotations/kubernetes.io~1enforce-mountable-secrets";

/// Pods of the kubelet itself have no account.
fn is_mirror(pod: &Value) -> bool {
    pod.pointer("/metadata/annotations/kubernetes.io~1config.mirror").is_some()
}

/// Names the account, checks that it is there, and mounts its token.
pub(super) fn admit(
    server: &mut Apiserver,
    target: &Target,
    pod: &mut Value,
) -> Result<(), Refusal> {
    if is_mirror(pod) {
        return check_mirror(target, pod);
    }
    if text(pod, "/spec/serviceAccountName").is_empty() {
        put(pod, "/spec/serviceAccountName", json!("default"));
    }
    let name = text(pod, "/spec/serviceAccountName").to_owned();
    put(pod, "/spec/serviceAccount", json!(name));
    let account = find(server, target, pod)?;
    let wish = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_bool);
    let mounts = wish(pod, "/spec/automountServiceAccountToken")
        .or_else(|| wish(&account, "/automountServiceAccountToken"))
        .unwrap_or(true);
    if mounts {
        mount_token(server, pod);
    }
    let secrets = items(&account, "/imagePullSecrets");
    if items(pod, "/spec/imagePullSecrets").is_empty() && !secrets.is_empty() {
        put(pod, "/spec/imagePullSecrets", Value::Array(secrets.to_vec()));
    }
    if enforces(&account) {
        limit_secrets(&account, pod).map_err(|why| forbidden(target, object::name(pod), &why))?;
    }
    Ok(())
}

/// The secrets of containers that are added to a running pod.
pub(super) fn check_ephemeral(
    server: &Apiserver,
    target: &Target,
    pod: &Value,
) -> Result<(), Refusal> {
    let account = find(server, target, pod)?;
    if !enforces(&account) {
        return Ok(());
    }
    limit_environment(&account, pod, "/spec/ephemeralContainers", "ephemeral container")
        .map_err(plain_error)
}

fn find(
    server: &Apiserver,
    target: &Target,
    pod: &Value,
) -> Result<std::sync::Arc<Value>, Refusal> {
    let (namespace, name) = (target.namespace.as_str(), text(pod, "/spec/serviceAccountName"));
    server.store.get("serviceaccounts", namespace, name).ok_or_else(|| {
        let why = format!(
            "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
        );
        forbidden(target, object::name(pod), &why)
    })
}

/// What a pod that a kubelet reports may not have.
fn check_mirror(target: &Target, pod: &Value) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(forbidden(target, object::name(pod), why));
    if !text(pod, "/spec/serviceAccountName").is_empty() {
        return refuse("a mirror pod may not reference service accounts");
    }
    let volumes = items(pod, "/spec/volumes");
    let projected = || volumes.iter().flat_map(|volume| items(volume, "/projected/sources"));
    let secret = volumes.iter().any(|volume| volume.get("secret").is_some())
        || projected().any(|source| source.get("secret").is_some())
        || !items(pod, "/spec/imagePullSecrets").is_empty()
        || CONTAINERS.iter().flat_map(|list| items(pod, list)).any(|container| {
            items(container, "/envFrom").iter().any(|one| one.get("secretRef").is_some())
                || items(container, "/env")
                    .iter()
                    .any(|one| one.pointer("/valueFrom/secretKeyRef").is_some())
        });
    if secret {
        return refuse("a mirror pod may not reference secrets");
    }
    if projected().any(|source| source.get("serviceAccountToken").is_some()) {
        return refuse("a mirror pod may not use ServiceAccountToken volume projections");
    }
    Ok(())
}

/// `strconv.ParseBool` of the annotation.
fn enforces(account: &Value) -> bool {
    matches!(text(account, ENFORCED), "1" | "t" | "T" | "TRUE" | "true" | "True")
}

fn names(account: &Value, list: &str) -> Vec<String> {
    items(account, list).iter().map(|one| text(one, "/name").to_owned()).collect()
}

/// Only secrets that the account lists.
fn limit_secrets(account: &Value, pod: &Value) -> Result<(), String> {
    let (own, mountable) = (object::name(account), names(account, "/secrets"));
    for volume in items(pod, "/spec/volumes") {
        let Some(secret) = volume.get("secret") else { continue };
        let name = text(secret, "/secretName");
        if !mountable.iter().any(|one| one == name) {
            return Err(format!(
                "volume with secret.secretName=\"{name}\" is not allowed because service account {own} does not reference that secret"
            ));
        }
    }
    limit_environment(account, pod, "/spec/initContainers", "init container")?;
    limit_environment(account, pod, "/spec/containers", "container")?;
    let pulls = names(account, "/imagePullSecrets");
    for (index, secret) in items(pod, "/spec/imagePullSecrets").iter().enumerate() {
        let name = text(secret, "/name");
        if !pulls.iter().any(|one| one == name) {
            return Err(format!(
                "imagePullSecrets[{index}].name=\"{name}\" is not allowed because service account {own} does not reference that imagePullSecret"
            ));
        }
    }
    Ok(())
}

fn limit_environment(account: &Value, pod: &Value, list: &str, what: &str) -> Result<(), String> {
    let (own, mountable) = (object::name(account), names(account, "/secrets"));
    let refuse = |how: String, name: &str| {
        Err(format!(
            "{what} {how} referencing secret.secretName=\"{name}\" is not allowed because service account {own} does not reference that secret"
        ))
    };
    for container in items(pod, list) {
        let container_name = text(container, "/name");
        for variable in items(container, "/env") {
            let Some(secret) = variable.pointer("/valueFrom/secretKeyRef") else { continue };
            let name = text(secret, "/name");
            if !mountable.iter().any(|one| one == name) {
                let how = format!("{container_name} with envVar {}", text(variable, "/name"));
                return refuse(how, name);
            }
        }
        for source in items(container, "/envFrom") {
            let Some(secret) = source.get("secretRef") else { continue };
            let name = text(secret, "/name");
            if !mountable.iter().any(|one| one == name) {
                return refuse(format!("{container_name} with envFrom"), name);
            }
        }
    }
    Ok(())
}

fn mount_token(server: &mut Apiserver, pod: &mut Value) {
    let known = items(pod, "/spec/volumes")
        .iter()
        .map(|volume| text(volume, "/name"))
        .find(|name| name.starts_with("kube-api-access-"))
        .map(str::to_owned);
    let name = known.clone().unwrap_or_else(|| {
        let alphabet = std::str::from_utf8(SUFFIX_ALPHABET).unwrap_or("x");
        format!("kube-api-access-{}", server.suffixes.letters(alphabet, 5))
    });
    let mut used = false;
    for list in CONTAINERS {
        let containers = pod.pointer_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let mut mounts = items(container, "/volumeMounts").to_vec();
            if mounts.iter().any(|mount| text(mount, "/mountPath") == TOKEN_PATH) {
                continue;
            }
            used = true;
            mounts.push(json!({"name": name, "readOnly": true, "mountPath": TOKEN_PATH}));
            put(container, "/volumeMounts", Value::Array(mounts));
        }
    }
    if used && known.is_none() {
        let mut volumes = items(pod, "/spec/volumes").to_vec();
        volumes.push(token_volume(&name));
        put(pod, "/spec/volumes", Value::Array(volumes));
    }
}

fn token_volume(name: &str) -> Value {
    let token = json!({"expirationSeconds": 3607, "path": "token"});
    let authority = json!({
        "name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}],
    });
    let field = json!({"apiVersion": "v1", "fieldPath": "metadata.namespace"});
    let namespace = json!({"items": [{"path": "namespace", "fieldRef": field}]});
    let sources = json!([
        {"serviceAccountToken": token}, {"configMap": authority}, {"downwardAPI": namespace},
    ]);
    json!({"name": name, "projected": {"sources": sources, "defaultMode": 420}})
}
