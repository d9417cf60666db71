//! exec and attach: one stream for each of a process' streams, and one for how it ended
//! (`k8s.io/cri-streaming/pkg/streaming/remotecommand/httpstream.go`).

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use session::embedded::{EngineStream, StreamWriter};

use super::{Frame, Pipe, Reader, Writer, header};

/// Streams in the order of their channels.
const CHANNELS: [&str; 5] = ["stdin", "stdout", "stderr", "error", "resize"];
const ERROR: u8 = 3;
/// The channel of the engine's frames that tells of others' ends.
const END: u8 = 255;

struct Session {
    writer: Writer,
    /// By channel.
    streams: BTreeMap<u8, u32>,
    wanted: Vec<u8>,
    input: StreamWriter,
}

/// Carries a command's streams until it has ended or the client has left. What the command says waits until
/// the client has opened all streams that it asked for.
pub(in super::super) async fn run(mut pipe: Pipe, mut engine: EngineStream, query: &str) {
    let mut reader = Reader::new();
    let mut session = Session {
        writer: Writer::new(),
        streams: BTreeMap::new(),
        wanted: wanted(query),
        input: engine.writer(),
    };
    loop {
        let answer = tokio::select! {
            chunk = pipe.from_client.recv() => {
                let Some(frames) = chunk.and_then(|chunk| reader.feed(&chunk).ok()) else { return };
                frames.into_iter().flat_map(|frame| session.take(frame)).collect()
            }
            frame = engine.next(), if session.wanted.is_empty() => {
                let Some(frame) = frame else { break };
                session.pass_on(&frame)
            }
        };
        if !answer.is_empty() && pipe.to_client.send(answer).await.is_err() {
            return;
        }
    }
    let ends = session.streams.values().flat_map(|stream| Writer::end(*stream)).collect();
    // The client may have left in the meantime.
    let _sent = pipe.to_client.send(ends).await;
}

impl Session {
    fn take(&mut self, frame: Frame) -> Vec<u8> {
        match frame {
            Frame::Open { stream, headers, .. } => {
                let kind = header(&headers, "streamtype");
                let known = CHANNELS.iter().zip(0..).find(|(known, _)| **known == kind);
                if let Some((_, channel)) = known {
                    self.streams.insert(channel, stream);
                    self.wanted.retain(|one| *one != channel);
                }
                return self.writer.accept(stream);
            }
            Frame::Data { stream, data, last } => {
                let channel = self.streams.iter().find(|(_, known)| **known == stream);
                if let Some((channel, _)) = channel {
                    if !data.is_empty() {
                        self.input.write(&[&[*channel], data.as_slice()].concat());
                    }
                    if last {
                        self.input.write(&[END, *channel]);
                    }
                }
            }
            Frame::Ping { number } => return Writer::pong(number),
            Frame::Reset { .. } | Frame::GoAway => {}
        }
        Vec::new()
    }

    fn pass_on(&self, frame: &[u8]) -> Vec<u8> {
        let Some((channel, data)) = frame.split_first() else { return Vec::new() };
        self.streams.get(channel).map_or_else(Vec::new, |stream| Writer::data(*stream, data))
    }
}

/// The channels whose streams the client will open (`createStreams` of the same package).
fn wanted(query: &str) -> Vec<u8> {
    let asked = |name: &str| {
        query.split('&').any(|pair| {
            pair.split_once('=')
                .is_some_and(|(key, value)| key == name && !matches!(value, "false" | "0"))
        })
    };
    let mut channels = vec![ERROR];
    channels.extend(
        [("stdin", 0), ("stdout", 1)].into_iter().filter(|one| asked(one.0)).map(|one| one.1),
    );
    if asked("tty") {
        channels.push(4);
    } else if asked("stderr") {
        channels.push(2);
    }
    channels
}
