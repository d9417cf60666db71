//! Random journeys: operations, faults and time by seed, with invariants that hold after every step, and what has
//! to be true when all has come to rest. A journey that breaks one is shrunk to the steps that it needs.

mod invariants;
mod operation;
mod rest;

use std::fmt;

use apimachinery::engine::Engine as _;
use cluster::{Cluster, ClusterSnapshot};

pub use self::operation::Operation;

/// How many steps a journey has.
pub const STEPS: usize = 60;

/// What a journey broke, and the steps that are needed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The seed.
    pub seed: u64,
    /// The shortest list of steps found that breaks it.
    pub steps: Vec<Operation>,
    /// What is wrong after them.
    pub wrong: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "seed {}:", self.seed)?;
        for step in &self.steps {
            writeln!(out, "  {step:?}")?;
        }
        for wrong in &self.wrong {
            writeln!(out, "  => {wrong}")?;
        }
        Ok(())
    }
}

/// The cluster that journeys begin in: that of a session, with namespaces, and a quota in one of them.
pub fn begin(seed: u64) -> Cluster {
    let mut cluster = Cluster::furnished(crate::config(seed), addons::of_sessions());
    operation::furnish(&mut cluster);
    cluster
}

/// The steps of a seed.
pub fn steps(seed: u64) -> Vec<Operation> {
    operation::all(seed, STEPS)
}

/// Takes a step, and says what it should not have been able to do.
pub fn take(cluster: &mut Cluster, step: &Operation) -> Vec<String> {
    step.carry_out(cluster)
}

/// What is wrong on the way along these steps and at rest after them.
pub fn walk(seed: u64, steps: &[Operation]) -> Vec<String> {
    let mut cluster = begin(seed);
    let mut watch = invariants::Watch::new(&cluster);
    for step in steps {
        let mut wrong = step.carry_out(&mut cluster);
        wrong.extend(watch.look(&cluster));
        if !wrong.is_empty() {
            return wrong;
        }
    }
    rest::come_to(&mut cluster);
    let mut wrong = watch.look(&cluster);
    wrong.extend(rest::wrong(&mut cluster));
    wrong
}

/// Walks a seed; when something breaks, finds few steps that break something as well.
pub fn explore(seed: u64) -> Option<Broken> {
    let steps = steps(seed);
    let wrong = walk(seed, &steps);
    (!wrong.is_empty()).then(|| {
        let steps = shrunk(steps, |steps| !walk(seed, steps).is_empty());
        let wrong = walk(seed, &steps);
        Broken { seed, steps, wrong }
    })
}

/// Leaves out whatever can be left out: halves first, then smaller pieces (delta debugging).
pub fn shrunk<T: Clone>(mut steps: Vec<T>, breaks: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut size = steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < steps.len() {
            let end = (at + size).min(steps.len());
            let left: Vec<T> =
                steps.iter().take(at).chain(steps.iter().skip(end)).cloned().collect();
            if breaks(&left) {
                steps = left;
            } else {
                at = end;
            }
        }
        if size == 1 {
            return steps;
        }
        size = size.div_ceil(2);
    }
}

/// The cluster after each step of a journey, with what it is like then.
pub fn moments(seed: u64, steps: &[Operation]) -> (Cluster, Vec<(ClusterSnapshot, String)>) {
    let mut cluster = begin(seed);
    let mut moments = vec![(cluster.snapshot(), crate::portrait(&cluster))];
    for step in steps {
        drop(step.carry_out(&mut cluster));
        moments.push((cluster.snapshot(), crate::portrait(&cluster)));
    }
    (cluster, moments)
}
