//! The pods that wait for a node (`pkg/scheduler/backend/queue`): who is next, and who is not tried again
//! before something happens that could help.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

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

const PLACES: [(Place, &str); 5] = [
    (Place::Active, "active"),
    (Place::BackingOff, "backoff"),
    (Place::Unschedulable, "unschedulable"),
    (Place::Bound, "bound"),
    (Place::Refused, "refused"),
];

/// What is remembered of a pod that waits.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    uid: String,
    place: Place,
    attempts: u32,
    /// When it came into its place, and in which order.
    at: Timestamp,
    order: u64,
    /// The plugins that kept it from somewhere.
    rejectors: BTreeSet<String>,
}

impl Entry {
    fn new(pod: &Value, at: Timestamp, order: u64) -> Self {
        Self {
            uid: fields::uid(pod).to_owned(),
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

/// All of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Waiting {
    /// Up to where the changes are known.
    revision: u64,
    pods: BTreeMap<Key, Entry>,
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
    /// From what the world kept.
    pub(super) fn read(memory: &Value) -> Self {
        let mut waiting = Self {
            revision: memory["revision"].as_u64().unwrap_or_default(),
            pods: BTreeMap::new(),
        };
        for kept in fields::items(memory, "/pods") {
            let key = Key::new(fields::text(kept, "/namespace"), fields::text(kept, "/name"));
            let place = fields::text(kept, "/place");
            let place = PLACES.iter().find(|(_, name)| *name == place);
            let Some((at, (place, _))) = fields::time(kept, "/at").zip(place) else { continue };
            let rejectors = fields::items(kept, "/rejectors").iter().filter_map(Value::as_str);
            let entry = Entry {
                uid: fields::text(kept, "/uid").to_owned(),
                place: *place,
                attempts: kept["attempts"]
                    .as_u64()
                    .and_then(|n| u32::try_from(n).ok())
                    .unwrap_or(0),
                at,
                order: kept["order"].as_u64().unwrap_or_default(),
                rejectors: rejectors.map(str::to_owned).collect(),
            };
            waiting.pods.insert(key, entry);
        }
        waiting
    }

    /// For the world to keep.
    pub(super) fn write(&self) -> Value {
        let entry = |(key, entry): (&Key, &Entry)| {
            let place = PLACES.iter().find(|(place, _)| *place == entry.place);
            json!({
                "namespace": key.namespace, "name": key.name, "uid": entry.uid,
                "place": place.map(|(_, name)| *name), "attempts": entry.attempts,
                "at": entry.at.to_string(), "order": entry.order, "rejectors": entry.rejectors,
            })
        };
        let pods: Vec<Value> = self.pods.iter().map(entry).collect();
        json!({ "revision": self.revision, "pods": pods })
    }

    /// Takes notice of what has happened.
    pub(super) fn learn(&mut self, store: &Store, now: Timestamp) {
        match store.changes_after(self.revision) {
            Ok(changes) => changes.iter().for_each(|change| self.apply(store, change, now)),
            // The changes are forgotten, or it is the first time: everything may have happened.
            Err(_compacted) => self.look_at_everything(store, now),
        }
        self.revision = store.revision();
        self.pods.retain(|key, _| {
            store.get("pods", &key.namespace, &key.name).is_some_and(|pod| waits(&pod))
        });
        for entry in self.pods.values_mut() {
            let due = entry.due().is_some_and(|due| due <= now);
            match entry.place {
                Place::Bound => {
                    entry.place = Place::Refused;
                    entry.attempts = entry.attempts.saturating_add(1);
                    entry.at = now;
                }
                Place::Unschedulable if due => entry.place = Place::BackingOff,
                Place::Refused if due => entry.place = Place::Active,
                Place::Active | Place::BackingOff | Place::Unschedulable | Place::Refused => {}
            }
        }
    }

    fn look_at_everything(&mut self, store: &Store, now: Timestamp) {
        let mut pods = BTreeMap::new();
        for pod in store.list("pods", None).iter().filter(|pod| waits(pod)) {
            let order = fields::text(pod, "/metadata/resourceVersion").parse().unwrap_or(0);
            let mut entry = Entry::new(pod, now, order);
            if let Some(known) = self.pods.remove(&Key::of(pod)) {
                entry.attempts = known.attempts;
            }
            pods.insert(Key::of(pod), entry);
        }
        self.pods = pods;
    }

    fn apply(&mut self, store: &Store, change: &Change, now: Timestamp) {
        if change.resource == "pods" {
            let key = Key::new(&change.namespace, &change.name);
            match change.new.as_deref().filter(|pod| waits(pod)) {
                None => drop(self.pods.remove(&key)),
                Some(pod) => {
                    let known = self.pods.get(&key);
                    if known.is_none_or(|known| known.uid != fields::uid(pod)) {
                        self.pods.insert(key, Entry::new(pod, now, change.revision));
                    }
                }
            }
        }
        if !hints::concerns(change) {
            return;
        }
        let stuck = |(_, entry): &(&Key, &mut Entry)| entry.place == Place::Unschedulable;
        for (key, entry) in self.pods.iter_mut().filter(stuck) {
            let Some(pod) = store.get("pods", &key.namespace, &key.name) else { continue };
            let helps = |plugin: &String| hints::may_help(store, plugin, &pod, change);
            if entry.rejectors.is_empty() || entry.rejectors.iter().any(helps) {
                entry.place = Place::BackingOff;
            }
        }
    }

    /// Who is tried next: the highest priority, then who waits longest.
    pub(super) fn next(&self, store: &Store) -> Option<(Key, std::sync::Arc<Value>)> {
        [Place::Active, Place::BackingOff].into_iter().find_map(|place| {
            self.pods
                .iter()
                .filter(|(_, entry)| entry.place == place)
                .filter_map(|(key, entry)| {
                    let pod = store.get("pods", &key.namespace, &key.name)?;
                    Some((key, entry, pod))
                })
                .min_by_key(|(_, entry, pod)| {
                    (std::cmp::Reverse(priority(pod)), entry.at, entry.order)
                })
                .map(|(key, _, pod)| (key.clone(), pod))
        })
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
            entry.rejectors = rejectors.map(str::to_owned).collect();
            entry.attempts = entry.attempts.saturating_add(u32::from(place != Place::Bound));
        }
    }

    /// How long nothing needs to be done.
    pub(super) fn rest(&self, now: Timestamp) -> Option<Duration> {
        let due = self.pods.values().filter_map(Entry::due).min()?;
        Some(due.duration_since(now).try_into().unwrap_or(Duration::ZERO))
    }
}
