//! Where runs put what they have to say, until the session writes it into its log.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::v1::{EventBody, OutputLine, RunId, Stream};

/// The most lines of one run; what follows is counted, not kept.
const MOST_LINES: usize = 5_000;
/// The longest line that is kept whole, in characters.
const LONGEST_LINE: usize = 8_192;

/// Shared by all runs of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox(Arc<Mutex<Vec<EventBody>>>);

impl Outbox {
    /// Adds an event.
    pub(crate) fn put(&self, body: EventBody) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    }

    /// Takes everything.
    pub(crate) fn take(&self) -> Vec<EventBody> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds lines; those of one run that come together become one event.
    fn lines(&self, run: &RunId, cell: &str, new: Vec<OutputLine>) {
        let mut bodies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(EventBody::Output { run: last, lines, .. }) = bodies.last_mut()
            && last == run
        {
            lines.extend(new);
            return;
        }
        bodies.push(EventBody::Output { run: run.clone(), cell: cell.to_owned(), lines: new });
    }
}

/// The output of one run: chunks of text in, whole lines out.
#[derive(Debug)]
pub(crate) struct Printer {
    outbox: Outbox,
    run: RunId,
    cell: String,
    stdout: String,
    stderr: String,
    printed: usize,
}

impl Printer {
    /// Output of a run.
    pub(crate) fn new(outbox: Outbox, run: RunId, cell: String) -> Self {
        Self { outbox, run, cell, stdout: String::new(), stderr: String::new(), printed: 0 }
    }

    /// Prints a whole line. Where a command begins, what the one before it left without a line break has ended.
    pub(crate) fn line(&mut self, stream: Stream, text: &str) {
        if stream == Stream::Command {
            self.flush();
        }
        self.printed += 1;
        let text = match self.printed {
            0..=MOST_LINES => clean(text),
            // The page shows that something is missing; the run itself goes on.
            more if more == MOST_LINES + 1 => "...".to_owned(),
            _ => return,
        };
        self.tell(OutputLine { stream, text, open: false });
    }

    fn tell(&self, line: OutputLine) {
        self.outbox.lines(&self.run, &self.cell, vec![line]);
    }

    /// Shows what has no line break yet; what comes next goes on in the same line.
    pub(crate) fn show(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let pending =
                if stream == Stream::Stderr { &mut self.stderr } else { &mut self.stdout };
            let text = clean(&std::mem::take(pending));
            if !text.is_empty() && self.printed <= MOST_LINES {
                self.printed += 1;
                self.tell(OutputLine { stream, text, open: true });
            }
        }
    }

    fn chunk(&mut self, stream: Stream, text: &str) {
        let mut pending = match stream {
            Stream::Stderr => std::mem::take(&mut self.stderr),
            Stream::Stdout | Stream::Command | Stream::Warning => std::mem::take(&mut self.stdout),
        };
        pending.push_str(text);
        while let Some((line, rest)) = pending.split_once('\n') {
            self.line(warning(stream, line), line);
            pending = rest.to_owned();
        }
        match stream {
            Stream::Stderr => self.stderr = pending,
            Stream::Stdout | Stream::Command | Stream::Warning => self.stdout = pending,
        }
    }

    /// Prints what is left without a line break.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        for (stream, text) in [
            (Stream::Stdout, std::mem::take(&mut self.stdout)),
            (Stream::Stderr, std::mem::take(&mut self.stderr)),
        ] {
            if !text.is_empty() {
                self.line(warning(stream, &text), &text);
            }
        }
    }
}

/// kubectl prints `Warning` headers on standard error with this prefix.
fn warning(stream: Stream, line: &str) -> Stream {
    if stream == Stream::Stderr && line.starts_with("Warning: ") { Stream::Warning } else { stream }
}

/// Text from a cluster may hold control characters and sequences that a terminal would obey; the page shows none.
fn clean(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_sequence(&mut rest),
            '\t' => shown.push(character),
            other if !other.is_control() => shown.push(other),
            _ => {}
        }
    }
    shown.chars().take(LONGEST_LINE).collect()
}

/// The rest of an escape sequence (ECMA-48, 5.3 and 5.4: control sequences; 5.6: control strings).
fn skip_sequence(rest: &mut std::str::Chars<'_>) {
    match rest.next() {
        Some('[') => {
            rest.find(|character| ('\u{40}'..='\u{7e}').contains(character));
        }
        Some(']' | 'P' | '^' | '_') => {
            rest.find(|character| matches!(character, '\u{7}' | '\\'));
        }
        _ => {}
    }
}

impl kubectl::Output for Printer {
    fn stdout(&mut self, text: &str) {
        self.chunk(Stream::Stdout, text);
    }

    fn stderr(&mut self, text: &str) {
        self.chunk(Stream::Stderr, text);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kubectl::Output as _;

    use super::*;

    fn printed(print: impl FnOnce(&mut Printer)) -> String {
        let outbox = Outbox::default();
        let mut printer = Printer::new(outbox.clone(), RunId("r".to_owned()), "c".to_owned());
        print(&mut printer);
        printer.finish();
        let lines = outbox.take().into_iter().flat_map(|body| match body {
            EventBody::Output { lines, .. } => lines,
            other => panic!("{other:?}"),
        });
        lines.map(|line| format!("{:?} {}\n", line.stream, line.text)).collect()
    }

    #[test]
    fn chunks_become_lines_in_the_order_in_which_they_end() {
        let text = printed(|printer| {
            printer.line(Stream::Command, "kubectl get pods");
            printer.stdout("NAME\nwe");
            printer.stderr("Warning: this field is ignored here\n");
            printer.stdout("b\nlast");
        });
        expect![[r"
            Command kubectl get pods
            Stdout NAME
            Warning Warning: this field is ignored here
            Stdout web
            Stdout last
        "]]
        .assert_eq(&text);
    }

    #[test]
    fn control_characters_of_a_container_do_not_reach_the_page() {
        let text = printed(|printer| printer.stdout("\u{1b}[31mred\u{7}\tend\n"));
        assert_eq!(text, "Stdout red\tend\n");
        let prompt = printed(|printer| printer.stdout("\u{1b}]0;title\u{7}\u{1b}[?2004h$ \r\n"));
        assert_eq!(prompt, "Stdout $ \n");
    }

    #[test]
    fn a_prompt_is_shown_before_its_line_ends() {
        let outbox = Outbox::default();
        let mut printer = Printer::new(outbox.clone(), RunId("r".to_owned()), "c".to_owned());
        for piece in ["/ # ", "ls\r\n", "bin\n/ # "] {
            printer.stdout(piece);
            printer.show();
        }
        let lines = outbox.take().into_iter().flat_map(|body| match body {
            EventBody::Output { lines, .. } => lines,
            other => panic!("{other:?}"),
        });
        let told: Vec<(String, bool)> = lines.map(|line| (line.text, line.open)).collect();
        let expected = [("/ # ", true), ("ls", false), ("bin", false), ("/ # ", true)];
        assert_eq!(told, expected.map(|(text, open)| (text.to_owned(), open)));
    }

    #[test]
    fn what_has_no_line_break_ends_where_the_next_command_begins() {
        let text = printed(|printer| {
            printer.stdout("ok");
            printer.line(Stream::Command, "kubectl version");
            printer.stdout("Client Version");
        });
        assert_eq!(text, "Stdout ok\nCommand kubectl version\nStdout Client Version\n");
    }

    #[test]
    fn endless_output_is_cut() {
        let text = printed(|printer| printer.stdout(&"y\n".repeat(MOST_LINES * 2)));
        assert_eq!(text.lines().count(), MOST_LINES + 1);
        assert!(text.ends_with("Stdout ...\n"));
    }
}
