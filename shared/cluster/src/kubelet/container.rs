//! A container: what runs in it, how far it has come, and what it has written.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fields;
use crate::images::{Image, Reference, find};
use crate::rng;
use crate::shell::{Entry, Facts, Files, Input, Mount, Shell};
use crate::store::Store;

/// Lines that are kept of a container's output.
const KEPT_LINES: usize = 2000;

/// Where a container stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not begun.
    Created,
    /// The image is on its way.
    Pulling { until: Timestamp },
    /// It cannot start now: reason and message of the waiting state, and when it is tried again.
    Waiting { reason: &'static str, message: String, until: Timestamp },
    /// It runs.
    Running { since: Timestamp },
    /// It has ended for good, or until its back-off begins.
    Ended { code: i32, since: Timestamp, at: Timestamp },
}

/// What runs in a container.
#[derive(Debug, Clone)]
pub(crate) enum Process {
    /// Nothing.
    None,
    /// The image's own program.
    Service,
    /// A command.
    Shell(Box<Shell>),
}

/// A line of a log.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// A probe's progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probe {
    pub(crate) next: Option<Timestamp>,
    pub(crate) successes: i64,
    pub(crate) failures: i64,
}

/// A container of a pod on its node.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) stage: Stage,
    pub(crate) process: Process,
    pub(crate) input: Input,
    pub(crate) files: Files,
    pub(crate) facts: Facts,
    pub(crate) folder: String,
    pub(crate) log: VecDeque<Line>,
    pub(crate) previous: VecDeque<Line>,
    /// The unfinished last line of the log.
    pub(crate) open: String,
    /// Lines that were written before those kept.
    pub(crate) dropped: usize,
    pub(crate) restarts: i64,
    pub(crate) crashes: u32,
    pub(crate) last: Option<Value>,
    pub(crate) ready: bool,
    pub(crate) started: bool,
    pub(crate) readiness: Probe,
    pub(crate) liveness: Probe,
    pub(crate) startup: Probe,
}

impl Container {
    /// A container that has not begun.
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Created,
            process: Process::None,
            input: Input::default(),
            files: Files::default(),
            facts: Facts::default(),
            folder: "/".to_owned(),
            log: VecDeque::new(),
            previous: VecDeque::new(),
            open: String::new(),
            dropped: 0,
            restarts: 0,
            crashes: 0,
            last: None,
            ready: false,
            started: false,
            readiness: Probe::default(),
            liveness: Probe::default(),
            startup: Probe::default(),
        }
    }

    /// Adds output to the log.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Timestamp) {
        self.open.push_str(&String::from_utf8_lossy(bytes));
        while let Some((line, rest)) = self.open.split_once('\n') {
            self.log.push_back(Line { at: now, text: line.to_owned() });
            self.open = rest.to_owned();
        }
        while self.log.len() > KEPT_LINES {
            self.log.pop_front();
            self.dropped += 1;
        }
    }

    /// The TCP ports on which something of it listens.
    pub(crate) fn ports(&self, spec: &Value, now: Timestamp) -> Vec<u16> {
        let Stage::Running { since } = self.stage else { return Vec::new() };
        match &self.process {
            Process::Service => image_of(spec)
                .filter(|image| {
                    now.as_millisecond() - since.as_millisecond() >= millis(image.ready_millis)
                })
                .map(|image| image.ports.clone())
                .unwrap_or_default(),
            Process::Shell(shell) => shell.listening(),
            Process::None => Vec::new(),
        }
    }

    /// Starts the command; an error is the runtime's text.
    pub(crate) fn start(&mut self, spec: &Value, now: Timestamp) -> Result<(), String> {
        self.previous = std::mem::take(&mut self.log);
        self.open.clear();
        self.dropped = 0;
        self.input = Input { bytes: VecDeque::new(), closed: !fields::flag(spec, "/stdin") };
        self.ready = false;
        self.started = false;
        (self.readiness, self.liveness, self.startup) = Default::default();
        let image = image_of(spec);
        let argv = argv(spec, image, &self.facts.environment);
        let program = argv.first().map_or("", String::as_str);
        let own = image.is_some_and(|image| !image.ports.is_empty() || image.service);
        let same =
            image.and_then(|image| image.command.first()).is_some_and(|first| first == program);
        self.stage = Stage::Running { since: now };
        if own && (same || argv.is_empty()) {
            self.process = Process::Service;
            let lines = image.map(|image| image.logs.clone()).unwrap_or_default();
            for line in lines {
                self.write(format!("{line}\n").as_bytes(), now);
            }
            self.facts.processes = vec![argv.join(" ")];
            return Ok(());
        }
        let name = program.rsplit('/').next().unwrap_or(program);
        if !self.facts.commands.iter().any(|known| known == name) {
            self.stage = Stage::Ended { code: 128, since: now, at: now };
            return Err(format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: \"{program}\": executable file not found in $PATH"
            ));
        }
        self.facts.processes = vec![argv.join(" ")];
        self.process = Process::Shell(Box::new(Shell::new(
            &argv,
            &self.facts,
            &self.folder,
            fields::flag(spec, "/tty"),
        )));
        Ok(())
    }

    /// The process has ended.
    pub(crate) fn end(&mut self, code: i32, now: Timestamp) {
        let since = match self.stage {
            Stage::Running { since } => since,
            _ => now,
        };
        if !self.open.is_empty() {
            let text = std::mem::take(&mut self.open);
            self.log.push_back(Line { at: now, text });
        }
        self.process = Process::None;
        self.ready = false;
        self.started = false;
        self.stage = Stage::Ended { code, since, at: now };
    }

    /// The state of `containerStatuses`.
    pub(crate) fn state(&self, id: &str) -> Value {
        match &self.stage {
            Stage::Created | Stage::Pulling { .. } => {
                json!({ "waiting": { "reason": "ContainerCreating" } })
            }
            Stage::Waiting { reason, message, .. } => {
                json!({ "waiting": { "reason": reason, "message": message } })
            }
            Stage::Running { since } => {
                json!({ "running": { "startedAt": fields::seconds(*since) } })
            }
            Stage::Ended { code, since, at } => {
                let reason = match code {
                    0 => "Completed",
                    128 => "StartError",
                    _ => "Error",
                };
                json!({ "terminated": {
                    "exitCode": code, "reason": reason, "containerID": id,
                    "startedAt": fields::seconds(*since), "finishedAt": fields::seconds(*at),
                } })
            }
        }
    }

    /// The delay before the next start: 10 s, doubled up to five minutes.
    pub(crate) fn back_off(&self) -> Duration {
        Duration::from_secs(10)
            .saturating_mul(1_u32.checked_shl(self.crashes.saturating_sub(1)).unwrap_or(u32::MAX))
            .min(Duration::from_mins(5))
    }
}

/// Milliseconds of an image as a difference of times.
pub(crate) fn millis(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The behaviour of a container's image.
pub(crate) fn image_of(spec: &Value) -> Option<&'static Image> {
    find(fields::text(spec, "/image"))
}

/// Hexadecimal letters of a digest.
pub(crate) fn hex(text: &str) -> String {
    (0..4_u8).map(|part| format!("{:016x}", rng::hash(&format!("{text}{part}")))).collect()
}

/// Command and arguments, with `$(NAME)` resolved (`third_party/forked/golang/expansion`).
fn argv(
    spec: &Value,
    image: Option<&Image>,
    environment: &BTreeMap<String, String>,
) -> Vec<String> {
    let words = |pointer: &str| -> Vec<String> {
        let words = fields::items(spec, pointer).iter().filter_map(Value::as_str);
        words.map(|word| substitute(word, environment)).collect()
    };
    let (command, arguments) = (words("/command"), words("/args"));
    match (command.is_empty(), arguments.is_empty()) {
        (true, true) => image.map(|image| image.command.clone()).unwrap_or_default(),
        (true, false) => {
            let entry = image.map(|image| image.entrypoint.clone()).unwrap_or_default();
            [entry, arguments].concat()
        }
        _ => [command, arguments].concat(),
    }
}

fn substitute(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("$(") {
        out.push_str(before);
        if let Some((name, tail)) = after.split_once(')') {
            if let Some(value) = environment.get(name) {
                out.push_str(value);
            } else {
                let line = format!("$({name})");
                out.push_str(&line);
            }
            rest = tail;
        } else {
            out.push_str("$(");
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The environment of a container; an error says which object is missing.
pub(crate) fn environment(
    store: &Store,
    pod: &Value,
    spec: &Value,
) -> Result<BTreeMap<String, String>, String> {
    let namespace = fields::namespace(pod);
    let mut found = BTreeMap::from([
        ("HOME".to_owned(), "/root".to_owned()),
        ("HOSTNAME".to_owned(), fields::name(pod).to_owned()),
        (
            "PATH".to_owned(),
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ),
    ]);
    services(store, pod, &mut found);
    for source in fields::items(spec, "/envFrom") {
        let prefix = fields::text(source, "/prefix");
        for (kind, resource, field) in
            [("configMapRef", "configmaps", "data"), ("secretRef", "secrets", "data")]
        {
            let Some(reference) = source.get(kind) else { continue };
            let name = fields::text(reference, "/name");
            match store.get(resource, namespace, name) {
                Some(object) => {
                    let values = contents(&object, field, resource == "secrets");
                    found.extend(values.into_iter().map(|(key, value)| {
                        (format!("{prefix}{key}"), String::from_utf8_lossy(&value).into_owned())
                    }));
                }
                None if fields::flag(reference, "/optional") => {}
                None => return Err(missing(resource, name)),
            }
        }
    }
    for one in fields::items(spec, "/env") {
        let name = fields::text(one, "/name").to_owned();
        if let Some(value) = one.get("value").and_then(Value::as_str) {
            let value = substitute(value, &found);
            found.insert(name, value);
        } else if let Some(value) = env_source(store, pod, spec, one)? {
            found.insert(name, value);
        }
    }
    Ok(found)
}

fn missing(resource: &str, name: &str) -> String {
    format!("{} \"{name}\" not found", resource.trim_end_matches('s'))
}

fn env_source(
    store: &Store,
    pod: &Value,
    spec: &Value,
    one: &Value,
) -> Result<Option<String>, String> {
    let namespace = fields::namespace(pod);
    for (kind, resource) in [("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")] {
        let Some(reference) = one.pointer(&format!("/valueFrom/{kind}")) else { continue };
        let (name, key) = (fields::text(reference, "/name"), fields::text(reference, "/key"));
        let optional = fields::flag(reference, "/optional");
        let Some(object) = store.get(resource, namespace, name) else {
            return if optional { Ok(None) } else { Err(missing(resource, name)) };
        };
        let value = contents(&object, "data", resource == "secrets").remove(key);
        return match value {
            Some(value) => Ok(Some(String::from_utf8_lossy(&value).into_owned())),
            None if optional => Ok(None),
            None => {
                let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
                Err(format!("couldn't find key {key} in {kind} {namespace}/{name}"))
            }
        };
    }
    if let Some(path) = one.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str) {
        return Ok(Some(field_of(pod, path)));
    }
    let resource = fields::text(one, "/valueFrom/resourceFieldRef/resource");
    Ok(resource
        .split_once('.')
        .map(|(kind, name)| fields::text(spec, &format!("/resources/{kind}/{name}")).to_owned()))
}

/// The downward API (`pkg/fieldpath`).
pub(crate) fn field_of(pod: &Value, path: &str) -> String {
    if let Some((map, key)) = path.split_once("['") {
        let pointer = format!("/{}", map.replace('.', "/"));
        let key = key.trim_end_matches("']");
        return pod
            .pointer(&pointer)
            .and_then(|map| map.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    match pod.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Variables of the Services that the pod finds at its start (`pkg/kubelet/envvars`).
fn services(store: &Store, pod: &Value, found: &mut BTreeMap<String, String>) {
    let own = fields::namespace(pod);
    let links = pod.pointer("/spec/enableServiceLinks").and_then(Value::as_bool).unwrap_or(true);
    let kubernetes = store.get("services", "default", "kubernetes");
    let others = if links { store.list("services", Some(own)) } else { Vec::new() };
    for service in kubernetes.into_iter().chain(others) {
        let address = fields::text(&service, "/spec/clusterIP");
        let Some(port) = fields::number(&service, "/spec/ports/0/port")
            .filter(|_| !matches!(address, "" | "None"))
        else {
            continue;
        };
        let prefix = fields::name(&service).to_uppercase().replace('-', "_");
        let url = format!("tcp://{address}:{port}");
        for (key, value) in [
            ("SERVICE_HOST".to_owned(), address.to_owned()),
            ("SERVICE_PORT".to_owned(), port.to_string()),
            ("PORT".to_owned(), url.clone()),
            (format!("PORT_{port}_TCP"), url.clone()),
            (format!("PORT_{port}_TCP_ADDR"), address.to_owned()),
            (format!("PORT_{port}_TCP_PORT"), port.to_string()),
            (format!("PORT_{port}_TCP_PROTO"), "tcp".to_owned()),
        ] {
            found.insert(format!("{prefix}_{key}"), value);
        }
    }
}

/// The entries of a ConfigMap or Secret as bytes.
fn contents(object: &Value, field: &str, encoded: bool) -> BTreeMap<String, Vec<u8>> {
    use base64::Engine as _;
    let decode =
        |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    let mut found: BTreeMap<String, Vec<u8>> = fields::texts(object, &format!("/{field}"))
        .into_iter()
        .map(|(key, value)| (key, if encoded { decode(&value) } else { value.into_bytes() }))
        .collect();
    found.extend(
        fields::texts(object, "/binaryData").into_iter().map(|(key, value)| (key, decode(&value))),
    );
    found
}

/// The tree of a volume: what comes out of the API. `None` for volumes that pods write to.
pub(crate) fn volume(
    store: &Store,
    pod: &Value,
    volume: &Value,
) -> Result<Option<BTreeMap<String, Entry>>, String> {
    let mut tree = BTreeMap::new();
    if ["configMap", "secret", "downwardAPI"].iter().any(|kind| volume.get(kind).is_some()) {
        source(store, pod, volume, &mut tree)?;
        return Ok(Some(tree));
    }
    let Some(projected) = volume.get("projected") else { return Ok(None) };
    for one in fields::items(projected, "/sources") {
        if let Some(token) = one.get("serviceAccountToken") {
            let text = format!(
                "embedded-token-of-{}-{}",
                fields::namespace(pod),
                fields::text(pod, "/spec/serviceAccountName")
            );
            insert(&mut tree, fields::text(token, "/path"), text.into_bytes());
        }
        source(store, pod, one, &mut tree)?;
    }
    Ok(Some(tree))
}

fn insert(tree: &mut BTreeMap<String, Entry>, path: &str, data: Vec<u8>) {
    tree.insert(format!("/{path}"), Entry::File(data.into()));
}

fn source(
    store: &Store,
    pod: &Value,
    volume: &Value,
    tree: &mut BTreeMap<String, Entry>,
) -> Result<(), String> {
    for (kind, resource, name) in [
        ("configMap", "configmaps", "name"),
        ("secret", "secrets", "secretName"),
        ("secret", "secrets", "name"),
    ] {
        let Some(spec) = volume.get(kind) else { continue };
        let name = fields::text(spec, &format!("/{name}"));
        if name.is_empty() {
            continue;
        }
        let Some(object) = store.get(resource, fields::namespace(pod), name) else {
            if fields::flag(spec, "/optional") {
                continue;
            }
            return Err(missing(resource, name));
        };
        let all = contents(&object, "data", resource == "secrets");
        let items = fields::items(spec, "/items");
        for (key, data) in &all {
            let path = match items.iter().find(|item| fields::text(item, "/key") == key) {
                Some(item) => fields::text(item, "/path"),
                None if items.is_empty() => key,
                None => continue,
            };
            insert(tree, path, data.clone());
        }
    }
    for item in volume.pointer("/downwardAPI/items").and_then(Value::as_array).into_iter().flatten()
    {
        let text = field_of(pod, fields::text(item, "/fieldRef/fieldPath"));
        insert(tree, fields::text(item, "/path"), text.into_bytes());
    }
    Ok(())
}

/// The mounts of a container.
pub(crate) fn mounts(spec: &Value) -> Vec<Mount> {
    fields::items(spec, "/volumeMounts")
        .iter()
        .map(|mount| Mount {
            path: fields::text(mount, "/mountPath").trim_end_matches('/').to_owned(),
            volume: fields::text(mount, "/name").to_owned(),
            sub_path: fields::text(mount, "/subPath").to_owned(),
            read_only: fields::flag(mount, "/readOnly"),
        })
        .collect()
}

/// The files that a fresh container finds.
pub(crate) fn root(pod: &Value, spec: &Value, image: &Image) -> BTreeMap<String, Entry> {
    let mut tree: BTreeMap<String, Entry> =
        ["/tmp", "/root", "/home", "/var/log", "/dev", "/proc", "/usr/bin", "/mnt", "/opt", "/srv"]
            .into_iter()
            .map(|path| (path.to_owned(), Entry::Folder))
            .collect();
    let text = |text: String| Entry::File(text.into_bytes().into());
    for command in &image.commands {
        tree.insert(format!("/bin/{command}"), Entry::Program);
    }
    for (path, content) in &image.files {
        tree.insert(path.clone(), text(content.clone()));
    }
    let namespace = fields::namespace(pod);
    tree.insert("/etc/hostname".to_owned(), text(format!("{}\n", fields::name(pod))));
    tree.insert(
        "/etc/hosts".to_owned(),
        text(format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{}\t{}\n",
            fields::text(pod, "/status/podIP"),
            fields::name(pod)
        )),
    );
    tree.insert(
        "/etc/resolv.conf".to_owned(),
        text(format!("search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")),
    );
    tree.insert("/dev/null".to_owned(), Entry::File(Arc::default()));
    let folder = fields::text(spec, "/workingDir");
    if !folder.is_empty() {
        tree.insert(folder.to_owned(), Entry::Folder);
    }
    tree
}

/// `imageID` as containerd names it.
pub(crate) fn image_id(reference: &Reference) -> String {
    let canonical = reference.canonical();
    let repository = canonical.rsplit_once(':').map_or("", |(repository, _)| repository);
    format!("{repository}@sha256:{}", hex(&canonical))
}
