//! Section 3 in the browser on a real node where nobody enforces policies: the notebook finds that out before
//! the lesson, says so, and goes on in the embedded cluster without losing a text or the place.

use std::time::Duration;

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::{Podium, root};
use e2e::walk::{applies, choose, look, passes, write};
use realcluster::NodeTier;

const SCENARIO: &str = "hypercloud-4.1/03-network-policy";
const CELL: &str = "default-policy";
/// Where the learner reads: the same before and after.
const PLACE: &str =
    "document.querySelector(\"[data-cell='default-policy']\").getBoundingClientRect().top";

/// How long the probe may take.
const PROBE: Duration = Duration::from_mins(2);

/// What the page says for a key.
fn word(language: &str, key: &str) -> Outcome<String> {
    let file = root().join(format!("app/locales/{language}/check.ftl"));
    let words = std::fs::read_to_string(file)?;
    let found = words.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    Ok(found.ok_or("no such word")?.to_owned())
}

async fn walk(tier: &NodeTier, podium: &Podium, language: &str) -> Outcome {
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/{language}/{SCENARIO}/", podium.url)).await?;
    browser.find("[data-executor='embedded-server']").await?;
    choose(&browser, "real").await?;
    browser.click("[data-press='real-go']:not([disabled])").await?;
    browser.find("[data-executor='real']").await?;
    browser.find("[data-preparing='busy']").await?;
    look(&browser, &format!("node-{language}-probing")).await?;
    // Two pods start, and a policy is given time to be enforced.
    let found = "document.querySelector(\"[data-capability='network-policy-enforced']\")";
    browser.until_within(PROBE, "the probe says what it found", found).await?;
    let sentence = word(language, "capability-network-policy-enforced-unmet")?;
    browser.shows("[data-capability='network-policy-enforced']", &sentence).await?;
    let names = browser.ask("return document.querySelector('.notebook__names').innerText").await?;
    look(&browser, &format!("node-{language}-probed")).await?;

    // What the learner writes meanwhile is written with the names of the real cluster.
    let name =
        names.as_str().and_then(|text| text.split_whitespace().find(|it| it.starts_with("dev-")));
    let name = name.ok_or("the page does not tell the names")?.trim_end_matches([',', '.']);
    let mine = format!("namespace: {name}\nmetadata: [");
    write(&browser, CELL, &mine).await?;
    browser.find(&format!("[data-cell='{CELL}'] [data-state='state-invalid']")).await?;
    let place = browser.ask(&format!("return Math.round({PLACE})")).await?;
    browser.ask("document.querySelector(\"[data-press='continue-embedded']\").click()").await?;
    browser.find("[data-executor='embedded-server']").await?;
    browser.shows(&format!("[data-cell='{CELL}'] .editor"), "namespace: dev").await?;
    browser.find(&format!("[data-cell='{CELL}'] [data-state='state-invalid']")).await?;
    browser
        .until("the reader is at the same place", &format!("Math.abs({PLACE} - {place}) < 250"))
        .await?;
    look(&browser, &format!("node-{language}-continued")).await?;
    browser.until("nothing is missing any more", "!document.querySelector('.preflight')").await?;

    browser
        .click(&format!("[data-cell='{CELL}'] [data-press='reset-cell']:not([disabled])"))
        .await?;
    applies(&browser, CELL, "networkpolicy.networking.k8s.io/default-policy created").await?;
    passes(&browser, "same-matrix").await?;
    let namespaces = tier.kubectl(&["get", "namespaces", "-o", "name"])?;
    let namespaces = String::from_utf8_lossy(&namespaces.stdout).into_owned();
    assert!(!namespaces.contains(name), "{namespaces}");
    browser.close().await
}

#[tokio::test]
async fn a_lesson_that_would_not_be_true_on_a_real_node_goes_on_in_the_embedded_cluster() -> Outcome
{
    let tier = NodeTier::start()?;
    let kubeconfig = tier.kubeconfig().display().to_string();
    let podium = Podium::start(&["--kubeconfig", &kubeconfig])?;
    walk(&tier, &podium, "en").await?;
    walk(&tier, &podium, "ko").await
}
