//! Buttons.

use leptos::ev;
use leptos::html::button;
use leptos::prelude::*;

use crate::icon::icon;

/// How loud a button is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The one thing to do here.
    Primary,
    /// One of several.
    Plain,
    /// Beside the point, without a frame.
    Quiet,
    /// Cannot be taken back easily.
    Danger,
}

/// A button before it is drawn.
#[derive(Debug, Clone)]
pub struct Press {
    label: String,
    icon: Option<&'static str>,
    kind: Kind,
    only_icon: bool,
    disabled: Signal<bool>,
    pressed: Option<Signal<bool>>,
    name: &'static str,
    turned: Option<Turned>,
}

/// What a button says and shows while a signal holds.
#[derive(Debug, Clone)]
struct Turned {
    on: Signal<bool>,
    label: String,
    icon: &'static str,
}

impl Press {
    /// A button with a label.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            icon: None,
            kind: Kind::Plain,
            only_icon: false,
            disabled: Signal::stored(false),
            pressed: None,
            name: "",
            turned: None,
        }
    }

    /// With an icon before the label.
    #[must_use]
    pub fn icon(mut self, name: &'static str) -> Self {
        self.icon = Some(name);
        self
    }

    /// This loud.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Shows only the icon; the label is read out and appears on hover.
    #[must_use]
    pub fn only_icon(mut self) -> Self {
        self.only_icon = true;
        self
    }

    /// Cannot be pressed while this holds.
    #[must_use]
    pub fn disabled(mut self, disabled: impl Into<Signal<bool>>) -> Self {
        self.disabled = disabled.into();
        self
    }

    /// A switch: whether it is on.
    #[must_use]
    pub fn pressed(mut self, pressed: impl Into<Signal<bool>>) -> Self {
        self.pressed = Some(pressed.into());
        self
    }

    /// A name for tests and styles, in `data-press`.
    #[must_use]
    pub fn name(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// While this holds, has another label and shows another icon; it stays the same button, so that it keeps the
    /// focus. For buttons that show only an icon.
    #[must_use]
    pub fn turned(
        mut self,
        on: impl Into<Signal<bool>>,
        label: impl Into<String>,
        icon: &'static str,
    ) -> Self {
        self.turned = Some(Turned { on: on.into(), label: label.into(), icon });
        self
    }

    /// Draws it.
    pub fn draw(self, act: impl Fn() + 'static) -> AnyView {
        let Self { label, icon: sign, kind, only_icon, disabled, pressed, name, turned } = self;
        let class = match (kind, only_icon) {
            (Kind::Primary, _) => "press press--primary",
            (Kind::Danger, _) => "press press--danger",
            (Kind::Plain, _) => "press",
            (Kind::Quiet, false) => "press press--quiet",
            (Kind::Quiet, true) => "press press--quiet press--icon",
        };
        let now = turned.clone();
        let plain = only_icon.then(|| label.clone());
        let spoken = move || match &now {
            Some(turned) if turned.on.get() => Some(turned.label.clone()),
            _ => plain.clone(),
        };
        let picture = move || match &turned {
            Some(turned) if turned.on.get() => Some(icon(turned.icon)),
            _ => sign.map(icon),
        };
        button()
            .attr("type", "button")
            .class(class)
            .attr("data-press", (!name.is_empty()).then_some(name))
            .attr("title", spoken.clone())
            .attr("aria-label", spoken)
            .attr("aria-pressed", move || pressed.map(|on| if on.get() { "true" } else { "false" }))
            .attr("disabled", move || disabled.get())
            .on(ev::click, move |_| act())
            .child((picture, (!only_icon).then_some(label)))
            .into_any()
    }
}
