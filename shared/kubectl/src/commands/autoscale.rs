//! `kubectl autoscale` (`autoscale.go`).

use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::apply::modified_configuration;
use super::create::{builtin_resource, post};
use super::dry_run::DryRun;
use crate::failure::{Failure, Outcome};
use crate::print::{Format, Printer};
use crate::select::{Info, Wanted};
use crate::session::Session;
use crate::value::set;

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.changed("max") {
        return Err(Failure::message("required flag(s) \"max\" not set"));
    }
    let dry_run = DryRun::of(session)?;
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    let metrics = metrics(session)?;
    let arguments = session.flags.arguments.clone();
    let wanted = Wanted { go_on: true, ..Wanted::default() };
    let target = session.target(&arguments, wanted).await?;
    let visited = session.visit(target, wanted).await?;
    let mut failures = visited.failures;
    if visited.infos.is_empty() && failures.is_empty() {
        return Err(Failure::message("no objects passed to autoscale"));
    }
    for info in visited.infos {
        if !info.resource.subresources.iter().any(|name| name == "scale") {
            failures.push(Failure::Message(format!(
                "cannot autoscale a {}: could not find scale subresource for {}, Resource={} in discovery information",
                info.resource.kind,
                info.resource.api_version(),
                info.resource.plural
            )));
            continue;
        }
        match one(session, &info, &metrics, dry_run).await {
            Ok(object) => {
                // With the dry run of the client, kubectl says another word.
                let word = if dry_run == DryRun::Client { "created" } else { "autoscaled" };
                let operation = format!("{word}{}", dry_run.suffix());
                let mut printer = Printer::new(format.clone(), &session.flags, operation);
                let text = printer.print(&object).map_err(Failure::Message)?;
                session.say(&text);
            }
            Err(failure) => failures.push(failure),
        }
    }
    Failure::gather(failures)
}

async fn one(
    session: &mut Session<'_>,
    info: &Info,
    metrics: &[Value],
    dry_run: DryRun,
) -> Outcome<Value> {
    let autoscaler = autoscaler(session, info, metrics);
    let resource = builtin_resource(&autoscaler);
    let namespace = session.namespace.clone();
    if dry_run == DryRun::Client {
        return Ok(autoscaler);
    }
    let autoscaler = if session.flags.is("save-config") {
        modified_configuration(&autoscaler)
    } else {
        autoscaler
    };
    post(session, &resource, &namespace, autoscaler, dry_run, "").await
}

fn autoscaler(session: &Session<'_>, info: &Info, metrics: &[Value]) -> Value {
    let flags = &session.flags;
    let name = match flags.text("name") {
        "" => info.name.as_str(),
        name => name,
    };
    let mut autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "maxReplicas": flags.int("max"),
            "scaleTargetRef": {
                "apiVersion": info.resource.api_version(),
                "kind": info.resource.kind,
                "name": info.name,
            },
        },
        "status": {"currentMetrics": null, "desiredReplicas": 0},
    });
    if session.explicit_namespace {
        let namespace = Value::from(session.namespace.clone());
        set(&mut autoscaler, &["metadata", "namespace"], namespace);
    }
    if flags.int("min") > 0 {
        set(&mut autoscaler, &["spec", "minReplicas"], Value::from(flags.int("min")));
    }
    if !metrics.is_empty() {
        set(&mut autoscaler, &["spec", "metrics"], Value::Array(metrics.to_vec()));
    }
    autoscaler
}

/// The targets of the flags, after the checks of `Validate`.
fn metrics(session: &Session<'_>) -> Outcome<Vec<Value>> {
    let flags = &session.flags;
    let (least, most, percent) = (flags.int("min"), flags.int("max"), flags.int("cpu-percent"));
    if most < 1 {
        return Err(Failure::Message(format!(
            "--max=MAXPODS is required and must be at least 1, max: {most}"
        )));
    }
    if most < least {
        return Err(Failure::Message(format!(
            "--max=MAXPODS must be larger or equal to --min=MINPODS, max: {most}, min: {least}"
        )));
    }
    if percent > 0 && !flags.text("cpu").is_empty() {
        return Err(Failure::message("--cpu-percent and --cpu are mutually exclusive"));
    }
    let mut metrics = Vec::new();
    if percent > 0 {
        metrics.push(metric("cpu", json!({"type": "Utilization", "averageUtilization": percent})));
    }
    for (resource, unit) in [("cpu", "m"), ("memory", "Mi")] {
        let text = flags.text(resource);
        if !text.is_empty() {
            metrics.push(metric(resource, target(text, resource, unit)?));
        }
    }
    Ok(metrics)
}

fn metric(resource: &str, target: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

/// `parseResourceInput`: a percentage, a quantity, or a number in the unit of the resource.
fn target(text: &str, resource: &str, unit: &str) -> Outcome<Value> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::message("empty input"));
    }
    if let Some(percent) = text.strip_suffix('%') {
        let value = percent.parse::<i32>().ok().filter(|value| *value >= 0);
        let value = value
            .ok_or_else(|| Failure::Message(format!("invalid percentage value: {percent}")))?;
        return Ok(json!({"type": "Utilization", "averageUtilization": value}));
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let with_unit = if is_number { format!("{text}{unit}") } else { text.to_owned() };
    let quantity = Quantity::parse(&with_unit).map_err(|why| {
        Failure::Message(if is_number {
            why
        } else {
            format!("invalid resource {resource} value: {text}")
        })
    })?;
    Ok(json!({"type": "AverageValue", "averageValue": quantity.to_string()}))
}
