//! The volumes of a pod on its node: what the API gives them, the disks behind claims, and when files that
//! come from the API are written anew (`pkg/kubelet/volumemanager`, `pkg/volume`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::serve::Disks;
use super::volume_sources::{Source, Trouble, source};
use super::{Kubelets, Machine, later, until};
use crate::event_loop::{EventNote, Plan, reference};
use crate::fields;
use crate::rng;
use crate::shell::{Entry, Mount};
use crate::store::Store;

/// The first wait after a mount that failed, doubled each time (`pkg/util/goroutinemap/exponentialbackoff`).
const FIRST_RETRY: Duration = Duration::from_millis(500);
/// The longest wait between two tries.
const LAST_RETRY: Duration = Duration::from_secs(122);
/// How long the kubelet waits for all volumes before it complains (`podAttachAndMountTimeout`).
const PATIENCE: Duration = Duration::from_secs(123);
/// Pods are synced this often; a wait is up to half as long again (`workerResyncIntervalJitterFactor`).
const RESYNC: i64 = 60;

/// How far the volumes of a pod are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mounting {
    /// All are there.
    pub(crate) done: bool,
    tries: u32,
    complaints: u32,
    next: Option<Timestamp>,
    /// Volumes that are disks: names of the disks.
    disks: BTreeMap<String, String>,
    /// Volumes whose files come from the API.
    written: Vec<String>,
    /// When the files of such volumes are brought up to date.
    pub(super) refresh: Option<Timestamp>,
    /// Fingerprint of labels and annotations: a change of them makes the kubelet sync the pod at once.
    metadata: u64,
}

impl Kubelets {
    /// Fills the pod's volumes; false while something is missing.
    pub(super) fn mount(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        if machine.mounting.done {
            self.refresh(store, pod, machine, now, plan);
            return true;
        }
        let deadline =
            later(machine.since, PATIENCE.saturating_mul(machine.mounting.complaints + 1));
        if machine.mounting.next.is_some_and(|next| now < next) && now < deadline {
            let next = machine.mounting.next.unwrap_or(deadline);
            plan.again(until(now, next.min(deadline)));
            return false;
        }
        self.forget_disks(store);
        let (mut missing, mut unprocessed) = (Vec::new(), Vec::new());
        for volume in fields::items(pod, "/spec/volumes") {
            let name = fields::text(volume, "/name").to_owned();
            let refused = super::refusals::host_path(volume, &machine.node, &self.disks);
            let found = match refused {
                Some(why) => Err(Trouble::SetUp(why)),
                None => source(store, pod, volume, (&self.tokens, machine.since)),
            };
            match found {
                Ok(Source::Written(files)) => {
                    machine.volumes.insert(name.clone(), files.tree);
                    machine.mounting.written.push(name);
                }
                Ok(Source::Own) => {
                    machine.volumes.entry(name).or_default();
                }
                Ok(Source::Disk(disk)) => {
                    self.disks.entry(disk.clone()).or_default();
                    machine.mounting.disks.insert(name, disk);
                }
                Err(trouble) => {
                    missing.push(name.clone());
                    match trouble {
                        Trouble::SetUp(text) => failed_mount(
                            pod,
                            format!("MountVolume.SetUp failed for volume \"{name}\" : {text}"),
                            plan,
                        ),
                        Trouble::Process(text) => unprocessed.push((name, text)),
                    }
                }
            }
        }
        let state = &mut machine.mounting;
        state.metadata = dress(pod);
        state.done = missing.is_empty();
        if state.done {
            return true;
        }
        state.written.clear();
        if now >= deadline {
            state.complaints += 1;
            failed_mount(pod, timed_out(&missing, &unprocessed), plan);
        }
        let wait = FIRST_RETRY
            .saturating_mul(1_u32.checked_shl(state.tries).unwrap_or(u32::MAX))
            .min(LAST_RETRY);
        state.tries += 1;
        let next = later(now, wait);
        state.next = Some(next);
        let deadline = later(machine.since, PATIENCE.saturating_mul(state.complaints + 1));
        plan.again(until(now, next.min(deadline)));
        false
    }

    /// Writes the files of ConfigMaps, Secrets and the downward API anew when the kubelet next syncs the pod:
    /// all of a volume at once (`pkg/volume/util/atomic_writer.go`).
    fn refresh(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let metadata = dress(pod);
        if metadata != machine.mounting.metadata {
            machine.mounting.metadata = metadata;
            machine.mounting.refresh = Some(now);
        }
        let mut fresh = BTreeMap::new();
        for volume in fields::items(pod, "/spec/volumes") {
            let name = fields::text(volume, "/name");
            if !machine.mounting.written.iter().any(|one| one == name)
                || volume.get("projected").is_some_and(only_identity)
            {
                continue;
            }
            // An object that has gone leaves the files as they are.
            if let Ok(Source::Written(files)) =
                source(store, pod, volume, (&self.tokens, machine.since))
                && machine.volumes.get(name) != Some(&files.tree)
            {
                fresh.insert(name.to_owned(), files.tree);
            }
        }
        if fresh.is_empty() {
            machine.mounting.refresh = None;
            return;
        }
        let due =
            *machine.mounting.refresh.get_or_insert_with(|| next_sync(machine_seed(pod), now));
        if now < due {
            plan.again(until(now, due));
            return;
        }
        machine.mounting.refresh = None;
        if !fresh.is_empty() {
            machine.activity += 1;
        }
        machine.volumes.extend(fresh);
    }

    /// Keeps what processes wrote.
    pub(super) fn take_back(
        &mut self,
        machine: &mut Machine,
        mut volumes: BTreeMap<String, BTreeMap<String, Entry>>,
    ) {
        for (volume, disk) in &machine.mounting.disks {
            let Some(tree) = volumes.remove(volume) else { continue };
            if self.disks.get(disk).is_none_or(|known| **known != tree) {
                self.disks.insert(disk.clone(), Arc::new(tree));
            }
        }
        machine.volumes = volumes;
    }

    /// Forgets what was on the disks of volumes that have gone.
    pub(super) fn forget_disks(&mut self, store: &Store) {
        self.disks.retain(|disk, _| {
            disk.strip_prefix("volume:")
                .is_none_or(|name| store.get("persistentvolumes", "", name).is_some())
        });
    }
}

/// The volumes of a pod as its processes see them.
pub(super) fn lend(disks: &Disks, machine: &Machine) -> BTreeMap<String, BTreeMap<String, Entry>> {
    let mut volumes = machine.volumes.clone();
    volumes.extend(disks_of(disks, machine));
    volumes
}

/// The disks of a pod, by the names of their volumes.
pub(super) fn disks_of(disks: &Disks, machine: &Machine) -> Vec<(String, BTreeMap<String, Entry>)> {
    let tree = |disk: &String| disks.get(disk).map(|tree| tree.as_ref().clone());
    let mounted = machine.mounting.disks.iter();
    mounted.map(|(volume, disk)| (volume.clone(), tree(disk).unwrap_or_default())).collect()
}

/// The mounts of a container that starts now. A mount of a part (`subPath`) of files that come from the API keeps
/// what is there now: it is a bind mount of the file, and the volume is written anew beside it.
pub(super) fn mounts_at_start(pod: &Value, spec: &Value, machine: &mut Machine) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for mount in fields::items(spec, "/volumeMounts") {
        let volume = fields::text(mount, "/name").to_owned();
        let path = fields::text(mount, "/mountPath").trim_end_matches('/').to_owned();
        let sub_path = sub_path(pod, spec, mount);
        let written = machine.mounting.written.contains(&volume);
        let mut one = Mount {
            path,
            sub_path,
            read_only: fields::flag(mount, "/readOnly") || written,
            modes: fields::items(pod, "/spec/volumes")
                .iter()
                .find(|one| fields::text(one, "/name") == volume)
                .map(super::volume_sources::modes)
                .unwrap_or_default(),
            volume,
        };
        if written && !one.sub_path.is_empty() {
            let frozen = format!("{} at the start of {}", one.volume, fields::text(spec, "/name"));
            let tree = machine.volumes.get(&one.volume).cloned().unwrap_or_default();
            machine.volumes.insert(frozen.clone(), tree);
            one.volume = frozen;
        }
        mounts.push(one);
    }
    mounts
}

/// `subPath`, or `subPathExpr` with the variables of the container.
fn sub_path(pod: &Value, spec: &Value, mount: &Value) -> String {
    let expression = fields::text(mount, "/subPathExpr");
    if expression.is_empty() {
        return fields::text(mount, "/subPath").trim_matches('/').to_owned();
    }
    let mut known = BTreeMap::new();
    for one in fields::items(spec, "/env") {
        let value = match one.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str) {
            Some(path) => super::container::field_of(pod, path),
            None => fields::text(one, "/value").to_owned(),
        };
        known.insert(fields::text(one, "/name").to_owned(), value);
    }
    super::container::substitute(expression, &known)
}

/// Makes the parts of volumes that a container mounts, and says what cannot be mounted: the kubelet makes a
/// directory of a part that is not there, and a directory cannot be mounted over a file
/// (`pkg/kubelet/kubelet_pods.go makeMounts`, runc's text).
pub(super) fn prepare(
    files: &mut crate::shell::Files,
    image: &BTreeMap<String, Entry>,
    pod: &Value,
    container: &str,
) -> Result<(), String> {
    for (index, mount) in files.mounts.iter().enumerate() {
        let inner = format!("/{}", mount.sub_path);
        if !mount.sub_path.is_empty() {
            let tree = files.volumes.entry(mount.volume.clone()).or_default();
            let below = format!("{inner}/");
            if !tree.contains_key(&inner) && !tree.keys().any(|known| known.starts_with(&below)) {
                tree.insert(inner.clone(), Entry::Folder);
            }
        }
        let file = files
            .volumes
            .get(&mount.volume)
            .is_some_and(|tree| matches!(tree.get(&inner), Some(Entry::File(_) | Entry::Program)));
        let over_file = matches!(image.get(&mount.path), Some(Entry::File(_) | Entry::Program));
        let below = format!("{}/", mount.path);
        let over_folder = matches!(image.get(&mount.path), Some(Entry::Folder))
            || image.keys().any(|known| known.starts_with(&below));
        if (file && over_folder) || (!file && over_file) {
            let volume = mount.volume.split(" at the start of ").next().unwrap_or_default();
            let source = if mount.sub_path.is_empty() {
                format!("/var/lib/kubelet/pods/{}/volumes/{volume}", fields::uid(pod))
            } else {
                format!(
                    "/var/lib/kubelet/pods/{}/volume-subpaths/{volume}/{container}/{index}",
                    fields::uid(pod)
                )
            };
            return Err(format!(
                "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting \"{source}\" to rootfs at \"{0}\": mount src={source}, dst={0}, dstFd=/proc/thread-self/fd/11, flags=MS_BIND|MS_REC: not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type",
                mount.path
            ));
        }
    }
    Ok(())
}

/// Whether a volume of this pod has files that come from the object.
pub(super) fn uses(pod: &Value, resource: &str, name: &str) -> bool {
    let refers = |volume: &Value| {
        if resource == "configmaps" {
            fields::text(volume, "/configMap/name") == name
        } else {
            fields::text(volume, "/secret/secretName") == name
                || fields::text(volume, "/secret/name") == name
        }
    };
    fields::items(pod, "/spec/volumes").iter().any(|volume| {
        refers(volume) || fields::items(volume, "/projected/sources").iter().any(refers)
    })
}

/// Whether a projected volume holds nothing but what every pod has: its token, the certificate, its namespace.
fn only_identity(projected: &Value) -> bool {
    fields::items(projected, "/sources").iter().all(|one| {
        one.get("serviceAccountToken").is_some()
            || fields::text(one, "/configMap/name") == "kube-root-ca.crt"
            || fields::items(one, "/downwardAPI/items")
                .iter()
                .all(|item| fields::text(item, "/fieldRef/fieldPath") == "metadata.namespace")
                && one.get("downwardAPI").is_some()
    })
}

fn failed_mount(pod: &Value, message: String, plan: &mut Plan) {
    plan.events.push(EventNote::warning(reference(pod, "v1", "Pod"), "FailedMount", message));
}

/// `WaitForAttachAndMount` after its time is over.
fn timed_out(missing: &[String], unprocessed: &[(String, String)]) -> String {
    let names: Vec<&str> = unprocessed.iter().map(|(name, _)| name.as_str()).collect();
    let why = if unprocessed.is_empty() {
        "context deadline exceeded".to_owned()
    } else {
        let texts: Vec<&str> = unprocessed.iter().map(|(_, text)| text.as_str()).collect();
        texts.join(", ")
    };
    format!(
        "Unable to attach or mount volumes: unmounted volumes=[{}], unattached volumes=[], failed to process volumes=[{}]: {why}",
        missing.join(" "),
        names.join(" ")
    )
}

fn dress(pod: &Value) -> u64 {
    let part = |pointer: &str| pod.pointer(pointer).map(Value::to_string).unwrap_or_default();
    rng::hash(&format!("{}{}", part("/metadata/labels"), part("/metadata/annotations")))
}

fn machine_seed(pod: &Value) -> u64 {
    rng::hash(fields::uid(pod))
}

/// The next time at which the kubelet syncs this pod by itself.
fn next_sync(seed: u64, now: Timestamp) -> Timestamp {
    let period = RESYNC + i64::try_from(seed % 30).unwrap_or_default();
    let phase = i64::try_from((seed >> 8) % 60).unwrap_or_default();
    let wait = period - (now.as_second() + phase).rem_euclid(period);
    later(now, Duration::from_secs(wait.unsigned_abs()))
}
