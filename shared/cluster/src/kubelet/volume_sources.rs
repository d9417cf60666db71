//! What each kind of volume is made of (`pkg/volume/{configmap,secret,downwardapi,projected,hostpath}`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::container::{contents, field_of, missing, resource_of};
use crate::apiserver::token;
use crate::fields;
use crate::rng;
use crate::shell::{Entry, Modes};
use crate::store::Store;

/// Files that the kubelet writes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) tree: BTreeMap<String, Entry>,
}

/// What is behind a volume.
pub(crate) enum Source {
    /// Files that come from the API.
    Written(Files),
    /// Empty at first, and gone with the pod.
    Own,
    /// A disk that outlives the pod.
    Disk(String),
}

/// Why a volume cannot be mounted.
pub(crate) enum Trouble {
    /// Its files cannot be written.
    SetUp(String),
    /// It is not known what it is.
    Process(String),
}

impl From<String> for Trouble {
    fn from(text: String) -> Self {
        Self::SetUp(text)
    }
}

/// Finds out what is behind a volume.
pub(crate) fn source(
    store: &Store,
    pod: &Value,
    volume: &Value,
    (key, now): (&token::Key, Timestamp),
) -> Result<Source, Trouble> {
    let node = fields::text(pod, "/spec/nodeName");
    if let Some(path) = volume.pointer("/hostPath/path").and_then(Value::as_str) {
        return Ok(Source::Disk(format!("node:{node}:{path}")));
    }
    if let Some(claim) = volume.pointer("/persistentVolumeClaim/claimName").and_then(Value::as_str)
    {
        return disk_of_claim(store, pod, claim, node);
    }
    if volume.get("ephemeral").is_some() {
        let claim = format!("{}-{}", fields::name(pod), fields::text(volume, "/name"));
        return disk_of_claim(store, pod, &claim, node);
    }
    let mut files = Files::default();
    if let Some(projected) = volume.get("projected") {
        for one in fields::items(projected, "/sources") {
            if let Some(token) = one.get("serviceAccountToken") {
                let text = token_of(store, pod, token, (key, now));
                files.insert(fields::text(token, "/path"), text.into_bytes());
            }
            from_api(store, pod, one, &mut files)?;
        }
        return Ok(Source::Written(files));
    }
    if ["configMap", "secret", "downwardAPI"].iter().any(|kind| volume.get(kind).is_some()) {
        from_api(store, pod, volume, &mut files)?;
        return Ok(Source::Written(files));
    }
    Ok(Source::Own)
}

/// The disk behind a claim (`desired_state_of_world_populator.go getPVCExtractPV`).
fn disk_of_claim(store: &Store, pod: &Value, claim: &str, node: &str) -> Result<Source, Trouble> {
    let namespace = fields::namespace(pod);
    let wrong =
        |why: &str| Trouble::Process(format!("error processing PVC {namespace}/{claim}: {why}"));
    let Some(found) = store.get("persistentvolumeclaims", namespace, claim) else {
        let why = format!(
            "failed to fetch PVC from API server: persistentvolumeclaims \"{claim}\" not found"
        );
        return Err(wrong(&why));
    };
    let volume = fields::text(&found, "/spec/volumeName");
    if fields::text(&found, "/status/phase") != "Bound" || volume.is_empty() {
        return Err(wrong("PVC is not bound"));
    }
    let Some(volume) = store.get("persistentvolumes", "", volume) else {
        return Err(wrong(&format!(
            "failed to fetch PV {volume} from API server: persistentvolumes \"{volume}\" not found"
        )));
    };
    // A directory of a node is the same for all volumes that name it.
    Ok(Source::Disk(match volume.pointer("/spec/hostPath/path").and_then(Value::as_str) {
        Some(path) if fields::annotation(&volume, "pv.kubernetes.io/provisioned-by").is_empty() => {
            format!("node:{node}:{path}")
        }
        _ => format!("volume:{}", fields::name(&volume)),
    }))
}

impl Files {
    fn insert(&mut self, path: &str, data: Vec<u8>) {
        self.tree.insert(format!("/{path}"), Entry::File(data.into()));
    }
}

/// A token for the pod's service account, as `pkg/kubelet/token` asks for it.
fn token_of(
    store: &Store,
    pod: &Value,
    spec: &Value,
    (key, now): (&token::Key, Timestamp),
) -> String {
    let namespace = fields::namespace(pod);
    let account = fields::text(pod, "/spec/serviceAccountName");
    let uid = store
        .get("serviceaccounts", namespace, account)
        .map_or_else(String::new, |account| fields::uid(&account).to_owned());
    let audience = match fields::text(spec, "/audience") {
        "" => token::ISSUER,
        audience => audience,
    };
    // The API server makes tokens of an hour last a year and only warns (`--service-account-extend-token-expiration`).
    let seconds = match fields::number(spec, "/expirationSeconds") {
        Some(3607) => 31_536_000,
        Some(seconds) => seconds,
        None => 3600,
    };
    let issued = now.as_second();
    let id = rng::hash(&format!("{}{issued}", fields::uid(pod)));
    let claims = json!({
        "iss": token::ISSUER, "aud": [audience], "iat": issued, "nbf": issued, "exp": issued + seconds,
        "jti": format!("{id:016x}"),
        "kubernetes.io": {
            "namespace": namespace,
            "node": { "name": fields::text(pod, "/spec/nodeName") },
            "pod": { "name": fields::name(pod), "uid": fields::uid(pod) },
            "serviceaccount": { "name": account, "uid": uid },
        },
        "sub": format!("system:serviceaccount:{namespace}:{account}"),
    });
    key.sign(&claims)
}

fn from_api(store: &Store, pod: &Value, volume: &Value, files: &mut Files) -> Result<(), String> {
    for (kind, resource, name, lacks) in [
        ("configMap", "configmaps", "name", "configmap references non-existent config key"),
        ("secret", "secrets", "secretName", "references non-existent secret key"),
        ("secret", "secrets", "name", "references non-existent secret key"),
    ] {
        let Some(spec) = volume.get(kind) else { continue };
        let name = fields::text(spec, &format!("/{name}"));
        if name.is_empty() {
            continue;
        }
        let optional = fields::flag(spec, "/optional");
        let Some(object) = store.get(resource, fields::namespace(pod), name) else {
            if optional {
                continue;
            }
            return Err(missing(resource, name));
        };
        let all = contents(&object, "data", resource == "secrets");
        let items = fields::items(spec, "/items");
        if items.is_empty() {
            for (key, data) in all {
                files.insert(&key, data);
            }
            continue;
        }
        for item in items {
            let key = fields::text(item, "/key");
            match all.get(key) {
                Some(data) => files.insert(fields::text(item, "/path"), data.clone()),
                None if optional => {}
                None => return Err(format!("{lacks}: {key}")),
            }
        }
    }
    for item in fields::items(volume, "/downwardAPI/items") {
        let text = if let Some(path) = item.pointer("/fieldRef/fieldPath").and_then(Value::as_str) {
            field_of(pod, path)
        } else {
            let wanted = fields::text(item, "/resourceFieldRef/containerName");
            fields::items(pod, "/spec/containers")
                .iter()
                .find(|spec| fields::text(spec, "/name") == wanted)
                .and_then(|spec| resource_of(store, pod, spec, item))
                .unwrap_or_default()
        };
        files.insert(fields::text(item, "/path"), text.into_bytes());
    }
    Ok(())
}

/// The permissions of a volume's files.
pub(crate) fn modes(volume: &Value) -> Modes {
    let mut modes = Modes::default();
    let bits = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
    for kind in ["configMap", "secret", "downwardAPI", "projected"] {
        let Some(spec) = volume.get(kind) else { continue };
        modes.default = bits(fields::number(spec, "/defaultMode")).or(Some(0o644));
        let inner = fields::items(spec, "/sources")
            .iter()
            .flat_map(|one| ["configMap", "secret", "downwardAPI"].map(|kind| one.get(kind)))
            .flatten();
        for one in std::iter::once(spec).chain(inner) {
            for item in fields::items(one, "/items") {
                if let Some(mode) = bits(fields::number(item, "/mode")) {
                    modes.files.insert(format!("/{}", fields::text(item, "/path")), mode);
                }
            }
        }
    }
    modes
}
