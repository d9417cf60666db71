//! `cargo xtask test`: every suite, cheapest first.

mod browser;
mod cargo_suites;
pub(crate) mod machine;

use std::time::Instant;

use crate::Failure;
use crate::progress::human;

/// What a suite found about the machine before it ran.
pub(crate) enum Ready {
    /// It can run.
    Yes,
    /// It cannot, for this reason.
    No(String),
}

/// One suite.
struct Suite {
    name: &'static str,
    what: &'static str,
    ready: fn() -> Result<Ready, Failure>,
    run: fn() -> Result<(), Failure>,
}

/// All suites in the order in which they run.
const SUITES: &[Suite] = &[
    Suite { name: "fmt", what: "formatting", ready: always, run: cargo_suites::fmt },
    Suite { name: "tidy", what: "rules of the house", ready: always, run: cargo_suites::tidy },
    Suite { name: "clippy", what: "lints, native", ready: always, run: cargo_suites::clippy },
    Suite {
        name: "unit",
        what: "unit, scenario and protocol tests",
        ready: always,
        run: cargo_suites::unit,
    },
    Suite {
        name: "fuzz",
        what: "the API machinery against Go's own code",
        ready: machine::go,
        run: cargo_suites::fuzz,
    },
    Suite {
        name: "build",
        what: "the page and the server",
        ready: machine::node,
        run: browser::build,
    },
    Suite {
        name: "mutate",
        what: "wrong states that the course's checks must refuse",
        ready: always,
        run: cargo_suites::mutate,
    },
    Suite {
        name: "clippy-wasm",
        what: "lints, page and worker",
        ready: always,
        run: cargo_suites::clippy_wasm,
    },
    Suite {
        name: "wasm",
        what: "the shared crates as wasm",
        ready: machine::node,
        run: cargo_suites::wasm,
    },
    Suite {
        name: "transcripts",
        what: "kubectl transcripts on the embedded cluster",
        ready: machine::transcripts,
        run: cargo_suites::transcripts,
    },
    Suite {
        name: "clients",
        what: "helm and client libraries on the embedded cluster",
        ready: machine::clients,
        run: cargo_suites::clients,
    },
    Suite {
        name: "browser",
        what: "the page in headless Chromium",
        ready: machine::chromium,
        run: browser::drive,
    },
    Suite {
        name: "real",
        what: "everything again on a real control plane",
        ready: machine::real,
        run: cargo_suites::real,
    },
    Suite {
        name: "node",
        what: "scenarios on a real node with real pods",
        ready: machine::node_tier,
        run: cargo_suites::node,
    },
];

/// Runs all suites, or those named.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments.iter().any(|word| word == "--list") {
        for suite in SUITES {
            println!("{:12} {}", suite.name, suite.what);
        }
        return Ok(());
    }
    if let Some(unknown) =
        arguments.iter().find(|word| SUITES.iter().all(|suite| suite.name != **word))
    {
        return Err(format!("there is no suite `{unknown}`; `cargo xtask test --list` lists them"));
    }
    let started = Instant::now();
    let mut summary = Vec::new();
    for suite in SUITES {
        if arguments.is_empty() || arguments.iter().any(|word| word == suite.name) {
            summary.push(run_one(suite)?);
        }
    }
    println!("\nAll suites in {}:", human(started.elapsed()));
    for line in summary {
        println!("  {line}");
    }
    Ok(())
}

fn run_one(suite: &Suite) -> Result<String, Failure> {
    println!("\n=== {}: {}", suite.name, suite.what);
    if let Ready::No(reason) = (suite.ready)()? {
        if std::env::var_os("CI").is_some_and(|value| value == "true") {
            return Err(format!("the suite `{}` cannot run here: {reason}", suite.name));
        }
        println!("skipped: {reason}");
        return Ok(format!("{:12} skipped: {reason}", suite.name));
    }
    let started = Instant::now();
    (suite.run)().map_err(|failure| format!("suite `{}`: {failure}", suite.name))?;
    println!("=== {} passed in {}", suite.name, human(started.elapsed()));
    Ok(format!("{:12} passed in {}", suite.name, human(started.elapsed())))
}

#[expect(clippy::unnecessary_wraps, reason = "one of several ways to look at the machine")]
fn always() -> Result<Ready, Failure> {
    Ok(Ready::Yes)
}
