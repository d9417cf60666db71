//! `componentstatuses`: nothing that is stored, but what the other components say when they are asked
//! (`pkg/registry/core/componentstatus/rest.go`).

use apimachinery::gvk::GroupResource;
use apimachinery::object;
use apimachinery::status::Status;
use serde_json::{Value, json};

use super::Apiserver;
use super::answer::{Refusal, Reply};
use super::call::Call;
use super::read::{Selection, listed};
use super::write::Target;
use crate::config::Controllers;
use crate::store::Object;

/// Its plural.
pub(super) const PLURAL: &str = "componentstatuses";
const DEPRECATED: &str = "v1 ComponentStatus is deprecated in v1.19+";

/// Which of the components run beside the API server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Running {
    scheduler: bool,
    manager: bool,
}

impl Running {
    pub(super) fn of(controllers: &Controllers) -> Self {
        let only = |is: fn(&str) -> bool| match controllers {
            Controllers::All => true,
            Controllers::None => false,
            Controllers::Only(names) => names.iter().any(|name| is(name)),
        };
        let scheduler = only(|name| name == "scheduler");
        Self { scheduler, manager: only(|name| !matches!(name, "scheduler" | "kubelet")) }
    }

    /// In upstream's words: nobody listens where a component that does not run would.
    fn all(self) -> [Value; 3] {
        let port = |runs: bool, port: u16| {
            if runs {
                return ("True", "ok".to_owned());
            }
            let place = format!("127.0.0.1:{port}");
            let why = format!(
                "Get \"https://{place}/healthz\": dial tcp {place}: connect: connection refused"
            );
            ("False", why)
        };
        let one = |name: &str, (status, message): (&str, String)| {
            json!({
                "apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": name},
                "conditions": [{"type": "Healthy", "status": status, "message": message}],
            })
        };
        [
            one("scheduler", port(self.scheduler, 10259)),
            one("controller-manager", port(self.manager, 10257)),
            one("etcd-0", ("True", "ok".to_owned())),
        ]
    }
}

impl Apiserver {
    /// GET of one or all.
    pub(super) fn component_statuses(&self, call: &mut Call) -> Result<Reply, Refusal> {
        call.warn(DEPRECATED.to_owned());
        call.notes.annotate("k8s.io/deprecated", "true");
        let all = self.settings.running.all();
        if call.info.verb == "get" {
            let found = all.into_iter().find(|one| object::name(one) == call.info.name);
            // `rest.go Get` names the kind.
            let resource = "componentstatus".to_owned();
            let kind = GroupResource { group: String::new(), resource };
            let missing = || Box::new(Status::not_found(&kind, &call.info.name));
            return Ok(Reply::Object(200, found.ok_or_else(missing)?.into()));
        }
        let target = Target::of(call)?;
        let selection = Selection::of(call, &target)?;
        let chosen =
            all.into_iter().filter(|one| selection.matches(one)).map(Object::from).collect();
        listed(call, &target, chosen, json!({}))
    }
}
