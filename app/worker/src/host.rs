//! The session and the embedded cluster of a worker, without the browser around them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use apimachinery::transport::BoxFuture;
use cluster::{Cluster, ClusterConfig, Controllers};
use jiff::Timestamp;
use notebook::scenario::Notebook;
use protocol::v1::{
    Answer, ApiProblem, CommandEnvelope, CreateSession, Executor, ExecutorView, FromWorker, Past,
    Phrase, Query, SessionId, ToWorker,
};
use session::embedded::Embedded;
use session::{Ends, Opening, Session};

/// The longest stretch of time that a repetition lets pass in one go.
const STRETCH: Duration = Duration::from_secs(10);
/// The most polls for one repeated command; one that never rests (a loop of a console line) goes on later.
const MOST_POLLS: usize = 1000;

/// What a worker holds between two messages.
#[derive(Default)]
pub(crate) struct Host {
    bell: Arc<Bell>,
    live: Option<Live>,
}

/// The session, and what of it the page knows already.
struct Live {
    session: Session,
    told: u64,
    questions: Vec<(u32, BoxFuture<'static, Answer>)>,
}

/// Remembers that somebody who waits can go on.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a turn came to.
pub(crate) struct Turn {
    /// For the page, in order.
    pub(crate) messages: Vec<FromWorker>,
    /// Whether there is more to do at once.
    pub(crate) again: bool,
}

impl Host {
    /// Takes a message; the answers to it. What it sets in motion needs [`Self::turn`].
    pub(crate) fn take(&mut self, message: ToWorker) -> Option<FromWorker> {
        match message {
            ToWorker::Create { request, past } => Some(match open(*request) {
                Ok(mut live) => {
                    self.repeat(&mut live.session, &past);
                    let session = Box::new(live.session.view());
                    self.live = Some(live);
                    FromWorker::Created { session }
                }
                Err(problem) => FromWorker::Problem { problem: Box::new(problem) },
            }),
            ToWorker::Command { envelope } => Some(self.command(*envelope)),
            ToWorker::Query { id, query } => self.query(id, *query),
            ToWorker::Tick { millis } => {
                if let Some(live) = &mut self.live {
                    live.session.tick(Duration::from_millis(millis.into()));
                }
                Some(FromWorker::Ticked)
            }
        }
    }

    /// Does what can be done now.
    pub(crate) fn turn(&mut self) -> Turn {
        self.bell.0.store(false, Ordering::Relaxed);
        let waker = Waker::from(Arc::clone(&self.bell));
        let mut messages = Vec::new();
        if let Some(live) = &mut self.live {
            live.poll(&mut Context::from_waker(&waker), &mut messages);
        }
        Turn { messages, again: self.bell.0.load(Ordering::Relaxed) }
    }

    /// Does again what was done, at the same moments of the cluster's time. What is not taken any more
    /// (the scenario was changed in the meantime) is left out.
    fn repeat(&self, session: &mut Session, past: &[String]) {
        let waker = Waker::from(Arc::clone(&self.bell));
        let rest = |session: &mut Session| {
            for _ in 0..MOST_POLLS {
                self.bell.0.store(false, Ordering::Relaxed);
                session.poll(&mut Context::from_waker(&waker));
                if !self.bell.0.load(Ordering::Relaxed) {
                    return;
                }
            }
        };
        let past = past.iter().filter_map(|text| serde_json::from_str(text).ok());
        for Past { at_millis, envelope } in past {
            rest(session);
            while let Some(left) = until(session, at_millis) {
                session.tick(left.min(STRETCH));
                rest(session);
            }
            if session.command(envelope).is_ok() {
                rest(session);
            }
        }
    }

    fn command(&mut self, envelope: CommandEnvelope) -> FromWorker {
        let run = envelope.run.clone();
        let taken = match &mut self.live {
            Some(live) => {
                let at_millis = live.session.view().clock.elapsed_millis;
                live.session.command(envelope).map(|()| at_millis)
            }
            None => Err(none_open()),
        };
        match taken {
            Ok(at_millis) => FromWorker::Taken { run, at_millis },
            Err(problem) => FromWorker::Refused { run, problem: Box::new(problem) },
        }
    }

    fn query(&mut self, id: u32, query: Query) -> Option<FromWorker> {
        let Some(live) = &mut self.live else {
            let answer = Box::new(Answer::Failed(none_open().phrase));
            return Some(FromWorker::Answer { id, answer });
        };
        let answer = live.session.query(query);
        live.questions.push((id, answer));
        None
    }
}

impl Live {
    fn poll(&mut self, context: &mut Context<'_>, messages: &mut Vec<FromWorker>) {
        self.session.poll(context);
        let events = self.session.events_since(self.told);
        self.told = self.session.seq();
        messages
            .extend(events.into_iter().map(|event| FromWorker::Event { event: Box::new(event) }));
        self.questions.retain_mut(|(id, question)| match question.as_mut().poll(context) {
            Poll::Ready(answer) => {
                messages.push(FromWorker::Answer { id: *id, answer: Box::new(answer) });
                false
            }
            Poll::Pending => true,
        });
    }
}

fn open(request: CreateSession) -> Result<Live, ApiProblem> {
    let content = request.content.as_deref().unwrap_or_default();
    let notebook: Notebook = serde_json::from_str(content)
        .map_err(|error| problem(422, "session-no-scenario", error.to_string()))?;
    let epoch = request
        .now_millis
        .and_then(|now| Timestamp::from_millisecond(now).ok())
        .ok_or_else(|| problem(422, "session-no-time", "`nowMillis` is missing or wrong"))?;
    let seed = request.seed.unwrap_or(1);
    let plan = &notebook.scenario.cluster;
    let cluster = Embedded::new(Cluster::furnished(
        ClusterConfig {
            seed,
            epoch,
            nodes: 3,
            controllers: Controllers::All,
            // Nothing outside this worker reaches the cluster, so the token opens no door.
            admin_token: format!("tab-{seed:016x}"),
            extra_tokens: Vec::new(),
        },
        addons::of_plan(plan.profile.name(), plan.products()),
    ));
    let executor = ExecutorView {
        kind: Executor::EmbeddedTab,
        kubernetes: "v1.36.3".to_owned(),
        cluster: "embedded".to_owned(),
        kubeconfig: false,
    };
    let id = SessionId("tab".to_owned());
    let ends = Ends::embedded(&cluster);
    let session = Session::open(Opening { id, request, notebook, executor, ends })
        .map_err(|error| problem(422, "session-wrong-variables", error.to_string()))?;
    Ok(Live { session, told: 0, questions: Vec::new() })
}

/// How much wall time is missing to a moment of the cluster's time; nothing once it is reached, or while
/// the clock stands.
fn until(session: &Session, at_millis: i64) -> Option<Duration> {
    let clock = session.view().clock;
    let left = u64::try_from(at_millis - clock.elapsed_millis).ok().filter(|left| *left > 0)?;
    (clock.speed > 0).then(|| Duration::from_millis(left.div_ceil(clock.speed.into())))
}

fn none_open() -> ApiProblem {
    problem(404, "session-gone", "no session is open in this worker")
}

fn problem(status: u16, code: &str, detail: impl Into<String>) -> ApiProblem {
    ApiProblem { status, phrase: Phrase::new(code), detail: detail.into() }
}

#[cfg(test)]
mod tests;
