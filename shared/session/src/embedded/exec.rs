//! `v5.channel.k8s.io` frames collected into what a finished command left.

use apimachinery::status::Status;
use apimachinery::transport::{ExecError, ExecOutput, TransportError};
use futures_util::StreamExt as _;

use super::stream::EngineStream;

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const ERROR: u8 = 3;
const CLOSE: u8 = 255;

/// The error of an answer that is not a stream.
pub(super) fn refused(response: &http::Response<Vec<u8>>) -> ExecError {
    let status = serde_json::from_slice(response.body()).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(response.body()).into_owned();
        Status::failure(response.status().as_u16(), "", text)
    });
    ExecError::Refused(Box::new(status))
}

/// Writes standard input and reads until the command ends.
pub(super) async fn collect(
    mut stream: EngineStream,
    stdin: Vec<u8>,
) -> Result<ExecOutput, ExecError> {
    if !stdin.is_empty() {
        let mut frame = vec![STDIN];
        frame.extend(stdin);
        stream.write(&frame);
    }
    stream.write(&[CLOSE, STDIN]);
    let mut output = ExecOutput::default();
    while let Some(frame) = stream.next().await {
        match frame.split_first() {
            Some((&STDOUT, data)) => output.stdout.extend(data),
            Some((&STDERR, data)) => output.stderr.extend(data),
            Some((&ERROR, data)) => {
                output.exit_code = exit_code(data)?;
                return Ok(output);
            }
            Some(_) | None => {}
        }
    }
    Err(TransportError::Connection("the stream ended without a status".to_owned()).into())
}

/// The exit code in the status of channel 3, as `k8s.io/client-go/tools/remotecommand/v4.go` reads it.
fn exit_code(status: &[u8]) -> Result<i32, ExecError> {
    let status: Status = serde_json::from_slice(status)
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
