//! Connections that clients forward to ports of a pod (`k8s.io/cri-streaming/pkg/streaming/portforward`).
//!
//! Each port has two channels, as in `v4.channel.k8s.io`: data (even) and errors (odd). Channel 255 says that
//! another one has ended. What arrives is read as HTTP, the only thing that the programs of images speak.

use std::sync::Arc;

use apimachinery::engine::StreamRead;
use jiff::Timestamp;

use super::Kubelets;
use super::container::hex;
use super::node_network::full_name;
use super::serve::{Asked, Served, listener, reply};
use crate::apiserver::NodeRequest;
use crate::fields;
use crate::shell::Answer;
use crate::store::Store;

/// What a client may send before a request is complete; more is no request.
const LIMIT: usize = 1024 * 1024;
/// The channel that tells of others' ends.
const END: u8 = 255;

/// Connections to ports of a pod.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    pod: String,
    uid: String,
    connections: Vec<Connection>,
    frames: Vec<Vec<u8>>,
}

#[derive(Debug, Clone)]
struct Connection {
    port: u16,
    received: Vec<u8>,
    open: bool,
}

/// One HTTP request of a connection.
struct Request {
    method: String,
    path: String,
    agent: String,
    keeps_open: bool,
    length: usize,
}

impl Kubelets {
    /// Opens connections; who listens is found out with the first byte, as upstream dials when a stream begins.
    pub(super) fn forward(&mut self, request: &NodeRequest, ports: &[u16]) -> u64 {
        let mut forward = Forward {
            pod: full_name(&request.pod),
            uid: fields::uid(&request.pod).to_owned(),
            connections: Vec::new(),
            frames: Vec::new(),
        };
        for (port, channel) in ports.iter().zip((0..=u8::MAX - 2).step_by(2)) {
            let listens = self
                .ports
                .get(&forward.pod)
                .is_some_and(|own| own.contains(&crate::network::Socket::tcp(*port)));
            for channel in [channel, channel + 1] {
                forward.frames.push([&[channel][..], &port.to_le_bytes()].concat());
            }
            forward.connections.push(Connection { port: *port, received: Vec::new(), open: true });
            if !listens {
                let text = refused(*port, &forward);
                forward.frames.push([&[channel + 1], text.as_bytes()].concat());
                forward.end(usize::from(channel / 2));
            }
        }
        self.sessions.last += 1;
        self.sessions.forwards.insert(self.sessions.last, forward);
        self.sessions.last
    }

    /// Takes what a client sent; `true` when the stream is one of these.
    pub(crate) fn forward_frame(
        &mut self,
        store: &Store,
        id: u64,
        frame: &[u8],
        now: Timestamp,
    ) -> bool {
        let Some(mut forward) = self.sessions.forwards.remove(&id) else { return false };
        match frame {
            [END, channel, ..] if channel % 2 == 0 => forward.end(usize::from(channel / 2)),
            [channel, data @ ..] if channel % 2 == 0 && *channel != END => {
                self.receive(store, &mut forward, usize::from(channel / 2), data, now);
            }
            _ => {}
        }
        self.sessions.forwards.insert(id, forward);
        true
    }

    fn receive(
        &mut self,
        store: &Store,
        forward: &mut Forward,
        index: usize,
        data: &[u8],
        now: Timestamp,
    ) {
        let Some(connection) = forward.connections.get_mut(index).filter(|one| one.open) else {
            return;
        };
        connection.received.extend_from_slice(data);
        let (port, received) = (connection.port, std::mem::take(&mut connection.received));
        let mut rest = received.as_slice();
        let mut keeps_open = rest.len() <= LIMIT;
        while keeps_open && !rest.is_empty() {
            let Some(request) = Request::read(rest) else { break };
            keeps_open = request.keeps_open;
            rest = rest.get(request.length..).unwrap_or_default();
            match self.serve(store, &forward.pod, port, &request, now) {
                Some(answer) => forward.send(index, &written(&answer, &request)),
                None => keeps_open = false,
            }
        }
        if keeps_open {
            if let Some(connection) = forward.connections.get_mut(index) {
                rest.clone_into(&mut connection.received);
            }
        } else {
            forward.end(index);
        }
    }

    fn serve(
        &mut self,
        store: &Store,
        pod: &str,
        port: u16,
        request: &Request,
        now: Timestamp,
    ) -> Option<Answer> {
        let (namespace, name) = pod.split_once('/')?;
        let object = store.get("pods", namespace, name)?;
        let machine = Arc::clone(self.machines.get(pod)?);
        let found = listener(&object, &machine, port, now)?;
        let Request { method, path, agent, .. } = request;
        let asked = Asked { method, path, agent, from: "127.0.0.1", now };
        let reply = reply(&self.disks, &object, &machine, found, asked)?;
        let container = fields::text(found.0, "/name").to_owned();
        let pod = pod.to_owned();
        self.log_served(&Served { pod, container, line: reply.line, file: reply.file }, now);
        Some(reply.answer)
    }

    /// What is new for a client that forwards; `None` when the stream is another.
    pub(super) fn read_forward(&mut self, id: u64) -> Option<StreamRead> {
        let forward = self.sessions.forwards.get_mut(&id)?;
        let gone = !self.machines.contains_key(&forward.pod);
        for index in 0..forward.connections.len() {
            if gone {
                forward.end(index);
            }
        }
        let chunks = std::mem::take(&mut forward.frames);
        let closed = forward.connections.iter().all(|one| !one.open);
        if closed {
            self.sessions.forwards.remove(&id);
        }
        Some(StreamRead { chunks, closed })
    }
}

impl Forward {
    fn send(&mut self, index: usize, bytes: &[u8]) {
        if let Ok(channel) = u8::try_from(index * 2) {
            self.frames.push([&[channel], bytes].concat());
        }
    }

    /// A connection is over.
    fn end(&mut self, index: usize) {
        let Some(connection) = self.connections.get_mut(index) else { return };
        if std::mem::take(&mut connection.open)
            && let Ok(channel) = u8::try_from(index * 2)
        {
            self.frames.extend([vec![END, channel], vec![END, channel + 1]]);
        }
    }
}

/// `containerd/internal/cri/server/sandbox_portforward_linux.go` in the words of
/// `cri-streaming/pkg/streaming/portforward/httpstream.go`.
fn refused(port: u16, forward: &Forward) -> String {
    let sandbox = hex(&format!("sandbox {}", forward.uid));
    format!(
        "error forwarding port {port} to pod {sandbox}, uid : failed to execute portforward in network namespace \
         \"/var/run/netns/cni-{}\": failed to connect to localhost:{port} inside namespace \"{sandbox}\", \
         IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6 [::1]:{port}: \
         connect: connection refused ",
        forward.uid
    )
}

impl Request {
    /// The first request in what has arrived, when it is complete.
    fn read(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let mut lines = head.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next().unwrap_or("/").to_owned());
        let version = words.next().unwrap_or("HTTP/1.0").to_owned();
        let headers: Vec<(String, &str)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let header = |name: &str| {
            headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| *value)
        };
        let body = end + 4;
        let length = if header("transfer-encoding").eq_ignore_ascii_case("chunked") {
            const LAST: &[u8] = b"0\r\n\r\n";
            let rest = bytes.get(body..)?;
            body + rest.windows(LAST.len()).position(|last| last == LAST)? + LAST.len()
        } else {
            body.checked_add(header("content-length").parse().unwrap_or(0))?
        };
        if length > bytes.len() {
            return None;
        }
        let asked = header("connection").to_ascii_lowercase();
        let keeps_open =
            if version == "HTTP/1.1" { asked != "close" } else { asked == "keep-alive" };
        let agent = header("user-agent").to_owned();
        Some(Self { method, path, agent, keeps_open, length })
    }
}

/// An answer as its server sends it.
fn written(answer: &Answer, request: &Request) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.code, answer.reason);
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let connection = if request.keeps_open { "keep-alive" } else { "close" };
    head.extend(["Connection: ", connection, "\r\n\r\n"]);
    let mut bytes = head.into_bytes();
    if request.method != "HEAD" {
        bytes.extend_from_slice(&answer.body);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::Request;

    fn read(text: &str) -> Option<(String, bool, usize)> {
        Request::read(text.as_bytes()).map(|one| (one.path, one.keeps_open, one.length))
    }

    #[test]
    fn a_request_is_read_when_it_is_complete() {
        assert_eq!(read("GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(read("GET /a HTTP/1.1\r\n\r\nGET"), Some(("/a".to_owned(), true, 19)));
        assert_eq!(read("GET / HTTP/1.0\r\n\r\n"), Some(("/".to_owned(), false, 18)));
        let post = "POST /b HTTP/1.1\r\nconnection: Close\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(read(&format!("{post}ab")), None);
        assert_eq!(read(&format!("{post}abc")), Some(("/b".to_owned(), false, post.len() + 3)));
        let chunked = "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
        assert_eq!(read(chunked), None);
        let whole = format!("{chunked}0\r\n\r\n");
        assert_eq!(read(&whole), Some(("/".to_owned(), true, whole.len())));
    }

    #[test]
    fn a_length_that_overflows_is_no_request() {
        let length = usize::MAX;
        assert_eq!(read(&format!("GET / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n")), None);
    }
}
