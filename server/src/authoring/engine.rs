//! The embedded cluster on which authors' tools try things: always the same one.

use cluster::{Cluster, ClusterConfig, Controllers};
use jiff::Timestamp;
use notebook::scenario::ClusterPlan;
use session::embedded::Embedded;

/// An embedded cluster as sessions of a scenario have it, at a time that does not depend on today.
pub fn cluster(plan: &ClusterPlan) -> Embedded<Cluster> {
    let epoch = "2026-01-01T00:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    Embedded::new(Cluster::furnished(
        ClusterConfig {
            seed: 1,
            epoch,
            nodes: 3,
            controllers: Controllers::All,
            admin_token: String::new(),
            extra_tokens: Vec::new(),
        },
        crate::system::with_language(addons::of_plan(plan.profile.name(), plan.products())),
    ))
}
