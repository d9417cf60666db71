//! Section 3 from end to end, as a learner walks it: on the embedded cluster in the server and in the
//! tab, in both languages.
#![cfg(feature = "browser")]

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::{Podium, static_files};
use e2e::walk::{applies, fails, look, passes, press, solve, solve_up_to, write};

const SCENARIO: &str = "hypercloud-4.1/03-network-policy";
/// No YAML at all from the third line on.
const BROKEN: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: [";

/// A kind that can be guessed, and that the editor offers nothing for: an offer would take the Enter behind it.
const MISSPELLED: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicys\nmetadata: {name: a}\nspec: {podSelector: {}}\n";

/// Steps after the ones that are walked by hand, with their check cells.
const REST: [(&str, &[&str]); 6] = [
    ("other-namespace", &["still-blocked"]),
    ("label", &["picture-matrix"]),
    ("dash", &["leak"]),
    ("repair", &["repaired"]),
    ("relabel", &["relabelled"]),
    ("away", &["open-again"]),
];

/// A failed check says what is missing; a broken text says where; nothing is lost on a refresh.
async fn stumble(browser: &Browser, tag: &str) -> Outcome {
    fails(browser, "same-matrix", "policy").await?;
    write(browser, "default-policy", BROKEN).await?;
    browser.find("[data-cell='default-policy'] .findings").await?;
    browser.find("[data-cell='default-policy'] [data-state='state-invalid']").await?;
    look(browser, &format!("{tag}-broken-yaml")).await?;
    browser.driver.refresh().await?;
    browser.find(&press("default-policy", "reset-cell")).await?;
    browser.find("[data-cell='default-policy'] [data-state='state-invalid']").await?;
    browser.click(&press("default-policy", "reset-cell")).await?;
    browser.find("[data-cell='default-policy'] [data-state='state-pristine']").await?;
    write(browser, "default-policy", MISSPELLED).await?;
    look(browser, &format!("{tag}-misspelled")).await?;
    browser.click(&press("default-policy", "mend")).await?;
    browser.find("[data-cell='default-policy'] [data-state='state-edited']").await?;
    browser.click(&press("default-policy", "reset-cell")).await?;
    browser.find("[data-cell='default-policy'] [data-state='state-pristine']").await?;
    Ok(())
}

/// Applies the first policy, takes the step back, and undoes that.
async fn apply_reset_undo(browser: &Browser, tag: &str) -> Outcome {
    applies(browser, "default-policy", "networkpolicy.networking.k8s.io/default-policy created")
        .await?;
    passes(browser, "same-matrix").await?;
    look(browser, &format!("{tag}-policy-applied")).await?;
    browser.click("[data-step='same-namespace'] [data-press='reset-step']").await?;
    browser.click("[data-press='reset-go']").await?;
    browser.click(".toast .press").await?;
    passes(browser, "same-matrix").await
}

async fn walk(url: &str, executor: &str, language: &str) -> Outcome {
    let tag = format!("{executor}-{language}");
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{url}/{language}/{SCENARIO}/")).await?;
    browser.find(&format!("[data-executor='{executor}']")).await?;
    passes(&browser, "open-matrix").await?;
    look(&browser, &format!("{tag}-open")).await?;
    stumble(&browser, &tag).await?;
    apply_reset_undo(&browser, &tag).await?;
    for (step, checks) in REST {
        solve(&browser, step).await?;
        for cell in checks {
            passes(&browser, cell).await?;
        }
    }
    look(&browser, &format!("{tag}-done")).await?;
    browser.close().await
}

#[tokio::test]
async fn a_step_is_played_with_all_that_comes_before_it() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/{SCENARIO}/", podium.url)).await?;
    passes(&browser, "open-matrix").await?;
    solve_up_to(&browser, "dash").await?;
    passes(&browser, "leak").await?;
    look(&browser, "played-up-to-here").await?;
    browser.close().await
}

#[tokio::test]
async fn the_notebook_is_walked_on_the_server_in_korean() -> Outcome {
    let podium = Podium::start(&[])?;
    walk(&podium.url, "embedded-server", "ko").await
}

#[tokio::test]
async fn the_notebook_is_walked_on_the_server_in_english() -> Outcome {
    let podium = Podium::start(&[])?;
    walk(&podium.url, "embedded-server", "en").await
}

#[tokio::test]
async fn the_notebook_is_walked_in_the_tab_without_a_server_in_korean() -> Outcome {
    walk(&static_files().await?, "embedded-tab", "ko").await
}

#[tokio::test]
async fn the_notebook_is_walked_in_the_tab_without_a_server_in_english() -> Outcome {
    walk(&static_files().await?, "embedded-tab", "en").await
}
