//! Simple commands: expanded, invoked, started.

use super::super::commands;
use super::super::commands::Started;
use super::super::expand::Expander;
use super::super::files::absolute;
use super::super::parse::parse;
use super::super::syntax::Node;
use super::super::syntax::Simple;
use super::super::syntax::Word;
use super::Flow;
use super::Frame;
use super::Os;
use super::Shell;
use super::Task;
use super::base;
use super::is_shell;
use super::task::is_loop;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::Arc;

impl Shell {
    /// All words of `node` can be expanded now.
    pub(super) fn expanded(
        &mut self,
        task: &mut Task,
        node: &Arc<Node>,
        mut outputs: VecDeque<String>,
        os: &mut Os<'_>,
    ) -> Flow {
        let captured = !outputs.is_empty();
        let mut expander =
            Expander { scope: &mut task.scope, files: os.files, outputs: &mut outputs };
        match node.as_ref() {
            Node::For { words, .. } => {
                let items = match words {
                    Some(words) => expander.many(words),
                    None => expander.scope.arguments.clone(),
                };
                task.stack.push(Frame::Each { node: Arc::clone(node), items, next: 0 });
            }
            Node::Case { word, arms } => {
                let text = expander.one(word);
                let hit = arms.iter().find(|(patterns, _)| {
                    patterns.iter().any(|pattern| {
                        super::super::expand::matches(&expander.pattern(pattern), &text)
                    })
                });
                let body = hit.map(|(_, body)| Frame::Run(Arc::clone(body)));
                task.scope.status = 0;
                task.stack.extend(body);
            }
            Node::Group { body, redirects, subshell } => {
                let targets: Vec<String> =
                    redirects.iter().map(|one| expander.one(&one.target)).collect();
                let old = task.descriptors.clone();
                if let Err(text) = task.redirect(redirects, &targets, os) {
                    self.complain(task, &text, os);
                    task.scope.status = 1;
                    return Flow::Next;
                }
                self.settle(task);
                task.stack.push(Frame::Restore(old));
                if *subshell {
                    let child = self.spawn(task, Arc::clone(body), |_| {});
                    task.stack.push(Frame::Await { children: vec![child], negated: false });
                } else {
                    task.stack.push(Frame::Run(Arc::clone(body)));
                }
            }
            Node::Simple(simple) => return self.simple(task, simple, outputs, captured, os),
            _ => {}
        }
        Flow::Next
    }

    pub(super) fn simple(
        &mut self,
        task: &mut Task,
        simple: &Simple,
        mut outputs: VecDeque<String>,
        captured: bool,
        os: &mut Os<'_>,
    ) -> Flow {
        let mut expander =
            Expander { scope: &mut task.scope, files: os.files, outputs: &mut outputs };
        let assigned: Vec<(String, String)> = simple
            .assignments
            .iter()
            .map(|(name, word)| (name.clone(), expander.one(word)))
            .collect();
        let argv = expander.many(&simple.words);
        let targets: Vec<String> =
            simple.redirects.iter().map(|one| expander.one(&one.target)).collect();
        let old = task.descriptors.clone();
        if let Err(text) = task.redirect(&simple.redirects, &targets, os) {
            task.descriptors = old;
            self.complain(task, &text, os);
            task.scope.status = 1;
            return Flow::Next;
        }
        self.settle(task);
        if argv.is_empty() {
            self.restore(task, old);
            task.scope.variables.extend(assigned);
            if !captured {
                task.scope.status = 0;
            }
            return Flow::Next;
        }
        task.stack.push(Frame::Restore(old));
        if assigned.is_empty() {
            return self.invoke(task, &argv, os);
        }
        // `NAME=value command`: for the command only, which here means that it runs in a scope of its own.
        let before = task.scope.variables.clone();
        let exported = task.scope.exported.clone();
        task.scope.exported.extend(assigned.iter().map(|(name, _)| name.clone()));
        task.scope.variables.extend(assigned);
        let flow = self.invoke(task, &argv, os);
        task.scope.variables = before;
        task.scope.exported = exported;
        flow
    }

    pub(super) fn invoke(&mut self, task: &mut Task, argv: &[String], os: &mut Os<'_>) -> Flow {
        let (name, arguments) =
            argv.split_first().map_or(("", &[][..]), |(name, rest)| (name.as_str(), rest));
        if let Some(body) = task.functions.get(name).cloned() {
            let saved = std::mem::replace(&mut task.scope.arguments, arguments.to_vec());
            task.stack.push(Frame::EndFunction(saved));
            task.stack.push(Frame::Run(body));
            return Flow::Next;
        }
        let first = arguments.first().map(String::as_str);
        match name {
            "exit" => {
                return Flow::Exit(
                    first.map_or(task.scope.status, |code| code.parse().unwrap_or(2)),
                );
            }
            "return" => {
                let code = first.map_or(task.scope.status, |code| code.parse().unwrap_or(2));
                task.unwind(|frame| matches!(frame, Frame::EndFunction(_)), true);
                task.scope.status = code;
            }
            "break" => {
                task.unwind(is_loop, false);
                task.stack.pop();
                task.scope.status = 0;
            }
            "continue" => {
                task.unwind(is_loop, false);
                task.scope.status = 0;
            }
            "eval" => {
                if let Ok(node) = parse(&arguments.join(" ")) {
                    task.stack.push(Frame::Run(node));
                } else {
                    self.complain(task, "syntax error", os);
                    task.scope.status = 2;
                }
            }
            "exec" if !arguments.is_empty() => {
                task.stack.clear();
                return self.invoke(task, arguments, os);
            }
            "wait" => task.stack.push(Frame::AwaitAll),
            "read" => {
                let names = arguments.iter().filter(|one| !one.starts_with('-')).cloned().collect();
                task.stack.push(Frame::ReadLine(names));
            }
            _ if is_shell(name) && os.facts.commands.iter().any(|known| known == base(name)) => {
                return self.shell(task, argv, os);
            }
            _ => {
                let started = commands::start(argv, None, &mut task.scope, os);
                return self.started(task, started, argv, os);
            }
        }
        Flow::Next
    }

    /// A shell within a shell: with a command, a script in a file, or reading its input.
    fn shell(&mut self, task: &mut Task, argv: &[String], os: &mut Os<'_>) -> Flow {
        let mut child = task.clone();
        child.stack.clear();
        child.functions.clear();
        match argv {
            [name, file, arguments @ ..] if !file.starts_with('-') => {
                let Some(node) = script(&task.scope.folder, file, os) else {
                    return self.cannot_open(task, name, file, os);
                };
                child.stack.push(Frame::Run(node));
                child.scope.program.clone_from(file);
                child.scope.arguments = arguments.to_vec();
            }
            _ => child.exec(argv, false),
        }
        let id = self.next;
        self.next += 1;
        self.tasks.insert(id, child);
        task.stack.push(Frame::Await { children: vec![id], negated: false });
        Flow::Next
    }

    /// A shell without its script, in the words of busybox 1.37, dash 0.5.12 and bash 5.2.
    fn cannot_open(&mut self, task: &mut Task, shell: &str, file: &str, os: &mut Os<'_>) -> Flow {
        let shell = base(shell);
        let (text, code) = match (shell, os.facts.busybox) {
            ("bash", _) => (format!("bash: {file}: No such file or directory\n"), 127),
            (_, true) => (format!("{shell}: can't open '{file}': No such file or directory\n"), 2),
            (_, false) => (format!("{shell}: 0: cannot open {file}: No such file\n"), 2),
        };
        self.emit(task, 2, text.as_bytes(), os);
        task.scope.status = code;
        Flow::Next
    }

    pub(super) fn started(
        &mut self,
        task: &mut Task,
        started: Started,
        argv: &[String],
        os: &mut Os<'_>,
    ) -> Flow {
        match started {
            Started::Done(output) => self.put(task, &output, os),
            Started::Later(delay, output) => {
                let at = os.now.checked_add(delay).unwrap_or(Timestamp::MAX);
                task.stack.push(Frame::Later { at, output });
            }
            Started::NeedsInput => {
                task.stack.push(Frame::Filter { argv: argv.to_vec(), input: Vec::new() });
            }
            Started::Follow(path, output) => {
                self.put(task, &output, os);
                let from = os.files.read(&path).map_or(0, |data| data.len());
                task.stack.push(Frame::Follow { path, from });
            }
            Started::Listen(port) => task.stack.push(Frame::Listen(port)),
            Started::Busy { lasts, cores, memory, output } => {
                let until = lasts.map(|lasts| os.now.checked_add(lasts).unwrap_or(Timestamp::MAX));
                task.stack.push(Frame::Busy { until, cores, memory, output });
            }
            // A reader gets more than it wants to read, and the writer dies of it.
            Started::Repeat(output) if task.writes_to_pipe() => self.put(task, &output, os),
            Started::Repeat(output) => {
                self.put(task, &output, os);
                let output = commands::Output::default();
                task.stack.push(Frame::Busy { until: None, cores: 1, memory: 0, output });
            }
            Started::Limited { lasts, code, argv } => {
                let at = os.now.checked_add(lasts).unwrap_or(Timestamp::MAX);
                task.stack.push(Frame::Deadline { at, code });
                return self.invoke(task, &argv, os);
            }
            Started::Run(argv) => return self.invoke(task, &argv, os),
            Started::RunAll(lists) => {
                let nodes =
                    lists.iter().map(|argv| Arc::new(Node::Simple(literal(argv)))).collect();
                task.stack.push(Frame::Run(Arc::new(Node::List(nodes))));
            }
            Started::NotFound => {
                let bash = base(&task.scope.program) == "bash";
                let text = format!(
                    "{}: {}not found",
                    argv.first().map_or("", String::as_str),
                    if bash { "command " } else { "" }
                );
                self.complain(task, &text, os);
                task.scope.status = 127;
            }
        }
        Flow::Next
    }
}

/// The script in a file; none when there is no such file, or when it cannot be read as one.
fn script(folder: &str, file: &str, os: &Os<'_>) -> Option<Arc<Node>> {
    let bytes = os.files.read(&absolute(folder, file)).ok()?;
    parse(&String::from_utf8_lossy(&bytes)).ok()
}

pub(super) fn literal(argv: &[String]) -> Simple {
    let word = |text: &String| -> Word {
        vec![super::super::syntax::Part::Text { text: text.clone(), quoted: true }]
    };
    Simple { words: argv.iter().map(word).collect(), ..Simple::default() }
}
