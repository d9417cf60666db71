//! A session in a Web Worker of this tab: the same protocol over `postMessage`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::{Either, select};
use gloo_timers::callback::Interval;
use gloo_timers::future::TimeoutFuture;
use protocol::v1::{
    Answer, ApiProblem, CommandEnvelope, CreateSession, FromWorker, Past as Done, Phrase, Query,
    RunId, SessionView, ToWorker,
};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker};

use super::browser;
use super::delivery::{Deliver, Delivery, Past, problem};
use super::journal::Journal;
use super::reply::{Giver, reply};

/// A module, because the Content-Security-Policy of the worker forbids `importScripts`.
const SCRIPT: &str = "/app-worker_loader.js";
const TICK_MILLIS: u32 = 100;
const READY_MILLIS: u32 = 60_000;
/// A worker that answers no tick for so long does something endless.
const SILENCE_MILLIS: f64 = 20_000.0;
/// A page that did not tick for so long was asleep itself, and its worker too.
const ASLEEP_MILLIS: f64 = 5_000.0;

/// Waits for a command to be taken.
type Taken = Giver<Result<(), ApiProblem>>;

/// Waits for the session that was asked for.
type Opened = Giver<Result<SessionView, ApiProblem>>;

type OnMessage = Closure<dyn FnMut(MessageEvent)>;

/// A session in a worker.
#[derive(Clone)]
pub(crate) struct InTab(Rc<Inner>);

struct Inner {
    worker: Worker,
    deliver: Deliver,
    scenario: String,
    journal: RefCell<Journal>,
    waiting: RefCell<Option<Opened>>,
    ready: RefCell<Option<Giver<()>>>,
    questions: RefCell<BTreeMap<u32, Giver<Answer>>>,
    commands: RefCell<BTreeMap<RunId, (CommandEnvelope, Taken)>>,
    next: Cell<u32>,
    asked_at: Cell<Option<f64>>,
    ticked_at: Cell<f64>,
    ticker: RefCell<Option<Interval>>,
    closures: RefCell<Vec<OnMessage>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl InTab {
    pub(super) async fn open(
        mut request: CreateSession,
        past: Past,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        let scenario = request.scenario.clone();
        match past {
            Past::Kept => {}
            Past::ButLast => Journal::drop_last(&scenario),
            Past::Forgotten => Journal::forget(&scenario),
        }
        let journal = Journal::recall(&mut request).unwrap_or_else(|| Journal::begin(&mut request));
        let opened = Self::start(request, journal, deliver).await;
        if opened.is_err() {
            // Whatever it was, trying the same again would end the same.
            Journal::forget(&scenario);
        }
        opened
    }

    async fn start(
        request: CreateSession,
        journal: Journal,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        let worker = start().map_err(|error| stopped(&format!("{error:?}")))?;
        let (said_ready, ready) = reply();
        let (opened, view) = reply();
        let inner = Rc::new(Inner {
            worker,
            deliver,
            scenario: request.scenario.clone(),
            journal: RefCell::new(journal),
            waiting: RefCell::new(Some(opened)),
            ready: RefCell::new(Some(said_ready)),
            questions: RefCell::default(),
            commands: RefCell::default(),
            next: Cell::new(1),
            asked_at: Cell::new(None),
            ticked_at: Cell::new(browser::now_millis()),
            ticker: RefCell::default(),
            closures: RefCell::default(),
        });
        listen(&inner);
        let patience = TimeoutFuture::new(READY_MILLIS);
        match select(ready, patience).await {
            Either::Left((Some(()), _)) => {}
            _ => return Err(stopped("the worker did not start")),
        }
        let past = inner.journal.borrow().past();
        inner.post(&ToWorker::Create { request: Box::new(request), past });
        let patience = TimeoutFuture::new(READY_MILLIS);
        let view = match select(view, patience).await {
            Either::Left((Some(view), _)) => view?,
            _ => return Err(stopped("the worker did not open the session")),
        };
        tick(&inner);
        (inner.deliver)(Delivery::Online);
        Ok((Self(inner), view))
    }

    pub(super) async fn send(&self, envelope: CommandEnvelope) -> Result<(), ApiProblem> {
        let (taken, answer) = reply();
        self.0.commands.borrow_mut().insert(envelope.run.clone(), (envelope.clone(), taken));
        self.0.post(&ToWorker::Command { envelope: Box::new(envelope) });
        answer.await.unwrap_or_else(|| Err(stopped("the worker ended")))
    }

    pub(super) async fn ask(&self, query: Query) -> Result<Answer, ApiProblem> {
        let id = self.0.next.get();
        self.0.next.set(id.wrapping_add(1));
        let (answered, answer) = reply();
        self.0.questions.borrow_mut().insert(id, answered);
        self.0.post(&ToWorker::Query { id, query: Box::new(query) });
        answer.await.ok_or_else(|| stopped("the worker ended"))
    }

    pub(super) fn close(&self) {
        self.0.ticker.take();
        self.0.closures.take();
        self.0.worker.terminate();
    }
}

impl Inner {
    fn post(&self, message: &ToWorker) {
        let text = serde_json::to_string(message).unwrap_or_default();
        // Fails only for values that cannot be copied; a text always can.
        let _copied = self.worker.post_message(&text.into());
    }

    fn take(&self, message: FromWorker) {
        self.asked_at.set(None);
        match message {
            FromWorker::Ready => {
                if let Some(ready) = self.ready.take() {
                    ready.give(());
                }
            }
            FromWorker::Created { session } => {
                if let Some(waiting) = self.waiting.take() {
                    waiting.give(Ok(*session));
                }
            }
            FromWorker::Event { event } => (self.deliver)(Delivery::Event(*event)),
            FromWorker::Answer { id, answer } => {
                if let Some(question) = self.questions.borrow_mut().remove(&id) {
                    question.give(*answer);
                }
            }
            FromWorker::Problem { problem } => {
                if let Some(waiting) = self.waiting.take() {
                    waiting.give(Err(*problem));
                }
            }
            FromWorker::Ticked => {}
            FromWorker::Taken { run, at_millis } => self.answer_command(&run, Ok(at_millis)),
            FromWorker::Refused { run, problem } => self.answer_command(&run, Err(*problem)),
            FromWorker::Stopped { detail } => {
                let phrase = Phrase::new("page-worker-panicked").with("cause", detail);
                self.lose(phrase);
            }
        }
    }

    fn answer_command(&self, run: &RunId, answer: Result<i64, ApiProblem>) {
        let asked = self.commands.borrow_mut().remove(run);
        let Some((envelope, asked)) = asked else { return };
        if let Ok(at_millis) = answer {
            self.journal.borrow_mut().add(&self.scenario, &Done { at_millis, envelope });
        }
        asked.give(answer.map(|_| ()));
    }

    fn lose(&self, phrase: Phrase) {
        self.ticker.take();
        self.worker.terminate();
        self.questions.take();
        self.commands.take();
        self.ready.take();
        if let Some(waiting) = self.waiting.take() {
            waiting.give(Err(problem(0, phrase, "the worker ended")));
        } else {
            (self.deliver)(Delivery::Lost(phrase));
        }
    }
}

fn start() -> Result<Worker, JsValue> {
    let address = browser::trusted_script_url("podium-worker", SCRIPT);
    let make = js_sys::Reflect::get(&js_sys::global(), &"Worker".into())?
        .dyn_into::<js_sys::Function>()?;
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"type".into(), &"module".into())?;
    js_sys::Reflect::construct(&make, &js_sys::Array::of2(&address, &options))?.dyn_into::<Worker>()
}

fn listen(inner: &Rc<Inner>) {
    let weak = Rc::downgrade(inner);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
        let Some(inner) = weak.upgrade() else { return };
        let text = message.data().as_string().unwrap_or_default();
        if let Ok(message) = serde_json::from_str(&text) {
            inner.take(message);
        }
    });
    let weak = Rc::downgrade(inner);
    let on_error = Closure::<dyn FnMut(MessageEvent)>::new(move |_| {
        if let Some(inner) = weak.upgrade() {
            inner.lose(Phrase::new("page-worker-stopped"));
        }
    });
    inner.worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    inner.worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    inner.closures.borrow_mut().extend([on_message, on_error]);
}

/// Hands wall time to the session, which has no clock of its own, and watches that it still lives.
fn tick(inner: &Rc<Inner>) {
    inner.ticked_at.set(browser::now_millis());
    let weak = Rc::downgrade(inner);
    let ticker = Interval::new(TICK_MILLIS, move || {
        let Some(inner) = weak.upgrade() else { return };
        let now = browser::now_millis();
        // A tab in the background ticks seldom: the cluster then goes on slowly rather than in leaps.
        let passed = now - inner.ticked_at.replace(now);
        let millis = passed.clamp(0.0, 1000.0);
        if passed > ASLEEP_MILLIS || inner.asked_at.get().is_none() {
            inner.asked_at.set(Some(now));
        }
        if inner.asked_at.get().is_some_and(|asked| now - asked > SILENCE_MILLIS) {
            inner.lose(Phrase::new("page-worker-silent"));
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped above"
        )]
        inner.post(&ToWorker::Tick { millis: millis as u32 });
    });
    inner.ticker.replace(Some(ticker));
}

fn stopped(detail: &str) -> ApiProblem {
    problem(0, Phrase::new("page-worker-stopped"), detail)
}
