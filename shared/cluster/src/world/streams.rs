//! Streams that kubelets serve: logs, and commands in containers.

use std::collections::BTreeMap;

use apimachinery::engine::{StreamId, StreamRead};
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apiserver::{NodeRequest, NodeWhat};
use crate::fields;
use crate::images::find;
use crate::kubelet::exec::{Done, Inside};
use crate::store::Store;

/// Streams of kubelets are numbered apart from watches.
const FIRST: u64 = 1 << 40;

/// An answer of a kubelet.
pub(crate) enum NodeAnswer {
    /// The whole answer.
    Full(http::Response<Vec<u8>>),
    /// A stream.
    Stream(http::Response<StreamId>),
}

/// A stream whose content is known and is handed out at its time.
#[derive(Clone)]
struct Pending {
    at: Timestamp,
    chunks: Vec<Vec<u8>>,
    /// Whether it stays open afterwards (a followed log).
    open: bool,
}

/// All open streams.
#[derive(Clone, Default)]
pub(crate) struct Streams {
    open: BTreeMap<u64, Pending>,
    last: u64,
}

/// Whether a stream is one of these.
pub(crate) fn owns(stream: StreamId) -> bool {
    stream.0 >= FIRST
}

impl Streams {
    /// When the next content is due that is not due yet.
    pub(crate) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        self.open.values().map(|one| one.at).filter(|at| *at > now).min()
    }

    /// What is new.
    pub(crate) fn read(&mut self, now: Timestamp, stream: StreamId) -> StreamRead {
        let Some(pending) = self.open.get_mut(&stream.0) else {
            return StreamRead { chunks: Vec::new(), closed: true };
        };
        if pending.at > now {
            return StreamRead::default();
        }
        let chunks = std::mem::take(&mut pending.chunks);
        let closed = !pending.open;
        if closed {
            self.open.remove(&stream.0);
        }
        StreamRead { chunks, closed }
    }

    /// The client is gone.
    pub(crate) fn close(&mut self, stream: StreamId) {
        self.open.remove(&stream.0);
    }

    fn add(&mut self, pending: Pending) -> NodeAnswer {
        self.last += 1;
        let id = FIRST + self.last;
        self.open.insert(id, pending);
        NodeAnswer::Stream(http::Response::new(StreamId(id)))
    }

    /// Answers a request to a kubelet.
    pub(crate) fn answer(
        &mut self,
        store: &Store,
        now: Timestamp,
        request: &NodeRequest,
    ) -> NodeAnswer {
        let container = fields::items(&request.pod, "/spec/containers")
            .iter()
            .find(|one| fields::text(one, "/name") == request.container)
            .cloned()
            .unwrap_or_default();
        if let Some(refusal) = not_running(request) {
            return refusal;
        }
        match &request.what {
            NodeWhat::Log { follow, tail, timestamps, .. } => {
                let text = log(&request.pod, &container, *tail, *timestamps);
                if *follow {
                    return self.add(Pending {
                        at: now,
                        chunks: vec![text.into_bytes()],
                        open: true,
                    });
                }
                let mut response = http::Response::new(text.into_bytes());
                response
                    .headers_mut()
                    .insert("content-type", http::HeaderValue::from_static("text/plain"));
                NodeAnswer::Full(response)
            }
            NodeWhat::Exec { command, .. } => {
                let inside = Inside { store, pod: &request.pod, container: &container, now };
                let done = inside.run(command);
                let at = now.checked_add(done.took).unwrap_or(now);
                self.add(Pending { at, chunks: frames(&done), open: false })
            }
            NodeWhat::Attach { .. } | NodeWhat::PortForward { .. } | NodeWhat::Proxy { .. } => {
                refused(&Status::failure(
                    501,
                    "NotImplemented",
                    "the embedded cluster does not do this yet",
                ))
            }
        }
    }
}

fn refused(status: &Status) -> NodeAnswer {
    let body = serde_json::to_value(status).unwrap_or(Value::Null);
    NodeAnswer::Full(super::json_response(status.code, &body))
}

fn not_running(request: &NodeRequest) -> Option<NodeAnswer> {
    let status = fields::items(&request.pod, "/status/containerStatuses")
        .iter()
        .find(|one| fields::text(one, "/name") == request.container);
    let runs = status.is_some_and(|one| one.pointer("/state/running").is_some());
    if runs {
        return None;
    }
    let waiting =
        status.map_or("ContainerCreating", |one| fields::text(one, "/state/waiting/reason"));
    let (container, pod) = (&request.container, fields::name(&request.pod));
    let status = match request.what {
        NodeWhat::Log { .. } if waiting == "ContainerCreating" => Status::bad_request(format!(
            "container \"{container}\" in pod \"{pod}\" is waiting to start: {waiting}"
        )),
        NodeWhat::Log { .. } => Status::bad_request(format!(
            "container \"{container}\" in pod \"{pod}\" is waiting to start: trying and failing to pull image"
        )),
        _ => Status::internal(format!(
            "error executing command in container: container not found (\"{container}\")"
        )),
    };
    Some(refused(&status))
}

/// What the container has written: its image's lines, and what its command says before it waits.
fn log(pod: &Value, container: &Value, tail: Option<i64>, timestamps: bool) -> String {
    let command: Vec<&str> =
        fields::items(container, "/command").iter().filter_map(Value::as_str).collect();
    let mut lines: Vec<String> = match command.as_slice() {
        [] => find(fields::text(container, "/image"))
            .map(|image| image.logs.clone())
            .unwrap_or_default(),
        words => words
            .last()
            .into_iter()
            .flat_map(|script| script.split("&&"))
            .filter_map(|part| part.trim().strip_prefix("echo "))
            .map(|text| text.trim_matches(['\'', '"']).to_owned())
            .collect(),
    };
    if let Some(tail) = tail.and_then(|tail| usize::try_from(tail).ok()) {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let since = fields::text(pod, "/status/startTime");
    let prefix = if timestamps { format!("{since} ") } else { String::new() };
    lines.iter().map(|line| format!("{prefix}{line}\n")).collect()
}

/// Frames of `v5.channel.k8s.io`.
fn frames(done: &Done) -> Vec<Vec<u8>> {
    let frame = |channel: u8, bytes: &[u8]| {
        let mut found = vec![channel];
        found.extend_from_slice(bytes);
        found
    };
    let mut found = Vec::new();
    if !done.stdout.is_empty() {
        found.push(frame(1, done.stdout.as_bytes()));
    }
    if !done.stderr.is_empty() {
        found.push(frame(2, done.stderr.as_bytes()));
    }
    let status = if done.code == 0 {
        json!({ "metadata": {}, "status": "Success" })
    } else {
        json!({
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
            "message": format!("command terminated with non-zero exit code: error executing command, exit code {}", done.code),
            "details": { "causes": [{ "reason": "ExitCode", "message": done.code.to_string() }] },
        })
    };
    found.push(frame(3, status.to_string().as_bytes()));
    found
}
