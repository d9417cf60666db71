//! The console's kubectl prints what the stock kubectl prints: the transcripts, on the embedded cluster.
//! `PODIUM_BIN` names the program `podium`.
#![expect(clippy::print_stdout, reason = "the report is for whoever runs it")]

use transcripts::{Known, Plane, Target};

fn run(plane: Plane) {
    let podium = transcripts::podium().expect("the program podium");
    let mut ran = transcripts::all().expect("transcripts that can be read");
    // What is asked without kubectl is no matter of the console.
    ran.retain(|transcript| transcript.plane == plane && !transcript.name.starts_with("http/"));
    let known = Known::of_console().expect("lists of known differences");
    let target = |kubeconfig: &std::path::Path| Target::of_console(&podium, kubeconfig);
    let mut report = transcripts::check_all(plane, &ran, target).expect("transcripts that run");
    println!("{report}");
    known.settle(&mut report, &ran).expect("only known differences");
}

#[test]
fn the_console_prints_what_kubectl_prints_without_controllers() {
    run(Plane::Bare);
}

#[test]
fn the_console_prints_what_kubectl_prints_with_controllers() {
    run(Plane::Full);
}

#[test]
fn the_console_prints_what_kubectl_prints_with_a_node() {
    run(Plane::Nodes);
}
