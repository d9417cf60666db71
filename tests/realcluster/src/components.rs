//! The real controllers and scheduler at an API server that is not this harness'.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::control_plane::Component;
use crate::daemon::{Daemon, free_port, state_dir};
use crate::programs::{make_dir, write};
use crate::{Failure, daemon, programs};

const TIER: &str = "components";

/// Running components. They stop when dropped.
pub struct Components {
    running: Vec<(Component, Daemon)>,
    dir: PathBuf,
}

/// How one component is told where the API server is, and what keys it has.
pub(crate) struct Setting<'a> {
    /// Prefix of the command, for another network namespace.
    pub(crate) enter: &'a [String],
    /// The kubeconfig that it uses for everything.
    pub(crate) kubeconfig: &'a Path,
    /// A folder with `ca.crt`, `ca.key` and `sa.key`.
    pub(crate) keys: &'a Path,
    /// The authority that pods are told to trust.
    pub(crate) root: &'a Path,
}

impl Components {
    /// Starts components that talk to the API server of a kubeconfig, with keys that [`make_keys`] made.
    pub fn start(
        kubeconfig: &Path,
        components: &[Component],
        keys: &Path,
    ) -> Result<Self, Failure> {
        Self::prepare()?.begin(kubeconfig, components, keys)
    }

    fn prepare() -> Result<Self, Failure> {
        daemon::sweep(TIER);
        Ok(Self { running: Vec::new(), dir: state_dir(TIER)? })
    }

    fn begin(
        mut self,
        kubeconfig: &Path,
        components: &[Component],
        keys: &Path,
    ) -> Result<Self, Failure> {
        let started = &mut self;
        let program = programs::control_plane()?;
        let root = started.dir.join("root.crt");
        write(&root, &authority(&program, kubeconfig)?)?;
        for component in components {
            let setting = Setting { enter: &[], kubeconfig, keys, root: &root };
            let command = command(&program, *component, &setting)?;
            let daemon = Daemon::start(&started.dir, component.name(), &command)?;
            started.running.push((*component, daemon));
        }
        Ok(self)
    }

    /// What a component has written so far; a failure when it has ended.
    pub fn log(&self, component: Component) -> Result<String, Failure> {
        let found = self.running.iter().find(|(one, _)| *one == component);
        let (_, daemon) = found.ok_or_else(|| format!("{} was not started", component.name()))?;
        daemon.check()?;
        Ok(daemon.whole_log())
    }
}

impl Drop for Components {
    fn drop(&mut self) {
        self.running.clear();
        if std::env::var_os("PODIUM_KEEP_STATE").is_none() {
            // A folder that cannot be removed only costs space; the next start tries again.
            drop(fs::remove_dir_all(&self.dir));
        }
    }
}

/// Makes certificates and keys for servers at some addresses.
pub fn make_keys(program: &Path, dir: &Path, addresses: &[&str]) -> Result<(), Failure> {
    make_dir(dir)?;
    let cannot = |why: &str| format!("the certificates cannot be made: {why}");
    let made = Command::new(program)
        .arg("keys")
        .arg(dir)
        .args(addresses)
        .output()
        .map_err(|error| cannot(&error.to_string()))?;
    if made.status.success() {
        return Ok(());
    }
    Err(cannot(String::from_utf8_lossy(&made.stderr).trim()))
}

/// The authority that a kubeconfig trusts, PEM.
fn authority(program: &Path, kubeconfig: &Path) -> Result<String, Failure> {
    let template =
        r#"{{index (index .clusters 0) "cluster" "certificate-authority-data" | base64decode}}"#;
    let asked = Command::new(program)
        .args(["kubectl", "config", "view", "--raw", "-o"])
        .arg(format!("go-template={template}"))
        .env("KUBECONFIG", kubeconfig)
        .output()
        .map_err(|error| format!("kubectl could not be started: {error}"))?;
    if asked.status.success() {
        return Ok(String::from_utf8_lossy(&asked.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&asked.stderr);
    Err(format!("{} names no authority: {}", kubeconfig.display(), said.trim()))
}

/// The command line of a component: all of its own requests, and those about who asks it, go to one API server.
pub(crate) fn command(
    program: &Path,
    component: Component,
    setting: &Setting<'_>,
) -> Result<Command, Failure> {
    let mut words = setting.enter.iter().map(PathBuf::from).chain([program.to_owned()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).arg(component.name());
    let kubeconfig = setting.kubeconfig.display();
    for flag in ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"] {
        command.arg(format!("--{flag}={kubeconfig}"));
    }
    command
        .args(["--leader-elect=false", "--bind-address=127.0.0.1"])
        .arg(format!("--secure-port={}", free_port()?));
    if component == Component::Controllers {
        let key = |name: &str| setting.keys.join(name).display().to_string();
        command
            .arg(format!("--service-account-private-key-file={}", key("sa.key")))
            .arg(format!("--root-ca-file={}", setting.root.display()))
            .arg(format!("--cluster-signing-cert-file={}", key("ca.crt")))
            .arg(format!("--cluster-signing-key-file={}", key("ca.key")))
            .arg("--use-service-account-credentials=true");
    }
    Ok(command)
}
