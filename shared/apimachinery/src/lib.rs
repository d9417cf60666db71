//! What every part of Podium knows of Kubernetes: names, paths, selectors, quantities, patches, the
//! schema, and the two seams [`transport::Transport`] (to a cluster) and [`engine::Engine`] (of an
//! embedded one).
//!
//! *Invariant:* no I/O, no clock, no entropy; knows the wire format and no behaviour of any kind.

pub mod engine;
pub mod identity;
pub mod status;
pub mod transport;
