//! exec, attach and port-forward: over websockets (`v5.channel.k8s.io` and its predecessors, and SPDY inside of
//! them for kubectl's port-forward), as `k8s.io/apimachinery/pkg/util/remotecommand` and
//! `k8s.io/cri-streaming/pkg/streaming` speak them; and over SPDY.

use std::sync::Arc;

use apimachinery::engine::EngineAnswer;
use apimachinery::identity::Identity;
use apimachinery::outgoing::Continued;
use apimachinery::status::Status;
use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{CONNECTION, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use session::embedded::EngineStream;

use super::{Gateway, engine_request, refuse, spdy};
use crate::webhooks;

/// Subprotocols of commands in the order in which they are preferred.
const CHANNELS: [&str; 3] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"];
/// SPDY in a websocket.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
/// Subprotocols of port forwarding.
const FORWARDS: [&str; 2] = [TUNNEL, "v4.channel.k8s.io"];
/// What SPDY's streams mean is agreed upon in this header.
const STREAM_PROTOCOL: &str = "x-stream-protocol-version";
/// The largest message that is read; clients send less than 32 KiB at once.
const MESSAGE_LIMIT: usize = 1024 * 1024;
/// The channel of the engine's frames that tells of others' ends.
const END: u8 = 255;

/// A request that wants to switch protocols.
struct Wish {
    gateway: Arc<dyn Gateway>,
    identity: Option<Identity>,
    parts: Parts,
    forwards: bool,
}

/// Answers a request that wants to switch protocols.
pub(super) async fn upgrade(
    gateway: Arc<dyn Gateway>,
    identity: Option<Identity>,
    request: Request,
) -> Response {
    let (parts, _body) = request.into_parts();
    let forwards = parts.uri.path().ends_with("/portforward");
    let asks = |protocol: &str| {
        let asked = parts.headers.get(UPGRADE).map_or(&b""[..], |value| value.as_bytes());
        asked.eq_ignore_ascii_case(protocol.as_bytes())
    };
    let (websocket, spdy) = (asks("websocket"), asks("SPDY/3.1"));
    let mut wish = Wish { gateway, identity, parts, forwards };
    if websocket {
        wish.over_websocket().await
    } else if spdy {
        wish.over_spdy().await
    } else {
        wish.refusal(&["websocket", "SPDY/3.1"]).await
    }
}

impl Wish {
    async fn over_websocket(mut self) -> Response {
        let known: &[&'static str] = if self.forwards { &FORWARDS } else { &CHANNELS };
        let offered = values(&self.parts.headers, SEC_WEBSOCKET_PROTOCOL.as_str());
        if !known.iter().any(|known| offered.iter().any(|offer| offer == known)) {
            return self.refusal(known).await;
        }
        let upgrade = match WebSocketUpgrade::from_request_parts(&mut self.parts, &()).await {
            Ok(upgrade) => upgrade,
            Err(rejection) => return rejection.into_response(),
        };
        let upgrade = upgrade
            .protocols(known.iter().copied())
            .max_message_size(MESSAGE_LIMIT)
            .max_frame_size(MESSAGE_LIMIT);
        let tunnel = upgrade.selected_protocol().is_some_and(|chosen| chosen == TUNNEL);
        if tunnel {
            // Without ports nothing is connected, and the stream ends at once.
            return match self.open().await {
                Ok(_stream) => {
                    let open = self.forwarding();
                    upgrade.on_upgrade(|socket| spdy::forward(spdy::of_websocket(socket), open))
                }
                Err(refused) => refused,
            };
        }
        let greeting = (!self.forwards).then(|| greeting(self.query())).flatten();
        match self.open().await {
            Ok(stream) => upgrade.on_upgrade(move |socket| pump(socket, stream, greeting)),
            Err(refused) => refused,
        }
    }

    async fn over_spdy(&mut self) -> Response {
        let known = if self.forwards { "portforward.k8s.io" } else { "v4.channel.k8s.io" };
        let offered = values(&self.parts.headers, STREAM_PROTOCOL);
        let Some(connection) = self.parts.extensions.remove::<OnUpgrade>() else {
            return self.refusal(&["HTTP/1.1"]).await;
        };
        if !offered.iter().any(|offer| offer == known) {
            return self.refusal(&[known]).await;
        }
        if self.forwards {
            if let Err(refused) = self.open().await {
                return refused;
            }
            let open = self.forwarding();
            tokio::spawn(async move {
                // A client that leaves before its connection is ours needs nothing.
                if let Ok(upgraded) = connection.await {
                    spdy::forward(spdy::of_connection(upgraded), open).await;
                }
            });
        } else {
            let stream = match self.open().await {
                Ok(stream) => stream,
                Err(refused) => return refused,
            };
            let query = self.query().to_owned();
            tokio::spawn(async move {
                if let Ok(upgraded) = connection.await {
                    spdy::run_command(spdy::of_connection(upgraded), stream, &query).await;
                }
            });
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in [
            (CONNECTION.as_str(), "Upgrade"),
            (UPGRADE.as_str(), "SPDY/3.1"),
            (STREAM_PROTOCOL, known),
        ] {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), value.try_into()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or("")
    }

    /// The streams, or why there are none.
    async fn open(&self) -> Result<EngineStream, Response> {
        let request = engine_request(self.parts.clone(), Vec::new(), self.identity.clone());
        let cluster = self.gateway.cluster();
        match webhooks::handle(&cluster, request).await {
            EngineAnswer::Full(response) => Err(response.map(Body::from)),
            EngineAnswer::Stream(response) => Ok(cluster.open(response.into_body())),
        }
    }

    /// What connects to a port, once the request has been let through.
    fn forwarding(&self) -> impl Fn(u16) -> Option<EngineStream> + Send + use<> {
        let (gateway, identity) = (Arc::clone(&self.gateway), self.identity.clone());
        let (path, headers) = (self.parts.uri.path().to_owned(), self.parts.headers.clone());
        move |port| {
            let mut request = http::Request::new(Vec::new());
            *request.method_mut() = Method::POST;
            *request.uri_mut() = format!("{path}?ports={port}").parse().ok()?;
            request.headers_mut().clone_from(&headers);
            if let Some(identity) = &identity {
                request.extensions_mut().insert(identity.clone());
            }
            request.extensions_mut().insert(Continued);
            let cluster = gateway.cluster();
            match cluster.handle(request) {
                EngineAnswer::Full(_) => None,
                EngineAnswer::Stream(response) => Some(cluster.open(response.into_body())),
            }
        }
    }

    /// Why the streams could not be opened whatever the protocol; otherwise that it is the protocol. The
    /// command has no name here, so that none runs.
    async fn refusal(&mut self, known: &[&str]) -> Response {
        let nameless = self.query().split('&').map(|pair| match pair.split_once('=') {
            Some(("command", _)) => "command=",
            _ => pair,
        });
        let nameless: Vec<&str> = nameless.collect();
        let path = self.parts.uri.path();
        if let Ok(uri) = format!("{path}?{}", nameless.join("&")).parse() {
            self.parts.uri = uri;
        }
        if let Err(refused) = self.open().await {
            return refused;
        }
        let text = format!("unable to upgrade: one of {known:?} is expected here");
        refuse(&Status::failure(400, "BadRequest", text))
    }
}

/// All values of a header that is a list.
fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().to_owned())
        .collect()
}

/// The empty message on the lowest channel that tells the client that the streams stand
/// (`pkg/util/remotecommand/websocket.go createWebSocketStreams`).
fn greeting(query: &str) -> Option<Vec<u8>> {
    let asked = |name: &str| {
        query.split('&').any(|pair| {
            pair.split_once('=').is_some_and(|(key, value)| key == name && value != "false")
        })
    };
    let channel = [("stdout", 1_u8), ("stderr", 2)].into_iter().find(|(name, _)| asked(name));
    channel.map(|(_, channel)| vec![channel])
}

/// Carries frames both ways until either side is done.
async fn pump(socket: WebSocket, mut stream: EngineStream, greeting: Option<Vec<u8>>) {
    let writer = stream.writer();
    let (mut to_client, mut from_client) = socket.split();
    let first = greeting.map(|frame| Message::Binary(frame.into()));
    if let Some(first) = first
        && to_client.send(first).await.is_err()
    {
        return;
    }
    loop {
        tokio::select! {
            frame = stream.next() => match frame {
                // Only version 5 tells of single ends, and only clients do.
                Some(frame) if frame.first() == Some(&END) => {}
                Some(frame) => {
                    if to_client.send(Message::Binary(frame.into())).await.is_err() {
                        return;
                    }
                }
                None => break,
            },
            message = from_client.next() => match message {
                Some(Ok(Message::Binary(frame))) => writer.write(&frame),
                Some(Ok(Message::Text(frame))) => writer.write(frame.as_bytes()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
    let close = CloseFrame { code: close_code::NORMAL, reason: Utf8Bytes::from_static("") };
    // The client may have left in the meantime: then nobody waits for the farewell.
    let _sent = to_client.send(Message::Close(Some(close))).await;
}
