//! Compositions of commands: children, pipelines, and what must run before words are known.

use super::super::expand::substitutions;
use super::super::syntax::Node;
use super::super::syntax::Redirect;
use super::Descriptor;
use super::Frame;
use super::Pipe;
use super::Shell;
use super::Task;
use super::Waiting;
use super::replace;
use std::collections::VecDeque;
use std::sync::Arc;

impl Shell {
    pub(super) fn start(&mut self, task: &mut Task, node: &Arc<Node>) {
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
                let child = self.spawn(task, Arc::clone(inner), |descriptors| {
                    replace(descriptors, 0, Descriptor::Null);
                });
                self.detached.insert(child);
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

    pub(super) fn spawn(
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

    pub(super) fn pipeline(&mut self, task: &mut Task, parts: &[Arc<Node>], negated: bool) {
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
}

/// The commands that must run before a node's words can be expanded.
pub(super) fn needed(node: &Node, found: &mut Vec<Arc<Node>>) {
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
