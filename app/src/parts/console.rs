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

#[derive(Clone, Copy)]
struct Line {
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
    console_below(ctx, cell, persona, |run| {
        (!suggest.is_empty()).then(|| suggestions(ctx, suggest, run)).into_any()
    })
}

/// A console below something that runs lines in it.
pub(crate) fn console_below(
    ctx: Ctx,
    cell: String,
    persona: Option<String>,
    above: impl FnOnce(Callback<String>) -> AnyView,
) -> AnyView {
    let line = Line {
        text: RwSignal::default(),
        history: StoredValue::new(History::default()),
        offers: RwSignal::default(),
        persona: RwSignal::new(persona),
        leaving: RwSignal::new(false),
    };
    let id = StoredValue::new(cell.clone());
    let run = move |text: String| run(ctx, id.get_value(), line, text);
    let memo = Memo::new(move |_| ctx.session.model.with(|model| model.cell(&id.get_value())));
    let printed = move || {
        let lines = memo.with(|run| run.output.clone());
        scroll_down(&id.get_value());
        (!lines.is_empty()).then(|| output(ctx.text.say("console-output"), lines))
    };
    div()
        .class("console")
        .attr("id", format!("console-{cell}"))
        .child((
            above(Callback::new(run)),
            div().class("console__output").child(printed),
            prompt(ctx, &cell, line, run),
        ))
        .into_any()
}

fn run(ctx: Ctx, cell: String, line: Line, text: String) {
    let text = text.trim().to_owned();
    if text.is_empty() || !ctx.session.is_ready() {
        return;
    }
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

fn suggestions(ctx: Ctx, lines: Vec<String>, run: Callback<String>) -> AnyView {
    let items = lines.into_iter().map(move |line| {
        let text = line.clone();
        li().child(
            button()
                .attr("type", "button")
                .class("console__suggestion")
                .attr("disabled", move || !ctx.session.is_ready())
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

fn prompt(ctx: Ctx, cell: &str, line: Line, run: impl Fn(String) + Copy + 'static) -> AnyView {
    let field = format!("prompt-{cell}");
    let key = move |event: web_sys::KeyboardEvent| {
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        match event.key().as_str() {
            "ArrowUp" => {
                event.prevent_default();
                if let Some(older) = line.history.try_update_value(History::older).flatten() {
                    line.text.set(older);
                }
            }
            "ArrowDown" => {
                event.prevent_default();
                line.text.set(line.history.try_update_value(History::newer).unwrap_or_default());
            }
            "Escape" => {
                line.leaving.set(true);
                line.offers.set(Vec::new());
            }
            "Tab"
                if !event.shift_key()
                    && !line.leaving.get_untracked()
                    && !line.text.get_untracked().is_empty() =>
            {
                event.prevent_default();
                complete(ctx, line);
            }
            _ => line.leaving.set(false),
        }
    };
    form()
        .class("console__form")
        .on(ev::submit, move |event| {
            event.prevent_default();
            run(line.text.get_untracked());
        })
        .child((
            personas(ctx, cell, line),
            label()
                .class("visually-hidden")
                .attr("for", field.clone())
                .child(ctx.text.say("console-line")),
            span().class("console__sign").attr("aria-hidden", "true").child("$"),
            input()
                .class("console__line")
                .id(field)
                .attr("autocomplete", "off")
                .attr("autocapitalize", "off")
                .attr("spellcheck", "false")
                .attr("placeholder", "kubectl get pods -A")
                .attr("title", ctx.text.say("console-keys"))
                .prop("value", move || line.text.get())
                .on(ev::input, move |event| line.text.set(event_target_value(&event)))
                .on(ev::keydown, key),
            Press::new(ctx.text.say("console-run"))
                .icon("play")
                .name("console-run")
                .disabled(Signal::derive(move || !ctx.session.is_ready()))
                .draw(move || run(line.text.get_untracked())),
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
