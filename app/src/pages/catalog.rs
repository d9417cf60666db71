//! The first page: what Podium is, and all sections of the course.

use app_ui::icon::icon;
use leptos::html::{
    a, article, div, footer, h1, h2, h3, header, li, main, ol, p, progress, section, span,
};
use leptos::prelude::*;
use notebook::scenario::{CatalogEntry, Status, Track};

use super::not_found::not_found;
use crate::features::chrome::plain_bar;
use crate::routes::{Place, Route};
use crate::services::content::{self, ContentError};
use crate::state::context::Hall;
use crate::state::outline::step_anchor;
use crate::state::standing::Standing;
use crate::state::words::Text;

/// The page.
pub(crate) fn catalog(hall: &'static Hall, text: Text) -> AnyView {
    let tracks = RwSignal::new(None::<Result<Vec<Track>, ContentError>>);
    wasm_bindgen_futures::spawn_local(async move {
        let found = content::catalog().await.map(|catalog| catalog.tracks);
        // The reader may have gone on.
        tracks.try_set(Some(found));
    });
    let shown = move || match tracks.get() {
        None => div()
            .class("page")
            .child((plain_bar(text, hall, &Place::Catalog), loading(text)))
            .into_any(),
        Some(Ok(tracks)) => page(hall, text, &tracks),
        Some(Err(ContentError::Missing)) => {
            not_found(hall, text, &Place::Catalog, Some("404".to_owned()))
        }
        Some(Err(ContentError::Broken(cause))) => {
            not_found(hall, text, &Place::Catalog, Some(cause))
        }
    };
    shown.into_any()
}

fn loading(text: Text) -> AnyView {
    main()
        .class("message")
        .id("main")
        .child(p().attr("role", "status").child(text.say("loading")))
        .into_any()
}

fn page(hall: &'static Hall, text: Text, tracks: &[Track]) -> AnyView {
    let ready = || {
        let entries = tracks.iter().flat_map(|track| &track.scenarios);
        entries.filter(|entry| entry.status == Status::Ready)
    };
    let begun = ready().map(|entry| (entry, Standing::of(&entry.id)));
    let latest = begun.filter(|(_, one)| one.next.is_some()).max_by_key(|(_, one)| one.at);
    let first = latest.or_else(|| ready().next().map(|entry| (entry, Standing::default())));
    div()
        .class("page")
        .child((
            a().class("skip").attr("href", "#main").child(text.say("skip-main")),
            plain_bar(text, hall, &Place::Catalog),
            main().class("catalog").id("main").child((
                first.map(|(entry, standing)| hero(text, entry, &standing)),
                tracks.iter().map(|one| track(text, one)).collect_view(),
            )),
            footer().class("catalog__foot").child(p().child(text.say("catalog-foot"))),
        ))
        .into_any()
}

/// What Podium is, and the way in: to the notebook in which the learner was last, or else to the first.
fn hero(text: Text, entry: &CatalogEntry, standing: &Standing) -> AnyView {
    let point = |sign: &'static str, title: &'static str, words: &'static str| {
        li().class("hero__point").child((
            span().class("hero__icon").child(icon(sign)),
            div().child((h2().child(text.say(title)), p().child(text.say(words)))),
        ))
    };
    let fact = match left_off(text, standing) {
        Some(step) => step,
        None => text.with("minutes", &[("minutes", &entry.minutes.to_string())]),
    };
    let start = if standing.begun() { "hero-continue" } else { "hero-start" };
    header()
        .class("hero")
        .child((
            div().class("hero__words").child((
                p().class("hero__kicker").child(text.say("hero-kicker")),
                h1().class("hero__title").child(text.say("hero-title")),
                p().class("hero__text").child(text.say("hero-text")),
                div().class("hero__start").child((
                    a().class("press press--primary press--large")
                        .attr("href", onward(text, entry, standing))
                        .attr("data-route", "true")
                        .attr("data-press", "start")
                        .child((icon("play"), text.say(start))),
                    p().class("hero__next")
                        .child(format!("{} \u{b7} {fact}", text.pick(&entry.title))),
                )),
            )),
            ol().class("hero__points").attr("role", "list").child((
                point("pencil", "hero-edit", "hero-edit-text"),
                point("eye", "hero-watch", "hero-watch-text"),
                point("check", "hero-check", "hero-check-text"),
            )),
        ))
        .into_any()
}

/// Where a notebook goes on.
fn onward(text: Text, entry: &CatalogEntry, standing: &Standing) -> String {
    let path = Route::path(text.language, &Place::Scenario(entry.id.clone()));
    match &standing.next {
        Some((_, step)) => format!("{path}#{}", step_anchor(step)),
        None => path,
    }
}

/// Where the learner left a notebook, in words.
fn left_off(text: Text, standing: &Standing) -> Option<String> {
    let (step, _) = standing.next.as_ref()?;
    let numbers = [("step", &*step.to_string()), ("steps", &*standing.steps.to_string())];
    Some(text.with("standing-step", &numbers))
}

fn track(text: Text, track: &Track) -> AnyView {
    let ready =
        track.scenarios.iter().filter(|entry| entry.status == Status::Ready).count().to_string();
    let total = track.scenarios.len().to_string();
    let entries = track.scenarios.iter().map(|one| li().child(entry(text, one)));
    let heading = format!("track-{}", track.id);
    section()
        .class("track")
        .attr("aria-labelledby", heading.clone())
        .child((
            div().class("track__head").child((
                h2().id(heading).child(text.pick(&track.title)),
                p().class("track__summary").child(text.pick(&track.summary)),
                p().class("track__count")
                    .child(text.with("track-count", &[("ready", &ready), ("total", &total)])),
                p().class("track__count").attr("data-standing", "track").child(own(text, track)),
            )),
            ol().class("track__list").attr("role", "list").child(entries.collect_view()),
        ))
        .into_any()
}

/// How far the learner has come in a track.
fn own(text: Text, track: &Track) -> String {
    let all: Vec<Standing> = track.scenarios.iter().map(|entry| Standing::of(&entry.id)).collect();
    let begun = all.iter().filter(|one| one.begun()).count();
    let done = all.iter().filter(|one| one.finished()).count();
    if begun == 0 {
        return text.say("standing-none");
    }
    let (done, begun) = (done.to_string(), (begun - done).to_string());
    text.with("standing-track", &[("done", &done), ("begun", &begun)])
}

/// How far the learner has come in a notebook, and the way on.
fn standing(text: Text, entry: &CatalogEntry) -> Option<AnyView> {
    let standing = Standing::of(&entry.id);
    if !standing.begun() {
        return None;
    }
    let (passed, total) = (standing.passed().to_string(), standing.checks.to_string());
    let label = format!("standing-{}", entry.id.replace('/', "-"));
    let words = if standing.finished() {
        span().child((icon("check"), text.with("standing-done", &[("total", &total)]))).into_any()
    } else {
        text.with("standing-checks", &[("passed", &passed), ("total", &total)]).into_any()
    };
    let title = text.pick(&entry.title);
    let on = left_off(text, &standing).map(|step| {
        p().class("entry__on").child((
            span().child(step),
            a().attr("href", onward(text, entry, &standing))
                .attr("data-route", "true")
                .attr("data-press", "continue")
                .attr("aria-label", text.with("standing-continue-title", &[("title", &title)]))
                .child(text.say("standing-continue")),
        ))
    });
    Some(
        div()
            .class("entry__standing")
            .attr("data-standing", if standing.finished() { "finished" } else { "begun" })
            .child((
                p().id(label.clone()).child(words),
                progress().attr("max", total).attr("value", passed).attr("aria-labelledby", label),
                on,
            ))
            .into_any(),
    )
}

fn entry(text: Text, entry: &CatalogEntry) -> AnyView {
    let ready = entry.status == Status::Ready;
    let title = text.pick(&entry.title);
    let heading = if ready {
        let path = Route::path(text.language, &Place::Scenario(entry.id.clone()));
        h3().child(a().attr("href", path).attr("data-route", "true").child(title)).into_any()
    } else {
        h3().child(title).into_any()
    };
    let facts = if ready {
        let steps = text.with("steps-count", &[("steps", &entry.steps.to_string())]);
        let minutes = text.with("minutes", &[("minutes", &entry.minutes.to_string())]);
        p().class("entry__facts")
            .child((span().child((icon("clock"), minutes)), span().child((icon("step"), steps))))
            .into_any()
    } else {
        p().class("entry__facts")
            .child(span().child((icon("ring"), text.say("entry-planned"))))
            .into_any()
    };
    article()
        .class(if ready { "entry entry--ready" } else { "entry" })
        .attr("data-scenario", entry.id.clone())
        .child((
            span()
                .class("entry__number")
                .attr("aria-hidden", "true")
                .child(entry.section.to_string()),
            div().class("entry__body").child((
                heading,
                p().class("entry__goal").child(text.pick(&entry.goal)),
                facts,
                ready.then(|| standing(text, entry)),
            )),
        ))
        .into_any()
}
