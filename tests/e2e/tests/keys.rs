//! The page by keyboard alone.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;
use e2e::walk::look;
use thirtyfour::Key;

/// Presses keys one after another.
async fn press(browser: &Browser, keys: &str) -> Outcome {
    Ok(browser.driver.action_chain().send_keys(keys).perform().await?)
}

/// Whether the focus is at an element.
async fn focused(browser: &Browser, selector: &str) -> Outcome {
    browser.until(selector, &format!("document.activeElement.matches(\"{selector}\")")).await
}

#[tokio::test]
async fn keys_go_to_steps_check_cells_and_move_time() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/hypercloud-4.1/03-network-policy/", podium.url)).await?;
    browser.find("[data-executor='embedded-server']").await?;

    press(&browser, "g2").await?;
    focused(&browser, "[data-step]:nth-of-type(2) h2").await?;

    let matrix = "[data-cell='open-matrix']";
    browser.find(matrix).await?;
    browser.ask("document.getElementById('cell-open-matrix').focus()").await?;
    press(&browser, "c").await?;
    browser.find(&format!("{matrix} [data-verdict]")).await?;

    // The button that pauses is the one that runs: it keeps the focus.
    browser.ask("document.querySelector('[data-press=time-toggle]').focus()").await?;
    press(&browser, " ").await?;
    browser.find("[data-press='time-toggle'][title='Run time']").await?;
    focused(&browser, "[data-press='time-toggle']").await?;
    press(&browser, " ").await?;
    browser.find("[data-press='time-toggle'][title='Pause time']").await?;
    press(&browser, ".").await?;
    browser.find("[data-press='time-toggle'][title='Run time']").await?;

    press(&browser, "?").await?;
    browser.find("dialog[open] .keys").await?;
    look(&browser, "keys").await?;
    browser.driver.action_chain().send_keys(Key::Escape).perform().await?;
    browser.until("the dialog is gone", "!document.querySelector('dialog[open]')").await?;
    line_of_time(&browser).await?;
    browser.close().await
}

/// Lets time pass twice after the step above, chooses the first of them on the line, and goes back to before it.
async fn line_of_time(browser: &Browser) -> Outcome {
    browser.click("[data-menu='timeline']").await?;
    for marks in ["2", "3"] {
        browser.click(".timeline__steps .press:first-child").await?;
        browser.find(&format!(".strip[aria-valuemax='{marks}'][aria-valuenow='{marks}']")).await?;
    }
    look(browser, "timeline").await?;
    browser.ask("document.querySelector('.strip').focus()").await?;
    browser.driver.action_chain().send_keys(Key::Left).perform().await?;
    browser.find(".strip[aria-valuenow='2']").await?;
    browser.driver.action_chain().send_keys(Key::Enter).perform().await?;
    // Both belong to a branch now that was left, which ends in a flag.
    browser.find(".strip__mark--left").await?;
    browser.find(".strip[aria-valuemax='4']").await?;
    Ok(())
}
