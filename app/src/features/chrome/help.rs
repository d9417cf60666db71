//! The keys.

use app_ui::dialog::dialog;
use app_ui::press::{Kind, Press};
use leptos::html::{dd, div, dl, dt, kbd, p};
use leptos::prelude::*;

use crate::state::context::Ctx;
use crate::state::keys::KEYS;

/// The dialog with the keys.
pub(crate) fn help(ctx: Ctx) -> AnyView {
    let text = ctx.text;
    let content = move || {
        let rows = KEYS
            .iter()
            .map(|row| (dt().child(kbd().child(row.keys)), dd().child(text.say(row.word))));
        div()
            .child((
                dl().class("keys").child(rows.collect_view()),
                p().child(text.say("keys-note")),
                div().class("dialog__tools").child((
                    Press::new(text.say("keys-letters"))
                        .kind(Kind::Plain)
                        .pressed(Signal::derive(move || ctx.preferences.letters.get()))
                        .draw(move || ctx.preferences.switch_letters()),
                    Press::new(text.say("close"))
                        .name("close-help")
                        .draw(move || ctx.desk.help.set(false)),
                )),
            ))
            .into_any()
    };
    dialog("help-dialog", text.say("help-keys"), ctx.desk.help, content)
}
