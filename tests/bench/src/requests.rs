//! Requests per second, one connection and eight, and what each costs the server.
//!
//! One client, whose own work is in every rate, cannot show a server that is much faster than itself; the CPU that the
//! server's processes have used can.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{AsyncBufReadExt as _, StreamExt as _, pin_mut};
use http::Request;
use kube::Client;
use serde_json::json;

use crate::Failure;
use crate::subject::Subject;

const NAMESPACE: &str = "/api/v1/namespaces/default/configmaps";
const OBJECTS: usize = 500;
const GETS: usize = 2_000;
const LISTS: usize = 40;
const EVENTS: usize = 200;

/// What one kind of request came to.
struct Measured {
    per_second: f64,
    /// CPU of the server's processes for one request, microseconds.
    micros: f64,
}

/// A server and a client of it.
struct Side<'a> {
    subject: &'a Subject,
    client: Client,
}

/// Measures both and prints a row for each kind of request.
pub(crate) async fn compare(ours: &Subject, real: &Subject) -> Result<(), Failure> {
    let ours = Side { client: ours.client().await?, subject: ours };
    let real = Side { client: real.client().await?, subject: real };
    println!("{:34} {:>10} {:>10} {:>8} {:>34}", "", "", "", "", "CPU of the server, ratio");
    for kind in ALL {
        let embedded = kind.measure(&ours).await?;
        row(kind.label(), &embedded, &kind.measure(&real).await?);
    }
    let (embedded, peer) = (watch(&ours.client).await?, watch(&real.client).await?);
    let millis = |one: Duration| one.as_secs_f64() * 1000.0;
    println!(
        "{:34} {:>7.2} ms {:>7.2} ms {:>7.1}x",
        "from create to watch, p99",
        millis(embedded),
        millis(peer),
        millis(peer) / millis(embedded)
    );
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    Create(&'static str, usize),
    Get(usize),
    List,
    Patch,
    Apply,
}

const ALL: [Kind; 7] = [
    Kind::Create("one", 1),
    Kind::Create("eight", 8),
    Kind::Get(1),
    Kind::Get(8),
    Kind::List,
    Kind::Patch,
    Kind::Apply,
];

impl Kind {
    fn label(self) -> String {
        match self {
            Self::Create(_, lanes) => format!("create, connections: {lanes}"),
            Self::Get(lanes) => format!("get, connections: {lanes}"),
            Self::List => "list of 500 (of 1000)".to_owned(),
            Self::Patch => "merge patch".to_owned(),
            Self::Apply => "server-side apply".to_owned(),
        }
    }

    fn count(self) -> usize {
        match self {
            Self::Create(..) | Self::Patch | Self::Apply => OBJECTS,
            Self::Get(_) => GETS,
            Self::List => LISTS,
        }
    }

    async fn measure(self, side: &Side<'_>) -> Result<Measured, Failure> {
        let before = side.subject.cpu();
        let per_second = match self {
            Self::Create(prefix, lanes) => create(&side.client, prefix, lanes).await?,
            Self::Get(lanes) => get(&side.client, lanes).await?,
            Self::List => list(&side.client).await?,
            Self::Patch => patch(&side.client).await?,
            Self::Apply => apply(&side.client).await?,
        };
        let used = side.subject.cpu().saturating_sub(before);
        let count = u32::try_from(self.count()).unwrap_or(u32::MAX);
        Ok(Measured { per_second, micros: used.as_secs_f64() * 1e6 / f64::from(count) })
    }
}

fn row(label: String, ours: &Measured, real: &Measured) {
    println!(
        "{label:34} {:>8.0}/s {:>8.0}/s {:>7.1}x {:>9.0} us {:>9.0} us {:>7.1}x",
        ours.per_second,
        real.per_second,
        ours.per_second / real.per_second,
        ours.micros,
        real.micros,
        real.micros / ours.micros.max(1.0)
    );
}

fn per_second(count: usize, started: Instant) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
}

/// Runs `count` requests on `lanes` connections.
async fn lanes<F>(count: usize, lanes: usize, one: impl Fn(usize) -> F) -> Result<f64, Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let started = Instant::now();
    let one = &one;
    let work = (0..lanes).map(|lane| async move {
        for index in (lane..count).step_by(lanes) {
            one(index).await?;
        }
        Ok::<(), Failure>(())
    });
    for result in join_all(work).await {
        result?;
    }
    Ok(per_second(count, started))
}

async fn send(
    client: &Client,
    request: http::request::Builder,
    body: Vec<u8>,
) -> Result<(), Failure> {
    client.request_text(request.body(body)?).await?;
    Ok(())
}

fn config_map(name: &str) -> Vec<u8> {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": name, "labels": { "app": "bench", "name": name } },
        "data": { "one": "a value of some length", "two": "x".repeat(400) },
    })
    .to_string()
    .into_bytes()
}

async fn create(client: &Client, prefix: &str, connections: usize) -> Result<f64, Failure> {
    lanes(OBJECTS, connections, |index| {
        let body = config_map(&format!("{prefix}-{index:04}"));
        send(client, Request::post(NAMESPACE).header("content-type", "application/json"), body)
    })
    .await
}

async fn get(client: &Client, connections: usize) -> Result<f64, Failure> {
    lanes(GETS, connections, |index| {
        let path = format!("{NAMESPACE}/one-{:04}", index % OBJECTS);
        send(client, Request::get(path), Vec::new())
    })
    .await
}

async fn list(client: &Client) -> Result<f64, Failure> {
    let path = format!("{NAMESPACE}?limit=500");
    lanes(LISTS, 1, |_| send(client, Request::get(&path), Vec::new())).await
}

async fn patch(client: &Client) -> Result<f64, Failure> {
    lanes(OBJECTS, 1, |index| {
        let body = json!({ "data": { "two": format!("patched {index}") } }).to_string();
        let request = Request::patch(format!("{NAMESPACE}/one-{index:04}"))
            .header("content-type", "application/merge-patch+json");
        send(client, request, body.into_bytes())
    })
    .await
}

async fn apply(client: &Client) -> Result<f64, Failure> {
    lanes(OBJECTS, 1, |index| {
        let name = format!("one-{index:04}");
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name },
            "data": { "three": format!("applied {index}") },
        });
        let path = format!("{NAMESPACE}/{name}?fieldManager=bench&force=true");
        let request = Request::patch(path).header("content-type", "application/apply-patch+yaml");
        send(client, request, body.to_string().into_bytes())
    })
    .await
}

/// Creates objects one after the other, and tells how long the slowest but one in a hundred took from its request
/// until a watch showed it.
async fn watch(client: &Client) -> Result<Duration, Failure> {
    let list: serde_json::Value =
        client.request(Request::get(format!("{NAMESPACE}?limit=1")).body(Vec::new())?).await?;
    let version = list.pointer("/metadata/resourceVersion").and_then(serde_json::Value::as_str);
    let version = version.ok_or("a list without a version")?;
    let path = format!("{NAMESPACE}?watch=true&resourceVersion={version}");
    let lines = client.request_stream(Request::get(path).body(Vec::new())?).await?.lines();
    pin_mut!(lines);
    let mut took = Vec::with_capacity(EVENTS);
    for index in 0..EVENTS {
        let name = format!("seen-{index:04}");
        let request = Request::post(NAMESPACE).header("content-type", "application/json");
        let started = Instant::now();
        send(client, request, config_map(&name)).await?;
        loop {
            let line = lines.next().await.ok_or("the watch ended")??;
            if line.contains(&format!("\"name\":\"{name}\"")) {
                break;
            }
        }
        took.push(started.elapsed());
    }
    took.sort_unstable();
    took.get(EVENTS * 99 / 100).copied().ok_or_else(|| "nothing was measured".into())
}
