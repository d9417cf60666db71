//! What kubelets may (`plugin/pkg/auth/authorizer/node/node_authorizer.go`): what concerns their node and the pods
//! that are bound to it.

use apimachinery::identity::Identity;
use serde_json::Value;

use super::{Attributes, Decision, rule_allows};
use crate::fields::{items, text};
use crate::store::Store;

/// The node whose kubelet somebody is (`nodeidentifier/default.go`).
pub(crate) fn node_of(who: &Identity) -> Option<&str> {
    let node = who.username.strip_prefix("system:node:")?;
    who.groups.iter().any(|group| group == "system:nodes").then_some(node)
}

/// The answer to a kubelet; a reason without leave is heard beside that of others.
pub(super) fn authorize(store: &Store, node: &str, asked: &Attributes) -> Decision {
    match decide(store, node, asked) {
        Ok(()) => Decision { allowed: true, reason: String::new() },
        Err(reason) => Decision { allowed: false, reason },
    }
}

fn deny<T>(why: &str) -> Result<T, String> {
    Err(why.to_owned())
}

fn decide(store: &Store, node: &str, asked: &Attributes) -> Result<(), String> {
    let known = Known { store, node, asked };
    if !asked.path.is_empty() {
        return known.by_rules();
    }
    match (asked.group.as_str(), asked.resource.as_str()) {
        ("", "secrets" | "configmaps") => known.read_namespaced(),
        ("", "persistentvolumeclaims") if asked.subresource == "status" => {
            known.verbs(&["update", "patch"], "can only get/update/patch this type")?;
            known.related()
        }
        ("", "persistentvolumeclaims" | "persistentvolumes")
        | ("resource.k8s.io", "resourceclaims")
        | ("storage.k8s.io", "volumeattachments") => known.get(),
        ("", "serviceaccounts") => known.account(),
        ("coordination.k8s.io", "leases") => known.lease(),
        ("storage.k8s.io", "csinodes") => known.csi_node(),
        ("resource.k8s.io", "resourceslices") => known.slice(),
        ("", "nodes") => known.nodes(),
        ("", "pods") => known.pods(),
        _ => known.by_rules(),
    }
}

/// A question of a kubelet, and what the answer depends on.
struct Known<'a> {
    store: &'a Store,
    node: &'a str,
    asked: &'a Attributes,
}

impl Known<'_> {
    /// `bootstrappolicy.NodeRules`, which the ClusterRole `system:node` repeats.
    fn by_rules(&self) -> Result<(), String> {
        let role = self.store.get(super::CLUSTER_ROLES, "", "system:node");
        let rules = role.iter().flat_map(|role| items(role, "/rules"));
        if rules.into_iter().any(|rule| rule_allows(rule, self.asked)) { Ok(()) } else { deny("") }
    }

    fn verbs(&self, allowed: &[&str], otherwise: &str) -> Result<(), String> {
        if allowed.contains(&self.asked.verb.as_str()) { Ok(()) } else { deny(otherwise) }
    }

    fn no_subresource(&self, otherwise: &str) -> Result<(), String> {
        if self.asked.subresource.is_empty() { Ok(()) } else { deny(otherwise) }
    }

    fn read_namespaced(&self) -> Result<(), String> {
        self.verbs(&["get", "list", "watch"], "can only read resources of this type")?;
        self.no_subresource("cannot read subresource")?;
        if self.asked.namespace.is_empty() {
            return deny("can only read namespaced object of this type");
        }
        self.related()
    }

    fn get(&self) -> Result<(), String> {
        self.verbs(&["get"], "can only get individual resources of this type")?;
        self.no_subresource("cannot get subresource")?;
        self.related()
    }

    fn account(&self) -> Result<(), String> {
        let asked = self.asked;
        if asked.verb == "get" && asked.subresource.is_empty() {
            return self.read_namespaced();
        }
        if asked.verb != "create" || asked.name.is_empty() {
            return deny("can only create tokens for individual service accounts");
        }
        if asked.subresource != "token" {
            return deny("can only create token subresource of serviceaccount");
        }
        self.related()
    }

    fn lease(&self) -> Result<(), String> {
        let asked = self.asked;
        let all = ["get", "create", "update", "patch", "delete"];
        self.verbs(&all, "can only get, create, update, patch, or delete a node lease")?;
        if asked.namespace != "kube-node-lease" {
            return deny("can only access leases in the \"kube-node-lease\" system namespace");
        }
        if asked.verb != "create" && asked.name != self.node {
            return deny("can only access node lease with the same name as the requesting node");
        }
        Ok(())
    }

    fn csi_node(&self) -> Result<(), String> {
        let asked = self.asked;
        let all = ["get", "create", "update", "patch", "delete"];
        self.verbs(&all, "can only get, create, update, patch, or delete a CSINode")?;
        self.no_subresource("cannot authorize CSINode subresources")?;
        if asked.verb != "create" && asked.name != self.node {
            return deny("can only access CSINode with the same name as the requesting node");
        }
        Ok(())
    }

    fn slice(&self) -> Result<(), String> {
        self.no_subresource("cannot authorize ResourceSlice subresources")?;
        match self.asked.verb.as_str() {
            "create" => Ok(()),
            "get" | "update" | "patch" | "delete" => self.related(),
            "watch" | "list" | "deletecollection" if self.selects("spec.nodeName") => Ok(()),
            "watch" | "list" | "deletecollection" => deny(
                "can only list/watch/deletecollection resourceslices with nodeName field selector",
            ),
            _ => deny(
                "only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection",
            ),
        }
    }

    fn nodes(&self) -> Result<(), String> {
        let (asked, node) = (self.asked, self.node);
        match (asked.subresource.as_str(), asked.verb.as_str()) {
            ("", "create" | "update" | "patch") | ("status", "update" | "patch") => Ok(()),
            ("", "get" | "list" | "watch") => match asked.name.as_str() {
                name if name == node => Ok(()),
                "" => Err(format!("node '{node}' cannot read all nodes, only its own Node object")),
                name => {
                    Err(format!("node '{node}' cannot read '{name}', only its own Node object"))
                }
            },
            _ => deny(""),
        }
    }

    fn pods(&self) -> Result<(), String> {
        let asked = self.asked;
        match (asked.subresource.as_str(), asked.verb.as_str()) {
            ("", "get") => self.get(),
            ("", "list" | "watch") if self.selects("spec.nodeName") => Ok(()),
            ("", "list" | "watch") if !asked.name.is_empty() => self.related(),
            ("", "list" | "watch") => {
                deny("can only list/watch pods with spec.nodeName field selector")
            }
            ("", "create" | "delete") | ("status", "update" | "patch") | ("eviction", "create") => {
                Ok(())
            }
            _ => deny(""),
        }
    }

    /// Whether the field selector picks what belongs to the node.
    fn selects(&self, field: &str) -> bool {
        self.asked.field_selector.split(',').any(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            name == field && value.trim_start_matches('=') == self.node
        })
    }

    /// Whether a pod of the node has to do with the object.
    fn related(&self) -> Result<(), String> {
        if self.asked.name.is_empty() {
            return deny("No Object name found");
        }
        if self.has_path() {
            return Ok(());
        }
        Err(format!("no relationship found between node '{}' and this object", self.node))
    }

    fn has_path(&self) -> bool {
        let (asked, name) = (self.asked, self.asked.name.as_str());
        let claims_of = |pod: &Value, name: &str| claims(pod).iter().any(|one| one == name);
        match asked.resource.as_str() {
            "pods" => self.pods_of_node().any(|pod| text(&pod, "/metadata/name") == name),
            "secrets" => self
                .pods_of_node()
                .any(|pod| uses(&pod, SECRETS, "secretRef", "secretKeyRef", name)),
            "configmaps" => self
                .pods_of_node()
                .any(|pod| uses(&pod, CONFIG_MAPS, "configMapRef", "configMapKeyRef", name)),
            "serviceaccounts" => {
                self.pods_of_node().any(|pod| text(&pod, "/spec/serviceAccountName") == name)
            }
            "persistentvolumeclaims" => self.pods_of_node().any(|pod| claims_of(&pod, name)),
            "persistentvolumes" => {
                let volume = self.store.get("persistentvolumes", "", name);
                volume.is_some_and(|volume| {
                    let claim = text(&volume, "/spec/claimRef/name");
                    let namespace = text(&volume, "/spec/claimRef/namespace");
                    self.pods_in(namespace).any(|pod| claims_of(&pod, claim))
                })
            }
            "volumeattachments" => {
                let found = self.store.get("volumeattachments.storage.k8s.io", "", name);
                found.is_some_and(|one| text(&one, "/spec/nodeName") == self.node)
            }
            "resourceclaims" => self.pods_of_node().any(|pod| {
                let made = items(&pod, "/status/resourceClaimStatuses").iter();
                let named = items(&pod, "/spec/resourceClaims").iter();
                made.chain(named).any(|one| text(one, "/resourceClaimName") == name)
            }),
            "resourceslices" => {
                let found = self.store.get("resourceslices.resource.k8s.io", "", name);
                found.is_some_and(|one| text(&one, "/spec/nodeName") == self.node)
            }
            _ => false,
        }
    }

    fn pods_in(&self, namespace: &str) -> impl Iterator<Item = std::sync::Arc<Value>> {
        let all = self.store.list("pods", Some(namespace)).into_iter();
        all.filter(|pod| text(pod, "/spec/nodeName") == self.node)
    }

    fn pods_of_node(&self) -> impl Iterator<Item = std::sync::Arc<Value>> {
        self.pods_in(&self.asked.namespace)
    }
}

/// Where volumes name secrets (`pkg/api/v1/pod/util.go VisitPodSecretNames`).
const SECRETS: &[&str] = &[
    "/secret/secretName",
    "/azureFile/secretName",
    "/cephfs/secretRef/name",
    "/cinder/secretRef/name",
    "/flexVolume/secretRef/name",
    "/rbd/secretRef/name",
    "/scaleIO/secretRef/name",
    "/iscsi/secretRef/name",
    "/storageos/secretRef/name",
    "/csi/nodePublishSecretRef/name",
];
/// Where volumes name ConfigMaps.
const CONFIG_MAPS: &[&str] = &["/configMap/name"];

/// Whether a pod names a Secret or ConfigMap.
fn uses(pod: &Value, in_volumes: &[&str], from: &str, key: &str, name: &str) -> bool {
    let projected = if from == "secretRef" { "/secret/name" } else { "/configMap/name" };
    let volumes = items(pod, "/spec/volumes").iter().any(|volume| {
        in_volumes.iter().any(|pointer| text(volume, pointer) == name)
            || items(volume, "/projected/sources")
                .iter()
                .any(|source| text(source, projected) == name)
    });
    let pulls = from == "secretRef"
        && items(pod, "/spec/imagePullSecrets").iter().any(|one| text(one, "/name") == name);
    let lists = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];
    let mut containers = lists.iter().flat_map(|list| items(pod, list));
    volumes
        || pulls
        || containers.any(|container| {
            items(container, "/envFrom")
                .iter()
                .any(|one| text(one, &format!("/{from}/name")) == name)
                || items(container, "/env")
                    .iter()
                    .any(|one| text(one, &format!("/valueFrom/{key}/name")) == name)
        })
}

/// The claims of a pod, those that are made for it included.
fn claims(pod: &Value) -> Vec<String> {
    let volumes = items(pod, "/spec/volumes").iter();
    let claim = |volume: &Value| {
        let named = text(volume, "/persistentVolumeClaim/claimName");
        if !named.is_empty() {
            return Some(named.to_owned());
        }
        let own = volume.get("ephemeral").is_some_and(Value::is_object);
        own.then(|| format!("{}-{}", text(pod, "/metadata/name"), text(volume, "/name")))
    };
    volumes.filter_map(claim).collect()
}
