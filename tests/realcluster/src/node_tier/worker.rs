//! What makes a machine a node: an image registry, containerd, kubelet and kube-proxy.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::site::Site;
use super::{NODE, config};
use crate::daemon::{Daemon, wait_until};
use crate::programs::{make_dir, write};
use crate::{Failure, images, programs};

/// The programs of a node in their network namespace. Everything is gone when it is dropped.
pub(super) struct Worker {
    kube_proxy: Option<Daemon>,
    kubelet: Option<Daemon>,
    containerd: Option<Daemon>,
    registry: Option<Daemon>,
    pub(super) site: Site,
}

/// How a node's programs come in at an API server.
pub(super) struct Access<'a> {
    /// Whose client certificates the kubelet accepts.
    pub(super) authority: &'a Path,
    /// The kubelet's kubeconfig; it makes it itself when there is one for `bootstrap`.
    pub(super) node: &'a Path,
    /// With this kubeconfig the kubelet asks for a certificate.
    pub(super) bootstrap: Option<&'a Path>,
    /// The kubeconfig of kube-proxy, which does not run without.
    pub(super) proxy: Option<&'a Path>,
}

impl Worker {
    pub(super) const fn new(site: Site) -> Self {
        Self { kube_proxy: None, kubelet: None, containerd: None, registry: None, site }
    }

    pub(super) fn start_runtime(&mut self, containerd: &Path) -> Result<(), Failure> {
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

    pub(super) fn start_node(&mut self, access: &Access<'_>) -> Result<(), Failure> {
        let dir = &self.site.dir;
        config::write_node(dir, access, &self.site)?;
        let program = programs::control_plane()?;
        let mut kubelet = self.site.command(&program);
        kubelet
            .arg("kubelet")
            .arg(format!("--config={}", dir.join("kubelet.yaml").display()))
            .arg(format!("--kubeconfig={}", access.node.display()))
            .arg(format!("--root-dir={}", dir.join("kubelet").display()))
            .arg(format!("--cert-dir={}", dir.join("kubelet-pki").display()))
            .arg(format!("--hostname-override={NODE}"))
            .arg(format!("--node-ip={}", self.site.address));
        if let Some(bootstrap) = access.bootstrap {
            kubelet.arg(format!("--bootstrap-kubeconfig={}", bootstrap.display()));
        }
        self.kubelet = Some(Daemon::start(dir, "kubelet", &kubelet)?);
        if access.proxy.is_some() {
            let mut kube_proxy = self.site.command(&program);
            let config = dir.join("kube-proxy.yaml");
            kube_proxy.arg("kube-proxy").arg(format!("--config={}", config.display()));
            self.kube_proxy = Some(Daemon::start(dir, "kube-proxy", &kube_proxy)?);
        }
        Ok(())
    }

    /// What runs.
    pub(super) fn daemons(&self) -> Vec<&Daemon> {
        self.kubelet.iter().chain(&self.kube_proxy).chain(&self.containerd).collect()
    }

    /// What the kubelet has written so far; a failure when it has ended.
    pub(super) fn kubelet_log(&self) -> Result<String, Failure> {
        let kubelet = self.kubelet.as_ref().ok_or("the kubelet was not started")?;
        kubelet.check()?;
        Ok(kubelet.whole_log())
    }

    /// First those who would start containers again, then the containers, then what they need.
    pub(super) fn stop(&mut self) {
        self.kube_proxy = None;
        self.kubelet = None;
        if std::env::var_os("PODIUM_KEEP_STATE").is_some() {
            keep_logs(&self.site.dir);
        }
        self.site.kill_containers();
        self.containerd = None;
        self.registry = None;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
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
