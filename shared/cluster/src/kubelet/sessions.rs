//! What clients have open at kubelets: commands with their streams, and logs that are followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::engine::StreamRead;
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::container::{Container, Line, Process, Stage};
use super::serve::{Asked, Disks, reply};
use super::{Kubelets, Machine};
use crate::apiserver::{NodeRequest, NodeWhat};
use crate::fields;
use crate::network::Socket;
use crate::shell::{Input, Shell, Waiting};
use crate::store::Store;

/// A command in a container.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) shell: Shell,
    pub(crate) input: Input,
    pub(crate) terminal: bool,
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) wake: Option<Timestamp>,
    pub(crate) closed: bool,
}

/// A log that is followed.
#[derive(Debug, Clone)]
pub(crate) struct Following {
    pod: String,
    container: String,
    next: usize,
    timestamps: bool,
}

/// All open streams.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sessions {
    pub(crate) commands: BTreeMap<u64, Session>,
    pub(crate) logs: BTreeMap<u64, Following>,
    pub(crate) attached: BTreeMap<u64, super::attach::Attached>,
    pub(crate) forwards: BTreeMap<u64, super::forward::Forward>,
    pub(crate) last: u64,
}

impl Sessions {
    /// Whether none was ever opened.
    pub(crate) fn are_fresh(&self) -> bool {
        self.last == 0
            && self.commands.is_empty()
            && self.logs.is_empty()
            && self.attached.is_empty()
            && self.forwards.is_empty()
    }
}

/// How a request was answered.
pub(crate) enum Opened {
    Text(String),
    Full(http::Response<Vec<u8>>),
    Stream(u64),
    Refused(Status),
}

impl Session {
    /// Takes what a client sent: a channel byte and data.
    pub(crate) fn receive(&mut self, frame: &[u8]) {
        match frame.split_first() {
            Some((0, data)) if self.terminal => {
                for byte in data {
                    self.key(*byte);
                }
            }
            Some((0, data)) => self.input.bytes.extend(data),
            Some((255, _)) => self.input.closed = true,
            _ => {}
        }
    }

    /// A key of a terminal, as a line discipline treats it.
    fn key(&mut self, byte: u8) {
        let echo = |frames: &mut Vec<Vec<u8>>, text: &[u8]| frames.push([&[1], text].concat());
        match byte {
            b'\r' | b'\n' => {
                self.input.bytes.push_back(b'\n');
                echo(&mut self.frames, b"\r\n");
            }
            0x7f | 0x08 => {
                if self.input.bytes.back().is_some_and(|last| *last != b'\n') {
                    self.input.bytes.pop_back();
                    echo(&mut self.frames, b"\x08 \x08");
                }
            }
            0x03 => {
                self.shell.interrupt();
                self.input.bytes.clear();
                echo(&mut self.frames, b"^C\r\n");
            }
            0x04 if self.input.bytes.is_empty() => self.input.closed = true,
            byte => {
                self.input.bytes.push_back(byte);
                echo(&mut self.frames, &[byte]);
            }
        }
    }

    /// What the command wrote, and whether it ended.
    pub(crate) fn took(&mut self, stdout: &[u8], stderr: &[u8], waiting: Waiting) {
        let terminal =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes();
        for (channel, bytes) in [(1_u8, stdout), (2, stderr)] {
            if bytes.is_empty() {
                continue;
            }
            let (channel, bytes) =
                if self.terminal { (1, terminal(bytes)) } else { (channel, bytes.to_vec()) };
            self.frames.push([vec![channel], bytes].concat());
        }
        self.wake = None;
        match waiting {
            Waiting::Until(at) => self.wake = Some(at),
            Waiting::Input => {}
            Waiting::Exited(code) => {
                self.frames.push([vec![3], exit_status(code).to_string().into_bytes()].concat());
                self.closed = true;
            }
        }
    }
}

/// The last frame of an exec.
fn exit_status(code: i32) -> Value {
    if code == 0 {
        return json!({ "metadata": {}, "status": "Success" });
    }
    json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: error executing command, exit code {code}"),
        "details": { "causes": [{ "reason": "ExitCode", "message": code.to_string() }] },
    })
}

impl Kubelets {
    /// What the API server says when it cannot reach the kubelet.
    fn unreachable(&self, store: &Store, request: &NodeRequest) -> Option<Status> {
        let node = fields::text(&request.pod, "/spec/nodeName");
        self.faults.silent.get(node)?;
        let place = format!("{}:10250", super::status::node_address(store, node));
        let text = if matches!(request.what, NodeWhat::Log { .. }) {
            let (pod, container) = (fields::name(&request.pod), &request.container);
            let path = format!("containerLogs/{}/{pod}/{container}", request.namespace);
            format!("Get \"https://{place}/{path}\": dial tcp {place}: i/o timeout")
        } else {
            format!("error dialing backend: dial tcp {place}: i/o timeout")
        };
        Some(Status::failure(500, "InternalError", text))
    }

    /// Answers a request to a kubelet.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of request")]
    pub(crate) fn open(&mut self, store: &Store, now: Timestamp, request: &NodeRequest) -> Opened {
        let key = format!("{}/{}", request.namespace, fields::name(&request.pod));
        if let Some(refused) = self.unreachable(store, request) {
            return Opened::Refused(refused);
        }
        let found =
            self.machines.get(&key).and_then(|machine| machine.containers.get(&request.container));
        match &request.what {
            NodeWhat::Log { follow, tail, previous, timestamps, since, limit_bytes } => {
                let container = match found.map_or_else(|| Err("ContainerCreating"), log_of) {
                    Ok(container) => container,
                    Err(reason) => return Opened::Refused(not_started(request, reason)),
                };
                if *previous && container.restarts == 0 {
                    let text = format!(
                        "previous terminated container \"{}\" in pod \"{}\" not found",
                        request.container,
                        fields::name(&request.pod)
                    );
                    return Opened::Refused(Status::bad_request(text));
                }
                let lines = if *previous { &container.previous } else { &container.log };
                let young = lines.iter().filter(|line| since.is_none_or(|since| line.at >= since));
                let mut shown: Vec<&Line> = young.collect();
                if let Some(tail) = tail.and_then(|tail| usize::try_from(tail).ok()) {
                    shown.drain(..shown.len().saturating_sub(tail));
                }
                let mut text: String =
                    shown.iter().map(|line| printed(line, *timestamps)).collect();
                if let Some(limit) = limit_bytes.and_then(|limit| usize::try_from(limit).ok()) {
                    text = text.chars().take(limit).collect();
                }
                if !*follow || *previous {
                    return Opened::Text(text);
                }
                let next = container.dropped + container.log.len();
                self.sessions.last += 1;
                let following = Following {
                    pod: key,
                    container: request.container.clone(),
                    next,
                    timestamps: *timestamps,
                };
                self.sessions.logs.insert(self.sessions.last, following);
                self.first_chunks.insert(self.sessions.last, text.into_bytes());
                Opened::Stream(self.sessions.last)
            }
            NodeWhat::Exec { command, streams } => {
                let running = found.filter(|one| matches!(one.stage, Stage::Running { .. }));
                let Some(container) = running else {
                    // `pkg/kubelet/kubelet_pods.go GetExec`.
                    let text = format!("container not found (\"{}\")", request.container);
                    return Opened::Refused(Status::failure(500, "InternalError", text));
                };
                let program = command.first().map_or("", String::as_str);
                let mut session = Session {
                    pod: key.clone(),
                    container: request.container.clone(),
                    shell: Shell::new(command, &container.facts, &container.folder, streams.tty),
                    input: Input { closed: !streams.stdin, ..Input::default() },
                    terminal: streams.tty,
                    frames: Vec::new(),
                    wake: Some(now),
                    closed: false,
                };
                let name = program.rsplit('/').next().unwrap_or(program);
                if !container.facts.commands.iter().any(|known| known == name) {
                    let text = format!(
                        "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH"
                    );
                    session.took(b"", format!("{text}\n").as_bytes(), Waiting::Exited(126));
                    if let Some(last) = session.frames.last_mut() {
                        let status = json!({
                            "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
                            "message": format!("Internal error occurred: Internal error occurred: error executing command in container: failed to exec in container: failed to start exec \"{}\": {text}", super::container::hex(&key)),
                        });
                        *last = [vec![3], status.to_string().into_bytes()].concat();
                    }
                    session.frames.drain(..session.frames.len().saturating_sub(1));
                    session.wake = None;
                }
                self.sessions.last += 1;
                let id = self.sessions.last;
                self.sessions.commands.insert(id, session);
                self.step_session(store, id, now);
                Opened::Stream(id)
            }
            NodeWhat::Attach { streams } => self.attach(request, *streams),
            NodeWhat::Proxy { port, path, method, .. } => {
                Opened::Full(self.proxy(request, port, (method, path), now))
            }
            NodeWhat::PortForward { ports } => Opened::Stream(self.forward(request, ports)),
        }
    }

    /// Lets a command go on.
    pub(crate) fn step_session(&mut self, store: &Store, id: u64, now: Timestamp) {
        let Some(mut session) = self.sessions.commands.remove(&id) else { return };
        let pod = session
            .pod
            .split_once('/')
            .and_then(|(namespace, name)| store.get("pods", namespace, name));
        let running = self
            .machines
            .get(&session.pod)
            .and_then(|machine| machine.containers.get(&session.container))
            .is_some_and(|one| matches!(one.stage, Stage::Running { .. }));
        if let Some(pod) = pod.filter(|_| running && !session.closed) {
            let mut input = std::mem::take(&mut session.input);
            let (stdout, stderr, waiting) = self.step_shell(
                store,
                &pod,
                (&session.container, &mut session.shell, &mut input),
                now,
            );
            session.input = input;
            if matches!(waiting, Waiting::Exited(_)) && session.shell.leaves_children() {
                let shell = session.shell.clone();
                if let Some(machine) = self.machines.get_mut(&session.pod) {
                    Arc::make_mut(machine).adopt(&session.container, shell);
                }
            }
            session.took(&stdout, &stderr, waiting);
        } else if !session.closed {
            // The container has gone, and everything in it was killed.
            session.took(b"", b"", Waiting::Exited(137));
        }
        self.sessions.commands.insert(id, session);
    }

    /// What is new in a stream.
    pub(crate) fn read(&mut self, id: u64) -> StreamRead {
        if let Some(session) = self.sessions.commands.get_mut(&id) {
            let read =
                StreamRead { chunks: std::mem::take(&mut session.frames), closed: session.closed };
            if read.closed {
                self.sessions.commands.remove(&id);
            }
            return read;
        }
        if let Some(read) = self.read_attached(id) {
            return read;
        }
        if let Some(read) = self.read_forward(id) {
            return read;
        }
        let Some(following) = self.sessions.logs.get_mut(&id) else {
            return StreamRead { chunks: Vec::new(), closed: true };
        };
        let mut chunks: Vec<Vec<u8>> =
            self.first_chunks.remove(&id).into_iter().filter(|chunk| !chunk.is_empty()).collect();
        let container = self
            .machines
            .get(&following.pod)
            .and_then(|machine| machine.containers.get(&following.container));
        let Some(container) = container else {
            self.sessions.logs.remove(&id);
            return StreamRead { chunks, closed: true };
        };
        let skip = following.next.saturating_sub(container.dropped);
        let timestamps = following.timestamps;
        let text: String =
            container.log.iter().skip(skip).map(|line| printed(line, timestamps)).collect();
        following.next = container.dropped + container.log.len();
        if !text.is_empty() {
            chunks.push(text.into_bytes());
        }
        let closed = matches!(container.stage, Stage::Ended { .. } | Stage::Waiting { .. });
        if closed {
            self.sessions.logs.remove(&id);
        }
        StreamRead { chunks, closed }
    }
}

fn printed(line: &Line, timestamps: bool) -> String {
    if timestamps {
        let time = fields::micros(line.at);
        return format!("{}000Z {}\n", time.trim_end_matches('Z'), line.text);
    }
    format!("{}\n", line.text)
}

/// The container whose log can be shown, or the reason why it has none.
fn log_of(container: &Container) -> Result<&Container, &'static str> {
    match &container.stage {
        Stage::Created | Stage::Pulling { .. } => Err("ContainerCreating"),
        Stage::Waiting { reason, .. } if *reason != "CrashLoopBackOff" => Err(reason),
        _ => Ok(container),
    }
}

fn not_started(request: &NodeRequest, reason: &str) -> Status {
    let (container, pod) = (&request.container, fields::name(&request.pod));
    let shown = fields::items(&request.pod, "/status/containerStatuses").iter();
    let initializing = shown
        .filter(|one| fields::text(one, "/name") == container)
        .any(|one| fields::text(one, "/state/waiting/reason") == "PodInitializing");
    let why = match reason {
        "ContainerCreating" if initializing => "PodInitializing",
        "ErrImagePull" => "image can't be pulled",
        "ImagePullBackOff" => "trying and failing to pull image",
        other => other,
    };
    Status::bad_request(format!(
        "container \"{container}\" in pod \"{pod}\" is waiting to start: {why}"
    ))
}

/// Whether a container's program answers a probe of its image.
pub(crate) fn probe_answer(
    (disks, pod, machine): (&Disks, &Value, &Machine),
    spec: &Value,
    port: u16,
    path: Option<&str>,
    now: Timestamp,
) -> Result<u16, &'static str> {
    let name = fields::text(spec, "/name");
    let Some(container) = machine.containers.get(name) else { return Err("refused") };
    if !container.ports(spec, now).contains(&Socket::tcp(port)) {
        return Err("refused");
    }
    let Some(path) = path else { return Ok(0) };
    if !matches!(container.process, Process::Service) {
        return Err("refused");
    }
    let asked = Asked { method: "GET", path, agent: "kube-probe/1.36", from: "", now };
    let reply = reply(disks, pod, machine, (spec, container), asked);
    Ok(reply.map_or(404, |reply| reply.answer.code))
}
