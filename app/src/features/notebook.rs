//! The notebook: prose and cells, step by step.

mod access;
mod action_cell;
mod autoscaler;
mod cell;
mod check_cell;
mod check_row;
mod console_cell;
mod diagram_cell;
mod difference;
mod editor;
mod frame;
mod load_cell;
mod manifest_cell;
mod manifest_tools;
mod menus;
mod note_cell;
mod observe_cell;
mod options;
mod policy;
mod preflight;
mod prose;
mod quiz_cell;
mod results;
mod rollout;
mod step;
mod text_area;

use leptos::html::{a, div, h1, header, p, span};
use leptos::prelude::*;
use notebook::scenario::Catalog;

use app_ui::icon::icon;

use crate::routes::{Place, Route};
use crate::services::content;
use crate::state::context::Ctx;

/// Which namespaces the prose means, when they have other names here.
fn names(ctx: Ctx) -> Option<AnyView> {
    let values = ctx.session.variables.get_untracked();
    let notebook = ctx.notebook();
    let renamed: Vec<String> = notebook
        .scenario
        .variables
        .iter()
        .filter_map(|variable| Some((&variable.default, values.get(&variable.name)?)))
        .filter(|(default, value)| default != value)
        .map(|(default, value)| format!("{default} \u{2192} {value}"))
        .collect();
    (!renamed.is_empty()).then(|| {
        p().class("notebook__names")
            .child((
                icon("cloud"),
                ctx.text.with("real-names-now", &[("names", &renamed.join(", "))]),
            ))
            .into_any()
    })
}

/// Links to the notebooks that come before this one. Their titles stand in the catalogue; until it is here, and
/// when it cannot be had, their names do.
fn prerequisites(ctx: Ctx) -> Option<AnyView> {
    let ids = &ctx.notebook().scenario.prerequisites;
    if ids.is_empty() {
        return None;
    }
    let found = RwSignal::new(None::<Catalog>);
    wasm_bindgen_futures::spawn_local(async move {
        if let Ok(catalog) = content::catalog().await {
            // The reader may have gone on.
            found.try_set(Some(catalog));
        }
    });
    let link = |id: &String| {
        let (id, text) = (id.clone(), ctx.text);
        let address = Route::path(text.language, &Place::Scenario(id.clone()));
        let title = move || {
            let catalog = found.get();
            match catalog.as_ref().and_then(|catalog| catalog.entry(&id)) {
                Some(entry) => text.pick(&entry.title),
                None => id.clone(),
            }
        };
        a().class("notebook__before").attr("href", address).attr("data-route", "true").child(title)
    };
    let links = ids.iter().map(link).collect_view();
    let said = format!("{}:", ctx.text.say("prerequisites"));
    Some(p().class("notebook__facts notebook__facts--before").child((said, links)).into_any())
}

/// The whole notebook.
pub(crate) fn notebook(ctx: Ctx) -> AnyView {
    let notebook = ctx.notebook();
    let text = ctx.text;
    let scenario = &notebook.scenario;
    let minutes = text.with("minutes", &[("minutes", &scenario.minutes.to_string())]);
    let steps = text.with("steps-count", &[("steps", &notebook.steps.len().to_string())]);
    let section = text.with("section", &[("number", &scenario.section.to_string())]);
    let all = notebook.steps.iter().enumerate();
    div()
        .class("notebook")
        .child((
            header().class("notebook__head").child((
                p().class("notebook__section").child(section),
                h1().class("notebook__title")
                    .id("title")
                    .attr("tabindex", "-1")
                    .child(text.pick(&scenario.title)),
                p().class("notebook__goal").child(text.pick(&scenario.goal)),
                p().class("notebook__facts").child((
                    span().child((icon("clock"), minutes)),
                    span().child((icon("step"), steps)),
                )),
                prerequisites(ctx),
            )),
            names(ctx),
            preflight::preflight(ctx),
            div().class("prose").child(prose::blocks(ctx, &notebook.introduction)),
            all.map(|(index, one)| step::step(ctx, index + 1, one)).collect_view(),
        ))
        .into_any()
}
