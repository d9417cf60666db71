//! The full editor under fast fingers.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::audit::accessible;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;
use e2e::walk::{look, write};
use thirtyfour::Key;

const CELL: &str = "[data-cell='new-role']";

/// The text shrinks to one line while brackets are closed and offers are made: once, that made the editor
/// draw itself in the middle of an edit, and read brackets for ever.
#[tokio::test]
async fn a_text_that_begins_with_a_bracket_can_be_typed_fast() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/hypercloud-4.1/02-authority/", podium.url)).await?;
    browser.find("[data-executor='embedded-server']").await?;
    for (typed, shown) in [("{kind", "{kind}"), ("[kind", "[kind]"), ("{kind", "{kind}")] {
        write(&browser, "new-role", typed).await?;
        browser.shows(&format!("{CELL} .view-lines"), shown).await?;
        browser.driver.action_chain().send_keys(Key::Escape).perform().await?;
        browser.click(&format!("{CELL} [data-press='reset-cell']")).await?;
        browser.find(&format!("{CELL} [data-state='state-pristine']")).await?;
    }
    look(&browser, "typing").await?;
    another_tab_is_followed(&browser, &podium).await?;
    browser.close().await
}

/// What is typed in another tab is taken over here; where the browser keeps nothing, it can be taken along.
async fn another_tab_is_followed(browser: &Browser, podium: &Podium) -> Outcome {
    let address = format!("{}/en/hypercloud-4.1/02-authority/", podium.url);
    let first = browser.driver.window().await?;
    let second = browser.driver.new_tab().await?;
    browser.driver.switch_to_window(second).await?;
    browser.goto(&address).await?;
    browser.find("[data-executor='embedded-server']").await?;
    write(browser, "new-role", "kind: Elsewhere").await?;
    browser.shows("[data-status='saved']", "Saved").await?;

    browser.before_pages("Object.defineProperty(window, 'indexedDB', { value: null });").await?;
    browser.goto(&address).await?;
    browser.find(".banner [data-press='banner-download']").await?;
    accessible(browser, "nothing-kept").await?;

    browser.driver.switch_to_window(first).await?;
    browser.shows(&format!("{CELL} .view-lines"), "Elsewhere").await
}
