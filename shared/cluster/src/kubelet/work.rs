//! What answering requests takes of CPUs, and how long who asks waits for it.
//!
//! A container may use what its limit gives it in each period of the kernel's bandwidth control
//! (`Documentation/scheduler/sched-bwc.rst`), and all containers of a node what the node has. A request that
//! finds the period used up goes on in the next. Its answer comes so much later; when too many wait
//! already, the server's queue of connections is full, packets are dropped, and nothing comes back.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use super::usage::History;

/// Microseconds of a period (`pkg/kubelet/cm/helpers_linux.go`: `QuotaPeriod`).
const PERIOD: u64 = 100_000;
/// The least that a limit gives in a period (there: `MinQuotaPeriod`).
const LEAST: u64 = 1000;
/// Thousandths of a CPU that a node has when it does not say.
const USUAL_NODE: u64 = 8000;
/// How many connections servers let wait (`ListenBacklog` of Apache, `NGX_LISTEN_BACKLOG`).
const BACKLOG: u64 = 511;
/// How many seconds of the past are kept.
const KEPT: u64 = 120;

/// A running container that answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server<'a> {
    /// `namespace/name`.
    pub(crate) pod: &'a str,
    pub(crate) container: &'a str,
    pub(crate) node: &'a str,
    pub(crate) since: Timestamp,
    /// Thousandths of a CPU that it may use.
    pub(crate) limit: Option<u64>,
    /// Microseconds of CPU that a request takes.
    pub(crate) cost: u64,
}

/// What a container has used for answers.
#[derive(Debug, Clone)]
struct Work {
    /// An instance of the container; the next begins anew.
    since: Timestamp,
    /// Microseconds used in periods that are not over yet.
    periods: BTreeMap<u64, u64>,
    /// All periods before this one are used up.
    free: u64,
    seconds: Seconds,
}

/// Microseconds used in each second.
#[derive(Debug, Clone, Default)]
struct Seconds(VecDeque<(u64, u64)>);

/// What a node's containers use together.
#[derive(Debug, Clone, Default)]
struct Share {
    capacity: u64,
    /// Thousandths of a CPU of the processes that compute all the time, now and before.
    busy: u64,
    history: History,
    /// Microseconds that answers use in periods that are not over yet.
    periods: BTreeMap<u64, u64>,
    seconds: Seconds,
}

/// What answering takes, in all of a cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    containers: BTreeMap<String, BTreeMap<String, Work>>,
    nodes: BTreeMap<String, Share>,
}

fn micros(at: Timestamp) -> u64 {
    u64::try_from(at.as_microsecond()).unwrap_or_default()
}

impl Work {
    fn new(since: Timestamp) -> Self {
        Self { since, periods: BTreeMap::new(), free: 0, seconds: Seconds::default() }
    }

    /// How much of what it has been given is still to come.
    fn waiting(&self, now: u64) -> u64 {
        let later = self.periods.range(now / PERIOD + 1..);
        later.map(|(_, used)| *used).sum()
    }

    fn note(&mut self, period: u64, used: u64) {
        *self.periods.entry(period).or_default() += used;
        self.seconds.note(period, used);
    }

    fn prune(&mut self, now: u64) {
        self.periods = self.periods.split_off(&(now / PERIOD));
        self.seconds.prune(now);
    }
}

impl Seconds {
    fn note(&mut self, period: u64, used: u64) {
        let second = period * PERIOD / 1_000_000;
        // Times come in order, but for what was put off.
        let at = self.0.partition_point(|(known, _)| *known < second);
        match self.0.get_mut(at).filter(|(known, _)| *known == second) {
            Some((_, known)) => *known += used,
            None => self.0.insert(at, (second, used)),
        }
    }

    fn prune(&mut self, now: u64) {
        let old = (now / 1_000_000).saturating_sub(KEPT);
        while self.0.front().is_some_and(|(second, _)| *second < old) {
            self.0.pop_front();
        }
    }

    /// Microseconds used between two times; within a second evenly.
    fn spent(&self, from: Timestamp, to: Timestamp) -> u64 {
        let (from, to) = (micros(from), micros(to));
        let part = |(second, used): &(u64, u64)| {
            let start = second * 1_000_000;
            let shared = (start + 1_000_000).min(to).saturating_sub(start.max(from));
            used * shared / 1_000_000
        };
        self.0.iter().map(part).sum()
    }
}

impl Share {
    /// Microseconds that answers may use in a period: what is left by what computes all the time, and at
    /// least half, as both are given the same weight.
    fn quota(&self) -> u64 {
        let all = if self.capacity == 0 { USUAL_NODE } else { self.capacity };
        all.saturating_sub(self.busy).max(all / 2) * PERIOD / 1000
    }
}

impl Ledger {
    /// Charges a request; how long its answer takes, or nothing when none will come.
    pub(crate) fn serve(&mut self, server: Server<'_>, now: Timestamp) -> Option<Duration> {
        let now = micros(now);
        let share = self.nodes.entry(server.node.to_owned()).or_default();
        let room = share.quota();
        let quota = server.limit.map_or(room, |limit| (limit * PERIOD / 1000).max(LEAST));
        let containers = self.containers.entry(server.pod.to_owned()).or_default();
        let work = containers
            .entry(server.container.to_owned())
            .or_insert_with(|| Work::new(server.since));
        if work.since != server.since {
            *work = Work::new(server.since);
        }
        work.prune(now);
        share.seconds.prune(now);
        share.periods = share.periods.split_off(&(now / PERIOD));
        if work.waiting(now) / server.cost.max(1) >= BACKLOG {
            return None;
        }
        let first = now / PERIOD;
        let mut period = first.max(work.free);
        let mut left = server.cost;
        let mut end = now + server.cost;
        while left > 0 {
            let used = work.periods.get(&period).copied().unwrap_or_default();
            let taken = share.periods.get(&period).copied().unwrap_or_default();
            let (own, all) = (quota.saturating_sub(used), room.saturating_sub(taken));
            // One request is one thread.
            let thread = if period == first { PERIOD - now % PERIOD } else { PERIOD };
            let got = left.min(own).min(all).min(thread);
            if got > 0 {
                work.note(period, got);
                *share.periods.entry(period).or_default() += got;
                share.seconds.note(period, got);
                left -= got;
            }
            if left == 0 && period > first {
                let place = (used + got) * PERIOD / quota.max(PERIOD);
                end = end.max(period * PERIOD + place.max(got));
            }
            if own == got || all == got {
                work.free = work.free.max(period + 1);
            }
            period += 1;
        }
        Some(Duration::from_micros(end - now))
    }

    /// Microseconds that a container used for answers between two times.
    pub(super) fn spent(
        &self,
        (pod, container): (&str, &str),
        from: Timestamp,
        to: Timestamp,
    ) -> u64 {
        let work = self.containers.get(pod).and_then(|all| all.get(container));
        work.map_or(0, |work| work.seconds.spent(from, to))
    }

    /// A pod has gone.
    pub(super) fn forget(&mut self, pod: &str) {
        self.containers.remove(pod);
    }

    /// What computes all the time on a node has changed, in thousandths of a CPU.
    pub(super) fn busy(
        &mut self,
        node: &str,
        capacity: u64,
        (less, more): (u64, u64),
        now: Timestamp,
    ) {
        let share = self.nodes.entry(node.to_owned()).or_default();
        if capacity > 0 {
            share.capacity = capacity;
        }
        share.busy = share.busy.saturating_sub(less) + more;
        share.history.note(now, share.busy);
    }

    /// What is left of the time that a process would compute, when all of its node want more than there is
    /// beside the answers.
    pub(super) fn fair(&self, node: &str, nanos: u64, from: Timestamp, to: Timestamp) -> u64 {
        let Some(share) = self.nodes.get(node).filter(|share| share.capacity > 0) else {
            return nanos;
        };
        let busy = u128::from(share.history.spent(from, to));
        let window = u128::from(micros(to).saturating_sub(micros(from)));
        let answers = u128::from(share.seconds.spent(from, to)) * 1000;
        let most = (window * u128::from(share.capacity)).saturating_sub(answers);
        if busy <= most {
            return nanos;
        }
        u64::try_from(u128::from(nanos) * most / busy).unwrap_or(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_790_000_000_000 + millis).unwrap_or(Timestamp::MIN)
    }

    fn server(limit: Option<u64>, cost: u64) -> Server<'static> {
        let since = at(0);
        Server { pod: "default/web", container: "web", node: "worker", since, limit, cost }
    }

    /// Milliseconds until the answer, for requests at these times.
    fn waits(ledger: &mut Ledger, server: Server<'_>, times: &[i64]) -> Vec<Option<u128>> {
        times.iter().map(|time| Some(ledger.serve(server, at(*time))?.as_millis())).collect()
    }

    fn used(ledger: &Ledger, seconds: i64) -> u64 {
        ledger.spent(("default/web", "web"), at(0), at(seconds * 1000)) / 1000
    }

    #[test]
    fn an_answer_takes_what_it_costs_until_the_period_is_used_up() {
        let mut ledger = Ledger::default();
        let found = waits(&mut ledger, server(Some(500), 20_000), &[0, 30, 60, 90, 190]);
        // 50 ms in every 100: the third request goes on at 100, the fourth after it.
        assert_eq!(found, [Some(20), Some(20), Some(50), Some(40), Some(20)]);
        assert_eq!(used(&ledger, 1), 100);
    }

    #[test]
    fn what_has_no_limit_has_the_node() {
        let mut ledger = Ledger::default();
        let all = vec![0; 100];
        let found = waits(&mut ledger, server(None, 20_000), &all);
        // Forty requests of 20 ms are the 800 ms that eight CPUs have in a period.
        assert_eq!(found.get(39), Some(&Some(20)));
        assert_eq!(found.get(40), Some(&Some(120)));
        assert_eq!(found.get(99), Some(&Some(250)));
        assert_eq!(used(&ledger, 1), 2000);
    }

    #[test]
    fn never_more_than_the_limit_and_no_answer_from_a_full_queue() {
        let mut ledger = Ledger::default();
        let all: Vec<i64> = (0..2000).map(|number| number * 5).collect();
        let found = waits(&mut ledger, server(Some(500), 20_000), &all);
        assert_eq!(used(&ledger, 10), 5000, "half a CPU for ten seconds");
        assert!(found.iter().any(Option::is_none), "200 requests a second, where 25 are answered");
        let slowest = found.iter().flatten().max().copied().unwrap_or_default();
        assert_eq!(slowest, 20_520, "511 requests, of which 25 are answered in a second");
    }

    #[test]
    fn a_long_request_is_one_thread_and_a_new_instance_owes_nothing() {
        let mut ledger = Ledger::default();
        assert_eq!(waits(&mut ledger, server(None, 250_000), &[50]), [Some(250)]);
        assert_eq!(waits(&mut ledger, server(Some(100), 250_000), &[60]), [Some(2650)]);
        let again = Server { since: at(70), ..server(Some(100), 5000) };
        assert_eq!(waits(&mut ledger, again, &[80]), [Some(5)]);
    }

    #[test]
    fn who_computes_all_the_time_shares_the_node() {
        let mut ledger = Ledger::default();
        ledger.busy("worker", 2000, (0, 4000), at(0));
        let second = 1_000_000_000;
        assert_eq!(ledger.fair("worker", 4 * second, at(0), at(1000)), 2 * second);
        let found = waits(&mut ledger, server(None, 50_000), &[0, 0, 0]);
        assert_eq!(found, [Some(50), Some(50), Some(150)], "half of two CPUs");
        let rest = ledger.fair("worker", 4 * second, at(0), at(1000));
        assert_eq!(rest, 2 * second - 150_000_000, "two CPUs, of which 150 ms went to answers");
    }
}
