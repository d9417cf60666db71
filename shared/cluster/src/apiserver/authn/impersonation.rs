//! Being somebody else (`apiserver/pkg/endpoints/filters/impersonation`): first what is allowed for the request
//! that is made (constrained impersonation), then for any. Which of the ways a user last came in by is tried
//! first the next time.

use std::collections::BTreeMap;

use apimachinery::field_error::FieldError;
use apimachinery::identity::Identity;
use apimachinery::names;
use apimachinery::request::{RequestInfo, percent_decode};
use http::HeaderMap;

use super::{ANONYMOUS, service_account};
use crate::apiserver::Apiserver;
use crate::apiserver::answer::{Refusal, bad_request};
use crate::apiserver::authz::{Attributes, authorize};
use crate::store::Store;

const AUTHENTICATION: &str = "authentication.k8s.io";
/// From so many on, one question about all of them is asked first.
const MANY: usize = 4;

/// The ways, in the order in which they are tried.
const MODES: [Mode; 5] = [
    Mode { name: "associated-node", applies: is_own_node },
    Mode { name: "arbitrary-node", applies: is_node },
    Mode { name: "serviceaccount", applies: is_account },
    Mode { name: "user-info", applies: is_other },
    Mode { name: "", applies: always },
];

/// One way; the last one has no name and no constraint.
struct Mode {
    name: &'static str,
    applies: fn(&Wanted, &Identity) -> bool,
}

/// Who the caller wants to be.
#[derive(Debug, Default)]
struct Wanted {
    name: String,
    uid: String,
    groups: Vec<String>,
    extra: BTreeMap<String, Vec<String>>,
}

impl Wanted {
    fn of(headers: &HeaderMap) -> Self {
        let all = |name: &str| -> Vec<String> {
            let found = headers.get_all(name).iter();
            found.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
        };
        let first = |name: &str| all(name).into_iter().next().unwrap_or_default();
        let keys = headers.keys().filter_map(|name| {
            let key = name.as_str().strip_prefix("impersonate-extra-")?;
            Some((percent_decode(key, false), all(name.as_str())))
        });
        Self {
            name: first("impersonate-user"),
            uid: first("impersonate-uid"),
            groups: all("impersonate-group"),
            extra: keys.collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_empty() && self.only_name()
    }

    fn only_name(&self) -> bool {
        self.uid.is_empty() && self.groups.is_empty() && self.extra.is_empty()
    }

    fn node(&self) -> Option<&str> {
        node_of(&self.name)
    }

    fn account(&self) -> Option<(&str, &str)> {
        account_of(&self.name)
    }

    /// `%#v` of Go.
    fn shown(&self) -> String {
        let list = |all: &[String]| {
            let all: Vec<String> = all.iter().map(|one| format!("{one:?}")).collect();
            format!("[]string{{{}}}", all.join(", "))
        };
        let groups =
            if self.groups.is_empty() { "[]string(nil)".to_owned() } else { list(&self.groups) };
        let entry = |(key, values): (&String, &Vec<String>)| format!("{key:?}:{}", list(values));
        let entries: Vec<String> = self.extra.iter().map(entry).collect();
        let extra = if entries.is_empty() {
            "map[string][]string(nil)".to_owned()
        } else {
            format!("map[string][]string{{{}}}", entries.join(", "))
        };
        format!(
            "&user.DefaultInfo{{Name:{:?}, UID:{:?}, Groups:{groups}, Extra:{extra}}}",
            self.name, self.uid
        )
    }

    /// Whom the caller becomes.
    fn identity(&self, mode: &Mode) -> Identity {
        let mut groups = self.groups.clone();
        if self.node().is_some() && !mode.name.is_empty() {
            groups = vec!["system:nodes".to_owned()];
        } else if let Some((namespace, name)) = self.account()
            && groups.is_empty()
        {
            groups = service_account(namespace, name, "").groups;
            groups.retain(|group| group != "system:authenticated");
        }
        let has = |group: &str| groups.iter().any(|one| one == group);
        let more = if self.name == ANONYMOUS {
            Some("system:unauthenticated")
        } else if has("system:unauthenticated") {
            None
        } else {
            Some("system:authenticated")
        };
        if let Some(more) = more.filter(|more| !has(more)) {
            groups.push(more.to_owned());
        }
        Identity {
            username: self.name.clone(),
            uid: self.uid.clone(),
            groups,
            extra: self.extra.clone(),
        }
    }
}

fn node_of(name: &str) -> Option<&str> {
    let node = name.strip_prefix("system:node:")?;
    names::dns1123_subdomain(node).is_empty().then_some(node)
}

fn account_of(name: &str) -> Option<(&str, &str)> {
    let (namespace, name) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let valid =
        names::dns1123_label(namespace).is_empty() && names::dns1123_subdomain(name).is_empty();
    valid.then_some((namespace, name))
}

fn is_own_node(wanted: &Wanted, caller: &Identity) -> bool {
    let own = caller.extra.get("authentication.kubernetes.io/node-name").map(Vec::as_slice);
    wanted.only_name()
        && account_of(&caller.username).is_some()
        && matches!((wanted.node(), own), (Some(node), Some([own])) if node == own)
}

fn is_node(wanted: &Wanted, _caller: &Identity) -> bool {
    wanted.only_name() && wanted.node().is_some()
}

fn is_account(wanted: &Wanted, _caller: &Identity) -> bool {
    wanted.only_name() && wanted.account().is_some()
}

fn is_other(wanted: &Wanted, _caller: &Identity) -> bool {
    wanted.node().is_none() && wanted.account().is_none()
}

fn always(_wanted: &Wanted, _caller: &Identity) -> bool {
    true
}

/// One caller, one way.
struct Attempt<'a> {
    store: &'a Store,
    caller: &'a Identity,
    mode: &'a Mode,
}

impl Attempt<'_> {
    fn constrained(&self) -> bool {
        !self.mode.name.is_empty()
    }

    /// A question about being somebody.
    fn about(&self, group: &str, resource: &str) -> Attributes {
        let verb = match self.mode.name {
            "" => "impersonate".to_owned(),
            name => format!("impersonate:{name}"),
        };
        Attributes {
            verb,
            group: group.to_owned(),
            resource: resource.to_owned(),
            ..Attributes::default()
        }
    }

    fn ask(&self, attributes: &Attributes) -> Result<(), Refusal> {
        let decision = authorize(self.store, self.caller, attributes);
        if decision.allowed {
            return Ok(());
        }
        Err(attributes.refusal(self.caller, &decision.reason))
    }

    fn refuse(&self, attributes: &Attributes, why: &str) -> Result<(), Refusal> {
        Err(attributes.refusal(self.caller, why))
    }

    fn check(&self, wanted: &Wanted, request: &Attributes) -> Result<(), Refusal> {
        if self.constrained() {
            let verb = format!("impersonate-on:{}:{}", self.mode.name, request.verb);
            self.ask(&Attributes { verb, ..request.clone() })?;
        }
        self.check_name(wanted)?;
        if !wanted.uid.is_empty() {
            let about = self.about(AUTHENTICATION, "uids");
            self.ask(&Attributes { name: wanted.uid.clone(), ..about })?;
        }
        self.check_groups(&wanted.groups)?;
        self.check_extra(&wanted.extra)
    }

    fn users_group(&self) -> &'static str {
        if self.constrained() { AUTHENTICATION } else { "" }
    }

    fn check_name(&self, wanted: &Wanted) -> Result<(), Refusal> {
        let mut about = self.about(self.users_group(), "users");
        about.name.clone_from(&wanted.name);
        if let Some(node) = wanted.node().filter(|_| self.constrained()) {
            "nodes".clone_into(&mut about.resource);
            // The answer must hold for all nodes.
            let own = self.mode.name == "associated-node";
            about.name = if own { "*".to_owned() } else { node.to_owned() };
        }
        if let Some((namespace, name)) = wanted.account() {
            "serviceaccounts".clone_into(&mut about.resource);
            namespace.clone_into(&mut about.namespace);
            name.clone_into(&mut about.name);
        }
        self.ask(&about)
    }

    fn check_groups(&self, groups: &[String]) -> Result<(), Refusal> {
        let mut about = self.about(self.users_group(), "groups");
        if self.constrained() {
            if groups.iter().any(String::is_empty) {
                return self.refuse(&about, "impersonating the empty string group is not allowed");
            }
            let masters = "system:masters";
            if groups.iter().any(|group| group == masters) {
                masters.clone_into(&mut about.name);
                let why = "impersonating the system:masters group is not allowed";
                return self.refuse(&about, why);
            }
            if groups.len() >= MANY {
                "*".clone_into(&mut about.name);
                if self.ask(&about).is_ok() {
                    return Ok(());
                }
            }
        }
        for group in groups {
            group.clone_into(&mut about.name);
            self.ask(&about)?;
        }
        Ok(())
    }

    fn check_extra(&self, extra: &BTreeMap<String, Vec<String>>) -> Result<(), Refusal> {
        let mut about = self.about(AUTHENTICATION, "userextras");
        if self.constrained() {
            if let Err(why) = extra.iter().try_for_each(check_entry) {
                return self.refuse(&about, &why);
            }
            let values: usize = extra.values().map(Vec::len).sum();
            if extra.len() >= MANY || values >= MANY {
                let all = "*".to_owned();
                let any = Attributes { subresource: all.clone(), name: all, ..about.clone() };
                if self.ask(&any).is_ok() {
                    return Ok(());
                }
            }
        }
        for (key, values) in extra {
            key.clone_into(&mut about.subresource);
            for value in values {
                value.clone_into(&mut about.name);
                self.ask(&about)?;
            }
        }
        Ok(())
    }
}

/// `mode.go validateExtra`.
fn check_entry((key, values): (&String, &Vec<String>)) -> Result<(), String> {
    let not_allowed = |what: &str| Err(format!("impersonating {what} in extra is not allowed"));
    if key.is_empty() {
        return not_allowed("the empty string key");
    }
    if let Some(error) = domain_prefixed_path(key) {
        return Err(format!("impersonating an invalid key in extra is not allowed: {error}"));
    }
    if key.to_lowercase() != *key {
        return Err(format!("impersonating a non-lowercase key in extra is not allowed: {key:?}"));
    }
    if values.is_empty() {
        return not_allowed("empty values");
    }
    if values.iter().any(String::is_empty) {
        return not_allowed("the empty string value");
    }
    Ok(())
}

/// `k8s.io/apimachinery/pkg/util/validation/validation.go IsDomainPrefixedPath`.
fn domain_prefixed_path(key: &str) -> Option<FieldError> {
    let (host, path) = key.split_once('/').unwrap_or(("", ""));
    if host.is_empty() || path.is_empty() {
        let why = "must be a domain-prefixed path (such as \"acme.io/foo\")";
        return Some(FieldError::invalid("extra.key", key, why));
    }
    let wrong = names::dns1123_subdomain(host).into_iter().next()?;
    Some(FieldError::invalid("extra.key", host, &wrong))
}

impl Apiserver {
    /// The user whom the caller wants to be, when he wants and may, and the constraint under which he may.
    pub(crate) fn impersonate(
        &mut self,
        caller: &Identity,
        request: &http::Request<Vec<u8>>,
    ) -> Result<Option<(Identity, String)>, Refusal> {
        let wanted = Wanted::of(request.headers());
        if wanted.is_empty() {
            return Ok(None);
        }
        if wanted.name.is_empty() {
            let shown = wanted.shown();
            return Err(bad_request(format!(
                "requested {shown} without impersonating a user name"
            )));
        }
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
        let asked = Attributes::of(&RequestInfo::parse(request.method().as_str(), path, query));
        let last = self.ways.get(&caller.username).copied();
        let order = last.into_iter().chain((0..MODES.len()).filter(|way| Some(*way) != last));
        let mut first = None;
        for way in order {
            let Some(mode) = MODES.get(way).filter(|mode| (mode.applies)(&wanted, caller)) else {
                continue;
            };
            let attempt = Attempt { store: &self.store, caller, mode };
            match attempt.check(&wanted, &asked) {
                Ok(()) => {
                    self.ways.insert(caller.username.clone(), way);
                    let constraint = match mode.name {
                        "" => String::new(),
                        name => format!("impersonate:{name}"),
                    };
                    return Ok(Some((wanted.identity(mode), constraint)));
                }
                Err(refusal) => first = first.or(Some(refusal)),
            }
        }
        // The last way always applies, so there is a refusal.
        Err(first.unwrap_or_else(|| bad_request("all impersonation modes failed")))
    }
}
