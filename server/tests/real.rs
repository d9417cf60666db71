//! `podium check` on a real Kubernetes: the course is true there, and nothing of it stays.

use std::path::Path;
use std::process::{Command, Output};

use expect_test::expect;
use realcluster::ControlPlane;

fn check(kubeconfig: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_podium"))
        .args(["check", "--scenarios"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/scenarios"))
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .args(more)
        .output()
        .expect("podium")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn namespaces(plane: &ControlPlane) -> String {
    text(&plane.kubectl(&["get", "namespaces", "-o", "name"]).expect("kubectl").stdout)
}

#[test]
fn what_a_control_plane_can_show_is_proved_and_the_rest_is_said() {
    let plane = ControlPlane::start().expect("a control plane");
    let admin = plane.kubeconfig();
    let before = namespaces(&plane);

    for _again in 0..2 {
        let proof = check(&admin, &["hypercloud-4.1/02-authority"]);
        let lines = text(&proof.stdout);
        assert!(proof.status.success(), "{lines}{}", text(&proof.stderr));
        assert!(lines.lines().count() > 10, "{lines}");
        assert!(lines.lines().all(|line| line.starts_with("ok ")), "{lines}");
        assert_eq!(namespaces(&plane), before);
    }

    let elsewhere = check(&admin, &["hypercloud-4.1/03-network-policy"]);
    assert_eq!(elsewhere.status.code(), Some(3));
    expect![[r"
        NOT HERE hypercloud-4.1/03-network-policy: No node of this cluster takes pods, so none will run.
        NOT HERE hypercloud-4.1/03-network-policy: Commands cannot be run in pods here.
        NOT HERE hypercloud-4.1/03-network-policy: No node of this cluster takes pods, so there are no connections to limit.
        NOT HERE hypercloud-4.1/03-network-policy: No DNS answers on this cluster (no Service on port 53 has a ready endpoint), so names of Services do not resolve in pods.
    "]]
    .assert_eq(&text(&elsewhere.stdout));

    let learner = check(&plane.learner_kubeconfig(), &["hypercloud-4.1/02-authority"]);
    assert_eq!(learner.status.code(), Some(3));
    expect![[r"
        NOT HERE hypercloud-4.1/02-authority: The personas of the scenario may not be impersonated with these credentials.
    "]]
    .assert_eq(&text(&learner.stdout));

    let made = plane.kubectl(&["create", "namespace", "dev"]).expect("kubectl");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let mine = namespaces(&plane);
    let refused = check(&admin, &["hypercloud-4.1/02-authority"]);
    assert_eq!(refused.status.code(), Some(3));
    expect![[r"
        podium: hypercloud-4.1/02-authority would change what the cluster has already (Namespace dev); choose other names with --set, remove it, or name another cluster
    "]]
    .assert_eq(&text(&refused.stderr));
    let renamed = check(&admin, &["hypercloud-4.1/02-authority", "--set", "dev=mine"]);
    assert!(renamed.status.success(), "{}{}", text(&renamed.stdout), text(&renamed.stderr));
    assert_eq!(namespaces(&plane), mine);
}
