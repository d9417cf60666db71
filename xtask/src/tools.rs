//! Tools that building the page needs: checked, and installed into the cache where that is possible.

use std::path::PathBuf;
use std::process::Command;

use crate::process::{ask, cargo, has, run, run_quiet};
use crate::progress::step;
use crate::{Failure, cache};

/// Versions that were proved to work together; `Trunk.toml` and `Cargo.toml` name the same.
const TOOLS: [(&str, &str, &str); 2] =
    [("wasm-bindgen-cli", "0.2.129", "wasm-bindgen"), ("trunk", "0.21.14", "trunk")];

/// The oldest Node that the editor's bundler runs on.
const NODE_MAJOR_MIN: u32 = 18;

/// Checks what must be there, installs the rest, and returns a `PATH` that begins with the tools.
pub(crate) fn ensure() -> Result<std::ffi::OsString, Failure> {
    ensure_wasm_target()?;
    ensure_node()?;
    let mut folders = Vec::new();
    for (package, version, program) in TOOLS {
        folders.push(ensure_tool(package, version, program)?);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    std::env::join_paths(folders).map_err(|error| format!("the PATH cannot be extended: {error}"))
}

fn ensure_wasm_target() -> Result<(), Failure> {
    let sysroot = ask("rustc", &["--print", "sysroot"])
        .ok_or("there is no Rust compiler; install rustup from https://rustup.rs")?;
    if PathBuf::from(sysroot).join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        return Ok(());
    }
    if !has("rustup") {
        return Err(
            "the target wasm32-unknown-unknown is missing and there is no rustup to add it; \
                    install rustup from https://rustup.rs"
                .to_owned(),
        );
    }
    step("Adding Rust's target wasm32-unknown-unknown", || {
        run_quiet(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]))
    })
}

fn ensure_node() -> Result<(), Failure> {
    let remedy = format!("install Node.js {NODE_MAJOR_MIN} or newer with npm");
    let version = ask("node", &["--version"])
        .ok_or_else(|| format!("there is no Node.js, which bundles the editor; {remedy}"))?;
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|part| part.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        return Err(format!("Node.js {version} is too old to bundle the editor; {remedy}"));
    }
    if has("npm") { Ok(()) } else { Err(format!("there is no npm; {remedy}")) }
}

/// Returns the folder of the tool's program.
fn ensure_tool(package: &str, version: &str, program: &str) -> Result<PathBuf, Failure> {
    let home = cache::dir().join("tools").join(format!("{program}-{version}"));
    let folder = home.join("bin");
    if folder.join(program).is_file() {
        return Ok(folder);
    }
    step(&format!("Installing {package} {version} (once, 2 to 5 minutes)"), || {
        let build = cache::dir().join("tools").join("build");
        run(cargo()
            .args(["install", package, "--version", &format!("={version}"), "--locked"])
            .args(["--no-default-features", "--quiet", "--root"])
            .arg(&home)
            .env("CARGO_TARGET_DIR", &build)
            // The crates' own profiles take minutes of link-time optimisation that nobody notices here.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env_remove("CARGO_BUILD_TARGET")
            .env_remove("RUSTFLAGS"))
    })?;
    Ok(folder)
}
