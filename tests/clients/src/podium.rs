//! A running `podium cluster`. `PODIUM_BIN` names the program.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Failure, run};

/// `podium cluster`, stopped when dropped.
pub struct Podium {
    process: Child,
    /// Kept open: a program that cannot print may end.
    _output: BufReader<ChildStdout>,
    dir: PathBuf,
}

impl Podium {
    /// Starts it on loopback with some more arguments.
    pub fn start(arguments: &[&str]) -> Result<Self, Failure> {
        Self::start_at("127.0.0.1:0", arguments)
    }

    /// Starts it at an address.
    pub fn start_at(address: &str, arguments: &[&str]) -> Result<Self, Failure> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let podium = std::env::var_os("PODIUM_BIN").ok_or("PODIUM_BIN must name podium")?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let dir =
            std::env::temp_dir().join(format!("podium-clients-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir)
            .map_err(|error| format!("{} cannot be made: {error}", dir.display()))?;
        let cannot = |error: std::io::Error| format!("podium cannot be started: {error}");
        let mut process = Command::new(podium)
            .args(["cluster", "--listen", address, "--write-kubeconfig"])
            .arg(dir.join("kubeconfig"))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let output = process.stdout.take().ok_or("podium has no output")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        while line.trim() != "ready" {
            line.clear();
            if output.read_line(&mut line).map_err(cannot)? == 0 {
                return Err("podium ended before it was ready".to_owned());
            }
        }
        Ok(Self { process, _output: output, dir })
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.dir.join("kubeconfig")
    }

    /// A folder that goes with it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What kubectl prints for the administrator.
    pub fn kubectl(&self, arguments: &[&str]) -> Result<String, Failure> {
        run(Command::new(realcluster::programs::control_plane()?)
            .arg("kubectl")
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig())
            .env("HOME", &self.dir))
    }
}

impl Drop for Podium {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        // A folder that cannot be removed only costs space.
        drop(std::fs::remove_dir_all(&self.dir));
    }
}
