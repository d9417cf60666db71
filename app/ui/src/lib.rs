//! The parts that pages are built of: buttons, icons, dialogs, tabs, toasts, pictures.
//!
//! Views are built with Leptos' builder functions and not with `view!`: the macro turns static parts into
//! `innerHTML`, which the page's Content-Security-Policy (trusted types) forbids.
//!
//! *Invariant:* knows no Kubernetes, no protocol and no state of the page; holds no words of its own.

pub mod dialog;
pub mod icon;
pub mod list;
pub mod menu;
pub mod picture;
pub mod press;
pub mod splitter;
pub mod strip;
pub mod tabs;
pub mod toast;
