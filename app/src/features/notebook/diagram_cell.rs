//! A live diagram.

use diagram::layout::Flow;
use leptos::html::{div, p};
use leptos::prelude::*;
use notebook::cell::{Cell, DiagramView};
use protocol::v1::{ConnectionState, ConnectionView, PodRef};

use super::frame::still;
use crate::parts::scene::scene;
use crate::services::browser::matches_media;
use crate::state::context::Ctx;
use crate::state::scene::{connections, machines, workloads};

/// The cell.
pub(super) fn diagram_cell(ctx: Ctx, cell: Cell, view: DiagramView) -> AnyView {
    let id = cell.id.clone();
    let title = ctx.text.pick(&cell.title);
    let objects = Memo::new(move |_| ctx.session.model.with(|model| model.objects.clone()));
    let picture = match view {
        DiagramView::Connections { namespaces, edges } => {
            let planned: Vec<ConnectionView> = edges.iter().map(planned).collect();
            let live = Memo::new(move |_| ctx.session.model.with(|model| model.edges(&id)));
            let drawing = Memo::new(move |_| {
                let live = live.get();
                // Until the first probe the picture shows what will be watched.
                let edges = if live.is_empty() { &planned } else { &*live };
                connections(ctx.text, &objects.get(), &namespaces, edges, flow())
            });
            scene(ctx.text, title, drawing)
        }
        DiagramView::Workloads { namespaces } => {
            let drawing =
                Memo::new(move |_| workloads(ctx.text, &objects.get(), &namespaces, flow()));
            scene(ctx.text, title, drawing)
        }
        DiagramView::Machines => {
            let drawing = Memo::new(move |_| machines(ctx.text, &objects.get(), flow()));
            scene(ctx.text, title, drawing)
        }
        DiagramView::Menus { menus } => super::menus::menus(ctx, &cell, menus),
        DiagramView::Access { requests, personas } => {
            super::access::access(ctx, &cell, requests, personas)
        }
        DiagramView::Rollout { namespace, deployment } => {
            super::rollout::rollout(ctx, namespace, deployment)
        }
        DiagramView::Autoscaler { namespace, name } => {
            super::autoscaler::autoscaler(ctx, namespace, name)
        }
    };
    let asleep = move || {
        (!ctx.session.is_ready())
            .then(|| p().class("diagram__asleep").child(ctx.text.say("diagram-asleep")))
    };
    still(ctx, &cell, "diagram", div().class("diagram").child((picture, asleep)).into_any())
}

/// A page that is as narrow as a column reads like one.
fn flow() -> Flow {
    if matches_media("(max-width: 700px)") { Flow::Down } else { Flow::Across }
}

fn planned(edge: &notebook::cell::Connection) -> ConnectionView {
    let pod = |end: &str| {
        let (namespace, name) = end.split_once('/').unwrap_or(("", end));
        PodRef { namespace: namespace.to_owned(), name: name.to_owned() }
    };
    ConnectionView {
        from: pod(&edge.from),
        to: pod(&edge.to),
        port: edge.port,
        state: ConnectionState::Unknown,
        reason: None,
        decided_by: None,
    }
}
