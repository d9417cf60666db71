//! The API server: what a request means.
//!
//! route → authn → authz → decode → default → mutate → prepare → validate → quota → managedFields →
//! commit → watch. Each stage is a file of its own below.

mod accept;
pub(crate) mod admission;
mod aggregate;
mod allocate;
mod answer;
pub mod audit;
mod authn;
mod authz;
mod bootstrap;
mod call;
mod component_status;
mod custom;
mod decode;
mod delete;
mod discovery;
mod escalation;
mod etag;
mod eviction;
mod first_fields;
mod following;
mod health;
mod kinds;
mod managed;
mod metrics;
mod node_request;
mod openapi;
mod openapi_v2;
mod options;
mod patch;
mod policies;
mod read;
mod review;
mod review_rules;
mod route;
mod rules;
mod structs;
mod subresource;
mod suspend;
mod table;
pub(crate) mod token;
mod token_request;
mod view;
mod watch;
mod wire;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::engine::{StreamId, StreamRead};
use apimachinery::identity::Identity;
use apimachinery::status::Status;
use jiff::Timestamp;

use self::accept::Looks;
pub(crate) use self::admission::used;
use self::answer::Reply;
use self::audit::{Asked, Sink, Trail};
use self::authn::account_token::last_used;
use self::call::Call;
use self::component_status::Running;
use self::custom::Customs;
pub use self::custom::{Taken, take as take_custom};
pub(crate) use self::kinds::definition::FINALIZER as CLEANUP;
use self::metrics::Counters;
pub use self::node_request::{NodeRequest, NodeWhat, Streams};
use self::policies::Policies;
use self::suspend::Trial;
use crate::addon::{Addon, AddonCall, Served};
use crate::config::ClusterConfig;
use crate::expressions::Expressions;
use crate::rng::Stream;
use crate::signer::TokenKeys;
use crate::store::Store;

/// Said to whoever shows a token that an older cluster made by itself.
const GENERATED: &str = "Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.";
/// The media type of aggregated discovery.
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Said in the extensions of a request: the object that is answered with is read there (an `Object`), not in the body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unwritten;

/// What the API server answers.
#[derive(Debug)]
pub enum ApiAnswer {
    /// The whole answer.
    Full(http::Response<Vec<u8>>),
    /// A head whose body is read with [`Apiserver::read_stream`].
    Watch(http::Response<StreamId>),
    /// The kubelet answers.
    Node(Box<NodeRequest>),
    /// The world computes a connection; the text is the query of `/podium/v1/connect`.
    Connect(String),
    /// Something is to break; the bytes are the body of `/podium/v1/faults`.
    Fault(Vec<u8>),
    /// An add-on answers.
    Addon(Box<AddonCall>),
}

/// Whether somebody may do something to all objects of a kind, in all namespaces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) subresource: &'a str,
}

/// The answer, as a SubjectAccessReview gives it.
pub(crate) fn may(store: &Store, who: &Identity, question: &Question<'_>) -> bool {
    let asked = authz::Attributes {
        verb: question.verb.to_owned(),
        group: question.group.to_owned(),
        resource: question.resource.to_owned(),
        subresource: question.subresource.to_owned(),
        ..authz::Attributes::default()
    };
    authz::authorize(store, who, &asked).allowed
}

/// What does not change while the cluster lives.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) admin_token: String,
    pub(crate) extra_tokens: Vec<(String, Identity)>,
    pub(crate) epoch: Timestamp,
    /// What runs beside the API server.
    running: Running,
}

/// The API server. A clone is a snapshot.
#[derive(Debug, Clone)]
pub struct Apiserver {
    pub(crate) store: Store,
    pub(crate) settings: Arc<Settings>,
    /// What tokens of service accounts are signed with.
    pub(crate) tokens: token::Key,
    /// API groups that add-ons serve behind it.
    pub(crate) served: Arc<[Served]>,
    /// Those who may answer for admission webhooks.
    pub(crate) addons: Arc<[Arc<dyn Addon>]>,
    /// Whether somebody signs certificates.
    pub(crate) signs: bool,
    /// Whether the host makes calls.
    pub(crate) calls: bool,
    trial: Trial,
    /// What evaluates expressions.
    pub(crate) expressions: Option<Arc<dyn Expressions>>,
    /// What the definitions in the store say.
    customs: Arc<Customs>,
    /// What the admission policies in the store say.
    policies: Arc<Policies>,
    uids: Stream,
    /// Of what the API server makes by itself.
    own_uids: Stream,
    suffixes: Stream,
    audits: Stream,
    trail: Trail,
    counters: Counters,
    /// Requests whose answer is given elsewhere, or not over yet.
    unanswered: Option<Asked>,
    open: BTreeMap<StreamId, (Arc<Asked>, u16)>,
    /// By which way of impersonation users came in the last time.
    ways: BTreeMap<String, usize>,
    addresses: Stream,
    watches: BTreeMap<StreamId, watch::Watch>,
    last_stream: u64,
}

impl Apiserver {
    /// A fresh API server with what a fresh cluster has.
    pub fn new(config: &ClusterConfig) -> Self {
        let mut keys = Stream::new(config.seed, "signing-key");
        let settings = Settings {
            admin_token: config.admin_token.clone(),
            extra_tokens: config.extra_tokens.clone(),
            epoch: config.epoch,
            running: Running::of(&config.controllers),
        };
        let mut server = Self {
            store: bootstrap::base(),
            settings: Arc::new(settings),
            tokens: token::Key::of_seed([keys.bytes16(), keys.bytes16()].concat()),
            served: Arc::default(),
            addons: Arc::default(),
            signs: false,
            calls: false,
            trial: Trial::default(),
            expressions: None,
            customs: Arc::default(),
            policies: Arc::default(),
            uids: Stream::new(config.seed, "uid"),
            own_uids: Stream::new(config.seed, "own-uid"),
            suffixes: Stream::new(config.seed, "name-suffix"),
            audits: Stream::new(config.seed, "audit"),
            trail: Trail::default(),
            counters: Counters::default(),
            unanswered: None,
            open: BTreeMap::new(),
            ways: BTreeMap::new(),
            addresses: Stream::new(config.seed, "cluster-ip"),
            watches: BTreeMap::new(),
            last_stream: 0,
        };
        server.install(config);
        server
    }

    /// Passes requests for the API groups of add-ons on, once their `APIService` is there, and calls their admission
    /// webhooks, once they are configured.
    pub fn serve(&mut self, addons: &[Arc<dyn Addon>]) {
        self.served = addons.iter().filter_map(|addon| addon.serves()).collect();
        self.addons = addons.into();
    }

    /// Somebody signs the certificates that are asked for here.
    pub(crate) fn signed_for(&mut self) {
        self.signs = true;
    }

    /// Signs tokens of service accounts with keys of the host from now on.
    pub(crate) fn sign_tokens_with(&mut self, keys: &Arc<dyn TokenKeys>) {
        self.tokens.host = Some(Arc::clone(keys));
    }

    /// Evaluates expressions with this.
    pub fn express(&mut self, expressions: Option<Arc<dyn Expressions>>) {
        self.expressions = expressions;
    }

    /// Its state.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What was asked of it.
    pub fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Sends what will be asked of it to a sink, too.
    pub fn follow(&mut self, sink: Arc<dyn Sink>) {
        self.trail.follow(sink);
    }

    /// Answers a request.
    pub fn handle(&mut self, now: Timestamp, request: http::Request<Vec<u8>>) -> ApiAnswer {
        // `filters/audit_init.go`: a client may bring its own.
        let own = request.headers().get("audit-id").and_then(|value| value.to_str().ok());
        let id = match own.filter(|id| !id.is_empty()) {
            Some(id) => id.to_owned(),
            None => uuid(&mut self.audits),
        };
        let known = etag::known(&request);
        let unwritten = request.extensions().get::<Unwritten>().copied();
        let revision = self.store.revision();
        let mut counted = None;
        let before = self.before(request.method(), request.uri().path());
        let mut outgoing = None;
        let mut asked = Asked::new(now, id, &request);
        let mut looks = Looks::of(&request);
        let mut warnings = Vec::new();
        self.read_definitions();
        let outcome = self.admit(now, request, &mut asked, &mut looks).and_then(|mut call| {
            let info = &call.info;
            call.custom = self.customs.find(&info.api_group, &info.api_version, &info.resource);
            counted = metrics::labels(&call);
            asked.id().clone_into(&mut call.audit_id);
            let outcome = self.route(&mut call);
            let outcome = outcome.and_then(|reply| read::present(&call, reply));
            warnings = std::mem::take(&mut call.warnings);
            outgoing = call.outgoing.take();
            looks.nosniff = call.denied;
            asked.noted(call.notes);
            outcome
        });
        match (outgoing, before) {
            (Some(outgoing), Some(before)) => return self.suspended(before, *outgoing),
            (Some(outgoing), None) => self.stuck(outgoing),
            (None, _) => {}
        }
        self.follow_up(revision, now);
        let mut answer = match outcome {
            Ok(reply) => {
                if let Reply::Document(_, body) = &reply {
                    asked.answered_with(body);
                }
                let tagged = etag::is_told(&asked, &reply);
                let mut answer = written(reply, looks.pretty, unwritten);
                if let (Some(vary), ApiAnswer::Full(response)) = (tagged, &mut answer) {
                    etag::tell(response, &known, vary);
                }
                answer
            }
            Err(status) if status.code == 204 => ApiAnswer::Full(answer::text(200, "")),
            Err(status) => {
                asked.refused(&status);
                refused(&status, looks)
            }
        };
        match &mut answer {
            ApiAnswer::Full(response) => {
                if looks.yaml {
                    answer::into_yaml(response);
                }
                decorate(response, asked.id(), &warnings);
            }
            ApiAnswer::Watch(response) => decorate(response, asked.id(), &warnings),
            ApiAnswer::Node(_)
            | ApiAnswer::Connect(_)
            | ApiAnswer::Fault(_)
            | ApiAnswer::Addon(_) => {}
        }
        self.counters.count(counted, &answer);
        self.record(now, asked, &answer);
        answer
    }

    /// Reads what the store defines, when it has changed.
    fn read_definitions(&mut self) {
        if !self.customs.is_current(&self.store) {
            self.customs = Arc::new(Customs::read(&self.store, self.expressions.as_deref()));
        }
        if !self.policies.is_current(&self.store) {
            self.policies = Arc::new(Policies::read(&self.store, self.expressions.as_deref()));
        }
    }

    /// Authentication and impersonation.
    fn admit(
        &mut self,
        now: Timestamp,
        request: http::Request<Vec<u8>>,
        asked: &mut Asked,
        looks: &mut Looks,
    ) -> Result<Call, answer::Refusal> {
        let known = self.authenticate(now, &request)?;
        let (caller, generated) = (known.identity, known.generated);
        asked.by(&caller);
        if let Some((_, name)) = &known.secret {
            asked.used_secret(&caller.username, name, generated);
        }
        let used = known.secret.and_then(|secret| last_used(&self.store, now, &secret));
        if let Some(request) = used {
            // Only a note: whoever cannot write it lets the caller in all the same.
            let _noted = self.handle(now, request);
        }
        let acts = self.impersonate(&caller, &request).inspect_err(|_| looks.nosniff = true)?;
        let identity = match acts {
            Some((other, constraint)) => {
                asked.acting_as(&other, constraint);
                other
            }
            None => caller,
        };
        let mut call = Call::new(now, identity, request)?;
        if generated {
            call.warn(GENERATED.to_owned());
        }
        Ok(call)
    }

    /// What is new in a watch.
    pub fn read_stream(&mut self, now: Timestamp, stream: StreamId) -> StreamRead {
        let read = self.read_watch(now, stream);
        if read.closed {
            self.ended(now, stream);
        }
        read
    }

    /// The client of a watch is gone.
    pub fn close_stream(&mut self, now: Timestamp, stream: StreamId) {
        self.watches.remove(&stream);
        self.ended(now, stream);
    }

    /// When the next watch ends by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.next_watch_end()
    }

    /// Goes back to a snapshot; open watches end with 410 Gone.
    pub fn restore(&mut self, snapshot: &Self) {
        let revision = self.store.revision();
        let watches = std::mem::take(&mut self.watches);
        let last_stream = self.last_stream;
        let open = std::mem::take(&mut self.open);
        *self = snapshot.clone();
        self.open = open;
        self.watches = watches;
        self.last_stream = last_stream;
        self.store.forget_changes(revision);
    }

    /// A new uid.
    pub(crate) fn new_uid(&mut self) -> String {
        uuid(&mut self.uids)
    }
}

fn written(reply: Reply, pretty: bool, unwritten: Option<Unwritten>) -> ApiAnswer {
    match reply {
        Reply::Object(code, object) if unwritten.is_some() => {
            let mut response = answer::with_type(code, "application/json", Vec::new());
            response.extensions_mut().insert(object);
            ApiAnswer::Full(response)
        }
        Reply::Object(code, object) => ApiAnswer::Full(answer::object(code, &object, pretty)),
        Reply::Document(code, body) => ApiAnswer::Full(answer::json(code, &body, pretty)),
        Reply::List(list) => ApiAnswer::Full(answer::list(&list, pretty)),
        Reply::Discovery(body) => {
            let mut response = answer::json(200, &body, pretty);
            let public = http::HeaderValue::from_static("public");
            response.headers_mut().insert("cache-control", public);
            let kind = http::HeaderValue::from_static(DISCOVERY);
            response.headers_mut().insert("content-type", kind);
            ApiAnswer::Full(response)
        }
        Reply::Shared(kind, body) => {
            let mut response = answer::with_type(200, kind, body);
            let lasts = http::HeaderValue::from_static("public, max-age=3600");
            response.headers_mut().insert("cache-control", lasts);
            ApiAnswer::Full(response)
        }
        Reply::Bytes(kind, body) => ApiAnswer::Full(answer::with_type(200, kind, body)),
        Reply::Text(code, body) => ApiAnswer::Full(answer::text(code, &body)),
        Reply::Watch(stream) => {
            ApiAnswer::Watch(answer::with_type(200, "application/json", stream))
        }
        Reply::Node(request) => ApiAnswer::Node(request),
        Reply::Connect(query) => ApiAnswer::Connect(query),
        Reply::Fault(body) => ApiAnswer::Fault(body),
        Reply::Addon(call) => ApiAnswer::Addon(call),
    }
}

fn refused(status: &Status, looks: Looks) -> ApiAnswer {
    let mut response = answer::json(status.code, &answer::status_document(status), looks.pretty);
    if looks.nosniff {
        answer::header(&mut response, "x-content-type-options", "nosniff");
    }
    let seconds = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    if seconds > 0 {
        answer::header(&mut response, "retry-after", &seconds.to_string());
    }
    ApiAnswer::Full(response)
}

fn decorate<T>(response: &mut http::Response<T>, audit: &str, warnings: &[String]) {
    answer::header(response, "audit-id", audit);
    for warning in warnings {
        let escaped = warning.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', " ");
        answer::header(response, "warning", &format!("299 - \"{escaped}\""));
    }
}

/// A random (version 4) UUID from a stream of chance.
pub(crate) fn uuid(stream: &mut Stream) -> String {
    let mut bytes = stream.bytes16();
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
        text.extend([digit(byte >> 4), digit(byte & 0xf)]);
    }
    text
}
