//! A NetworkPolicy in plain words.

use diagram::policy::{Direction, Peer, Policy, Port, Rule, Selector};

use super::words::Text;

/// The pods that the policy is about.
pub(crate) fn subject(text: Text, policy: &Policy) -> String {
    pods(text, policy, &policy.subject)
}

/// What a rule allows.
pub(crate) fn sentence(text: Text, policy: &Policy, direction: Direction, rule: &Rule) -> String {
    let mut peers: Vec<String> = rule.peers.iter().map(|one| peer(text, policy, one)).collect();
    if peers.is_empty() {
        peers.push(text.say("policy-anyone"));
    }
    let peers = peers.join(&format!(" {} ", text.say("policy-or")));
    let ports: Vec<String> = rule.ports.iter().map(port).collect();
    let ports = if ports.is_empty() {
        text.say("policy-ports-all")
    } else {
        text.with("policy-ports", &[("ports", &ports.join(", "))])
    };
    let args = [("peers", peers.as_str()), ("ports", ports.as_str())];
    match direction {
        Direction::Ingress => text.with("policy-rule-in", &args),
        Direction::Egress => text.with("policy-rule-out", &args),
    }
}

/// What holds for a direction as a whole; nothing when its rules say it.
pub(crate) fn whole(text: Text, policy: &Policy, direction: Direction) -> Option<String> {
    let side = policy.side(direction);
    let word = match (side.restricted, side.rules.is_empty(), direction) {
        (true, false, _) => return None,
        (false, false, _) => text.say("policy-idle"),
        (true, true, Direction::Ingress) => text.say("policy-none-in"),
        (true, true, Direction::Egress) => text.say("policy-none-out"),
        (false, true, Direction::Ingress) => text.say("policy-open-in"),
        (false, true, Direction::Egress) => text.say("policy-open-out"),
    };
    Some(word)
}

/// A peer.
pub(crate) fn peer(text: Text, policy: &Policy, peer: &Peer) -> String {
    match (&peer.pods, &peer.namespaces, &peer.block) {
        (None, None, Some(block)) if block.except.is_empty() => {
            text.with("policy-block", &[("cidr", &block.cidr)])
        }
        (None, None, Some(block)) => {
            let except = block.except.join(", ");
            text.with("policy-block-except", &[("cidr", &block.cidr), ("except", &except)])
        }
        (_, _, Some(_)) => text.say("policy-refused"),
        (None, None, None) => text.say("policy-nothing"),
        (Some(some), None, None) => pods(text, policy, some),
        (some, Some(spaces), None) => {
            let some = some.as_ref().filter(|some| !some.is_empty());
            let (labels, spaces_labels) = (some.map(labels).unwrap_or_default(), labels(spaces));
            let args = [("labels", labels.as_str()), ("spaces", spaces_labels.as_str())];
            match (some.is_some(), spaces.is_empty()) {
                (false, true) => text.say("policy-spaces-all"),
                (false, false) => text.with("policy-spaces-some", &args),
                (true, true) => text.with("policy-both-all", &args),
                (true, false) => text.with("policy-both", &args),
            }
        }
    }
}

fn pods(text: Text, policy: &Policy, selector: &Selector) -> String {
    let namespace = match policy.namespace.as_str() {
        "" => "default",
        named => named,
    };
    if selector.is_empty() {
        return text.with("policy-pods-all", &[("namespace", namespace)]);
    }
    text.with("policy-pods-some", &[("namespace", namespace), ("labels", &labels(selector))])
}

fn labels(selector: &Selector) -> String {
    let labels = selector.labels.iter().map(|(key, value)| format!("{key}={value}"));
    labels.chain(selector.expressions.iter().cloned()).collect::<Vec<_>>().join(", ")
}

/// A port.
pub(crate) fn port(port: &Port) -> String {
    let number = match port.end {
        Some(end) => format!("{}\u{2013}{end}", port.port),
        None => port.port.clone(),
    };
    format!("{} {number}", port.protocol).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use protocol::v1::Language;

    use super::*;
    use crate::state::words;

    #[test]
    fn rules_are_told_in_both_languages() {
        words::learn(Language::En, include_str!("../../locales/en/policy.ftl"));
        words::learn(Language::Ko, include_str!("../../locales/ko/policy.ftl"));
        let shop = r#"{"kind": "NetworkPolicy", "metadata": {"namespace": "dev"}, "spec": {
            "podSelector": {"matchLabels": {"app": "api"}}, "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": [{"podSelector": {}}, {"namespaceSelector": {"matchLabels": {"team": "ops"}}}], "ports": [{"port": "http"}, {"port": 80, "endPort": 89}]},
                {"from": [{"namespaceSelector": {"matchLabels": {"ns": "op"}}, "podSelector": {"matchLabels": {"app": "np"}}}, {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "np"}}}]},
                {"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, {"ipBlock": {"cidr": "1.0.0.0/8"}, "podSelector": {}}]},
                {}
            ]}}"#;
        let policy = diagram::policy::policy(&serde_json::from_str(shop).unwrap()).unwrap();
        let mut told = String::new();
        for language in [Language::En, Language::Ko] {
            let text = Text { language };
            let mut lines = vec![subject(text, &policy)];
            let rules = &policy.ingress.rules;
            lines.extend(rules.iter().map(|one| sentence(text, &policy, Direction::Ingress, one)));
            lines.push(sentence(text, &policy, Direction::Egress, rules.first().unwrap()));
            lines.extend(whole(text, &policy, Direction::Egress));
            told.push_str(&(lines.join("\n") + "\n"));
        }
        let wanted = "\
pods of namespace dev with app=api
Connections may come from all pods of namespace dev or all pods of namespaces with team=ops, to port TCP http, TCP 80\u{2013}89.
Connections may come from pods with app=np in namespaces with ns=op or pods with app=np in all namespaces, to any port.
Connections may come from addresses 0.0.0.0/0 except 10.0.0.0/8 or an entry with ipBlock and a selector, which the API server refuses, to any port.
Connections may come from anywhere, to any port.
They may connect to all pods of namespace dev or all pods of namespaces with team=ops, on port TCP http, TCP 80\u{2013}89.
They may connect to nothing, not even to DNS.
dev \u{b124}\u{c784}\u{c2a4}\u{d398}\u{c774}\u{c2a4}\u{c5d0}\u{c11c} app=api";
        assert!(told.starts_with(wanted), "{told}");
        assert!(!told.contains('?') && !told.contains("policy-"), "{told}");
    }
}
