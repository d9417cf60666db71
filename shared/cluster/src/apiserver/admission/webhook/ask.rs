//! Asking a webhook (`webhook/{mutating,validating}/dispatcher.go`, `webhook/request/admissionreview.go`,
//! `apiserver/pkg/util/webhook/client.go`): add-ons answer themselves, others are called by the host.

use std::time::Duration;

use apimachinery::outgoing::Outgoing;
use apimachinery::status::Status;
use base64::Engine as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::verdict::{self, Answer};
use super::{Hook, Subject, Trouble};
use crate::addon::{Admission, Review};
use crate::apiserver::Apiserver;
use crate::apiserver::call::Call;
use crate::apiserver::view;
use crate::apiserver::write::Target;
use crate::fields::{self, text};

const KNOWN_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// What a webhook says of a request.
pub(super) fn ask(
    server: &Apiserver,
    call: &mut Call,
    hook: &Hook,
    subject: &Subject<'_>,
    mutates: bool,
) -> Result<Answer, Trouble> {
    let harmless = ["None", "NoneOnDryRun"].contains(&text(&hook.spec, "/sideEffects"));
    if subject.admitted(call).dry_run() && !harmless {
        let why = format!("admission webhook {:?} does not support dry run", hook.name());
        return Err(Trouble::Refused(Box::new(Status::bad_request(why))));
    }
    if let Some(answer) = of_addon(server, call, hook, subject) {
        return Ok(answer);
    }
    let place = Place::of(server, hook).map_err(Trouble::Calling)?;
    if !server.calls {
        return Err(Trouble::Calling(place.nobody()));
    }
    let outgoing = outgoing(call, hook, subject, place)?;
    let Some(returned) = server.returned(call, &outgoing) else {
        // The request ends here, without a trace, and comes again with the answer.
        call.outgoing = Some(Box::new(outgoing));
        let why = "the request waits for an admission webhook";
        return Err(Trouble::Refused(Box::new(Status::failure(503, "ServiceUnavailable", why))));
    };
    let (uid, returned) = returned;
    let failed = |why: String| Trouble::Calling(format!("failed to call webhook: {why}"));
    let body = match returned {
        Ok((code, kind, body)) => verdict::body(code, &kind, body).map_err(failed)?,
        Err(why) => return Err(failed(format!("Post \"{}\": {why}", outgoing.url))),
    };
    let v1 = review_version(hook) == Some("v1");
    let answer = verdict::read(&body, &uid, (mutates, v1)).map_err(Trouble::Calling)?;
    for (key, value) in &answer.annotations {
        call.notes.annotate(&format!("{}/{key}", hook.name()), value.clone());
    }
    for warning in &answer.warnings {
        call.warn(warning.clone());
    }
    Ok(answer)
}

fn review_version(hook: &Hook) -> Option<&str> {
    let accepted = fields::items(&hook.spec, "/admissionReviewVersions");
    accepted.iter().filter_map(Value::as_str).find(|one| KNOWN_VERSIONS.contains(one))
}

/// The object in the version of the request.
pub(super) fn seen(target: &Target, value: &Value) -> Value {
    let mut shown = value.clone();
    match &target.custom {
        Some(custom) => custom.show(&mut shown),
        None => view::in_version(&mut shown, &target.gvk.group, &target.gvk.version),
    }
    shown
}

/// `CreateAdmissionObjects`.
fn outgoing(
    call: &Call,
    hook: &Hook,
    subject: &Subject<'_>,
    place: Place,
) -> Result<Outgoing, Trouble> {
    let Some(version) = review_version(hook) else {
        let why = "could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)";
        return Err(Trouble::Calling(why.to_owned()));
    };
    let mut request = subject.admitted(call).request(subject.new);
    let shown = |value: Option<&Value>| value.map_or(Value::Null, |one| seen(subject.target, one));
    fields::put(&mut request, "/object", shown(subject.new));
    fields::put(&mut request, "/oldObject", shown(subject.old));
    let review = json!({
        "kind": "AdmissionReview", "apiVersion": format!("admission.k8s.io/{version}"),
        "request": request,
    });
    let digest = Sha256::digest(format!("{}{}{review}", call.audit_id, hook.key()));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let uid = format!(
        "{}-{}-4{}-8{}-{}",
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32)
    );
    let bundle = text(&hook.spec, "/clientConfig/caBundle");
    let authorities = base64::engine::general_purpose::STANDARD.decode(bundle).unwrap_or_default();
    Ok(Outgoing {
        hook: hook.key(),
        address: place.address,
        server_name: place.server_name,
        url: place.url,
        authorities,
        patience: Duration::from_secs(place.seconds),
        review,
        uid,
    })
}

/// The answer of the add-on whose Service is called.
fn of_addon(server: &Apiserver, call: &Call, hook: &Hook, subject: &Subject<'_>) -> Option<Answer> {
    let at = |field: &str| text(&hook.spec, &format!("/clientConfig/service/{field}"));
    let service = (at("namespace"), at("name"));
    if service.1.is_empty() || !is_ready(server, service) {
        return None;
    }
    let review = Review {
        service,
        path: at("path"),
        user: &call.identity.username,
        object: subject.new.or(subject.old)?,
        old: subject.old,
        now: call.now,
    };
    let answer = server.addons.iter().find_map(|addon| addon.admit(&review))?;
    Some(match answer {
        Admission::Allowed(patch) => Answer::allowing(patch),
        Admission::Denied { code, message } => Answer::denying(code, &message),
    })
}

fn is_ready(server: &Apiserver, (namespace, name): (&str, &str)) -> bool {
    let slices = server.store.list("endpointslices.discovery.k8s.io", Some(namespace));
    slices
        .iter()
        .filter(|slice| {
            fields::labels(slice).get("kubernetes.io/service-name").is_some_and(|of| of == name)
        })
        .flat_map(|slice| fields::items(slice, "/endpoints"))
        .any(|endpoint| fields::flag(endpoint, "/conditions/ready"))
}

/// Where a webhook is.
struct Place {
    address: String,
    server_name: String,
    url: String,
    seconds: u64,
}

impl Place {
    /// `hookClientConfig`; the error is why nobody is there.
    fn of(server: &Apiserver, hook: &Hook) -> Result<Self, String> {
        let seconds = fields::number(&hook.spec, "/timeoutSeconds").unwrap_or(10);
        let seconds = seconds.unsigned_abs();
        if let Some(url) = hook.spec.pointer("/clientConfig/url").and_then(Value::as_str) {
            let rest = url.strip_prefix("https://").unwrap_or(url);
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let (host, port) = match authority.rsplit_once(':') {
                Some((host, port)) if !port.contains(']') => (host, port),
                _ => (authority, "443"),
            };
            return Ok(Self {
                address: format!("{host}:{port}"),
                server_name: host.trim_matches(['[', ']']).to_owned(),
                url: format!("https://{authority}/{path}?timeout={seconds}s"),
                seconds,
            });
        }
        let at = |field: &str| text(&hook.spec, &format!("/clientConfig/service/{field}"));
        let (namespace, name) = (at("namespace"), at("name"));
        let port = fields::number(&hook.spec, "/clientConfig/service/port").unwrap_or(443);
        let path = at("path").trim_start_matches('/');
        let server_name = format!("{name}.{namespace}.svc");
        let url = format!("https://{server_name}:{port}/{path}?timeout={seconds}s");
        let failed = |why: String| format!("failed to call webhook: Post \"{url}\": {why}");
        let Some(service) = server.store.get("services", namespace, name) else {
            return Err(failed(format!("service {name:?} not found")));
        };
        // `util/proxy/proxy.go ResolveCluster`.
        if text(&service, "/spec/type") == "ExternalName" {
            let address = format!("{}:{port}", text(&service, "/spec/externalName"));
            return Ok(Self { address, server_name, url, seconds });
        }
        let address = text(&service, "/spec/clusterIP");
        // Containers here serve no TLS, so that whoever is not an add-on refuses.
        Err(failed(format!("dial tcp {address}:{port}: connect: connection refused")))
    }

    /// What a call says where there is nothing outside of the cluster.
    fn nobody(&self) -> String {
        let host = self.address.rsplit_once(':').map_or("", |(host, _)| host);
        let why = if host.parse::<std::net::IpAddr>().is_ok() {
            format!("dial tcp {}: connect: connection refused", self.address)
        } else {
            format!("dial tcp: lookup {host}: no such host")
        };
        format!("failed to call webhook: Post \"{}\": {why}", self.url)
    }
}
