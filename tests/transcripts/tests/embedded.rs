//! The embedded cluster prints what the real one prints. `PODIUM_BIN` names the program `podium`.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use realcluster::programs;
use transcripts::{Plane, Report, Target};

/// `podium cluster`, stopped when dropped.
struct Embedded {
    process: Child,
    kubeconfig: PathBuf,
}

impl Embedded {
    fn start(plane: Plane) -> Self {
        let podium = std::env::var_os("PODIUM_BIN").expect("PODIUM_BIN with the path of podium");
        let name = format!("podium-embedded-{}-{plane:?}.kubeconfig", std::process::id());
        let kubeconfig = std::env::temp_dir().join(name);
        let mut command = Command::new(podium);
        command.args(["cluster", "--listen", "127.0.0.1:0", "--nodes", "0", "--write-kubeconfig"]);
        command.arg(&kubeconfig);
        if plane == Plane::Bare {
            command.args(["--controllers", "none"]);
        }
        let mut process = command.stdout(Stdio::piped()).spawn().expect("podium that starts");
        let output = process.stdout.take().expect("its output");
        let ready =
            BufReader::new(output).lines().map_while(Result::ok).any(|line| line.trim() == "ready");
        assert!(ready, "podium ended before it was ready");
        Self { process, kubeconfig }
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
    let program = programs::control_plane().expect("kubectl").display().to_string();
    let mut report = Report::default();
    for transcript in transcripts::all().expect("transcripts that can be read") {
        if transcript.plane == plane {
            let cluster = Embedded::start(plane);
            let target =
                Target::new(&[&program, "kubectl"], &cluster.kubeconfig).expect("a target");
            report.add(transcripts::check(&target, &transcript).expect("a transcript that runs"));
        }
    }
    println!("{report}");
    assert!(report.differences.is_empty(), "the embedded cluster prints something else:\n{report}");
}

#[test]
fn transcripts_hold_on_the_embedded_api_server_alone() {
    run(Plane::Bare);
}

#[test]
fn transcripts_hold_on_the_embedded_cluster_with_controllers() {
    run(Plane::Full);
}
