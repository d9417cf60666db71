//! Lists that change: what stays the same stays in the document.

use std::hash::Hash;

use leptos::prelude::*;

/// Draws each item once and keeps it while its key is there.
pub fn each<T, K, V>(
    items: impl Fn() -> Vec<T> + Send + Sync + 'static,
    key: impl Fn(&T) -> K + Clone + Send + Sync + 'static,
    draw: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Send + Sync + 'static,
    K: Eq + Hash + Send + 'static,
    V: IntoView + 'static,
{
    For(ForProps::builder().each(items).key(key).children(draw).build()).into_any()
}
