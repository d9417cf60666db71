//! The pod of an ordinal (`stateful_set_utils.go newVersionedStatefulSetPod`).

use serde_json::{Value, json};

use super::{View, claims};
use crate::controllers::pod_template::{REVISION_LABEL, pod_of};
use crate::event_loop::{EventNote, Plan, Write};
use crate::fields;

impl View<'_> {
    /// Creates the claims of an ordinal that are missing, and its pod.
    pub(super) fn create(&self, ordinal: i64, plan: &mut Plan) {
        self.create_claims(ordinal, plan);
        let pod = self.pod(ordinal);
        let text = format!(
            "Create Pod {} in StatefulSet {} successful",
            fields::name(&pod),
            fields::name(self.set)
        );
        plan.writes.push(Write::create("pods", pod).then(EventNote::normal(
            self.about(),
            "SuccessfulCreate",
            text,
        )));
    }

    /// The name of an ordinal's pod.
    pub(super) fn name(&self, ordinal: i64) -> String {
        format!("{}-{ordinal}", fields::name(self.set))
    }

    /// Below the partition, pods that come back are still those of the current revision.
    fn template(&self, ordinal: i64) -> (Value, &str) {
        let newest = || self.set.pointer("/spec/template").cloned().unwrap_or_default();
        let rolling = fields::text(self.set, "/spec/updateStrategy/type") == "RollingUpdate";
        if rolling && ordinal < self.ordinals.start + self.partition() {
            let old = self.history.template(&self.current);
            return (old.unwrap_or_else(newest), &self.current);
        }
        (newest(), &self.update)
    }

    fn pod(&self, ordinal: i64) -> Value {
        let (template, revision) = self.template(ordinal);
        let mut pod = pod_of(&template, self.set, "apps/v1", "StatefulSet");
        let name = self.name(ordinal);
        fields::put(&mut pod, "/metadata/name", json!(name));
        let prefix = format!("{}-", fields::name(self.set));
        fields::put(&mut pod, "/metadata/generateName", json!(prefix));
        for (label, value) in [
            ("statefulset.kubernetes.io~1pod-name", name.clone()),
            ("apps.kubernetes.io~1pod-index", ordinal.to_string()),
            (REVISION_LABEL, revision.to_owned()),
        ] {
            fields::put(&mut pod, &format!("/metadata/labels/{label}"), json!(value));
        }
        fields::put(&mut pod, "/spec/hostname", json!(name));
        let service = fields::text(self.set, "/spec/serviceName");
        if !service.is_empty() {
            fields::put(&mut pod, "/spec/subdomain", json!(service));
        }
        let volumes = claims::volumes(self.set, &pod, &name);
        if !volumes.is_empty() {
            fields::put(&mut pod, "/spec/volumes", json!(volumes));
        }
        pod
    }
}
