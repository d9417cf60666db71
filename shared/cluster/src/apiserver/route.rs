//! From a path and a verb to what answers.

use apimachinery::schema::{ApiResource, Schema};
use apimachinery::status::Status;

use super::admission::connect;
use super::answer::{Refusal, Reply, status_document};
use super::authz::{Attributes, authorize};
use super::call::Call;
use super::node_request;
use super::{Apiserver, authn, component_status};

/// Resources whose only verb is to be asked.
const REVIEWS: [&str; 6] = [
    "selfsubjectaccessreviews",
    "subjectaccessreviews",
    "localsubjectaccessreviews",
    "selfsubjectrulesreviews",
    "selfsubjectreviews",
    "tokenreviews",
];

/// Paths that need no permission, so that a load balancer can ask.
const OPEN: [&str; 4] = ["/healthz", "/livez", "/readyz", "/version"];

/// Said with every answer about them.
const ENDPOINTS: &str =
    "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice";

impl Apiserver {
    /// Authorizes a request and lets the right part answer it.
    pub(crate) fn route(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let attributes = Attributes::of(&call.info);
        let open = OPEN.iter().any(|path| call.info.path.starts_with(path))
            && call.identity.username == authn::ANONYMOUS;
        if !open {
            let decision = authorize(&self.store, &call.identity, &attributes);
            let word = if decision.allowed { "allow" } else { "forbid" };
            call.notes.annotate("authorization.k8s.io/decision", word);
            call.notes.annotate("authorization.k8s.io/reason", decision.reason.as_str());
            if !decision.allowed {
                call.denied = true;
                return Err(attributes.refusal(&call.identity, &decision.reason));
            }
        }
        if !call.info.is_resource {
            return self.non_resource(call).map(|reply| self.missing_version(call, reply));
        }
        if let Some(reply) = self.aggregated(call)? {
            return Ok(reply);
        }
        if !self.knows_group(&call.info.api_group) || call.info.path.starts_with("//") {
            return Ok(Reply::Text(404, "404 page not found\n".to_owned()));
        }
        let resource = &call.resource()?.clone();
        let subresource = call.info.subresource.clone();
        let verbs = if subresource.is_empty() {
            &resource.verbs
        } else {
            let found = resource.subresource(&subresource);
            let missing = || match &call.custom {
                Some(_) => Status::not_found(&call.group_resource(), &call.info.name),
                None => Status::no_such_path(),
            };
            &found.ok_or_else(|| Box::new(missing()))?.verbs
        };
        check_path(call)?;
        check_scope(call, resource)?;
        if resource.plural == "endpoints" {
            call.warn(ENDPOINTS.to_owned());
            call.notes.annotate("k8s.io/deprecated", "true");
        }
        if !verbs.contains(&call.info.verb) {
            return Err(Box::new(Status::method_not_allowed()));
        }
        if let Some(warning) = call.custom.as_ref().and_then(|custom| custom.warning.clone()) {
            call.warn(warning);
        }
        if resource.plural == component_status::PLURAL && resource.group.is_empty() {
            return self.component_statuses(call);
        }
        if REVIEWS.contains(&resource.plural.as_str()) {
            return self.review(call);
        }
        if !subresource.is_empty() {
            return self.route_subresource(call);
        }
        match call.info.verb.as_str() {
            "get" => self.get(call),
            "list" => self.list(call),
            "watch" => self.watch(call),
            "create" => self.create(call),
            "update" => self.update(call),
            "patch" => self.patch(call),
            "delete" => self.delete(call),
            "deletecollection" => self.delete_collection(call),
            _ => Err(Box::new(Status::method_not_allowed())),
        }
    }

    /// What is missing below a group that is served is said by that group (`/apis/batch/v9`).
    fn missing_version(&self, call: &Call, reply: Reply) -> Reply {
        let parts: Vec<&str> = call.info.path.trim_matches('/').split('/').collect();
        let served = match parts.as_slice() {
            ["api" | "version", _] => true,
            ["apis", group, _] => self.knows_group(group),
            _ => false,
        };
        match reply {
            Reply::Text(404, _) if served => {
                Reply::Document(404, status_document(&Status::no_such_path()))
            }
            reply => reply,
        }
    }

    /// Whether something is served in a group, now or by a definition that was there before.
    fn knows_group(&self, group: &str) -> bool {
        Schema::builtin().groups().iter().any(|one| one.name == group)
            || self.served.iter().any(|one| one.group == group)
            || self.customs.serves(group)
    }

    fn route_subresource(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let (resource, subresource) = (call.info.resource.clone(), call.info.subresource.clone());
        connect::admit(self, call)?;
        match (resource.as_str(), subresource.as_str()) {
            ("pods", "log" | "exec" | "attach" | "portforward" | "proxy") => {
                let name = call.info.name.split(':').next().unwrap_or("").to_owned();
                let pod = self.store.get("pods", &call.info.namespace, &name);
                let missing = || Box::new(Status::not_found(&call.group_resource(), &name));
                let pod = pod.ok_or_else(missing)?;
                node_request::read(call, pod).map(|request| Reply::Node(Box::new(request)))
            }
            ("services", "proxy") => node_request::of_service(&self.store, call)
                .map(|request| Reply::Node(Box::new(request))),
            ("nodes", "proxy") if self.store.get("nodes", "", &call.info.name).is_none() => {
                Err(Box::new(Status::not_found(&call.group_resource(), &call.info.name)))
            }
            ("pods", "binding") => self.bind(call),
            ("pods", "eviction") => self.evict(call),
            ("serviceaccounts", "token") => self.create_token(call),
            (_, "scale") => self.scale(call),
            (_, "status" | "ephemeralcontainers" | "finalize" | "resize" | "approval") => {
                match call.info.verb.as_str() {
                    "get" => self.get(call),
                    "update" => self.update(call),
                    "patch" => self.patch(call),
                    _ => Err(Box::new(Status::method_not_allowed())),
                }
            }
            _ => Err(Box::new(Status::no_such_path())),
        }
    }
}

/// What `go-restful` has no route for: other methods, names with a slash or of what has no names, empty parts.
fn check_path(call: &Call) -> Result<(), Refusal> {
    let info = &call.info;
    let sent_on = matches!(info.subresource.as_str(), "proxy" | "exec" | "attach" | "portforward");
    let review = REVIEWS.contains(&info.resource.as_str()) && !info.name.is_empty();
    if review || (!sent_on && (info.name.contains('/') || info.path.contains("//"))) {
        return Err(Box::new(Status::no_such_path()));
    }
    let known = matches!(call.method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE");
    // (The server of custom resources looks at the verb alone.)
    if known || sent_on || call.custom.is_some() {
        return Ok(());
    }
    Err(Box::new(Status::method_not_allowed()))
}

/// Paths that exist for one scope only: objects of namespaces have none without a namespace, and what
/// is created or removed as a collection belongs to a namespace.
fn check_scope(call: &Call, resource: &ApiResource) -> Result<(), Refusal> {
    let info = &call.info;
    let named = !info.name.is_empty() && !matches!(info.verb.as_str(), "list" | "watch");
    let nameless = info.name.is_empty() && matches!(info.verb.as_str(), "update" | "patch");
    if nameless || (info.verb == "create" && info.subresource.is_empty() && named) {
        return Err(Box::new(Status::method_not_allowed()));
    }
    if !resource.namespaced {
        // `/namespaces/x/namespaces/x` names the resource twice.
        let below = info.path.split('/').filter(|part| *part == "namespaces").count() > 1
            && info.resource == "namespaces";
        let inside = !info.namespace.is_empty() && (info.resource != "namespaces" || below);
        return if inside { Err(Box::new(Status::no_such_path())) } else { Ok(()) };
    }
    if !info.namespace.is_empty() {
        return Ok(());
    }
    match info.verb.as_str() {
        "list" | "watch" => Ok(()),
        "create" | "deletecollection" => Err(Box::new(Status::method_not_allowed())),
        _ => Err(Box::new(Status::no_such_path())),
    }
}
