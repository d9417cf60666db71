//! A NetworkPolicy as three columns: who may come in, the pods that it selects, where they may go; and what a change
//! of the picture makes of the object.

mod change;
mod words;

use serde_json::Value;

pub use change::{Change, Held, NewPeer, Place, changed};
pub use words::{Requirement, port, requirement};

use crate::object;

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Connections to the selected pods.
    Ingress,
    /// Connections of the selected pods.
    Egress,
}

impl Direction {
    /// As `policyTypes` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// The field with its rules, and the field of a rule with its peers.
    pub(crate) fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Ingress => ("ingress", "from"),
            Self::Egress => ("egress", "to"),
        }
    }
}

/// The picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Namespace; empty where the text names none.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The pods that it is about.
    pub subject: Selector,
    /// Who may come in.
    pub ingress: Side,
    /// Where they may go.
    pub egress: Side,
    /// Fields that the picture does not show.
    pub left_alone: Vec<String>,
}

/// One direction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// The policy is about this direction: what no rule allows is blocked.
    pub restricted: bool,
    /// What is allowed.
    pub rules: Vec<Rule>,
}

/// A rule: any of its peers, through any of its ports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// None: everybody.
    pub peers: Vec<Peer>,
    /// None: all.
    pub ports: Vec<Port>,
}

/// A peer: what all of its parts hold for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// Pods, of the policy's own namespace or of those below.
    pub pods: Option<Selector>,
    /// Namespaces.
    pub namespaces: Option<Selector>,
    /// Addresses.
    pub block: Option<Block>,
}

/// Labels that something must have; none: everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector {
    /// Names and values.
    pub labels: Vec<(String, String)>,
    /// `matchExpressions` as kubectl writes them.
    pub expressions: Vec<String>,
}

/// A block of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Block {
    /// Such as `10.0.0.0/8`.
    pub cidr: String,
    /// Blocks of it that are left out.
    pub except: Vec<String>,
}

/// A port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Port {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Number or name; empty for all.
    pub port: String,
    /// The last of a range.
    pub end: Option<i64>,
}

impl Policy {
    /// A direction.
    pub fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Ingress => &self.ingress,
            Direction::Egress => &self.egress,
        }
    }
}

impl Selector {
    /// Everything is selected.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }
}

impl Rule {
    /// Whether a peer and the one after it can become one: a selector of pods, and one of namespaces.
    pub fn joins(&self, peer: usize) -> bool {
        let (Some(one), Some(other)) = (self.peers.get(peer), self.peers.get(peer + 1)) else {
            return false;
        };
        let only_pods =
            |one: &Peer| one.pods.is_some() && one.namespaces.is_none() && one.block.is_none();
        let only_namespaces =
            |one: &Peer| one.namespaces.is_some() && one.pods.is_none() && one.block.is_none();
        (only_pods(one) && only_namespaces(other)) || (only_namespaces(one) && only_pods(other))
    }
}

/// The picture of an object; nothing for another kind.
pub fn policy(object: &Value) -> Option<Policy> {
    if object::kind(object) != "NetworkPolicy" {
        return None;
    }
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let mut left_alone = Vec::new();
    let mut reader = Reader { left_alone: &mut left_alone };
    reader.only(spec, "spec", &["podSelector", "ingress", "egress", "policyTypes"]);
    let subject = reader.selector(spec.get("podSelector"), "spec.podSelector");
    let [ingress, egress] = [Direction::Ingress, Direction::Egress].map(|direction| Side {
        restricted: restricted(spec, direction),
        rules: reader.rules(spec, direction),
    });
    Some(Policy {
        namespace: object::namespace(object).to_owned(),
        name: object::name(object).to_owned(),
        subject: subject.unwrap_or_default(),
        ingress,
        egress,
        left_alone,
    })
}

/// Whether a policy is about a direction: `pkg/apis/networking/v1/defaults.go`, without types it is about
/// connections to its pods, and about theirs when it has rules for them.
pub(crate) fn restricted(spec: &Value, direction: Direction) -> bool {
    let types = spec.get("policyTypes").and_then(Value::as_array);
    match types.filter(|types| !types.is_empty()) {
        Some(types) => types.iter().any(|one| one.as_str() == Some(direction.name())),
        None if direction == Direction::Ingress => true,
        None => list(spec, "egress").next().is_some(),
    }
}

fn list<'v>(value: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    value.get(field).and_then(Value::as_array).into_iter().flatten()
}

struct Reader<'a> {
    left_alone: &'a mut Vec<String>,
}

impl Reader<'_> {
    /// Remembers the fields that are none of these.
    fn only(&mut self, value: &Value, path: &str, known: &[&str]) {
        for key in value.as_object().into_iter().flat_map(|map| map.keys()) {
            if !known.contains(&key.as_str()) {
                self.left_alone.push(format!("{path}.{key}"));
            }
        }
    }

    fn selector(&mut self, value: Option<&Value>, path: &str) -> Option<Selector> {
        let value = value.filter(|value| value.is_object())?;
        self.only(value, path, &["matchLabels", "matchExpressions"]);
        let labels = value.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
        let labels =
            labels.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()));
        let expressions = list(value, "matchExpressions").map(words::expression);
        Some(Selector { labels: labels.collect(), expressions: expressions.collect() })
    }

    fn rules(&mut self, spec: &Value, direction: Direction) -> Vec<Rule> {
        let (rules, peers) = direction.fields();
        let mut found = Vec::new();
        for (index, rule) in list(spec, rules).enumerate() {
            let path = format!("spec.{rules}[{index}]");
            self.only(rule, &path, &[peers, "ports"]);
            let mut read = Rule::default();
            for (index, peer) in list(rule, peers).enumerate() {
                read.peers.push(self.peer(peer, &format!("{path}.{peers}[{index}]")));
            }
            for (index, port) in list(rule, "ports").enumerate() {
                let path = format!("{path}.ports[{index}]");
                self.only(port, &path, &["protocol", "port", "endPort"]);
                read.ports.push(words::port_of(port));
            }
            found.push(read);
        }
        found
    }

    fn peer(&mut self, peer: &Value, path: &str) -> Peer {
        self.only(peer, path, &["podSelector", "namespaceSelector", "ipBlock"]);
        let block = peer.get("ipBlock").map(|block| {
            self.only(block, &format!("{path}.ipBlock"), &["cidr", "except"]);
            let except = list(block, "except").filter_map(Value::as_str).map(str::to_owned);
            Block { cidr: object::text(block, "/cidr").to_owned(), except: except.collect() }
        });
        Peer {
            pods: self.selector(peer.get("podSelector"), &format!("{path}.podSelector")),
            namespaces: self
                .selector(peer.get("namespaceSelector"), &format!("{path}.namespaceSelector")),
            block,
        }
    }
}

#[cfg(test)]
mod tests;
