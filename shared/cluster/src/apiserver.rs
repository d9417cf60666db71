//! The API server: what a request means.

use apimachinery::engine::{StreamId, StreamRead};
use apimachinery::identity::Identity;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;

use crate::cluster::ClusterConfig;
use crate::store::Store;

/// What the API server answers.
#[derive(Debug)]
pub enum ApiAnswer {
    /// The whole answer.
    Full(http::Response<Vec<u8>>),
    /// A head whose body is read with [`Apiserver::read_stream`].
    Watch(http::Response<StreamId>),
    /// The kubelet answers.
    Node(Box<NodeRequest>),
}

/// A request that only the kubelet of a pod can answer; authorized already.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeRequest {
    /// Who asks.
    pub identity: Identity,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: Arc<Value>,
    /// The container; chosen already when the pod has only one. Empty for port forwarding and proxying.
    pub container: String,
    /// What is asked.
    pub what: NodeWhat,
}

/// What a kubelet can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeWhat {
    /// Output of a container.
    Log {
        /// Go on as it grows.
        follow: bool,
        /// At most so many lines.
        tail: Option<i64>,
        /// Of the instance before this one.
        previous: bool,
        /// Each line with its time.
        timestamps: bool,
        /// Only what is younger.
        since: Option<Timestamp>,
        /// At most so many bytes.
        limit_bytes: Option<i64>,
    },
    /// A command in a container.
    Exec {
        /// The command and its arguments.
        command: Vec<String>,
        /// Which streams are open.
        streams: Streams,
    },
    /// The main process of a container.
    Attach {
        /// Which streams are open.
        streams: Streams,
    },
    /// Connections to ports of the pod.
    PortForward {
        /// The ports.
        ports: Vec<u16>,
    },
    /// An HTTP request to the pod.
    Proxy {
        /// Name or number of the port; empty: the first.
        port: String,
        /// Path and query.
        path: String,
        /// Method.
        method: String,
        /// Body.
        body: Vec<u8>,
    },
}

/// The streams of an exec or attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the four switches of PodExecOptions")]
pub struct Streams {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
    /// A terminal.
    pub tty: bool,
}

/// The API server. A clone is a snapshot.
#[derive(Debug, Clone)]
pub struct Apiserver {
    store: Store,
}

impl Apiserver {
    /// A fresh API server with what a fresh cluster has.
    pub fn new(_config: &ClusterConfig) -> Self {
        Self { store: Store::default() }
    }

    /// Its state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Answers a request.
    pub fn handle(&mut self, _now: Timestamp, _request: http::Request<Vec<u8>>) -> ApiAnswer {
        ApiAnswer::Full(http::Response::new(Vec::new()))
    }

    /// What is new in a watch.
    pub fn read_stream(&mut self, _now: Timestamp, _stream: StreamId) -> StreamRead {
        StreamRead { chunks: Vec::new(), closed: true }
    }

    /// The client of a watch is gone.
    pub fn close_stream(&mut self, _stream: StreamId) {}

    /// Goes back to a snapshot; open watches end with 410 Gone.
    pub fn restore(&mut self, snapshot: &Self) {
        let revision = self.store.revision();
        self.store = snapshot.store.clone();
        self.store.forget_changes(revision);
    }
}
