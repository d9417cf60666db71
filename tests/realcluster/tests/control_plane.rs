//! The control-plane tier starts, answers and is gone afterwards.

use realcluster::ControlPlane;

#[test]
fn a_control_plane_answers_and_leaves_nothing_behind() {
    let plane = ControlPlane::start().expect("a control plane");
    let version = plane.get("/version").expect("the version");
    assert!(version.contains("\"gitVersion\": \"v1.36.3\""), "{version}");
    let applied =
        plane.kubectl(&["create", "deployment", "web", "--image=nginx"]).expect("kubectl");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let learner = plane
        .kubectl(&[
            "get",
            "pods",
            "--kubeconfig",
            &plane.learner_kubeconfig().display().to_string(),
        ])
        .expect("kubectl");
    assert_eq!(
        String::from_utf8_lossy(&learner.stderr),
        "Error from server (Forbidden): pods is forbidden: User \"learner\" cannot list resource \
         \"pods\" in API group \"\" in the namespace \"default\"\n"
    );
    let dir = plane.dir().to_owned();
    drop(plane);
    assert!(!dir.exists());
}
