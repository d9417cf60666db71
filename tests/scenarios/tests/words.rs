//! Everything that the runner and the diagrams say has words in both languages.

use std::collections::BTreeSet;

use notebook::words::Words;
use scenarios::{files, root};

/// Codes in string literals of a crate's sources. A literal that ends with `-` or holds `{` begins a
/// code that is put together; those are written out below.
fn codes(folder: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for text in files(&root().join(folder)).values() {
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for literal in product.split('"').skip(1).step_by(2) {
            let is_code = ["check-", "cause-", "capability-", "diagram-"]
                .iter()
                .any(|prefix| literal.starts_with(prefix));
            if is_code && literal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
                codes.insert(literal.to_owned());
            }
        }
    }
    codes
}

#[test]
fn every_code_has_words_in_both_languages() {
    let mut codes = codes("shared/runner/src");
    codes.extend(self::codes("shared/diagram/src"));
    for requirement in [
        "pods",
        "exec",
        "network-policy-enforced",
        "impersonation",
        "cluster-dns",
        "two-nodes",
        "default-storage",
        "metrics-api",
    ] {
        codes.insert(format!("check-skipped-{requirement}"));
        for word in ["met", "unmet", "unknown", "probing"] {
            codes.insert(format!("capability-{requirement}-{word}"));
        }
    }
    for column in ["from", "to", "label", "state", "reason", "kind", "name", "details"] {
        codes.insert(format!("diagram-column-{column}"));
    }
    assert!(codes.len() > 80, "{codes:?}");
    let mut wordless = Vec::new();
    for language in ["ko", "en"] {
        let texts = files(&root().join("app/locales").join(language));
        let texts: Vec<&str> = texts.values().map(String::as_str).collect();
        let words = Words::parse(&texts);
        let missing = codes.iter().filter(|code| !words.knows(code));
        wordless.extend(missing.map(|code| format!("{language}: {code}")));
    }
    assert!(wordless.is_empty(), "{}", wordless.join("\n"));
}
