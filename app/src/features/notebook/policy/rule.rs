//! A rule of the picture: its peers, of which one is enough, and its ports.

use diagram::policy::{
    Block, Change, Direction, Held, NewPeer, Peer, Place, Policy, Rule, Selector,
};
use diagram::policy::{port as typed_port, requirement};
use leptos::ev;
use leptos::html::{self, details, div, h5, p, span, summary};
use leptos::prelude::*;

use super::Sheet;
use super::field::{Field, chip, cross, editable, field, small};
use crate::state::policy::{peer as told, port, sentence};

/// A rule.
pub(super) fn rule_card(
    sheet: Sheet,
    policy: &Policy,
    direction: Direction,
    (index, rule): (usize, &Rule),
) -> AnyView {
    let text = sheet.board.ctx.text;
    let key = format!("{}-{index}", direction.name());
    let peers = rule.peers.iter().enumerate().map(|(at, peer)| {
        let place = (direction, index, at);
        let or = (at > 0).then(|| span().class("policy__or").child(text.say("policy-or")));
        let join = (at > 0 && rule.joins(at - 1)).then(|| {
            let joined = format!("{key}-{}-more", at - 1);
            small(text.say("policy-join"), format!("{key}-join-{at}"), move || {
                sheet.change(&Change::Join(direction, index, at - 1), joined.clone());
            })
        });
        (or, join, peer_card(sheet, policy, place, peer))
    });
    let number = (index + 1).to_string();
    let remove = key.clone();
    div()
        .class("policy__rule")
        .child((
            div().class("policy__head").child((
                h5().child(text.with("policy-rule", &[("number", &number)])),
                cross(text.say("policy-remove-rule"), key.clone(), move || {
                    sheet.change(&Change::RemoveRule(direction, index), remove.clone());
                }),
            )),
            p().class("policy__sentence").child(sentence(text, policy, direction, rule)),
            peers.collect_view(),
            (!rule.peers.is_empty()).then(|| addition(sheet, direction, Some(index))),
            ports(sheet, direction, index, rule),
        ))
        .into_any()
}

fn ports(sheet: Sheet, direction: Direction, rule: usize, of: &Rule) -> AnyView {
    let text = sheet.board.ctx.text;
    let key = format!("{}-{rule}-port", direction.name());
    let chips = of.ports.iter().enumerate().map(|(at, one)| {
        let change = Change::RemovePort(direction, rule, at);
        chip(sheet, port(one), format!("{key}-{at}"), change)
    });
    let chips = chips.collect_view();
    let all = of
        .ports
        .is_empty()
        .then(|| span().class("policy__all").child(text.say("policy-ports-all")));
    div()
        .class("policy__part")
        .child((
            div().class("policy__chips").child((chips, all)),
            field(sheet, Field::of(text.say("policy-port"), "80"), key, move |typed| {
                Some(Change::AddPort(direction, rule, typed_port(typed)?))
            }),
        ))
        .into_any()
}

/// A peer.
fn peer_card(
    sheet: Sheet,
    policy: &Policy,
    (direction, rule, at): (Direction, usize, usize),
    peer: &Peer,
) -> AnyView {
    let text = sheet.board.ctx.text;
    let key = format!("{}-{rule}-{at}", direction.name());
    let part = |selected: &Option<Selector>, name: &str, place, word| {
        selected.as_ref().map(|selected| {
            let key = format!("{key}-{name}");
            div().class("policy__part").child((
                span().class("policy__name").child(word),
                selector(sheet, place, selected, &key),
            ))
        })
    };
    let spaces = Place::Namespaces(direction, rule, at);
    let spaces = part(&peer.namespaces, "spaces", spaces, text.say("policy-part-spaces"));
    let pods = Place::Pods(direction, rule, at);
    let pods = part(&peer.pods, "pods", pods, text.say("policy-part-pods"));
    let both = peer.namespaces.is_some() && peer.pods.is_some();
    let and = both.then(|| span().class("policy__and").child(text.say("policy-and")));
    let block = peer.block.as_ref().map(|block| addresses(sheet, (direction, rule, at), block));
    let more = match (&peer.pods, &peer.namespaces, &peer.block) {
        (Some(_), Some(_), None) => {
            Some((text.say("policy-split"), Change::Split(direction, rule, at)))
        }
        (Some(_), None, None) => {
            Some((text.say("policy-also-spaces"), Change::Also(direction, rule, at)))
        }
        (None, Some(_), None) => {
            Some((text.say("policy-also-pods"), Change::Also(direction, rule, at)))
        }
        _ => None,
    };
    let more = more.map(|(word, change)| {
        let key = format!("{key}-more");
        small(word, key.clone(), move || sheet.change(&change, key.clone()))
    });
    let remove = text.with("policy-remove", &[("what", &told(text, policy, peer))]);
    let gone = key.clone();
    div()
        .class("policy__peer")
        .child((
            div().class("policy__head").child((
                div().class("policy__parts").child((spaces, and, pods, block)),
                cross(remove, key, move || {
                    sheet.change(&Change::RemovePeer(direction, rule, at), gone.clone());
                }),
            )),
            more,
        ))
        .into_any()
}

/// What a selector asks for, and a field for more.
pub(super) fn selector(sheet: Sheet, place: Place, of: &Selector, key: &str) -> AnyView {
    let text = sheet.board.ctx.text;
    let labels = of
        .labels
        .iter()
        .map(|(name, value)| (format!("{name}={value}"), Held::Label(name.clone())));
    let conditions = of.expressions.iter().enumerate();
    let conditions = conditions.map(|(at, told)| (told.clone(), Held::Expression(at)));
    let chips = labels.chain(conditions).enumerate().map(|(at, (told, held))| {
        let gone = Change::Release(place, held.clone());
        editable(sheet, told, format!("{key}-{at}"), gone, move |typed| {
            Some(Change::Instead(place, held.clone(), requirement(typed)?))
        })
    });
    let all =
        of.is_empty().then(|| span().class("policy__all").child(text.say("policy-everything")));
    let more = Field::of(text.say("policy-label"), "app=shop");
    div()
        .class("policy__selector")
        .child((
            div().class("policy__chips").child((chips.collect_view(), all)),
            field(sheet, more, key.to_owned(), move |typed| {
                Some(Change::Require(place, requirement(typed)?))
            }),
        ))
        .into_any()
}

/// Addresses, and those that are left out.
fn addresses(
    sheet: Sheet,
    (direction, rule, at): (Direction, usize, usize),
    block: &Block,
) -> AnyView {
    let text = sheet.board.ctx.text;
    let key = format!("{}-{rule}-{at}", direction.name());
    let except = block.except.iter().enumerate().map(|(index, one)| {
        let change = Change::RemoveExcept(direction, rule, at, index);
        chip(sheet, format!("\u{2212}\u{a0}{one}"), format!("{key}-except-{index}"), change)
    });
    let cidr = |typed: &str| typed.contains('/').then(|| typed.to_owned());
    div()
        .class("policy__part")
        .child((
            span().class("policy__name").child(text.say("policy-kind-block")),
            div().class("policy__chips").child((
                span().class("policy__chip policy__chip--fixed").child(block.cidr.clone()),
                except.collect_view(),
            )),
            field(
                sheet,
                Field::of(text.say("policy-cidr"), "10.0.0.0/8"),
                format!("{key}-cidr"),
                move |typed| Some(Change::SetBlock(direction, rule, at, cidr(typed)?)),
            ),
            field(
                sheet,
                Field::of(text.say("policy-except"), "10.1.0.0/16"),
                format!("{key}-except"),
                move |typed| Some(Change::AddExcept(direction, rule, at, cidr(typed)?)),
            ),
        ))
        .into_any()
}

/// Who else may: as a rule of its own, or in a rule.
pub(super) fn addition(sheet: Sheet, direction: Direction, rule: Option<usize>) -> AnyView {
    let text = sheet.board.ctx.text;
    let mut kinds = vec![
        (NewPeer::Pods, text.say("policy-kind-pods")),
        (NewPeer::PodsOfNamespaces, text.say("policy-kind-both")),
        (NewPeer::Namespaces, text.say("policy-kind-spaces")),
        (NewPeer::Block, text.say("policy-kind-block")),
    ];
    let (title, key) = if let Some(rule) = rule {
        (text.say("policy-add-peer"), format!("{}-{rule}-add", direction.name()))
    } else {
        kinds.push((NewPeer::Everyone, text.say("policy-kind-any")));
        if direction == Direction::Egress {
            kinds.push((NewPeer::Dns, text.say("policy-kind-dns")));
        }
        (text.say("policy-add-rule"), format!("{}-add", direction.name()))
    };
    let own = key.clone();
    let kinds = kinds.into_iter().enumerate().map(move |(at, (kind, word))| {
        let own = own.clone();
        small(word, format!("{own}-{at}"), move || {
            let change = match rule {
                Some(rule) => Change::AddPeer(direction, rule, kind),
                None => Change::AddRule(direction, kind),
            };
            sheet.change(&change, own.clone());
        })
    });
    let place: NodeRef<html::Details> = NodeRef::new();
    let close = move |_| {
        if let Some(details) = place.get_untracked() {
            details.set_open(false);
        }
    };
    details()
        .node_ref(place)
        .class("policy__add")
        .child((
            summary().attr("data-key", key).child(title),
            div().class("policy__chips").on(ev::click, close).child(kinds.collect_view()),
        ))
        .into_any()
}
