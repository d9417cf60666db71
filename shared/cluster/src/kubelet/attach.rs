//! Clients at the main process of a container: what it writes from now on, and what they type
//! (`pkg/kubelet/kubelet_pods.go AttachContainer`).

use std::sync::Arc;

use apimachinery::engine::StreamRead;
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::json;

use super::Kubelets;
use super::container::{Container, Process, Stage};
use super::sessions::Opened;
use crate::apiserver::{NodeRequest, Streams};
use crate::fields;

/// A client at a container's main process.
#[derive(Debug, Clone)]
pub(crate) struct Attached {
    pod: String,
    container: String,
    /// The instance that it is attached to.
    restarts: i64,
    /// The next line of the log that it gets.
    next: usize,
    /// How much of that line it has.
    shown: usize,
    stdin: bool,
    terminal: bool,
    once: bool,
}

impl Attached {
    /// What the process has written since the last time, in the form of a terminal if it has one.
    fn news(&mut self, container: &Container) -> String {
        let same = container.restarts == self.restarts;
        let (lines, dropped) =
            if same { (&container.log, container.dropped) } else { (&container.previous, 0) };
        let end = if self.terminal { "\r\n" } else { "\n" };
        let mut text = String::new();
        for line in lines.iter().skip(self.next.saturating_sub(dropped)) {
            text.push_str(line.text.get(self.shown..).unwrap_or_default());
            text.push_str(end);
            self.shown = 0;
        }
        self.next = dropped + lines.len();
        if same {
            text.push_str(container.open.get(self.shown..).unwrap_or_default());
            self.shown = container.open.len();
        }
        text
    }
}

impl Kubelets {
    /// Attaches a client.
    pub(super) fn attach(&mut self, request: &NodeRequest, streams: Streams) -> Opened {
        let pod = format!("{}/{}", request.namespace, fields::name(&request.pod));
        let name = &request.container;
        let found = self.machines.get(&pod).and_then(|machine| machine.containers.get(name));
        let running = found.filter(|one| matches!(one.stage, Stage::Running { .. }));
        let Some(container) = running else {
            return Opened::Refused(Status::internal(format!(
                "container {name} not found in pod {}_{}",
                fields::name(&request.pod),
                request.namespace
            )));
        };
        let spec = ["/spec/containers", "/spec/initContainers", "/spec/ephemeralContainers"]
            .iter()
            .flat_map(|list| fields::items(&request.pod, list))
            .find(|spec| fields::text(spec, "/name") == name);
        let set = |pointer: &str| spec.is_some_and(|spec| fields::flag(spec, pointer));
        let attached = Attached {
            pod,
            container: name.clone(),
            restarts: container.restarts,
            next: container.dropped + container.log.len(),
            shown: container.open.len(),
            stdin: streams.stdin && set("/stdin"),
            terminal: streams.tty && set("/tty"),
            once: set("/stdinOnce"),
        };
        self.sessions.last += 1;
        self.sessions.attached.insert(self.sessions.last, attached);
        Opened::Stream(self.sessions.last)
    }

    /// What is new for an attached client; `None` when the stream is another.
    pub(super) fn read_attached(&mut self, id: u64) -> Option<StreamRead> {
        let attached = self.sessions.attached.get_mut(&id)?;
        let container = self
            .machines
            .get(&attached.pod)
            .and_then(|machine| machine.containers.get(&attached.container));
        let mut chunks = Vec::new();
        let mut closed = true;
        if let Some(container) = container {
            let text = attached.news(container);
            if !text.is_empty() {
                chunks.push([&[1], text.as_bytes()].concat());
            }
            closed = container.restarts != attached.restarts
                || !matches!(container.stage, Stage::Running { .. });
        }
        if closed {
            let status = json!({ "metadata": {}, "status": "Success" });
            chunks.push([&[3], status.to_string().as_bytes()].concat());
            self.sessions.attached.remove(&id);
        }
        Some(StreamRead { chunks, closed })
    }

    /// Takes what an attached client sent; the pod whose process has something to read.
    pub(crate) fn type_in(&mut self, id: u64, frame: &[u8], now: Timestamp) -> Option<String> {
        let attached = self.sessions.attached.get(&id).filter(|one| one.stdin)?;
        let machine = Arc::make_mut(self.machines.get_mut(&attached.pod)?);
        let container = machine.containers.get_mut(&attached.container)?;
        match frame.split_first() {
            Some((0, data)) if attached.terminal => {
                for byte in data {
                    key(container, *byte, now);
                }
            }
            Some((0, data)) => container.input.bytes.extend(data),
            Some((255, _)) if attached.once => container.input.closed = true,
            _ => return None,
        }
        Some(attached.pod.clone())
    }
}

/// A key of a container's terminal; what is typed is echoed into its output.
fn key(container: &mut Container, byte: u8, now: Timestamp) {
    match byte {
        b'\r' | b'\n' => {
            container.input.bytes.push_back(b'\n');
            container.write(b"\n", now);
        }
        0x7f | 0x08 => {
            if container.input.bytes.back().is_some_and(|last| *last != b'\n') {
                container.input.bytes.pop_back();
                container.write(b"\x08 \x08", now);
            }
        }
        0x03 => {
            if let Process::Shell(shell) = &mut container.process {
                shell.interrupt();
            }
            container.input.bytes.clear();
            container.write(b"^C\n", now);
        }
        0x04 if container.input.bytes.is_empty() => container.input.closed = true,
        byte => {
            container.input.bytes.push_back(byte);
            container.write(&[byte], now);
        }
    }
}
