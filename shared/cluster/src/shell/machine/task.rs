//! What a task does with its own stack.

use super::super::commands::Output;
use super::super::files::NOT_FOUND;
use super::super::files::absolute;
use super::super::parse::SyntaxError;
use super::super::parse::parse;
use super::super::syntax::Node;
use super::super::syntax::Redirect;
use super::super::syntax::RedirectKind;
use super::Descriptor;
use super::Frame;
use super::Os;
use super::Task;
use super::base;
use super::is_shell;
use super::replace;
use super::simple::literal;
use jiff::Timestamp;
use std::sync::Arc;

impl Task {
    /// Becomes `argv`.
    pub(super) fn exec(&mut self, argv: &[String], terminal: bool) {
        let words: Vec<&str> = argv.iter().map(String::as_str).collect();
        match words.as_slice() {
            [shell, flags, script, rest @ ..]
                if is_shell(shell) && flags.starts_with('-') && flags.contains('c') =>
            {
                if let Some((program, arguments)) = rest.split_first() {
                    self.scope.program = (*program).to_owned();
                    self.scope.arguments = arguments.iter().map(|one| (*one).to_owned()).collect();
                } else {
                    self.scope.program = (*shell).to_owned();
                }
                match parse(script) {
                    Ok(node) => self.stack.push(Frame::Run(node)),
                    Err(error) => {
                        let text = match error {
                            SyntaxError::Incomplete => {
                                "syntax error: unexpected end of file".to_owned()
                            }
                            SyntaxError::Unexpected(token) => {
                                format!("syntax error: unexpected \"{token}\"")
                            }
                        };
                        let output = Output {
                            stderr: format!("{}: {text}\n", base(shell)).into_bytes(),
                            code: 2,
                            ..Output::default()
                        };
                        self.stack.push(Frame::Later { at: Timestamp::MIN, output });
                    }
                }
            }
            [shell, rest @ ..]
                if is_shell(shell) && rest.iter().all(|flag| flag.starts_with('-')) =>
            {
                self.scope.program = (*shell).to_owned();
                self.stack.push(Frame::Prompt { text: String::new(), shown: false, terminal });
            }
            _ => self.stack.push(Frame::Run(Arc::new(Node::Simple(literal(argv))))),
        }
    }

    pub(super) fn decide(&mut self, node: &Arc<Node>, arm: usize) {
        let Node::If { arms, otherwise } = node.as_ref() else { return };
        if self.scope.status == 0 {
            self.stack.extend(arms.get(arm).map(|(_, body)| Frame::Run(Arc::clone(body))));
        } else if let Some((condition, _)) = arms.get(arm + 1) {
            self.stack.push(Frame::If(Arc::clone(node), arm + 1));
            self.stack.push(Frame::Run(Arc::clone(condition)));
        } else {
            self.scope.status = 0;
            self.stack.extend(otherwise.as_ref().map(|body| Frame::Run(Arc::clone(body))));
        }
    }

    pub(super) fn condition(&mut self, node: Arc<Node>) {
        let Node::While { body, until, .. } = node.as_ref() else { return };
        if (self.scope.status == 0) == *until {
            self.scope.status = 0;
            return;
        }
        let body = Arc::clone(body);
        self.stack.push(Frame::Body(node));
        self.stack.push(Frame::Run(body));
    }

    pub(super) fn again(&mut self, node: Arc<Node>) {
        let Node::While { condition, .. } = node.as_ref() else { return };
        let condition = Arc::clone(condition);
        self.stack.push(Frame::Condition(node));
        self.stack.push(Frame::Run(condition));
    }

    pub(super) fn each(&mut self, node: Arc<Node>, items: Vec<String>, next: usize) {
        let Node::For { name, body, .. } = node.as_ref() else { return };
        let Some(item) = items.get(next).cloned() else { return };
        self.scope.variables.insert(name.clone(), item);
        let body = Arc::clone(body);
        self.stack.push(Frame::Each { node, items, next: next + 1 });
        self.stack.push(Frame::Run(body));
    }

    /// Takes frames off until one that `ends`; `inclusive` takes that one, too.
    pub(super) fn unwind(&mut self, ends: fn(&Frame) -> bool, inclusive: bool) {
        while let Some(frame) = self.stack.last() {
            if ends(frame) {
                if inclusive && let Some(Frame::EndFunction(arguments)) = self.stack.pop() {
                    self.scope.arguments = arguments;
                }
                return;
            }
            if let Some(Frame::Restore(old)) = self.stack.pop() {
                self.descriptors = old;
            }
        }
    }

    pub(super) fn redirect(
        &mut self,
        redirects: &[Redirect],
        targets: &[String],
        os: &mut Os<'_>,
    ) -> Result<(), String> {
        for (redirect, target) in redirects.iter().zip(targets) {
            let path = absolute(&self.scope.folder, target);
            let descriptor = match redirect.kind {
                RedirectKind::Here => Descriptor::Text(target.clone().into_bytes().into()),
                RedirectKind::Duplicate if target == "-" => Descriptor::Null,
                RedirectKind::Duplicate => {
                    let number: usize = target.parse().unwrap_or(1);
                    self.descriptors.get(number).cloned().unwrap_or(Descriptor::Null)
                }
                _ if target == "/dev/null" => Descriptor::Null,
                _ if target == "/dev/stdout" => Descriptor::Output,
                _ if target == "/dev/stderr" => Descriptor::Error,
                RedirectKind::Read => match os.files.read(&path) {
                    Ok(data) => Descriptor::Text(data),
                    Err(NOT_FOUND) => return Err(format!("can't open {target}: no such file")),
                    Err(error) => return Err(format!("can't open {target}: {error}")),
                },
                RedirectKind::Write | RedirectKind::Append => {
                    let append = redirect.kind == RedirectKind::Append;
                    match os.files.write(&path, b"", append) {
                        Ok(()) => Descriptor::File(path),
                        Err(NOT_FOUND) => {
                            return Err(format!("can't create {target}: nonexistent directory"));
                        }
                        Err(error) => return Err(format!("can't create {target}: {error}")),
                    }
                }
            };
            replace(&mut self.descriptors, redirect.descriptor, descriptor);
        }
        Ok(())
    }

    pub(super) fn assign_line(&mut self, names: &[String], line: &str) {
        let line = line.trim_end_matches('\n');
        let mut rest = line.trim();
        for (index, name) in names.iter().enumerate() {
            let (word, after) = if index + 1 == names.len() {
                (rest, "")
            } else {
                rest.split_once(char::is_whitespace)
                    .map_or((rest, ""), |(word, after)| (word, after.trim_start()))
            };
            self.scope.variables.insert(name.clone(), word.to_owned());
            rest = after;
        }
        if names.is_empty() {
            self.scope.variables.insert("REPLY".to_owned(), line.to_owned());
        }
        self.scope.status = 0;
    }
}

pub(super) fn is_loop(frame: &Frame) -> bool {
    matches!(frame, Frame::Body(_) | Frame::Each { .. } | Frame::Condition(_))
}
