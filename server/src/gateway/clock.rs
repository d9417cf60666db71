//! The time of a real cluster is that of the wall.

use std::time::Duration;

use apimachinery::transport::{BoxFuture, Clock};
use jiff::Timestamp;

/// The clock on the wall.
#[derive(Debug, Clone, Copy)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
