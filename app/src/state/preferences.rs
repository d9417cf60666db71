//! What the reader chose: theme, shortcuts, notes. Remembered, but nothing depends on it.

use leptos::prelude::*;

use crate::services::browser;

/// A theme, or the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    /// As the system is set.
    System,
    /// Dark letters on light paper.
    Light,
    /// Light letters on dark paper.
    Dark,
    /// As much contrast as there is.
    Contrast,
}

impl Theme {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::System, Self::Light, Self::Dark, Self::Contrast];

    /// The name under which it is remembered.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }

    /// Reads a name.
    pub(crate) fn parse(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or(Self::System)
    }

    /// The theme to draw with.
    fn drawn(self, system: Self) -> Self {
        if self == Self::System { system } else { self }
    }

    /// What the system is set to.
    fn of_system() -> Self {
        if browser::matches_media(CONTRAST) {
            Self::Contrast
        } else if browser::matches_media(DARK) {
            Self::Dark
        } else {
            Self::Light
        }
    }
}

const CONTRAST: &str = "(forced-colors: active), (prefers-contrast: more)";
const DARK: &str = "(prefers-color-scheme: dark)";

/// What the reader chose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preferences {
    /// The theme.
    pub theme: RwSignal<Theme>,
    /// Whether single letters are shortcuts outside of texts.
    pub letters: RwSignal<bool>,
    /// Whether presenter's notes are shown.
    pub notes: RwSignal<bool>,
    system: RwSignal<Theme>,
}

impl Preferences {
    /// What was remembered.
    pub(crate) fn remembered() -> Self {
        let system = RwSignal::new(Theme::of_system());
        for query in [CONTRAST, DARK] {
            browser::on_media_change(query, move || system.set(Theme::of_system()));
        }
        Self {
            theme: RwSignal::new(Theme::parse(
                &browser::remembered("podium-theme").unwrap_or_default(),
            )),
            letters: RwSignal::new(browser::remembered("podium-letters").as_deref() != Some("off")),
            notes: RwSignal::new(browser::remembered("podium-notes").as_deref() == Some("on")),
            system,
        }
    }

    /// The theme to draw with: `light`, `dark` or `contrast`.
    pub(crate) fn drawn(&self) -> &'static str {
        self.theme.get().drawn(self.system.get()).name()
    }

    /// The same, without watching it.
    pub(crate) fn drawn_now(&self) -> &'static str {
        self.theme.get_untracked().drawn(self.system.get_untracked()).name()
    }

    /// Chooses a theme.
    pub(crate) fn choose_theme(&self, theme: Theme) {
        browser::remember("podium-theme", Some(theme.name()));
        self.theme.set(theme);
    }

    /// Switches single-letter shortcuts.
    pub(crate) fn switch_letters(&self) {
        let on = !self.letters.get_untracked();
        browser::remember("podium-letters", Some(if on { "on" } else { "off" }));
        self.letters.set(on);
    }

    /// Switches presenter's notes.
    pub(crate) fn switch_notes(&self) {
        let on = !self.notes.get_untracked();
        browser::remember("podium-notes", Some(if on { "on" } else { "off" }));
        self.notes.set(on);
    }
}

#[cfg(test)]
mod tests {
    use super::Theme;

    #[test]
    fn the_system_theme_follows_the_system() {
        assert_eq!(Theme::System.drawn(Theme::Dark), Theme::Dark);
        assert_eq!(Theme::Light.drawn(Theme::Contrast), Theme::Light);
        assert_eq!(Theme::parse("nonsense"), Theme::System);
    }
}
