//! The tools of authors as programs: what they print, and with which exit code.

#![expect(clippy::non_ascii_literal, reason = "notebooks are Korean first")]
#![expect(clippy::needless_raw_string_hashes, reason = "expected texts are written by the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use expect_test::{expect, expect_file};

fn podium(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podium"));
    command.args(arguments).env("COLUMNS", "100").env_remove("PODIUM_LOG");
    command.current_dir(root());
    command
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Exit code, standard output and standard error, as a text.
fn run(arguments: &[&str]) -> String {
    let output = podium(arguments).output().expect("podium");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&scratch(), "SCRATCH");
    let code = output.status.code().expect("an exit code");
    format!("exit {code}\n{}{}", text(&output.stdout), text(&output.stderr))
}

fn scratch() -> String {
    format!("{}/authors-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id())
}

/// A course of these files, in a folder of its own.
fn course(name: &str, files: &[(&str, &str)]) -> String {
    let folder = PathBuf::from(scratch()).join(name);
    for (path, text) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
    }
    folder.display().to_string()
}

const TRACK: (&str, &str) = ("t/track.yaml", "title: {ko: t, en: t}\nsummary: {ko: t, en: t}\n");

const SCENARIO: &str = "\
section: 1
title: {ko: t, en: t}
goal: {ko: t, en: t}
status: ready
minutes: 5
prerequisites: [t/00-before]
variables:
  - {name: dev, default: dev, title: {ko: t, en: t}}
  - {name: op, default: op, title: {ko: t, en: t}}
personas:
  - {id: admin, title: {ko: t, en: t}}
  - {id: kim, title: {ko: t, en: t}, user: kim}
setup: [setup/pod.yaml]
steps:
  - id: first
    cells: [early, act, look, late, slide]
cells:
  - id: early
    type: check
    title: {ko: t, en: t}
    checks:
      - id: web
        check: assert
        object: {apiVersion: v1, kind: Pod, metadata: {name: web, namespace: '${dev}'}, status: {phase: Running}}
  - id: act
    type: action
    title: {ko: t, en: t}
    run:
      - kubectl label pdo web -n ${dev} a=b
      - kubectl get pods -n ${dev} --shwo-labels
    hints:
      - {id: unseen, text: {ko: t, en: t}}
  - id: look
    type: console
    title: {ko: Look at the pods of dev, en: Look at the pods of dev}
    suggest: [kubectl get pods]
  - id: late
    type: check
    title: {ko: t, en: t}
    checks:
      - id: elsewhere
        check: assert
        object: {apiVersion: v1, kind: Deployment, metadata: {name: shop, namespace: '${dev}'}}
      - id: blocked
        check: connects
        connections:
          - {from: '${dev}/web', to: '${dev}/web', port: 80, allowed: false}
      - id: anything
        check: prints
        persona: kim
        line: kubectl top pods
        pattern: '.*'
  - {id: slide, type: load, title: {ko: t, en: t}, file: setup/pod.yaml, namespace: '${dev}', name: load, each: 1, most: 2, solution: 1}
";

const PROSE: &str = "Text.\n\n## Title {#first}\n\n```{cell} early\n```\n\n```{cell} act\n```\n\n\
    ```{cell} look\n```\n\n```{cell} late\n```\n\n```{cell} slide\n```\n";

#[test]
fn every_rule_of_lint_finds_what_breaks_it() {
    let korean = PROSE.replace("Text.", "글, 컨피그 맵.").replace("Title", "\u{C81C}\u{BAA9}");
    let english = PROSE.replace("Text.", "Text.\n\n\u{AE00} only here.");
    let folder = course(
        "rules",
        &[
            TRACK,
            ("t/01-wrong/scenario.yaml", SCENARIO),
            ("t/01-wrong/ko.md", &korean),
            ("t/01-wrong/en.md", &english),
            ("t/01-wrong/setup/pod.yaml", "apiVersion: v1\nkind: Pdo\nmetadata: {name: web}\n"),
        ],
    );
    expect![[r#"
        exit 1
        SCRATCH/rules/t/01-wrong/en.md:1: block 2 of `introduction` is a paragraph in English and nothing in Korean; say the same in both languages, block by block
        SCRATCH/rules/t/01-wrong/en.md:3: a Korean text in the English prose; translate it
        SCRATCH/rules/t/01-wrong/en.md:18: it does not say what would be different on another cluster; end with `### What would be different on your cluster?` and a list below it
        SCRATCH/rules/t/01-wrong/ko.md:1: `컨피그 맵` is not the word of the Korean documentation of Kubernetes; write `컨피그맵`
        SCRATCH/rules/t/01-wrong/ko.md:16: it does not say what would be different on another cluster; end with `### 여러분의 클러스터에서는 무엇이 다를까요?` and a list below it
        SCRATCH/rules/t/01-wrong/scenario.yaml:6: there is no scenario `t/00-before` that could be done before; name a folder as <track>/<folder>, see `podium scenarios`
        SCRATCH/rules/t/01-wrong/scenario.yaml:9: nothing uses the variable `op`; write ${op} where it is meant, or remove it
        SCRATCH/rules/t/01-wrong/scenario.yaml:17: the learner is asked 0 questions, not 3 or more; add cells of type quiz or observe
        SCRATCH/rules/t/01-wrong/scenario.yaml:17: the learner predicts nothing; add a cell of type observe: a question, and the lines that show the truth
        SCRATCH/rules/t/01-wrong/scenario.yaml:17: the presenter is told nothing; add a cell of type note
        SCRATCH/rules/t/01-wrong/scenario.yaml:22: the check `web` is out of reach: nothing is done in the step `first` before it; place it behind the cell that makes it hold, or say holdsBefore: true
        SCRATCH/rules/t/01-wrong/scenario.yaml:22: the check needs `pods`, which `requires` does not say: Pod web has `status.phase`; add `requires: [pods]` to the check, or `pods` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:22: the condition `web` has no words of its own; add a `title` that says what must hold, in both languages
        SCRATCH/rules/t/01-wrong/scenario.yaml:29: no server has a resource `pdo`; did you mean `pod`?
        SCRATCH/rules/t/01-wrong/scenario.yaml:30: unknown flag: --shwo-labels; write a line that kubectl understands
        SCRATCH/rules/t/01-wrong/scenario.yaml:31: the hints of `act` are never shown: it has no checks; move them to the check cell that fails
        SCRATCH/rules/t/01-wrong/scenario.yaml:35: the Korean text is the English one; translate it
        SCRATCH/rules/t/01-wrong/scenario.yaml:41: the check is out of reach: nothing makes Deployment `shop`; name an object of a manifest or of a command line of this scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:41: the condition `elsewhere` has no words of its own; add a `title` that says what must hold, in both languages
        SCRATCH/rules/t/01-wrong/scenario.yaml:43: no server serves the kind `Deployment` of `v1`; the kind `Deployment` is in `apps/v1`
        SCRATCH/rules/t/01-wrong/scenario.yaml:44: the check needs `exec`, which `requires` does not say: a real cluster is asked by a command in a pod; add `requires: [exec]` to the check, or `exec` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:44: the check needs `network-policy-enforced`, which `requires` does not say: a connection must be blocked; add `requires: [network-policy-enforced]` to the check, or `network-policy-enforced` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:44: the check needs `pods`, which `requires` does not say: connections are made by pods; add `requires: [pods]` to the check, or `pods` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:44: the condition `blocked` has no words of its own; add a `title` that says what must hold, in both languages
        SCRATCH/rules/t/01-wrong/scenario.yaml:48: the check needs `impersonation`, which `requires` does not say: it asks as somebody else; add `requires: [impersonation]` to the check, or `impersonation` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:48: the check needs `metrics-api`, which `requires` does not say: it asks for usage; add `requires: [metrics-api]` to the check, or `metrics-api` to that of the scenario
        SCRATCH/rules/t/01-wrong/scenario.yaml:48: the condition `anything` has no words of its own; add a `title` that says what must hold, in both languages
        SCRATCH/rules/t/01-wrong/scenario.yaml:52: the pattern `.*` fits everything, so the check cannot fail; write what must be there, with ^ and $ where it is all
        SCRATCH/rules/t/01-wrong/scenario.yaml:53: the slider moves nothing: setup/pod.yaml has no Deployment `load`; name a manifest that makes it, or the Deployment of this one
        SCRATCH/rules/t/01-wrong/setup/pod.yaml:2: no server serves the kind `Pdo` of `v1`; did you mean `Pod`?
        podium: 30 findings in 4 files; see the lines above
    "#]]
    .assert_eq(&run(&["lint", "--scenarios", &folder]));
}

/// A folder made by `podium new`, with one text in one of its files replaced.
fn made(name: &str, file: &str, old: &str, new: &str) -> String {
    let folder = format!("{}/{name}", scratch());
    let said = run(&["new", "t/01-made", "--scenarios", &folder]);
    assert!(said.starts_with("exit 0\n"), "{said}");
    let path = PathBuf::from(&folder).join("t/01-made").join(file);
    let text = std::fs::read_to_string(&path).expect("a file");
    assert!(text.contains(old), "{file} has no `{old}`");
    std::fs::write(&path, text.replace(old, new)).expect("written");
    folder
}

/// A slip of an author: the file, what stands in it, and what is written instead.
type Slip = (&'static str, &'static str, &'static str);

/// Twenty slips, each in a notebook of its own.
const SLIPS: [Slip; 20] = [
    // The structure: spelling, types, ids.
    ("scenario.yaml", "minutes: 5", "minuts: 5"),
    ("scenario.yaml", "minutes: 5", "minutes: five"),
    ("scenario.yaml", "cells: [present, greeting,", "cells: [present, greting,"),
    ("scenario.yaml", "    file: cells/greeting.yaml", "    file: cells/greetings.yaml"),
    ("scenario.yaml", "  - id: look\n", "  - id: greeting\n"),
    (
        "scenario.yaml",
        "check: assert\n        object:\n          apiVersion: v1\n          kind: ConfigMap",
        "check: asert\n        object:\n          apiVersion: v1\n          kind: ConfigMap",
    ),
    ("scenario.yaml", "\n  - id: how-large", "\n   - id: how-large"),
    // Two languages.
    (
        "scenario.yaml",
        "title: {ko: 무엇이 만들어졌나요, en: What was made}",
        "title: {ko: 무엇이 만들어졌나요}",
    ),
    ("scenario.yaml", "ko: 무엇이 만들어졌나요", "ko: What was made"),
    ("ko.md", "빈칸을 채워 적용하세요.", "Fill the gap and apply."),
    ("en.md", "Fill the gap and apply.\n\n", ""),
    ("en.md", "```{cell} look\n", "```{cell} lok\n"),
    // Links.
    ("en.md", "Fill the gap", "[Fill](#grete) the gap"),
    ("ko.md", "빈칸을", "[빈칸](cells/greeting.yaml)을"),
    // Kinds and what serves them.
    ("cells/greeting-solved.yaml", "kind: ConfigMap", "kind: Configmap"),
    ("setup/namespace.yaml", "apiVersion: v1", "apiVersion: apps/v1"),
    (
        "scenario.yaml",
        "      - kubectl get configmap greeting -n ${dev} -o yaml",
        "      - kubectl get confgmap greeting -n ${dev} -o yaml",
    ),
    // Checks that are out of reach, cannot fail, or need more than is said.
    (
        "scenario.yaml",
        "metadata: {name: greeting, namespace: '${dev}'}\n          data: {hello: world}",
        "metadata: {name: greting, namespace: '${dev}'}\n          data: {hello: world}",
    ),
    ("scenario.yaml", "pattern: '^configmap/greeting$'", "pattern: '.*'"),
    (
        "scenario.yaml",
        "line: kubectl get configmaps greeting -n ${dev} -o name",
        "line: kubectl top pods -n ${dev}",
    ),
];

#[test]
fn each_of_twenty_slips_is_told_with_file_line_and_remedy() {
    let folder = format!("{}/slips", scratch());
    for (at, (file, old, new)) in SLIPS.iter().enumerate() {
        let name = format!("t/{:02}-slip", at + 1);
        let said = run(&["new", &name, "--scenarios", &folder]);
        assert!(said.starts_with("exit 0\n"), "{said}");
        let path = PathBuf::from(&folder).join(&name).join(file);
        let text = std::fs::read_to_string(&path).expect("a file");
        assert!(text.contains(old), "{file} has no `{old}`");
        std::fs::write(&path, text.replacen(old, new, 1)).expect("written");
    }
    let told = run(&["lint", "--scenarios", &folder]);
    for at in 1..=SLIPS.len() {
        assert!(told.contains(&format!("/t/{at:02}-slip/")), "slip {at} is not told:\n{told}");
    }
    expect![[r#"
        exit 1
        SCRATCH/slips/t/01-slip/scenario.yaml:2: the scenario has no `minutes`; expected the field `minutes`
        SCRATCH/slips/t/01-slip/scenario.yaml:10: the scenario has an unknown field `minuts`; expected one of `cells`, `cluster`, `goal`, `lessonRequires`, `minutes`, `personas`, `prerequisites`, `requires`, `section`, `setupChecks`, `setup`, `status`, `steps`, `title`, `variables`
        SCRATCH/slips/t/02-slip/scenario.yaml:10: `minutes` is a text; expected a number
        SCRATCH/slips/t/03-slip/en.md:3: the cell `greting` of the step `greet` is not placed; expected a ```{cell} greting fence
        SCRATCH/slips/t/03-slip/en.md:10: the cell `greeting` is not in the step `greet`; expected one of present, greting, look, greeted, follows, why-a-map, how-large
        SCRATCH/slips/t/03-slip/ko.md:3: the cell `greting` of the step `greet` is not placed; expected a ```{cell} greting fence
        SCRATCH/slips/t/03-slip/ko.md:10: the cell `greeting` is not in the step `greet`; expected one of present, greting, look, greeted, follows, why-a-map, how-large
        SCRATCH/slips/t/03-slip/scenario.yaml:31: the step places a cell `greting` that is not there; expected the id of a cell of `cells`
        SCRATCH/slips/t/03-slip/scenario.yaml:40: the cell `greeting` is in no step; expected its id in `cells` of one step
        SCRATCH/slips/t/04-slip/cells/greeting.yaml:1: nothing names this file; expected its path in scenario.yaml
        SCRATCH/slips/t/04-slip/scenario.yaml:43: the file `cells/greetings.yaml` is missing; expected a path relative to the folder
        SCRATCH/slips/t/05-slip/scenario.yaml:31: the step places a cell `look` that is not there; expected the id of a cell of `cells`
        SCRATCH/slips/t/05-slip/scenario.yaml:46: the cell `greeting` is there twice; expected a new id
        SCRATCH/slips/t/06-slip/scenario.yaml:65: there is no check `asert`; expected `assert`, `absent`, `can`, `connects`, `rejects`, `event`, `logs`, `output` or `prints`
        SCRATCH/slips/t/07-slip/scenario.yaml:130: error: line 130 column 4: while parsing a block collection, did not find expected '-' indicator; expected well-formed YAML
        SCRATCH/slips/t/08-slip/scenario.yaml:31: the step places a cell `look` that is not there; expected the id of a cell of `cells`
        SCRATCH/slips/t/08-slip/scenario.yaml:48: title has no `en`; expected the field `en`
        SCRATCH/slips/t/09-slip/scenario.yaml:48: the Korean text is the English one; translate it
        SCRATCH/slips/t/10-slip/ko.md:8: a text without a Korean word in the Korean prose; translate it
        SCRATCH/slips/t/11-slip/en.md:3: block 2 of `greet` is the cell `greeting` in English and a paragraph in Korean; say the same in both languages, block by block
        SCRATCH/slips/t/12-slip/en.md:3: the cell `look` of the step `greet` is not placed; expected a ```{cell} look fence
        SCRATCH/slips/t/12-slip/en.md:13: the cell `lok` is not in the step `greet`; expected one of present, greeting, look, greeted, follows, why-a-map, how-large
        SCRATCH/slips/t/13-slip/en.md:8: a link to `#grete`; expected an http(s) address, or `#` and the id of a step
        SCRATCH/slips/t/14-slip/ko.md:8: a link to `cells/greeting.yaml`; expected an http(s) address, or `#` and the id of a step
        SCRATCH/slips/t/15-slip/cells/greeting-solved.yaml:2: no server serves the kind `Configmap` of `v1`; did you mean `ConfigMap`?
        SCRATCH/slips/t/16-slip/setup/namespace.yaml:2: no server serves the kind `Namespace` of `apps/v1`; the kind `Namespace` is in `v1`
        SCRATCH/slips/t/17-slip/scenario.yaml:50: no server has a resource `confgmap`; did you mean `configmap`?
        SCRATCH/slips/t/18-slip/scenario.yaml:63: the check is out of reach: nothing makes ConfigMap `greting`; name an object of a manifest or of a command line of this scenario
        SCRATCH/slips/t/19-slip/scenario.yaml:62: the pattern `.*` fits everything, so the check cannot fail; write what must be there, with ^ and $ where it is all
        SCRATCH/slips/t/20-slip/scenario.yaml:58: the check needs `metrics-api`, which `requires` does not say: it asks for usage; add `requires: [metrics-api]` to the check, or `metrics-api` to that of the scenario
        podium: 30 findings in 23 files; see the lines above
    "#]].assert_eq(&told);
}

/// A notebook that is right as far as it goes.
const BARE: &str = "\
section: 1
title: {ko: t, en: t}
goal: {ko: t, en: t}
status: ready
minutes: 0
variables:
  - {name: dev, default: dev, title: {ko: t, en: t}}
personas:
  - {id: admin, title: {ko: t, en: t}}
steps:
  - id: first
    cells: [gap, judged, unjudged]
cells:
  - id: gap
    type: manifest
    title: {ko: t, en: t}
    file: cells/given.yaml
    solution: cells/solved.yaml
  - id: judged
    type: check
    title: {ko: t, en: t}
    checks:
      - id: there
        check: assert
        object: {apiVersion: v1, kind: ConfigMap, metadata: {name: made, namespace: '${dev}'}, data: {a: b}}
    hints:
      - {id: always, text: {ko: t, en: t}}
  - id: unjudged
    type: manifest
    title: {ko: t, en: t}
    file: cells/given.yaml
    solution: cells/solved.yaml
    alternatives: [cells/lines.txt]
";

#[test]
fn a_notebook_that_lacks_a_part_is_told_which() {
    let prose = "Text.\n\n## Title {#first}\n\n```{cell} gap\n```\n\n```{cell} judged\n```\n\n\
        ```{cell} unjudged\n```\n\n### What would be different on your cluster?\n\nNothing.\n";
    let korean = prose.replace("Text.", "\u{AE00}.").replace("Nothing.", "\u{AE00}.");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, namespace: dev}\n";
    let folder = course(
        "parts",
        &[
            TRACK,
            ("t/01-bare/scenario.yaml", BARE),
            ("t/01-bare/ko.md", &korean),
            ("t/01-bare/en.md", prose),
            ("t/01-bare/cells/given.yaml", map),
            ("t/01-bare/cells/solved.yaml", &format!("{map}data: {{a: b}}\n")),
            ("t/01-bare/cells/lines.txt", "kubectl get pods\n"),
        ],
    );
    expect![[r#"
        exit 1
        SCRATCH/parts/t/01-bare/en.md:16: it does not say what would be different on another cluster; end with `### What would be different on your cluster?` and a list below it
        SCRATCH/parts/t/01-bare/ko.md:14: a text without a Korean word in the Korean prose; translate it
        SCRATCH/parts/t/01-bare/ko.md:16: it does not say what would be different on another cluster; end with `### 여러분의 클러스터에서는 무엇이 다를까요?` and a list below it
        SCRATCH/parts/t/01-bare/scenario.yaml:5: it does not say what should be done before; add `prerequisites:` with scenarios as <track>/<folder>, or `[]` for none
        SCRATCH/parts/t/01-bare/scenario.yaml:5: it takes no time; say how many minutes a learner needs
        SCRATCH/parts/t/01-bare/scenario.yaml:13: the learner is asked 0 questions, not 3 or more; add cells of type quiz or observe
        SCRATCH/parts/t/01-bare/scenario.yaml:13: the learner predicts nothing; add a cell of type observe: a question, and the lines that show the truth
        SCRATCH/parts/t/01-bare/scenario.yaml:13: the presenter is told nothing; add a cell of type note
        SCRATCH/parts/t/01-bare/scenario.yaml:14: `gap` is accepted in one way only; write something else that solves it, and name its file in `alternatives`
        SCRATCH/parts/t/01-bare/scenario.yaml:19: `judged` has one condition for all that can be wrong; add a check for each thing that can be wrong, with a title of its own
        SCRATCH/parts/t/01-bare/scenario.yaml:19: no hint of `judged` depends on what is wrong; add `hints`, with the condition in `when` that recognises a mistake
        SCRATCH/parts/t/01-bare/scenario.yaml:19: nobody explains the solution of `gap`; add `explanation` to `judged`: it is shown once everything holds
        SCRATCH/parts/t/01-bare/scenario.yaml:23: the condition `there` has no words of its own; add a `title` that says what must hold, in both languages
        SCRATCH/parts/t/01-bare/scenario.yaml:28: nothing checks `unjudged`; add a cell of type check behind it in its step
        podium: 14 findings in 3 files; see the lines above
    "#]].assert_eq(&run(&["lint", "--scenarios", &folder]));
}

#[test]
fn a_new_folder_is_sound_at_once_and_its_check_refuses_wrong_states() {
    let folder = format!("{}/new", scratch());
    let mut table = String::new();
    for name in ["alone", "Track/01-x", "t/1-x", "t/01-X", "t/01-", "t/07-made", "t/07-made"] {
        table += &run(&["new", name, "--scenarios", &folder]);
    }
    expect![[r#"
        exit 2
        podium: `alone` names no track; write TRACK/NN-name in small letters, for example `my-course/01-pods`
        exit 2
        podium: `Track` is no name of a track; write TRACK/NN-name in small letters, for example `my-course/01-pods`
        exit 2
        podium: `1-x` is no name of a scenario: it is not two digits, a dash and a word; write TRACK/NN-name in small letters, for example `my-course/01-pods`
        exit 2
        podium: `01-X` is no name of a scenario: it is not two digits, a dash and a word; write TRACK/NN-name in small letters, for example `my-course/01-pods`
        exit 2
        podium: `01-` is no name of a scenario: it is not two digits, a dash and a word; write TRACK/NN-name in small letters, for example `my-course/01-pods`
        exit 0
        SCRATCH/new/t/track.yaml
        SCRATCH/new/scenario.schema.json
        SCRATCH/new/t/07-made/scenario.yaml
        SCRATCH/new/t/07-made/ko.md
        SCRATCH/new/t/07-made/en.md
        SCRATCH/new/t/07-made/setup/namespace.yaml
        SCRATCH/new/t/07-made/cells/greeting.yaml
        SCRATCH/new/t/07-made/cells/greeting-solved.yaml
        SCRATCH/new/t/07-made/cells/greeting-by-command.txt

        Next: podium check t/07-made, podium lint t/07-made, podium mutate t/07-made, podium preview t/07-made
        exit 2
        podium: SCRATCH/new/t/07-made is there already; choose another name, or remove the folder first
    "#]].assert_eq(&table);
    let mut table = String::new();
    for command in ["lint", "check", "mutate", "scenarios"] {
        table += &run(&[command, "--scenarios", &folder]);
    }
    expect![[r#"
        exit 0
        ok   t/07-made
        exit 0
        ok   t/07-made greet/greeted/there with cells/greeting-by-command.txt: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        ok   t/07-made greet/greeted/hello with cells/greeting-by-command.txt: ConfigMap dev/greeting exists and is as described | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting is as described
        ok   t/07-made greet/greeted/there: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        ok   t/07-made greet/greeted/hello: ConfigMap dev/greeting exists and is as described | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting is as described
        exit 0
        ok   t/07-made greet/greeted: 7 of 7 wrong states fail (0 the same, 0 beside the point)
        exit 0
        t/07-made                            ready      5 min  Notebook made
    "#]].assert_eq(&table);
}

#[test]
fn a_loose_check_lets_wrong_states_pass_which_are_told_with_file_and_line() {
    let folder = made("loose", "scenario.yaml", "          data: {hello: world}\n", "");
    let mut told = run(&["mutate", "--scenarios", &folder]);
    assert_eq!(told, run(&["mutate", "--scenarios", &folder]), "it is not the same twice");
    told += &run(&["mutate", "t/02-nothing", "--scenarios", &folder]);
    expect![[r#"
        exit 1
        WEAK t/01-made greet/greeted: 3 of 7 wrong states fail (0 the same, 0 beside the point)
             SCRATCH/loose/t/01-made/cells/greeting-solved.yaml:6: ConfigMap greeting: data is removed, and all checks hold: the solution differs from the given text in this field; assert this field, or what it does
             SCRATCH/loose/t/01-made/cells/greeting-solved.yaml:7: ConfigMap greeting: data.hello is removed, and all checks hold: the solution differs from the given text in this field; assert this field, or what it does
             SCRATCH/loose/t/01-made/cells/greeting-solved.yaml:7: ConfigMap greeting: data.hello is "world-x", and all checks hold: the solution differs from the given text in this field; assert this field, or what it does
             SCRATCH/loose/t/01-made/cells/greeting.yaml:1: the text is applied as it is given, and all checks hold: the solution differs from the given text in this field; assert this field, or what it does
        podium: 1 of 1 check cells refuse less than 95 % of the wrong states; see the lines above
        exit 2
        podium: there is no scenario `t/02-nothing`; see `podium scenarios`
    "#]].assert_eq(&told);
}

#[test]
fn alternatives_are_proved_like_the_solution() {
    let given = "    alternatives: [cells/greeting-by-command.txt]\n";
    let more =
        "    alternatives: [cells/greeting-by-command.txt, cells/lines.txt, cells/wrong.yaml]\n";
    let folder = made("alternatives", "scenario.yaml", given, more);
    let write = |name: &str, text: &str| {
        let path = PathBuf::from(&folder).join("t/01-made/cells").join(name);
        std::fs::write(path, text).expect("written");
    };
    write(
        "lines.txt",
        "# the same in a line\nkubectl create configmap greeting -n dev --from-literal=hello=world\n",
    );
    write(
        "wrong.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting, namespace: dev}\n",
    );
    expect![[r#"
        exit 1
        ok   t/01-made greet/greeted/there with cells/greeting-by-command.txt: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        ok   t/01-made greet/greeted/hello with cells/greeting-by-command.txt: ConfigMap dev/greeting exists and is as described | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting is as described
        ok   t/01-made greet/greeted/there with cells/lines.txt: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        ok   t/01-made greet/greeted/hello with cells/lines.txt: ConfigMap dev/greeting exists and is as described | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting is as described
        ok   t/01-made greet/greeted/there with cells/wrong.yaml: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        FAILED AFTER t/01-made greet/greeted/hello with cells/wrong.yaml: ConfigMap dev/greeting: data.hello is world | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting: data.hello is not set
        ok   t/01-made greet/greeted/there: `kubectl get configmaps greeting -n dev -o name` prints something like ^configmap/greeting$ | `kubectl get configmaps greeting -n dev -o name` prints: Error from server (NotFound): configmaps "greeting" not found | `kubectl get configmaps greeting -n dev -o name` prints: configmap/greeting
        ok   t/01-made greet/greeted/hello: ConfigMap dev/greeting exists and is as described | ConfigMap dev/greeting does not exist | ConfigMap dev/greeting is as described
        podium: 1 of 8 checks do not hold; see the lines above
    "#]].assert_eq(&run(&["check", "--scenarios", &folder]));
}

#[test]
fn the_course_has_no_findings() {
    let said = run(&["lint"]);
    assert!(said.starts_with("exit 0\nok   hypercloud-4.1/00-environment\n"), "{said}");
    let json = run(&["lint", "hypercloud-4.1/06-batch", "--format", "json"]);
    assert_eq!(json, "exit 0\n[]\n");
}

#[test]
fn the_published_schema_is_that_of_the_reader() {
    let said = run(&["lint", "--schema"]);
    let schema = said.strip_prefix("exit 0\n").expect("a schema");
    expect_file![root().join("manifests/scenarios/scenario.schema.json")].assert_eq(schema);
}

/// A `podium preview` that ends with the test.
struct Preview(Child, String);

impl Preview {
    fn start(folder: &str, dist: &str) -> Self {
        let arguments =
            ["preview", "t/01-made", "--no-open", "--lang", "en", "--listen", "127.0.0.1:0"];
        let mut command = podium(&arguments);
        command.args(["--scenarios", folder, "--dist", dist]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("podium");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("standard output"))
            .read_line(&mut line)
            .expect("a line");
        let address = line.trim().strip_prefix("Podium previews http://").expect("an address");
        let address = address.strip_suffix("/en/t/01-made/").expect("the scenario").to_owned();
        Self(child, address)
    }

    /// Sends a request; what follows its head can be read.
    fn ask(&self, request: &str, body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.1).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nX-Podium-Protocol: v1\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.1,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("sent");
        BufReader::new(stream)
    }

    fn text(&self, request: &str, body: &str) -> String {
        let mut text = String::new();
        self.ask(request, body).read_to_string(&mut text).expect("an answer");
        text
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// The next thing that an event stream says.
fn news(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    while !line.starts_with("data: ") {
        line.clear();
        assert_ne!(stream.read_line(&mut line).expect("a line"), 0, "the stream ended");
    }
    line.trim().trim_start_matches("data: ").to_owned()
}

#[test]
fn the_preview_follows_every_saved_file_and_keeps_what_was_sound() {
    let folder = made("preview", "en.md", "Introduce in", "First in");
    let page = course("dist", &[("index.html", "<html><head></head><body></body></html>")]);
    let preview = Preview::start(&folder, &page);
    let html = preview.text("GET /en/t/01-made/", "");
    assert!(html.contains("src=\"/api/preview/follow.js\""), "{html}");
    let request = r#"{"scenario":"t/01-made","language":"en","executor":"embedded-server"}"#;
    let session = preview.text("POST /api/v1/sessions", request);
    let id = session.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap_or_else(|| unreachable!("{session}"));

    let mut stream = preview.ask("GET /api/preview/events", "");
    let mut told = vec![news(&mut stream)];
    let path = PathBuf::from(&folder).join("t/01-made/en.md");
    let text = std::fs::read_to_string(&path).expect("the prose");
    for (old, new) in [("First in", "Second in"), ("{#greet}", "{#gret}"), ("First in", "Third in")]
    {
        std::fs::write(&path, text.replace(old, new)).expect("written");
        told.push(news(&mut stream));
        let content = preview.text("GET /scenarios/t/01-made/en.json", "");
        let words = ["First in", "Second in", "Third in"];
        told.extend(
            words.iter().filter(|word| content.contains(**word)).map(|word| (*word).to_owned()),
        );
    }
    expect![[r#"
        {"version":0,"wrong":[]}
        {"version":1,"wrong":[]}
        Second in
        {"version":1,"wrong":["t/01-made/en.md:1: the step `greet` has no prose; expected a heading `## Title {#greet}`","t/01-made/en.md:3: the step `gret` is not in scenario.yaml; expected one of `greet`"]}
        Second in
        {"version":2,"wrong":[]}
        Third in"#]].assert_eq(&told.join("\n"));
    let session = preview.text(&format!("GET /api/v1/sessions/{id}"), "");
    assert!(session.contains("200 OK") && session.contains("t/01-made"), "{session}");
}
