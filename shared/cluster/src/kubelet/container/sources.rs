//! Where a container's environment and files come from.

use crate::fields;
use crate::images::Image;
use crate::shell::Entry;
use crate::store::Store;
use apimachinery::quantity::Quantity;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Resolves `$(NAME)`; `$$` is a dollar, and a name that nobody knows stays (`third_party/forked/golang/expansion`).
pub(crate) fn substitute(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, tail)) =
            after.strip_prefix('(').and_then(|after| after.split_once(')'))
        {
            match environment.get(name) {
                Some(value) => out.push_str(value),
                None => out.extend(["$(", name, ")"]),
            }
            rest = tail;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// The environment of a container; an error says which object is missing.
pub(crate) fn environment(
    store: &Store,
    pod: &Value,
    spec: &Value,
) -> Result<BTreeMap<String, String>, String> {
    let namespace = fields::namespace(pod);
    let mut found = BTreeMap::from([
        ("HOME".to_owned(), "/root".to_owned()),
        ("HOSTNAME".to_owned(), fields::name(pod).to_owned()),
        (
            "PATH".to_owned(),
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned(),
        ),
    ]);
    services(store, pod, &mut found);
    for source in fields::items(spec, "/envFrom") {
        let prefix = fields::text(source, "/prefix");
        for (kind, resource, field) in
            [("configMapRef", "configmaps", "data"), ("secretRef", "secrets", "data")]
        {
            let Some(reference) = source.get(kind) else { continue };
            let name = fields::text(reference, "/name");
            match store.get(resource, namespace, name) {
                Some(object) => {
                    let values = contents(&object, field, resource == "secrets");
                    found.extend(values.into_iter().map(|(key, value)| {
                        (format!("{prefix}{key}"), String::from_utf8_lossy(&value).into_owned())
                    }));
                }
                None if fields::flag(reference, "/optional") => {}
                None => return Err(missing(resource, name)),
            }
        }
    }
    for one in fields::items(spec, "/env") {
        let name = fields::text(one, "/name").to_owned();
        if let Some(value) = one.get("value").and_then(Value::as_str) {
            let value = substitute(value, &found);
            found.insert(name, value);
        } else if let Some(value) = env_source(store, pod, spec, one)? {
            found.insert(name, value);
        }
    }
    Ok(found)
}

pub(crate) fn missing(resource: &str, name: &str) -> String {
    format!("{} \"{name}\" not found", resource.trim_end_matches('s'))
}

pub(super) fn env_source(
    store: &Store,
    pod: &Value,
    spec: &Value,
    one: &Value,
) -> Result<Option<String>, String> {
    let namespace = fields::namespace(pod);
    for (kind, resource) in [("configMapKeyRef", "configmaps"), ("secretKeyRef", "secrets")] {
        let Some(reference) = one.pointer(&format!("/valueFrom/{kind}")) else { continue };
        let (name, key) = (fields::text(reference, "/name"), fields::text(reference, "/key"));
        let optional = fields::flag(reference, "/optional");
        let Some(object) = store.get(resource, namespace, name) else {
            return if optional { Ok(None) } else { Err(missing(resource, name)) };
        };
        let value = contents(&object, "data", resource == "secrets").remove(key);
        return match value {
            Some(value) => Ok(Some(String::from_utf8_lossy(&value).into_owned())),
            None if optional => Ok(None),
            None => {
                let kind = if resource == "secrets" { "Secret" } else { "ConfigMap" };
                Err(format!("couldn't find key {key} in {kind} {namespace}/{name}"))
            }
        };
    }
    if let Some(path) = one.pointer("/valueFrom/fieldRef/fieldPath").and_then(Value::as_str) {
        return Ok(Some(field_of(pod, path)));
    }
    Ok(one.get("valueFrom").and_then(|from| resource_of(store, pod, spec, from)))
}

/// A request or limit of a container as a number of its divisor, rounded up; a limit that is not set is what the
/// node has (`pkg/api/v1/resource/helpers.go ExtractContainerResourceValue`).
pub(crate) fn resource_of(
    store: &Store,
    pod: &Value,
    spec: &Value,
    from: &Value,
) -> Option<String> {
    let reference = from.get("resourceFieldRef")?;
    let (kind, name) = fields::text(reference, "/resource").split_once('.')?;
    let own = fields::text(spec, &format!("/resources/{kind}/{name}"));
    let node = store.get("nodes", "", fields::text(pod, "/spec/nodeName"));
    let text = match (own, kind, node.as_ref()) {
        ("", "limits", Some(node)) => fields::text(node, &format!("/status/allocatable/{name}")),
        ("", ..) => "0",
        (own, ..) => own,
    };
    let milli = |text: &str| Quantity::parse(text).map(|found| found.milli_value()).ok();
    let divisor = milli(fields::text(reference, "/divisor")).filter(|one| *one > 0).unwrap_or(1000);
    let value = milli(text)?;
    Some(((value + divisor - 1) / divisor).to_string())
}

/// The downward API (`pkg/fieldpath`).
pub(crate) fn field_of(pod: &Value, path: &str) -> String {
    if let Some((map, key)) = path.split_once("['") {
        let pointer = format!("/{}", map.replace('.', "/"));
        let key = key.trim_end_matches("']");
        return pod
            .pointer(&pointer)
            .and_then(|map| map.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    match pod.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(map)) => {
            let lines: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}={value}")).collect();
            lines.join("\n")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Variables of the Services that the pod finds at its start (`pkg/kubelet/envvars`).
pub(super) fn services(store: &Store, pod: &Value, found: &mut BTreeMap<String, String>) {
    let own = fields::namespace(pod);
    let links = pod.pointer("/spec/enableServiceLinks").and_then(Value::as_bool).unwrap_or(true);
    let kubernetes = store.get("services", "default", "kubernetes");
    let others = if links { store.list("services", Some(own)) } else { Vec::new() };
    for service in kubernetes.into_iter().chain(others) {
        let address = fields::text(&service, "/spec/clusterIP");
        let Some(port) = fields::number(&service, "/spec/ports/0/port")
            .filter(|_| !matches!(address, "" | "None"))
        else {
            continue;
        };
        let prefix = fields::name(&service).to_uppercase().replace('-', "_");
        let url = format!("tcp://{address}:{port}");
        for (key, value) in [
            ("SERVICE_HOST".to_owned(), address.to_owned()),
            ("SERVICE_PORT".to_owned(), port.to_string()),
            ("PORT".to_owned(), url.clone()),
            (format!("PORT_{port}_TCP"), url.clone()),
            (format!("PORT_{port}_TCP_ADDR"), address.to_owned()),
            (format!("PORT_{port}_TCP_PORT"), port.to_string()),
            (format!("PORT_{port}_TCP_PROTO"), "tcp".to_owned()),
        ] {
            found.insert(format!("{prefix}_{key}"), value);
        }
    }
}

/// The entries of a ConfigMap or Secret as bytes.
pub(crate) fn contents(object: &Value, field: &str, encoded: bool) -> BTreeMap<String, Vec<u8>> {
    use base64::Engine as _;
    let decode =
        |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    let mut found: BTreeMap<String, Vec<u8>> = fields::texts(object, &format!("/{field}"))
        .into_iter()
        .map(|(key, value)| (key, if encoded { decode(&value) } else { value.into_bytes() }))
        .collect();
    found.extend(
        fields::texts(object, "/binaryData").into_iter().map(|(key, value)| (key, decode(&value))),
    );
    found
}

/// The files that a fresh container finds.
pub(crate) fn root(pod: &Value, spec: &Value, image: &Image) -> BTreeMap<String, Entry> {
    let mut tree: BTreeMap<String, Entry> =
        ["/tmp", "/root", "/home", "/var/log", "/dev", "/proc", "/usr/bin", "/mnt", "/opt", "/srv"]
            .into_iter()
            .map(|path| (path.to_owned(), Entry::Folder))
            .collect();
    let text = |text: String| Entry::File(text.into_bytes().into());
    for command in &image.commands {
        tree.insert(format!("/bin/{command}"), Entry::Program);
    }
    for (path, content) in &image.files {
        let entry = if path.ends_with('/') { Entry::Folder } else { text(content.clone()) };
        tree.insert(path.trim_end_matches('/').to_owned(), entry);
    }
    let namespace = fields::namespace(pod);
    tree.insert("/etc/hostname".to_owned(), text(format!("{}\n", fields::name(pod))));
    tree.insert(
        "/etc/hosts".to_owned(),
        text(format!(
            "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{}\t{}\n",
            fields::text(pod, "/status/podIP"),
            fields::name(pod)
        )),
    );
    tree.insert(
        "/etc/resolv.conf".to_owned(),
        text(format!("search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n")),
    );
    tree.insert("/dev/null".to_owned(), Entry::File(Arc::default()));
    let folder = fields::text(spec, "/workingDir");
    if !folder.is_empty() {
        tree.insert(folder.to_owned(), Entry::Folder);
    }
    tree
}
