//! Reading and writing through descriptors.

use super::super::commands::Output;
use super::Descriptor;
use super::Os;
use super::Pipe;
use super::Shell;
use super::Task;
use super::base;
use super::is_shell;

impl Shell {
    pub(super) fn put(&mut self, task: &mut Task, output: &Output, os: &mut Os<'_>) {
        self.emit(task, 2, &output.stderr, os);
        self.emit(task, 1, &output.stdout, os);
        task.scope.status = output.code;
    }

    pub(super) fn complain(&mut self, task: &Task, text: &str, os: &mut Os<'_>) {
        let name = base(&task.scope.program).to_owned();
        let name = if is_shell(&name) { name } else { "sh".to_owned() };
        let line = match (name.as_str(), os.facts.busybox) {
            ("bash", _) => format!("{name}: line 1: {text}\n"),
            (_, true) => format!("{name}: {text}\n"),
            (_, false) => format!("{name}: 1: {text}\n"),
        };
        self.emit(task, 2, line.as_bytes(), os);
    }

    pub(super) fn emit(&mut self, task: &Task, descriptor: usize, bytes: &[u8], os: &mut Os<'_>) {
        if bytes.is_empty() {
            return;
        }
        match task.descriptors.get(descriptor) {
            Some(Descriptor::Output) => os.stdout.extend_from_slice(bytes),
            Some(Descriptor::Error) => os.stderr.extend_from_slice(bytes),
            Some(Descriptor::Pipe(pipe)) => {
                if let Some(pipe) = self.pipes.get_mut(pipe) {
                    pipe.buffer.extend_from_slice(bytes);
                }
            }
            Some(Descriptor::File(path)) => {
                // A file that can no longer be written swallows what is written, as a full disk does.
                os.files.write(path, bytes, true).unwrap_or_default();
            }
            Some(Descriptor::Null | Descriptor::Input | Descriptor::Text(_)) | None => {}
        }
    }

    pub(super) fn read(&mut self, task: &Task, os: &mut Os<'_>) -> Read {
        match task.descriptors.first().cloned() {
            Some(Descriptor::Input) => {
                if os.input.bytes.is_empty() {
                    return if os.input.closed { Read::End } else { Read::Wait };
                }
                Read::Bytes(os.input.bytes.drain(..).collect())
            }
            Some(Descriptor::Pipe(id)) => match self.pipes.get_mut(&id) {
                Some(pipe) if !pipe.buffer.is_empty() => {
                    Read::Bytes(std::mem::take(&mut pipe.buffer))
                }
                Some(pipe)
                    if !self.finished.contains_key(&pipe.writer)
                        && self.tasks.contains_key(&pipe.writer) =>
                {
                    Read::Wait
                }
                _ => Read::End,
            },
            _ => Read::End,
        }
    }

    /// A line of standard input: `None` to wait.
    pub(super) fn read_line(&mut self, task: &Task, os: &mut Os<'_>) -> Option<Line> {
        if task.descriptors.first() == Some(&Descriptor::Input) {
            return match os.input.line() {
                Some(line) => Some(Line::Text(line)),
                None if os.input.closed => Some(Line::End),
                None => None,
            };
        }
        match self.read(task, os) {
            Read::Wait => None,
            Read::End => Some(Line::End),
            Read::Bytes(bytes) => {
                let end =
                    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
                let (line, rest) = bytes.split_at(end);
                if let Some(Descriptor::Pipe(id)) = task.descriptors.first()
                    && let Some(pipe) = self.pipes.get_mut(id)
                {
                    pipe.buffer.splice(..0, rest.iter().copied());
                }
                Some(Line::Text(String::from_utf8_lossy(line).into_owned()))
            }
        }
    }

    pub(super) fn restore(&mut self, task: &mut Task, old: Vec<Descriptor>) {
        for descriptor in &task.descriptors {
            if let Descriptor::Pipe(pipe) = descriptor
                && !old.contains(descriptor)
                && self.pipes.get(pipe).is_some_and(|pipe| pipe.writer == usize::MAX)
            {
                self.pipes.remove(pipe);
            }
        }
        task.descriptors = old;
    }

    /// Texts that are read piece by piece become pipes that nobody writes to any more.
    pub(super) fn settle(&mut self, task: &mut Task) {
        for descriptor in &mut task.descriptors {
            if let Descriptor::Text(text) = descriptor {
                let pipe = self.next;
                self.next += 1;
                self.pipes.insert(pipe, Pipe { buffer: text.to_vec(), writer: usize::MAX });
                *descriptor = Descriptor::Pipe(pipe);
            }
        }
    }
}

/// A line of standard input, or its end.
pub(super) enum Line {
    Text(String),
    End,
}

pub(super) enum Read {
    Bytes(Vec<u8>),
    Wait,
    End,
}
