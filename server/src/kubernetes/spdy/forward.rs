//! Port forwarding: each connection of the client is a pair of streams, one for data and one for errors
//! (`k8s.io/cri-streaming/pkg/streaming/portforward/httpstream.go`).

use std::collections::BTreeMap;

use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, SelectAll};
use session::embedded::{EngineStream, StreamWriter};

use super::{Frame, Pipe, Reader, Writer, header};

/// How many connections a client may have open; `kubectl` has as many as its own clients.
const LIMIT: usize = 1000;
/// The channel of the engine's frames that tells of others' ends.
const END: u8 = 255;

/// The streams of one connection as they arrive.
#[derive(Default)]
struct Pair {
    port: u16,
    data: Option<u32>,
    error: Option<u32>,
}

/// A connection that stands; its name is its data stream.
struct Connection {
    error: u32,
    writer: StreamWriter,
}

struct Session {
    writer: Writer,
    pairs: BTreeMap<String, Pair>,
    connections: BTreeMap<u32, Connection>,
    engine: SelectAll<BoxStream<'static, (u32, Option<Vec<u8>>)>>,
}

/// Serves a client until it leaves. `open` connects to a port of the pod.
pub(in super::super) async fn run(
    mut pipe: Pipe,
    open: impl Fn(u16) -> Option<EngineStream> + Send,
) {
    let mut reader = Reader::new();
    let mut session = Session {
        writer: Writer::new(),
        pairs: BTreeMap::new(),
        connections: BTreeMap::new(),
        engine: SelectAll::new(),
    };
    loop {
        let answer = tokio::select! {
            chunk = pipe.from_client.recv() => {
                let Some(frames) = chunk.and_then(|chunk| reader.feed(&chunk).ok()) else { return };
                let mut answer = Vec::new();
                for frame in frames {
                    answer.extend(session.take(frame, &open));
                }
                answer
            }
            Some((stream, frame)) = session.engine.next() => session.pass_on(stream, frame.as_deref()),
        };
        if !answer.is_empty() && pipe.to_client.send(answer).await.is_err() {
            return;
        }
    }
}

impl Session {
    fn take(&mut self, frame: Frame, open: &impl Fn(u16) -> Option<EngineStream>) -> Vec<u8> {
        match frame {
            Frame::Open { stream, headers, .. } => {
                let accepted = self.writer.accept(stream);
                [accepted, self.begin(stream, &headers, open)].concat()
            }
            Frame::Data { stream, data, last } => {
                if let Some(connection) = self.connections.get(&stream) {
                    if !data.is_empty() {
                        connection.writer.write(&[&[0], data.as_slice()].concat());
                    }
                    if last {
                        connection.writer.write(&[END, 0]);
                    }
                }
                Vec::new()
            }
            Frame::Reset { stream } => {
                // Its errors end all the same: kubectl waits for that after it has reset the data.
                if let Some(connection) = self.connections.get(&stream) {
                    connection.writer.write(&[END, 0]);
                }
                Vec::new()
            }
            Frame::Ping { number } => Writer::pong(number),
            Frame::GoAway => Vec::new(),
        }
    }

    /// A stream begins; with the second of its pair, a connection does.
    fn begin(
        &mut self,
        stream: u32,
        headers: &[(String, String)],
        open: &impl Fn(u16) -> Option<EngineStream>,
    ) -> Vec<u8> {
        let errors = header(headers, "streamtype") == "error";
        let name = match header(headers, "requestid") {
            // Clients before 1.2 open both streams one after the other and name none.
            "" if errors => stream.to_string(),
            "" => stream.saturating_sub(2).to_string(),
            name => name.to_owned(),
        };
        if self.pairs.len() + self.connections.len() >= LIMIT {
            return Writer::end(stream);
        }
        let pair = self.pairs.entry(name.clone()).or_default();
        if errors {
            pair.error = Some(stream);
        } else {
            pair.data = Some(stream);
            pair.port = header(headers, "port").parse().unwrap_or_default();
        }
        let (Some(data), Some(error)) = (pair.data, pair.error) else { return Vec::new() };
        let port = pair.port;
        self.pairs.remove(&name);
        let Some(engine) = open(port) else {
            return [Writer::end(data), Writer::end(error)].concat();
        };
        self.connections.insert(data, Connection { error, writer: engine.writer() });
        // The first two frames name the port on each channel, for websockets.
        let frames = engine.skip(2).map(Some).chain(futures_util::stream::iter([None]));
        self.engine.push(frames.map(move |frame| (data, frame)).boxed());
        Vec::new()
    }

    /// A frame of the engine, or its end, for a connection.
    fn pass_on(&mut self, data: u32, frame: Option<&[u8]>) -> Vec<u8> {
        let Some(connection) = self.connections.get(&data) else { return Vec::new() };
        match frame {
            Some([END, 0, ..]) => Writer::end(data),
            Some([END, ..]) => Writer::end(connection.error),
            Some([0, bytes @ ..]) => Writer::data(data, bytes),
            Some([_, text @ ..]) => Writer::data(connection.error, text),
            Some([]) => Vec::new(),
            None => {
                self.connections.remove(&data);
                Vec::new()
            }
        }
    }
}
