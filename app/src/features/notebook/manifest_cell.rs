//! A manifest: YAML to edit, apply, compare and take back.

use gloo_timers::callback::Timeout;
use leptos::html::div;
use leptos::prelude::*;
use notebook::cell::Cell;
use protocol::v1::{Answer, Finding, Fix, ObjectDiff, Query, Severity};

use super::difference::difference;
use super::editor::editor;
use super::frame::{running, watch};
use super::manifest_tools::tools;
use super::policy::policy;
use super::results::results;
use crate::parts::findings::findings;
use crate::state::context::Ctx;
use crate::state::face::Draft;
use crate::state::mend::mended;
use crate::state::outline::expects_refusal;
use crate::state::run::CellRun;
use crate::state::shared::Shared;

/// How long typing must rest before the text is looked at.
const REST_MILLIS: u32 = 300;

/// What the parts of a manifest cell share.
#[derive(Clone, Copy)]
pub(super) struct Manifest {
    pub(super) id: StoredValue<String>,
    pub(super) original: StoredValue<String>,
    pub(super) run: Memo<Shared<CellRun>>,
    /// What is wrong with the text as it stands.
    pub(super) findings: Memo<Vec<Finding>>,
    /// The text that was applied last.
    pub(super) applied: RwSignal<Option<String>>,
    pub(super) diff: RwSignal<Option<Vec<ObjectDiff>>>,
    /// Where the cursor is asked to go.
    pub(super) go: RwSignal<Option<(u32, u32)>>,
}

impl Manifest {
    /// The text as it stands.
    pub(super) fn text(self, ctx: Ctx) -> String {
        ctx.drafts.text(&self.id.get_value()).unwrap_or_else(|| self.original.get_value())
    }

    /// The same, without watching it.
    pub(super) fn text_now(self, ctx: Ctx) -> String {
        ctx.drafts.text_now(&self.id.get_value()).unwrap_or_else(|| self.original.get_value())
    }

    /// The learner typed.
    pub(super) fn typed(self, ctx: Ctx, text: String) {
        let changed = self.original.with_value(|original| *original != text);
        ctx.drafts.set(&self.id.get_value(), changed.then_some(text));
    }
}

impl Manifest {
    /// Makes a change that a finding offers, and puts the cursor there.
    fn mend(self, ctx: Ctx, fix: &Fix) {
        let text = mended(&self.text_now(ctx), fix);
        self.typed(ctx, text);
        self.go.set(Some((fix.span.line, fix.span.column)));
    }
}

/// The cell.
pub(super) fn manifest_cell(ctx: Ctx, cell: Cell, file: &str) -> AnyView {
    let run = watch(ctx, &cell.id);
    let id = StoredValue::new(cell.id.clone());
    let checked = RwSignal::new(Vec::<Finding>::new());
    let applied = RwSignal::new(None);
    let original = StoredValue::new(ctx.file(file));
    let text = Memo::new(move |_| {
        ctx.drafts.text(&id.get_value()).unwrap_or_else(|| original.get_value())
    });
    let findings_now = Memo::new(move |_| {
        let mut list = checked.get();
        // What the server refused stands as long as the text is the one that it refused.
        if applied.get().as_ref() == Some(&text.get()) {
            let refused = run.with(|run| {
                run.results.iter().flat_map(|one| one.findings.clone()).collect::<Vec<_>>()
            });
            list.extend(
                refused
                    .into_iter()
                    .filter(|one| !checked.get().iter().any(|known| known.span == one.span)),
            );
        }
        list
    });
    let parts = Manifest {
        id,
        original,
        run,
        findings: findings_now,
        applied,
        diff: RwSignal::new(None),
        go: RwSignal::new(None),
    };
    look_at(ctx, id, text, checked);
    let refusal = expects_refusal(&cell);
    let draft = Signal::derive(move || Draft {
        edited: text.get() != original.get_value(),
        errors: findings_now
            .with(|list| list.iter().filter(|one| one.severity == Severity::Error).count()),
        refusal,
    });
    let label = ctx.text.with("editor-label", &[("title", &ctx.text.pick(&cell.title))]);
    let body = div()
        .class("manifest")
        .child((
            editor(ctx, parts, label),
            move || {
                let go = move |line, column| parts.go.set(Some((line, column)));
                findings(ctx.text, findings_now.get(), go, move |fix| parts.mend(ctx, fix))
            },
            policy(ctx, parts),
            tools(ctx, parts),
            move || {
                parts.diff.get().map(|diff| difference(ctx, diff, move || parts.diff.set(None)))
            },
            results(ctx, run),
        ))
        .into_any();
    running(ctx, &cell, "manifest", run, draft, body)
}

/// Asks what is wrong with the text whenever it rests.
fn look_at(ctx: Ctx, id: StoredValue<String>, text: Memo<String>, checked: RwSignal<Vec<Finding>>) {
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        let current = text.get();
        if !ctx.session.is_ready() {
            return;
        }
        let asked = move || {
            let query = Query::Validate { cell: id.get_value(), text: current.clone() };
            wasm_bindgen_futures::spawn_local(async move {
                let answer = ctx.session.ask(query).await;
                // The cell may be gone, or the text may have changed, by the time the answer comes.
                if let Some(Answer::Findings(found)) = answer
                    && text.try_get_untracked().is_some_and(|now| now == current)
                {
                    checked.try_set(found);
                }
            });
        };
        timer.set_value(Some(Timeout::new(REST_MILLIS, asked)));
    });
}
