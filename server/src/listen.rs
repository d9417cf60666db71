//! The accept loop: plain or TLS, HTTP/1.1 with upgrades or HTTP/2, and a drain at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::Peer;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::error::Failure;

/// How long open requests may still take after a shutdown began.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client may take for the head of a request (`k8s.io/apiserver/pkg/server/secure_serving.go`), and how
/// often one that says nothing is asked whether it is still there.
const HEADERS: Duration = Duration::from_secs(32);
/// What waits for a client that does not read; more is not made before it does. Also the largest head of a request.
const UNSENT: usize = 64 * 1024;

/// The certificate that the client showed, on every request of its connection.
#[derive(Debug, Clone)]
pub(crate) struct PeerCertificate(pub(crate) CertificateDer<'static>);

/// Takes the address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Failure::surroundings(
            format!("{address} is in use by another program"),
            "stop that program or choose another address with --listen",
        ),
        std::io::ErrorKind::PermissionDenied => Failure::surroundings(
            format!("this user may not listen on {address}"),
            "choose a port above 1023 with --listen",
        ),
        _ => Failure::surroundings(
            format!("{address} cannot be listened on ({error})"),
            "choose an address of this machine with --listen",
        ),
    })
}

/// Serves until `stop` comes back, then lets open requests finish.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    stop: impl Future<Output = ()>,
) {
    let acceptor = tls.map(TlsAcceptor::from);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (socket, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Too many open files, or a client that left: the next one may do better.
                Err(error) => {
                    tracing::warn!(%error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let connection =
            connection(socket, peer, acceptor.clone(), router.clone(), graceful.watcher());
        tokio::spawn(connection);
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => tracing::warn!("some requests did not finish in time"),
    }
}

async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "nodelay");
    }
    let Some(acceptor) = acceptor else {
        return http(socket, peer, None, router, watcher).await;
    };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(socket)).await {
        Ok(Ok(stream)) => {
            let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let certificate = certificate.map(|found| PeerCertificate(found.clone().into_owned()));
            http(stream, peer, certificate, router, watcher).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, %peer, "handshake"),
        Err(_elapsed) => tracing::debug!(%peer, "handshake took too long"),
    }
}

async fn http<S>(
    stream: S,
    peer: SocketAddr,
    certificate: Option<PeerCertificate>,
    router: Router,
    watcher: Watcher,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(Peer(peer.ip()));
        if let Some(certificate) = &certificate {
            request.extensions_mut().insert(certificate.clone());
        }
        request
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(UNSENT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(HEADERS).max_send_buf_size(UNSENT);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, %peer, "connection");
    }
}

#[cfg(test)]
mod tests;
