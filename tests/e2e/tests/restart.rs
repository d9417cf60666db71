//! A server that ends in the middle of a run, as by `kill -9`: the page says so, opens a new cluster as soon
//! as there is a server again, and has lost no text.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::audit::accessible;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;

const SCENARIO: &str = "hypercloud-4.1/03-network-policy";
const DRAFT: &str = "# kept over a restart\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
    metadata: {name: mine, namespace: dev}\nspec: {podSelector: {}}";
const VALID: &str = "[data-cell='default-policy'] [data-state='state-edited']";

const CREATED: &str = "networkpolicy.networking.k8s.io/mine created";

fn press(cell: &str, name: &str) -> String {
    format!("[data-cell='{cell}'] [data-press='{name}']:not([disabled])")
}

#[tokio::test]
async fn a_restart_of_the_server_in_the_middle_of_a_run_loses_no_text() -> Outcome {
    let mut podium = Podium::start(&[])?;
    let address = podium.url.trim_start_matches("http://").to_owned();
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/{SCENARIO}/", podium.url)).await?;
    browser.write("[data-cell='default-policy']", DRAFT).await?;
    browser.find(VALID).await?;
    nothing_is_lost_without_a_network(&browser).await?;
    browser.click(&press("open-matrix", "check")).await?;
    podium.kill()?;
    browser.shows("[data-status='connection']", "Connection lost").await?;
    accessible(&browser, "server-gone").await?;

    let _again = Podium::start_at(&address, &[])?;
    browser.shows(".toast", "a new one was opened").await?;
    browser.find(VALID).await?;
    browser.click(&press("default-policy", "apply")).await?;
    browser.shows("[data-cell='default-policy'] .answers", CREATED).await?;
    browser.screenshot("server-restarted").await?;
    browser.close().await
}

/// What is applied without a network is sent once, when it is there again. Until then one may go on in the tab.
async fn nothing_is_lost_without_a_network(browser: &Browser) -> Outcome {
    let cut = "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('no network'))";
    browser.ask(cut).await?;
    browser.click(&press("default-policy", "apply")).await?;
    browser.find("[data-cell='default-policy'] [data-state='state-unsent']").await?;
    browser.shows("[data-status='connection']", "Connection lost").await?;
    browser.find(".banner [data-press='banner-tab']").await?;
    accessible(browser, "without-a-network").await?;
    browser.ask("window.fetch = window.kept").await?;
    // Sent twice, it would be unchanged.
    browser.shows("[data-cell='default-policy'] .answers", CREATED).await?;
    browser.until("the banner is gone", "!document.querySelector('.banner')").await
}
