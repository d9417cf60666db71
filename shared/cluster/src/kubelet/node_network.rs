//! The network as processes of a pod meet it, and the HTTP answers of images.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::Machine;
use super::container::{Process, image_of};
use crate::fields;
use crate::network::{Dial, Outcome, address, connect};
use crate::shell::{Answer, Dialed, Network};
use crate::store::Store;

/// A request that a pod has answered; its log tells.
pub(crate) struct Served {
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) line: String,
}

/// The network of one pod during a step.
pub(crate) struct PodNetwork<'a> {
    pub(crate) store: &'a Store,
    pub(crate) pod: &'a Value,
    pub(crate) now: Timestamp,
    /// The pod that makes the step, when it serves anything.
    pub(crate) own: Option<&'a Machine>,
    /// All other pods.
    pub(crate) others: &'a BTreeMap<String, Arc<Machine>>,
    /// The ports on which each pod listens.
    pub(crate) ports: &'a BTreeMap<String, Vec<u16>>,
    pub(crate) served: Vec<Served>,
    /// How many connections this step has made: no two of them take the same endpoint by rule.
    pub(crate) connections: u32,
}

/// `namespace/name`.
pub(crate) fn full_name(pod: &Value) -> String {
    format!("{}/{}", fields::namespace(pod), fields::name(pod))
}

impl PodNetwork<'_> {
    fn answer(
        &mut self,
        target: &Value,
        port: u16,
        (method, path, agent): (&str, &str, &str),
    ) -> Option<Answer> {
        let key = full_name(target);
        let spec = fields::items(target, "/spec/containers")
            .iter()
            .find(|spec| image_of(spec).is_some_and(|image| image.ports.contains(&port)))?;
        let image = image_of(spec)?;
        let name = fields::text(spec, "/name");
        let plain = path.split('?').next().unwrap_or(path);
        let machine = if key == full_name(self.pod) {
            self.own
        } else {
            self.others.get(&key).map(Arc::as_ref)
        };
        let container = machine.and_then(|machine| machine.containers.get(name));
        if container.is_some_and(|container| !matches!(container.process, Process::Service)) {
            return None;
        }
        let own = image.http.get(plain).map(|text| fill(text, target, self.pod, path).into_bytes());
        let file = container.filter(|_| !image.web_root.is_empty()).and_then(|container| {
            let path =
                if plain.ends_with('/') { format!("{plain}index.html") } else { plain.to_owned() };
            let mut files = container.files.clone();
            files.volumes = machine.map(|machine| machine.volumes.clone()).unwrap_or_default();
            files.read(&format!("{}{path}", image.web_root)).ok().map(|data| data.to_vec())
        });
        let (code, reason, body) = if let Some(body) = file.or(own) {
            (200, "OK", body)
        } else {
            let server = if image.server.is_empty() {
                String::new()
            } else {
                format!("<hr><center>{}</center>\n", image.server)
            };
            let text = format!(
                "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<center><h1>404 Not Found</h1></center>\n{server}</body>\n</html>\n"
            );
            (404, "Not Found", text.into_bytes())
        };
        let mut headers = Vec::new();
        if !image.server.is_empty() {
            headers.push(("Server".to_owned(), image.server.clone()));
        }
        headers
            .push(("Date".to_owned(), self.now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        headers.push((
            "Content-Type".to_owned(),
            if body.starts_with(b"<") { "text/html" } else { "text/plain" }.to_owned(),
        ));
        headers.push(("Content-Length".to_owned(), body.len().to_string()));
        let from = fields::text(self.pod, "/status/podIP");
        let date = self.now.strftime("%d/%b/%Y:%H:%M:%S +0000");
        let line = format!(
            "{from} - - [{date}] \"{method} {path} HTTP/1.1\" {code} {} \"-\" \"{agent}\" \"-\"\n",
            body.len()
        );
        self.served.push(Served { pod: key, container: name.to_owned(), line });
        Some(Answer { code, reason: reason.to_owned(), headers, body })
    }
}

/// Placeholders of an answer.
fn fill(text: &str, pod: &Value, client: &Value, path: &str) -> String {
    text.replace("${HOSTNAME}", fields::name(pod))
        .replace("${NAMESPACE}", fields::namespace(pod))
        .replace("${IP}", fields::text(pod, "/status/podIP"))
        .replace("${NODE}", fields::text(pod, "/spec/nodeName"))
        .replace("${CLIENT}", fields::text(client, "/status/podIP"))
        .replace("${PATH}", path)
}

impl Network for PodNetwork<'_> {
    fn dial(&mut self, host: &str, port: u16, request: Option<(&str, &str, &str)>) -> Dialed {
        let ports = self.ports;
        let listens = |pod: &Value, port: u16, protocol: &str| {
            protocol == "TCP"
                && ports.get(&full_name(pod)).is_some_and(|ports| ports.contains(&port))
        };
        let own = fields::text(self.pod, "/status/podIP").to_owned();
        let host = if matches!(host, "localhost" | "127.0.0.1") && !own.is_empty() {
            own.as_str()
        } else {
            host
        };
        self.connections += 1;
        let pick =
            crate::rng::hash(&format!("{}{}{}", self.now, fields::uid(self.pod), self.connections))
                >> 7;
        let dial = Dial { source: self.pod, host, port, protocol: "TCP", pick };
        let verdict = connect(self.store, dial, &listens);
        if verdict.reason.code == "connect-dns-blocked" {
            return Dialed::NoDns;
        }
        match (verdict.outcome, verdict.target) {
            (Outcome::UnknownHost, _) => Dialed::NoName,
            (Outcome::Refused, _) => Dialed::Refused(verdict.address),
            (Outcome::Allowed, Some((pod, port))) => {
                let answer = request.and_then(|request| self.answer(&pod, port, request));
                Dialed::Open(verdict.address, answer)
            }
            (Outcome::Allowed | Outcome::Blocked, _) => Dialed::Silent(verdict.address),
        }
    }

    fn lookup(&mut self, host: &str) -> Result<(String, Vec<String>), bool> {
        let namespace = fields::namespace(self.pod);
        if matches!(self.dial(host, 53, None), Dialed::NoDns) {
            return Err(true);
        }
        let found = address::resolve(self.store, namespace, host).ok_or(false)?;
        let searched = format!("{host}.{namespace}.svc.cluster.local");
        let name = if host.ends_with(".cluster.local") || address::is_address(host) {
            host.to_owned()
        } else if address::resolve(self.store, "", &searched).is_some() {
            searched
        } else {
            format!("{host}.svc.cluster.local")
        };
        Ok((name, vec![found]))
    }
}
