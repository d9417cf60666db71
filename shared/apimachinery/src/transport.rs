//! The Kubernetes REST wire as a trait: requests in, responses or streams out.
//!
//! `runner`, `kubectl` and `session` are written once against [`Transport`]. Its implementations are the
//! embedded cluster (in process) and a real cluster (`kube::Client`, in the server).

use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use jiff::Timestamp;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Bytes as they arrive.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Vec<u8>, TransportError>> + Send>>;

/// Why no answer came from the API server. (An answer with an error status is an answer.)
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The server could not be reached, or the connection broke; whether the request took effect is
    /// not known.
    #[error("the connection to the cluster failed: {0}")]
    Connection(String),
    /// The credentials were refused before the request was looked at (expired token or certificate).
    #[error("the cluster refused the credentials: {0}")]
    Credentials(String),
    /// The request cannot be sent over this transport.
    #[error("{0}")]
    Unsupported(String),
}

/// What a finished `exec` left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExecOutput {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// Exit code of the command.
    pub exit_code: i32,
}

/// What a command in a container tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It wrote to standard output; with a terminal, also what it would write to standard error.
    Stdout(Vec<u8>),
    /// It wrote to standard error.
    Stderr(Vec<u8>),
    /// It ended with this exit code.
    Ended(i32),
}

/// Standard input of a command that runs.
pub trait Input: Send {
    /// Sends bytes; what comes after the command's end is lost.
    fn write(&mut self, bytes: &[u8]);
}

/// A command that runs, or a container's first process that was attached to. Dropping it hangs up.
pub struct Dialogue {
    /// What it tells; the last is [`Told::Ended`], or an error.
    pub told: Pin<Box<dyn Stream<Item = Result<Told, ExecError>> + Send>>,
    /// Its standard input, which is not read when the request did not ask for it.
    pub input: Box<dyn Input>,
}

/// Why an `exec` gave no exit code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// The API server or the kubelet answered with a `Status` (JSON).
    #[error("{}", .0.message)]
    Refused(Box<crate::status::Status>),
    /// No answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// A way to a cluster's API server. Paths are absolute (`/api/v1/...`), without a host.
///
/// A persona acts through `Impersonate-User` and `Impersonate-Group` headers on the request.
pub trait Transport: Send + Sync {
    /// Sends a request and reads the whole answer.
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>>;

    /// Sends a request whose answer does not end by itself (watch, `log?follow=true`). When the status
    /// is an error, the stream holds the body of the error.
    fn stream(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>>;

    /// Runs a command in a container: `request` is the GET of `pods/{name}/exec?command=…&stdout=true…`
    /// without upgrade headers.
    fn exec(
        &self,
        request: http::Request<Vec<u8>>,
        stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>>;

    /// Begins to talk with a process in a container: `request` is the GET of `pods/{name}/exec?command=…` or of
    /// `pods/{name}/attach?…` without upgrade headers.
    fn converse(
        &self,
        _request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Dialogue, ExecError>> {
        let error =
            TransportError::Unsupported("nothing can be typed over this connection".to_owned());
        Box::pin(std::future::ready(Err(error.into())))
    }
}

/// The time of a cluster. On the embedded one, waiting moves the cluster's time and no other.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Comes back when this much time has passed in the cluster.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The exit code in the status that ends an `exec` (channel 3). Errors when the status is a refusal, or none: as `k8s.io/client-go/tools/remotecommand/v4.go` reads it.
pub fn exit_code_of(status: &[u8]) -> Result<i32, ExecError> {
    let status: crate::status::Status = serde_json::from_slice(status)
        .map_err(|error| TransportError::Connection(format!("unreadable exec status: {error}")))?;
    if status.status == "Success" {
        return Ok(0);
    }
    let code = status.details.iter().flat_map(|details| &details.causes).find_map(|cause| {
        (cause.reason == "ExitCode").then(|| cause.message.parse::<i32>().ok()).flatten()
    });
    match code {
        Some(code) if status.reason == "NonZeroExitCode" => Ok(code),
        _ => Err(ExecError::Refused(Box::new(status))),
    }
}
