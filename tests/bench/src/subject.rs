//! The two API servers that are compared.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use realcluster::ControlPlane;

use crate::Failure;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// The optimised `podium`, which `cargo xtask bench` has built.
pub(crate) fn podium() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release/podium")
}

enum Process {
    Embedded(Child),
    Real(ControlPlane),
}

/// A running API server.
pub(crate) struct Subject {
    process: Process,
    kubeconfig: PathBuf,
    /// From its start to its first answer.
    pub(crate) boot: Duration,
}

impl Subject {
    /// `podium cluster` without controllers: only the API server works, as in its peer.
    pub(crate) fn embedded() -> Result<Self, Failure> {
        let kubeconfig =
            std::env::temp_dir().join(format!("podium-bench-{}.kubeconfig", std::process::id()));
        let started = Instant::now();
        let mut child = Command::new(podium())
            .args([
                "cluster",
                "--listen",
                "127.0.0.1:0",
                "--controllers",
                "none",
                "--write-kubeconfig",
            ])
            .arg(&kubeconfig)
            .stdout(Stdio::piped())
            .spawn()?;
        wait_for_ready(&mut child)?;
        Ok(Self { process: Process::Embedded(child), kubeconfig, boot: started.elapsed() })
    }

    /// etcd and kube-apiserver.
    pub(crate) fn real() -> Result<Self, Failure> {
        realcluster::programs::control_plane()?;
        let started = Instant::now();
        let plane = ControlPlane::start_with(&[])?;
        let boot = started.elapsed();
        let kubeconfig = plane.kubeconfig();
        Ok(Self { process: Process::Real(plane), kubeconfig, boot })
    }

    /// A client of its own connection pool.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        let file = Kubeconfig::read_from(&self.kubeconfig)?;
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await?;
        Ok(Client::try_from(config)?)
    }

    fn processes(&self) -> Vec<u32> {
        match &self.process {
            Process::Embedded(child) => vec![child.id()],
            Process::Real(plane) => crate::memory::processes_of(plane.program()),
        }
    }

    /// Resident memory of all its processes, MiB.
    pub(crate) fn resident_mib(&self) -> u32 {
        self.processes().into_iter().map(crate::memory::resident_kib).sum::<u32>() / 1024
    }

    /// CPU that its processes have used.
    pub(crate) fn cpu(&self) -> Duration {
        self.processes().into_iter().map(crate::memory::cpu).sum()
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        if let Process::Embedded(child) = &mut self.process {
            // It may have ended already, which is what is wanted.
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}

/// Reads the line `ready`.
pub(crate) fn wait_for_ready(child: &mut Child) -> Result<(), Failure> {
    use std::io::{BufRead as _, BufReader};
    let output = child.stdout.take().ok_or("no output to read")?;
    let mut lines = BufReader::new(output).lines();
    let ready = lines.by_ref().map_while(Result::ok).any(|line| line.trim() == "ready");
    std::thread::spawn(move || lines.map_while(Result::ok).count());
    if ready { Ok(()) } else { Err("the cluster ended before it was ready".into()) }
}
