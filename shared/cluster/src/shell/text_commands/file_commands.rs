//! Commands over files: ls, cp, mv, rm, mkdir, touch, find, du.

use super::super::commands::Output;
use super::super::commands::Started;
use super::super::expand::matches;
use super::super::files::Entry;
use super::super::files::NOT_FOUND;
use super::super::files::absolute;
use super::Work;

impl Work<'_, '_, '_> {
    pub(super) fn list(&mut self) -> Started {
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

    pub(super) fn line(&self, path: &str, name: &str) -> String {
        if !self.options.has('l') {
            return format!("{name}\n");
        }
        let bits = self.os.files.mode(path).unwrap_or(0o644);
        let (mode, size) = match self.os.files.entry(path) {
            Some(Entry::Folder) | None => ("drwxr-xr-x    2".to_owned(), 4096),
            Some(Entry::File(data)) => (format!("-{}    1", permissions(bits)), data.len()),
            Some(Entry::Program) => ("-rwxr-xr-x    1".to_owned(), 820_000),
        };
        let date = self.os.now.strftime("%b %e %H:%M");
        format!("{mode} root     root     {size:>9} {date} {name}\n")
    }

    pub(super) fn copy(&mut self, and_remove: bool) -> Started {
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

    pub(super) fn copy_tree(&mut self, from: &str, to: &str) -> Result<(), &'static str> {
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

    pub(super) fn remove(&mut self, folders: bool) -> Started {
        let names: Vec<String> = self.options.rest.iter().map(|one| (*one).to_owned()).collect();
        let deep = self.options.has('r') || self.options.has('R') || folders;
        let force = self.options.has('f');
        for name in names {
            let path = self.path(&name);
            if folders && !self.os.files.names(&path).is_empty() {
                self.complain(&format!("'{name}'"), super::super::files::NOT_EMPTY);
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

    pub(super) fn make(&mut self) -> Started {
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

    pub(super) fn touch(&mut self) -> Started {
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

    pub(super) fn find(&mut self, arguments: &[&str]) -> Started {
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

    pub(super) fn usage(&mut self) -> Started {
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
}

/// Permissions as `ls -l` shows them.
fn permissions(bits: u32) -> String {
    (0..9)
        .zip("rwxrwxrwx".chars())
        .map(|(place, letter)| if bits & (0o400 >> place) == 0 { '-' } else { letter })
        .collect()
}
