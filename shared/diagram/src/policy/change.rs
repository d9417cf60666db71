//! Changes of the picture as changes of the object.

use serde_json::{Map, Value, json};

use super::{Direction, Port, Requirement, restricted};

/// A change of the picture. Rules, peers and ports are counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The policy becomes about a direction (then what no rule allows is blocked), or is no longer about it.
    Restrict(Direction, bool),
    /// A rule more.
    AddRule(Direction, NewPeer),
    /// A rule less.
    RemoveRule(Direction, usize),
    /// One more who may.
    AddPeer(Direction, usize, NewPeer),
    /// One less who may. The last one takes the rule along: without peers it would be for everybody.
    RemovePeer(Direction, usize, usize),
    /// A peer and the one after it become one: both must hold.
    Join(Direction, usize, usize),
    /// A peer with two selectors becomes two: one is enough.
    Split(Direction, usize, usize),
    /// A peer gets the other selector, too, which selects everything at first.
    Also(Direction, usize, usize),
    /// A port more.
    AddPort(Direction, usize, Port),
    /// A port less.
    RemovePort(Direction, usize, usize),
    /// A selector asks for more; a label that it names already gets another value.
    Require(Place, Requirement),
    /// A selector asks for less.
    Release(Place, Held),
    /// A selector asks for something else.
    Instead(Place, Held, Requirement),
    /// Other addresses.
    SetBlock(Direction, usize, usize, String),
    /// Addresses that are left out.
    AddExcept(Direction, usize, usize, String),
    /// Addresses that are left out no longer.
    RemoveExcept(Direction, usize, usize, usize),
}

/// Where a selector stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The policy's own.
    Subject,
    /// The pods of a peer.
    Pods(Direction, usize, usize),
    /// The namespaces of a peer.
    Namespaces(Direction, usize, usize),
}

/// Something that a selector asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A label, by its name.
    Label(String),
    /// One of its `matchExpressions`.
    Expression(usize),
}

/// Who may, to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewPeer {
    /// Pods of the policy's namespace.
    Pods,
    /// All pods of namespaces.
    Namespaces,
    /// Some pods of some namespaces.
    PodsOfNamespaces,
    /// Addresses.
    Block,
    /// Everybody: only as a rule of its own.
    Everyone,
    /// The cluster's DNS, with its ports: only as a rule of its own.
    Dns,
}

impl NewPeer {
    fn peer(self) -> Value {
        match self {
            Self::Pods => json!({"podSelector": {}}),
            Self::Namespaces => json!({"namespaceSelector": {}}),
            Self::PodsOfNamespaces => json!({"namespaceSelector": {}, "podSelector": {}}),
            Self::Block => json!({"ipBlock": {"cidr": "10.0.0.0/8"}}),
            Self::Everyone => json!({}),
            Self::Dns => json!({
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }),
        }
    }

    fn rule(self, peers: &str) -> Value {
        match self {
            Self::Everyone => json!({}),
            Self::Dns => json!({
                peers: [self.peer()],
                "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
            }),
            _ => json!({ peers: [self.peer()] }),
        }
    }
}

/// The object after a change; nothing when the object does not have what is to change.
pub fn changed(object: &Value, change: &Change) -> Option<Value> {
    let mut object = object.clone();
    let spec = object.as_object_mut()?.entry("spec").or_insert_with(|| json!({}));
    if spec.is_null() {
        *spec = json!({});
    }
    make(spec, change)?;
    Some(object)
}

fn make(spec: &mut Value, change: &Change) -> Option<()> {
    match change {
        Change::Restrict(direction, on) => restrict(spec, *direction, *on),
        Change::AddRule(direction, peer) => {
            restrict(spec, *direction, true)?;
            let (rules, peers) = direction.fields();
            push(spec, rules, peer.rule(peers))
        }
        Change::RemoveRule(direction, rule) => {
            remove(spec.get_mut(direction.fields().0)?.as_array_mut()?, *rule)
        }
        Change::AddPeer(direction, rule, peer) => {
            let peers = direction.fields().1;
            push(rule_of(spec, *direction, *rule)?, peers, peer.peer())
        }
        Change::RemovePeer(direction, rule, peer) => {
            let peers = peers_of(spec, *direction, *rule)?;
            if peers.len() < 2 {
                return make(spec, &Change::RemoveRule(*direction, *rule));
            }
            remove(peers, *peer)
        }
        Change::Join(..) | Change::Split(..) | Change::Also(..) => combine(spec, change),
        Change::AddPort(direction, rule, port) => {
            push(rule_of(spec, *direction, *rule)?, "ports", port_value(port))
        }
        Change::RemovePort(direction, rule, port) => {
            let rule = rule_of(spec, *direction, *rule)?.as_object_mut()?;
            less(rule, "ports", *port)
        }
        Change::Require(place, requirement) => require(selector_of(spec, *place)?, requirement),
        Change::Release(place, held) => release(selector_of(spec, *place)?, held),
        Change::Instead(place, held, requirement) => {
            let selector = selector_of(spec, *place)?;
            if let (Held::Expression(at), Some(item)) = (held, requirement.item()) {
                *selector.get_mut("matchExpressions")?.get_mut(*at)? = item;
                return Some(());
            }
            release(selector, held)?;
            require(selector, requirement)
        }
        Change::SetBlock(direction, rule, peer, cidr) => {
            let block = block_of(spec, *direction, *rule, *peer)?;
            block.insert("cidr".to_owned(), Value::String(cidr.clone()));
            Some(())
        }
        Change::AddExcept(direction, rule, peer, cidr) => {
            let block = block_of(spec, *direction, *rule, *peer)?;
            let except = block.entry("except").or_insert_with(|| json!([]));
            except.as_array_mut()?.push(Value::String(cidr.clone()));
            Some(())
        }
        Change::RemoveExcept(direction, rule, peer, at) => {
            less(block_of(spec, *direction, *rule, *peer)?, "except", *at)
        }
    }
}

/// Whether the policy is about a direction. Its rules go when it is not: they would have no effect.
fn restrict(spec: &mut Value, direction: Direction, on: bool) -> Option<()> {
    if restricted(spec, direction) == on {
        return Some(());
    }
    let types: Vec<Value> = [Direction::Ingress, Direction::Egress]
        .into_iter()
        .filter(|one| if *one == direction { on } else { restricted(spec, *one) })
        .map(|one| Value::from(one.name()))
        .collect();
    let spec = spec.as_object_mut()?;
    if !on {
        spec.remove(direction.fields().0);
    }
    // Without types the policy would be about connections to its pods.
    if types.is_empty() {
        return None;
    }
    spec.insert("policyTypes".to_owned(), Value::Array(types));
    Some(())
}

fn require(selector: &mut Value, requirement: &Requirement) -> Option<()> {
    let Requirement::Label(key, value) = requirement else {
        return push(selector, "matchExpressions", requirement.item()?);
    };
    let labels = selector.as_object_mut()?.entry("matchLabels").or_insert_with(|| json!({}));
    if labels.is_null() {
        *labels = json!({});
    }
    labels.as_object_mut()?.insert(key.clone(), Value::String(value.clone()));
    Some(())
}

fn release(selector: &mut Value, held: &Held) -> Option<()> {
    let selector = selector.as_object_mut()?;
    match held {
        Held::Expression(at) => less(selector, "matchExpressions", *at),
        Held::Label(key) => {
            let labels = selector.get_mut("matchLabels")?.as_object_mut()?;
            labels.remove(key)?;
            if labels.is_empty() {
                selector.remove("matchLabels");
            }
            Some(())
        }
    }
}

fn combine(spec: &mut Value, change: &Change) -> Option<()> {
    let (Change::Join(direction, rule, at)
    | Change::Split(direction, rule, at)
    | Change::Also(direction, rule, at)) = change
    else {
        return None;
    };
    let peers = peers_of(spec, *direction, *rule)?;
    match change {
        Change::Join(..) => {
            let next = peers.get(at + 1)?.as_object()?.clone();
            peers.get_mut(*at)?.as_object_mut()?.extend(next);
            remove(peers, at + 1)
        }
        Change::Split(..) => {
            let one = peers.get_mut(*at)?.as_object_mut()?;
            let namespaces = one.remove("namespaceSelector")?;
            peers.insert(at + 1, json!({ "namespaceSelector": namespaces }));
            Some(())
        }
        _ => {
            let one = peers.get_mut(*at)?.as_object_mut()?;
            let other =
                if one.contains_key("podSelector") { "namespaceSelector" } else { "podSelector" };
            one.insert(other.to_owned(), json!({}));
            Some(())
        }
    }
}

fn port_value(port: &Port) -> Value {
    let mut value = Map::new();
    value.insert("protocol".to_owned(), Value::String(port.protocol.clone()));
    if !port.port.is_empty() {
        let number = port.port.parse::<u16>().ok().map(Value::from);
        value.insert("port".to_owned(), number.unwrap_or_else(|| Value::from(port.port.as_str())));
    }
    if let Some(end) = port.end {
        value.insert("endPort".to_owned(), Value::from(end));
    }
    Value::Object(value)
}

fn push(value: &mut Value, field: &str, item: Value) -> Option<()> {
    let list = value.as_object_mut()?.entry(field).or_insert_with(|| json!([]));
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut()?.push(item);
    Some(())
}

fn remove(list: &mut Vec<Value>, at: usize) -> Option<()> {
    (at < list.len()).then(|| {
        list.remove(at);
    })
}

/// An item less; the list goes with its last one.
fn less(map: &mut Map<String, Value>, field: &str, at: usize) -> Option<()> {
    let list = map.get_mut(field)?.as_array_mut()?;
    remove(list, at)?;
    if list.is_empty() {
        map.remove(field);
    }
    Some(())
}

fn rule_of(spec: &mut Value, direction: Direction, rule: usize) -> Option<&mut Value> {
    spec.get_mut(direction.fields().0)?.get_mut(rule)
}

fn peers_of(spec: &mut Value, direction: Direction, rule: usize) -> Option<&mut Vec<Value>> {
    rule_of(spec, direction, rule)?.get_mut(direction.fields().1)?.as_array_mut()
}

fn block_of(
    spec: &mut Value,
    direction: Direction,
    rule: usize,
    peer: usize,
) -> Option<&mut Map<String, Value>> {
    peers_of(spec, direction, rule)?.get_mut(peer)?.get_mut("ipBlock")?.as_object_mut()
}

fn selector_of(spec: &mut Value, place: Place) -> Option<&mut Value> {
    let selector = match place {
        Place::Subject => spec.as_object_mut()?.entry("podSelector").or_insert_with(|| json!({})),
        Place::Pods(direction, rule, peer) => {
            peers_of(spec, direction, rule)?.get_mut(peer)?.get_mut("podSelector")?
        }
        Place::Namespaces(direction, rule, peer) => {
            peers_of(spec, direction, rule)?.get_mut(peer)?.get_mut("namespaceSelector")?
        }
    };
    if selector.is_null() {
        *selector = json!({});
    }
    Some(selector)
}
