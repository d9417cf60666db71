//! Everything the page knows about a session, folded out of its event log.

use std::collections::BTreeMap;

use diagram::timeline::Done;
use protocol::v1::{
    CapabilityView, ClockView, ConnectionView, Event, EventBody, Level, Phrase, ResetScope, RunId,
};

use super::objects::Objects;
use super::run::{CellRun, ConnectionChange, Phase, Progress};
use super::shared::Shared;

/// The cell id of the free console of the page.
pub(crate) const CONSOLE: &str = "console";

/// Cell ids of what moves the clock and of what goes back.
pub(crate) const CLOCK: &str = "clock";
const BACK: [&str; 2] = ["reset", "undo"];

/// Something to be told once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Position in the log.
    pub seq: u64,
    /// How loud.
    pub level: Level,
    /// What.
    pub phrase: Phrase,
}

/// A reset that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResetDone {
    /// Position in the log.
    pub seq: u64,
    /// How far back.
    pub scope: ResetScope,
    /// Whether it undid one.
    pub undone: bool,
}

/// What the structure of the notebook says about a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellPlace {
    /// The cell.
    pub id: String,
    /// Its step.
    pub step: String,
    /// Whether output adds up over its runs.
    pub console: bool,
    /// Whether running it changes the cluster, so that what ran later is out of date.
    pub changes: bool,
}

/// What the cells show.
type Cells = BTreeMap<String, Shared<CellRun>>;

/// How many runs can be gone back to.
const MOST_MOMENTS: usize = 64;

/// A run that can be gone back to before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The run.
    pub run: RunId,
    /// Its cell, or a step, [`CONSOLE`] or [`CLOCK`].
    pub cell: String,
    /// Cluster time of its beginning.
    pub at_millis: i64,
    seq: u64,
    /// What was done before it, on its branch.
    pub before: Option<RunId>,
    /// What the cells showed.
    cells: Cells,
}

/// The folded log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    places: Vec<CellPlace>,
    /// Newest event folded.
    pub seq: u64,
    cells: Cells,
    /// What the cells showed before the newest reset, and what was done last then.
    before_reset: Option<(Cells, Option<RunId>)>,
    /// The latest runs, of all branches.
    moments: Vec<Moment>,
    /// What was done last on this branch.
    last: Option<RunId>,
    /// Which cells a run (of a step's solution) touched.
    touched: BTreeMap<RunId, Vec<String>>,
    /// The cell whose run may have changed connections.
    last_change: Option<String>,
    /// Objects of the cluster.
    pub objects: Shared<Objects>,
    connections: BTreeMap<String, Shared<Vec<ConnectionView>>>,
    /// The clock.
    pub clock: Option<ClockView>,
    /// What the cluster can do.
    pub capabilities: Shared<Vec<CapabilityView>>,
    /// Notices in order.
    pub notices: Vec<Notice>,
    /// The newest reset.
    pub reset: Option<ResetDone>,
}

impl Model {
    /// An empty model of a notebook with these cells in order.
    pub(crate) fn new(places: Vec<CellPlace>) -> Self {
        Self { places, ..Self::default() }
    }

    /// The last run of a cell or step.
    pub(crate) fn cell(&self, id: &str) -> Shared<CellRun> {
        self.cells.get(id).cloned().unwrap_or_default()
    }

    /// The edges of a diagram cell.
    pub(crate) fn edges(&self, cell: &str) -> Shared<Vec<ConnectionView>> {
        self.connections.get(cell).cloned().unwrap_or_default()
    }

    /// The first diagram cell with edges, for the topology of the cluster.
    pub(crate) fn all_edges(&self) -> Vec<ConnectionView> {
        let mut edges: Vec<ConnectionView> = Vec::new();
        for edge in self.connections.values().flat_map(|edges| edges.iter()) {
            let wanted = (&edge.from, &edge.to, edge.port);
            let place = edges.binary_search_by(|one| (&one.from, &one.to, one.port).cmp(&wanted));
            if let Err(place) = place {
                edges.insert(place, edge.clone());
            }
        }
        edges
    }

    /// Whether the last run of every cell of a step that can be checked went well.
    pub(crate) fn step_done(&self, cells: &[String]) -> bool {
        !cells.is_empty() && cells.iter().all(|cell| self.cell(cell).phase == Phase::Ok)
    }

    /// A command was sent; until the executor says more, the cell waits.
    pub(crate) fn queue(&mut self, cell: &str, run: RunId) {
        let entry = self.cells.entry(cell.to_owned()).or_default().make_mut();
        entry.run = Some(run);
        entry.phase = Phase::Queued;
    }

    /// A command was not taken; whether it happened is known or not.
    pub(crate) fn refuse(&mut self, cell: &str, run: &RunId, phase: Phase) {
        let entry = self.cells.entry(cell.to_owned()).or_default().make_mut();
        if entry.run.as_ref() == Some(run) {
            entry.phase = phase;
        }
    }

    /// Whether a run waits for a connection.
    pub(crate) fn is_unsent(&self, run: &RunId) -> bool {
        let unsent =
            |cell: &Shared<CellRun>| cell.phase == Phase::Unsent && cell.run.as_ref() == Some(run);
        self.cells.values().any(unsent)
    }

    /// The executor ended: what was under way may have happened or not.
    pub(crate) fn lose(&mut self) {
        for cell in self.cells.values_mut().filter(|cell| cell.is_busy()) {
            let cell = cell.make_mut();
            cell.phase = Phase::Unknown;
            cell.progress = None;
        }
    }

    /// Everything known about the cluster is out of date; the drafts are not touched.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(std::mem::take(&mut self.places));
    }

    /// Takes in the next event. One that is already known changes nothing.
    pub(crate) fn fold(&mut self, event: Event) {
        let Event { seq, at_millis, body } = event;
        if seq <= self.seq {
            return;
        }
        self.seq = seq;
        match body {
            EventBody::RunStarted { run, cell } => {
                self.remember(&run, &cell, at_millis);
                self.start(run, &cell, at_millis);
            }
            EventBody::RunProgress { run, cell, phrase, done, total } => {
                let entry = self.touch(&run, &cell, at_millis);
                entry.progress = Some(Progress { phrase, done, total });
            }
            EventBody::Output { run, cell, lines } => {
                self.touch(&run, &cell, at_millis).print(lines);
            }
            EventBody::Listening { run, cell } => {
                self.touch(&run, &cell, at_millis).listening = true;
            }
            EventBody::Applied { run, cell, results } => {
                self.touch(&run, &cell, at_millis).results = results;
            }
            EventBody::Checked { run, cell, checks } => {
                self.touch(&run, &cell, at_millis).checks = checks;
            }
            EventBody::RunFinished { run, cell, outcome } => {
                self.touch(&run, &cell, at_millis);
                for cell in self.touched.remove(&run).unwrap_or_default() {
                    self.cells.entry(cell).or_default().make_mut().end(outcome, at_millis);
                }
            }
            EventBody::Objects { replace, upserts, deletes } => {
                self.objects.make_mut().change(replace, &upserts, &deletes);
            }
            EventBody::Connections { cell, edges } => self.connect(cell, edges),
            EventBody::Clock { clock } => self.clock = Some(clock),
            EventBody::Preflight { capabilities } => self.capabilities = Shared::new(capabilities),
            EventBody::Reset { scope, undone } => self.go_back(scope, undone),
            EventBody::Notice { level, phrase } => self.notices.push(Notice { seq, level, phrase }),
        }
    }

    /// A run begins that may change the cluster or its time.
    fn remember(&mut self, run: &RunId, cell: &str, at_millis: i64) {
        let known = self.places.iter().any(|place| {
            (place.id == cell && (place.console || place.changes)) || place.step == cell
        });
        let back = BACK.contains(&cell);
        if !(known || back || cell == CONSOLE || cell == CLOCK) {
            return;
        }
        let (run, cell, before) = (run.clone(), cell.to_owned(), self.last.clone());
        if !back {
            self.last = Some(run.clone());
        }
        let (seq, cells) = (self.seq, self.cells.clone());
        self.moments.push(Moment { run, cell, at_millis, seq, before, cells });
        let extra = self.moments.len().saturating_sub(MOST_MOMENTS);
        self.moments.drain(..extra);
    }

    fn moment(&self, run: &RunId) -> Option<&Moment> {
        self.moments.iter().find(|one| one.run == *run)
    }

    /// What was done up to a run, the newest first.
    fn branch<'a>(&'a self, last: Option<&'a RunId>) -> impl Iterator<Item = &'a Moment> {
        let newest = last.and_then(|run| self.moment(run));
        std::iter::successors(newest, |one| self.moment(one.before.as_ref()?))
    }

    /// What was done on this branch, the newest first.
    pub(crate) fn past(&self) -> Vec<Moment> {
        self.branch(self.last.as_ref()).cloned().collect()
    }

    /// The latest runs that can be gone back to, of all branches.
    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// What was done, with times from a beginning on, and the last of it on this branch.
    pub(crate) fn done(&self, begin: i64) -> (Vec<Done>, Option<String>) {
        let done = self.moments.iter().map(|one| Done {
            id: one.run.0.clone(),
            at_millis: one.at_millis - begin,
            after: one.before.as_ref().map(|run| run.0.clone()),
            left: BACK.contains(&one.cell.as_str()),
        });
        (done.collect(), self.last.as_ref().map(|run| run.0.clone()))
    }

    /// When checks passed.
    pub(crate) fn passed(&self) -> Vec<i64> {
        let cells = self.cells.values();
        let passed = cells.filter(|cell| !cell.checks.is_empty() && cell.phase == Phase::Ok);
        passed.map(|cell| cell.ended_millis).collect()
    }

    /// Branches that were left: when they were, and what was done last on them.
    pub(crate) fn left(&self) -> Vec<(Moment, String)> {
        let past = self.past();
        let mut known: Vec<RunId> = past.into_iter().map(|done| done.run).collect();
        let left = self.moments.iter().rev().filter(|one| BACK.contains(&one.cell.as_str()));
        let left = left.filter_map(|one| {
            let last = self.moment(one.before.as_ref()?)?;
            let new = !known.contains(&last.run);
            known.push(last.run.clone());
            new.then(|| (one.clone(), last.cell.clone()))
        });
        left.collect()
    }

    fn place(&self, cell: &str) -> Option<(usize, &CellPlace)> {
        self.places.iter().enumerate().find(|(_, place)| place.id == cell)
    }

    fn start(&mut self, run: RunId, cell: &str, at_millis: i64) {
        let place = self.place(cell).map(|(index, place)| (index, place.console, place.changes));
        let console = place.map_or(cell == CONSOLE, |(_, console, _)| console);
        let seq = self.seq;
        self.touched.entry(run.clone()).or_default().push(cell.to_owned());
        let entry = self.cells.entry(cell.to_owned()).or_default();
        let again = entry.first_seq > 0;
        entry.make_mut().begin(run, at_millis, seq, console);
        if let Some((index, _, true)) = place {
            self.last_change = Some(cell.to_owned());
            if again {
                self.age(index);
            }
        }
    }

    /// Cells after this one that ran before are out of date.
    fn age(&mut self, index: usize) {
        for place in self.places.iter().skip(index + 1) {
            if let Some(entry) = self.cells.get_mut(&place.id)
                && !place.console
                && entry.phase == Phase::Ok
            {
                entry.make_mut().stale = true;
            }
        }
    }

    /// The record of a cell within a run. A step's solution touches cells that were not started alone.
    fn touch(&mut self, run: &RunId, cell: &str, at_millis: i64) -> &mut CellRun {
        let touched = self.touched.entry(run.clone()).or_default();
        if !touched.iter().any(|known| known == cell) {
            touched.push(cell.to_owned());
        }
        let known = self.cells.get(cell).is_some_and(|entry| {
            entry.run.as_ref() == Some(run) && !matches!(entry.phase, Phase::Queued | Phase::Unsent)
        });
        if !known {
            self.start(run.clone(), cell, at_millis);
            if let Some(touched) = self.touched.get_mut(run) {
                touched.dedup();
            }
        }
        self.cells.entry(cell.to_owned()).or_default().make_mut()
    }

    fn connect(&mut self, cell: String, edges: Vec<ConnectionView>) {
        let before = self.edges(&cell);
        let changes = edges.iter().filter_map(|now| {
            let old = before
                .iter()
                .find(|old| old.from == now.from && old.to == now.to && old.port == now.port)?;
            (old.state != now.state)
                .then(|| ConnectionChange { before: old.state, now: now.clone() })
        });
        let changes: Vec<ConnectionChange> = changes.collect();
        if let Some(entry) = self.last_change.as_ref().and_then(|cell| self.cells.get_mut(cell))
            && !changes.is_empty()
        {
            let known = &mut entry.make_mut().connections;
            for change in changes {
                known.retain(|one| {
                    one.now.from != change.now.from
                        || one.now.to != change.now.to
                        || one.now.port != change.now.port
                });
                known.push(change);
            }
        }
        self.connections.insert(cell, Shared::new(edges));
    }

    fn go_back(&mut self, scope: ResetScope, undone: bool) {
        if undone {
            if let Some((cells, last)) = self.before_reset.take() {
                (self.cells, self.last) = (cells, last);
            }
        } else {
            self.before_reset = Some((self.cells.clone(), self.last.clone()));
            if let ResetScope::Run { run } = &scope
                && let Some(moment) = self.moment(run).cloned()
            {
                self.last = moment.before;
                let shown = std::mem::replace(&mut self.cells, moment.cells);
                let kept = shown.into_iter().filter(|(id, _)| {
                    id == CONSOLE
                        || self.places.iter().any(|place| place.console && place.id == *id)
                });
                self.cells.extend(kept);
            }
            let from = self.reset_point(&scope);
            let earlier = self.branch(self.last.as_ref()).find(|one| one.seq < from);
            self.last = earlier.map(|one| one.run.clone());
            // Output of consoles stays: it is a record of what was asked.
            let consoles: Vec<&str> = self
                .places
                .iter()
                .filter(|place| place.console)
                .map(|place| place.id.as_str())
                .collect();
            self.cells.retain(|id, entry| {
                entry.first_seq < from || id == CONSOLE || consoles.contains(&id.as_str())
            });
        }
        self.last_change = None;
        self.reset = Some(ResetDone { seq: self.seq, scope, undone });
    }

    /// Runs that began at this place of the log or later are taken back.
    fn reset_point(&self, scope: &ResetScope) -> u64 {
        let first = |id: &str| self.cells.get(id).map(|entry| entry.first_seq);
        match scope {
            ResetScope::Cell { cell } => first(cell).unwrap_or(u64::MAX),
            ResetScope::Step { step } => {
                let cells = self.places.iter().filter(|place| place.step == *step);
                cells.filter_map(|place| first(&place.id)).min().unwrap_or(u64::MAX)
            }
            // What it showed then is shown already.
            ResetScope::Run { .. } => u64::MAX,
            ResetScope::Scenario => 0,
        }
    }
}

#[cfg(test)]
mod tests;
