//! A small HTTP client: what goes over the wire is what these tests are about.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use protocol::v1::{Event, EventBody};
use serde::de::DeserializeOwned;
use server::content::{Course, Shelf};
use server::routes::{Served, router};
use server::sessions::Sessions;

/// How long a test waits for what must happen.
const LIMIT: Duration = Duration::from_mins(1);

/// Starts a server on a free port of loopback.
pub(crate) async fn server() -> SocketAddr {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/scenarios");
    let shelf = Shelf::new(Course::read(&scenarios).expect("the course"));
    let sessions = Sessions::new(shelf.clone(), None);
    let served = Served { sessions, shelf, dist: PathBuf::from("no-page"), only_here: true };
    let listener =
        tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router(served)).await });
    address
}

/// Writes a file for this test process.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let path =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    path
}

/// Talks to a server; each request has a connection of its own.
pub(crate) struct Client(SocketAddr);

/// An answer that was read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: http::HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        let text = self.text();
        serde_json::from_str(&text).expect(&text)
    }

    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) const fn of(address: SocketAddr) -> Self {
        Self(address)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, body).await
    }

    /// Sends a request as the page does.
    pub(crate) async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let protocol = [("x-podium-protocol", protocol::v1::VERSION)];
        self.send_with(method, path, body, &protocol).await
    }

    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let response = self.begin(method, path, body, headers).await;
        let (parts, body) = response.into_parts();
        let body = tokio::time::timeout(LIMIT, body.collect()).await.expect("an end");
        let body = body.expect("a body").to_bytes();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// Opens an event stream.
    pub(crate) async fn events(&self, path: &str) -> Events {
        self.events_with(path, &[]).await
    }

    pub(crate) async fn events_with(&self, path: &str, headers: &[(&str, &str)]) -> Events {
        let response = self.begin("GET", path, "", headers).await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body(), text: String::new() }
    }

    async fn begin(
        &self,
        method: &str,
        path: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> http::Response<Incoming> {
        let stream = tokio::net::TcpStream::connect(self.0).await.expect("a connection");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        let mut request = http::Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", self.0.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let answer = tokio::time::timeout(LIMIT, sender.send_request(request)).await;
        answer.expect("an answer in time").expect("an answer")
    }
}

/// Server-sent events as they arrive.
pub(crate) struct Events {
    body: Incoming,
    text: String,
}

impl Events {
    /// All events until one is the wanted one, which is the last of them.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&EventBody) -> bool) -> Vec<Event> {
        let mut found: Vec<Event> = Vec::new();
        let work = async {
            while !found.last().is_some_and(|event| wanted(&event.body)) {
                let frame = self.body.frame().await.expect("more events").expect("a frame");
                let Ok(data) = frame.into_data() else { continue };
                self.text.push_str(&String::from_utf8_lossy(&data));
                while let Some((frame, rest)) = self.text.split_once("\n\n") {
                    let data = frame.lines().find_map(|line| line.strip_prefix("data: "));
                    found.extend(data.map(|data| serde_json::from_str::<Event>(data).expect(data)));
                    let rest = rest.to_owned();
                    self.text = rest;
                    if found.last().is_some_and(|event| wanted(&event.body)) {
                        break;
                    }
                }
            }
        };
        tokio::time::timeout(LIMIT, work).await.expect("the wanted event in time");
        found
    }
}
