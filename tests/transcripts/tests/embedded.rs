//! The embedded cluster prints what the real one prints. `PODIUM_BIN` names the program `podium`.
#![expect(clippy::print_stdout, reason = "the report is for whoever runs it")]

use transcripts::{Known, Plane, Target};

fn run(plane: Plane) {
    let mut ran = transcripts::all().expect("transcripts that can be read");
    ran.retain(|transcript| transcript.plane == plane);
    let known = Known::of_cluster().expect("a list of known differences");
    let mut report = transcripts::check_all(plane, &ran, Target::of).expect("transcripts that run");
    println!("{report}");
    known.settle(&mut report, &ran).expect("only known differences");
}

#[test]
fn transcripts_hold_on_the_embedded_api_server_alone() {
    run(Plane::Bare);
}

#[test]
fn transcripts_hold_on_the_embedded_cluster_with_controllers() {
    run(Plane::Full);
}

#[test]
fn transcripts_hold_on_the_embedded_cluster_with_a_node() {
    run(Plane::Nodes);
}
