//! The objects of the cluster by kind, live.

use leptos::ev;
use leptos::html::{button, details, div, li, p, span, summary, ul};
use leptos::prelude::*;

use crate::state::context::Ctx;
use crate::state::objects::ObjectRow;

/// The list.
pub(super) fn objects(ctx: Ctx) -> AnyView {
    let objects = Memo::new(move |_| ctx.session.model.with(|model| model.objects.clone()));
    let kinds = Memo::new(move |_| objects.with(|objects| objects.by_kind()));
    let names = Memo::new(move |_| {
        kinds.with(|kinds| kinds.iter().map(|(kind, _)| kind.clone()).collect::<Vec<_>>())
    });
    let empty = move || {
        kinds
            .with(Vec::is_empty)
            .then(|| p().class("cluster__empty").child(ctx.text.say("cluster-empty")))
    };
    div()
        .class("objects")
        .child((
            empty,
            app_ui::list::each(
                move || names.get(),
                Clone::clone,
                move |kind| group(ctx, kinds, kind),
            ),
        ))
        .into_any()
}

type Kinds = Memo<Vec<(String, Vec<ObjectRow>)>>;

fn group(ctx: Ctx, kinds: Kinds, kind: String) -> AnyView {
    let open = matches!(
        kind.as_str(),
        "Pod"
            | "CronJob"
            | "DaemonSet"
            | "Deployment"
            | "HorizontalPodAutoscaler"
            | "Job"
            | "PersistentVolumeClaim"
            | "Service"
            | "StatefulSet"
            | "NetworkPolicy"
            | "ResourceQuota"
            | "LimitRange"
            | "Role"
            | "RoleBinding"
    );
    let wanted = StoredValue::new(kind.clone());
    let rows = Memo::new(move |_| {
        kinds.with(|kinds| {
            let found = kinds.iter().find(|(kind, _)| wanted.with_value(|wanted| wanted == kind));
            found.map(|(_, rows)| rows.clone()).unwrap_or_default()
        })
    });
    let count = move || rows.with(Vec::len).to_string();
    details()
        .class("objects__kind")
        .attr("open", open)
        .attr("data-kind", kind.clone())
        .child((
            summary().child((kind, span().class("objects__count").child(count))),
            ul().attr("role", "list").child(app_ui::list::each(
                move || rows.get(),
                |row| format!("{row:?}"),
                move |one| row(ctx, one),
            )),
        ))
        .into_any()
}

fn row(ctx: Ctx, row: ObjectRow) -> AnyView {
    let ObjectRow { key, status, tone, deleting, .. } = row;
    let namespace = (!key.namespace.is_empty()).then(|| format!("{}/", key.namespace));
    let name = key.name.clone();
    let same = key.clone();
    let class = if deleting { "objects__row objects__row--going" } else { "objects__row" };
    li().class(class)
        .child(
            button()
                .attr("type", "button")
                .attr("aria-pressed", move || {
                    if ctx.desk.object.get().as_ref() == Some(&same) { "true" } else { "false" }
                })
                .on(ev::click, move |_| ctx.desk.object.set(Some(key.clone())))
                .child((
                    span()
                        .class("objects__name")
                        .child((span().class("objects__namespace").child(namespace), name)),
                    span()
                        .class(format!("objects__status objects__status--{}", tone.word()))
                        .child(status),
                )),
        )
        .into_any()
}
