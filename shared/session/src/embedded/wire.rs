//! An embedded cluster as a [`Transport`].

use std::time::Duration;

use apimachinery::engine::{Engine, EngineAnswer};
use apimachinery::identity::Identity;
use apimachinery::transport::{
    BoxFuture, ByteStream, Clock, Dialogue, ExecError, ExecOutput, Transport, TransportError,
};
use jiff::Timestamp;

use super::{Embedded, exec};

/// How much simulated time a command that runs in a container may take before its waiting falls back
/// to the speed of the session's clock (`sleep infinity` must not spin).
const HURRY_LIMIT: Duration = Duration::from_hours(1);

impl<E: Engine + 'static> Embedded<E> {
    /// Sends as the host itself: an administrator, unless the request says who it is.
    fn send_as_host(&self, mut request: http::Request<Vec<u8>>) -> EngineAnswer {
        let named = request.extensions().get::<Identity>().is_some()
            || request.headers().contains_key(http::header::AUTHORIZATION);
        if !named {
            request.extensions_mut().insert(Identity::admin());
        }
        self.handle(request)
    }
}

impl<E: Engine + 'static> Transport for Embedded<E> {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        Box::pin(async move {
            match self.send_as_host(request) {
                EngineAnswer::Full(response) => Ok(response),
                EngineAnswer::Stream(response) => {
                    let (parts, id) = response.into_parts();
                    let body = self.open(id).read_to_end().await;
                    Ok(http::Response::from_parts(parts, body))
                }
            }
        })
    }

    fn stream(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        Box::pin(async move {
            Ok(match self.send_as_host(request) {
                EngineAnswer::Full(response) => response.map(|body| -> ByteStream {
                    Box::pin(futures_util::stream::once(std::future::ready(Ok(body))))
                }),
                EngineAnswer::Stream(response) => {
                    response.map(|id| -> ByteStream { Box::pin(self.open(id).bytes()) })
                }
            })
        })
    }

    fn exec(
        &self,
        request: http::Request<Vec<u8>>,
        stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
        Box::pin(async move {
            match self.send_as_host(request) {
                EngineAnswer::Full(response) => Err(exec::refused(&response)),
                EngineAnswer::Stream(response) => {
                    let until = Clock::now(self).saturating_add(HURRY_LIMIT);
                    let hurry = self.hurry_until(until.unwrap_or(Timestamp::MAX));
                    let output = exec::collect(self.open(response.into_body()), stdin).await;
                    drop(hurry);
                    output
                }
            }
        })
    }

    fn converse(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<Dialogue, ExecError>> {
        Box::pin(async move {
            match self.send_as_host(request) {
                EngineAnswer::Full(response) => Err(exec::refused(&response)),
                EngineAnswer::Stream(response) => {
                    Ok(exec::converse(self.open(response.into_body())))
                }
            }
        })
    }
}
