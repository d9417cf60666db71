//! The node tier: a whole cluster with one real node in a network namespace of its own (root).
//!
//! The control plane runs inside the namespace too; a veth pair makes its API server reachable from
//! the host. containerd pulls from a registry that has exactly the images of [`crate::images`].

mod config;
mod site;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use site::Site;

pub use site::sweep;

use crate::control_plane::{Component, ControlPlane, Listen};
use crate::daemon::{Daemon, wait_until};
use crate::programs::{make_dir, write};
use crate::{Failure, images, programs};

/// The only node's name.
pub const NODE: &str = "node-1";

/// A running cluster with a node. Everything is gone when it is dropped.
pub struct NodeTier {
    kube_proxy: Option<Daemon>,
    kubelet: Option<Daemon>,
    containerd: Option<Daemon>,
    registry: Option<Daemon>,
    plane: Option<ControlPlane>,
    site: Site,
}

impl NodeTier {
    /// Starts everything and waits until the node is ready.
    pub fn start() -> Result<Self, Failure> {
        site::check_prerequisites()?;
        sweep();
        let containerd = programs::containerd()?;
        let site = Site::make()?;
        let mut tier = Self {
            kube_proxy: None,
            kubelet: None,
            containerd: None,
            registry: None,
            plane: None,
            site,
        };
        tier.start_control_plane()?;
        tier.start_runtime(&containerd)?;
        tier.start_node()?;
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
        match &self.plane {
            Some(plane) => plane.kubectl(arguments),
            None => Err("the control plane does not run".to_owned()),
        }
    }

    fn plane_dir(&self) -> PathBuf {
        self.site.dir.join("plane")
    }

    fn start_control_plane(&mut self) -> Result<(), Failure> {
        let dir = self.plane_dir();
        make_dir(&dir)?;
        let listen = Listen { enter: &self.site.enter(), address: &self.site.address };
        let components = [Component::Controllers, Component::Scheduler];
        self.plane = Some(ControlPlane::start_in(dir, &listen, &components)?);
        Ok(())
    }

    fn start_runtime(&mut self, containerd: &Path) -> Result<(), Failure> {
        let dir = &self.site.dir;
        let images = dir.join("images");
        images::prepare(&images)?;
        let mut registry = self.site.command(&programs::control_plane()?);
        registry.arg("registry").arg(images.join("images.json")).arg(config::REGISTRY);
        self.registry = Some(Daemon::start(dir, "registry", &registry)?);
        config::write_runtime(dir)?;
        let mut command = self.site.command(&containerd.join("containerd"));
        command.arg("--config").arg(dir.join("containerd.toml"));
        // containerd finds its shim by PATH.
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(containerd.to_owned()).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders)
            .map_err(|error| format!("the PATH cannot be extended: {error}"))?;
        command.env("PATH", path);
        let daemon = Daemon::start(dir, "containerd", &command)?;
        let socket = config::socket(dir);
        let client = containerd.join("ctr");
        wait_until("containerd's readiness", Duration::from_secs(30), &[&daemon], || {
            let asked = Command::new(&client).arg("--address").arg(&socket).arg("version").output();
            Ok(asked.is_ok_and(|answer| answer.status.success()))
        })?;
        self.containerd = Some(daemon);
        Ok(())
    }

    fn start_node(&mut self) -> Result<(), Failure> {
        let dir = self.site.dir.clone();
        let plane = self.plane_dir();
        config::write_node(&dir, &plane, &self.site)?;
        let program = programs::control_plane()?;
        let mut kubelet = self.site.command(&program);
        kubelet
            .arg("kubelet")
            .arg(format!("--config={}", dir.join("kubelet.yaml").display()))
            .arg(format!("--kubeconfig={}", plane.join("node.kubeconfig").display()))
            .arg(format!("--root-dir={}", dir.join("kubelet").display()))
            .arg(format!("--cert-dir={}", dir.join("kubelet-pki").display()))
            .arg(format!("--hostname-override={NODE}"))
            .arg(format!("--node-ip={}", self.site.address));
        self.kubelet = Some(Daemon::start(&dir, "kubelet", &kubelet)?);
        let mut kube_proxy = self.site.command(&program);
        kube_proxy
            .arg("kube-proxy")
            .arg(format!("--config={}", dir.join("kube-proxy.yaml").display()));
        self.kube_proxy = Some(Daemon::start(&dir, "kube-proxy", &kube_proxy)?);
        Ok(())
    }

    fn wait_for_node(&self) -> Result<(), Failure> {
        let daemons: Vec<&Daemon> =
            self.kubelet.iter().chain(&self.kube_proxy).chain(&self.containerd).collect();
        let ready = "-o=jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        wait_until("the node's readiness", Duration::from_mins(2), &daemons, || {
            let answer = self.kubectl(&["get", "node", NODE, ready])?;
            Ok(answer.stdout == b"True")
        })
    }
}

impl Drop for NodeTier {
    fn drop(&mut self) {
        // First those who would start containers again, then the containers, then what they need.
        self.kube_proxy = None;
        self.kubelet = None;
        if std::env::var_os("PODIUM_KEEP_STATE").is_some() {
            keep_logs(&self.site.dir);
        }
        self.site.kill_containers();
        self.containerd = None;
        self.registry = None;
        self.plane = None;
        self.site.remove();
    }
}

/// Copies the logs beside the folder that is about to go.
fn keep_logs(dir: &Path) {
    let kept = dir.with_extension("logs");
    if make_dir(&kept).is_err() {
        return;
    }
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if let Ok(text) = std::fs::read_to_string(entry.path()) {
            // Logs that cannot be kept are only missed by whoever asked for them.
            drop(write(&kept.join(entry.file_name()), &text));
        }
    }
}
