//! `kubectl cordon`, `uncordon`, `drain`, `taint`.

use std::time::Duration;

use http::Method;
use serde_json::{Map, Value, json};

use super::create::named;
use super::dry_run::DryRun;
use crate::cli::Verb;
use crate::client::{JSON, MERGE, STRATEGIC};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::{Reading as _, set};

async fn nodes(session: &mut Session<'_>) -> Outcome<Vec<Info>> {
    let arguments = session.flags.arguments.clone();
    let by_label = !session.flags.text("selector").is_empty();
    if arguments.is_empty() && !by_label {
        let word = session.path.rsplit(' ').next().unwrap_or("").to_owned();
        return Err(session.usage(format!("USAGE: {word} NODE [flags]")));
    }
    if !arguments.is_empty() && by_label {
        return Err(session.usage("error: cannot specify both a node name and a --selector option"));
    }
    let mut words = vec!["nodes".to_owned()];
    words.extend(
        arguments
            .into_iter()
            .map(|name| name.trim_start_matches("node/").trim_start_matches("nodes/").to_owned()),
    );
    session.objects(&words, Wanted { go_on: true, ..Wanted::default() }).await
}

/// `kubectl cordon` and `uncordon`.
pub(super) async fn cordon(session: &mut Session<'_>, verb: Verb) -> Outcome {
    let dry_run = DryRun::of(session)?;
    for info in nodes(session).await? {
        set_unschedulable(session, &info, verb == Verb::Cordon, dry_run).await?;
    }
    Ok(())
}

async fn set_unschedulable(
    session: &mut Session<'_>,
    info: &Info,
    wanted: bool,
    dry_run: DryRun,
) -> Outcome {
    let word = if wanted { "cordoned" } else { "uncordoned" };
    if info.object.truth("spec.unschedulable") == wanted {
        session.say(&format!("node/{} already {word}{}\n", info.name, dry_run.suffix()));
        return Ok(());
    }
    if dry_run != DryRun::Client {
        let value = if wanted { Value::Bool(true) } else { Value::Null };
        let body = json!({"spec": {"unschedulable": value}}).to_string().into_bytes();
        let path = format!("{}{}", info.path(), query(&[("dryRun", dry_run.query())]));
        session.send(Method::PATCH, &path, JSON, Some((STRATEGIC, body))).await?;
    }
    session.say(&format!("node/{} {word}{}\n", info.name, dry_run.suffix()));
    Ok(())
}

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
            return Err(match failure {
                Failure::Message(text) => Failure::Raw(text),
                other => other,
            });
        }
        session.say(&format!("node/{} drained{}\n", info.name, dry_run.suffix()));
    }
    Ok(())
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
    for pod in &chosen {
        evict(session, pod, dry_run).await?;
    }
    if dry_run == DryRun::None {
        for pod in &chosen {
            gone(session, pod).await?;
        }
    }
    Ok(())
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

async fn evict(session: &mut Session<'_>, pod: &Value, dry_run: DryRun) -> Outcome {
    let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
    let by_delete = session.flags.is("disable-eviction");
    let word = if by_delete { "deleting" } else { "evicting" };
    if dry_run == DryRun::Client {
        session.say(&format!("{word} pod {namespace}/{name} (dry run)\n"));
        return Ok(());
    }
    session.say(&format!("{word} pod {namespace}/{name}{}\n", dry_run.suffix()));
    let mut options = Map::new();
    let grace = session.flags.int("grace-period");
    if grace >= 0 {
        options.insert("gracePeriodSeconds".to_owned(), Value::from(grace));
    }
    if dry_run == DryRun::Server {
        options.insert("dryRun".to_owned(), json!(["All"]));
    }
    let item = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    if by_delete {
        let body = Value::Object(options).to_string().into_bytes();
        session.send(Method::DELETE, &item, JSON, Some((JSON, body))).await?;
        return Ok(());
    }
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace}, "deleteOptions": options,
    });
    let timeout = session.flags.span("timeout").filter(|timeout| !timeout.is_zero());
    let mut waited = Duration::ZERO;
    loop {
        match session.client.post(&format!("{item}/eviction"), &eviction).await {
            Ok(_) => return Ok(()),
            Err(failure) if failure.is_not_found() => return Ok(()),
            Err(failure) if failure.has_reason("TooManyRequests") => {
                session.err(&format!(
                    "error when evicting pods/\"{name}\" -n \"{namespace}\" (will retry after 5s): {}\n",
                    failure.text()
                ));
                if timeout.is_some_and(|timeout| waited >= timeout) {
                    return Err(Failure::message(format!(
                        "error when evicting pods/\"{name}\" -n \"{namespace}\": global timeout reached: {}",
                        crate::cli::go_duration(timeout.unwrap_or_default())
                    )));
                }
                let step = Duration::from_secs(5);
                session.client.kubectl.clock.sleep(step).await;
                waited += step;
                session.say(&format!("evicting pod {namespace}/{name}\n"));
            }
            Err(failure) => {
                return Err(Failure::message(format!(
                    "error when evicting pods/\"{name}\" -n \"{namespace}\": {}",
                    failure.text()
                )));
            }
        }
    }
}

/// Waits until a pod is gone, by asking again and again as drain does.
async fn gone(session: &mut Session<'_>, pod: &Value) -> Outcome {
    let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    let timeout = session.flags.span("timeout").filter(|timeout| !timeout.is_zero());
    let mut waited = Duration::ZERO;
    loop {
        match session.client.get(&path).await {
            Ok(live) if live.text("metadata.uid") == pod.text("metadata.uid") => {}
            Ok(_) => break,
            Err(failure) if failure.is_not_found() => break,
            Err(failure) => return Err(failure),
        }
        if timeout.is_some_and(|timeout| waited >= timeout) {
            return Err(Failure::message(format!(
                "error when waiting for pod \"{name}\" in namespace \"{namespace}\" to terminate: global timeout reached: {}",
                crate::cli::go_duration(timeout.unwrap_or_default())
            )));
        }
        let step = Duration::from_secs(1);
        session.client.kubectl.clock.sleep(step).await;
        waited += step;
    }
    let word = if session.flags.is("disable-eviction") { "deleted" } else { "evicted" };
    session.say(&format!("pod/{name} {word}\n"));
    Ok(())
}

/// `kubectl taint`.
pub(super) async fn taint(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let is_taint = |word: &&String| word.contains(':') || word.ends_with('-') || word.contains('=');
    let (resources, specs): (Vec<String>, Vec<String>) = {
        let first = arguments
            .iter()
            .skip(1)
            .position(|word| is_taint(&word))
            .map_or(arguments.len(), |at| at + 1);
        let (resources, specs) = arguments.split_at(first);
        (resources.to_vec(), specs.to_vec())
    };
    if resources.is_empty() {
        return Err(Failure::message(
            "one or more resources must be specified as <resource> <name> or <resource>/<name>",
        ));
    }
    if specs.is_empty() {
        return Err(Failure::message("at least one taint update is required"));
    }
    let (add, remove) =
        parse_taints(&specs).map_err(|failure| Failure::usage("kubectl taint", failure.text()))?;
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    for info in named(session, &resources).await? {
        let (taints, operation) = updated(&info, &add, &remove, session.flags.is("overwrite"))?;
        let mut object = info.object.clone();
        if dry_run == DryRun::Client {
            set(&mut object, &["spec", "taints"], Value::Array(taints));
        } else {
            let value = if taints.is_empty() { Value::Null } else { Value::Array(taints) };
            let body = json!({"spec": {"taints": value}}).to_string().into_bytes();
            let manager = session.flags.text("field-manager").to_owned();
            let path = format!(
                "{}{}",
                info.path(),
                query(&[("dryRun", dry_run.query()), ("fieldManager", &manager)])
            );
            object = session.send(Method::PATCH, &path, JSON, Some((MERGE, body))).await?.json()?;
        }
        let text = Printer::new(format.clone(), &session.flags, operation)
            .print(&object)
            .map_err(Failure::Message)?;
        session.say(&text);
    }
    Ok(())
}

type Taint = (String, String, String);

/// `key=value:Effect`, `key:Effect`, `key:Effect-`, `key-`.
fn parse_taints(specs: &[String]) -> Outcome<(Vec<Taint>, Vec<Taint>)> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for spec in specs {
        let (text, removes) = match spec.strip_suffix('-') {
            Some(text) => (text, true),
            None => (spec.as_str(), false),
        };
        let (pair, effect) = text.split_once(':').unwrap_or((text, ""));
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if effect.is_empty() && pair.contains('=') {
            let why = apimachinery::names::qualified_name(pair).join("; ");
            return Err(Failure::message(format!("invalid taint spec: {text}, {why}")));
        }
        if effect.is_empty() && !removes {
            return Err(Failure::message(format!("invalid taint spec: {spec}")));
        }
        if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return Err(Failure::message(format!(
                "invalid taint effect: {effect}, unsupported taint effect"
            )));
        }
        let taint = (key.to_owned(), value.to_owned(), effect.to_owned());
        if removes { remove.push(taint) } else { add.push(taint) }
    }
    Ok((add, remove))
}

fn updated(
    info: &Info,
    add: &[Taint],
    remove: &[Taint],
    overwrite: bool,
) -> Outcome<(Vec<Value>, &'static str)> {
    let mut taints = info.object.list("spec.taints").to_vec();
    let same = |taint: &Value, key: &str, effect: &str| {
        taint.text("key") == key && (effect.is_empty() || taint.text("effect") == effect)
    };
    let mut removed = false;
    for (key, _, effect) in remove {
        let before = taints.len();
        taints.retain(|taint| !same(taint, key, effect));
        if taints.len() == before {
            let shown = if effect.is_empty() { key.clone() } else { format!("{key}:{effect}") };
            return Err(Failure::message(format!("taint \"{shown}\" not found")));
        }
        removed = true;
    }
    let (mut fresh, mut changed) = (Vec::new(), false);
    for (key, value, effect) in add {
        if taints.iter().any(|taint| same(taint, key, effect)) && !overwrite {
            return Err(Failure::message(format!(
                "node {} already has {key} taint(s) with same effect(s) and --overwrite is false",
                info.name
            )));
        }
        let before = taints.len();
        taints.retain(|taint| !same(taint, key, effect));
        changed |= taints.len() < before;
        let mut taint = json!({"key": key, "effect": effect});
        if !value.is_empty() {
            set(&mut taint, &["value"], Value::from(value.clone()));
        }
        fresh.push(taint);
    }
    let operation = match (!fresh.is_empty(), removed || changed) {
        (true, true) => "modified",
        (true, false) => "tainted",
        _ => "untainted",
    };
    fresh.extend(taints);
    Ok((fresh, operation))
}
