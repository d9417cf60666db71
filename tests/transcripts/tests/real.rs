//! The expectations are what the real control plane prints. `UPDATE_EXPECT=1` writes them down.
#![expect(clippy::print_stdout, reason = "a run of minutes says where it is")]

use realcluster::{Component, ControlPlane};
use transcripts::{Plane, Report, Target};

fn run(plane: Plane, components: &[Component]) {
    let transcripts: Vec<_> = transcripts::all()
        .expect("transcripts that can be read")
        .into_iter()
        .filter(|transcript| transcript.plane == plane)
        .collect();
    if transcripts.is_empty() {
        return;
    }
    let cluster = ControlPlane::start_with(components).expect("a control plane");
    let target = Target::of(&cluster.kubeconfig()).expect("a target");
    let update = std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1");
    let mut report = Report::default();
    for transcript in &transcripts {
        let run = if update { transcripts::bless } else { transcripts::check };
        println!("{}", transcript.name);
        report.add(run(&target, transcript).expect("a transcript that runs"));
    }
    println!("{report}");
    assert!(
        report.differences.is_empty(),
        "the real control plane prints something else:\n{report}"
    );
}

#[test]
fn transcripts_hold_on_the_real_api_server_alone() {
    run(Plane::Bare, &[]);
}

#[test]
fn transcripts_hold_on_the_real_control_plane_with_controllers() {
    run(Plane::Full, &[Component::Controllers, Component::Scheduler]);
}
