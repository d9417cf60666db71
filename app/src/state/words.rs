//! Sentences in the reader's language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use notebook::scenario::Localized;
use notebook::words::Words;
use protocol::v1::{Language, Phrase};

static KOREAN: LazyLock<Words> =
    LazyLock::new(|| Words::parse(&[include_str!(concat!(env!("OUT_DIR"), "/ko.ftl"))]));
static ENGLISH: LazyLock<Words> =
    LazyLock::new(|| Words::parse(&[include_str!(concat!(env!("OUT_DIR"), "/en.ftl"))]));

/// Speaks one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    /// The language.
    pub language: Language,
}

impl Text {
    fn words(self) -> &'static Words {
        match self.language {
            Language::Ko => &KOREAN,
            Language::En => &ENGLISH,
        }
    }

    /// The sentence of a key.
    pub(crate) fn say(self, key: &str) -> String {
        self.words().say(key, &BTreeMap::new())
    }

    /// The sentence of a key with arguments.
    pub(crate) fn with(self, key: &str, args: &[(&str, &str)]) -> String {
        let args = args.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.words().say(key, &args.collect())
    }

    /// The sentence of a phrase of the protocol.
    pub(crate) fn phrase(self, phrase: &Phrase) -> String {
        self.words().say(&phrase.code, &phrase.args)
    }

    /// The sentence of a code with its arguments.
    pub(crate) fn words_of(self, code: &str, args: &BTreeMap<String, String>) -> String {
        self.words().say(code, args)
    }

    /// The text of the content in this language.
    pub(crate) fn pick(self, localized: &Localized) -> String {
        match self.language {
            Language::Ko => localized.ko.clone(),
            Language::En => localized.en.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_the_code_names_has_words_in_both_languages() {
        let mut missing = Vec::new();
        for (path, text) in sources() {
            for key in named_keys(&text) {
                for (language, words) in [("ko", &*KOREAN), ("en", &*ENGLISH)] {
                    if !words.knows(&key) {
                        missing.push(format!("{path}: {key} has no words in {language}"));
                    }
                }
            }
        }
        assert!(missing.is_empty(), "{}", missing.join("\n"));
    }

    /// Keys in `say("…")` and `with("…"`.
    fn named_keys(text: &str) -> Vec<String> {
        let mut keys = Vec::new();
        for call in [concat!("text.", "say(\""), concat!("text.", "with(\""), "word: \""] {
            for rest in text.split(call).skip(1) {
                keys.extend(rest.split('"').next().map(str::to_owned));
            }
        }
        keys
    }

    fn sources() -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let text = std::fs::read_to_string(&path).unwrap();
                    found.push((path.display().to_string(), text));
                }
            }
        }
        found
    }
}
