//! What a cluster is made of: its seed, its machines, and what is installed beside Kubernetes itself.

use std::sync::Arc;

use apimachinery::identity::Identity;
use jiff::Timestamp;

use crate::addon::Addon;
use crate::apiserver::audit::Sink;
use crate::controllers::{NAMES, short};
use crate::expressions::Expressions;
use crate::signer::{Signer, TokenKeys};

/// Which control loops run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Controllers {
    /// All of them.
    #[default]
    All,
    /// None: a bare API server.
    None,
    /// These, by the names that `kube-controller-manager --controllers` knows, `scheduler` and `kubelet`.
    Only(Vec<String>),
}

impl Controllers {
    /// What `kube-controller-manager --controllers` makes of a list: names, `-name` for all but that one, and `*` for
    /// all that are not named (`IsControllerEnabled` in `k8s.io/controller-manager/app/helper.go`).
    ///
    /// # Errors
    ///
    /// The first name that nothing has.
    pub fn listed(words: &[String]) -> Result<Self, String> {
        let plain = |word: &str| word.strip_prefix('-').unwrap_or(word).to_owned();
        let known = |word: &String| NAMES.iter().any(|name| short(name) == short(&plain(word)));
        if let Some(unknown) = words.iter().find(|word| *word != "*" && !known(word)) {
            return Err(plain(unknown));
        }
        let runs = |name: &&&str| {
            let named = words.iter().find(|word| short(&plain(word)) == short(name));
            named
                .map_or_else(|| words.iter().any(|word| word == "*"), |word| !word.starts_with('-'))
        };
        Ok(Self::Only(NAMES.iter().filter(runs).map(|name| (*name).to_owned()).collect()))
    }

    /// The names that a list may have.
    pub const fn names() -> &'static [&'static str] {
        &NAMES
    }
}

/// What a cluster is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// Of all chance.
    pub seed: u64,
    /// When the cluster starts.
    pub epoch: Timestamp,
    /// How many nodes it has.
    pub nodes: u32,
    /// Which control loops run.
    pub controllers: Controllers,
    /// Bearer token of the administrator.
    pub admin_token: String,
    /// Further bearer tokens.
    pub extra_tokens: Vec<(String, Identity)>,
}

/// What a cluster has beside Kubernetes' API server, controllers and kubelets. Nothing by default.
#[derive(Debug, Clone, Default)]
pub struct System {
    /// Whether it has what kubeadm puts into kube-system.
    pub kubeadm: bool,
    /// Its add-ons.
    pub addons: Vec<Arc<dyn Addon>>,
    /// Where its audit log goes, beside what it keeps of it.
    pub audit: Option<Arc<dyn Sink>>,
    /// What evaluates expressions in CEL; without it they are stored.
    pub expressions: Option<Arc<dyn Expressions>>,
    /// Its machines, instead of `ClusterConfig::nodes` that are all alike. Storage classes come with them.
    pub machines: Vec<Machine>,
    /// Whether its host makes the calls of admission webhooks (`apimachinery::outgoing`).
    pub calls: bool,
    /// Who signs certificates.
    pub signer: Option<Arc<dyn Signer>>,
    /// What signs tokens of service accounts; without it a key that comes from the seed does.
    pub tokens: Option<Arc<dyn TokenKeys>>,
    /// PEM of the authority whose client certificates its host accepts; empty: of none.
    pub authority: String,
}

/// A machine of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Name of the node.
    pub name: String,
    /// Whether it runs the control plane.
    pub control_plane: bool,
    /// Labels besides those that every kubelet writes.
    pub labels: Vec<(String, String)>,
    /// Keys of taints that keep pods away (`NoSchedule`).
    pub taints: Vec<String>,
    /// CPU and memory.
    pub size: (String, String),
    /// Devices that plugins register: extended resource and number.
    pub devices: Vec<(String, u32)>,
    /// Operating system.
    pub os_image: String,
    /// Kernel.
    pub kernel: String,
    /// Container runtime with its version, as `containerd://2.2.0`.
    pub runtime: String,
}

impl Machine {
    /// A machine like those of kind and kubeadm.
    pub fn plain(name: &str, control_plane: bool) -> Self {
        Self {
            name: name.to_owned(),
            control_plane,
            labels: Vec::new(),
            taints: Vec::new(),
            size: ("8".to_owned(), "32Gi".to_owned()),
            devices: Vec::new(),
            os_image: "Debian GNU/Linux 12 (bookworm)".to_owned(),
            kernel: "6.12.0".to_owned(),
            runtime: "containerd://2.2.0".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(list: &str) -> Result<Controllers, String> {
        Controllers::listed(&list.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn lists_are_read_as_upstream_reads_them() {
        let only = |names: &[&str]| {
            Ok(Controllers::Only(names.iter().map(|name| (*name).to_owned()).collect()))
        };
        assert_eq!(
            listed("deployment,replicaset-controller"),
            only(&["deployment-controller", "replicaset-controller"])
        );
        let Ok(Controllers::Only(names)) = listed("*,-cronjob") else { panic!("a list") };
        assert_eq!(names.len(), NAMES.len() - 1);
        assert!(!names.iter().any(|name| name == "cronjob-controller"), "{names:?}");
        assert_eq!(listed("-job"), only(&[]));
        assert_eq!(listed("job,nonsense"), Err("nonsense".to_owned()));
        assert_eq!(listed("-nonsense"), Err("nonsense".to_owned()));
    }
}
