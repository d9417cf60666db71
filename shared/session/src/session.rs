//! One learner's work on one scenario.
//!
//! Everything that takes time (runs, watches, probes) is a future that the session owns and polls; the
//! host only calls [`Session::poll`] when its waker fires or time passed. Every accepted command ends in
//! a `RunFinished` event.

mod clock;
mod command;
mod open;
mod reset;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use apimachinery::engine::Engine;
use apimachinery::transport::{BoxFuture, Clock, Transport};
use jiff::Timestamp;
use notebook::scenario::Notebook;
use protocol::v1::{
    Answer, CommandEnvelope, CreateSession, Event, EventBody, ExecutorView, Level, Phrase, Query,
    RunId, RunOutcome, SessionId, SessionView,
};
use runner::{Runner, Standing};

use crate::connections::Probes;
use crate::embedded::{Embedded, Steering, between};
use crate::history::History;
use crate::keys::Keys;
use crate::log::EventLog;
use crate::objects::Objects;
use crate::outbox::Outbox;
use crate::query::Questions;
use crate::time::SessionClock;

/// How many rounds one poll takes before it lets the host do something else.
const ROUNDS: usize = 64;

/// The cluster of a session.
#[derive(Clone)]
pub struct Ends {
    /// The way to its API server.
    pub transport: Arc<dyn Transport>,
    /// Its time, for runs: on an embedded cluster their waiting moves it.
    pub clock: Arc<dyn Clock>,
    /// Its time, for the session's own waiting.
    pub background: Arc<dyn Clock>,
    /// The embedded cluster's time and states; none on a real cluster.
    pub steering: Option<Arc<dyn Steering>>,
}

impl Ends {
    /// An embedded cluster.
    pub fn embedded<E: Engine + 'static>(cluster: &Embedded<E>) -> Self {
        Self {
            transport: Arc::new(cluster.clone()),
            clock: Arc::new(cluster.clone()),
            background: Arc::new(cluster.background()),
            steering: Some(Arc::new(cluster.clone())),
        }
    }

    /// A real cluster.
    pub fn real(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { transport, background: Arc::clone(&clock), clock, steering: None }
    }
}

/// What a session is opened with.
pub struct Opening {
    /// Its name.
    pub id: SessionId,
    /// What the page asked for.
    pub request: CreateSession,
    /// The scenario.
    pub notebook: Notebook,
    /// Who executes.
    pub executor: ExecutorView,
    /// The cluster.
    pub ends: Ends,
}

/// Something that a session polls.
type Work = BoxFuture<'static, ()>;

/// A run under way.
struct Running {
    run: RunId,
    cell: String,
    work: BoxFuture<'static, RunOutcome>,
    /// What is typed into it.
    keys: Option<Arc<Keys>>,
    after: After,
}

/// What the session does when a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    SetupDone,
}

/// See the module.
pub struct Session {
    id: SessionId,
    executor: ExecutorView,
    variables: BTreeMap<String, String>,
    notebook: Arc<Notebook>,
    pub(crate) runner: Arc<Runner>,
    pub(crate) ends: Ends,
    clock: SessionClock,
    log: EventLog,
    pub(crate) outbox: Outbox,
    objects: Objects,
    background: Vec<Work>,
    probes: Probes,
    history: History,
    seen: BTreeSet<RunId>,
    running: Vec<Running>,
    waiting: VecDeque<CommandEnvelope>,
    setting_up: bool,
    /// What a real cluster had of the scenario before this session; unknown until it was looked at.
    pub(crate) before: Before,
    polled: u64,
}

/// See [`Session::farewell`].
pub(crate) type Before = Arc<Mutex<Option<Vec<Standing>>>>;

impl Session {
    /// What the page shows about it.
    pub fn view(&self) -> SessionView {
        SessionView {
            id: self.id.clone(),
            scenario: self.notebook.id.clone(),
            executor: self.executor.clone(),
            clock: self.clock.view(self.ends.clock.now()),
            variables: self.variables.clone(),
            seq: self.log.seq(),
        }
    }

    /// Whether a cell only shows what happens.
    pub(crate) fn is_observation(&self, cell: &str) -> bool {
        let found = self.notebook.scenario.cells.iter().find(|one| one.id == cell);
        found.is_some_and(|one| matches!(one.kind, notebook::cell::CellKind::Observe { .. }))
    }

    /// The newest sequence number.
    pub fn seq(&self) -> u64 {
        self.log.seq()
    }

    /// The events after a sequence number.
    pub fn events_since(&self, seq: u64) -> Vec<Event> {
        self.log.since(seq, || self.objects.present())
    }

    /// The answer to a question; asking changes nothing.
    pub fn query(&self, query: Query) -> BoxFuture<'static, Answer> {
        let questions = Questions {
            notebook: Arc::clone(&self.notebook),
            transport: Arc::clone(&self.ends.transport),
            clock: Arc::clone(&self.ends.background),
        };
        Box::pin(async move { questions.answer(query).await })
    }

    /// Wall time passed.
    pub fn tick(&mut self, wall: Duration) {
        let passed = self.clock.tick(wall);
        if let Some(steering) = &self.ends.steering
            && !passed.is_zero()
            && !self.setting_up
        {
            steering.advance(passed);
        }
        self.tell_clock();
    }

    /// After how much wall time something happens by itself, if anything does.
    pub fn next_wake(&self) -> Option<Duration> {
        let steering = self.ends.steering.as_ref()?;
        let speed = self.clock.speed();
        if speed == 0 {
            return None;
        }
        let due = steering.next_due()?;
        Some(between(self.ends.clock.now(), due) / speed)
    }

    /// Does everything that can be done now; `true` when there is more to do at once.
    ///
    /// The waker is called when something outside moved. Wakes that ring while this runs are answered by
    /// it (see [`Session::generation`]), so a host forgets them, or every turn would cause the next.
    pub fn poll(&mut self, context: &mut Context<'_>) -> bool {
        let mut more = true;
        for _ in 0..ROUNDS {
            more = self.round(context) || self.hurry();
            if !more {
                break;
            }
        }
        self.tell_clock();
        more
    }

    /// Counts the changes of the embedded cluster. A host that finds another number after
    /// [`Session::poll`] than [`Session::polled`] polls again.
    pub fn generation(&self) -> u64 {
        self.ends.steering.as_ref().map_or(0, |steering| steering.generation())
    }

    /// The last change that a poll saw.
    pub fn polled(&self) -> u64 {
        self.polled
    }

    /// Runs that wait move the cluster's time.
    fn hurry(&self) -> bool {
        let Some(steering) = &self.ends.steering else { return false };
        !self.running.is_empty() && steering.hurry()
    }

    /// Polls everything once; whether anything came of it.
    fn round(&mut self, context: &mut Context<'_>) -> bool {
        let (before, generation) = (self.log.seq(), self.generation());
        self.polled = generation;
        self.background.retain_mut(|work| work.as_mut().poll(context).is_pending());
        self.poll_runs(context);
        self.flush();
        self.fold_objects();
        self.probes.poll(context, &self.runner, &self.ends.background);
        if let Some(body) = self.probes.news() {
            self.push(body);
        }
        self.log.seq() != before || self.generation() != generation
    }

    fn poll_runs(&mut self, context: &mut Context<'_>) {
        let mut ended = Vec::new();
        for running in &mut self.running {
            if let Poll::Ready(outcome) = Pin::new(&mut running.work).poll(context) {
                ended.push((running.run.clone(), outcome));
            }
        }
        for (run, outcome) in ended {
            self.end(&run, outcome);
        }
    }

    /// A run is over: what it said comes before its end.
    fn end(&mut self, run: &RunId, outcome: RunOutcome) {
        let Some(at) = self.running.iter().position(|running| running.run == *run) else { return };
        let Running { run, cell, after, work, keys: _ } = self.running.remove(at);
        drop(work);
        self.flush();
        self.push(EventBody::RunFinished { run, cell, outcome });
        if after == After::SetupDone {
            self.setup_done();
        }
    }

    fn flush(&mut self) {
        for body in self.outbox.take() {
            self.push(body);
        }
    }

    fn fold_objects(&mut self) {
        let news = self.objects.news();
        if let Some(body) = news.event {
            self.push(body);
        }
        if !news.forbidden.is_empty() {
            let kinds = news.forbidden.join(", ");
            self.notice(Level::Info, Phrase::new("session-not-shown").with("kinds", kinds));
        }
        if news.connections {
            self.probes.stale();
        }
    }

    fn tell_clock(&mut self) {
        if let Some(clock) = self.clock.news(self.ends.clock.now()) {
            self.push(EventBody::Clock { clock });
        }
    }

    fn notice(&mut self, level: Level, phrase: Phrase) {
        self.push(EventBody::Notice { level, phrase });
    }

    fn push(&mut self, body: EventBody) {
        let now: Timestamp = self.ends.clock.now();
        self.log.push(now.as_millisecond(), body);
    }
}
