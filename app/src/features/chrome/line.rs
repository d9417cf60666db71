//! The line of time: what was done along the clock, to go back to before it or on with a branch that was left.

use std::sync::Arc;

use app_ui::icon::icon;
use app_ui::press::Press;
use app_ui::strip::strip;
use leptos::html::{div, p, span};
use leptos::prelude::*;
use notebook::cell::CellKind;
use protocol::v1::{Command, ResetScope, RunId};

use crate::state::context::Ctx;
use crate::state::model::CLOCK;
use crate::state::strip::{Line, Words};

/// The line, and what one can do with the chosen mark.
pub(super) fn line(ctx: Ctx) -> AnyView {
    let chosen = RwSignal::new(None::<String>);
    let line = Memo::new(move |_| {
        ctx.session.model.with(|model| {
            let (now, elapsed) =
                model.clock.map_or((0, 0), |clock| (clock.now_millis, clock.elapsed_millis));
            Line::new(model, now - elapsed, now)
        })
    });
    let data = Signal::derive(move || line.with(|line| line.strip(&ctx)));
    let id = Memo::new(move |_| {
        let data = data.get();
        let at = chosen.with(|id| data.chosen(id.as_ref()))?;
        Some(data.marks.get(at)?.id.clone())
    });
    let take = move |id: &str| {
        // What is done next is shown next.
        chosen.set(None);
        let found = line.with_untracked(|line| {
            line.moment(id).map(|(moment, left)| (moment.run.clone(), left))
        });
        match found {
            Some((run, true)) => go(ctx, &run),
            Some((run, false)) => back(ctx, &run),
            None => {}
        }
    };
    let about = move || {
        let id = id.get()?;
        let left = line.with(|line| line.moment(&id).is_some_and(|(_, left)| left));
        let said = line.with(|line| line.told(&id, &ctx));
        let word = if left { "time-return" } else { "time-back" };
        Some(div().class("strip__about").child((
            p().attr("role", "status").child(said),
            Press::new(ctx.text.say(word)).icon("undo").name("strip-go").draw(move || take(&id)),
        )))
    };
    // Drawn anew only when the first thing is done.
    let empty = Memo::new(move |_| id.with(Option::is_none));
    let shown = move || {
        if empty.get() {
            return p().class("menu__note").child(ctx.text.say("time-past-none")).into_any();
        }
        let go = Callback::new(move |id: String| take(&id));
        (strip(ctx.text.say("time-strip"), data, chosen, go), legend(ctx), about).into_any()
    };
    shown.into_any()
}

fn legend(ctx: Ctx) -> AnyView {
    let one = |look: &str, word: &str| {
        span().class("strip__key").child((
            span().class(format!("strip__swatch strip__swatch--{look}")).child(()),
            ctx.text.say(word),
        ))
    };
    p().class("strip__legend")
        .child((
            span().class("strip__key").child((icon("keyboard"), ctx.text.say("time-strip-keys"))),
            one("event", "time-strip-event"),
            one("warning", "time-strip-warning"),
            one("passed", "time-strip-passed"),
        ))
        .into_any()
}

impl Words for Ctx {
    fn title(&self, cell: &str) -> String {
        let notebook = self.notebook();
        if let Some(step) = notebook.steps.iter().find(|step| step.id == cell) {
            return self.text.with("time-solved", &[("title", &step.title)]);
        }
        match (cell, self.cell(cell)) {
            (_, Some(cell)) => self.text.pick(&cell.title),
            (CLOCK, None) => self.text.say("time-moved"),
            (_, None) => self.text.say("time-console"),
        }
    }

    fn left(&self, title: &str) -> String {
        self.text.with("time-left", &[("title", title)])
    }

    fn is_console(&self, cell: &str) -> bool {
        self.cell(cell).is_some_and(|cell| matches!(cell.kind, CellKind::Console { .. }))
    }
}

/// Goes to the state before a run.
pub(super) fn go(ctx: Ctx, run: &RunId) {
    ctx.session.steer(Command::Reset { scope: ResetScope::Run { run: run.clone() } });
}

/// Goes back to before a run, and offers to take that back.
pub(super) fn back(ctx: Ctx, run: &RunId) {
    go(ctx, run);
    let undo = Arc::new(move || ctx.session.steer(Command::Undo));
    let offer = Some((ctx.text.say("undo"), undo as _));
    ctx.toasts.show(ctx.text.say("time-back-done"), "info", offer);
}
