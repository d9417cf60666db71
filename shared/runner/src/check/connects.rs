//! `connects`: new connections.

use notebook::check::ConnectionExpectation;

use super::Look;
use crate::connect::{Connection, Outcome, Probe};
use crate::{Runner, Said};

impl Runner {
    pub(super) async fn look_connects(&self, connections: &[ConnectionExpectation]) -> Look {
        for expectation in connections {
            let probe = self.probe_connection(&connection(expectation)).await;
            if !fits(expectation, &probe) {
                let expected = said(wanted(expectation), expectation);
                return Look { holds: false, expected, found: found(expectation, &probe) };
            }
        }
        let [only] = connections else {
            return Look {
                holds: true,
                expected: Said::new("check-expected-connections").with("count", connections.len()),
                found: Said::new("check-found-connections").with("count", connections.len()),
            };
        };
        let found = match (only.allowed, only.nobody_listens) {
            (true, false) => "check-found-allowed",
            (true, true) => "check-found-refused",
            (false, _) => "check-found-blocked",
        };
        Look { holds: true, expected: said(wanted(only), only), found: said(found, only) }
    }
}

/// The connection of an expectation.
pub(crate) fn connection(expectation: &ConnectionExpectation) -> Connection {
    Connection {
        from: expectation.connection.from.clone(),
        to: expectation.connection.to.clone(),
        port: expectation.connection.port,
    }
}

/// Whether what a connection does is what was said.
pub(crate) fn fits(expectation: &ConnectionExpectation, probe: &Probe) -> bool {
    match probe.outcome {
        Outcome::Allowed => expectation.allowed && !expectation.nobody_listens,
        // The pod itself refused: the network let it through.
        Outcome::Refused => expectation.allowed && expectation.nobody_listens,
        Outcome::Blocked => !expectation.allowed,
        Outcome::Unknown => false,
    }
}

fn wanted(expectation: &ConnectionExpectation) -> &'static str {
    match (expectation.allowed, expectation.nobody_listens) {
        (true, false) => "check-expected-allowed",
        (true, true) => "check-expected-refused",
        (false, _) => "check-expected-blocked",
    }
}

fn found(expectation: &ConnectionExpectation, probe: &Probe) -> Said {
    let code = match probe.outcome {
        Outcome::Allowed => "check-found-allowed",
        Outcome::Blocked => "check-found-blocked",
        Outcome::Refused => "check-found-refused",
        Outcome::Unknown => "check-found-unknown",
    };
    said(code, expectation)
}

fn said(code: &str, expectation: &ConnectionExpectation) -> Said {
    let connection = &expectation.connection;
    Said::new(code)
        .with("from", &connection.from)
        .with("to", &connection.to)
        .with("port", connection.port)
}
