//! What breaks on request: machines without power, cables that are cut, disks that are slow, images that the
//! registry has lost, containers that are killed. Nothing here happens by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Kubelets;
use super::container::{Death, Process};
use super::eviction::{Scarce, Shortage, binary};
use super::node_network::full_name;
use crate::event_loop::{EventNote, Plan, reference};
use crate::fields;
use crate::images::Reference;
use crate::kubelet::container::Stage;
use crate::network::Reason;
use crate::rng::Stream;
use crate::store::Store;

/// All that is broken; a clone is a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// Nodes of which nothing is heard, and since when.
    pub(crate) silent: BTreeMap<String, Timestamp>,
    /// Of those, the ones without power.
    off: BTreeSet<String>,
    /// Pods whose network is cut, by `namespace/name`.
    cut: BTreeSet<String>,
    /// How many times slower the disk of a node is.
    slow: BTreeMap<String, u32>,
    /// What runs out on which node.
    pub(super) short: BTreeMap<(String, Scarce), Shortage>,
    /// Images that the registry no longer has, as containerd names them.
    lost: BTreeSet<String>,
}

impl Faults {
    /// Why packets from or to a pod get nowhere.
    pub(crate) fn severed(&self, pod: &Value) -> Option<Reason> {
        let (name, node) = (full_name(pod), fields::text(pod, "/spec/nodeName"));
        if self.off.contains(node) {
            return Some(Reason::new("connect-node-off", &[("pod", &name), ("node", node)]));
        }
        if self.silent.contains_key(node) {
            return Some(Reason::new("connect-node-cut", &[("pod", &name), ("node", node)]));
        }
        self.cut.contains(&name).then(|| Reason::new("connect-pod-cut", &[("pod", &name)]))
    }

    /// So long it takes on a node to read or write what usually takes `usual`.
    pub(crate) fn on_disk(&self, node: &str, usual: Duration) -> Duration {
        usual.saturating_mul(self.slow.get(node).copied().unwrap_or(1))
    }

    /// Whether the registry has lost an image.
    pub(crate) fn lost(&self, image: &str) -> bool {
        self.lost.contains(&Reference::parse(image).canonical())
    }
}

/// What is asked for: a verb, a kind, a name (`?` is any one, by chance), and what else the verb needs.
struct Asked<'a> {
    verb: &'a str,
    kind: &'a str,
    name: &'a str,
    more: &'a str,
}

/// What became of a request.
pub(crate) struct Done {
    /// What is said to whoever asked.
    pub(crate) text: String,
    /// Pods that their kubelets have to look at.
    pub(crate) pods: Vec<(String, String)>,
    /// The node whose silence begins or ends.
    pub(crate) node: Option<String>,
    /// Events and writes that follow, as the kubelet of `node`.
    pub(crate) plan: Plan,
}

impl Done {
    fn new(text: String) -> Self {
        Self { text, pods: Vec::new(), node: None, plan: Plan::nothing() }
    }
}

fn pods_on(store: &Store, node: &str) -> Vec<(String, String)> {
    let pods = store.list("pods", None);
    let own = pods.iter().filter(|pod| fields::text(pod, "/spec/nodeName") == node);
    own.map(|pod| (fields::namespace(pod).to_owned(), fields::name(pod).to_owned())).collect()
}

impl Kubelets {
    /// Breaks or mends something; the error is for whoever asked.
    pub(crate) fn fault(
        &mut self,
        store: &Store,
        body: &Value,
        now: Timestamp,
        chance: &mut Stream,
    ) -> Result<Done, String> {
        let word = |field: &str| fields::text(body, field);
        let (verb, kind, more) = (word("/verb"), word("/kind"), word("/more"));
        let chosen = self.chosen(store, kind, word("/name"), chance)?;
        let asked = Asked { verb, kind, name: &chosen, more };
        match (asked.verb, asked.kind) {
            ("stop" | "cut", "node") => self.silence(store, &asked, now),
            ("start" | "mend", "node") => self.return_node(store, &asked, now),
            ("kill", "pod") => self.kill(store, &asked, now),
            ("cut" | "mend", "pod") => Ok(self.cut(&asked)),
            ("slow" | "mend", "disk") => self.slow(&asked),
            ("fill" | "free", "memory" | "disk") => Ok(self.fill(store, &asked, now)),
            ("break" | "mend", "image") => Ok(self.lose(&asked)),
            (verb, kind) => Err(format!("there is no fault \"{verb} {kind}\"; {USAGE}")),
        }
    }

    /// Names must exist; of `?` or `<namespace>/?` one is drawn.
    fn chosen(
        &self,
        store: &Store,
        kind: &str,
        name: &str,
        chance: &mut Stream,
    ) -> Result<String, String> {
        let mut known: Vec<String> = match kind {
            "node" | "disk" | "memory" => self.nodes.iter().cloned().collect(),
            "pod" => store.list("pods", None).iter().map(|pod| full_name(pod)).collect(),
            _ => return Ok(name.to_owned()),
        };
        let Some(prefix) = name.strip_suffix('?') else {
            return match known.iter().find(|one| *one == name) {
                Some(found) => Ok(found.clone()),
                None => Err(format!("{kind} \"{name}\" not found")),
            };
        };
        known.retain(|one| one.starts_with(prefix) && one != "control-plane");
        let count = u64::try_from(known.len()).unwrap_or_default();
        if count == 0 {
            return Err(format!("there is no {kind} to choose from"));
        }
        let index = usize::try_from(chance.below(count)).unwrap_or_default();
        Ok(known.swap_remove(index))
    }

    fn silence(
        &mut self,
        store: &Store,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Done, String> {
        let node = asked.name.to_owned();
        if self.faults.silent.contains_key(&node) {
            return Err(format!("nothing is heard of node \"{node}\" already"));
        }
        self.faults.silent.insert(node.clone(), now);
        let past = if asked.verb == "stop" {
            self.faults.off.insert(node.clone());
            "stopped"
        } else {
            "cut off"
        };
        let mut done = Done::new(format!("node/{node} {past}"));
        done.pods = pods_on(store, &node);
        done.node = Some(node);
        Ok(done)
    }

    /// A machine that was off boots: what ran on it has ended without telling how
    /// (`pkg/kubelet/kubelet_node_status.go`).
    fn return_node(
        &mut self,
        store: &Store,
        asked: &Asked<'_>,
        now: Timestamp,
    ) -> Result<Done, String> {
        let name = asked.name.to_owned();
        if self.faults.silent.remove(&name).is_none() {
            return Err(format!("node \"{name}\" is neither stopped nor cut off"));
        }
        let booted = self.faults.off.remove(&name);
        let past = if booted { "started" } else { "connected again" };
        let mut done = Done::new(format!("node/{name} {past}"));
        if booted {
            for machine in self.machines.values_mut().filter(|machine| machine.node == name) {
                let machine = Arc::make_mut(machine);
                let mut had = false;
                for one in machine.containers.values_mut() {
                    if matches!(one.stage, Stage::Running { .. }) {
                        one.end(255, now);
                        one.death = Death::PowerCut;
                        had = true;
                    }
                }
                let pods = store.list("pods", None);
                let own = pods.iter().find(|pod| fields::uid(pod) == machine.uid);
                done.plan.events.extend(own.filter(|_| had).map(|pod| sandbox_changed(pod)));
            }
            self.ports.retain(|pod, _| {
                pod.split_once('/').is_none_or(|(namespace, pod)| {
                    store
                        .get("pods", namespace, pod)
                        .is_none_or(|pod| fields::text(&pod, "/spec/nodeName") != name)
                })
            });
        }
        let about = json!({ "kind": "Node", "name": name, "uid": name });
        let mut say = |warning: bool, reason: &str, text: String| {
            let note = if warning { EventNote::warning } else { EventNote::normal };
            done.plan.events.push(note(about.clone(), reason, text));
        };
        let status = |what: &str| format!("Node {name} status is now: {what}");
        if booted {
            say(false, "Starting", "Starting kubelet.".to_owned());
            for what in ["NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"]
            {
                say(false, what, status(what));
            }
            let boot = super::container::hex(&format!("{name}/{now}"));
            let boot = boot.get(..32).unwrap_or_default();
            say(true, "Rebooted", format!("Node {name} has been rebooted, boot id: {boot}"));
        }
        say(false, "NodeReady", status("NodeReady"));
        done.pods = pods_on(store, &name);
        done.node = Some(name);
        Ok(done)
    }

    /// SIGKILL for the main process of a container, from outside.
    fn kill(&mut self, store: &Store, asked: &Asked<'_>, now: Timestamp) -> Result<Done, String> {
        let Some(shared) = self.machines.get_mut(asked.name) else {
            return Err(format!("pod \"{}\" runs nowhere", asked.name));
        };
        let machine = Arc::make_mut(shared);
        let found = machine.containers.iter_mut().find(|(name, one)| {
            let running = matches!(one.stage, Stage::Running { .. });
            running && (asked.more.is_empty() || asked.more == name.as_str())
        });
        let Some((container, one)) = found else {
            return Err(format!("no container of pod \"{}\" runs", asked.name));
        };
        let container = container.clone();
        one.process = Process::None;
        one.end(137, now);
        self.ports.remove(asked.name);
        let mut done = Done::new(format!("container {container} of pod/{} killed", asked.name));
        let (namespace, name) = asked.name.split_once('/').unwrap_or_default();
        if store.get("pods", namespace, name).is_some() {
            done.pods.push((namespace.to_owned(), name.to_owned()));
        }
        Ok(done)
    }

    fn cut(&mut self, asked: &Asked<'_>) -> Done {
        let name = asked.name.to_owned();
        let past = if asked.verb == "cut" {
            self.faults.cut.insert(name.clone());
            "cut off"
        } else {
            self.faults.cut.remove(&name);
            "connected again"
        };
        let mut done = Done::new(format!("pod/{name} {past}"));
        if let Some((namespace, pod)) = name.split_once('/') {
            done.pods.push((namespace.to_owned(), pod.to_owned()));
        }
        done
    }

    fn slow(&mut self, asked: &Asked<'_>) -> Result<Done, String> {
        let node = asked.name.to_owned();
        if asked.verb == "mend" {
            self.faults.slow.remove(&node);
            return Ok(Done::new(format!("disk of node/{node} as fast as before")));
        }
        let factor = if asked.more.is_empty() { Ok(10) } else { asked.more.parse() };
        match factor {
            Ok(factor @ 1..=1000) => {
                self.faults.slow.insert(node.clone(), factor);
                Ok(Done::new(format!("disk of node/{node} {factor} times slower")))
            }
            _ => Err(format!("\"{}\" is no number from 1 to 1000", asked.more)),
        }
    }

    /// Something outside of pods takes memory or disk until half of the threshold is left, or gives it back.
    fn fill(&mut self, store: &Store, asked: &Asked<'_>, now: Timestamp) -> Done {
        let node = asked.name.to_owned();
        let what = Scarce::of(asked.kind);
        let known = store.get("nodes", "", &node);
        let threshold = known.map_or(0, |known| what.threshold(&known));
        let place = (node.clone(), what);
        let mut done = if asked.verb == "fill" {
            let left = threshold / 2;
            self.faults.short.insert(place, Shortage { left, seen: now });
            Done::new(format!("{} of node/{node} filled, {} left", asked.kind, binary(left)))
        } else {
            if let Some(shortage) = self.faults.short.get_mut(&place) {
                shortage.left = u64::MAX;
            }
            Done::new(format!("{} of node/{node} free again", asked.kind))
        };
        done.pods.push((String::new(), node));
        done
    }

    fn lose(&mut self, asked: &Asked<'_>) -> Done {
        let image = Reference::parse(asked.name).canonical();
        if asked.verb == "break" {
            self.faults.lost.insert(image.clone());
            return Done::new(format!("image {image} gone from its registry"));
        }
        self.faults.lost.remove(&image);
        Done::new(format!("image {image} back in its registry"))
    }
}

const USAGE: &str = "there are: stop node, start node, cut node, mend node, kill pod, cut pod, mend pod, slow disk, mend disk, fill memory, free memory, fill disk, free disk, break image, mend image";

/// A pod sandbox does not outlive its machine (`pkg/kubelet/kuberuntime/kuberuntime_manager.go`).
fn sandbox_changed(pod: &Value) -> EventNote {
    let text = "Pod sandbox changed, it will be killed and re-created.".to_owned();
    EventNote::normal(reference(pod, "v1", "Pod"), "SandboxChanged", text)
}
