//! What a client wants back: what `emicklei/go-restful` lets through (`route.go matchesAccept`), and what
//! `apiserver/pkg/endpoints/handlers/negotiation/negotiate.go` makes of it.

use apimachinery::request::RequestInfo;
use apimachinery::status::{Status, StatusDetails};
use http::{HeaderMap, Request};

use super::answer::Refusal;
use super::call::{Form, header};

/// What the real server writes. (Nobody who asks for protobuf alone is answered here.)
const TYPES: [&str; 3] =
    ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const STREAMS: [&str; 2] =
    ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];

/// How an answer looks, whatever it says.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Looks {
    /// Indented, for people.
    pub(crate) pretty: bool,
    /// In YAML. The engine writes JSON, which is YAML too; a host may write it as people do.
    pub(crate) yaml: bool,
    /// Refused before anything was done (`responsewriters.Forbidden`).
    pub(crate) nosniff: bool,
}

impl Looks {
    /// What the request asks for.
    pub(crate) fn of(request: &Request<Vec<u8>>) -> Self {
        let agent = header(request.headers(), "user-agent");
        // Upstream indents for people: browsers and command line clients of HTTP.
        let person = ["curl/", "Wget/", "Mozilla/5.0"].iter().any(|name| agent.starts_with(name));
        let query = request.uri().query().unwrap_or("");
        let mut asked = None;
        if query.contains("pretty") {
            let all = apimachinery::request::query_all(query);
            asked = all.into_iter().find(|(key, value)| key == "pretty" && !value.is_empty());
        }
        let pretty = asked.map_or(person, |(_, value)| is_true(&value));
        let accept = header(request.headers(), "accept");
        let yaml = accept.contains("yaml")
            && clauses(accept).iter().find_map(Clause::kind) == Some("application/yaml");
        Self { pretty, yaml, nosniff: false }
    }
}

/// `strconv.ParseBool`.
fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True")
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) form: Form,
    /// `meta.k8s.io/v1beta1`.
    pub(crate) beta: bool,
    pub(crate) aggregated: bool,
}

/// One media type of an `Accept` header.
struct Clause<'a> {
    media: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    weight: u32,
}

impl Clause<'_> {
    fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().rev().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    /// Which of the types that are written here it means.
    fn kind(&self) -> Option<&'static str> {
        match self.media {
            "application/json" | "application/*" | "*/*" | "*" => TYPES.first().copied(),
            "application/yaml" => TYPES.get(1).copied(),
            _ => None,
        }
    }

    /// How an object or a list is brought into another form.
    fn wanted(&self, asked: Asked) -> Option<Wanted> {
        self.kind()?;
        let mut wanted = Wanted::default();
        let (group, version) = (self.parameter("g"), self.parameter("v"));
        let kind = self.parameter("as");
        if kind.is_empty() && group.is_empty() && version.is_empty() {
            return Some(wanted);
        }
        wanted.beta = version == "v1beta1";
        match (asked, group, version, kind) {
            (Asked::Groups, "apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList") => {
                wanted.aggregated = true;
            }
            (Asked::Resource, "meta.k8s.io", "v1" | "v1beta1", kind) => {
                wanted.form = match kind {
                    "Table" => Form::Table,
                    "PartialObjectMetadata" => Form::Partial,
                    "PartialObjectMetadataList" => Form::PartialList,
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(wanted)
    }
}

/// The media types of a header, the best first (`goautoneg.ParseAccept`).
fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = accept
        .split(',')
        .map(|part| {
            let mut parts = part.split(';').map(str::trim);
            let media = parts.next().unwrap_or("");
            let parameters: Vec<_> = parts.filter_map(|part| part.split_once('=')).collect();
            let weight = parameters.iter().find(|(key, _)| *key == "q");
            Clause { media, weight: weight.map_or(1000, |(_, text)| thousandths(text)), parameters }
        })
        .collect();
    let wild = |clause: &Clause<'_>| (clause.media.starts_with('*'), clause.media.ends_with('*'));
    clauses.sort_by(|one, other| {
        other.weight.cmp(&one.weight).then_with(|| wild(one).cmp(&wild(other)))
    });
    clauses
}

fn thousandths(text: &str) -> u32 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let (whole, part) = (whole.parse::<u32>().unwrap_or(1), part.parse::<u32>().unwrap_or(0));
    whole.saturating_mul(1000).saturating_add(part)
}

/// Which forms a path has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Resource,
    /// `/api` and `/apis`.
    Groups,
    /// Another document of discovery.
    Discovery,
    Version,
}

fn asked(info: &RequestInfo) -> Option<Asked> {
    if info.is_resource {
        let sends = matches!(
            info.subresource.as_str(),
            "log" | "exec" | "attach" | "portforward" | "proxy"
        );
        return if sends { None } else { Some(Asked::Resource) };
    }
    let parts: Vec<&str> = info.path.trim_end_matches('/').split('/').skip(1).collect();
    match parts.as_slice() {
        ["api" | "apis"] => Some(Asked::Groups),
        ["api" | "apis", _] | ["apis", _, _] => Some(Asked::Discovery),
        ["version"] => Some(Asked::Version),
        _ => None,
    }
}

/// What the headers ask for, of what a path has.
pub(crate) fn negotiate(headers: &HeaderMap, info: &RequestInfo) -> Result<Wanted, Refusal> {
    let accept = header(headers, "accept").trim();
    // (What the cluster's own components and most clients ask for.)
    let (Some(asked), false) = (asked(info), matches!(accept, "" | "application/json")) else {
        return Ok(Wanted::default());
    };
    let mut available: Vec<&str> = TYPES.to_vec();
    if asked == Asked::Version {
        available.truncate(1);
    }
    // (A selector of one name makes it that of the request, but not of its path.)
    let collection = matches!(info.verb.as_str(), "list" | "watch")
        && info.path.trim_end_matches('/').rsplit('/').next() == Some(info.resource.as_str());
    if asked == Asked::Resource && collection {
        available.extend(STREAMS);
    }
    let lets_through = |part: &str| {
        let media = part.split(';').next().unwrap_or("").trim();
        media == "*/*" || available.contains(&media)
    };
    if !accept.split(',').any(lets_through) {
        let text =
            format!("406: Not Acceptable\n\nAvailable representations: {}", available.join(", "));
        let status = Status::failure(406, "NotAcceptable", text);
        return Err(Box::new(status.with_details(StatusDetails::default())));
    }
    let watches = asked == Asked::Resource && info.verb == "watch";
    let found = clauses(accept).iter().find_map(|clause| {
        let streams = !watches || clause.kind() == TYPES.first().copied();
        clause.wanted(asked).filter(|_| streams)
    });
    found.ok_or_else(|| {
        let types = if watches { STREAMS.join(", ") } else { TYPES.join(", ") };
        let text = format!("only the following media types are accepted: {types}");
        Box::new(Status::failure(406, "NotAcceptable", text))
    })
}
