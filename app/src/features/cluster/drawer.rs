//! One object: as YAML or in the words of `kubectl describe`.

use app_ui::press::{Kind, Press};
use app_ui::tabs::{Tab, tabs};
use leptos::html::{code, div, h3, pre, section, span};
use leptos::prelude::*;
use protocol::v1::{Answer, ObjectKey, Query};

use crate::services::browser;
use crate::state::context::Ctx;

/// The drawer; empty while no object is selected.
pub(super) fn drawer(ctx: Ctx) -> AnyView {
    let how = RwSignal::new("describe");
    let shown = move || ctx.desk.object.get().map(|key| opened(ctx, key, how));
    shown.into_any()
}

fn opened(ctx: Ctx, key: ObjectKey, how: RwSignal<&'static str>) -> AnyView {
    let told = RwSignal::new(String::new());
    let asked = key.clone();
    // The text follows the object: it is asked for again whenever the object changes.
    let version = Memo::new({
        let key = key.clone();
        move |_| {
            ctx.session.model.with(|model| {
                let object = model.objects.get(&key);
                object.map(|object| {
                    crate::state::objects::text(object, "/metadata/resourceVersion").to_owned()
                })
            })
        }
    });
    Effect::new(move |_| {
        version.track();
        let key = asked.clone();
        let query =
            if how.get() == "yaml" { Query::Object { key } } else { Query::Describe { key } };
        wasm_bindgen_futures::spawn_local(async move {
            let text = match ctx.session.ask(query).await {
                Some(Answer::Text(text)) => text,
                Some(Answer::Failed(phrase)) => ctx.text.phrase(&phrase),
                _ => return,
            };
            // The drawer may be closed by now.
            told.try_set(text);
        });
    });
    let name = format!("{} {}", key.kind, key.name);
    let list = vec![
        Tab { id: "describe", label: ctx.text.say("drawer-describe") },
        Tab { id: "yaml", label: ctx.text.say("drawer-yaml") },
    ];
    section()
        .class("drawer")
        .attr("aria-label", name.clone())
        .child((
            div().class("drawer__head").child((
                h3().child((span().class("drawer__kind").child(key.kind), code().child(key.name))),
                Press::new(ctx.text.say("copy"))
                    .icon("copy")
                    .kind(Kind::Quiet)
                    .only_icon()
                    .draw(move || browser::copy(&told.get_untracked())),
                Press::new(ctx.text.say("close"))
                    .icon("cross")
                    .kind(Kind::Quiet)
                    .only_icon()
                    .name("close-drawer")
                    .draw(move || ctx.desk.object.set(None)),
            )),
            tabs("drawer", name, list, how),
            pre()
                .class("drawer__text")
                .id("drawer-panel")
                .attr("role", "tabpanel")
                .attr("aria-labelledby", move || format!("drawer-{}", how.get()))
                .attr("tabindex", "0")
                .child(move || told.get()),
        ))
        .into_any()
}
