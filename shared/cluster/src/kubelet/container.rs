//! A container: what runs in it, how far it has come, and what it has written.

mod sources;

pub(crate) use self::sources::{
    contents, environment, field_of, missing, resource_of, root, substitute,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::agnhost;
use super::catalina;
use super::hooks::Hook;
use super::last_words::LastWords;
use super::usage::History;
use crate::event_loop::Plan;
use crate::fields;
use crate::images::{Image, Reference, find};
use crate::network::Socket;
use crate::shell::{Facts, Files, Input, Shell};

/// Lines that are kept of a container's output.
const KEPT_LINES: usize = 2000;

/// Bytes after which containerd begins a new entry of a log (`max_container_log_line_size`).
const LONGEST_LINE: usize = 16 << 10;

/// Where a container stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not begun.
    Created,
    /// The image is on its way.
    Pulling { until: Timestamp },
    /// It cannot start now: reason and message of the waiting state, and when it is tried again.
    Waiting { reason: &'static str, message: String, until: Timestamp },
    /// It runs.
    Running { since: Timestamp },
    /// It has ended for good, or until its back-off begins.
    Ended { code: i32, since: Timestamp, at: Timestamp },
}

/// What runs in a container.
#[derive(Debug, Clone)]
pub(crate) enum Process {
    /// Nothing.
    None,
    /// The image's own program.
    Service,
    /// The image's own program, which gives up.
    Ending { at: Timestamp, code: i32 },
    /// A command.
    Shell(Box<Shell>),
}

/// A container that is being stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    /// Since when.
    pub(crate) since: Timestamp,
    /// When it got its SIGTERM: after the hook.
    pub(crate) signalled: Option<Timestamp>,
    /// How many seconds it has.
    pub(crate) grace: u64,
}

/// A line of a log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// A probe's progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probe {
    pub(crate) next: Option<Timestamp>,
    pub(crate) successes: i64,
    pub(crate) failures: i64,
    /// It is not asked until something happens in the pod after this.
    pub(crate) asleep: Option<u64>,
}

/// What ended a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// Itself, or a signal.
    Own,
    /// It held too much memory.
    OutOfMemory,
    /// Its machine lost power.
    PowerCut,
}

/// A container of a pod on its node.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) stage: Stage,
    pub(crate) process: Process,
    pub(crate) input: Input,
    /// The hook that runs: after the start, or before the stop.
    pub(crate) hook: Option<Hook>,
    /// How its end goes.
    pub(crate) ending: Option<Ending>,
    /// What commands have left running.
    pub(crate) background: Vec<Shell>,
    /// How much CPU it has taken.
    pub(crate) usage: History,
    pub(crate) files: Files,
    pub(crate) facts: Facts,
    pub(crate) folder: String,
    /// What the image's own program listens on.
    pub(crate) serves: Vec<Socket>,
    /// What its Tomcat has read.
    pub(crate) catalina: Option<catalina::Settings>,
    /// Why the runtime could not start it.
    pub(crate) trouble: String,
    /// What its process died of.
    pub(crate) death: Death,
    /// Where it leaves its last words, and what they were.
    pub(crate) words: LastWords,
    pub(crate) said: String,
    /// Lines that it is going to write.
    pub(crate) upcoming: VecDeque<(Timestamp, String)>,
    pub(crate) log: VecDeque<Line>,
    pub(crate) previous: VecDeque<Line>,
    /// The unfinished last line of the log.
    pub(crate) open: String,
    /// Lines that were written before those kept.
    pub(crate) dropped: usize,
    /// The resources that it was given, and whether it is stopped to be given others.
    pub(crate) actual: Value,
    pub(crate) restarting: bool,
    pub(crate) restarts: i64,
    pub(crate) crashes: u32,
    pub(crate) last: Option<Value>,
    pub(crate) ready: bool,
    pub(crate) started: bool,
    pub(crate) readiness: Probe,
    pub(crate) liveness: Probe,
    pub(crate) startup: Probe,
}

impl Container {
    /// A container that has not begun.
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Created,
            process: Process::None,
            input: Input::default(),
            hook: None,
            ending: None,
            background: Vec::new(),
            usage: History::default(),
            files: Files::default(),
            facts: Facts::default(),
            folder: "/".to_owned(),
            serves: Vec::new(),
            catalina: None,
            trouble: String::new(),
            death: Death::Own,
            words: LastWords::default(),
            said: String::new(),
            upcoming: VecDeque::new(),
            log: VecDeque::new(),
            previous: VecDeque::new(),
            open: String::new(),
            dropped: 0,
            actual: Value::Null,
            restarting: false,
            restarts: 0,
            crashes: 0,
            last: None,
            ready: false,
            started: false,
            readiness: Probe::default(),
            liveness: Probe::default(),
            startup: Probe::default(),
        }
    }

    /// Adds output to the log.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Timestamp) {
        self.open.push_str(&String::from_utf8_lossy(bytes));
        if bytes.contains(&b'\n') {
            let mut lines = std::mem::take(&mut self.open);
            while let Some((line, rest)) = lines.split_once('\n') {
                self.log.push_back(Line { at: now, text: line.to_owned() });
                lines = rest.to_owned();
            }
            self.open = lines;
        }
        // What never ends a line is written down in parts.
        if self.open.len() > LONGEST_LINE {
            let text = std::mem::take(&mut self.open);
            self.log.push_back(Line { at: now, text });
        }
        while self.log.len() > KEPT_LINES {
            self.log.pop_front();
            self.dropped += 1;
        }
    }

    /// What something of it listens on.
    pub(crate) fn ports(&self, spec: &Value, now: Timestamp) -> Vec<Socket> {
        let Stage::Running { since } = self.stage else { return Vec::new() };
        match &self.process {
            Process::Service => image_of(spec)
                .filter(|image| {
                    now.as_millisecond() - since.as_millisecond() >= millis(image.ready_millis)
                })
                .map(|_| self.serves.clone())
                .unwrap_or_default(),
            Process::Shell(shell) => shell.listening().into_iter().map(Socket::tcp).collect(),
            Process::None | Process::Ending { .. } => Vec::new(),
        }
    }

    /// What every instance begins with.
    fn begin(&mut self) {
        self.previous = std::mem::take(&mut self.log);
        self.open.clear();
        self.dropped = 0;
        self.catalina = None;
        self.trouble.clear();
        self.death = Death::Own;
        self.said.clear();
        (self.hook, self.ending) = (None, None);
        self.restarting = false;
        self.serves.clear();
        self.upcoming.clear();
        self.ready = false;
        self.started = false;
        (self.readiness, self.liveness, self.startup) = Default::default();
    }

    /// The runtime could not start it.
    pub(crate) fn fail_to_start(&mut self, why: &str, now: Timestamp) {
        self.begin();
        why.clone_into(&mut self.trouble);
        self.stage = Stage::Ended { code: 128, since: now, at: now };
    }

    /// Starts the command; an error is the runtime's text.
    pub(crate) fn start(&mut self, spec: &Value, now: Timestamp) -> Result<(), String> {
        self.begin();
        self.input = Input { bytes: VecDeque::new(), closed: !fields::flag(spec, "/stdin") };
        let image = image_of(spec);
        let argv = argv(spec, image, &self.facts.environment);
        let program = argv.first().map_or("", String::as_str);
        let own = image.is_some_and(|image| !image.ports.is_empty() || image.service);
        let same =
            image.and_then(|image| image.command.first()).is_some_and(|first| first == program);
        self.stage = Stage::Running { since: now };
        let once = image.is_some_and(|image| image.agnhost) && agnhost::ends(&argv);
        if own && (same || argv.is_empty()) && !once {
            self.process = Process::Service;
            self.facts.processes = vec![argv.join(" ")];
            let ports = image.map_or(&[][..], |image| image.ports.as_slice());
            self.serves = ports.iter().copied().map(Socket::tcp).collect();
            if image.is_some_and(|image| image.agnhost) {
                self.serves = agnhost::sockets(&argv, &self.facts.environment);
            }
            if image.is_some_and(|image| image.catalina) {
                self.start_catalina(image.map_or(0, |image| image.ready_millis), now);
                return Ok(());
            }
            let lines = image.map(|image| image.logs.clone()).unwrap_or_default();
            for line in lines {
                self.write(format!("{line}\n").as_bytes(), now);
            }
            return Ok(());
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        if !self.facts.commands.iter().any(|known| known == name) {
            let why = format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH"
            );
            self.stage = Stage::Ended { code: 128, since: now, at: now };
            self.trouble.clone_from(&why);
            return Err(why);
        }
        self.facts.processes = vec![argv.join(" ")];
        self.process = Process::Shell(Box::new(Shell::new(
            &argv,
            &self.facts,
            &self.folder,
            fields::flag(spec, "/tty"),
        )));
        Ok(())
    }

    fn start_catalina(&mut self, ready: u64, now: Timestamp) {
        let started = catalina::start(&mut self.files, now, Duration::from_millis(ready));
        let last = started.lines.last().map_or(now, |(at, _)| *at);
        self.upcoming = started.lines.into();
        match started.settings {
            Some(settings) => {
                self.serves = settings.ports.iter().copied().map(Socket::tcp).collect();
                self.catalina = Some(settings);
            }
            None => self.process = Process::Ending { at: last, code: 1 },
        }
    }

    /// Writes the lines whose time has come.
    pub(crate) fn say_due(&mut self, now: Timestamp, plan: &mut Plan) {
        while let Some((at, line)) = self.upcoming.pop_front() {
            if at > now {
                plan.again(super::until(now, at));
                self.upcoming.push_front((at, line));
                return;
            }
            self.write(format!("{line}\n").as_bytes(), at);
        }
    }

    /// The process has ended.
    pub(crate) fn end(&mut self, code: i32, now: Timestamp) {
        let since = match self.stage {
            Stage::Running { since } => since,
            _ => now,
        };
        if !self.open.is_empty() {
            let text = std::mem::take(&mut self.open);
            self.log.push_back(Line { at: now, text });
        }
        self.said = self.last_words(code);
        self.process = Process::None;
        self.hook = None;
        self.background.clear();
        self.upcoming.clear();
        self.ready = false;
        self.started = false;
        self.stage = Stage::Ended { code, since, at: now };
    }

    /// The state of `containerStatuses`.
    pub(crate) fn state(&self, id: &str) -> Value {
        match &self.stage {
            Stage::Created | Stage::Pulling { .. } => {
                json!({ "waiting": { "reason": "ContainerCreating" } })
            }
            Stage::Waiting { reason, message, .. } => {
                json!({ "waiting": { "reason": reason, "message": message } })
            }
            Stage::Running { .. } if self.hook.is_some() && self.ending.is_none() => {
                json!({ "waiting": { "reason": "ContainerCreating" } })
            }
            Stage::Running { since } => {
                json!({ "running": { "startedAt": fields::seconds(*since) } })
            }
            Stage::Ended { code, since, at } => {
                let reason = match code {
                    0 => "Completed",
                    137 if self.death == Death::OutOfMemory => "OOMKilled",
                    255 if self.death == Death::PowerCut => "Unknown",
                    128 => "StartError",
                    _ => "Error",
                };
                let mut ended = json!({
                    "exitCode": code, "reason": reason, "containerID": id,
                    "startedAt": fields::seconds(*since), "finishedAt": fields::seconds(*at),
                });
                if !self.said.is_empty() {
                    fields::put(&mut ended, "/message", json!(self.said));
                }
                if *code == 128 && !self.trouble.is_empty() {
                    // An instance that has not run began at the beginning of time.
                    fields::put(&mut ended, "/startedAt", json!("1970-01-01T00:00:00Z"));
                    fields::put(&mut ended, "/message", json!(self.trouble));
                }
                json!({ "terminated": ended })
            }
        }
    }

    /// A running container that nobody asks has started, and is ready.
    pub(crate) fn unprobed(&mut self, spec: &Value) {
        if spec.get("startupProbe").is_none() {
            self.started = true;
        }
        if spec.get("readinessProbe").is_none() {
            self.ready = self.started;
        }
    }

    /// The delay before the next start: 10 s, doubled up to five minutes.
    pub(crate) fn back_off(&self) -> Duration {
        Duration::from_secs(10)
            .saturating_mul(1_u32.checked_shl(self.crashes.saturating_sub(1)).unwrap_or(u32::MAX))
            .min(Duration::from_mins(5))
    }
}

/// Milliseconds of an image as a difference of times.
pub(crate) fn millis(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The behaviour of a container's image.
pub(crate) fn image_of(spec: &Value) -> Option<&'static Image> {
    find(fields::text(spec, "/image"))
}

/// Hexadecimal letters of a digest.
pub(crate) fn hex(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Command and arguments, with `$(NAME)` resolved (`third_party/forked/golang/expansion`).
fn argv(
    spec: &Value,
    image: Option<&Image>,
    environment: &BTreeMap<String, String>,
) -> Vec<String> {
    let words = |pointer: &str| -> Vec<String> {
        let words = fields::items(spec, pointer).iter().filter_map(Value::as_str);
        words.map(|word| substitute(word, environment)).collect()
    };
    let (command, arguments) = (words("/command"), words("/args"));
    match (command.is_empty(), arguments.is_empty()) {
        (true, true) => image.map(|image| image.command.clone()).unwrap_or_default(),
        (true, false) => {
            let entry = image.map(|image| image.entrypoint.clone()).unwrap_or_default();
            [entry, arguments].concat()
        }
        _ => [command, arguments].concat(),
    }
}

/// `imageID` as containerd names it.
pub(crate) fn image_id(reference: &Reference) -> String {
    let canonical = reference.canonical();
    let repository = canonical.rsplit_once(':').map_or("", |(repository, _)| repository);
    format!("{repository}@sha256:{}", hex(&canonical))
}
