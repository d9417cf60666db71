//! Commands that connect: wget, curl, nc, nslookup, ping. Each in the words of its own project.

mod agnhost;
mod curl;

use self::agnhost::agnhost;
use self::curl::curl;
use std::time::Duration;

use super::commands::{Output, Started};
use super::machine::Os;

/// What an HTTP server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How long the server takes.
    pub(crate) after: Duration,
}

/// What a connection attempt does. Addresses are those that were dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialed {
    /// Somebody listens; the answer to the request, if it was one that the listener understands.
    Open(String, Option<Answer>),
    /// Refused at once.
    Refused(String),
    /// Nothing comes back.
    Silent(String),
    /// There is no such name.
    NoName,
    /// The cluster's DNS does not answer.
    NoDns,
}

/// The network as a process meets it.
pub(crate) trait Network {
    /// Connects to a TCP port, and sends an HTTP request (method and path) when one is given.
    fn dial(&mut self, host: &str, port: u16, request: Option<(&str, &str, &str)>) -> Dialed;
    /// The addresses of a name with the name that was found; `Err(true)` when the DNS does not answer.
    fn lookup(&mut self, host: &str) -> Result<(String, Vec<String>), bool>;
}

/// Starts a command of this module; `None` for any other.
pub(super) fn start(name: &str, arguments: &[&str], os: &mut Os<'_>) -> Option<Started> {
    match name {
        "agnhost" => Some(agnhost(arguments, os)),
        "wget" => Some(wget(arguments, os)),
        "curl" => Some(curl(arguments, os)),
        "nc" | "ncat" | "netcat" => Some(netcat(arguments, os)),
        "nslookup" => Some(nslookup(arguments, os)),
        "ping" => Some(ping(arguments, os)),
        _ => None,
    }
}

fn done(output: Output) -> Started {
    Started::Later(Duration::from_millis(2), output)
}

/// What is done when the server has answered.
fn answered(after: Duration, output: Output) -> Started {
    // Its time counts in whole milliseconds, beside those of the way.
    let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    Started::Later(Duration::from_millis(millis.saturating_add(2)), output)
}

struct Url {
    host: String,
    port: u16,
    path: String,
    secure: bool,
}

fn url(text: &str) -> Url {
    let secure = text.starts_with("https://");
    let rest = text.trim_start_matches("http://").trim_start_matches("https://");
    let (place, path) = match rest.split_once('/') {
        Some((place, path)) => (place, format!("/{path}")),
        None => (rest, "/".to_owned()),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(0)),
        None => (place, if secure { 443 } else { 80 }),
    };
    Url { host: host.to_owned(), port, path, secure }
}

/// busybox `wget` (`networking/wget.c`).
#[expect(clippy::too_many_lines, reason = "options first, then one arm for each outcome")]
fn wget(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let (mut quiet, mut spider, mut shown, mut timeout, mut target, mut address) =
        (false, false, false, 900, None, None);
    let mut at = arguments.iter();
    while let Some(argument) = at.next() {
        if let Some(long) = argument.strip_prefix("--") {
            let (key, value) = long.split_once('=').unwrap_or((long, ""));
            match key {
                "quiet" => quiet = true,
                "spider" => spider = true,
                "server-response" => shown = true,
                "timeout" => timeout = value.parse().unwrap_or(900),
                "output-document" => target = Some(value.to_owned()),
                _ => {}
            }
            continue;
        }
        let Some(bundle) = argument.strip_prefix('-').filter(|one| !one.is_empty()) else {
            address = Some(*argument);
            continue;
        };
        for (index, letter) in bundle.char_indices() {
            match letter {
                'q' => quiet = true,
                'S' => shown = true,
                'O' | 'T' | 't' | 'Y' | 'U' | 'P' => {
                    let inline = bundle.get(index + 1..).unwrap_or_default();
                    let value = if inline.is_empty() {
                        at.next().copied().unwrap_or_default()
                    } else {
                        inline
                    };
                    match letter {
                        'O' => target = Some(value.to_owned()),
                        'T' => timeout = value.parse().unwrap_or(900),
                        _ => {}
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    let Some(address) = address else {
        return Started::Done(Output::fail(
            1,
            "BusyBox v1.37.0 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] URL...\n",
        ));
    };
    let url = url(address);
    let result = os.network.dial(&url.host, url.port, Some(("GET", &url.path, "Wget")));
    let greet = |ip: &str| {
        if quiet {
            String::new()
        } else {
            format!("Connecting to {} ({ip}:{})\n", host_and_port(&url), url.port)
        }
    };
    match result {
        Dialed::NoName => {
            done(Output::fail(1, format!("wget: bad address '{}'\n", host_and_port(&url))))
        }
        Dialed::NoDns => {
            let output = Output::fail(1, format!("wget: bad address '{}'\n", host_and_port(&url)));
            Started::Later(Duration::from_secs(timeout.min(5)), output)
        }
        Dialed::Refused(ip) => done(Output::fail(
            1,
            format!(
                "{}wget: can't connect to remote host ({ip}): Connection refused\n",
                greet(&ip)
            ),
        )),
        Dialed::Silent(ip) => {
            let output = Output::fail(1, format!("{}wget: download timed out\n", greet(&ip)));
            Started::Later(Duration::from_secs(timeout), output)
        }
        Dialed::Open(ip, None) => {
            let output = Output::fail(1, format!("{}wget: error getting response\n", greet(&ip)));
            done(output)
        }
        Dialed::Open(ip, Some(_)) if url.secure => done(Output::fail(
            1,
            format!("{}wget: error getting response: Invalid argument\n", greet(&ip)),
        )),
        Dialed::Open(ip, Some(answer)) if answer.after > Duration::from_secs(timeout) => {
            let output = Output::fail(1, format!("{}wget: download timed out\n", greet(&ip)));
            Started::Later(Duration::from_secs(timeout), output)
        }
        Dialed::Open(ip, Some(answer)) => {
            let mut stderr = greet(&ip);
            let after = answer.after;
            if shown {
                let line = format!("  HTTP/1.1 {} {}\n", answer.code, answer.reason);
                stderr.push_str(&line);
                stderr.extend(
                    answer.headers.iter().map(|(key, value)| format!("  {key}: {value}\n")),
                );
            }
            if answer.code >= 400 {
                let line = format!(
                    "wget: server returned error: HTTP/1.1 {} {}\n",
                    answer.code, answer.reason
                );
                stderr.push_str(&line);
                return answered(after, Output::fail(1, stderr));
            }
            if spider {
                if !quiet {
                    stderr.push_str("remote file exists\n");
                }
                let output = Output { stderr: stderr.into_bytes(), ..Output::default() };
                return answered(after, output);
            }
            let usual = url
                .path
                .rsplit('/')
                .next()
                .filter(|name| !name.is_empty())
                .unwrap_or("index.html")
                .to_owned();
            let target = target.unwrap_or(usual);
            answered(after, save(&target, answer.body, stderr, quiet, os))
        }
    }
}

fn host_and_port(url: &Url) -> String {
    let usual = if url.secure { 443 } else { 80 };
    if url.port == usual { url.host.clone() } else { format!("{}:{}", url.host, url.port) }
}

fn save(target: &str, body: Vec<u8>, mut stderr: String, quiet: bool, os: &mut Os<'_>) -> Output {
    if target == "-" {
        if !quiet {
            let size = body.len();
            let line = format!(
                "writing to stdout\n-                    100% |********************************| {size:>5}  0:00:00 ETA\nwritten to stdout\n"
            );
            stderr.push_str(&line);
        }
        return Output { stdout: body, stderr: stderr.into_bytes(), code: 0 };
    }
    let path = super::files::absolute("/", target);
    if let Err(error) = os.files.write(&path, &body, false) {
        let line = format!("wget: can't open '{target}': {error}\n");
        stderr.push_str(&line);
        return Output::fail(1, stderr);
    }
    if !quiet {
        let line = format!(
            "saving to '{target}'\n{target:<20} 100% |********************************| {:>5}  0:00:00 ETA\n'{target}' saved\n",
            body.len()
        );
        stderr.push_str(&line);
    }
    Output { stderr: stderr.into_bytes(), ..Output::default() }
}

/// busybox `nc`.
fn netcat(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let (mut listen, mut verbose, mut timeout, mut own_port) = (false, false, 127, None);
    let mut plain = Vec::new();
    let mut at = arguments.iter();
    while let Some(argument) = at.next() {
        let Some(bundle) = argument.strip_prefix('-').filter(|one| !one.is_empty()) else {
            plain.push(*argument);
            continue;
        };
        for (index, letter) in bundle.char_indices() {
            match letter {
                'l' => listen = true,
                'v' => verbose = true,
                'w' | 'p' => {
                    let inline = bundle.get(index + 1..).unwrap_or_default();
                    let value = if inline.is_empty() {
                        at.next().copied().unwrap_or_default()
                    } else {
                        inline
                    };
                    if letter == 'w' {
                        timeout = value.parse().unwrap_or(127);
                    } else {
                        own_port = value.parse().ok();
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    if listen {
        let port = own_port.or_else(|| plain.last().and_then(|one| one.parse().ok()));
        return port
            .map_or_else(|| Started::Done(Output::fail(1, "nc: missing port\n")), Started::Listen);
    }
    let [host, port] = plain.as_slice() else {
        return Started::Done(Output::fail(
            1,
            "BusyBox v1.37.0 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\nnc [OPTIONS] -l -p PORT [HOST] [PORT]  - listen\n",
        ));
    };
    let number = port.parse().unwrap_or_default();
    match os.network.dial(host, number, None) {
        Dialed::Open(ip, _) if verbose => done(Output {
            stderr: format!("{host} ({ip}:{number}) open\n").into_bytes(),
            ..Output::default()
        }),
        Dialed::Open(..) => done(Output::default()),
        Dialed::Refused(ip) => {
            done(Output::fail(1, format!("nc: {host} ({ip}:{number}): Connection refused\n")))
        }
        Dialed::Silent(ip) => {
            let output =
                Output::fail(1, format!("nc: {host} ({ip}:{number}): Operation timed out\n"));
            Started::Later(Duration::from_secs(timeout), output)
        }
        Dialed::NoName => done(Output::fail(1, format!("nc: bad address '{host}'\n"))),
        Dialed::NoDns => Started::Later(
            Duration::from_secs(5),
            Output::fail(1, format!("nc: bad address '{host}'\n")),
        ),
    }
}

fn nslookup(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let Some(host) = arguments.iter().find(|one| !one.starts_with('-')) else {
        return Started::Done(Output::fail(1, "nslookup: missing name\n"));
    };
    let head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n";
    match os.network.lookup(host) {
        Ok((name, addresses)) => {
            let lines: String =
                addresses.iter().map(|one| format!("Name:\t{name}\nAddress: {one}\n")).collect();
            done(Output::text(format!("{head}{lines}\n")))
        }
        Err(false) => {
            let mut output =
                Output::text(format!("{head}** server can't find {host}: NXDOMAIN\n\n"));
            output.code = 1;
            done(output)
        }
        Err(true) => Started::Later(
            Duration::from_secs(15),
            Output::fail(1, ";; connection timed out; no servers could be reached\n\n"),
        ),
    }
}

fn ping(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let count: u64 = arguments
        .iter()
        .position(|one| *one == "-c")
        .and_then(|at| arguments.get(at + 1))
        .and_then(|one| one.parse().ok())
        .unwrap_or(4);
    let Some(host) = arguments.iter().rev().find(|one| !one.starts_with('-')) else {
        return Started::Done(Output::fail(1, "ping: missing host\n"));
    };
    match os.network.dial(host, 0, None) {
        Dialed::NoName | Dialed::NoDns => {
            done(Output::fail(1, format!("ping: bad address '{host}'\n")))
        }
        // What a NetworkPolicy does to ICMP is not defined; here it meets what a new connection meets.
        Dialed::Silent(ip) => {
            let text = format!(
                "PING {host} ({ip}): 56 data bytes\n\n--- {host} ping statistics ---\n{count} packets transmitted, 0 packets received, 100% packet loss\n"
            );
            let mut output = Output::text(text);
            output.code = 1;
            Started::Later(Duration::from_secs(count + 9), output)
        }
        Dialed::Open(ip, _) | Dialed::Refused(ip) => {
            let lines: String = (0..count)
                .map(|index| format!("64 bytes from {ip}: seq={index} ttl=62 time=0.100 ms\n"))
                .collect();
            let text = format!(
                "PING {host} ({ip}): 56 data bytes\n{lines}\n--- {host} ping statistics ---\n{count} packets transmitted, {count} packets received, 0% packet loss\nround-trip min/avg/max = 0.100/0.100/0.100 ms\n"
            );
            Started::Later(Duration::from_secs(count.saturating_sub(1)), Output::text(text))
        }
    }
}
