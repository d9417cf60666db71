//! Questions that only the kubelet of a pod can answer.

use std::sync::Arc;

use apimachinery::gvk::GroupResource;
use apimachinery::identity::Identity;
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::Value;

use super::answer::{Refusal, bad_request};
use super::call::Call;
use crate::fields::{items, text};
use crate::store::Store;

/// A request that only the kubelet of a pod can answer; authorized already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRequest {
    /// Who asks.
    pub identity: Identity,
    /// Namespace of the pod.
    pub namespace: String,
    /// The pod.
    pub pod: Arc<Value>,
    /// The container; chosen already when the pod has only one. Empty for port forwarding and proxying.
    pub container: String,
    /// What is asked.
    pub what: NodeWhat,
}

/// What a kubelet can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeWhat {
    /// Output of a container.
    Log {
        /// Go on as it grows.
        follow: bool,
        /// At most so many lines.
        tail: Option<i64>,
        /// Of the instance before this one.
        previous: bool,
        /// Each line with its time.
        timestamps: bool,
        /// Only what is younger.
        since: Option<Timestamp>,
        /// At most so many bytes.
        limit_bytes: Option<i64>,
    },
    /// A command in a container.
    Exec {
        /// The command and its arguments.
        command: Vec<String>,
        /// Which streams are open.
        streams: Streams,
    },
    /// The main process of a container.
    Attach {
        /// Which streams are open.
        streams: Streams,
    },
    /// Connections to ports of the pod.
    PortForward {
        /// The ports.
        ports: Vec<u16>,
    },
    /// An HTTP request to the pod.
    Proxy {
        /// Name or number of the port; empty: the first.
        port: String,
        /// Path and query.
        path: String,
        /// Method.
        method: String,
        /// Body.
        body: Vec<u8>,
    },
}

/// The streams of an exec or attach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the four switches of PodExecOptions")]
pub struct Streams {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
    /// A terminal.
    pub tty: bool,
}

const LISTS: [&str; 3] = ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"];

/// The container that is meant, as `pkg/registry/core/pod/strategy.go` chooses and complains.
fn container(pod: &Value, asked: &str) -> Result<String, Refusal> {
    let name = text(pod, "/metadata/name");
    let names = |list: &str| -> Vec<String> {
        items(pod, list).iter().map(|one| text(one, "/name").to_owned()).collect()
    };
    if asked.is_empty() {
        let own = names("/spec/containers");
        if let [one] = own.as_slice() {
            return Ok(one.clone());
        }
        let message = format!(
            "a container name must be specified for pod {name}, choose one of: [{}]",
            own.join(" ")
        );
        let init = names("/spec/initContainers");
        let more = match init.as_slice() {
            [] => String::new(),
            some => format!(" or one of the init containers: [{}]", some.join(" ")),
        };
        return Err(bad_request(format!("{message}{more}")));
    }
    if LISTS.iter().any(|list| names(list).iter().any(|found| found == asked)) {
        return Ok(asked.to_owned());
    }
    Err(bad_request(format!("container {asked} is not valid for pod {name}")))
}

fn streams(call: &Call) -> Streams {
    Streams {
        stdin: call.switch("stdin"),
        stdout: call.switch("stdout"),
        stderr: call.switch("stderr"),
        tty: call.switch("tty"),
    }
}

fn log(call: &Call) -> Result<NodeWhat, Refusal> {
    let number = |name: &str| -> Result<Option<i64>, Refusal> {
        let given = call.param(name);
        if given.is_empty() {
            return Ok(None);
        }
        let wrong = |_| bad_request(format!("strconv.ParseInt: parsing {given:?}: invalid syntax"));
        given.parse().map(Some).map_err(wrong)
    };
    let since = match number("sinceSeconds")? {
        Some(seconds) => Timestamp::from_second(call.now.as_second() - seconds).ok(),
        None => call.param("sinceTime").parse().ok(),
    };
    Ok(NodeWhat::Log {
        follow: call.switch("follow"),
        tail: number("tailLines")?,
        previous: call.switch("previous"),
        timestamps: call.switch("timestamps"),
        since,
        limit_bytes: number("limitBytes")?,
    })
}

/// Reads a `log`, `exec`, `attach`, `portforward` or `proxy` request.
pub(crate) fn read(call: &Call, pod: Arc<Value>) -> Result<NodeRequest, Refusal> {
    let asked = call.param("container");
    let (container, what) = match call.info.subresource.as_str() {
        "log" => (container(&pod, asked)?, log(call)?),
        "exec" => {
            let container = container(&pod, asked)?;
            let command = call.params("command");
            if command.is_empty() {
                return Err(bad_request("you must specify at least one command for the container"));
            }
            (container, NodeWhat::Exec { command, streams: streams(call) })
        }
        "attach" => (container(&pod, asked)?, NodeWhat::Attach { streams: streams(call) }),
        "portforward" => {
            let lists = call.params("ports").join(",");
            let ports = lists.split(',').filter_map(|port| port.parse().ok()).collect();
            (String::new(), NodeWhat::PortForward { ports })
        }
        _ => (String::new(), proxy(call, port_of(&call.info.name))),
    };
    let unassigned = text(&pod, "/spec/nodeName").is_empty();
    if unassigned && !matches!(what, NodeWhat::Log { .. }) {
        let name = text(&pod, "/metadata/name");
        return Err(bad_request(format!("pod {name} does not have a host assigned")));
    }
    if unassigned {
        // `LogLocation`: nothing has been written yet, and nothing will be until it is scheduled.
        return Err(Box::new(Status::failure(204, "", "")));
    }
    Ok(NodeRequest {
        identity: call.identity.clone(),
        namespace: call.info.namespace.clone(),
        pod,
        container,
        what,
    })
}

/// The port in `name:port` or `scheme:name:port`.
fn port_of(name: &str) -> String {
    let parts: Vec<&str> = name.split(':').collect();
    let port = match parts.as_slice() {
        [_, port] | [_, _, port] => port,
        _ => "",
    };
    port.to_owned()
}

/// A request through a Service: to the first ready endpoint behind the port that is asked for
/// (`pkg/registry/core/service/storage/storage.go ResourceLocation`).
pub(crate) fn of_service(store: &Store, call: &Call) -> Result<NodeRequest, Refusal> {
    let parts: Vec<&str> = call.info.name.split(':').collect();
    let name = match parts.as_slice() {
        [_, name, _] | [name, ..] => *name,
        [] => "",
    };
    let namespace = call.info.namespace.as_str();
    let asked = port_of(&call.info.name);
    let missing = || Box::new(Status::not_found(&GroupResource::new("", "services"), name));
    let service = store.get("services", namespace, name).ok_or_else(missing)?;
    let unavailable = |why: String| Box::new(Status::failure(503, "ServiceUnavailable", why));
    let port = items(&service, "/spec/ports").iter().find(|port| {
        let number = port.get("port").map(Value::to_string);
        asked.is_empty() || text(port, "/name") == asked || number.as_deref() == Some(&asked)
    });
    let port = port.ok_or_else(|| {
        unavailable(format!("no service port {asked:?} found for service {name:?}"))
    })?;
    let slices = store.list("endpointslices.discovery.k8s.io", Some(namespace));
    let own = |slice: &&Arc<Value>| {
        crate::fields::labels(slice).get("kubernetes.io/service-name").map(String::as_str)
            == Some(name)
    };
    let found = slices.iter().filter(own).find_map(|slice| {
        let matching = |one: &&Value| text(one, "/name") == text(port, "/name");
        let number = items(slice, "/ports").iter().find(matching)?.get("port")?.to_string();
        let ready = |one: &&Value| one.pointer("/conditions/ready") != Some(&Value::Bool(false));
        let mut endpoints = items(slice, "/endpoints").iter().filter(ready);
        let pod =
            endpoints.find_map(|one| store.get("pods", namespace, text(one, "/targetRef/name")))?;
        Some((pod, number))
    });
    let (pod, number) =
        found.ok_or_else(|| unavailable(format!("no endpoints available for service {name:?}")))?;
    Ok(NodeRequest {
        identity: call.identity.clone(),
        namespace: namespace.to_owned(),
        pod,
        container: String::new(),
        what: proxy(call, number),
    })
}

fn proxy(call: &Call, port: String) -> NodeWhat {
    let query = call.query.iter().map(|(key, value)| {
        let encode = apimachinery::request::percent_encode;
        format!("{}={}", encode(key), encode(value))
    });
    let query: Vec<String> = query.collect();
    let mut path = format!("/{}", call.info.rest);
    if !query.is_empty() {
        path.push('?');
        path.push_str(&query.join("&"));
    }
    NodeWhat::Proxy { port, path, method: call.method.as_str().to_owned(), body: call.body.clone() }
}
