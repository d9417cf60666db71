//! `podium check` on a real node without a network plugin that enforces policies: the lesson on them is
//! not true there, and the probe finds it out.

use std::path::Path;
use std::process::Command;

use expect_test::expect;
use realcluster::NodeTier;

#[test]
fn policies_that_nobody_enforces_are_found_out() {
    let tier = NodeTier::start().expect("a node");
    let check = Command::new(env!("CARGO_BIN_EXE_podium"))
        .args(["check", "hypercloud-4.1/03-network-policy", "--scenarios"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/scenarios"))
        .arg("--kubeconfig")
        .arg(tier.kubeconfig())
        .output()
        .expect("podium");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    expect![[r"
        NOT HERE hypercloud-4.1/03-network-policy: Network policies are not enforced: a policy that denies everything let a connection through. The lesson would not be true here.
    "]]
    .assert_eq(&text(&check.stdout));
    expect![[r"
        podium: 1 of 1 scenarios and 0 further checks cannot be proved on this cluster; see the lines above; the embedded cluster (without --kubeconfig) can do it all
    "]]
    .assert_eq(&text(&check.stderr));
    assert_eq!(check.status.code(), Some(3));
}
