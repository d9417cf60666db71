//! What the programs of images answer to HTTP: to other pods, to probes, and through the API server's proxy.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::Value;

use super::agnhost;
use super::container::{Container, Process, Stage, image_of};
use super::node_network::full_name;
use super::usage::limit;
use super::work::Server;
use super::{Kubelets, Machine, catalina};
use crate::apiserver::NodeRequest;
use crate::fields;
use crate::network::Socket;
use crate::shell::{Answer, Entry, Files};

/// Microseconds of CPU of an answer whose image says nothing about it: a small page, read from a file.
const USUAL_COST: u64 = 100;

/// A request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) agent: &'a str,
    /// Address of who asks.
    pub(crate) from: &'a str,
    pub(crate) now: Timestamp,
}

/// An answer, and what its server writes about it.
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) line: String,
    /// The file to which the line goes; the output when there is none.
    pub(crate) file: Option<String>,
}

/// A request that a pod has answered; its log tells.
pub(crate) struct Served {
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) line: String,
    pub(crate) file: Option<String>,
}

/// What is on disks.
pub(crate) type Disks = BTreeMap<String, Arc<BTreeMap<String, Entry>>>;

/// The container of a pod that listens on a port with its image's own program.
pub(crate) fn listener<'a>(
    pod: &'a Value,
    machine: &'a Machine,
    port: u16,
    now: Timestamp,
) -> Option<(&'a Value, &'a Container)> {
    fields::items(pod, "/spec/initContainers")
        .iter()
        .chain(fields::items(pod, "/spec/containers"))
        .find_map(|spec| {
            let one = machine.containers.get(fields::text(spec, "/name"))?;
            let serves = matches!(one.process, Process::Service)
                && one.ports(spec, now).contains(&Socket::tcp(port));
            serves.then_some((spec, one))
        })
}

/// What answering a request takes of whom.
pub(crate) fn server<'a>(
    pod: &'a str,
    node: &'a str,
    (spec, container): (&'a Value, &Container),
) -> Server<'a> {
    let since = match container.stage {
        Stage::Running { since } => since,
        _ => Timestamp::MIN,
    };
    let cost = image_of(spec).map_or(0, |image| image.request_micros);
    let cost = if cost == 0 { USUAL_COST } else { cost };
    let limit = limit(spec, "cpu");
    Server { pod, container: fields::text(spec, "/name"), node, since, limit, cost }
}

/// Answers a request.
pub(crate) fn reply(
    disks: &Disks,
    pod: &Value,
    machine: &Machine,
    (spec, container): (&Value, &Container),
    asked: Asked<'_>,
) -> Option<Reply> {
    let image = image_of(spec)?;
    let mut files = container.files.clone();
    files.volumes = super::volumes::lend(disks, machine);
    if let Some(settings) = &container.catalina {
        return Some(of_catalina(settings, &files, asked));
    }
    let plain = asked.path.split('?').next().unwrap_or(asked.path);
    let hostname = image.agnhost && agnhost::serves_hostname(&container.facts.processes);
    let place = if hostname { "/hostname" } else { plain };
    let own = image.http.get(place).map(|text| fill(text, pod, asked).into_bytes());
    let file = (!image.web_root.is_empty()).then(|| {
        let path =
            if plain.ends_with('/') { format!("{plain}index.html") } else { plain.to_owned() };
        files.read(&format!("{}{path}", image.web_root)).ok().map(|data| data.to_vec())
    });
    let nginx = image.server.starts_with("nginx");
    let (code, reason, body) = match (asked.method, file.flatten().or(own)) {
        // `ngx_http_static_module.c`: files are read, and nothing else.
        (method, _) if nginx && !matches!(method, "GET" | "HEAD" | "POST") => {
            not_allowed(&image.server)
        }
        (_, None) => (404, "Not Found", page("404 Not Found", &image.server)),
        ("POST", Some(_)) if nginx => not_allowed(&image.server),
        (_, Some(body)) => (200, "OK", body),
    };
    let mut headers = Vec::new();
    if !image.server.is_empty() {
        headers.push(("Server".to_owned(), image.server.clone()));
    }
    headers.push(("Date".to_owned(), date(asked.now)));
    let kind = if body.starts_with(b"<") { "text/html" } else { "text/plain" };
    headers.push(("Content-Type".to_owned(), kind.to_owned()));
    headers.push(("Content-Length".to_owned(), body.len().to_string()));
    let body = if asked.method == "HEAD" { Vec::new() } else { body };
    let line = format!(
        "{} - - [{}] \"{} {} HTTP/1.1\" {code} {} \"-\" \"{}\" \"-\"\n",
        asked.from,
        asked.now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        asked.method,
        asked.path,
        body.len(),
        asked.agent
    );
    let answer = Answer { code, reason: reason.to_owned(), headers, body, after: Duration::ZERO };
    Some(Reply { answer, line, file: None })
}

fn of_catalina(settings: &catalina::Settings, files: &Files, asked: Asked<'_>) -> Reply {
    let page = catalina::page(settings, files, asked.path);
    let mut headers = Vec::new();
    if page.code == 200 {
        headers.push(("Accept-Ranges".to_owned(), "bytes".to_owned()));
    }
    if let Some(location) = page.location {
        headers.push(("Location".to_owned(), location));
    }
    if !page.kind.is_empty() {
        headers.push(("Content-Type".to_owned(), page.kind.to_owned()));
    }
    if page.code >= 400 {
        headers.push(("Content-Language".to_owned(), "en".to_owned()));
    }
    headers.push(("Content-Length".to_owned(), page.body.len().to_string()));
    headers.push(("Date".to_owned(), date(asked.now)));
    let (file, line) = catalina::access(
        settings,
        asked.now,
        (asked.from, asked.method, asked.path, asked.agent),
        (page.code, page.body.len()),
    )
    .map_or((None, String::new()), |(file, line)| (Some(file), line));
    let (code, reason, after) = (page.code, page.reason.to_owned(), Duration::ZERO);
    let answer = Answer { code, reason, headers, body: page.body, after };
    Reply { answer, line, file }
}

fn date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What servers answer instead of a file.
fn page(title: &str, server: &str) -> Vec<u8> {
    let server =
        if server.is_empty() { String::new() } else { format!("<hr><center>{server}</center>\n") };
    format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n{server}</body>\n</html>\n"
    )
    .into_bytes()
}

fn not_allowed(server: &str) -> (u16, &'static str, Vec<u8>) {
    (405, "Not Allowed", page("405 Not Allowed", server))
}

/// Placeholders of an answer.
fn fill(text: &str, pod: &Value, asked: Asked<'_>) -> String {
    text.replace("${HOSTNAME}", fields::name(pod))
        .replace("${NAMESPACE}", fields::namespace(pod))
        .replace("${IP}", fields::text(pod, "/status/podIP"))
        .replace("${NODE}", fields::text(pod, "/spec/nodeName"))
        .replace("${CLIENT}", asked.from)
        .replace("${PATH}", asked.path)
}

/// The port of a pod that is asked for by name or number; none is its first (`pod/strategy.go ResourceLocation`).
fn port_of(pod: &Value, asked: &str) -> u16 {
    let number = |port: &Value| {
        fields::number(port, "/containerPort").and_then(|number| u16::try_from(number).ok())
    };
    asked
        .parse()
        .ok()
        .or_else(|| {
            fields::items(pod, "/spec/containers")
                .iter()
                .flat_map(|spec| fields::items(spec, "/ports"))
                .find(|port| asked.is_empty() || fields::text(port, "/name") == asked)
                .and_then(number)
        })
        .unwrap_or(80)
}

impl Kubelets {
    /// Passes a request of the API server's proxy on.
    pub(super) fn proxy(
        &mut self,
        request: &NodeRequest,
        port: &str,
        (method, path): (&str, &str),
        now: Timestamp,
    ) -> http::Response<Vec<u8>> {
        let pod = request.pod.as_ref();
        let key = full_name(pod);
        let port = port_of(pod, port);
        let asked = Asked { method, path, agent: "", from: "172.18.0.2", now };
        let found = self.machines.get(&key).and_then(|machine| {
            let (spec, container) = listener(pod, machine, port, now)?;
            let reply = reply(&self.disks, pod, machine, (spec, container), asked)?;
            // The API server waits as long as it takes.
            let busy = server(&key, &machine.node, (spec, container));
            let _after = Arc::make_mut(&mut self.work).serve(busy, now);
            Some((fields::text(spec, "/name").to_owned(), reply))
        });
        let Some((container, reply)) = found else {
            let address = fields::text(pod, "/status/podIP");
            let text = format!(
                "error trying to reach service: dial tcp {address}:{port}: connect: connection refused"
            );
            let status = Status::failure(503, "ServiceUnavailable", text);
            let body = serde_json::to_value(&status).unwrap_or(Value::Null);
            return crate::world::json_response(503, &body);
        };
        let served = Served { pod: key, container, line: reply.line, file: reply.file };
        self.log_served(&served, now);
        let mut response = http::Response::new(reply.answer.body);
        *response.status_mut() = http::StatusCode::from_u16(reply.answer.code).unwrap_or_default();
        for (name, value) in &reply.answer.headers {
            if let (Ok(name), Ok(value)) =
                (http::HeaderName::try_from(name), http::HeaderValue::try_from(value))
            {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }

    /// Writes down what a server has served.
    pub(super) fn log_served(&mut self, served: &Served, now: Timestamp) {
        let Some(shared) = self.machines.remove(&served.pod) else { return };
        let mut machine = Arc::unwrap_or_clone(shared);
        self.log_served_in(&mut machine, served, now);
        self.machines.insert(served.pod.clone(), Arc::new(machine));
    }

    /// The same for a pod whose machine is in use.
    pub(super) fn log_served_in(&mut self, machine: &mut Machine, served: &Served, now: Timestamp) {
        let Some(path) = &served.file else {
            if let Some(one) = machine.containers.get_mut(&served.container) {
                one.write(served.line.as_bytes(), now);
            }
            return;
        };
        let volumes = super::volumes::lend(&self.disks, machine);
        let Some(one) = machine.containers.get_mut(&served.container) else { return };
        one.files.volumes = volumes;
        // A server whose log cannot be written serves all the same.
        if let Some((folder, _)) = path.rsplit_once('/') {
            let _made = one.files.make_folder(folder, true);
        }
        let _written = one.files.write(path, served.line.as_bytes(), true);
        let written = std::mem::take(&mut one.files.volumes);
        self.take_back(machine, written);
    }
}
