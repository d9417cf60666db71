//! Going back: what only a cluster can do that is computed here.

/// Keeps states of a cluster and goes back to them.
pub trait Timeline {
    /// Keeps the present state under a number.
    fn keep(&self) -> u64;

    /// Goes back to a kept state.
    fn back(&self, kept: u64);

    /// Forgets a kept state.
    fn drop_kept(&self, kept: u64);
}
