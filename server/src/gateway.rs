//! The way to a real cluster: a kubeconfig becomes a [`Transport`] and a clock for sessions and checks.
//!
//! Credentials stay in the client that is made here. Whatever goes wrong before the first answer is told
//! in one sentence with its cause and remedy.

mod clock;
mod transport;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::transport::{Clock, Transport, TransportError};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use kubectl::Kubectl;
use protocol::v1::{Executor, ExecutorView};
use session::Ends;

pub use self::clock::WallClock;
pub use self::transport::KubeTransport;
use crate::cli::RealCluster;
use crate::error::Failure;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A real cluster that answers.
#[derive(Clone)]
pub struct Cluster {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// What the page shows about it.
    pub view: ExecutorView,
}

impl Cluster {
    /// Connects to the cluster of the command line, if it names one.
    pub async fn of(arguments: &RealCluster) -> Result<Option<Self>, Failure> {
        match &arguments.kubeconfig {
            Some(file) => Self::connect(file, arguments.context.as_deref()).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads a kubeconfig and asks its cluster for its version.
    pub async fn connect(file: &Path, context: Option<&str>) -> Result<Self, Failure> {
        let (config, name) = configuration(file, context).await?;
        let server = config.cluster_url.to_string();
        let transport = transport(config, file)?;
        let kubernetes =
            version(&transport).await.map_err(|error| unreachable(&server, file, &error))?;
        let view = ExecutorView {
            kind: Executor::Real,
            kubernetes,
            cluster: name.unwrap_or(server),
            kubeconfig: false,
        };
        Ok(Self { transport: Arc::new(transport), clock: Arc::new(WallClock), view })
    }

    /// What a session needs of it.
    pub fn ends(&self) -> Ends {
        Ends::real(Arc::clone(&self.transport), Arc::clone(&self.clock))
    }
}

/// kubectl on the cluster of a kubeconfig, in the namespace of its context; credentials that are given take
/// the place of those that stand in the file. Nothing is asked before the first command.
pub async fn kubectl(
    file: &Path,
    context: Option<&str>,
    credentials: Option<AuthInfo>,
) -> Result<Kubectl, Failure> {
    let (mut config, _) = configuration(file, context).await?;
    if let Some(credentials) = credentials {
        config.auth_info = credentials;
    }
    let namespace = config.default_namespace.clone();
    let transport = Arc::new(transport(config, file)?);
    Ok(Kubectl::new(transport, Arc::new(WallClock)).with_namespace(namespace))
}

/// What a kubeconfig says about a cluster, and the context's name.
async fn configuration(
    file: &Path,
    context: Option<&str>,
) -> Result<(Config, Option<String>), Failure> {
    let kubeconfig =
        Kubeconfig::read_from(file).map_err(|error| unreadable(file, context, &error))?;
    let name = context.map(str::to_owned).or_else(|| kubeconfig.current_context.clone());
    let options = KubeConfigOptions { context: context.map(str::to_owned), ..Default::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| unreadable(file, context, &error))?;
    config.connect_timeout = Some(CONNECT);
    // A watch may be silent for as long as nothing happens; other requests have limits of their own.
    config.read_timeout = None;
    // A refusal (429) is an answer for whoever asked; kubectl does not wait in silence either.
    config.default_retry = false;
    Ok((config, name))
}

fn transport(config: Config, file: &Path) -> Result<KubeTransport, Failure> {
    let client = Client::try_from(config).map_err(|error| {
        Failure::surroundings(
            format!("no connection can be made with {} ({})", file.display(), chain(&error)),
            "mend the certificates and addresses in it",
        )
    })?;
    Ok(KubeTransport::new(client))
}

/// The version, asked for as the credentials' own user: whoever may not even see it may do nothing.
async fn version(transport: &KubeTransport) -> Result<String, TransportError> {
    let request = http::Request::get("/version")
        .header(http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| TransportError::Unsupported(error.to_string()))?;
    let answer = transport.send(request).await?;
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let version = body.get("gitVersion").and_then(serde_json::Value::as_str);
    version.map(str::to_owned).ok_or_else(|| {
        let text = String::from_utf8_lossy(answer.body());
        let start: String = text.trim().chars().take(80).collect();
        TransportError::Connection(format!("no Kubernetes API answers there (`{start}`)"))
    })
}

fn unreadable(file: &Path, context: Option<&str>, error: &KubeconfigError) -> Failure {
    let place = file.display();
    match error {
        KubeconfigError::ReadConfig(cause, _) => Failure::surroundings(
            format!("the kubeconfig {place} cannot be read ({cause})"),
            "name a kubeconfig that this user may read",
        ),
        KubeconfigError::CurrentContextNotSet => Failure::surroundings(
            format!("the kubeconfig {place} has no current context"),
            "name one with --context",
        ),
        KubeconfigError::LoadContext(_) => Failure::surroundings(
            format!(
                "the kubeconfig {place} has no context `{}`",
                context.unwrap_or("that it calls current")
            ),
            "see `kubectl config get-contexts`",
        ),
        other => Failure::surroundings(
            format!("the kubeconfig {place} cannot be used ({})", chain(other)),
            "mend the file, or name another",
        ),
    }
}

fn unreachable(server: &str, file: &Path, error: &TransportError) -> Failure {
    match error {
        TransportError::Credentials(cause) => Failure::surroundings(
            format!("{server} refuses the credentials in {} ({cause})", file.display()),
            "they have expired or were revoked: fetch new ones",
        ),
        TransportError::Connection(cause) | TransportError::Unsupported(cause) => {
            Failure::surroundings(
                format!("the cluster at {server} cannot be reached ({cause})"),
                "see that it runs and that its address and certificate authority are right",
            )
        }
    }
}

/// An error with what caused it, as one line, without the layers that only pass it on.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().to_owned();
        if !parts.iter().any(|part| part.contains(&line)) {
            parts.push(line);
        }
        next = error.source();
    }
    let last = parts.len().saturating_sub(1);
    let layer = |part: &str| part.starts_with("ServiceError") || part.starts_with("client error (");
    let told = parts.iter().enumerate().filter(|(place, part)| *place == last || !layer(part));
    told.map(|(_, part)| part.as_str()).collect::<Vec<_>>().join(": ")
}
