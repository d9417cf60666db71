//! Manifests as kubectl reads and prints them: YAML 1.1 in, with the place of every field, and
//! `-o yaml` out.
//!
//! The reader follows `sigs.k8s.io/yaml` over `go.yaml.in/yaml/v2` (octal numbers, `yes` and `on` as
//! booleans, last duplicate key wins) and refuses bombs before they cost anything.

mod number;
mod reader;
mod resolve;
mod rewrite;
mod spans;
mod writer;

pub use reader::{Document, Duplicate, ManifestError, read};
pub use rewrite::rewrite;
pub use spans::{Position, Span, SpanTree};
pub use writer::to_yaml;

pub(crate) use number::go_float;

/// The most bytes one read takes.
pub const MAX_BYTES: usize = 512 * 1024;
/// The most documents one read takes.
pub const MAX_DOCUMENTS: usize = 30;
/// The most nodes (scalars, lists, maps) of one document, after expansion of aliases.
pub const MAX_NODES: usize = 20_000;
/// The deepest nesting.
pub const MAX_DEPTH: usize = 64;
/// The most aliases of one document.
pub const MAX_ALIASES: usize = 100;
/// The most nodes that aliases may add to one document.
pub const MAX_EXPANSION: usize = 10_000;
/// The longest line in characters.
pub const MAX_LINE: usize = 10_000;
