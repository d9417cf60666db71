//! What pods do and say on a real node. Needs root. `UPDATE_EXPECT=1` writes the expectations down.

use realcluster::NodeTier;
use transcripts::{Plane, Report, Target};

#[test]
fn transcripts_hold_on_a_real_node() {
    let tier = NodeTier::start().expect("a cluster with a node");
    let target = Target::of(&tier.kubeconfig()).expect("a target");
    let update = std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1");
    let mut report = Report::default();
    for transcript in transcripts::all().expect("transcripts that can be read") {
        if transcript.plane == Plane::Nodes {
            println!("{}", transcript.name);
            let run = if update { transcripts::bless } else { transcripts::check };
            report.add(run(&target, &transcript).expect("a transcript that runs"));
        }
    }
    println!("{report}");
    assert!(report.differences.is_empty(), "the real node says something else:\n{report}");
}
