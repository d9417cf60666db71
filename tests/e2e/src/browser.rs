//! Headless Chromium through its driver.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use thirtyfour::ChromeCapabilities;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;

use crate::Outcome;
use crate::audit::LISTEN;
use crate::serve::target;

/// How long something may take to become visible. Generous: two cores build and test at once.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Where the page brings the full editor.
const ROOMY: &str = "(min-width: 768px) and (any-pointer: fine)";
const POLL: Duration = Duration::from_millis(100);

/// A browser window with its driver process.
#[derive(Debug)]
pub struct Browser {
    /// The session, for what the functions here do not offer.
    pub driver: WebDriver,
    process: Child,
    /// Kept open: a program that cannot print may end.
    _said: BufReader<ChildStdout>,
    port: u16,
    session: String,
}

impl Drop for Browser {
    /// Also after a failed test: the window ends with its session, and only then the driver.
    fn drop(&mut self) {
        if let Ok(mut socket) = TcpStream::connect(("127.0.0.1", self.port)) {
            let request = format!(
                "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                self.session
            );
            // The first byte of the answer says that it is done; the driver leaves the socket open.
            let _answered = socket
                .set_read_timeout(Some(PATIENCE / 6))
                .and_then(|()| socket.write_all(request.as_bytes()))
                .and_then(|()| socket.read(&mut [0; 1]));
        }
        // The driver's own way to end needs the runtime that waits for it here.
        let _left = self.driver.clone().leak();
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

/// The width and height of a window, CSS pixels.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u32, pub u32);

impl Size {
    /// Three zones.
    pub const WIDE: Self = Self(1440, 900);
    /// Two zones.
    pub const MIDDLE: Self = Self(1024, 768);
    /// One column.
    pub const NARROW: Self = Self(390, 844);
}

impl Browser {
    /// Starts a driver on a free port and opens a window of this size.
    pub async fn open(size: Size) -> Outcome<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut said = BufReader::new(process.stdout.take().ok_or("no output")?);
        let port = port(&mut said)?;
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--force-prefers-reduced-motion",
            // A headless browser has no mouse of its own; the full editor is for those who have one.
            "--blink-settings=primaryPointerType=4,availablePointerTypes=4,primaryHoverType=2,availableHoverTypes=2",
        ] {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!("--window-size={},{}", size.0, size.1))?;
        let driver = connect(port, capabilities).await?;
        let session = driver.session_id().to_string();
        let browser = Self { driver, process, _said: said, port, session };
        browser.resize(size).await?;
        browser.listen().await?;
        Ok(browser)
    }

    /// Makes the page itself this large, whatever the window's borders take.
    pub async fn resize(&self, size: Size) -> Outcome {
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            serde_json::json!({ "width": size.0, "height": size.1, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await
    }

    /// Prefers a light or a dark page, as the system setting would.
    pub async fn prefer(&self, scheme: &str) -> Outcome {
        self.cdp(
            "Emulation.setEmulatedMedia",
            serde_json::json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] }),
        )
        .await
    }

    async fn listen(&self) -> Outcome {
        self.before_pages(LISTEN).await
    }

    /// Runs a script in every page before the page's own.
    pub async fn before_pages(&self, script: &str) -> Outcome {
        self.cdp("Page.addScriptToEvaluateOnNewDocument", serde_json::json!({ "source": script }))
            .await
    }

    async fn cdp(&self, command: &str, parameters: serde_json::Value) -> Outcome {
        self.driver.cdp().send_raw(command, parameters).await?;
        Ok(())
    }

    /// Goes to an address.
    pub async fn goto(&self, url: &str) -> Outcome {
        Ok(self.driver.goto(url).await?)
    }

    /// The first visible element for a selector; waits for it.
    pub async fn find(&self, css: &str) -> Outcome<WebElement> {
        let element = self
            .driver
            .query(By::Css(css))
            .wait(PATIENCE, POLL)
            .and_displayed()
            .first()
            .await
            .map_err(|error| format!("nothing visible for `{css}`: {error}"))?;
        Ok(element)
    }

    /// Clicks the first visible element for a selector, also when the page puts another one in its place
    /// while the driver moves there (as the editor does when it takes over from the plain text).
    pub async fn click(&self, css: &str) -> Outcome {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let element = self.find(css).await?;
            let clicked = match element.scroll_into_view().await {
                Ok(()) => element.click().await,
                Err(error) => Err(error),
            };
            match clicked {
                Err(error)
                    if matches!(
                        error.as_inner(),
                        WebDriverErrorInner::StaleElementReference(_)
                    ) && tokio::time::Instant::now() < deadline => {}
                done => return Ok(done?),
            }
        }
    }

    /// Replaces the text of the editor inside an element: the full one where the window has room for it, as
    /// soon as it has come. Click into it, select all, type.
    pub async fn write(&self, css: &str, text: &str) -> Outcome {
        self.find(css).await?;
        let near = format!("document.querySelector(\"{css}\").scrollIntoView({{block: 'center'}})");
        self.ask(&near).await?;
        let come = format!(
            "!matchMedia('{ROOMY}').matches || document.querySelector(\"{css} .monaco-editor\")"
        );
        self.until("the editor has come", &come).await?;
        self.click(&format!("{css} :is(.monaco-editor, .plain__text)")).await?;
        self.driver
            .action_chain()
            .key_down(Key::Control)
            .send_keys("a")
            .key_up(Key::Control)
            .perform()
            .await?;
        Ok(self.driver.action_chain().send_keys(text).perform().await?)
    }

    /// Replaces the text of an input.
    pub async fn fill(&self, css: &str, text: &str) -> Outcome {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Waits until a JavaScript expression is true.
    pub async fn until(&self, what: &str, expression: &str) -> Outcome {
        self.until_within(PATIENCE, what, expression).await
    }

    /// Waits this long until a JavaScript expression is true.
    pub async fn until_within(&self, patience: Duration, what: &str, expression: &str) -> Outcome {
        let script = format!("return Boolean({expression});");
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let found = self.driver.execute(&script, Vec::new()).await;
            if found.as_ref().is_ok_and(|found| found.json().as_bool() == Some(true)) {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                self.screenshot("failed").await?;
                return Err(
                    format!("did not come true in {patience:?}: {what} ({expression})").into()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until an element shows a text.
    pub async fn shows(&self, css: &str, text: &str) -> Outcome {
        let css = serde_json::to_string(css)?;
        let text = serde_json::to_string(text)?;
        self.until(
            &format!("{css} shows {text}"),
            &format!(
                "[...document.querySelectorAll({css})].some(e => \
                 e.innerText.replaceAll('\\u00a0', ' ').includes({text}))"
            ),
        )
        .await
    }

    /// What a script returns, as JSON.
    pub async fn ask(&self, script: &str) -> Outcome<serde_json::Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Writes a picture of the window to `target/screenshots/<name>.png`.
    pub async fn screenshot(&self, name: &str) -> Outcome<PathBuf> {
        let folder = target().join("screenshots");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{name}.png"));
        self.driver.screenshot(&file).await?;
        Ok(file)
    }

    /// Ends the window.
    pub async fn close(self) -> Outcome {
        Ok(self.driver.clone().quit().await?)
    }
}

/// The port that the driver has taken, from what it says when it starts.
fn port(said: &mut impl BufRead) -> Outcome<u16> {
    for line in said.lines() {
        let line = line?;
        if let Some((_, port)) = line.rsplit_once("successfully on port ") {
            return Ok(port.trim_end_matches('.').parse()?);
        }
    }
    Err("chromedriver ended without a port".into())
}

/// The driver needs a moment until it listens.
async fn connect(port: u16, capabilities: ChromeCapabilities) -> Outcome<WebDriver> {
    let url = format!("http://127.0.0.1:{port}");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match WebDriver::new(&url, capabilities.clone()).await {
            Ok(driver) => return Ok(driver),
            Err(error) if tokio::time::Instant::now() > deadline => return Err(error.into()),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}
