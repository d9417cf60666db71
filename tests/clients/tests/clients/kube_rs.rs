//! kube-rs: a watcher, a reflector and a controller with a finalizer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clients::Podium;
use expect_test::expect;
use futures_util::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::reflector::{self, ObjectRef};
use kube::runtime::wait::await_condition;
use kube::runtime::{Controller, WatchStreamExt as _, watcher};
use kube::{Api, Client, Config, Resource as _, ResourceExt as _};
use serde_json::json;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);

async fn client(podium: &Podium) -> Client {
    let kubeconfig = Kubeconfig::read_from(podium.kubeconfig()).expect("a kubeconfig");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a config");
    Client::try_from(config).expect("a client")
}

fn config_map(name: &str, data: &[(&str, &str)]) -> ConfigMap {
    let data = data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    ConfigMap {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        data: Some(data),
        ..ConfigMap::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_sees_each_change_with_either_way_to_begin() {
    let podium = Podium::start(&["--controllers", "none"]).expect("podium");
    let maps: Api<ConfigMap> = Api::default_namespaced(client(&podium).await);
    maps.create(&PostParams::default(), &config_map("before", &[])).await.expect("created");
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let mut seen = String::new();
        let mut events = watcher(maps.clone(), config).boxed();
        let work = async {
            loop {
                let event = events.try_next().await.expect("an event").expect("no end");
                match event {
                    watcher::Event::Init => seen.push_str("init\n"),
                    watcher::Event::InitApply(map) => {
                        writeln!(seen, "there is {}", map.name_any()).expect("text");
                    }
                    watcher::Event::InitDone => {
                        seen.push_str("done\n");
                        let map = config_map("after", &[("a", "1")]);
                        maps.create(&PostParams::default(), &map).await.expect("created");
                        let patch = Patch::Merge(json!({"data": {"a": "2"}}));
                        maps.patch("after", &PatchParams::default(), &patch)
                            .await
                            .expect("patched");
                        maps.delete("after", &DeleteParams::default()).await.expect("deleted");
                    }
                    watcher::Event::Apply(map) => {
                        writeln!(seen, "applied {} {:?}", map.name_any(), map.data).expect("text");
                    }
                    watcher::Event::Delete(map) => {
                        writeln!(seen, "deleted {}", map.name_any()).expect("text");
                        break;
                    }
                }
            }
        };
        tokio::time::timeout(PATIENCE, work).await.expect("the end in time");
        expect![[r#"
            init
            there is before
            done
            applied after Some({"a": "1"})
            applied after Some({"a": "2"})
            deleted after
        "#]]
        .assert_eq(&seen);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reflector_holds_what_the_cluster_holds() {
    let podium = Podium::start(&[]).expect("podium");
    let client = client(&podium).await;
    let deployments: Api<Deployment> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    let (store, writer) = reflector::store();
    let watch = watcher(pods.clone(), watcher::Config::default().labels("app=web"));
    let stream = reflector::reflector(writer, watch).default_backoff().touched_objects();
    let following = tokio::spawn(stream.for_each(|event| async {
        event.expect("an event");
    }));
    store.wait_until_ready().await.expect("a store that is ready");
    let web: Deployment = serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "nginx", "image": "nginx"}]},
            },
        },
    }))
    .expect("a Deployment");
    deployments.create(&PostParams::default(), &web).await.expect("created");
    let ready = await_condition(deployments.clone(), "web", |found: Option<&Deployment>| {
        let status = found.and_then(|one| one.status.as_ref());
        status.and_then(|status| status.ready_replicas) == Some(3)
    });
    tokio::time::timeout(PATIENCE, ready).await.expect("in time").expect("a watch");
    let same = await_condition(pods.clone(), "none", |_: Option<&Pod>| store.len() == 3);
    tokio::time::timeout(PATIENCE, same).await.expect("in time").expect("a watch");
    let listed = pods.list(&ListParams::default().labels("app=web")).await.expect("pods");
    for pod in listed {
        let held = store.get(&ObjectRef::from_obj(&pod)).expect("the pod in the store");
        assert_eq!(held.uid(), pod.uid());
    }
    following.abort();
}

struct Seen {
    client: Client,
    log: Mutex<Vec<String>>,
}

impl Seen {
    fn tell(&self, what: String) {
        let mut log = self.log.lock().expect("the log");
        if log.last() != Some(&what) {
            log.push(what);
        }
    }
}

/// For each ConfigMap `X` there is a ConfigMap `X-copy`, which it owns.
async fn reconcile(map: Arc<ConfigMap>, seen: Arc<Seen>) -> Result<Action, finalizer_error::Any> {
    let namespace = map.namespace().unwrap_or_default();
    let maps: Api<ConfigMap> = Api::namespaced(seen.client.clone(), &namespace);
    let name = format!("{}-copy", map.name_any());
    finalizer(&maps.clone(), "podium.test/copies", map, |event| async {
        match event {
            Event::Apply(map) => {
                let mut copy = config_map(&name, &[]);
                copy.data.clone_from(&map.data);
                copy.metadata.owner_references = map.controller_owner_ref(&()).map(|one| vec![one]);
                let patch = PatchParams::apply("copier").force();
                let made = maps.patch(&name, &patch, &Patch::Apply(&copy)).await?;
                seen.tell(format!("{name}: {:?}", made.data.unwrap_or_default()));
            }
            Event::Cleanup(map) => seen.tell(format!("{} goes", map.name_any())),
        }
        Ok::<_, kube::Error>(Action::await_change())
    })
    .await
    .map_err(|error| finalizer_error::Any(error.to_string()))
}

/// What a reconciler may say.
mod finalizer_error {
    #[derive(Debug)]
    pub(super) struct Any(pub(super) String);

    impl std::fmt::Display for Any {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::error::Error for Any {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_owns_repairs_and_cleans_up() {
    let podium = Podium::start(&[]).expect("podium");
    let client = client(&podium).await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let seen = Arc::new(Seen { client, log: Mutex::default() });
    let own = watcher::Config::default().labels("copied=yes");
    let controller = Controller::new(maps.clone(), own)
        .owns(maps.clone(), watcher::Config::default())
        .run(
            reconcile,
            |_, error, seen: Arc<Seen>| {
                seen.tell(error.to_string());
                Action::requeue(Duration::from_secs(1))
            },
            Arc::clone(&seen),
        )
        .for_each(|_| async {});
    let running = tokio::spawn(controller);
    let mut first = config_map("first", &[("a", "1")]);
    first.metadata.labels = Some(BTreeMap::from([("copied".to_owned(), "yes".to_owned())]));
    maps.create(&PostParams::default(), &first).await.expect("created");
    let wait = |name: &'static str, holds: fn(Option<&ConfigMap>) -> bool| {
        let waiting = await_condition(maps.clone(), name, holds);
        async { tokio::time::timeout(PATIENCE, waiting).await.expect("in time").expect("a watch") }
    };
    let value = |map: Option<&ConfigMap>, value: &str| {
        let data = map.and_then(|map| map.data.as_ref());
        data.is_some_and(|data| data.get("a").is_some_and(|found| found == value))
    };
    wait("first-copy", |map| map.is_some()).await;
    let patch = Patch::Merge(json!({"data": {"a": "2"}}));
    maps.patch("first", &PatchParams::default(), &patch).await.expect("patched");
    let two =
        await_condition(maps.clone(), "first-copy", move |map: Option<&ConfigMap>| value(map, "2"));
    tokio::time::timeout(PATIENCE, two).await.expect("in time").expect("a watch");
    maps.delete("first-copy", &DeleteParams::default()).await.expect("deleted");
    let again =
        await_condition(maps.clone(), "first-copy", move |map: Option<&ConfigMap>| value(map, "2"));
    tokio::time::timeout(PATIENCE, again).await.expect("in time").expect("a watch");
    maps.delete("first", &DeleteParams::background()).await.expect("deleted");
    wait("first", |map| map.is_none()).await;
    wait("first-copy", |map| map.is_none()).await;
    running.abort();
    let log = seen.log.lock().expect("the log").join("\n");
    expect![[r#"
        first-copy: {"a": "1"}
        first-copy: {"a": "2"}
        first goes"#]]
    .assert_eq(&log);
}
