//! The pods that wait for a node (`pkg/scheduler/backend/queue`): who is next, and who is not tried again
//! before something happens that could help.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rpds::RedBlackTreeMapSync;
use serde_json::Value;

use super::hints;
use super::view::priority;
use crate::event_loop::Key;
use crate::fields;
use crate::store::{Change, Store};

/// How long nothing may happen until a pod is tried again (`DefaultPodMaxInUnschedulablePodsDuration`).
const FLUSH: Duration = Duration::from_mins(5);
/// `DefaultPodInitialBackoffDuration`, `DefaultPodMaxBackoffDuration`.
const BACKOFF: (u64, u64) = (1, 10);

/// Where a pod waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is tried next.
    Active,
    /// Something happened that may help it; it is tried when nobody else waits
    /// (`SchedulerPopFromBackoffQ`).
    BackingOff,
    /// Nothing has happened yet that could help it.
    Unschedulable,
    /// It was sent to a node.
    Bound,
    /// It was refused by that node.
    Refused,
}

/// What is remembered of a pod that waits.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    uid: String,
    /// It never changes.
    priority: i64,
    place: Place,
    attempts: u32,
    /// When it came into its place, and in which order.
    at: Timestamp,
    order: u64,
    /// The plugins that kept it from somewhere.
    rejectors: BTreeSet<&'static str>,
}

impl Entry {
    fn new(pod: &Value, at: Timestamp, order: u64) -> Self {
        Self {
            uid: fields::uid(pod).to_owned(),
            priority: priority(pod),
            place: Place::Active,
            attempts: 0,
            at,
            order,
            rejectors: BTreeSet::new(),
        }
    }

    fn ready(&self) -> Timestamp {
        let (first, most) = BACKOFF;
        let doublings = self.attempts.saturating_sub(1).min(10);
        let seconds = (first << doublings).min(most);
        self.at.checked_add(Duration::from_secs(seconds)).unwrap_or(self.at)
    }

    /// When it is tried although nothing happened.
    fn due(&self) -> Option<Timestamp> {
        match self.place {
            Place::Active | Place::BackingOff => Some(self.at),
            Place::Unschedulable => self.at.checked_add(FLUSH).ok(),
            // The change that the binding makes takes the pod out; without one it was refused.
            Place::Bound | Place::Refused => Some(self.ready()),
        }
    }
}

/// All of them. A clone costs nothing.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pods: RedBlackTreeMapSync<Key, Entry>,
}

impl Default for Waiting {
    fn default() -> Self {
        Self { pods: RedBlackTreeMapSync::new_sync() }
    }
}

/// Whether a pod waits for this scheduler.
pub(super) fn waits(pod: &Value) -> bool {
    fields::text(pod, "/spec/nodeName").is_empty()
        && !fields::deleting(pod)
        && fields::items(pod, "/spec/schedulingGates").is_empty()
        && fields::text(pod, "/spec/schedulerName") == "default-scheduler"
        && !super::view::ended(pod)
}

impl Waiting {
    /// Takes notice of what has happened: of the changes since it last did, or of everything.
    pub(super) fn learn(&mut self, store: &Store, changes: Option<&[Arc<Change>]>, now: Timestamp) {
        match changes {
            Some(changes) => changes.iter().for_each(|change| self.apply(store, change, now)),
            None => self.look_at_everything(store, now),
        }
        let moves = |entry: &Entry| {
            let due = entry.due().is_some_and(|due| due <= now);
            match entry.place {
                Place::Bound => true,
                Place::Unschedulable | Place::Refused => due,
                Place::Active | Place::BackingOff => false,
            }
        };
        let moved = self.pods.iter().filter(|(_, entry)| moves(entry)).map(|(key, _)| key.clone());
        for key in moved.collect::<Vec<_>>() {
            let Some(entry) = self.pods.get_mut(&key) else { continue };
            match entry.place {
                Place::Bound => {
                    entry.place = Place::Refused;
                    entry.attempts = entry.attempts.saturating_add(1);
                    entry.at = now;
                }
                Place::Unschedulable => entry.place = Place::BackingOff,
                Place::Refused => entry.place = Place::Active,
                Place::Active | Place::BackingOff => {}
            }
        }
    }

    fn look_at_everything(&mut self, store: &Store, now: Timestamp) {
        let mut pods = RedBlackTreeMapSync::new_sync();
        for pod in store.list("pods", None).iter().filter(|pod| waits(pod)) {
            let order = fields::text(pod, "/metadata/resourceVersion").parse().unwrap_or(0);
            let mut entry = Entry::new(pod, now, order);
            if let Some(known) = self.pods.get(&Key::of(pod)) {
                entry.attempts = known.attempts;
            }
            pods.insert_mut(Key::of(pod), entry);
        }
        self.pods = pods;
    }

    fn apply(&mut self, store: &Store, change: &Change, now: Timestamp) {
        if change.resource == "pods" {
            let key = Key::new(&change.namespace, &change.name);
            match change.new.as_deref().filter(|pod| waits(pod)) {
                None => drop(self.pods.remove_mut(&key)),
                Some(pod) => {
                    let known = self.pods.get(&key);
                    if known.is_none_or(|known| known.uid != fields::uid(pod)) {
                        self.pods.insert_mut(key, Entry::new(pod, now, change.revision));
                    }
                }
            }
        }
        if !hints::concerns(change) {
            return;
        }
        let helped = |(key, entry): &(&Key, &Entry)| {
            let stuck = entry.place == Place::Unschedulable;
            stuck.then(|| store.get("pods", &key.namespace, &key.name)).flatten().is_some_and(
                |pod| {
                    let helps = |plugin: &&str| hints::may_help(store, plugin, &pod, change);
                    entry.rejectors.is_empty() || entry.rejectors.iter().any(helps)
                },
            )
        };
        let helped = self.pods.iter().filter(helped).map(|(key, _)| key.clone());
        for key in helped.collect::<Vec<_>>() {
            if let Some(entry) = self.pods.get_mut(&key) {
                entry.place = Place::BackingOff;
            }
        }
    }

    /// Who is tried next: the highest priority, then who waits longest.
    pub(super) fn next(&self, store: &Store) -> Option<(Key, Arc<Value>)> {
        let first = |place| {
            let there = self.pods.iter().filter(|(_, entry)| entry.place == place);
            there.min_by_key(|(_, entry)| (Reverse(entry.priority), entry.at, entry.order))
        };
        let (key, _) = first(Place::Active).or_else(|| first(Place::BackingOff))?;
        Some((key.clone(), store.get("pods", &key.namespace, &key.name)?))
    }

    /// A pod goes to another place.
    pub(super) fn put(
        &mut self,
        key: &Key,
        place: Place,
        rejectors: impl Iterator<Item = &'static str>,
        now: Timestamp,
    ) {
        if let Some(entry) = self.pods.get_mut(key) {
            entry.place = place;
            entry.at = now;
            entry.rejectors = rejectors.collect();
            entry.attempts = entry.attempts.saturating_add(u32::from(place != Place::Bound));
        }
    }

    /// How long nothing needs to be done.
    pub(super) fn rest(&self, now: Timestamp) -> Option<Duration> {
        let due = self.pods.values().filter_map(Entry::due).min()?;
        Some(due.duration_since(now).try_into().unwrap_or(Duration::ZERO))
    }
}
