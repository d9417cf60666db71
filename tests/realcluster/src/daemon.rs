//! Processes that cannot outlive the harness, not even when it is killed.
//!
//! Each program runs under a small shell whose standard input is a pipe from us. However the harness
//! ends, the kernel closes the pipe, the shell reads the end of file and kills its process group.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::programs::{last_lines, make_dir};

/// `$1` is the file that tells that the program ended by itself; the rest is the program.
const SUPERVISOR: &str = r#"
ended=$1; shift
{ "$@" < /dev/null; echo "exit code $?" > "$ended"; } &
cat > /dev/null
kill -KILL 0
"#;

/// A running program.
pub(crate) struct Daemon {
    name: String,
    supervisor: Child,
    log: PathBuf,
    ended: PathBuf,
}

impl Daemon {
    /// Starts a program that writes its log into `dir`.
    pub(crate) fn start(dir: &Path, name: &str, program: &Command) -> Result<Self, Failure> {
        let log = dir.join(format!("{name}.log"));
        let ended = dir.join(format!("{name}.ended"));
        let cannot = |error: std::io::Error| format!("{name} could not be started: {error}");
        let output = File::create(&log).map_err(cannot)?;
        let errors = output.try_clone().map_err(cannot)?;
        let mut supervisor = Command::new("sh");
        supervisor
            .args(["-c", SUPERVISOR, "sh"])
            .arg(&ended)
            .arg(program.get_program())
            .args(program.get_args())
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        for (key, value) in program.get_envs() {
            if let Some(value) = value {
                supervisor.env(key, value);
            }
        }
        let supervisor = supervisor.spawn().map_err(cannot)?;
        Ok(Self { name: name.to_owned(), supervisor, log, ended })
    }

    /// Fails with the end of the log when the program has ended.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let Ok(how) = fs::read_to_string(&self.ended) else { return Ok(()) };
        Err(format!("{} ended with {}:\n{}", self.name, how.trim(), self.said()))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// All that it has written so far.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of the log.
    pub(crate) fn said(&self) -> String {
        last_lines(&fs::read_to_string(&self.log).unwrap_or_default(), 15)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The end of the pipe is the order to stop.
        drop(self.supervisor.stdin.take());
        drop(self.supervisor.wait());
    }
}

/// Asks `ready` again and again until it says yes, a daemon has ended or the time is up. `ready` must
/// itself take some milliseconds (it asks another process), so that this does not burn a core.
pub(crate) fn wait_until(
    what: &str,
    within: Duration,
    daemons: &[&Daemon],
    mut ready: impl FnMut() -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let deadline = Instant::now() + within;
    loop {
        for daemon in daemons {
            daemon.check()?;
        }
        if ready()? {
            return Ok(());
        }
        if Instant::now() > deadline {
            let logs: Vec<String> = daemons
                .iter()
                .map(|daemon| format!("--- {}\n{}", daemon.name, daemon.said()))
                .collect();
            let seconds = within.as_secs();
            return Err(format!("{what} did not happen within {seconds} s\n{}", logs.join("\n")));
        }
    }
}

/// A port on loopback that nobody listens on now, and that the system gives to no connection: it is below the
/// range of those. Each process has ports of its own, so that two clusters that start do not meet.
pub(crate) fn free_port() -> Result<u16, Failure> {
    static ASKED: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 12_000;
    const PER_PROCESS: u16 = 20;
    const PROCESSES: u32 = 900;
    let slot = u16::try_from(std::process::id() % PROCESSES).unwrap_or_default();
    for _ in 0..PER_PROCESS {
        let number = ASKED.fetch_add(1, Ordering::Relaxed) % PER_PROCESS;
        let port = FIRST + slot * PER_PROCESS + number;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("there is no free port on loopback; which programs listen between 12000 and 30000?"
        .to_owned())
}

/// Where the state of all clusters lies.
pub(crate) fn state_base() -> PathBuf {
    std::env::temp_dir().join("podium-realcluster")
}

/// A folder for the state of one cluster, `TIER-PID-NUMBER`.
pub(crate) fn state_dir(tier: &str) -> Result<PathBuf, Failure> {
    let base = state_base();
    make_dir(&base)?;
    for number in 0..1000 {
        let dir = base.join(format!("{tier}-{}-{number}", std::process::id()));
        if fs::create_dir(&dir).is_ok() {
            return Ok(dir);
        }
    }
    Err(format!("no folder for the state can be made in {}", base.display()))
}

/// Removes the folders of harnesses that were killed.
pub(crate) fn sweep(tier: &str) {
    for entry in fs::read_dir(state_base()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(tier).and_then(|rest| rest.strip_prefix('-'));
        let owner = rest.and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
            // A folder that cannot be removed only costs space.
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}
