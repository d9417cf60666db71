//! A kubectl console: a line with history and completion, and what was printed.

use app_ui::icon::icon;
use app_ui::press::{Kind, Press};
use leptos::ev;
use leptos::html::{button, div, form, input, label, li, option, p, select, span, ul};
use leptos::prelude::*;
use protocol::v1::{Answer, Command, Query};
use wasm_bindgen::JsCast as _;

use crate::parts::output::output;
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::history::{History, completed};
use crate::state::keys::Stroke;
use crate::state::line_keys::{self, LineKey};
use crate::state::run::CellRun;
use crate::state::shared::Shared;

#[derive(Clone, Copy)]
struct Line {
    cell: StoredValue<String>,
    /// What the console ran last.
    last: Memo<Shared<CellRun>>,
    text: RwSignal<String>,
    history: StoredValue<History>,
    offers: RwSignal<Vec<String>>,
    persona: RwSignal<Option<String>>,
    /// Escape was pressed: the next Tab leaves the line.
    leaving: RwSignal<bool>,
}

/// A console. `cell` is the id under which the executor knows it.
pub(crate) fn console(
    ctx: Ctx,
    cell: String,
    suggest: Vec<String>,
    persona: Option<String>,
) -> AnyView {
    let id = StoredValue::new(cell.clone());
    let listens = move || ctx.session.model.with(|model| model.cell(&id.get_value()).listening);
    let idle = Signal::derive(move || ctx.session.is_ready() && !listens());
    console_below(ctx, cell, persona, |run| {
        (!suggest.is_empty()).then(|| suggestions(ctx, suggest, idle, run)).into_any()
    })
}

/// A console below something that runs lines in it.
pub(crate) fn console_below(
    ctx: Ctx,
    cell: String,
    persona: Option<String>,
    above: impl FnOnce(Callback<String>) -> AnyView,
) -> AnyView {
    let id = StoredValue::new(cell.clone());
    let last = Memo::new(move |_| ctx.session.model.with(|model| model.cell(&id.get_value())));
    let line = Line {
        cell: id,
        last,
        text: RwSignal::default(),
        history: StoredValue::new(History::default()),
        offers: RwSignal::default(),
        persona: RwSignal::new(persona),
        leaving: RwSignal::new(false),
    };
    let run = move |text: String| command(ctx, line, text);
    let printed = move || {
        let lines = last.with(|run| run.output.clone());
        scroll_down(&id.get_value());
        (!lines.is_empty()).then(|| output(ctx.text.say("console-output"), lines))
    };
    div()
        .class("console")
        .attr("id", format!("console-{cell}"))
        .child((
            above(Callback::new(run)),
            div().class("console__output").child(printed),
            div()
                .class("console__busy")
                .child((move || typing(ctx, line), move || stop(ctx, line))),
            prompt(ctx, &cell, line),
        ))
        .into_any()
}

/// What was entered: a command, or a line for a container that reads.
fn enter(ctx: Ctx, line: Line) {
    let text = line.text.get_untracked();
    if !line.last.with_untracked(|run| run.listening) {
        return command(ctx, line, text);
    }
    if !text.is_empty() {
        line.history.update_value(|history| history.push(&text));
    }
    line.text.set(String::new());
    type_in(ctx, line, text + "\n");
}

/// Types into the container that the console talks with.
fn type_in(ctx: Ctx, line: Line, text: impl Into<String>) {
    if let Some(target) = line.last.with_untracked(|run| run.run.clone()) {
        ctx.session.steer(Command::Input { target, text: text.into() });
    }
}

/// Ctrl+C: a container that reads is interrupted, what else runs is stopped.
fn interrupt(ctx: Ctx, line: Line) {
    if line.last.with_untracked(|run| run.listening) {
        line.text.set(String::new());
        type_in(ctx, line, "\u{3}");
    } else {
        cancel(ctx, line);
    }
}

fn cancel(ctx: Ctx, line: Line) {
    if let Some(target) = line.last.with_untracked(|run| run.run.clone()) {
        ctx.session.steer(Command::Cancel { target });
    }
}

/// The button that stops what runs.
fn stop(ctx: Ctx, line: Line) -> Option<AnyView> {
    line.last.with(|run| run.is_busy()).then(|| {
        let press = Press::new(ctx.text.say("stop")).icon("stop").name("console-stop");
        div().class("console__stop").child(press.draw(move || cancel(ctx, line))).into_any()
    })
}

/// Says that what is typed goes into a container.
fn typing(ctx: Ctx, line: Line) -> AnyView {
    let said = line.last.with(|run| run.listening).then(|| ctx.text.say("console-typing"));
    p().class("console__typing").attr("role", "status").child(said).into_any()
}

fn command(ctx: Ctx, line: Line, text: String) {
    let text = text.trim().to_owned();
    let listening = line.last.with_untracked(|run| run.listening);
    if text.is_empty() || listening || !ctx.session.is_ready() {
        return;
    }
    let cell = line.cell.get_value();
    line.history.update_value(|history| history.push(&text));
    line.text.set(String::new());
    line.offers.set(Vec::new());
    let persona = line.persona.get_untracked();
    ctx.session.send(&cell.clone(), Command::Console { cell, line: text, persona, stdin: None });
}

/// The newest line comes into view once it is drawn.
fn scroll_down(cell: &str) {
    let selector = format!("#console-{cell} .output");
    request_animation_frame(move || {
        if let Some(log) = browser::query(&selector) {
            log.set_scroll_top(log.scroll_height());
        }
    });
}

fn suggestions(ctx: Ctx, lines: Vec<String>, idle: Signal<bool>, run: Callback<String>) -> AnyView {
    let items = lines.into_iter().map(move |line| {
        let text = line.clone();
        li().child(
            button()
                .attr("type", "button")
                .class("console__suggestion")
                .attr("disabled", move || !idle.get())
                .on(ev::click, move |_| run.run(text.clone()))
                .child((icon("play"), span().child(line))),
        )
    });
    div()
        .class("console__suggestions")
        .child((
            p().class("console__hint").child(ctx.text.say("console-suggest")),
            ul().child(items.collect_view()),
        ))
        .into_any()
}

/// What a key means in the line as it is now.
fn key_of(event: &web_sys::KeyboardEvent, line: Line) -> LineKey {
    let field = event.target().and_then(|at| at.dyn_into::<web_sys::HtmlInputElement>().ok());
    let selected = field.is_some_and(|field| {
        let (start, end) = (field.selection_start(), field.selection_end());
        start.ok().flatten() != end.ok().flatten()
    });
    let (busy, listening) = line.last.with_untracked(|run| (run.is_busy(), run.listening));
    let empty = line.text.with_untracked(String::is_empty);
    let leaving = line.leaving.get_untracked();
    let state = line_keys::Line { empty, selected, leaving, busy, listening };
    line_keys::meaning(&Stroke::of(event), state)
}

fn prompt(ctx: Ctx, cell: &str, line: Line) -> AnyView {
    let field = format!("prompt-{cell}");
    let listening = Memo::new(move |_| line.last.with(|run| run.listening));
    let key = move |event: web_sys::KeyboardEvent| match key_of(&event, line) {
        LineKey::Older => {
            event.prevent_default();
            if let Some(older) = line.history.try_update_value(History::older).flatten() {
                line.text.set(older);
            }
        }
        LineKey::Newer => {
            event.prevent_default();
            line.text.set(line.history.try_update_value(History::newer).unwrap_or_default());
        }
        LineKey::Leave => {
            line.leaving.set(true);
            line.offers.set(Vec::new());
        }
        LineKey::Complete => {
            event.prevent_default();
            complete(ctx, line);
        }
        LineKey::Interrupt => {
            event.prevent_default();
            interrupt(ctx, line);
        }
        LineKey::End => {
            event.prevent_default();
            type_in(ctx, line, "\u{4}");
        }
        LineKey::Plain => line.leaving.set(false),
    };
    form()
        .class("console__form")
        .on(ev::submit, move |event| {
            event.prevent_default();
            enter(ctx, line);
        })
        .child((
            personas(ctx, cell, line),
            label().class("visually-hidden").attr("for", field.clone()).child(move || {
                ctx.text.say(if listening.get() { "console-input" } else { "console-line" })
            }),
            span()
                .class("console__sign")
                .attr("aria-hidden", "true")
                .child(move || if listening.get() { "\u{203a}" } else { "$" }),
            input()
                .class("console__line")
                .id(field)
                .attr("autocomplete", "off")
                .attr("autocapitalize", "off")
                .attr("spellcheck", "false")
                .attr("placeholder", move || (!listening.get()).then_some("kubectl get pods -A"))
                .attr("title", ctx.text.say("console-keys"))
                .prop("value", move || line.text.get())
                .on(ev::input, move |event| line.text.set(event_target_value(&event)))
                .on(ev::keydown, key),
            Press::new(ctx.text.say("console-run"))
                .icon("play")
                .name("console-run")
                .disabled(Signal::derive(move || !ctx.session.is_ready()))
                .draw(move || enter(ctx, line)),
            move || offers(line),
        ))
        .into_any()
}

fn offers(line: Line) -> Option<AnyView> {
    let offers = line.offers.get();
    if offers.is_empty() {
        return None;
    }
    let items = offers.into_iter().map(move |offer| {
        let insert = offer.clone();
        let pick = move || {
            line.text.update(|text| *text = completed(text, &insert));
            line.offers.set(Vec::new());
        };
        li().child(Press::new(offer).kind(Kind::Quiet).draw(pick))
    });
    Some(ul().class("console__offers").child(items.collect_view()).into_any())
}

fn complete(ctx: Ctx, line: Line) {
    let text = line.text.get_untracked();
    wasm_bindgen_futures::spawn_local(async move {
        let Some(Answer::Completions(found)) =
            ctx.session.ask(Query::CompleteLine { line: text.clone() }).await
        else {
            return;
        };
        if line.text.try_get_untracked().as_ref() != Some(&text) {
            return;
        }
        match found.as_slice() {
            [only] => line.text.set(completed(&text, &only.insert)),
            many => {
                line.offers.set(many.iter().take(24).map(|offer| offer.insert.clone()).collect());
            }
        }
    });
}

/// Who runs the line, where the scenario has several personas.
fn personas(ctx: Ctx, cell: &str, line: Line) -> Option<AnyView> {
    let personas = ctx.notebook().scenario.personas.clone();
    if personas.len() < 2 {
        return None;
    }
    let options = personas.into_iter().map(move |persona| {
        let id = persona.id.clone();
        let chosen = move || line.persona.get().is_some_and(|chosen| chosen == id);
        option()
            .attr("value", persona.id.clone())
            .prop("selected", chosen)
            .child(ctx.text.pick(&persona.title))
    });
    let field = format!("persona-{cell}");
    Some(
        (
            label()
                .class("visually-hidden")
                .attr("for", field.clone())
                .child(ctx.text.say("persona-label")),
            select()
                .class("console__persona")
                .id(field)
                .on(ev::change, move |event| {
                    let chosen = event
                        .target()
                        .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok());
                    line.persona.set(chosen.map(|chosen| chosen.value()));
                })
                .child(options.collect_view()),
        )
            .into_any(),
    )
}
