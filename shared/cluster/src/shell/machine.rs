//! The machine: tasks with explicit stacks, pipes between them, and a step that runs until all of them wait.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::commands::{self, Output, Started};
use super::expand::{Expander, Scope, substitutions};
use super::files::{Files, NOT_FOUND, absolute};
use super::network_commands::Network;
use super::parse::{SyntaxError, parse};
use super::syntax::{Node, Redirect, RedirectKind, Simple, Word};

/// How many frames a step may run before other things get their turn.
const BUDGET: u32 = 4000;
/// How long a process that used up its budget is off the CPU.
const SLICE_MILLIS: i64 = 10;

/// What a shell sees of its container.
pub(crate) struct Os<'a> {
    pub(crate) now: Timestamp,
    pub(crate) files: &'a mut Files,
    pub(crate) network: &'a mut dyn Network,
    pub(crate) facts: &'a Facts,
    pub(crate) input: &'a mut Input,
    pub(crate) stdout: &'a mut Vec<u8>,
    pub(crate) stderr: &'a mut Vec<u8>,
}

/// What does not change in a container.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) hostname: String,
    pub(crate) user: String,
    pub(crate) commands: Vec<String>,
    /// Whether the tools are busybox; else those of GNU.
    pub(crate) busybox: bool,
    pub(crate) environment: BTreeMap<String, String>,
    /// The command lines of the container's processes, the first is number 1.
    pub(crate) processes: Vec<String>,
}

/// Standard input.
#[derive(Debug, Clone, Default)]
pub(crate) struct Input {
    pub(crate) bytes: VecDeque<u8>,
    pub(crate) closed: bool,
}

impl Input {
    fn line(&mut self) -> Option<String> {
        let end = match self.bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.closed && !self.bytes.is_empty() => self.bytes.len(),
            None => return None,
        };
        let line: Vec<u8> = self.bytes.drain(..end).collect();
        Some(String::from_utf8_lossy(&line).into_owned())
    }
}

/// What a shell waits for after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    Exited(i32),
    Until(Timestamp),
    /// Input, or for ever.
    Input,
}

impl Waiting {
    fn sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Until(one), Self::Until(two)) => Self::Until(one.min(two)),
            (Self::Until(at), _) | (_, Self::Until(at)) => Self::Until(at),
            _ => Self::Input,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Descriptor {
    Null,
    Input,
    Output,
    Error,
    Pipe(usize),
    File(String),
    Text(Arc<[u8]>),
}

#[derive(Debug, Clone)]
enum Frame {
    Run(Arc<Node>),
    List(Arc<Node>, usize),
    And(Arc<Node>),
    Or(Arc<Node>),
    If(Arc<Node>, usize),
    Condition(Arc<Node>),
    Body(Arc<Node>),
    Each { node: Arc<Node>, items: Vec<String>, next: usize },
    Expand { node: Arc<Node>, pending: VecDeque<Arc<Node>>, outputs: VecDeque<String> },
    Capture { child: usize, pipe: usize },
    Await { children: Vec<usize>, negated: bool },
    AwaitAll,
    Restore(Vec<Descriptor>),
    EndFunction(Vec<String>),
    Filter { argv: Vec<String>, input: Vec<u8> },
    Later { at: Timestamp, output: Output },
    Follow { path: String, from: usize },
    Listen(u16),
    ReadLine(Vec<String>),
    Prompt { text: String, shown: bool, terminal: bool },
}

#[derive(Debug, Clone)]
struct Task {
    stack: Vec<Frame>,
    scope: Scope,
    functions: BTreeMap<String, Arc<Node>>,
    descriptors: Vec<Descriptor>,
    waiting: Waiting,
}

#[derive(Debug, Clone)]
struct Pipe {
    buffer: Vec<u8>,
    writer: usize,
}

/// A process with its children.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    tasks: BTreeMap<usize, Task>,
    pipes: BTreeMap<usize, Pipe>,
    finished: BTreeMap<usize, i32>,
    next: usize,
}

enum Flow {
    Next,
    Wait(Waiting),
    Exit(i32),
}

impl Shell {
    /// A process that runs `argv` with an environment.
    pub(crate) fn new(argv: &[String], facts: &Facts, folder: &str, terminal: bool) -> Self {
        let scope = Scope {
            variables: facts.environment.clone(),
            exported: facts.environment.keys().cloned().collect(),
            folder: folder.to_owned(),
            program: argv.first().cloned().unwrap_or_default(),
            ..Scope::default()
        };
        let mut task = Task {
            stack: Vec::new(),
            scope,
            functions: BTreeMap::new(),
            descriptors: vec![Descriptor::Input, Descriptor::Output, Descriptor::Error],
            waiting: Waiting::Input,
        };
        task.exec(argv, terminal);
        Self {
            tasks: BTreeMap::from([(0, task)]),
            pipes: BTreeMap::new(),
            finished: BTreeMap::new(),
            next: 1,
        }
    }

    /// The ports that its processes listen on.
    pub(crate) fn listening(&self) -> Vec<u16> {
        self.tasks
            .values()
            .filter_map(|task| match task.stack.last() {
                Some(Frame::Listen(port)) => Some(*port),
                _ => None,
            })
            .collect()
    }

    /// Ends what runs in the foreground, as Ctrl-C does.
    pub(crate) fn interrupt(&mut self) {
        self.tasks.retain(|id, _| *id == 0);
        if let Some(task) = self.tasks.get_mut(&0) {
            while task.stack.last().is_some_and(|frame| !matches!(frame, Frame::Prompt { .. })) {
                if let Some(Frame::Restore(old)) = task.stack.pop() {
                    task.descriptors = old;
                }
            }
            task.scope.status = 130;
        }
    }

    /// Runs until everything waits.
    pub(crate) fn step(&mut self, os: &mut Os<'_>) -> Waiting {
        let mut budget = BUDGET;
        loop {
            let mut moved = false;
            let ids: Vec<usize> = self.tasks.keys().copied().collect();
            for id in ids {
                moved |= self.run(id, os, &mut budget);
            }
            if let Some(code) = self.finished.get(&0) {
                return Waiting::Exited(*code);
            }
            if budget == 0 {
                let pause = std::time::Duration::from_millis(SLICE_MILLIS.unsigned_abs());
                return Waiting::Until(os.now.checked_add(pause).unwrap_or(os.now));
            }
            if !moved {
                return self
                    .tasks
                    .values()
                    .fold(Waiting::Input, |sum, task| sum.sooner(task.waiting));
            }
        }
    }

    /// Runs one task until it waits; says whether anything happened.
    fn run(&mut self, id: usize, os: &mut Os<'_>, budget: &mut u32) -> bool {
        let Some(mut task) = self.tasks.remove(&id) else { return false };
        let mut moved = false;
        while *budget > 0 {
            let Some(frame) = task.stack.pop() else {
                self.finished.insert(id, task.scope.status);
                return true;
            };
            match self.frame(&mut task, id, frame, os) {
                Flow::Next => {
                    moved = true;
                    *budget -= 1;
                }
                Flow::Wait(waiting) => {
                    task.waiting = waiting;
                    break;
                }
                Flow::Exit(code) => {
                    self.finished.insert(id, code);
                    return true;
                }
            }
        }
        self.tasks.insert(id, task);
        moved
    }

    fn frame(&mut self, task: &mut Task, id: usize, frame: Frame, os: &mut Os<'_>) -> Flow {
        match frame {
            Frame::Run(node) => self.start(task, &node),
            Frame::List(node, next) => {
                if let Node::List(nodes) = node.as_ref()
                    && let Some(one) = nodes.get(next)
                {
                    let one = Arc::clone(one);
                    task.stack.push(Frame::List(node, next + 1));
                    task.stack.push(Frame::Run(one));
                }
            }
            Frame::And(node) if task.scope.status == 0 => task.stack.push(Frame::Run(node)),
            Frame::Or(node) if task.scope.status != 0 => task.stack.push(Frame::Run(node)),
            Frame::And(_) | Frame::Or(_) => {}
            Frame::If(node, arm) => task.decide(&node, arm),
            Frame::Condition(node) => task.condition(node),
            Frame::Body(node) => task.again(node),
            Frame::Each { node, items, next } => task.each(node, items, next),
            Frame::Expand { node, mut pending, outputs } => {
                if let Some(script) = pending.pop_front() {
                    let pipe = self.next;
                    let child = self.spawn(task, script, |descriptors| {
                        replace(descriptors, 1, Descriptor::Pipe(pipe));
                    });
                    self.pipes.insert(pipe, Pipe { buffer: Vec::new(), writer: child });
                    task.stack.push(Frame::Expand { node, pending, outputs });
                    task.stack.push(Frame::Capture { child, pipe });
                } else {
                    return self.expanded(task, &node, outputs, os);
                }
            }
            Frame::Capture { child, pipe } => {
                let Some(code) = self.finished.remove(&child) else {
                    task.stack.push(Frame::Capture { child, pipe });
                    return Flow::Wait(Waiting::Input);
                };
                let bytes = self.pipes.remove(&pipe).map(|pipe| pipe.buffer).unwrap_or_default();
                task.scope.status = code;
                if let Some(Frame::Expand { outputs, .. }) = task.stack.last_mut() {
                    outputs.push_back(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            Frame::Await { children, negated } => {
                if children.last().is_some_and(|child| !self.finished.contains_key(child)) {
                    task.stack.push(Frame::Await { children, negated });
                    return Flow::Wait(Waiting::Input);
                }
                // Nobody reads any more: whoever still writes dies of it (SIGPIPE).
                for child in &children {
                    self.tasks.remove(child);
                    self.pipes.remove(child);
                }
                let codes: Vec<i32> =
                    children.iter().filter_map(|child| self.finished.remove(child)).collect();
                let code = codes.last().copied().unwrap_or_default();
                task.scope.status = if negated { i32::from(code == 0) } else { code };
            }
            Frame::AwaitAll => {
                if self.tasks.keys().any(|other| *other > id) {
                    task.stack.push(Frame::AwaitAll);
                    return Flow::Wait(Waiting::Input);
                }
                task.scope.status = 0;
            }
            Frame::Restore(old) => self.restore(task, old),
            Frame::EndFunction(arguments) => task.scope.arguments = arguments,
            other => return self.program(task, other, os),
        }
        Flow::Next
    }

    /// Frames of running programs.
    fn program(&mut self, task: &mut Task, frame: Frame, os: &mut Os<'_>) -> Flow {
        match frame {
            Frame::Filter { argv, mut input } => match self.read(task, os) {
                Read::Bytes(bytes) => {
                    input.extend(bytes);
                    task.stack.push(Frame::Filter { argv, input });
                }
                Read::Wait => {
                    task.stack.push(Frame::Filter { argv, input });
                    return Flow::Wait(Waiting::Input);
                }
                Read::End => {
                    let started = commands::start(&argv, Some(&input), &mut task.scope, os);
                    return self.started(task, started, &argv, os);
                }
            },
            Frame::Later { at, output } => {
                if at > os.now {
                    task.stack.push(Frame::Later { at, output });
                    return Flow::Wait(Waiting::Until(at));
                }
                self.put(task, &output, os);
            }
            Frame::Follow { path, from } => {
                let whole = os.files.read(&path).unwrap_or_default();
                self.emit(task, 1, whole.get(from..).unwrap_or_default(), os);
                task.stack.push(Frame::Follow { path, from: whole.len() });
                let pause = std::time::Duration::from_secs(1);
                let at = os.now.checked_add(pause).unwrap_or(os.now);
                return Flow::Wait(Waiting::Until(at));
            }
            Frame::Listen(port) => {
                task.stack.push(Frame::Listen(port));
                return Flow::Wait(Waiting::Input);
            }
            Frame::ReadLine(names) => match self.read_line(task, os) {
                Some(Line::Text(line)) => task.assign_line(&names, &line),
                Some(Line::End) => task.scope.status = 1,
                None => {
                    task.stack.push(Frame::ReadLine(names));
                    return Flow::Wait(Waiting::Input);
                }
            },
            Frame::Prompt { text, shown, terminal } => {
                return self.prompt(task, text, (shown, terminal), os);
            }
            _ => {}
        }
        Flow::Next
    }

    /// An interactive shell, or one that reads its script from standard input.
    fn prompt(
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

    fn start(&mut self, task: &mut Task, node: &Arc<Node>) {
        match node.as_ref() {
            Node::Simple(_) | Node::For { .. } | Node::Case { .. } | Node::Group { .. } => {
                let mut pending = Vec::new();
                needed(node, &mut pending);
                let frame = Frame::Expand {
                    node: Arc::clone(node),
                    pending: pending.into(),
                    outputs: VecDeque::new(),
                };
                task.stack.push(frame);
            }
            Node::Pipe { parts, negated } => self.pipeline(task, parts, *negated),
            Node::And(left, right) => {
                task.stack.push(Frame::And(Arc::clone(right)));
                task.stack.push(Frame::Run(Arc::clone(left)));
            }
            Node::Or(left, right) => {
                task.stack.push(Frame::Or(Arc::clone(right)));
                task.stack.push(Frame::Run(Arc::clone(left)));
            }
            Node::List(_) => task.stack.push(Frame::List(Arc::clone(node), 0)),
            Node::Background(inner) => {
                self.spawn(task, Arc::clone(inner), |descriptors| {
                    replace(descriptors, 0, Descriptor::Null);
                });
                task.scope.status = 0;
            }
            Node::If { arms, .. } => {
                task.stack.push(Frame::If(Arc::clone(node), 0));
                task.stack
                    .extend(arms.first().map(|(condition, _)| Frame::Run(Arc::clone(condition))));
            }
            Node::While { condition, .. } => {
                task.stack.push(Frame::Condition(Arc::clone(node)));
                task.stack.push(Frame::Run(Arc::clone(condition)));
            }
            Node::Function { name, body } => {
                task.functions.insert(name.clone(), Arc::clone(body));
                task.scope.status = 0;
            }
        }
    }

    fn restore(&mut self, task: &mut Task, old: Vec<Descriptor>) {
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
    fn settle(&mut self, task: &mut Task) {
        for descriptor in &mut task.descriptors {
            if let Descriptor::Text(text) = descriptor {
                let pipe = self.next;
                self.next += 1;
                self.pipes.insert(pipe, Pipe { buffer: text.to_vec(), writer: usize::MAX });
                *descriptor = Descriptor::Pipe(pipe);
            }
        }
    }

    fn spawn(
        &mut self,
        task: &Task,
        node: Arc<Node>,
        change: impl FnOnce(&mut Vec<Descriptor>),
    ) -> usize {
        let id = self.next;
        // The pipe of a child has the number of the child, so that both are known at once.
        self.next += 1;
        let mut descriptors = task.descriptors.clone();
        change(&mut descriptors);
        let child = Task {
            stack: vec![Frame::Run(node)],
            scope: task.scope.clone(),
            functions: task.functions.clone(),
            descriptors,
            waiting: Waiting::Input,
        };
        self.tasks.insert(id, child);
        id
    }

    fn pipeline(&mut self, task: &mut Task, parts: &[Arc<Node>], negated: bool) {
        let mut children = Vec::new();
        let mut input: Option<usize> = None;
        for (index, part) in parts.iter().enumerate() {
            let own = self.next;
            let last = index + 1 == parts.len();
            let child = self.spawn(task, Arc::clone(part), |descriptors| {
                if let Some(pipe) = input {
                    replace(descriptors, 0, Descriptor::Pipe(pipe));
                }
                if !last {
                    replace(descriptors, 1, Descriptor::Pipe(own));
                }
            });
            if !last {
                self.pipes.insert(own, Pipe { buffer: Vec::new(), writer: child });
                input = Some(own);
            }
            children.push(child);
        }
        task.stack.push(Frame::Await { children, negated });
    }

    /// All words of `node` can be expanded now.
    fn expanded(
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
                    patterns
                        .iter()
                        .any(|pattern| super::expand::matches(&expander.pattern(pattern), &text))
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

    fn simple(
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

    fn invoke(&mut self, task: &mut Task, argv: &[String], os: &mut Os<'_>) -> Flow {
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
                let mut child = task.clone();
                child.stack.clear();
                child.functions.clear();
                child.exec(argv, false);
                let id = self.next;
                self.next += 1;
                self.tasks.insert(id, child);
                task.stack.push(Frame::Await { children: vec![id], negated: false });
            }
            _ => {
                let started = commands::start(argv, None, &mut task.scope, os);
                return self.started(task, started, argv, os);
            }
        }
        Flow::Next
    }

    fn started(
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

    fn put(&mut self, task: &mut Task, output: &Output, os: &mut Os<'_>) {
        self.emit(task, 2, &output.stderr, os);
        self.emit(task, 1, &output.stdout, os);
        task.scope.status = output.code;
    }

    fn complain(&mut self, task: &Task, text: &str, os: &mut Os<'_>) {
        let name = base(&task.scope.program).to_owned();
        let name = if is_shell(&name) { name } else { "sh".to_owned() };
        let line = match (name.as_str(), os.facts.busybox) {
            ("bash", _) => format!("{name}: line 1: {text}\n"),
            (_, true) => format!("{name}: {text}\n"),
            (_, false) => format!("{name}: 1: {text}\n"),
        };
        self.emit(task, 2, line.as_bytes(), os);
    }

    fn emit(&mut self, task: &Task, descriptor: usize, bytes: &[u8], os: &mut Os<'_>) {
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

    fn read(&mut self, task: &Task, os: &mut Os<'_>) -> Read {
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
    fn read_line(&mut self, task: &Task, os: &mut Os<'_>) -> Option<Line> {
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
}

/// A line of standard input, or its end.
enum Line {
    Text(String),
    End,
}

enum Read {
    Bytes(Vec<u8>),
    Wait,
    End,
}

impl Task {
    /// Becomes `argv`.
    fn exec(&mut self, argv: &[String], terminal: bool) {
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

    fn decide(&mut self, node: &Arc<Node>, arm: usize) {
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

    fn condition(&mut self, node: Arc<Node>) {
        let Node::While { body, until, .. } = node.as_ref() else { return };
        if (self.scope.status == 0) == *until {
            self.scope.status = 0;
            return;
        }
        let body = Arc::clone(body);
        self.stack.push(Frame::Body(node));
        self.stack.push(Frame::Run(body));
    }

    fn again(&mut self, node: Arc<Node>) {
        let Node::While { condition, .. } = node.as_ref() else { return };
        let condition = Arc::clone(condition);
        self.stack.push(Frame::Condition(node));
        self.stack.push(Frame::Run(condition));
    }

    fn each(&mut self, node: Arc<Node>, items: Vec<String>, next: usize) {
        let Node::For { name, body, .. } = node.as_ref() else { return };
        let Some(item) = items.get(next).cloned() else { return };
        self.scope.variables.insert(name.clone(), item);
        let body = Arc::clone(body);
        self.stack.push(Frame::Each { node, items, next: next + 1 });
        self.stack.push(Frame::Run(body));
    }

    /// Takes frames off until one that `ends`; `inclusive` takes that one, too.
    fn unwind(&mut self, ends: fn(&Frame) -> bool, inclusive: bool) {
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

    fn redirect(
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

    fn assign_line(&mut self, names: &[String], line: &str) {
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

fn is_loop(frame: &Frame) -> bool {
    matches!(frame, Frame::Body(_) | Frame::Each { .. } | Frame::Condition(_))
}

fn replace(descriptors: &mut Vec<Descriptor>, at: usize, descriptor: Descriptor) {
    while descriptors.len() <= at {
        descriptors.push(Descriptor::Null);
    }
    if let Some(place) = descriptors.get_mut(at) {
        *place = descriptor;
    }
}

/// The commands that must run before a node's words can be expanded.
fn needed(node: &Node, found: &mut Vec<Arc<Node>>) {
    let redirects = |redirects: &[Redirect], found: &mut Vec<Arc<Node>>| {
        for redirect in redirects {
            substitutions(&redirect.target, found);
        }
    };
    match node {
        Node::Simple(simple) => {
            for (_, word) in &simple.assignments {
                substitutions(word, found);
            }
            for word in &simple.words {
                substitutions(word, found);
            }
            redirects(&simple.redirects, found);
        }
        Node::For { words: Some(words), .. } => {
            for word in words {
                substitutions(word, found);
            }
        }
        Node::Case { word, .. } => substitutions(word, found),
        Node::Group { redirects: list, .. } => redirects(list, found),
        _ => {}
    }
}

fn literal(argv: &[String]) -> Simple {
    let word = |text: &String| -> Word {
        vec![super::syntax::Part::Text { text: text.clone(), quoted: true }]
    };
    Simple { words: argv.iter().map(word).collect(), ..Simple::default() }
}

/// The last part of a path.
pub(super) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether a program is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(base(program), "sh" | "bash" | "ash")
}

fn prompt_text(task: &Task, facts: &Facts) -> String {
    let sign = if facts.user == "root" { "#" } else { "$" };
    let folder = &task.scope.folder;
    match (base(&task.scope.program), facts.busybox) {
        ("bash", _) => format!("{}@{}:{folder}{sign} ", facts.user, facts.hostname),
        (_, true) => format!("{folder} {sign} "),
        _ => format!("{sign} "),
    }
}
