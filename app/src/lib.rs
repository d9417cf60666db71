//! The page: a catalogue of scenarios, and scenarios as notebooks that run.
//!
//! `pages` show what an address names; they are made of `features`, which are made of `parts` and of the
//! crates `app-ui` and `app-monaco`. `state` holds what is known in plain structs; `services` are the way to
//! executors, storage and browser. Data comes down as signals, wishes go up as commands of the protocol.
//!
//! Views are built with Leptos' builder functions and not with `view!`: the macro turns static parts into
//! `innerHTML`, which the Content-Security-Policy (trusted types) forbids.
//!
//! *Invariant:* holds no logic that a plain struct could hold, no words (they live in `locales`) and no
//! colours (they live in `styles/tokens.css`); never sees a credential.

mod app;
mod features;
mod pages;
mod parts;
mod routes;
mod services;
mod state;

/// Draws the page into the document, as soon as the words of the reader's language are there.
pub fn mount() {
    wasm_bindgen_futures::spawn_local(async {
        if let Err(why) = app::learn(app::first_language()).await {
            // The script that ran before this one says it to the reader.
            wasm_bindgen::throw_str(&why);
        }
        services::browser::remove_boot();
        leptos::mount::mount_to_body(app::app);
    });
}
