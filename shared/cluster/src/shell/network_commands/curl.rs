//! curl, with its options and exit codes.

use super::super::commands::Output;
use super::super::commands::Started;
use super::super::machine::Os;
use super::Answer;
use super::Dialed;
use super::url;
use super::{answered, done};
use std::time::Duration;

/// What curl was asked for.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of curl")]
pub(super) struct Curl {
    silent: bool,
    errors: bool,
    head: bool,
    include: bool,
    verbose: bool,
    fail: bool,
    limit: Option<u64>,
    /// Milliseconds for all of it, the answer included.
    most: Option<u64>,
    target: Option<String>,
    format: Option<String>,
    method: Option<String>,
    url: Option<String>,
}

impl Curl {
    pub(super) fn parse(arguments: &[&str]) -> Self {
        let mut found = Self::default();
        let mut at = arguments.iter();
        while let Some(argument) = at.next() {
            if let Some(long) = argument.strip_prefix("--") {
                let mut value = || at.next().map(|one| (*one).to_owned());
                match long {
                    "silent" => found.silent = true,
                    "show-error" => found.errors = true,
                    "head" => found.head = true,
                    "include" => found.include = true,
                    "fail" => found.fail = true,
                    "verbose" => found.verbose = true,
                    "max-time" | "connect-timeout" => {
                        let limit =
                            value().and_then(|one| super::super::commands::decimal_millis(&one));
                        found.limit = found.limit.or(limit);
                        if long == "max-time" {
                            found.most = limit;
                        }
                    }
                    "output" => found.target = value(),
                    "write-out" => found.format = value(),
                    "request" => found.method = value(),
                    "header" | "data" | "user" | "resolve" | "retry" => drop(value()),
                    _ => {}
                }
                continue;
            }
            let Some(bundle) = argument.strip_prefix('-').filter(|one| !one.is_empty()) else {
                found.url = Some((*argument).to_owned());
                continue;
            };
            for (index, letter) in bundle.char_indices() {
                if "moXwHdu".contains(letter) {
                    let inline = bundle.get(index + 1..).unwrap_or_default();
                    let value = if inline.is_empty() {
                        at.next().copied().unwrap_or_default()
                    } else {
                        inline
                    }
                    .to_owned();
                    match letter {
                        'm' => {
                            found.limit = super::super::commands::decimal_millis(&value);
                            found.most = found.limit;
                        }
                        'o' => found.target = Some(value),
                        'w' => found.format = Some(value),
                        'X' => found.method = Some(value),
                        _ => {}
                    }
                    break;
                }
                match letter {
                    's' => found.silent = true,
                    'S' => found.errors = true,
                    'I' => found.head = true,
                    'i' => found.include = true,
                    'f' => found.fail = true,
                    'v' => found.verbose = true,
                    _ => {}
                }
            }
        }
        found
    }

    pub(super) fn fail(&self, code: i32, text: &str) -> Output {
        let mut output = Output::code(code);
        if !self.silent || self.errors {
            output.stderr = format!("curl: ({code}) {text}\n").into_bytes();
        }
        if let Some(format) = &self.format {
            output.stdout = written(format, 0, 0).into_bytes();
        }
        output
    }
}

pub(super) fn written(format: &str, code: u16, size: usize) -> String {
    let text = format
        .replace("%{http_code}", &format!("{code:03}"))
        .replace("%{response_code}", &format!("{code:03}"))
        .replace("%{size_download}", &size.to_string());
    super::super::commands::unescape(&text)
}

/// `curl` (`src/tool_operate.c`, `lib/strerror.c`).
pub(super) fn curl(arguments: &[&str], os: &mut Os<'_>) -> Started {
    let asked = Curl::parse(arguments);
    let Some(address) = &asked.url else {
        return Started::Done(Output::fail(2, "curl: (2) no URL specified\n"));
    };
    let url = url(address);
    let method =
        asked.method.clone().unwrap_or_else(|| if asked.head { "HEAD" } else { "GET" }.to_owned());
    match os.network.dial(&url.host, url.port, Some((&method, &url.path, "curl"))) {
        Dialed::NoName => done(asked.fail(6, &format!("Could not resolve host: {}", url.host))),
        Dialed::NoDns => {
            let millis = asked.limit.unwrap_or(10_000).min(10_000);
            let text = if asked.limit.is_some_and(|limit| limit <= 10_000) {
                return Started::Later(
                    Duration::from_millis(millis),
                    asked.fail(28, &format!("Resolving timed out after {millis} milliseconds")),
                );
            } else {
                format!("Could not resolve host: {}", url.host)
            };
            Started::Later(Duration::from_millis(millis), asked.fail(6, &text))
        }
        Dialed::Refused(_) => {
            let text = format!(
                "Failed to connect to {} port {} after 1 ms: Could not connect to server",
                url.host, url.port
            );
            done(asked.fail(7, &text))
        }
        Dialed::Silent(_) => {
            if let Some(limit) = asked.limit {
                let text = format!("Connection timed out after {limit} milliseconds");
                Started::Later(Duration::from_millis(limit), asked.fail(28, &text))
            } else {
                let text = format!(
                    "Failed to connect to {} port {} after 134000 ms: Could not connect to server",
                    url.host, url.port
                );
                Started::Later(Duration::from_secs(134), asked.fail(28, &text))
            }
        }
        Dialed::Open(_, None) => done(asked.fail(52, "Empty reply from server")),
        Dialed::Open(_, Some(_)) if url.secure => done(
            asked
                .fail(35, "TLS connect error: error:0A0000C6:SSL routines::packet length too long"),
        ),
        Dialed::Open(_, Some(answer)) => {
            let after = answer.after;
            if let Some(most) = asked.most.filter(|most| after > Duration::from_millis(*most)) {
                let text =
                    format!("Operation timed out after {most} milliseconds with 0 bytes received");
                return Started::Later(Duration::from_millis(most), asked.fail(28, &text));
            }
            answered(after, received(&asked, answer, os))
        }
    }
}

pub(super) fn received(asked: &Curl, answer: Answer, os: &mut Os<'_>) -> Output {
    if asked.fail && answer.code >= 400 {
        return asked.fail(22, &format!("The requested URL returned error: {}", answer.code));
    }
    let mut output = Output::default();
    if asked.head || asked.include {
        output.stdout.extend(format!("HTTP/1.1 {} {}\r\n", answer.code, answer.reason).bytes());
        for (key, value) in &answer.headers {
            output.stdout.extend(format!("{key}: {value}\r\n").bytes());
        }
        output.stdout.extend_from_slice(b"\r\n");
    }
    let size = answer.body.len();
    if !asked.head {
        match asked.target.as_deref() {
            Some("/dev/null") => {}
            Some(target) if target != "-" => {
                if os
                    .files
                    .write(&super::super::files::absolute("/", target), &answer.body, false)
                    .is_err()
                {
                    return asked.fail(23, "client returned ERROR on write, passed 1 returned 0");
                }
            }
            _ => output.stdout.extend(answer.body),
        }
    }
    if let Some(format) = &asked.format {
        output.stdout.extend(written(format, answer.code, size).bytes());
    }
    output
}
