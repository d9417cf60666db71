//! Ingresses and IngressClasses (`pkg/apis/networking/validation/validation.go`).

use std::net::IpAddr;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::pod_defaults::{fill_text, map_at};
use super::{Faults, labels};

const CLASS_ANNOTATION: &str = "kubernetes.io/ingress.class";

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let (rules, backend) = (spec.child("rules"), spec.child("defaultBackend"));
    if rules.len() == 0 && !backend.given() {
        let why = "either `defaultBackend` or `rules` must be specified";
        spec.invalid_as(rules.value.clone(), why, faults);
    }
    if backend.given() {
        self::backend(&backend, faults);
    }
    for rule in rules.items() {
        host(&rule.child("host"), faults);
        let http = rule.child("http");
        if !http.given() {
            continue;
        }
        let paths = http.child("paths");
        if paths.len() == 0 {
            paths.required("", faults);
        }
        for path in paths.items() {
            http_path(&path, faults);
        }
    }
    for tls in spec.list("tls") {
        for host in tls.list("hosts") {
            host_name(&host, faults);
        }
        let secret = tls.child("secretName");
        if !secret.text().is_empty() {
            secret.each(names::dns1123_subdomain(secret.text()), faults);
        }
    }
    let class = spec.child("ingressClassName");
    if class.given() {
        class.each(names::dns1123_subdomain(class.text()), faults);
    }
}

/// The older way to name a class must not contradict the newer.
pub(super) fn validate_create(value: &Value, faults: &mut Faults) {
    let class = At::root(value).at(&["spec", "ingressClassName"]);
    let annotation = crate::fields::annotation(value, CLASS_ANNOTATION);
    if class.given() && !annotation.is_empty() && annotation != class.text() {
        let path = format!("annotations.{CLASS_ANNOTATION}");
        let why = "must match `ingressClassName` when both are specified";
        faults.push(FieldError::invalid(&path, annotation, why));
    }
}

pub(super) fn warnings(value: &Value, old: Option<&Value>) -> Vec<String> {
    let annotated = !crate::fields::annotation(value, CLASS_ANNOTATION).is_empty();
    if old.is_some() || !annotated || value.pointer("/spec/ingressClassName").is_some() {
        return Vec::new();
    }
    vec![format!(
        "annotation {CLASS_ANNOTATION:?} is deprecated, please use 'spec.ingressClassName' instead"
    )]
}

fn host_name(at: &At<'_>, faults: &mut Faults) {
    if at.text().contains('*') {
        at.each(names::wildcard_dns1123_subdomain(at.text()), faults);
    } else {
        at.each(names::dns1123_subdomain(at.text()), faults);
    }
}

fn host(at: &At<'_>, faults: &mut Faults) {
    if at.text().is_empty() {
        return;
    }
    if at.text().parse::<IpAddr>().is_ok() {
        at.invalid("must be a DNS name, not an IP address", faults);
    }
    host_name(at, faults);
}

fn http_path(at: &At<'_>, faults: &mut Faults) {
    let kind = at.child("pathType");
    if !kind.given() {
        kind.required("pathType must be specified", faults);
        return;
    }
    let path = at.child("path");
    let text = path.text();
    let absolute = text.starts_with('/');
    match kind.text() {
        "Exact" | "Prefix" => {
            if !absolute {
                path.invalid_as(text, "must be an absolute path", faults);
            }
            for part in ["//", "/./", "/../", "%2f", "%2F"] {
                if text.contains(part) {
                    path.invalid(format!("must not contain '{part}'"), faults);
                }
            }
            for end in ["/..", "/."] {
                if text.ends_with(end) {
                    path.invalid(format!("cannot end with '{end}'"), faults);
                }
            }
        }
        "ImplementationSpecific" => {
            if !text.is_empty() && !absolute {
                path.invalid("must be an absolute path", faults);
            }
        }
        _ => kind.not_supported(&["Exact", "ImplementationSpecific", "Prefix"], faults),
    }
    backend(&at.child("backend"), faults);
}

fn backend(at: &At<'_>, faults: &mut Faults) {
    let (resource, service) = (at.child("resource"), at.child("service"));
    match (resource.given(), service.given()) {
        (true, true) => {
            at.invalid_as("", "cannot set both resource and service backends", faults);
        }
        (true, false) => reference(&resource, faults),
        (false, true) => {
            let name = service.child("name");
            if name.some_text(faults) {
                name.each(names::dns1123_label(name.text()), faults);
            }
            let port = service.child("port");
            let number = port.number_of("number").unwrap_or(0);
            match (port.text_of("name").is_empty(), number) {
                (false, 0) => {
                    let name = port.child("name");
                    labels::port_name(name.text(), &name.path, faults);
                }
                (false, _) => {
                    at.invalid_as("", "cannot set both port name & port number", faults);
                }
                (true, 0) => at.required("port name or number is required", faults),
                (true, number) => {
                    labels::port_number(number, &port.child("number").path, faults);
                }
            }
        }
        (false, false) => at.invalid_as("", "resource or service backend is required", faults),
    }
}

/// Group, kind and name of an object.
fn reference(at: &At<'_>, faults: &mut Faults) {
    let group = at.child("apiGroup");
    if group.given() {
        group.each(names::dns1123_subdomain(group.text()), faults);
    }
    for field in ["kind", "name"] {
        let at = at.child(field);
        if at.some_text(faults) {
            at.each(names::path_segment(at.text()), faults);
        }
    }
}

/// `ValidateIngressLoadBalancerStatus`.
pub(super) fn validate_status(new: &Value, _: &Value, faults: &mut Faults) {
    for ingress in At::root(new).at(&["status", "loadBalancer"]).list("ingress") {
        let (ip, host) = (ingress.child("ip"), ingress.child("hostname"));
        if !ip.text().is_empty() {
            super::pod_spec::ip(ip.text(), &ip.path, faults);
        }
        if !host.text().is_empty() {
            host.each(names::dns1123_subdomain(host.text()), faults);
            if host.text().parse::<IpAddr>().is_ok() {
                host.invalid("must be a DNS name, not an IP address", faults);
            }
        }
    }
}

pub(super) fn default_class(value: &mut Value) {
    if let Some(parameters) = map_at(value, "/spec/parameters") {
        fill_text(parameters, "scope", "Cluster");
    }
}

pub(super) fn validate_class(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let controller = spec.child("controller");
    if controller.text().len() > 250 {
        faults.push(FieldError::too_long(&controller.path, 250));
    }
    labels::domain_prefixed_path(&controller, faults);
    let parameters = spec.child("parameters");
    if !parameters.given() {
        return;
    }
    reference(&parameters, faults);
    let (scope, namespace) = (parameters.child("scope"), parameters.child("namespace"));
    match scope.text() {
        "Namespace" => {
            if namespace.given() {
                namespace.each(names::dns1123_label(namespace.text()), faults);
            } else {
                namespace.required("`parameters.scope` is set to 'Namespace'", faults);
            }
        }
        "Cluster" => {
            if namespace.given() {
                namespace.forbidden("`parameters.scope` is set to 'Cluster'", faults);
            }
        }
        _ => scope.one_of(&["Cluster", "Namespace"], faults),
    }
}

pub(super) fn validate_class_update(new: &Value, old: &Value, faults: &mut Faults) {
    let path = ["spec", "controller"];
    At::root(new).at(&path).immutable(&At::root(old).at(&path), faults);
}
