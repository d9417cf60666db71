//! An update of a Deployment, live: its versions with their pods, and how it went.

use diagram::rollout::{Rollout, Version, rollout as read};
use leptos::html::{details, div, p, span, summary};
use leptos::prelude::*;

use crate::parts::table::text_table;
use crate::state::context::Ctx;
use crate::state::objects::Objects;
use crate::state::time::length;
use crate::state::timeline::{Moment, Timeline};
use crate::state::words::Text;

/// The most pods of a version that are drawn one by one.
const DRAWN: i64 = 24;

/// The picture.
pub(super) fn rollout(ctx: Ctx, namespace: String, deployment: String) -> AnyView {
    let objects = Memo::new(move |_| ctx.session.model.with(|model| model.objects.clone()));
    let now = Memo::new(move |_| objects.with(|objects| find(objects, &namespace, &deployment)));
    let line = RwSignal::new(Timeline::default());
    Effect::new(move |_| {
        let Some(now) = now.get() else { return };
        let clock = ctx.session.model.with_untracked(|model| model.clock);
        let at = clock.map_or(0, |clock| clock.elapsed_millis);
        line.update(|line| line.see(at, &now));
    });
    let versions = move || {
        let Some(now) = now.get() else {
            return p().class("cluster__empty").child(ctx.text.say("diagram-empty")).into_any();
        };
        let newest = now.versions.first().map(|one| one.revision);
        let rows = now.versions.iter().map(|one| {
            let new = Some(one.revision) == newest;
            version(ctx.text, one, new)
        });
        div()
            .class("rollout__versions")
            .child((rows.collect_view(), p().class("scene__summary").child(told(ctx.text, &now))))
            .into_any()
    };
    div()
        .class("rollout")
        .child((versions, move || line.with(|line| history(ctx.text, line))))
        .into_any()
}

fn find(objects: &Objects, namespace: &str, name: &str) -> Option<Rollout> {
    let mut deployments = objects.of_kind("Deployment");
    let found = deployments.find(|(key, _)| key.namespace == namespace && key.name == name);
    let sets = objects.of_kind("ReplicaSet").filter(|(key, _)| key.namespace == namespace);
    found.map(|(_, value)| read(value, sets.map(|(_, value)| value.as_ref())))
}

fn told(text: Text, now: &Rollout) -> String {
    text.with(
        "rollout-summary",
        &[
            ("available", &now.available.to_string()),
            ("wanted", &now.wanted.to_string()),
            ("total", &now.total.to_string()),
            ("least", &now.least.to_string()),
            ("most", &now.most.to_string()),
        ],
    )
}

fn version(text: Text, version: &Version, new: bool) -> AnyView {
    let revision = version.revision.to_string();
    let (pods, available) = (version.pods.to_string(), version.available.to_string());
    let drawn = (0..version.pods.min(DRAWN)).map(|index| {
        let state = if index < version.available { "ready" } else { "starting" };
        span().class(format!("rollout__pod rollout__pod--{state}")).child(())
    });
    let class = if new { "rollout__version rollout__version--new" } else { "rollout__version" };
    div()
        .class(class)
        .child((
            span()
                .class("rollout__name")
                .child(text.with("rollout-revision", &[("revision", &revision)])),
            span().class("rollout__images").child(version.images.join(", ")),
            span()
                .class("rollout__count")
                .child(text.with("rollout-pods", &[("available", &available), ("pods", &pods)])),
            span().class("rollout__pods").attr("aria-hidden", "true").child(drawn.collect_view()),
        ))
        .into_any()
}

/// One column for each change: the pods of the versions on top of each other.
fn history(text: Text, line: &Timeline) -> Option<AnyView> {
    let moments = line.moments();
    if moments.len() < 2 {
        return None;
    }
    let newest = moments.iter().flat_map(|one| &one.versions).map(|one| one.0).max();
    let tallest = line.tallest();
    // The newest first: what does not fit is what is old.
    let columns = moments.iter().rev().map(|moment| column(moment, newest, tallest));
    let rows = moments.iter().map(|moment| {
        let said = moment.versions.iter().map(|(revision, pods, available)| {
            let name = text.with("rollout-revision", &[("revision", &revision.to_string())]);
            let count = [("available", &*available.to_string()), ("pods", &*pods.to_string())];
            format!("{name}: {}", text.with("rollout-pods", &count))
        });
        vec![length(moment.at_millis), said.collect::<Vec<_>>().join("; ")]
    });
    let heads = vec![text.say("rollout-time"), text.say("rollout-versions")];
    let table = text_table(text.say("rollout-history"), heads, rows.collect());
    Some(
        div()
            .class("rollout__history")
            .child((
                p().class("rollout__label").child(text.say("rollout-history")),
                div()
                    .class("rollout__columns")
                    .attr("aria-hidden", "true")
                    .child(columns.collect_view()),
                legend(text),
                details()
                    .class("scene__table")
                    .child((summary().child(text.say("scene-as-table")), table)),
            ))
            .into_any(),
    )
}

/// What the parts of a column mean.
fn legend(text: Text) -> AnyView {
    let one = |class: &'static str, word: &str| {
        span()
            .class("rollout__key")
            .child((span().class(format!("rollout__swatch {class}")).child(()), text.say(word)))
    };
    p().class("rollout__legend")
        .attr("aria-hidden", "true")
        .child((
            one("rollout__part rollout__part--new", "rollout-new"),
            one("rollout__part", "rollout-old"),
            one("rollout__part rollout__part--starting", "rollout-starting"),
            one("rollout__bound", "rollout-bounds"),
        ))
        .into_any()
}

fn column(moment: &Moment, newest: Option<i64>, tallest: i64) -> AnyView {
    let share = |pods: i64| format!("{}%", 100 * pods / tallest);
    let parts = moment.versions.iter().rev().flat_map(|(revision, pods, available)| {
        let age = if Some(*revision) == newest { "new" } else { "old" };
        let parts = [("starting", pods - available), ("ready", *available)];
        parts.into_iter().filter(|(_, count)| *count > 0).map(move |(state, count)| {
            let name = (state == "ready").then(|| revision.to_string());
            span()
                .class(format!("rollout__part rollout__part--{age} rollout__part--{state}"))
                .style(("height", share(count)))
                .child(name)
        })
    });
    let bound = |bound| span().class("rollout__bound").style(("bottom", share(bound))).child(());
    let bounds = (bound(moment.bounds.0), bound(moment.bounds.1));
    let outside = if moment.is_outside() { " rollout__column--outside" } else { "" };
    div()
        .class(format!("rollout__column{outside}"))
        .child((
            div().class("rollout__stack").child((parts.collect_view(), bounds)),
            span().class("rollout__at").child(length(moment.at_millis)),
        ))
        .into_any()
}
