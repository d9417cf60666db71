//! The editor of a manifest cell: a text area at once, and the full editor where it makes sense.

use std::rc::Rc;

use app_monaco::{Calls, Editor, Finding as Mark, Offer, Options};
use leptos::html::{self, div};
use leptos::prelude::*;
use protocol::v1::{Answer, Query};

use super::manifest_cell::Manifest;
use super::manifest_tools::apply;
use super::text_area::text_area;
use crate::parts::findings::{sentence, severity};
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::outline::cell_anchor;

/// Where the full editor makes sense: a pointer that hits letters, and room.
const ROOMY: &str = "(min-width: 768px) and (any-pointer: fine)";

/// The editor.
pub(super) fn editor(ctx: Ctx, parts: Manifest, label: String) -> AnyView {
    let host: NodeRef<html::Div> = NodeRef::new();
    let full = StoredValue::new_local(None::<Editor>);
    let up = RwSignal::new(false);
    let spoken = label.clone();
    Effect::new(move |_| {
        let Some(host) = host.get() else { return };
        if !browser::matches_media(ROOMY) {
            return;
        }
        let element: web_sys::HtmlElement = host.into();
        let label = spoken.clone();
        browser::when_near(&element.clone(), move || {
            start(ctx, parts, label.clone(), element.clone(), full, up);
        });
    });
    follow(ctx, parts, full, up);
    on_cleanup(move || full.set_value(None));
    div()
        .class("editor")
        .child((div().node_ref(host).class("editor__host"), move || {
            (!up.get()).then(|| text_area(ctx, parts, label.clone()))
        }))
        .into_any()
}

fn start(
    ctx: Ctx,
    parts: Manifest,
    label: String,
    host: web_sys::HtmlElement,
    full: StoredValue<Option<Editor>, LocalStorage>,
    up: RwSignal<bool>,
) {
    // The cell may be gone by the time it comes near.
    let Some(name) = parts.id.try_get_value() else { return };
    let options = Options {
        name,
        value: parts.text_now(ctx),
        label,
        theme: ctx.preferences.drawn_now().to_owned(),
    };
    wasm_bindgen_futures::spawn_local(async move {
        // Where the bundle does not load, the text area goes on; nothing is lost.
        let Ok(editor) = Editor::create(&host, options, calls(ctx, parts)).await else { return };
        let selected = browser::selection_beside(&host);
        if up.try_set(true).is_none() {
            // What was typed into the text area while the editor came, and where.
            editor.replace(&parts.text_now(ctx));
            if let Some((start, end)) = selected {
                editor.select(start, end);
            }
            full.set_value(Some(editor));
        }
    });
}

/// Keeps the editor like the state: text, findings, theme, cursor.
fn follow(
    ctx: Ctx,
    parts: Manifest,
    full: StoredValue<Option<Editor>, LocalStorage>,
    up: RwSignal<bool>,
) {
    let with = move |act: &dyn Fn(&Editor)| {
        full.with_value(|editor| {
            if let Some(editor) = editor {
                act(editor);
            }
        });
    };
    Effect::new(move |_| {
        let text = parts.text(ctx);
        if up.get() {
            with(&|editor| editor.replace(&text));
        }
    });
    Effect::new(move |_| {
        let marks: Vec<Mark> =
            parts.findings.with(|list| list.iter().map(|one| mark(ctx, one)).collect());
        if up.get() {
            with(&|editor| editor.mark(&marks));
        }
    });
    Effect::new(move |_| {
        let theme = ctx.preferences.drawn();
        if up.get() {
            with(&|editor| editor.theme(theme));
        }
    });
    Effect::new(move |_| {
        if let Some((line, column)) = parts.go.get()
            && up.get_untracked()
        {
            with(&|editor| editor.reveal(line, column));
        }
    });
}

fn mark(ctx: Ctx, finding: &protocol::v1::Finding) -> Mark {
    let span = finding.span;
    Mark {
        severity: severity(finding.severity),
        text: sentence(ctx.text, finding),
        line: span.line,
        column: span.column,
        end_line: span.end_line,
        end_column: span.end_column,
    }
}

fn calls(ctx: Ctx, parts: Manifest) -> Calls {
    Calls {
        change: Rc::new(move |text| parts.typed(ctx, text)),
        run: Rc::new(move |next| {
            apply(ctx, parts);
            if next {
                browser::focus_next_cell(&cell_anchor(&parts.id.get_value()));
            }
        }),
        leave: Rc::new(move || browser::focus(&cell_anchor(&parts.id.get_value()))),
        complete: Rc::new(move |text, line, column| {
            Box::pin(async move {
                match ctx.session.ask(Query::Complete { text, line, column }).await {
                    Some(Answer::Completions(found)) => found
                        .into_iter()
                        .map(|one| Offer {
                            label: one.label,
                            insert: one.insert,
                            detail: one.detail,
                            documentation: one.documentation,
                        })
                        .collect(),
                    _ => Vec::new(),
                }
            })
        }),
        hover: Rc::new(move |text, line, column| {
            Box::pin(async move {
                match ctx.session.ask(Query::Hover { text, line, column }).await {
                    Some(Answer::Hover(found)) => found,
                    _ => None,
                }
            })
        }),
    }
}
