//! An embedded cluster whose clock is the wall's.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use session::embedded::EmbeddedCluster;
use tokio::time::Instant;

use crate::webhooks;

/// The longest sleep of the driver; nothing is due before it wakes.
const LONGEST: Duration = Duration::from_mins(1);

/// Keeps an embedded cluster at wall time.
#[derive(Clone)]
pub struct RealTime {
    cluster: Arc<dyn EmbeddedCluster>,
    seen: Arc<Mutex<Instant>>,
}

impl RealTime {
    /// The cluster's time goes on from here.
    pub fn new(cluster: Arc<dyn EmbeddedCluster>) -> Self {
        Self { cluster, seen: Arc::new(Mutex::new(Instant::now())) }
    }

    /// The cluster, at this moment.
    pub fn now(&self) -> &Arc<dyn EmbeddedCluster> {
        let passed = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let passed = seen.elapsed();
            *seen += passed;
            passed
        };
        self.cluster.advance(passed);
        &self.cluster
    }

    /// Wakes the cluster whenever something is due, for as long as the future is polled.
    pub async fn drive(&self) {
        loop {
            let cluster = self.now();
            if webhooks::answer_time(cluster).await {
                continue;
            }
            let generation = cluster.generation();
            let wait = cluster.next_due().map_or(LONGEST, |due| {
                Duration::try_from(due.duration_since(cluster.time())).unwrap_or_default()
            });
            let moved = cluster.moved_from(generation);
            // At least a millisecond: timers are no finer, and a burst of requests is one wake-up.
            let wait = wait.clamp(Duration::from_millis(1), LONGEST);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = moved => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
}
