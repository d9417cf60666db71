//! The commands of the command line.

pub mod check;
pub mod cluster;
pub mod kubectl;
pub mod lint;
pub mod mutate;
pub mod new;
pub mod preview;
pub mod scenarios;
pub mod serve;

use std::io::Write as _;

use crate::error::Failure;

/// Prints a line on standard output.
pub(crate) fn say(line: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").and_then(|()| output.flush()).map_err(|error| {
        Failure::surroundings(
            format!("standard output is closed ({error})"),
            "keep the reader of the output running",
        )
    })
}

/// Comes back at SIGTERM or Ctrl+C.
pub(crate) async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            // Without signals the process ends as the system ends it.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
