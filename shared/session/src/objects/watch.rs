//! One kind followed: list, watch from there, and list again when the watch says that it is too old.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::transport::{Clock, Transport};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::{Change, Inbox, Kind};

/// The pause before a broken connection is tried again; doubled up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What of a cluster a session looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: the cluster is the session's own.
    Everything,
    /// Only what the scenario is about: the cluster belongs to others, too.
    Scenario {
        /// Namespaces that the scenario names.
        namespaces: BTreeSet<String>,
        /// Names of cluster-scoped objects that its manifests hold.
        names: BTreeSet<String>,
    },
}

impl Scope {
    /// The namespaces to watch a kind in.
    pub(crate) fn namespaces(&self, kind: &Kind) -> Vec<Option<String>> {
        match self {
            Self::Scenario { namespaces, .. } if kind.namespaced => {
                namespaces.iter().cloned().map(Some).collect()
            }
            Self::Everything | Self::Scenario { .. } => vec![None],
        }
    }

    fn holds(&self, kind: &Kind, object: &Value) -> bool {
        let Self::Scenario { namespaces, names } = self else { return true };
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
        match kind.kind {
            _ if kind.namespaced => true,
            "Node" => true,
            "Namespace" => namespaces.contains(name),
            _ => names.contains(name),
        }
    }
}

/// How a watch ended.
enum End {
    /// The server closed it or it is too old: list again.
    Again,
    /// It was too old before it told anything, although it began where the list ended.
    Fruitless,
    /// The connection broke.
    Broken,
    /// Reading is not allowed, or the kind is not there.
    Never,
}

/// Follows one kind in one namespace until it turns out not to be readable.
pub(crate) async fn follow(
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    kind: &'static Kind,
    namespace: Option<String>,
    scope: Arc<Scope>,
    inbox: Inbox,
) {
    let mut pause = FIRST_PAUSE;
    let mut fruitless = false;
    loop {
        let end = once(transport.as_ref(), kind, namespace.as_deref(), &scope, &inbox).await;
        // Once may be bad luck; a server that keeps on saying so is not asked without a pause.
        let again = matches!(end, End::Fruitless) && !fruitless;
        fruitless = matches!(end, End::Fruitless);
        match end {
            End::Again => pause = FIRST_PAUSE,
            End::Fruitless if again => {}
            End::Fruitless | End::Broken => {
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            End::Never => return,
        }
    }
}

async fn once(
    transport: &dyn Transport,
    kind: &'static Kind,
    namespace: Option<&str>,
    scope: &Scope,
    inbox: &Inbox,
) -> End {
    let path = kind.path(namespace);
    let response = match transport.send(get(&format!("{path}?limit=0{}", kind.query()))).await {
        Ok(response) => response,
        Err(_broken) => return End::Broken,
    };
    match response.status().as_u16() {
        200 => {}
        403 => {
            inbox.put(Change::Forbidden { kind });
            return End::Never;
        }
        404 | 405 => return End::Never,
        _ => return End::Broken,
    }
    let Ok(mut list) = serde_json::from_slice::<Value>(response.body()) else { return End::Broken };
    let version = list.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    let watch = format!(
        "{path}?watch=true&allowWatchBookmarks=true&resourceVersion={}{}",
        version.unwrap_or("0"),
        kind.query()
    );
    let mut items = match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    items.retain(|item| scope.holds(kind, item));
    inbox.put(Change::Listed { kind, namespace: namespace.map(str::to_owned), items });
    changes(transport, &watch, kind, scope, inbox).await
}

async fn changes(
    transport: &dyn Transport,
    watch: &str,
    kind: &'static Kind,
    scope: &Scope,
    inbox: &Inbox,
) -> End {
    let mut stream = match transport.stream(get(watch)).await {
        Ok(response) if response.status() == http::StatusCode::OK => response.into_body(),
        Ok(response) if response.status() == http::StatusCode::GONE => return End::Fruitless,
        Ok(_) | Err(_) => return End::Broken,
    };
    let mut buffer = Vec::new();
    let mut quiet = true;
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else { return End::Broken };
        buffer.extend(chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            let Ok(event) = serde_json::from_slice::<Value>(&line) else { return End::Broken };
            if !report(event, kind, scope, inbox) {
                return if quiet { End::Fruitless } else { End::Again };
            }
            quiet = false;
        }
    }
    // A server that closes at once must not be asked again at once.
    if quiet { End::Broken } else { End::Again }
}

/// Puts one event of a watch; `false` when the watch is over.
fn report(mut event: Value, kind: &'static Kind, scope: &Scope, inbox: &Inbox) -> bool {
    let object = event.get_mut("object").map(Value::take).unwrap_or_default();
    match event.get("type").and_then(Value::as_str) {
        Some("ADDED" | "MODIFIED") if scope.holds(kind, &object) => {
            inbox.put(Change::Stored { kind, object });
        }
        Some("DELETED") => inbox.put(Change::Gone { kind, object }),
        Some("ERROR") | None => return false,
        Some(_) => {}
    }
    true
}

fn get(path_and_query: &str) -> http::Request<Vec<u8>> {
    let mut request = http::Request::new(Vec::new());
    if let Ok(uri) = path_and_query.parse() {
        *request.uri_mut() = uri;
    }
    request
        .headers_mut()
        .insert(http::header::ACCEPT, http::HeaderValue::from_static("application/json"));
    request
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use apimachinery::transport::{BoxFuture, ByteStream, ExecError, ExecOutput, TransportError};
    use expect_test::expect;
    use futures_util::FutureExt as _;
    use jiff::Timestamp;

    use super::*;

    /// A server whose watches are too old at once, and a clock that stands.
    #[derive(Default)]
    struct Hopeless(Mutex<Vec<String>>);

    impl Hopeless {
        fn note(&self, what: String) {
            let mut seen = self.0.lock().expect("the notes");
            seen.push(what);
            assert!(seen.len() < 10, "asked without a pause: {seen:?}");
        }
    }

    impl Transport for Hopeless {
        fn send(
            &self,
            request: http::Request<Vec<u8>>,
        ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
            self.note(format!("list {}", request.uri().path()));
            let list = br#"{"metadata":{"resourceVersion":"7"},"items":[]}"#.to_vec();
            Box::pin(std::future::ready(Ok(http::Response::new(list))))
        }

        fn stream(
            &self,
            request: http::Request<Vec<u8>>,
        ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
            self.note(format!("watch {}", request.uri().path()));
            let error = br#"{"type":"ERROR","object":{"code":410}}"#.to_vec();
            let told = futures_util::stream::iter([Ok(error), Ok(b"\n".to_vec())]);
            let told: ByteStream = Box::pin(told);
            Box::pin(std::future::ready(Ok(http::Response::new(told))))
        }

        fn exec(
            &self,
            _: http::Request<Vec<u8>>,
            _: Vec<u8>,
        ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
            Box::pin(std::future::pending())
        }
    }

    impl Clock for Hopeless {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            self.note(format!("sleep {duration:?}"));
            Box::pin(std::future::pending())
        }
    }

    #[test]
    fn a_server_that_is_always_too_new_is_asked_with_pauses() {
        let server = Arc::new(Hopeless::default());
        let kind = super::super::KINDS.iter().find(|kind| kind.kind == "Pod").expect("pods");
        let inbox = Inbox::default();
        let scope = Arc::new(Scope::Everything);
        let follow = follow(server.clone(), server.clone(), kind, None, scope, inbox);
        assert!(follow.now_or_never().is_none(), "it goes on");
        let seen = server.0.lock().expect("the notes").join("\n");
        expect![[r"
            list /api/v1/pods
            watch /api/v1/pods
            list /api/v1/pods
            watch /api/v1/pods
            sleep 500ms"]]
        .assert_eq(&seen);
    }
}
