//! What containers use: how much CPU their processes take, over time, and how much memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::quantity::Quantity;
use jiff::Timestamp;
use serde_json::Value;

use super::container::{Container, Death, Process, Stage, image_of};
use super::node_network::full_name;
use super::{Kubelets, Machine};
use crate::addon::Meter;
use crate::fields;
use crate::store::Store;

/// How long the past is kept.
const KEPT: Duration = Duration::from_mins(2);

/// What a node has.
const NODE_MEMORY: u64 = 32 << 30;

/// Thousandths of a CPU since a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct History(VecDeque<(Timestamp, u64)>);

impl History {
    pub(super) fn note(&mut self, now: Timestamp, rate: u64) {
        if self.0.back().is_some_and(|(_, known)| *known == rate) {
            return;
        }
        self.0.push_back((now, rate));
        let old = now.checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        // What was true at the beginning of the kept time stays.
        while self.0.get(1).is_some_and(|(at, _)| *at <= old) {
            self.0.pop_front();
        }
    }

    /// Thousandths of a CPU now.
    fn last(&self) -> u64 {
        self.0.back().map_or(0, |(_, known)| *known)
    }

    /// Nanoseconds of CPU time between two times.
    pub(super) fn spent(&self, from: Timestamp, to: Timestamp) -> u64 {
        let ends = self.0.iter().skip(1).map(|(at, _)| *at).chain([Timestamp::MAX]);
        self.0
            .iter()
            .zip(ends)
            .map(|((at, rate), end)| {
                let (start, end) = ((*at).max(from), end.min(to));
                let nanos = end.as_nanosecond() - start.as_nanosecond();
                u64::try_from(nanos).unwrap_or_default() / 1000 * rate
            })
            .sum()
    }
}

/// What a container used on average, and uses of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    /// Billionths of a CPU.
    pub nanocores: u64,
    /// Bytes of the working set.
    pub memory: u64,
}

/// What a limit says, in thousandths.
pub(super) fn limit(spec: &Value, name: &str) -> Option<u64> {
    let text = fields::text(spec, &format!("/resources/limits/{name}"));
    let found = Quantity::parse(text).ok()?.milli_value();
    u64::try_from(found).ok()
}

/// Thousandths of a CPU that a container takes now; what it may take at most.
fn rate(spec: &Value, one: &Container, sessions: u32) -> u64 {
    if !matches!(one.stage, Stage::Running { .. }) {
        return 0;
    }
    let own = match &one.process {
        Process::Shell(shell) => shell.load(),
        _ => 0,
    };
    let left: u32 = one.background.iter().map(crate::shell::Shell::load).sum();
    let idle = image_of(spec).map_or(0, |image| image.idle_millis).max(1);
    let wanted = u64::from(own + left + sessions) * 1000 + u64::from(idle);
    wanted.min(limit(spec, "cpu").unwrap_or(u64::MAX))
}

/// Bytes that the image's own processes of a container hold.
fn base_memory(spec: &Value) -> u64 {
    let text = image_of(spec).map_or("", |image| image.memory.as_str());
    let found = Quantity::parse(text).map_or(4 << 20, |found| found.value());
    u64::try_from(found).unwrap_or_default()
}

impl Kubelets {
    /// Bytes that all processes of a container hold.
    pub(super) fn memory(&self, pod: &str, spec: &Value, one: &Container) -> u64 {
        let container = fields::text(spec, "/name");
        let own = match &one.process {
            Process::Shell(shell) => shell.memory(),
            _ => 0,
        };
        let left = one.background.iter().map(crate::shell::Shell::memory);
        let typed = self
            .sessions
            .commands
            .values()
            .filter(|session| {
                session.pod == pod && session.container == container && !session.closed
            })
            .map(|session| session.shell.memory());
        left.chain(typed).chain([base_memory(spec)]).fold(own, u64::saturating_add)
    }

    /// Kills a container that holds more than it may, or than its node has (`memory.oom.group`).
    pub(super) fn kill_for_memory(
        &self,
        (pod, spec): (&Value, &Value),
        one: &mut Container,
        now: Timestamp,
    ) -> bool {
        let most = limit(spec, "memory").map_or(NODE_MEMORY, |limit| limit / 1000);
        let over = self.memory(&full_name(pod), spec, one) > most;
        if over {
            one.end(137, now);
            one.death = Death::OutOfMemory;
        }
        over
    }

    /// Writes down what the containers of a pod take from now on.
    pub(super) fn meter(&mut self, store: &Store, pod: &Value, now: Timestamp) {
        let name = full_name(pod);
        let Some(machine) = self.machines.get(&name) else { return };
        let changed: Vec<(String, u64)> = fields::items(pod, "/spec/containers")
            .iter()
            .chain(fields::items(pod, "/spec/initContainers"))
            .filter_map(|spec| {
                let container = fields::text(spec, "/name");
                let one = machine.containers.get(container)?;
                let sessions = self
                    .sessions
                    .commands
                    .values()
                    .filter(|session| {
                        session.pod == name && session.container == container && !session.closed
                    })
                    .map(|session| session.shell.load())
                    .sum();
                let rate = rate(spec, one, sessions);
                (one.usage.last() != rate).then(|| (container.to_owned(), rate))
            })
            .collect();
        if changed.is_empty() {
            return;
        }
        let Some(shared) = self.machines.get_mut(&name) else { return };
        let machine = Arc::make_mut(shared);
        let (mut less, mut more) = (0, 0);
        for (container, rate) in changed {
            if let Some(one) = machine.containers.get_mut(&container) {
                less += one.usage.last();
                more += rate;
                one.usage.note(now, rate);
            }
        }
        let capacity = store.get("nodes", "", &machine.node).and_then(|node| {
            let found = Quantity::parse(fields::text(&node, "/status/capacity/cpu")).ok()?;
            u64::try_from(found.milli_value()).ok()
        });
        let capacity = capacity.unwrap_or_default();
        Arc::make_mut(&mut self.work).busy(&machine.node, capacity, (less, more), now);
    }

    /// What a pod took is free again.
    pub(super) fn unmeter(&mut self, name: &str, machine: &Machine, now: Timestamp) {
        let took = machine.containers.values().map(|one| one.usage.last()).sum();
        let work = Arc::make_mut(&mut self.work);
        work.busy(&machine.node, 0, (took, 0), now);
        work.forget(name);
    }

    /// What a container used between two times; nothing when it did not run all the while.
    pub(crate) fn used(
        &self,
        pod: &Value,
        container: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Used> {
        let machine = self.machines.get(&full_name(pod))?;
        let one = machine.containers.get(container)?;
        let Stage::Running { since } = one.stage else { return None };
        let nanos = u64::try_from(to.as_nanosecond() - from.as_nanosecond()).ok()?;
        if since > from || nanos == 0 {
            return None;
        }
        let spec = fields::items(pod, "/spec/containers")
            .iter()
            .find(|spec| fields::text(spec, "/name") == container)?;
        let memory = self.memory(&full_name(pod), spec, one);
        let computed = self.work.fair(&machine.node, one.usage.spent(from, to), from, to);
        let name = full_name(pod);
        let served = self.work.spent((&name, container), from, to).saturating_mul(1000);
        let average =
            u128::from(computed.saturating_add(served)) * 1_000_000_000 / u128::from(nanos);
        let most = limit(spec, "cpu").map_or(u64::MAX, |limit| limit.saturating_mul(1_000_000));
        Some(Used { nanocores: u64::try_from(average).unwrap_or(u64::MAX).min(most), memory })
    }

    /// What a node used: its pods, the kubelet and the system below them.
    pub(crate) fn node_used(
        &self,
        store: &Store,
        node: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Used> {
        if !self.nodes.contains(node) {
            return None;
        }
        let mut sum = Used { nanocores: 45_000_000, memory: 420 << 20 };
        for pod in store.list("pods", None) {
            if fields::text(&pod, "/spec/nodeName") != node {
                continue;
            }
            for spec in fields::items(&pod, "/spec/containers") {
                if let Some(used) = self.used(&pod, fields::text(spec, "/name"), from, to) {
                    sum.nanocores += used.nanocores;
                    sum.memory += used.memory;
                }
            }
        }
        Some(sum)
    }
}

impl Machine {
    /// Keeps what a command has left running.
    pub(super) fn adopt(&mut self, container: &str, mut shell: crate::shell::Shell) {
        if let Some(one) = self.containers.get_mut(container) {
            shell.orphan();
            one.background.push(shell);
        }
    }
}

impl Meter for Kubelets {
    fn container(
        &self,
        pod: &Value,
        container: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Used> {
        self.used(pod, container, from, to)
    }

    fn node(&self, store: &Store, node: &str, from: Timestamp, to: Timestamp) -> Option<Used> {
        self.node_used(store, node, from, to)
    }
}
