//! What a learner does in any notebook: press, edit, check, take the solution, go on elsewhere.

use std::time::Duration;

use crate::Outcome;
use crate::audit::{accessible, quiet};
use crate::browser::Browser;

/// The selector of a button of a cell, once it can be pressed.
pub fn press(cell: &str, name: &str) -> String {
    format!("[data-cell='{cell}'] [data-press='{name}']:not([disabled])")
}

/// A script that says whether a cell shows checks and all of them passed.
pub fn all_passed(cell: &str) -> String {
    format!(
        "(rows => rows.length > 0 && rows.every(row => row.dataset.verdict === 'check-passed'))\
         ([...document.querySelectorAll(\"[data-cell='{cell}'] [data-verdict]\")])"
    )
}

/// Checks a cell and waits until all its checks pass.
pub async fn passes(browser: &Browser, cell: &str) -> Outcome {
    browser.click(&press(cell, "check")).await?;
    browser.until(&format!("all checks of {cell} pass"), &all_passed(cell)).await
}

/// Checks a cell and waits until this check of it fails.
pub async fn fails(browser: &Browser, cell: &str, check: &str) -> Outcome {
    browser.click(&press(cell, "check")).await?;
    browser
        .find(&format!("[data-cell='{cell}'] [data-check='{check}'][data-verdict='check-failed']"))
        .await?;
    Ok(())
}

/// Replaces the text of a manifest cell as a person does: into the editor, select all, type.
pub async fn write(browser: &Browser, cell: &str, text: &str) -> Outcome {
    browser.write(&format!("[data-cell='{cell}']"), text).await
}

/// Applies the text of a cell and waits for an answer of the API server.
pub async fn applies(browser: &Browser, cell: &str, answer: &str) -> Outcome {
    browser.click(&press(cell, "apply")).await?;
    browser.shows(&format!("[data-cell='{cell}'] .answers"), answer).await
}

/// Takes the solution of a step.
pub async fn solve(browser: &Browser, step: &str) -> Outcome {
    browser
        .click(&format!("[data-step='{step}'] [data-press='solve-step']:not([disabled])"))
        .await?;
    browser.click("[data-press='solve-go']").await
}

/// Takes the solution of a step and of the open steps before it.
pub async fn solve_up_to(browser: &Browser, step: &str) -> Outcome {
    browser
        .click(&format!("[data-step='{step}'] [data-press='solve-step']:not([disabled])"))
        .await?;
    browser.click("[data-press='solve-all']").await
}

/// Chooses an executor in the menu of the badge.
pub async fn choose(browser: &Browser, executor: &str) -> Outcome {
    browser.click("[data-menu='executor']").await?;
    browser.click(&format!("[data-press='{executor}']")).await
}

/// The page did nothing wrong and shuts nobody out; a picture of it is kept.
pub async fn look(browser: &Browser, place: &str) -> Outcome {
    quiet(browser, place).await?;
    accessible(browser, place).await?;
    browser.screenshot(place).await?;
    Ok(())
}

/// Waits until every step of a notebook is done, and no check of it has failed.
pub async fn until_done(browser: &Browser, patience: Duration, notebook: &str) -> Outcome {
    let done = "(steps => steps.length > 0 && steps.every(step => step.matches('.rail__step--done')) \
                && !document.querySelector('[data-verdict=\"check-failed\"]'))\
                ([...document.querySelectorAll('.rail__step')])";
    browser.until_within(patience, &format!("all steps of {notebook} are done"), done).await
}
