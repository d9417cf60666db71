//! exec, attach and port-forward over websockets (`v5.channel.k8s.io` and its predecessors), as
//! `k8s.io/apimachinery/pkg/util/remotecommand` and `k8s.io/kubelet/pkg/cri/streaming` speak them.

use apimachinery::engine::EngineAnswer;
use apimachinery::identity::Identity;
use apimachinery::status::Status;
use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, Request};
use axum::response::{IntoResponse as _, Response};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use session::embedded::EngineStream;

use super::{Gateway, engine_request, refuse};

/// Subprotocols in the order in which they are preferred.
const CHANNELS: [&str; 3] = ["v5.channel.k8s.io", "v4.channel.k8s.io", "channel.k8s.io"];
/// The largest message that is read; clients send less than 32 KiB at once.
const MESSAGE_LIMIT: usize = 1024 * 1024;

/// Answers a request that wants to switch protocols.
pub(super) async fn upgrade(
    gateway: &dyn Gateway,
    identity: Option<Identity>,
    request: Request,
) -> Response {
    let (mut parts, _body) = request.into_parts();
    let websocket = parts
        .headers
        .get(UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let offered = offered(&parts.headers);
    if !websocket || !CHANNELS.iter().any(|known| offered.iter().any(|offer| offer == known)) {
        // kubectl asks once more over SPDY when a websocket was refused, and shows the second answer.
        if let Some(refusal) = refusal(gateway, identity, parts) {
            return refusal;
        }
        let text = format!(
            "unable to upgrade: only websockets with one of {CHANNELS:?} are served here, the client \
             offered {offered:?}"
        );
        return refuse(&Status::failure(400, "BadRequest", text));
    }
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let greeting = greeting(parts.uri.query().unwrap_or(""));
    let cluster = gateway.cluster();
    match cluster.handle(engine_request(parts, Vec::new(), identity)) {
        EngineAnswer::Full(response) => response.map(Body::from),
        EngineAnswer::Stream(response) => {
            let stream = cluster.open(response.into_body());
            upgrade
                .protocols(CHANNELS)
                .max_message_size(MESSAGE_LIMIT)
                .max_frame_size(MESSAGE_LIMIT)
                .on_upgrade(move |socket| pump(socket, stream, greeting))
        }
    }
}

/// Why the streams could not be opened whatever the protocol. The command has no name here, so that none
/// runs.
fn refusal(
    gateway: &dyn Gateway,
    identity: Option<Identity>,
    mut parts: http::request::Parts,
) -> Option<Response> {
    let query = parts.uri.query().unwrap_or("");
    let nameless = query.split('&').map(|pair| match pair.split_once('=') {
        Some(("command", _)) => "command=",
        _ => pair,
    });
    let nameless: Vec<&str> = nameless.collect();
    parts.uri = format!("{}?{}", parts.uri.path(), nameless.join("&")).parse().ok()?;
    let cluster = gateway.cluster();
    match cluster.handle(engine_request(parts, Vec::new(), identity)) {
        EngineAnswer::Full(response) => Some(response.map(Body::from)),
        EngineAnswer::Stream(response) => {
            // Dropping a stream closes it.
            drop(cluster.open(response.into_body()));
            None
        }
    }
}

fn offered(headers: &http::HeaderMap) -> Vec<String> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
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
