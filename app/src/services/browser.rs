//! What the browser offers besides its document: address, storage of small things, clock, clipboard.

use wasm_bindgen::prelude::*;

fn window() -> Option<web_sys::Window> {
    web_sys::window()
}

/// The path of the address.
pub(crate) fn path() -> String {
    window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// Shows another address without loading it.
pub(crate) fn push_path(path: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        // Refused only in sandboxed documents; the page then works without addresses.
        let _refused = history.push_state_with_url(&JsValue::NULL, "", Some(path));
    }
}

/// Calls back when the reader goes back or forward.
pub(crate) fn on_path_change(mut call: impl FnMut() + 'static) {
    on_window("popstate", move |_| call());
}

/// Calls back on an event of the window for as long as the page lives.
pub(crate) fn on_window(name: &str, call: impl FnMut(web_sys::Event) + 'static) {
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(call);
    if let Some(window) = window() {
        let _refused =
            window.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    }
    closure.into_js_value();
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now_millis() -> f64 {
    js_sys::Date::now()
}

/// A small value that survives the page; nothing depends on it.
pub(crate) fn remembered(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

/// Remembers a small value; `None` forgets it.
pub(crate) fn remember(key: &str, value: Option<&str>) {
    let Some(storage) = window().and_then(|window| window.local_storage().ok()).flatten() else {
        return;
    };
    let _full = match value {
        Some(value) => storage.set_item(key, value),
        None => storage.remove_item(key),
    };
}

/// A value that survives loading the page again in this tab, and no other tab sees.
pub(crate) fn tab_remembered(key: &str) -> Option<String> {
    window()?.session_storage().ok()??.get_item(key).ok()?
}

/// Remembers such a value; `None` forgets it. Whether there was room for it.
pub(crate) fn tab_remember(key: &str, value: Option<&str>) -> bool {
    let storage = window().and_then(|window| window.session_storage().ok()).flatten();
    storage.is_some_and(|storage| match value {
        Some(value) => storage.set_item(key, value).is_ok(),
        None => storage.remove_item(key).is_ok(),
    })
}

/// The seed of a cluster: chance that a person can still read out to somebody (48 bits).
pub(crate) fn seed() -> u64 {
    let mut bytes = [0; 8];
    if let Some((_, low)) = bytes.split_at_mut_checked(2)
        && let Some(crypto) = window().and_then(|window| window.crypto().ok())
    {
        // Without chance all clusters are alike, which harms nobody.
        let _filled = crypto.get_random_values_with_u8_array(low);
    }
    u64::from_be_bytes(bytes)
}

/// Whether a media query holds.
pub(crate) fn matches_media(query: &str) -> bool {
    window()
        .and_then(|window| window.match_media(query).ok())
        .flatten()
        .is_some_and(|list| list.matches())
}

/// Calls back whenever a media query begins or ceases to hold.
pub(crate) fn on_media_change(query: &str, call: impl FnMut() + 'static) {
    let Some(list) = window().and_then(|window| window.match_media(query).ok()).flatten() else {
        return;
    };
    let closure = Closure::<dyn FnMut()>::new(call);
    let _refused =
        list.add_event_listener_with_callback("change", closure.as_ref().unchecked_ref());
    closure.into_js_value();
}

/// The language that the browser prefers among those of the course.
pub(crate) fn preferred_language() -> Option<String> {
    let languages = window()?.navigator().languages();
    languages
        .iter()
        .filter_map(|language| language.as_string())
        .filter_map(|language| language.get(..2).map(str::to_owned))
        .find(|language| language == "ko" || language == "en")
}

/// Sets `lang`, `data-theme` and the title of the document.
pub(crate) fn describe_document(language: &str, theme: &str, title: &str) {
    let Some(document) = window().and_then(|window| window.document()) else { return };
    document.set_title(title);
    if let Some(root) = document.document_element() {
        let _refused = root.set_attribute("lang", language);
        let _refused = root.set_attribute("data-theme", theme);
    }
}

/// What an attribute `data-…` of the document says.
pub(crate) fn document_data(name: &str) -> Option<String> {
    window()?.document()?.document_element()?.get_attribute(&format!("data-{name}"))
}

/// The element with this id.
pub(crate) fn element(id: &str) -> Option<web_sys::HtmlElement> {
    window()?.document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// The first element for a selector.
pub(crate) fn query(selector: &str) -> Option<web_sys::HtmlElement> {
    window()?.document()?.query_selector(selector).ok()??.dyn_into().ok()
}

/// All elements for a selector, in the order of the document.
pub(crate) fn query_all(selector: &str) -> Vec<web_sys::HtmlElement> {
    let list = window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector_all(selector).ok());
    let Some(list) = list else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// The element that has the focus.
pub(crate) fn focused() -> Option<web_sys::Element> {
    window()?.document()?.active_element()
}

/// What is selected, as offsets in UTF-16 units, when the focus is in a text area beside an element.
pub(crate) fn selection_beside(element: &web_sys::Element) -> Option<(u32, u32)> {
    let area = focused()?.dyn_into::<web_sys::HtmlTextAreaElement>().ok()?;
    if !element.parent_element()?.contains(Some(area.as_ref())) {
        return None;
    }
    Some((area.selection_start().ok()??, area.selection_end().ok()??))
}

/// Brings an element into view, below the bars.
pub(crate) fn scroll_to(element: &web_sys::Element) {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Start);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Scrolls to the top.
pub(crate) fn scroll_to_top() {
    if let Some(window) = window() {
        window.scroll_to_with_x_and_y(0.0, 0.0);
    }
}

/// Puts a text into the clipboard.
pub(crate) fn copy(text: &str) {
    if let Some(window) = window() {
        // Without a secure context there is no clipboard, and nothing else to do.
        if js_sys::Reflect::get(&window.navigator(), &"clipboard".into())
            .is_ok_and(|it| it.is_object())
        {
            drop(window.navigator().clipboard().write_text(text));
        }
    }
}

/// Gives the reader a file.
pub(crate) fn download(name: &str, text: &str) {
    let parts = js_sys::Array::of1(&text.into());
    let blob = web_sys::Blob::new_with_str_sequence(&parts);
    let address = blob.and_then(|blob| web_sys::Url::create_object_url_with_blob(&blob));
    let link = window()
        .and_then(|window| window.document())
        .and_then(|document| document.create_element("a").ok())
        .and_then(|link| link.dyn_into::<web_sys::HtmlAnchorElement>().ok());
    if let (Ok(address), Some(link)) = (address, link) {
        link.set_href(&address);
        link.set_download(name);
        link.click();
        // What cannot be revoked goes with the page.
        let _kept = web_sys::Url::revoke_object_url(&address);
    }
}

/// Loads the page anew.
pub(crate) fn reload() {
    if let Some(window) = window() {
        // A page that is being left is not loaded anew.
        let _leaving = window.location().reload();
    }
}

/// An unguessable name.
pub(crate) fn unique() -> String {
    let random = window().and_then(|window| window.crypto().ok());
    random.map_or_else(
        || format!("{:x}", js_sys::Math::random().to_bits()),
        |crypto| crypto.random_uuid(),
    )
}

/// Asks the browser not to throw away what was stored.
pub(crate) fn keep_storage() {
    if let Some(window) = window() {
        drop(window.navigator().storage().persist());
    }
}

/// Keeps the page for offline use, where the browser can.
pub(crate) fn keep_offline() {
    let Some(navigator) = window().map(|window| window.navigator()) else { return };
    let able =
        js_sys::Reflect::get(&navigator, &"serviceWorker".into()).is_ok_and(|it| it.is_object());
    if !able || window().is_none_or(|window| !window.is_secure_context()) {
        return;
    }
    let address = trusted_script_url("podium-service-worker", "/service-worker.js");
    let container: JsValue = navigator.service_worker().into();
    let register = js_sys::Reflect::get(&container, &"register".into())
        .ok()
        .and_then(|register| register.dyn_into::<js_sys::Function>().ok());
    if let Some(register) = register {
        let _refused = register.call1(&container, &address);
    }
}

/// Calls back when a newer version of the page has taken the place of the one that is kept for offline use.
pub(crate) fn on_new_version(call: impl FnMut(web_sys::Event) + 'static) {
    let container: JsValue = window().map_or(JsValue::NULL, |window| {
        js_sys::Reflect::get(&window.navigator(), &"serviceWorker".into()).unwrap_or_default()
    });
    let old = js_sys::Reflect::get(&container, &"controller".into());
    if !old.is_ok_and(|old| old.is_object()) {
        return;
    }
    let listener = Closure::<dyn FnMut(web_sys::Event)>::new(call);
    if let Some(container) = container.dyn_ref::<web_sys::EventTarget>() {
        let _refused = container.add_event_listener_with_callback(
            "controllerchange",
            listener.as_ref().unchecked_ref(),
        );
    }
    listener.into_js_value();
}

/// An address for code of our own: the Content-Security-Policy asks for a policy around it.
pub(crate) fn trusted_script_url(policy: &str, address: &str) -> JsValue {
    let plain = JsValue::from_str(address);
    let global = js_sys::global();
    let Ok(factory) = js_sys::Reflect::get(&global, &"trustedTypes".into()) else { return plain };
    if !factory.is_object() {
        return plain;
    }
    let rules = js_sys::Object::new();
    let same = Closure::<dyn Fn(JsValue) -> JsValue>::new(|address| address).into_js_value();
    let wrapped = js_sys::Reflect::set(&rules, &"createScriptURL".into(), &same)
        .and_then(|_| js_sys::Reflect::get(&factory, &"createPolicy".into()))
        .and_then(JsCast::dyn_into::<js_sys::Function>)
        .and_then(|create| create.call2(&factory, &policy.into(), &rules))
        .and_then(|policy| {
            let make = js_sys::Reflect::get(&policy, &"createScriptURL".into())?;
            make.dyn_into::<js_sys::Function>()?.call1(&policy, &plain)
        });
    wrapped.unwrap_or(plain)
}

/// Calls back once the element comes near the part of the page that is seen.
pub(crate) fn when_near(element: &web_sys::Element, call: impl Fn() + 'static) {
    let done = std::cell::Cell::new(false);
    let seen = move |entries: js_sys::Array, observer: web_sys::IntersectionObserver| {
        let near = entries
            .iter()
            .filter_map(|entry| entry.dyn_into::<web_sys::IntersectionObserverEntry>().ok())
            .any(|entry| entry.is_intersecting());
        if near && !done.replace(true) {
            observer.disconnect();
            call();
        }
    };
    let closure = Closure::<dyn FnMut(js_sys::Array, web_sys::IntersectionObserver)>::new(seen);
    let options = web_sys::IntersectionObserverInit::new();
    options.set_root_margin("600px 0px");
    // The notebook scrolls in an element of its own, which would cut the margin off. Browsers that do not
    // know this option begin a little later.
    let _known = js_sys::Reflect::set(&options, &"scrollMargin".into(), &"600px 0px".into());
    let observer =
        web_sys::IntersectionObserver::new_with_options(closure.as_ref().unchecked_ref(), &options);
    if let Ok(observer) = observer {
        observer.observe(element);
    }
    closure.into_js_value();
}

/// Puts the focus on the element with this id.
pub(crate) fn focus(id: &str) {
    if let Some(element) = element(id) {
        // Only elements outside the document cannot be focused.
        let _focused = element.focus();
    }
}

/// Puts the focus on the cell after the one with this id, and brings it into view.
pub(crate) fn focus_next_cell(id: &str) {
    focus_cell(id, 1);
}

/// Puts the focus on a cell that stands `by` places after (before) the one with this id.
pub(crate) fn focus_cell(id: &str, by: isize) {
    let cells = query_all("[data-cell]");
    let at = cells.iter().position(|cell| cell.id() == id);
    let next = at.map_or(Some(0), |at| at.checked_add_signed(by));
    if let Some(cell) = next.and_then(|next| cells.get(next)) {
        let _focused = cell.focus();
        scroll_to(cell);
    }
}

/// Presses the first button that a selector finds, and puts the focus on the cell that it stands in; whether
/// there was one that can be pressed.
pub(crate) fn press_first(selector: &str) -> bool {
    let Some(button) = query_all(selector).into_iter().next() else { return false };
    let cell = button.closest("[data-cell]").ok().flatten();
    if let Some(cell) = cell.and_then(|cell| cell.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = cell.focus();
        scroll_to(&cell);
    }
    button.click();
    true
}

/// Minutes that UTC is ahead of the reader's time (negative east of Greenwich).
pub(crate) fn timezone_offset() -> f64 {
    js_sys::Date::new_0().get_timezone_offset()
}

/// Takes away what the page showed before its code ran.
pub(crate) fn remove_boot() {
    if let Some(boot) = element("boot") {
        boot.remove();
    }
}

/// The place in the page that the address names.
pub(crate) fn anchor() -> Option<String> {
    let hash = window()?.location().hash().ok()?;
    hash.strip_prefix('#').filter(|anchor| !anchor.is_empty()).map(str::to_owned)
}

/// Where the reader is: the id of the first cell in sight; none while that is the title.
pub(crate) fn reading() -> Option<String> {
    first_seen("#title, [data-cell]").filter(|id| id != "title")
}

/// Id of the first element for a selector whose end is below the top bar.
fn first_seen(selector: &str) -> Option<String> {
    let seen = query_all(selector)
        .into_iter()
        .find(|element| element.get_bounding_client_rect().bottom() > 120.0)?;
    Some(seen.id()).filter(|id| !id.is_empty())
}
