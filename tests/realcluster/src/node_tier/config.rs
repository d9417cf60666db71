//! Configuration files of containerd, CNI, kubelet and kube-proxy.

use std::path::{Path, PathBuf};

use super::NODE;
use super::site::Site;
use super::worker::Access;
use crate::Failure;
use crate::programs::{make_dir, write};

/// Where the registry listens inside the network namespace.
pub(super) const REGISTRY: &str = "127.0.0.1:5000";

const CNI: &str = r#"{
  "cniVersion": "1.0.0",
  "name": "podium",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "@DIR@/ipam",
        "ranges": [[{ "subnet": "10.244.0.0/24" }]], "routes": [{ "dst": "0.0.0.0/0" }]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
"#;

const CONTAINERD: &str = r#"version = 3
root = "@DIR@/containerd-root"
state = "@DIR@/containerd"

[grpc]
address = "@DIR@/containerd.sock"

[plugins.'io.containerd.nri.v1.nri']
disable = true

[plugins.'io.containerd.internal.v1.opt']
path = "@DIR@/opt"

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "registry.k8s.io/pause:3.10"

[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "@DIR@/registries"

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni", "/opt/cni/bin"]
conf_dir = "@DIR@/cni"
"#;

/// The first limits below are generous because the disk is the developer's own.
const KUBELET: &str = "apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: '@ADDRESS@'
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: '@AUTHORITY@'}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupRoot: '/@NAME@'
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
containerRuntimeEndpoint: 'unix://@DIR@/containerd.sock'
evictionHard: {}
failCgroupV1: false
failSwapOn: false
healthzBindAddress: 127.0.0.1
imageGCHighThresholdPercent: 100
nodeStatusUpdateFrequency: 4s
podLogsDir: '@DIR@/pod-logs'
readOnlyPort: 0
resolvConf: ''
volumePluginDir: '@DIR@/volume-plugins'
";

const KUBE_PROXY: &str = "apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: '@PROXY@'}
clusterCIDR: 10.244.0.0/16
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
healthzBindAddress: 127.0.0.1:10256
hostnameOverride: @NODE@
metricsBindAddress: 127.0.0.1:10249
mode: iptables
";

/// containerd's socket.
pub(super) fn socket(dir: &Path) -> PathBuf {
    dir.join("containerd.sock")
}

/// containerd, its registry hosts and the pod network.
pub(super) fn write_runtime(dir: &Path) -> Result<(), Failure> {
    let at = dir.display().to_string();
    for folder in ["cni", "opt", "registries/_default"] {
        make_dir(&dir.join(folder))?;
    }
    write(&dir.join("containerd.toml"), &CONTAINERD.replace("@DIR@", &at))?;
    write(&dir.join("cni/10-podium.conflist"), &CNI.replace("@DIR@", &at))?;
    let hosts = format!(
        "server = \"http://{REGISTRY}\"\n[host.\"http://{REGISTRY}\"]\ncapabilities = [\"pull\", \"resolve\"]\n"
    );
    write(&dir.join("registries/_default/hosts.toml"), &hosts)
}

/// kubelet and, when it runs, kube-proxy.
pub(super) fn write_node(dir: &Path, access: &Access<'_>, site: &Site) -> Result<(), Failure> {
    let mut files = vec![("kubelet.yaml", KUBELET)];
    files.extend(access.proxy.map(|_| ("kube-proxy.yaml", KUBE_PROXY)));
    let proxy = access.proxy.unwrap_or_else(|| Path::new("")).display().to_string();
    for (file, text) in files {
        let text = text
            .replace("@DIR@", &dir.display().to_string())
            .replace("@AUTHORITY@", &access.authority.display().to_string())
            .replace("@PROXY@", &proxy)
            .replace("@ADDRESS@", &site.address)
            .replace("@NAME@", &site.name)
            .replace("@NODE@", NODE);
        write(&dir.join(file), &text)?;
    }
    Ok(())
}
