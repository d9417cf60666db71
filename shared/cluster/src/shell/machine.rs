//! The machine: tasks with explicit stacks, pipes between them, and a step that runs until all of them wait.

mod compose;

mod load;

mod prompt;

mod simple;

mod descriptors;

mod task;

use self::descriptors::{Line, Read};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::commands::{self, Output};
use super::expand::Scope;
use super::files::Files;
use super::network_commands::Network;
use super::syntax::Node;

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
    /// User, group and all groups that the container was given, when it was given any.
    pub(crate) ids: Option<(i64, i64, Vec<i64>)>,
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
    Each {
        node: Arc<Node>,
        items: Vec<String>,
        next: usize,
    },
    Expand {
        node: Arc<Node>,
        pending: VecDeque<Arc<Node>>,
        outputs: VecDeque<String>,
    },
    Capture {
        child: usize,
        pipe: usize,
    },
    Await {
        children: Vec<usize>,
        negated: bool,
    },
    AwaitAll,
    Restore(Vec<Descriptor>),
    EndFunction(Vec<String>),
    Filter {
        argv: Vec<String>,
        input: Vec<u8>,
    },
    Later {
        at: Timestamp,
        output: Output,
    },
    Follow {
        path: String,
        from: usize,
    },
    Listen(u16),
    /// A program that only computes, until it is done.
    Busy {
        until: Option<Timestamp>,
        cores: u32,
        /// Bytes that it holds.
        memory: u64,
        output: Output,
    },
    /// What is above it may run until then; else its exit code is this.
    Deadline {
        at: Timestamp,
        code: i32,
    },
    ReadLine(Vec<String>),
    Prompt {
        text: String,
        shown: bool,
        terminal: bool,
    },
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
    /// Tasks in the background: nobody asks how they ended.
    detached: BTreeSet<usize>,
    next: usize,
    /// How many steps in a row have used up their budget.
    spins: u32,
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
            detached: BTreeSet::new(),
            next: 1,
            spins: 0,
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
        let mut budget = self.budget();
        self.enforce_deadlines(os.now);
        loop {
            let mut moved = false;
            let ids: Vec<usize> = self.tasks.keys().copied().collect();
            for id in ids {
                moved |= self.run(id, os, &mut budget);
            }
            if let Some(code) = self.finished.get(&0) {
                return Waiting::Exited(*code);
            }
            if self.tasks.is_empty() {
                return Waiting::Exited(0);
            }
            if budget == 0 {
                return self.pause(os.now);
            }
            if !moved {
                self.spins = 0;
                return self.tasks.values().fold(Waiting::Input, |sum, task| {
                    let limit = task.deadline().map_or(Waiting::Input, Waiting::Until);
                    sum.sooner(task.waiting).sooner(limit)
                });
            }
        }
    }

    /// Runs one task until it waits; says whether anything happened.
    fn run(&mut self, id: usize, os: &mut Os<'_>, budget: &mut u32) -> bool {
        let Some(mut task) = self.tasks.remove(&id) else { return false };
        let mut moved = false;
        while *budget > 0 {
            let Some(frame) = task.stack.pop() else {
                self.finish(id, task.scope.status);
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
                    self.finish(id, code);
                    return true;
                }
            }
        }
        self.tasks.insert(id, task);
        moved
    }

    fn finish(&mut self, id: usize, code: i32) {
        if !self.detached.remove(&id) {
            self.finished.insert(id, code);
        }
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
            Frame::Busy { until, cores, memory, output } => match until {
                Some(at) if at <= os.now => self.put(task, &output, os),
                until => {
                    task.stack.push(Frame::Busy { until, cores, memory, output });
                    return Flow::Wait(until.map_or(Waiting::Input, Waiting::Until));
                }
            },
            // What was limited is done in time.
            Frame::Deadline { .. } => {}
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
}

fn replace(descriptors: &mut Vec<Descriptor>, at: usize, descriptor: Descriptor) {
    while descriptors.len() <= at {
        descriptors.push(Descriptor::Null);
    }
    if let Some(place) = descriptors.get_mut(at) {
        *place = descriptor;
    }
}

/// The last part of a path.
pub(super) fn base(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Whether a program is a shell.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(base(program), "sh" | "bash" | "ash")
}
