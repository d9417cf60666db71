//! The embedded cluster prints what the real one prints. `PODIUM_BIN` names the program `podium`.
#![expect(clippy::print_stdout, reason = "the report is for whoever runs it")]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use transcripts::{Known, Plane, Report, Target};

/// `podium cluster`, stopped when dropped.
struct Embedded {
    process: Child,
    /// Kept open: a program that cannot print may end.
    _output: BufReader<ChildStdout>,
    kubeconfig: PathBuf,
}

impl Embedded {
    fn start(plane: Plane, number: usize) -> Self {
        let podium = std::env::var_os("PODIUM_BIN").expect("PODIUM_BIN with the path of podium");
        let name = format!("podium-embedded-{}-{plane:?}-{number}.kubeconfig", std::process::id());
        let kubeconfig = std::env::temp_dir().join(name);
        let mut command = Command::new(podium);
        let nodes = if plane == Plane::Nodes { "1" } else { "0" };
        command.args([
            "cluster",
            "--listen",
            "127.0.0.1:0",
            "--nodes",
            nodes,
            "--write-kubeconfig",
        ]);
        command.arg(&kubeconfig);
        if plane == Plane::Bare {
            command.args(["--controllers", "none"]);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().expect("podium that starts");
        let mut output = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        while line.trim() != "ready" {
            line.clear();
            let read = output.read_line(&mut line).expect("a line of its output");
            assert_ne!(read, 0, "podium ended before it was ready");
        }
        Self { process, _output: output, kubeconfig }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_file(&self.kubeconfig));
    }
}

fn run(plane: Plane) {
    let mut ran = transcripts::all().expect("transcripts that can be read");
    ran.retain(|transcript| transcript.plane == plane);
    let known = Known::read().expect("a list of known differences");
    let mut report = Report::default();
    // Where pods run, commands mostly wait; and every transcript has a cluster of its own.
    let workers = if plane == Plane::Nodes { 4 } else { 1 };
    let next = AtomicUsize::new(0);
    let work = || {
        let turns = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        let mine = turns.map_while(|at| Some((at, ran.get(at)?)));
        mine.map(|(at, transcript)| {
            let cluster = Embedded::start(plane, at);
            let target = Target::of(&cluster.kubeconfig).expect("a target");
            (at, transcripts::check(&target, transcript).expect("a transcript that runs"))
        })
        .collect::<Vec<_>>()
    };
    let mut reports: Vec<(usize, Report)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|one| one.join().expect("a worker that ends")).collect()
    });
    reports.sort_by_key(|(at, _)| *at);
    for (_, one) in reports {
        report.add(one);
    }
    println!("{report}");
    let repaired = known.settle(&mut report, &ran);
    assert!(report.differences.is_empty(), "not a known difference:\n{report}");
    assert!(
        repaired.is_empty(),
        "these print the same now, take them out of known-differences.txt:\n{}",
        repaired.join("\n")
    );
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
