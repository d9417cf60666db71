//! Prints the digests of all seeds, for the run that compares itself with this one. With `journeys MANY [FIRST]` it
//! walks as many random journeys and prints, shrunk, what they break.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use std::process::ExitCode;

use simulation::journey;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|word| word.parse::<u64>().ok());
    match (arguments.first().map(String::as_str), number(1)) {
        (None, _) => print!("{}", simulation::all()),
        (Some("journeys"), Some(many)) => {
            let first = number(2).unwrap_or_default();
            let broken = (first..first.saturating_add(many)).filter_map(journey::explore);
            let broken = broken.inspect(|one| print!("{one}")).count();
            println!("{broken} of {many} journeys break something");
            return if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        _ => {
            println!("Usage: simulation [journeys MANY [FIRST]]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
