//! FlowSchemas and PriorityLevelConfigurations (`pkg/apis/flowcontrol/validation/validation.go`).

use apimachinery::names;
use serde_json::{Value, json};

use super::Faults;
use super::at::At;
use super::pod_defaults::{fill, fill_number, map_at};

const VERBS: [&str; 9] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

pub(super) fn default_schema(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill_number(spec, "matchingPrecedence", 1000);
    }
}

pub(super) fn validate_schema(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let precedence = spec.child("matchingPrecedence");
    let number = precedence.number().unwrap_or(0);
    if number <= 0 {
        precedence.invalid_as(number, "must be a positive value", faults);
    }
    if number > 10_000 {
        precedence.invalid("must not be greater than 10000", faults);
    }
    if number == 1 && crate::fields::name(value) != "exempt" {
        let why = "only the schema named 'exempt' may have matchingPrecedence 1";
        precedence.invalid(why, faults);
    }
    let method = spec.child("distinguisherMethod");
    if method.given() && !matches!(method.text_of("type"), "ByNamespace" | "ByUser") {
        let at = At { value: method.value, path: method.child("type").path };
        let shown = json!({"Type": method.text_of("type")});
        At { value: &shown, path: at.path }.not_supported(&["ByNamespace", "ByUser"], faults);
    }
    let level = spec.at(&["priorityLevelConfiguration", "name"]);
    if level.text().is_empty() {
        level.required("must reference a priority level", faults);
    } else {
        level.each(names::dns1123_subdomain(level.text()), faults);
    }
    for rule in spec.list("rules") {
        schema_rule(&rule, faults);
    }
}

fn schema_rule(rule: &At<'_>, faults: &mut Faults) {
    let subjects = rule.child("subjects");
    if subjects.len() == 0 {
        subjects.required("subjects must contain at least one value", faults);
    }
    for subject in subjects.items() {
        self::subject(&subject, faults);
    }
    let (resources, others) = (rule.child("resourceRules"), rule.child("nonResourceRules"));
    if resources.len() == 0 && others.len() == 0 {
        let why = "at least one of resourceRules and nonResourceRules has to be non-empty";
        rule.required(why, faults);
    }
    for rule in resources.items() {
        resource_rule(&rule, faults);
    }
    for rule in others.items() {
        verbs(&rule.child("verbs"), faults);
        let urls = rule.child("nonResourceURLs");
        if !listed(
            &urls,
            "nonResourceURLs must contain at least one value",
            "non-resource URLs",
            faults,
        ) {
            continue;
        }
        for url in urls.items() {
            if let Some(why) = url_fault(url.text()) {
                url.invalid(why, faults);
            }
        }
    }
}

/// A list that must hold something, `*` alone; whether its items are to be looked at.
fn listed(list: &At<'_>, none: &str, others: &str, faults: &mut Faults) -> bool {
    if list.len() == 0 {
        list.required(none, faults);
        return false;
    }
    let any = list.items().iter().any(|one| one.text() == "*");
    if any && list.len() > 1 {
        let why = format!("if '*' is present, must not specify other {others}");
        list.invalid(why, faults);
    }
    !any
}

fn verbs(verbs: &At<'_>, faults: &mut Faults) {
    if listed(verbs, "verbs must contain at least one value", "verbs", faults)
        && !verbs.items().iter().all(|verb| VERBS.contains(&verb.text()))
    {
        verbs.not_supported(&VERBS, faults);
    }
}

fn resource_rule(rule: &At<'_>, faults: &mut Faults) {
    verbs(&rule.child("verbs"), faults);
    let groups = rule.child("apiGroups");
    listed(&groups, "resource rules must supply at least one api group", "api groups", faults);
    let resources = rule.child("resources");
    listed(&resources, "resource rules must supply at least one resource", "resources", faults);
    let namespaces = rule.child("namespaces");
    if namespaces.len() == 0 && rule.flag_of("clusterScope") {
        return;
    }
    let none = "resource rules that are not cluster scoped must supply at least one namespace";
    if listed(&namespaces, none, "namespaces", faults) {
        for namespace in namespaces.items() {
            for why in names::dns1123_label(namespace.text()) {
                let why =
                    format!("each member of this list must be '*' or a DNS-1123 label; {why}");
                namespace.invalid(why, faults);
            }
        }
    }
}

/// `ValidateNonResourceURLPath`.
fn url_fault(url: &str) -> Option<&'static str> {
    let stars = url.matches('*').count();
    match url {
        "" => Some("must not be empty"),
        "/" => None,
        _ if !url.starts_with('/') => Some("must start with slash"),
        _ if url.contains(' ') => Some("must not contain white-space"),
        _ if url.contains("//") => Some("must not contain double slash"),
        _ if stars > 1 || stars == 1 && !url.ends_with("/*") => {
            Some("wildcard can only do suffix matching")
        }
        _ => None,
    }
}

fn subject(subject: &At<'_>, faults: &mut Faults) {
    let kind = subject.child("kind");
    let fields = [("ServiceAccount", "serviceAccount"), ("User", "user"), ("Group", "group")];
    let Some((_, own)) = fields.iter().find(|(name, _)| *name == kind.text()) else {
        kind.one_of(&["Group", "ServiceAccount", "User"], faults);
        return;
    };
    let at = subject.child(own);
    if !at.given() {
        let why = format!("{own} is required when subject kind is '{}'", kind.text());
        at.required(&why, faults);
    } else if at.child("name").some_text(faults) && *own == "serviceAccount" {
        let name = at.child("name");
        if name.text() != "*" {
            name.each(names::dns1123_subdomain(name.text()), faults);
        }
    }
    if at.given() && *own == "serviceAccount" {
        let namespace = at.child("namespace");
        if namespace.text().is_empty() {
            namespace.required("must specify namespace for service account", faults);
        } else {
            namespace.each(names::dns1123_label(namespace.text()), faults);
        }
    }
    let order = if *own == "serviceAccount" {
        ["user", "group", ""]
    } else {
        ["serviceAccount", "user", "group"]
    };
    for other in order.into_iter().filter(|other| other != own && subject.has(other)) {
        let name = fields.iter().find(|(_, field)| *field == other).map_or("", |(name, _)| *name);
        let why = format!("{other} is forbidden when subject kind is not '{name}'");
        subject.child(other).forbidden(why, faults);
    }
}

pub(super) fn default_level(value: &mut Value) {
    if let Some(exempt) = map_at(value, "/spec/exempt") {
        fill(exempt, "nominalConcurrencyShares", || json!(0));
        fill(exempt, "lendablePercent", || json!(0));
    }
    if let Some(limited) = map_at(value, "/spec/limited") {
        fill(limited, "nominalConcurrencyShares", || json!(30));
        fill(limited, "lendablePercent", || json!(0));
    }
    if let Some(queuing) = map_at(value, "/spec/limited/limitResponse/queuing") {
        fill_number(queuing, "handSize", 8);
        fill_number(queuing, "queues", 64);
        fill_number(queuing, "queueLengthLimit", 50);
    }
}

pub(super) fn validate_level(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let kind = spec.child("type");
    let exempt = crate::fields::name(value) == "exempt";
    if exempt != (kind.text() == "Exempt") {
        let why = "must be 'Exempt' if and only if `name` is 'exempt'";
        kind.invalid_as(kind.text(), why, faults);
    }
    let (limited, unlimited) = (spec.child("limited"), spec.child("exempt"));
    match kind.text() {
        "Exempt" => {
            if limited.given() {
                limited.forbidden("must be nil if the type is not Limited", faults);
            }
            shares(&unlimited, faults);
        }
        "Limited" => {
            if unlimited.given() {
                unlimited.forbidden("must be nil if the type is Limited", faults);
            }
            if limited.given() {
                self::limited(&limited, faults);
            } else {
                limited.required("must not be empty when type is Limited", faults);
            }
        }
        "" => kind.required("", faults),
        _ => kind.not_supported(&["Exempt", "Limited"], faults),
    }
}

fn shares(at: &At<'_>, faults: &mut Faults) {
    let shares = at.child("nominalConcurrencyShares");
    if shares.number().is_some_and(|number| number < 0) {
        shares.invalid("must be a non-negative integer", faults);
    }
}

fn lendable(at: &At<'_>, faults: &mut Faults) {
    let percent = at.child("lendablePercent");
    if percent.number().is_some_and(|percent| !(0..=100).contains(&percent)) {
        percent.invalid("must be between 0 and 100, inclusive", faults);
    }
}

fn limited(limited: &At<'_>, faults: &mut Faults) {
    shares(limited, faults);
    let response = limited.child("limitResponse");
    let (kind, queuing) = (response.child("type"), response.child("queuing"));
    match kind.text() {
        "Reject" => {
            if queuing.given() {
                let why = "must be nil if limited.limitResponse.type is not Limited";
                queuing.forbidden(why, faults);
            }
        }
        "Queue" => {
            if queuing.given() {
                queues(&queuing, faults);
            } else {
                let why = "must not be empty if limited.limitResponse.type is Limited";
                queuing.required(why, faults);
            }
        }
        "" => kind.required("", faults),
        _ => kind.not_supported(&["Queue", "Reject"], faults),
    }
    lendable(limited, faults);
    let borrowed = limited.child("borrowingLimitPercent");
    if borrowed.number().is_some_and(|percent| percent < 0) {
        borrowed.invalid("if specified, must be a non-negative integer", faults);
    }
}

fn queues(queuing: &At<'_>, faults: &mut Faults) {
    let number = |name: &str| queuing.number_of(name).unwrap_or(0);
    if number("queueLengthLimit") <= 0 {
        queuing.child("queueLengthLimit").invalid("must be positive", faults);
    }
    let (queues, hand) = (number("queues"), number("handSize"));
    if queues <= 0 {
        queuing.child("queues").invalid("must be positive", faults);
    } else if queues > 10_000_000 {
        queuing.child("queues").invalid("must not be greater than 10000000", faults);
    }
    let at = queuing.child("handSize");
    if hand <= 0 {
        at.invalid("must be positive", faults);
    } else if hand > queues {
        at.invalid(format!("should not be greater than queues ({queues})"), faults);
    }
}
