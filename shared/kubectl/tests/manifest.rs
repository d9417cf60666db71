//! The manifest reader and writer against what kubectl reads and prints.

use expect_test::expect;
use kubectl::manifest::{read, to_yaml};
use serde_json::json;

fn values(text: &str) -> String {
    match read(text) {
        Ok(documents) => documents
            .iter()
            .map(|document| format!("{}: {}\n", document.line, document.value))
            .collect::<Vec<_>>()
            .concat(),
        Err(error) => {
            format!("{}:{} {}\n", error.span.start.line, error.span.start.column, error.message)
        }
    }
}

#[test]
fn scalars_mean_what_they_mean_to_kubectl() {
    let text = "a: yes\nb: 0755\nc: 1e3\nd: 100m\ne: 2026-01-01\nf: 12:30\ng: ~\nh: 'no'\ni: 0x1F\nj: 1_000\nk: 08\nl: -0.5\nm: .5\ny: 1\n1: x\n";
    expect![[r#"
        1: {"1":"x","a":true,"b":493,"c":1000,"d":"100m","e":"2026-01-01","f":"12:30","g":null,"h":"no","i":31,"j":1000,"k":8,"l":-0.5,"m":0.5,"true":1}
    "#]]
    .assert_eq(&values(text));
}

#[test]
fn documents_without_content_are_left_out() {
    expect![[r#"
        3: {"a":1}
        7: {"b":2}
    "#]]
    .assert_eq(&values("# only words\n---\na: 1\n--- # next\n---\n\nb: 2\n"));
}

#[test]
fn anchors_and_merge_keys_work_within_a_document() {
    expect![[r#"
        1: {"a":{"x":1,"y":2},"b":{"x":3,"y":2},"c":"s","d":"s"}
    "#]]
    .assert_eq(&values("a: &a {x: 1, 'y': 2}\nb:\n  <<: *a\n  x: 3\nc: &s s\nd: *s\n"));
}

#[test]
fn errors_say_line_and_column() {
    let mut said = String::new();
    for text in [
        "a: 1\n b: 2\n",
        "a:\n\tb: 1\n",
        "a: [1, 2\nb: 3\n",
        "a: *nothing\n",
        "a: \"open\n",
        "kind: Pod\n---\na: b: c\n",
        "--- oops\n",
        "{a: 1}: b\n",
        "a: 'x' y\n",
    ] {
        said.push_str(&values(text));
    }
    expect![[r"
        2:3 mapping values are not allowed in this context
        2:2 tabs disallowed within this context (block indentation)
        2:2 illegal placement of ':' indicator
        1:4 while parsing node, found unknown anchor
        1:4 unclosed quote
        3:5 mapping values are not allowed in this context
        1:1 invalid Yaml document separator: oops
        1:1 invalid map key: it must be text
        1:8 invalid trailing content after single-quoted scalar
    "]]
    .assert_eq(&said);
}

#[test]
fn bombs_are_refused() {
    let mut laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, before) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e")] {
        let nine = vec![format!("*{before}"); 9].join(",");
        laughs.extend([
            name, ": &", name, " [", &nine, "]
",
        ]);
    }
    let deep = "[".repeat(2000);
    let nested: String =
        (0..200).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect();
    let wide: String = (0..30_000).flat_map(|n| [format!("k{n}"), ": 1\n".to_owned()]).collect();
    let long = format!("a: {}\n", "x".repeat(20_000));
    let large = "# words\n".repeat(100_000);
    let many = "---\na: 1\n".repeat(31);
    let mut said = String::new();
    for text in [&laughs, &deep, &nested, &wide, &long, &large, &many] {
        said.push_str(&values(text));
    }
    expect![[r"
        5:8 document contains excessive aliasing
        1:65 recursion limit exceeded
        65:65 recursion limit exceeded
        10000:8 the document has more than 20000 nodes
        1:1 the line is longer than 10000 characters
        1:1 the text is larger than 512 KiB
        62:1 more than 30 documents
    "]]
    .assert_eq(&said);
}

#[test]
fn every_field_has_its_place() {
    let text = "kind: Pod\nmetadata:\n  labels: {app.kubernetes.io/name: web}\nspec:\n  # \u{d55c}\n  containers:\n  - name: \"\u{d55c}\u{1f600}\" # x\n    image: nginx\n";
    let document = read(text).unwrap().remove(0);
    let mut said = String::new();
    for path in [
        "kind",
        "metadata.labels[app.kubernetes.io/name]",
        "spec.containers[0].image",
        "spec.containers[0].name",
        "spec.containers",
        "spec.containers[0].ports[0].name",
        "status",
    ] {
        let span = document.spans.find_nearest(path);
        let key = document.spans.find_key(path);
        let line = format!(
            "{path}: {}:{}-{}:{} exact {} key {:?}\n",
            span.start.line,
            span.start.column,
            span.end.line,
            span.end.column,
            document.spans.find(path).is_some(),
            key.map(|key| (key.start.line, key.start.column, key.end.column)),
        );
        said.push_str(&line);
    }
    expect![[r"
        kind: 1:7-1:10 exact true key Some((1, 1, 5))
        metadata.labels[app.kubernetes.io/name]: 3:36-3:39 exact true key Some((3, 12, 34))
        spec.containers[0].image: 8:12-8:17 exact true key Some((8, 5, 10))
        spec.containers[0].name: 7:11-7:16 exact true key Some((7, 5, 9))
        spec.containers: 7:5-8:17 exact true key Some((6, 3, 13))
        spec.containers[0].ports[0].name: 7:5-8:17 exact false key None
        status: 1:1-8:17 exact false key None
    "]]
    .assert_eq(&said);
}

#[test]
fn duplicate_keys_are_told_and_the_last_one_wins() {
    let document = read("a: 1\nb: 2\na: 3\n").unwrap().remove(0);
    assert_eq!(document.value, json!({"a": 3, "b": 2}));
    assert_eq!(document.duplicates.len(), 1);
    assert_eq!(document.duplicates[0].span.start.line, 3);
}

#[test]
fn yaml_is_printed_as_by_kubectl() {
    let value = json!({
        "apiVersion": "v1",
        "metadata": {
            "creationTimestamp": "2026-11-23T15:00:00Z",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"a\":1}\n",
                "empty": "",
                "number": "12",
                "yes": "yes",
                "colon": "a: b",
                "hash": "a #b",
                "tab": "a\tb",
                "quote": "it's",
                "leading": " x",
                "time": "12:30:45",
                "star": "*",
                "dash": "- a",
                "minus": "-a",
                "emoji": "\u{1f600}",
                "many": "a\n\n",
                "none": "a\nb",
                "trail": "a \nb",
            },
            "long": "Deployment \"web\" is progressing and here is a very long sentence that goes on beyond eighty columns, and then some: more",
            "plainlong": "The quick brown fox jumps over the lazy dog and keeps on running through the forest until the night",
        },
        "spec": {"list": [], "map": {}, "items": [{"a": 1, "b": [1, [2, 3]]}, "x", null, true, 0.5]},
        "a10": 1, "a2": 2, "A": 3, "_": 4
    });
    expect![[r#"
        _: 4
        A: 3
        a2: 2
        a10: 1
        apiVersion: v1
        metadata:
          annotations:
            colon: 'a: b'
            dash: '- a'
            emoji: "\U0001F600"
            empty: ""
            hash: 'a #b'
            kubectl.kubernetes.io/last-applied-configuration: |
              {"a":1}
            leading: ' x'
            many: |+
              a

            minus: -a
            none: |-
              a
              b
            number: "12"
            quote: it's
            star: '*'
            tab: "a\tb"
            time: "12:30:45"
            trail: "a \nb"
            "yes": "yes"
          creationTimestamp: "2026-11-23T15:00:00Z"
          long: 'Deployment "web" is progressing and here is a very long sentence that goes
            on beyond eighty columns, and then some: more'
          plainlong: The quick brown fox jumps over the lazy dog and keeps on running through
            the forest until the night
        spec:
          items:
          - a: 1
            b:
            - 1
            - - 2
              - 3
          - x
          - null
          - true
          - 0.5
          list: []
          map: {}
    "#]]
    .assert_eq(&to_yaml(&value));
    assert_eq!(to_yaml(&json!({"k": "\u{d55c}"})), "k: \u{d55c}\n");
}

/// A small generator, so that the texts are the same every time.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*state >> 33).unwrap_or(0)
}

#[test]
fn broken_texts_are_refused_or_read_and_what_is_read_prints_to_the_same() {
    let seed = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {x: 'y', n: 012}}\nspec:\n  containers:\n  - name: &n web\n    image: *n\n    args: [\"a\\tb\", 'it''s', 1e3, ~, yes, <<]\n    script: |+\n      line\n\n    more: >-\n      folded\n      text\n  <<: {a: 1}\n";
    let pieces = [
        "\n",
        "  ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "'",
        "\"",
        "#",
        "&a ",
        "*a",
        "|",
        ">",
        "---\n",
        "\t",
        "!!str ",
        "? ",
        "%",
        ",",
        "0x1",
        "\u{e9}",
        "\u{1f600}",
        "\\",
    ];
    let mut state = 1;
    let (mut read_count, mut refused) = (0, 0);
    for _ in 0..4000 {
        let mut text: Vec<char> = seed.chars().collect();
        for _ in 0..=next(&mut state) % 4 {
            let at = next(&mut state) % text.len();
            if next(&mut state).is_multiple_of(2) {
                text.remove(at);
            } else {
                let piece = pieces[next(&mut state) % pieces.len()];
                text.splice(at..at, piece.chars());
            }
        }
        let text: String = text.into_iter().collect();
        match read(&text) {
            Err(_) => refused += 1,
            Ok(documents) => {
                read_count += 1;
                for document in documents {
                    let printed = to_yaml(&document.value);
                    let again =
                        read(&printed).unwrap_or_else(|error| panic!("{error}:\n{printed}"));
                    let values: Vec<_> = again.into_iter().map(|document| document.value).collect();
                    assert_eq!(values, [document.value], "{printed}");
                }
            }
        }
    }
    assert!(read_count > 500 && refused > 500, "{read_count} read, {refused} refused");
}
