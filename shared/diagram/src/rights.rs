//! Which rule lets somebody do something: RBAC over the roles and bindings that there are.

use serde_json::Value;

use crate::object;

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wish<'w> {
    /// The user.
    pub user: &'w str,
    /// The user's groups, besides those that everybody has.
    pub groups: &'w [String],
    /// Verb.
    pub verb: &'w str,
    /// Resource as kubectl takes it: `pods`, `deployments.apps`, `deployments.apps/scale`.
    pub resource: &'w str,
    /// Name; empty: any.
    pub name: &'w str,
    /// Namespace; empty for cluster scope.
    pub namespace: &'w str,
}

/// What allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The binding: `RoleBinding dev/new-role-binding`.
    pub binding: String,
    /// Its role: `Role new-role`.
    pub role: String,
    /// The rule of the role; nothing when the role is not among the objects.
    pub rule: Option<String>,
}

/// The first rule that allows a wish, in the order of `plugin/pkg/auth/authorizer/rbac/rbac.go`: bindings of the whole
/// cluster, then those of the namespace. A binding to a role that is not known counts when no rule allows it.
pub fn grant(bindings: &[&Value], roles: &[&Value], wish: &Wish<'_>) -> Option<Grant> {
    let reaches = |binding: &&&Value, kind: &str| {
        object::kind(binding) == kind
            && (kind == "ClusterRoleBinding" || object::namespace(binding) == wish.namespace)
            && is_subject(binding, wish)
    };
    let cluster = bindings.iter().filter(|binding| reaches(binding, "ClusterRoleBinding"));
    let own = bindings.iter().filter(|binding| reaches(binding, "RoleBinding"));
    let mut unknown = None;
    for binding in cluster.chain(own) {
        let (kind, name) =
            (object::text(binding, "/roleRef/kind"), object::text(binding, "/roleRef/name"));
        let role = roles.iter().find(|role| {
            object::kind(role) == kind
                && object::name(role) == name
                && (kind == "ClusterRole" || object::namespace(role) == object::namespace(binding))
        });
        let found = Grant {
            binding: named(binding),
            role: format!("{kind} {name}"),
            rule: role
                .and_then(|role| list(role, "rules").find(|rule| allows(rule, wish)).map(told)),
        };
        if found.rule.is_some() {
            return Some(found);
        }
        if role.is_none() && unknown.is_none() {
            unknown = Some(found);
        }
    }
    unknown
}

fn named(binding: &Value) -> String {
    let (kind, name) = (object::kind(binding), object::name(binding));
    match object::namespace(binding) {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}

/// `pkg/registry/rbac/validation/rule.go appliesToUser`.
fn is_subject(binding: &Value, wish: &Wish<'_>) -> bool {
    let account = wish.user.strip_prefix("system:serviceaccount:");
    list(binding, "subjects").any(|subject| {
        let name = object::text(subject, "/name");
        match object::text(subject, "/kind") {
            "User" => name == wish.user,
            "Group" => {
                let namespace = account.and_then(|account| account.split(':').next());
                name == "system:authenticated"
                    || wish.groups.iter().any(|group| group == name)
                    || (account.is_some() && name == "system:serviceaccounts")
                    || namespace.is_some_and(|namespace| {
                        name.strip_prefix("system:serviceaccounts:") == Some(namespace)
                    })
            }
            "ServiceAccount" => account.is_some_and(|account| {
                account.split_once(':') == Some((object::text(subject, "/namespace"), name))
            }),
            _ => false,
        }
    })
}

/// `pkg/apis/rbac/v1/evaluation_helpers.go` and `rbac.go RuleAllows`.
fn allows(rule: &Value, wish: &Wish<'_>) -> bool {
    let (resource, part) = match wish.resource.split_once('/') {
        Some((resource, part)) => (resource, Some(part)),
        None => (wish.resource, None),
    };
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let whole = part.map_or_else(|| resource.to_owned(), |part| format!("{resource}/{part}"));
    let any_part = part.map(|part| format!("*/{part}"));
    let has = |field: &str, wanted: &str| texts(rule, field).any(|one| one == wanted || one == "*");
    let names: Vec<&str> = texts(rule, "resourceNames").collect();
    has("verbs", wish.verb)
        && has("apiGroups", group)
        && (has("resources", &whole)
            || any_part.is_some_and(|any| texts(rule, "resources").any(|one| one == any)))
        && (names.is_empty() || names.contains(&wish.name))
}

/// A rule in one line, in the words of its fields.
fn told(rule: &Value) -> String {
    let fields = ["verbs", "apiGroups", "resources", "resourceNames"];
    let fields = fields.iter().filter_map(|field| {
        let texts: Vec<&str> =
            texts(rule, field).map(|one| if one.is_empty() { "\"\"" } else { one }).collect();
        (!texts.is_empty()).then(|| format!("{field} [{}]", texts.join(", ")))
    });
    fields.collect::<Vec<_>>().join(" ")
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v str> {
    list(value, field).filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn role(name: &str, rules: Value) -> Value {
        json!({"kind": "Role", "metadata": {"name": name, "namespace": "dev"}, "rules": rules})
    }

    fn binding(kind: &str, role: &str, subject: Value) -> Value {
        let namespace = if kind == "RoleBinding" { "dev" } else { "" };
        json!({
            "kind": kind, "metadata": {"name": format!("{role}-to"), "namespace": namespace},
            "subjects": [subject],
            "roleRef": {"kind": if role == "view" { "ClusterRole" } else { "Role" }, "name": role},
        })
    }

    fn decides(user: &str, verb: &str, resource: &str, namespace: &str) -> String {
        let rules = json!([
            {"verbs": ["*"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["one"]},
            {"verbs": ["get", "list"], "apiGroups": ["apps"], "resources": ["deployments", "*/scale"]},
        ]);
        let roles = [
            role("new-role", rules),
            role("log", json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["*"]}])),
        ];
        let user_a = json!({"kind": "User", "name": "a"});
        let account = json!({"kind": "ServiceAccount", "name": "bot", "namespace": "op"});
        let group = json!({"kind": "Group", "name": "system:serviceaccounts:op"});
        let bindings = [
            binding("RoleBinding", "view", user_a.clone()),
            binding("RoleBinding", "new-role", user_a),
            binding("RoleBinding", "log", account),
            binding("ClusterRoleBinding", "view", group),
        ];
        let wish = Wish { user, verb, resource, namespace, ..Wish::default() };
        let (bindings, roles): (Vec<_>, Vec<_>) =
            (bindings.iter().collect(), roles.iter().collect());
        match grant(&bindings, &roles, &wish) {
            Some(Grant { binding, role, rule }) => {
                format!("{binding} > {role} > {}", rule.as_deref().unwrap_or("?"))
            }
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn the_rule_that_allows_is_found() {
        let rule = "RoleBinding dev/new-role-to > Role new-role > \
                    verbs [get, list] apiGroups [apps] resources [deployments, */scale]";
        assert_eq!(decides("a", "list", "deployments.apps", "dev"), rule);
        assert_eq!(decides("a", "get", "replicasets.apps/scale", "dev"), rule);
        let log = "RoleBinding dev/log-to > Role log > verbs [get] apiGroups [\"\"] resources [*]";
        assert_eq!(decides("system:serviceaccount:op:bot", "get", "pods/log", "dev"), log);
    }

    #[test]
    fn a_role_that_is_not_known_may_allow_and_another_namespace_is_another_one() {
        let view = "RoleBinding dev/view-to > ClusterRole view > ?";
        assert_eq!(decides("a", "list", "pods", "dev"), view, "one name is not all of them");
        assert_eq!(decides("a", "list", "deployments.apps", "op"), "nothing");
        assert_eq!(decides("b", "list", "deployments.apps", "dev"), "nothing");
        let cluster = "ClusterRoleBinding view-to > ClusterRole view > ?";
        assert_eq!(decides("system:serviceaccount:op:else", "get", "pods", ""), cluster);
    }
}
