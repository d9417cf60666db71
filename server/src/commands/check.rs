//! `podium check`: proves scenarios headless.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::{Cluster, ClusterConfig, Controllers};
use notebook::scenario::Notebook;
use notebook::words::Words;
use runner::{CellProof, Fault, Proof, ProofError, Runner, Said, Silent, prove};
use session::embedded::Embedded;

use super::say;
use crate::cli::{self, Format};
use crate::content::Content;
use crate::error::Failure;
use crate::gateway;

/// Proves; fails unless every check of every scenario holds.
pub async fn run(arguments: &cli::Check) -> Result<(), Failure> {
    let content = Content::read(&arguments.folder)?;
    let real = gateway::Cluster::of(&arguments.real).await?;
    let names = if arguments.names.is_empty() { content.ready() } else { arguments.names.clone() };
    let words = words(arguments.lang.code());
    let mut proofs = Vec::new();
    for name in &names {
        let notebook = content.notebook(name, arguments.lang.code())?;
        let filled = notebook.with_variables(&BTreeMap::new()).map_err(|error| {
            Failure::unsound(format!("{name}: {error}"), "mend the scenario's variables")
        })?;
        proofs.push(match &real {
            None => on_embedded(name, &filled)?,
            Some(real) => on_real(real, &filled)
                .await
                .map_err(|error| unprovable(name, &error.to_string()))?,
        });
    }
    report(&proofs, &words, arguments.format)
}

fn on_embedded(name: &str, notebook: &Notebook) -> Result<Proof, Failure> {
    let cluster = Embedded::new(Cluster::new(ClusterConfig {
        seed: 1,
        epoch: jiff::Timestamp::now(),
        nodes: 3,
        controllers: Controllers::All,
        admin_token: String::new(),
        extra_tokens: Vec::new(),
    }));
    let runner = Runner::new(Arc::new(cluster.clone()), Arc::new(cluster.clone()), notebook);
    cluster
        .block_on(prove(&runner, &Silent))
        .map_err(|_stuck| unprovable(name, "it waits for something that never happens"))?
        .map_err(|error| unprovable(name, &error.to_string()))
}

/// Proves on a real cluster, which is left as it was found, also when the proof cannot be finished.
async fn on_real(real: &gateway::Cluster, notebook: &Notebook) -> Result<Proof, ProofError> {
    let ends = real.ends();
    let runner = Runner::new(ends.transport, ends.clock, notebook);
    let proof = prove(&runner, &Silent).await;
    runner.clear(&Silent).await;
    proof
}

fn unprovable(name: &str, cause: &str) -> Failure {
    Failure::unsound(format!("{name} cannot be proved: {cause}"), "mend the scenario")
}

fn report(proofs: &[Proof], words: &Words, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        say(&serde_json::to_string_pretty(proofs).unwrap_or_default())?;
    } else {
        for proof in proofs {
            for check in &proof.checks {
                say(&line(&proof.scenario, check, words))?;
            }
        }
    }
    let all: Vec<&CellProof> = proofs.iter().flat_map(|proof| &proof.checks).collect();
    let wrong = all.iter().filter(|check| check.fault.is_some()).count();
    let unproved = proofs.iter().filter(|proof| proof.checks.is_empty()).count();
    if wrong == 0 && unproved == 0 {
        return Ok(());
    }
    Err(Failure::unsound(
        format!(
            "{wrong} of {} checks do not hold, {unproved} scenarios were not proved",
            all.len()
        ),
        "see the lines above",
    ))
}

/// `ok   scenario step/cell/check: expected ... | before ... | after ...`.
fn line(scenario: &str, check: &CellProof, words: &Words) -> String {
    let say = |said: &Said| words.say(&said.code, &said.args);
    let sign = match check.fault {
        None => "ok  ",
        Some(Fault::HeldBefore) => "HELD BEFORE",
        Some(Fault::DidNotHoldBefore) => "DID NOT HOLD BEFORE",
        Some(Fault::FailedAfter) => "FAILED AFTER",
    };
    format!(
        "{sign} {scenario} {}/{}/{}: {} | {} | {}",
        check.step,
        check.cell,
        check.after.id,
        say(&check.after.expected),
        say(&check.before.found),
        say(&check.after.found),
    )
}

/// The words of a language, compiled in: the binary stands alone.
fn words(language: &str) -> Words {
    match language {
        "ko" => Words::parse(&[
            include_str!("../../../app/locales/ko/check.ftl"),
            include_str!("../../../app/locales/ko/connect.ftl"),
        ]),
        _ => Words::parse(&[
            include_str!("../../../app/locales/en/check.ftl"),
            include_str!("../../../app/locales/en/connect.ftl"),
        ]),
    }
}
