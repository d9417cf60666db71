//! What HyperAuth tells the operator: a new user gets the first rights, and loses them when he goes
//! (`UserHandler.java`, `POST` and `DELETE /user?userId=`).

use cluster::addon::Aggregation;
use cluster::event_loop::{Component, Controller, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{claim, hyperauth, operator};

const BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";

/// The control loop.
pub(super) struct Users;

impl Controller for Users {
    fn name(&self) -> &'static str {
        "hypercloud-user"
    }

    fn component(&self) -> Component {
        operator::component()
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        operator::keys(store, change, hyperauth::RESOURCE)
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, seen: &Aggregation<'_>, key: &Key) -> Plan {
        let mut plan = Plan::nothing();
        let runs = operator::runs(seen.store, operator::NAMESPACE, operator::OPERATOR);
        if key.namespace != hyperauth::NAMESPACE || !runs {
            return plan;
        }
        let known = seen.memory.as_str().unwrap_or_default();
        let user = seen.store.get(hyperauth::RESOURCE, &key.namespace, &key.name);
        let user = user.filter(|user| hyperauth::registered(user));
        let name = user.as_deref().map_or("", |user| fields::text(user, "/spec/user/username"));
        if known == name {
            return plan;
        }
        if let Some(binding) = seen.store.get(BINDINGS, "", known) {
            plan.writes.push(Write::delete(BINDINGS, &binding, "Background"));
        }
        if name.is_empty() {
            plan.remember = Some(Value::Null);
            return plan;
        }
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": name },
            "subjects": [claim::subject(name)],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "clusterrole-new-user",
            },
        });
        plan.writes.push(Write::create(BINDINGS, binding));
        plan.remember = Some(json!(name));
        plan
    }
}
