//! Menus about the reader: language, theme, keys, notes, reset.

use app_ui::icon::icon;
use app_ui::menu::menu;
use app_ui::press::{Kind, Press};
use leptos::html::{a, div, p, span};
use leptos::prelude::*;
use protocol::v1::{Language, ResetScope};

use crate::routes::{Place, Route, code};
use crate::state::context::Ctx;
use crate::state::preferences::{Preferences, Theme};
use crate::state::words::Text;

/// Two links: the same place in the other language.
pub(super) fn language_menu(text: Text, place: &Place) -> AnyView {
    let link = |language: Language, label: String| {
        let now = text.language == language;
        a().class("language__link")
            .attr("href", Route::path(language, place))
            .attr("data-route", "true")
            .attr("lang", code(language))
            .attr("hreflang", code(language))
            .attr("aria-current", now.then_some("true"))
            .child(label)
    };
    div()
        .class("language")
        .attr("role", "group")
        .attr("aria-label", text.say("language-title"))
        .child((
            link(Language::Ko, text.say("language-ko")),
            link(Language::En, text.say("language-en")),
        ))
        .into_any()
}

fn theme_word(text: Text, theme: Theme) -> String {
    match theme {
        Theme::System => text.say("theme-system"),
        Theme::Light => text.say("theme-light"),
        Theme::Dark => text.say("theme-dark"),
        Theme::Contrast => text.say("theme-contrast"),
    }
}

fn theme_icon(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "tab",
        Theme::Light => "sun",
        Theme::Dark => "moon",
        Theme::Contrast => "contrast",
    }
}

/// The themes.
pub(super) fn theme_menu(text: Text, preferences: Preferences) -> AnyView {
    let face = move || (move || icon(theme_icon(preferences.theme.get()))).into_any();
    menu("theme", text.say("theme-title"), face, move || themes(text, preferences))
}

fn themes(text: Text, preferences: Preferences) -> AnyView {
    let rows = Theme::ALL.into_iter().map(|theme| {
        let press = Press::new(theme_word(text, theme))
            .icon(theme_icon(theme))
            .kind(Kind::Quiet)
            .name(theme.name())
            .pressed(Signal::derive(move || preferences.theme.get() == theme))
            .draw(move || preferences.choose_theme(theme));
        div().attr("data-close", "true").child(press)
    });
    div().class("menu__list").child(rows.collect_view()).into_any()
}

/// Everything else.
pub(super) fn more_menu(ctx: Ctx, place: &Place) -> AnyView {
    let place = place.clone();
    let text = ctx.text;
    let face = move || icon("dots");
    let close = |press: AnyView| div().attr("data-close", "true").child(press);
    let panel = move || {
        let preferences = ctx.preferences;
        div()
            .class("menu__list")
            .child((
                div().class("menu__narrow").child((
                    language_menu(text, &place),
                    div()
                        .attr("role", "group")
                        .attr("aria-label", text.say("theme-title"))
                        .child(themes(text, preferences)),
                )),
                close(
                    Press::new(text.say("reset-scenario"))
                        .icon("reset")
                        .kind(Kind::Quiet)
                        .name("reset-scenario")
                        .draw(move || ctx.desk.reset.set(Some(ResetScope::Scenario))),
                ),
                close(
                    Press::new(text.say("help-keys"))
                        .icon("keyboard")
                        .kind(Kind::Quiet)
                        .name("help")
                        .draw(move || ctx.desk.help.set(true)),
                ),
                close(
                    Press::new(text.say("work-download"))
                        .icon("download")
                        .kind(Kind::Quiet)
                        .name("work-download")
                        .draw(move || ctx.download_work()),
                ),
                Press::new(text.say("notes-switch"))
                    .icon("eye")
                    .kind(Kind::Quiet)
                    .name("notes")
                    .pressed(Signal::derive(move || preferences.notes.get()))
                    .draw(move || preferences.switch_notes()),
                p().class("menu__note").child(span().child(text.say("more-note"))),
            ))
            .into_any()
    };
    menu("more", text.say("more-title"), face, panel)
}
