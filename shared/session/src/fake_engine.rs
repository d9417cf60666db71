//! An engine that is small enough to know by heart, for the tests of the glue: every ten seconds an
//! object `tick-N` appears; `exec` of the pod `web` echoes its input and ends with exit code 3.

use std::collections::BTreeMap;
use std::time::Duration;

use apimachinery::engine::{Engine, EngineAnswer, StreamId, StreamRead};
use apimachinery::status::Status;
use jiff::Timestamp;

const PERIOD: i64 = 10;

#[derive(Clone)]
enum Open {
    Watch { seen: i64 },
    Exec { out: Vec<Vec<u8>>, ends: Option<Timestamp> },
}

/// See the module.
pub(crate) struct FakeEngine {
    now: Timestamp,
    open: BTreeMap<StreamId, Open>,
    last: u64,
}

/// When its time begins.
pub(crate) fn epoch() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().expect("a timestamp")
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self { now: epoch(), open: BTreeMap::new(), last: 0 }
    }
}

impl FakeEngine {
    fn ticks(&self) -> i64 {
        self.now.duration_since(epoch()).as_secs() / PERIOD
    }

    fn stream(&mut self, open: Open) -> EngineAnswer {
        self.last += 1;
        self.open.insert(StreamId(self.last), open);
        EngineAnswer::Stream(http::Response::new(StreamId(self.last)))
    }
}

fn answer(code: u16, body: &impl serde::Serialize) -> EngineAnswer {
    let body = serde_json::to_vec(body).expect("serializable");
    EngineAnswer::Full(http::Response::builder().status(code).body(body).expect("a response"))
}

impl Engine for FakeEngine {
    type Snapshot = Timestamp;

    fn handle(&mut self, request: http::Request<Vec<u8>>) -> EngineAnswer {
        let path = request.uri().path().to_owned();
        let watch = request.uri().query().is_some_and(|query| query.contains("watch=true"));
        if watch && path == "/api/v1/pods" {
            let seen = self.ticks();
            return self.stream(Open::Watch { seen });
        }
        match path.as_str() {
            "/api/v1/namespaces/dev/pods/web/exec" => {
                self.stream(Open::Exec { out: Vec::new(), ends: None })
            }
            "/version" => answer(200, &serde_json::json!({ "gitVersion": "v1.36.3" })),
            "/api/v1/pods" => {
                let items: Vec<_> = (1..=self.ticks()).map(pod).collect();
                answer(
                    200,
                    &serde_json::json!({ "metadata": { "resourceVersion": "1" }, "items": items }),
                )
            }
            other => {
                let name = other.split('/').nth(6).unwrap_or(other);
                answer(404, &Status::failure(404, "NotFound", format!("pods \"{name}\" not found")))
            }
        }
    }

    fn read_stream(&mut self, stream: StreamId) -> StreamRead {
        let (now, ticks) = (self.now, self.ticks());
        match self.open.get_mut(&stream) {
            Some(Open::Watch { seen }) => {
                let chunks = (*seen + 1..=ticks)
                    .map(|tick| {
                        let event = serde_json::json!({ "type": "ADDED", "object": pod(tick) });
                        format!("{event}\n").into_bytes()
                    })
                    .collect();
                *seen = ticks;
                StreamRead { chunks, closed: false }
            }
            Some(Open::Exec { out, ends }) => {
                let mut read = StreamRead { chunks: std::mem::take(out), closed: false };
                if ends.is_some_and(|ends| ends <= now) {
                    let status = serde_json::json!({ "status": "Failure", "reason": "NonZeroExitCode",
                        "details": { "causes": [{ "reason": "ExitCode", "message": "3" }] } });
                    read.chunks.push([&[3], status.to_string().as_bytes()].concat());
                    read.closed = true;
                }
                read
            }
            None => StreamRead { chunks: Vec::new(), closed: true },
        }
    }

    fn write_stream(&mut self, stream: StreamId, frame: &[u8]) {
        let now = self.now;
        let Some(Open::Exec { out, ends }) = self.open.get_mut(&stream) else { return };
        match frame {
            [0, data @ ..] => out.push([&[1], data].concat()),
            [255, 0] => *ends = Some(now + Duration::from_secs(2)),
            _ => {}
        }
    }

    fn close_stream(&mut self, stream: StreamId) {
        self.open.remove(&stream);
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.now += by;
    }

    fn next_due(&self) -> Option<Timestamp> {
        let tick = epoch() + Duration::from_secs(((self.ticks() + 1) * PERIOD).unsigned_abs());
        let exec = self.open.values().filter_map(|open| match open {
            Open::Exec { ends, .. } => *ends,
            Open::Watch { .. } => None,
        });
        exec.chain([tick]).filter(|due| *due > self.now).min()
    }

    fn snapshot(&self) -> Timestamp {
        self.now
    }

    fn restore(&mut self, snapshot: &Timestamp) {
        self.now = *snapshot;
        self.open.clear();
    }
}

fn pod(tick: i64) -> serde_json::Value {
    serde_json::json!({ "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": format!("tick-{tick}"), "namespace": "dev" } })
}
