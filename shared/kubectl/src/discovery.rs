//! What the server serves, and the many names of each resource.

use apimachinery::order::Order as _;
use std::sync::Arc;

use serde_json::Value;

use crate::value::{Reading as _, append};

/// A resource of the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) namespaced: bool,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<String>,
    /// Whether this is the version that the server prefers for the group.
    pub(crate) preferred: bool,
}

impl Resource {
    /// `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`.
    pub(crate) fn group_resource(&self) -> String {
        with_group(&self.plural, &self.group)
    }

    /// `deployment.apps`, as printed before a name.
    pub(crate) fn printed_kind(&self) -> String {
        with_group(&self.kind.to_lowercase(), &self.group)
    }

    /// `Deployment.apps`, as `GroupKind.String()`.
    pub(crate) fn printed_kind_of_group(&self) -> String {
        with_group(&self.kind, &self.group)
    }

    pub(crate) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// `/apis/apps/v1/namespaces/default/deployments`.
    pub(crate) fn collection(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced && !namespace.is_empty() {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// The path of one object.
    pub(crate) fn item(&self, namespace: &str, name: &str) -> String {
        format!("{}/{}", self.collection(namespace), encode(name))
    }

    fn is_called(&self, name: &str) -> bool {
        self.is_named(name) || self.short_names.iter().any(|short| short == name)
    }

    fn is_named(&self, name: &str) -> bool {
        self.plural == name || self.singular == name || self.kind.to_lowercase() == name
    }
}

fn with_group(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// Everything the server serves, in its order of preference.
#[derive(Debug, Clone, Default)]
pub(crate) struct Discovery {
    pub(crate) resources: Vec<Resource>,
    /// Every `group/version`.
    pub(crate) versions: Vec<String>,
}

pub(crate) const ACCEPT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

impl Discovery {
    /// Reads the aggregated answers of `/api` and `/apis`.
    pub(crate) fn read(documents: &[Value]) -> Self {
        let mut discovery = Self::default();
        for group in documents.iter().flat_map(|document| document.list("items")) {
            let name = group.text("metadata.name");
            for (index, version) in group.list("versions").iter().enumerate() {
                discovery.add_version(name, version, index == 0);
            }
        }
        discovery
    }

    fn add_version(&mut self, group: &str, version: &Value, preferred: bool) {
        let number = version.text("version").to_owned();
        let shown = if group.is_empty() { number.clone() } else { format!("{group}/{number}") };
        self.versions.push(shown);
        let texts = |value: &Value, path: &str| -> Vec<String> {
            value.list(path).iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for entry in version.list("resources") {
            self.resources.push(Resource {
                group: group.to_owned(),
                version: number.clone(),
                kind: entry.text("responseKind.kind").to_owned(),
                plural: entry.text("resource").to_owned(),
                singular: entry.text("singularResource").to_owned(),
                short_names: texts(entry, "shortNames"),
                categories: texts(entry, "categories"),
                namespaced: entry.text("scope") == "Namespaced",
                verbs: texts(entry, "verbs"),
                subresources: entry
                    .list("subresources")
                    .iter()
                    .map(|sub| sub.text("subresource").to_owned())
                    .collect(),
                preferred,
            });
        }
    }

    /// The resource that an argument names: `po`, `Pod`, `pods.v1.`, `deployments.apps`.
    pub(crate) fn find(&self, argument: &str) -> Option<&Resource> {
        let lower = argument.to_lowercase();
        let mut parts = lower.splitn(3, '.');
        let (resource, second, third) = (parts.next()?, parts.next(), parts.next());
        if let (Some(version), Some(group)) = (second, third) {
            let found = self.resources.iter().find(|known| {
                known.version == version && known.group == group && known.is_called(resource)
            });
            if found.is_some() {
                return found;
            }
        }
        let group = lower.split_once('.').map(|(_, group)| group);
        self.in_group(resource, group, true).or_else(|| self.in_group(resource, group, false))
    }

    fn in_group(&self, name: &str, group: Option<&str>, exact: bool) -> Option<&Resource> {
        let fits = |known: &&Resource| {
            group.is_none_or(|group| {
                if exact { known.group == group } else { known.group.starts_with(group) }
            })
        };
        let candidates = || self.resources.iter().filter(fits);
        candidates().find(|known| known.is_named(name)).or_else(|| {
            candidates().find(|known| known.short_names.iter().any(|short| short == name))
        })
    }

    /// The resource of a document's apiVersion and kind.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        self.resources.iter().find(|known| known.kind == kind && known.api_version() == api_version)
    }

    /// The resources of a category (`all`).
    pub(crate) fn category(&self, name: &str) -> Vec<&Resource> {
        let mut found: Vec<&Resource> = Vec::new();
        for known in self.resources.iter().filter(|known| known.preferred) {
            if known.categories.iter().any(|category| category == name) {
                found.push(known);
            }
        }
        found
    }
}

/// Shared for the length of a command.
pub(crate) type Shared = Arc<Discovery>;

/// Percent-encoding for a path segment or a query value, as `url.QueryEscape` without plus signs.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            append(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

/// A query string, sorted as `url.Values.Encode` does; empty values are left out.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut pairs: Vec<&(&str, &str)> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).collect();
    pairs.order_by_key(|(key, _)| *key);
    let joined: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    if joined.is_empty() { String::new() } else { format!("?{}", joined.join("&")) }
}
