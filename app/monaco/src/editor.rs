//! An editor that ends with its value.

use std::pin::Pin;
use std::rc::Rc;

use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::sys::{Bundle, Handle, load};

/// What an editor is made with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the text.
    pub name: String,
    /// The text.
    pub value: String,
    /// What a screen reader says it is.
    pub label: String,
    /// `light`, `dark` or `contrast`.
    pub theme: String,
}

/// Something about the text, with its place; lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// What is shown under the line.
    pub text: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last one.
    pub end_column: u32,
}

/// One offer of a completion list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// What is shown.
    pub label: String,
    /// What is inserted.
    pub insert: String,
    /// Type.
    pub detail: String,
    /// Documentation.
    pub documentation: String,
}

type Answer<T> = Pin<Box<dyn Future<Output = T>>>;

/// What an editor asks and tells.
#[derive(Clone)]
pub struct Calls {
    /// The text changed.
    pub change: Rc<dyn Fn(String)>,
    /// Shift+Enter (`true`: and go on to the next cell) or Ctrl+Enter.
    pub run: Rc<dyn Fn(bool)>,
    /// Escape: the keyboard leaves the editor.
    pub leave: Rc<dyn Fn()>,
    /// What could stand at this line and column of the text?
    pub complete: Rc<dyn Fn(String, u32, u32) -> Answer<Vec<Offer>>>,
    /// What does the word there mean, in Markdown?
    pub hover: Rc<dyn Fn(String, u32, u32) -> Answer<Option<String>>>,
}

/// An editor in an element.
pub struct Editor {
    handle: Handle,
    _closures: Closures,
}

struct Closures {
    change: Closure<dyn Fn(String)>,
    run: Closure<dyn Fn(bool)>,
    leave: Closure<dyn Fn()>,
    complete: Closure<dyn Fn(String, u32, u32) -> js_sys::Promise>,
    hover: Closure<dyn Fn(String, u32, u32) -> js_sys::Promise>,
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.handle.dispose();
    }
}

impl Editor {
    /// Loads the bundle if that has not happened yet, and makes an editor.
    pub async fn create(
        host: &web_sys::HtmlElement,
        options: Options,
        calls: Calls,
    ) -> Result<Self, JsValue> {
        let bundle: Bundle = load().await?.unchecked_into();
        let (table, closures) = wire(calls)?;
        let Options { name, value, label, theme } = options;
        let handle = bundle.create(host, &name, &value, &label, &theme, &table)?;
        Ok(Self { handle, _closures: closures })
    }

    /// Puts another text in; the keyboard can undo it.
    pub fn replace(&self, text: &str) {
        self.handle.replace(text);
    }

    /// Changes the colours.
    pub fn theme(&self, name: &str) {
        self.handle.theme(name);
    }

    /// Puts the cursor at a place.
    pub fn reveal(&self, line: u32, column: u32) {
        self.handle.reveal(line, column);
    }

    /// Selects from one offset to another, in UTF-16 units, and takes the focus.
    pub fn select(&self, start: u32, end: u32) {
        self.handle.select(start, end);
    }

    /// Shows findings: underlined, and in words under their lines.
    pub fn mark(&self, findings: &[Finding]) {
        if let Ok(findings) = serde_wasm_bindgen::to_value(findings) {
            self.handle.mark(&findings);
        }
    }
}

/// Puts the calls into an object for the bundle.
fn wire(calls: Calls) -> Result<(js_sys::Object, Closures), JsValue> {
    let Calls { change, run, leave, complete, hover } = calls;
    let closures = Closures {
        change: Closure::new(move |text| change(text)),
        run: Closure::new(move |next| run(next)),
        leave: Closure::new(move || leave()),
        complete: Closure::new(move |text, line, column| {
            let answer = complete(text, line, column);
            future_to_promise(async move { Ok(serde_wasm_bindgen::to_value(&answer.await)?) })
        }),
        hover: Closure::new(move |text, line, column| {
            let answer = hover(text, line, column);
            future_to_promise(async move { Ok(answer.await.map_or(JsValue::NULL, JsValue::from)) })
        }),
    };
    let table = js_sys::Object::new();
    for (name, function) in [
        ("change", closures.change.as_ref()),
        ("run", closures.run.as_ref()),
        ("leave", closures.leave.as_ref()),
        ("complete", closures.complete.as_ref()),
        ("hover", closures.hover.as_ref()),
    ] {
        js_sys::Reflect::set(&table, &name.into(), function)?;
    }
    Ok((table, closures))
}
