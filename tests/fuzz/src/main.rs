//! `fuzz`: the long run, which `cargo xtask fuzz` starts.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

use std::process::ExitCode;
use std::time::Instant;

use fuzz::{TOPICS, Topic};

const USAGE: &str = "\
Holds the API machinery against Go's own code.

Usage: fuzz [TOPIC...] [--cases N] [--seed N] [--from N] [--whole | --print]

  --cases   how many cases of each topic (default 1000000)
  --seed    what they are made of (default 1)
  --from    the number of the first one (default 0)
  --whole   do not make the cases small about which the two sides differ
  --print   only print the cases
";
/// So many differences are shown of one topic.
const SHOWN: usize = 10;
/// After so many cases it is said how far it is.
const STEP: u64 = 100_000;

struct Wanted {
    topics: Vec<&'static Topic>,
    cases: u64,
    seed: u64,
    from: u64,
    print: bool,
    whole: bool,
}

fn main() -> ExitCode {
    match wanted().and_then(|wanted| run(&wanted)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn wanted() -> Result<Wanted, String> {
    let mut found = Wanted {
        topics: Vec::new(),
        cases: 1_000_000,
        seed: 1,
        from: 0,
        print: false,
        whole: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let given = words.next().unwrap_or_default();
            given.parse().map_err(|_not_a_number| format!("{word} needs a number, not `{given}`"))
        };
        match word.as_str() {
            "--cases" => found.cases = number()?,
            "--seed" => found.seed = number()?,
            "--from" => found.from = number()?,
            "--print" => found.print = true,
            "--whole" => found.whole = true,
            "--help" | "-h" => return Err(format!("no topic `{word}`\n\n{USAGE}")),
            name => {
                let topic = TOPICS.iter().find(|topic| topic.name == name);
                let known: Vec<&str> = TOPICS.iter().map(|topic| topic.name).collect();
                found.topics.push(topic.ok_or_else(|| {
                    format!("there is no topic `{name}`, only {}", known.join(", "))
                })?);
            }
        }
    }
    if found.topics.is_empty() {
        found.topics = TOPICS.iter().collect();
    }
    Ok(found)
}

fn run(wanted: &Wanted) -> Result<bool, String> {
    let mut agreed = true;
    for topic in &wanted.topics {
        if wanted.print {
            for number in wanted.from..wanted.from + wanted.cases {
                println!("{}", fuzz::case(topic, wanted.seed, number));
            }
            continue;
        }
        let started = Instant::now();
        let (mut next, end) = (wanted.from, wanted.from + wanted.cases);
        let mut shown = 0;
        while next < end && shown < SHOWN {
            let to = end.min(next + STEP);
            let compare = if wanted.whole { fuzz::compare_whole } else { fuzz::compare };
            for difference in compare(topic, wanted.seed, (next, to), SHOWN - shown)? {
                println!("{difference}");
                shown += 1;
            }
            next = to;
        }
        let cases = next - wanted.from;
        let seconds = started.elapsed().as_secs();
        println!("{:12} {cases} cases, {shown} differences, {seconds} s", topic.name);
        agreed &= shown == 0;
    }
    Ok(agreed)
}
