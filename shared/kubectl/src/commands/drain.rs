//! `kubectl drain` (`pkg/cmd/drain/drain.go`, `pkg/drain`).

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::dry_run::DryRun;
use super::nodes::{nodes, set_unschedulable};
use crate::client::JSON;
use crate::discovery::query;
use crate::failure::{Failure, Outcome, go_quote};
use crate::select::Info;
use crate::session::Session;
use crate::value::Reading as _;

/// How long after a refused eviction the next one is tried.
const RETRY: Duration = Duration::from_secs(5);
/// How often drain looks whether a pod is gone.
const LOOK: Duration = Duration::from_secs(1);

/// What drain does with a pod.
enum Fate {
    Evict,
    /// Leave it, and say why.
    Skip(String),
    /// Go on, and say what is lost.
    Warn(String),
    Refuse(&'static str),
}

/// `drain/filters.go`.
fn fate(session: &Session<'_>, pod: &Value) -> Fate {
    const DAEMON: &str = "DaemonSet-managed Pods";
    let flags = &session.flags;
    let ended = matches!(pod.text("status.phase"), "Succeeded" | "Failed");
    let mirror = pod
        .at("metadata.annotations")
        .is_some_and(|all| all.get("kubernetes.io/config.mirror").is_some());
    if mirror {
        return Fate::Skip(String::new());
    }
    let controller =
        pod.list("metadata.ownerReferences").iter().find(|owner| owner.truth("controller"));
    if controller.is_some_and(|owner| owner.text("kind") == "DaemonSet") && !ended {
        return if flags.is("ignore-daemonsets") {
            Fate::Skip(format!("ignoring {DAEMON}"))
        } else {
            Fate::Refuse("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        };
    }
    let local = pod.list("spec.volumes").iter().any(|volume| volume.has("emptyDir"));
    if local && !ended && !flags.is("delete-emptydir-data") {
        return Fate::Refuse(
            "cannot delete Pods with local storage (use --delete-emptydir-data to override)",
        );
    }
    if controller.is_none() && !ended {
        return if flags.is("force") {
            Fate::Warn("deleting Pods that declare no controller".to_owned())
        } else {
            Fate::Refuse("cannot delete Pods that declare no controller (use --force to override)")
        };
    }
    Fate::Evict
}

/// `kubectl drain`.
pub(super) async fn drain(session: &mut Session<'_>) -> Outcome {
    let dry_run = DryRun::of(session)?;
    let nodes = nodes(session).await?;
    for info in &nodes {
        set_unschedulable(session, info, true, dry_run).await?;
    }
    for info in &nodes {
        if let Err(failure) = empty(session, info, dry_run).await {
            session.err(&format!(
                "error: unable to drain node \"{}\" due to error: {}, continuing command...\n",
                info.name,
                failure.text()
            ));
            session.err("There are pending nodes to be drained:\n");
            session.err(&format!(" {}\n", info.name));
            return Err(raw(failure));
        }
        session.say(&format!("node/{} drained{}\n", info.name, dry_run.suffix()));
    }
    Ok(())
}

/// The words of the client without `error: ` before them.
fn raw(failure: Failure) -> Failure {
    match failure {
        Failure::Message(text) => Failure::Raw(text),
        Failure::Many(several) => Failure::Many(several.into_iter().map(raw).collect()),
        other => other,
    }
}

async fn empty(session: &mut Session<'_>, info: &Info, dry_run: DryRun) -> Outcome {
    let fields = format!("spec.nodeName={}", info.name);
    let selector = session.flags.text("pod-selector").to_owned();
    let path = format!(
        "/api/v1/pods{}",
        query(&[("fieldSelector", &fields), ("labelSelector", &selector), ("limit", "500")])
    );
    let pods = session.get(&path).await?.list("items").to_vec();
    let mut chosen = Vec::new();
    let mut warnings: Vec<(String, Vec<String>)> = Vec::new();
    let mut refused: Vec<(&str, Vec<String>)> = Vec::new();
    for pod in pods {
        let name = format!("{}/{}", pod.text("metadata.namespace"), pod.text("metadata.name"));
        match fate(session, &pod) {
            Fate::Evict => chosen.push(pod),
            Fate::Skip(why) => note(&mut warnings, why, name),
            Fate::Warn(why) => {
                note(&mut warnings, why, name);
                chosen.push(pod);
            }
            Fate::Refuse(why) => match refused.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) => names.push(name),
                None => refused.push((why, vec![name])),
            },
        }
    }
    if !refused.is_empty() {
        let parts: Vec<String> =
            refused.iter().map(|(why, names)| format!("{why}: {}", names.join(", "))).collect();
        let text =
            if parts.len() == 1 { parts.concat() } else { format!("[{}]", parts.join(", ")) };
        return Err(Failure::Message(text));
    }
    for (why, names) in warnings {
        session.err(&format!("Warning: {why}: {}\n", names.join(", ")));
    }
    let emptied = remove(session, &chosen, dry_run).await;
    if let Err(failure) = &emptied {
        let live = session.get(&path).await.unwrap_or_default();
        let pending: Vec<String> = live
            .list("items")
            .iter()
            .filter(|pod| matches!(fate(session, pod), Fate::Evict | Fate::Warn(_)))
            .map(|pod| format!("pod/{}\n", pod.text("metadata.name")))
            .collect();
        if !pending.is_empty() {
            let (node, why) = (&info.name, failure.text());
            session.err(&format!(
                "There are pending pods in node {} when an error occurred: {why}\n{}",
                go_quote(node),
                pending.concat()
            ));
        }
    }
    emptied
}

fn note(warnings: &mut Vec<(String, Vec<String>)>, why: String, name: String) {
    if why.is_empty() {
        return;
    }
    match warnings.iter_mut().find(|(known, _)| *known == why) {
        Some((_, names)) => names.push(name),
        None => warnings.push((why, vec![name])),
    }
}

/// A pod on its way out.
struct Leaving<'a> {
    pod: &'a Value,
    /// Whether the API server has agreed.
    going: bool,
    /// When it is looked at next, after so much time.
    due: Duration,
}

impl Leaving<'_> {
    fn names(&self) -> (&str, &str) {
        (self.pod.text("metadata.namespace"), self.pod.text("metadata.name"))
    }
}

/// Evicts or deletes pods and waits until they are gone. kubectl has a goroutine for each evicted pod; here
/// each is looked at when its time comes.
async fn remove(session: &mut Session<'_>, pods: &[Value], dry_run: DryRun) -> Outcome {
    let by_delete = session.flags.is("disable-eviction");
    if dry_run == DryRun::Client {
        let word = if by_delete { "deleting" } else { "evicting" };
        for pod in pods {
            let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
            session.say(&format!("{word} pod {namespace}/{name} (dry run)\n"));
        }
        return Ok(());
    }
    let mut leaving: Vec<Leaving<'_>> =
        pods.iter().map(|pod| Leaving { pod, going: false, due: Duration::ZERO }).collect();
    if by_delete {
        for pod in &mut leaving {
            delete(session, pod, dry_run).await?;
            pod.going = true;
        }
    }
    let timeout = session.flags.span("timeout").filter(|timeout| !timeout.is_zero());
    let mut failures = Vec::new();
    let mut waited = Duration::ZERO;
    while !leaving.is_empty() {
        let mut staying = Vec::new();
        for mut pod in leaving {
            if pod.due > waited {
                staying.push(pod);
                continue;
            }
            match step(session, &mut pod, waited, timeout, dry_run).await {
                Ok(true) => {}
                Ok(false) => staying.push(pod),
                Err(failure) => failures.push(failure),
            }
        }
        leaving = staying;
        let Some(next) = leaving.iter().map(|pod| pod.due).min() else { break };
        session.client.kubectl.clock.sleep(next.saturating_sub(waited)).await;
        waited = next;
    }
    Failure::gather(failures)
}

/// What is to be done about one pod now; whether that was all.
async fn step(
    session: &mut Session<'_>,
    pod: &mut Leaving<'_>,
    waited: Duration,
    timeout: Option<Duration>,
    dry_run: DryRun,
) -> Outcome<bool> {
    let late = timeout.filter(|timeout| waited >= *timeout).map(crate::cli::go_duration);
    let (namespace, name) = pod.names();
    if !pod.going {
        session.say(&format!("evicting pod {namespace}/{name}{}\n", dry_run.suffix()));
        let about = format!("error when evicting pods/\"{name}\" -n \"{namespace}\"");
        if let Some(timeout) = late {
            return Err(Failure::Message(format!("{about}: global timeout reached: {timeout}")));
        }
        match evict(session, pod, dry_run).await {
            Ok(()) if dry_run == DryRun::Server => return Ok(true),
            Ok(()) => pod.going = true,
            Err(failure) if failure.is_not_found() => return Ok(true),
            Err(failure) if failure.has_reason("TooManyRequests") => {
                session.err(&format!("{about} (will retry after 5s): {}\n", failure.text()));
                pod.due = waited + RETRY;
                return Ok(false);
            }
            Err(failure) => return Err(Failure::Message(format!("{about}: {}", failure.text()))),
        }
    }
    if gone(session, pod).await? {
        let word = if session.flags.is("disable-eviction") { "deleted" } else { "evicted" };
        let (_, name) = pod.names();
        session.say(&format!("pod/{name} {word}\n"));
        return Ok(true);
    }
    if let Some(timeout) = late {
        let (namespace, name) = pod.names();
        return Err(Failure::Message(format!(
            "error when waiting for pod \"{name}\" in namespace \"{namespace}\" to terminate: global timeout reached: {timeout}"
        )));
    }
    pod.due = waited + LOOK;
    Ok(false)
}

fn options(session: &Session<'_>, dry_run: DryRun) -> Map<String, Value> {
    let mut options = Map::new();
    let grace = session.flags.int("grace-period");
    if grace >= 0 {
        options.insert("gracePeriodSeconds".to_owned(), Value::from(grace));
    }
    if dry_run == DryRun::Server {
        options.insert("dryRun".to_owned(), json!(["All"]));
    }
    options
}

async fn delete(session: &mut Session<'_>, pod: &Leaving<'_>, dry_run: DryRun) -> Outcome {
    let (namespace, name) = pod.names();
    session.say(&format!("deleting pod {namespace}/{name}{}\n", dry_run.suffix()));
    let item = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let body = Value::Object(options(session, dry_run)).to_string().into_bytes();
    match session.send(Method::DELETE, &item, JSON, Some((JSON, body))).await {
        Err(failure) if !failure.is_not_found() => Err(failure),
        _ => Ok(()),
    }
}

async fn evict(session: &mut Session<'_>, pod: &Leaving<'_>, dry_run: DryRun) -> Outcome {
    let (namespace, name) = pod.names();
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": options(session, dry_run),
    });
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
    session.client.post(&path, &eviction).await.map(drop)
}

/// Whether a pod is gone, or another one has its name.
async fn gone(session: &mut Session<'_>, pod: &Leaving<'_>) -> Outcome<bool> {
    let (namespace, name) = pod.names();
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    match session.client.get(&path).await {
        Ok(live) => Ok(live.text("metadata.uid") != pod.pod.text("metadata.uid")),
        Err(failure) if failure.is_not_found() => Ok(true),
        Err(failure) => Err(failure),
    }
}
