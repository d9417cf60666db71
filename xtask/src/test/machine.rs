//! What the suites need of the machine. On Debian as root it is installed; elsewhere it is named.

use std::process::Command;
use std::sync::Once;

use super::Ready;
use crate::process::{ask, has, run_quiet};
use crate::progress::step;
use crate::{Failure, tools};

/// Node and the tools that build the page.
pub(crate) fn node() -> Result<Ready, Failure> {
    tools::ensure().map(|_| Ready::Yes)
}

/// A browser and its driver, and fonts for Korean.
pub(crate) fn chromium() -> Result<Ready, Failure> {
    programs(&["chromium", "chromedriver"], &["chromium", "chromium-driver", "fonts-noto-cjk"])
}

/// Go, for the real Kubernetes and its kubectl.
#[expect(clippy::unnecessary_wraps, reason = "one of several ways to look at the machine")]
pub(crate) fn go() -> Result<Ready, Failure> {
    Ok(if has("go") {
        Ready::Yes
    } else {
        Ready::No("there is no Go; install Go 1.26 to build the real Kubernetes".to_owned())
    })
}

/// Go and curl: transcripts also send what no kubectl would.
pub(crate) fn transcripts() -> Result<Ready, Failure> {
    match go()? {
        Ready::Yes => programs(&["curl"], &["curl"]),
        no @ Ready::No(_) => Ok(no),
    }
}

/// Go, Python and Node, for the clients that are written in them.
pub(crate) fn clients() -> Result<Ready, Failure> {
    match go()? {
        Ready::Yes => programs(&["python3", "npm"], &["python3", "python3-venv", "nodejs", "npm"]),
        no @ Ready::No(_) => Ok(no),
    }
}

/// What transcripts need, and a browser: the page is driven on the real Kubernetes.
pub(crate) fn real() -> Result<Ready, Failure> {
    match transcripts()? {
        Ready::Yes => chromium(),
        no @ Ready::No(_) => Ok(no),
    }
}

/// Root, a container runtime and what it needs.
pub(crate) fn node_tier() -> Result<Ready, Failure> {
    if let Ready::No(reason) = real()? {
        return Ok(Ready::No(reason));
    }
    if ask("id", &["-u"]).as_deref() != Some("0") {
        return Ok(Ready::No("a real node needs root; run this suite as root".to_owned()));
    }
    programs(
        &["runc", "iptables", "conntrack", "ip", "nsenter"],
        &[
            "runc",
            "containernetworking-plugins",
            "iptables",
            "ipset",
            "nftables",
            "conntrack",
            "ethtool",
            "socat",
            "busybox-static",
            "iproute2",
            "util-linux",
        ],
    )
}

/// Looks for programs and installs Debian packages for them where that is possible.
fn programs(programs: &[&str], packages: &[&str]) -> Result<Ready, Failure> {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| !has(program)).collect();
    if missing.is_empty() {
        return Ok(Ready::Yes);
    }
    if !(has("apt-get") && ask("id", &["-u"]).as_deref() == Some("0")) {
        return Ok(Ready::No(format!(
            "{} missing; install the packages {}",
            missing.join(", "),
            packages.join(" ")
        )));
    }
    step(&format!("Installing {}", packages.join(" ")), || {
        update_once();
        run_quiet(
            Command::new("apt-get")
                .args(["install", "-y", "--no-install-recommends"])
                .args(packages)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
    })?;
    Ok(Ready::Yes)
}

/// A machine that was never updated finds no packages. A failure shows itself in the installation.
fn update_once() {
    static UPDATED: Once = Once::new();
    UPDATED.call_once(|| {
        if let Err(failure) = run_quiet(Command::new("apt-get").arg("update")) {
            eprintln!("  {failure}");
        }
    });
}
