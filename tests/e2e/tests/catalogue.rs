//! The whole catalogue without its pages: a session of the server (native) and one of the worker (the tab's wasm) play
//! every notebook by the same commands, and say the same of every check.
#![cfg(feature = "browser")]

use std::time::Duration;

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::{Podium, root};
use serde_json::Value;

/// One notebook, twice, on a machine that does other things, too.
const PATIENCE: Duration = Duration::from_mins(3);

fn lines(played: &Value, side: &str) -> Vec<String> {
    let lines = played.get(side).and_then(Value::as_array).into_iter().flatten();
    lines.filter_map(|line| line.as_str().map(str::to_owned)).collect()
}

/// The notebooks that can be played.
fn ready() -> Outcome<Vec<String>> {
    let catalog = std::fs::read_to_string(root().join("dist/scenarios/catalog.json"))?;
    let catalog: Value = serde_json::from_str(&catalog)?;
    let tracks = catalog.get("tracks").and_then(Value::as_array).into_iter().flatten();
    let entries = tracks.filter_map(|track| track.get("scenarios")?.as_array()).flatten();
    let ready = entries.filter(|entry| entry.get("status").is_some_and(|status| status == "ready"));
    Ok(ready.filter_map(|entry| entry.get("id")?.as_str().map(str::to_owned)).collect())
}

#[tokio::test]
async fn the_worker_says_of_every_check_what_the_server_says() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::NARROW).await?;
    browser.driver.set_script_timeout(PATIENCE).await?;
    // Any address of this origin that brings no page with it.
    browser.goto(&format!("{}/robots.txt", podium.url)).await?;
    let (mut otherwise, mut passed) = (Vec::new(), 0);
    for scenario in ready()? {
        let script = include_str!("catalogue/play.js");
        let played = browser.driver.execute_async(script, vec![scenario.clone().into()]).await?;
        let played = played.json();
        let (native, tab) = (lines(played, "native"), lines(played, "tab"));
        assert!(!native.is_empty(), "{scenario}: {played}");
        assert_eq!(native.len(), tab.len(), "{scenario}");
        let differ = native.iter().zip(&tab).filter(|(native, tab)| native != tab);
        otherwise.extend(differ.map(|(native, tab)| format!("native {native}\ntab    {tab}\n")));
        let after = native.iter().filter(|line| line.contains(" after: "));
        passed += after.inspect(|line| assert!(line.contains(" after: passed "), "{line}")).count();
    }
    assert_eq!(otherwise.concat(), "");
    assert!(passed > 200, "only {passed} checks were seen to pass");
    browser.close().await
}
