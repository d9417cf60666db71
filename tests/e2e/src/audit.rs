//! What a page must not do: write errors to the console, break its Content-Security-Policy, or shut
//! people out.

use serde_json::Value;

use crate::Outcome;
use crate::browser::Browser;
use crate::serve::root;

/// Runs in every document before its own scripts and remembers what went wrong across navigations.
pub(crate) const LISTEN: &str = r"
(() => {
  const key = 'podium-test-problems';
  const keep = text => {
    try {
      const known = JSON.parse(sessionStorage.getItem(key) || '[]');
      known.push(String(text));
      sessionStorage.setItem(key, JSON.stringify(known));
    } catch { /* an opaque origin has no storage and no page of ours */ }
  };
  const error = console.error;
  console.error = (...words) => { keep('console: ' + words.join(' ')); error(...words); };
  addEventListener('error', event => keep('error: ' + (event.message || event.target?.src || event.target?.href)), true);
  addEventListener('unhandledrejection', event => keep('rejection: ' + event.reason));
  addEventListener('securitypolicyviolation', event =>
    keep('csp: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sourceFile));
})();
";

/// Fails when the page did anything wrong since the last call.
pub async fn quiet(browser: &Browser, place: &str) -> Outcome {
    let found = browser
        .ask(
            "const key = 'podium-test-problems'; const found = sessionStorage.getItem(key) || '[]'; \
             sessionStorage.removeItem(key); return JSON.parse(found);",
        )
        .await?;
    match found.as_array() {
        Some(problems) if problems.is_empty() => Ok(()),
        _ => Err(format!("{place}: {found}").into()),
    }
}

/// Fails when axe finds anything, of any impact.
pub async fn accessible(browser: &Browser, place: &str) -> Outcome {
    let rules = std::fs::read_to_string(root().join("tests/e2e/node_modules/axe-core/axe.min.js"))?;
    browser.driver.execute(&rules, Vec::new()).await?;
    let found = browser
        .driver
        .execute_async(
            "const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] }) \
             .then(result => done(result.violations.map(v => ({ rule: v.id, help: v.help, \
             nodes: v.nodes.map(n => n.html.slice(0, 200)) }))));",
            Vec::new(),
        )
        .await?
        .json()
        .clone();
    match &found {
        Value::Array(violations) if violations.is_empty() => Ok(()),
        _ => Err(format!("{place}: {}", serde_json::to_string_pretty(&found)?).into()),
    }
}
