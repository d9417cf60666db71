//! `podium check`: proves scenarios headless.

mod real;

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::{Cluster, ClusterConfig, Controllers};
use notebook::scenario::Notebook;
use notebook::words::Words;
use runner::{CellProof, Fault, Proof, Runner, Said, Silent, State, prove};
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
    if names.is_empty() {
        return Err(Failure::unsound(
            format!("{} holds no scenario that is ready", arguments.folder.display()),
            "name the folder of the scenarios with --scenarios",
        ));
    }
    let words = words(arguments.lang.code());
    let set: BTreeMap<String, String> = arguments.set.iter().cloned().collect();
    let mut proofs = Vec::new();
    for name in &names {
        let notebook = content.notebook(name, arguments.lang.code())?;
        let filled = notebook.with_variables(&set).map_err(|error| {
            Failure::usage(format!("{name}: {error}"), "see the variables in its scenario.yaml")
        })?;
        proofs.push(match &real {
            None => on_embedded(name, &filled)?,
            Some(real) => real::prove_on(real, &filled).await?,
        });
    }
    report(&proofs, &words, arguments.format)
}

fn on_embedded(name: &str, notebook: &Notebook) -> Result<Proof, Failure> {
    let plan = &notebook.scenario.cluster;
    let cluster = Embedded::new(Cluster::furnished(
        ClusterConfig {
            seed: 1,
            epoch: jiff::Timestamp::now(),
            nodes: 3,
            controllers: Controllers::All,
            admin_token: String::new(),
            extra_tokens: Vec::new(),
        },
        crate::system::with_language(addons::of_plan(plan.profile.name(), plan.products())),
    ));
    let runner = Runner::new(Arc::new(cluster.clone()), Arc::new(cluster.clone()), notebook);
    cluster
        .block_on(prove(&runner, Some(&cluster), &Silent))
        .map_err(|_stuck| unprovable(name, "it waits for something that never happens"))?
        .map_err(|error| unprovable(name, &error.to_string()))
}

fn unprovable(name: &str, cause: &str) -> Failure {
    Failure::unsound(format!("{name} cannot be proved: {cause}"), "mend the scenario")
}

fn report(proofs: &[Proof], words: &Words, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        say(&serde_json::to_string_pretty(proofs).unwrap_or_default())?;
    } else {
        for proof in proofs {
            let sign = if proof.checks.is_empty() { "NOT HERE" } else { "LACKS" };
            for lacks in proof.missing() {
                let found = words.say(&lacks.said.code, &lacks.said.args);
                say(&format!("{sign} {}: {found}", proof.scenario))?;
            }
            for check in &proof.checks {
                say(&line(&proof.scenario, check, words))?;
            }
        }
    }
    judge(proofs)
}

/// Whether everything was proved: a check that does not hold weighs more than what cannot be seen here.
fn judge(proofs: &[Proof]) -> Result<(), Failure> {
    let all: Vec<&CellProof> = proofs.iter().flat_map(|proof| &proof.checks).collect();
    let wrong = all.iter().filter(|check| check.fault.is_some()).count();
    if wrong > 0 {
        let cause = format!("{wrong} of {} checks do not hold", all.len());
        return Err(Failure::unsound(cause, "see the lines above"));
    }
    let not_here = proofs.iter().filter(|proof| proof.checks.is_empty()).count();
    let skipped = all.iter().filter(|check| check.after.state == State::Skipped).count();
    if not_here + skipped == 0 {
        return Ok(());
    }
    Err(Failure::surroundings(
        format!(
            "{not_here} of {} scenarios and {skipped} further checks cannot be proved on this cluster",
            proofs.len()
        ),
        "see the lines above; the embedded cluster (without --kubeconfig) can do it all",
    ))
}

/// `ok   scenario step/cell/check: expected ... | before ... | after ...`.
fn line(scenario: &str, check: &CellProof, words: &Words) -> String {
    // A check is one line, also when what it found has several.
    let say = |said: &Said| words.say(&said.code, &said.args).trim_end().replace('\n', "\\n");
    let sign = match check.fault {
        None if check.after.state == State::Skipped => "NOT HERE",
        None => "ok  ",
        Some(Fault::HeldBefore) => "HELD BEFORE",
        Some(Fault::DidNotHoldBefore) => "DID NOT HOLD BEFORE",
        Some(Fault::FailedAfter) => "FAILED AFTER",
    };
    let alternative = check.alternative.as_ref();
    let alternative = alternative.map_or(String::new(), |file| format!(" with {file}"));
    format!(
        "{sign} {scenario} {}/{}/{}{alternative}: {} | {} | {}",
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
