//! What every part of Podium knows of Kubernetes: names, paths, selectors, quantities, patches, the
//! schema, and the two seams [`transport::Transport`] (to a cluster) and [`engine::Engine`] (of an
//! embedded one).
//!
//! *Invariant:* no I/O, no clock, no entropy; knows the wire format and no behaviour of any kind.

pub mod apply;
pub mod decode;
pub mod descriptions;
pub mod engine;
pub mod field_error;
pub mod go;
pub mod gvk;
pub mod identity;
pub mod jsonpath;
pub mod names;
pub mod object;
pub mod openapi;
pub mod order;
pub mod outgoing;
pub mod patch;
pub mod protobuf;
pub mod quantity;
pub mod request;
pub mod schema;
pub mod selector;
pub mod status;
pub mod time;
pub mod transport;
