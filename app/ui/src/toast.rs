//! Short messages at the edge of the page, with one thing to do about them.

use std::sync::Arc;
use std::time::Duration;

use leptos::html::{div, p};
use leptos::prelude::*;

use crate::list::each;
use crate::press::{Kind, Press};

/// How long good news is shown.
const SHOWN: Duration = Duration::from_secs(15);

/// What a toast offers to do.
pub type Offer = (String, Arc<dyn Fn() + Send + Sync>);

/// A message.
#[derive(Clone)]
pub struct Toast {
    /// Number, larger for newer ones.
    pub id: u64,
    /// What is said.
    pub text: String,
    /// `info`, `good`, `warn` or `bad`.
    pub tone: &'static str,
    /// What can be done about it.
    pub offer: Option<Offer>,
}

/// The messages that are shown now.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<Vec<Toast>>);

impl Default for Toasts {
    fn default() -> Self {
        Self(RwSignal::new(Vec::new()))
    }
}

impl Toasts {
    /// Shows a message; returns its number. At most four are shown, the newest first. Good news goes by
    /// itself; what is wrong stays until it is dismissed.
    pub fn show(self, text: String, tone: &'static str, offer: Option<Offer>) -> u64 {
        let mut id = 0;
        self.0.update(|toasts| {
            id = toasts.last().map_or(1, |last| last.id + 1);
            toasts.retain(|toast| toast.text != text);
            toasts.push(Toast { id, text, tone, offer });
            let extra = toasts.len().saturating_sub(4);
            toasts.drain(..extra);
        });
        if matches!(tone, "info" | "good") {
            set_timeout(move || self.hide(id), SHOWN);
        }
        id
    }

    /// Takes a message away.
    pub fn hide(self, id: u64) {
        self.0.update(|toasts| toasts.retain(|toast| toast.id != id));
    }

    /// Draws them.
    pub fn draw(self, dismiss: String) -> AnyView {
        let one = move |toast: Toast| {
            let Toast { id, text, tone, offer } = toast;
            let offer = offer.map(|(label, act)| {
                Press::new(label).name("offer").draw(move || {
                    act();
                    self.hide(id);
                })
            });
            let close = Press::new(dismiss.clone()).icon("cross").kind(Kind::Quiet).only_icon();
            div().class(format!("toast toast--{tone}")).child((
                p().class("toast__text").child(text),
                offer,
                close.draw(move || self.hide(id)),
            ))
        };
        div()
            .class("toasts")
            .attr("role", "status")
            .attr("aria-live", "polite")
            .child(each(move || self.0.get().into_iter().rev().collect(), |toast| toast.id, one))
            .into_any()
    }
}
