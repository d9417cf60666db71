//! The cluster as its host sees it: API server and world behind one [`Engine`].

use std::time::Duration;

use apimachinery::engine::{Engine, EngineAnswer, StreamId, StreamRead};
use apimachinery::identity::Identity;
use jiff::Timestamp;

use crate::apiserver::{ApiAnswer, Apiserver};

/// Which control loops run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Controllers {
    /// All of them.
    #[default]
    All,
    /// None: a bare API server.
    None,
    /// These, by the names that `kube-controller-manager --controllers` knows, `scheduler` and `kubelet`.
    Only(Vec<String>),
}

/// What a cluster is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// Of all chance.
    pub seed: u64,
    /// When the cluster starts.
    pub epoch: Timestamp,
    /// How many nodes it has.
    pub nodes: u32,
    /// Which control loops run.
    pub controllers: Controllers,
    /// Bearer token of the administrator.
    pub admin_token: String,
    /// Further bearer tokens.
    pub extra_tokens: Vec<(String, Identity)>,
}

/// An embedded cluster.
pub struct Cluster {
    apiserver: Apiserver,
    now: Timestamp,
}

/// A state of a [`Cluster`] to come back to.
#[derive(Clone)]
pub struct ClusterSnapshot {
    apiserver: Apiserver,
    now: Timestamp,
}

impl Cluster {
    /// A fresh cluster.
    pub fn new(config: ClusterConfig) -> Self {
        let apiserver = Apiserver::new(&config);
        Self { apiserver, now: config.epoch }
    }

    /// Its API server.
    pub fn apiserver(&self) -> &Apiserver {
        &self.apiserver
    }
}

impl Engine for Cluster {
    type Snapshot = ClusterSnapshot;

    fn handle(&mut self, request: http::Request<Vec<u8>>) -> EngineAnswer {
        match self.apiserver.handle(self.now, request) {
            ApiAnswer::Full(response) => EngineAnswer::Full(response),
            ApiAnswer::Watch(response) => EngineAnswer::Stream(response),
            ApiAnswer::Node(_) | ApiAnswer::Connect(_) => {
                EngineAnswer::Full(http::Response::new(Vec::new()))
            }
        }
    }

    fn read_stream(&mut self, stream: StreamId) -> StreamRead {
        self.apiserver.read_stream(self.now, stream)
    }

    fn write_stream(&mut self, _stream: StreamId, _frame: &[u8]) {}

    fn close_stream(&mut self, stream: StreamId) {
        self.apiserver.close_stream(stream);
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.now = self.now.checked_add(by).unwrap_or(self.now);
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.apiserver.next_due()
    }

    fn snapshot(&self) -> ClusterSnapshot {
        ClusterSnapshot { apiserver: self.apiserver.clone(), now: self.now }
    }

    fn restore(&mut self, snapshot: &ClusterSnapshot) {
        self.apiserver.restore(&snapshot.apiserver);
        self.now = snapshot.now;
    }
}
