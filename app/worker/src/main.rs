//! The Web Worker of the page: one session over one embedded cluster, off the thread that draws.
//!
//! The page sends [`ToWorker`] and gets [`FromWorker`], as JSON texts over `postMessage`. Wall time comes
//! from the page's ticks, entropy with the seed of a session.
//!
//! *Invariant:* decides nothing. What a message means is in `host`, what a session does is in `session`;
//! here is only what needs a browser.

mod host;

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use protocol::v1::{FromWorker, ToWorker};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::host::Host;

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    /// The turn that is asked for, if there is one.
    static NEXT: RefCell<Option<Timeout>> = const { RefCell::new(None) };
}

fn main() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&panic.to_string().into());
        tell(&FromWorker::Stopped { detail: panic.to_string() });
        // The code after a panic is not to be trusted: nothing is taken any more.
        scope().close();
    }));
    HOST.set(Some(Host::default()));
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(|message: MessageEvent| {
        let text = message.data().as_string().unwrap_or_default();
        match serde_json::from_str(&text) {
            Ok(message) => take(message),
            // Page and worker come from one build; this is a bug, not a message to skip.
            Err(error) => tell(&FromWorker::Stopped { detail: error.to_string() }),
        }
    });
    scope().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    tell(&FromWorker::Ready);
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

fn tell(message: &FromWorker) {
    let text = serde_json::to_string(message).unwrap_or_default();
    // Fails only for values that cannot be copied; a text always can.
    let _copied = scope().post_message(&text.into());
}

fn take(message: ToWorker) {
    let answer = HOST.with_borrow_mut(|host| host.as_mut().and_then(|host| host.take(message)));
    if let Some(answer) = answer {
        tell(&answer);
    }
    go_on();
}

/// Does a turn. When there is more to do, the next one comes after the messages that wait already.
fn go_on() {
    // Dropping the timer cancels it: one turn at a time is asked for.
    drop(NEXT.take());
    let Some(turn) = HOST.with_borrow_mut(|host| host.as_mut().map(Host::turn)) else { return };
    turn.messages.iter().for_each(tell);
    if turn.again {
        NEXT.set(Some(Timeout::new(0, go_on)));
    }
}
