//! CEL as Kubernetes 1.36 has it: cel-go's checker, costs and errors, and the libraries of
//! `k8s.io/apiserver/pkg/cel`, for the seam of the embedded cluster.
//!
//! The grammar is that of the crate `cel`. Its interpreter is not used: it checks no types, and Kubernetes refuses an
//! expression by its types and by what it may cost, in texts that people read.
//!
//! *Invariant:* no clock, no entropy; an evaluation ends within its limit of cost.

mod admission;
mod check;
mod declarations;
mod environment;
mod escape;
mod estimate;
mod eval;
mod functions;
mod parse;
mod schema;
mod source;
mod types;
mod value;

use cluster::expressions::{Environment, Expressions, Variable};

/// The language, for [`cluster::System`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Cel;

impl Expressions for Cel {
    fn environment(&self, variables: &[Variable<'_>]) -> Option<Box<dyn Environment>> {
        let environment = environment::Scoped::new(variables)?;
        Some(Box::new(environment))
    }
}
