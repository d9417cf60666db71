//! The session of the open scenario: what is known of it, and the way to its executor.

use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use protocol::v1::{
    Answer, ApiProblem, Command, CommandEnvelope, CreateSession, Event, Executor, ExecutorView,
    Language, Phrase, Query, RunId, SessionView,
};

use crate::services::delivery::{Delivery, Past};
use crate::services::link::Link;
use crate::services::{browser, remote};

use super::model::{CellPlace, Model};
use super::outbox::Outbox;
use super::run::Phase;

/// How the connection to the executor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Being made for the first time.
    Opening,
    /// It stands.
    Online,
    /// It broke and is being made again.
    Offline,
    /// There is no executor; why.
    Failed(Phrase),
}

/// What to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Opening {
    /// Scenario id.
    pub scenario: String,
    /// The compiled scenario, for a worker.
    pub content: String,
    /// Its cells.
    pub places: Vec<CellPlace>,
    /// The language.
    pub language: Language,
}

/// The session of the open scenario. Lives as long as the page.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    opening: RwSignal<Opening>,
    /// Everything known, folded out of the event log.
    pub model: RwSignal<Model>,
    /// Who executes.
    pub view: RwSignal<Option<SessionView>>,
    /// How the connection stands.
    pub connection: RwSignal<Connection>,
    /// Names that this session gives to namespaces of the scenario; those that are not here have their
    /// defaults.
    pub variables: RwSignal<BTreeMap<String, String>>,
    /// The executors that the server offers; empty without a server.
    pub offered: RwSignal<Vec<ExecutorView>>,
    /// Something happened that the reader should know: the session began anew, a command was not taken.
    pub told: RwSignal<Option<(u64, Phrase)>>,
    link: StoredValue<Option<Link>, LocalStorage>,
    /// Counts openings, so that an old one that ends late changes nothing.
    generation: StoredValue<u64>,
    waiting: StoredValue<Vec<Event>, LocalStorage>,
    outbox: StoredValue<Outbox>,
    /// The executor that was tried last.
    tried: StoredValue<Executor>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            opening: RwSignal::default(),
            model: RwSignal::default(),
            view: RwSignal::new(None),
            connection: RwSignal::new(Connection::Opening),
            variables: RwSignal::default(),
            offered: RwSignal::default(),
            told: RwSignal::new(None),
            link: StoredValue::new_local(None),
            generation: StoredValue::new(0),
            waiting: StoredValue::new_local(Vec::new()),
            outbox: StoredValue::default(),
            tried: StoredValue::new(Executor::EmbeddedTab),
        }
    }
}

impl Session {
    /// Opens a scenario, or goes on with it when it is open already (in another language).
    pub(crate) fn open(self, opening: Opening) {
        let same = self.opening.with_untracked(|old| old.scenario == opening.scenario);
        let scenario = opening.scenario.clone();
        let places = opening.places.clone();
        self.opening.set(opening);
        if same {
            return;
        }
        self.hang_up();
        self.model.set(Model::new(places));
        let real = on_real(&scenario);
        self.variables.set(real.clone().unwrap_or_default());
        let generation = self.generation.get_value();
        wasm_bindgen_futures::spawn_local(async move {
            let offered = remote::executors().await;
            if self.generation.get_value() != generation {
                return;
            }
            let server = offered.is_some();
            let offered = offered.unwrap_or_default();
            let still = offered.iter().any(|one| one.kind == Executor::Real);
            let otherwise = match real {
                Some(_) if still => Executor::Real,
                _ => Executor::EmbeddedServer,
            };
            self.offered.set(offered);
            let known = browser::remembered(&memory(&scenario));
            match (server, known) {
                (true, Some(id)) if id == "tab" => {
                    self.begin(Executor::EmbeddedTab, Past::Kept, None).await;
                }
                (true, Some(id)) => self.resume(&id, otherwise).await,
                (true, None) => {
                    self.begin(Executor::EmbeddedServer, Past::Forgotten, None).await;
                }
                (false, _) => {
                    self.variables.set(BTreeMap::new());
                    self.begin(Executor::EmbeddedTab, Past::Kept, None).await;
                }
            }
        });
    }

    /// Goes on elsewhere, with these names of namespaces. Texts stay; what ran belongs to the old cluster,
    /// and leaves it when that is a real one.
    pub(crate) fn switch(self, executor: Executor, variables: BTreeMap<String, String>) {
        let left = self.view.get_untracked().map(|view| view.executor);
        if let Some(real) = left.filter(|left| left.kind == Executor::Real) {
            self.close();
            self.tell(Phrase::new("page-real-left").with("cluster", real.cluster));
        }
        self.hang_up();
        self.model.update(Model::forget);
        let generation = self.generation.get_value();
        // Other names draw the page anew. What the page does about the lines above comes before that: it
        // would find itself taken down.
        let next = move || {
            if self.generation.get_value() == generation {
                self.variables.set(variables);
                wasm_bindgen_futures::spawn_local(self.begin(executor, Past::Forgotten, None));
            }
        };
        Timeout::new(0, next).forget();
    }

    /// Ends the session of the server, not only the connection to it.
    fn close(self) {
        if let Some(link) = self.link.get_value() {
            wasm_bindgen_futures::spawn_local(async move { link.end().await });
        }
    }

    /// The reader left the scenario: coming back opens it again.
    pub(crate) fn leave(self) {
        if self.opening.with_untracked(|opening| !opening.scenario.is_empty()) {
            self.hang_up();
            self.opening.set(Opening::default());
        }
    }

    /// Ends the connection. The server keeps its session.
    pub(crate) fn hang_up(self) {
        self.generation.update_value(|generation| *generation += 1);
        self.link.update_value(|link| {
            if let Some(link) = link.take() {
                link.close();
            }
        });
        self.waiting.set_value(Vec::new());
        self.outbox.set_value(Outbox::default());
        self.view.set(None);
        self.connection.set(Connection::Opening);
    }

    async fn resume(self, id: &str, otherwise: Executor) {
        let generation = self.generation.get_value();
        if let Ok(found) = Link::resume(id, self.deliver(generation)).await {
            return self.take(generation, found);
        }
        if self.generation.get_value() != generation {
            return;
        }
        if otherwise != Executor::Real {
            self.variables.set(BTreeMap::new());
        }
        self.begin(otherwise, Past::Forgotten, Some("page-session-renewed")).await;
    }

    async fn begin(self, executor: Executor, past: Past, tell: Option<&'static str>) {
        self.tried.set_value(executor);
        let generation = self.generation.get_value();
        let opening = self.opening.get_untracked();
        let tab = executor == Executor::EmbeddedTab;
        let request = CreateSession {
            scenario: opening.scenario,
            language: opening.language,
            executor,
            variables: self.variables.get_untracked(),
            content: tab.then_some(opening.content),
            seed: None,
            now_millis: None,
        };
        match Link::open(request, past, self.deliver(generation)).await {
            Ok(found) => {
                self.take(generation, found);
                if let Some(code) = tell {
                    self.tell(Phrase::new(code));
                }
            }
            Err(problem) if self.generation.get_value() == generation => {
                self.connection.set(Connection::Failed(problem.phrase));
            }
            Err(_) => {}
        }
    }

    fn take(self, generation: u64, (link, view): (Link, SessionView)) {
        if self.generation.get_value() != generation {
            link.close();
            return;
        }
        let kept = if view.executor.kind == Executor::EmbeddedTab { "tab" } else { &view.id.0 };
        browser::remember(&memory(&view.scenario), Some(kept));
        remember_real(&view);
        self.link.set_value(Some(link));
        self.view.set(Some(view));
        self.connection.set(Connection::Online);
    }

    fn deliver(self, generation: u64) -> Rc<dyn Fn(Delivery)> {
        Rc::new(move |delivery| {
            if self.generation.get_value() != generation {
                return;
            }
            match delivery {
                Delivery::Event(event) => self.receive(event),
                Delivery::Online => self.connection.set(Connection::Online),
                Delivery::Offline => self.connection.set(Connection::Offline),
                Delivery::Lost(why) => self.lose(why),
            }
        })
    }

    /// The session is gone. One of the server is begun anew, and that is told. One of the tab ended in a bug or in something
    /// endless, so the reader decides whether it begins again. Texts are not touched.
    fn lose(self, why: Phrase) {
        let tab = self.tried.get_value() == Executor::EmbeddedTab;
        self.hang_up();
        if tab {
            self.model.update(Model::lose);
            self.connection.set(Connection::Failed(why));
            return;
        }
        self.model.update(Model::forget);
        wasm_bindgen_futures::spawn_local(self.begin(
            self.tried.get_value(),
            Past::Forgotten,
            Some("page-session-renewed"),
        ));
    }

    /// Begins again where there was no executor: in the tab with all that was done but for the last
    /// command.
    pub(crate) fn restart(self) {
        let executor = self.tried.get_value();
        let tab = executor == Executor::EmbeddedTab;
        self.hang_up();
        self.model.update(Model::forget);
        let tell = if tab { "page-worker-renewed" } else { "page-session-renewed" };
        wasm_bindgen_futures::spawn_local(self.begin(executor, Past::ButLast, Some(tell)));
    }

    /// Collects events for a moment, so that a long log is folded in one go.
    fn receive(self, event: Event) {
        let first = self.waiting.with_value(Vec::is_empty);
        self.waiting.update_value(|waiting| waiting.push(event));
        if first {
            Timeout::new(16, move || {
                let events = self.waiting.try_update_value(std::mem::take).unwrap_or_default();
                self.model.update(|model| events.into_iter().for_each(|event| model.fold(event)));
            })
            .forget();
        }
    }

    fn tell(self, phrase: Phrase) {
        self.told.update(|told| {
            let number = told.as_ref().map_or(0, |(number, _)| *number);
            *told = Some((number + 1, phrase));
        });
    }

    /// Sends a command whose results will be told by the log; returns its run.
    pub(crate) fn send(self, cell: &str, command: Command) -> RunId {
        let run = RunId(browser::unique());
        let cell = cell.to_owned();
        let Some(link) = self.link.get_value() else {
            self.tell(Phrase::new("page-not-connected"));
            return run;
        };
        self.model.update(|model| model.queue(&cell, run.clone()));
        let envelope = CommandEnvelope { run: run.clone(), command };
        if self.outbox.try_update_value(|outbox| outbox.push(cell, envelope)) == Some(true) {
            wasm_bindgen_futures::spawn_local(self.post(link, self.generation.get_value()));
        }
        run
    }

    /// Sends what waits to be sent. A server that does not answer is tried again with the same run, which it takes once.
    async fn post(self, link: Link, generation: u64) {
        while let Some((cell, CommandEnvelope { run, command })) =
            self.outbox.with_value(Outbox::next)
        {
            let answer = link.send(CommandEnvelope { run: run.clone(), command }).await;
            if self.generation.get_value() != generation {
                return;
            }
            if let (Err(ApiProblem { status: 0, .. }), Link::Remote(_)) = (&answer, &link) {
                self.not_sent().await;
                if self.generation.get_value() != generation {
                    return;
                }
                continue;
            }
            if self.outbox.try_update_value(|outbox| outbox.sent(&run)) == Some(true) {
                self.connection.set(Connection::Online);
            }
            if let Err(ApiProblem { status, phrase, .. }) = answer {
                let phase = if status == 0 { Phase::Unknown } else { Phase::Failed };
                self.model.update(|model| model.refuse(&cell, &run, phase));
                self.tell(phrase);
            }
        }
    }

    /// The server was not reached: says so, and waits for a moment.
    async fn not_sent(self) {
        let runs = self.outbox.with_value(Outbox::runs);
        self.model.update(|model| {
            for (cell, run) in &runs {
                model.refuse(cell, run, Phase::Unsent);
            }
        });
        self.connection.set(Connection::Offline);
        let (pause, first) = self.outbox.try_update_value(Outbox::failed).unwrap_or_default();
        if first {
            self.tell(Phrase::new("page-unsent"));
        }
        TimeoutFuture::new(pause).await;
    }

    /// Stops a run; one that was not sent yet never begins.
    pub(crate) fn cancel(self, target: RunId) {
        let unsent = self.model.with_untracked(|model| model.is_unsent(&target));
        let taken =
            self.outbox.try_update_value(|outbox| unsent.then(|| outbox.take_back(&target)));
        match taken.flatten().flatten() {
            Some(cell) => {
                self.model.update(|model| model.refuse(&cell, &target, Phase::Cancelled));
            }
            None => self.steer(Command::Cancel { target }),
        }
    }

    /// Sends a command that belongs to no cell.
    pub(crate) fn steer(self, command: Command) {
        let Some(link) = self.link.get_value() else { return };
        let envelope = CommandEnvelope { run: RunId(browser::unique()), command };
        wasm_bindgen_futures::spawn_local(async move {
            if let Err(problem) = link.send(envelope).await {
                self.tell(problem.phrase);
            }
        });
    }

    /// Asks something; nothing when nobody answers.
    pub(crate) async fn ask(self, query: Query) -> Option<Answer> {
        let link = self.link.get_value()?;
        match link.ask(query).await {
            Ok(answer) => Some(answer),
            Err(problem) => Some(Answer::Failed(problem.phrase)),
        }
    }

    /// Whether the cluster can go back to where it was: an embedded one can.
    pub(crate) fn can_go_back(self) -> bool {
        self.view.with(|view| view.as_ref().is_none_or(|view| view.clock.movable))
    }

    /// The executor that was tried last.
    pub(crate) fn tried(self) -> Executor {
        self.tried.get_value()
    }

    /// Whether commands can be sent.
    pub(crate) fn is_ready(self) -> bool {
        self.view.with(Option::is_some)
    }
}

fn memory(scenario: &str) -> String {
    format!("podium-session-{scenario}")
}

/// Remembers the names of namespaces while the session is on a real cluster.
fn remember_real(view: &SessionView) {
    let names = (view.executor.kind == Executor::Real)
        .then(|| serde_json::to_string(&view.variables).unwrap_or_default());
    browser::remember(&format!("podium-real-{}", view.scenario), names.as_deref());
}

/// The names of namespaces, when the last session of a scenario was on a real cluster.
fn on_real(scenario: &str) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(&browser::remembered(&format!("podium-real-{scenario}"))?).ok()
}
