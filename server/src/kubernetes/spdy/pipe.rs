//! The two ways in which SPDY's bytes travel: on a connection that was upgraded, and in the messages of a
//! websocket (`k8s.io/apiserver/pkg/util/proxy/streamtunnel.go`).

use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

/// How many chunks may wait for a peer that is slow.
const WAITING: usize = 16;
const CHUNK: usize = 32 * 1024;

/// Bytes both ways. A closed channel is a peer that has gone.
pub(in super::super) struct Pipe {
    pub(super) from_client: mpsc::Receiver<Vec<u8>>,
    pub(super) to_client: mpsc::Sender<Vec<u8>>,
}

/// The bytes of an upgraded connection.
pub(in super::super) fn of_connection(upgraded: Upgraded) -> Pipe {
    let (inward, from_client) = mpsc::channel(WAITING);
    let (to_client, mut outward) = mpsc::channel::<Vec<u8>>(WAITING);
    let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
    tokio::spawn(async move {
        let mut chunk = vec![0; CHUNK];
        while let Ok(count @ 1..) = reader.read(&mut chunk).await {
            let read = chunk.get(..count).unwrap_or_default().to_vec();
            if inward.send(read).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(chunk) = outward.recv().await {
            if writer.write_all(&chunk).await.is_err() {
                return;
            }
        }
        // The client may have gone first.
        let _closed = writer.shutdown().await;
    });
    Pipe { from_client, to_client }
}

/// The binary messages of a websocket.
pub(in super::super) fn of_websocket(socket: WebSocket) -> Pipe {
    let (inward, from_client) = mpsc::channel(WAITING);
    let (to_client, mut outward) = mpsc::channel::<Vec<u8>>(WAITING);
    let (mut writer, mut reader) = socket.split();
    tokio::spawn(async move {
        while let Some(Ok(message)) = reader.next().await {
            match message {
                Message::Binary(bytes) => {
                    if inward.send(bytes.to_vec()).await.is_err() {
                        return;
                    }
                }
                Message::Close(_) => return,
                Message::Text(_) | Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    });
    tokio::spawn(async move {
        while let Some(chunk) = outward.recv().await {
            if writer.send(Message::Binary(chunk.into())).await.is_err() {
                return;
            }
        }
        // The client may have gone first.
        let _closed = writer.send(Message::Close(None)).await;
    });
    Pipe { from_client, to_client }
}
