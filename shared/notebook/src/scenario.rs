//! Structure: what `scenario.yaml` says, once for all languages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::prose::Block;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Localized {
    /// Korean.
    pub ko: String,
    /// English.
    pub en: String,
}

/// Whether a scenario can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Complete and proved by tests.
    Ready,
    /// Announced; its goals are told, its cells are not written yet.
    Planned,
}

/// Who a cell acts as. On every cluster this is done with impersonation by an identity that may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Persona {
    /// Id used by cells and checks.
    pub id: String,
    /// Name for a person.
    pub title: Localized,
    /// Kubernetes user name; empty: the executor's own identity (cluster administrator).
    #[serde(default)]
    pub user: String,
    /// Kubernetes groups, besides `system:authenticated`.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A value that a session may set, for example the name of a namespace on a shared cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Name; `${name}` in cells, commands and checks.
    pub name: String,
    /// Value when the session sets none.
    pub default: String,
    /// What it is.
    pub title: Localized,
}

/// Something the cluster must have for the scenario to be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// Pods run (there is a kubelet).
    Pods,
    /// Commands can be executed in pods.
    Exec,
    /// NetworkPolicies are enforced (found out by a probe).
    NetworkPolicyEnforced,
    /// The executor may impersonate the personas.
    Impersonation,
    /// Names of Services resolve in pods.
    ClusterDns,
    /// Pods have at least two nodes to choose from.
    TwoNodes,
    /// A claim that names no StorageClass gets a volume.
    DefaultStorage,
    /// Something serves the usage of pods and nodes (metrics.k8s.io).
    MetricsApi,
    /// HyperCloud's claims (tmax.io) are served, and its operator runs.
    Hypercloud,
    /// Its audit log can be read (`/podium/v1/audit`).
    AuditLog,
    /// A node has GPUs that pods can ask for (`nvidia.com/gpu`).
    Gpu,
}

/// A product that the embedded cluster of a scenario has beside Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// HyperCloud 4.1: its operator, its webhook and HyperAuth.
    Hypercloud,
    /// MetalLB, which gives Services of type LoadBalancer their addresses.
    Metallb,
}

impl Product {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Hypercloud, Self::Metallb];

    /// Its name in `scenario.yaml`, which is that of the add-on.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hypercloud => "hypercloud",
            Self::Metallb => "metallb",
        }
    }
}

/// What machines the embedded cluster of a scenario has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Profile {
    /// A control plane and three workers.
    #[default]
    #[serde(rename = "plain")]
    Plain,
    /// The fleet of the HyperCloud 4.1 proof of concept.
    #[serde(rename = "hypercloud-4.1")]
    Hypercloud41,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Hypercloud41];

    /// Its name in `scenario.yaml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Hypercloud41 => "hypercloud-4.1",
        }
    }
}

/// What the embedded cluster of a scenario is made of. A real cluster is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterPlan {
    /// Its machines.
    #[serde(default)]
    pub profile: Profile,
    /// Its products.
    #[serde(default)]
    pub addons: Vec<Product>,
}

impl ClusterPlan {
    /// The names of its products.
    pub fn products(&self) -> impl Iterator<Item = &'static str> {
        self.addons.iter().map(|one| one.name())
    }
}

/// A step of a scenario: a heading, prose and cells that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StepPlan {
    /// Id; the prose opens the step with `## Title {#id}`.
    pub id: String,
    /// Ids of its cells in order.
    pub cells: Vec<String>,
}

/// `scenario.yaml` as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// Section of the course.
    pub section: u32,
    /// Title.
    pub title: Localized,
    /// What the learner can do afterwards.
    pub goal: Localized,
    /// Whether it can be played.
    pub status: Status,
    /// How long it takes, minutes.
    pub minutes: u32,
    /// Scenario folders that should be done before.
    #[serde(default)]
    pub prerequisites: Vec<String>,
    /// Variables.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// Personas; the first is the default one.
    #[serde(default)]
    pub personas: Vec<Persona>,
    /// What the cluster must have for anything of it.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// What it must have besides for the lesson to be true as a whole. Where that is missing, a session sets nothing up
    /// and offers another cluster, while a proof still looks at the checks that need none of it.
    #[serde(default)]
    pub lesson_requires: Vec<Requirement>,
    /// What the embedded cluster has.
    #[serde(default)]
    pub cluster: ClusterPlan,
    /// Files applied by the executor before the first step, in order, relative to the folder.
    #[serde(default)]
    pub setup: Vec<String>,
    /// What must hold before the first step begins, `kubectl wait`-like lines; see the runner.
    #[serde(default)]
    pub setup_checks: Vec<crate::check::Check>,
    /// Steps in order.
    #[serde(default)]
    pub steps: Vec<StepPlan>,
    /// All cells by id.
    #[serde(default)]
    pub cells: Vec<Cell>,
}

/// A step with its prose in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Id.
    pub id: String,
    /// Title in this language.
    pub title: String,
    /// Prose and places of cells, in order.
    pub blocks: Vec<Block>,
}

/// A scenario in one language, ready to be shown and executed: everything the page and the executor need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notebook {
    /// `<track>/<folder>`.
    pub id: String,
    /// `ko` or `en`.
    pub language: String,
    /// Structure.
    pub scenario: Scenario,
    /// Prose before the first step.
    pub introduction: Vec<Block>,
    /// Steps with prose.
    pub steps: Vec<Step>,
    /// Contents of the files that the structure names, by path relative to the folder.
    pub files: BTreeMap<String, String>,
}

/// One line of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogEntry {
    /// `<track>/<folder>`.
    pub id: String,
    /// Section of the course.
    pub section: u32,
    /// Title.
    pub title: Localized,
    /// What the learner can do afterwards.
    pub goal: Localized,
    /// Whether it can be played.
    pub status: Status,
    /// Minutes.
    pub minutes: u32,
    /// Number of steps.
    pub steps: u32,
}

/// A track of scenarios.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    /// Folder name.
    pub id: String,
    /// Title.
    pub title: Localized,
    /// What it is.
    pub summary: Localized,
    /// Its scenarios in order of section.
    #[serde(default)]
    pub scenarios: Vec<CatalogEntry>,
}

/// All tracks (`catalog.json`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Tracks in order of their names.
    pub tracks: Vec<Track>,
}

impl Scenario {
    /// What the cluster must have for the lesson.
    pub fn needs(&self) -> impl Iterator<Item = Requirement> {
        self.requires.iter().chain(&self.lesson_requires).copied()
    }
}

impl Catalog {
    /// The line of a scenario (`<track>/<folder>`).
    pub fn entry(&self, id: &str) -> Option<&CatalogEntry> {
        self.tracks.iter().flat_map(|track| &track.scenarios).find(|entry| entry.id == id)
    }
}
