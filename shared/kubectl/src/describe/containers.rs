//! Containers and templates of pods.

use apimachinery::order::Order as _;
use serde_json::Value;

use super::page::{Page, clock_text};
use super::volumes::volumes;
use crate::failure::go_quote;
use crate::value::{Reading as _, append, plain};

/// `DescribePodTemplate`.
pub(crate) fn pod_template(page: &mut Page, template: &Value) {
    page.at(0, "Pod Template:\n");
    page.labels("  Labels", &template.entries("metadata.labels"));
    let annotations = template.entries("metadata.annotations");
    if !annotations.is_empty() {
        page.annotations("  Annotations", &annotations);
    }
    let account = template.text("spec.serviceAccountName");
    if !account.is_empty() {
        page.field(1, "Service Account", account);
    }
    let init = template.list("spec.initContainers");
    if !init.is_empty() {
        write(page, "Init Containers", init, None, "  ");
    }
    write(page, "Containers", template.list("spec.containers"), None, "  ");
    volumes(page, template.list("spec.volumes"), "  ");
    spread_constraints(page, template.list("spec.topologySpreadConstraints"), "  ");
    let class = template.text("spec.priorityClassName");
    if !class.is_empty() {
        page.field(1, "Priority Class Name", class);
    }
    page.labels("  Node-Selectors", &template.entries("spec.nodeSelector"));
    tolerations(page, "  Tolerations", template.list("spec.tolerations"));
}

/// `describeContainers`; `pod` is the pod and the path of its statuses.
pub(super) fn write(
    page: &mut Page,
    label: &str,
    containers: &[Value],
    pod: Option<(&Value, &str)>,
    space: &str,
) {
    let none = if containers.is_empty() { " <none>" } else { "" };
    page.at(0, &format!("{space}{label}:{none}\n"));
    for container in containers {
        let status = pod.and_then(|(pod, path)| {
            pod.list(path).iter().find(|status| status.text("name") == container.text("name"))
        });
        basics(page, container, status, space);
        words(page, "Command", container.list("command"));
        words(page, "Args", container.list("args"));
        if let Some(status) = status {
            state(page, status);
        }
        resources(page, container.at("resources").unwrap_or(&Value::Null), 2);
        for (title, field) in [
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ] {
            if let Some(probe) = container.at(field) {
                page.field(2, title, &describe_probe(probe));
            }
        }
        environment(page, container, pod.map(|(pod, _)| pod));
        mounts(page, container);
    }
}

fn basics(page: &mut Page, container: &Value, status: Option<&Value>, space: &str) {
    let indent = if space.is_empty() { "" } else { " " };
    page.at(1, &format!("{indent}{}:\n", container.text("name")));
    if let Some(status) = status {
        page.field(2, "Container ID", status.text("containerID"));
    }
    page.field(2, "Image", container.text("image"));
    if let Some(status) = status {
        page.field(2, "Image ID", status.text("imageID"));
    }
    for (one, many, field) in
        [("Port", "Ports", "containerPort"), ("Host Port", "Host Ports", "hostPort")]
    {
        let ports: Vec<String> = container
            .list("ports")
            .iter()
            .map(|port| {
                let shown = format!("{}/{}", port.int(field).unwrap_or(0), port.text("protocol"));
                match port.text("name") {
                    "" => shown,
                    name => format!("{shown} ({name})"),
                }
            })
            .collect();
        match ports.as_slice() {
            [] => page.field(2, one, "<none>"),
            [single] => page.field(2, one, single),
            several => page.field(2, many, &several.join(", ")),
        }
    }
    let seccomp = container.text("securityContext.seccompProfile.type");
    if !seccomp.is_empty() {
        page.field(2, "SeccompProfile", seccomp);
        if seccomp == "Localhost" {
            page.field(
                3,
                "LocalhostProfile",
                container.text("securityContext.seccompProfile.localhostProfile"),
            );
        }
    }
}

fn words(page: &mut Page, title: &str, words: &[Value]) {
    if words.is_empty() {
        return;
    }
    page.at(2, &format!("{title}:\n"));
    for word in words {
        for line in plain(word).split('\n') {
            page.at(3, &format!("{line}\n"));
        }
    }
}

fn state(page: &mut Page, status: &Value) {
    one_state(page, "State", status.at("state"));
    if status.has("lastState.terminated") {
        one_state(page, "Last State", status.at("lastState"));
    }
    page.field(2, "Ready", if status.truth("ready") { "True" } else { "False" });
    page.field(2, "Restart Count", &status.int("restartCount").unwrap_or(0).to_string());
}

fn one_state(page: &mut Page, title: &str, state: Option<&Value>) {
    let empty = Value::Null;
    let state = state.unwrap_or(&empty);
    if let Some(running) = state.at("running") {
        page.field(2, title, "Running");
        page.field(3, "Started", &clock_text(running.text("startedAt")));
    } else if let Some(ended) = state.at("terminated") {
        page.field(2, title, "Terminated");
        for (name, field) in [("Reason", "reason"), ("Message", "message")] {
            if !ended.text(field).is_empty() {
                page.field(3, name, ended.text(field));
            }
        }
        page.field(3, "Exit Code", &ended.int("exitCode").unwrap_or(0).to_string());
        if let Some(signal) = ended.int("signal").filter(|signal| *signal > 0) {
            page.field(3, "Signal", &signal.to_string());
        }
        page.field(3, "Started", &clock_text(ended.text("startedAt")));
        page.field(3, "Finished", &clock_text(ended.text("finishedAt")));
    } else {
        page.field(2, title, "Waiting");
        let reason = state.text("waiting.reason");
        if !reason.is_empty() {
            page.field(3, "Reason", reason);
        }
    }
}

/// `describeResources`.
pub(super) fn resources(page: &mut Page, resources: &Value, level: usize) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let entries = resources.entries(field);
        if !entries.is_empty() {
            page.at(level, &format!("{title}:\n"));
        }
        for (name, quantity) in entries {
            page.field(level + 1, name, &plain(quantity));
        }
    }
}

/// `DescribeProbe`.
fn describe_probe(probe: &Value) -> String {
    let number = |field: &str| probe.int(field).unwrap_or(0);
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    let port = |path: &str| probe.at(path).map(plain).unwrap_or_default();
    if probe.has("exec") {
        let words: Vec<String> = probe.list("exec.command").iter().map(plain).collect();
        format!("exec [{}] {attributes}", words.join(" "))
    } else if probe.has("httpGet") {
        let scheme = probe.text("httpGet.scheme").to_lowercase();
        let host = probe.text("httpGet.host");
        let path = probe.text("httpGet.path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        format!("http-get {scheme}://{host}:{}{slash}{path} {attributes}", port("httpGet.port"))
    } else if probe.has("tcpSocket") {
        format!(
            "tcp-socket {}:{} {attributes}",
            probe.text("tcpSocket.host"),
            port("tcpSocket.port")
        )
    } else if probe.has("grpc") {
        format!("grpc <pod>:{} {} {attributes}", port("grpc.port"), probe.text("grpc.service"))
    } else {
        format!("unknown {attributes}")
    }
}

fn environment(page: &mut Page, container: &Value, pod: Option<&Value>) {
    let sources = container.list("envFrom");
    if !sources.is_empty() {
        page.at(2, "Environment Variables from:\n");
        for source in sources {
            let (kind, reference) = if source.has("configMapRef") {
                ("ConfigMap", "configMapRef")
            } else {
                ("Secret", "secretRef")
            };
            let name = source.text(&format!("{reference}.name"));
            let optional = source.truth(&format!("{reference}.optional"));
            let prefix = match source.text("prefix") {
                "" => String::new(),
                prefix => format!(" with prefix '{prefix}'"),
            };
            page.at(3, &format!("{name}\t{kind}{prefix}\tOptional: {optional}\n"));
        }
    }
    let variables = container.list("env");
    page.at(2, if variables.is_empty() { "Environment:\t<none>\n" } else { "Environment:\n" });
    for variable in variables {
        one_variable(page, variable, container, pod);
    }
}

fn one_variable(page: &mut Page, variable: &Value, container: &Value, pod: Option<&Value>) {
    let name = variable.text("name");
    let Some(from) = variable.at("valueFrom") else {
        for (index, line) in variable.text("value").split('\n').enumerate() {
            let name = if index == 0 { format!("{name}:") } else { String::new() };
            page.at(3, &format!("{name}\t{line}\n"));
        }
        return;
    };
    if from.has("fieldRef") {
        let path = from.text("fieldRef.fieldPath");
        let value = pod.map(|pod| field(pod, path)).unwrap_or_default();
        let version = match from.text("fieldRef.apiVersion") {
            "" => "v1",
            version => version,
        };
        page.at(3, &format!("{name}:\t{value} ({version}:{path})\n"));
    } else if from.has("resourceFieldRef") {
        let resource = from.text("resourceFieldRef.resource");
        let value = resource_value(container, resource, from);
        page.at(3, &format!("{name}:\t{value} ({resource})\n"));
    } else if from.has("secretKeyRef") {
        page.at(
            3,
            &format!(
                "{name}:\t<set to the key '{}' in secret '{}'>\tOptional: {}\n",
                from.text("secretKeyRef.key"),
                from.text("secretKeyRef.name"),
                from.truth("secretKeyRef.optional")
            ),
        );
    } else if from.has("configMapKeyRef") {
        page.at(
            3,
            &format!(
                "{name}:\t<set to the key '{}' of config map '{}'>\tOptional: {}\n",
                from.text("configMapKeyRef.key"),
                from.text("configMapKeyRef.name"),
                from.truth("configMapKeyRef.optional")
            ),
        );
    }
}

/// `ExtractFieldPathAsString`; kubectl knows no field label for a single label or annotation.
fn field(pod: &Value, path: &str) -> String {
    let path = if path == "spec.host" { "spec.nodeName" } else { path };
    pod.at(path).map(plain).unwrap_or_default()
}

/// `ExtractContainerResourceValue`: the amount in units of the divisor, rounded up.
fn resource_value(container: &Value, resource: &str, from: &Value) -> String {
    use apimachinery::quantity::Quantity;
    let amount =
        container.at(&format!("resources.{resource}")).map_or_else(|| "0".to_owned(), plain);
    let divisor = from.at("resourceFieldRef.divisor").map_or_else(|| "0".to_owned(), plain);
    let (Ok(amount), Ok(divisor)) = (Quantity::parse(&amount), Quantity::parse(&divisor)) else {
        return String::new();
    };
    let divisor = if divisor.milli_value() == 0 { 1000 } else { divisor.milli_value() };
    let shown = (amount.milli_value() + divisor - 1) / divisor;
    if shown == 0 && matches!(resource, "limits.cpu" | "limits.memory") {
        return "node allocatable".to_owned();
    }
    shown.to_string()
}

fn mounts(page: &mut Page, container: &Value) {
    let mut mounts: Vec<&Value> = container.list("volumeMounts").iter().collect();
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    page.at(2, &format!("Mounts:{none}\n"));
    mounts.order_by_key(|mount| mount.text("mountPath").to_owned());
    for mount in mounts {
        let mut flags = if mount.truth("readOnly") { "ro" } else { "rw" }.to_owned();
        let sub_path = mount.text("subPath");
        if !sub_path.is_empty() {
            flags = format!("{flags},path={}", go_quote(sub_path));
        }
        page.at(3, &format!("{} from {} ({flags})\n", mount.text("mountPath"), mount.text("name")));
    }
    let devices = container.list("volumeDevices");
    if !devices.is_empty() {
        page.at(2, &format!("Devices:{none}\n"));
        for device in devices {
            page.at(3, &format!("{} from {}\n", device.text("devicePath"), device.text("name")));
        }
    }
}

/// The conditions of a pod.
pub(super) fn conditions(page: &mut Page, pod: &Value) {
    let conditions = pod.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    page.at(0, "Conditions:\n  Type\tStatus\n");
    for condition in conditions {
        page.at(1, &format!("{} \t{} \n", condition.text("type"), condition.text("status")));
    }
}

/// `printPodTolerationsMultiline`.
pub(super) fn tolerations(page: &mut Page, title: &str, tolerations: &[Value]) {
    page.at(0, &format!("{title}:\t"));
    if tolerations.is_empty() {
        page.at(0, "<none>\n");
        return;
    }
    let mut sorted: Vec<&Value> = tolerations.iter().collect();
    sorted.order_by_key(|toleration| toleration.text("key").to_owned());
    for (index, toleration) in sorted.into_iter().enumerate() {
        let (key, value, effect) =
            (toleration.text("key"), toleration.text("value"), toleration.text("effect"));
        let mut said = if index > 0 { "\t".to_owned() } else { String::new() };
        said.push_str(key);
        if !value.is_empty() {
            said.push('=');
            said.push_str(value);
        }
        if !effect.is_empty() {
            said.push(':');
            said.push_str(effect);
        }
        if toleration.text("operator") == "Exists" && value.is_empty() {
            said.push_str(if key.is_empty() && effect.is_empty() {
                "op=Exists"
            } else {
                " op=Exists"
            });
        }
        if let Some(seconds) = toleration.int("tolerationSeconds") {
            append(&mut said, format_args!(" for {seconds}s"));
        }
        page.at(0, &format!("{said}\n"));
    }
}

/// `describeTopologySpreadConstraints`.
pub(super) fn spread_constraints(page: &mut Page, constraints: &[Value], space: &str) {
    if constraints.is_empty() {
        return;
    }
    let mut sorted: Vec<&Value> = constraints.iter().collect();
    sorted.order_by_key(|constraint| constraint.text("topologyKey").to_owned());
    page.at(0, &format!("{space}Topology Spread Constraints:\t"));
    for (index, constraint) in sorted.into_iter().enumerate() {
        let indent = if index > 0 { format!("{space}\t") } else { String::new() };
        let mut said = format!(
            "{indent}{}:{} when max skew {} is exceeded",
            constraint.text("topologyKey"),
            constraint.text("whenUnsatisfiable"),
            constraint.int("maxSkew").unwrap_or(0)
        );
        if let Some(selector) = constraint.at("labelSelector") {
            append(
                &mut said,
                format_args!(" for selector {}", super::network::format_selector(selector)),
            );
        }
        page.at(0, &format!("{said}\n"));
    }
}
