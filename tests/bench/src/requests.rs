//! Requests per second, one connection and eight.

use std::time::Instant;

use futures_util::future::join_all;
use futures_util::{AsyncBufReadExt as _, StreamExt as _, pin_mut};
use http::Request;
use kube::Client;
use serde_json::json;

use crate::Failure;

const NAMESPACE: &str = "/api/v1/namespaces/default/configmaps";
const OBJECTS: usize = 500;
const GETS: usize = 2_000;
const LISTS: usize = 40;
const EVENTS: usize = 200;

/// Measures both and prints a row for each kind of request.
pub(crate) async fn compare(ours: &Client, real: &Client) -> Result<(), Failure> {
    for (label, prefix, lanes) in
        [("create, 1 connection", "one", 1), ("create, 8 connections", "eight", 8)]
    {
        let embedded = create(ours, prefix, lanes).await?;
        row(label, embedded, create(real, prefix, lanes).await?);
    }
    for (label, lanes) in [("get, 1 connection", 1), ("get, 8 connections", 8)] {
        let embedded = get(ours, lanes).await?;
        row(label, embedded, get(real, lanes).await?);
    }
    let embedded = list(ours).await?;
    row("list of 500 (of 1000)", embedded, list(real).await?);
    let embedded = apply(ours).await?;
    row("server-side apply", embedded, apply(real).await?);
    let embedded = watch(ours).await?;
    row("create seen by a watch", embedded, watch(real).await?);
    Ok(())
}

fn row(label: &str, ours: f64, real: f64) {
    println!("{label:34} {ours:>8.0}/s {real:>8.0}/s {:>7.1}x", ours / real);
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

/// Creates objects one after the other, each after the watch has shown the one before.
async fn watch(client: &Client) -> Result<f64, Failure> {
    let list: serde_json::Value =
        client.request(Request::get(format!("{NAMESPACE}?limit=1")).body(Vec::new())?).await?;
    let version = list.pointer("/metadata/resourceVersion").and_then(serde_json::Value::as_str);
    let version = version.ok_or("a list without a version")?;
    let path = format!("{NAMESPACE}?watch=true&resourceVersion={version}");
    let lines = client.request_stream(Request::get(path).body(Vec::new())?).await?.lines();
    pin_mut!(lines);
    let started = Instant::now();
    for index in 0..EVENTS {
        let name = format!("seen-{index:04}");
        let request = Request::post(NAMESPACE).header("content-type", "application/json");
        send(client, request, config_map(&name)).await?;
        loop {
            let line = lines.next().await.ok_or("the watch ended")??;
            if line.contains(&format!("\"name\":\"{name}\"")) {
                break;
            }
        }
    }
    Ok(per_second(EVENTS, started))
}
