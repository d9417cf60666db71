//! `kubectl cordon`, `uncordon`, `taint`.

use http::Method;
use serde_json::{Value, json};

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

pub(super) async fn nodes(session: &mut Session<'_>) -> Outcome<Vec<Info>> {
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

pub(super) async fn set_unschedulable(
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
