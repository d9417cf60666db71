//! Sessions: one learner, one scenario, one executor.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Phrase;

/// An unguessable session name, chosen by the executor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

/// A language of the course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean, the course's first language.
    #[default]
    Ko,
    /// English.
    En,
}

/// Where cells run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// The embedded cluster inside the server.
    EmbeddedServer,
    /// The embedded cluster in a Web Worker of the tab.
    EmbeddedTab,
    /// A real cluster that the server holds credentials for.
    Real,
}

/// What a client asks for when it opens a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSession {
    /// Scenario id, `<track>/<folder>`, for example `hypercloud-4.1/03-network-policy`.
    pub scenario: String,
    /// Language of prose that the executor may need.
    pub language: Language,
    /// Where to run.
    pub executor: Executor,
    /// Values for the scenario's variables; missing ones take their defaults.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// The compiled scenario as JSON text (`notebook::Notebook`). The page sends it to the worker,
    /// which has no files; a server ignores it and reads its own content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Seed of the embedded cluster; the executor chooses one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Wall clock of the client, milliseconds since the Unix epoch: the worker has no clock of its
    /// own, so this is the epoch of its cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_millis: Option<i64>,
}

/// What the page shows about a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Name for all further requests.
    pub id: SessionId,
    /// Scenario id.
    pub scenario: String,
    /// Who executes, for the badge.
    pub executor: ExecutorView,
    /// The clock at this moment.
    pub clock: ClockView,
    /// Values of the scenario's variables in this session.
    pub variables: BTreeMap<String, String>,
    /// The newest sequence number of the event log (0 when empty).
    pub seq: u64,
}

/// Who executes, in the words of the badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutorView {
    /// Which executor this is.
    pub kind: Executor,
    /// Version of the API server, for example `v1.36.3`.
    pub kubernetes: String,
    /// Name of the cluster for a person: a kubeconfig context, or `embedded`. Never a credential.
    pub cluster: String,
    /// Whether a kubeconfig for this session can be downloaded.
    pub kubeconfig: bool,
}

/// The session's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// Now in the cluster, milliseconds since the Unix epoch.
    pub now_millis: i64,
    /// Milliseconds since the session began, in the cluster's time.
    pub elapsed_millis: i64,
    /// Cluster seconds per wall second; 0 when paused.
    pub speed: u32,
    /// Whether the clock can be moved (not on a real cluster).
    pub movable: bool,
}

/// The body of every error answer of the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiProblem {
    /// HTTP status code.
    pub status: u16,
    /// What went wrong and what to do, to be put into words by the page.
    pub phrase: Phrase,
    /// The cause in English, for logs and developers.
    pub detail: String,
}
