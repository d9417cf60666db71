//! The node tier runs real pods.
