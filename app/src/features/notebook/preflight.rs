//! What the cluster lacks for this scenario, said before the lesson, with a way to go on.

use std::collections::BTreeMap;

use app_ui::icon::icon;
use app_ui::press::{Kind, Press};
use leptos::html::{div, li, p, ul};
use leptos::prelude::*;
use protocol::v1::Executor;

use crate::state::context::Ctx;

/// Shown only when something is missing.
pub(super) fn preflight(ctx: Ctx) -> AnyView {
    let missing = Memo::new(move |_| {
        let capabilities = ctx.session.model.with(|model| model.capabilities.clone());
        capabilities.iter().filter(|one| one.met == Some(false)).cloned().collect::<Vec<_>>()
    });
    let shown = move || {
        let missing = missing.get();
        (!missing.is_empty()).then(|| {
            let items = missing.iter().map(|one| {
                li().attr("data-capability", one.id.clone()).child(ctx.text.phrase(&one.phrase))
            });
            div().class("preflight").attr("role", "alert").child((
                p().class("preflight__title")
                    .child((icon("alert"), ctx.text.say("preflight-title"))),
                ul().child(items.collect_view()),
                p().child(ctx.text.say("preflight-offer")),
                Press::new(ctx.text.say("executor-continue-embedded"))
                    .kind(Kind::Primary)
                    .icon("arrow")
                    .name("continue-embedded")
                    .draw(move || ctx.session.switch(Executor::EmbeddedServer, BTreeMap::new())),
            ))
        })
    };
    div().child(shown).into_any()
}
