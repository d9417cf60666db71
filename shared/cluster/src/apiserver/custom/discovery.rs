//! Where custom resources are found: groups and resources, and their schemas in OpenAPI
//! (`apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go`, `pkg/controller/openapi/builder`).

use apimachinery::descriptions;
use apimachinery::gvk::GroupVersion;
use apimachinery::openapi::{self, CustomSchema};
use apimachinery::schema::custom::name_of;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::answer::Reply;
use super::super::call::Call;
use super::super::discovery as builtin;
use super::{Customs, Version};
use crate::fields::put;

impl Customs {
    fn own<'a>(&'a self, group: &'a str, version: &'a str) -> impl Iterator<Item = &'a Version> {
        let all = self.versions.iter().map(AsRef::as_ref);
        all.filter(move |one: &&Version| {
            one.resource.group == group && one.resource.version == version
        })
    }

    /// Answers a path of discovery that is about custom resources alone.
    pub(crate) fn discover(&self, parts: &[&str]) -> Option<Value> {
        match parts {
            ["apis", group] => {
                let groups = self.groups();
                let (name, versions) = groups.iter().find(|(name, _)| name == group)?;
                let mut entry = builtin::group_entry(name, versions);
                put(&mut entry, "/kind", json!("APIGroup"));
                put(&mut entry, "/apiVersion", json!("v1"));
                Some(entry)
            }
            ["apis", group, version] => {
                let own = self.own(group, version);
                let all: Vec<Value> =
                    own.flat_map(|one| builtin::resource_entry(&one.resource)).collect();
                if all.is_empty() {
                    return None;
                }
                Some(json!({
                    "kind": "APIResourceList", "apiVersion": "v1",
                    "groupVersion": format!("{group}/{version}"), "resources": all,
                }))
            }
            ["openapi", "v3", "apis", group, version] => self.document(group, version),
            _ => None,
        }
    }

    /// Adds what there is to the lists that are about everything.
    pub(crate) fn extend(&self, call: &Call, parts: &[&str], reply: &mut Reply) {
        let groups = self.groups();
        match (parts, reply) {
            (["apis"], Reply::Discovery(list)) if call.aggregated => {
                let all = groups.iter().map(|(group, versions)| self.aggregated(group, versions));
                builtin::extend(list, "items", all);
            }
            (["apis"], Reply::Document(_, list)) => {
                let all = groups.iter().map(|(name, all)| builtin::group_entry(name, all));
                builtin::extend(list, "groups", all);
            }
            (["openapi", "v3"], Reply::Document(_, index)) => {
                let paths = index.get_mut("paths").and_then(Value::as_object_mut);
                let Some(paths) = paths else { return };
                for (group, version) in
                    groups.iter().flat_map(|(group, all)| all.iter().map(move |one| (group, one)))
                {
                    let path = format!("apis/{group}/{version}");
                    let url = format!("/openapi/v3/{path}?hash={}", self.hash(group, version));
                    paths.insert(path, json!({ "serverRelativeURL": url }));
                }
            }
            _ => {}
        }
    }

    fn aggregated(&self, group: &str, versions: &[String]) -> Value {
        let all: Vec<Value> = versions
            .iter()
            .map(|version| {
                let own = self.own(group, version);
                let all: Vec<Value> =
                    own.map(|one| builtin::aggregated_resource(&one.resource)).collect();
                json!({"version": version, "resources": all, "freshness": "Current"})
            })
            .collect();
        json!({"metadata": {"name": group}, "versions": all})
    }

    /// Changes when a schema does.
    fn hash(&self, group: &str, version: &str) -> String {
        let mut digest = Sha256::new();
        for one in self.own(group, version) {
            digest.update(one.resource.kind.as_bytes());
            digest.update(one.spec.to_string().as_bytes());
        }
        digest.finalize().iter().take(16).map(|byte| format!("{byte:02X}")).collect()
    }

    fn document(&self, group: &str, version: &str) -> Option<Value> {
        let of = GroupVersion { group: group.to_owned(), version: version.to_owned() };
        let all: Vec<CustomSchema<'_>> = self
            .own(group, version)
            .map(|one| CustomSchema {
                resource: &one.resource,
                name: name_of(&one.resource.gvk()),
                list_kind: &one.list_kind,
                schema: &one.structural,
            })
            .collect();
        if all.is_empty() {
            return None;
        }
        let describe =
            |definition: &str, field: &str| descriptions::of(definition, field).to_owned();
        Some(openapi::custom_document(&all, &of, &describe))
    }
}
