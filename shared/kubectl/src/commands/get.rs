//! `kubectl get`.

use http::Method;
use serde_json::{Value, json};

use crate::client::{JSON, TABLE};
use crate::discovery::Resource;
use crate::failure::{Failure, Outcome};
use crate::print::{
    Format, Printer, TabWriter, TableOptions, TablePrinter, sort_objects, sort_rows,
};
use crate::select::{Target, Visited, Wanted, list_query};
use crate::session::Session;
use crate::stream::Next;
use crate::value::{Reading as _, set};

const SUGGESTION: &str = "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n";

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if !session.flags.text("raw").is_empty() {
        return raw(session).await;
    }
    let arguments = session.flags.arguments.clone();
    let watching = session.flags.is("watch") || session.flags.is("watch-only");
    if !watching && arguments.is_empty() && session.flags.all("filename").is_empty() {
        session.err(SUGGESTION);
        return Err(session.usage("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods)."));
    }
    let output = session.flags.text("output").to_owned();
    if session.flags.is("show-labels") && !output.is_empty() && output != "wide" {
        return Err(Failure::message(format!(
            "--show-labels option cannot be used with {output} printer"
        )));
    }
    if session.flags.is("output-watch-events") && !watching {
        return Err(Failure::message(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    let format = Format::parse(&session.flags, true).map_err(Failure::Message)?;
    if watching {
        if !session.flags.text("sort-by").is_empty() {
            session.err(
                "warning: --watch requested, --sort-by will be ignored for watch events received\n",
            );
        }
        return watch(session, &arguments, format).await;
    }
    if format.is_human() {
        table(session, &arguments).await
    } else {
        generic(session, &arguments, format).await
    }
}

async fn raw(session: &mut Session<'_>) -> Outcome {
    if !session.flags.arguments.is_empty() {
        return Err(Failure::message("arguments may not be passed when --raw is specified"));
    }
    if session.flags.changed("output") {
        return Err(Failure::message("--raw and --output are mutually exclusive"));
    }
    let path = session.flags.text("raw").to_owned();
    if !path.starts_with('/') {
        return Err(Failure::message(format!(
            "--raw must be a valid URL path: parse \"{path}\": invalid URI for request"
        )));
    }
    session.send_raw(Method::GET, &path, None).await
}

/// What the server gave for one type or one name.
struct Part {
    resource: Resource,
    value: Value,
}

async fn table(session: &mut Session<'_>, arguments: &[String]) -> Outcome {
    let wanted = Wanted { all_of_type: true, go_on: true, ..Wanted::default() };
    let target = session.target(arguments, wanted).await?;
    let (mut parts, failures) = tables(session, target).await?;
    let sort_by = session.flags.text("sort-by").to_owned();
    if !sort_by.is_empty() {
        for part in &mut parts {
            // kubectl prints no rows when no object has the field.
            if sort_rows(&mut part.value, &sort_by).is_err() {
                set(&mut part.value, &["rows"], json!([]));
            }
        }
    }
    let several = match parts.split_first() {
        Some((first, rest)) => rest.iter().any(|part| {
            part.resource.kind != first.resource.kind || part.resource.group != first.resource.group
        }),
        None => false,
    };
    let namespaced =
        !session.flags.is("all-namespaces") && parts.iter().all(|part| part.resource.namespaced);
    let text = render(session, &parts, several);
    session.say(&text);
    if text.is_empty() && failures.is_empty() && !session.flags.is("ignore-not-found") {
        let said = if namespaced {
            format!("No resources found in {} namespace.\n", session.namespace)
        } else {
            "No resources found\n".to_owned()
        };
        session.err(&said);
    }
    Failure::gather(failures)
}

/// Asks for the tables of a target; not-found errors are left out with `--ignore-not-found`.
async fn tables(session: &mut Session<'_>, target: Target) -> Outcome<(Vec<Part>, Vec<Failure>)> {
    let (labels, fields) = session.selectors();
    let include = if session.flags.text("sort-by").is_empty() { "" } else { "Object" };
    let accept = if session.flags.is("server-print") { TABLE } else { JSON };
    let (mut parts, mut failures) = (Vec::new(), Vec::new());
    match target {
        Target::Lists(resources) => {
            for resource in resources {
                let path = resource.collection(&session.list_namespace(&resource));
                let pairs = [
                    ("labelSelector", labels.as_str()),
                    ("fieldSelector", fields.as_str()),
                    ("includeObject", include),
                ];
                let limit = if include.is_empty() { session.flags.int("chunk-size") } else { 0 };
                match session.pages(&path, &pairs, limit, accept).await {
                    Ok(pages) => parts.extend(
                        pages.into_iter().map(|value| Part { resource: resource.clone(), value }),
                    ),
                    Err(failure) => failures.push(failure),
                }
            }
        }
        Target::Named(named) => {
            for (resource, name) in named {
                match named_table(session, &resource, &name, include, accept).await {
                    Ok(value) => parts.push(Part { resource, value }),
                    Err(failure) => failures.push(failure),
                }
            }
        }
        Target::Files(infos, faults) => {
            failures.extend(faults);
            for info in infos {
                let path =
                    format!("{}{}", info.path(), list_query("", "", &[("includeObject", include)]));
                match session.send(Method::GET, &path, accept, None).await {
                    Ok(answer) => {
                        parts.push(Part { resource: info.resource, value: answer.json()? });
                    }
                    Err(failure) => failures.push(failure),
                }
            }
        }
    }
    if session.flags.is("ignore-not-found") {
        failures.retain(|failure| !failure.is_not_found());
    }
    Ok((parts, failures))
}

async fn named_table(
    session: &mut Session<'_>,
    resource: &Resource,
    name: &str,
    include: &str,
    accept: &str,
) -> Outcome<Value> {
    if resource.namespaced && session.flags.is("all-namespaces") {
        return Err(Failure::message(
            "a resource cannot be retrieved by name across all namespaces",
        ));
    }
    let namespace = if resource.namespaced { session.namespace.clone() } else { String::new() };
    let mut path = resource.item(&namespace, name);
    let subresource = session.flags.text("subresource");
    if !subresource.is_empty() {
        path = format!("{path}/{subresource}");
    }
    path.push_str(&list_query("", "", &[("includeObject", include)]));
    session.send(Method::GET, &path, accept, None).await?.json()
}

fn options(session: &Session<'_>, resource: &Resource, with_kind: bool) -> TableOptions {
    TableOptions {
        no_headers: session.flags.is("no-headers"),
        wide: session.flags.text("output") == "wide",
        with_namespace: session.flags.is("all-namespaces") && resource.namespaced,
        show_labels: session.flags.is("show-labels"),
        label_columns: session.flags.all("label-columns").to_vec(),
        kind: (with_kind || session.flags.is("show-kind")).then(|| resource.printed_kind()),
    }
}

fn render(session: &Session<'_>, parts: &[Part], with_kind: bool) -> String {
    let mut out = String::new();
    let mut writer = TabWriter::table();
    let mut printer = TablePrinter::default();
    let mut last: Option<&Resource> = None;
    let mut separate = false;
    for part in parts {
        if last != Some(&part.resource) {
            flush(&mut out, &mut writer, &mut separate);
            writer.forget();
            separate = last.is_some() && !session.flags.is("no-headers") && !out.is_empty();
            printer = TablePrinter::new(options(session, &part.resource, with_kind));
            last = Some(&part.resource);
        }
        writer.write(&printer.print(&part.value, None));
    }
    flush(&mut out, &mut writer, &mut separate);
    out
}

fn flush(out: &mut String, writer: &mut TabWriter, separate: &mut bool) {
    let text = writer.flush();
    if text.is_empty() {
        return;
    }
    if std::mem::take(separate) {
        out.push('\n');
    }
    out.push_str(&text);
}

/// `printGeneric`: one object, or a `List` of all.
async fn generic(session: &mut Session<'_>, arguments: &[String], format: Format) -> Outcome {
    let wanted = Wanted { all_of_type: true, go_on: true, ..Wanted::default() };
    let target = session.target(arguments, wanted).await?;
    let single = match &target {
        Target::Named(named) => named.len() == 1,
        Target::Files(infos, _) => infos.len() == 1,
        Target::Lists(_) => false,
    };
    let target = target.by_name()?;
    let Visited { infos, mut failures } = session.visit(target, wanted).await?;
    if session.flags.is("ignore-not-found") {
        failures.retain(|failure| !failure.is_not_found());
        if infos.is_empty() && failures.is_empty() {
            return Ok(());
        }
    }
    if single && !failures.is_empty() {
        return Failure::gather(failures);
    }
    let mut printer = Printer::new(format.clone(), &session.flags, "");
    let mut objects: Vec<Value> = infos.into_iter().map(|info| info.object).collect();
    let sort_by = session.flags.text("sort-by").to_owned();
    if !sort_by.is_empty() {
        sort_objects(&mut objects, &sort_by).map_err(Failure::Message)?;
    }
    let value = match (single, objects.as_slice()) {
        (true, [object]) => object.clone(),
        _ => {
            json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects})
        }
    };
    match printer.print(&value) {
        Ok(text) => session.say(&text),
        Err(message) => failures.push(Failure::Message(message)),
    }
    Failure::gather(failures)
}

/// What is printed of a watch.
enum Show {
    Table(Box<TablePrinter>, TabWriter),
    Objects(Box<Printer>),
}

impl Show {
    fn print(&mut self, value: &Value, event: Option<&str>) -> Result<String, String> {
        match self {
            Self::Table(printer, writer) => {
                writer.write(&printer.print(value, event));
                Ok(writer.flush())
            }
            Self::Objects(printer) => match event {
                Some(event) if !printer.is_for_names() => {
                    printer.print(&json!({"type": event, "object": value}))
                }
                Some(_) | None => printer.print(value),
            },
        }
    }
}

async fn watch(session: &mut Session<'_>, arguments: &[String], format: Format) -> Outcome {
    let wanted = Wanted { all_of_type: true, single_type: true, ..Wanted::default() };
    let (resource, name) = match session.target(arguments, wanted).await? {
        Target::Lists(mut resources) => (resources.pop(), None),
        Target::Named(mut named) if named.len() == 1 => {
            named.pop().map_or((None, None), |(resource, name)| (Some(resource), Some(name)))
        }
        Target::Files(mut infos, _) if infos.len() == 1 => {
            infos.pop().map_or((None, None), |info| (Some(info.resource), Some(info.name)))
        }
        Target::Named(_) | Target::Files(..) => {
            return Err(Failure::message(
                "watch is only supported on individual resources and resource collections - more than 1 resource was found",
            ));
        }
    };
    let Some(resource) = resource else { return Ok(()) };
    let human = format.is_human() && session.flags.is("server-print");
    let accept = if human { TABLE } else { JSON };
    let mut show = if format.is_human() {
        let options = options(session, &resource, false);
        Show::Table(Box::new(TablePrinter::new(options)), TabWriter::table())
    } else {
        Show::Objects(Box::new(Printer::new(format, &session.flags, "")))
    };
    let watched = Watched { resource, name, accept };
    let version = first_look(session, &watched, &mut show).await?;
    follow(session, &watched, &version, &mut show).await
}

/// What is watched, and in which form.
struct Watched {
    resource: Resource,
    name: Option<String>,
    accept: &'static str,
}

/// Prints what is there, and says from which version on to watch.
async fn first_look(
    session: &mut Session<'_>,
    watched: &Watched,
    show: &mut Show,
) -> Outcome<String> {
    let Watched { resource, name, accept } = watched;
    let accept = *accept;
    let (labels, fields) = session.selectors();
    let silent = session.flags.is("watch-only");
    let event = session.flags.is("output-watch-events").then_some("ADDED");
    if let Some(name) = name {
        let value = named_table(session, resource, name, "", accept).await?;
        if !silent {
            let text = show.print(&value, event).map_err(Failure::Message)?;
            session.say(&text);
        }
        return Ok("0".to_owned());
    }
    let path = resource.collection(&session.list_namespace(resource));
    let pairs = [("labelSelector", labels.as_str()), ("fieldSelector", fields.as_str())];
    let pages = session.pages(&path, &pairs, session.flags.int("chunk-size"), accept).await?;
    let mut version = String::new();
    for mut page in pages {
        page.text("metadata.resourceVersion").clone_into(&mut version);
        if silent {
            continue;
        }
        let text = if accept == TABLE {
            show.print(&page, event).map_err(Failure::Message)?
        } else {
            let mut text = String::new();
            if let Some(Value::Array(items)) = page.get_mut("items").map(Value::take) {
                for mut item in items {
                    set(&mut item, &["apiVersion"], Value::from(resource.api_version()));
                    set(&mut item, &["kind"], Value::from(resource.kind.clone()));
                    text.push_str(&show.print(&item, event).map_err(Failure::Message)?);
                }
            }
            text
        };
        session.say(&text);
    }
    Ok(version)
}

async fn follow(
    session: &mut Session<'_>,
    watched: &Watched,
    version: &str,
    show: &mut Show,
) -> Outcome {
    let Watched { resource, name, accept } = watched;
    let (labels, mut fields) = session.selectors();
    if let Some(name) = name {
        fields = format!("metadata.name={name}");
    }
    let namespace = session.list_namespace(resource);
    let query = list_query(&labels, &fields, &[("watch", "true"), ("resourceVersion", version)]);
    let path = format!("{}{query}", resource.collection(&namespace));
    let mut watch = session.client.watch(&path, accept).await?;
    let with_events = session.flags.is("output-watch-events");
    // A watch of one object begins with the object itself, which has been printed already.
    let mut skip_first = name.is_some();
    loop {
        match watch.next(&mut None).await {
            Next::Item((kind, object)) => {
                if kind == "ERROR" {
                    return Err(crate::commands::status_of(object));
                }
                if kind == "BOOKMARK" || std::mem::take(&mut skip_first) {
                    continue;
                }
                let event = with_events.then_some(kind.as_str());
                let text = show.print(&object, event).map_err(Failure::Message)?;
                session.say(&text);
            }
            Next::End | Next::Timeout => return Ok(()),
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}
