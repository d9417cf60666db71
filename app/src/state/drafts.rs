//! The texts of manifest cells as the learner edits them, kept a moment after each key.

use std::collections::{BTreeMap, BTreeSet};

use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use crate::services::browser;
use crate::services::drafts::{DraftStore, KeptDraft};
use crate::services::tabs::{Tabs, Typed};

/// How long typing must rest before the text is kept.
const REST_MILLIS: u32 = 300;

/// Whether texts are safe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Safety {
    /// Nothing was typed yet.
    Nothing,
    /// Typed, and not yet kept.
    Waiting,
    /// Kept at this time.
    Kept(f64),
    /// The browser keeps nothing: texts live as long as the tab.
    MemoryOnly,
}

/// The texts of the open scenario by cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drafts {
    scenario: RwSignal<String>,
    texts: RwSignal<BTreeMap<String, String>>,
    /// Whether they are safe.
    pub safety: RwSignal<Safety>,
    /// Set when texts were brought back: when the newest of them was kept.
    pub restored: RwSignal<Option<f64>>,
    /// Whether the kept texts were read.
    pub loaded: RwSignal<bool>,
    store: StoredValue<Option<DraftStore>, LocalStorage>,
    timers: StoredValue<BTreeMap<String, Timeout>, LocalStorage>,
    /// Cells whose text was typed here and is not kept yet.
    pending: StoredValue<BTreeSet<String>>,
    tabs: StoredValue<Option<Tabs>, LocalStorage>,
    /// Another tab kept another text of a cell while one was typed here.
    pub contested: RwSignal<Option<Typed>>,
}

impl Default for Drafts {
    fn default() -> Self {
        Self {
            scenario: RwSignal::default(),
            texts: RwSignal::default(),
            safety: RwSignal::new(Safety::Nothing),
            restored: RwSignal::new(None),
            loaded: RwSignal::new(false),
            store: StoredValue::new_local(None),
            timers: StoredValue::new_local(BTreeMap::new()),
            pending: StoredValue::default(),
            tabs: StoredValue::new_local(None),
            contested: RwSignal::new(None),
        }
    }
}

impl Drafts {
    /// Reads what was kept of a scenario.
    pub(crate) async fn open(self, scenario: &str) {
        if self.scenario.get_untracked() == scenario {
            return;
        }
        if self.tabs.with_value(Option::is_none) {
            self.tabs.set_value(Tabs::open(move |typed| self.hear(typed)));
        }
        self.loaded.set(false);
        self.scenario.set(scenario.to_owned());
        self.texts.set(BTreeMap::new());
        self.restored.set(None);
        match self.read(scenario).await {
            Some(kept) => {
                let newest = kept.values().map(|draft| draft.at_millis).reduce(f64::max);
                let mut texts = self.texts.write();
                for (cell, draft) in kept {
                    texts.entry(cell).or_insert(draft.text);
                }
                drop(texts);
                self.safety.set(newest.map_or(Safety::Nothing, Safety::Kept));
                self.restored.set(newest);
            }
            None => self.safety.set(Safety::MemoryOnly),
        }
        self.loaded.set(true);
    }

    async fn read(self, scenario: &str) -> Option<BTreeMap<String, KeptDraft>> {
        let known = self.store.get_value();
        let store = match known {
            Some(store) => store,
            None => DraftStore::open().await.ok()?,
        };
        self.store.set_value(Some(store.clone()));
        store.of_scenario(scenario).await.ok()
    }

    /// The text of a cell, if the learner changed it.
    pub(crate) fn text(self, cell: &str) -> Option<String> {
        self.texts.with(|texts| texts.get(cell).cloned())
    }

    /// The same, without watching it.
    pub(crate) fn text_now(self, cell: &str) -> Option<String> {
        self.texts.with_untracked(|texts| texts.get(cell).cloned())
    }

    /// The learner changed a text; `None` goes back to the original.
    pub(crate) fn set(self, cell: &str, text: Option<String>) {
        let first = self.texts.with_untracked(BTreeMap::is_empty);
        if self.text_now(cell) == text {
            return;
        }
        self.texts.update(|texts| {
            match text {
                Some(text) => texts.insert(cell.to_owned(), text),
                None => texts.remove(cell),
            };
        });
        if first {
            browser::keep_storage();
        }
        if self.safety.get_untracked() != Safety::MemoryOnly {
            self.safety.set(Safety::Waiting);
        }
        let owned = cell.to_owned();
        self.pending.update_value(|pending| {
            pending.insert(owned.clone());
        });
        let timer = Timeout::new(REST_MILLIS, move || self.keep(owned));
        self.timers.update_value(|timers| {
            timers.insert(cell.to_owned(), timer);
        });
    }

    /// Another tab kept a text. It is taken over, unless one was typed here that is not kept yet: then the reader
    /// decides, and nothing is lost.
    fn hear(self, typed: Typed) {
        if typed.scenario != self.scenario.get_untracked()
            || self.text_now(&typed.cell) == typed.text
        {
            return;
        }
        if self.pending.with_value(|pending| pending.contains(&typed.cell)) {
            self.contested.set(Some(typed));
            return;
        }
        let Typed { cell, text, .. } = typed;
        self.texts.update(|texts| match text {
            Some(text) => drop(texts.insert(cell, text)),
            None => drop(texts.remove(&cell)),
        });
        self.safety.set(Safety::Kept(browser::now_millis()));
    }

    /// The edited texts of these cells, with their titles, as one manifest.
    pub(crate) fn bundle(self, cells: impl IntoIterator<Item = (String, String)>) -> String {
        self.texts.with_untracked(|texts| bundle(texts, cells))
    }

    /// All texts go back to their originals; returns what they were.
    pub(crate) fn clear(self) -> BTreeMap<String, String> {
        let before = self.texts.get_untracked();
        for cell in before.keys() {
            self.set(cell, None);
        }
        before
    }

    /// Brings texts back.
    pub(crate) fn restore(self, texts: BTreeMap<String, String>) {
        for (cell, text) in texts {
            self.set(&cell, Some(text));
        }
    }

    /// Gives namespaces other names in all texts.
    pub(crate) fn rename(self, renames: &BTreeMap<String, String>) {
        for (cell, text) in self.texts.get_untracked() {
            self.set(&cell, Some(notebook::variables::rename(&text, renames)));
        }
    }

    fn keep(self, cell: String) {
        let Some(store) = self.store.get_value() else { return };
        let scenario = self.scenario.get_untracked();
        let text = self.text_now(&cell);
        wasm_bindgen_futures::spawn_local(async move {
            let at_millis = browser::now_millis();
            let kept = match text.clone() {
                Some(text) => store.keep(&scenario, &cell, &KeptDraft { text, at_millis }).await,
                None => store.forget(&scenario, &cell).await,
            };
            self.pending.update_value(|pending| {
                pending.remove(&cell);
            });
            self.tabs.with_value(|tabs| {
                if let Some(tabs) = tabs {
                    tabs.tell(&Typed { scenario, cell, text });
                }
            });
            self.safety.set(match kept {
                Ok(()) => Safety::Kept(at_millis),
                Err(_) => Safety::MemoryOnly,
            });
        });
    }
}

fn bundle(
    texts: &BTreeMap<String, String>,
    cells: impl IntoIterator<Item = (String, String)>,
) -> String {
    let edited = cells.into_iter().filter_map(|(cell, title)| {
        let text = texts.get(&cell)?;
        Some(format!("# {title}\n{}\n", text.trim_end()))
    });
    edited.collect::<Vec<_>>().join("---\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edited_texts_become_one_manifest_in_the_order_of_the_cells() {
        let texts = [("b", "kind: B\n\n"), ("a", "kind: A")];
        let texts = texts.map(|(cell, text)| (cell.to_owned(), text.to_owned())).into();
        let cells = ["b", "untouched", "a"].map(|cell| (cell.to_owned(), format!("The {cell}")));
        assert_eq!(bundle(&texts, cells), "# The b\nkind: B\n---\n# The a\nkind: A\n");
    }
}
