//! Proofs on a real cluster: nothing that was there is touched, and nothing stays.

use notebook::scenario::Notebook;
use runner::{Proof, Runner, Silent, Standing, prove};
use session::Ends;

use super::unprovable;
use crate::commands::asked_to_stop;
use crate::error::Failure;
use crate::gateway;

/// Proves on a real cluster. Fails when objects of the scenario are there already: a proof would change
/// them and take them away at its end.
pub(super) async fn prove_on(
    real: &gateway::Cluster,
    notebook: &Notebook,
) -> Result<Proof, Failure> {
    let Ends { transport, clock, .. } = real.ends();
    let runner = Runner::new(transport, clock, notebook);
    let left = names(&runner.deletions_end(&Silent).await);
    if !left.is_empty() {
        return Err(Failure::surroundings(
            format!("{} would change what the cluster has already ({left})", notebook.id),
            "choose other names with --set, remove it, or name another cluster",
        ));
    }
    // Also when it is interrupted, nothing stays.
    let proof = tokio::select! {
        proof = prove(&runner, None, &Silent) => Some(proof),
        () = asked_to_stop() => None,
    };
    // Where the cluster lacks something, nothing was set up.
    if !matches!(&proof, Some(Ok(proof)) if proof.checks.is_empty()) {
        let left = names(&runner.clear(&Silent).await);
        if !left.is_empty() {
            return Err(Failure::surroundings(
                format!("the cluster keeps what {} made ({left})", notebook.id),
                "see what holds it back with `kubectl get -o yaml`, and remove it",
            ));
        }
    }
    let proof = proof.ok_or_else(|| {
        let cause = format!("{} was interrupted, and what it made was removed", notebook.id);
        Failure::surroundings(cause, "start it again")
    })?;
    proof.map_err(|error| unprovable(&notebook.id, &error.to_string()))
}

fn names(standing: &[Standing]) -> String {
    let names: Vec<&str> = standing.iter().map(|one| one.object.as_str()).collect();
    names.join(", ")
}
