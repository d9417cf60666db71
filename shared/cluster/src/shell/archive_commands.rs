//! `tar`, as `kubectl cp` and people use it.

use super::archive::{Fault, Member, read, write};
use super::commands::{Output, Started};
use super::expand::Scope;
use super::files::{Entry, NOT_FOUND, absolute};
use super::machine::Os;

/// What to do with an archive.
#[derive(Debug, Default)]
struct Order<'a> {
    /// `c`, `x` or `t`.
    action: Option<char>,
    /// The archive; standard input or output when there is none.
    file: Option<&'a str>,
    /// Where names begin.
    folder: Option<&'a str>,
    told: bool,
    packed: bool,
    names: Vec<&'a str>,
}

impl<'a> Order<'a> {
    fn parse(arguments: &[&'a str]) -> Self {
        let mut order = Self::default();
        let mut words = arguments.iter();
        let mut first = true;
        while let Some(word) = words.next() {
            // Options without a dash are an old habit, and only possible in front.
            let letters = match word.strip_prefix('-') {
                Some(letters) if !letters.is_empty() => Some(letters),
                None if first => Some(*word),
                _ => None,
            };
            first = false;
            match letters {
                // Of owners and permissions nothing is kept here.
                Some(long) if long.starts_with('-') => {}
                Some(letters) => {
                    for letter in letters.chars() {
                        match letter {
                            'c' | 'x' | 't' => order.action = Some(letter),
                            'f' => order.file = words.next().copied(),
                            'C' => order.folder = words.next().copied(),
                            'v' => order.told = true,
                            'z' | 'j' | 'J' => order.packed = true,
                            _ => {}
                        }
                    }
                }
                None => order.names.push(word),
            }
        }
        order.file = order.file.filter(|file| *file != "-");
        order
    }
}

struct Work<'a, 'b, 'c> {
    order: Order<'a>,
    scope: &'b Scope,
    os: &'b mut Os<'c>,
    output: Output,
}

/// Starts `tar`.
pub(super) fn start(
    arguments: &[&str],
    input: Option<&[u8]>,
    scope: &Scope,
    os: &mut Os<'_>,
) -> Started {
    let order = Order::parse(arguments);
    if order.packed {
        return Started::Done(Output::fail(2, "tar: compressed archives are not simulated here\n"));
    }
    if order.action.is_some_and(|action| action != 'c') && order.file.is_none() && input.is_none() {
        return Started::NeedsInput;
    }
    let mut work = Work { order, scope, os, output: Output::default() };
    match work.order.action {
        Some('c') => work.create(),
        Some('x') => work.unpack(input, true),
        Some(_) => work.unpack(input, false),
        None if work.os.facts.busybox => {
            work.say("Usage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [FILE]...\n");
            work.output.code = 1;
        }
        None => {
            work.fail(
                2,
                "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options",
            );
            work.say("Try 'tar --help' or 'tar --usage' for more information.\n");
        }
    }
    Started::Done(work.output)
}

impl Work<'_, '_, '_> {
    fn say(&mut self, text: &str) {
        self.output.stderr.extend_from_slice(text.as_bytes());
    }

    fn fail(&mut self, code: i32, text: &str) {
        self.say(&format!("tar: {text}\n"));
        self.output.code = code;
    }

    /// In the words of busybox, or in GNU's, which ends with 2.
    fn either(&mut self, busybox: &str, gnu: &str) {
        let (code, text) = if self.os.facts.busybox { (1, busybox) } else { (2, gnu) };
        self.fail(code, text);
    }

    fn base(&self) -> String {
        self.order.folder.map_or_else(
            || self.scope.folder.clone(),
            |folder| absolute(&self.scope.folder, folder),
        )
    }

    /// Names go in without the slash in front.
    fn relative<'n>(&mut self, name: &'n str) -> &'n str {
        let bare = name.trim_start_matches('/');
        if bare.len() < name.len() {
            self.say(if self.os.facts.busybox {
                "tar: removing leading '/' from member names\n"
            } else {
                "tar: Removing leading `/' from member names\n"
            });
        }
        bare
    }

    fn create(&mut self) {
        let base = self.base();
        let mut members = Vec::new();
        for name in self.order.names.clone() {
            let path = absolute(&base, name);
            if self.os.files.entry(&path).is_none() {
                let gnu = format!("{name}: Cannot stat: {NOT_FOUND}");
                self.either(&format!("{name}: {NOT_FOUND}"), &gnu);
                continue;
            }
            let bare = self.relative(name).trim_end_matches('/').to_owned();
            for found in self.os.files.walk(&path) {
                let below = found.strip_prefix(path.as_str()).unwrap_or_default();
                let folder = self.os.files.entry(&found) == Some(Entry::Folder);
                let end = if folder { "/" } else { "" };
                // What is there and cannot be read is a folder.
                let data = self.os.files.read(&found).map(|data| data.to_vec()).unwrap_or_default();
                let name = format!("{bare}{below}{end}").trim_start_matches('/').to_owned();
                members.push(Member { name, data, folder });
            }
        }
        let failed = self.output.code != 0;
        let archive = write(&members, self.os.now.as_second());
        let listing: String = members.iter().map(|one| format!("{}\n", one.name)).collect();
        match self.order.file {
            None => {
                self.output.stdout = archive;
                if self.order.told {
                    self.say(&listing);
                }
            }
            Some(file) => {
                let path = absolute(&self.scope.folder, file);
                if let Err(error) = self.os.files.write(&path, &archive, false) {
                    let gnu = format!("{file}: Cannot open: {error}");
                    self.either(&format!("can't open '{file}': {error}"), &gnu);
                } else if self.order.told {
                    self.output.stdout = listing.into_bytes();
                }
            }
        }
        if failed {
            self.either(
                "error exit delayed from previous errors",
                "Exiting with failure status due to previous errors",
            );
        }
    }

    fn unpack(&mut self, input: Option<&[u8]>, and_write: bool) {
        let archive = match self.order.file {
            None => input.unwrap_or_default().to_vec(),
            Some(file) => match self.os.files.read(&absolute(&self.scope.folder, file)) {
                Ok(data) => data.to_vec(),
                Err(error) => {
                    let gnu = format!("{file}: Cannot open: {error}");
                    self.either(&format!("can't open '{file}': {error}"), &gnu);
                    if !self.os.facts.busybox {
                        self.fail(2, "Error is not recoverable: exiting now");
                    }
                    return;
                }
            },
        };
        let members = match read(&archive) {
            Ok(members) => members,
            Err(Fault::Short) => {
                return self.either("short read", "Unexpected EOF in archive");
            }
            Err(Fault::Magic) => {
                return self.either("invalid tar magic", "This does not look like a tar archive");
            }
        };
        let base = self.base();
        if and_write && self.os.files.entry(&base) != Some(Entry::Folder) {
            let folder = self.order.folder.unwrap_or_default();
            let busybox = format!("can't change directory to '{folder}': {NOT_FOUND}");
            return self.either(&busybox, &format!("{folder}: Cannot open: {NOT_FOUND}"));
        }
        let wanted = self.order.names.clone();
        for member in members {
            let name = member.name.trim_end_matches('/');
            let meant = |one: &&str| {
                name == *one || name.strip_prefix(*one).is_some_and(|rest| rest.starts_with('/'))
            };
            if !wanted.is_empty() && !wanted.iter().any(meant) {
                continue;
            }
            if !and_write || self.order.told {
                self.output.stdout.extend(format!("{}\n", member.name).bytes());
            }
            if and_write && let Err(error) = self.place(&base, &member) {
                self.either(
                    &format!("can't open '{name}': {error}"),
                    &format!("{name}: Cannot open: {error}"),
                );
            }
        }
    }

    fn place(&mut self, base: &str, member: &Member) -> Result<(), &'static str> {
        let path = absolute(base, member.name.trim_start_matches('/'));
        if member.folder {
            return self.os.files.make_folder(&path, true);
        }
        if let Some((folder, _)) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            self.os.files.make_folder(folder, true)?;
        }
        self.os.files.write(&path, &member.data, false)
    }
}
