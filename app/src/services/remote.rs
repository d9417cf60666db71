//! A session of the server: HTTP for commands and queries, server-sent events for the log.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_net::http::{Request, RequestBuilder, Response};
use gloo_timers::callback::Timeout;
use protocol::v1::{
    Answer, ApiProblem, CommandEnvelope, CreateSession, Event, Executor, ExecutorView, Phrase,
    Query, SessionView, VERSION,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{EventSource, MessageEvent};

use super::delivery::{Deliver, Delivery, problem};

const SESSIONS: &str = "/api/v1/sessions";

/// A session of the server.
#[derive(Clone)]
pub(crate) struct Remote(Rc<Stream>);

struct Stream {
    id: String,
    deliver: Deliver,
    source: RefCell<Option<Source>>,
    seq: Cell<u64>,
    failures: Cell<u32>,
    retry: RefCell<Option<Timeout>>,
    closed: Cell<bool>,
}

/// An event source with the closures that it calls.
struct Source {
    source: EventSource,
    _closures: [Closure<dyn FnMut(MessageEvent)>; 3],
}

impl Remote {
    /// Opens a new session.
    pub(super) async fn open(
        request: CreateSession,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        let view: SessionView = read(post(SESSIONS, &request).await?).await?;
        Ok((Self::follow(&view, deliver), view))
    }

    /// Goes on with a session.
    pub(super) async fn resume(
        id: &str,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        let view = look(id).await?;
        Ok((Self::follow(&view, deliver), view))
    }

    fn follow(view: &SessionView, deliver: Deliver) -> Self {
        let stream = Rc::new(Stream {
            id: view.id.0.clone(),
            deliver,
            source: RefCell::default(),
            seq: Cell::new(0),
            failures: Cell::new(0),
            retry: RefCell::default(),
            closed: Cell::new(false),
        });
        connect(&stream);
        Self(stream)
    }

    pub(super) async fn send(&self, envelope: &CommandEnvelope) -> Result<(), ApiProblem> {
        post(&format!("{SESSIONS}/{}/commands", self.0.id), envelope).await.map(|_| ())
    }

    pub(super) async fn ask(&self, query: &Query) -> Result<Answer, ApiProblem> {
        read(post(&format!("{SESSIONS}/{}/queries", self.0.id), query).await?).await
    }

    /// Asks the server to close the session. A server that cannot be asked closes it by itself later.
    pub(super) async fn end(&self) {
        let request = headers(Request::delete(&format!("{SESSIONS}/{}", self.0.id)));
        let _answer = request.send().await;
    }

    pub(super) fn close(&self) {
        self.0.closed.set(true);
        self.0.retry.take();
        if let Some(old) = self.0.source.take() {
            old.source.close();
        }
    }
}

/// Reads the log from the first entry that is not known yet.
fn connect(stream: &Rc<Stream>) {
    let address = format!("{SESSIONS}/{}/events?since={}", stream.id, stream.seq.get());
    let Ok(source) = EventSource::new(&address) else { return };
    let on_open = listener(stream, |stream, _| {
        stream.failures.set(0);
        (stream.deliver)(Delivery::Online);
    });
    let on_message = listener(stream, |stream, message| {
        let text = message.data().as_string().unwrap_or_default();
        if let Ok(event) = serde_json::from_str::<Event>(&text)
            && event.seq > stream.seq.get()
        {
            stream.seq.set(event.seq);
            (stream.deliver)(Delivery::Event(event));
        }
    });
    let on_error = listener(stream, |stream, _| {
        if let Some(old) = stream.source.borrow().as_ref() {
            old.source.close();
        }
        (stream.deliver)(Delivery::Offline);
        retry(stream);
    });
    source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    let old =
        stream.source.replace(Some(Source { source, _closures: [on_open, on_message, on_error] }));
    if let Some(old) = old {
        old.source.close();
    }
}

fn listener(
    stream: &Rc<Stream>,
    act: impl Fn(&Rc<Stream>, MessageEvent) + 'static,
) -> Closure<dyn FnMut(MessageEvent)> {
    let stream = Rc::downgrade(stream);
    Closure::new(move |message| {
        if let Some(stream) = stream.upgrade()
            && !stream.closed.get()
        {
            act(&stream, message);
        }
    })
}

/// Tries again, ever more seldom; asks first whether the session is still there.
fn retry(stream: &Rc<Stream>) {
    let failures = stream.failures.get();
    stream.failures.set(failures.saturating_add(1));
    let pause = 250_u32.saturating_mul(1 << failures.min(5)).min(5000);
    let weak = Rc::downgrade(stream);
    let timeout = Timeout::new(pause, move || {
        let Some(stream) = weak.upgrade().filter(|stream| !stream.closed.get()) else { return };
        wasm_bindgen_futures::spawn_local(async move {
            match look(&stream.id).await {
                Ok(_) => connect(&stream),
                Err(found) if found.status == 404 => {
                    stream.closed.set(true);
                    (stream.deliver)(Delivery::Lost(found.phrase));
                }
                Err(_) => retry(&stream),
            }
        });
    });
    stream.retry.replace(Some(timeout));
}

async fn look(id: &str) -> Result<SessionView, ApiProblem> {
    let answer = headers(Request::get(&format!("{SESSIONS}/{id}"))).send().await;
    read(checked(answer.map_err(unreachable)?).await?).await
}

/// The executors that the server offers; nothing when there is no server.
pub(crate) async fn executors() -> Option<Vec<ExecutorView>> {
    let answer = headers(Request::get("/api/v1/executors")).send().await.ok()?;
    let json = answer.headers().get("content-type").is_some_and(|kind| kind.contains("json"));
    if !answer.ok() || !json {
        return None;
    }
    let text = answer.text().await.ok()?;
    // A server tells views, or only the kinds.
    serde_json::from_str(&text).ok().or_else(|| {
        let kinds: Vec<Executor> = serde_json::from_str(&text).ok()?;
        Some(kinds.into_iter().map(executor).collect())
    })
}

/// An executor of which only the kind is known.
fn executor(kind: Executor) -> ExecutorView {
    ExecutorView { kind, kubernetes: String::new(), cluster: String::new(), kubeconfig: false }
}

/// Where the kubeconfig of a session can be downloaded.
pub(crate) fn kubeconfig_address(id: &str) -> String {
    format!("{SESSIONS}/{id}/kubeconfig")
}

fn headers(request: RequestBuilder) -> RequestBuilder {
    request.header("x-podium-protocol", VERSION)
}

async fn post(address: &str, body: &impl Serialize) -> Result<Response, ApiProblem> {
    let request = headers(Request::post(address)).json(body).map_err(unreachable)?;
    checked(request.send().await.map_err(unreachable)?).await
}

/// Turns an error answer into its problem.
async fn checked(answer: Response) -> Result<Response, ApiProblem> {
    if answer.ok() {
        return Ok(answer);
    }
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    Err(serde_json::from_str(&text).unwrap_or_else(|_| {
        let phrase = Phrase::new("page-problem-status").with("status", status.to_string());
        problem(status, phrase, text)
    }))
}

async fn read<T: DeserializeOwned>(answer: Response) -> Result<T, ApiProblem> {
    let status = answer.status();
    let text = answer.text().await.map_err(unreachable)?;
    serde_json::from_str(&text).map_err(|error| {
        let phrase = Phrase::new("page-problem-answer").with("cause", error.to_string());
        problem(status, phrase, error.to_string())
    })
}

fn unreachable(error: gloo_net::Error) -> ApiProblem {
    problem(0, Phrase::new("page-problem-unreachable"), error.to_string())
}
