//! The request that a policy looks at (`admission/plugin/cel/condition.go CreateAdmissionRequest`).

use apimachinery::decode::read_json;
use apimachinery::object;
use serde_json::{Map, Value, json};

use super::super::authz::{self, Attributes};
use super::super::call::Call;
use super::super::write::Target;
use super::super::{Apiserver, authn};
use crate::expressions::{Authority, Question};

/// A request on its way through admission.
pub(crate) struct Admitted<'a> {
    pub(super) call: &'a Call,
    pub(super) target: &'a Target,
    pub(super) operation: &'static str,
    pub(super) old: Option<&'a Value>,
}

/// Resources that no policy may look at (`admission/exclusion/resources.go`).
const EXCLUDED: [&str; 12] = [
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "tokenreviews.authentication.k8s.io",
    "selfsubjectreviews.authentication.k8s.io",
    "localsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectaccessreviews.authorization.k8s.io",
    "selfsubjectrulesreviews.authorization.k8s.io",
    "subjectaccessreviews.authorization.k8s.io",
];

impl<'a> Admitted<'a> {
    /// A write; without an old object it creates.
    pub(crate) fn write(call: &'a Call, target: &'a Target, old: Option<&'a Value>) -> Self {
        let operation = if old.is_some() { "UPDATE" } else { "CREATE" };
        Self { call, target, operation, old }
    }

    /// A deletion.
    pub(crate) fn delete(call: &'a Call, target: &'a Target, old: &'a Value) -> Self {
        Self { call, target, operation: "DELETE", old: Some(old) }
    }

    /// A connection through a subresource.
    pub(crate) fn connect(call: &'a Call, target: &'a Target) -> Self {
        Self { call, target, operation: "CONNECT", old: None }
    }

    pub(super) fn excluded(&self) -> bool {
        EXCLUDED.contains(&self.target.key.as_str())
    }

    pub(super) fn plural(&self) -> &str {
        self.target.key.split('.').next().unwrap_or_default()
    }

    /// The name, as admission knows it.
    pub(crate) fn name(&self, new: Option<&'a Value>) -> &str {
        // Who deletes a collection names nothing.
        if !self.target.name.is_empty() || self.operation == "DELETE" {
            return &self.target.name;
        }
        new.or(self.old).map_or("", object::name)
    }

    /// The `request` of expressions.
    pub(crate) fn request(&self, new: Option<&'a Value>) -> Value {
        let gvk = &self.target.gvk;
        let kind = json!({"group": gvk.group, "version": gvk.version, "kind": gvk.kind});
        let resource = json!({
            "group": gvk.group, "version": gvk.version, "resource": self.plural(),
        });
        let who = &self.call.identity;
        let mut user = Map::new();
        user.insert("username".to_owned(), json!(who.username));
        if !who.uid.is_empty() {
            user.insert("uid".to_owned(), json!(who.uid));
        }
        if !who.groups.is_empty() {
            user.insert("groups".to_owned(), json!(who.groups));
        }
        if !who.extra.is_empty() {
            user.insert("extra".to_owned(), json!(who.extra));
        }
        let mut request = json!({
            "uid": "", "kind": kind, "resource": resource, "requestKind": kind,
            "requestResource": resource, "operation": self.operation, "userInfo": user,
            "dryRun": self.dry_run(), "options": self.options(),
        });
        let optional = [
            ("name", self.name(new)),
            ("namespace", self.namespace(new)),
            ("subResource", self.target.subresource.as_str()),
            ("requestSubResource", self.target.subresource.as_str()),
        ];
        for (field, value) in optional.into_iter().filter(|(_, value)| !value.is_empty()) {
            if let Some(map) = request.as_object_mut() {
                map.insert(field.to_owned(), json!(value));
            }
        }
        request
    }

    /// The namespace of the attributes, which is that of a namespace itself, too.
    pub(super) fn namespace(&self, new: Option<&'a Value>) -> &str {
        if self.target.key == "namespaces" { self.name(new) } else { &self.target.namespace }
    }

    fn options(&self) -> Value {
        let kind = match self.operation {
            "CREATE" => "CreateOptions",
            "DELETE" => return self.delete_options(),
            "CONNECT" => return Value::Null,
            // A patch is an update by then (`handlers/patch.go patchToUpdateOptions`).
            _ => "UpdateOptions",
        };
        let mut options = json!({"kind": kind, "apiVersion": "meta.k8s.io/v1"});
        for field in ["fieldManager", "fieldValidation"] {
            let given = self.call.param(field);
            if !given.is_empty() {
                crate::fields::put(&mut options, &format!("/{field}"), json!(given));
            }
        }
        if self.dry_run() {
            crate::fields::put(&mut options, "/dryRun", json!(["All"]));
        }
        options
    }

    /// Whether nothing is written; who deletes may say so in the body.
    pub(crate) fn dry_run(&self) -> bool {
        let in_body = || {
            let (body, _) = read_json(&self.call.body).unwrap_or_default();
            body.get("dryRun").is_some_and(|given| *given == json!(["All"]))
        };
        self.call.dry_run() || self.operation == "DELETE" && in_body()
    }

    fn delete_options(&self) -> Value {
        let mut options = json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/v1"});
        let (body, _) = read_json(&self.call.body).unwrap_or_default();
        for field in [
            "gracePeriodSeconds",
            "preconditions",
            "orphanDependents",
            "propagationPolicy",
            "dryRun",
        ] {
            if let Some(given) = body.get(field).filter(|given| !given.is_null()) {
                crate::fields::put(&mut options, &format!("/{field}"), given.clone());
            }
        }
        if self.dry_run() {
            crate::fields::put(&mut options, "/dryRun", json!(["All"]));
        }
        options
    }
}

/// `CreateNamespaceObject`: what expressions see of a namespace.
pub(super) fn namespace_object(namespace: &Value) -> Value {
    let mut shown = json!({});
    for field in [
        "name",
        "generateName",
        "namespace",
        "labels",
        "annotations",
        "uid",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "resourceVersion",
        "finalizers",
    ] {
        if let Some(one) = namespace.pointer(&format!("/metadata/{field}")) {
            crate::fields::put(&mut shown, &format!("/metadata/{field}"), one.clone());
        }
    }
    for field in ["spec", "status"] {
        if let Some(one) = namespace.get(field) {
            crate::fields::put(&mut shown, &format!("/{field}"), one.clone());
        }
    }
    shown
}

/// The authorizer, for the user of a request.
pub(super) struct Asking<'a> {
    pub(super) server: &'a Apiserver,
    pub(super) call: &'a Call,
}

impl Authority for Asking<'_> {
    fn decide(&self, question: &Question<'_>) -> (bool, String) {
        let other = question
            .service_account
            .as_ref()
            .map(|(namespace, name)| authn::service_account(namespace, name, ""));
        let who = other.as_ref().unwrap_or(&self.call.identity);
        let asked = Attributes {
            verb: question.verb.to_owned(),
            group: question.group.to_owned(),
            resource: question.resource.to_owned(),
            subresource: question.subresource.to_owned(),
            namespace: question.namespace.to_owned(),
            name: question.name.to_owned(),
            path: question.path.to_owned(),
            ..Attributes::default()
        };
        let decision = authz::authorize(&self.server.store, who, &asked);
        (decision.allowed, decision.reason)
    }
}
