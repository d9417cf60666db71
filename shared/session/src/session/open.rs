//! The beginning: watches, setup, what the cluster can do.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use notebook::cell::{CellKind, DiagramView};
use notebook::scenario::Notebook;
use notebook::variables::{self, VariableError};
use protocol::v1::{EventBody, RunId};
use runner::Runner;

use super::{After, Before, Opening, Running, Session};
use crate::connections::Probes;
use crate::history::History;
use crate::log::EventLog;
use crate::objects::{self, KINDS, Objects, Scope};
use crate::outbox::Outbox;
use crate::time::SessionClock;

impl Session {
    /// Opens a session and begins to set the scenario up. Fails when the request sets variables that
    /// the scenario does not have.
    pub fn open(opening: Opening) -> Result<Self, VariableError> {
        let Opening { id, request, notebook, executor, ends } = opening;
        let variables = variables::values(&notebook.scenario.variables, &request.variables)?;
        let notebook = Arc::new(notebook.with_variables(&request.variables)?);
        let runner = Runner::new(Arc::clone(&ends.transport), Arc::clone(&ends.clock), &notebook);
        let mut session = Self {
            id,
            executor,
            variables,
            clock: SessionClock::new(ends.clock.now(), ends.steering.is_some()),
            probes: Probes::new(&notebook, ends.steering.is_some()),
            notebook,
            runner: Arc::new(runner),
            ends,
            log: EventLog::default(),
            outbox: Outbox::default(),
            objects: Objects::default(),
            background: Vec::new(),
            history: History::default(),
            seen: BTreeSet::new(),
            running: Vec::new(),
            waiting: VecDeque::new(),
            setting_up: true,
            before: Before::default(),
            polled: 0,
        };
        session.watch_objects();
        session.begin_setup();
        Ok(session)
    }

    /// The scenario and the language of its notebook.
    pub fn reads(&self) -> (&str, &str) {
        (&self.notebook.id, &self.notebook.language)
    }

    /// Goes on with a newer text of the notebook. What was done stays done: the setup is not repeated, and
    /// runs under way end as they began. A text whose variables are others is taken with their defaults.
    pub fn revise(&mut self, notebook: &Notebook) {
        let known = |name: &String| notebook.scenario.variables.iter().any(|one| one.name == *name);
        let mut set = self.variables.clone();
        set.retain(|name, _| known(name));
        let filled = variables::values(&notebook.scenario.variables, &set)
            .and_then(|values| Ok((notebook.with_variables(&set)?, values)));
        // (Its own defaults cannot break a notebook that the reader has found right.)
        let Ok((notebook, values)) = filled else { return };
        let (transport, clock) = (Arc::clone(&self.ends.transport), Arc::clone(&self.ends.clock));
        self.runner = Arc::new(Runner::new(transport, clock, &notebook));
        self.probes = Probes::new(&notebook, self.ends.steering.is_some());
        self.variables = values;
        self.notebook = Arc::new(notebook);
    }

    fn watch_objects(&mut self) {
        let scope = Arc::new(match self.ends.steering {
            Some(_) => Scope::Everything,
            None => scope_of(&self.notebook),
        });
        for kind in &KINDS {
            for namespace in scope.namespaces(kind) {
                self.background.push(Box::pin(objects::follow(
                    Arc::clone(&self.ends.transport),
                    Arc::clone(&self.ends.background),
                    kind,
                    namespace,
                    Arc::clone(&scope),
                    self.objects.inbox.clone(),
                )));
            }
        }
    }

    fn begin_setup(&mut self) {
        let run = RunId("setup".to_owned());
        let cell = "setup".to_owned();
        self.push(EventBody::RunStarted { run: run.clone(), cell: cell.clone() });
        let work = self.setup_work(&run, &cell);
        self.running.push(Running { run, cell, work, keys: None, after: After::SetupDone });
    }

    /// The scenario stands: this is where a reset of the scenario goes back to, and what was asked for
    /// in the meantime can begin.
    pub(super) fn setup_done(&mut self) {
        self.setting_up = false;
        if let Some(steering) = &self.ends.steering {
            self.history.setup_done(steering.snapshot());
        }
        for envelope in std::mem::take(&mut self.waiting) {
            self.begin(envelope);
        }
    }
}

/// What a scenario names: the part of a shared cluster that its session looks at.
fn scope_of(notebook: &Notebook) -> Scope {
    let (mut namespaces, mut names) = (BTreeSet::new(), BTreeSet::new());
    for text in notebook.files.values() {
        for document in kubectl::manifest::read(text).unwrap_or_default() {
            let text = |path: &str| {
                document.value.pointer(path).and_then(|value| value.as_str()).map(str::to_owned)
            };
            namespaces.extend(text("/metadata/namespace"));
            if let Some(name) = text("/metadata/name") {
                if text("/kind").as_deref() == Some("Namespace") {
                    namespaces.insert(name.clone());
                }
                names.insert(name);
            }
        }
    }
    for cell in &notebook.scenario.cells {
        if let CellKind::Diagram { view } = &cell.kind {
            match view {
                DiagramView::Connections { namespaces: drawn, .. }
                | DiagramView::Workloads { namespaces: drawn } => {
                    namespaces.extend(drawn.iter().cloned());
                }
                DiagramView::Rollout { namespace, .. }
                | DiagramView::Autoscaler { namespace, .. } => {
                    namespaces.insert(namespace.clone());
                }
                DiagramView::Access { .. } | DiagramView::Machines | DiagramView::Menus { .. } => {}
            }
        }
    }
    Scope::Scenario { namespaces, names }
}
