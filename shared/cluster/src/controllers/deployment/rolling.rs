//! From one revision to the next (`pkg/controller/deployment/rolling.go`, `recreate.go`).

use apimachinery::order::Order as _;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Rollout, create_set, limits, replicas, scale};
use crate::event_loop::Plan;
use crate::fields;
use crate::store::Store;

fn available(set: &Value) -> i64 {
    fields::number(set, "/status/availableReplicas").unwrap_or_default()
}

impl Rollout<'_> {
    /// The sets of other templates, the oldest first.
    pub(super) fn old(&self) -> Vec<&Arc<Value>> {
        let current = self.current.map_or("", |set| fields::uid(set));
        let mut old: Vec<_> = self.sets.iter().filter(|set| fields::uid(set) != current).collect();
        old.order_by_key(|set| {
            (
                fields::time(set, "/metadata/creationTimestamp").unwrap_or_default(),
                fields::name(set).to_owned(),
            )
        });
        old
    }

    /// Up within the surge, then down within what may be unavailable.
    pub(super) fn roll(&self, hash: &str, plan: &mut Plan) {
        let Some(current) = self.current else {
            create_set(self.deployment, self.sets, hash, plan);
            return;
        };
        if !self.grow(current, plan) {
            self.shrink(current, plan);
        }
    }

    /// `NewRSNewReplicas`; whether the new set was scaled.
    fn grow(&self, current: &Value, plan: &mut Plan) -> bool {
        let (wanted, has) = (replicas(self.deployment), replicas(current));
        let to = if has > wanted {
            wanted
        } else {
            let (surge, _) = limits(self.deployment);
            let total: i64 = self.sets.iter().map(|set| replicas(set)).sum();
            has + (wanted + surge - total).min(wanted - has).max(0)
        };
        scale(self.deployment, current, to, plan);
        to != has
    }

    /// `reconcileOldReplicaSets`: first what is not healthy, then as many as may go.
    fn shrink(&self, current: &Value, plan: &mut Plan) {
        let old = self.old();
        let total: i64 = self.sets.iter().map(|set| replicas(set)).sum();
        let (_, unavailable) = limits(self.deployment);
        let least = replicas(self.deployment) - unavailable;
        let mut may_go = total - least - (replicas(current) - available(current));
        if old.iter().all(|set| replicas(set) == 0) || may_go <= 0 {
            return;
        }
        let mut sizes: BTreeMap<&str, i64> = BTreeMap::new();
        for set in &old {
            let gone = (replicas(set) - available(set)).clamp(0, may_go.max(0));
            may_go -= gone;
            sizes.insert(fields::name(set), replicas(set) - gone);
        }
        let serving: i64 = self.sets.iter().map(|set| available(set)).sum();
        let mut surplus = (serving - least).max(0);
        for set in &old {
            let size = sizes.get(fields::name(set)).copied().unwrap_or_default();
            let gone = size.min(surplus);
            surplus -= gone;
            scale(self.deployment, set, size - gone, plan);
        }
    }

    /// All old pods go before the first new one comes.
    pub(super) fn recreate(&self, store: &Store, hash: &str, plan: &mut Plan) {
        let old = self.old();
        if old.iter().any(|set| replicas(set) > 0) {
            for set in old {
                scale(self.deployment, set, 0, plan);
            }
            return;
        }
        let pods = store.list("pods", Some(fields::namespace(self.deployment)));
        let runs = |pod: &Arc<Value>| {
            !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
                && old.iter().any(|set| fields::controlled_by(pod, set))
        };
        if pods.iter().any(runs) {
            return;
        }
        match self.current {
            None => create_set(self.deployment, self.sets, hash, plan),
            Some(current) => scale(self.deployment, current, replicas(self.deployment), plan),
        }
    }
}
