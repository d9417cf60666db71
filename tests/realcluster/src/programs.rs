//! Builds the Go programs once per version into the cache, so that a test run starts in seconds.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;

/// The version that the programs say they are; without it clients see `v0.0.0-master`.
pub const KUBERNETES: &str = "v1.36.3";
const CONTAINERD: &str = "v2.4.2";

/// One Go module beside this crate, and what it builds.
struct Module {
    folder: &'static str,
    packages: &'static [&'static str],
    linker_flags: fn() -> String,
}

const CONTROL_PLANE: Module =
    Module { folder: "controlplane", packages: &["."], linker_flags: kubernetes_flags };
const CONTAINERD_MODULE: Module = Module {
    folder: "containerd",
    packages: &[
        "github.com/containerd/containerd/v2/cmd/containerd",
        "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        "github.com/containerd/containerd/v2/cmd/ctr",
    ],
    linker_flags: || {
        format!("-s -w -X github.com/containerd/containerd/v2/version.Version={CONTAINERD}")
    },
};
const AGNHOST: Module = Module {
    folder: "agnhost",
    packages: &["k8s.io/kubernetes/test/images/agnhost"],
    linker_flags: || "-s -w".to_owned(),
};

const KUBECTL_1_32: Module =
    Module { folder: "kubectl132", packages: &["."], linker_flags: || version_flags("v1.32.9") };

const HELM: Module = Module {
    folder: "helm",
    packages: &["helm.sh/helm/v3/cmd/helm"],
    linker_flags: || "-s -w -X helm.sh/helm/v3/internal/version.version=v3.21.4".to_owned(),
};
const INFORMERS: Module =
    Module { folder: "informers", packages: &["."], linker_flags: || "-s -w".to_owned() };
const JUDGE: Module =
    Module { folder: "judge", packages: &["."], linker_flags: || "-s -w".to_owned() };
const SCHEDULING: Module =
    Module { folder: "scheduling", packages: &["."], linker_flags: || "-s -w".to_owned() };
const CYCLONUS: Module =
    Module { folder: "cyclonus", packages: &["."], linker_flags: || "-s -w".to_owned() };

/// What says for each generated case of cyclonus which connections its matcher allows.
pub fn cyclonus() -> Result<PathBuf, Failure> {
    Ok(build(&CYCLONUS)?.join("cyclonus"))
}

/// What says how Go's own code of the API machinery answers the cases of `tests/fuzz`.
pub fn judge() -> Result<PathBuf, Failure> {
    Ok(build(&JUDGE)?.join("judge"))
}

/// What says how the real scheduler decides about the pods of `tests/fuzz`.
pub fn scheduling() -> Result<PathBuf, Failure> {
    Ok(build(&SCHEDULING)?.join("scheduling"))
}

/// The hyperkube-like program: etcd, the control plane, kubelet, kube-proxy and kubectl.
pub fn control_plane() -> Result<PathBuf, Failure> {
    Ok(build(&CONTROL_PLANE)?.join("controlplane"))
}

/// The oldest kubectl that is promised to work, for transcripts that run it as `kubectl-1.32`.
pub fn kubectl_1_32() -> Result<PathBuf, Failure> {
    Ok(build(&KUBECTL_1_32)?.join("kubectl132"))
}

/// The folder with containerd, its shim and ctr.
pub fn containerd() -> Result<PathBuf, Failure> {
    build(&CONTAINERD_MODULE)
}

/// The only program of the test images.
pub fn agnhost() -> Result<PathBuf, Failure> {
    Ok(build(&AGNHOST)?.join("agnhost"))
}

/// helm, as it is published.
pub fn helm() -> Result<PathBuf, Failure> {
    Ok(build(&HELM)?.join("helm"))
}

/// What operators do with client-go, in one program of ours.
pub fn informers() -> Result<PathBuf, Failure> {
    Ok(build(&INFORMERS)?.join("informers"))
}

/// Where programs and state live: `PODIUM_CACHE`, or `podium` in the user's cache folder.
pub fn cache() -> PathBuf {
    if let Some(dir) = std::env::var_os("PODIUM_CACHE") {
        return PathBuf::from(dir);
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("podium")
}

fn kubernetes_flags() -> String {
    version_flags(KUBERNETES)
}

fn version_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let mut flags = vec!["-s".to_owned(), "-w".to_owned()];
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        for (name, value) in [
            ("gitVersion", version),
            ("gitMajor", major),
            ("gitMinor", minor),
            ("gitTreeState", "clean"),
            ("buildDate", "2026-01-01T00:00:00Z"),
        ] {
            flags.push(format!("-X {package}.{name}={value}"));
        }
    }
    flags.join(" ")
}

/// Returns the folder with the module's programs; builds them when the cache has none for these sources.
fn build(module: &Module) -> Result<PathBuf, Failure> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(module.folder);
    let go = go_version()?;
    let name = format!("{}-{}", module.folder, fingerprint(module, &source, &go)?);
    let base = cache().join("realcluster");
    let done = base.join(&name);
    if done.is_dir() {
        return Ok(done);
    }
    make_dir(&base)?;
    let lock = File::create(base.join(format!("{}.lock", module.folder)))
        .map_err(|error| format!("the cache cannot be locked: {error}"))?;
    lock.lock().map_err(|error| format!("the cache cannot be locked: {error}"))?;
    if done.is_dir() {
        return Ok(done);
    }
    let unfinished = base.join(format!("{name}.new"));
    make_dir(&unfinished)?;
    compile(module, &source, &unfinished)?;
    fs::rename(&unfinished, &done)
        .map_err(|error| format!("{} cannot be made: {error}", done.display()))?;
    Ok(done)
}

fn compile(module: &Module, source: &Path, output: &Path) -> Result<(), Failure> {
    // A trailing slash tells Go that the output is a folder, also for a single program.
    let mut folder = output.as_os_str().to_owned();
    folder.push("/");
    let made = Command::new("go")
        .args(["build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg((module.linker_flags)())
        .arg("-o")
        .arg(&folder)
        .args(module.packages)
        .current_dir(source)
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env_remove("GOFLAGS")
        .output()
        .map_err(|error| format!("Go could not be started: {error}"))?;
    if made.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&made.stderr);
    Err(format!("the Go module {} does not build: {}", module.folder, last_lines(&said, 12)))
}

fn go_version() -> Result<String, Failure> {
    let remedy = "install Go 1.26 from https://go.dev/dl";
    let asked = Command::new("go")
        .arg("version")
        .env("GOTOOLCHAIN", "local")
        .output()
        .map_err(|error| format!("there is no Go ({error}); {remedy}"))?;
    Ok(String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

fn fingerprint(module: &Module, source: &Path, go: &str) -> Result<String, Failure> {
    let mut hasher = DefaultHasher::new();
    go.hash(&mut hasher);
    module.packages.hash(&mut hasher);
    (module.linker_flags)().hash(&mut hasher);
    let entries = fs::read_dir(source)
        .map_err(|error| format!("{} cannot be read: {error}", source.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        file.file_name().hash(&mut hasher);
        fs::read(&file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Makes a folder and those above it.
pub(crate) fn make_dir(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))
}

/// Writes a file.
pub(crate) fn write(file: &Path, content: &str) -> Result<(), Failure> {
    fs::write(file, content)
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

/// The end of a log, for an error message.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(count);
    lines.get(from..).unwrap_or_default().join("\n")
}
