//! The functions of `load.js` and of the bundle.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/load.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub(crate) async fn load() -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    pub(crate) type Bundle;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn create(
        this: &Bundle,
        host: &web_sys::HtmlElement,
        name: &str,
        value: &str,
        label: &str,
        theme: &str,
        calls: &js_sys::Object,
    ) -> Result<Handle, JsValue>;

    pub(crate) type Handle;

    #[wasm_bindgen(method)]
    pub(crate) fn replace(this: &Handle, text: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn theme(this: &Handle, name: &str);
    #[wasm_bindgen(method)]
    pub(crate) fn reveal(this: &Handle, line: u32, column: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn select(this: &Handle, start: u32, end: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn mark(this: &Handle, findings: &JsValue);
    #[wasm_bindgen(method)]
    pub(crate) fn dispose(this: &Handle);
}
