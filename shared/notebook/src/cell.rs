//! Cells: the parts of a notebook that do something.

use serde::{Deserialize, Serialize};

use crate::check::Check;
use crate::scenario::Localized;

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cell {
    /// Id, unique in the scenario; the same in all languages.
    pub id: String,
    /// Title; shown as the cell's heading.
    pub title: Localized,
    /// Persona it acts as; the scenario's first when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persona: Option<String>,
    /// What kind of cell it is.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub kind: CellKind,
    /// Hints, offered when a check of this cell fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<Hint>,
}

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hint {
    /// Id within the cell.
    pub id: String,
    /// The hint.
    pub text: Localized,
    /// Show it when these conditions hold now (all of them); always when empty.
    #[serde(default)]
    pub when: Vec<Check>,
}

/// The kinds of cells.
// Authors write a field `type` among the others; in compiled content the kind stands around its fields, which takes
// much less code to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "type"))]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum CellKind {
    /// Editable YAML that can be applied.
    Manifest {
        /// File with the text that the learner starts from.
        file: String,
        /// File with a text that solves it; `file` itself when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        solution: Option<String>,
        /// Files with other texts that solve it as well; the checks must hold for each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<String>,
        /// Whether the solution deletes instead of applying.
        #[serde(default, skip_serializing_if = "is_false")]
        delete: bool,
        /// Whether the server is expected to refuse the text as given (the lesson is the refusal).
        #[serde(default, skip_serializing_if = "is_false")]
        refused: bool,
    },
    /// A button that runs fixed command lines.
    Action {
        /// kubectl lines in order.
        run: Vec<String>,
        /// Files with something else that does it as well (a manifest to apply, or in a `.txt` file
        /// kubectl lines); the checks must hold for each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        alternatives: Vec<String>,
    },
    /// A console with suggested lines.
    Console {
        /// Lines that the prose talks about; the solution runs them.
        #[serde(default)]
        suggest: Vec<String>,
    },
    /// Checks.
    Check {
        /// What must hold.
        checks: Vec<Check>,
        /// Why what was done makes it hold; shown once everything holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        explanation: Option<Localized>,
    },
    /// A live diagram.
    Diagram {
        /// Which view.
        view: DiagramView,
    },
    /// A question with answers to choose from.
    Quiz {
        /// The answers.
        options: Vec<QuizOption>,
    },
    /// Predict first, then look: a question, then what really happens.
    Observe {
        /// The predictions to choose from.
        options: Vec<QuizOption>,
        /// kubectl lines whose output is the truth.
        run: Vec<String>,
    },
    /// A slider that puts a Service under load: so many pods of a Deployment, each of which asks so often.
    Load {
        /// Manifest with the Deployment; the slider says its replicas, and at none of them it is deleted.
        file: String,
        /// Namespace of the Deployment.
        namespace: String,
        /// Name of the Deployment.
        name: String,
        /// How many requests each of its pods makes in a second.
        each: u32,
        /// The most pods.
        most: u32,
        /// How many pods solve it.
        solution: u32,
        /// A HorizontalPodAutoscaler of the same namespace, whose calculation is drawn below the slider.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        autoscaler: Option<String>,
    },
    /// For the presenter only; its prose is the localized text.
    Note {
        /// The note.
        text: Localized,
    },
}

/// An answer of a quiz or a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QuizOption {
    /// Id within the cell.
    pub id: String,
    /// The answer.
    pub text: Localized,
    /// Whether it is right.
    #[serde(default)]
    pub correct: bool,
    /// Why it is right or wrong.
    pub why: Localized,
}

/// What a diagram shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "show"))]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum DiagramView {
    /// Who can connect to whom: pods in their namespaces, and edges.
    Connections {
        /// Namespaces to draw, in order from left to right.
        namespaces: Vec<String>,
        /// The connections to watch.
        edges: Vec<Connection>,
    },
    /// Which persona may do what (rows: requests; columns: personas).
    Access {
        /// The questions.
        requests: Vec<crate::check::AccessRequest>,
        /// Personas; all of the scenario when empty.
        #[serde(default)]
        personas: Vec<String>,
    },
    /// Owners and what they own in some namespaces.
    Workloads {
        /// Namespaces to draw.
        namespaces: Vec<String>,
    },
    /// An update of a Deployment: its versions with their pods, and how it went.
    Rollout {
        /// Its namespace.
        namespace: String,
        /// Its name.
        deployment: String,
    },
    /// What a HorizontalPodAutoscaler calculates, with its numbers.
    Autoscaler {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The machines of the cluster by their roles.
    Machines,
    /// The menus of a console, each with what it manages.
    Menus {
        /// The menus in order.
        menus: Vec<Menu>,
    },
}

/// A menu of a console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Menu {
    /// What it is called.
    pub title: Localized,
    /// Its entries in order.
    pub entries: Vec<MenuEntry>,
}

/// An entry of a [`Menu`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MenuEntry {
    /// What it is called.
    pub title: Localized,
    /// The kubectl line that shows the same; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// Who adds this kind to Kubernetes, or what became of it; empty for Kubernetes' own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub of: String,
}

/// A connection between pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Connection {
    /// `<namespace>/<pod>`.
    pub from: String,
    /// `<namespace>/<pod>`.
    pub to: String,
    /// Port.
    pub port: u16,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !value
}
