//! From words to arguments: variables, quotes, command output, arithmetic, patterns.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::files::{Files, absolute};
use super::syntax::{Node, Part, Word};

/// What words refer to.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) exported: std::collections::BTreeSet<String>,
    pub(super) arguments: Vec<String>,
    pub(super) program: String,
    pub(super) status: i32,
    pub(super) folder: String,
}

impl Scope {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "#" => Some(self.arguments.len().to_string()),
            "$" => Some("1".to_owned()),
            "!" => Some(String::new()),
            "@" | "*" => Some(self.arguments.join(" ")),
            "0" => Some(self.program.clone()),
            name => match name.parse::<usize>() {
                Ok(number) => self.arguments.get(number - 1).cloned(),
                Err(_) => self.variables.get(name).cloned(),
            },
        }
    }
}

/// The commands whose output a word needs, in order.
pub(super) fn substitutions(word: &Word, found: &mut Vec<Arc<Node>>) {
    for part in word {
        match part {
            Part::Command { script, .. } => found.push(Arc::clone(script)),
            Part::Variable { operation: Some((_, inner)), .. } | Part::Arithmetic(inner) => {
                substitutions(inner, found);
            }
            Part::Text { .. } | Part::Variable { .. } => {}
        }
    }
}

/// Expands words; `outputs` are those of [`substitutions`].
pub(super) struct Expander<'a> {
    pub(super) scope: &'a mut Scope,
    pub(super) files: &'a Files,
    pub(super) outputs: &'a mut VecDeque<String>,
}

/// A field under construction: letters with whether they were quoted.
#[derive(Default)]
struct Field {
    letters: Vec<(char, bool)>,
    given: bool,
}

impl Expander<'_> {
    /// A word as one text: assignments, redirections, `case`.
    pub(super) fn one(&mut self, word: &Word) -> String {
        word.iter().map(|part| self.part(part).0).collect()
    }

    /// A word as a pattern: quoted letters stand for themselves.
    pub(super) fn pattern(&mut self, word: &Word) -> String {
        word.iter()
            .map(|part| {
                let (text, quoted) = self.part(part);
                if quoted { escape(&text) } else { text }
            })
            .collect()
    }

    /// Words as arguments: split at blanks, and with file names for patterns.
    pub(super) fn many(&mut self, words: &[Word]) -> Vec<String> {
        let mut all = Vec::new();
        for word in words {
            for field in self.split(word) {
                all.extend(self.glob(&field));
            }
        }
        all
    }

    fn split(&mut self, word: &Word) -> Vec<Field> {
        let mut fields = vec![Field::default()];
        for part in word {
            if let Part::Variable { name, operation: None, quoted: true } = part
                && name == "@"
            {
                for (index, argument) in self.scope.arguments.clone().iter().enumerate() {
                    if index > 0 {
                        fields.push(Field::default());
                    }
                    add(&mut fields, argument, true);
                }
                continue;
            }
            let literal = matches!(part, Part::Text { .. });
            let (text, quoted) = self.part(part);
            if literal || quoted {
                add(&mut fields, &text, quoted);
                continue;
            }
            for letter in text.chars() {
                if letter.is_ascii_whitespace() {
                    if fields.last().is_some_and(|field| field.given) {
                        fields.push(Field::default());
                    }
                } else {
                    add(&mut fields, letter.encode_utf8(&mut [0; 4]), false);
                }
            }
        }
        fields.retain(|field| field.given);
        fields
    }

    fn glob(&self, field: &Field) -> Vec<String> {
        let text: String = field.letters.iter().map(|(letter, _)| *letter).collect();
        if !field
            .letters
            .iter()
            .any(|(letter, quoted)| !quoted && matches!(letter, '*' | '?' | '['))
        {
            return vec![text];
        }
        let (folder, pattern) =
            text.rsplit_once('/').map_or(("", text.as_str()), |(folder, name)| (folder, name));
        let place = absolute(
            &self.scope.folder,
            if folder.is_empty() && text.starts_with('/') { "/" } else { folder },
        );
        let found: Vec<String> = self
            .files
            .names(&place)
            .into_iter()
            .filter(|name| !name.starts_with('.') && matches(pattern, name))
            .map(|name| if text.contains('/') { format!("{folder}/{name}") } else { name })
            .collect();
        if found.is_empty() { vec![text] } else { found }
    }

    /// A part's text, and whether it is protected from splitting.
    fn part(&mut self, part: &Part) -> (String, bool) {
        match part {
            Part::Text { text, quoted } => (text.clone(), *quoted),
            Part::Command { quoted, .. } => {
                let output = self.outputs.pop_front().unwrap_or_default();
                (output.trim_end_matches('\n').to_owned(), *quoted)
            }
            Part::Arithmetic(inner) => {
                let text = self.one(inner);
                (super::commands::evaluate(&text, self.scope).to_string(), true)
            }
            Part::Variable { name, operation, quoted } => {
                (self.variable(name, operation.as_ref()), *quoted)
            }
        }
    }

    fn variable(&mut self, name: &str, operation: Option<&(String, Word)>) -> String {
        if let Some(counted) = name.strip_prefix('#').filter(|rest| !rest.is_empty()) {
            return self.scope.get(counted).unwrap_or_default().chars().count().to_string();
        }
        let value = self.scope.get(name);
        let Some((operator, word)) = operation else { return value.unwrap_or_default() };
        let other = self.pattern_or_text(operator, word);
        let set =
            value.as_ref().is_some_and(|value| !operator.starts_with(':') || !value.is_empty());
        let value = value.unwrap_or_default();
        match operator.trim_start_matches(':') {
            "-" | "?" => {
                if set {
                    value
                } else {
                    other
                }
            }
            "=" => {
                if !set {
                    self.scope.variables.insert(name.to_owned(), other.clone());
                    return other;
                }
                value
            }
            "+" => {
                if set {
                    other
                } else {
                    String::new()
                }
            }
            "#" => cut_front(&value, &other, false),
            "##" => cut_front(&value, &other, true),
            "%" => cut_back(&value, &other, false),
            _ => cut_back(&value, &other, true),
        }
    }

    fn pattern_or_text(&mut self, operator: &str, word: &Word) -> String {
        if matches!(operator, "#" | "##" | "%" | "%%") {
            // The text after the operator is read as in double quotes, but its stars are patterns.
            return word.iter().map(|part| self.part(part).0).collect();
        }
        self.one(word)
    }
}

fn add(fields: &mut [Field], text: &str, quoted: bool) {
    if let Some(field) = fields.last_mut() {
        field.given |= quoted || !text.is_empty();
        field.letters.extend(text.chars().map(|letter| (letter, quoted)));
    }
}

fn escape(text: &str) -> String {
    text.chars().flat_map(|letter| ['\\', letter]).collect()
}

fn boundaries(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

fn cut_front(value: &str, pattern: &str, longest: bool) -> String {
    let mut ends = boundaries(value);
    if longest {
        ends.reverse();
    }
    let hit =
        ends.into_iter().find(|end| value.get(..*end).is_some_and(|head| matches(pattern, head)));
    hit.and_then(|end| value.get(end..)).unwrap_or(value).to_owned()
}

fn cut_back(value: &str, pattern: &str, longest: bool) -> String {
    let mut starts = boundaries(value);
    if !longest {
        starts.reverse();
    }
    let hit = starts
        .into_iter()
        .find(|start| value.get(*start..).is_some_and(|tail| matches(pattern, tail)));
    hit.and_then(|start| value.get(..start)).unwrap_or(value).to_owned()
}

/// Shell patterns: `*`, `?`, `[a-z]`, `\x`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fits(&pattern, &text)
}

fn fits(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            (0..=text.len()).any(|skip| text.get(skip..).is_some_and(|tail| fits(rest, tail)))
        }
        (['?', rest @ ..], [_, tail @ ..]) => fits(rest, tail),
        (['\\', letter, rest @ ..], [first, tail @ ..]) => letter == first && fits(rest, tail),
        (['[', rest @ ..], [first, tail @ ..]) => {
            match rest.iter().skip(1).position(|letter| *letter == ']') {
                Some(end) => {
                    let (set, after) = rest.split_at(end + 1);
                    in_set(set, *first) && fits(after.get(1..).unwrap_or_default(), tail)
                }
                None => *first == '[' && fits(rest, tail),
            }
        }
        ([letter, rest @ ..], [first, tail @ ..]) => letter == first && fits(rest, tail),
        _ => false,
    }
}

fn in_set(set: &[char], letter: char) -> bool {
    let (negated, set) = match set {
        ['!' | '^', rest @ ..] => (true, rest),
        all => (false, all),
    };
    let ranged = set
        .windows(3)
        .any(|three| matches!(three, [from, '-', to] if *from <= letter && letter <= *to));
    (ranged || set.contains(&letter)) != negated
}
