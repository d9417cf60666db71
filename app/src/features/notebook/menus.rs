//! The menus of a console: open one, see what it manages, and the kubectl line that shows the same.

use app_ui::icon::icon;
use leptos::ev;
use leptos::html::{button, details, div, li, ol, span, summary, ul};
use leptos::prelude::*;
use notebook::cell::{Cell, Menu, MenuEntry};

use crate::parts::console::console_below;
use crate::state::context::Ctx;

/// The menus, and a console in which their lines run.
pub(super) fn menus(ctx: Ctx, cell: &Cell, menus: Vec<Menu>) -> AnyView {
    console_below(ctx, cell.id.clone(), cell.persona.clone(), |run| {
        let items = menus.into_iter().map(move |one| li().child(menu(ctx, one, run)));
        ol().class("menus").child(items.collect_view()).into_any()
    })
}

fn menu(ctx: Ctx, menu: Menu, run: Callback<String>) -> AnyView {
    let count = menu.entries.len().to_string();
    let entries = menu.entries.into_iter().map(move |one| li().child(entry(ctx, one, run)));
    // Menus of the same name: one of them is open.
    details()
        .class("menus__menu")
        .attr("name", "menus")
        .child((
            summary().child((
                span().class("menus__title").child(ctx.text.pick(&menu.title)),
                span().class("menus__count").child(count),
            )),
            ul().child(entries.collect_view()),
        ))
        .into_any()
}

fn entry(ctx: Ctx, entry: MenuEntry, run: Callback<String>) -> AnyView {
    let title = span().class("menus__entry").child(ctx.text.pick(&entry.title));
    let of = (!entry.of.is_empty()).then(|| span().class("menus__of").child(entry.of));
    let line = entry.run;
    let shown = if line.is_empty() {
        span().class("menus__none").child(ctx.text.say("menus-none")).into_any()
    } else {
        let text = line.clone();
        button()
            .attr("type", "button")
            .class("console__suggestion")
            .attr("disabled", move || !ctx.session.is_ready())
            .on(ev::click, move |_| run.run(text.clone()))
            .child((icon("play"), span().child(line)))
            .into_any()
    };
    div().class("menus__row").child((title, of, shown)).into_any()
}
