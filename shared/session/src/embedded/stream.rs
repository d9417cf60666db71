//! A stream of an engine as a `futures` stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use apimachinery::engine::StreamId;
use apimachinery::transport::TransportError;
use futures_core::Stream;
use futures_util::StreamExt as _;

use super::Streams;

/// Chunks of an open stream as they arrive: documents of a watch, bytes of a log, frames of an exec.
/// Dropping it tells the engine that the client is gone.
pub struct EngineStream {
    streams: Arc<dyn Streams>,
    id: StreamId,
    ready: VecDeque<Vec<u8>>,
    closed: bool,
}

impl EngineStream {
    pub(super) fn new(streams: Arc<dyn Streams>, id: StreamId) -> Self {
        Self { streams, id, ready: VecDeque::new(), closed: false }
    }

    /// Sends a frame into an exec, attach or port-forward.
    pub fn write(&self, frame: &[u8]) {
        self.streams.write(self.id, frame);
    }

    /// What can write to this stream while it is being read elsewhere.
    pub fn writer(&self) -> StreamWriter {
        StreamWriter { streams: Arc::clone(&self.streams), id: self.id }
    }

    /// The chunks with the error type of a transport.
    pub fn bytes(self) -> impl Stream<Item = Result<Vec<u8>, TransportError>> + Send {
        self.map(Ok)
    }

    pub(super) async fn read_to_end(mut self) -> Vec<u8> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await {
            body.extend(chunk);
        }
        body
    }
}

impl Stream for EngineStream {
    type Item = Vec<u8>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Vec<u8>>> {
        if self.ready.is_empty() && !self.closed {
            let read = self.streams.read(self.id, context.waker());
            self.closed = read.closed;
            self.ready.extend(read.chunks);
        }
        match self.ready.pop_front() {
            Some(chunk) => Poll::Ready(Some(chunk)),
            None if self.closed => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl Drop for EngineStream {
    fn drop(&mut self) {
        self.streams.close(self.id);
    }
}

/// The writing half of an [`EngineStream`].
#[derive(Clone)]
pub struct StreamWriter {
    streams: Arc<dyn Streams>,
    id: StreamId,
}

impl StreamWriter {
    /// Sends a frame.
    pub fn write(&self, frame: &[u8]) {
        self.streams.write(self.id, frame);
    }
}
