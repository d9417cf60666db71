//! What embedded clusters of this program have beside the engine and its add-ons: the language of rules.

use std::sync::Arc;

use cluster::System;
use expressions::Cel;

/// A system whose rules and policies are evaluated.
pub(crate) fn with_language(system: System) -> System {
    System { expressions: Some(Arc::new(Cel)), ..system }
}
