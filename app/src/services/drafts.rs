//! What the learner typed, in IndexedDB: it survives a refresh, a crash and the end of the browser.
//!
//! localStorage is written by browsers seconds later and loses what was typed when the browser is
//! killed; an IndexedDB transaction that completed is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbObjectStore, IdbRequest, IdbTransactionMode};

const DATABASE: &str = "podium";
const STORE: &str = "drafts";

/// A kept text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptDraft {
    /// The text.
    pub text: String,
    /// When it was kept, milliseconds since the Unix epoch.
    pub at_millis: f64,
}

/// The open database.
#[derive(Debug, Clone)]
pub(crate) struct DraftStore(IdbDatabase);

impl DraftStore {
    /// Opens the database.
    pub(crate) async fn open() -> Result<Self, JsValue> {
        let factory = web_sys::window()
            .and_then(|window| window.indexed_db().ok().flatten())
            .ok_or_else(|| JsValue::from_str("there is no IndexedDB"))?;
        let opening = factory.open_with_u32(DATABASE, 1)?;
        let request = opening.clone();
        let upgrade = Closure::once_into_js(move || {
            if let Ok(database) = request.result().and_then(JsCast::dyn_into::<IdbDatabase>) {
                // The store is new whenever this runs, so that it cannot be there already.
                let _new = database.create_object_store(STORE);
            }
        });
        opening.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
        let database = finished(&opening).await?.dyn_into::<IdbDatabase>()?;
        Ok(Self(database))
    }

    fn store(&self, mode: IdbTransactionMode) -> Result<IdbObjectStore, JsValue> {
        self.0.transaction_with_str_and_mode(STORE, mode)?.object_store(STORE)
    }

    /// Keeps the text of a cell; returns when it is safe.
    pub(crate) async fn keep(
        &self,
        scenario: &str,
        cell: &str,
        draft: &KeptDraft,
    ) -> Result<(), JsValue> {
        let value = serde_json::to_string(draft).unwrap_or_default();
        let store = self.store(IdbTransactionMode::Readwrite)?;
        let transaction = store.transaction();
        store.put_with_key(&value.into(), &key(scenario, cell).into())?;
        let done = js_sys::Promise::new(&mut |resolve, reject| {
            transaction.set_oncomplete(Some(&resolve));
            transaction.set_onabort(Some(&reject));
            transaction.set_onerror(Some(&reject));
        });
        JsFuture::from(done).await.map(|_| ())
    }

    /// Forgets the text of a cell.
    pub(crate) async fn forget(&self, scenario: &str, cell: &str) -> Result<(), JsValue> {
        let store = self.store(IdbTransactionMode::Readwrite)?;
        finished(&store.delete(&key(scenario, cell).into())?).await.map(|_| ())
    }

    /// All texts of a scenario by cell.
    pub(crate) async fn of_scenario(
        &self,
        scenario: &str,
    ) -> Result<BTreeMap<String, KeptDraft>, JsValue> {
        let store = self.store(IdbTransactionMode::Readonly)?;
        let keys = js_sys::Array::from(&finished(&store.get_all_keys()?).await?);
        let values = js_sys::Array::from(&finished(&store.get_all()?).await?);
        let prefix = key(scenario, "");
        let pairs = keys.iter().zip(values.iter()).filter_map(|(key, value)| {
            let cell = key.as_string()?.strip_prefix(&prefix)?.to_owned();
            Some((cell, serde_json::from_str(&value.as_string()?).ok()?))
        });
        let mut drafts = BTreeMap::new();
        drafts.extend(pairs);
        Ok(drafts)
    }
}

fn key(scenario: &str, cell: &str) -> String {
    format!("{scenario}#{cell}")
}

async fn finished(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let done = js_sys::Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(done).await?;
    request.result()
}
