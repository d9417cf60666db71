//! Probes and lifecycle hooks (`validateProbe`, `validateHandler`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::{Faults, labels};
use crate::fields::{items, number, text};

const ACTIONS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

/// A probe; `kind` is the name of its field.
pub(super) fn probe(probe: Option<&Value>, path: &str, kind: &str, faults: &mut Faults) {
    let Some(probe) = probe.filter(|probe| probe.is_object()) else { return };
    action(probe, &ACTIONS, path, faults);
    for field in [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
    ] {
        labels::nonnegative(
            number(probe, &format!("/{field}")),
            &format!("{path}.{field}"),
            faults,
        );
    }
    let success = number(probe, "/successThreshold").unwrap_or(1);
    if kind != "readinessProbe" && success != 1 {
        faults.push(FieldError::invalid(&format!("{path}.successThreshold"), success, "must be 1"));
    }
    if let Some(grace) = number(probe, "/terminationGracePeriodSeconds").filter(|grace| *grace <= 0)
    {
        let path = format!("{path}.terminationGracePeriodSeconds");
        faults.push(FieldError::invalid(&path, grace, "must be greater than 0"));
    }
}

/// `postStart` and `preStop`.
pub(super) fn lifecycle(lifecycle: Option<&Value>, path: &str, faults: &mut Faults) {
    for hook in ["postStart", "preStop"] {
        let found =
            lifecycle.and_then(|lifecycle| lifecycle.get(hook)).filter(|hook| hook.is_object());
        if let Some(found) = found {
            action(
                found,
                &["exec", "httpGet", "tcpSocket", "sleep"],
                &format!("{path}.{hook}"),
                faults,
            );
        }
    }
}

fn action(hook: &Value, known: &[&str], path: &str, faults: &mut Faults) {
    let mut count = 0;
    for kind in known {
        let Some(found) = hook.get(*kind).filter(|found| found.is_object()) else { continue };
        let path = format!("{path}.{kind}");
        count += 1;
        if count > 1 {
            faults.push(FieldError::forbidden(&path, "may not specify more than 1 handler type"));
            continue;
        }
        match *kind {
            "exec" if items(found, "/command").is_empty() => {
                faults.push(FieldError::required(&format!("{path}.command"), ""));
            }
            "httpGet" => {
                if text(found, "/path").is_empty() {
                    faults.push(FieldError::required(&format!("{path}.path"), ""));
                }
                labels::port(found.get("port"), &format!("{path}.port"), faults);
                labels::one_of(
                    text(found, "/scheme"),
                    &["HTTP", "HTTPS"],
                    &format!("{path}.scheme"),
                    faults,
                );
            }
            "tcpSocket" | "grpc" => {
                labels::port(found.get("port"), &format!("{path}.port"), faults);
            }
            _ => {}
        }
    }
    if count == 0 {
        faults.push(FieldError::required(path, "must specify a handler type"));
    }
}
