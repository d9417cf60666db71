//! The control-plane tier: etcd and the Kubernetes components on loopback, without root.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::components::{self, Setting, make_keys};
use crate::daemon::{self, Daemon, free_port, state_dir, wait_until};
use crate::programs::write;
use crate::{Failure, programs};

const TIER: &str = "control-plane";

/// Removes what harnesses that were killed left behind.
pub fn sweep() {
    daemon::sweep(TIER);
}

/// What runs besides etcd and kube-apiserver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// kube-controller-manager with all controllers.
    Controllers,
    /// kube-scheduler.
    Scheduler,
}

impl Component {
    /// What the program is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Controllers => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
        }
    }
}

/// A running control plane. It stops when dropped.
pub struct ControlPlane {
    // Fields are dropped in this order: clients before what they talk to.
    components: Vec<Daemon>,
    apiserver: Option<Daemon>,
    etcd: Option<Daemon>,
    program: PathBuf,
    dir: PathBuf,
    port: u16,
    audited: bool,
}

/// Where a control plane listens and what it tells others of itself.
pub(crate) struct Listen<'a> {
    /// Prefix of commands, for another network namespace.
    pub(crate) enter: &'a [String],
    /// The address that the apiserver binds.
    pub(crate) address: &'a str,
}

impl ControlPlane {
    /// Starts everything: apiserver, controllers and scheduler.
    pub fn start() -> Result<Self, Failure> {
        Self::start_with(&[Component::Controllers, Component::Scheduler])
    }

    /// Starts etcd, kube-apiserver and the named components.
    pub fn start_with(components: &[Component]) -> Result<Self, Failure> {
        sweep();
        let dir = state_dir(TIER)?;
        Self::start_in(dir, &Listen { enter: &[], address: "127.0.0.1" }, components)
    }

    /// Starts etcd, kube-apiserver and the named components; [`Self::audit_log`] is written.
    pub fn start_audited(components: &[Component]) -> Result<Self, Failure> {
        sweep();
        let listen = Listen { enter: &[], address: "127.0.0.1" };
        Self::prepare(state_dir(TIER)?, true)?.begin(&listen, components)
    }

    /// Where the API server writes its audit log, when it does.
    pub fn audit_log(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    pub(crate) fn start_in(
        dir: PathBuf,
        listen: &Listen<'_>,
        components: &[Component],
    ) -> Result<Self, Failure> {
        Self::prepare(dir, false)?.begin(listen, components)
    }

    fn prepare(dir: PathBuf, audited: bool) -> Result<Self, Failure> {
        let program = programs::control_plane()?;
        let port = free_port()?;
        let components = Vec::new();
        Ok(Self { components, apiserver: None, etcd: None, program, dir, port, audited })
    }

    fn begin(mut self, listen: &Listen<'_>, components: &[Component]) -> Result<Self, Failure> {
        self.write_files(listen.address)?;
        self.start_store(listen)?;
        for component in components {
            self.start_component(listen, *component)?;
        }
        self.wait_for_defaults(components)?;
        Ok(self)
    }

    /// The kubeconfig of a cluster administrator (user `admin`, group `system:masters`).
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.join("admin.kubeconfig")
    }

    /// The kubeconfig of the user `learner`, who may nothing until somebody binds a role.
    pub fn learner_kubeconfig(&self) -> PathBuf {
        self.dir.join("learner.kubeconfig")
    }

    /// The folder with certificates, kubeconfigs and logs.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The program that is all components; its first argument says which one.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// kubectl as the administrator.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<Output, Failure> {
        Command::new(&self.program)
            .arg("kubectl")
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", &self.dir)
            .output()
            .map_err(|error| format!("kubectl could not be started: {error}"))
    }

    /// The body of a GET request, which must succeed.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        let output = self.kubectl(&["get", "--raw", path])?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(format!("GET {path}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }

    /// What a component has written so far; a failure when it does not run.
    pub fn log(&self, component: Component) -> Result<String, Failure> {
        let found = self.components.iter().find(|daemon| daemon.name() == component.name());
        let daemon = found.ok_or_else(|| format!("{} was not started", component.name()))?;
        daemon.check()?;
        Ok(daemon.whole_log())
    }

    pub(crate) fn daemons(&self) -> Vec<&Daemon> {
        self.etcd.iter().chain(&self.apiserver).chain(&self.components).collect()
    }

    pub(crate) fn command(&self, listen: &Listen<'_>, component: &str) -> Command {
        let mut words = listen.enter.iter();
        let Some(first) = words.next() else {
            let mut command = Command::new(&self.program);
            command.arg(component);
            return command;
        };
        let mut command = Command::new(first);
        command.args(words).arg(&self.program).arg(component);
        command
    }

    fn certificate(&self, name: &str) -> String {
        self.dir.join("certs").join(name).display().to_string()
    }

    fn write_files(&self, address: &str) -> Result<(), Failure> {
        make_keys(&self.program, &self.dir.join("certs"), &["10.96.0.1", address])?;
        write(&self.dir.join("tokens.csv"), TOKENS)?;
        for user in ["admin", "learner", "node", "proxy"] {
            let text = kubeconfig(address, self.port, &self.certificate("ca.crt"), user);
            write(&self.dir.join(format!("{user}.kubeconfig")), &text)?;
        }
        Ok(())
    }

    fn start_store(&mut self, listen: &Listen<'_>) -> Result<(), Failure> {
        let client = format!("http://127.0.0.1:{}", free_port()?);
        let peer = format!("http://127.0.0.1:{}", free_port()?);
        let mut etcd = self.command(listen, "etcd");
        etcd.arg(format!("--data-dir={}", self.dir.join("etcd").display()))
            .arg(format!("--listen-client-urls={client}"))
            .arg(format!("--advertise-client-urls={client}"))
            .arg(format!("--listen-peer-urls={peer}"))
            .arg(format!("--initial-advertise-peer-urls={peer}"))
            .arg(format!("--initial-cluster=default={peer}"))
            .arg("--unsafe-no-fsync");
        self.etcd = Some(Daemon::start(&self.dir, "etcd", &etcd)?);
        let mut apiserver = self.command(listen, "kube-apiserver");
        apiserver
            .arg(format!("--etcd-servers={client}"))
            .arg(format!("--bind-address={}", listen.address))
            .arg(format!("--secure-port={}", self.port))
            // Only shown in the endpoints of the Service kubernetes, where loopback is refused.
            .arg(format!("--advertise-address={}", advertised(listen.address)))
            .arg(format!("--tls-cert-file={}", self.certificate("apiserver.crt")))
            .arg(format!("--tls-private-key-file={}", self.certificate("apiserver.key")))
            .arg(format!("--client-ca-file={}", self.certificate("ca.crt")))
            .arg(format!("--service-account-key-file={}", self.certificate("sa.pub")))
            .arg(format!("--service-account-signing-key-file={}", self.certificate("sa.key")))
            .arg(format!("--kubelet-client-certificate={}", self.certificate("kubelet-client.crt")))
            .arg(format!("--kubelet-client-key={}", self.certificate("kubelet-client.key")))
            .arg(format!("--token-auth-file={}", self.dir.join("tokens.csv").display()))
            .args(APISERVER_FLAGS);
        if self.audited {
            let policy = self.dir.join("audit-policy.yaml");
            write(&policy, AUDIT_POLICY)?;
            apiserver
                .arg(format!("--audit-policy-file={}", policy.display()))
                .arg(format!("--audit-log-path={}", self.audit_log().display()));
        }
        self.apiserver = Some(Daemon::start(&self.dir, "kube-apiserver", &apiserver)?);
        wait_until("the API server's readiness", Duration::from_secs(90), &self.daemons(), || {
            Ok(self.kubectl(&["get", "--raw", "/readyz"])?.status.success())
        })
    }

    fn start_component(
        &mut self,
        listen: &Listen<'_>,
        component: Component,
    ) -> Result<(), Failure> {
        let keys = self.dir.join("certs");
        let (kubeconfig, root) = (self.kubeconfig(), keys.join("ca.crt"));
        let setting =
            Setting { enter: listen.enter, kubeconfig: &kubeconfig, keys: &keys, root: &root };
        let command = components::command(&self.program, component, &setting)?;
        self.components.push(Daemon::start(&self.dir, component.name(), &command)?);
        Ok(())
    }

    /// A test must not see the first seconds, in which the namespaces of a new cluster appear.
    fn wait_for_defaults(&self, components: &[Component]) -> Result<(), Failure> {
        let mut paths = vec![
            "/api/v1/namespaces/default",
            "/api/v1/namespaces/kube-system",
            "/api/v1/namespaces/default/services/kubernetes",
        ];
        if components.contains(&Component::Controllers) {
            paths.push("/api/v1/namespaces/default/serviceaccounts/default");
            paths.push("/api/v1/namespaces/default/configmaps/kube-root-ca.crt");
        }
        wait_until("the first objects", Duration::from_mins(1), &self.daemons(), || {
            while let Some(path) = paths.last() {
                if !self.kubectl(&["get", "--raw", path])?.status.success() {
                    return Ok(false);
                }
                paths.pop();
            }
            Ok(true)
        })
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.components.clear();
        self.apiserver = None;
        self.etcd = None;
        if std::env::var_os("PODIUM_KEEP_STATE").is_none() {
            // A folder that cannot be removed only costs space; the next start tries again.
            drop(fs::remove_dir_all(&self.dir));
        }
    }
}

/// Token, user, uid, groups. The administrator is named as kubeadm names it. `node` and `proxy` are for the node tier.
const TOKENS: &str = "\
admin-token,kubernetes-admin,,system:masters
learner-token,learner,learner-uid
node-token,system:node:node-1,node-uid,system:nodes
proxy-token,system:kube-proxy,proxy-uid
";

/// What is written of every request.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
";

const APISERVER_FLAGS: [&str; 7] = [
    // As kubeadm has it.
    "--enable-admission-plugins=NodeRestriction",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    "--authorization-mode=Node,RBAC",
    "--allow-privileged=true",
    "--kubelet-preferred-address-types=InternalIP",
    "--shutdown-delay-duration=0s",
];

fn advertised(address: &str) -> &str {
    if address.starts_with("127.") { "172.18.0.2" } else { address }
}

fn kubeconfig(address: &str, port: u16, ca: &str, user: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: real
clusters:
- name: real
  cluster: {{server: 'https://{address}:{port}', certificate-authority: '{ca}'}}
users:
- name: {user}
  user: {{token: {user}-token}}
contexts:
- name: real
  context: {{cluster: real, user: {user}}}
"
    )
}
