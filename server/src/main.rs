//! The program `podium`: reads the command line and says in one sentence what went wrong.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use server::cli::{Cli, Command};
use server::error::Failure;

/// What Kubernetes' fields mean; `build.rs` has written it.
#[expect(
    clippy::large_include_file,
    reason = "1.2 MB of a binary that nobody downloads for a page"
)]
const DESCRIPTIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/descriptions.json"));

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            // Help and version; a closed pipe is the reader's wish.
            let _printed = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) => return fail(&usage(&error)),
    };
    start_telemetry();
    apimachinery::descriptions::provide(DESCRIPTIONS);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let cause = format!("the system gives no threads ({error})");
            return fail(&Failure::surroundings(cause, "end other programs and try again"));
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Serve(arguments) => server::commands::serve::run(arguments).await,
            Command::Cluster(arguments) => server::commands::cluster::run(arguments).await,
            Command::Check(arguments) => server::commands::check::run(&arguments).await,
            Command::Lint(arguments) => server::commands::lint::run(&arguments),
            Command::Mutate(arguments) => server::commands::mutate::run(&arguments),
            Command::New(arguments) => server::commands::new::run(&arguments),
            Command::Preview(arguments) => server::commands::preview::run(arguments).await,
            // Its exit codes are kubectl's, not those of this program.
            Command::Kubectl(arguments) => {
                return server::commands::kubectl::run(&arguments).await.map(ExitCode::from);
            }
            Command::Scenarios(arguments) => server::commands::scenarios::run(&arguments),
        }
        .map(|()| ExitCode::SUCCESS)
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match outcome {
        Ok(code) => code,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    // Nobody is left to tell when standard error is closed.
    let _written = writeln!(std::io::stderr(), "podium: {failure}");
    failure.code()
}

/// clap's explanation as one sentence.
fn usage(error: &clap::Error) -> Failure {
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::usage("no command was given", "see `podium --help`");
    }
    let text = error.to_string();
    let cause: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage:"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let cause = cause.join(" ");
    let cause = cause.strip_prefix("error: ").unwrap_or(&cause);
    let cause = cause.replace(" For more information, try '--help'.", "").replace(" tip: ", "; ");
    Failure::usage(cause, "see `podium --help`")
}

fn start_telemetry() {
    // What kube's client cannot do is an error that is told where it matters; its own lines say it again.
    let filter = tracing_subscriber::EnvFilter::try_from_env("PODIUM_LOG")
        .unwrap_or_else(|_unset| tracing_subscriber::EnvFilter::new("warn,kube_client=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
