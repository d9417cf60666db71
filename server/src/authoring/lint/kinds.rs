//! Names of kinds and resources: each must be served by the embedded cluster, or by a
//! CustomResourceDefinition of the scenario's own files. The nearest name is the remedy.

use std::collections::BTreeSet;
use std::sync::Arc;

use apimachinery::transport::Clock as _;
use kubectl::Kubectl;
use kubectl::apply::{ApplyOptions, apply_documents};
use kubectl::served::Served;
use notebook::cell::CellKind;
use notebook::check::{Check, Condition};
use serde_json::Value;

use crate::authoring::engine;
use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

/// How long a fresh cluster may take until it serves what it has.
const SETTLE: std::time::Duration = std::time::Duration::from_mins(1);

/// What the cluster of a scenario serves, and which objects it has before the first step.
pub(super) struct World {
    served: Option<Served>,
    /// Names of the objects that are there without the scenario.
    pub(super) names: BTreeSet<String>,
}

impl World {
    /// A fresh cluster with the scenario's own definitions; what the scenario says of kinds is checked.
    pub(super) fn of(folder: &Folder, found: &mut Vec<Finding>) -> Self {
        let cluster = engine::cluster(&folder.english.scenario.cluster);
        let kubectl = Kubectl::new(Arc::new(cluster.clone()), Arc::new(cluster.clone()));
        let own: Vec<_> = folder
            .manifests()
            .into_iter()
            .flat_map(|file| folder.documents(file))
            .filter(|document| text(&document.value, "/kind") == "CustomResourceDefinition")
            .collect();
        let asked = async {
            apply_documents(&kubectl, &own, &ApplyOptions::default()).await;
            // Definitions are served a moment after they are there.
            cluster.sleep(SETTLE).await;
            Served::ask(&kubectl).await
        };
        let served = cluster.block_on(asked).ok().flatten();
        let world = Self { served, names: names_of(&cluster, &kubectl) };
        world.manifests(folder, found);
        world.lines(folder, found);
        world.checks(folder, found);
        world
    }

    fn manifests(&self, folder: &Folder, found: &mut Vec<Finding>) {
        for file in folder.manifests() {
            for document in folder.documents(file) {
                let (version, kind) =
                    (text(&document.value, "/apiVersion"), text(&document.value, "/kind"));
                if let Some((what, remedy)) = self.wrong_kind(version, kind) {
                    let place =
                        document.spans.find("kind").map_or(document.line, |span| span.start.line);
                    found.push(folder.finding_in(file, place, what, remedy));
                }
            }
        }
    }

    fn lines(&self, folder: &Folder, found: &mut Vec<Finding>) {
        let mut lines = folder.lines();
        each_check(folder, &mut |path, check| {
            if let Condition::Prints { line, .. } = &check.condition {
                lines.push((format!("{path}.line"), line.clone()));
            }
        });
        for (path, line) in lines {
            for command in runner::commands(&line) {
                let wrong = self.wrong_in(&command).into_iter();
                found.extend(wrong.map(|(what, remedy)| folder.finding(&path, what, remedy)));
            }
        }
    }

    fn wrong_in(&self, command: &str) -> Vec<(String, String)> {
        if command.starts_with("podium fault") {
            return Vec::new();
        }
        match kubectl::line::read(command) {
            Ok(read) => {
                read.resources.iter().filter_map(|word| self.wrong_resource(word)).collect()
            }
            Err(error) => {
                vec![(error.to_string(), "write a line that kubectl understands".to_owned())]
            }
        }
    }

    fn checks(&self, folder: &Folder, found: &mut Vec<Finding>) {
        each_check(folder, &mut |path, check| match &check.condition {
            Condition::Assert { object } | Condition::Absent { object } => {
                let wrong = self.wrong_kind(text(object, "/apiVersion"), text(object, "/kind"));
                if let Some((what, remedy)) = wrong {
                    found.push(folder.finding(&format!("{path}.object.kind"), what, remedy));
                }
            }
            Condition::Event { object, .. } => {
                let kind = object.split('/').next().unwrap_or_default();
                if let Some((what, remedy)) = self.wrong_kind_anywhere(kind) {
                    found.push(folder.finding(&format!("{path}.object"), what, remedy));
                }
            }
            Condition::Can { requests } => {
                for (index, asked) in requests.iter().enumerate() {
                    let resource = asked.request.resource.split('/').next().unwrap_or_default();
                    if let Some((what, remedy)) = self.wrong_resource(resource) {
                        let path = format!("{path}.requests[{index}].resource");
                        found.push(folder.finding(&path, what, remedy));
                    }
                }
            }
            Condition::Connects { .. }
            | Condition::Rejects { .. }
            | Condition::Logs { .. }
            | Condition::Output { .. }
            | Condition::Prints { .. } => {}
        });
    }

    fn wrong_kind(&self, version: &str, kind: &str) -> Option<(String, String)> {
        let served = self.served.as_ref()?;
        if kind == "List" || served.has_kind(version, kind) {
            return None;
        }
        let what = format!("no server serves the kind `{kind}` of `{version}`");
        let versions: Vec<String> = served
            .kinds()
            .filter(|(_, known)| *known == kind)
            .map(|(version, _)| format!("`{version}`"))
            .collect();
        let remedy = match versions.as_slice() {
            [] => nearest(kind, served.kinds().map(|(_, kind)| kind)),
            some => format!("the kind `{kind}` is in {}", some.join(", ")),
        };
        Some((what, remedy))
    }

    fn wrong_kind_anywhere(&self, kind: &str) -> Option<(String, String)> {
        let served = self.served.as_ref()?;
        if served.kinds().any(|(_, known)| known == kind) {
            return None;
        }
        let what = format!("no server serves the kind `{kind}`");
        Some((what, nearest(kind, served.kinds().map(|(_, kind)| kind))))
    }

    fn wrong_resource(&self, word: &str) -> Option<(String, String)> {
        let served = self.served.as_ref()?;
        if word == "*" || word == "_" || served.has_resource(word) {
            return None;
        }
        // A lesson may ask for what is not installed; what looks like a known name is a slip.
        let remedy = close(&word.to_lowercase(), served.resources())?;
        Some((format!("no server has a resource `{word}`"), remedy))
    }
}

/// The known name that is nearest, as a remedy; none when no name is near.
fn close<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let distance = |other: &str| strsim::damerau_levenshtein(name, other);
    // Of equally near names, one of the same letters: a slip of the fingers.
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    let key =
        |other: &&str| (distance(other), letters(other) != letters(name), (*other).to_owned());
    let best = known.min_by_key(key)?;
    (distance(best) <= name.len().div_ceil(3)).then(|| format!("did you mean `{best}`?"))
}

fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let remedy = close(name, known);
    remedy.unwrap_or_else(|| "see `kubectl api-resources` for the kinds there are".to_owned())
}

/// Calls a function for every check of a scenario with its place: those of the setup, of check cells, and
/// of hints.
pub(super) fn each_check(folder: &Folder, visit: &mut dyn FnMut(&str, &Check)) {
    for (index, check) in folder.english.scenario.setup_checks.iter().enumerate() {
        visit(&format!("setupChecks[{index}]"), check);
    }
    for (place, cell) in folder.cells() {
        if let CellKind::Check { checks, .. } = &cell.kind {
            for (index, check) in checks.iter().enumerate() {
                visit(&format!("{place}.checks[{index}]"), check);
            }
        }
        for (at, hint) in cell.hints.iter().enumerate() {
            for (index, check) in hint.when.iter().enumerate() {
                visit(&format!("{place}.hints[{at}].when[{index}]"), check);
            }
        }
    }
}

pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn names_of(
    cluster: &session::embedded::Embedded<cluster::Cluster>,
    kubectl: &Kubectl,
) -> BTreeSet<String> {
    let mut out = kubectl::Captured::default();
    let lists = "kubectl get nodes,namespaces,services,pods,deployments,daemonsets,configmaps,\
                 clusterroles,storageclasses,priorityclasses,customresourcedefinitions,apiservices \
                 -A -o name";
    let Ok(invocation) = kubectl::Invocation::parse(lists) else { return BTreeSet::new() };
    let run = kubectl.run(&invocation, &kubectl::NoFiles, "", &mut out);
    let _code = cluster.block_on(run);
    let names = out.stdout.lines().filter_map(|line| line.split_once('/'));
    names.map(|(_, name)| name.to_owned()).collect()
}
