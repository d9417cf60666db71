//! The claims of a StatefulSet's pods (`stateful_pod_control.go`, `stateful_set_utils.go`).

use serde_json::{Value, json};

use super::View;
use crate::controllers::pod_template::owner_reference;
use crate::event_loop::{EventNote, Plan, Write};
use crate::fields;

const CLAIMS: &str = "persistentvolumeclaims";

/// `<template>-<pod>`.
fn claim_name(template: &Value, pod: &str) -> String {
    format!("{}-{pod}", fields::name(template))
}

/// The volumes of a pod: those of its template, but claims of the set win over namesakes.
pub(super) fn volumes(set: &Value, pod: &Value, name: &str) -> Vec<Value> {
    let templates = fields::items(set, "/spec/volumeClaimTemplates");
    let mut volumes: Vec<Value> = templates
        .iter()
        .map(|template| {
            json!({
                "name": fields::name(template),
                "persistentVolumeClaim": { "claimName": claim_name(template, name) },
            })
        })
        .collect();
    let taken = |volume: &Value| {
        templates.iter().any(|template| fields::name(template) == fields::text(volume, "/name"))
    };
    let own = fields::items(pod, "/spec/volumes").iter().filter(|volume| !taken(volume));
    volumes.extend(own.cloned());
    volumes
}

impl View<'_> {
    /// What happens to claims at `when` (`whenDeleted`, `whenScaled`).
    fn deletes_claims(&self, when: &str) -> bool {
        let path = format!("/spec/persistentVolumeClaimRetentionPolicy/{when}");
        fields::text(self.set, &path) == "Delete"
    }

    /// Creates the claims of an ordinal that do not exist yet.
    pub(super) fn create_claims(&self, ordinal: i64, plan: &mut Plan) {
        let (namespace, pod) = (fields::namespace(self.set), self.name(ordinal));
        for template in fields::items(self.set, "/spec/volumeClaimTemplates") {
            let name = claim_name(template, &pod);
            if self.store.get(CLAIMS, namespace, &name).is_some() {
                continue;
            }
            let mut claim = json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": template.get("metadata"), "spec": template.get("spec"),
            });
            fields::put(&mut claim, "/metadata/name", json!(name));
            fields::put(&mut claim, "/metadata/namespace", json!(namespace));
            let labels = fields::texts(self.set, "/spec/selector/matchLabels");
            for (key, value) in labels {
                let key = key.replace('~', "~0").replace('/', "~1");
                fields::put(&mut claim, &format!("/metadata/labels/{key}"), json!(value));
            }
            let text = format!(
                "Create Claim {name} Pod {pod} in StatefulSet {} success",
                fields::name(self.set)
            );
            let note = EventNote::normal(self.about(), "SuccessfulCreate", text);
            plan.writes.push(Write::create(CLAIMS, claim).then(note));
        }
    }

    fn claims_of(&self, pod: &str) -> Vec<std::sync::Arc<Value>> {
        let namespace = fields::namespace(self.set);
        fields::items(self.set, "/spec/volumeClaimTemplates")
            .iter()
            .filter_map(|template| self.store.get(CLAIMS, namespace, &claim_name(template, pod)))
            .collect()
    }

    /// With `whenDeleted: Delete`, claims belong to the set and go with it.
    pub(super) fn claims_follow_owner(&self, plan: &mut Plan) {
        let wanted = self.deletes_claims("whenDeleted");
        let mut owner = owner_reference(self.set, "apps/v1", "StatefulSet");
        if let Some(map) = owner.as_object_mut() {
            map.remove("controller");
            map.remove("blockOwnerDeletion");
        }
        for ordinal in self.ordinals.clone() {
            for claim in self.claims_of(&self.name(ordinal)) {
                own(&claim, &owner, wanted, plan);
            }
        }
    }

    /// With `whenScaled: Delete`, the claims of a pod that is scaled away go with it.
    pub(super) fn claims_follow_pod(&self, pod: &Value, plan: &mut Plan) {
        let scaled_away =
            super::ordinal_of(self.set, pod).is_some_and(|one| !self.ordinals.contains(&one));
        if !scaled_away || !self.deletes_claims("whenScaled") {
            return;
        }
        let owner = json!({
            "apiVersion": "v1", "kind": "Pod", "name": fields::name(pod), "uid": fields::uid(pod),
        });
        for claim in self.claims_of(fields::name(pod)) {
            own(&claim, &owner, true, plan);
        }
    }
}

/// Adds an owner to a claim, or takes it away.
fn own(claim: &Value, owner: &Value, wanted: bool, plan: &mut Plan) {
    let same = |one: &Value| fields::text(one, "/uid") == fields::text(owner, "/uid");
    let mut owners = fields::items(claim, "/metadata/ownerReferences").to_vec();
    if owners.iter().any(same) == wanted {
        return;
    }
    if wanted {
        owners.push(owner.clone());
    } else {
        owners.retain(|one| !same(one));
    }
    let mut changed = claim.clone();
    fields::put(&mut changed, "/metadata/ownerReferences", json!(owners));
    plan.writes.push(Write::update(CLAIMS, changed));
}
