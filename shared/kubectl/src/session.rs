//! One command being run: its flags, its output, what it has learned of the server.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::cli::{self, Found, Parsed, Verb};
use crate::client::{Answer, Client};
use crate::commands;
use crate::discovery::{self, Discovery, Resource, Shared};
use crate::failure::{Failure, Outcome, go_quote};
use crate::nearest::distance;
use crate::{Files, Kubectl, Output};

/// The state of a running command.
pub(crate) struct Session<'a> {
    pub(crate) client: Client,
    pub(crate) flags: Parsed,
    /// `kubectl rollout status`.
    pub(crate) path: String,
    pub(crate) namespace: String,
    pub(crate) explicit_namespace: bool,
    pub(crate) files: &'a dyn Files,
    pub(crate) stdin: &'a str,
    out: &'a mut dyn Output,
    discovery: Option<Shared>,
    warned: BTreeSet<String>,
}

/// Runs a command line; the exit code of kubectl.
pub(crate) async fn run(
    kubectl: &Kubectl,
    words: &[String],
    files: &dyn Files,
    stdin: &str,
    out: &mut dyn Output,
) -> i32 {
    let Found { path, command, words } = cli::find(words);
    let groups: Vec<&[cli::Flag]> = command
        .map_or(&[][..], |command| command.flags)
        .iter()
        .copied()
        .chain([cli::GLOBAL])
        .collect();
    let flags = match Parsed::parse(&groups, &words) {
        Ok(flags) => flags,
        Err(message) => {
            out.stderr(&format!("error: {message}\nSee '{path} --help' for usage.\n"));
            return 1;
        }
    };
    let Some(command) = command else {
        return without_command(&flags, out);
    };
    if flags.is("help") {
        out.stdout(&cli::help_text(&path, Some(command)));
        return 0;
    }
    let mut session = Session::new(kubectl, path, flags, files, stdin, out);
    let result = Box::pin(commands::dispatch(&mut session, command)).await;
    session.finish(command.verb, result)
}

fn without_command(flags: &Parsed, out: &mut dyn Output) -> i32 {
    match flags.arguments.first() {
        Some(name) if !flags.is("help") => {
            out.stderr(&format!(
                "error: unknown command {} for \"kubectl\"{}\n",
                go_quote(name),
                suggestions(name)
            ));
            1
        }
        _ => {
            out.stdout(&cli::help_text("kubectl", None));
            0
        }
    }
}

/// The order in which kubectl knows its commands, which is the order of its suggestions.
const ORDER: [&str; 41] = [
    "create",
    "expose",
    "run",
    "set",
    "explain",
    "get",
    "edit",
    "delete",
    "rollout",
    "scale",
    "autoscale",
    "certificate",
    "cluster-info",
    "top",
    "cordon",
    "uncordon",
    "drain",
    "taint",
    "describe",
    "logs",
    "attach",
    "exec",
    "port-forward",
    "proxy",
    "cp",
    "auth",
    "debug",
    "events",
    "diff",
    "apply",
    "patch",
    "replace",
    "wait",
    "kustomize",
    "label",
    "annotate",
    "completion",
    "config",
    "version",
    "api-versions",
    "api-resources",
];

/// cobra's suggestions: names within an edit distance of two, or that begin alike.
fn suggestions(name: &str) -> String {
    let near: Vec<&str> = ORDER
        .into_iter()
        .filter(|known| {
            distance(&name.to_lowercase(), &known.to_lowercase()) <= 2
                || known.to_lowercase().starts_with(&name.to_lowercase())
                || (*known == "get" && matches!(name, "list" | "ls"))
                || (*known == "delete" && name == "rm")
        })
        .collect();
    if near.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = near.iter().map(|name| format!("\t{name}")).collect();
    format!("\n\nDid you mean this?\n{}", lines.join("\n"))
}

impl<'a> Session<'a> {
    fn new(
        kubectl: &Kubectl,
        path: String,
        flags: Parsed,
        files: &'a dyn Files,
        stdin: &'a str,
        out: &'a mut dyn Output,
    ) -> Self {
        let mut kubectl = kubectl.clone();
        let (user, groups) = (flags.text("as"), flags.all("as-group"));
        if !user.is_empty() || !groups.is_empty() {
            kubectl = kubectl.with_persona(user, groups.to_vec());
        }
        let explicit_namespace = flags.changed("namespace");
        let namespace = match flags.text("namespace") {
            "" => kubectl.namespace.clone(),
            given => given.to_owned(),
        };
        Self {
            client: Client::new(kubectl, path.clone())
                .with_impersonation(flags.text("as-uid"), flags.all("as-user-extra")),
            flags,
            path,
            namespace,
            explicit_namespace,
            files,
            stdin,
            out,
            discovery: None,
            warned: BTreeSet::new(),
        }
    }

    fn finish(&mut self, verb: Verb, result: Outcome) -> i32 {
        let mut code = 0;
        if let Err(failure) = result {
            let (text, exit) = failure.said();
            if !text.is_empty() {
                self.err(&text);
            }
            // `diff` keeps 1 for "there are differences".
            let is_diff_error = verb == Verb::Diff && !matches!(failure, Failure::Exit(_));
            code = if is_diff_error { exit + 1 } else { exit };
        }
        if code == 0 && self.flags.is("warnings-as-errors") && !self.warned.is_empty() {
            let count = self.warned.len();
            let plural = if count == 1 { "" } else { "s" };
            self.err(&format!("error: {count} warning{plural} received\n"));
            code = 1;
        }
        code
    }

    pub(crate) fn say(&mut self, text: &str) {
        if !text.is_empty() {
            self.out.stdout(text);
        }
    }

    pub(crate) fn err(&mut self, text: &str) {
        self.out.stderr(text);
    }

    /// Shows what was written so far, also a line that has not ended.
    pub(crate) fn flush(&mut self) {
        self.out.flush();
    }

    /// A warning, said once.
    pub(crate) fn warn(&mut self, text: &str) {
        if self.warned.insert(text.to_owned()) {
            self.out.stderr(&format!("Warning: {text}\n"));
        }
    }

    pub(crate) fn warn_all(&mut self, warnings: &[String]) {
        for warning in warnings {
            self.warn(warning);
        }
    }

    pub(crate) fn usage(&self, text: impl Into<String>) -> Failure {
        Failure::usage(&self.path, text)
    }

    pub(crate) async fn discovery(&mut self) -> Outcome<Shared> {
        if let Some(known) = &self.discovery {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(discover(&self.client).await?);
        self.discovery = Some(Arc::clone(&found));
        Ok(found)
    }

    /// Sends a request to a path that a user gave (`--raw`): errors do not name a resource.
    pub(crate) async fn send_raw(
        &mut self,
        method: http::Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Outcome {
        let json = crate::client::JSON;
        let body = body.map(|body| (json, body));
        let exchange = self.client.exchange(method, path, json, body).await?;
        self.warn_all(&exchange.answer.warnings);
        let text = exchange.outcome("")?.text();
        self.say(&text);
        Ok(())
    }

    /// The text of the one file that goes with `--raw`.
    pub(crate) fn raw_text(&self, files: &[String]) -> Outcome<String> {
        match files {
            [name] if name == "-" => Ok(self.stdin.to_owned()),
            [name] => self
                .files
                .read(name)
                .ok_or_else(|| Failure::message(format!("the path \"{name}\" does not exist"))),
            _ => Err(Failure::message("--raw can only use a single local file or stdin")),
        }
    }

    /// The resource of an argument, or kubectl's error.
    pub(crate) async fn resource(&mut self, argument: &str) -> Outcome<Resource> {
        let discovery = self.discovery().await?;
        discovery.find(argument).cloned().ok_or_else(|| {
            let plain = argument.split('.').next().unwrap_or(argument);
            Failure::message(format!("the server doesn't have a resource type {}", go_quote(plain)))
        })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Value> {
        self.send(http::Method::GET, path, crate::client::JSON, None).await?.json()
    }

    /// Sends a request and repeats the server's warnings.
    pub(crate) async fn send(
        &mut self,
        method: http::Method,
        path: &str,
        accept: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Outcome<Answer> {
        let exchange = self.client.exchange(method, path, accept, body).await?;
        self.warn_all(&exchange.answer.warnings);
        exchange.outcome(path)
    }

    /// All pages of a list.
    pub(crate) async fn pages(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
        limit: i64,
        accept: &str,
    ) -> Outcome<Vec<Value>> {
        let mut pages: Vec<Value> = Vec::new();
        let limit = if limit > 0 { limit.to_string() } else { String::new() };
        let mut token = String::new();
        loop {
            let mut pairs = query.to_vec();
            pairs.push(("limit", &limit));
            pairs.push(("continue", &token));
            let full = format!("{path}{}", discovery::query(&pairs));
            let answer = self.send(http::Method::GET, &full, accept, None).await;
            let page = answer.map_err(|failure| list_failure(failure, path, query))?.json()?;
            let next = page
                .get("metadata")
                .and_then(|metadata| metadata.get("continue"))
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned();
            pages.push(page);
            if next.is_empty() {
                return Ok(pages);
            }
            token = next;
        }
    }
}

/// `EnhanceListError`: what could not be listed, and by which selectors.
fn list_failure(failure: Failure, path: &str, query: &[(&str, &str)]) -> Failure {
    let Failure::Status(mut status) = failure else { return failure };
    if matches!(status.reason.as_str(), "BadRequest" | "NotFound") {
        let subject = go_quote(&subject(path));
        let value =
            |name: &str| query.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        let (labels, fields) = (value("labelSelector"), value("fieldSelector"));
        status.message = if labels.is_empty() && fields.is_empty() {
            format!("Unable to list {subject}: {}", status.message)
        } else {
            format!(
                "Unable to find {subject} that match label selector {}, field selector {}: {}",
                go_quote(labels),
                go_quote(fields),
                status.message
            )
        };
    }
    Failure::Status(status)
}

/// `apps/v1, Resource=deployments`, out of the path of a list.
fn subject(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let resource = parts.last().copied().unwrap_or("");
    match parts.as_slice() {
        ["api", version, ..] => format!("/{version}, Resource={resource}"),
        ["apis", group, version, ..] => format!("{group}/{version}, Resource={resource}"),
        _ => resource.to_owned(),
    }
}

/// Takes the items out of a list.
pub(crate) fn items_of(mut page: Value, resource: &Resource) -> Vec<Value> {
    let Some(Value::Array(mut items)) = page.get_mut("items").map(Value::take) else {
        return Vec::new();
    };
    for item in &mut items {
        if let Value::Object(map) = item {
            map.entry("apiVersion").or_insert_with(|| Value::from(resource.api_version()));
            map.entry("kind").or_insert_with(|| Value::from(resource.kind.clone()));
        }
    }
    items
}

/// Asks the server what it serves.
pub(crate) async fn discover(client: &Client) -> Outcome<Discovery> {
    let mut documents = Vec::new();
    for path in ["/api", "/apis"] {
        let answer = client.send(http::Method::GET, path, discovery::ACCEPT, None).await?;
        documents.push(answer.json()?);
    }
    Ok(Discovery::read(&documents))
}
