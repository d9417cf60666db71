//! `v5.channel.k8s.io` frames: collected into what a finished command left, or as they come.

use apimachinery::status::Status;
use apimachinery::transport::{
    Dialogue, ExecError, ExecOutput, Input, Told, TransportError, exit_code_of,
};
use futures_util::StreamExt as _;

use super::stream::{EngineStream, StreamWriter};

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
                output.exit_code = exit_code_of(data)?;
                return Ok(output);
            }
            Some(_) | None => {}
        }
    }
    Err(TransportError::Connection("the stream ended without a status".to_owned()).into())
}

impl Input for StreamWriter {
    fn write(&mut self, bytes: &[u8]) {
        Self::write(self, &[&[STDIN], bytes].concat());
    }
}

/// A stream of frames as a dialogue.
pub(super) fn converse(stream: EngineStream) -> Dialogue {
    let input = Box::new(stream.writer());
    let told = stream.filter_map(|frame| {
        std::future::ready(match frame.split_first() {
            Some((&STDOUT, data)) => Some(Ok(Told::Stdout(data.to_vec()))),
            Some((&STDERR, data)) => Some(Ok(Told::Stderr(data.to_vec()))),
            Some((&ERROR, data)) => Some(exit_code_of(data).map(Told::Ended)),
            Some(_) | None => None,
        })
    });
    Dialogue { told: Box::pin(told), input }
}
