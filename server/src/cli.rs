//! The command line: a contract that other programs depend on.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "Exit codes:\n  0  it worked\n  1  a check does not hold, or a scenario is not \
    sound\n  2  the command line is wrong\n  3  the surroundings do not allow it (port in use, \
    cluster not reachable, credentials refused, file not readable, or the cluster lacks what a \
    scenario needs)";

/// Kubernetes scenarios as notebooks that run, on an embedded cluster or a real one.
#[derive(Debug, Parser)]
#[command(name = "podium", version, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the notebooks.
    #[command(after_help = "Examples:\n  podium serve\n  podium serve --listen 0.0.0.0:8080\n  \
        podium serve --kubeconfig ~/.kube/config --context staging")]
    Serve(Serve),
    /// Serve one embedded cluster as a Kubernetes API, in real time, for kubectl, helm and any client.
    ///
    /// Prints `ready` when it serves.
    #[command(
        after_help = "Examples:\n  podium cluster --listen 127.0.0.1:6443 --write-kubeconfig \
        podium.kubeconfig\n  kubectl --kubeconfig podium.kubeconfig get nodes\n  podium cluster \
        --listen 127.0.0.1:0 --write-kubeconfig k --controllers none\n  podium cluster --listen \
        127.0.0.1:0 --write-kubeconfig k --addons metrics-server,hypercloud\n  podium cluster --listen \
        127.0.0.1:0 --write-kubeconfig k --profile hypercloud-4.1\n  podium cluster --listen \
        127.0.0.1:0 --write-kubeconfig k --audit-log audit.log"
    )]
    Cluster(Cluster),
    /// Prove scenarios: every check fails before its step is solved and passes afterwards.
    ///
    /// On a real cluster, nothing that is there already is changed and nothing stays. What such a
    /// cluster lacks (nodes, a network plugin that enforces policies) is found out by trying, and
    /// reported as `LACKS` before anything is done; checks and scenarios that need it are `NOT HERE`,
    /// and the exit code is 3.
    #[command(
        after_help = "Examples:\n  podium check\n  podium check hypercloud-4.1/03-network-policy \
        --lang en\n  podium check --kubeconfig ~/.kube/config --format json\n  podium check \
        hypercloud-4.1/02-authority --kubeconfig ~/.kube/config --set dev=mine"
    )]
    Check(Check),
    /// Find what is wrong in scenario folders, without playing them.
    ///
    /// Every finding has a file, a line, what is wrong, and what to do about it: fields and types, dead
    /// ids of cells, missing translations, checks that are out of reach, requirements that nobody states,
    /// links, names of kinds that no server serves, files and names that nothing uses.
    #[command(
        after_help = "Examples:\n  podium lint\n  podium lint hypercloud-4.1/03-network-policy\n  \
        podium lint --format json\n  podium lint --schema > scenario.schema.json"
    )]
    Lint(Lint),
    /// Play wrong states: every check cell must refuse 95 of 100 of them.
    ///
    /// Wrong states are made from the solutions: a field removed or another value in it, a label, an
    /// object of another name, in another namespace or missing, one dash more, a command left out or with
    /// another word, two cells in the other order. Each is played on an embedded cluster up to the checks
    /// that follow. Not counted are those after which the cluster is the same as after the solution, and
    /// those that change what the checks are not about.
    #[command(
        after_help = "Examples:\n  podium mutate\n  podium mutate hypercloud-4.1/03-network-policy\n  \
        podium mutate --format json"
    )]
    Mutate(Mutate),
    /// Make a scenario folder to begin with: in both languages, with a manifest, a check and a quiz.
    #[command(
        after_help = "Examples:\n  podium new my-course/01-pods\n  podium new hypercloud-4.1/11-security \
        --scenarios manifests/scenarios"
    )]
    New(New),
    /// Serve the notebooks as they are being written: the page follows every saved file.
    ///
    /// Sessions go on with the new text. While a file is broken, the page keeps the last content that was
    /// sound and shows what is wrong with file and line, as the terminal does.
    #[command(
        after_help = "Examples:\n  podium preview\n  podium preview my-course/01-pods --lang en\n  podium \
        preview my-course/01-pods --listen 127.0.0.1:9000 --no-open"
    )]
    Preview(Preview),
    /// Run one command of the console's kubectl in this terminal.
    ///
    /// The same kubectl as in the notebooks, for whoever has none at hand: it takes kubectl's commands and
    /// flags (what it does not do is said), reads `--kubeconfig`, `KUBECONFIG` or `~/.kube/config`, and ends with
    /// kubectl's exit codes.
    #[command(
        after_help = "Examples:\n  podium kubectl get pods -A\n  podium kubectl --kubeconfig \
        podium.kubeconfig apply -f pod.yaml\n  podium kubectl \
        get --help"
    )]
    Kubectl(Kubectl),
    /// List the course, or compile it for the page.
    #[command(
        after_help = "Examples:\n  podium scenarios\n  podium scenarios --format json\n  podium \
        scenarios --export dist/scenarios"
    )]
    Scenarios(Scenarios),
}

/// Where a real cluster is.
#[derive(Debug, Clone, Args)]
pub struct RealCluster {
    /// Kubeconfig of a real cluster; its credentials never leave this process.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig; its current one when absent.
    #[arg(long, value_name = "NAME", requires = "kubeconfig")]
    pub context: Option<String>,
}

/// `podium serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A real cluster to offer beside the embedded one.
    #[command(flatten)]
    pub real: RealCluster,
    /// Folder of the scenarios.
    #[arg(long, value_name = "DIR", default_value = "manifests/scenarios")]
    pub scenarios: PathBuf,
    /// Folder of the built page.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    pub dist: PathBuf,
}

/// `podium cluster`.
#[derive(Debug, Args)]
pub struct Cluster {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Where to write the kubeconfig (readable only by you).
    #[arg(long, value_name = "FILE")]
    pub write_kubeconfig: PathBuf,
    /// Seed of everything random in the cluster.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Number of nodes.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub nodes: u32,
    /// Controllers to run, separated by commas: the names of kube-controller-manager, with or without
    /// `-controller`, `scheduler` and `kubelet`; `-NAME` for all but that one beside `*`; or `none`.
    /// All when absent.
    #[arg(long, value_name = "LIST|none", value_delimiter = ',')]
    pub controllers: Vec<String>,
    /// A whole cluster with machines and add-ons of its own, instead of `--nodes`: `plain`, a session's, or
    /// `hypercloud-4.1`, the 27 machines of the proof of concept.
    #[arg(long, value_name = "NAME", conflicts_with = "nodes")]
    pub profile: Option<String>,
    /// Add-ons to install, separated by commas: `metrics-server`, `hypercloud`; none when absent.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub addons: Vec<String>,
    /// Where to write the audit log, one `audit.k8s.io/v1` event a line (level Metadata, without the
    /// stage RequestReceived); `-` for standard output.
    #[arg(long, value_name = "FILE|-")]
    pub audit_log: Option<PathBuf>,
    /// Authorities (PEM) whose client certificates are accepted as well: the common name is the user, the
    /// organizations are the groups. `--cluster-signing-cert-file` of a real kube-controller-manager, for example.
    #[arg(long, value_name = "FILE")]
    pub client_ca_file: Option<PathBuf>,
    /// Key (PEM, RSA or elliptic) that signs the tokens of service accounts, with RS256, ES256 or ES384; an elliptic
    /// one of this run when absent. Its public half is at `/openid/v1/jwks`.
    #[arg(long, value_name = "FILE")]
    pub service_account_signing_key_file: Option<PathBuf>,
    /// Further keys (PEM, public or private) whose tokens are accepted; may be given several times.
    /// The public half of `--service-account-private-key-file` of a real kube-controller-manager, for example.
    #[arg(long, value_name = "FILE")]
    pub service_account_key_file: Vec<PathBuf>,
}

/// `podium check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Scenarios to prove, for example `hypercloud-4.1/03-network-policy`; all that are ready when absent.
    #[arg(value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// A real cluster to prove them on instead of the embedded one.
    #[command(flatten)]
    pub real: RealCluster,
    /// Value of a variable of the scenarios, for example `dev=mine`; may be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Language of the answers.
    #[arg(long, value_enum, default_value_t = Lang::En)]
    pub lang: Lang,
    /// Form of the answers.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it is not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `podium lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Scenarios to look at, for example `hypercloud-4.1/03-network-policy`; all when absent.
    #[arg(value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Print the JSON Schema of scenario.yaml instead, for editors.
    #[arg(long, conflicts_with = "names")]
    pub schema: bool,
    /// Form of the findings.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
}

/// `podium mutate`.
#[derive(Debug, Args)]
pub struct Mutate {
    /// Scenarios to play, for example `hypercloud-4.1/03-network-policy`; all that are ready when absent.
    #[arg(value_name = "SCENARIO")]
    pub names: Vec<String>,
    /// Form of the answers.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
}

/// `podium new`.
#[derive(Debug, Args)]
pub struct New {
    /// Name of the folder: a track, and in it two digits (the section), a dash and a word.
    #[arg(value_name = "TRACK/NN-name")]
    pub name: String,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
}

/// `podium preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// Scenario to open, for example `my-course/01-pods`; the list of all when absent.
    #[arg(value_name = "SCENARIO")]
    pub name: Option<String>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Do not open a browser.
    #[arg(long = "no-open", action = clap::ArgAction::SetFalse)]
    pub open: bool,
    /// Language of the page that is opened.
    #[arg(long, value_enum, default_value_t = Lang::Ko)]
    pub lang: Lang,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
    /// Folder of the built page.
    #[arg(long, value_name = "DIR", default_value = "dist")]
    pub dist: PathBuf,
}

/// `podium kubectl`.
#[derive(Debug, Args)]
pub struct Kubectl {
    /// What would stand behind `kubectl`.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// `podium scenarios`.
#[derive(Debug, Args)]
pub struct Scenarios {
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Write the compiled course into this folder instead of listing it.
    #[arg(long, value_name = "DIR")]
    pub export: Option<PathBuf>,
    /// Folder of the scenarios.
    #[arg(long = "scenarios", value_name = "DIR", default_value = "manifests/scenarios")]
    pub folder: PathBuf,
}

/// A language of the course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Lang {
    /// `ko` or `en`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }
}

/// A form of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}
