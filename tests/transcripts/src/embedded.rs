//! The embedded cluster, served by `podium cluster`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Failure, Plane, Report, Target, Transcript, check};

/// How many clusters this process has started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// Keys as the real clusters have them, made once for this process.
static KEYS: OnceLock<Result<Keys, Failure>> = OnceLock::new();

/// A folder of keys.
struct Keys(PathBuf);

impl Keys {
    fn made() -> Result<Self, Failure> {
        let dir = std::env::temp_dir().join(format!("podium-embedded-{}-keys", std::process::id()));
        realcluster::make_keys(&realcluster::programs::control_plane()?, &dir, &["127.0.0.1"])?;
        Ok(Self(dir))
    }
}

/// `podium cluster`, stopped when dropped.
pub struct Embedded {
    process: Child,
    /// Kept open: a program that cannot print may end.
    _output: BufReader<ChildStdout>,
    kubeconfig: PathBuf,
}

/// The program `podium`, which the variable `PODIUM_BIN` names.
pub fn podium() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("PODIUM_BIN").map(PathBuf::from);
    named.ok_or_else(|| "PODIUM_BIN does not name the program podium".to_owned())
}

impl Embedded {
    /// Starts a cluster with what a plane has, and waits until it serves.
    pub fn start(plane: Plane) -> Result<Self, Failure> {
        let podium = podium()?;
        // Clusters of one process run side by side, and so do processes.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("podium-embedded-{}-{number}.kubeconfig", std::process::id());
        let kubeconfig = std::env::temp_dir().join(name);
        let mut command = Command::new(&podium);
        let nodes = if plane == Plane::Nodes { "1" } else { "0" };
        command.args(["cluster", "--listen", "127.0.0.1:0", "--nodes", nodes]);
        command.arg("--write-kubeconfig").arg(&kubeconfig);
        let Keys(keys) = KEYS.get_or_init(Keys::made).as_ref().map_err(Clone::clone)?;
        command.arg("--service-account-signing-key-file").arg(keys.join("sa.key"));
        if plane == Plane::Bare {
            command.args(["--controllers", "none"]);
        }
        let cannot = |error: std::io::Error| format!("{} cannot run: {error}", podium.display());
        let mut process = command.stdout(Stdio::piped()).spawn().map_err(cannot)?;
        let output = process.stdout.take().ok_or("podium has no output")?;
        let mut output = BufReader::new(output);
        let mut line = String::new();
        while line.trim() != "ready" {
            line.clear();
            if output.read_line(&mut line).map_err(cannot)? == 0 {
                return Err("podium ended before it was ready".to_owned());
            }
        }
        Ok(Self { process, _output: output, kubeconfig })
    }

    /// Where its kubeconfig is.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_file(&self.kubeconfig));
    }
}

/// Compares each transcript of a plane with its run on an embedded cluster of its own, asked through a target
/// that is made for its kubeconfig.
pub fn check_all(
    plane: Plane,
    transcripts: &[Transcript],
    target: impl Fn(&Path) -> Result<Target, Failure> + Sync,
) -> Result<Report, Failure> {
    // Where pods run, commands mostly wait.
    let workers = if plane == Plane::Nodes { 4 } else { 1 };
    let next = AtomicUsize::new(0);
    let one = |transcript: &Transcript| {
        let cluster = Embedded::start(plane)?;
        check(&target(cluster.kubeconfig())?, transcript)
    };
    let work = || {
        let turns = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = turns.map_while(|at| Some((at, transcripts.get(at)?)));
        mine.map(|(at, transcript)| (at, one(transcript))).collect::<Vec<_>>()
    };
    let mut reports = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut reports = Vec::new();
        for worker in workers {
            reports.extend(worker.join().map_err(|_panic| "a worker ended early".to_owned())?);
        }
        Ok::<_, Failure>(reports)
    })?;
    reports.sort_by_key(|(at, _)| *at);
    let mut all = Report::default();
    for (_, report) in reports {
        all.add(report?);
    }
    Ok(all)
}
