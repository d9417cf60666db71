//! The calls whose cost Kubernetes knows (`library.CostEstimator.EstimateCallCost`).

use cel::common::ast::{Expr, LiteralValue};

use super::range::{PATTERN, Range, WALK};
use super::{Call, Coster, Node};
use crate::types::Type;

#[expect(clippy::unnecessary_wraps, reason = "an arm of a table of what is known")]
fn only(cost: Range) -> Option<Call> {
    Some(Call { cost, result: None })
}

const ONE: Range = Range::fixed(1);

impl<'a> Coster<'a> {
    pub(super) fn library(
        &self,
        name: &str,
        overload: &str,
        target: Option<&Node<'a>>,
        arguments: &[Node<'a>],
    ) -> Option<Call> {
        let size = |node: &Node<'_>| self.node_size(node);
        let walk = |node: &Node<'_>| self.node_size(node).scaled(WALK);
        match (name, target, arguments) {
            ("check", ..) => only(Range::fixed(350_000)),
            ("fieldSelector" | "labelSelector", _, [one]) => {
                let requirements = size(one).scaled(0.5).scaled(50.0);
                only(Range::fixed(10).add(walk(one)).add(requirements))
            }
            ("isSorted" | "sum" | "max" | "min" | "indexOf" | "lastIndexOf", Some(target), _) => {
                let Some(item) = item(target) else { return only(walk(target)) };
                let text = matches!(item.ty, Type::String | Type::Bytes);
                let each = if text { ONE.add(walk(&item)) } else { ONE };
                only(size(target).times(each))
            }
            ("url" | "jsonpatch.escapeKey", _, [one]) => {
                Some(Call { cost: walk(one), result: Some(size(one)) })
            }
            ("lowerAscii" | "upperAscii" | "substring" | "trim", Some(target), _) => {
                Some(Call { cost: walk(target), result: Some(size(target)) })
            }
            ("replace", Some(target), [old, new, ..]) => {
                let result = replaced(size(target), size(old), size(new));
                Some(Call { cost: size(target).scaled(2.0 * WALK), result: Some(result) })
            }
            ("split", Some(target), _) => {
                let most = match arguments.get(1).and_then(|one| one.tree).map(|tree| &tree.expr) {
                    Some(Expr::Literal(LiteralValue::Int(value))) => value.inner().cast_unsigned(),
                    _ => size(target).max,
                };
                let result = Some(Range::new(0, most));
                Some(Call { cost: size(target).scaled(2.0 * WALK), result })
            }
            ("join", Some(target), _) => {
                let all = self.joined(target, arguments.first());
                Some(Call { cost: all.scaled(WALK), result: Some(all) })
            }
            ("find" | "findAll", Some(target), [pattern, ..]) => {
                let text = size(target).add(ONE).scaled(WALK);
                let cost = text.times(size(pattern).scaled(PATTERN));
                Some(Call { cost, result: Some(Range::new(0, size(target).max)) })
            }
            ("ip", _, _) if overload == "cidr_ip" => only(ONE),
            ("ip.isCanonical", _, [one, ..]) => only(size(one).scaled(2.0 * WALK)),
            ("containsIP" | "containsCIDR", _, [one, ..]) => {
                only(network(name, overload, size(one)))
            }
            (
                "ip" | "cidr" | "isIP" | "isCIDR" | "quantity" | "isQuantity" | "semver"
                | "isSemver",
                _,
                [one, ..],
            ) => only(walk(one)),
            ("validate", _, [one, ..]) => only(walk(one).scaled(128.0 * PATTERN)),
            ("_==_", _, [one, other]) => equality(one, other),
            _ if NOMINAL.contains(&name) => only(ONE),
            _ => None,
        }
    }

    fn joined(&self, target: &Node<'a>, separator: Option<&Node<'a>>) -> Range {
        let count = self.node_size(target);
        let mut all = match item(target) {
            Some(item) => count.times(self.node_size(&item)),
            None => Range::default(),
        };
        if let Some(separator) = separator {
            let between = Range::new(count.min.saturating_sub(1), count.max.saturating_sub(1));
            all = all.add(self.node_size(separator).times(between));
        }
        all
    }
}

/// `listElementNode`.
fn item<'a>(list: &Node<'a>) -> Option<Node<'a>> {
    let ty = (*list.ty.parameters().first()?).clone();
    let path = list.path.clone().map(|mut path| {
        path.push("@items".to_owned());
        path
    });
    Some(Node { path, ty, tree: None, size: None })
}

/// Accessors, and questions that are put together.
const NOMINAL: [&str; 38] = [
    "serviceAccount",
    "path",
    "group",
    "resource",
    "subresource",
    "namespace",
    "name",
    "allowed",
    "reason",
    "error",
    "errored",
    "masked",
    "prefixLength",
    "family",
    "isUnspecified",
    "isLoopback",
    "isLinkLocalMulticast",
    "isLinkLocalUnicast",
    "isGlobalUnicast",
    "format.named",
    "sign",
    "asInteger",
    "isInteger",
    "asApproximateFloat",
    "isGreaterThan",
    "isLessThan",
    "compareTo",
    "add",
    "sub",
    "major",
    "minor",
    "patch",
    "getScheme",
    "getHostname",
    "getHost",
    "getPort",
    "getEscapedPath",
    "getQuery",
];

/// How long a text is after a replacement.
fn replaced(text: Range, old: Range, new: Range) -> Range {
    let (mut count, mut kept) = (Range::default(), Range::default());
    if old.min == 0 {
        count.max = text.max.saturating_add(1);
        kept.max = text.max;
    } else if new.max <= old.min {
        kept.max = text.max;
    } else {
        count.max = text.max.div_ceil(old.min);
    }
    if old.max == 0 {
        count.min = text.min.saturating_add(1);
        kept.min = text.min;
    } else if old.max <= new.min {
        kept.min = text.min;
    } else {
        count.min = text.min.div_ceil(old.max);
    }
    count.times(new).add(kept)
}

fn network(name: &str, overload: &str, other: Range) -> Range {
    let bytes = Range::new(4, 16);
    let mut cost = bytes.add(bytes).scaled(WALK);
    if name == "containsCIDR" {
        cost = cost.add(bytes.scaled(WALK)).add(ONE);
    }
    if overload.ends_with("_string") {
        cost = cost.add(other.scaled(WALK));
    }
    cost
}

fn equality(one: &Node<'_>, other: &Node<'_>) -> Option<Call> {
    if one.ty != other.ty {
        return None;
    }
    match one.ty.name() {
        "net.IP" | "net.CIDR" | "kubernetes.Quantity" | "kubernetes.Semver" => only(ONE),
        name if name.starts_with("kubernetes.authorization.") => only(ONE),
        "kubernetes.NamedFormat" => only(Range::new(1, 64).scaled(WALK)),
        "kubernetes.URL" => {
            let max = other.size.map_or(1, |size| size.max);
            only(Range::new(1, max).scaled(WALK))
        }
        _ => None,
    }
}
