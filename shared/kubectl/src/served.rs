//! What a server serves, for those who want to know whether a name is one.

use std::sync::Arc;

use crate::Kubectl;
use crate::client::Client;
use crate::discovery::Discovery;
use crate::session::discover;

/// The kinds of a server and their many names.
#[derive(Debug, Clone)]
pub struct Served(Arc<Discovery>);

impl Served {
    /// Asks a server; `None` when it does not answer.
    pub async fn ask(kubectl: &Kubectl) -> Option<Self> {
        let client = Client::new(kubectl.clone(), "kubectl api-resources");
        discover(&client).await.ok().map(|found| Self(Arc::new(found)))
    }

    /// Whether there is this kind in this `group/version`.
    pub fn has_kind(&self, api_version: &str, kind: &str) -> bool {
        self.0.of_kind(api_version, kind).is_some()
    }

    /// Whether a word of a command line names a resource.
    pub fn has_resource(&self, word: &str) -> bool {
        self.0.find(word).is_some() || !self.0.category(word).is_empty()
    }

    /// All kinds as `group/version` and kind.
    pub fn kinds(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.resources.iter().map(|known| (known.api_version(), known.kind.as_str()))
    }

    /// All words that name a resource: plural, singular and short names.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.0.resources.iter().flat_map(|known| {
            let short = known.short_names.iter().map(String::as_str);
            [known.plural.as_str(), known.singular.as_str()].into_iter().chain(short)
        })
    }

    /// Whether objects of a kind live in namespaces; `None` when there is no such kind.
    pub fn is_namespaced(&self, api_version: &str, kind: &str) -> Option<bool> {
        self.0.of_kind(api_version, kind).map(|known| known.namespaced)
    }
}
