//! `kubectl logs`.

use http::Method;
use serde_json::Value;

use super::pods::{
    CONTAINER_LISTS, default_container, has_container, no_such_container, pods_of, selector_of,
    sort_for_logs,
};
use crate::discovery::query;
use crate::failure::{Failure, Outcome};
use crate::select::Wanted;
use crate::session::Session;
use crate::stream::{Lines, Next, next_of_any};
use crate::value::Reading as _;

const USAGE: &str = "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command";

/// One log to read.
struct Source {
    path: String,
    prefix: String,
}

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    let arguments = session.flags.arguments.clone();
    let selector = session.flags.text("selector").to_owned();
    let mut container = session.flags.text("container").to_owned();
    match arguments.as_slice() {
        [] if selector.is_empty() => return Err(session.usage(USAGE)),
        [_] if !selector.is_empty() => {
            return Err(session.usage("only a selector (-l) or a POD name is allowed"));
        }
        [] | [_] => {}
        [_, inline] => {
            if session.flags.changed("container") {
                return Err(Failure::message(
                    "only one of -c or an inline [CONTAINER] arg is allowed",
                ));
            }
            container.clone_from(inline);
        }
        _ => return Err(session.usage(USAGE)),
    }
    check(session, &container)?;
    let pods = pods(session, arguments.first(), &selector).await?;
    let mut sources = Vec::new();
    for pod in &pods {
        sources_of(session, pod, &container, &mut sources)?;
    }
    let follow = session.flags.is("follow");
    let most = session.flags.int("max-log-requests");
    if follow && sources.len() > 1 && i64::try_from(sources.len()).unwrap_or(i64::MAX) > most {
        return Err(Failure::message(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        )));
    }
    if follow { follow_all(session, sources).await } else { read_all(session, sources).await }
}

fn check(session: &Session<'_>, container: &str) -> Outcome {
    let flags = &session.flags;
    let message = if flags.changed("since") && flags.changed("since-time") {
        "at most one of `sinceTime` or `sinceSeconds` may be specified".to_owned()
    } else if flags.is("all-containers") && !container.is_empty() {
        format!("--all-containers=true should not be specified with container name {container}")
    } else if flags.int("limit-bytes") < 0 {
        "--limit-bytes must be greater than 0".to_owned()
    } else if flags.span("since").is_none() {
        "--since must be greater than 0".to_owned()
    } else if flags.int("tail") < -1 {
        "--tail must be greater than or equal to -1".to_owned()
    } else {
        return Ok(());
    };
    Err(Failure::Message(message))
}

/// The pods of a name, an object or a selector.
async fn pods(
    session: &mut Session<'_>,
    argument: Option<&String>,
    selector: &str,
) -> Outcome<Vec<Value>> {
    let namespace = session.namespace.clone();
    let Some(argument) = argument else {
        let path =
            format!("/api/v1/namespaces/{namespace}/pods{}", query(&[("labelSelector", selector)]));
        let pods = session.get(&path).await?.list("items").to_vec();
        if pods.is_empty() {
            session.err(&format!("No resources found in {namespace} namespace.\n"));
        }
        return Ok(pods);
    };
    let argument =
        if argument.contains('/') { argument.clone() } else { format!("pods/{argument}") };
    let found =
        session.objects(&[argument], Wanted { single_type: true, ..Wanted::default() }).await;
    let mut infos = found.map_err(|failure| {
        if failure.is_not_found() {
            Failure::Message(format!(
                "error: error from server (NotFound): {} in namespace \"{namespace}\"",
                failure.text()
            ))
        } else {
            failure
        }
    })?;
    let Some(info) = infos.pop() else { return Err(Failure::message("expected a resource")) };
    if info.resource.kind == "Pod" {
        return Ok(vec![info.object]);
    }
    let Some(selector) = selector_of(&info.resource, &info.object) else {
        let kind = format!("*{}.{}", info.resource.version, info.resource.kind);
        return Err(Failure::message(format!(
            "cannot get the logs from {kind}: selector for {kind} not implemented"
        )));
    };
    let timeout = session.flags.span("pod-running-timeout").unwrap_or_default();
    let mut pods = pods_of(session, &info.namespace, &selector, timeout).await?;
    sort_for_logs(&mut pods);
    if session.flags.is("all-pods") {
        return Ok(pods);
    }
    let count = pods.len();
    pods.truncate(1);
    if let (true, Some(pod)) = (count > 1, pods.first()) {
        let name = pod.text("metadata.name").to_owned();
        session.err(&format!("Found {count} pods, using pod/{name}\n"));
    }
    Ok(pods)
}

fn sources_of(
    session: &mut Session<'_>,
    pod: &Value,
    container: &str,
    sources: &mut Vec<Source>,
) -> Outcome {
    let mut names = Vec::new();
    if session.flags.is("all-containers") {
        let [containers, init, ephemeral] = CONTAINER_LISTS;
        for (list, _) in [init, containers, ephemeral] {
            names.extend(pod.list(list).iter().map(|c| c.text("name").to_owned()));
        }
    } else if container.is_empty() {
        let quiet = session.flags.is("all-pods");
        names.push(default_container(session, pod, quiet));
    } else {
        if !has_container(pod, container) {
            return Err(no_such_container(pod, container));
        }
        names.push(container.to_owned());
    }
    let name = pod.text("metadata.name");
    let with_prefix = session.flags.is("prefix") || session.flags.is("all-pods");
    for container in names {
        let prefix = if with_prefix { format!("[pod/{name}/{container}] ") } else { String::new() };
        let path = format!(
            "/api/v1/namespaces/{}/pods/{name}/log{}",
            pod.text("metadata.namespace"),
            log_query(session, &container)
        );
        sources.push(Source { path, prefix });
    }
    Ok(())
}

fn log_query(session: &Session<'_>, container: &str) -> String {
    let flags = &session.flags;
    let switch = |name: &str| if flags.is(name) { "true" } else { "" };
    let number = |value: i64| if value > 0 { value.to_string() } else { String::new() };
    let tail = match flags.int("tail") {
        -1 if !flags.text("selector").is_empty() && !flags.changed("tail") => "10".to_owned(),
        -1 => String::new(),
        tail => tail.to_string(),
    };
    let since = flags.span("since").map_or(0, |span| {
        i64::try_from(span.as_millis().saturating_add(500) / 1000).unwrap_or(i64::MAX)
    });
    query(&[
        ("container", container),
        ("follow", switch("follow")),
        ("limitBytes", &number(flags.int("limit-bytes"))),
        ("previous", switch("previous")),
        ("sinceSeconds", &number(since)),
        ("sinceTime", flags.text("since-time")),
        ("tailLines", &tail),
        ("timestamps", switch("timestamps")),
    ])
}

async fn read_all(session: &mut Session<'_>, sources: Vec<Source>) -> Outcome {
    for source in sources {
        match session.send(Method::GET, &source.path, "application/json, */*", None).await {
            Ok(answer) => {
                let text = answer.text();
                if source.prefix.is_empty() {
                    session.say(&text);
                } else {
                    let lines: String = text
                        .split_inclusive('\n')
                        .flat_map(|line| [source.prefix.as_str(), line])
                        .collect();
                    session.say(&lines);
                }
            }
            Err(failure) if session.flags.is("ignore-errors") => {
                session.say(&format!("error: {}\n", failure.text()));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

async fn follow_all(session: &mut Session<'_>, sources: Vec<Source>) -> Outcome {
    let mut streams = Vec::new();
    for source in &sources {
        match session.client.open(&source.path, "application/json, */*").await {
            Ok((stream, warnings)) => {
                session.warn_all(&warnings);
                streams.push(Some(Lines::new(stream)));
            }
            Err(failure) if session.flags.is("ignore-errors") => {
                session.say(&format!("error: {}\n", failure.text()));
                streams.push(None);
            }
            Err(failure) => {
                session.err(&format!("{}\n", failure.text()));
                return Err(failure);
            }
        }
    }
    while let Some((index, next)) = next_of_any(&mut streams).await {
        match next {
            Next::Item(line) => {
                let prefix = sources.get(index).map_or("", |source| source.prefix.as_str());
                session.say(&format!("{prefix}{line}\n"));
            }
            Next::Broken(why) => return Err(Failure::Message(why)),
            Next::End | Next::Timeout => {}
        }
    }
    Ok(())
}
