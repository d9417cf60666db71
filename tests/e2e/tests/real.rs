//! Section 2 in the browser on a real control plane: what the page says of the cluster, the whole walk, and
//! that nothing of it stays there.

use std::process::Output;
use std::time::{Duration, Instant};

use e2e::Outcome;
use e2e::browser::{Browser, Size};
use e2e::serve::Podium;
use e2e::walk::{applies, choose, fails, look, passes, press, solve, write};
use realcluster::ControlPlane;

const SCENARIO: &str = "hypercloud-4.1/02-authority";
/// No YAML at all from the third line on.
const BROKEN: &str = "kind: Role\napiVersion: rbac.authorization.k8s.io/v1\nmetadata: [";

/// Steps after the ones that are walked by hand, with the cells whose checks hold at their ends.
const REST: [(&str, &[&str]); 6] = [
    ("group", &["events-readable"]),
    ("edit", &["read-only"]),
    ("elsewhere", &["reads-elsewhere"]),
    ("quota", &["quota-ready", "over-quota"]),
    ("fit", &["admitted"]),
    ("limits", &["defaulted"]),
];

/// One learner on the cluster.
struct Learner<'a> {
    plane: &'a ControlPlane,
    browser: Browser,
    language: &'static str,
    /// The names of the namespaces `dev` and `op`.
    dev: String,
    op: String,
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|part| String::from_utf8_lossy(part)).concat()
}

impl Learner<'_> {
    fn kubectl(&self, line: &str) -> Outcome<String> {
        let words: Vec<&str> = line.split(' ').collect();
        Ok(text(&self.plane.kubectl(&words)?))
    }

    fn name(&self, place: &str) -> String {
        format!("real-{}-{place}", self.language)
    }

    /// The names of namespaces are asked for; those that cannot be used are refused with the reason.
    async fn go_real(&self) -> Outcome {
        let browser = &self.browser;
        browser.find("[data-executor='embedded-server']").await?;
        choose(browser, "real").await?;
        for (variable, name) in [("dev", "kube-system"), ("op", &self.op)] {
            browser.fill(&format!("[data-variable='{variable}']"), name).await?;
        }
        browser.find("[data-variable='dev'][aria-invalid='true']").await?;
        browser.find("[data-press='real-go'][disabled]").await?;
        look(browser, &self.name("question")).await?;
        browser.fill("[data-variable='dev']", &self.dev).await?;
        browser.click("[data-press='real-go']:not([disabled])").await?;
        browser.find("[data-executor='real']").await?;
        let version = self.kubectl("version -o json")?;
        let version: serde_json::Value = serde_json::from_str(&version)?;
        let version = version.pointer("/serverVersion/gitVersion").and_then(|it| it.as_str());
        browser.shows("[data-executor='real']", version.ok_or("no version")?).await?;
        browser.shows(".notebook__names", &self.dev).await?;
        passes(browser, "nothing-yet").await?;
        look(browser, &self.name("open")).await
    }

    /// A failed check, a broken text, a refresh, a reset of the text and its undo.
    async fn stumble(&self) -> Outcome {
        let browser = &self.browser;
        fails(browser, "role-alone", "role").await?;
        write(browser, "new-role", BROKEN).await?;
        browser.find("[data-cell='new-role'] .findings").await?;
        browser.find("[data-cell='new-role'] [data-state='state-invalid']").await?;
        look(browser, &self.name("broken-yaml")).await?;
        browser.driver.refresh().await?;
        browser.find("[data-executor='real']").await?;
        browser.find("[data-cell='new-role'] [data-state='state-invalid']").await?;
        browser
            .find("[data-cell='role-alone'] [data-check='role'][data-verdict='check-failed']")
            .await?;
        browser.click(&press("new-role", "reset-cell")).await?;
        browser.find("[data-cell='new-role'] [data-state='state-pristine']").await?;
        browser.click(".toast .press").await?;
        browser.find("[data-cell='new-role'] [data-state='state-invalid']").await?;
        browser.click(&press("new-role", "reset-cell")).await?;
        browser.find("[data-cell='new-role'] [data-state='state-pristine']").await?;
        Ok(())
    }

    /// The first steps by hand: what is applied is on the cluster, under the learner's names.
    async fn by_hand(&self) -> Outcome {
        let (browser, dev) = (&self.browser, &self.dev);
        applies(browser, "new-role", "role.rbac.authorization.k8s.io/new-role created").await?;
        let found = self.kubectl(&format!("get role -n {dev} -o name"))?;
        assert_eq!(found, "role.rbac.authorization.k8s.io/new-role\n");
        passes(browser, "role-alone").await?;
        browser.click("[data-cell='ask'] li:nth-child(2) .console__suggestion").await?;
        browser.shows("[data-cell='ask'] .output", "Error from server (Forbidden)").await?;
        fails(browser, "bound", "pods-and-deployments").await?;
        let created = "rolebinding.rbac.authorization.k8s.io/new-role-binding created";
        applies(browser, "new-role-binding", created).await?;
        passes(browser, "bound").await?;
        browser.click("[data-cell='ask'] li:nth-child(1) .console__suggestion").await?;
        browser.shows("[data-cell='ask'] .output", "yes").await?;
        look(browser, &self.name("bound")).await
    }

    async fn rest(&self) -> Outcome {
        for (step, checks) in REST {
            solve(&self.browser, step).await?;
            for cell in checks {
                passes(&self.browser, cell).await?;
            }
        }
        look(&self.browser, &self.name("done")).await
    }

    /// A real cluster can only begin the whole scenario anew; only the texts come back.
    async fn reset(&self) -> Outcome {
        let browser = &self.browser;
        let uid = format!("get namespace {} -o jsonpath={{.metadata.uid}}", self.dev);
        let before = self.kubectl(&uid)?;
        write(browser, "new-role", BROKEN).await?;
        browser.find("[data-cell='new-role'] [data-state='state-invalid']").await?;
        browser.click("[data-menu='more']").await?;
        browser.click("[data-press='reset-scenario']").await?;
        look(browser, &self.name("reset-question")).await?;
        browser.click("[data-press='reset-go']").await?;
        let whole =
            "!document.querySelector(\"[data-cell='new-role'] [data-state='state-invalid']\")";
        browser.until("the text is the original", whole).await?;
        browser.click(".toast [data-press='offer']").await?;
        browser.find("[data-cell='new-role'] [data-state='state-invalid']").await?;
        browser.find("[data-cell='defaulted'] [data-verdict='check-open']").await?;
        assert_ne!(self.kubectl(&uid)?, before);
        passes(browser, "nothing-yet").await?;
        fails(browser, "role-alone", "role").await?;
        look(browser, &self.name("reset")).await
    }

    /// Going on elsewhere takes everything away from the cluster, and texts get their usual names back.
    async fn leave(&self) -> Outcome {
        let browser = &self.browser;
        write(browser, "new-role", &format!("namespace: {}\nmetadata: [", self.dev)).await?;
        browser.shows("[data-cell='new-role'] .editor", &self.dev).await?;
        choose(browser, "embedded-server").await?;
        browser.find("[data-executor='embedded-server']").await?;
        let mut text = String::new();
        let deadline = Instant::now() + Duration::from_mins(1);
        while Instant::now() < deadline {
            text = self.kubectl("get namespaces -o name")?;
            if !(text.contains(&self.dev) || text.contains(&self.op)) {
                look(browser, &self.name("left")).await?;
                browser.shows("[data-cell='new-role'] .editor", "namespace: dev").await?;
                return Ok(());
            }
        }
        Err(format!("namespaces stay: {text}").into())
    }
}

async fn walk(plane: &ControlPlane, podium: &Podium, language: &'static str) -> Outcome {
    let browser = Browser::open(Size::WIDE).await?;
    browser.goto(&format!("{}/{language}/{SCENARIO}/", podium.url)).await?;
    let (dev, op) = (format!("kim-{language}-dev"), format!("kim-{language}-op"));
    let learner = Learner { plane, browser, language, dev, op };
    learner.go_real().await?;
    learner.stumble().await?;
    learner.by_hand().await?;
    learner.rest().await?;
    learner.reset().await?;
    learner.leave().await?;
    learner.browser.close().await
}

#[tokio::test]
async fn the_notebook_is_walked_on_a_real_control_plane_and_leaves_nothing_there() -> Outcome {
    let plane = ControlPlane::start()?;
    let kubeconfig = plane.kubeconfig().display().to_string();
    let before = text(&plane.kubectl(&["get", "namespaces", "-o", "name"])?);
    let podium = Podium::start(&["--kubeconfig", &kubeconfig])?;
    walk(&plane, &podium, "ko").await?;
    walk(&plane, &podium, "en").await?;
    assert_eq!(text(&plane.kubectl(&["get", "namespaces", "-o", "name"])?), before);
    Ok(())
}
