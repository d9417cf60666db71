//! A scenario: rail, notebook and cluster, with bars above and below.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use app_ui::icon::icon;
use app_ui::press::Press;
use gloo_timers::callback::Timeout;
use leptos::html::{a, div, main, p};
use leptos::prelude::*;
use notebook::scenario::Notebook;
use protocol::v1::{Executor, Level};

use super::not_found::not_found;
use crate::features::chrome::{bottom_tabs, dialogs, help, plain_bar, rail, status_bar, top_bar};
use crate::features::cluster::cluster;
use crate::features::keyboard::keyboard;
use crate::features::notebook::notebook;
use crate::routes::{Place, code};
use crate::services::browser::{self, timezone_offset};
use crate::services::content::{self, ContentError};
use crate::services::tabs::Typed;
use crate::state::context::{Ctx, Hall};
use crate::state::drafts::Safety;
use crate::state::namespaces::renames;
use crate::state::outline::places;
use crate::state::session::{Connection, Opening};
use crate::state::standing::Standing;
use crate::state::time::clock_time;
use crate::state::words::Text;

/// For how long the page waits for a lost server before it offers to go on elsewhere.
const PATIENCE_MILLIS: u32 = 5000;

/// The page.
pub(crate) fn scenario(hall: &'static Hall, text: Text, id: String) -> AnyView {
    let found: Found = RwSignal::new(None);
    let place = Place::Scenario(id.clone());
    wasm_bindgen_futures::spawn_local(async move {
        let answer = content::notebook(&id, code(text.language)).await;
        if found.is_disposed() {
            return;
        }
        let filled = match answer {
            Ok((notebook, content)) => {
                open(hall, text, &notebook, content.clone()).await;
                Ok(Arc::new((notebook, content)))
            }
            Err(error) => Err(error),
        };
        found.try_set(Some(filled));
    });
    rename_drafts(hall, found);
    let names = Memo::new(move |_| hall.session.variables.get());
    let drawn = StoredValue::new(false);
    let shown = move || match found.get() {
        None => div()
            .class("page")
            .child((
                plain_bar(text, hall, &place),
                main()
                    .class("message")
                    .id("main")
                    .child(p().attr("role", "status").child(text.say("loading"))),
            ))
            .into_any(),
        Some(Ok(notebook)) => {
            let (notebook, content) = &*notebook;
            let filled = notebook.with_variables_of(content, &names.get());
            // Drawn anew with other names, the reader goes on at the same place.
            if drawn.get_value() {
                hall.desk.back.set(browser::reading());
            }
            drawn.set_value(true);
            match filled {
                Ok(filled) => page(hall, Arc::new(filled), &place),
                Err(error) => not_found(hall, text, &place, Some(error.to_string())),
            }
        }
        Some(Err(ContentError::Missing)) => not_found(hall, text, &place, None),
        Some(Err(ContentError::Broken(cause))) => not_found(hall, text, &place, Some(cause)),
    };
    shown.into_any()
}

/// The notebook, and the text that it was read from.
type Found = RwSignal<Option<Result<Arc<(Notebook, String)>, ContentError>>>;

/// The learner's texts follow when the namespaces get other names.
fn rename_drafts(hall: &'static Hall, found: Found) {
    Effect::new(move |before: Option<BTreeMap<String, String>>| {
        let now = hall.session.variables.get();
        if let (Some(before), Some(Ok(notebook))) = (before, found.get_untracked()) {
            let renames = renames(&notebook.0.scenario.variables, &before, &now);
            if !renames.is_empty() {
                // The cells that show them are being drawn anew right now.
                set_timeout(move || hall.drafts.rename(&renames), Duration::ZERO);
            }
        }
        now
    });
}

/// Opens the session and reads the drafts of a notebook.
async fn open(hall: &'static Hall, text: Text, notebook: &Notebook, content: String) {
    hall.session.open(Opening {
        scenario: notebook.id.clone(),
        content,
        places: places(&notebook.scenario),
        language: text.language,
    });
    hall.drafts.open(&notebook.id).await;
}

fn page(hall: &'static Hall, notebook_data: Arc<Notebook>, place: &Place) -> AnyView {
    let ctx = Ctx::new(hall, notebook_data);
    let text = ctx.text;
    keyboard(ctx);
    announce(ctx);
    remember_standing(ctx);
    ctx.desk.title.set(Some(ctx.notebook().scenario.title.clone()));
    on_cleanup(move || ctx.desk.title.set(None));
    let columns = move || format!("{}px", ctx.desk.width.get());
    div()
        .class("page page--scenario")
        .attr("data-pane", move || ctx.desk.pane.get())
        .style(("--cluster-width", columns))
        .child((
            a().class("skip").attr("href", "#main").child(text.say("skip-main")),
            a().class("skip").attr("href", "#cluster").child(text.say("skip-cluster")),
            top_bar(ctx, hall, place),
            rail(ctx),
            main().class("page__main").child((
                div()
                    .class("desk")
                    .id("main")
                    .attr("tabindex", "-1")
                    .child((banner(ctx), notebook(ctx))),
                cluster(ctx),
            )),
            status_bar(ctx),
            bottom_tabs(ctx),
            dialogs(ctx),
            help(ctx),
        ))
        .into_any()
}

/// Keeps how far the learner has come, for the catalogue.
fn remember_standing(ctx: Ctx) {
    let notebook = ctx.notebook();
    let known = StoredValue::new(Standing::of(&notebook.id));
    Effect::new(move |_| {
        let after = ctx
            .session
            .model
            .with(|model| known.with_value(|known| known.after(&notebook.scenario, model)));
        known.update_value(|known| {
            if *known != after {
                *known = after;
                known.keep(&notebook.id);
            }
        });
    });
}

/// What the reader must know while there is no executor, or has been none for a while.
fn banner(ctx: Ctx) -> AnyView {
    let gone = Memo::new(move |_| ctx.session.connection.get() == Connection::Offline);
    let long = RwSignal::new(false);
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        long.set(false);
        timer.set_value(gone.get().then(|| Timeout::new(PATIENCE_MILLIS, move || long.set(true))));
    });
    let elsewhere = move || {
        Press::new(ctx.text.say("executor-switch-tab"))
            .icon("tab")
            .name("banner-tab")
            .draw(move || ctx.session.switch(Executor::EmbeddedTab, BTreeMap::new()))
    };
    let shown = move || match ctx.session.connection.get() {
        Connection::Failed(why) => {
            let restart = Press::new(ctx.text.say("banner-restart"))
                .icon("reset")
                .name("restart")
                .draw(move || ctx.session.restart());
            let words = format!("{} {}", ctx.text.phrase(&why), ctx.text.say("banner-no-executor"));
            let tab = ctx.session.tried() == Executor::EmbeddedTab;
            Some((words, Some(restart), (!tab).then(elsewhere)))
        }
        Connection::Offline if long.get() => {
            Some((ctx.text.say("banner-offline"), None, Some(elsewhere())))
        }
        Connection::Opening | Connection::Online | Connection::Offline => None,
    };
    let drawn = move || {
        shown().map(|(words, restart, elsewhere)| {
            div().class("banner").attr("role", "alert").child((
                icon("alert"),
                p().child(words),
                div().class("banner__tools").child((restart, elsewhere)),
            ))
        })
    };
    (drawn, unsafe_work(ctx)).into_any()
}

/// The browser keeps nothing: what was edited can be taken along.
fn unsafe_work(ctx: Ctx) -> AnyView {
    let shown = move || {
        (ctx.drafts.safety.get() == Safety::MemoryOnly).then(|| {
            let download = Press::new(ctx.text.say("work-download"))
                .icon("download")
                .name("banner-download")
                .draw(move || ctx.download_work());
            div().class("banner banner--still").attr("role", "alert").child((
                icon("alert"),
                p().child(ctx.text.say("banner-memory")),
                div().class("banner__tools").child(download),
            ))
        })
    };
    shown.into_any()
}

/// Tells what happened as toasts: restored texts, lost sessions, notices of the executor.
fn announce(ctx: Ctx) {
    Effect::new(move |_| {
        if let Some(at) = ctx.drafts.restored.get() {
            let time = clock_time(at, timezone_offset());
            ctx.toasts.show(ctx.text.with("drafts-restored", &[("time", &time)]), "good", None);
            ctx.drafts.restored.set(None);
        }
    });
    Effect::new(move |_| {
        if let Some(Typed { cell, text, .. }) = ctx.drafts.contested.get() {
            let take = Arc::new(move || ctx.drafts.set(&cell, text.clone()));
            let offer = Some((ctx.text.say("drafts-take"), take as _));
            ctx.toasts.show(ctx.text.say("drafts-contested"), "warn", offer);
            ctx.drafts.contested.set(None);
        }
    });
    Effect::new(move |_| {
        if let Some((_, phrase)) = ctx.session.told.get() {
            ctx.toasts.show(ctx.text.phrase(&phrase), "warn", None);
            ctx.session.told.update_untracked(|told| *told = None);
        }
    });
    let notices = Memo::new(move |_| ctx.session.model.with(|model| model.notices.clone()));
    Effect::new(move |before: Option<u64>| {
        let before = before.unwrap_or_default();
        let list = notices.get();
        for notice in list.iter().filter(|notice| notice.seq > before) {
            let tone = match notice.level {
                Level::Info => "info",
                Level::Warning => "warn",
                Level::Error => "bad",
            };
            ctx.toasts.show(ctx.text.phrase(&notice.phrase), tone, None);
        }
        list.last().map_or(before, |last| last.seq)
    });
    // A link to a step names it in the address; the step exists only now. In another language the
    // reader goes on at the same place.
    let back = ctx.desk.back.get_untracked();
    ctx.desk.back.set(None);
    request_animation_frame(move || {
        if let Some(element) =
            back.or_else(browser::anchor).and_then(|anchor| browser::element(&anchor))
        {
            browser::scroll_to(&element);
        }
    });
}
