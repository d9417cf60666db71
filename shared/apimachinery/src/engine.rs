//! An embedded cluster as its host sees it.
//!
//! The host (server, worker, test) owns an [`Engine`] and pushes requests and time into it; nothing
//! happens by itself. Streams are pulled: after every request and every [`Engine::advance`] the host
//! asks each open stream for what is new.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use crate::outgoing::{Incoming, Outgoing};

/// From where a request comes, in its extensions, when its host knows; otherwise it comes from within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Names an open stream of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// An engine's answer to a request.
#[derive(Debug)]
pub enum EngineAnswer {
    /// The whole answer.
    Full(http::Response<Vec<u8>>),
    /// A head whose body is read with [`Engine::read_stream`]: a watch, a followed log, an exec.
    Stream(http::Response<StreamId>),
}

/// What is new in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamRead {
    /// New chunks in order. For watches, one JSON document with its line break each; for logs, bytes;
    /// for exec and attach, one frame each as in `v5.channel.k8s.io`: a channel byte (1 stdout,
    /// 2 stderr, 3 error status) and data.
    pub chunks: Vec<Vec<u8>>,
    /// Whether nothing will follow.
    pub closed: bool,
}

/// A cluster that is computed here.
///
/// Identity: a request with a [`crate::identity::Identity`] in its extensions comes from a host that
/// has authenticated it (a client certificate, or in-process); otherwise the engine reads the
/// `Authorization` header; impersonation headers apply on top in both cases.
pub trait Engine: Send {
    /// A state to come back to. Cheap to make and to keep.
    type Snapshot: Clone + Send;

    /// Answers a request. Bodies are JSON or Kubernetes protobuf (the host turns YAML into JSON). An
    /// exec request is the plain GET or POST of the subresource; the host does the upgrade.
    fn handle(&mut self, request: http::Request<Vec<u8>>) -> EngineAnswer;

    /// What is new in a stream; an unknown id reads as closed.
    fn read_stream(&mut self, stream: StreamId) -> StreamRead;

    /// Sends a frame into an exec (channel byte 0 stdin, 4 resize, 255 close of a channel).
    fn write_stream(&mut self, stream: StreamId, frame: &[u8]);

    /// The client is gone.
    fn close_stream(&mut self, stream: StreamId);

    /// Now in the cluster.
    fn now(&self) -> Timestamp;

    /// Lets this much time pass; everything due in it happens, in order.
    fn advance(&mut self, by: Duration);

    /// A call without whose answer time does not go on; none where the host makes none.
    fn outgoing(&self) -> Option<Outgoing> {
        None
    }

    /// The answer to that call; [`Engine::advance`] goes on with it.
    fn returned(&mut self, _incoming: Incoming) {}

    /// When the next thing will happen by itself, if anything will.
    fn next_due(&self) -> Option<Timestamp>;

    /// The present state.
    fn snapshot(&self) -> Self::Snapshot;

    /// Goes back to a state. Open watches end with 410 Gone, as after a restart.
    fn restore(&mut self, snapshot: &Self::Snapshot);
}
