//! `kubectl events`.

use apimachinery::order::Order as _;
use serde_json::{Value, json};

use crate::client::JSON;
use crate::failure::{Failure, Outcome, go_quote};
use crate::print::{Format, Printer, TabWriter};
use crate::select::list_query;
use crate::session::Session;
use crate::stream::Next;
use crate::value::Reading as _;

/// Runs the command.
pub(super) async fn run(session: &mut Session<'_>) -> Outcome {
    if let Some(word) = session.flags.arguments.first() {
        return Err(session.usage(format!("unexpected arguments: [{word}]")));
    }
    let types = session.flags.all("types").to_vec();
    if let Some(wrong) = types
        .iter()
        .find(|kind| !kind.eq_ignore_ascii_case("Normal") && !kind.eq_ignore_ascii_case("Warning"))
    {
        return Err(Failure::message(format!("valid --types are Normal or Warning, not {wrong}")));
    }
    let fields = match session.flags.text("for").to_owned() {
        none if none.is_empty() => String::new(),
        target => fields_of(session, &target).await?,
    };
    let all = session.flags.is("all-namespaces");
    let collection = if all {
        "/api/v1/events".to_owned()
    } else {
        format!("/api/v1/namespaces/{}/events", session.namespace)
    };
    let pages = session
        .pages(&collection, &[("fieldSelector", &fields)], session.flags.int("chunk-size"), JSON)
        .await?;
    let version = pages.last().map_or("", |page| page.text("metadata.resourceVersion")).to_owned();
    let mut events: Vec<Value> =
        pages.iter().flat_map(|page| page.list("items").iter().cloned()).collect();
    events.retain(|event| is_wanted(event, &types));
    events.order_by_key(last_seen);
    let watching = session.flags.is("watch");
    if events.is_empty() && !watching {
        let said = if all {
            "No events found.\n".to_owned()
        } else {
            format!("No events found in {} namespace.\n", session.namespace)
        };
        session.err(&said);
        return Ok(());
    }
    let format = Format::parse(&session.flags, false).map_err(Failure::Message)?;
    if !format.is_human() {
        for event in &mut events {
            crate::value::set(event, &["apiVersion"], json!("v1"));
            crate::value::set(event, &["kind"], json!("Event"));
        }
        let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": version}, "items": events});
        let text =
            Printer::new(format, &session.flags, "").print(&list).map_err(Failure::Message)?;
        session.say(&text);
        return Ok(());
    }
    let mut writer = TabWriter::table();
    if !session.flags.is("no-headers") {
        writer.write(if all { "NAMESPACE\t" } else { "" });
        writer.write("LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n");
    }
    for event in &events {
        let line = line(session, event, all);
        writer.write(&line);
    }
    session.say(&writer.flush());
    if watching {
        let query = list_query("", &fields, &[("watch", "true"), ("resourceVersion", &version)]);
        return follow(session, &format!("{collection}{query}"), &types, all, writer).await;
    }
    Ok(())
}

async fn fields_of(session: &mut Session<'_>, target: &str) -> Outcome<String> {
    let Some((kind, name)) = target.split_once('/') else {
        return Err(Failure::message(format!(
            "--for must be in resource/name form, not {}",
            go_quote(target)
        )));
    };
    let resource = session.resource(kind).await?;
    let api_version = resource.api_version();
    let mut fields = format!("involvedObject.kind={},involvedObject.name={name}", resource.kind);
    if api_version != "v1" {
        fields = format!("involvedObject.apiVersion={api_version},{fields}");
    }
    Ok(fields)
}

fn is_wanted(event: &Value, types: &[String]) -> bool {
    types.is_empty() || types.iter().any(|kind| kind.eq_ignore_ascii_case(event.text("type")))
}

/// `eventTime` of `cmd/events/events.go`.
fn last_seen(event: &Value) -> Option<jiff::Timestamp> {
    ["series.lastObservedTime", "lastTimestamp", "eventTime"]
        .into_iter()
        .find(|field| event.has(field))
        .and_then(|field| event.text(field).parse().ok())
}

fn line(session: &Session<'_>, event: &Value, all: bool) -> String {
    let now = session.client.kubectl.clock.now();
    let page = crate::describe::Page::new(now);
    let namespace =
        if all { format!("{}\t", event.text("metadata.namespace")) } else { String::new() };
    format!(
        "{namespace}{}\t{}\t{}\t{}/{}\t{}\n",
        page.interval(event),
        event.text("type"),
        event.text("reason"),
        event.text("involvedObject.kind"),
        event.text("involvedObject.name"),
        event.text("message").trim().replace('\n', " ")
    )
}

async fn follow(
    session: &mut Session<'_>,
    path: &str,
    types: &[String],
    all: bool,
    mut writer: TabWriter,
) -> Outcome {
    let mut watch = session.client.watch(path, JSON).await?;
    loop {
        match watch.next(&mut None).await {
            Next::Item((kind, object)) if kind == "ERROR" => return Err(super::status_of(object)),
            Next::Item((kind, event))
                if kind != "BOOKMARK" && kind != "DELETED" && is_wanted(&event, types) =>
            {
                let line = line(session, &event, all);
                writer.write(&line);
                session.say(&writer.flush());
            }
            Next::Item(_) => {}
            Next::End | Next::Timeout => return Ok(()),
            Next::Broken(why) => return Err(Failure::Message(why)),
        }
    }
}
