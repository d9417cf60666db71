//! Streams that kubelets serve, numbered apart from watches.

use std::sync::Arc;

use apimachinery::engine::{StreamId, StreamRead};
use jiff::Timestamp;
use serde_json::Value;

use super::World;
use crate::apiserver::{Apiserver, NodeRequest};
use crate::kubelet::sessions::Opened;

/// The first number of a kubelet's stream.
const FIRST: u64 = 1 << 40;

/// An answer of a kubelet.
pub(crate) enum NodeAnswer {
    /// The whole answer.
    Full(http::Response<Vec<u8>>),
    /// A stream.
    Stream(http::Response<StreamId>),
}

impl World {
    /// Answers for a kubelet.
    pub(crate) fn node(
        &mut self,
        api: &Apiserver,
        now: Timestamp,
        request: &NodeRequest,
    ) -> NodeAnswer {
        let answer = match Arc::make_mut(&mut self.kubelets).open(api.store(), now, request) {
            Opened::Text(text) => {
                let mut response = http::Response::new(text.into_bytes());
                response
                    .headers_mut()
                    .insert("content-type", http::HeaderValue::from_static("text/plain"));
                NodeAnswer::Full(response)
            }
            Opened::Full(response) => NodeAnswer::Full(response),
            Opened::Stream(id) => NodeAnswer::Stream(http::Response::new(StreamId(FIRST + id))),
            Opened::Refused(status) => {
                let body = serde_json::to_value(&status).unwrap_or(Value::Null);
                NodeAnswer::Full(super::json_response(status.code, &body))
            }
        };
        self.look_at(
            crate::fields::namespace(&request.pod),
            crate::fields::name(&request.pod),
            now,
        );
        answer
    }

    /// What is new in a stream of a kubelet.
    pub(crate) fn read_stream(&mut self, stream: StreamId) -> StreamRead {
        Arc::make_mut(&mut self.kubelets).read(stream.0.saturating_sub(FIRST))
    }

    /// Passes a frame on to a command.
    pub(crate) fn write_stream(
        &mut self,
        api: &Apiserver,
        now: Timestamp,
        stream: StreamId,
        frame: &[u8],
    ) {
        let id = stream.0.saturating_sub(FIRST);
        let kubelets = Arc::make_mut(&mut self.kubelets);
        if let Some(pod) = kubelets.type_in(id, frame, now)
            && let Some((namespace, name)) = pod.split_once('/')
        {
            self.look_at(namespace, name, now);
            return;
        }
        if kubelets.forward_frame(api.store(), id, frame, now) {
            return;
        }
        let Some(session) = kubelets.sessions.commands.get_mut(&id) else { return };
        session.receive(frame);
        let pod = session.pod.clone();
        kubelets.step_session(api.store(), id, now);
        if let Some((namespace, name)) = pod.split_once('/') {
            self.look_at(namespace, name, now);
        }
    }

    /// Whether a stream is one of a kubelet.
    pub(crate) fn owns(stream: StreamId) -> bool {
        stream.0 >= FIRST
    }

    /// The client is gone.
    pub(crate) fn close_stream(&mut self, stream: StreamId) {
        let id = stream.0.saturating_sub(FIRST);
        let sessions = &mut Arc::make_mut(&mut self.kubelets).sessions;
        sessions.commands.remove(&id);
        sessions.logs.remove(&id);
        sessions.attached.remove(&id);
        sessions.forwards.remove(&id);
    }
}
