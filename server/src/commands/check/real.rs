//! Proofs on a real cluster: nothing that was there is touched, and nothing stays.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::transport::Clock as _;
use kubectl::{Captured, Invocation, Kubectl};
use notebook::scenario::Notebook;
use runner::{Proof, Runner, Silent, prove};
use session::Ends;

use super::unprovable;
use crate::error::Failure;
use crate::gateway;

/// How long what an earlier proof left may take to go away.
const GONE: Duration = Duration::from_mins(2);
const EVERY: Duration = Duration::from_millis(500);

/// Proves on a real cluster. Fails when objects of the scenario are there already: a proof would change
/// them and take them away at its end.
pub(super) async fn prove_on(
    real: &gateway::Cluster,
    notebook: &Notebook,
) -> Result<Proof, Failure> {
    let Ends { transport, clock, .. } = real.ends();
    let kubectl = Kubectl::new(Arc::clone(&transport), Arc::clone(&clock));
    let runner = Runner::new(transport, clock, notebook);
    let place = Place { kubectl, runner };
    let left = place.wait_until_gone().await;
    if !left.is_empty() {
        return Err(Failure::surroundings(
            format!("{} would change what the cluster has already ({left})", notebook.id),
            "choose other names with --set, remove it, or name another cluster",
        ));
    }
    let proof = prove(&place.runner, &Silent).await;
    // Where the cluster lacks something, nothing was set up.
    if !matches!(&proof, Ok(proof) if proof.checks.is_empty()) {
        place.runner.clear(&Silent).await;
        let left = place.wait_until_gone().await;
        if !left.is_empty() {
            return Err(Failure::surroundings(
                format!("the cluster keeps what {} made ({left})", notebook.id),
                "see what holds it back with `kubectl get -o yaml`, and remove it",
            ));
        }
    }
    proof.map_err(|error| unprovable(&notebook.id, &error.to_string()))
}

struct Place {
    kubectl: Kubectl,
    runner: Runner,
}

impl Place {
    /// Waits while objects of the scenario are there and going; names those that are still there.
    async fn wait_until_gone(&self) -> String {
        let start = gateway::WallClock.now();
        loop {
            let (there, stays) = self.there().await;
            let late = gateway::WallClock.now().duration_since(start).unsigned_abs() > GONE;
            if there.is_empty() || stays || late {
                return there.join(", ");
            }
            gateway::WallClock.sleep(EVERY).await;
        }
    }

    /// Names of the objects of the scenario's manifests that are there, and whether one of them is not
    /// being deleted. What cannot be read cannot be changed either: it is for the proof to fail on it.
    async fn there(&self) -> (Vec<String>, bool) {
        let (mut there, mut stays) = (Vec::new(), false);
        for file in self.runner.notebook().files.keys().filter(|file| file.ends_with(".yaml")) {
            let line = format!(
                "kubectl get -f {file} --ignore-not-found --no-headers -o custom-columns=\
                 KIND:.kind,NAME:.metadata.name,GOING:.metadata.deletionTimestamp"
            );
            let Ok(invocation) = Invocation::parse(&line) else { continue };
            let mut said = Captured::default();
            self.kubectl.run(&invocation, &self.runner, "", &mut said).await;
            for row in said.stdout.lines() {
                let mut words = row.split_whitespace();
                let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
                stays |= words.next().is_none_or(|going| going == "<none>");
                let object = format!("{kind} {name}");
                if !there.contains(&object) {
                    there.push(object);
                }
            }
        }
        (there, stays)
    }
}
