//! Requests of components: who sends them, and how they look on the wire.

use apimachinery::identity::Identity;
use serde_json::{Value, json};

use super::EventNote;
use crate::fields;

/// A component that writes: its identity, its field manager, and its name in events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// Who the API server sees.
    pub identity: Identity,
    /// `fieldManager` of its writes.
    pub field_manager: &'static str,
    /// `source.component` and `reportingComponent` of its events.
    pub source: String,
    /// `source.host` of its events; empty for components of the control plane.
    pub host: String,
}

impl Component {
    /// A control loop of kube-controller-manager with its own service account.
    pub fn controller(account: &str, source: &str) -> Self {
        let username = format!("system:serviceaccount:kube-system:{account}");
        Self {
            identity: Identity::user(
                &username,
                &["system:serviceaccounts", "system:serviceaccounts:kube-system"],
            ),
            field_manager: "kube-controller-manager",
            source: source.to_owned(),
            host: String::new(),
        }
    }

    /// A control loop of kube-controller-manager that has no account of its own.
    pub fn controller_manager(source: &str) -> Self {
        Self {
            identity: Identity::user("system:kube-controller-manager", &[]),
            field_manager: "kube-controller-manager",
            source: source.to_owned(),
            host: String::new(),
        }
    }

    /// A control loop of an add-on, which runs with a service account of its own.
    pub fn account(namespace: &str, account: &str, field_manager: &'static str) -> Self {
        let username = format!("system:serviceaccount:{namespace}:{account}");
        let groups = ["system:serviceaccounts", &format!("system:serviceaccounts:{namespace}")];
        Self {
            identity: Identity::user(&username, &groups),
            field_manager,
            source: field_manager.to_owned(),
            host: String::new(),
        }
    }

    /// kube-scheduler.
    pub fn scheduler() -> Self {
        Self {
            identity: Identity::user("system:kube-scheduler", &[]),
            field_manager: "kube-scheduler",
            source: "default-scheduler".to_owned(),
            host: String::new(),
        }
    }

    /// The kubelet of a node.
    pub fn kubelet(node: &str) -> Self {
        Self {
            identity: Identity::user(&format!("system:node:{node}"), &["system:nodes"]),
            field_manager: "kubelet",
            source: "kubelet".to_owned(),
            host: node.to_owned(),
        }
    }

    /// The API server itself.
    pub fn api_server() -> Self {
        Self {
            identity: Identity::user("system:apiserver", &["system:masters"]),
            field_manager: "kube-apiserver",
            source: "kube-apiserver".to_owned(),
            host: String::new(),
        }
    }

    /// Whoever installs the cluster (kubeadm): nodes, CoreDNS.
    pub fn installer() -> Self {
        Self {
            identity: Identity::admin(),
            field_manager: "kubeadm",
            source: "kubeadm".to_owned(),
            host: String::new(),
        }
    }
}

/// One request of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    method: &'static str,
    path: String,
    content_type: &'static str,
    body: Value,
    then: Option<EventNote>,
}

impl Write {
    /// Creates `object` in the collection of `resource` (`pods`, `deployments.apps`).
    pub fn create(resource: &str, object: Value) -> Self {
        let path = path_of(resource, fields::namespace(&object), "");
        let path = in_own_version(path, resource, &object);
        Self { method: "POST", path, content_type: "application/json", body: object, then: None }
    }

    /// Creates a subresource (`pods/x/binding`).
    pub fn create_subresource(
        resource: &str,
        object: &Value,
        subresource: &str,
        body: Value,
    ) -> Self {
        let path = path_to(resource, object);
        Self {
            method: "POST",
            path: format!("{path}/{subresource}"),
            content_type: "application/json",
            body,
            then: None,
        }
    }

    /// Replaces `object`.
    pub fn update(resource: &str, object: Value) -> Self {
        let path = path_to(resource, &object);
        Self { method: "PUT", path, content_type: "application/json", body: object, then: None }
    }

    /// Replaces a subresource of `object`, for example its status.
    pub fn update_subresource(resource: &str, object: Value, subresource: &str) -> Self {
        let path = path_to(resource, &object);
        Self {
            method: "PUT",
            path: format!("{path}/{subresource}"),
            content_type: "application/json",
            body: object,
            then: None,
        }
    }

    /// Strategic merge patch; `subresource` may be empty.
    pub fn patch(
        resource: &str,
        namespace: &str,
        name: &str,
        subresource: &str,
        patch: Value,
    ) -> Self {
        let mut path = path_of(resource, namespace, name);
        if !subresource.is_empty() {
            path.push('/');
            path.push_str(subresource);
        }
        Self {
            method: "PATCH",
            path,
            content_type: "application/strategic-merge-patch+json",
            body: patch,
            then: None,
        }
    }

    /// JSON merge patch of an object or of its `subresource` (which may be empty), in the version that the object says.
    pub fn merge_part(resource: &str, object: &Value, subresource: &str, patch: Value) -> Self {
        let mut write = Self::merge_into(resource, object, patch);
        if !subresource.is_empty() {
            write.path = format!("{}/{subresource}", write.path);
        }
        write
    }

    /// JSON merge patch of an object, in the version in which it is stored.
    pub(crate) fn merge_into(resource: &str, object: &Value, patch: Value) -> Self {
        let path = path_to(resource, object);
        Self { path, ..Self::merge(resource, "", "", patch) }
    }

    /// JSON merge patch of the object itself.
    pub fn merge(resource: &str, namespace: &str, name: &str, patch: Value) -> Self {
        Self {
            method: "PATCH",
            path: path_of(resource, namespace, name),
            content_type: "application/merge-patch+json",
            body: patch,
            then: None,
        }
    }

    /// Deletes `object`, and no namesake of it.
    pub fn delete(resource: &str, object: &Value, policy: &str) -> Self {
        let path = path_to(resource, object);
        let body = json!({
            "kind": "DeleteOptions", "apiVersion": "v1",
            "preconditions": {"uid": fields::uid(object)},
            "propagationPolicy": policy,
        });
        Self { method: "DELETE", path, content_type: "application/json", body, then: None }
    }

    /// Deletes a pod at once: what the kubelet does when nothing of it runs any more.
    pub fn delete_now(resource: &str, object: &Value) -> Self {
        let mut write = Self::delete(resource, object, "Background");
        fields::put(&mut write.body, "/gracePeriodSeconds", json!(0));
        write
    }

    /// The same write with an absolute path of its own; for resources outside the table of this module.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    /// The same write, with an event to record when it succeeds. `{name}` in its message is the name of
    /// the object that was written, which a server may have generated.
    #[must_use]
    pub fn then(mut self, note: EventNote) -> Self {
        self.then = Some(note);
        self
    }

    /// The event that follows a success, about the object in the server's answer.
    pub(crate) fn follow_up(&self, answer: Option<&Value>) -> Option<EventNote> {
        let mut note = self.then.clone()?;
        note.message = note.message.replace("{name}", answer.map_or("", fields::name));
        Some(note)
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.method
    }

    /// The path without query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The body.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The request as `component` sends it; `None` if the path is not a valid URI.
    pub(crate) fn request(&self, component: &Component) -> Option<http::Request<Vec<u8>>> {
        let uri = if self.method == "DELETE" {
            self.path.clone()
        } else {
            format!("{}?fieldManager={}", self.path, component.field_manager)
        };
        let mut request = http::Request::builder()
            .method(self.method)
            .uri(uri)
            .header("content-type", self.content_type)
            .header("accept", "application/json")
            .header("user-agent", format!("{}/v1.36.3 (podium)", component.field_manager))
            .body(self.body.to_string().into_bytes())
            .ok()?;
        request.extensions_mut().insert(component.identity.clone());
        Some(request)
    }
}

/// The path of an object, in the version that it says: custom resources have versions of their own.
fn path_to(resource: &str, object: &Value) -> String {
    let path = path_of(resource, fields::namespace(object), fields::name(object));
    in_own_version(path, resource, object)
}

/// A path in the version that the object is written in.
fn in_own_version(path: String, resource: &str, object: &Value) -> String {
    let (own, group) = (fields::text(object, "/apiVersion"), resource.split_once('.'));
    match (group, own.split_once('/')) {
        (Some((_, group)), Some((own_group, own))) if group == own_group => {
            let from = format!("/apis/{group}/{}/", version(group));
            path.replacen(&from, &format!("/apis/{group}/{own}/"), 1)
        }
        _ => path,
    }
}

/// The path of an object or, with an empty name, of a collection.
pub(crate) fn path_of(resource: &str, namespace: &str, name: &str) -> String {
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let mut path = if group.is_empty() {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{group}/{}", version(group))
    };
    if !namespace.is_empty() {
        path.push_str("/namespaces/");
        path.push_str(namespace);
    }
    path.push('/');
    path.push_str(plural);
    if !name.is_empty() {
        path.push('/');
        path.push_str(name);
    }
    path
}

/// The version that components write in.
fn version(group: &str) -> &'static str {
    match group {
        "autoscaling" => "v2",
        "metrics.k8s.io" => "v1beta1",
        _ => "v1",
    }
}

/// An object reference, as events and `targetRef` carry it.
pub fn reference(object: &Value, api_version: &str, kind: &str) -> Value {
    let mut reference = json!({
        "apiVersion": api_version,
        "kind": kind,
        "name": fields::name(object),
        "uid": fields::uid(object),
        "resourceVersion": fields::text(object, "/metadata/resourceVersion"),
    });
    if !fields::namespace(object).is_empty() {
        fields::put(&mut reference, "/namespace", json!(fields::namespace(object)));
    }
    reference
}
