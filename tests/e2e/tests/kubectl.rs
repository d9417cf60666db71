//! A stock kubectl beside the notebook: the kubeconfig that the page offers leads to the cluster that the page
//! shows.

use std::path::Path;
use std::process::Command;

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::{Podium, target};
use e2e::walk::{applies, look};
use realcluster::programs;

const SCENARIO: &str = "hypercloud-4.1/02-authority";

/// What the link of the page downloads.
async fn kubeconfig(browser: &Browser) -> Outcome<String> {
    browser.click("[data-menu='executor']").await?;
    browser.find("a[data-press='kubeconfig'][download='podium.kubeconfig']").await?;
    let text = browser
        .driver
        .execute_async(
            "const done = arguments[0]; \
             fetch(document.querySelector(\"[data-press='kubeconfig']\").href) \
             .then(answer => answer.text()).then(done);",
            Vec::new(),
        )
        .await?;
    Ok(text.json().as_str().ok_or("no text")?.to_owned())
}

/// One line of kubectl, as typed into a shell.
fn kubectl(program: &Path, kubeconfig: &Path, line: &str) -> Outcome<String> {
    let output = Command::new(program)
        .arg("kubectl")
        .args(line.split(' '))
        .env("KUBECONFIG", kubeconfig)
        .env("HOME", kubeconfig.parent().ok_or("no folder")?)
        .output()?;
    Ok([&output.stdout, &output.stderr].map(|part| String::from_utf8_lossy(part)).concat())
}

#[tokio::test]
async fn what_kubectl_does_beside_the_notebook_shows_in_the_page() -> Outcome {
    let podium = Podium::start(&[])?;
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/en/{SCENARIO}/", podium.url)).await?;
    browser.find("[data-executor='embedded-server']").await?;
    let folder = target().join("e2e-kubectl");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("podium.kubeconfig");
    std::fs::write(&file, kubeconfig(&browser).await?)?;

    let program = programs::control_plane()?;
    let run = |line: &str| kubectl(&program, &file, line);
    assert_eq!(
        run("create deployment beside --image=nginx:1.28 -n dev")?,
        "deployment.apps/beside created\n"
    );
    browser.shows(".topology", "beside").await?;
    let ready = run("rollout status deployment/beside -n dev --timeout=60s")?;
    assert!(ready.ends_with("deployment \"beside\" successfully rolled out\n"), "{ready}");
    browser.shows(".topology", "2 of 2").await?;
    look(&browser, "kubectl-beside").await?;

    applies(&browser, "new-role", "role.rbac.authorization.k8s.io/new-role created").await?;
    assert_eq!(run("get role -n dev -o name")?, "role.rbac.authorization.k8s.io/new-role\n");
    assert_eq!(
        run("delete deployment beside -n dev")?,
        "deployment.apps \"beside\" deleted from dev namespace\n"
    );
    browser
        .until(
            "the page shows it no more",
            "!document.querySelector('.topology').innerText.includes('beside')",
        )
        .await?;
    browser.close().await
}
