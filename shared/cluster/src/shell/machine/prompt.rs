//! Shells that read their script from standard input, with a prompt on a terminal.

use super::super::parse::SyntaxError;
use super::super::parse::parse;
use super::Facts;
use super::Flow;
use super::Frame;
use super::Os;
use super::Shell;
use super::Task;
use super::Waiting;
use super::base;
use super::descriptors::Line;

impl Shell {
    /// An interactive shell, or one that reads its script from standard input.
    pub(super) fn prompt(
        &mut self,
        task: &mut Task,
        mut text: String,
        (shown, terminal): (bool, bool),
        os: &mut Os<'_>,
    ) -> Flow {
        if terminal && !shown {
            let prompt =
                if text.is_empty() { prompt_text(task, os.facts) } else { "> ".to_owned() };
            self.emit(task, 2, prompt.as_bytes(), os);
        }
        let line = match self.read_line(task, os) {
            None => {
                task.stack.push(Frame::Prompt { text, shown: true, terminal });
                return Flow::Wait(Waiting::Input);
            }
            Some(Line::End) => return Flow::Exit(task.scope.status),
            Some(Line::Text(line)) => line,
        };
        text.push_str(&line);
        match parse(&text) {
            Err(SyntaxError::Incomplete) => {
                task.stack.push(Frame::Prompt { text, shown: false, terminal });
            }
            Err(SyntaxError::Unexpected(token)) => {
                task.stack.push(Frame::Prompt { text: String::new(), shown: false, terminal });
                self.complain(task, &format!("syntax error: unexpected \"{token}\""), os);
                task.scope.status = 2;
            }
            Ok(node) => {
                task.stack.push(Frame::Prompt { text: String::new(), shown: false, terminal });
                task.stack.push(Frame::Run(node));
            }
        }
        Flow::Next
    }
}

pub(super) fn prompt_text(task: &Task, facts: &Facts) -> String {
    let sign = if facts.user == "root" { "#" } else { "$" };
    let folder = &task.scope.folder;
    match (base(&task.scope.program), facts.busybox) {
        ("bash", _) => format!("{}@{}:{folder}{sign} ", facts.user, facts.hostname),
        (_, true) => format!("{folder} {sign} "),
        _ => format!("{sign} "),
    }
}
