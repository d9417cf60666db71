//! The cluster as its host sees it: API server and world behind one [`Engine`].

use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::{Engine, EngineAnswer, StreamId, StreamRead};
use apimachinery::outgoing::{Incoming, Outgoing};
use jiff::Timestamp;

use crate::apiserver::{ApiAnswer, Apiserver};
use crate::config::{ClusterConfig, System};
use crate::world::{NodeAnswer, World};

/// An embedded cluster.
pub struct Cluster {
    apiserver: Apiserver,
    world: World,
    now: Timestamp,
    /// The call without whose answer time does not go on, and the answers so far.
    waits: Option<Box<Outgoing>>,
    answers: Vec<Incoming>,
    /// Time that has yet to pass.
    owed: Duration,
}

/// A state of a [`Cluster`] to come back to.
#[derive(Clone)]
pub struct ClusterSnapshot {
    apiserver: Apiserver,
    world: World,
    now: Timestamp,
}

impl Cluster {
    /// A fresh cluster.
    pub fn new(config: ClusterConfig) -> Self {
        Self::furnished(config, System::default())
    }

    /// A fresh cluster with what belongs to its system.
    pub fn furnished(config: ClusterConfig, system: System) -> Self {
        let mut apiserver = Apiserver::new(&config);
        apiserver.serve(&system.addons);
        if let Some(sink) = &system.audit {
            apiserver.follow(Arc::clone(sink));
        }
        if system.signer.is_some() {
            apiserver.signed_for();
        }
        if let Some(keys) = &system.tokens {
            apiserver.sign_tokens_with(keys);
        }
        apiserver.express(system.expressions.clone());
        let world = World::new(&config, &system, &mut apiserver);
        if system.calls {
            apiserver.calls_for();
        }
        Self {
            apiserver,
            world,
            now: config.epoch,
            waits: None,
            answers: Vec::new(),
            owed: Duration::ZERO,
        }
    }

    /// Its API server.
    pub fn apiserver(&self) -> &Apiserver {
        &self.apiserver
    }

    /// The time to which the next step goes: the next thing that is due, or `end`.
    fn step_to(&self, end: Timestamp) -> Timestamp {
        // What is due already and waits for its reader (a stream) must not hold time up.
        let due = [self.apiserver.next_due(), self.world.next_due()];
        due.into_iter()
            .flatten()
            .filter(|due| *due > self.now)
            .min()
            .map_or(end, |due| due.min(end))
    }

    /// Lets time pass, as far as it does not need what only others know.
    fn pass(&mut self, by: Duration) {
        let end = self.now.checked_add(by).unwrap_or(self.now);
        loop {
            self.world.run(&mut self.apiserver, self.now);
            if self.apiserver.is_stuck() {
                return;
            }
            if self.now >= end {
                self.world.heartbeats(&mut self.apiserver, self.now);
                self.world.expire_events(&mut self.apiserver, self.now);
                return;
            }
            self.now = self.step_to(end);
        }
    }
}

impl Engine for Cluster {
    type Snapshot = ClusterSnapshot;

    fn handle(&mut self, request: http::Request<Vec<u8>>) -> EngineAnswer {
        let now = self.now;
        let mut answer = match self.apiserver.handle(now, request) {
            // It comes again.
            ApiAnswer::Full(response) if response.extensions().get::<Outgoing>().is_some() => {
                return EngineAnswer::Full(response);
            }
            ApiAnswer::Full(response) => EngineAnswer::Full(response),
            ApiAnswer::Watch(response) => EngineAnswer::Stream(response),
            ApiAnswer::Node(request) => match self.world.node(&self.apiserver, now, &request) {
                NodeAnswer::Full(response) => EngineAnswer::Full(response),
                NodeAnswer::Stream(response) => EngineAnswer::Stream(response),
            },
            ApiAnswer::Addon(call) => {
                EngineAnswer::Full(self.world.addon(&self.apiserver, now, &call))
            }
            ApiAnswer::Fault(body) => {
                EngineAnswer::Full(self.world.fault(&mut self.apiserver, self.now, &body))
            }
            ApiAnswer::Connect(query) => {
                EngineAnswer::Full(self.world.connect(&self.apiserver, &query))
            }
        };
        match &mut answer {
            EngineAnswer::Full(response) => self.apiserver.answered(now, response),
            EngineAnswer::Stream(response) => self.apiserver.answering(now, response),
        }
        self.world.observe(&self.apiserver, self.now);
        answer
    }

    fn read_stream(&mut self, stream: StreamId) -> StreamRead {
        if World::owns(stream) {
            let read = self.world.read_stream(stream);
            if read.closed {
                self.apiserver.ended(self.now, stream);
            }
            return read;
        }
        self.apiserver.read_stream(self.now, stream)
    }

    fn write_stream(&mut self, stream: StreamId, frame: &[u8]) {
        if World::owns(stream) {
            self.world.write_stream(&self.apiserver, self.now, stream, frame);
        }
    }

    fn close_stream(&mut self, stream: StreamId) {
        if World::owns(stream) {
            self.world.close_stream(stream);
            self.apiserver.ended(self.now, stream);
        } else {
            self.apiserver.close_stream(self.now, stream);
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn advance(&mut self, by: Duration) {
        self.owed = self.owed.saturating_add(by);
        if self.waits.is_some() {
            return;
        }
        let owed = std::mem::take(&mut self.owed);
        if !self.apiserver.may_call() {
            self.answers.clear();
            self.pass(owed);
            return;
        }
        let before = self.snapshot();
        self.apiserver.try_with(&self.answers);
        self.pass(owed);
        match self.apiserver.tried() {
            None => self.answers.clear(),
            Some(outgoing) => {
                (self.apiserver, self.world, self.now) =
                    (before.apiserver, before.world, before.now);
                self.waits = Some(outgoing);
                self.owed = owed;
            }
        }
    }

    fn outgoing(&self) -> Option<Outgoing> {
        self.waits.as_deref().cloned()
    }

    fn returned(&mut self, incoming: Incoming) {
        if self.waits.as_deref() == Some(&incoming.outgoing) {
            self.waits = None;
            self.answers.push(incoming);
        }
    }

    fn next_due(&self) -> Option<Timestamp> {
        [self.apiserver.next_due(), self.world.next_due()].into_iter().flatten().min()
    }

    fn snapshot(&self) -> ClusterSnapshot {
        ClusterSnapshot {
            apiserver: self.apiserver.clone(),
            world: self.world.clone(),
            now: self.now,
        }
    }

    fn restore(&mut self, snapshot: &ClusterSnapshot) {
        self.apiserver.restore(&snapshot.apiserver);
        self.world = snapshot.world.clone();
        self.world.after_restore(&self.apiserver);
        self.now = snapshot.now;
        self.waits = None;
        self.answers.clear();
    }
}
