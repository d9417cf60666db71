//! Sentences for codes: the part of Fluent that `app/locales/<language>/*.ftl` uses.
//!
//! One message is one line, `key = text with { $argument }`. There are no attributes, terms, selectors
//! or functions: an argument is put in as it is.

use std::collections::BTreeMap;

/// The sentences of one language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    messages: BTreeMap<String, Vec<Piece>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Argument(String),
}

impl Words {
    /// No words.
    pub const fn none() -> Self {
        Self { messages: BTreeMap::new() }
    }

    /// Reads files. Lines that are neither comments nor messages are left out; of two messages with
    /// the same key, the later holds.
    pub fn parse(files: &[&str]) -> Self {
        let lines = files.iter().flat_map(|file| file.lines());
        let read = lines
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('='))
            .map(|(key, text)| (key.trim().to_owned(), pieces(text.trim())))
            .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace));
        let mut messages = BTreeMap::new();
        messages.extend(read);
        Self { messages }
    }

    /// The sentence of a code. An unknown code gives the code itself with its arguments, so that
    /// nothing that was said is lost.
    pub fn say(&self, code: &str, args: &BTreeMap<String, String>) -> String {
        let Some(pieces) = self.messages.get(code) else {
            let args = args.iter().map(|(name, value)| format!("{name}={value}"));
            return [code.to_owned()].into_iter().chain(args).collect::<Vec<_>>().join(" ");
        };
        let pieces = pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Argument(name) => args.get(name).map_or("?", String::as_str),
        });
        pieces.collect()
    }

    /// Whether there is a sentence for a code.
    pub fn knows(&self, code: &str) -> bool {
        self.messages.contains_key(code)
    }
}

fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((inside, behind)) = after.split_once('}') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before.to_owned()));
        }
        let inside = inside.trim();
        pieces.push(match inside.strip_prefix('$') {
            Some(name) => Piece::Argument(name.to_owned()),
            None => Piece::Text(inside.trim_matches('"').to_owned()),
        });
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_its_arguments() {
        let words =
            Words::parse(&["# words\nwaiting = Waiting for { $what } in {$where}.\n\nok = Ok"]);
        let args = [("what", "pod"), ("where", "dev")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(words.say("waiting", &args), "Waiting for pod in dev.");
        assert_eq!(words.say("ok", &BTreeMap::new()), "Ok");
        assert_eq!(words.say("waiting", &BTreeMap::new()), "Waiting for ? in ?.");
    }

    #[test]
    fn an_unknown_code_shows_itself() {
        let args = BTreeMap::from([("name".to_owned(), "web".to_owned())]);
        assert_eq!(Words::default().say("check-new", &args), "check-new name=web");
    }
}
