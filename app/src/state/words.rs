//! Sentences in the reader's language.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use notebook::scenario::Localized;
use notebook::words::Words;
use protocol::v1::{Language, Phrase};

static KOREAN: OnceLock<Words> = OnceLock::new();
static ENGLISH: OnceLock<Words> = OnceLock::new();

fn shelf(language: Language) -> &'static OnceLock<Words> {
    match language {
        Language::Ko => &KOREAN,
        Language::En => &ENGLISH,
    }
}

/// Takes in the words of a language: the files of `locales/<language>`, one after another.
pub(crate) fn learn(language: Language, text: &str) {
    // Those that came first stay; they are the same.
    shelf(language).get_or_init(|| Words::parse(&[text]));
}

/// Whether a language can be spoken.
pub(crate) fn known(language: Language) -> bool {
    shelf(language).get().is_some()
}

/// Speaks one language, which must have been learnt; until then all sentences are their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    /// The language.
    pub language: Language,
}

impl Text {
    fn words(self) -> &'static Words {
        static NONE: Words = Words::none();
        shelf(self.language).get().unwrap_or(&NONE)
    }

    /// The sentence of a key.
    pub(crate) fn say(self, key: &str) -> String {
        self.words().say(key, &BTreeMap::new())
    }

    /// The sentence of a key with arguments.
    pub(crate) fn with(self, key: &str, args: &[(&str, &str)]) -> String {
        let mut named = BTreeMap::new();
        for (name, value) in args {
            named.insert((*name).to_owned(), (*value).to_owned());
        }
        self.words().say(key, &named)
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
        let [korean, english] = ["ko", "en"].map(|language| Words::parse(&[&locale(language)]));
        let mut missing = Vec::new();
        for (path, text) in sources() {
            for key in named_keys(&text) {
                for (language, words) in [("ko", &korean), ("en", &english)] {
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

    /// What the other crates say to the page: their codes begin like this.
    const CODES: [&str; 7] =
        ["session-", "finding-", "check-", "cause-", "capability-", "connect-", "diagram-"];
    const SPEAKERS: [&str; 6] = [
        "../shared/session/src",
        "../shared/runner/src",
        "../shared/diagram/src",
        "../shared/cluster/src/network",
        "../server/src",
        "worker/src",
    ];

    #[test]
    fn every_code_of_the_executors_has_words_in_both_languages_with_the_variables_it_gives() {
        let files = ["ko", "en"].map(|language| (language, locale(language)));
        let mut wrong = Vec::new();
        for (path, text) in SPEAKERS.iter().flat_map(|folder| sources_in(folder)) {
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            for code in codes(text) {
                wrong.extend(files.iter().filter_map(|(language, words)| {
                    Some(format!("{path}: {} {} {language}", code.name, code.lacks(words)?))
                }));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// All words of a language, as the build puts them together.
    fn locale(language: &str) -> String {
        let files = sources_in(&format!("locales/{language}"));
        files.into_iter().map(|(_, text)| text + "\n").collect()
    }

    /// A literal that is a code.
    struct Code<'a> {
        name: &'a str,
        /// The variables that are given between it and the end of its function; nothing when it is
        /// made elsewhere.
        given: Option<Vec<&'a str>>,
    }

    impl Code<'_> {
        fn lacks(&self, file: &str) -> Option<String> {
            let begin = format!("{} = ", self.name);
            let Some(words) = file.lines().find_map(|line| line.strip_prefix(&begin)) else {
                return Some("has no words in".to_owned());
            };
            let given = self.given.as_ref()?;
            let mut named = words.split("{ $").skip(1).filter_map(|rest| rest.split(' ').next());
            let name = named.find(|name| !given.contains(name))?;
            Some(format!("gives no {name} for"))
        }
    }

    fn codes(text: &str) -> Vec<Code<'_>> {
        let mut found = Vec::new();
        let (mut before, mut rest) = ("", text);
        while let Some((code, after)) = rest.split_once('"') {
            let word = code.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if word && CODES.iter().any(|begin| code.len() > begin.len() && code.starts_with(begin))
            {
                let given = before.ends_with("::new(").then(|| given(after));
                found.push(Code { name: code, given: given.flatten() });
            }
            (before, rest) = (code, after);
        }
        found
    }

    /// The names that are given behind a code: by `.with(…)`, or in a list; nothing when the list is made
    /// elsewhere.
    fn given(behind: &str) -> Option<Vec<&str>> {
        if let Some(list) = behind.strip_prefix(", &[") {
            let list = list.split("])").next().unwrap_or_default();
            return Some(
                list.split('(').skip(1).filter_map(|pair| pair.split('"').nth(1)).collect(),
            );
        }
        if behind.starts_with(", &") {
            return None;
        }
        let own = behind.split("\n\n").next().unwrap_or_default();
        Some(own.split(".with(").skip(1).filter_map(|rest| rest.split('"').nth(1)).collect())
    }

    fn sources() -> Vec<(String, String)> {
        sources_in("src")
    }

    fn sources_in(folder: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)];
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
