//! The page as a whole: what lives as long as it, and what its address shows.

use std::sync::Arc;

use app_ui::toast::Toasts;
use leptos::ev;
use leptos::html::div;
use leptos::prelude::*;
use protocol::v1::Language;
use wasm_bindgen::JsCast as _;

use crate::pages::{catalog, not_found, scenario};
use crate::routes::{Place, Route, code};
use crate::services::browser;
use crate::services::content::{self, ContentError};
use crate::state::context::{Desk, Hall};
use crate::state::drafts::Drafts;
use crate::state::preferences::Preferences;
use crate::state::session::Session;
use crate::state::words::{self, Text};

/// Draws the page.
pub(crate) fn app() -> AnyView {
    let start = Route::parse(&browser::path());
    let language = first_language();
    // The hall lives as long as the page.
    let hall: &'static Hall = Box::leak(Box::new(Hall {
        language: RwSignal::new(language),
        preferences: Preferences::remembered(),
        session: Session::default(),
        drafts: Drafts::default(),
        toasts: Toasts::default(),
        desk: Desk::default(),
    }));
    let place = RwSignal::new(start.place);
    browser::on_path_change(move || show(hall, place));
    describe(hall, place);
    browser::on_new_version(move |_| {
        let text = Text { language: hall.language.get_untracked() };
        let reload = Arc::new(browser::reload);
        hall.toasts.show(text.say("page-new"), "warn", Some((text.say("page-new-reload"), reload)));
    });
    browser::keep_offline();
    let page = move || {
        let text = Text { language: hall.language.get() };
        match place.get() {
            Place::Catalog => {
                hall.session.leave();
                catalog::catalog(hall, text)
            }
            Place::Scenario(id) => scenario::scenario(hall, text, id),
            Place::Unknown => not_found::not_found(hall, text, &Place::Unknown, None),
        }
    };
    let toasts = move || {
        let text = Text { language: hall.language.get() };
        hall.toasts.draw(text.say("close"))
    };
    div()
        .class("app")
        .on(ev::click, move |event| follow(hall, place, &event))
        .child((page, toasts))
        .into_any()
}

/// The language in which the page opens.
pub(crate) fn first_language() -> Language {
    Route::parse(&browser::path()).language.unwrap_or_else(chosen_language)
}

/// Fetches the words of a language, once; why not, in English.
pub(crate) async fn learn(language: Language) -> Result<(), String> {
    if words::known(language) {
        return Ok(());
    }
    match content::words(code(language)).await {
        Ok(text) => words::learn(language, &text),
        Err(ContentError::Missing) => return Err(format!("no words in {}", code(language))),
        Err(ContentError::Broken(why)) => return Err(why),
    }
    Ok(())
}

/// Goes on in another language, at the same place.
async fn speak(hall: &'static Hall, language: Language) {
    if let Err(why) = learn(language).await {
        let text = Text { language: hall.language.get_untracked() };
        hall.toasts.show(text.with("language-missing", &[("message", &why)]), "warn", None);
        return;
    }
    hall.desk.back.set(browser::reading());
    hall.language.set(language);
}

/// The language for addresses that name none.
fn chosen_language() -> Language {
    let chosen = browser::remembered("podium-language").or_else(browser::preferred_language);
    if chosen.as_deref() == Some("en") { Language::En } else { Language::Ko }
}

/// Shows what the address names now.
fn show(hall: &'static Hall, place: RwSignal<Place>) {
    let route = Route::parse(&browser::path());
    let language = route.language.unwrap_or_else(chosen_language);
    if hall.language.get_untracked() != language {
        wasm_bindgen_futures::spawn_local(speak(hall, language));
    }
    if place.with_untracked(|place| *place != route.place) {
        place.set(route.place);
    }
}

/// Follows links of our own without loading the page anew.
fn follow(hall: &'static Hall, place: RwSignal<Place>, event: &web_sys::MouseEvent) {
    let plain = event.button() == 0
        && !event.ctrl_key()
        && !event.meta_key()
        && !event.shift_key()
        && !event.alt_key();
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let link = target.and_then(|target| target.closest("a[data-route]").ok().flatten());
    let Some(path) = link.and_then(|link| link.get_attribute("href")).filter(|_| plain) else {
        return;
    };
    event.prevent_default();
    let route = Route::parse(&path);
    if let Some(language) = route.language {
        browser::remember("podium-language", Some(code(language)));
    }
    let elsewhere = place.with_untracked(|place| *place != route.place);
    browser::push_path(&path);
    show(hall, place);
    if elsewhere {
        browser::scroll_to_top();
    }
}

/// Keeps language, theme and title of the document right.
fn describe(hall: &'static Hall, place: RwSignal<Place>) {
    Effect::new(move |_| {
        let text = Text { language: hall.language.get() };
        let title = match (place.get(), hall.desk.title.get()) {
            (Place::Scenario(_), Some(title)) => {
                text.with("title-named", &[("title", &text.pick(&title))])
            }
            (Place::Scenario(_), None) => text.say("title-scenario"),
            (Place::Catalog | Place::Unknown, _) => text.say("title-catalog"),
        };
        browser::describe_document(code(text.language), hall.preferences.drawn(), &title);
    });
}
