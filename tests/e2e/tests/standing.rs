//! The catalogue tells how far a learner has come, and leads on from there: also to somebody without a mouse.
#![cfg(feature = "browser")]
#![expect(clippy::non_ascii_literal, reason = "the page is Korean first")]

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;
use e2e::walk::{all_passed, look, solve_up_to};
use thirtyfour::prelude::*;

const NOTEBOOK: &str = "hypercloud-4.1/03-network-policy";
const CARD: &str = "[data-scenario='hypercloud-4.1/03-network-policy'] [data-standing='begun']";
/// More links than there are before the card.
const MOST_TABS: usize = 60;

#[tokio::test]
async fn the_catalogue_leads_on_from_where_the_learner_was() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/", podium.url)).await?;
    browser.shows("[data-standing='track']", "Your progress will be shown here.").await?;
    browser.find("[data-press='start']").await?;
    look(&browser, "catalogue-before").await?;

    browser.goto(&format!("{}/en/{NOTEBOOK}/", podium.url)).await?;
    solve_up_to(&browser, "same-namespace").await?;
    browser.until("the checks pass", &all_passed("same-matrix")).await?;

    browser.goto(&format!("{}/ko/", podium.url)).await?;
    browser.shows(CARD, "이어서 하기").await?;
    look(&browser, "catalogue-begun-ko").await?;
    browser.goto(&format!("{}/en/", podium.url)).await?;
    browser.shows(CARD, "checks passed").await?;
    browser.shows("[data-press='start']", "Continue where you left off").await?;
    look(&browser, "catalogue-begun-en").await?;

    let on = format!("document.activeElement.matches(\"{CARD} [data-press='continue']\")");
    for _ in 0..MOST_TABS {
        browser.driver.action_chain().send_keys(Key::Tab).perform().await?;
        if browser.ask(&format!("return {on}")).await? == true {
            break;
        }
    }
    browser.until("the way on has the focus", &on).await?;
    browser.driver.action_chain().send_keys(Key::Enter).perform().await?;
    // The step after the one that is done, at the top.
    let there = "(step => step && Math.abs(step.getBoundingClientRect().top) < innerHeight / 2)\
                 (document.getElementById('step-other-namespace'))";
    browser.until("the next step is in sight", there).await?;
    browser.until("what was done is still there", &all_passed("same-matrix")).await?;
    browser.close().await
}
