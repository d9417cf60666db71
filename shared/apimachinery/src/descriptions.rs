//! What definitions and fields mean, in upstream's words. They are large, so a program that has them provides
//! them (the server takes them from the dependency `k8s-openapi` as it is built), and one that must stay small
//! does without: its documents have no descriptions then.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Descriptions by definition and field.
type Words = BTreeMap<String, BTreeMap<String, String>>;

static PROVIDED: OnceLock<&str> = OnceLock::new();
static WORDS: OnceLock<Words> = OnceLock::new();

/// Provides the descriptions for this process: JSON, `{definition: {field: text}}`, where the empty field is
/// the definition itself. The first call counts. It is read when something is first described.
pub fn provide(json: &'static str) {
    // A second text would be the same one.
    let _provided_before = PROVIDED.set(json);
}

/// What a field means, or the definition itself when the field's name is empty. Empty when nobody provided it.
pub fn of(definition: &str, field: &str) -> &'static str {
    let Some(json) = PROVIDED.get() else { return "" };
    let words = WORDS.get_or_init(|| serde_json::from_str(json).unwrap_or_default());
    words.get(definition).and_then(|fields| fields.get(field)).map_or("", String::as_str)
}
