//! `podium check` on a real Kubernetes: the course is true there, and nothing of it stays.

#[path = "proofs/summary.rs"]
mod proofs;

use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use expect_test::{expect, expect_file};
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

/// The notebooks whose pods never run here, each in namespaces of its own names, side by side.
const OTHERS: [(&str, &[&str]); 10] = [
    ("00-environment", &["dev"]),
    ("01-console", &["dev"]),
    ("02-accounts", &["dev"]),
    ("03-network-policy", &["dev", "op"]),
    ("03-policy-rules", &["dev", "op"]),
    ("04-containers", &["dev"]),
    ("06-applications", &["dev"]),
    ("06-batch", &["dev"]),
    ("06-placement", &["dev"]),
    ("06-autoscaling", &["dev"]),
];

fn what_needs_no_pods_is_proved(admin: &Path) {
    let prove = |(name, variables): (&'static str, &'static [&'static str])| {
        let set =
            variables.iter().flat_map(|one| ["--set".to_owned(), format!("{one}={name}-{one}")]);
        let words: Vec<String> =
            [format!("hypercloud-4.1/{name}")].into_iter().chain(set).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let proof = check(admin, &words);
        assert_eq!(proof.status.code(), Some(3), "{}{}", text(&proof.stdout), text(&proof.stderr));
        proofs::summary(name, &text(&proof.stdout))
    };
    let proofs: Vec<String> = thread::scope(|scope| {
        let running = OTHERS.map(|one| scope.spawn(move || prove(one)));
        running.into_iter().map(|one| one.join().expect("a proof")).collect()
    });
    expect_file!["proofs/plane.txt"].assert_eq(&proofs.concat());
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

    what_needs_no_pods_is_proved(&admin);
    assert_eq!(namespaces(&plane), before);

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
