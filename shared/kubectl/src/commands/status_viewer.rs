//! How far a rollout is: `polymorphichelpers/rollout_status.go`.

use serde_json::Value;

use crate::failure::{Failure, Outcome, go_quote};
use crate::value::Reading as _;

fn number(object: &Value, path: &str) -> i64 {
    object.int(path).unwrap_or(0)
}

/// The sentence, and whether the rollout is done.
pub(super) fn status(kind: &str, object: &Value, revision: i64) -> Outcome<(String, bool)> {
    match kind {
        "Deployment" => deployment(object, revision),
        "DaemonSet" => daemon_set(object),
        "StatefulSet" => stateful_set(object),
        other => {
            Err(Failure::message(format!("no status viewer has been implemented for {other}")))
        }
    }
}

fn deployment(object: &Value, revision: i64) -> Outcome<(String, bool)> {
    let name = go_quote(object.text("metadata.name"));
    if revision > 0 {
        let running: i64 = object
            .at("metadata.annotations")
            .and_then(|all| all.get("deployment.kubernetes.io/revision"))
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        if running != revision {
            return Err(Failure::message(format!(
                "desired revision ({revision}) is different from the running revision ({running})"
            )));
        }
    }
    if number(object, "metadata.generation") > number(object, "status.observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...\n".to_owned(), false));
    }
    let late = object.list("status.conditions").iter().any(|condition| {
        condition.text("type") == "Progressing"
            && condition.text("reason") == "ProgressDeadlineExceeded"
    });
    if late {
        return Err(Failure::message(format!("deployment {name} exceeded its progress deadline")));
    }
    let (wanted, total) = (number(object, "spec.replicas"), number(object, "status.replicas"));
    let (updated, available) =
        (number(object, "status.updatedReplicas"), number(object, "status.availableReplicas"));
    let waiting = format!("Waiting for deployment {name} rollout to finish:");
    Ok(if updated < wanted {
        (format!("{waiting} {updated} out of {wanted} new replicas have been updated...\n"), false)
    } else if total > updated {
        (format!("{waiting} {} old replicas are pending termination...\n", total - updated), false)
    } else if available < updated {
        (format!("{waiting} {available} of {updated} updated replicas are available...\n"), false)
    } else {
        (format!("deployment {name} successfully rolled out\n"), true)
    })
}

fn daemon_set(object: &Value) -> Outcome<(String, bool)> {
    let name = go_quote(object.text("metadata.name"));
    check_strategy(object)?;
    if number(object, "metadata.generation") > number(object, "status.observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...\n".to_owned(), false));
    }
    let wanted = number(object, "status.desiredNumberScheduled");
    let (updated, available) =
        (number(object, "status.updatedNumberScheduled"), number(object, "status.numberAvailable"));
    let waiting = format!("Waiting for daemon set {name} rollout to finish:");
    Ok(if updated < wanted {
        (format!("{waiting} {updated} out of {wanted} new pods have been updated...\n"), false)
    } else if available < wanted {
        (format!("{waiting} {available} of {wanted} updated pods are available...\n"), false)
    } else {
        (format!("daemon set {name} successfully rolled out\n"), true)
    })
}

fn check_strategy(object: &Value) -> Outcome {
    if object.text("spec.updateStrategy.type") == "RollingUpdate" {
        return Ok(());
    }
    Err(Failure::message("rollout status is only available for RollingUpdate strategy type"))
}

fn stateful_set(object: &Value) -> Outcome<(String, bool)> {
    check_strategy(object)?;
    let observed = number(object, "status.observedGeneration");
    if observed == 0 || number(object, "metadata.generation") > observed {
        return Ok(("Waiting for statefulset spec update to be observed...\n".to_owned(), false));
    }
    let (wanted, ready) = (number(object, "spec.replicas"), number(object, "status.readyReplicas"));
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
    }
    let updated = number(object, "status.updatedReplicas");
    if object.has("spec.updateStrategy.rollingUpdate") {
        let partition = object.int("spec.updateStrategy.rollingUpdate.partition");
        if let Some(goal) =
            partition.map(|partition| wanted - partition).filter(|goal| updated < *goal)
        {
            let said = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {goal} new pods have been updated...\n"
            );
            return Ok((said, false));
        }
        return Ok((
            format!("partitioned roll out complete: {updated} new pods have been updated...\n"),
            true,
        ));
    }
    let (new, current) =
        (object.text("status.updateRevision"), object.text("status.currentRevision"));
    if new != current {
        return Ok((
            format!(
                "waiting for statefulset rolling update to complete {updated} pods at revision {new}...\n"
            ),
            false,
        ));
    }
    let count = number(object, "status.currentReplicas");
    Ok((
        format!("statefulset rolling update complete {count} pods at revision {current}...\n"),
        true,
    ))
}
