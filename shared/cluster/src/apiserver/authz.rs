//! Who may do what: RBAC as `plugin/pkg/auth/authorizer/rbac/rbac.go`, and before it the Node authorizer for
//! kubelets. `system:masters` may do everything.

mod node;

pub(crate) use self::node::node_of;

use apimachinery::gvk::GroupResource;
use apimachinery::identity::Identity;
use apimachinery::request::RequestInfo;
use apimachinery::status::{Status, StatusDetails};
use serde_json::Value;

use super::answer::Refusal;
use crate::fields::{items, text};
use crate::store::Store;

const CLUSTER_ROLES: &str = "clusterroles.rbac.authorization.k8s.io";
const CLUSTER_ROLE_BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";
const ROLES: &str = "roles.rbac.authorization.k8s.io";
const ROLE_BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Set for requests that are not about resources.
    pub(crate) path: String,
    pub(crate) field_selector: String,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
}

impl Attributes {
    /// Of a request.
    pub(crate) fn of(info: &RequestInfo) -> Self {
        Self {
            verb: info.verb.clone(),
            group: info.api_group.clone(),
            resource: info.resource.clone(),
            subresource: info.subresource.clone(),
            namespace: info.namespace.clone(),
            name: info.name.clone(),
            path: if info.is_resource { String::new() } else { info.path.clone() },
            field_selector: info.query.get("fieldSelector").cloned().unwrap_or_default(),
        }
    }

    fn full_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// 403 in the words of `apiserver/pkg/endpoints/handlers/responsewriters/errors.go`.
    pub(crate) fn refusal(&self, who: &Identity, reason: &str) -> Refusal {
        let user = &who.username;
        let tail = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        if !self.path.is_empty() {
            let message = format!(
                "forbidden: User \"{user}\" cannot {} path \"{}\"{tail}",
                self.verb, self.path
            );
            let details = StatusDetails::default();
            return Box::new(Status::failure(403, "Forbidden", message).with_details(details));
        }
        let place = if self.namespace.is_empty() {
            " at the cluster scope".to_owned()
        } else {
            format!(" in the namespace \"{}\"", self.namespace)
        };
        let why = format!(
            "User \"{user}\" cannot {} resource \"{}\" in API group \"{}\"{place}{tail}",
            self.verb,
            self.full_resource(),
            self.group
        );
        let resource = GroupResource::new(&self.group, &self.resource);
        Box::new(Status::forbidden(&resource, &self.name, &why))
    }
}

fn has(rule: &Value, list: &str, wanted: &str) -> bool {
    items(rule, list)
        .iter()
        .any(|item| matches!(item.as_str(), Some(found) if found == "*" || found == wanted))
}

fn resource_matches(rule: &Value, asked: &Attributes) -> bool {
    let is_full = |found: &str| match found.strip_prefix(asked.resource.as_str()) {
        Some("") => asked.subresource.is_empty(),
        Some(rest) => {
            !asked.subresource.is_empty() && rest.strip_prefix('/') == Some(&asked.subresource)
        }
        None => false,
    };
    items(rule, "/resources").iter().filter_map(Value::as_str).any(|found| {
        found == "*"
            || is_full(found)
            || (!asked.subresource.is_empty()
                && found.strip_prefix("*/") == Some(asked.subresource.as_str()))
    })
}

/// Whether one rule allows what is asked.
pub(crate) fn rule_allows(rule: &Value, asked: &Attributes) -> bool {
    if !has(rule, "/verbs", &asked.verb) {
        return false;
    }
    if !asked.path.is_empty() {
        return items(rule, "/nonResourceURLs").iter().filter_map(Value::as_str).any(|url| {
            url == asked.path
                || url.strip_suffix('*').is_some_and(|head| asked.path.starts_with(head))
        });
    }
    let names = items(rule, "/resourceNames");
    has(rule, "/apiGroups", &asked.group)
        && resource_matches(rule, asked)
        && (names.is_empty() || names.iter().any(|name| name.as_str() == Some(&asked.name)))
}

/// A binding that concerns somebody, with the subject that names him and the role.
struct Grant<'a> {
    kind: &'static str,
    binding: &'a Value,
    subject: &'a Value,
    role: &'a Value,
}

impl Grant<'_> {
    fn rules(&self) -> &[Value] {
        items(self.role, "/rules")
    }

    /// What is told of a grant that allows something.
    fn reason(&self, namespace: &str) -> String {
        let name = text(self.binding, "/metadata/name");
        let shown = if self.kind == "RoleBinding" {
            format!("{name}/{namespace}")
        } else {
            name.to_owned()
        };
        let role_kind = text(self.binding, "/roleRef/kind");
        let role = text(self.binding, "/roleRef/name");
        let name = said(self.subject, "name");
        let subject = match said(self.subject, "kind") {
            "ServiceAccount" => {
                let own = text(self.binding, "/metadata/namespace");
                let given = said(self.subject, "namespace");
                format!("ServiceAccount \"{name}/{}\"", if given.is_empty() { own } else { given })
            }
            kind => format!("{kind} \"{name}\""),
        };
        let kind = self.kind;
        format!("RBAC: allowed by {kind} \"{shown}\" of {role_kind} \"{role}\" to {subject}")
    }
}

/// A member that is a text.
fn said<'a>(object: &'a Value, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The subject of a binding that names somebody.
fn subject_of<'a>(binding: &'a Value, who: &Identity) -> Option<&'a Value> {
    items(binding, "/subjects").iter().find(|subject| {
        let name = said(subject, "name");
        match said(subject, "kind") {
            "User" => who.username == name,
            "Group" => who.groups.iter().any(|group| group == name),
            "ServiceAccount" => {
                let account = who.username.strip_prefix("system:serviceaccount:");
                let of_name =
                    account.and_then(|account| account.strip_suffix(name)?.strip_suffix(':'));
                of_name.is_some_and(|own| {
                    let given = said(subject, "namespace");
                    let home = text(binding, "/metadata/namespace");
                    !own.is_empty() && own == if given.is_empty() { home } else { given }
                })
            }
            _ => false,
        }
    })
}

/// Calls `visit` with every grant of somebody until it says stop; returns what went wrong on the way.
fn visit_grants(
    store: &Store,
    who: &Identity,
    namespace: &str,
    visit: &mut dyn FnMut(&Grant<'_>) -> bool,
) -> Vec<String> {
    let mut errors = Vec::new();
    let everywhere = store.objects(CLUSTER_ROLE_BINDINGS);
    let here = store.objects(ROLE_BINDINGS);
    let here = here.within(Some(namespace)).filter(|_| !namespace.is_empty());
    let bindings = everywhere.within(None).map(|binding| ("ClusterRoleBinding", binding));
    for (kind, binding) in bindings.chain(here.map(|binding| ("RoleBinding", binding))) {
        let Some(subject) = subject_of(binding, who) else { continue };
        let (role_kind, role) = (text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
        let found = if role_kind == "ClusterRole" {
            store.get(CLUSTER_ROLES, "", role)
        } else {
            store.get(ROLES, namespace, role)
        };
        let Some(found) = found else {
            let kind = role_kind.to_lowercase();
            errors.push(format!("{kind}.rbac.authorization.k8s.io \"{role}\" not found"));
            continue;
        };
        if visit(&Grant { kind, binding, subject, role: &found }) {
            return errors;
        }
    }
    errors
}

/// Whether somebody may do something.
pub(crate) fn authorize(store: &Store, who: &Identity, asked: &Attributes) -> Decision {
    if who.groups.iter().any(|group| group == "system:masters") {
        return Decision { allowed: true, reason: String::new() };
    }
    let by_node = node_of(who).map(|node| node::authorize(store, node, asked));
    if let Some(decision) = by_node.as_ref().filter(|decision| decision.allowed) {
        return decision.clone();
    }
    let mut decision = by_rules(store, who, asked);
    // `authorizer/union/union.go`: reasons one below the other.
    if let Some(reason) =
        by_node.map(|one| one.reason).filter(|it| !decision.allowed && !it.is_empty())
    {
        let own = std::mem::take(&mut decision.reason);
        decision.reason = if own.is_empty() { reason } else { format!("{reason}\n{own}") };
    }
    decision
}

fn by_rules(store: &Store, who: &Identity, asked: &Attributes) -> Decision {
    let mut allowed = None;
    let errors = visit_grants(store, who, &asked.namespace, &mut |grant| {
        if grant.rules().iter().any(|rule| rule_allows(rule, asked)) {
            allowed = Some(grant.reason(&asked.namespace));
        }
        allowed.is_some()
    });
    match allowed {
        Some(reason) => Decision { allowed: true, reason },
        None if errors.is_empty() => Decision::default(),
        None => {
            let list = match errors.as_slice() {
                [one] => one.clone(),
                many => format!("[{}]", many.join(", ")),
            };
            Decision { allowed: false, reason: format!("RBAC: {list}") }
        }
    }
}

/// All rules that somebody has in a namespace (empty: at cluster scope), and what went wrong.
pub(crate) fn rules_of(
    store: &Store,
    who: &Identity,
    namespace: &str,
) -> (Vec<Value>, Vec<String>) {
    let mut rules = Vec::new();
    let errors = visit_grants(store, who, namespace, &mut |grant| {
        rules.extend_from_slice(grant.rules());
        false
    });
    (rules, errors)
}

/// The rules of the role that a binding refers to.
pub(crate) fn referenced_rules(store: &Store, binding: &Value) -> Result<Vec<Value>, Refusal> {
    let (kind, name) = (text(binding, "/roleRef/kind"), text(binding, "/roleRef/name"));
    let namespace = text(binding, "/metadata/namespace");
    let (key, namespace) =
        if kind == "ClusterRole" { (CLUSTER_ROLES, "") } else { (ROLES, namespace) };
    let role = store.get(key, namespace, name);
    let role = role.ok_or_else(|| Box::new(Status::not_found(&GroupResource::parse(key), name)))?;
    Ok(items(&role, "/rules").to_vec())
}
