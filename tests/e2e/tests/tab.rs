//! A cluster in the tab outlives its page: loading the page again loses nothing, and a worker that ended is
//! started again on request.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::static_files;

const SCENARIO: &str = "hypercloud-4.1/03-network-policy";
/// Lets a test reach the worker of the page.
const HOLD_WORKER: &str = "const Plain = Worker; \
    window.Worker = class extends Plain { constructor(...all) { super(...all); window.held = this; } };";
const PASSED: &str = "(rows => rows.length > 0 && rows.every(row => row.dataset.verdict === 'check-passed'))\
    ([...document.querySelectorAll(\"[data-cell='same-matrix'] [data-verdict]\")])";

fn press(cell: &str, name: &str) -> String {
    format!("[data-cell='{cell}'] [data-press='{name}']:not([disabled])")
}

#[tokio::test]
async fn what_ran_in_the_tab_is_there_after_a_reload_and_after_a_crash() -> Outcome {
    let url = static_files().await?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.before_pages(HOLD_WORKER).await?;
    browser.goto(&format!("{url}/en/{SCENARIO}/")).await?;
    browser.click(&press("default-policy", "apply")).await?;
    let created = "networkpolicy.networking.k8s.io/default-policy created";
    browser.shows("[data-cell='default-policy'] .answers", created).await?;
    browser.click(&press("same-matrix", "check")).await?;
    browser.until("all checks pass", PASSED).await?;

    browser.driver.refresh().await?;
    browser.until("all checks still pass", PASSED).await?;
    browser.shows("[data-cell='default-policy'] .answers", created).await?;

    // What is no message is a bug of the page; the worker ends on any bug.
    browser.driver.execute("window.held.postMessage('no message')", Vec::new()).await?;
    browser.find(".banner[role='alert']").await?;
    browser.click(".banner [data-press='restart']").await?;
    // All but the last command, which was the check.
    browser.shows("[data-cell='default-policy'] .answers", created).await?;
    browser.find("[data-cell='same-matrix'] [data-verdict='check-open']").await?;
    browser.click(&press("same-matrix", "check")).await?;
    browser.until("all checks pass again", PASSED).await?;
    browser.close().await
}
