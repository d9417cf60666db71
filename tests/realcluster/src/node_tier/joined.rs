//! A real node for an API server that is not this harness'.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::site::{self, Site};
use super::worker::{Access, Worker};
use super::{NODE, sweep};
use crate::components::{Components, make_keys};
use crate::control_plane::Component;
use crate::daemon::wait_until;
use crate::{Failure, programs};

/// A network with a free place for a node, and keys for a cluster. The API server comes next, at [`Self::address`].
pub struct Place {
    worker: Worker,
}

/// A node whose kubelet asked for its certificate and got it, with controllers and scheduler beside it.
pub struct JoinedNode {
    worker: Worker,
    components: Components,
}

impl Place {
    /// Makes the network and the keys.
    pub fn make() -> Result<Self, Failure> {
        site::check_prerequisites()?;
        sweep();
        let worker = Worker::new(Site::make()?);
        make_keys(&programs::control_plane()?, &worker.site.dir.join("certs"), &["127.0.0.1"])?;
        Ok(Self { worker })
    }

    /// The host's address in that network: there the node looks for the API server.
    pub fn address(&self) -> String {
        self.worker.site.outside()
    }

    /// The folder with `ca.crt`, which signs what the controllers sign, and with `kubelet-client.{crt,key}`, with
    /// which an API server comes in at the kubelet.
    pub fn keys(&self) -> PathBuf {
        self.worker.site.dir.join("certs")
    }

    /// Starts the real controllers, scheduler and kubelet at the API server of an administrator's kubeconfig, and
    /// waits until the node is ready.
    pub fn join(mut self, kubeconfig: &Path) -> Result<JoinedNode, Failure> {
        let keys = self.keys();
        let both = [Component::Controllers, Component::Scheduler];
        let components = Components::start(kubeconfig, &both, &keys)?;
        self.worker.start_runtime(&programs::containerd()?)?;
        let own = self.worker.site.dir.join("kubelet.kubeconfig");
        self.worker.start_node(&Access {
            authority: &keys.join("ca.crt"),
            node: &own,
            bootstrap: Some(kubeconfig),
            proxy: None,
        })?;
        let joined = JoinedNode { worker: self.worker, components };
        joined.wait(kubeconfig)?;
        Ok(joined)
    }
}

impl JoinedNode {
    /// What a component has written so far; a failure when it has ended.
    pub fn log(&self, component: Component) -> Result<String, Failure> {
        self.components.log(component)
    }

    /// What the kubelet has written so far; a failure when it has ended.
    pub fn kubelet_log(&self) -> Result<String, Failure> {
        self.worker.kubelet_log()
    }

    fn wait(&self, kubeconfig: &Path) -> Result<(), Failure> {
        let program = programs::control_plane()?;
        let ready = "-o=jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        wait_until("the node's readiness", Duration::from_mins(2), &self.worker.daemons(), || {
            let mut kubectl = std::process::Command::new(&program);
            kubectl.args(["kubectl", "get", "node", NODE, ready]).env("KUBECONFIG", kubeconfig);
            let answer = kubectl.output();
            Ok(answer.is_ok_and(|answer| answer.stdout == b"True"))
        })
    }
}
