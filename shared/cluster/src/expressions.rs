//! Where expressions in CEL come in (`apiserver/pkg/cel`). The cluster knows when they are compiled and evaluated and
//! what follows; the language itself is given to it ([`crate::System`]), because it is large and not always needed.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use serde_json::Value;

/// The most that one expression may cost (`apis/cel/config.go PerCallLimit`).
pub const CALL_LIMIT: u64 = 1_000_000;

/// An implementation of the language.
pub trait Expressions: Debug + Send + Sync {
    /// What expressions may name; nothing when a schema cannot be shown to expressions.
    fn environment(&self, variables: &[Variable<'_>]) -> Option<Box<dyn Environment>>;
}

/// A variable of an environment.
#[derive(Debug, Clone)]
pub struct Variable<'a> {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape<'a>,
}

/// What a variable holds.
#[derive(Debug, Clone)]
pub enum Shape<'a> {
    /// Anything; looked at when the expression runs.
    Any,
    /// What a structural schema says.
    Structural {
        /// The schema.
        schema: &'a Value,
        /// Whether it is that of a whole resource.
        resource: bool,
        /// Whether the value may be missing, and is an optional one.
        optional: bool,
    },
    /// `admission.k8s.io/v1 AdmissionRequest`.
    Request,
    /// A namespace.
    Namespace,
    /// The authorizer.
    Authorizer,
    /// The authorizer, asked for the resource of the request.
    RequestResource,
    /// Objects that the expression makes, `Object{...}`, and JSON patches.
    Mutation,
}

/// Expressions over the same variables.
pub trait Environment: Debug + Send + Sync {
    /// Compiles an expression; the error is the text of cel-go.
    fn compile(&self, text: &str) -> Result<Compiled, String>;

    /// Gives the value of an expression a name, `variables.<name>`, for those that follow.
    fn define(&mut self, name: &str, text: &str) -> Result<Compiled, String>;

    /// How many bytes the first variable takes at least.
    fn smallest(&self) -> u64;

    /// Binds the variables; one that is missing has no value.
    fn begin<'a>(
        &'a self,
        inputs: &[(&'static str, Option<&Value>)],
        authority: Option<&'a dyn Authority>,
    ) -> Box<dyn Evaluation + 'a>;
}

/// An expression that was understood.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// For the implementation only.
    pub program: Arc<dyn Any + Send + Sync>,
    /// The type of its value, as cel-go names it.
    pub result: String,
    /// The variables that it mentions.
    pub mentions: Vec<String>,
    /// What it costs at most.
    pub cost: u64,
}

/// Evaluations with the same values.
pub trait Evaluation {
    /// Evaluates an expression of the environment; it ends when it costs more than `limit`.
    fn evaluate(&mut self, compiled: &Compiled, limit: u64) -> Outcome;
}

/// What came of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The value, or the error in the words of cel-go.
    pub value: Result<Value, String>,
    /// What it did cost.
    pub cost: u64,
    /// Objects that it made under other names than their places say (`CheckTypeNamesMatchFieldPathNames`).
    pub misnamed: Vec<String>,
}

/// A question of an expression to the authorizer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question<'a> {
    /// Namespace and name, when not the user of the request is meant.
    pub service_account: Option<(String, String)>,
    /// Verb.
    pub verb: &'a str,
    /// Path; empty for a resource.
    pub path: &'a str,
    /// API group.
    pub group: &'a str,
    /// Resource.
    pub resource: &'a str,
    /// Subresource.
    pub subresource: &'a str,
    /// Namespace.
    pub namespace: &'a str,
    /// Name.
    pub name: &'a str,
}

/// Who answers questions of expressions.
pub trait Authority {
    /// Whether it is allowed, and why.
    fn decide(&self, question: &Question<'_>) -> (bool, String);
}
