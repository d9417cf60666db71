//! Commands in a container: a small shell over the image's files and the cluster's network.
//!
//! A command is computed when it is asked for; the time that it takes (a `sleep`, a connection that nobody
//! answers) comes back with its output, and the output is handed out when that time has passed.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::fields;
use crate::images::{Image, find};
use crate::network::{Dial, Outcome, connect};
use crate::store::Store;

/// What a command leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// Exit code.
    pub(crate) code: i32,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Done {
    fn out(text: impl Into<String>) -> Self {
        Self { stdout: text.into(), ..Self::default() }
    }

    fn fail(code: i32, text: impl Into<String>) -> Self {
        Self { stderr: text.into(), code, ..Self::default() }
    }
}

/// A container as a command sees it.
pub(crate) struct Inside<'a> {
    /// The cluster.
    pub(crate) store: &'a Store,
    /// The pod.
    pub(crate) pod: &'a Value,
    /// The container's spec.
    pub(crate) container: &'a Value,
    /// Now.
    pub(crate) now: Timestamp,
}

/// Whether a process of a running pod listens: its images' ports, where the container keeps their command.
pub(crate) fn listens(pod: &Value, port: u16, protocol: &str) -> bool {
    protocol == "TCP"
        && fields::text(pod, "/status/phase") == "Running"
        && fields::items(pod, "/spec/containers").iter().any(|container| {
            fields::items(container, "/command").is_empty()
                && find(fields::text(container, "/image"))
                    .is_some_and(|image| image.ports.contains(&port))
        })
}

impl Inside<'_> {
    fn image(&self) -> Option<&'static Image> {
        find(fields::text(self.container, "/image"))
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::from([
            ("HOME".to_owned(), "/root".to_owned()),
            ("HOSTNAME".to_owned(), fields::name(self.pod).to_owned()),
            ("KUBERNETES_SERVICE_HOST".to_owned(), "10.96.0.1".to_owned()),
            ("KUBERNETES_SERVICE_PORT".to_owned(), "443".to_owned()),
            (
                "PATH".to_owned(),
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
            ),
        ]);
        for one in fields::items(self.container, "/env") {
            found.insert(fields::name_of(one).to_owned(), fields::text(one, "/value").to_owned());
        }
        found
    }

    /// Runs a command with its arguments.
    pub(crate) fn run(&self, command: &[String]) -> Done {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        match words.as_slice() {
            [shell, flag, script, ..] if is_shell(shell) && flag.contains('c') => {
                self.script(script)
            }
            [shell] if is_shell(shell) => Done::default(),
            _ => self.simple(command, true),
        }
    }

    fn script(&self, script: &str) -> Done {
        let mut all = Done::default();
        let mut skip = false;
        for (operator, line) in split(script) {
            skip = match operator {
                "&&" => skip || all.code != 0,
                "||" => skip || all.code == 0,
                _ => false,
            };
            if skip {
                continue;
            }
            let expanded = self.words(line, all.code);
            if expanded.is_empty() {
                continue;
            }
            let done = self.simple(&expanded, false);
            all.stdout.push_str(&done.stdout);
            all.stderr.push_str(&done.stderr);
            all.code = done.code;
            all.took += done.took;
        }
        all
    }

    /// Words of a line, with quotes and variables resolved.
    fn words(&self, line: &str, status: i32) -> Vec<String> {
        let environment = self.environment();
        let (mut words, mut word, mut open) = (Vec::new(), String::new(), false);
        let mut quote = None;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (quote, c) {
                (Some(end), c) if c == end => quote = None,
                (Some('\''), c) => word.push(c),
                (None, '\'' | '"') => {
                    quote = Some(c);
                    open = true;
                }
                (_, '\\') => word.extend(chars.next()),
                (_, '$') => {
                    let mut name = String::new();
                    let braces = chars.next_if_eq(&'{').is_some();
                    while let Some(next) = chars.next_if(|c| {
                        c.is_alphanumeric() || *c == '_' || (name.is_empty() && *c == '?')
                    }) {
                        name.push(next);
                    }
                    if braces {
                        chars.next_if_eq(&'}');
                    }
                    if name == "?" {
                        word.push_str(&status.to_string());
                    } else {
                        word.push_str(environment.get(&name).map_or("", String::as_str));
                    }
                    open = true;
                }
                (None, c) if c.is_whitespace() => {
                    if open || !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    open = false;
                }
                (_, c) => word.push(c),
            }
        }
        if open || !word.is_empty() {
            words.push(word);
        }
        words
    }

    fn simple(&self, command: &[String], direct: bool) -> Done {
        let Some((program, arguments)) = command.split_first() else { return Done::default() };
        let name = program.rsplit('/').next().unwrap_or(program);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let has = self.image().is_some_and(|image| image.commands.iter().any(|one| one == name));
        if !has && !matches!(name, "echo" | "true" | "false" | "exit" | "pwd") {
            return if direct {
                Done::fail(
                    126,
                    format!(
                        "OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH\n"
                    ),
                )
            } else {
                Done::fail(127, format!("sh: {program}: not found\n"))
            };
        }
        match name {
            "echo" => echo(&arguments),
            "true" => Done::default(),
            "false" => Done { code: 1, ..Done::default() },
            "exit" => Done {
                code: arguments.first().and_then(|code| code.parse().ok()).unwrap_or_default(),
                ..Done::default()
            },
            "pwd" => Done::out("/\n"),
            "hostname" => Done::out(format!("{}\n", fields::name(self.pod))),
            "date" => Done::out(format!("{}\n", self.now.strftime("%a %b %e %H:%M:%S UTC %Y"))),
            "id" => Done::out("uid=0(root) gid=0(root) groups=0(root)\n"),
            "whoami" => Done::out("root\n"),
            "env" | "printenv" => {
                let lines: Vec<String> = self
                    .environment()
                    .iter()
                    .map(|(key, value)| format!("{key}={value}\n"))
                    .collect();
                Done::out(lines.concat())
            }
            "sleep" => sleep(&arguments),
            "cat" => self.cat(&arguments),
            "ls" => self.ls(&arguments),
            "wget" => self.wget(&arguments),
            "curl" => self.curl(&arguments),
            "nc" => self.nc(&arguments),
            "nslookup" => self.nslookup(&arguments),
            other => Done::fail(1, format!("{other}: not simulated in this image\n")),
        }
    }

    fn files(&self) -> BTreeMap<String, String> {
        let mut files = self.image().map(|image| image.files.clone()).unwrap_or_default();
        let namespace = fields::namespace(self.pod);
        files.insert("/etc/hostname".to_owned(), format!("{}\n", fields::name(self.pod)));
        files.insert(
            "/etc/resolv.conf".to_owned(),
            format!("search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"),
        );
        for mount in fields::items(self.container, "/volumeMounts") {
            let volume = fields::items(self.pod, "/spec/volumes")
                .iter()
                .find(|one| fields::name_of(one) == fields::name_of(mount));
            let Some(volume) = volume else { continue };
            let path = fields::text(mount, "/mountPath").trim_end_matches('/').to_owned();
            let sub = fields::text(mount, "/subPath");
            let map =
                self.store.get("configmaps", namespace, fields::text(volume, "/configMap/name"));
            let Some(map) = map else { continue };
            if sub.is_empty() {
                files.retain(|known, _| !known.starts_with(&format!("{path}/")));
            }
            for (key, value) in fields::texts(&map, "/data") {
                if sub.is_empty() {
                    files.insert(format!("{path}/{key}"), value);
                } else if sub == key {
                    files.insert(path.clone(), value);
                }
            }
        }
        files
    }

    fn cat(&self, arguments: &[&str]) -> Done {
        let files = self.files();
        let mut all = Done::default();
        for name in arguments {
            if let Some(text) = files.get(*name) {
                all.stdout.push_str(text)
            } else {
                all.stderr
                    .push_str(&format!("cat: can't open '{name}': No such file or directory\n"));
                all.code = 1;
            }
        }
        all
    }

    fn ls(&self, arguments: &[&str]) -> Done {
        let place =
            arguments.iter().rev().find(|one| !one.starts_with('-')).copied().unwrap_or("/");
        let files = self.files();
        if files.contains_key(place) {
            return Done::out(format!("{place}\n"));
        }
        let prefix = format!("{}/", place.trim_end_matches('/'));
        let mut names: Vec<&str> = files
            .keys()
            .filter_map(|path| path.strip_prefix(&prefix))
            .filter_map(|rest| rest.split('/').next())
            .collect();
        names.dedup();
        if names.is_empty() {
            return Done::fail(1, format!("ls: {place}: No such file or directory\n"));
        }
        Done::out(names.iter().map(|name| format!("{name}\n")).collect::<String>())
    }

    fn dial<'a>(&'a self, host: &'a str, port: u16) -> crate::network::Verdict {
        let dial = Dial { source: self.pod, host, port, protocol: "TCP" };
        connect(self.store, dial, &listens)
    }

    /// What the reached pod answers to HTTP.
    fn answer(target: Option<&(std::sync::Arc<Value>, u16)>, path: &str) -> Option<String> {
        let (pod, port) = target?;
        fields::items(pod, "/spec/containers")
            .iter()
            .filter_map(|container| find(fields::text(container, "/image")))
            .find(|image| image.ports.contains(port))
            .and_then(|image| image.http.get(path))
            .map(|text| text.replace("${HOSTNAME}", fields::name(pod)))
    }

    /// busybox `wget`.
    fn wget(&self, arguments: &[&str]) -> Done {
        let timeout = option(arguments, &["-T", "--timeout"])
            .and_then(|text| text.parse().ok())
            .unwrap_or(900);
        let quiet = flag(arguments, 'q');
        let Some(url) = arguments.iter().rev().find(|one| !one.starts_with('-')) else {
            return Done::fail(1, "wget: missing URL\n");
        };
        let (host, port, path) = parts(url);
        let verdict = self.dial(&host, port);
        let greeting = if quiet {
            String::new()
        } else {
            format!("Connecting to {host} ({}:{port})\n", verdict.address)
        };
        let refuse = |code, text: String, took| Done {
            stderr: format!("{greeting}{text}"),
            code,
            took,
            ..Done::default()
        };
        match verdict.outcome {
            Outcome::UnknownHost => Done::fail(1, format!("wget: bad address '{host}'\n")),
            Outcome::Blocked => {
                refuse(1, "wget: download timed out\n".to_owned(), Duration::from_secs(timeout))
            }
            Outcome::Refused => {
                let text = format!(
                    "wget: can't connect to remote host ({}): Connection refused\n",
                    verdict.address
                );
                refuse(1, text, Duration::from_millis(2))
            }
            Outcome::Allowed => match Self::answer(verdict.target.as_ref(), &path) {
                Some(body) => {
                    let target = option(arguments, &["-O"]).or_else(|| joined(arguments, 'O'));
                    let shown = matches!(target.as_deref(), Some("-"));
                    Done {
                        stdout: if shown { body } else { String::new() },
                        took: Duration::from_millis(3),
                        ..Done::default()
                    }
                }
                None => refuse(
                    1,
                    "wget: server returned error: HTTP/1.1 404 Not Found\n".to_owned(),
                    Duration::from_millis(3),
                ),
            },
        }
    }

    fn curl(&self, arguments: &[&str]) -> Done {
        let limit = option(arguments, &["-m", "--max-time", "--connect-timeout"])
            .and_then(|text| text.parse().ok())
            .unwrap_or(135);
        let silent = flag(arguments, 's') && !flag(arguments, 'S');
        let Some(url) = arguments.iter().rev().find(|one| !one.starts_with('-')) else {
            return Done::fail(2, "curl: (2) no URL specified\n");
        };
        let (host, port, path) = parts(url);
        let verdict = self.dial(&host, port);
        let fail = |code, text: String, took| {
            let stderr = if silent { String::new() } else { format!("curl: ({code}) {text}\n") };
            Done { stderr, code, took, ..Done::default() }
        };
        match verdict.outcome {
            Outcome::UnknownHost => {
                fail(6, format!("Could not resolve host: {host}"), Duration::ZERO)
            }
            Outcome::Blocked => {
                let text = format!("Connection timed out after {} milliseconds", limit * 1000);
                fail(28, text, Duration::from_secs(limit))
            }
            Outcome::Refused => fail(
                7,
                format!(
                    "Failed to connect to {host} port {port} after 1 ms: Couldn't connect to server"
                ),
                Duration::ZERO,
            ),
            Outcome::Allowed => {
                Done::out(Self::answer(verdict.target.as_ref(), &path).unwrap_or_default())
            }
        }
    }

    fn nc(&self, arguments: &[&str]) -> Done {
        let timeout = option(arguments, &["-w"])
            .or_else(|| joined(arguments, 'w'))
            .and_then(|text| text.parse().ok())
            .unwrap_or(127);
        let plain: Vec<&&str> = arguments.iter().filter(|one| !one.starts_with('-')).collect();
        let [.., host, port] = plain.as_slice() else { return Done::fail(1, "nc: bad address\n") };
        let verdict = self.dial(host, port.parse().unwrap_or_default());
        match verdict.outcome {
            Outcome::Allowed if flag(arguments, 'v') => Done {
                stderr: format!("{host} ({}:{port}) open\n", verdict.address),
                ..Done::default()
            },
            Outcome::Allowed => Done::default(),
            Outcome::UnknownHost => Done::fail(1, format!("nc: bad address '{host}'\n")),
            Outcome::Refused => Done::fail(
                1,
                format!("nc: {host} ({}:{port}): Connection refused\n", verdict.address),
            ),
            Outcome::Blocked => Done {
                stderr: format!("nc: {host} ({}:{port}): Operation timed out\n", verdict.address),
                code: 1,
                took: Duration::from_secs(timeout),
                ..Done::default()
            },
        }
    }

    fn nslookup(&self, arguments: &[&str]) -> Done {
        let Some(host) = arguments.first() else {
            return Done::fail(1, "nslookup: missing name\n");
        };
        let head = "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n";
        match crate::network::address::resolve(self.store, fields::namespace(self.pod), host) {
            Some(address) => Done::out(format!("{head}Name:\t{host}\nAddress: {address}\n\n")),
            None => Done {
                stdout: format!("{head}** server can't find {host}: NXDOMAIN\n\n"),
                code: 1,
                ..Done::default()
            },
        }
    }
}

fn is_shell(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("sh" | "bash" | "ash"))
}

/// Commands of a script with the operator before each.
fn split(script: &str) -> Vec<(&'static str, &str)> {
    let (mut found, mut start, mut operator) = (Vec::new(), 0, ";");
    let mut quote = None;
    let mut skip_until = 0;
    for (at, c) in script.char_indices() {
        if at < skip_until {
            continue;
        }
        match (quote, c) {
            (Some(end), c) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, ';' | '\n' | '&' | '|') => {
                let rest = script.get(at..).unwrap_or("");
                let (next, length) = if rest.starts_with("&&") {
                    ("&&", 2)
                } else if rest.starts_with("||") {
                    ("||", 2)
                } else {
                    (";", 1)
                };
                found.push((operator, script.get(start..at).unwrap_or("")));
                operator = next;
                start = at + length;
                skip_until = start;
            }
            _ => {}
        }
    }
    found.push((operator, script.get(start..).unwrap_or("")));
    found
}

fn echo(arguments: &[&str]) -> Done {
    match arguments {
        ["-n", rest @ ..] => Done::out(rest.join(" ")),
        all => Done::out(format!("{}\n", all.join(" "))),
    }
}

fn sleep(arguments: &[&str]) -> Done {
    let seconds = arguments.first().and_then(|text| text.trim_end_matches('s').parse::<u64>().ok());
    seconds.map_or_else(
        || Done::fail(1, "sleep: invalid number\n"),
        |seconds| Done { took: Duration::from_secs(seconds), ..Done::default() },
    )
}

/// The value after an option.
fn option(arguments: &[&str], names: &[&str]) -> Option<String> {
    let at = arguments.iter().position(|one| names.contains(one))?;
    arguments.get(at + 1).map(|one| (*one).to_owned())
}

/// The rest of a bundle of short options: `-qO-` gives `-` for `O`, `-zvw2` gives `2` for `w`.
fn joined(arguments: &[&str], letter: char) -> Option<String> {
    let bundle = arguments
        .iter()
        .find(|one| one.starts_with('-') && !one.starts_with("--") && one.contains(letter))?;
    let rest = bundle.split_once(letter).map_or("", |(_, rest)| rest);
    if rest.is_empty() { option(arguments, &[bundle]) } else { Some(rest.to_owned()) }
}

fn flag(arguments: &[&str], letter: char) -> bool {
    arguments
        .iter()
        .any(|one| one.starts_with('-') && !one.starts_with("--") && one.contains(letter))
}

/// Host, port and path of a URL.
fn parts(url: &str) -> (String, u16, String) {
    let rest = url.trim_start_matches("http://");
    let (place, path) = rest
        .split_once('/')
        .map_or((rest, "/".to_owned()), |(place, path)| (place, format!("/{path}")));
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "80"));
    (host.to_owned(), port.parse().unwrap_or(80), path)
}
