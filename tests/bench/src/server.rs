//! The optimised `podium serve` under measurement.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Failure;
use crate::subject::{podium, root};

/// A server on a free port; ends with the value.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
}

impl Server {
    /// Starts one and waits until it serves.
    pub(crate) fn start() -> Result<Self, Failure> {
        let mut child = Command::new(podium())
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(root())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.find("http://").and_then(|at| line.get(at..)).map(str::to_owned))
            .ok_or("the server did not say where it serves")?;
        // Read on, so that it never waits for somebody to read.
        std::thread::spawn(move || lines.map_while(Result::ok).count());
        Ok(Self { child, url: url.trim().trim_end_matches('/').to_owned() })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
