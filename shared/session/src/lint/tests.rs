//! What is found in texts that people write, and what they become when the offered change is taken.

use expect_test::{Expect, expect};
use protocol::v1::{Finding, Fix};

use super::findings;

/// The byte of a line and a column (the texts here are ASCII).
fn offset(text: &str, line: u32, column: u32) -> usize {
    let before: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
    before + column as usize - 1
}

fn mend(text: &str, fix: &Fix) -> String {
    let start = offset(text, fix.span.line, fix.span.column);
    let end = offset(text, fix.span.end_line, fix.span.end_column);
    let part = |range| text.get::<std::ops::Range<usize>>(range).unwrap_or_default();
    [part(0..start), &fix.text, part(end..text.len())].concat()
}

fn tell(finding: &Finding) -> String {
    let args: Vec<&str> = finding.phrase.args.values().map(String::as_str).collect();
    let button = finding.fix.as_ref().map(|fix| format!(" [{}]", fix.phrase.code));
    format!(
        "{}:{} {} {}{}\n",
        finding.span.line,
        finding.span.column,
        finding.phrase.code,
        args.join(" | "),
        button.unwrap_or_default()
    )
}

/// Holds the findings of a text and, where one has a change, the text after the first change.
fn check(text: &str, told: &Expect, mended: &Expect) {
    let found = findings(text, &[]);
    told.assert_eq(&found.iter().map(tell).collect::<String>());
    let fix = found.iter().find_map(|one| one.fix.as_ref());
    mended.assert_eq(&fix.map_or_else(String::new, |fix| mend(text, fix)));
}

#[test]
fn requests_beside_resources_are_moved_into_them() {
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: web\n    image: nginx\n    requests:\n      cpu: 1\n    limits:\n      cpu: 2\n    tty: true\n",
        &expect![[r"
            10:5 finding-unknown-field spec.containers[0].limits [finding-fix-move]
            8:5 finding-unknown-field spec.containers[0].requests [finding-fix-move]
        "]],
        &expect![[r"
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec:
              containers:
              - name: web
                image: nginx
                resources:
                  requests:
                    cpu: 1
                  limits:
                    cpu: 2
                tty: true
        "]],
    );
}

#[test]
fn a_misspelled_field_gets_its_right_name() {
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replica: 2\n",
        &expect![[r"
            5:3 finding-unknown-field spec.replica [finding-fix-rename]
        "]],
        &expect![[r"
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: a}
            spec:
              replicas: 2
        "]],
    );
}

#[test]
fn words_that_yaml_takes_for_booleans_get_quotes() {
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: web\n    env:\n    - {name: A, value: x}\n    - name: COUNTRY\n      value: no\n",
        &expect![[r"
            10:14 finding-boolean-word no [finding-fix-replace]
        "]],
        &expect![[r#"
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec:
              containers:
              - name: web
                env:
                - {name: A, value: x}
                - name: COUNTRY
                  value: "no"
        "#]],
    );
    check(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  one: x\n  port: 8080\n",
        &expect![[r"
            7:9 finding-number-for-text 8080 [finding-fix-replace]
        "]],
        &expect![[r#"
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
            data:
              one: x
              port: "8080"
        "#]],
    );
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  replicas: \"2\"\n",
        &expect![[r"
            5:13 finding-type json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32 [finding-fix-replace]
        "]],
        &expect![[r"
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: a}
            spec:
              replicas: 2
        "]],
    );
}

#[test]
fn a_mode_in_decimal_is_suspicious() {
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  volumes:\n  - name: a\n    secret: {secretName: b, defaultMode: 0400}\n  - name: c\n    configMap:\n      name: c\n      defaultMode: 644\n",
        &expect![[r"
            11:20 finding-decimal-mode 01204 | 644 [finding-fix-replace]
        "]],
        &expect![[r"
            apiVersion: v1
            kind: Pod
            metadata: {name: a}
            spec:
              volumes:
              - name: a
                secret: {secretName: b, defaultMode: 0400}
              - name: c
                configMap:
                  name: c
                  defaultMode: 0644
        "]],
    );
}

#[test]
fn a_tab_becomes_spaces_and_a_missing_separator_is_put_in() {
    check(
        "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n",
        &expect![[r"
        4:1 finding-tab  [finding-fix-tab]
    "]],
        &expect![[r"
        apiVersion: v1
        kind: Pod
        metadata:
          name: a
    "]],
    );
    check(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n",
        &expect![[r"
            4:1 finding-separator  [finding-fix-separator]
        "]],
        &expect![[r"
            apiVersion: v1
            kind: Namespace
            metadata: {name: a}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: b}
        "]],
    );
}

#[test]
fn a_kind_of_another_version_and_a_misspelled_one_are_known() {
    check(
        "apiVersion: batch/v1beta1\nkind: CronJob\n",
        &expect![[r"
        1:1 finding-other-version CronJob | batch/v1 | batch/v1beta1 [finding-fix-replace]
    "]],
        &expect![[r"
        apiVersion: batch/v1
        kind: CronJob
    "]],
    );
    check(
        "apiVersion: apps/v1\nkind: Deploymnet\n",
        &expect![[r"
        2:1 finding-unknown-kind Deploymnet | apps/v1 [finding-fix-replace]
    "]],
        &expect![[r"
        apiVersion: apps/v1
        kind: Deployment
    "]],
    );
    check(
        "apiVersion: tmax.io/v1\nkind: NamespaceClaim\n",
        &expect![[r"
        2:1 finding-unknown-kind NamespaceClaim | tmax.io/v1
    "]],
        &expect![],
    );
}

#[test]
fn selectors_labels_and_ports_must_fit_together() {
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        app: shop\n    spec: {containers: [{name: a, image: b, ports: [{name: http, containerPort: 80}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: shop}\n  ports:\n  - port: 80\n    targetPort: htp\n",
        &expect![[r"
            7:7 finding-selector app=web [finding-fix-template]
            21:17 finding-no-port htp [finding-fix-replace]
        "]],
        &expect![[r"
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              selector:
                matchLabels:
                  app: web
              template:
                metadata:
                  labels:
                    app: web
                spec: {containers: [{name: a, image: b, ports: [{name: http, containerPort: 80}]}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              selector: {app: shop}
              ports:
              - port: 80
                targetPort: htp
        "]],
    );
    check(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec: {containers: [{name: a, image: b}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: shop}\n  ports: [{port: 80}]\n",
        &expect![[r"
            10:3 finding-selects-nothing 
        "]],
        &expect![],
    );
}

#[test]
fn a_good_text_has_no_findings() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\nspec:\n  containers:\n  - name: a\n    image: b\n    ports: [{name: http, containerPort: 80}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80, targetPort: http}]\n";
    assert_eq!(findings(text, &[]), []);
}
