//! Another number of replicas: while two revisions run, each gets its share
//! (`pkg/controller/deployment/sync.go scale`, `util/deployment_util.go GetReplicaSetProportion`).

use apimachinery::order::Order as _;
use std::cmp::Reverse;
use std::sync::Arc;

use serde_json::Value;

use super::{Rollout, limits, recreates, replicas, scale};
use crate::event_loop::Plan;
use crate::fields;

const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";

impl Rollout<'_> {
    fn active(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.sets.iter().filter(|set| replicas(set) > 0)
    }

    /// Whether somebody changed the number of replicas since the sets were sized (`isScalingEvent`).
    pub(super) fn was_scaled(&self) -> bool {
        self.active().any(|set| {
            let known: Option<i64> = fields::annotation(set, DESIRED).parse().ok();
            known.is_some_and(|known| known != replicas(self.deployment))
        })
    }

    /// `FindActiveOrLatest`: the only set with pods, or the newest when none has any.
    fn active_or_latest(&self) -> Option<&Arc<Value>> {
        let mut active = self.active();
        match (active.next(), active.next()) {
            (None, _) => self.current.or_else(|| self.old().last().copied()),
            (Some(only), None) => Some(only),
            (Some(_), Some(_)) => None,
        }
    }

    fn saturated(&self) -> bool {
        let wanted = replicas(self.deployment);
        self.current.is_some_and(|set| {
            replicas(set) == wanted
                && fields::annotation(set, DESIRED) == wanted.to_string()
                && fields::number(set, "/status/availableReplicas").unwrap_or_default() == wanted
        })
    }

    /// Gives the sets the Deployment's size.
    pub(super) fn scale(&self, plan: &mut Plan) {
        let wanted = replicas(self.deployment);
        if let Some(set) = self.active_or_latest() {
            scale(self.deployment, set, wanted, plan);
            return;
        }
        if self.saturated() {
            for set in self.old() {
                scale(self.deployment, set, 0, plan);
            }
            return;
        }
        if !recreates(self.deployment) {
            self.share(wanted, plan);
        }
    }

    /// The difference is spread over the sets by their sizes, the rest goes to the biggest.
    fn share(&self, wanted: i64, plan: &mut Plan) {
        let (surge, _) = limits(self.deployment);
        let allowed = if wanted > 0 { wanted + surge } else { 0 };
        let mut sets: Vec<&Arc<Value>> = self.active().collect();
        let total: i64 = sets.iter().map(|set| replicas(set)).sum();
        let change = allowed - total;
        let created = |set: &Value| {
            fields::time(set, "/metadata/creationTimestamp").unwrap_or_default().as_second()
        };
        sets.order_by_key(|set| {
            let age = if change > 0 { -created(set) } else { created(set) };
            (Reverse(replicas(set)), age)
        });
        let mut added = 0;
        let mut sizes = Vec::new();
        for set in &sets {
            let part = self.part(set, allowed, change, added);
            added += part;
            sizes.push(replicas(set) + part);
        }
        if let Some(first) = sizes.first_mut() {
            *first = (*first + change - added).max(0);
        }
        for (set, size) in sets.into_iter().zip(sizes) {
            scale(self.deployment, set, size, plan);
        }
    }

    fn part(&self, set: &Value, allowed: i64, change: i64, added: i64) -> i64 {
        let size = replicas(set);
        if change == 0 || change == added {
            return 0;
        }
        let before = fields::annotation(set, MOST)
            .parse()
            .ok()
            .or_else(|| fields::number(self.deployment, "/status/replicas"))
            .filter(|before: &i64| *before > 0)
            .unwrap_or(1);
        let fraction = if allowed == 0 { -size } else { rounded(size * allowed, before) - size };
        if change > 0 { fraction.min(change - added) } else { fraction.max(change - added) }
    }
}

/// A quotient of positive numbers, rounded half up.
fn rounded(number: i64, divisor: i64) -> i64 {
    (2 * number + divisor) / (2 * divisor)
}
