//! An [`Engine`] as a [`Transport`] and a [`Clock`]: the glue that every host of an embedded cluster
//! shares (the server's sessions, `podium cluster`, `podium check`, the worker, tests).
//!
//! An engine does nothing by itself. Whoever holds an [`Embedded`] pushes time into it
//! ([`Embedded::advance`] for wall time that passed, [`Embedded::hurry`] for waits that no person should
//! sit through); futures that wait for the engine are woken whenever it moved.

mod exec;
mod stream;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use apimachinery::engine::{Engine, EngineAnswer, StreamId, StreamRead};
use apimachinery::outgoing::{Incoming, Outgoing};
use apimachinery::transport::{BoxFuture, Clock, Transport};
use jiff::Timestamp;

pub use self::stream::{EngineStream, StreamWriter};

/// How much simulated time [`Embedded::block_on`] spends before it gives up on a future.
const BLOCK_LIMIT: Duration = Duration::from_hours(24);

/// A shared engine.
pub struct Embedded<E: Engine> {
    shared: Arc<Mutex<State<E>>>,
}

impl<E: Engine> Clone for Embedded<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

struct State<E: Engine> {
    engine: E,
    generation: u64,
    wakers: Vec<Waker>,
    hurried: BTreeMap<u64, Timestamp>,
    snapshots: BTreeMap<u64, E::Snapshot>,
    last_id: u64,
}

impl<E: Engine> State<E> {
    fn id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The engine moved: everybody who waits looks again.
    fn moved(&mut self) -> Vec<Waker> {
        self.generation += 1;
        std::mem::take(&mut self.wakers)
    }

    fn wait(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }
}

/// A future waited longer than [`Embedded::block_on`] allows, or for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("waited for something that does not happen within a day of the cluster's time")]
pub struct Stuck;

impl<E: Engine> Embedded<E> {
    /// Shares an engine.
    pub fn new(engine: E) -> Self {
        Self {
            shared: Arc::new(Mutex::new(State {
                engine,
                generation: 0,
                wakers: Vec::new(),
                hurried: BTreeMap::new(),
                snapshots: BTreeMap::new(),
                last_id: 0,
            })),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the engine and wakes who waits, outside the lock.
    fn change<T>(&self, what: impl FnOnce(&mut State<E>) -> T) -> T {
        let (answer, wakers) = {
            let mut state = self.lock();
            let answer = what(&mut state);
            (answer, state.moved())
        };
        for waker in wakers {
            waker.wake();
        }
        answer
    }

    /// Answers a request as its sender is (see [`Engine`] on identities).
    pub fn handle(&self, request: http::Request<Vec<u8>>) -> EngineAnswer {
        self.change(|state| state.engine.handle(request))
    }

    /// A stream of the engine as a Rust stream; dropping it closes the stream.
    pub fn open(&self, id: StreamId) -> EngineStream
    where
        E: 'static,
    {
        EngineStream::new(Arc::new(self.clone()), id)
    }

    /// Lets time pass; everything due in it happens.
    pub fn advance(&self, by: Duration) {
        if !by.is_zero() {
            self.change(|state| state.engine.advance(by));
        }
    }

    /// Moves time straight to the next thing that can end a wait: something due in the engine, or the
    /// end of a sleep. `false` when nobody waits in a way that moves time (watches and followed logs
    /// do not: they follow the clock).
    pub fn hurry(&self) -> bool {
        let step = {
            let state = self.lock();
            let now = state.engine.now();
            let Some(deadline) = state.hurried.values().filter(|until| **until > now).min() else {
                return false;
            };
            let target = state.engine.next_due().filter(|due| due < deadline).unwrap_or(*deadline);
            between(now, target)
        };
        self.change(|state| state.engine.advance(step.max(Duration::from_nanos(1))));
        true
    }

    /// Whether anybody waits in a way that moves time.
    pub fn hurrying(&self) -> bool {
        let state = self.lock();
        let now = state.engine.now();
        state.hurried.values().any(|until| *until > now)
    }

    /// When the next thing will happen by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.lock().engine.next_due()
    }

    /// Counts the changes of the engine.
    pub fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Comes back when the engine has moved on from a generation.
    pub fn moved_from(&self, generation: u64) -> impl Future<Output = ()> + Send + use<'_, E> {
        std::future::poll_fn(move |context| {
            let mut state = self.lock();
            if state.generation == generation {
                state.wait(context.waker());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
    }

    /// Runs a future to its end, moving time whenever it waits. For callers without an async runtime:
    /// the whole cluster is in this process, so nothing else could wake it.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> Result<T, Stuck> {
        let mut future = std::pin::pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        let limit = self.now().saturating_add(BLOCK_LIMIT).unwrap_or(Timestamp::MAX);
        loop {
            let before = self.generation();
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            if self.generation() != before || self.hurry() {
                continue;
            }
            let (now, due) = (self.now(), self.next_due());
            match due {
                Some(due) if now < limit => self.advance(between(now, due).max(NANOSECOND)),
                _ => return Err(Stuck),
            }
        }
    }

    fn hurry_until(&self, until: Timestamp) -> Hurry<E> {
        let id = {
            let mut state = self.lock();
            let id = state.id();
            state.hurried.insert(id, until);
            id
        };
        Hurry { embedded: self.clone(), id }
    }
}

const NANOSECOND: Duration = Duration::from_nanos(1);

/// The time from one moment to a later one; nothing when it is not later.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// While it lives, waiting moves the cluster's time.
struct Hurry<E: Engine> {
    embedded: Embedded<E>,
    id: u64,
}

impl<E: Engine> Drop for Hurry<E> {
    fn drop(&mut self) {
        self.embedded.lock().hurried.remove(&self.id);
    }
}

/// What a host can do with the time and the state of an embedded cluster, without its type.
pub trait Steering: Send + Sync {
    /// Lets time pass.
    fn advance(&self, by: Duration);
    /// See [`Embedded::hurry`].
    fn hurry(&self) -> bool;
    /// When the next thing will happen by itself.
    fn next_due(&self) -> Option<Timestamp>;
    /// Counts the changes of the engine.
    fn generation(&self) -> u64;
    /// Keeps the present state under a number.
    fn snapshot(&self) -> u64;
    /// Goes back to a kept state; `false` when it is not known.
    fn restore(&self, snapshot: u64) -> bool;
    /// Forgets a kept state.
    fn forget(&self, snapshot: u64);
}

impl<E: Engine> Steering for Embedded<E> {
    fn advance(&self, by: Duration) {
        Self::advance(self, by);
    }

    fn hurry(&self) -> bool {
        Self::hurry(self)
    }

    fn next_due(&self) -> Option<Timestamp> {
        Self::next_due(self)
    }

    fn generation(&self) -> u64 {
        Self::generation(self)
    }

    fn snapshot(&self) -> u64 {
        let mut state = self.lock();
        let snapshot = state.engine.snapshot();
        let id = state.id();
        state.snapshots.insert(id, snapshot);
        id
    }

    fn restore(&self, snapshot: u64) -> bool {
        self.change(|state| {
            let Some(kept) = state.snapshots.get(&snapshot).cloned() else { return false };
            state.engine.restore(&kept);
            true
        })
    }

    fn forget(&self, snapshot: u64) {
        self.lock().snapshots.remove(&snapshot);
    }
}

impl<E: Engine> runner::Timeline for Embedded<E> {
    fn keep(&self) -> u64 {
        self.snapshot()
    }

    fn back(&self, kept: u64) {
        self.restore(kept);
    }

    fn drop_kept(&self, kept: u64) {
        self.forget(kept);
    }
}

/// A whole embedded cluster without the type of its engine: what hosts hold.
pub trait EmbeddedCluster: Steering + Transport {
    /// See [`Embedded::handle`].
    fn handle(&self, request: http::Request<Vec<u8>>) -> EngineAnswer;
    /// See [`Embedded::open`].
    fn open(&self, id: StreamId) -> EngineStream;
    /// Now in the cluster.
    fn time(&self) -> Timestamp;
    /// See [`Engine::outgoing`].
    fn outgoing(&self) -> Option<Outgoing>;
    /// See [`Engine::returned`].
    fn returned(&self, incoming: Incoming);
    /// See [`Embedded::moved_from`].
    fn moved_from(&self, generation: u64) -> BoxFuture<'_, ()>;
}

impl<E: Engine + 'static> EmbeddedCluster for Embedded<E> {
    fn handle(&self, request: http::Request<Vec<u8>>) -> EngineAnswer {
        Self::handle(self, request)
    }

    fn open(&self, id: StreamId) -> EngineStream {
        Self::open(self, id)
    }

    fn time(&self) -> Timestamp {
        Self::now(self)
    }

    fn outgoing(&self) -> Option<Outgoing> {
        self.lock().engine.outgoing()
    }

    fn returned(&self, incoming: Incoming) {
        self.change(|state| {
            state.engine.returned(incoming);
            state.engine.advance(Duration::ZERO);
        });
    }

    fn moved_from(&self, generation: u64) -> BoxFuture<'_, ()> {
        Box::pin(Self::moved_from(self, generation))
    }
}

/// What an [`EngineStream`] needs of an engine, without its type.
trait Streams: Send + Sync {
    fn read(&self, id: StreamId, waker: &Waker) -> StreamRead;
    fn write(&self, id: StreamId, frame: &[u8]);
    fn close(&self, id: StreamId);
}

impl<E: Engine> Streams for Embedded<E> {
    fn read(&self, id: StreamId, waker: &Waker) -> StreamRead {
        let mut state = self.lock();
        let read = state.engine.read_stream(id);
        if read.chunks.is_empty() && !read.closed {
            state.wait(waker);
        }
        read
    }

    fn write(&self, id: StreamId, frame: &[u8]) {
        self.change(|state| {
            state.engine.write_stream(id, frame);
            // Who reads it goes on at once, also while the clock stands.
            state.engine.advance(Duration::ZERO);
        });
    }

    fn close(&self, id: StreamId) {
        self.lock().engine.close_stream(id);
    }
}

impl<E: Engine + 'static> Clock for Embedded<E> {
    fn now(&self) -> Timestamp {
        self.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let deadline = self.now().saturating_add(duration).unwrap_or(Timestamp::MAX);
        let hurry = self.hurry_until(deadline);
        Box::pin(async move {
            self.reaches(deadline).await;
            drop(hurry);
        })
    }
}

/// The clock of an embedded cluster for those who wait in the background: their sleeping moves no time.
pub struct Background<E: Engine>(Embedded<E>);

impl<E: Engine + 'static> Clock for Background<E> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let deadline = self.now().saturating_add(duration).unwrap_or(Timestamp::MAX);
        Box::pin(self.0.reaches(deadline))
    }
}

impl<E: Engine> Embedded<E> {
    /// The clock for waiting in the background.
    pub fn background(&self) -> Background<E> {
        Background(self.clone())
    }

    async fn reaches(&self, deadline: Timestamp) {
        std::future::poll_fn(|context| {
            let mut state = self.lock();
            if state.engine.now() >= deadline {
                return Poll::Ready(());
            }
            state.wait(context.waker());
            Poll::Pending
        })
        .await;
    }

    /// Now in the cluster.
    pub fn now(&self) -> Timestamp {
        self.lock().engine.now()
    }
}

#[cfg(test)]
mod tests;
