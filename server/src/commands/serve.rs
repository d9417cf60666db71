//! `podium serve`: the page and its sessions.

use super::{asked_to_stop, say};
use crate::cli;
use crate::content::{Course, Shelf};
use crate::error::Failure;
use crate::gateway;
use crate::listen;
use crate::page;
use crate::routes::{self, Served};
use crate::sessions::Sessions;

/// Serves until it is asked to stop.
pub async fn run(arguments: cli::Serve) -> Result<(), Failure> {
    let real = gateway::Cluster::of(&arguments.real).await?;
    let shelf = Shelf::new(Course::read(&arguments.scenarios)?);
    let listener = listen::bind(arguments.listen).await?;
    let dist = page::folder(&arguments.dist).unwrap_or_else(|failure| {
        tracing::warn!("{failure}");
        arguments.dist.clone()
    });
    let address = listener.local_addr().unwrap_or(arguments.listen);
    let sessions = Sessions::new(shelf.clone(), real);
    let served =
        Served { sessions: sessions.clone(), shelf, dist, only_here: address.ip().is_loopback() };
    let ending = sessions.clone();
    let stop = async move {
        asked_to_stop().await;
        ending.begin_end();
    };
    let server = listen::serve(listener, None, routes::router(served), stop);
    say(&format!("Podium serves http://{address}/"))?;
    let rounds = tokio::spawn(sessions.clone().tidy());
    server.await;
    rounds.abort();
    sessions.close().await;
    Ok(())
}
