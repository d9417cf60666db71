//! What the node tier takes from the machine and gives back: namespace, addresses, cgroups, mounts.
//!
//! Names carry the harness' process id, so that a later run can tell and remove what a killed one left.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use crate::Failure;
use crate::daemon::{state_base, state_dir, wait_until};
use crate::programs::make_dir;

const TIER: &str = "nodes";
const CGROUPS: &str = "/sys/fs/cgroup";

/// A network namespace, a folder, cgroups.
pub(super) struct Site {
    pub(super) dir: PathBuf,
    /// Of the network namespace and the cgroups: `podium-PID-NUMBER`.
    pub(super) name: String,
    /// Of the node and the API server.
    pub(super) address: String,
}

/// Says what is missing, in one sentence.
pub(super) fn check_prerequisites() -> Result<(), Failure> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let is_root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !is_root {
        return Err(
            "the node tier needs root: kubelet and containerd make mounts and networks".to_owned()
        );
    }
    let missing: Vec<&str> = [
        ("/bin/busybox", "busybox-static"),
        ("/usr/lib/cni/bridge", "containernetworking-plugins"),
        ("/usr/sbin/runc", "runc"),
        ("/usr/sbin/iptables", "iptables"),
        ("/usr/sbin/conntrack", "conntrack"),
        ("/usr/bin/nsenter", "util-linux"),
    ]
    .into_iter()
    .filter(|(file, _)| !Path::new(file).exists())
    .map(|(_, package)| package)
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("the node tier lacks programs; run `apt-get install {}`", missing.join(" ")))
}

/// Removes what harnesses that were killed left behind.
pub fn sweep() {
    for entry in fs::read_dir(state_base()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix(TIER).and_then(|rest| rest.strip_prefix('-')) else {
            continue;
        };
        let owner = rest.split('-').next().unwrap_or_default();
        if owner.is_empty() || Path::new("/proc").join(owner).exists() {
            continue;
        }
        let site =
            Site { dir: entry.path(), name: format!("podium-{rest}"), address: String::new() };
        site.kill_containers();
        site.remove();
    }
}

impl Site {
    pub(super) fn make() -> Result<Self, Failure> {
        let dir = state_dir(TIER)?;
        let folder = dir.file_name().map(|name| name.to_string_lossy().into_owned());
        let rest =
            folder.as_deref().and_then(|name| name.strip_prefix("nodes-")).unwrap_or_default();
        let name = format!("podium-{rest}");
        let network = free_network()?;
        let site = Self { dir, name, address: format!("{network}.1") };
        site.make_network(&network)?;
        for cgroup in site.cgroups() {
            make_dir(&cgroup)?;
        }
        Ok(site)
    }

    /// The prefix that runs a command in the namespace. Not `ip netns exec`: that mounts another /sys
    /// and hides the cgroups.
    pub(super) fn enter(&self) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/run/netns/{}", self.name)]
    }

    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/run/netns/{}", self.name)).arg(program);
        command
    }

    /// The host's address on the other end of the node's cable.
    pub(super) fn outside(&self) -> String {
        let network = self.address.rsplit_once('.').map_or("", |(network, _)| network);
        format!("{network}.254")
    }

    fn make_network(&self, network: &str) -> Result<(), Failure> {
        let name = &self.name;
        let outside = self.interface();
        let script = format!(
            "set -e
ip netns add {name}
ip link add {outside} type veth peer name eth0 netns {name}
ip address add {network}.254/24 dev {outside}
ip link set {outside} up
ip -n {name} link set lo up
ip -n {name} address add {network}.1/24 dev eth0
ip -n {name} link set eth0 up
ip -n {name} route add default via {network}.254
nsenter --net=/run/netns/{name} sh -c '
  echo 1 > /proc/sys/net/ipv4/ip_forward
  echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables || true' 2> /dev/null
"
        );
        let output = run("sh", &["-c", &script])?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("the network of the node cannot be made: {}", said.trim()))
    }

    /// The host's end of the veth pair; at most 15 letters.
    fn interface(&self) -> String {
        self.name.replace("podium-", "pd").replace('-', "x")
    }

    /// This site's cgroup in each hierarchy (version 1), or the one (version 2).
    fn cgroups(&self) -> Vec<PathBuf> {
        let root = Path::new(CGROUPS);
        if root.join("cgroup.controllers").exists() {
            return vec![root.join(&self.name)];
        }
        let hierarchies = fs::read_dir(root).into_iter().flatten().flatten();
        hierarchies
            .map(|entry| entry.path())
            .filter(|path| path.is_dir() && !path.is_symlink())
            .map(|path| path.join(&self.name))
            .collect()
    }

    /// Kills what runs in the cgroups and in the namespace (the containers' shims).
    pub(super) fn kill_containers(&self) {
        let gone = wait_until("the containers' end", Duration::from_secs(20), &[], || {
            let mut processes: Vec<String> =
                self.cgroups().iter().flat_map(|cgroup| processes_below(cgroup)).collect();
            let inside = run("ip", &["netns", "pids", &self.name])?;
            // Our own daemons live in the namespace as well; they have their own end.
            processes.extend(
                String::from_utf8_lossy(&inside.stdout)
                    .lines()
                    .filter(|pid| is_shim(pid))
                    .map(str::to_owned),
            );
            let mut words = vec!["-KILL"];
            words.extend(processes.iter().map(String::as_str));
            if !processes.is_empty() {
                // Processes that have ended meanwhile are no failure.
                drop(run("kill", &words)?);
            }
            Ok(processes.is_empty())
        });
        // Whatever could not be killed is left to the next sweep.
        drop(gone);
    }

    /// Gives back mounts, network, cgroups and the folder. What fails is left to the next sweep.
    pub(super) fn remove(&self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = format!("{}/", self.dir.display());
        let mut mounted: Vec<&str> = mounts
            .lines()
            .filter_map(|line| line.split(' ').nth(1))
            .filter(|path| path.starts_with(&below))
            .collect();
        mounted.reverse();
        for chunk in mounted.chunks(50) {
            let mut words = vec!["--lazy"];
            words.extend(chunk);
            drop(run("umount", &words));
        }
        drop(run("ip", &["link", "delete", &self.interface()]));
        drop(run("ip", &["netns", "delete", &self.name]));
        for cgroup in self.cgroups() {
            remove_cgroup(&cgroup);
        }
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// The first of 10.199.0 to 10.199.255 that no interface has.
fn free_network() -> Result<String, Failure> {
    let addresses = run("ip", &["-oneline", "-4", "address"])?;
    let addresses = String::from_utf8_lossy(&addresses.stdout).into_owned();
    (0..=255)
        .map(|number| format!("10.199.{number}"))
        .find(|network| !addresses.contains(&format!(" {network}.")))
        .ok_or_else(|| "all networks 10.199.x are taken".to_owned())
}

fn run(program: &str, words: &[&str]) -> Result<Output, Failure> {
    Command::new(program)
        .args(words)
        .output()
        .map_err(|error| format!("{program} could not be started: {error}"))
}

fn is_shim(pid: &str) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.starts_with("containerd-shim")
}

fn processes_below(cgroup: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_to_string(cgroup.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(processes_below(&entry.path()));
        }
    }
    found
}

fn remove_cgroup(cgroup: &Path) {
    for entry in fs::read_dir(cgroup).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            remove_cgroup(&entry.path());
        }
    }
    drop(fs::remove_dir(cgroup));
}
