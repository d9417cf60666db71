//! How many volumes of a driver a node takes (`plugins/nodevolumelimits/csi.go`, the plugin NodeVolumeLimits).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::plugins::{Cycle, Refusal};
use super::view::NodeView;
use crate::controllers::persistent_volume::matching::{Class, claims_of, class_of};
use crate::controllers::persistent_volume::{CLAIMS, VOLUMES};
use crate::fields;
use crate::store::Store;

/// A volume as its driver knows it: the driver's name, and what it calls the volume.
type Volume = (String, String);

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    let store = cycle.view.store;
    let mut wanted = volumes_of(store, cycle.pod);
    if wanted.is_empty() {
        return Ok(());
    }
    let limits = limits(store, node.name());
    if limits.is_empty() {
        return Ok(());
    }
    let mut attached: BTreeSet<Volume> =
        node.pods.iter().flat_map(|pod| volumes_of(store, pod)).collect();
    attached.extend(attachments(store, node.name()));
    wanted.retain(|volume| !attached.contains(volume));
    let count = |volumes: &BTreeSet<Volume>, driver: &str| {
        i64::try_from(volumes.iter().filter(|(of, _)| of == driver).count()).unwrap_or(i64::MAX)
    };
    let exceeds = |(driver, most): (&String, &i64)| {
        let new = count(&wanted, driver);
        new > 0 && count(&attached, driver) + new > *most
    };
    if limits.iter().any(exceeds) {
        return Err(Refusal::for_now("node(s) exceed max volume count"));
    }
    Ok(())
}

/// What the drivers of a node say that they take (`getVolumeLimits`).
fn limits(store: &Store, node: &str) -> BTreeMap<String, i64> {
    let known = store.get("csinodes.storage.k8s.io", "", node);
    let drivers = known.as_deref().map(|known| fields::items(known, "/spec/drivers"));
    let limit = |driver: &Value| {
        let most = fields::number(driver, "/allocatable/count")?;
        Some((fields::text(driver, "/name").to_owned(), most))
    };
    drivers.unwrap_or_default().iter().filter_map(limit).collect()
}

/// The volumes that a pod has attached, or will have (`filterAttachableVolumes`).
fn volumes_of(store: &Store, pod: &Value) -> BTreeSet<Volume> {
    let volume = |name: String| {
        let claim = store.get(CLAIMS, fields::namespace(pod), &name)?;
        match store.get(VOLUMES, "", fields::text(&claim, "/spec/volumeName")) {
            Some(volume) => handle(&volume),
            None => to_come(store, &claim),
        }
    };
    claims_of(pod).into_iter().filter_map(volume).collect()
}

fn handle(volume: &Value) -> Option<Volume> {
    let driver = volume.pointer("/spec/csi/driver")?.as_str()?;
    Some((driver.to_owned(), fields::text(volume, "/spec/csi/volumeHandle").to_owned()))
}

/// A claim without a volume counts for the driver of its class (`getCSIDriverInfoFromSC`).
fn to_come(store: &Store, claim: &Value) -> Option<Volume> {
    let Class::Known(class) = class_of(store, claim) else { return None };
    let driver = fields::text(&class, "/provisioner").to_owned();
    Some((driver, format!("-{}/{}", fields::namespace(claim), fields::name(claim))))
}

/// What is attached already, whoever uses it (`getNodeVolumeAttachmentInfo`).
fn attachments(store: &Store, node: &str) -> BTreeSet<Volume> {
    let all = store.list("volumeattachments.storage.k8s.io", None);
    let here = all.iter().filter(|one| fields::text(one, "/spec/nodeName") == node);
    let volume = |one: &std::sync::Arc<Value>| {
        let name = fields::text(one, "/spec/source/persistentVolumeName");
        handle(store.get(VOLUMES, "", name)?.as_ref())
    };
    here.filter_map(volume).collect()
}
