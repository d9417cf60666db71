//! How soon a reader sees what an apply did: from the press until the picture shows it, in headless Chromium.

use e2e::browser::{Browser, Size};
use e2e::serve::static_files;

use crate::Failure;
use crate::server::Server;

const SCENARIO: &str = "hypercloud-4.1/03-network-policy";
const ROUNDS: usize = 9;
/// C.12 of the specification, for the simulation.
const BUDGET_MILLIS: u64 = 100;

/// Presses Apply and notes when the first connection in a picture is shown as blocked.
const PRESS: &str = "const from = performance.now(); window.seenAfter = null; \
    const look = () => document.querySelector('.picture__arrow--blocked') \
        ? window.seenAfter = performance.now() - from : requestAnimationFrame(look); \
    document.querySelector(\"[data-cell='default-policy'] [data-press='apply']\").click(); \
    requestAnimationFrame(look);";

/// Prints medians for the server and for the tab.
pub(crate) async fn print() -> Result<(), Failure> {
    let server = Server::start()?;
    let remote = median(&server.url).await?;
    let tab = median(&static_files().await?).await?;
    println!("{:34} {:>10} {:>10} {:>8}", "", "tab", "server", "ratio");
    println!(
        "{:34} {tab:>7.0} ms {remote:>7.0} ms {:>7.1}x  (budget {BUDGET_MILLIS} ms)\n",
        "apply to visible change",
        remote / tab.max(1.0),
    );
    Ok(())
}

async fn median(url: &str) -> Result<f64, Failure> {
    let mut found = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        found.push(once(url).await?);
    }
    found.sort_by(f64::total_cmp);
    found.get(ROUNDS / 2).copied().ok_or_else(|| "nothing was measured".into())
}

async fn once(url: &str) -> Result<f64, Failure> {
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{url}/en/{SCENARIO}/")).await?;
    browser.find("[data-cell='default-policy'] [data-press='apply']:not([disabled])").await?;
    browser.find(".picture__arrow--allowed").await?;
    browser.ask(PRESS).await?;
    browser.until("the picture shows it", "window.seenAfter !== null").await?;
    let seen = browser.ask("return window.seenAfter;").await?;
    browser.close().await?;
    seen.as_f64().ok_or_else(|| "the browser told no time".into())
}
