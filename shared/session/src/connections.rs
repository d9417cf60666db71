//! The connections that diagram cells watch: probed again after something moved.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use apimachinery::transport::{BoxFuture, Clock};
use notebook::cell::{CellKind, DiagramView};
use notebook::scenario::Notebook;
use protocol::v1::{ConnectionView, EventBody};
use runner::{Connection, Runner};

use crate::convert;

/// On a real cluster every probe is a command in a pod: wait until things have calmed down.
const CALM: Duration = Duration::from_secs(2);

/// A diagram and its edges.
struct Diagram {
    cell: String,
    edges: Vec<Connection>,
    told: Option<Vec<ConnectionView>>,
}

/// What the probes of one round found, by diagram.
type Found = Arc<Mutex<Option<Vec<Vec<ConnectionView>>>>>;

/// See the module.
pub(crate) struct Probes {
    diagrams: Vec<Diagram>,
    /// Whether a probe costs nothing (the embedded cluster computes it).
    free: bool,
    stale: bool,
    work: Option<BoxFuture<'static, ()>>,
    found: Found,
}

impl Probes {
    pub(crate) fn new(notebook: &Notebook, free: bool) -> Self {
        let diagrams = notebook.scenario.cells.iter().filter_map(|cell| match &cell.kind {
            CellKind::Diagram { view: DiagramView::Connections { edges, .. } } => Some(Diagram {
                cell: cell.id.clone(),
                edges: edges
                    .iter()
                    .map(|edge| Connection {
                        from: edge.from.clone(),
                        to: edge.to.clone(),
                        port: edge.port,
                    })
                    .collect(),
                told: None,
            }),
            _ => None,
        });
        Self { diagrams: diagrams.collect(), free, stale: true, work: None, found: Arc::default() }
    }

    /// Something moved: what is known may no longer be true.
    pub(crate) fn stale(&mut self) {
        self.stale = true;
    }

    /// Goes on probing.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        runner: &Arc<Runner>,
        clock: &Arc<dyn Clock>,
    ) {
        if self.stale && self.work.is_none() && !self.diagrams.is_empty() {
            self.stale = false;
            self.work = Some(self.round(runner, clock));
        }
        if let Some(work) = &mut self.work
            && work.as_mut().poll(context) == Poll::Ready(())
        {
            self.work = None;
            // What became stale while probing is probed in the next round.
            if self.stale {
                context.waker().wake_by_ref();
            }
        }
    }

    fn round(&self, runner: &Arc<Runner>, clock: &Arc<dyn Clock>) -> BoxFuture<'static, ()> {
        let (runner, clock) = (Arc::clone(runner), Arc::clone(clock));
        let (found, free) = (Arc::clone(&self.found), self.free);
        let wanted: Vec<Vec<Connection>> =
            self.diagrams.iter().map(|one| one.edges.clone()).collect();
        Box::pin(async move {
            if !free {
                clock.sleep(CALM).await;
            }
            let mut all = Vec::new();
            for edges in &wanted {
                let mut views = Vec::new();
                for edge in edges {
                    views.push(convert::connection(edge, runner.probe_connection(edge).await));
                }
                all.push(views);
            }
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(all);
        })
    }

    /// The edges of a diagram whose edges changed.
    pub(crate) fn news(&mut self) -> Option<EventBody> {
        let mut slot = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = slot.as_mut()?;
        for (diagram, views) in self.diagrams.iter_mut().zip(found.iter()) {
            if diagram.told.as_ref() != Some(views) {
                diagram.told = Some(views.clone());
                return Some(EventBody::Connections {
                    cell: diagram.cell.clone(),
                    edges: views.clone(),
                });
            }
        }
        *slot = None;
        None
    }
}
