//! Pictures as texts: what is in them and where it stands.

#![expect(clippy::needless_raw_string_hashes, reason = "expected texts are written by the test")]

use diagram::connections::{self, Connection};
use diagram::layout::{Flow, Layout, layout};
use diagram::scene::{EdgeState, Phrase, Scene};
use diagram::table::{self, Cell};
use diagram::{access, machines, workloads};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

fn pod(namespace: &str, name: &str, image: &str, app: Option<&str>) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": namespace, "name": name,
            "labels": app.map(|app| json!({"app": app})).unwrap_or_default(),
        },
        "spec": {"containers": [{"name": "main", "image": image}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn namespace(name: &str, labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn course() -> Vec<Value> {
    vec![
        namespace("op", json!({"ns": "op", "kubernetes.io/metadata.name": "op"})),
        namespace("dev", json!({"kubernetes.io/metadata.name": "dev"})),
        pod("dev", "np-test", "nginx", Some("np-test")),
        pod("dev", "np-connect", "alpine", Some("np-connect")),
        pod("dev", "np-no", "alpine", None),
        pod("op", "np-connect", "alpine", Some("np-connect")),
    ]
}

fn connection(from: &str, state: EdgeState) -> Connection {
    let decided =
        (state == EdgeState::Blocked).then(|| "NetworkPolicy/dev/default-policy".to_owned());
    let reason = decided.as_ref().map(|_| Phrase::new("connect-ingress-denied").with("pod", from));
    Connection {
        from: from.to_owned(),
        to: "dev/np-test".to_owned(),
        port: 80,
        state,
        reason,
        decided_by: decided,
    }
}

fn picture() -> Scene {
    let namespaces = ["op".to_owned(), "dev".to_owned()];
    let connections = [
        connection("op/np-connect", EdgeState::Allowed),
        connection("op/np-no", EdgeState::Unknown),
        connection("dev/np-connect", EdgeState::Allowed),
        connection("dev/np-no", EdgeState::Blocked),
    ];
    connections::scene(&course(), &namespaces, &connections)
}

fn check_scene(scene: &Scene, expected: Expect) {
    let mut text = Vec::new();
    for group in &scene.groups {
        text.push(format!("[{}] {}", group.title, group.labels.join(" ")));
    }
    for node in &scene.nodes {
        let lines: Vec<_> =
            node.lines.iter().map(|line| format!("{}={}", line.key, line.value)).collect();
        text.push(format!(
            "{} x{} {:?} {} {:?} {}",
            node.id,
            node.count,
            node.state,
            node.word,
            node.role,
            lines.join(" ")
        ));
    }
    for edge in &scene.edges {
        text.push(format!(
            "{} -> {} {:?} {:?} {}",
            edge.from, edge.to, edge.kind, edge.state, edge.label
        ));
    }
    for phrase in &scene.summary {
        text.push(format!("{} {:?}", phrase.code, phrase.args));
    }
    text.push(String::new());
    expected.assert_eq(&text.join("\n"));
}

fn check_layout(layout: &Layout, expected: Expect) {
    let mut text = vec![format!("{} x {}", layout.width, layout.height)];
    for place in layout.groups.iter().chain(&layout.nodes) {
        text.push(format!("{} {},{} {}x{}", place.id, place.x, place.y, place.width, place.height));
    }
    for route in &layout.edges {
        let points: Vec<_> =
            route.points.iter().map(|point| format!("{},{}", point.x, point.y)).collect();
        text.push(format!(
            "{}: {} label {},{}",
            route.id,
            points.join(" "),
            route.label.x,
            route.label.y
        ));
    }
    text.push(String::new());
    expected.assert_eq(&text.join("\n"));
}

#[test]
fn the_picture_of_the_course_shows_namespaces_pods_and_connections() {
    check_scene(
        &picture(),
        expect![[r#"
        [op] ns=op
        [dev] 
        Pod/dev/np-connect x1 Ready Running Through image=alpine app=np-connect
        Pod/dev/np-no x1 Ready Running Stopped image=alpine
        Pod/dev/np-test x1 Ready Running Target image=nginx app=np-test
        Pod/op/np-connect x1 Ready Running Through image=alpine app=np-connect
        Pod/op/np-no x1 Missing NotFound Plain 
        Pod/op/np-connect -> Pod/dev/np-test Connects Allowed :80
        Pod/op/np-no -> Pod/dev/np-test Connects Unknown :80
        Pod/dev/np-connect -> Pod/dev/np-test Connects Allowed :80
        Pod/dev/np-no -> Pod/dev/np-test Connects Blocked :80
        diagram-pods {"ready": "4", "total": "5"}
        diagram-connections {"allowed": "2", "blocked": "1", "total": "4"}
        diagram-unknown {"unknown": "1"}
    "#]],
    );
}

#[test]
fn the_picture_of_the_course_has_the_target_in_the_middle() {
    check_layout(
        &layout(&picture(), Flow::Across),
        expect![[r#"
            736 x 336
            Namespace/op 0,0 200x336
            Namespace/dev 296,0 440x336
            Pod/dev/np-connect 560,56 152x102
            Pod/dev/np-no 560,230 152x82
            Pod/dev/np-test 320,133 152x102
            Pod/op/np-connect 24,66 152x102
            Pod/op/np-no 24,240 152x62
            op/np-connect>dev/np-test:80: 176,117 320,184 label 248,150
            op/np-no>dev/np-test:80: 176,271 320,184 label 248,227
            dev/np-connect>dev/np-test:80: 560,107 396,107 396,133 label 478,107
            dev/np-no>dev/np-test:80: 560,271 396,271 396,235 label 478,271
        "#]],
    );
}

#[test]
fn no_two_cards_overlap_and_every_card_is_in_its_box() {
    let scene = picture();
    let layout = layout(&scene, Flow::Across);
    for (index, one) in layout.nodes.iter().enumerate() {
        for other in &layout.nodes[index + 1..] {
            let apart = one.x + one.width <= other.x
                || other.x + other.width <= one.x
                || one.y + one.height <= other.y
                || other.y + other.height <= one.y;
            assert!(apart, "{} and {}", one.id, other.id);
        }
        let group = &scene.nodes[index].group;
        let place = layout.groups.iter().find(|place| &place.id == group).unwrap();
        assert!(one.x > place.x && one.x + one.width < place.x + place.width, "{}", one.id);
        assert!(one.y > place.y && one.y + one.height < place.y + place.height, "{}", one.id);
    }
}

#[test]
fn arrows_to_several_ports_of_a_pod_run_beside_each_other() {
    let to = |from: &str, port| Connection { port, ..connection(from, EdgeState::Allowed) };
    let connections = [
        to("op/np-connect", 80),
        to("op/np-connect", 8080),
        to("dev/np-no", 80),
        to("dev/np-no", 8080),
    ];
    let namespaces = ["op".to_owned(), "dev".to_owned()];
    let scene = connections::scene(&course(), &namespaces, &connections);
    for flow in [Flow::Across, Flow::Down] {
        let marks: Vec<_> = layout(&scene, flow).edges.into_iter().map(|edge| edge.label).collect();
        for (index, mark) in marks.iter().enumerate() {
            for other in marks.iter().skip(index + 1) {
                let apart = (mark.x - other.x).abs() >= 88 || (mark.y - other.y).abs() >= 40;
                assert!(apart, "{flow:?}: {mark:?} and {other:?} share their place");
            }
        }
    }
}

#[test]
fn cards_keep_their_places_when_only_states_change() {
    let before = layout(&picture(), Flow::Across);
    let namespaces = ["op".to_owned(), "dev".to_owned()];
    let states: Vec<_> = ["op/np-connect", "op/np-no", "dev/np-connect", "dev/np-no"]
        .map(|from| connection(from, EdgeState::Blocked))
        .into();
    let after = layout(&connections::scene(&course(), &namespaces, &states), Flow::Across);
    assert_eq!(before, after);
}

#[test]
fn the_table_says_what_the_picture_shows() {
    let table = table::edges(&picture());
    let rows: Vec<String> = table
        .rows
        .iter()
        .map(|row| {
            let cells: Vec<&str> = row
                .iter()
                .map(|cell| match cell {
                    Cell::Text(text) => text.as_str(),
                    Cell::Phrase(phrase) => phrase.code.as_str(),
                })
                .collect();
            cells.join(" | ")
        })
        .collect();
    expect![[r#"
        Pod/op/np-connect | Pod/dev/np-test | :80 | diagram-allowed | 
        Pod/op/np-no | Pod/dev/np-test | :80 | diagram-not-known | 
        Pod/dev/np-connect | Pod/dev/np-test | :80 | diagram-allowed | 
        Pod/dev/np-no | Pod/dev/np-test | :80 | diagram-blocked | connect-ingress-denied"#]]
    .assert_eq(&rows.join("\n"));
}

#[test]
fn a_narrow_column_reads_from_top_to_bottom() {
    check_layout(
        &layout(&picture(), Flow::Down),
        expect![[r#"
            376 x 610
            Namespace/op 0,0 376x182
            Namespace/dev 0,254 376x356
            Pod/dev/np-connect 24,484 152x102
            Pod/dev/np-no 200,484 152x82
            Pod/dev/np-test 112,310 152x102
            Pod/op/np-connect 24,56 152x102
            Pod/op/np-no 200,56 152x62
            op/np-connect>dev/np-test:80: 100,158 188,310 label 144,234
            op/np-no>dev/np-test:80: 276,118 188,310 label 232,214
            dev/np-connect>dev/np-test:80: 100,484 188,412 label 144,448
            dev/np-no>dev/np-test:80: 276,484 188,412 label 232,448
        "#]],
    );
}

#[test]
fn batch_autoscaling_and_claims_are_shown() {
    let of = |kind: &str, name: &str, owner: Option<&str>, rest: Value| {
        let mut object = json!({
            "kind": kind,
            "metadata": { "namespace": "dev", "name": name, "uid": name },
        });
        if let Some(owner) = owner {
            object["metadata"]["ownerReferences"] = json!([{"uid": owner, "controller": true}]);
        }
        for (key, value) in rest.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    };
    let complete = json!({"spec": {"completions": 1}, "status": {"succeeded": 1,
        "conditions": [{"type": "Complete", "status": "True"}]}});
    let volumes = json!({"spec": {"volumes": [{"persistentVolumeClaim": {"claimName": "home"}}]},
        "status": {"phase": "Succeeded"}});
    let scale = json!({"spec": {"minReplicas": 1, "maxReplicas": 5,
        "scaleTargetRef": {"kind": "Deployment", "name": "web"}},
        "status": {"currentReplicas": 1, "desiredReplicas": 4}});
    let objects = [
        namespace("dev", json!({})),
        of("CronJob", "night", None, json!({"spec": {"schedule": "0 2 * * *"}})),
        of("Job", "night-1", Some("night"), complete),
        of("Pod", "night-1-x", Some("night-1"), volumes),
        of(
            "PersistentVolumeClaim",
            "home",
            None,
            json!({
            "spec": {"resources": {"requests": {"storage": "1Gi"}}}, "status": {"phase": "Bound"}}),
        ),
        of("Deployment", "web", None, json!({"spec": {"replicas": 1}})),
        of("HorizontalPodAutoscaler", "web", None, scale),
    ];
    let scene = workloads::scene(&objects, &["dev".to_owned()]);
    check_scene(
        &scene,
        expect![[r#"
            [dev] 
            CronJob/dev/night x1 Ready 0 2 * * * Plain kind=CronJob active=0
            Deployment/dev/web x1 Progressing 0/1 Plain kind=Deployment
            HorizontalPodAutoscaler/dev/web x1 Progressing 1 (1-5) Plain kind=HorizontalPodAutoscaler
            Job/dev/night-1 x1 Ready 1/1 Plain kind=Job
            PersistentVolumeClaim/dev/home x1 Ready Bound Plain kind=PersistentVolumeClaim storage=1Gi
            Pod/dev/night-1-x x1 Ready Succeeded Plain 
            CronJob/dev/night -> Job/dev/night-1 Owns Plain 
            HorizontalPodAutoscaler/dev/web -> Deployment/dev/web Scales Plain 
            Job/dev/night-1 -> Pod/dev/night-1-x Owns Plain 
            Pod/dev/night-1-x -> PersistentVolumeClaim/dev/home Mounts Plain 
            diagram-pods {"ready": "1", "total": "1"}
        "#]],
    );
    check_layout(
        &layout(&scene, Flow::Down),
        expect![[r#"
            340 x 672
            Namespace/dev 0,0 340x672
            CronJob/dev/night 24,252 152x102
            Deployment/dev/web 24,154 160x82
            HorizontalPodAutoscaler/dev/web 24,56 264x82
            Job/dev/night-1 52,370 152x82
            PersistentVolumeClaim/dev/home 24,546 248x102
            Pod/dev/night-1-x 80,468 152x62
            CronJob/dev/night>Job/dev/night-1: 38,354 38,411 52,411 label 38,382
            HorizontalPodAutoscaler/dev/web>Deployment/dev/web: 288,97 302,97 302,195 184,195 label 295,97
            Job/dev/night-1>Pod/dev/night-1-x: 66,452 66,499 80,499 label 66,475
            Pod/dev/night-1-x>PersistentVolumeClaim/dev/home: 232,499 316,499 316,597 272,597 label 274,499
        "#]],
    );
}

#[test]
fn a_deployment_leads_to_its_pods_and_many_pods_become_one_card() {
    let owned = |kind: &str, name: &str, uid: &str, owner: &str, rest: Value| {
        let mut object = json!({
            "kind": kind,
            "metadata": {
                "namespace": "dev", "name": name, "uid": uid, "labels": {"app": "web"},
                "ownerReferences": [{"uid": owner, "controller": true}],
            },
        });
        for (key, value) in rest.as_object().unwrap() {
            object[key] = value.clone();
        }
        object
    };
    let mut objects = vec![
        namespace("dev", json!({})),
        json!({"kind": "Deployment", "metadata": {"namespace": "dev", "name": "web", "uid": "d"},
               "spec": {"replicas": 9}, "status": {"availableReplicas": 8}}),
        owned(
            "ReplicaSet",
            "web-1",
            "old",
            "d",
            json!({"spec": {"replicas": 0}, "status": {"replicas": 0}}),
        ),
        owned(
            "ReplicaSet",
            "web-2",
            "rs",
            "d",
            json!({"spec": {"replicas": 9}, "status": {"readyReplicas": 8}}),
        ),
        json!({"kind": "Service", "metadata": {"namespace": "dev", "name": "web"},
               "spec": {"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"port": 80}]}}),
    ];
    for index in 0..9 {
        let status = if index == 0 {
            json!({"phase": "Pending"})
        } else {
            json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
        };
        objects.push(owned("Pod", &format!("web-2-{index}"), "", "rs", json!({"status": status})));
    }
    let scene = workloads::scene(&objects, &["dev".to_owned()]);
    check_scene(
        &scene,
        expect![[r#"
            [dev] 
            Deployment/dev/web x1 Progressing 8/9 Plain kind=Deployment
            Pods/dev/web-2 x9 Progressing 8/9 Plain ready=8/9
            ReplicaSet/dev/web-2 x1 Progressing 8/9 Plain kind=ReplicaSet
            Service/dev/web x1 Ready ClusterIP Plain kind=Service port=80
            Deployment/dev/web -> ReplicaSet/dev/web-2 Owns Plain 
            ReplicaSet/dev/web-2 -> Pods/dev/web-2 Owns Plain 
            Service/dev/web -> Pods/dev/web-2 Selects Plain 
            diagram-pods {"ready": "8", "total": "9"}
        "#]],
    );
    check_layout(
        &layout(&scene, Flow::Across),
        expect![[r#"
            840 x 182
            Namespace/dev 0,0 840x182
            Deployment/dev/web 24,66 160x82
            Pods/dev/web-2 456,66 152x82
            ReplicaSet/dev/web-2 240,66 160x82
            Service/dev/web 664,56 152x102
            Deployment/dev/web>ReplicaSet/dev/web-2: 184,107 240,107 label 212,107
            ReplicaSet/dev/web-2>Pods/dev/web-2: 400,107 456,107 label 428,107
            Service/dev/web>Pods/dev/web-2: 664,107 608,107 label 636,107
        "#]],
    );
}

#[test]
fn an_access_table_shows_what_is_not_known() {
    let request = |verb: &str| access::Request {
        verb: verb.to_owned(),
        resource: "pods".to_owned(),
        namespace: "dev".to_owned(),
    };
    let answers = [("new-user".to_owned(), request("list"), true)];
    let matrix =
        access::matrix(&["new-user".to_owned()], &[request("list"), request("get")], &answers);
    assert_eq!(matrix.rows[0].allowed, [Some(true), None]);
    assert_eq!(matrix.summary[0].args["allowed"], "1");
}

fn machine(name: &str, role: &str, ready: bool, taint: Option<&str>) -> Value {
    let taints: Vec<Value> =
        taint.iter().map(|key| json!({"key": key, "effect": "NoSchedule"})).collect();
    let label = format!("node-role.kubernetes.io/{role}");
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": if role.is_empty() { json!({}) } else { json!({label: ""}) }},
        "spec": {"taints": taints, "unschedulable": name == "worker-10"},
        "status": {
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": "2"},
            "conditions": [{"type": "Ready", "status": if ready { "True" } else { "Unknown" }}],
        },
    })
}

#[test]
fn machines_stand_in_rows_below_their_roles() {
    let machines = [
        machine("plain", "", true, None),
        machine("gpu-1", "gpu", true, Some("nvidia.com/gpu")),
        machine("worker-10", "worker", true, None),
        machine("worker-2", "worker", false, None),
        machine("master-1", "control-plane", true, Some("node-role.kubernetes.io/control-plane")),
    ];
    let scene = machines::scene(&machines);
    let cards: Vec<String> = scene
        .nodes
        .iter()
        .map(|node| {
            let lines: Vec<String> =
                node.lines.iter().map(|line| format!("{}={}", line.key, line.value)).collect();
            format!("{} {} {} [{}]", node.group, node.name, node.word, lines.join(" "))
        })
        .collect();
    expect![[r#"
        control-plane master-1 Ready [cpu=8 memory=32Gi gpu=2 taint=control-plane]
        worker worker-2 NotReady [cpu=8 memory=32Gi gpu=2]
        worker worker-10 Ready,SchedulingDisabled [cpu=8 memory=32Gi gpu=2]
        gpu gpu-1 Ready [cpu=8 memory=32Gi gpu=2 taint=gpu]
        <none> plain Ready [cpu=8 memory=32Gi gpu=2]"#]]
    .assert_eq(&cards.join("\n"));
    let across = layout(&scene, Flow::Across);
    let down = layout(&scene, Flow::Down);
    assert_eq!(across.nodes.len(), machines.len());
    let place = |layout: &Layout, id: &str| {
        layout.nodes.iter().find(|one| one.id == id).map(|one| (one.x, one.y)).unwrap()
    };
    let (first, second) = (place(&across, "Node//worker-2"), place(&across, "Node//worker-10"));
    assert!(first.1 == second.1 && first.0 < second.0, "beside each other on a page");
    assert!(down.width <= across.width);
}
