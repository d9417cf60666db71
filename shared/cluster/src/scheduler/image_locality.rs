//! Images that a node has already (`plugins/imagelocality/image_locality.go`).

use serde_json::Value;

use super::plugins::{Cycle, MOST};
use super::view::NodeView;
use crate::fields;

const LEAST: i64 = 23 * 1024 * 1024;
const MOST_EACH: i64 = 1000 * 1024 * 1024;

/// The size of what need not be pulled, weighted by how many nodes have it.
#[expect(clippy::unnecessary_wraps, reason = "the table of plugins has one signature")]
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let images = images_of(cycle.pod);
    let containers = |list: &str| fields::items(cycle.pod, list).len();
    let count = containers("/spec/containers") + containers("/spec/initContainers");
    let most = MOST_EACH * i64::try_from(count).unwrap_or(1);
    let all = i64::try_from(cycle.view.nodes.len()).unwrap_or(1).max(1);
    let score = |node: &&NodeView| {
        let saved: i64 = images
            .iter()
            .filter_map(|image| {
                let has = cycle.view.nodes.iter().filter(|one| size(one, image).is_some());
                let has = i64::try_from(has.count()).unwrap_or_default();
                Some(size(node, image)?.saturating_mul(has) / all)
            })
            .sum();
        MOST * (saved.clamp(LEAST, most) - LEAST) / (most - LEAST)
    };
    Some(nodes.iter().map(score).collect())
}

fn images_of(pod: &Value) -> Vec<String> {
    let lists = ["/spec/initContainers", "/spec/containers"];
    let containers = lists.iter().flat_map(|list| fields::items(pod, list));
    let images = containers.map(|container| fields::text(container, "/image"));
    let volumes = fields::items(pod, "/spec/volumes").iter();
    let mounted = volumes.map(|volume| fields::text(volume, "/image/reference"));
    images.chain(mounted).filter(|image| !image.is_empty()).map(tagged).collect()
}

/// A reference without tag or digest means `latest`.
fn tagged(image: &str) -> String {
    if image.rfind(':') <= image.rfind('/') { format!("{image}:latest") } else { image.to_owned() }
}

fn size(node: &NodeView, image: &str) -> Option<i64> {
    let has = |known: &&Value| {
        fields::items(known, "/names").iter().filter_map(Value::as_str).any(|name| name == image)
    };
    let known = fields::items(&node.node, "/status/images").iter().find(has)?;
    fields::number(known, "/sizeBytes")
}
