//! Commands over texts and files.

mod lines;

mod file_commands;

mod sed;

use std::sync::Arc;

use self::sed::{Edit, apply};
use regex_lite::Regex;

use super::commands::{Output, Started};
use super::expand::Scope;
use super::files::{NOT_FOUND, absolute};
use super::machine::Os;

/// Options of one letter, and what is left. Letters in `valued` take a value.
struct Options<'a> {
    letters: Vec<(char, String)>,
    rest: Vec<&'a str>,
}

impl<'a> Options<'a> {
    fn parse(arguments: &[&'a str], valued: &str) -> Self {
        let (mut letters, mut rest) = (Vec::new(), Vec::new());
        let mut at = arguments.iter();
        while let Some(argument) = at.next() {
            let Some(bundle) =
                argument.strip_prefix('-').filter(|one| !one.is_empty() && !one.starts_with('-'))
            else {
                if !argument.starts_with("--") {
                    rest.push(*argument);
                }
                continue;
            };
            if bundle.chars().all(|letter| letter.is_ascii_digit()) {
                letters.push(('n', bundle.to_owned()));
                continue;
            }
            for (index, letter) in bundle.char_indices() {
                if valued.contains(letter) {
                    let inline = bundle.get(index + letter.len_utf8()..).unwrap_or_default();
                    let value = if inline.is_empty() {
                        at.next().copied().unwrap_or_default()
                    } else {
                        inline
                    };
                    letters.push((letter, value.to_owned()));
                    break;
                }
                letters.push((letter, String::new()));
            }
        }
        Self { letters, rest }
    }

    fn has(&self, letter: char) -> bool {
        self.letters.iter().any(|(known, _)| *known == letter)
    }

    fn value(&self, letter: char) -> Option<&str> {
        self.letters
            .iter()
            .rev()
            .find(|(known, _)| *known == letter)
            .map(|(_, value)| value.as_str())
    }
}

/// Starts a command of this module; `None` for any other.
pub(super) fn start(
    name: &str,
    arguments: &[&str],
    input: Option<&[u8]>,
    scope: &Scope,
    os: &mut Os<'_>,
) -> Option<Started> {
    let valued = match name {
        "head" | "tail" => "nc",
        "cut" => "dfc",
        "sort" => "kt",
        "grep" | "egrep" | "fgrep" => "eAB",
        "sed" => "e",
        "mkdir" | "chmod" => "m",
        _ => "",
    };
    let options = Options::parse(arguments, valued);
    let mut work = Work { options, scope, os, output: Output::default(), name };
    match name {
        "cat" | "head" | "tail" | "wc" | "sort" | "uniq" | "cut" | "tr" | "grep" | "egrep"
        | "fgrep" | "sed" | "tee" | "base64" | "rev" | "tac" => work.filter(name, input),
        "ls" => Some(work.list()),
        "cp" | "mv" => Some(work.copy(name == "mv")),
        "rm" | "rmdir" => Some(work.remove(name == "rmdir")),
        "mkdir" => Some(work.make()),
        "touch" => Some(work.touch()),
        "chmod" | "chown" => Some(Started::Done(Output::default())),
        "find" => Some(work.find(arguments)),
        "du" => Some(work.usage()),
        "seq" => Some(work.sequence()),
        _ => None,
    }
}

struct Work<'a, 'b, 'c> {
    options: Options<'a>,
    scope: &'b Scope,
    os: &'b mut Os<'c>,
    output: Output,
    name: &'b str,
}

impl Work<'_, '_, '_> {
    fn path(&self, name: &str) -> String {
        absolute(&self.scope.folder, name)
    }

    fn complain(&mut self, what: &str, error: &str) {
        self.output.stderr.extend(format!("{}: {what}: {error}\n", self.name).bytes());
        self.output.code = 1;
    }

    fn done(&mut self) -> Started {
        Started::Done(std::mem::take(&mut self.output))
    }

    fn print(&mut self, text: &str) {
        self.output.stdout.extend_from_slice(text.as_bytes());
    }

    /// Commands that read files or standard input.
    fn filter(&mut self, name: &str, input: Option<&[u8]>) -> Option<Started> {
        let mut files: Vec<String> =
            self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        let pattern_given = self.options.has('e');
        let operands = match name {
            "grep" | "egrep" | "fgrep" | "sed" if !pattern_given => 1,
            "tr" | "tee" => files.len(),
            _ => 0,
        };
        let operands: Vec<String> = files.drain(..operands.min(files.len())).collect();
        if name == "tail"
            && (self.options.has('f') || self.options.has('F'))
            && let Some(file) = files.first()
        {
            let path = self.path(file);
            if path == "/dev/null" {
                return Some(Started::Follow(path, Output::default()));
            }
            if self.os.files.entry(&path).is_some() {
                let text = self.read(file)?;
                self.head_or_tail(&text, true);
                let shown = std::mem::take(&mut self.output);
                return Some(Started::Follow(path, shown));
            }
        }
        if files.is_empty() && input.is_none() {
            return Some(Started::NeedsInput);
        }
        if name == "cat" && !self.options.has('n') {
            self.pass_on(&files, input);
            return Some(self.done());
        }
        let mut texts = Vec::new();
        if files.is_empty() {
            texts.push((
                String::new(),
                String::from_utf8_lossy(input.unwrap_or_default()).into_owned(),
            ));
        }
        for file in files {
            if let Some(text) = self.read(&file) {
                texts.push((file, text));
            }
        }
        match name {
            "grep" | "egrep" | "fgrep" => self.grep(&operands, &texts),
            "wc" => self.count(&texts),
            "sed" => self.edit(&operands, &texts),
            _ => {
                let whole: String = texts.into_iter().map(|(_, text)| text).collect();
                self.one_text(name, &operands, &whole);
            }
        }
        Some(self.done())
    }

    /// Bytes as they are.
    fn pass_on(&mut self, files: &[String], input: Option<&[u8]>) {
        if files.is_empty() {
            self.output.stdout.extend_from_slice(input.unwrap_or_default());
        }
        for file in files {
            if let Some(data) = self.bytes(file) {
                self.output.stdout.extend_from_slice(&data);
            }
        }
    }

    fn read(&mut self, file: &str) -> Option<String> {
        self.bytes(file).map(|data| String::from_utf8_lossy(&data).into_owned())
    }

    fn bytes(&mut self, file: &str) -> Option<Arc<[u8]>> {
        let found = self.os.files.read(&self.path(file));
        match found {
            Ok(data) => Some(data),
            Err(error) => {
                let busybox = self.os.facts.busybox;
                let text = match (self.name, busybox) {
                    ("cat" | "head" | "tail" | "wc", true) if error == NOT_FOUND => {
                        format!("can't open '{file}': {error}")
                    }
                    ("head" | "tail", false) => {
                        format!("cannot open '{file}' for reading: {error}")
                    }
                    ("cat", true) => format!("read error: {error}"),
                    _ => format!("{file}: {error}"),
                };
                self.output.stderr.extend(format!("{}: {text}\n", self.name).bytes());
                self.output.code = 1;
                None
            }
        }
    }

    fn one_text(&mut self, name: &str, operands: &[String], text: &str) {
        match name {
            "cat" => {
                let lines: String = text
                    .lines()
                    .enumerate()
                    .map(|(index, line)| format!("{:>6}\t{line}\n", index + 1))
                    .collect();
                self.print(&lines);
            }
            "head" | "tail" => self.head_or_tail(text, name == "tail"),
            "sort" => self.sort(text),
            "uniq" => self.unique(text),
            "cut" => self.cut(text),
            "tr" => self.translate(operands, text),
            "tee" => {
                for file in operands {
                    let path = self.path(file);
                    if let Err(error) =
                        self.os.files.write(&path, text.as_bytes(), self.options.has('a'))
                    {
                        self.complain(file, error);
                    }
                }
                self.print(text);
            }
            "tac" => {
                let lines: String = text.lines().rev().map(|line| format!("{line}\n")).collect();
                self.print(&lines);
            }
            "rev" => {
                let lines: String = text
                    .lines()
                    .map(|line| line.chars().rev().chain(['\n']).collect::<String>())
                    .collect();
                self.print(&lines);
            }
            _ => {
                use base64::Engine as _;
                let engine = base64::engine::general_purpose::STANDARD;
                if self.options.has('d') {
                    let bytes = engine
                        .decode(text.split_whitespace().collect::<String>())
                        .unwrap_or_default();
                    self.output.stdout.extend(bytes);
                } else {
                    self.print(&format!("{}\n", engine.encode(text)));
                }
            }
        }
    }

    fn head_or_tail(&mut self, text: &str, tail: bool) {
        if let Some(bytes) = self
            .options
            .value('c')
            .and_then(|one| one.trim_start_matches(['+', '-']).parse::<usize>().ok())
        {
            let letters: Vec<char> = text.chars().collect();
            let skip = if tail { letters.len().saturating_sub(bytes) } else { 0 };
            let part: String = letters.iter().skip(skip).take(bytes).collect();
            self.print(&part);
            return;
        }
        let wanted = self.options.value('n').unwrap_or("10");
        let from_start = wanted.starts_with('+');
        let count: usize = wanted.trim_start_matches(['+', '-']).parse().unwrap_or(10);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let shown: String = match (tail, from_start) {
            (true, true) => lines.iter().skip(count.saturating_sub(1)).copied().collect(),
            (true, false) => {
                lines.iter().skip(lines.len().saturating_sub(count)).copied().collect()
            }
            (false, _) => lines.iter().take(count).copied().collect(),
        };
        self.print(&shown);
    }

    fn grep(&mut self, operands: &[String], texts: &[(String, String)]) {
        let pattern = self
            .options
            .value('e')
            .map(str::to_owned)
            .or_else(|| operands.first().cloned())
            .unwrap_or_default();
        let extended = self.options.has('E') || self.name == "egrep";
        let fixed = self.options.has('F') || self.name == "fgrep";
        let Ok(expression) =
            regex(&pattern, (extended, fixed), (self.options.has('i'), self.options.has('w')))
        else {
            self.output = Output::fail(2, format!("grep: bad regex '{pattern}'\n"));
            return;
        };
        let mut hits = 0;
        let mut shown = String::new();
        for (file, text) in texts {
            let mut count = 0;
            for (index, line) in text.lines().enumerate() {
                if expression.is_match(line) == self.options.has('v') {
                    continue;
                }
                count += 1;
                let prefix = if texts.len() > 1 && !self.options.has('h') {
                    format!("{file}:")
                } else {
                    String::new()
                };
                let number =
                    if self.options.has('n') { format!("{}:", index + 1) } else { String::new() };
                if self.options.has('o') {
                    shown.extend(
                        expression
                            .find_iter(line)
                            .map(|hit| format!("{prefix}{number}{}\n", hit.as_str())),
                    );
                } else if !self.options.has('c') && !self.options.has('l') {
                    let line = format!("{prefix}{number}{line}\n");
                    shown.push_str(&line);
                }
            }
            if self.options.has('l') && count > 0 {
                let line = format!("{file}\n");
                shown.push_str(&line);
            } else if self.options.has('c') {
                let line = format!("{count}\n");
                shown.push_str(&line);
            }
            hits += count;
        }
        if !self.options.has('q') {
            self.print(&shown);
        }
        if hits == 0 && self.output.code == 0 {
            self.output.code = 1;
        }
    }

    fn count(&mut self, texts: &[(String, String)]) {
        for (file, text) in texts {
            let all = [
                ('l', text.matches('\n').count()),
                ('w', text.split_whitespace().count()),
                ('c', text.len()),
            ];
            let given = all.iter().any(|(letter, _)| self.options.has(*letter));
            let numbers: Vec<String> = all
                .iter()
                .filter(|(letter, _)| !given || self.options.has(*letter))
                .map(|(_, number)| if given { number.to_string() } else { format!("{number:>7}") })
                .collect();
            let name = if file.is_empty() { String::new() } else { format!(" {file}") };
            self.print(&format!("{}{name}\n", numbers.join(" ")));
        }
    }

    fn edit(&mut self, operands: &[String], texts: &[(String, String)]) {
        let script = self
            .options
            .value('e')
            .map(str::to_owned)
            .or_else(|| operands.first().cloned())
            .unwrap_or_default();
        let extended = self.options.has('E') || self.options.has('r');
        let commands: Vec<Edit> =
            script.split([';', '\n']).filter_map(|one| Edit::parse(one.trim(), extended)).collect();
        if commands.is_empty() {
            self.output = Output::fail(1, "sed: unsupported command\n");
            return;
        }
        for (file, text) in texts {
            let total = text.lines().count();
            let mut shown = String::new();
            for (index, line) in text.lines().enumerate() {
                apply(&commands, line, (index + 1, total), self.options.has('n'), &mut shown);
            }
            if self.options.has('i') {
                let path = self.path(file);
                if let Err(error) = self.os.files.write(&path, shown.as_bytes(), false) {
                    self.complain(file, error);
                }
            } else {
                self.print(&shown);
            }
        }
    }

    fn sequence(&mut self) -> Started {
        let numbers: Vec<i64> =
            self.options.rest.iter().filter_map(|one| one.parse().ok()).collect();
        let (first, step, last) = match numbers.as_slice() {
            [last] => (1, 1, *last),
            [first, last] => (*first, 1, *last),
            [first, step, last] => (*first, *step, *last),
            _ => return Started::Done(Output::fail(1, "seq: missing operand\n")),
        };
        let mut value = first;
        let mut shown = String::new();
        while step != 0
            && (if step > 0 { value <= last } else { value >= last })
            && shown.len() < 1_000_000
        {
            let line = format!("{value}\n");
            shown.push_str(&line);
            value += step;
        }
        self.print(&shown);
        self.done()
    }
}

/// A basic or extended expression as the regex crate writes it.
fn regex(
    pattern: &str,
    (extended, fixed): (bool, bool),
    (any_case, word): (bool, bool),
) -> Result<Regex, regex_lite::Error> {
    let mut text = if fixed {
        regex_lite::escape(pattern)
    } else if extended {
        pattern.to_owned()
    } else {
        let mut out = String::new();
        let mut letters = pattern.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => match letters.next() {
                    Some(special @ ('(' | ')' | '{' | '}' | '|' | '+' | '?')) => out.push(special),
                    Some(other) => out.extend(['\\', other]),
                    None => out.push_str("\\\\"),
                },
                '(' | ')' | '{' | '}' | '|' | '+' | '?' => out.extend(['\\', letter]),
                letter => out.push(letter),
            }
        }
        out
    };
    if word {
        text = format!(r"\b(?:{text})\b");
    }
    if any_case {
        text = format!("(?i){text}");
    }
    Regex::new(&text)
}
