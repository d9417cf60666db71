//! `agnhost connect`, with its words for what went wrong (`test/images/agnhost/connect/connect.go`).

use std::time::Duration;

use super::super::commands::{Output, Started, span};
use super::super::machine::Os;
use super::{Dialed, done};

/// What the kernel waits for when nobody sets a limit.
const USUAL_TIMEOUT: Duration = Duration::from_secs(127);

pub(super) fn agnhost(arguments: &[&str], os: &mut Os<'_>) -> Started {
    match arguments.split_first() {
        Some((&"connect", rest)) => connect(rest, os),
        Some((other, _)) => {
            let text = format!(
                "Error: unknown command \"{other}\" for \"app\"\nRun 'app --help' for usage.\n"
            );
            Started::Done(Output::fail(1, text))
        }
        None => Started::Done(Output::fail(1, "Error: a subcommand is needed\n")),
    }
}

fn connect(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let (mut timeout, mut protocol, mut target) = (Duration::ZERO, "tcp", "");
    let mut words = arguments.iter().copied();
    while let Some(word) = words.next() {
        let Some(flag) = word.strip_prefix("--") else {
            target = word;
            continue;
        };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, value),
            None => (flag, words.next().unwrap_or_default()),
        };
        match name {
            "timeout" => timeout = span(value).unwrap_or_default(),
            "protocol" => protocol = value,
            _ => {}
        }
    }
    let Some((host, port)) = target.rsplit_once(':') else {
        let text = format!("UNKNOWN: address {target}: missing port in address\n");
        return Started::Done(Output::fail(1, text));
    };
    if protocol != "tcp" {
        return Started::Done(Output::fail(1, "only TCP is simulated here\n"));
    }
    let waits = if timeout.is_zero() { USUAL_TIMEOUT } else { timeout };
    match os.network.dial(host, port.parse().unwrap_or_default(), None) {
        Dialed::Open(..) => done(Output::default()),
        Dialed::Refused(_) => done(Output::fail(1, "REFUSED\n")),
        Dialed::Silent(_) => Started::Later(waits, Output::fail(1, "TIMEOUT\n")),
        Dialed::NoName => {
            done(Output::fail(1, format!("DNS: lookup {host} on 10.96.0.10:53: no such host\n")))
        }
        Dialed::NoDns => {
            let text = format!("DNS: lookup {host}: i/o timeout\n");
            Started::Later(Duration::from_secs(10), Output::fail(1, text))
        }
    }
}
