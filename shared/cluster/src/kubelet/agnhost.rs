//! agnhost, the test image of Kubernetes: its subcommand says what it serves (`test/images/agnhost`).

use std::collections::BTreeMap;

use crate::network::{Protocol, Socket};

/// What `agnhost <subcommand> ...` listens on.
pub(super) fn sockets(argv: &[String], environment: &BTreeMap<String, String>) -> Vec<Socket> {
    let socket = |protocol, port: Option<u16>| port.map(|port| Socket { protocol, port });
    let flag = |name: &str, usual: &str| value_of(argv, name).unwrap_or_else(|| usual.to_owned());
    let port = |name: &str, usual: &str| flag(name, usual).parse::<u16>().ok();
    match argv.get(1).map_or("pause", String::as_str) {
        "netexec" => [
            socket(Protocol::Tcp, port("http-port", "8080")),
            socket(Protocol::Udp, port("udp-port", "8081")),
            socket(Protocol::Sctp, port("sctp-port", "-1")),
        ]
        .into_iter()
        .flatten()
        .collect(),
        "serve-hostname" => {
            let own = port("port", "9376");
            [
                ("http", "true", Protocol::Tcp),
                ("tcp", "false", Protocol::Tcp),
                ("udp", "false", Protocol::Udp),
            ]
            .into_iter()
            .filter(|(name, usual, _)| flag(name, usual) == "true")
            .filter_map(|(_, _, protocol)| socket(protocol, own))
            .collect()
        }
        "porter" => environment.keys().filter_map(|name| ported(name)).collect(),
        "test-webserver" => socket(Protocol::Tcp, port("port", "80")).into_iter().collect(),
        "grpc-health-checking" => [port("port", "5000"), port("http-port", "8080")]
            .into_iter()
            .flatten()
            .map(Socket::tcp)
            .collect(),
        "liveness" | "nettest" => vec![Socket::tcp(8080)],
        _ => Vec::new(),
    }
}

/// Whether it does something and ends, as a command of the shell does.
pub(super) fn ends(argv: &[String]) -> bool {
    argv.get(1).is_some_and(|word| word == "connect")
}

/// Whether it answers health checks over gRPC on this port (`test/images/agnhost/grpc-health-checking`).
pub(super) fn serves_health(processes: &[String], port: u16) -> bool {
    let Some(argv) = processes.first() else { return false };
    let argv: Vec<String> = argv.split(' ').map(str::to_owned).collect();
    argv.get(1).is_some_and(|word| word == "grpc-health-checking")
        && value_of(&argv, "port").map_or(port == 5000, |own| own == port.to_string())
}

/// Whether it answers every path with its name.
pub(super) fn serves_hostname(processes: &[String]) -> bool {
    processes.first().is_some_and(|one| one.split(' ').nth(1) == Some("serve-hostname"))
}

/// `--name=value`, `--name value`, or `--name` alone for `true`.
fn value_of(argv: &[String], name: &str) -> Option<String> {
    let mut words = argv.iter().skip(2).peekable();
    while let Some(word) = words.next() {
        let Some(given) = word.strip_prefix("--") else { continue };
        match given.split_once('=') {
            Some((key, value)) if key == name => return Some(value.to_owned()),
            None if given == name => {
                let next = words.peek().filter(|next| !next.starts_with("--"));
                return Some(next.map_or_else(|| "true".to_owned(), |next| (*next).clone()));
            }
            _ => {}
        }
    }
    None
}

/// `SERVE_SCTP_PORT_80` and its like.
fn ported(name: &str) -> Option<Socket> {
    let (kind, port) = name.strip_prefix("SERVE_")?.rsplit_once('_')?;
    let protocol = match kind {
        "PORT" | "TCP_PORT" | "TLS_PORT" => Protocol::Tcp,
        "UDP_PORT" => Protocol::Udp,
        "SCTP_PORT" => Protocol::Sctp,
        _ => return None,
    };
    Some(Socket { protocol, port: port.parse().ok()? })
}
