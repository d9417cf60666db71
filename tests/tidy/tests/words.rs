//! Words live in `app/locales` and in the content, in both languages; colours live in tokens.

use std::collections::{BTreeMap, BTreeSet};

use tidy::{root, rust, sources};

/// Keys of a locale folder with the placeables of each text.
fn keys(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let folder = format!("app/locales/{language}/");
    let mut keys = BTreeMap::new();
    for source in sources(|path| path.starts_with(&folder) && path.ends_with(".ftl")) {
        for line in source.text.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, text)) = line.split_once(" = ") else {
                assert!(line.trim().is_empty(), "{}: `{line}` is not `key = text`", source.path);
                continue;
            };
            let placeables = text
                .split('{')
                .skip(1)
                .filter_map(|part| part.split('}').next())
                .map(|part| part.trim().to_owned())
                .collect();
            let before = keys.insert(key.to_owned(), placeables);
            assert!(before.is_none(), "{}: the key `{key}` is there twice", source.path);
        }
    }
    keys
}

#[test]
fn both_languages_have_the_same_words_with_the_same_arguments() {
    let (korean, english) = (keys("ko"), keys("en"));
    assert!(!korean.is_empty(), "app/locales/ko holds no words");
    let mut wrong = Vec::new();
    for key in korean.keys().chain(english.keys()).collect::<BTreeSet<_>>() {
        match (korean.get(key), english.get(key)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(one), Some(other)) => {
                wrong.push(format!("{key}: ko has {one:?}, en has {other:?}"));
            }
            (None, _) => wrong.push(format!("{key}: missing in ko")),
            (_, None) => wrong.push(format!("{key}: missing in en")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn korean_texts_are_korean() {
    let hangul = |text: &str| text.chars().any(|c| ('\u{AC00}'..='\u{D7A3}').contains(&c));
    let mut wrong = Vec::new();
    for source in sources(|path| path.starts_with("app/locales/en/")) {
        for line in source.text.lines() {
            if hangul(line) && !line.starts_with("language-") {
                wrong.push(format!("{}: {line}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_korean_stands_in_code() {
    let mut wrong = Vec::new();
    for source in rust() {
        if tidy::is_test(&source.path) {
            continue;
        }
        for (number, line) in source.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if code.chars().any(|c| ('\u{AC00}'..='\u{D7A3}').contains(&c)) {
                wrong.push(format!("{}:{}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn colours_stand_only_in_the_tokens() {
    let mut wrong = Vec::new();
    for source in sources(|path| path.starts_with("app/") && path.ends_with(".css")) {
        if source.path.ends_with("tokens.css") {
            continue;
        }
        for (number, line) in source.text.lines().enumerate() {
            let code = line.split("/*").next().unwrap_or_default();
            let hex = code.split('#').skip(1).any(|rest| {
                rest.chars().take(3).filter(char::is_ascii_hexdigit).count() == 3
                    && code.contains(':')
            });
            if hex || code.contains("rgb(") || code.contains("hsl(") || code.contains("oklch(") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rooms_of_the_design_are_there() {
    let rooms = ["app", "server", "shared", "public", "manifests", "tests", "xtask"];
    let files =
        ["Trunk.toml", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE", "deny.toml"];
    for name in rooms.iter().chain(&files) {
        assert!(root().join(name).exists(), "{name} is missing");
    }
}
