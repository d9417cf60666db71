//! The executor of a session, wherever it is: the page does not know which one it talks to.

use protocol::v1::{
    Answer, ApiProblem, CommandEnvelope, CreateSession, Executor, Query, SessionView,
};

use super::delivery::{Deliver, Past};
use super::in_tab::InTab;
use super::remote::Remote;

/// A connection to the executor of a session. Ends with the value.
#[derive(Clone)]
pub(crate) enum Link {
    /// The server.
    Remote(Remote),
    /// A worker in this tab.
    InTab(InTab),
}

impl Link {
    /// Opens a new session; in the tab, with what was done in the last one when that is wanted.
    pub(crate) async fn open(
        request: CreateSession,
        past: Past,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        if request.executor == Executor::EmbeddedTab {
            let (link, view) = InTab::open(request, past, deliver).await?;
            return Ok((Self::InTab(link), view));
        }
        let (link, view) = Remote::open(request, deliver).await?;
        Ok((Self::Remote(link), view))
    }

    /// Goes on with a session of the server.
    pub(crate) async fn resume(
        id: &str,
        deliver: Deliver,
    ) -> Result<(Self, SessionView), ApiProblem> {
        let (link, view) = Remote::resume(id, deliver).await?;
        Ok((Self::Remote(link), view))
    }

    /// Makes something happen.
    pub(crate) async fn send(&self, envelope: CommandEnvelope) -> Result<(), ApiProblem> {
        match self {
            Self::Remote(link) => link.send(&envelope).await,
            Self::InTab(link) => link.send(envelope).await,
        }
    }

    /// Asks something.
    pub(crate) async fn ask(&self, query: Query) -> Result<Answer, ApiProblem> {
        match self {
            Self::Remote(link) => link.ask(&query).await,
            Self::InTab(link) => link.ask(query).await,
        }
    }

    /// Ends the session itself. One in the tab ends with its connection.
    pub(crate) async fn end(&self) {
        if let Self::Remote(link) = self {
            link.end().await;
        }
    }

    /// Ends the connection; a session of the server stays.
    pub(crate) fn close(&self) {
        match self {
            Self::Remote(link) => link.close(),
            Self::InTab(link) => link.close(),
        }
    }
}
