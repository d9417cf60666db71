//! Other tabs of this browser that show the same scenario: what is typed in one is told to the others.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

#[wasm_bindgen]
extern "C" {
    /// What the tabs of one origin talk through.
    #[derive(Debug, Clone)]
    type BroadcastChannel;

    #[wasm_bindgen(constructor, catch)]
    fn new(name: &str) -> Result<BroadcastChannel, JsValue>;

    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn set_onmessage(this: &BroadcastChannel, listener: &js_sys::Function);

    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message(this: &BroadcastChannel, message: &str) -> Result<(), JsValue>;
}

/// A text that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Typed {
    /// Scenario id.
    pub scenario: String,
    /// The cell.
    pub cell: String,
    /// Its text; nothing when it is the original again.
    pub text: Option<String>,
}

/// The way to the other tabs.
#[derive(Debug, Clone)]
pub(crate) struct Tabs(BroadcastChannel);

impl Tabs {
    /// Listens as long as the page lives.
    pub(crate) fn open(hear: impl Fn(Typed) + 'static) -> Option<Self> {
        let channel = BroadcastChannel::new("podium-drafts").ok()?;
        let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            if let Ok(typed) = serde_json::from_str(&text) {
                hear(typed);
            }
        });
        channel.set_onmessage(listener.as_ref().unchecked_ref());
        listener.into_js_value();
        Some(Self(channel))
    }

    /// Tells the other tabs.
    pub(crate) fn tell(&self, typed: &Typed) {
        let text = serde_json::to_string(typed).unwrap_or_default();
        // A channel that is closed has nobody to listen.
        let _closed = self.0.post_message(&text);
    }
}
