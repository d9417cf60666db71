//! Probes and lifecycle hooks (`validateProbe`, `validateLifecycle`, `validateHandler`).

use super::at::At;
use super::{Faults, labels};

const ACTIONS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];

#[rustfmt::skip]
const SIGNALS: [&str; 65] = [
    "SIGABRT", "SIGALRM", "SIGBUS", "SIGCHLD", "SIGCLD",
    "SIGCONT", "SIGFPE", "SIGHUP", "SIGILL", "SIGINT",
    "SIGIO", "SIGIOT", "SIGKILL", "SIGPIPE", "SIGPOLL",
    "SIGPROF", "SIGPWR", "SIGQUIT", "SIGRTMAX", "SIGRTMAX-1",
    "SIGRTMAX-10", "SIGRTMAX-11", "SIGRTMAX-12", "SIGRTMAX-13", "SIGRTMAX-14",
    "SIGRTMAX-2", "SIGRTMAX-3", "SIGRTMAX-4", "SIGRTMAX-5", "SIGRTMAX-6",
    "SIGRTMAX-7", "SIGRTMAX-8", "SIGRTMAX-9", "SIGRTMIN", "SIGRTMIN+1",
    "SIGRTMIN+10", "SIGRTMIN+11", "SIGRTMIN+12", "SIGRTMIN+13", "SIGRTMIN+14",
    "SIGRTMIN+15", "SIGRTMIN+2", "SIGRTMIN+3", "SIGRTMIN+4", "SIGRTMIN+5",
    "SIGRTMIN+6", "SIGRTMIN+7", "SIGRTMIN+8", "SIGRTMIN+9", "SIGSEGV",
    "SIGSTKFLT", "SIGSTOP", "SIGSYS", "SIGTERM", "SIGTRAP",
    "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGUSR1",
    "SIGUSR2", "SIGVTALRM", "SIGWINCH", "SIGXCPU", "SIGXFSZ",
];

const SIGNALS_ON_WINDOWS: [&str; 2] = ["SIGKILL", "SIGTERM"];

/// A probe; `kind` is the name of its field.
pub(super) fn probe(probe: &At<'_>, kind: &str, grace: Option<i64>, faults: &mut Faults) {
    if !probe.given() {
        return;
    }
    action(probe, &ACTIONS, grace, faults);
    probe.nonnegative_fields(
        &[
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ],
        faults,
    );
    let period = probe.child("terminationGracePeriodSeconds");
    if period.number().is_some_and(|period| period <= 0) {
        period.invalid("must be greater than 0", faults);
    }
    let success = probe.child("successThreshold");
    if kind == "readinessProbe" {
        if period.given() {
            period.invalid("must not be set for readinessProbes", faults);
        }
    } else if success.number().unwrap_or(1) != 1 {
        success.invalid("must be 1", faults);
    }
}

/// `postStart`, `preStop` and the signal that stops.
pub(super) fn lifecycle(
    lifecycle: &At<'_>,
    grace: Option<i64>,
    spec: &At<'_>,
    faults: &mut Faults,
) {
    for hook in ["postStart", "preStop"] {
        let at = lifecycle.child(hook);
        if at.given() {
            action(&at, &["exec", "httpGet", "tcpSocket", "sleep"], grace, faults);
        }
    }
    let signal = lifecycle.child("stopSignal");
    if !signal.given() {
        return;
    }
    match spec.child("os").text_of("name") {
        "" => signal.forbidden("may not be set for containers with empty `spec.os.name`", faults),
        "windows" => signal.one_of(&SIGNALS_ON_WINDOWS, faults),
        _ => signal.one_of(&SIGNALS, faults),
    }
}

fn action(hook: &At<'_>, known: &[&str], grace: Option<i64>, faults: &mut Faults) {
    let mut count = 0;
    for kind in known {
        let found = hook.child(kind);
        if !found.given() {
            continue;
        }
        count += 1;
        if count > 1 {
            found.forbidden("may not specify more than 1 handler type", faults);
            continue;
        }
        match *kind {
            "exec" => {
                let command = found.child("command");
                if command.len() == 0 {
                    command.required("", faults);
                }
            }
            "httpGet" => http(&found, faults),
            "sleep" => {
                let seconds = found.number_of("seconds").unwrap_or(0);
                if let Some(grace) = grace.filter(|grace| seconds < 0 || seconds > *grace) {
                    let why = format!(
                        "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                    );
                    found.invalid_as(seconds, why, faults);
                }
            }
            _ => labels::port(found.value.get("port"), &found.child("port").path, faults),
        }
    }
    if count == 0 {
        hook.required("must specify a handler type", faults);
    }
}

fn http(get: &At<'_>, faults: &mut Faults) {
    get.child("path").some_text(faults);
    labels::port(get.value.get("port"), &get.child("port").path, faults);
    get.child("scheme").one_of(&["HTTP", "HTTPS"], faults);
    let headers = get.child("httpHeaders");
    for header in headers.items() {
        let name = header.text_of("name");
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if name.is_empty() || !name.chars().all(fine) {
            let why = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
            headers.invalid_as(name, why, faults);
        }
    }
}
