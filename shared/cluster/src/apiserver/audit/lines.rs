//! The audit log as lines for a person, of what a policy would keep of it.

use super::{Event, Stage, Trail};
use crate::apiserver::call::Call;

/// What is kept: the rules of a policy at level `None` (`audit.k8s.io/v1 PolicyRule`), and what somebody looks for.
pub(crate) struct Kept {
    without_verbs: Vec<String>,
    without_groups: Vec<String>,
    without_users: Vec<String>,
    namespace: String,
    name: String,
    user: String,
}

impl Kept {
    /// `?noVerbs=get,list&noGroups=system:nodes&noUsers=lee&namespace=dev&name=web&user=kim`; what is not given keeps all.
    pub(crate) fn of(call: &Call) -> Self {
        let list = |name: &str| {
            let words = call.param(name).split(',').filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        Self {
            without_verbs: list("noVerbs"),
            without_groups: list("noGroups"),
            without_users: list("noUsers"),
            namespace: call.param("namespace").to_owned(),
            name: call.param("name").to_owned(),
            user: call.param("user").to_owned(),
        }
    }
}

impl Trail {
    /// One line for each answered request that is kept: when, who, what, and what came of it. Who acts as somebody else
    /// is told as that somebody.
    pub(crate) fn lines(&self, kept: &Kept) -> String {
        let mut lines = String::new();
        for line in self.events.iter().filter_map(|event| event.told(kept)) {
            lines.push_str(&line);
            lines.push('\n');
        }
        lines
    }
}

impl Event {
    fn told(&self, kept: &Kept) -> Option<String> {
        let asked = self.asked.as_ref();
        let info = asked.info();
        let who = asked.impersonated.as_ref().or(asked.user.as_ref())?;
        let named = asked.notes.named.as_deref();
        let or = |known: &str, named: Option<&str>| {
            if known.is_empty() { named.unwrap_or_default() } else { known }.to_owned()
        };
        let namespace = or(&info.namespace, named.map(|one| one.namespace.as_str()));
        let name = or(&info.name, named.map(|one| one.name.as_str()));
        let wanted = |wish: &str, found: &str| wish.is_empty() || wish == found;
        if self.stage != Stage::ResponseComplete
            || !info.is_resource
            || kept.without_verbs.contains(&info.verb)
            || who.groups.iter().any(|group| kept.without_groups.contains(group))
            || kept.without_users.contains(&who.username)
            || !wanted(&kept.namespace, &namespace)
            || !wanted(&kept.name, &name)
            || !wanted(&kept.user, &who.username)
        {
            return None;
        }
        let mut resource = info.resource;
        if !info.subresource.is_empty() {
            resource = format!("{resource}/{}", info.subresource);
        }
        let object: Vec<&str> =
            [namespace.as_str(), name.as_str()].into_iter().filter(|one| !one.is_empty()).collect();
        let said = asked.status.as_deref().map_or("", |status| status.message.as_str());
        let line = format!(
            "{} {} {} {resource} {} {} {said}",
            crate::fields::seconds(self.at),
            who.username,
            info.verb,
            object.join("/"),
            self.code,
        );
        Some(line.trim_end().replace('\n', " "))
    }
}
