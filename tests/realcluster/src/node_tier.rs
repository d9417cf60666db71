//! The node tier: a whole cluster with one real node in a network namespace of its own (root).
//!
//! The control plane runs inside the namespace too; a veth pair makes its API server reachable from
//! the host. containerd pulls from a registry that has exactly the images of [`crate::images`]. [`Place`] is a
//! node for an API server that is not this harness'.

mod config;
mod joined;
mod site;
mod worker;

use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use site::Site;
use worker::{Access, Worker};

pub use joined::{JoinedNode, Place};
pub use site::sweep;

use crate::control_plane::{Component, ControlPlane, Listen};
use crate::daemon::{Daemon, wait_until};
use crate::programs::make_dir;
use crate::{Failure, programs};

/// The only node's name.
pub const NODE: &str = "node-1";

/// A running cluster with a node. Everything is gone when it is dropped.
pub struct NodeTier {
    worker: Worker,
    plane: Option<ControlPlane>,
}

impl NodeTier {
    /// Starts everything and waits until the node is ready.
    pub fn start() -> Result<Self, Failure> {
        site::check_prerequisites()?;
        sweep();
        let containerd = programs::containerd()?;
        let worker = Worker::new(Site::make()?);
        let mut tier = Self { worker, plane: None };
        tier.start_control_plane()?;
        tier.worker.start_runtime(&containerd)?;
        let plane = tier.plane_dir();
        tier.worker.start_node(&Access {
            authority: &plane.join("certs/ca.crt"),
            node: &plane.join("node.kubeconfig"),
            bootstrap: None,
            proxy: Some(&plane.join("proxy.kubeconfig")),
        })?;
        tier.wait_for_node()?;
        Ok(tier)
    }

    /// The kubeconfig of a cluster administrator.
    pub fn kubeconfig(&self) -> PathBuf {
        self.plane_dir().join("admin.kubeconfig")
    }

    /// The kubeconfig of the user `learner`, who may nothing until somebody binds a role.
    pub fn learner_kubeconfig(&self) -> PathBuf {
        self.plane_dir().join("learner.kubeconfig")
    }

    /// kubectl as the administrator, from the host.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<Output, Failure> {
        self.plane()?.kubectl(arguments)
    }

    /// What a component of the control plane has written so far; a failure when it has ended.
    pub fn log(&self, component: Component) -> Result<String, Failure> {
        self.plane()?.log(component)
    }

    /// What the kubelet has written so far; a failure when it has ended.
    pub fn kubelet_log(&self) -> Result<String, Failure> {
        self.worker.kubelet_log()
    }

    fn plane(&self) -> Result<&ControlPlane, Failure> {
        self.plane.as_ref().ok_or_else(|| "the control plane does not run".to_owned())
    }

    fn plane_dir(&self) -> PathBuf {
        self.worker.site.dir.join("plane")
    }

    fn start_control_plane(&mut self) -> Result<(), Failure> {
        let dir = self.plane_dir();
        make_dir(&dir)?;
        let site = &self.worker.site;
        let listen = Listen { enter: &site.enter(), address: &site.address };
        let components = [Component::Controllers, Component::Scheduler];
        self.plane = Some(ControlPlane::start_in(dir, &listen, &components)?);
        Ok(())
    }

    fn wait_for_node(&self) -> Result<(), Failure> {
        let daemons: Vec<&Daemon> = self.worker.daemons();
        let ready = "-o=jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        wait_until("the node's readiness", Duration::from_mins(2), &daemons, || {
            let answer = self.kubectl(&["get", "node", NODE, ready])?;
            Ok(answer.stdout == b"True")
        })
    }
}

impl Drop for NodeTier {
    fn drop(&mut self) {
        self.worker.stop();
        self.plane = None;
    }
}
