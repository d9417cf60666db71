//! The NetworkPolicies of a manifest cell as a picture in three columns: a change of the picture is a change of the
//! YAML, and the YAML is drawn anew as it is edited.

mod field;
mod rule;

use diagram::policy::{Change, Direction, Place, Policy, changed, policy as read};
use gloo_timers::callback::Timeout;
use leptos::ev;
use leptos::html::{details, div, h4, input, label, p, section, span, strong, summary};
use leptos::prelude::*;
use protocol::v1::{Answer, Query};
use serde_json::Value;

use app_ui::icon::icon;

use self::field::small;
use self::rule::{addition, rule_card, selector};
use super::manifest_cell::Manifest;
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::policy::{subject, whole};

/// How long typing must rest before the picture is drawn anew.
const REST_MILLIS: u32 = 250;

/// A text as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Drawn {
    text: String,
    /// Its documents; nothing when it cannot be read.
    documents: Option<Vec<Value>>,
}

/// What the parts of the picture share.
#[derive(Clone, Copy)]
pub(super) struct Board {
    pub(super) ctx: Ctx,
    parts: Manifest,
    drawn: RwSignal<Drawn>,
    /// Texts before and after each change of the picture.
    changes: RwSignal<Vec<(String, String)>>,
}

/// A policy of the text.
#[derive(Clone, Copy)]
pub(super) struct Sheet {
    pub(super) board: Board,
    document: usize,
    pub(super) policy: StoredValue<Policy>,
}

impl Sheet {
    /// Makes a change of the text; the control with this key has the focus afterwards.
    pub(super) fn change(self, change: &Change, key: String) {
        let board = self.board;
        let drawn = board.drawn.get_untracked();
        let text = board.parts.text_now(board.ctx);
        let documents = drawn.documents.filter(|_| drawn.text == text);
        let Some(mut documents) = documents else { return };
        let Some(place) = documents.get_mut(self.document) else { return };
        let Some(wanted) = changed(place, change) else { return };
        let query = Query::Rewrite {
            text: text.clone(),
            document: u32::try_from(self.document).unwrap_or(u32::MAX),
            wanted: wanted.to_string(),
        };
        *place = wanted;
        wasm_bindgen_futures::spawn_local(async move {
            match board.ctx.session.ask(query).await {
                Some(Answer::Text(new)) => {
                    // Who typed in the meantime wins.
                    if board.parts.id.is_disposed() || board.parts.text_now(board.ctx) != text {
                        return;
                    }
                    board.changes.update(|changes| changes.push((text, new.clone())));
                    board.show(new, Some(documents), key);
                }
                Some(Answer::Failed(phrase)) => {
                    board.ctx.toasts.show(board.ctx.text.phrase(&phrase), "warn", None);
                }
                _ => {}
            }
        });
    }
}

impl Board {
    /// Draws a text of the picture's own making and writes it into the cell.
    fn show(self, text: String, documents: Option<Vec<Value>>, key: String) {
        self.drawn.set(Drawn { text: text.clone(), documents });
        self.parts.typed(self.ctx, text);
        self.refocus(key);
    }

    /// Puts the focus on the control with a key, once it is drawn.
    fn refocus(self, key: String) {
        let cell = self.parts.id.get_value();
        Timeout::new(0, move || {
            let inside = format!("[data-cell=\"{cell}\"] .policy ");
            let found = browser::query(&format!("{inside}[data-key=\"{key}\"]"))
                .or_else(|| browser::query(&format!("{inside}summary")));
            if let Some(found) = found {
                // An element that takes no focus leaves it where it was.
                let _focused = found.focus();
            }
        })
        .forget();
    }

    /// Whether the last change of the text was one of the picture.
    fn can_undo(self) -> bool {
        let text = self.parts.text(self.ctx);
        self.changes.with(|changes| changes.last().is_some_and(|(_, after)| *after == text))
    }

    fn undo(self) {
        if untrack(move || self.can_undo())
            && let Some((before, _)) = self.changes.try_update(Vec::pop).flatten()
        {
            self.show(before, None, "undo".to_owned());
            self.read();
        }
    }

    /// Reads the text as it stands.
    fn read(self) {
        let text = self.parts.text_now(self.ctx);
        wasm_bindgen_futures::spawn_local(async move {
            let query = Query::Documents { text: text.clone() };
            let documents = match self.ctx.session.ask(query).await {
                Some(Answer::Documents(list)) => {
                    Some(list.iter().filter_map(|one| serde_json::from_str(one).ok()).collect())
                }
                Some(Answer::Failed(_)) => None,
                _ => return,
            };
            // The cell may be gone, or the text another one, by the time the answer comes.
            if self.drawn.try_get_untracked().is_some() && self.parts.text_now(self.ctx) == text {
                self.drawn.set(Drawn { text, documents });
            }
        });
    }
}

/// The picture, where the cell is about a NetworkPolicy.
pub(super) fn policy(ctx: Ctx, parts: Manifest) -> Option<AnyView> {
    parts.original.with_value(|text| text.contains("kind: NetworkPolicy")).then_some(())?;
    let board = Board {
        ctx,
        parts,
        drawn: RwSignal::new(Drawn::default()),
        changes: RwSignal::new(Vec::new()),
    };
    // Beside other objects the policy is not what the cell is about.
    let alone = parts.original.with_value(|text| !text.contains("\n---"));
    let timer = StoredValue::new_local(None::<Timeout>);
    Effect::new(move |_| {
        let text = parts.text(ctx);
        let known =
            board.drawn.with_untracked(|drawn| drawn.text == text && drawn.documents.is_some());
        if ctx.session.is_ready() && !known {
            timer.set_value(Some(Timeout::new(REST_MILLIS, move || board.read())));
        }
    });
    let key = move |event: web_sys::KeyboardEvent| {
        let undo = event.key() == "z" && (event.ctrl_key() || event.meta_key());
        let typing = event_target::<web_sys::Element>(&event).tag_name() == "INPUT";
        if undo && !typing {
            event.prevent_default();
            board.undo();
        }
    };
    let view = details()
        .class("policy")
        .attr("open", alone)
        .on(ev::keydown, key)
        .child((
            summary().child((icon("eye"), ctx.text.say("policy-title"))),
            p().class("policy__hint").child(ctx.text.say("policy-hint")),
            move || board.drawn.with(|drawn| sheets(board, drawn)),
            move || {
                board.can_undo().then(|| {
                    small(ctx.text.say("policy-undo"), "undo".to_owned(), move || board.undo())
                })
            },
        ))
        .into_any();
    Some(view)
}

fn sheets(board: Board, drawn: &Drawn) -> AnyView {
    let text = board.ctx.text;
    let Some(documents) = &drawn.documents else {
        let word = if drawn.text.is_empty() {
            text.say("diagram-asleep")
        } else {
            text.say("policy-unreadable")
        };
        return p().class("policy__hint").child(word).into_any();
    };
    let policies = documents.iter().enumerate();
    let policies = policies.filter_map(|(document, value)| Some((document, read(value)?)));
    let sheets = policies.map(|(document, policy)| {
        sheet(Sheet { board, document, policy: StoredValue::new(policy) })
    });
    sheets.collect_view().into_any()
}

/// A policy.
fn sheet(sheet: Sheet) -> AnyView {
    let text = sheet.board.ctx.text;
    let policy = sheet.policy.get_value();
    let left_alone = (!policy.left_alone.is_empty()).then(|| {
        let fields = policy.left_alone.join(", ");
        p().class("policy__note")
            .child((icon("alert"), text.with("policy-left-alone", &[("fields", &fields)])))
    });
    let own = section().class("policy__column policy__column--subject").child((
        h4().child(text.say("policy-subject")),
        div().class("policy__subject").child((
            strong().child(policy.name.clone()),
            p().child(subject(text, &policy)),
            selector(sheet, Place::Subject, &policy.subject, "own"),
        )),
    ));
    div()
        .class("policy__sheet")
        .child((
            div().class("policy__columns").child((
                column(sheet, &policy, Direction::Ingress),
                own,
                column(sheet, &policy, Direction::Egress),
            )),
            left_alone,
        ))
        .into_any()
}

/// A direction.
fn column(sheet: Sheet, policy: &Policy, direction: Direction) -> AnyView {
    let text = sheet.board.ctx.text;
    let side = policy.side(direction);
    let on = side.restricted;
    let (name, title, restrict) = match direction {
        Direction::Ingress => ("in", text.say("policy-ingress"), text.say("policy-restrict-in")),
        Direction::Egress => ("out", text.say("policy-egress"), text.say("policy-restrict-out")),
    };
    let last = on && !(policy.ingress.restricted && policy.egress.restricted);
    let switch = label().class("policy__switch").child((
        input()
            .attr("type", "checkbox")
            .attr("data-key", format!("{name}-on"))
            .attr("disabled", last)
            .attr("title", last.then(|| text.say("policy-one-left")))
            .prop("checked", on)
            .on(ev::change, move |_| {
                sheet.change(&Change::Restrict(direction, !on), format!("{name}-on"));
            }),
        span().child(restrict),
    ));
    let tone = match (on, side.rules.is_empty()) {
        (true, true) => "shut",
        (true, false) => "some",
        (false, _) => "open",
    };
    let rules = side.rules.iter().enumerate();
    let rules = rules.map(|(index, rule)| rule_card(sheet, policy, direction, (index, rule)));
    let whole = whole(text, policy, direction);
    section()
        .class(format!("policy__column policy__column--{name} policy__column--{tone}"))
        .child((
            h4().child(title),
            switch,
            whole.map(|whole| p().class("policy__whole").child(whole)),
            rules.collect_view(),
            addition(sheet, direction, None),
        ))
        .into_any()
}
