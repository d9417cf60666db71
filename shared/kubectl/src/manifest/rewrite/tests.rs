//! Texts before and after another value is written into them.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::rewrite;
use crate::manifest::read;

const POLICY: &str = "\
# What the shop may do.
kind: NetworkPolicy   # of the cluster
metadata: {name: api, labels: {a: b}}
spec:
  podSelector: {}  # everybody
  ingress:
    # From the shop.
    - from:
        - podSelector:
            matchLabels: {app: \"shop\"}
        - namespaceSelector: # by label
            matchLabels:
              ns: op
      ports:
        - {protocol: TCP, port: 80}   # web
  policyTypes: [Ingress]
";

fn change(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut wanted = read(text).unwrap()[0].value.clone();
    change(&mut wanted);
    let after = rewrite(text, 0, &wanted).unwrap();
    assert_eq!(read(&after).unwrap()[0].value, wanted);
    after
}

/// The lines that a change takes away and brings.
fn told(before: &str, after: &str) -> String {
    let diff = similar::TextDiff::from_lines(before, after);
    let mut told = String::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Delete => "-",
            similar::ChangeTag::Insert => "+",
            similar::ChangeTag::Equal => continue,
        };
        told.push_str(sign);
        told.push_str(change.value());
    }
    told
}

fn check(changed: impl FnOnce(&mut Value), expected: &Expect) {
    let after = change(POLICY, changed);
    expected.assert_eq(&told(POLICY, &after));
}

#[test]
fn a_new_field_stands_at_the_end_of_its_block() {
    check(
        |policy| policy["spec"]["egress"] = json!([{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]),
        &expect![[r"
            +  egress:
            +    - to:
            +        - ipBlock:
            +            cidr: 10.0.0.0/8
        "]],
    );
}

#[test]
fn an_empty_value_becomes_a_block_and_keeps_its_comment() {
    check(
        |policy| policy["spec"]["podSelector"] = json!({"matchLabels": {"app": "api", "no": "1"}}),
        &expect![[r#"
            -  podSelector: {}  # everybody
            +  podSelector:  # everybody
            +    matchLabels:
            +      app: api
            +      "no": "1"
        "#]],
    );
}

#[test]
fn a_block_becomes_empty_and_keeps_its_comment() {
    check(
        |policy| policy["spec"]["ingress"][0]["from"][1]["namespaceSelector"] = json!({}),
        &expect![[r"
            -        - namespaceSelector: # by label
            -            matchLabels:
            -              ns: op
            +        - namespaceSelector: {} # by label
        "]],
    );
    check(
        |policy| policy["spec"]["ingress"] = json!([]),
        &expect![[r#"
        -  ingress:
        -    # From the shop.
        -    - from:
        -        - podSelector:
        -            matchLabels: {app: "shop"}
        -        - namespaceSelector: # by label
        -            matchLabels:
        -              ns: op
        -      ports:
        -        - {protocol: TCP, port: 80}   # web
        +  ingress: []
    "#]],
    );
}

#[test]
fn braces_stay_braces() {
    check(
        |policy| {
            policy["spec"]["policyTypes"] = json!(["Ingress", "Egress"]);
            policy["metadata"]["labels"] = json!({"c": "d, e", "a": "b"});
            let rule = &mut policy["spec"]["ingress"][0];
            rule["ports"][0] = json!({"protocol": "TCP", "port": 80, "endPort": 89});
            rule["from"][0]["podSelector"]["matchLabels"] = json!({"role": "x"});
        },
        &expect![[r#"
            -metadata: {name: api, labels: {a: b}}
            +metadata: {name: api, labels: {a: b, c: "d, e"}}
            -            matchLabels: {app: "shop"}
            +            matchLabels: {role: x}
            -        - {protocol: TCP, port: 80}   # web
            -  policyTypes: [Ingress]
            +        - {protocol: TCP, port: 80, endPort: 89}   # web
            +  policyTypes: [Ingress, Egress]
        "#]],
    );
}

#[test]
fn items_come_and_go() {
    check(
        |policy| {
            let rules = policy["spec"]["ingress"].as_array_mut().unwrap();
            rules.push(json!({"from": [{"podSelector": {}}]}));
        },
        &expect![[r"
            +    - from:
            +        - podSelector: {}
        "]],
    );
    check(
        |policy| {
            let rules = policy["spec"]["ingress"].as_array_mut().unwrap();
            rules.insert(0, json!({"ports": [{"port": "http"}]}));
        },
        &expect![[r"
            +    - ports:
            +        - port: http
        "]],
    );
    check(
        |policy| {
            policy["spec"]["ingress"][0]["from"].as_array_mut().unwrap().remove(0);
        },
        &expect![[r#"
            -        - podSelector:
            -            matchLabels: {app: "shop"}
        "#]],
    );
}

#[test]
fn two_items_become_one() {
    check(
        |policy| {
            let from = policy["spec"]["ingress"][0]["from"].as_array_mut().unwrap();
            let space = from.remove(1);
            from[0]["namespaceSelector"] = space["namespaceSelector"].clone();
        },
        &expect![[r"
            -        - namespaceSelector: # by label
            +          namespaceSelector:
        "]],
    );
}

#[test]
fn fields_go_with_their_lines() {
    check(
        |policy| {
            policy["spec"]["ingress"][0].as_object_mut().unwrap().remove("from");
        },
        &expect![[r#"
            -    - from:
            -        - podSelector:
            -            matchLabels: {app: "shop"}
            -        - namespaceSelector: # by label
            -            matchLabels:
            -              ns: op
            -      ports:
            +    - ports:
        "#]],
    );
    check(
        |policy| {
            policy["spec"]["ingress"][0].as_object_mut().unwrap().remove("ports");
            policy["metadata"]["labels"] = json!({});
        },
        &expect![[r"
            -metadata: {name: api, labels: {a: b}}
            +metadata: {name: api, labels: {}}
            -      ports:
            -        - {protocol: TCP, port: 80}   # web
        "]],
    );
}

#[test]
fn dashes_stand_where_the_author_puts_them() {
    let text = "spec:\n  rules:\n  - from:\n    - a: 1\n  types:\n  - X";
    let after = change(text, |value| {
        value["spec"]["rules"][0]["from"].as_array_mut().unwrap().push(json!({"b": [1]}));
        value["spec"]["types"].as_array_mut().unwrap().push(json!("Y"));
    });
    expect![[r#"
        spec:
          rules:
          - from:
            - a: 1
            - b:
              - 1
          types:
          - X
          - "Y""#]]
    .assert_eq(&after);
}

#[test]
fn other_documents_are_left_alone_and_what_they_share_is_not_changed() {
    let text = "a: 1\n---\nb:\n  c: 2 # two\n---\nd: 3\n";
    let after = rewrite(text, 1, &json!({"b": {"c": 4}})).unwrap();
    assert_eq!(after, "a: 1\n---\nb:\n  c: 4 # two\n---\nd: 3\n");
    let shared = "a: &x {k: 1}\nb: *x\n";
    let after = rewrite(shared, 0, &json!({"a": {"k": 1}, "b": {"k": 2}}));
    assert_eq!(after.as_deref(), Some("a: &x {k: 1}\nb:\n  k: 2\n"));
    assert_eq!(rewrite("a: [1", 0, &json!({})), None);
}
