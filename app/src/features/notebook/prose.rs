//! Prose as elements. There is no HTML in it, and none is made of text.

use app_ui::press::{Kind, Press};
use leptos::html::{
    self, a, code, div, em, h3, h4, h5, li, ol, p, pre, strong, table, tbody, td, th, thead, tr, ul,
};
use leptos::prelude::*;
use notebook::prose::{Block, Inline};

use super::cell::cell;
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::outline::step_anchor;

/// Blocks in order; cells stand where the prose places them.
pub(super) fn blocks(ctx: Ctx, list: &[Block]) -> AnyView {
    list.iter().map(|one| block(ctx, one)).collect_view().into_any()
}

fn block(ctx: Ctx, block: &Block) -> AnyView {
    match block {
        Block::Cell { id } => cell(ctx, id),
        Block::Heading { level: 3, text } => h3().child(inlines(text)).into_any(),
        Block::Heading { level: 4, text } => h4().child(inlines(text)).into_any(),
        Block::Heading { text, .. } => h5().child(inlines(text)).into_any(),
        Block::Paragraph { text } => p().child(inlines(text)).into_any(),
        Block::List { ordered: true, items } => ol().child(list(ctx, items)).into_any(),
        Block::List { ordered: false, items } => ul().child(list(ctx, items)).into_any(),
        Block::Code { language, text } => listing(ctx, language, text),
        Block::Quote { blocks: inner } => {
            html::aside().class("aside").child(blocks(ctx, inner)).into_any()
        }
        Block::Table { header, rows } => rows_table(ctx, header, rows),
    }
}

fn list(ctx: Ctx, items: &[Vec<Block>]) -> AnyView {
    let item = |blocks: &Vec<Block>| match blocks.as_slice() {
        // A list of single sentences needs no paragraphs inside.
        [Block::Paragraph { text }] => li().child(inlines(text)).into_any(),
        blocks => li().child(self::blocks(ctx, blocks)).into_any(),
    };
    items.iter().map(item).collect_view().into_any()
}

fn listing(ctx: Ctx, language: &str, text: &str) -> AnyView {
    let copied = text.to_owned();
    let label = ctx.text.say("code-label");
    div()
        .class("listing")
        .child((
            pre()
                .class("listing__text")
                .attr("data-language", language.to_owned())
                .attr("tabindex", "0")
                .attr("role", "region")
                .attr("aria-label", label)
                .child(code().child(text.to_owned())),
            Press::new(ctx.text.say("copy"))
                .icon("copy")
                .kind(Kind::Quiet)
                .only_icon()
                .draw(move || browser::copy(&copied)),
        ))
        .into_any()
}

fn rows_table(ctx: Ctx, header: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) -> AnyView {
    let heads = header.iter().map(|cell| th().attr("scope", "col").child(inlines(cell)));
    let rows = rows
        .iter()
        .map(|row| tr().child(row.iter().map(|cell| td().child(inlines(cell))).collect_view()));
    div()
        .class("table-scroll")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", ctx.text.say("table-label"))
        .child(table().class("table").child((
            thead().child(tr().child(heads.collect_view())),
            tbody().child(rows.collect_view()),
        )))
        .into_any()
}

fn inlines(list: &[Inline]) -> AnyView {
    list.iter().map(inline).collect_view().into_any()
}

fn inline(inline: &Inline) -> AnyView {
    match inline {
        Inline::Text { text } => text.clone().into_any(),
        Inline::Code { text } => code().child(text.clone()).into_any(),
        Inline::Emphasis { text } => em().child(inlines(text)).into_any(),
        Inline::Strong { text } => strong().child(inlines(text)).into_any(),
        Inline::Link { to, text } => link(to, text),
    }
}

fn link(to: &str, text: &[Inline]) -> AnyView {
    if let Some(step) = to.strip_prefix('#') {
        return a().attr("href", format!("#{}", step_anchor(step))).child(inlines(text)).into_any();
    }
    // Content may only link to the web; the reader refuses anything else already.
    let safe = to.starts_with("https://") || to.starts_with("http://");
    a().attr("href", safe.then(|| to.to_owned()))
        .attr("target", "_blank")
        .attr("rel", "noopener noreferrer")
        .child(inlines(text))
        .into_any()
}
