//! What a cluster costs by itself: CPU of this thread for things that happen in an embedded cluster, against the budgets
//! of the product. There is no peer for time that moves at will.

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use serde_json::{Value, json};

use crate::Failure;

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const STEP: Duration = Duration::from_millis(100);
/// How much CPU something may take before nothing more is waited for.
const GIVES_UP: Duration = MINUTE;
const MINUTE: Duration = Duration::from_mins(1);

/// Prints a row for each.
pub(crate) fn print() -> Result<(), Failure> {
    println!("{:42} {:>12} {:>12}", "CPU in an embedded cluster", "measured", "budget");
    pods("Deployment from 0 to 100 ready", (3, 100), Duration::from_millis(30))?;
    time()?;
    snapshots()?;
    scale()?;
    pods("1,000 nodes, 30,000 pods ready", (1_000, 30_000), Duration::from_secs(20))?;
    println!();
    Ok(())
}

fn fresh(nodes: u32, controllers: Controllers) -> Cluster {
    Cluster::new(ClusterConfig {
        seed: 1,
        epoch: jiff::Timestamp::UNIX_EPOCH,
        nodes,
        controllers,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    })
}

/// CPU of this thread so far. The kernel brings it up to date a few hundred times a second, so what costs little is
/// done often.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let used = text.split(' ').next().and_then(|used| used.parse().ok()).unwrap_or(0);
    Duration::from_nanos(used)
}

/// CPU of some work, with what it gives.
fn cost<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<(Duration, T), Failure> {
    let before = cpu();
    let given = work()?;
    Ok((cpu().saturating_sub(before), given))
}

fn row(label: &str, measured: Duration, budget: Duration) {
    println!("{label:42} {measured:>12.1?} {budget:>12.1?}");
}

fn send(
    cluster: &mut Cluster,
    (method, kind): (&str, &str),
    path: &str,
    body: &Value,
) -> Result<Vec<u8>, Failure> {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = http::Request::builder().method(method).uri(path);
    let mut request =
        request.header("content-type", kind).header("user-agent", "bench").body(body)?;
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) if response.status().is_success() => Ok(response.into_body()),
        EngineAnswer::Full(response) => {
            Err(String::from_utf8_lossy(response.body()).into_owned().into())
        }
        EngineAnswer::Stream(_) => Err("a stream was not asked for".into()),
    }
}

fn post(cluster: &mut Cluster, path: &str, body: &Value) -> Result<Vec<u8>, Failure> {
    send(cluster, ("POST", "application/json"), path, body)
}

fn get(cluster: &mut Cluster, path: &str) -> Result<Vec<u8>, Failure> {
    send(cluster, ("GET", ""), path, &Value::Null)
}

fn deployment(name: &str, replicas: u32) -> Value {
    let containers = json!([{ "name": "web", "image": "nginx" }]);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": name },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": name } },
            "template": {
                "metadata": { "labels": { "app": name } },
                "spec": { "containers": containers, "terminationGracePeriodSeconds": 1 },
            },
        },
    })
}

/// Deployments of at most 1,000 pods, until all are ready or it has cost too much; with what the process then holds.
fn pods(label: &str, (nodes, pods): (u32, u32), budget: Duration) -> Result<(), Failure> {
    let mut cluster = fresh(nodes, Controllers::All);
    cluster.advance(MINUTE);
    let before = cpu();
    let used = || cpu().saturating_sub(before);
    let each = pods.min(1_000);
    for index in 0..pods / each {
        let name = format!("web-{index}");
        post(&mut cluster, DEPLOYMENTS, &deployment(&name, each))?;
    }
    while ready(&cluster) < u64::from(pods) && used() < GIVES_UP {
        cluster.advance(STEP);
    }
    row(label, used(), budget);
    let (ready, process) = (ready(&cluster), std::process::id());
    let held = crate::memory::resident_kib(process) / 1024;
    println!("{:42} {ready:>12}", "  of them ready then");
    println!("{:42} {held:>8} MiB", "  memory of the process then");
    Ok(())
}

fn ready(cluster: &Cluster) -> u64 {
    let all = cluster.apiserver().store().list("deployments.apps", None);
    all.iter().filter_map(|one| one.pointer("/status/readyReplicas")?.as_u64()).sum()
}

/// How fast time goes on when nothing happens, and with autoscalers and schedules.
fn time() -> Result<(), Failure> {
    let mut cluster = fresh(3, Controllers::All);
    cluster.advance(MINUTE);
    passes("virtual seconds per second, idle", &mut cluster, 10_000)?;
    post(&mut cluster, DEPLOYMENTS, &deployment("web", 5))?;
    let target = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" });
    let autoscaler = json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": { "name": "web" },
        "spec": { "scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 10 },
    });
    let path = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    post(&mut cluster, path, &autoscaler)?;
    let containers = json!([{ "name": "job", "image": "busybox", "command": ["true"] }]);
    let pod = json!({ "spec": { "restartPolicy": "Never", "containers": containers } });
    let schedule = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": "tick" },
        "spec": { "schedule": "* * * * *", "jobTemplate": { "spec": { "template": pod } } },
    });
    post(&mut cluster, "/apis/batch/v1/namespaces/default/cronjobs", &schedule)?;
    passes("  with an autoscaler and a CronJob", &mut cluster, 100)
}

fn passes(label: &str, cluster: &mut Cluster, budget: u32) -> Result<(), Failure> {
    const HOUR: Duration = Duration::from_hours(1);
    let (took, ()) = cost(|| {
        cluster.advance(HOUR);
        Ok(())
    })?;
    // What the kernel has not seen yet took less than a tick.
    let took = took.max(Duration::from_millis(4));
    println!("{label:42} {:>12.0} {budget:>12}", HOUR.as_secs_f64() / took.as_secs_f64());
    Ok(())
}

/// Snapshots, and going back to them.
fn snapshots() -> Result<(), Failure> {
    const MANY: u32 = 10_000;
    let mut cluster = fresh(3, Controllers::All);
    post(&mut cluster, DEPLOYMENTS, &deployment("web", 100))?;
    cluster.advance(MINUTE);
    let (took, kept) = cost(|| Ok((0..MANY).map(|_| cluster.snapshot()).collect::<Vec<_>>()))?;
    row("snapshot with 100 pods", took / MANY, Duration::from_micros(10));
    let (took, ()) = cost(|| {
        for snapshot in &kept {
            cluster.restore(snapshot);
        }
        Ok(())
    })?;
    row("going on from one (fork)", took / MANY, Duration::from_millis(1));
    Ok(())
}

/// What a page of a list and an apply cost among 100,000 objects, beside their cost among 1,000.
fn scale() -> Result<(), Failure> {
    const ROUNDS: u32 = 500;
    let mut cluster = fresh(0, Controllers::None);
    let mut costs = Vec::new();
    let mut made = 0_u32;
    for count in [1_000, 100_000] {
        while made < count {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": format!("one-{made:06}") },
                "data": { "one": "a value of some length" },
            });
            post(&mut cluster, CONFIG_MAPS, &object)?;
            made += 1;
        }
        let page = format!("{CONFIG_MAPS}?limit=500");
        get(&mut cluster, &page)?;
        let (pages, ()) =
            cost(|| (0..ROUNDS).try_for_each(|_| get(&mut cluster, &page).map(drop)))?;
        let (applies, ()) =
            cost(|| (0..ROUNDS).try_for_each(|round| apply(&mut cluster, round, count).map(drop)))?;
        costs.push((pages / ROUNDS, applies / ROUNDS));
    }
    if let [few, many] = costs.as_slice() {
        row("page of 500 among 100,000 (budget: twice)", many.0, few.0 * 2);
        row("apply among 100,000 (budget: twice)", many.1, few.1 * 2);
    }
    Ok(())
}

fn apply(cluster: &mut Cluster, index: u32, round: u32) -> Result<Vec<u8>, Failure> {
    let name = format!("one-{index:06}");
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name },
        "data": { "two": format!("applied {round}") },
    });
    let path = format!("{CONFIG_MAPS}/{name}?fieldManager=bench&force=true");
    send(cluster, ("PATCH", "application/apply-patch+yaml"), &path, &object)
}
