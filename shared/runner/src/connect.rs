//! Whether a new connection gets through: the embedded cluster says it (with the reason), a real one is
//! probed from within the source pod.

use apimachinery::transport::{ExecError, ExecOutput};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::{Problem, escape};
use crate::{Runner, Said};

/// A connection to probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// `<namespace>/<pod>`.
    pub from: String,
    /// `<namespace>/<pod>`.
    pub to: String,
    /// Port.
    pub port: u16,
}

/// What a new connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It gets through.
    Allowed,
    /// It runs into a timeout.
    Blocked,
    /// Nobody listens there.
    Refused,
    /// It could not be found out.
    Unknown,
}

/// What is known of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    /// What a new connection does.
    pub outcome: Outcome,
    /// Why, when the cluster can say, or why it could not be found out.
    pub reason: Option<Said>,
    /// The object that decided: `apiVersion`, `kind`, `namespace`, `name`.
    pub decided_by: Option<Decider>,
}

/// The object that decided about a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decider {
    /// For example `networking.k8s.io/v1`.
    pub api_version: String,
    /// For example `NetworkPolicy`.
    pub kind: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The answer of the embedded cluster.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    outcome: Outcome,
    reason: Option<Said>,
    decided_by: Option<Decider>,
}

impl Probe {
    fn only(outcome: Outcome) -> Self {
        Self { outcome, reason: None, decided_by: None }
    }

    fn unknown(reason: Said) -> Self {
        Self { outcome: Outcome::Unknown, reason: Some(reason), decided_by: None }
    }
}

impl Runner {
    /// Finds out what a new connection does.
    pub async fn probe_connection(&self, connection: &Connection) -> Probe {
        match self.asked(connection).await {
            Some(probe) => probe,
            None => self.tried(connection).await,
        }
    }

    /// Whether the cluster can say what connections do and why: only the embedded one can.
    pub(crate) async fn explains_connections(&self) -> bool {
        // It is asked about a pod that cannot be: another API server does not even know the question.
        match self.client.get("/podium/v1/connect?from=-/-&to=-/-&port=1").await {
            Ok(_) => true,
            Err(Problem::Status(status)) => status.message == "no such source pod",
            Err(_) => false,
        }
    }

    /// The embedded cluster's answer; `None` from any other.
    async fn asked(&self, connection: &Connection) -> Option<Probe> {
        let path = format!(
            "/podium/v1/connect?from={}&to={}&port={}&protocol=TCP",
            escape(&connection.from),
            escape(&connection.to),
            connection.port
        );
        let answer: Answer = serde_json::from_value(self.client.get(&path).await.ok()?).ok()?;
        Some(Probe {
            outcome: answer.outcome,
            reason: answer.reason,
            decided_by: answer.decided_by,
        })
    }

    /// Tries a connection from within the source pod.
    async fn tried(&self, connection: &Connection) -> Probe {
        let (namespace, pod) = connection.from.split_once('/').unwrap_or_default();
        let (target_namespace, target) = connection.to.split_once('/').unwrap_or_default();
        let path = format!("/api/v1/namespaces/{target_namespace}/pods/{target}");
        let live = match self.client.get(&path).await {
            Ok(live) => live,
            Err(problem) => return Probe::unknown(no_target(connection, &problem)),
        };
        let Some(address) = live.pointer("/status/podIP").and_then(Value::as_str) else {
            let reason = Said::new("cause-pod-not-ready").with("pod", &connection.to);
            return Probe::unknown(reason.with("state", state(&live)));
        };
        let port = connection.port.to_string();
        let url = format!("http://{address}:{port}/");
        let both = format!("{address}:{port}");
        let tools: [&[&str]; 4] = [
            &["wget", "-q", "-T", "2", "-O", "/dev/null", &url],
            &["nc", "-z", "-w", "2", address, &port],
            // The smaller nc of busybox knows no -z; it runs a program once it is connected.
            &["nc", "-w", "2", address, &port, "-e", "true"],
            &["/agnhost", "connect", "--timeout=2s", &both],
        ];
        let mut told = String::new();
        for command in tools {
            match read(self.client.exec(namespace, pod, command).await) {
                Tried::Outcome(outcome) => return Probe::only(outcome),
                Tried::NoTool => {}
                Tried::Odd(message) => told = message,
                Tried::Failed(message) => {
                    let reason = Said::new("cause-probe-failed").with("pod", &connection.from);
                    return Probe::unknown(reason.with("message", message));
                }
            }
        }
        let code = if told.is_empty() { "cause-no-probe-tool" } else { "cause-probe-failed" };
        Probe::unknown(Said::new(code).with("pod", &connection.from).with("message", told))
    }
}

fn no_target(connection: &Connection, problem: &Problem) -> Said {
    if problem.is_not_found() {
        return Said::new("cause-pod-missing").with("pod", &connection.to);
    }
    Said::new("cause-probe-failed").with("pod", &connection.to).with("message", problem)
}

/// A pod's state in a word.
pub(crate) fn state(pod: &Value) -> String {
    let waiting = pod.pointer("/status/containerStatuses/0/state/waiting/reason");
    let phase = pod.pointer("/status/phase");
    let word = waiting.or(phase).and_then(Value::as_str);
    word.unwrap_or("Pending").to_owned()
}

enum Tried {
    Outcome(Outcome),
    /// The image has no such program.
    NoTool,
    /// The program ended in a way that says nothing about the connection (a crash, for example).
    Odd(String),
    /// The command could not be run at all.
    Failed(String),
}

/// What the end of a tool says about the connection. Only words that are known are evidence: a tool
/// that crashed has not been blocked.
fn read(result: Result<ExecOutput, ExecError>) -> Tried {
    let output = match result {
        Ok(output) => output,
        Err(ExecError::Refused(status)) if is_no_tool(&status.message) => return Tried::NoTool,
        Err(error) => return Tried::Failed(error.to_string()),
    };
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    let says = |texts: &[&str]| texts.iter().any(|text| said.contains(text));
    match output.exit_code {
        0 => Tried::Outcome(Outcome::Allowed),
        126 | 127 => Tried::NoTool,
        _ if is_no_tool(&said) => Tried::NoTool,
        _ if says(&["refused"]) => Tried::Outcome(Outcome::Refused),
        // An answer came, even if it is an error of the HTTP server.
        _ if says(&["server returned error"]) => Tried::Outcome(Outcome::Allowed),
        // Some network plugins answer a forbidden packet with ICMP instead of dropping it.
        _ if says(&["timed out", "timeout", "unreachable", "no route to host"]) => {
            Tried::Outcome(Outcome::Blocked)
        }
        code => Tried::Odd(format!("exit code {code} {}", said.trim())),
    }
}

fn is_no_tool(message: &str) -> bool {
    let message = message.to_lowercase();
    let texts = [
        "executable file not found",
        "no such file or directory",
        "applet not found",
        "invalid option",
        "usage:",
    ];
    texts.iter().any(|text| message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(code: i32, stderr: &str) -> ExecOutput {
        ExecOutput { stdout: Vec::new(), stderr: stderr.as_bytes().to_vec(), exit_code: code }
    }

    #[test]
    fn the_words_of_the_tools_are_understood() {
        let table = [
            (exit(0, ""), "Allowed"),
            (exit(1, "wget: download timed out"), "Blocked"),
            (
                exit(1, "wget: can't connect to remote host (10.0.0.1): Connection refused"),
                "Refused",
            ),
            (exit(1, "wget: server returned error: HTTP/1.1 404 Not Found"), "Allowed"),
            (exit(1, "nc: 10.0.0.1 (10.0.0.1:80): Connection timed out"), "Blocked"),
            (exit(1, "REFUSED"), "Refused"),
            (exit(1, "TIMEOUT"), "Blocked"),
            (exit(1, "nc: can't connect to remote host: No route to host"), "Blocked"),
            (exit(1, "nc: invalid option -- 'z'"), "no tool"),
            (exit(139, ""), "odd: exit code 139 "),
            (exit(127, "sh: wget: not found"), "no tool"),
            (exit(1, "exec: \"wget\": executable file not found in $PATH"), "no tool"),
        ];
        for (result, expected) in table {
            let shown = format!("{result:?}");
            let found = match read(Ok(result)) {
                Tried::Outcome(outcome) => format!("{outcome:?}"),
                Tried::NoTool => "no tool".to_owned(),
                Tried::Odd(message) => format!("odd: {message}"),
                Tried::Failed(message) => message,
            };
            assert_eq!(found, expected, "{shown}");
        }
    }
}
