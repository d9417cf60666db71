//! Markdown as a tree of prose, and its agreement with the structure.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::Report;
use super::scenario::Plan;
use crate::prose::{Block, Inline};
use crate::scenario::{Scenario, Step};

/// The prose of one language.
#[derive(Debug, Default)]
pub(super) struct Prose {
    /// Before the first step.
    pub(super) introduction: Vec<Block>,
    /// Steps in order.
    pub(super) steps: Vec<ProseStep>,
}

/// A step with the lines that matter.
#[derive(Debug)]
pub(super) struct ProseStep {
    /// The step.
    pub(super) step: Step,
    line: u32,
    cells: Vec<(String, u32)>,
}

/// Reads the prose of one language.
pub(super) fn read(file: &str, text: &str, scenario: &Scenario, report: &mut Report) -> Prose {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let events = Parser::new_ext(text, options).into_offset_iter().collect();
    let mut reader = Reader { file, text, scenario, report, events, at: 0, cells: Vec::new() };
    reader.prose()
}

/// Reports where the prose does not fit the structure: steps and cells, and their order.
pub(super) fn agree(file: &str, prose: &Prose, plan: &Plan, report: &mut Report) {
    let planned = &plan.scenario.steps;
    for (index, step) in prose.steps.iter().enumerate() {
        let Some(plan) = planned.iter().find(|plan| plan.id == step.step.id) else {
            let message = format!("the step `{}` is not in scenario.yaml", step.step.id);
            let known: Vec<_> = planned.iter().map(|plan| format!("`{}`", plan.id)).collect();
            report.say(file, step.line, message, format!("one of {}", known.join(", ")));
            continue;
        };
        if planned.get(index).is_some_and(|plan| plan.id != step.step.id) {
            let message = format!("the step `{}` stands in another place", step.step.id);
            report.say(file, step.line, message, "the order of scenario.yaml");
        }
        let written: Vec<&str> = step.cells.iter().map(|(id, _)| id.as_str()).collect();
        let expected: Vec<&str> = plan.cells.iter().map(String::as_str).collect();
        for (id, line) in &step.cells {
            if !expected.contains(&id.as_str()) {
                let message = format!("the cell `{id}` is not in the step `{}`", plan.id);
                report.say(file, *line, message, format!("one of {}", expected.join(", ")));
            }
        }
        for id in expected.iter().filter(|id| !written.contains(id)) {
            let message = format!("the cell `{id}` of the step `{}` is not placed", plan.id);
            report.say(file, step.line, message, format!("a ```{{cell}} {id} fence"));
        }
        let known: Vec<&str> = written.iter().copied().filter(|id| expected.contains(id)).collect();
        let first = known.iter().zip(&expected).position(|(one, other)| one != other);
        if known.len() == expected.len()
            && let Some(at) = first
        {
            let line = step.cells.get(at).map_or(step.line, |(_, line)| *line);
            let message = "the cells stand in another order than in scenario.yaml";
            report.say(file, line, message, expected.join(", "));
        }
    }
    for plan in planned {
        if !prose.steps.iter().any(|step| step.step.id == plan.id) {
            let message = format!("the step `{}` has no prose", plan.id);
            report.say(file, 1, message, format!("a heading `## Title {{#{}}}`", plan.id));
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    scenario: &'a Scenario,
    report: &'a mut Report,
    events: Vec<(Event<'a>, Range<usize>)>,
    at: usize,
    cells: Vec<(String, u32)>,
}

impl<'a> Reader<'a> {
    fn prose(&mut self) -> Prose {
        let mut prose = Prose { introduction: self.blocks(None), steps: Vec::new() };
        let early = std::mem::take(&mut self.cells);
        for (id, line) in early {
            let message = format!("the cell `{id}` stands before the first step");
            self.say(line, message, "cells within steps");
        }
        while self.at < self.events.len() {
            let line = self.line();
            let Some((Event::Start(Tag::Heading { id, .. }), _)) = self.next() else { break };
            let title = plain(&self.inlines(TagEnd::Heading(HeadingLevel::H2)));
            let Some(id) = id else {
                self.say(line, "a heading of level 2 without an id", "`## Title {#step-id}`");
                self.blocks(None);
                continue;
            };
            let blocks = self.blocks(None);
            let cells = std::mem::take(&mut self.cells);
            let step = Step { id: id.to_string(), title, blocks };
            if prose.steps.iter().any(|other| other.step.id == step.id) {
                self.say(line, format!("the step `{}` is there twice", step.id), "a new id");
            }
            prose.steps.push(ProseStep { step, line, cells });
        }
        prose
    }

    fn next(&mut self) -> Option<(Event<'a>, Range<usize>)> {
        let found = self.events.get(self.at).cloned();
        self.at += 1;
        found
    }

    fn line(&self) -> u32 {
        let offset = self.events.get(self.at).map_or(self.text.len(), |(_, range)| range.start);
        let before = self.text.get(..offset).unwrap_or_default();
        u32::try_from(before.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn say(&mut self, line: u32, message: impl Into<String>, expected: &str) {
        self.report.say(self.file, line, message, expected);
    }

    /// Blocks up to an end, or up to the next heading of level 2.
    fn blocks(&mut self, end: Option<TagEnd>) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = self.events.get(self.at).cloned() {
            let opens_step =
                matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }));
            if opens_step && end.is_none() {
                break;
            }
            if let Event::End(found) = event {
                self.at += 1;
                if Some(found) == end {
                    break;
                }
                continue;
            }
            blocks.extend(self.block(event));
        }
        blocks
    }

    fn block(&mut self, event: Event<'a>) -> Option<Block> {
        let line = self.line();
        let Event::Start(tag) = event else {
            // Tight list items and the like hold text without a paragraph.
            let text = self.loose(line);
            return (!text.is_empty()).then_some(Block::Paragraph { text });
        };
        if matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. }) {
            return Some(Block::Paragraph { text: self.loose(line) });
        }
        self.at += 1;
        Some(match tag {
            Tag::Paragraph => Block::Paragraph { text: self.inlines(TagEnd::Paragraph) },
            Tag::Heading { level, .. } => {
                if level < HeadingLevel::H3 {
                    self.say(line, "a heading of this level here", "levels 3 to 6 within a step");
                }
                let text = self.inlines(TagEnd::Heading(level));
                Block::Heading { level: u8::try_from(level as usize).unwrap_or(6), text }
            }
            Tag::List(first) => self.list(first.is_some()),
            Tag::BlockQuote(kind) => {
                Block::Quote { blocks: self.blocks(Some(TagEnd::BlockQuote(kind))) }
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(info)) => self.fence(line, &info),
            Tag::CodeBlock(CodeBlockKind::Indented) => self.fence(line, ""),
            Tag::Table(_) => self.table(),
            other => {
                let message = match other {
                    Tag::HtmlBlock => "raw HTML in the prose",
                    _ => "Markdown that the notebook does not show",
                };
                self.say(line, message, "Markdown");
                self.skip(other.to_end());
                return None;
            }
        })
    }

    fn skip(&mut self, end: TagEnd) {
        while let Some((event, _)) = self.next() {
            if matches!(event, Event::End(found) if found == end) {
                break;
            }
        }
    }

    fn list(&mut self, ordered: bool) -> Block {
        let mut items = Vec::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::Start(Tag::Item) => items.push(self.blocks(Some(TagEnd::Item))),
                Event::End(TagEnd::List(_)) => break,
                _ => {}
            }
        }
        Block::List { ordered, items }
    }

    fn fence(&mut self, line: u32, info: &str) -> Block {
        let mut text = String::new();
        while let Some((event, _)) = self.next() {
            match event {
                Event::Text(part) => text.push_str(&part),
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        let Some(id) = info.strip_prefix("{cell}") else {
            return Block::Code { language: info.to_owned(), text };
        };
        let id = id.trim().to_owned();
        if id.is_empty() || !text.is_empty() {
            self.say(line, "a cell fence with no id, or with a content", "```{cell} id and ```");
        }
        self.cells.push((id.clone(), line));
        Block::Cell { id }
    }

    fn table(&mut self) -> Block {
        let (mut header, mut rows, mut row) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((event, _)) = self.next() {
            match event {
                Event::Start(Tag::TableCell) => row.push(self.inlines(TagEnd::TableCell)),
                Event::End(TagEnd::TableHead) => header = std::mem::take(&mut row),
                Event::End(TagEnd::TableRow) => rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::Table) => break,
                _ => {}
            }
        }
        Block::Table { header, rows }
    }

    /// Text outside a paragraph: up to the next block or end.
    fn loose(&mut self, line: u32) -> Vec<Inline> {
        let mut text = Vec::new();
        let start = self.at;
        while let Some((event, _)) = self.events.get(self.at).cloned() {
            let inline = match &event {
                Event::Start(tag) => {
                    matches!(
                        tag,
                        Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. }
                    )
                }
                Event::End(_) | Event::Rule => false,
                _ => true,
            };
            if !inline {
                break;
            }
            self.at += 1;
            self.inline(event, line, &mut text);
        }
        if self.at == start {
            self.say(line, "Markdown that the notebook does not show", "prose");
            self.at += 1;
        }
        text
    }

    fn inlines(&mut self, end: TagEnd) -> Vec<Inline> {
        let mut text = Vec::new();
        loop {
            let line = self.line();
            match self.next() {
                None => break,
                Some((Event::End(found), _)) if found == end => break,
                Some((event, _)) => self.inline(event, line, &mut text),
            }
        }
        text
    }

    fn inline(&mut self, event: Event<'a>, line: u32, text: &mut Vec<Inline>) {
        match event {
            Event::Text(part) => push(text, &part),
            Event::Code(part) => text.push(Inline::Code { text: part.to_string() }),
            Event::SoftBreak => push(text, " "),
            Event::HardBreak => push(text, "\n"),
            Event::Start(Tag::Emphasis) => {
                text.push(Inline::Emphasis { text: self.inlines(TagEnd::Emphasis) });
            }
            Event::Start(Tag::Strong) => {
                text.push(Inline::Strong { text: self.inlines(TagEnd::Strong) });
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                self.address(&dest_url, line);
                let inner = self.inlines(TagEnd::Link);
                text.push(Inline::Link { to: dest_url.to_string(), text: inner });
            }
            Event::Start(Tag::Image { .. }) => {
                self.say(line, "an image in the prose", "a diagram cell");
                self.inlines(TagEnd::Image);
            }
            Event::Html(_) | Event::InlineHtml(_) => {
                self.say(line, "raw HTML in the prose", "Markdown");
            }
            _ => self.say(line, "Markdown that the notebook does not show", "prose"),
        }
    }

    fn address(&mut self, to: &str, line: u32) {
        let web = to.starts_with("https://") || to.starts_with("http://");
        let step = to
            .strip_prefix('#')
            .is_some_and(|id| self.scenario.steps.iter().any(|step| step.id == id));
        if !web && !step {
            let message = format!("a link to `{to}`");
            self.say(line, message, "an http(s) address, or `#` and the id of a step");
        }
    }
}

fn push(text: &mut Vec<Inline>, part: &str) {
    if let Some(Inline::Text { text: last }) = text.last_mut() {
        last.push_str(part);
    } else {
        text.push(Inline::Text { text: part.to_owned() });
    }
}

fn plain(text: &[Inline]) -> String {
    let parts = text.iter().map(|inline| match inline {
        Inline::Text { text } | Inline::Code { text } => text.clone(),
        Inline::Emphasis { text } | Inline::Strong { text } | Inline::Link { text, .. } => {
            plain(text)
        }
    });
    parts.collect()
}
