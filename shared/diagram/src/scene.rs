//! What a picture shows, before anything has a place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A code (a key of `app/locales`) with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// Key, for example `diagram-connections`.
    pub code: String,
    /// Values of its placeables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
}

impl Phrase {
    /// A phrase without arguments.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), args: BTreeMap::new() }
    }

    /// The same phrase with one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }
}

/// A picture without places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scene {
    /// How it is to be laid out.
    pub view: View,
    /// Boxes around nodes, in order from left to right (or top to bottom).
    pub groups: Vec<Group>,
    /// Cards.
    pub nodes: Vec<Node>,
    /// Arrows.
    pub edges: Vec<Edge>,
    /// The picture in a sentence or two.
    pub summary: Vec<Phrase>,
}

/// The kinds of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// Namespaces side by side, targets in the middle.
    Connections,
    /// Owners to the left of what they own, namespaces below each other.
    Workloads,
    /// Machines in rows, roles below each other.
    Machines,
}

/// A namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Id, for example `Namespace/dev`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Labels that a person may have put there, as `key=value`.
    pub labels: Vec<String>,
    /// Whether it does not exist.
    pub missing: bool,
}

/// An object as a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Id, for example `Pod/dev/np-test`.
    pub id: String,
    /// Id of its group.
    pub group: String,
    /// Kind, for example `Pod`.
    pub kind: String,
    /// Name; for several pods as one card, the name of their owner.
    pub name: String,
    /// How many objects the card stands for; 1 as a rule.
    pub count: u32,
    /// Further lines, for example `image: nginx` and `app: np-test`.
    pub lines: Vec<Line>,
    /// Health.
    pub state: NodeState,
    /// The state in Kubernetes' word, for example `Running` or `ImagePullBackOff`.
    pub word: String,
    /// What the card is in this picture.
    pub role: Role,
}

/// A line of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// For example `image`.
    pub key: String,
    /// For example `nginx:1.29`.
    pub value: String,
}

/// Health of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeState {
    /// As it should be.
    Ready,
    /// On its way there, or away.
    Progressing,
    /// Not as it should be, and not getting there.
    Failed,
    /// The picture names it, and it does not exist.
    Missing,
}

/// What a card is in its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Somebody connects to it.
    Target,
    /// It gets through everywhere it tries.
    Through,
    /// It gets through nowhere.
    Stopped,
    /// Neither nor.
    Plain,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Id, unique in the scene.
    pub id: String,
    /// Id of the node it leaves.
    pub from: String,
    /// Id of the node it points to.
    pub to: String,
    /// What it means.
    pub kind: EdgeKind,
    /// For connections, what a new one does.
    pub state: EdgeState,
    /// Short text on it, for example `:80`.
    pub label: String,
    /// Why it is as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Phrase>,
    /// The object that decided, for example `NetworkPolicy/dev/default-policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
}

/// What an arrow means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// A new connection is tried.
    Connects,
    /// Is the controller of.
    Owns,
    /// Selects by labels.
    Selects,
    /// Sets the number of replicas of.
    Scales,
    /// Keeps its files in.
    Mounts,
}

/// What a connection does; `Plain` for other arrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeState {
    /// It gets through.
    Allowed,
    /// It runs into a timeout.
    Blocked,
    /// Nobody listens.
    Refused,
    /// Not known.
    Unknown,
    /// Not a connection.
    Plain,
}
