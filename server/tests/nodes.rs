//! `podium check` on a real node without a network plugin that enforces policies: the lesson on them is
//! not true there, and the probe finds it out. Nor are lessons that need DNS, volumes or several nodes.
//! And a shell in a container of that node, as the console opens it.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use expect_test::expect;
use kubectl::{Captured, Invocation, Keyboard, NoFiles};
use realcluster::NodeTier;
use server::gateway;

#[test]
fn a_real_node_is_asked_and_talked_with() {
    let tier = NodeTier::start().expect("a node");
    what_the_node_lacks_for_a_lesson_is_found_out_before_it(&tier);
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

fn what_the_node_lacks_for_a_lesson_is_found_out_before_it(tier: &NodeTier) {
    let scenarios = ["03-network-policy", "04-containers", "06-placement"];
    let check = Command::new(env!("CARGO_BIN_EXE_podium"))
        .arg("check")
        .args(scenarios.map(|name| format!("hypercloud-4.1/{name}")))
        .arg("--scenarios")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/scenarios"))
        .arg("--kubeconfig")
        .arg(tier.kubeconfig())
        .output()
        .expect("podium");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    expect![[r"
        NOT HERE hypercloud-4.1/03-network-policy: Network policies are not enforced: a policy that denies everything let a connection through. The lesson would not be true here.
        NOT HERE hypercloud-4.1/03-network-policy: No DNS answers on this cluster (no Service on port 53 has a ready endpoint), so names of Services do not resolve in pods.
        NOT HERE hypercloud-4.1/04-containers: No DNS answers on this cluster (no Service on port 53 has a ready endpoint), so names of Services do not resolve in pods.
        NOT HERE hypercloud-4.1/04-containers: No StorageClass of this cluster is the default, so claims that name none stay Pending.
        NOT HERE hypercloud-4.1/06-placement: Fewer than two nodes of this cluster take pods, so there is nothing to choose from.
    "]]
    .assert_eq(&text(&check.stdout));
    expect![[r"
        podium: 3 of 3 scenarios and 0 further checks cannot be proved on this cluster; see the lines above; the embedded cluster (without --kubeconfig) can do it all
    "]]
    .assert_eq(&text(&check.stderr));
    assert_eq!(check.status.code(), Some(3));
}
