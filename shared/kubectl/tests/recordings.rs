//! Replays what a real API server answered, and compares every byte with what the real kubectl said.
//!
//! The files of `tests/recordings` hold, for each command, the requests that were sent, the answers
//! that came, and the output and exit code of kubectl 1.36.3 for the same command.
#![expect(clippy::unwrap_used, reason = "a broken recording fails the test where it is broken")]

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use apimachinery::transport::{
    BoxFuture, ByteStream, Clock, ExecError, ExecOutput, Transport, TransportError,
};
use jiff::Timestamp;
use kubectl::{Captured, Invocation, Kubectl, NoFiles};
use serde_json::Value;

const DISCOVERY: &str = include_str!("recordings/discovery.json");

#[derive(Debug, Default, Clone)]
struct Exchange {
    method: String,
    path: String,
    content_type: String,
    body: String,
    warnings: Vec<String>,
    status: u16,
    answer: String,
}

#[derive(Debug, Default)]
struct Recorded {
    line: String,
    now: String,
    exchanges: VecDeque<Exchange>,
    stdout: String,
    stderr: String,
    exit: i32,
}

/// Reads a file of recordings: sections that begin with `=== word`.
fn read(text: &str) -> Vec<Recorded> {
    let mut found: Vec<Recorded> = Vec::new();
    let mut now = String::new();
    let mut section = String::new();
    for line in text.split_inclusive('\n') {
        let Some(head) = line.strip_prefix("=== ") else {
            let Some(recorded) = found.last_mut() else { continue };
            match section.as_str() {
                "sends" => recorded.exchanges.back_mut().unwrap().body.push_str(line.trim_end()),
                "response" => recorded.exchanges.back_mut().unwrap().answer.push_str(line),
                "stdout" => recorded.stdout.push_str(line),
                "stderr" => recorded.stderr.push_str(line),
                _ => {}
            }
            continue;
        };
        let (word, rest) = head.trim_end().split_once(' ').unwrap_or_else(|| (head.trim_end(), ""));
        word.clone_into(&mut section);
        if word == "now" {
            rest.clone_into(&mut now);
            continue;
        }
        if word == "run" {
            found.push(Recorded { line: rest.to_owned(), now: now.clone(), ..Recorded::default() });
            continue;
        }
        let recorded = found.last_mut().unwrap();
        match word {
            "request" => {
                let (method, path) = rest.split_once(' ').unwrap();
                let (method, path) = (method.to_owned(), path.to_owned());
                recorded.exchanges.push_back(Exchange { method, path, ..Exchange::default() });
            }
            "sends" => rest.clone_into(&mut recorded.exchanges.back_mut().unwrap().content_type),
            "warning" => recorded.exchanges.back_mut().unwrap().warnings.push(rest.to_owned()),
            "response" => recorded.exchanges.back_mut().unwrap().status = rest.parse().unwrap(),
            "exit" => recorded.exit = rest.parse().unwrap(),
            _ => {}
        }
    }
    found
}

/// Answers from a recording, in order.
struct Replay {
    exchanges: Mutex<VecDeque<Exchange>>,
    now: Timestamp,
}

impl Transport for Replay {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let answer = self.answer(&request);
        Box::pin(async move { answer })
    }

    fn stream(
        &self,
        _request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        Box::pin(async { Err(TransportError::Unsupported("no stream was recorded".to_owned())) })
    }

    fn exec(
        &self,
        _request: http::Request<Vec<u8>>,
        _stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
        let error = TransportError::Unsupported("no exec was recorded".to_owned());
        Box::pin(async { Err(ExecError::Transport(error)) })
    }
}

impl Replay {
    fn answer(
        &self,
        request: &http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let path = request.uri().to_string();
        if path == "/api" || path == "/apis" {
            let all: Value = serde_json::from_str(DISCOVERY).unwrap();
            return Ok(http::Response::new(all.get(&path).unwrap().to_string().into_bytes()));
        }
        let Some(expected) = self.exchanges.lock().unwrap().pop_front() else {
            return Err(TransportError::Unsupported(format!("nothing was recorded for {path}")));
        };
        let header = |name: &str| {
            request.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        let body = String::from_utf8(request.body().clone()).unwrap();
        let asked = (request.method().as_str(), path.as_str(), header("content-type"), body);
        let wanted = (
            expected.method.as_str(),
            expected.path.as_str(),
            expected.content_type.clone(),
            expected.body.clone(),
        );
        if asked != wanted {
            return Err(TransportError::Unsupported(format!(
                "asked {asked:?}, recorded {wanted:?}"
            )));
        }
        let mut answer = http::Response::builder().status(expected.status);
        for warning in &expected.warnings {
            answer = answer.header("warning", warning);
        }
        Ok(answer.body(expected.answer.into_bytes()).unwrap())
    }
}

impl Clock for Replay {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

fn run(recorded: &Recorded) -> (String, String, i32, usize) {
    let replay = Arc::new(Replay {
        exchanges: Mutex::new(recorded.exchanges.clone()),
        now: recorded.now.parse().unwrap(),
    });
    let kubectl = Kubectl::new(Arc::clone(&replay) as Arc<dyn Transport>, Arc::clone(&replay) as _);
    let invocation = Invocation::parse(&recorded.line).unwrap();
    let mut out = Captured::default();
    let code = {
        let mut future = pin!(kubectl.run(&invocation, &NoFiles, "", &mut out));
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(code) => code,
            Poll::Pending => -1,
        }
    };
    let left = replay.exchanges.lock().unwrap().len();
    (out.stdout, out.stderr, code, left)
}

/// Every command of a file says what kubectl said, and asks for nothing that was not recorded.
fn check(text: &str, at_least: usize) {
    let all = read(text);
    assert!(all.len() >= at_least, "only {} recordings", all.len());
    for recorded in &all {
        let (stdout, stderr, code, left) = run(recorded);
        assert_eq!(stdout, recorded.stdout, "standard output of {}\n{stderr}", recorded.line);
        assert_eq!(stderr, recorded.stderr, "standard error of {}", recorded.line);
        assert_eq!(code, recorded.exit, "exit code of {}", recorded.line);
        assert_eq!(left, 0, "requests not sent by {}", recorded.line);
    }
}

#[test]
fn get_prints_what_kubectl_prints() {
    check(include_str!("recordings/get.txt"), 55);
}

#[test]
fn describe_prints_what_kubectl_prints() {
    check(include_str!("recordings/describe.txt"), 20);
}

#[test]
fn questions_and_mistakes_are_answered_as_by_kubectl() {
    check(include_str!("recordings/usage.txt"), 40);
}

#[test]
fn changes_are_sent_and_told_as_by_kubectl() {
    check(include_str!("recordings/write.txt"), 60);
}

#[test]
fn nodes_and_rarer_kinds_are_told_as_by_kubectl() {
    check(include_str!("recordings/nodes.txt"), 20);
}
