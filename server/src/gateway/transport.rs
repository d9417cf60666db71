//! Requests, watches and commands over `kube::Client`.

use std::time::Duration;

use apimachinery::status::Status;
use apimachinery::transport::{
    BoxFuture, ByteStream, Dialogue, ExecError, ExecOutput, Input, Told, Transport, TransportError,
    exit_code_of,
};
use futures_util::{SinkExt as _, StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use super::chain;

/// How long an answer may take, from the last byte of the request to the last of the answer.
const ANSWER: Duration = Duration::from_mins(1);
/// How long a command in a container may take.
const COMMAND: Duration = Duration::from_mins(10);

/// Channels of `v5.channel.k8s.io` (`k8s.io/apimachinery/pkg/util/remotecommand/constants.go`).
const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const CLOSE: u8 = 255;

/// A real API server.
#[derive(Clone)]
pub struct KubeTransport {
    client: Client,
}

impl KubeTransport {
    /// Over a client with its credentials.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    async fn ask(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Body>, TransportError> {
        let response = self.client.send(request.map(Body::from)).await.map_err(failed)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let body = response.into_body().collect().await.map_err(failed)?.to_bytes();
        Err(TransportError::Credentials(message(&body, "Unauthorized")))
    }
}

/// Why no answer came.
fn failed(error: kube::Error) -> TransportError {
    match error {
        kube::Error::Auth(error) => TransportError::Credentials(chain(&error)),
        other => TransportError::Connection(chain(&other)),
    }
}

fn message(body: &[u8], otherwise: &str) -> String {
    serde_json::from_slice::<Status>(body)
        .map_or_else(|_not_a_status| otherwise.to_owned(), |status| status.message)
}

fn late(limit: Duration) -> TransportError {
    TransportError::Connection(format!("no answer within {} s", limit.as_secs()))
}

impl Transport for KubeTransport {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let work = async move {
            let (parts, body) = self.ask(request).await?.into_parts();
            let body = body.collect().await.map_err(failed)?.to_bytes().to_vec();
            Ok(http::Response::from_parts(parts, body))
        };
        Box::pin(async move {
            tokio::time::timeout(ANSWER, work).await.unwrap_or_else(|_| Err(late(ANSWER)))
        })
    }

    fn stream(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER, self.ask(request));
            let response = answer.await.unwrap_or_else(|_elapsed| Err(late(ANSWER)))?;
            Ok(response.map(|body| -> ByteStream {
                let bytes = body.into_data_stream().map_ok(|chunk| chunk.to_vec());
                Box::pin(bytes.map_err(failed))
            }))
        })
    }

    fn exec(
        &self,
        mut request: http::Request<Vec<u8>>,
        stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
        let work = async move {
            // A kubelet answers 406 to an upgrade that asks for JSON (go-restful); kubectl asks for nothing.
            request.headers_mut().remove(http::header::ACCEPT);
            let connection = self.client.connect(request).await.map_err(refused)?;
            let closes = connection.supports_stream_close();
            let mut socket = connection.into_stream();
            if !stdin.is_empty() {
                let mut frame = vec![STDIN];
                frame.extend(stdin);
                socket.send(Message::binary(frame)).await.map_err(broken)?;
            }
            if closes {
                socket.send(Message::binary(vec![CLOSE, STDIN])).await.map_err(broken)?;
            }
            let mut output = ExecOutput::default();
            while let Some(frame) = socket.next().await {
                match frame.map_err(broken)?.into_data().split_first() {
                    Some((&STDOUT, data)) => output.stdout.extend(data),
                    Some((&STDERR, data)) => output.stderr.extend(data),
                    Some((&ERROR, data)) if !data.is_empty() => {
                        output.exit_code = exit_code_of(data)?;
                        return Ok(output);
                    }
                    Some(_) | None => {}
                }
            }
            let text = "the connection ended before the command did".to_owned();
            Err(TransportError::Connection(text).into())
        };
        Box::pin(async move {
            let limited = tokio::time::timeout(COMMAND, work).await;
            limited.unwrap_or_else(|_| Err(late(COMMAND).into()))
        })
    }

    fn converse(
        &self,
        mut request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Dialogue, ExecError>> {
        Box::pin(async move {
            request.headers_mut().remove(http::header::ACCEPT);
            let connecting = tokio::time::timeout(ANSWER, self.client.connect(request));
            let connection = connecting.await.map_err(|_elapsed| late(ANSWER))?.map_err(refused)?;
            let (sink, frames) = connection.into_stream().split();
            let (input, typed) = mpsc::unbounded_channel::<Vec<u8>>();
            // What is typed goes out while the frames that come in are waited for.
            let typed = stream::unfold((typed, sink), |(mut typed, mut sink)| async move {
                let frame = typed.recv().await?;
                let sent = sink.send(Message::binary(frame)).await.map_err(broken);
                Some((sent.err().map(Err), (typed, sink)))
            });
            let told = frames.map(|frame| match frame.map_err(broken)?.into_data().split_first() {
                Some((&STDOUT, data)) => Ok(Some(Told::Stdout(data.to_vec()))),
                Some((&STDERR, data)) => Ok(Some(Told::Stderr(data.to_vec()))),
                Some((&ERROR, data)) if !data.is_empty() => {
                    exit_code_of(data).map(|code| Some(Told::Ended(code)))
                }
                Some(_) | None => Ok(None),
            });
            let told = told.filter_map(|told| std::future::ready(told.transpose()));
            let typed = typed.filter_map(std::future::ready);
            Ok(Dialogue {
                told: Box::pin(stream::select(told, typed)),
                input: Box::new(Typed(input)),
            })
        })
    }
}

/// The standard input of a command over a web socket.
struct Typed(mpsc::UnboundedSender<Vec<u8>>);

impl Input for Typed {
    fn write(&mut self, bytes: &[u8]) {
        // Once the command has ended nobody reads.
        let _nobody_reads = self.0.send([&[STDIN], bytes].concat());
    }
}

fn broken(error: tokio_tungstenite::tungstenite::Error) -> ExecError {
    TransportError::Connection(error.to_string()).into()
}

/// Why a command did not begin: an answer of the API server, or none.
fn refused(error: kube::Error) -> ExecError {
    let kube::Error::Api(status) = error else { return failed(error).into() };
    let said = if status.message.is_empty() {
        "the API server refused the command"
    } else {
        status.message.as_str()
    };
    let otherwise = Status::failure(status.code, &status.reason, said);
    let text = serde_json::to_value(&*status).unwrap_or_default();
    let status: Status = serde_json::from_value(text).unwrap_or(otherwise);
    if status.code == 401 {
        return TransportError::Credentials(status.message).into();
    }
    ExecError::Refused(Box::new(status))
}
