//! `kubectl exec`.

use http::Method;

use super::pods::{
    default_container, has_container, no_such_container, pods_of, selector_of, sort_for_exec,
};
use super::terminal::{self, refused};
use crate::client::JSON;
use crate::discovery::encode;
use crate::failure::{Failure, Outcome};
use crate::select::Wanted;
use crate::session::Session;
use crate::value::{Reading as _, append};

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let dash = session.flags.before_dash;
    let has_file = !session.flags.all("filename").is_empty();
    let name = if dash == Some(0) { None } else { arguments.first() };
    let command: Vec<String> = match dash {
        Some(dash) => arguments.iter().skip(dash).cloned().collect(),
        None if arguments.len() > 1 || (!arguments.is_empty() && has_file) => {
            return Err(session.usage(
                "exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead",
            ));
        }
        None => Vec::new(),
    };
    if name.is_none() && !has_file {
        return Err(Failure::message("pod, type/name or --filename must be specified"));
    }
    if command.is_empty() {
        return Err(Failure::message("you must specify at least one command for the container"));
    }
    let talks = terminal::opens(session);
    if let (true, [shell]) = (session.flags.is("tty") && !talks, command.as_slice())
        && matches!(shell.rsplit('/').next(), Some("sh" | "bash" | "ash"))
    {
        return Err(Failure::message(
            "a shell needs a terminal: open one with -it in a console of the page, or give it one command, for example kubectl exec POD -- sh -c 'ls /'",
        ));
    }
    let pod = pod(session, name).await?;
    let phase = pod.text("status.phase");
    if phase == "Succeeded" || phase == "Failed" {
        return Err(Failure::message(format!(
            "cannot exec into a container in a completed pod; current phase is {phase}"
        )));
    }
    let quiet = session.flags.is("quiet");
    let container = match session.flags.text("container").to_owned() {
        none if none.is_empty() => default_container(session, &pod, quiet),
        given if has_container(&pod, &given) => given,
        given => return Err(no_such_container(&pod, &given)),
    };
    let stdin = session.flags.is("stdin");
    if stdin && session.flags.is("tty") && !talks && !quiet {
        session.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    }
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/exec?",
        pod.text("metadata.namespace"),
        pod.text("metadata.name")
    );
    for word in &command {
        append(&mut path, format_args!("command={}&", encode(word)));
    }
    if talks {
        append(
            &mut path,
            format_args!("container={}&stdin=true&stdout=true&tty=true", encode(&container)),
        );
        return ended(terminal::talk(session, &path, true).await?);
    }
    append(&mut path, format_args!("container={}&stderr=true", encode(&container)));
    if stdin {
        path.push_str("&stdin=true");
    }
    path.push_str("&stdout=true");
    let request = session.client.request(Method::GET, &path, JSON, None)?;
    let input = if stdin { session.stdin.as_bytes().to_vec() } else { Vec::new() };
    let transport = std::sync::Arc::clone(&session.client.kubectl.transport);
    match transport.exec(request, input).await {
        Ok(output) => {
            session.say(&String::from_utf8_lossy(&output.stdout));
            session.err(&String::from_utf8_lossy(&output.stderr));
            ended(output.exit_code)
        }
        Err(error) => Err(refused(error)),
    }
}

fn ended(code: i32) -> Outcome {
    if code == 0 {
        return Ok(());
    }
    Err(Failure::Remote(format!("command terminated with exit code {code}"), code))
}

/// The pod that `exec` and `attach` mean: named, or the best of an object's.
pub(super) async fn pod(
    session: &mut Session<'_>,
    name: Option<&String>,
) -> Outcome<serde_json::Value> {
    let arguments: Vec<String> = name
        .map(|name| if name.contains('/') { name.clone() } else { format!("pods/{name}") })
        .into_iter()
        .collect();
    let target = session.target(&arguments, Wanted::default()).await?.by_name()?;
    let visited = session.visit(target, Wanted::default()).await?;
    let mut infos = visited.infos;
    if infos.len() > 1 {
        return Err(Failure::message("cannot exec into multiple objects at a time"));
    }
    let Some(info) = infos.pop() else { return Err(Failure::message("expected a resource")) };
    if info.resource.kind == "Pod" {
        return Ok(info.object);
    }
    let Some(selector) = selector_of(&info.resource, &info.object) else {
        let kind = format!("*{}.{}", info.resource.version, info.resource.kind);
        return Err(Failure::message(format!(
            "cannot attach to {kind}: selector for {kind} not implemented"
        )));
    };
    let timeout = session.flags.span("pod-running-timeout").unwrap_or_default();
    let mut pods = pods_of(session, &info.namespace, &selector, timeout).await?;
    sort_for_exec(&mut pods);
    pods.into_iter().next().ok_or_else(|| Failure::message("timed out waiting for the condition"))
}
