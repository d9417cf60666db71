//! Defaults of pods and pod templates (`pkg/apis/core/v1/defaults.go`).

use apimachinery::quantity::Quantity;
use serde_json::{Map, Value, json};

/// Sets a field that is not there.
pub(super) fn fill(map: &mut Map<String, Value>, key: &str, value: impl FnOnce() -> Value) {
    let slot = map.entry(key.to_owned()).or_insert(Value::Null);
    if slot.is_null() {
        *slot = value();
    }
}

/// Sets a text that is not there or empty.
pub(super) fn fill_text(map: &mut Map<String, Value>, key: &str, value: &str) {
    let empty = map.get(key).and_then(Value::as_str).is_none_or(str::is_empty);
    if empty {
        map.insert(key.to_owned(), json!(value));
    }
}

/// Sets a number that is not there or zero.
pub(super) fn fill_number(map: &mut Map<String, Value>, key: &str, value: i64) {
    if map.get(key).and_then(Value::as_i64).unwrap_or(0) == 0 {
        map.insert(key.to_owned(), json!(value));
    }
}

/// The map at a pointer, if it is there.
pub(super) fn map_at<'a>(
    value: &'a mut Value,
    pointer: &str,
) -> Option<&'a mut Map<String, Value>> {
    value.pointer_mut(pointer)?.as_object_mut()
}

/// The maps in the list at a pointer.
pub(super) fn maps_in<'a>(
    value: &'a mut Value,
    pointer: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> + use<'a> {
    let list = value.pointer_mut(pointer).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// `SetDefaults_PodSpec` and all that is below.
pub(super) fn pod_spec(spec: &mut Value) {
    let Some(map) = spec.as_object_mut() else { return };
    fill_text(map, "dnsPolicy", "ClusterFirst");
    fill_text(map, "restartPolicy", "Always");
    fill(map, "securityContext", || json!({}));
    fill(map, "terminationGracePeriodSeconds", || json!(30));
    fill_text(map, "schedulerName", "default-scheduler");
    // The deprecated twin is kept in step by conversion.
    if let Some(account) =
        map.get("serviceAccountName").or_else(|| map.get("serviceAccount")).cloned()
        && account.as_str().is_some_and(|name| !name.is_empty())
    {
        map.insert("serviceAccountName".to_owned(), account.clone());
        map.insert("serviceAccount".to_owned(), account);
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let found = map.get_mut(list).and_then(Value::as_array_mut);
        for one in found.into_iter().flatten() {
            container(one);
        }
    }
    let volumes = map.get_mut("volumes").and_then(Value::as_array_mut);
    for one in volumes.into_iter().flatten() {
        volume(one);
    }
}

/// `SetDefaults_Pod`: what templates do not get.
pub(super) fn pod(value: &mut Value) {
    let Some(spec) = value.get_mut("spec") else { return };
    pod_spec(spec);
    // Conversion makes it a second (`Convert_v1_Pod_To_core_Pod`).
    let grace = spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64);
    if let Some(map) = spec.as_object_mut().filter(|_| grace.is_some_and(|grace| grace < 0)) {
        map.insert("terminationGracePeriodSeconds".to_owned(), json!(1));
    }
    let host_network = spec.get("hostNetwork") == Some(&Value::Bool(true));
    if let Some(map) = spec.as_object_mut() {
        fill(map, "enableServiceLinks", || json!(true));
    }
    for list in ["/containers", "/initContainers"] {
        for one in maps_in(spec, list) {
            requests_from_limits(one);
            if host_network {
                host_ports(one);
            }
        }
    }
    whole_pod(spec);
}

/// What is limited for the pod as a whole is asked for as well, as the containers ask (`defaultPodRequests`).
fn whole_pod(spec: &mut Value) {
    let limits = spec.pointer("/resources/limits").and_then(Value::as_object).cloned();
    let Some(limits) = limits.filter(|limits| !limits.is_empty()) else { return };
    let mut asked: Map<String, Value> = Map::new();
    for name in ["cpu", "memory"] {
        let mut sum = Quantity::from_milli(0);
        let mut any = false;
        for container in spec.get("containers").and_then(Value::as_array).into_iter().flatten() {
            let pointer = format!("/resources/requests/{name}");
            let amount = container.pointer(&pointer).and_then(Value::as_str).map(Quantity::parse);
            if let Some(Ok(amount)) = amount {
                sum = if any { sum.add(&amount) } else { amount };
                any = true;
            }
        }
        if any {
            asked.insert(name.to_owned(), json!(sum.to_string()));
        }
    }
    for (name, limit) in limits {
        if matches!(name.as_str(), "cpu" | "memory") || name.starts_with("hugepages-") {
            asked.entry(name).or_insert(limit);
        }
    }
    let Some(resources) = map_at(spec, "/resources") else { return };
    let requests = resources.entry("requests").or_insert_with(|| json!({}));
    if let Some(requests) = requests.as_object_mut() {
        for (name, amount) in asked {
            requests.entry(name).or_insert(amount);
        }
    }
}

fn requests_from_limits(container: &mut Map<String, Value>) {
    let limits = container.get("resources").and_then(|all| all.get("limits")).cloned();
    let (Some(Value::Object(limits)), Some(resources)) =
        (limits, container.get_mut("resources").and_then(Value::as_object_mut))
    else {
        return;
    };
    let requests = resources.entry("requests").or_insert_with(|| json!({}));
    if let Some(requests) = requests.as_object_mut() {
        for (name, amount) in limits {
            requests.entry(name).or_insert(amount);
        }
    }
}

fn host_ports(container: &mut Map<String, Value>) {
    let ports = container.get_mut("ports").and_then(Value::as_array_mut);
    for port in ports.into_iter().flatten().filter_map(Value::as_object_mut) {
        let own = port.get("containerPort").and_then(Value::as_i64).unwrap_or(0);
        if own != 0 {
            fill_number(port, "hostPort", own);
        }
    }
}

/// `latest` changes under one's feet, so it is pulled always.
fn pull_policy(image: &str) -> &'static str {
    let untagged = image.split('@').next().unwrap_or(image);
    let last = untagged.rsplit('/').next().unwrap_or(untagged);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    match tag {
        _ if image.is_empty() || image.contains('@') => "IfNotPresent",
        None | Some("latest") => "Always",
        Some(_) => "IfNotPresent",
    }
}

fn container(value: &mut Value) {
    let Some(map) = value.as_object_mut() else { return };
    let image = map.get("image").and_then(Value::as_str).unwrap_or("").to_owned();
    fill_text(map, "imagePullPolicy", pull_policy(&image));
    fill_text(map, "terminationMessagePath", "/dev/termination-log");
    fill_text(map, "terminationMessagePolicy", "File");
    fill(map, "resources", || json!({}));
    for port in maps_in(value, "/ports") {
        fill_text(port, "protocol", "TCP");
    }
    for env in maps_in(value, "/env") {
        let field = env.get_mut("valueFrom").and_then(|from| from.get_mut("fieldRef"));
        if let Some(field) = field.and_then(Value::as_object_mut) {
            fill_text(field, "apiVersion", "v1");
        }
        let divisor = env.get_mut("valueFrom").and_then(|from| from.get_mut("resourceFieldRef"));
        if let Some(field) = divisor.and_then(Value::as_object_mut) {
            fill(field, "divisor", || json!("0"));
        }
    }
    for name in ["/livenessProbe", "/readinessProbe", "/startupProbe"] {
        if let Some(probe) = map_at(value, name) {
            for (key, number) in [
                ("timeoutSeconds", 1),
                ("periodSeconds", 10),
                ("successThreshold", 1),
                ("failureThreshold", 3),
            ] {
                fill_number(probe, key, number);
            }
        }
        action(value, name);
    }
    for hook in ["/lifecycle/postStart", "/lifecycle/preStop"] {
        action(value, hook);
    }
    // The gate ContainerStopSignals is off.
    if let Some(hooks) = map_at(value, "/lifecycle") {
        hooks.remove("stopSignal");
    }
}

fn action(value: &mut Value, pointer: &str) {
    if let Some(get) = map_at(value, &format!("{pointer}/httpGet")) {
        fill_text(get, "path", "/");
        fill_text(get, "scheme", "HTTP");
    }
    if let Some(grpc) = map_at(value, &format!("{pointer}/grpc")) {
        fill(grpc, "service", || json!(""));
    }
}

fn volume(value: &mut Value) {
    let Some(map) = value.as_object_mut() else { return };
    if map.keys().all(|key| key == "name") {
        map.insert("emptyDir".to_owned(), json!({}));
    }
    for source in ["/secret", "/configMap", "/downwardAPI", "/projected"] {
        if let Some(source) = map_at(value, source) {
            fill(source, "defaultMode", || json!(420));
        }
    }
    for item in maps_in(value, "/downwardAPI/items") {
        field_version(item);
    }
    for source in maps_in(value, "/projected/sources") {
        // The gates ClusterTrustBundleProjection and PodCertificateRequest are off.
        source.remove("clusterTrustBundle");
        source.remove("podCertificate");
        if let Some(token) = source.get_mut("serviceAccountToken").and_then(Value::as_object_mut) {
            fill(token, "expirationSeconds", || json!(3600));
        }
        let items = source.get_mut("downwardAPI").and_then(|own| own.get_mut("items"));
        let items = items.and_then(Value::as_array_mut).into_iter().flatten();
        items.filter_map(Value::as_object_mut).for_each(field_version);
    }
    if let Some(path) = map_at(value, "/hostPath") {
        fill(path, "type", || json!(""));
    }
    if let Some(claim) = map_at(value, "/ephemeral/volumeClaimTemplate/spec") {
        fill_text(claim, "volumeMode", "Filesystem");
    }
}

fn field_version(item: &mut Map<String, Value>) {
    if let Some(field) = item.get_mut("fieldRef").and_then(Value::as_object_mut) {
        fill_text(field, "apiVersion", "v1");
    }
}
