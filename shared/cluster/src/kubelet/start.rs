//! From an image to a started container.

use super::Kubelets;
use super::Machine;
use super::canonical;
use super::container::Container;
use super::container::Stage;
use super::container::image_of;
use super::hooks::When;
use super::last_words::LastWords;
use super::later;
use super::note;
use super::refusals;
use super::resize;
use super::status;
use super::volumes::{lend, mounts_at_start, prepare};
use crate::event_loop::Plan;
use crate::fields;
use crate::shell::Entry;
use crate::shell::Facts;
use crate::shell::Files;
use crate::store::Store;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

impl Kubelets {
    /// Has the image fetched, or finds it on the node.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    pub(super) fn pull(
        &mut self,
        store: &Store,
        pod: &Value,
        spec: &Value,
        one: &mut Container,
        node: &str,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let image = fields::text(spec, "/image");
        if let Some(why) = refusals::image_name(image) {
            one.stage = no_name(pod, spec, why, now, plan);
            return;
        }
        refusals::pull_secrets(store, pod, plan);
        let here = self.images.get(node).is_some_and(|known| known.contains(&canonical(spec)));
        let policy = fields::text(spec, "/imagePullPolicy");
        if here && policy != "Always" {
            let text = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            note(pod, spec, false, "Pulled", text, plan);
            one.stage = Stage::Pulling { until: now };
            return;
        }
        let failed_before =
            matches!(&one.stage, Stage::Waiting { reason, .. } if *reason == "ErrImagePull");
        if policy == "Never" {
            let message =
                format!("Container image \"{image}\" is not present with pull policy of Never");
            note(pod, spec, true, "ErrImageNeverPull", message.clone(), plan);
            note(pod, spec, true, "Failed", "Error: ErrImageNeverPull".to_owned(), plan);
            one.stage = Stage::Waiting {
                reason: "ErrImageNeverPull",
                message,
                until: later(now, Duration::from_secs(15)),
            };
            return;
        }
        let cause = not_pulled(spec);
        if failed_before {
            note(pod, spec, false, "BackOff", format!("Back-off pulling image \"{image}\""), plan);
            note(pod, spec, true, "Failed", "Error: ImagePullBackOff".to_owned(), plan);
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {cause}");
            one.stage = Stage::Waiting {
                reason: "ImagePullBackOff",
                message,
                until: later(now, one.back_off()),
            };
            return;
        }
        note(pod, spec, false, "Pulling", format!("Pulling image \"{image}\""), plan);
        if let Some(behaviour) = image_of(spec).filter(|_| !self.faults.lost(image)) {
            let millis = if here { 300 } else { behaviour.pull_millis };
            let lasts = self.faults.on_disk(node, Duration::from_millis(millis.max(1)));
            one.stage = Stage::Pulling { until: later(now, lasts) };
        } else {
            note(
                pod,
                spec,
                true,
                "Failed",
                format!("Failed to pull image \"{image}\": {cause}"),
                plan,
            );
            note(pod, spec, true, "Failed", "Error: ErrImagePull".to_owned(), plan);
            one.crashes += 1;
            one.stage = Stage::Waiting {
                reason: "ErrImagePull",
                message: cause,
                until: later(now, Duration::from_secs(12)),
            };
        }
    }

    /// Creates and starts a container whose image is there.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    pub(super) fn launch(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let Some(image) = image_of(spec) else { return };
        let name = fields::text(spec, "/name").to_owned();
        let environment = super::container::environment(store, pod, spec);
        let mounts = mounts_at_start(pod, spec, machine);
        let volumes = lend(&self.disks, machine);
        let Some(one) = machine.containers.get_mut(&name) else { return };
        let environment = environment.and_then(|environment| {
            let refused = refusals::root(pod, spec);
            let refused = refused.or_else(|| refusals::sub_path(spec, &environment));
            refused.map_or(Ok(environment), Err)
        });
        let environment = match environment {
            Ok(environment) => environment,
            Err(text) => {
                note(pod, spec, true, "Failed", format!("Error: {text}"), plan);
                one.stage = Stage::Waiting {
                    reason: "CreateContainerConfigError",
                    message: text,
                    until: later(now, Duration::from_secs(12)),
                };
                return;
            }
        };
        one.facts = Facts {
            hostname: fields::name(pod).to_owned(),
            user: if image.user.is_empty() { "root".to_owned() } else { image.user.clone() },
            commands: image.commands.clone(),
            busybox: image.busybox,
            environment,
            processes: Vec::new(),
            ids: status::ids(pod, spec),
        };
        one.words = LastWords::of(spec);
        one.actual = resize::resources_of(spec);
        one.folder = match fields::text(spec, "/workingDir") {
            "" if image.folder.is_empty() => "/".to_owned(),
            "" => image.folder.clone(),
            folder => folder.to_owned(),
        };
        let mut root = super::container::root(pod, spec, image);
        root.insert(one.words.path().to_owned(), Entry::File(Arc::default()));
        one.files = Files {
            root: root.clone(),
            mounts,
            volumes,
            read_only_root: fields::flag(spec, "/securityContext/readOnlyRootFilesystem"),
        };
        note(pod, spec, false, "Created", "Container created".to_owned(), plan);
        let started = match prepare(&mut one.files, &root, pod, &name) {
            Ok(()) => one.start(spec, now),
            Err(text) => {
                one.fail_to_start(&text, now);
                Err(text)
            }
        };
        let written = std::mem::take(&mut one.files.volumes);
        match started {
            Ok(()) => {
                note(pod, spec, false, "Started", "Container started".to_owned(), plan);
                let hook = machine.hook(spec, When::PostStart, now);
                if let Some(one) = machine.containers.get_mut(&name) {
                    one.hook = hook;
                    if one.hook.is_none() {
                        one.unprobed(spec);
                    }
                }
            }
            Err(text) => note(pod, spec, true, "Failed", format!("Error: {text}"), plan),
        }
        self.take_back(machine, written);
    }
}

/// What becomes of a container whose image has no name.
fn no_name(pod: &Value, spec: &Value, why: String, now: Timestamp, plan: &mut Plan) -> Stage {
    note(pod, spec, true, "InspectFailed", why.clone(), plan);
    note(pod, spec, true, "Failed", "Error: InvalidImageName".to_owned(), plan);
    let until = later(now, Duration::from_secs(12));
    Stage::Waiting { reason: "InvalidImageName", message: why, until }
}

/// Why containerd cannot pull an image: Docker Hub does not say whether a repository that it does not show exists.
fn not_pulled(spec: &Value) -> String {
    let name = canonical(spec);
    let known = crate::images::has_repository(fields::text(spec, "/image"));
    let (code, why) = if known || !name.starts_with("docker.io/") {
        ("NotFound", format!("{name}: not found"))
    } else {
        let why = "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed";
        ("Unknown", why.to_owned())
    };
    format!(
        "rpc error: code = {code} desc = failed to pull and unpack image \"{name}\": failed to resolve image: {why}"
    )
}

pub(super) fn pulled(pod: &Value, spec: &Value, plan: &mut Plan) {
    let known = plan.events.iter().any(|event| {
        event.reason == "Pulled"
            && fields::text(&event.regarding, "/fieldPath")
                .contains(&format!("{{{}}}", fields::text(spec, "/name")))
    });
    if known {
        return;
    }
    let image = fields::text(spec, "/image");
    let (millis, size) = image_of(spec).map_or((0, 0), |image| (image.pull_millis, image.size));
    let seconds = if millis >= 1000 {
        format!("{}.{:03}s", millis / 1000, millis % 1000)
    } else {
        format!("{millis}ms")
    };
    let text = format!(
        "Successfully pulled image \"{image}\" in {seconds} ({seconds} including waiting). Image size: {size} bytes."
    );
    note(pod, spec, false, "Pulled", text, plan);
}
