//! Checks: conditions over a cluster, as data.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scenario::Localized;

/// A condition that can be evaluated on any cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Id within its cell; may be empty where nothing refers to it (`setupChecks`, `when` of hints).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What it means, in the author's words; shown above expected and found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Localized>,
    /// The condition.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub condition: Condition,
    /// How long to wait for it to become true, for example `30s`. Default `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// How long it must stay true, for example `3s`. Default `0s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable_for: Option<String>,
    /// Whether it already holds before its step is played (a check of something that must not break).
    /// `podium check` then does not demand that it fails before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holds_before: bool,
    /// What the cluster must have for this check; it is skipped where that is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<crate::scenario::Requirement>,
}

/// The conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(tag = "check"))]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Condition {
    /// An object exists and matches a partial document. A scalar must be equal; a map must have the
    /// entries; a list must have, for each given item, a matching item. A string `(op value)` is an
    /// operator: `(>= 2)`, `(> 1)`, `(< 3)`, `(<= 3)`, `(!= x)`, `(~ regex)`, `(exists)`, `(absent)`,
    /// `(length 3)`.
    Assert {
        /// The object: `apiVersion`, `kind`, `metadata.name` (and namespace), and what must match.
        object: Value,
    },
    /// An object does not exist.
    Absent {
        /// `apiVersion`, `kind`, `metadata.name` (and namespace).
        object: Value,
    },
    /// SubjectAccessReviews answer as said.
    Can {
        /// The questions with their answers.
        requests: Vec<AccessExpectation>,
    },
    /// New connections do what is said.
    Connects {
        /// The connections with what they should do.
        connections: Vec<ConnectionExpectation>,
    },
    /// Applying a document is refused.
    Rejects {
        /// File of the scenario with the document.
        file: String,
        /// Persona who applies.
        #[serde(default)]
        persona: Option<String>,
        /// HTTP status code.
        code: u16,
        /// Status reason, for example `Forbidden`.
        reason: String,
        /// Regular expression for the message.
        pattern: String,
    },
    /// An event is there.
    Event {
        /// `<kind>/<name>` it is about.
        object: String,
        /// Namespace.
        namespace: String,
        /// Reason, for example `FailedScheduling`.
        reason: String,
        /// Regular expression for the message.
        #[serde(default)]
        pattern: Option<String>,
    },
    /// A line is in a pod's log.
    Logs {
        /// `<namespace>/<pod>`.
        pod: String,
        /// Container; the only one when absent.
        #[serde(default)]
        container: Option<String>,
        /// Regular expression for a line.
        pattern: String,
    },
    /// A kubectl line says something.
    Prints {
        /// A line that only reads, for example `kubectl get nodes -o name`.
        line: String,
        /// Persona who asks; the scenario's first when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        persona: Option<String>,
        /// Regular expression for its standard output, without the last line end.
        pattern: String,
    },
    /// A command in a pod says something.
    Output {
        /// `<namespace>/<pod>`.
        pod: String,
        /// The command as its words, for example `[sh, -c, 'ls /tmp | wc -l']`.
        command: Vec<String>,
        /// Regular expression for its standard output, without the last line end.
        pattern: String,
    },
}

/// What somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccessRequest {
    /// Verb, for example `list`.
    pub verb: String,
    /// `resource`, `resource.group` or `resource.group/subresource`, for example `deployments.apps`.
    pub resource: String,
    /// Namespace; empty for cluster scope.
    #[serde(default)]
    pub namespace: String,
    /// Name of one object; any when empty.
    #[serde(default)]
    pub name: String,
}

/// A question to the authorizer with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessExpectation {
    /// Persona who wants it.
    pub persona: String,
    /// What is wanted.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub request: AccessRequest,
    /// Whether it should be allowed.
    pub allowed: bool,
}

/// A connection with what it should do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionExpectation {
    /// The connection.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub connection: crate::cell::Connection,
    /// Whether it should get through.
    pub allowed: bool,
    /// Nobody listens at the port: a connection that gets through is then refused by the pod itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nobody_listens: bool,
}
