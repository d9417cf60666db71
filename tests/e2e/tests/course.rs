//! Part one of the course, played to its end by the solution buttons in both languages.
#![cfg(feature = "browser")]

use std::time::Duration;

use e2e::Outcome;
use e2e::audit::quiet;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;
use e2e::walk::{solve_up_to, until_done};

/// The notebooks with their last steps.
const NOTEBOOKS: [(&str, &str); 11] = [
    ("00-environment", "tidy"),
    ("01-console", "audit"),
    ("02-accounts", "end"),
    ("02-authority", "limits"),
    ("03-network-policy", "away"),
    ("03-policy-rules", "puzzle"),
    ("04-containers", "change"),
    ("06-applications", "back"),
    ("06-autoscaling", "no-requests"),
    ("06-batch", "history"),
    ("06-placement", "ignored"),
];
/// Everything of a notebook at once, on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_mins(2);

async fn play(language: &str) -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    for (notebook, last) in NOTEBOOKS {
        browser.goto(&format!("{}/{language}/hypercloud-4.1/{notebook}/", podium.url)).await?;
        solve_up_to(&browser, last).await?;
        until_done(&browser, PATIENCE, notebook).await?;
        let place = format!("{notebook}-{language}-played");
        quiet(&browser, &place).await?;
        browser.screenshot(&place).await?;
    }
    browser.close().await
}

#[tokio::test]
async fn part_one_is_played_in_korean() -> Outcome {
    play("ko").await
}

#[tokio::test]
async fn part_one_is_played_in_english() -> Outcome {
    play("en").await
}
