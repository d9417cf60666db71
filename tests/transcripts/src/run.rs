//! Runs transcripts against a cluster and says where they differ.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use realcluster::programs;
use similar::{ChangeTag, TextDiff};

use crate::webhook::Webhook;
use crate::{Failure, Normaliser, Step, Transcript};

/// No command of a transcript takes this long; one that does hangs.
const COMMAND_TIMEOUT_SECONDS: &str = "60";

/// What only the embedded cluster says, and on purpose: that it accepts something and does nothing with it. The
/// tests of `cluster` hold these warnings.
const HONESTY: &str = "Warning: Podium ";

/// `api METHOD PATH [options of curl]`: what no kubectl would send. Prints the line of the status, the headers that
/// do not change from one request to the next in the order of their names, and the body.
const API: &str = r#"#!/bin/sh
server=$(sed -n 's/^ *server: //p' "$KUBECONFIG")
token=$(sed -n 's/^ *token: //p' "$KUBECONFIG")
method=$1 path=$2 said=$(mktemp)
shift 2
[ "$method" = HEAD ] && set -- --head "$@"
curl --silent --insecure --path-as-is --globoff --max-time 30 --dump-header "$said" --output "$said.body" \
    --request "$method" --header "Authorization: Bearer $token" "$@" "$server$path"
code=$?
tr -d '\r' < "$said" | sed -n 1p
tr -d '\r' < "$said" | sed 1d | grep -viE '^(date|audit-id|content-length|x-kubernetes-pf-.*|etag|last-modified):|^$' | LC_ALL=C sort -f
[ "$method" = HEAD ] || cat "$said.body" 2> /dev/null
rm -f "$said" "$said.body"
exit $code
"#;

/// A cluster and the kubectl to ask it with.
pub struct Target {
    /// What prepares a transcript; the transcript itself finds `kubectl` on its path.
    kubectl: PathBuf,
    kubeconfig: PathBuf,
    webhook: Webhook,
    /// Holds the kubectl wrapper, its caches and the kubeconfigs per transcript.
    dir: PathBuf,
}

/// One command that printed something else.
pub struct Difference {
    /// The transcript's name.
    pub transcript: String,
    /// Line of the command.
    pub line: usize,
    /// The command.
    pub script: String,
    /// What the real cluster printed, or the first one.
    pub expected: String,
    /// What this one printed.
    pub found: String,
}

/// What came of running transcripts.
#[derive(Default)]
pub struct Report {
    /// How many commands ran.
    pub commands: usize,
    /// Those that printed something else.
    pub differences: Vec<Difference>,
}

impl Target {
    /// Asks with the kubectl of the real cluster; `kubectl-1.32` is there as well.
    pub fn of(kubeconfig: &Path) -> Result<Self, Failure> {
        let program = programs::control_plane()?.display().to_string();
        let target = Self::new(&[&program, "kubectl"], kubeconfig)?;
        let older = programs::kubectl_1_32()?.display().to_string();
        target.offer("kubectl-1.32", &[&older])?;
        Ok(target)
    }

    /// Asks with the console's kubectl, which the program `podium` has.
    pub fn of_console(podium: &Path, kubeconfig: &Path) -> Result<Self, Failure> {
        let mut target = Self::of(kubeconfig)?;
        let stock = programs::control_plane()?.display().to_string();
        target.offer("kubectl-stock", &[&stock, "kubectl"])?;
        target.kubectl.set_file_name("kubectl-stock");
        target.offer("kubectl", &[&podium.display().to_string(), "kubectl"])?;
        Ok(target)
    }

    /// `kubectl` is a program with its first arguments.
    pub fn new(kubectl: &[&str], kubeconfig: &Path) -> Result<Self, Failure> {
        let number = std::process::id();
        let stem = kubeconfig.display().to_string().replace(['/', '.'], "-");
        let dir = std::env::temp_dir().join(format!("podium-transcripts-{number}{stem}"));
        let target = Self {
            kubectl: dir.join("bin/kubectl"),
            kubeconfig: kubeconfig.to_owned(),
            webhook: Webhook::start()?,
            dir,
        };
        target.offer("kubectl", kubectl)?;
        target.place("api", API)?;
        Ok(target)
    }

    /// Puts a program with its first arguments on the path of the transcripts.
    fn offer(&self, name: &str, program: &[&str]) -> Result<(), Failure> {
        let words: Vec<String> = program.iter().map(|word| format!("'{word}'")).collect();
        self.place(name, &format!("#!/bin/sh\nexec {} \"$@\"\n", words.join(" ")))
    }

    /// Puts a script on the path of the transcripts.
    fn place(&self, name: &str, script: &str) -> Result<(), Failure> {
        let bin = self.dir.join("bin");
        let cannot =
            |error: std::io::Error| format!("{} cannot be prepared: {error}", bin.display());
        fs::create_dir_all(&bin).map_err(cannot)?;
        let wrapper = bin.join(name);
        fs::write(&wrapper, script).map_err(cannot)?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).map_err(cannot)
    }

    /// A kubeconfig whose namespace is the transcript's own, and whose user has a token.
    fn prepare(&self, transcript: &Transcript) -> Result<PathBuf, Failure> {
        let namespace = transcript.namespace();
        let kubeconfig = self.dir.join(format!("{namespace}.kubeconfig"));
        let cannot = |error: std::io::Error| {
            format!("{} cannot be copied: {error}", self.kubeconfig.display())
        };
        let text = fs::read_to_string(&self.kubeconfig).map_err(cannot)?;
        // Without a certificate, which API servers look at first, `--token` says who asks.
        let kept = text.lines().filter(|line| !line.trim_start().starts_with("client-"));
        fs::write(&kubeconfig, kept.collect::<Vec<_>>().join("\n")).map_err(cannot)?;
        let namespace_flag = format!("--namespace={namespace}");
        let in_context = ["config", "set-context", "--current", &namespace_flag];
        for words in [in_context.as_slice(), &["create", "namespace", &namespace]] {
            let output = self.kubectl(&kubeconfig, words)?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{}: {}", transcript.name, said.trim()));
            }
        }
        Ok(kubeconfig)
    }

    fn kubectl(&self, kubeconfig: &Path, words: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new(&self.kubectl);
        command.args(words);
        self.output(&mut command, kubeconfig)
    }

    fn output(&self, command: &mut Command, kubeconfig: &Path) -> Result<Output, Failure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.dir.join("bin")).chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders)
            .map_err(|error| format!("the PATH cannot be extended: {error}"))?;
        command
            .env("PATH", path)
            .env("KUBECONFIG", kubeconfig)
            .env("HOME", &self.dir)
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .env("WEBHOOK", &self.webhook.url)
            .env("WEBHOOK_CA", &self.webhook.authority)
            .env_remove("KUBE_EDITOR")
            .env_remove("EDITOR")
            .output()
            .map_err(|error| format!("a command could not be started: {error}"))
    }

    fn run(&self, kubeconfig: &Path, folder: &Path, step: &Step) -> Result<Output, Failure> {
        let mut command = Command::new("timeout");
        command.args([COMMAND_TIMEOUT_SECONDS, "sh", "-c", &step.script]).current_dir(folder);
        self.output(&mut command, kubeconfig)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // A folder that cannot be removed only costs space.
        drop(fs::remove_dir_all(&self.dir));
    }
}

/// Runs a transcript; one outcome per command, in the notation of the file.
pub fn outcomes(target: &Target, transcript: &Transcript) -> Result<Vec<String>, Failure> {
    let normaliser = Normaliser::new()?;
    let kubeconfig = target.prepare(transcript)?;
    let folder = transcript.path.parent().unwrap_or_else(|| Path::new("."));
    let mut outcomes = Vec::new();
    for step in transcript.steps() {
        let output = target.run(&kubeconfig, folder, step)?;
        outcomes.push(notation(&normaliser, &output));
    }
    Ok(outcomes)
}

/// Compares a run with the expectations of the file.
pub fn check(target: &Target, transcript: &Transcript) -> Result<Report, Failure> {
    let found = outcomes(target, transcript)?;
    let expected =
        transcript.steps().into_iter().map(|step| step.expected.clone()).collect::<Vec<_>>();
    Ok(differences(transcript, &expected, &found))
}

/// Where two runs differ.
pub fn differences(transcript: &Transcript, expected: &[String], found: &[String]) -> Report {
    let mut report = Report::default();
    for ((step, expected), found) in transcript.steps().into_iter().zip(expected).zip(found) {
        report.commands += 1;
        if expected != found {
            report.differences.push(Difference {
                transcript: transcript.name.clone(),
                line: step.line,
                script: step.script.clone(),
                expected: expected.clone(),
                found: found.clone(),
            });
        }
    }
    report
}

/// Writes a run's outcomes as the expectations. Only for the real control plane.
pub fn bless(target: &Target, transcript: &Transcript) -> Result<Report, Failure> {
    let found = outcomes(target, transcript)?;
    fs::write(&transcript.path, transcript.with(&found))
        .map_err(|error| format!("{} cannot be written: {error}", transcript.path.display()))?;
    Ok(differences(transcript, &found, &found))
}

fn notation(normaliser: &Normaliser, output: &Output) -> String {
    let mut text = String::new();
    for line in normaliser.normalise(&String::from_utf8_lossy(&output.stdout)).lines() {
        text.extend(if line.is_empty() { ["", "", "\n"] } else { ["  ", line, "\n"] });
    }
    let complaints = normaliser.normalise(&String::from_utf8_lossy(&output.stderr));
    for line in complaints.lines().filter(|line| !line.starts_with(HONESTY)) {
        text.extend(if line.is_empty() { ["!", "", "\n"] } else { ["! ", line, "\n"] });
    }
    match output.status.code() {
        Some(0) => {}
        code => text.extend(["[exit code ", &code.unwrap_or(-1).to_string(), "]\n"]),
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

impl Report {
    /// Adds another transcript's.
    pub fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.differences.extend(other.differences);
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for difference in &self.differences {
            writeln!(out, "{difference}")?;
        }
        let equal = self.commands - self.differences.len();
        writeln!(out, "{equal} of {} commands print the same", self.commands)
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "--- {}.txt:{}", self.transcript, self.line)?;
        writeln!(out, "$ {}", self.script)?;
        let diff = TextDiff::from_lines(&self.expected, &self.found);
        for change in diff.iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => "-",
                ChangeTag::Insert => "+",
                ChangeTag::Equal => " ",
            };
            writeln!(out, "{sign}{}", change.value().trim_end_matches('\n'))?;
        }
        Ok(())
    }
}
