//! Commands over texts and files.

use regex_lite::Regex;

use super::commands::{Output, Started};
use super::expand::{Scope, matches};
use super::files::{Entry, NOT_FOUND, absolute};
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
        "tar" => "fC",
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

    fn read(&mut self, file: &str) -> Option<String> {
        let found = self.os.files.read(&self.path(file));
        match found {
            Ok(data) => Some(String::from_utf8_lossy(&data).into_owned()),
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
            "cat" if self.options.has('n') => {
                let lines: String = text
                    .lines()
                    .enumerate()
                    .map(|(index, line)| format!("{:>6}\t{line}\n", index + 1))
                    .collect();
                self.print(&lines);
            }
            "cat" => self.print(text),
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

    fn sort(&mut self, text: &str) {
        let mut lines: Vec<&str> = text.lines().collect();
        let field: usize = self
            .options
            .value('k')
            .and_then(|one| one.split([',', '.', 'n', 'r']).next()?.parse().ok())
            .unwrap_or(0);
        let numeric =
            self.options.has('n') || self.options.value('k').is_some_and(|key| key.contains('n'));
        let key = |line: &str| -> String {
            if field == 0 {
                line.to_owned()
            } else {
                line.split_whitespace().nth(field - 1).unwrap_or_default().to_owned()
            }
        };
        if numeric {
            let number = |line: &str| {
                key(line)
                    .trim()
                    .split(|letter: char| !letter.is_ascii_digit() && letter != '-')
                    .next()
                    .and_then(|one| one.parse::<i64>().ok())
                    .unwrap_or_default()
            };
            lines.sort_by_key(|line| number(line));
        } else {
            lines.sort_by_key(|line| key(line));
        }
        if self.options.has('r') {
            lines.reverse();
        }
        if self.options.has('u') {
            lines.dedup();
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.print(&text);
    }

    fn unique(&mut self, text: &str) {
        let mut runs: Vec<(usize, &str)> = Vec::new();
        for line in text.lines() {
            match runs.last_mut() {
                Some((count, known)) if *known == line => *count += 1,
                _ => runs.push((1, line)),
            }
        }
        let counted = self.options.has('c');
        let repeated = self.options.has('d');
        let shown: String = runs
            .iter()
            .filter(|(count, _)| !repeated || *count > 1)
            .map(
                |(count, line)| {
                    if counted { format!("{count:>7} {line}\n") } else { format!("{line}\n") }
                },
            )
            .collect();
        self.print(&shown);
    }

    fn cut(&mut self, text: &str) {
        let by_letter = self.options.value('c').is_some();
        let list =
            self.options.value('c').or_else(|| self.options.value('f')).unwrap_or("1").to_owned();
        let mark = self.options.value('d').unwrap_or("\t").to_owned();
        let wanted = |index: usize| {
            list.split(',').any(|range| match range.split_once('-') {
                None => range.parse() == Ok(index),
                Some((from, to)) => {
                    index >= from.parse().unwrap_or(1) && index <= to.parse().unwrap_or(usize::MAX)
                }
            })
        };
        let mut shown = String::new();
        for line in text.lines() {
            if by_letter {
                shown.extend(
                    line.chars()
                        .enumerate()
                        .filter(|(index, _)| wanted(index + 1))
                        .map(|(_, letter)| letter),
                );
            } else if line.contains(&mark) {
                let fields: Vec<&str> = line
                    .split(&mark)
                    .enumerate()
                    .filter(|(index, _)| wanted(index + 1))
                    .map(|(_, field)| field)
                    .collect();
                shown.push_str(&fields.join(&mark));
            } else if !self.options.has('s') {
                shown.push_str(line);
            }
            shown.push('\n');
        }
        self.print(&shown);
    }

    fn translate(&mut self, operands: &[String], text: &str) {
        let set = |index: usize| operands.get(index).map(|one| letters_of(one)).unwrap_or_default();
        let (from, to) = (set(0), set(1));
        let delete = self.options.has('d');
        let shown: String = text
            .chars()
            .filter_map(|letter| match from.iter().position(|known| *known == letter) {
                Some(_) if delete => None,
                Some(at) => to.get(at).or_else(|| to.last()).copied().or(Some(letter)),
                None => Some(letter),
            })
            .collect();
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

    fn list(&mut self) -> Started {
        let mut places: Vec<String> =
            self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        if places.is_empty() {
            places.push(".".to_owned());
        }
        let several = places.len() > 1;
        for place in places {
            let path = self.path(&place);
            match self.os.files.entry(&path) {
                None => {
                    let text = if self.os.facts.busybox {
                        place.clone()
                    } else {
                        format!("cannot access '{place}'")
                    };
                    self.complain(&text, NOT_FOUND);
                    if !self.os.facts.busybox {
                        self.output.code = 2;
                    }
                }
                Some(Entry::Folder) if !self.options.has('d') => {
                    if several {
                        self.print(&format!("{place}:\n"));
                    }
                    let names = self.os.files.names(&path);
                    let hidden = self.options.has('a') || self.options.has('A');
                    for name in names.iter().filter(|name| hidden || !name.starts_with('.')) {
                        let line = self.line(&absolute(&path, name), name);
                        self.print(&line);
                    }
                }
                Some(_) => {
                    let line = self.line(&path, &place);
                    self.print(&line);
                }
            }
        }
        self.done()
    }

    fn line(&self, path: &str, name: &str) -> String {
        if !self.options.has('l') {
            return format!("{name}\n");
        }
        let (mode, size) = match self.os.files.entry(path) {
            Some(Entry::Folder) | None => ("drwxr-xr-x    2", 4096),
            Some(Entry::File(data)) => ("-rw-r--r--    1", data.len()),
            Some(Entry::Program) => ("-rwxr-xr-x    1", 820_000),
        };
        let date = self.os.now.strftime("%b %e %H:%M");
        format!("{mode} root     root     {size:>9} {date} {name}\n")
    }

    fn copy(&mut self, and_remove: bool) -> Started {
        let names: Vec<String> = self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        let Some((target, sources)) = names.split_last().filter(|(_, sources)| !sources.is_empty())
        else {
            return Started::Done(Output::fail(
                1,
                format!("{}: missing file operand\n", self.name),
            ));
        };
        let folder = matches!(self.os.files.entry(&self.path(target)), Some(Entry::Folder));
        for source in sources {
            let from = self.path(source);
            let name = from.rsplit('/').next().unwrap_or_default().to_owned();
            let to = if folder { absolute(&self.path(target), &name) } else { self.path(target) };
            let deep = and_remove
                || self.options.has('r')
                || self.options.has('R')
                || self.options.has('a');
            if matches!(self.os.files.entry(&from), Some(Entry::Folder)) && !deep {
                self.output.stderr.extend(format!("cp: omitting directory '{source}'\n").bytes());
                self.output.code = 1;
                continue;
            }
            if let Err(error) = self.copy_tree(&from, &to) {
                let text = if self.os.facts.busybox {
                    format!("can't stat '{source}'")
                } else {
                    format!("cannot stat '{source}'")
                };
                self.complain(&text, error);
            } else if and_remove && let Err(error) = self.os.files.remove(&from, true) {
                self.complain(source, error);
            }
        }
        self.done()
    }

    fn copy_tree(&mut self, from: &str, to: &str) -> Result<(), &'static str> {
        for path in self.os.files.walk(from) {
            let target = format!("{to}{}", path.strip_prefix(from).unwrap_or_default());
            if self.os.files.entry(&path) == Some(Entry::Folder) {
                self.os.files.make_folder(&target, true)?;
            } else {
                let data = self.os.files.read(&path)?;
                self.os.files.write(&target, &data, false)?;
            }
        }
        Ok(())
    }

    fn remove(&mut self, folders: bool) -> Started {
        let names: Vec<String> = self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        let deep = self.options.has('r') || self.options.has('R') || folders;
        let force = self.options.has('f');
        for name in names {
            let path = self.path(&name);
            if folders && !self.os.files.names(&path).is_empty() {
                self.complain(&format!("'{name}'"), super::files::NOT_EMPTY);
                continue;
            }
            match self.os.files.remove(&path, deep) {
                Err(NOT_FOUND) if force => {}
                Err(error) if self.os.facts.busybox => {
                    self.complain(&format!("can't remove '{name}'"), error);
                }
                Err(error) => self.complain(&format!("cannot remove '{name}'"), error),
                Ok(()) => {}
            }
        }
        self.done()
    }

    fn make(&mut self) -> Started {
        let names: Vec<String> = self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        let parents = self.options.has('p');
        for name in names {
            let path = self.path(&name);
            if let Err(error) = self.os.files.make_folder(&path, parents) {
                let text = if self.os.facts.busybox {
                    format!("can't create directory '{name}'")
                } else {
                    format!("cannot create directory '{name}'")
                };
                self.complain(&text, error);
            }
        }
        self.done()
    }

    fn touch(&mut self) -> Started {
        let names: Vec<String> = self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        for name in names {
            let path = self.path(&name);
            if !matches!(self.os.files.entry(&path), Some(Entry::Folder))
                && let Err(error) = self.os.files.write(&path, b"", true)
            {
                self.complain(&name, error);
            }
        }
        self.done()
    }

    fn find(&mut self, arguments: &[&str]) -> Started {
        let start = arguments.first().copied().filter(|one| !one.starts_with('-')).unwrap_or(".");
        let after = |name: &str| {
            arguments
                .iter()
                .position(|one| *one == name)
                .and_then(|at| arguments.get(at + 1))
                .copied()
        };
        let root = self.path(start);
        if self.os.files.entry(&root).is_none() {
            self.complain(start, NOT_FOUND);
            return self.done();
        }
        for path in self.os.files.walk(&root) {
            let folder = matches!(self.os.files.entry(&path), Some(Entry::Folder));
            let kind = after("-type").is_none_or(|kind| (kind == "d") == folder);
            let last = path.rsplit('/').next().unwrap_or_default();
            let shown = format!(
                "{start}{}",
                path.strip_prefix(root.trim_end_matches('/')).unwrap_or_default()
            );
            if kind && after("-name").is_none_or(|pattern| matches(pattern, last)) {
                self.print(&format!("{shown}\n"));
            }
        }
        self.done()
    }

    fn usage(&mut self) -> Started {
        let place = self.options.rest.first().copied().unwrap_or(".").to_owned();
        let bytes: usize = self
            .os
            .files
            .walk(&self.path(&place))
            .iter()
            .filter_map(|path| self.os.files.read(path).ok())
            .map(|data| data.len())
            .sum();
        self.print(&format!("{}\t{place}\n", bytes.div_ceil(1024).max(4)));
        self.done()
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

/// The letters of a set of `tr`: ranges, classes and escapes resolved.
fn letters_of(set: &str) -> Vec<char> {
    let set = set
        .replace("[:upper:]", "A-Z")
        .replace("[:lower:]", "a-z")
        .replace("[:digit:]", "0-9")
        .replace("[:space:]", " \\t\\n\\r");
    let letters: Vec<char> = super::commands::unescape(&set).chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        if let (Some('-'), Some(to)) = (letters.get(at + 1), letters.get(at + 2)) {
            found.extend(*letter..=*to);
            at += 3;
        } else {
            found.push(*letter);
            at += 1;
        }
    }
    found
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

/// One command of `sed`.
struct Edit {
    address: Option<Address>,
    action: Action,
}

enum Address {
    Line(usize),
    Last,
    Range(usize, usize),
    Pattern(Regex),
}

enum Action {
    Substitute { pattern: Regex, replacement: String, all: bool, print: bool },
    Print,
    Delete,
    Quit,
}

impl Edit {
    fn parse(text: &str, extended: bool) -> Option<Self> {
        let (address, rest) = if let Some(rest) = text.strip_prefix('/') {
            let (pattern, rest) = rest.split_once('/')?;
            (Some(Address::Pattern(regex(pattern, (extended, false), (false, false)).ok()?)), rest)
        } else if let Some(rest) = text.strip_prefix('$') {
            (Some(Address::Last), rest)
        } else {
            let digits: String = text
                .chars()
                .take_while(|letter| letter.is_ascii_digit() || *letter == ',')
                .collect();
            let rest = text.strip_prefix(digits.as_str())?;
            let address = match digits.split_once(',') {
                Some((from, to)) => {
                    Some(Address::Range(from.parse().ok()?, to.parse().unwrap_or(usize::MAX)))
                }
                None => digits.parse().ok().map(Address::Line),
            };
            (address, rest.trim_start_matches('$'))
        };
        let action = match rest.trim() {
            "p" => Action::Print,
            "d" => Action::Delete,
            "q" => Action::Quit,
            other => {
                let mut letters = other.strip_prefix('s')?.chars();
                let mark = letters.next()?;
                let rest: String = letters.collect();
                let mut parts = rest.split(mark);
                let pattern = regex(parts.next()?, (extended, false), (false, false)).ok()?;
                let replacement = parts.next()?.to_owned();
                let flags = parts.next().unwrap_or_default();
                Action::Substitute {
                    pattern,
                    replacement,
                    all: flags.contains('g'),
                    print: flags.contains('p'),
                }
            }
        };
        Some(Self { address, action })
    }

    fn fits(&self, line: &str, number: usize, total: usize) -> bool {
        match &self.address {
            None => true,
            Some(Address::Line(wanted)) => *wanted == number,
            Some(Address::Last) => number == total,
            Some(Address::Range(from, to)) => (*from..=*to).contains(&number),
            Some(Address::Pattern(pattern)) => pattern.is_match(line),
        }
    }
}

fn apply(
    commands: &[Edit],
    line: &str,
    (number, total): (usize, usize),
    quiet: bool,
    shown: &mut String,
) {
    let mut line = line.to_owned();
    for command in
        commands.iter().filter(|one| one.fits(line.as_str(), number, total)).collect::<Vec<_>>()
    {
        match &command.action {
            Action::Delete => return,
            Action::Quit => {}
            Action::Print => {
                let line = format!("{line}\n");
                shown.push_str(&line);
            }
            Action::Substitute { pattern, replacement, all, print } => {
                let before = line.clone();
                line = substitute(pattern, replacement, *all, &line);
                if *print && before != line {
                    let line = format!("{line}\n");
                    shown.push_str(&line);
                }
            }
        }
    }
    if !quiet {
        let line = format!("{line}\n");
        shown.push_str(&line);
    }
}

fn substitute(pattern: &Regex, replacement: &str, all: bool, line: &str) -> String {
    let fill = |captures: &regex_lite::Captures<'_>| -> String {
        let mut out = String::new();
        let mut letters = replacement.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '&' => out.push_str(captures.get(0).map_or("", |hit| hit.as_str())),
                '\\' => match letters.next() {
                    Some(digit) if digit.is_ascii_digit() => {
                        let index = usize::try_from(digit.to_digit(10).unwrap_or_default())
                            .unwrap_or_default();
                        out.push_str(captures.get(index).map_or("", |hit| hit.as_str()));
                    }
                    Some('n') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => {}
                },
                letter => out.push(letter),
            }
        }
        out
    };
    if all {
        pattern.replace_all(line, fill).into_owned()
    } else {
        pattern.replace(line, fill).into_owned()
    }
}
