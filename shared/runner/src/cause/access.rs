//! Why somebody may not do what they should, or may do what they should not.

use notebook::check::{AccessExpectation, AccessRequest};
use notebook::scenario::Persona;
use serde_json::Value;

use crate::{Runner, Said};

const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1";

impl Runner {
    pub(super) async fn cause_of_access(&self, requests: &[AccessExpectation]) -> Option<Said> {
        for expectation in requests {
            let persona = self.persona(Some(&expectation.persona)).ok()?;
            let review = self.review(&persona, &expectation.request).await.ok()?;
            if review.allowed == expectation.allowed {
                continue;
            }
            let request = &expectation.request;
            return if review.allowed {
                self.why_allowed(&persona, request).await
            } else {
                self.why_denied(&persona, request).await
            };
        }
        None
    }

    /// The first RoleBinding of the namespace that gives the permission.
    async fn why_allowed(&self, persona: &Persona, request: &AccessRequest) -> Option<Said> {
        for binding in self.bindings(&request.namespace).await? {
            if !names(&binding, persona) {
                continue;
            }
            let Some(role) = self.role(&binding, &request.namespace).await else { continue };
            if items(role.get("rules")).any(|rule| allows(rule, request)) {
                let said = Said::new("cause-binding-allows").with("binding", text(&binding, NAME));
                return Some(said.with("role", text(&role, NAME)));
            }
        }
        None
    }

    async fn why_denied(&self, persona: &Persona, request: &AccessRequest) -> Option<Said> {
        let namespace = &request.namespace;
        let bindings = self.bindings(namespace).await?;
        let mut roles = Vec::new();
        for binding in bindings.iter().filter(|binding| names(binding, persona)) {
            if let Some(role) = self.role(binding, namespace).await {
                roles.push(role);
            } else {
                let said = Said::new("cause-role-missing");
                let said = said.with("binding", text(binding, NAME));
                return Some(said.with("role", text(binding, "/roleRef/name")));
            }
        }
        if roles.is_empty() {
            return Some(no_binding(&bindings, persona, namespace));
        }
        let mut all =
            roles.iter().flat_map(|role| items(role.get("rules")).map(move |rule| (role, rule)));
        let versioned = all.find_map(|(role, rule)| {
            let group = strings(rule, "apiGroups").find(|group| group.contains('/'))?;
            let wanted = wanted(request);
            (group.split('/').next() == Some(wanted.group)).then_some((role, group))
        });
        if let Some((role, group)) = versioned {
            let said = Said::new("cause-version-in-group").with("role", text(role, NAME));
            let right = group.split('/').next().unwrap_or_default();
            return Some(said.with("group", group).with("right", right));
        }
        let roles: Vec<&str> = roles.iter().map(|role| text(role, NAME)).collect();
        let said = Said::new("cause-no-rule-allows").with("roles", roles.join(", "));
        Some(said.with("verb", &request.verb).with("resource", &request.resource))
    }

    async fn bindings(&self, namespace: &str) -> Option<Vec<Value>> {
        if namespace.is_empty() {
            return self.client.list(&format!("{RBAC}/clusterrolebindings")).await.ok();
        }
        self.client.list(&format!("{RBAC}/namespaces/{namespace}/rolebindings")).await.ok()
    }

    async fn role(&self, binding: &Value, namespace: &str) -> Option<Value> {
        let name = text(binding, "/roleRef/name");
        let path = match text(binding, "/roleRef/kind") {
            "ClusterRole" => format!("{RBAC}/clusterroles/{name}"),
            _ => format!("{RBAC}/namespaces/{namespace}/roles/{name}"),
        };
        self.client.get(&path).await.ok()
    }
}

const NAME: &str = "/metadata/name";

/// No binding names the persona; perhaps one does with another case.
fn no_binding(bindings: &[Value], persona: &Persona, namespace: &str) -> Said {
    for binding in bindings {
        let near = items(binding.get("subjects"))
            .map(|subject| text(subject, "/name"))
            .find(|name| *name != persona.user && name.eq_ignore_ascii_case(&persona.user));
        if let Some(name) = near {
            let said = Said::new("cause-name-case").with("binding", text(binding, NAME));
            return said.with("found", name).with("expected", &persona.user);
        }
    }
    Said::new("cause-no-binding").with("user", &persona.user).with("namespace", namespace)
}

fn names(binding: &Value, persona: &Persona) -> bool {
    items(binding.get("subjects")).any(|subject| {
        let name = text(subject, "/name");
        match text(subject, "/kind") {
            "User" => name == persona.user,
            "Group" => {
                name == "system:authenticated" || persona.groups.iter().any(|group| group == name)
            }
            _ => false,
        }
    })
}

struct Wanted<'a> {
    group: &'a str,
    resource: String,
}

fn wanted(request: &AccessRequest) -> Wanted<'_> {
    let (resource, subresource) =
        request.resource.split_once('/').unwrap_or((&request.resource, ""));
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let resource = match subresource {
        "" => resource.to_owned(),
        subresource => format!("{resource}/{subresource}"),
    };
    Wanted { group, resource }
}

/// Whether a rule allows a request (`pkg/apis/rbac/v1/evaluation_helpers.go`).
fn allows(rule: &Value, request: &AccessRequest) -> bool {
    let wanted = wanted(request);
    let has =
        |key: &str, value: &str| strings(rule, key).any(|listed| listed == "*" || listed == value);
    let named = strings(rule, "resourceNames").next().is_none()
        || strings(rule, "resourceNames").any(|name| name == request.name);
    has("verbs", &request.verb)
        && has("apiGroups", wanted.group)
        && has("resources", &wanted.resource)
        && named
}

fn strings<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v str> {
    items(value.get(key)).filter_map(Value::as_str)
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
