//! get and list (`apiserver/pkg/endpoints/handlers/get.go`): selectors, limit and continue, revisions, and
//! the forms Table and PartialObjectMetadata.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use apimachinery::field_error::FieldError;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::selector::{FieldSelector, LabelSelector};
use apimachinery::status::{Status, StatusCause, StatusDetails};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Refusal, Reply, bad_request, not_acceptable, plain_error};
use super::call::{Call, Form};
use super::wire::List;
use super::write::Target;
use super::{Apiserver, custom, kinds, table};
use crate::fields::put;
use crate::store::Object;

/// Which objects a list or watch is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    /// Reads `labelSelector` and `fieldSelector`.
    pub(crate) fn of(call: &Call, target: &Target) -> Result<Self, Refusal> {
        let labels = LabelSelector::parse(call.param("labelSelector")).map_err(bad_request)?;
        let namespaced = call.resource()?.namespaced;
        let mut fields = FieldSelector::parse(call.param("fieldSelector")).map_err(bad_request)?;
        for one in &mut fields.requirements {
            let path = one.field.as_str();
            let general = path == "metadata.name" || (path == "metadata.namespace" && namespaced);
            if !general && !kinds_fields(target, path) {
                return Err(bad_request(unknown_field(target, path)));
            }
            one.field = core_field(path).to_owned();
        }
        Ok(Self { labels, fields })
    }

    /// Whether every object is meant.
    fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.requirements.is_empty()
    }

    /// Whether an object is meant.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        let labels = || -> BTreeMap<String, String> { object::labels(value) };
        self.fields.matches(|path| field(value, path))
            && (self.labels.is_empty() || self.labels.matches(&labels()))
    }
}

fn core_field(path: &str) -> &str {
    match path.strip_prefix("regarding.") {
        Some("kind") => "involvedObject.kind",
        Some("namespace") => "involvedObject.namespace",
        Some("name") => "involvedObject.name",
        Some("uid") => "involvedObject.uid",
        Some("apiVersion") => "involvedObject.apiVersion",
        Some("resourceVersion") => "involvedObject.resourceVersion",
        Some("fieldPath") => "involvedObject.fieldPath",
        _ if path == "reportingController" => "reportingComponent",
        _ => path,
    }
}

fn kinds_fields(target: &Target, path: &str) -> bool {
    target.custom.as_ref().is_some_and(|custom| custom.selectable(path))
        || target.kind.fields.contains(&core_field(path))
}

fn unknown_field(target: &Target, path: &str) -> String {
    if target.kind.fields.is_empty() && target.custom.is_none() {
        return format!(
            "\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
    }
    match target.gvk.kind.as_str() {
        "Job" => format!("field label \"{path}\" not supported for Job"),
        "ResourceSlice" => {
            format!("field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: {path}")
        }
        _ => format!("field label not supported: {path}"),
    }
}

fn field(value: &Value, path: &str) -> String {
    match path {
        "source" => {
            let own = kinds::value_at(value, "source.component");
            if own.is_empty() { kinds::value_at(value, "reportingComponent") } else { own }
        }
        "spec.host" => kinds::value_at(value, "spec.nodeName"),
        "spec.hostNetwork" | "spec.unschedulable" => {
            let found = kinds::value_at(value, path);
            if found.is_empty() { "false".to_owned() } else { found }
        }
        _ => kinds::value_at(value, path),
    }
}

/// A number in the query.
fn revision(call: &Call) -> Result<Option<u64>, Refusal> {
    let given = call.param("resourceVersion");
    if given.is_empty() {
        return Ok(None);
    }
    given.parse().map(Some).map_err(|_error| {
        bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {given:?}: strconv.ParseUint: parsing {given:?}: invalid syntax"
        ))
    })
}

/// 504: a revision of the future.
pub(crate) fn too_large(asked: u64, current: u64) -> Refusal {
    let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
    let cause = StatusCause {
        reason: "ResourceVersionTooLarge".to_owned(),
        message: "Too large resource version".to_owned(),
        ..StatusCause::default()
    };
    let details =
        StatusDetails { causes: vec![cause], retry_after_seconds: 1, ..StatusDetails::default() };
    Box::new(Status::failure(504, "Timeout", message).with_details(details))
}

/// A page of a list.
struct Page {
    items: Vec<Object>,
    revision: u64,
    /// Where the next one begins, and how much is left, where that is known.
    next: Option<(String, Option<usize>)>,
}

impl Apiserver {
    /// GET of an object or its status.
    pub(crate) fn get(&self, call: &Call) -> Result<Reply, Refusal> {
        let target = Target::of(call)?;
        // (`etcd3/store.go Get` gives the error as it is.)
        let asked = match revision(call) {
            Ok(asked) => asked,
            Err(status) => {
                let text = status.message.trim_start_matches("invalid resource version: ");
                return Err(plain_error(text));
            }
        };
        if let Some(asked) = asked
            && asked > self.store.revision()
        {
            return Err(too_large(asked, self.store.revision()));
        }
        let found = self.store.object(&target.key, &target.namespace, &target.name);
        let missing = || Box::new(Status::not_found(&call.group_resource(), &target.name));
        let found = found.ok_or_else(missing)?;
        Ok(Reply::Object(200, self.shown(&found, &target.gvk)))
    }

    /// GET of a collection.
    pub(crate) fn list(&self, call: &Call) -> Result<Reply, Refusal> {
        let target = Target::of(call)?;
        check_options(call, false)?;
        let selection = Selection::of(call, &target)?;
        let page = self.page(call, &target, &selection)?;
        let items = page.items.iter().map(|item| self.shown(item, &target.gvk)).collect();
        let mut metadata = json!({"resourceVersion": page.revision.to_string()});
        if let Some((token, rest)) = page.next {
            put(&mut metadata, "/continue", json!(token));
            if let Some(rest) = rest {
                put(&mut metadata, "/remainingItemCount", json!(rest));
            }
        }
        listed(call, &target, items, metadata)
    }

    fn page(&self, call: &Call, target: &Target, selection: &Selection) -> Result<Page, Refusal> {
        let namespace = Some(target.namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let token = call.param("continue");
        // The cache, which answers such a list, knows no pages (`storage/cacher/delegator.go`).
        let cached = token.is_empty() && call.param("resourceVersion") == "0";
        let limit = if cached { 0 } else { number(call, "limit")? };
        let current = self.store.revision();
        let (at, start) = if token.is_empty() {
            (self.asked_revision(call)?, Start::default())
        } else {
            if !matches!(call.param("resourceVersion"), "" | "0") {
                let why = "specifying resource version is not allowed when using continue";
                return Err(bad_request(why));
            }
            let (at, start) = Start::read(token)?;
            (Some(at), start)
        };
        let objects = match at {
            Some(at) if at != current => {
                self.store.objects_at(&target.key, at).map_err(|_compacted| {
                    let text = if token.is_empty() {
                    "The resourceVersion for the provided list is too old."
                } else {
                    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
                };
                    Box::new(Status::expired(text))
                })?
            }
            _ => self.store.objects(&target.key),
        };
        let limit = usize::try_from(limit).unwrap_or(0);
        let most = if limit == 0 { usize::MAX } else { limit.saturating_add(1) };
        let found = objects.after(namespace, start.place(namespace));
        let found = found.filter(|item| selection.matches(item)).take(most);
        let mut items: Vec<Object> = found.cloned().collect();
        let revision = at.unwrap_or(current);
        let mut next = None;
        if limit > 0 && items.len() > limit {
            items.truncate(limit);
            let seen = start.seen + items.len();
            // What does not match was not counted (`apiserver/pkg/storage/etcd3/store.go GetList`).
            let rest =
                selection.is_everything().then(|| objects.count(namespace).saturating_sub(seen));
            next = items.last().map(|last| (Start::write(revision, namespace, last, seen), rest));
        }
        Ok(Page { items, revision, next })
    }

    /// The revision that a list must show exactly, if any.
    fn asked_revision(&self, call: &Call) -> Result<Option<u64>, Refusal> {
        let asked = revision(call)?;
        let matching = call.param("resourceVersionMatch");
        check_match(asked, matching)?;
        let current = self.store.revision();
        match asked {
            Some(asked) if asked > current => Err(too_large(asked, current)),
            Some(asked) if matching == "Exact" => Ok(Some(asked)),
            _ => Ok(None),
        }
    }
}

fn check_match(asked: Option<u64>, matching: &str) -> Result<(), Refusal> {
    let refuse = |error: FieldError| {
        Err(Box::new(Status::invalid("meta.k8s.io", "ListOptions", "", &[error])))
    };
    match (asked, matching) {
        (_, "") => Ok(()),
        (None, _) => refuse(FieldError::forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        )),
        (Some(0), "Exact") => refuse(FieldError::forbidden(
            "resourceVersionMatch",
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        )),
        (_, "Exact" | "NotOlderThan") => Ok(()),
        (_, other) => refuse(FieldError::not_supported(
            "resourceVersionMatch",
            other,
            &["Exact", "NotOlderThan", ""],
        )),
    }
}

/// What the query of a list or a watch may say (`metainternalversion/validation.ValidateListOptions`).
pub(crate) fn check_options(call: &Call, watches: bool) -> Result<(), Refusal> {
    number(call, "timeoutSeconds")?;
    let matching = call.param("resourceVersionMatch");
    let given = !call.param("sendInitialEvents").is_empty();
    let at = "resourceVersionMatch";
    let mut errors = Vec::new();
    if given && !watches {
        let why = "sendInitialEvents is forbidden for list";
        errors.push(FieldError::forbidden("sendInitialEvents", why));
    } else if given && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        errors.push(FieldError::forbidden(at, why));
        if !matching.is_empty() {
            errors.push(FieldError::not_supported(at, matching, &["NotOlderThan"]));
        }
    } else if !given && watches && !matching.is_empty() {
        let why =
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        errors.push(FieldError::forbidden(at, why));
    } else if watches
        && !given
        && matches!(call.param("resourceVersion"), "" | "0")
        && !call.param("continue").is_empty()
    {
        // Such a watch sends what there is first (`internalversion/defaults.go SetListOptionsDefaults`).
        let why = "resourceVersionMatch is forbidden when continue is provided";
        errors.push(FieldError::forbidden(at, why));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(Box::new(Status::invalid("meta.k8s.io", "ListOptions", "", &errors)))
}

fn number(call: &Call, name: &str) -> Result<i64, Refusal> {
    let given = call.param(name);
    if given.is_empty() {
        return Ok(0);
    }
    given.parse().map_err(|_error| {
        bad_request(format!("strconv.ParseInt: parsing {given:?}: invalid syntax"))
    })
}

/// Where a page begins: after what the one before has shown.
#[derive(Debug, Default)]
struct Start {
    /// `/<name>`, or `/<namespace>/<name>` in a list of all namespaces.
    after: String,
    /// How much has been shown.
    seen: usize,
}

impl Start {
    fn place<'a>(&'a self, namespace: Option<&'a str>) -> Option<(&'a str, &'a str)> {
        let after = self.after.strip_prefix('/')?;
        Some(match namespace {
            Some(namespace) => (namespace, after),
            None => after.split_once('/').unwrap_or(("", after)),
        })
    }

    /// The token of the page after `last`.
    fn write(revision: u64, namespace: Option<&str>, last: &Value, seen: usize) -> String {
        let place = match namespace {
            None if !object::namespace(last).is_empty() => {
                format!("/{}/{}", object::namespace(last), object::name(last))
            }
            _ => format!("/{}", object::name(last)),
        };
        let token = format!(
            "{{\"v\":\"meta.k8s.io/v1\",\"rv\":{revision},\"start\":{},\"seen\":{seen}}}",
            json!(format!("{place}\0"))
        );
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Reads a token, with the revision of its list.
    fn read(token: &str) -> Result<(u64, Self), Refusal> {
        let wrong = |why: &str| {
            bad_request(format!("invalid continue token: continue key is not valid: {why}"))
        };
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_error| {
            let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            let end = token.len() / 4 * 4;
            let at = token.bytes().position(|byte| !fine(byte)).unwrap_or(end);
            wrong(&format!("illegal base64 data at input byte {at}"))
        })?;
        let first = char::from(bytes.first().copied().unwrap_or(b' '));
        let value: Value = serde_json::from_slice(&bytes).map_err(|_error| {
            wrong(&format!("invalid character '{first}' looking for beginning of value"))
        })?;
        let revision = value.get("rv").and_then(Value::as_u64).unwrap_or(0);
        let after = value.get("start").and_then(Value::as_str).unwrap_or("");
        if value.get("v").and_then(Value::as_str) != Some("meta.k8s.io/v1") {
            let version = value.get("v").and_then(Value::as_str).unwrap_or("");
            let why = format!("server does not recognize this encoded version {version}");
            return Err(wrong(&why));
        }
        let seen =
            value.get("seen").and_then(Value::as_u64).and_then(|seen| usize::try_from(seen).ok());
        let after = after.trim_end_matches('\0').to_owned();
        Ok((revision, Self { after, seen: seen.unwrap_or(0) }))
    }
}

/// A list in the form that was asked for.
pub(crate) fn listed(
    call: &Call,
    target: &Target,
    items: Vec<Object>,
    metadata: Value,
) -> Result<Reply, Refusal> {
    Ok(match call.form {
        Form::Table => Reply::Document(200, rows(call, target, &items, metadata)?),
        // `responsewriters`' `transformResponseObject` (`handlers/response.go`).
        Form::Partial => {
            return Err(not_acceptable(format!(
                "you requested PartialObjectMetadata, but the requested object is a list (*{}List)",
                go_type(target)
            )));
        }
        Form::PartialList => {
            let items: Vec<Value> = items.iter().map(|item| partial(call, item)).collect();
            Reply::Document(
                200,
                json!({
                    "kind": "PartialObjectMetadataList", "apiVersion": call.meta,
                    "metadata": metadata, "items": items,
                }),
            )
        }
        Form::Plain => {
            let custom = target.custom.as_ref();
            let kind = custom.map_or_else(
                || format!("{}List", target.gvk.kind),
                |custom| custom.list_kind.clone(),
            );
            let head = GroupVersionKind { kind, ..target.gvk.clone() };
            Reply::List(Box::new(List { head, metadata, items, bare: custom.is_none() }))
        }
    })
}

/// The type of objects as `%T` names it: that of the server's own package.
fn go_type(target: &Target) -> String {
    if target.custom.is_some() {
        return "unstructured.Unstructured".to_owned();
    }
    let package = match target.gvk.group.split('.').next().unwrap_or("") {
        "" | "events" => "core",
        package => package,
    };
    format!("{package}.{}", target.gvk.kind)
}

/// A table of the objects of a kind.
pub(crate) fn rows<T: Borrow<Value>>(
    call: &Call,
    target: &Target,
    items: &[T],
    metadata: Value,
) -> Result<Value, Refusal> {
    let include = call.param("includeObject");
    if !matches!(include, "" | "None" | "Metadata" | "Object") {
        // `internalversion/validation.ValidateTableOptions`.
        return Err(bad_request(format!(
            "Unable to convert to Table as requested: includeObject: Invalid value: {include:?}: must be 'Metadata', 'Object', 'None', or empty"
        )));
    }
    Ok(match &target.custom {
        Some(custom) => custom::table(call, custom, items, metadata),
        None => table::document(call, &target.key, items, metadata),
    })
}

/// Only the metadata.
pub(crate) fn partial(call: &Call, value: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata", "apiVersion": call.meta,
        "metadata": value.get("metadata").cloned().unwrap_or_default(),
    })
}

/// Brings an answer into the form that was asked for.
pub(crate) fn present(call: &Call, reply: Reply) -> Result<Reply, Refusal> {
    let Reply::Object(code, value) = reply else { return Ok(reply) };
    if call.form == Form::Plain {
        return Ok(Reply::Object(code, value));
    }
    if call.form == Form::Partial {
        return Ok(Reply::Document(code, partial(call, &value)));
    }
    let target = Target::of(call)?;
    if call.form == Form::PartialList {
        return Err(not_acceptable(format!(
            "you requested PartialObjectMetadataList, but the requested object is not a list (*{})",
            go_type(&target)
        )));
    }
    let metadata = match object::resource_version(&value) {
        "" => json!({}),
        revision => json!({"resourceVersion": revision}),
    };
    Ok(Reply::Document(code, rows(call, &target, &[value], metadata)?))
}
