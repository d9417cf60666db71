//! Policies as pictures, and what changes of the picture make of them.

use expect_test::expect;
use serde_json::json;

use super::*;

fn shop() -> Value {
    json!({
        "kind": "NetworkPolicy",
        "metadata": {"name": "api", "namespace": "dev"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "api"}},
            "ingress": [{
                "from": [
                    {"podSelector": {"matchLabels": {"app": "shop"}}},
                    {"namespaceSelector": {"matchLabels": {"team": "ops"}}},
                    {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
                ],
                "ports": [{"protocol": "TCP", "port": 80, "endPort": 89}, {"port": "http"}],
            }],
        },
    })
}

/// What changes make of the rules.
fn after(changes: &[Change]) -> String {
    let object = changes.iter().fold(shop(), |object, change| changed(&object, change).unwrap());
    let spec = &object["spec"];
    ["policyTypes", "podSelector", "ingress", "egress"]
        .iter()
        .filter_map(|field| Some(format!("{field}: {}\n", spec.get(field)?)))
        .collect()
}

fn require(place: Place, typed: &str) -> Change {
    Change::Require(place, requirement(typed).unwrap())
}

fn release(place: Place, held: Held) -> Change {
    Change::Release(place, held)
}

fn instead(place: Place, held: Held, typed: &str) -> Change {
    Change::Instead(place, held, requirement(typed).unwrap())
}

const IN: Direction = Direction::Ingress;
const OUT: Direction = Direction::Egress;

#[test]
fn a_policy_is_read_with_what_the_api_server_fills_in() {
    let read = policy(&shop()).unwrap();
    assert!(read.ingress.restricted && !read.egress.restricted);
    let rule = &read.ingress.rules[0];
    assert_eq!(rule.ports[1], Port { protocol: "TCP".into(), port: "http".into(), end: None });
    assert_eq!(rule.peers[2].block.as_ref().unwrap().except, ["10.1.0.0/16"]);
    assert!(rule.joins(0) && !rule.joins(1) && !rule.joins(2));
    let mut with_egress = shop();
    with_egress["spec"]["egress"] = json!([{}]);
    assert!(policy(&with_egress).unwrap().egress.restricted);
    with_egress["spec"]["policyTypes"] = json!(["Ingress"]);
    let idle = policy(&with_egress).unwrap().egress;
    assert!(!idle.restricted && idle.rules.len() == 1);
    assert_eq!(policy(&json!({"kind": "Pod"})), None);
    assert_eq!(policy(&json!({"kind": "NetworkPolicy", "spec": 3})).unwrap().name, "");
}

#[test]
fn what_the_picture_does_not_show_is_named() {
    let mut odd = shop();
    odd["spec"]["ingress"][0]["from"][0]["serviceSelector"] = json!({});
    odd["spec"]["ingress"][0]["form"] = json!([]);
    odd["spec"]["podSelector"]["matchExpressions"] =
        json!([{"key": "tier", "operator": "In", "values": ["a", "b"]}]);
    let read = policy(&odd).unwrap();
    assert_eq!(
        read.left_alone,
        ["spec.ingress[0].form", "spec.ingress[0].from[0].serviceSelector"]
    );
    assert_eq!(read.subject.expressions, ["tier in (a,b)"]);
}

#[test]
fn peers_come_go_join_and_split() {
    let joined = after(&[Change::Join(IN, 0, 0), Change::RemovePeer(IN, 0, 1)]);
    expect![[r#"
        podSelector: {"matchLabels":{"app":"api"}}
        ingress: [{"from":[{"namespaceSelector":{"matchLabels":{"team":"ops"}},"podSelector":{"matchLabels":{"app":"shop"}}}],"ports":[{"endPort":89,"port":80,"protocol":"TCP"},{"port":"http"}]}]
    "#]].assert_eq(&joined);
    let split = after(&[Change::Join(IN, 0, 0), Change::Split(IN, 0, 0)]);
    assert_eq!(split, after(&[]));
    let also = [Change::Also(IN, 0, 0), Change::AddPeer(IN, 0, NewPeer::Block)];
    expect![[r#"
        podSelector: {"matchLabels":{"app":"api"}}
        ingress: [{"from":[{"namespaceSelector":{},"podSelector":{"matchLabels":{"app":"shop"}}},{"namespaceSelector":{"matchLabels":{"team":"ops"}}},{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}},{"ipBlock":{"cidr":"10.0.0.0/8"}}],"ports":[{"endPort":89,"port":80,"protocol":"TCP"},{"port":"http"}]}]
    "#]].assert_eq(&after(&also));
}

#[test]
fn the_last_peer_takes_its_rule_along() {
    let none = [0, 0, 0].map(|peer| Change::RemovePeer(IN, 0, peer));
    expect![[r#"
        podSelector: {"matchLabels":{"app":"api"}}
        ingress: []
    "#]]
    .assert_eq(&after(&none));
}

#[test]
fn a_direction_is_restricted_and_set_free() {
    expect![[r#"
        policyTypes: ["Ingress","Egress"]
        podSelector: {"matchLabels":{"app":"api"}}
        ingress: [{"from":[{"podSelector":{"matchLabels":{"app":"shop"}}},{"namespaceSelector":{"matchLabels":{"team":"ops"}}},{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":[{"endPort":89,"port":80,"protocol":"TCP"},{"port":"http"}]}]
    "#]].assert_eq(&after(&[Change::Restrict(OUT, true)]));
    let dns = [Change::AddRule(OUT, NewPeer::Dns), Change::Restrict(IN, false)];
    expect![[r#"
        policyTypes: ["Egress"]
        podSelector: {"matchLabels":{"app":"api"}}
        egress: [{"ports":[{"port":53,"protocol":"UDP"},{"port":53,"protocol":"TCP"}],"to":[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"kube-system"}},"podSelector":{"matchLabels":{"k8s-app":"kube-dns"}}}]}]
    "#]].assert_eq(&after(&dns));
    assert_eq!(changed(&shop(), &Change::Restrict(IN, false)), None, "one direction is left");
}

#[test]
fn labels_ports_and_addresses_change() {
    let port = |typed: &str| Change::AddPort(IN, 0, port(typed).unwrap());
    let changes = [
        require(Place::Subject, "tier=1"),
        release(Place::Subject, Held::Label("app".into())),
        release(Place::Pods(IN, 0, 0), Held::Label("app".into())),
        require(Place::Namespaces(IN, 0, 1), "team=dev"),
        Change::SetBlock(IN, 0, 2, "0.0.0.0/0".into()),
        Change::RemoveExcept(IN, 0, 2, 0),
        Change::AddExcept(IN, 0, 2, "10.0.0.0/8".into()),
        Change::RemovePort(IN, 0, 0),
        Change::RemovePort(IN, 0, 0),
        port("udp 53"),
        port("http"),
        port("8000-8080"),
        port("SCTP"),
    ];
    expect![[r#"
        podSelector: {"matchLabels":{"tier":"1"}}
        ingress: [{"from":[{"podSelector":{}},{"namespaceSelector":{"matchLabels":{"team":"dev"}}},{"ipBlock":{"cidr":"0.0.0.0/0","except":["10.0.0.0/8"]}}],"ports":[{"port":53,"protocol":"UDP"},{"port":"http","protocol":"TCP"},{"endPort":8080,"port":8000,"protocol":"TCP"},{"protocol":"SCTP"}]}]
    "#]].assert_eq(&after(&changes));
    assert_eq!(changed(&shop(), &Change::RemovePeer(OUT, 0, 0)), None);
}

#[test]
fn what_cannot_be_meant_is_not_taken() {
    for typed in ["", "0", "70000", "a b c", "Http", "tcp 1 2"] {
        assert_eq!(port(typed), None, "{typed}");
    }
    let label = |key: &str, value: &str| Some(Requirement::Label(key.into(), value.into()));
    assert_eq!(requirement(" app = shop "), label("app", "shop"));
    assert_eq!(requirement("role="), label("role", ""));
    assert_eq!(requirement("a==b"), label("a", "b"));
    let odd = [
        "",
        "!",
        "=x",
        "a b=c",
        "a=b c",
        "\u{ac00}=x",
        "a b",
        "a in b",
        "a is (b)",
        "in (b)",
        "a in (b",
    ];
    for typed in odd {
        assert_eq!(requirement(typed), None, "{typed}");
    }
}

#[test]
fn a_selector_asks_for_more_than_labels() {
    let pods = Place::Pods(IN, 0, 0);
    let asked = [
        require(pods, "tier in (a, b)"),
        require(pods, "stage!=old"),
        require(pods, "!legacy"),
        require(pods, "owner"),
        require(Place::Subject, "zone notin (x,y)"),
    ];
    expect![[r#"
        podSelector: {"matchExpressions":[{"key":"zone","operator":"NotIn","values":["x","y"]}],"matchLabels":{"app":"api"}}
        ingress: [{"from":[{"podSelector":{"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"stage","operator":"NotIn","values":["old"]},{"key":"legacy","operator":"DoesNotExist"},{"key":"owner","operator":"Exists"}],"matchLabels":{"app":"shop"}}},{"namespaceSelector":{"matchLabels":{"team":"ops"}}},{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":[{"endPort":89,"port":80,"protocol":"TCP"},{"port":"http"}]}]
    "#]]
    .assert_eq(&after(&asked));
    let spaces = Place::Namespaces(IN, 0, 1);
    let changed = [
        require(spaces, "a"),
        require(spaces, "b"),
        require(spaces, "c"),
        instead(spaces, Held::Expression(1), "b in (1)"),
        instead(spaces, Held::Expression(0), "zone=x"),
        instead(spaces, Held::Label("team".into()), "team notin (qa)"),
        release(spaces, Held::Expression(1)),
    ];
    expect![[r#"
        podSelector: {"matchLabels":{"app":"api"}}
        ingress: [{"from":[{"podSelector":{"matchLabels":{"app":"shop"}}},{"namespaceSelector":{"matchExpressions":[{"key":"b","operator":"In","values":["1"]},{"key":"team","operator":"NotIn","values":["qa"]}],"matchLabels":{"zone":"x"}}},{"ipBlock":{"cidr":"10.0.0.0/8","except":["10.1.0.0/16"]}}],"ports":[{"endPort":89,"port":80,"protocol":"TCP"},{"port":"http"}]}]
    "#]]
    .assert_eq(&after(&changed));
    let none = [require(pods, "x"), release(pods, Held::Expression(0))];
    assert_eq!(after(&none), after(&[]));
    assert_eq!(super::changed(&shop(), &release(pods, Held::Expression(0))), None);
    let typed = ["tier in (a,b)", "tier notin (a)", "tier", "!tier"];
    let told = typed.map(|typed| words::expression(&requirement(typed).unwrap().item().unwrap()));
    assert_eq!(told, typed, "what is shown can be typed");
}
