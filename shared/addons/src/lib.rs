//! Where simulated add-ons live: what a course shows beside Kubernetes itself (monitoring, logging, a mesh,
//! pipelines, backup), as controllers and HTTP endpoints that the embedded cluster is given.
//!
//! The crate is a layer of its own so that the cluster never learns of a product. It holds no add-on so far;
//! sections that need one say so in the catalogue.
//!
//! *Invariant:* reaches into the cluster only through what it offers to every controller and endpoint, and
//! never pretends to be a product that it does not simulate.
