//! Servers under test: `podium serve`, and a plain static file server over `dist/`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tower_http::services::{ServeDir, ServeFile};

use crate::Outcome;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A running `podium serve`; ends with the value.
#[derive(Debug)]
pub struct Podium {
    child: Child,
    /// `http://127.0.0.1:<port>`.
    pub url: String,
}

impl Podium {
    /// Starts the server on a free port.
    pub fn start(arguments: &[&str]) -> Outcome<Self> {
        Self::start_at("127.0.0.1:0", arguments)
    }

    /// Starts the server at this address.
    pub fn start_at(listen: &str, arguments: &[&str]) -> Outcome<Self> {
        let mut child = Command::new(target().join("debug/podium"))
            .args(["serve", "--listen", listen])
            .args(arguments)
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.find("http://").and_then(|at| line.get(at..)).map(str::to_owned))
            .ok_or("the server ended before it said where it serves")?;
        // Keep reading, so that the server never blocks on a full pipe.
        std::thread::spawn(move || lines.map_while(Result::ok).count());
        Ok(Self { child, url: url.trim().trim_end_matches('/').to_owned() })
    }

    /// Ends the server at once, as a crash would.
    pub fn kill(&mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Podium {
    fn drop(&mut self) {
        // It may have ended already, which is what is wanted.
        let _ended = self.kill();
    }
}

/// Serves `dist/` as any static file server does, without Podium. Returns its address.
pub async fn static_files() -> Outcome<String> {
    let dist = root().join("dist");
    let files = ServeDir::new(&dist).fallback(ServeFile::new(dist.join("index.html")));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = axum::Router::new().fallback_service(files);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}"))
}
