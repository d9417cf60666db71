//! What may come next on a line: commands, flags, resources, names.

use crate::Kubectl;
use crate::cli::{self, COMMANDS, Command, Flag, GLOBAL};
use crate::client::Client;
use crate::console::split;
use crate::discovery::Discovery;
use crate::session::discover;
use crate::value::Reading as _;

/// A possible end of the last word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Completion {
    /// The whole word.
    pub word: String,
    /// What it is, in a few words; empty for names of objects.
    pub about: String,
}

/// The possible ends of the last word of a line, sorted.
pub async fn complete(kubectl: &Kubectl, line: &str) -> Vec<Completion> {
    let Ok(stages) = split(line) else { return Vec::new() };
    let [words] = stages.as_slice() else { return Vec::new() };
    let mut words = words.clone();
    if words.first().is_some_and(|word| word == "kubectl" || word == "k") {
        words.remove(0);
        if words.is_empty() && !line.ends_with(char::is_whitespace) {
            return Vec::new();
        }
    }
    let last = if line.ends_with(char::is_whitespace) {
        String::new()
    } else {
        words.pop().unwrap_or_default()
    };
    let mut found = candidates(kubectl, &words, &last).await;
    found.retain(|completion| completion.word.starts_with(&last) && completion.word != last);
    found.sort();
    found.dedup();
    found
}

fn named(word: impl Into<String>, about: impl Into<String>) -> Completion {
    Completion { word: word.into(), about: about.into() }
}

async fn candidates(kubectl: &Kubectl, words: &[String], last: &str) -> Vec<Completion> {
    let found = cli::find(words);
    if last.starts_with('-') {
        return flags(found.command);
    }
    let client = Client::new(kubectl.clone(), "kubectl __complete");
    let namespace = namespace_of(kubectl, words);
    match words.last().map(String::as_str) {
        Some("-n" | "--namespace") => return names(&client, "/api/v1/namespaces").await,
        Some("-o" | "--output") => {
            return [
                "json",
                "yaml",
                "name",
                "wide",
                "jsonpath=",
                "custom-columns=",
                "go-template=",
            ]
            .map(|word| named(word, "output format"))
            .to_vec();
        }
        _ => {}
    }
    let children = found.command.map_or(COMMANDS, |command| command.children);
    if !children.is_empty() && found.words.iter().all(|word| word.starts_with('-')) {
        return children.iter().map(|child| named(child.name, child.short)).collect();
    }
    let arguments: Vec<&String> =
        found.words.iter().filter(|word| !word.starts_with('-')).collect();
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    match found.command.map(|command| command.name) {
        Some("cordon" | "uncordon" | "drain" | "node") => names(&client, "/api/v1/nodes").await,
        Some("pod" | "logs" | "exec") if arguments.is_empty() => names(&client, &pods).await,
        Some(command) if takes_resources(command) => {
            let Ok(discovery) = discover(&client).await else { return Vec::new() };
            resources(&client, &discovery, &namespace, &arguments, last).await
        }
        _ => Vec::new(),
    }
}

pub(crate) fn takes_resources(command: &str) -> bool {
    matches!(
        command,
        "get"
            | "describe"
            | "delete"
            | "edit"
            | "label"
            | "annotate"
            | "patch"
            | "scale"
            | "expose"
            | "explain"
            | "wait"
            | "taint"
            | "image"
            | "env"
            | "resources"
            | "serviceaccount"
            | "status"
            | "history"
            | "undo"
            | "restart"
            | "pause"
            | "resume"
            | "view-last-applied"
    )
}

fn namespace_of(kubectl: &Kubectl, words: &[String]) -> String {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "-n" || word == "--namespace" {
            return words.next().cloned().unwrap_or_default();
        }
        if let Some(given) = word.strip_prefix("--namespace=").or_else(|| word.strip_prefix("-n="))
        {
            return given.to_owned();
        }
    }
    kubectl.namespace().to_owned()
}

fn flags(command: Option<&Command>) -> Vec<Completion> {
    let own = command.map_or(&[][..], |command| command.flags);
    let one = |flag: &Flag| named(format!("--{}", flag.name), flag.usage);
    own.iter().chain([&GLOBAL]).flat_map(|group| group.iter()).map(one).collect()
}

async fn resources(
    client: &Client,
    discovery: &Discovery,
    namespace: &str,
    arguments: &[&String],
    last: &str,
) -> Vec<Completion> {
    let path = |kind: &str| {
        discovery
            .find(kind)
            .filter(|known| known.can("list"))
            .map(|known| known.collection(namespace))
    };
    if let Some((kind, _)) = last.split_once('/') {
        let Some(path) = path(kind) else { return Vec::new() };
        let mut found = names(client, &path).await;
        for completion in &mut found {
            completion.word = format!("{kind}/{}", completion.word);
        }
        return found;
    }
    if let Some(kind) = arguments.first() {
        return match path(kind) {
            Some(path) => names(client, &path).await,
            None => Vec::new(),
        };
    }
    discovery
        .resources
        .iter()
        .filter(|known| known.preferred && known.can("get"))
        .map(|known| named(known.plural.clone(), known.kind.clone()))
        .collect()
}

async fn names(client: &Client, path: &str) -> Vec<Completion> {
    let Ok(list) = client.get(&format!("{path}?limit=500")).await else { return Vec::new() };
    list.list("items").iter().map(|item| named(item.text("metadata.name"), "")).collect()
}
