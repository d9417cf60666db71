//! `kubectl attach`: the first process of a container (`kubectl/pkg/cmd/attach`).

use serde_json::Value;

use super::pods::{CONTAINER_LISTS, default_container, has_container, no_such_container};
use super::terminal;
use crate::discovery::encode;
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::value::Reading as _;

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let name = match arguments.as_slice() {
        [] => return Err(Failure::message("at least 1 argument is required for attach")),
        [name] => name.clone(),
        [resource, name] => format!("{resource}/{name}"),
        more => {
            return Err(Failure::Message(format!(
                "expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw {}: [{}]",
                more.len(),
                more.join(" ")
            )));
        }
    };
    if session.flags.span("pod-running-timeout").is_none_or(|timeout| timeout.is_zero()) {
        return Err(Failure::message("--pod-running-timeout must be higher than zero"));
    }
    let pod = super::exec::pod(session, Some(&name)).await?;
    let phase = pod.text("status.phase");
    if phase == "Succeeded" || phase == "Failed" {
        return Err(Failure::message(format!(
            "cannot attach a container in a completed pod; current phase is {phase}"
        )));
    }
    let quiet = session.flags.is("quiet");
    let container = match session.flags.text("container").to_owned() {
        none if none.is_empty() => default_container(session, &pod, quiet),
        given if has_container(&pod, &given) => given,
        given => {
            let text = no_such_container(&pod, &given).text();
            return Err(Failure::Message(format!("cannot attach to the container: {text}")));
        }
    };
    to(session, &pod, &container).await
}

/// Attaches to a container of a pod until its process ends or somebody hangs up.
pub(super) async fn to(session: &mut Session<'_>, pod: &Value, container: &str) -> Outcome {
    let quiet = session.flags.is("quiet");
    let allocated = CONTAINER_LISTS.iter().any(|(list, _)| {
        pod.list(list).iter().any(|one| one.text("name") == container && one.truth("tty"))
    });
    if session.flags.is("tty") && !allocated && !quiet {
        session.err(&format!(
            "error: Unable to use a TTY - container {container} did not allocate one\n"
        ));
    }
    let talks = terminal::opens(session);
    if session.flags.is("stdin") && !talks {
        return Err(Failure::message(
            "what an attached container reads is typed, with -it in a console: leave out -i to see what it prints",
        ));
    }
    if !quiet {
        session.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\nIf you don't see a command prompt, try pressing enter.\n");
    }
    let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
    let pairs = [
        ("container", encode(container)),
        ("stderr", if allocated { String::new() } else { "true".to_owned() }),
        ("stdin", if talks { "true".to_owned() } else { String::new() }),
        ("stdout", "true".to_owned()),
        ("tty", if allocated { "true".to_owned() } else { String::new() }),
    ];
    let query: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/attach?{}", query.join("&"));
    terminal::talk(session, &path, talks).await?;
    if talks && allocated && !quiet {
        let again = format!("'kubectl attach {name} -c {container} -n {namespace} -i -t'");
        let is_ephemeral =
            pod.list("spec.ephemeralContainers").iter().any(|one| one.text("name") == container);
        session.say(&if is_ephemeral {
            format!("Session ended, the ephemeral container will not be restarted but may be reattached using {again} if it is still running\n")
        } else {
            format!("Session ended, resume using {again} command\n")
        });
    }
    Ok(())
}
