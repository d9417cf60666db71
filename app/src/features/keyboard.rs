//! Keys of the whole page: they press the buttons that stand there anyway.

use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::keys::{Act, Focus, Stroke, act};
use crate::state::outline::step_anchor;

/// Listens as long as the scenario is open.
pub(crate) fn keyboard(ctx: Ctx) {
    let chord = StoredValue::new(false);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.default_prevented() {
            return;
        }
        let stroke = Stroke::of(&event);
        let letters = ctx.preferences.letters.get_untracked();
        let meaning = chord.try_update_value(|chord| act(&stroke, focus(), letters, chord));
        let Some(act) = meaning.flatten() else { return };
        if perform(ctx, act) {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

fn focus() -> Focus {
    let Some(element) = browser::focused() else { return Focus::Page };
    let inside = |selector: &str| element.closest(selector).is_ok_and(|found| found.is_some());
    if inside("input, textarea, select, [contenteditable], .monaco-editor, dialog, [role=tablist]")
    {
        return Focus::Text;
    }
    if inside(".time button") {
        return Focus::Time;
    }
    if inside("button, a, summary, [role=button], [role=separator]") {
        Focus::Control
    } else {
        Focus::Page
    }
}

/// Does it; whether there was anything to do.
fn perform(ctx: Ctx, act: Act) -> bool {
    if act == Act::Help {
        ctx.desk.help.set(true);
        return true;
    }
    let cell = browser::focused().and_then(|element| element.closest("[data-cell]").ok().flatten());
    let id = cell.as_ref().map(web_sys::Element::id).unwrap_or_default();
    let press = |name: &str| {
        let button = cell
            .as_ref()
            .and_then(|cell| cell.query_selector(&format!("[data-press={name}]")).ok().flatten());
        let button = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok());
        button.map(|button| button.click()).is_some()
    };
    match act {
        Act::Help => true,
        Act::Next => {
            browser::focus_cell(&id, 1);
            true
        }
        Act::Previous => {
            browser::focus_cell(&id, -1);
            true
        }
        Act::Run | Act::RunAndNext => {
            let main = cell
                .as_ref()
                .and_then(|cell| cell.query_selector(".press--primary").ok().flatten());
            let main = main.and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok());
            let pressed = main.map(|main| main.click()).is_some();
            if act == Act::RunAndNext && cell.is_some() {
                browser::focus_cell(&id, 1);
            }
            pressed
        }
        Act::Enter => enter(cell.as_ref()),
        Act::Compare => press("diff"),
        Act::Reset => press("reset-cell"),
        Act::Stop => press("stop"),
        Act::Check => check(&id),
        Act::Step(number) => go_to_step(ctx, number),
        Act::Tick => browser::press_first("[data-press=time-step]:enabled"),
    }
}

/// Checks the cell, or the next one of its step that checks.
fn check(cell: &str) -> bool {
    const CHECK: &str = "[data-press=check]:enabled";
    !cell.is_empty()
        && (browser::press_first(&format!("#{cell} {CHECK}"))
            || browser::press_first(&format!("#{cell} ~ [data-cell] {CHECK}")))
}

/// Goes to a step as its link in the rail does.
fn go_to_step(ctx: Ctx, number: usize) -> bool {
    let notebook = ctx.notebook();
    let step = number.checked_sub(1).and_then(|index| notebook.steps.get(index));
    let heading = step.map(|step| format!("{}-heading", step_anchor(&step.id)));
    heading.is_some_and(|heading| {
        browser::focus(&heading);
        true
    })
}

/// Puts the cursor into the text of a cell.
fn enter(cell: Option<&web_sys::Element>) -> bool {
    let text = cell.and_then(|cell| {
        let selector = ".monaco-editor [role=textbox], .monaco-editor textarea, textarea, input";
        cell.query_selector(selector).ok().flatten()
    });
    let text = text.and_then(|text| text.dyn_into::<web_sys::HtmlElement>().ok());
    text.is_some_and(|text| text.focus().is_ok())
}
