//! What is typed into a run.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use protocol::v1::{EventBody, RunId};

use crate::outbox::Outbox;

/// The keyboard of a run.
pub(crate) struct Keys {
    run: RunId,
    cell: String,
    outbox: Outbox,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether somebody reads.
    open: bool,
    typed: VecDeque<String>,
    waker: Option<Waker>,
}

impl Keys {
    /// A keyboard to which nobody listens yet.
    pub(crate) fn new(outbox: &Outbox, run: &RunId, cell: &str) -> Self {
        Self {
            run: run.clone(),
            cell: cell.to_owned(),
            outbox: outbox.clone(),
            state: Mutex::default(),
        }
    }

    /// Types a text; whether somebody reads.
    pub(crate) fn press(&self, text: String) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.open {
            return false;
        }
        state.typed.push_back(text);
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
        true
    }
}

impl kubectl::Keyboard for Keys {
    fn listen(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).open = true;
        self.outbox.put(EventBody::Listening { run: self.run.clone(), cell: self.cell.clone() });
    }

    fn poll_typed(&self, context: &mut Context<'_>) -> Poll<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = state.typed.pop_front() {
            return Poll::Ready(text);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
