//! `podium check` on a real node: what needs pods holds there, and what the cluster lacks (a network plugin that
//! enforces policies, other nodes) is found out before the lesson. And a shell in a container of that node, as the console opens it.

#[path = "proofs/summary.rs"]
mod proofs;

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread;

use expect_test::expect_file;
use kubectl::{Captured, Invocation, Keyboard, NoFiles};
use realcluster::NodeTier;
use server::gateway;

#[test]
fn a_real_node_is_asked_and_talked_with() {
    let tier = NodeTier::start().expect("a node");
    what_the_node_can_show_is_proved_and_the_rest_is_said(&tier);
    a_shell_reads_what_is_typed(&tier);
}

/// Types its lines as soon as somebody reads.
struct Script(Mutex<VecDeque<String>>);

impl Keyboard for Script {
    fn listen(&self) {}

    fn poll_typed(&self, _context: &mut Context<'_>) -> Poll<String> {
        self.0.lock().expect("the script").pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}

fn a_shell_reads_what_is_typed(tier: &NodeTier) {
    let typed = ["cd /tmp\n", "echo in $PWD: $((6*7))\n", "\u{4}"].map(str::to_owned);
    let script = Arc::new(Script(Mutex::new(typed.into())));
    let line = "kubectl run shell --rm -it --image=busybox --restart=Never -- sh";
    let mut out = Captured::default();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let code = runtime.block_on(async {
        let kubectl = gateway::kubectl(&tier.kubeconfig(), None, None).await.expect("kubectl");
        let invocation = Invocation::parse(line).expect("a line");
        kubectl.with_keyboard(script).run(&invocation, &NoFiles, "", &mut out).await
    });
    let shown = out.stdout.replace('\r', "");
    assert!(shown.contains("\nin /tmp: 42\n"), "{shown}");
    assert!(shown.ends_with("\npod \"shell\" deleted from default namespace\n"), "{shown}");
    assert_eq!(code, 0, "{}", out.stderr);
}

/// Side by side, each in a namespace of its own name.
const NOTEBOOKS: [&str; 2] = ["00-environment", "01-console"];

fn prove(tier: &NodeTier, name: &str) -> String {
    let proof = Command::new(env!("CARGO_BIN_EXE_podium"))
        .args(["check", &format!("hypercloud-4.1/{name}"), "--set", &format!("dev={name}")])
        .arg("--scenarios")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/scenarios"))
        .arg("--kubeconfig")
        .arg(tier.kubeconfig())
        .output()
        .expect("podium");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(proof.status.code(), Some(3), "{}{}", text(&proof.stdout), text(&proof.stderr));
    proofs::summary(name, &text(&proof.stdout))
}

fn what_the_node_can_show_is_proved_and_the_rest_is_said(tier: &NodeTier) {
    let proofs: Vec<String> = thread::scope(|scope| {
        let running = NOTEBOOKS.map(|name| scope.spawn(move || prove(tier, name)));
        running.into_iter().map(|one| one.join().expect("a proof")).collect()
    });
    expect_file!["proofs/node.txt"].assert_eq(&proofs.concat());
}
