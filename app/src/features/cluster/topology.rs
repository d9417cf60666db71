//! The cluster as a picture: connections where the notebook watches some, otherwise workloads.

use diagram::layout::Flow;
use leptos::html::{div, p};
use leptos::prelude::*;
use notebook::cell::{CellKind, DiagramView};

use crate::parts::scene::scene;
use crate::state::context::Ctx;
use crate::state::model::Model;
use crate::state::scene::{connections, workloads};

/// The picture.
pub(super) fn topology(ctx: Ctx) -> AnyView {
    let objects = Memo::new(move |_| ctx.session.model.with(|model| model.objects.clone()));
    let edges = Memo::new(move |_| ctx.session.model.with(Model::all_edges));
    let named = StoredValue::new(watched(ctx));
    let drawing = Memo::new(move |_| {
        let objects = objects.get();
        let edges = edges.get();
        let mut namespaces = named.get_value();
        if namespaces.is_empty() {
            namespaces = objects
                .of_kind("Namespace")
                .map(|(key, _)| key.name.clone())
                .filter(|name| !name.starts_with("kube-") && name != "default")
                .collect();
        }
        if edges.is_empty() {
            workloads(ctx.text, &objects, &namespaces, Flow::Down)
        } else {
            connections(ctx.text, &objects, &namespaces, &edges, Flow::Down)
        }
    });
    let empty = move || objects.with(|objects| objects.is_empty());
    div()
        .class("topology")
        .child((
            move || {
                empty().then(|| p().class("cluster__empty").child(ctx.text.say("cluster-empty")))
            },
            move || (!empty()).then(|| scene(ctx.text, ctx.text.say("tab-topology"), drawing)),
        ))
        .into_any()
}

/// The namespaces that the notebook's diagrams show, in their order.
fn watched(ctx: Ctx) -> Vec<String> {
    let notebook = ctx.notebook();
    let mut found: Vec<String> = Vec::new();
    for cell in &notebook.scenario.cells {
        let CellKind::Diagram { view } = &cell.kind else { continue };
        let names = match view {
            DiagramView::Connections { namespaces, .. } | DiagramView::Workloads { namespaces } => {
                namespaces
            }
            DiagramView::Access { .. }
            | DiagramView::Rollout { .. }
            | DiagramView::Autoscaler { .. }
            | DiagramView::Machines
            | DiagramView::Menus { .. } => continue,
        };
        for name in names {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
    }
    found
}
