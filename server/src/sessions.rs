//! The sessions of this server: each with its own embedded cluster or on the real one, driven in real time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use cluster::{Cluster, ClusterConfig, Controllers};
use futures_util::FutureExt as _;
use notebook::scenario::ClusterPlan;
use protocol::v1::{
    ApiProblem, CreateSession, Executor, ExecutorView, Language, Phrase, SessionId,
};
use session::embedded::{Embedded, EmbeddedCluster};
use session::{Ends, Opening, Session};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::content::Shelf;
use crate::gateway;
use crate::kubernetes::Gateway;
use crate::random;

/// The most sessions at a time.
const MOST: usize = 500;
/// A session that nobody asked anything of for this long is closed.
const IDLE: Duration = Duration::from_hours(2);
/// The longest pause of a driver: how often the clock is told.
const BEAT: Duration = Duration::from_millis(250);
/// The shortest: requests get at the session in between.
const PAUSE: Duration = Duration::from_millis(1);
/// How often idle sessions are looked for.
const ROUND: Duration = Duration::from_mins(1);
/// How long a server that is asked to stop takes at most to clean a real cluster up.
const PARTING: Duration = Duration::from_secs(25);

/// All sessions.
#[derive(Clone)]
pub struct Sessions {
    shelf: Shelf,
    real: Option<gateway::Cluster>,
    /// How many events there were in all sessions, also those that are closed.
    events: Arc<AtomicU64>,
    /// Whether the server is asked to stop.
    end: Arc<watch::Sender<bool>>,
    open: Arc<Mutex<BTreeMap<SessionId, Arc<Live>>>>,
    /// What takes away what closed sessions made on the real cluster.
    farewells: Arc<Mutex<JoinSet<()>>>,
}

/// A session with what drives it.
pub struct Live {
    session: Mutex<Session>,
    /// The embedded cluster; none on a real one.
    cluster: Option<Arc<Embedded<Cluster>>>,
    wake: Arc<Bell>,
    seq: watch::Sender<u64>,
    events: Arc<AtomicU64>,
    asked: Mutex<Instant>,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// Wakes a driver.
#[derive(Default)]
struct Bell(Notify);

impl Bell {
    /// Takes back a ring that nobody has heard yet.
    fn forget(&self) {
        let _heard = self.0.notified().now_or_never();
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// The embedded cluster of a live session, lent to HTTP clients.
struct Lent {
    live: Arc<Live>,
    cluster: Arc<Embedded<Cluster>>,
}

impl Gateway for Lent {
    fn cluster(&self) -> Arc<dyn EmbeddedCluster> {
        self.live.touch();
        self.live.wake.0.notify_one();
        Arc::clone(&self.cluster) as Arc<dyn EmbeddedCluster>
    }
}

impl Live {
    /// The session; what is done to it shows at once.
    pub fn with<T>(&self, work: impl FnOnce(&mut Session) -> T) -> T {
        self.touch();
        let result = work(&mut self.lock());
        self.wake.0.notify_one();
        result
    }

    /// Lends the session's embedded cluster, if it has one.
    pub fn lend(self: &Arc<Self>) -> Option<Arc<dyn Gateway>> {
        let cluster = Arc::clone(self.cluster.as_ref()?);
        Some(Arc::new(Lent { live: Arc::clone(self), cluster }))
    }

    /// Tells the newest sequence number.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.seq.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Session> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn idle(&self) -> Duration {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// Polls the session, lets its clock run, and says how long nothing will happen.
    fn turn(&self, passed: Duration, waker: &Waker) -> Duration {
        let mut session = self.lock();
        session.tick(passed);
        let more = session.poll(&mut Context::from_waker(waker));
        let seq = session.seq();
        self.seq.send_if_modified(|known| {
            let known = std::mem::replace(known, seq);
            self.events.fetch_add(seq.saturating_sub(known), Ordering::Relaxed);
            known != seq
        });
        // Only an embedded cluster rings for what this turn did itself; a real one rings for news.
        if self.cluster.is_some() {
            self.wake.forget();
        }
        // What moved after the poll's last look rang a bell that was just forgotten.
        if more || session.generation() != session.polled() {
            return PAUSE;
        }
        session.next_wake().unwrap_or(BEAT).clamp(PAUSE, BEAT)
    }

    async fn drive(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self.wake));
        let mut seen = Instant::now();
        loop {
            let passed = seen.elapsed();
            seen += passed;
            let wait = self.turn(passed, &waker);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.wake.0.notified() => {}
            }
        }
    }
}

fn problem(status: u16, code: &str, detail: impl Into<String>) -> ApiProblem {
    ApiProblem { status, phrase: Phrase::new(code), detail: detail.into() }
}

impl Sessions {
    /// No sessions yet. `real` is a cluster to offer beside the embedded ones.
    pub fn new(shelf: Shelf, real: Option<gateway::Cluster>) -> Self {
        let end = Arc::new(watch::Sender::new(false));
        Self {
            shelf,
            real,
            events: Arc::default(),
            end,
            open: Arc::default(),
            farewells: Arc::default(),
        }
    }

    /// Where sessions can run.
    pub fn executors(&self) -> Vec<ExecutorView> {
        let real = self.real.iter().map(|real| real.view.clone());
        std::iter::once(embedded_view()).chain(real).collect()
    }

    /// How many events there were.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// The server is asked to stop: event streams end, so that their readers come back elsewhere.
    pub fn begin_end(&self) {
        self.end.send_replace(true);
    }

    /// Whether the server is asked to stop.
    pub fn ending(&self) -> bool {
        *self.end.borrow()
    }

    /// Comes back when the server is asked to stop.
    pub fn end_of_service(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut end = self.end.subscribe();
        async move {
            // Without a sender there is no server either.
            let _ended = end.wait_for(|ended| *ended).await;
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Live>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// A session.
    pub fn get(&self, id: &str) -> Result<Arc<Live>, ApiProblem> {
        let found = self.all().get(&SessionId(id.to_owned())).map(Arc::clone);
        found.ok_or_else(|| problem(404, "session-gone", "no session has this name"))
    }

    /// Opens a session on a fresh embedded cluster, or on the real one.
    pub fn create(&self, request: CreateSession) -> Result<Arc<Live>, ApiProblem> {
        self.reap();
        if self.count() >= MOST {
            return Err(problem(429, "session-too-many", format!("{MOST} sessions are open")));
        }
        let language = match request.language {
            Language::Ko => "ko",
            Language::En => "en",
        };
        let notebook = self
            .shelf
            .now()
            .content
            .notebook(&request.scenario, language)
            .map_err(|failure| problem(404, "session-no-scenario", failure.to_string()))?;
        let token = random::token()
            .map_err(|failure| problem(503, "session-no-entropy", failure.to_string()))?;
        let Place { executor, ends, cluster } =
            self.place(&request, &notebook.scenario.cluster, &token)?;
        let id = SessionId(token);
        let opening = Opening { id: id.clone(), request, notebook, executor, ends };
        let session = Session::open(opening)
            .map_err(|error| problem(422, "session-wrong-variables", error.to_string()))?;
        let live = Arc::new(Live {
            session: Mutex::new(session),
            cluster,
            wake: Arc::default(),
            seq: watch::channel(0).0,
            events: Arc::clone(&self.events),
            asked: Mutex::new(Instant::now()),
            task: Mutex::new(None),
        });
        let task = tokio::spawn(Arc::clone(&live).drive());
        *live.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        self.all().insert(id, Arc::clone(&live));
        Ok(live)
    }

    /// Where a session runs.
    fn place(
        &self,
        request: &CreateSession,
        plan: &ClusterPlan,
        token: &str,
    ) -> Result<Place, ApiProblem> {
        match (request.executor, &self.real) {
            (Executor::EmbeddedServer, _) => Ok(embedded(request.seed.unwrap_or(1), plan, token)),
            (Executor::Real, Some(real)) => {
                Ok(Place { executor: real.view.clone(), ends: real.ends(), cluster: None })
            }
            (Executor::Real, None) => {
                let detail =
                    "this server knows no real cluster; it was started without --kubeconfig";
                Err(problem(422, "session-no-executor", detail))
            }
            (Executor::EmbeddedTab, _) => {
                let detail = "an embedded cluster of the tab runs in the tab";
                Err(problem(422, "session-no-executor", detail))
            }
        }
    }

    /// Gives every session the notebook as it is now; one whose scenario is gone keeps its own.
    pub fn revise(&self) {
        let course = self.shelf.now();
        let all: Vec<Arc<Live>> = self.all().values().map(Arc::clone).collect();
        for live in all {
            live.with(|session| {
                let (scenario, language) = session.reads();
                if let Ok(notebook) = course.content.notebook(scenario, language) {
                    session.revise(&notebook);
                }
            });
        }
    }

    /// Closes a session. What it made on a real cluster is taken away from there.
    pub fn remove(&self, id: &str) -> bool {
        let found = self.all().remove(&SessionId(id.to_owned()));
        let live = found.is_some();
        if let Some(session) = found {
            self.part(id, &session);
        }
        live
    }

    fn part(&self, id: &str, live: &Live) {
        stop(live);
        let Some(farewell) = live.lock().farewell() else { return };
        // The name of a session lets its bearer in, so that only its beginning is told.
        let name: String = id.chars().take(6).collect();
        let mut farewells = self.farewells.lock().unwrap_or_else(PoisonError::into_inner);
        while farewells.try_join_next().is_some() {}
        farewells.spawn(async move {
            let left = farewell.await.join(", ");
            if !left.is_empty() {
                tracing::warn!(session = name, left, "the real cluster keeps what a session made");
            }
        });
    }

    /// Closes idle sessions for as long as the server runs.
    pub async fn tidy(self) {
        while !self.ending() {
            tokio::time::sleep(ROUND).await;
            self.reap();
        }
    }

    fn reap(&self) {
        let idle: Vec<SessionId> = self
            .all()
            .iter()
            .filter(|(_, live)| live.idle() > IDLE)
            .map(|(id, _)| id.clone())
            .collect();
        for id in idle {
            self.remove(&id.0);
        }
    }

    /// Closes all sessions, and waits a while for what they made on a real cluster to be gone.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.all());
        for (id, live) in &all {
            self.part(&id.0, live);
        }
        let mut farewells =
            std::mem::take(&mut *self.farewells.lock().unwrap_or_else(PoisonError::into_inner));
        let all_parted = async { while farewells.join_next().await.is_some() {} };
        if tokio::time::timeout(PARTING, all_parted).await.is_err() {
            tracing::warn!("the real cluster was not cleaned up in {PARTING:?}");
        }
    }
}

/// What a session runs on.
struct Place {
    executor: ExecutorView,
    ends: Ends,
    cluster: Option<Arc<Embedded<Cluster>>>,
}

fn embedded_view() -> ExecutorView {
    ExecutorView {
        kind: Executor::EmbeddedServer,
        kubernetes: "v1.36.3".to_owned(),
        cluster: "embedded".to_owned(),
        kubeconfig: true,
    }
}

fn embedded(seed: u64, plan: &ClusterPlan, token: &str) -> Place {
    let now = jiff::Timestamp::now();
    // In milliseconds, as the page sees it: with the seed, it can have the same cluster in its tab.
    let epoch = jiff::Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let cluster = Embedded::new(Cluster::furnished(
        ClusterConfig {
            seed,
            epoch,
            nodes: 3,
            controllers: Controllers::All,
            admin_token: token.to_owned(),
            extra_tokens: Vec::new(),
        },
        crate::system::with_language(addons::of_plan(plan.profile.name(), plan.products())),
    ));
    let executor = embedded_view();
    Place { executor, ends: Ends::embedded(&cluster), cluster: Some(Arc::new(cluster)) }
}

fn stop(live: &Live) {
    if let Some(task) = live.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
        task.abort();
    }
}
