//! Wrong scenario folders: what an author is told, with file, line and what was expected.

#![expect(clippy::needless_raw_string_hashes, reason = "expected texts are written by the test")]
#![expect(clippy::unwrap_used, reason = "a folder that cannot be varied is a wrong test")]
#![expect(clippy::non_ascii_literal, reason = "scenarios are Korean first")]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use notebook::read;
use scenarios::Files;

const SCENARIO: &str = "\
section: 3
title: {ko: 제목, en: Title}
goal: {ko: 목표, en: Goal}
status: ready
minutes: 5
variables:
  - name: dev
    default: dev
    title: {ko: 이름, en: Name}
personas:
  - id: admin
    title: {ko: 관리자, en: Administrator}
setup:
  - setup/pods.yaml
steps:
  - id: first
    cells: [policy, open]
cells:
  - id: policy
    type: manifest
    title: {ko: 정책, en: Policy}
    file: cells/policy.yaml
  - id: open
    type: check
    title: {ko: 검사, en: Check}
    checks:
      - id: reach
        check: connects
        within: 10s
        connections:
          - {from: '${dev}/a', to: '${dev}/b', port: 80, allowed: true}
";

const PROSE: &str =
    "Introduction.\n\n## Title {#first}\n\n```{cell} policy\n```\n\n```{cell} open\n```\n";

fn good() -> Files {
    BTreeMap::from(
        [
            ("scenario.yaml", SCENARIO),
            ("ko.md", PROSE),
            ("en.md", PROSE),
            ("setup/pods.yaml", "kind: Pod\n"),
            ("cells/policy.yaml", "kind: NetworkPolicy\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned())),
    )
}

/// The good folder with one text replaced in one file.
fn with(file: &str, old: &str, new: &str) -> Files {
    let mut files = good();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(old), "{file} has no `{old}`");
    *text = text.replace(old, new);
    files
}

fn check(files: &Files, expected: Expect) {
    let found = read::notebook("track", "folder", files, "en").expect_err("the folder is wrong");
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn the_folder_that_the_others_vary_is_right() {
    let notebook = read::notebook("track", "folder", &good(), "en").unwrap();
    assert_eq!(notebook.steps[0].title, "Title");
}

#[test]
fn broken_yaml_is_shown_where_it_breaks() {
    check(
        &with("scenario.yaml", "section: 3\n", "section: 3\n\tx: 1\n"),
        expect![
            "scenario.yaml:1: error: line 1 column 10: while scanning a plain scalar, found a tab; expected well-formed YAML"
        ],
    );
    check(
        &with("scenario.yaml", "en: Title}", "en: Title"),
        expect![
            "scenario.yaml:3: error: line 3 column 5: while parsing a flow mapping, did not find expected ',' or '}'; expected well-formed YAML"
        ],
    );
    check(
        &with("scenario.yaml", "minutes: 5", "minutes: 5\nminutes: 6"),
        expect![
            "scenario.yaml:6: error: line 6 column 1: duplicate mapping key: minutes, set DuplicateKeyPolicy in Options if acceptable; expected well-formed YAML"
        ],
    );
}

#[test]
fn an_unknown_field_is_shown_with_the_known_ones() {
    check(
        &with("scenario.yaml", "minutes: 5", "minuets: 5"),
        expect![[r#"
            scenario.yaml:1: the scenario has no `minutes`; expected the field `minutes`
            scenario.yaml:5: the scenario has an unknown field `minuets`; expected one of `cells`, `cluster`, `goal`, `lessonRequires`, `minutes`, `personas`, `prerequisites`, `requires`, `section`, `setupChecks`, `setup`, `status`, `steps`, `title`, `variables`"#]],
    );
    check(
        &with("scenario.yaml", "within: 10s", "whitin: 10s"),
        expect![
            "scenario.yaml:29: a check has an unknown field `whitin`; expected one of `check`, `connections`, `holdsBefore`, `id`, `requires`, `stableFor`, `title`, `within`"
        ],
    );
    check(
        &with("scenario.yaml", "    file: cells", "    solutoin: x\n    file: cells"),
        expect![
            "scenario.yaml:22: a cell has an unknown field `solutoin`; expected one of `alternatives`, `delete`, `file`, `hints`, `id`, `persona`, `refused`, `solution`, `title`, `type`"
        ],
    );
}

#[test]
fn a_wrong_type_is_shown_with_the_right_one() {
    check(
        &with("scenario.yaml", "minutes: 5", "minutes: five"),
        expect!["scenario.yaml:5: `minutes` is a text; expected a number"],
    );
    check(
        &with("scenario.yaml", "title: {ko: 제목, en: Title}", "title: Title"),
        expect!["scenario.yaml:2: title is a text; expected a map"],
    );
    check(
        &with("scenario.yaml", "status: ready", "status: redy"),
        expect!["scenario.yaml:4: `status` is `redy`; expected `ready` or `planned`"],
    );
    check(
        &with("scenario.yaml", "allowed: true", "allowed: yes please"),
        expect!["scenario.yaml:31: `allowed` is a text; expected true or false"],
    );
    check(
        &with("scenario.yaml", "type: manifest", "type: manifesto"),
        expect![[r#"
            cells/policy.yaml:1: nothing names this file; expected its path in scenario.yaml
            scenario.yaml:17: the step places a cell `policy` that is not there; expected the id of a cell of `cells`
            scenario.yaml:20: there is no cell type `manifesto`; expected `manifest`, `action`, `console`, `check`, `diagram`, `quiz`, `observe`, `load` or `note`"#]],
    );
    check(
        &with("scenario.yaml", "check: connects", "check: conects"),
        expect![
            "scenario.yaml:28: there is no check `conects`; expected `assert`, `absent`, `can`, `connects`, `rejects`, `event`, `logs`, `output` or `prints`"
        ],
    );
}

#[test]
fn a_missing_language_is_shown() {
    check(
        &with("scenario.yaml", "title: {ko: 정책, en: Policy}", "title: {en: Policy}"),
        expect![[r#"
            scenario.yaml:17: the step places a cell `policy` that is not there; expected the id of a cell of `cells`
            scenario.yaml:21: title has no `ko`; expected the field `ko`"#]],
    );
    let mut files = good();
    files.remove("ko.md");
    check(&files, expect!["ko.md:1: the file is missing; expected prose in both languages"]);
}

#[test]
fn a_dead_cell_id_is_shown_where_it_stands() {
    check(
        &with("scenario.yaml", "cells: [policy, open]", "cells: [polcy, open]"),
        expect![[r#"
            en.md:3: the cell `polcy` of the step `first` is not placed; expected a ```{cell} polcy fence
            en.md:5: the cell `policy` is not in the step `first`; expected one of polcy, open
            ko.md:3: the cell `polcy` of the step `first` is not placed; expected a ```{cell} polcy fence
            ko.md:5: the cell `policy` is not in the step `first`; expected one of polcy, open
            scenario.yaml:17: the step places a cell `polcy` that is not there; expected the id of a cell of `cells`
            scenario.yaml:19: the cell `policy` is in no step; expected its id in `cells` of one step"#]],
    );
    check(
        &with("en.md", "{cell} policy", "{cell} polcy"),
        expect![[r#"
        en.md:3: the cell `policy` of the step `first` is not placed; expected a ```{cell} policy fence
        en.md:5: the cell `polcy` is not in the step `first`; expected one of policy, open"#]],
    );
    check(
        &with("scenario.yaml", "cells: [policy, open]", "cells: [policy, policy, open]"),
        expect![
            "scenario.yaml:17: the cell `policy` is placed twice; expected each cell in one step"
        ],
    );
}

#[test]
fn a_cell_that_one_language_lacks_is_shown() {
    check(
        &with("ko.md", "```{cell} open\n```\n", ""),
        expect![
            "ko.md:3: the cell `open` of the step `first` is not placed; expected a ```{cell} open fence"
        ],
    );
}

#[test]
fn another_order_than_in_the_structure_is_shown() {
    let swapped = "## Title {#first}\n\n```{cell} open\n```\n\n```{cell} policy\n```\n";
    let mut files = good();
    files.insert("en.md".to_owned(), swapped.to_owned());
    check(
        &files,
        expect![
            "en.md:3: the cells stand in another order than in scenario.yaml; expected policy, open"
        ],
    );
}

#[test]
fn steps_must_agree() {
    check(
        &with("en.md", "{#first}", "{#frist}"),
        expect![[r#"
        en.md:1: the step `first` has no prose; expected a heading `## Title {#first}`
        en.md:3: the step `frist` is not in scenario.yaml; expected one of `first`"#]],
    );
    check(
        &with("en.md", " {#first}", ""),
        expect![[r#"
        en.md:1: the step `first` has no prose; expected a heading `## Title {#first}`
        en.md:3: a heading of level 2 without an id; expected `## Title {#step-id}`"#]],
    );
    check(
        &with("scenario.yaml", "status: ready", "status: planned"),
        expect![
            "scenario.yaml:1: the steps do not fit the status; expected steps in a ready scenario, and none in a planned one"
        ],
    );
}

#[test]
fn files_must_be_there_and_be_used() {
    check(
        &with("scenario.yaml", "cells/policy.yaml", "cells/polcy.yaml"),
        expect![[r#"
        cells/policy.yaml:1: nothing names this file; expected its path in scenario.yaml
        scenario.yaml:22: the file `cells/polcy.yaml` is missing; expected a path relative to the folder"#]],
    );
    let mut files = good();
    files.remove("scenario.yaml");
    check(
        &files,
        expect!["scenario.yaml:1: the file is missing; expected the structure of the scenario"],
    );
}

#[test]
fn unknown_personas_variables_and_requirements_are_shown() {
    check(
        &with("scenario.yaml", "    file: cells", "    persona: root\n    file: cells"),
        expect!["scenario.yaml:22: there is no persona `root`; expected one of `admin`"],
    );
    check(
        &with("scenario.yaml", "${dev}/a", "${prod}/a"),
        expect![
            "scenario.yaml:31: `${prod}` is not a variable of the scenario; there are `dev`; expected a variable of `variables`"
        ],
    );
    check(
        &with("scenario.yaml", "${dev}/a", "${dev/a"),
        expect![
            "scenario.yaml:31: `${` without `}` in `${dev/a`; expected a variable of `variables`"
        ],
    );
    check(
        &with("scenario.yaml", "setup:\n", "requires: [network]\nsetup:\n"),
        expect![
            "scenario.yaml:13: `requires` is `network`; expected `pods`, `exec`, `network-policy-enforced`, `impersonation`, `cluster-dns`, `two-nodes`, `default-storage`, `metrics-api`, `hypercloud`, `audit-log` or `gpu`"
        ],
    );
}

#[test]
fn checks_that_cannot_be_evaluated_are_shown() {
    check(
        &with("scenario.yaml", "within: 10s", "within: 10 seconds"),
        expect![
            "scenario.yaml:29: `within` is `10 seconds`; expected a number with ms, s, m or h, for example `10s`"
        ],
    );
    check(
        &with("scenario.yaml", "port: 80", "port: 0"),
        expect!["scenario.yaml:31: `port` is no port; expected a number from 1 to 65535"],
    );
    check(
        &with("scenario.yaml", "'${dev}/a'", "a"),
        expect!["scenario.yaml:31: `a` does not name a pod; expected `<namespace>/<pod>`"],
    );
    let no_connections = with(
        "scenario.yaml",
        "        connections:\n          - {from: '${dev}/a', to: '${dev}/b', port: 80, allowed: true}\n",
        "        connections: []\n",
    );
    check(
        &no_connections,
        expect![
            "scenario.yaml:27: the check has no `connections`, so it could not fail; expected one or more `connections`"
        ],
    );
    let old = "        check: connects\n        within: 10s\n        connections:\n          - {from: '${dev}/a', to: '${dev}/b', port: 80, allowed: true}\n";
    let logs = "        check: logs\n        pod: dev/a\n        pattern: 'started ('\n";
    check(
        &with("scenario.yaml", old, logs),
        expect![
            "scenario.yaml:30: `started (` is not a regular expression: found open group without closing ')'; expected a pattern of the regex-lite crate"
        ],
    );
    let prints = "        check: prints\n        line: kubectl delete pod a\n        pattern: a\n";
    check(
        &with("scenario.yaml", old, prints),
        expect![
            "scenario.yaml:29: `kubectl delete pod a` may change something; expected `kubectl` with api-resources, api-versions, auth, describe, events, get, logs, top, version"
        ],
    );
    let object = "        check: assert\n        object:\n          kind: Pod\n          metadata: {name: a}\n          status: {phase: '(=> 1)', message: '(~ [)'}\n";
    check(
        &with("scenario.yaml", old, object),
        expect![[r#"
        scenario.yaml:30: the object has no `apiVersion`; expected `apiVersion`, `kind` and `metadata.name`
        scenario.yaml:32: `(=> 1)` is not an operator; expected one of `(>= n)`, `(> n)`, `(<= n)`, `(< n)`, `(!= x)`, `(~ regex)`, `(exists)`, `(absent)`, `(length n)`
        scenario.yaml:32: `[` is not a regular expression: found unclosed character class; expected a pattern of the regex-lite crate"#]],
    );
}

#[test]
fn prose_that_the_notebook_does_not_show_is_refused() {
    check(
        &with("en.md", "Introduction.", "<script>alert(1)</script>"),
        expect!["en.md:1: raw HTML in the prose; expected Markdown"],
    );
    check(
        &with("en.md", "Introduction.", "Some <b>bold</b> text."),
        expect!["en.md:1: raw HTML in the prose; expected Markdown"],
    );
    check(
        &with("en.md", "Introduction.", "![picture](x.png)"),
        expect!["en.md:1: an image in the prose; expected a diagram cell"],
    );
    check(
        &with("en.md", "Introduction.", "[click](javascript:alert(1))"),
        expect![
            "en.md:1: a link to `javascript:alert(1)`; expected an http(s) address, or `#` and the id of a step"
        ],
    );
    check(
        &with("en.md", "Introduction.", "[there](#second)"),
        expect![
            "en.md:1: a link to `#second`; expected an http(s) address, or `#` and the id of a step"
        ],
    );
    check(
        &with("en.md", "Introduction.", "# Title"),
        expect!["en.md:1: a heading of this level here; expected levels 3 to 6 within a step"],
    );
}
