//! Streams of the server, cut into lines, with a limit of time.

use std::future::poll_fn;
use std::task::{Context, Poll};

use apimachinery::transport::{BoxFuture, ByteStream};

/// What came next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next<T> {
    Item(T),
    End,
    Timeout,
    Broken(String),
}

/// The next bytes of a stream, or the end of the time.
pub(crate) async fn next_chunk(
    stream: &mut ByteStream,
    limit: &mut Option<BoxFuture<'_, ()>>,
) -> Next<Vec<u8>> {
    poll_fn(|context| {
        match stream.as_mut().poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => return Poll::Ready(Next::Item(chunk)),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Next::Broken(error.to_string())),
            Poll::Ready(None) => return Poll::Ready(Next::End),
            Poll::Pending => {}
        }
        if let Some(limit) = limit
            && limit.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Next::Timeout);
        }
        Poll::Pending
    })
    .await
}

/// Lines of a stream.
pub(crate) struct Lines {
    stream: ByteStream,
    buffer: Vec<u8>,
    ended: bool,
}

impl Lines {
    pub(crate) fn new(stream: ByteStream) -> Self {
        Self { stream, buffer: Vec::new(), ended: false }
    }

    /// The next line without its break; the last one needs none.
    pub(crate) async fn next(&mut self, limit: &mut Option<BoxFuture<'_, ()>>) -> Next<String> {
        poll_fn(|context| {
            if let Poll::Ready(line) = self.poll_line(context) {
                return Poll::Ready(line);
            }
            let out_of_time =
                limit.as_mut().is_some_and(|limit| limit.as_mut().poll(context).is_ready());
            if out_of_time { Poll::Ready(Next::Timeout) } else { Poll::Pending }
        })
        .await
    }

    fn poll_line(&mut self, context: &mut Context<'_>) -> Poll<Next<String>> {
        loop {
            if let Some(at) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(at + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                return Poll::Ready(Next::Item(String::from_utf8_lossy(&line).into_owned()));
            }
            if self.ended {
                if self.buffer.is_empty() {
                    return Poll::Ready(Next::End);
                }
                let line = std::mem::take(&mut self.buffer);
                return Poll::Ready(Next::Item(String::from_utf8_lossy(&line).into_owned()));
            }
            match self.stream.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => self.buffer.extend(chunk),
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Next::Broken(error.to_string()));
                }
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// The next line of any of several streams, with the index of the stream; ended ones are left out.
pub(crate) async fn next_of_any(streams: &mut [Option<Lines>]) -> Option<(usize, Next<String>)> {
    poll_fn(|context| {
        let mut open = false;
        for (index, slot) in streams.iter_mut().enumerate() {
            let Some(lines) = slot else { continue };
            match lines.poll_line(context) {
                Poll::Ready(Next::End) => *slot = None,
                Poll::Ready(next) => return Poll::Ready(Some((index, next))),
                Poll::Pending => open = true,
            }
        }
        if open { Poll::Pending } else { Poll::Ready(None) }
    })
    .await
}
