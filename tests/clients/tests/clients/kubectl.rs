//! What kubectl does beside talking about objects: it forwards ports, over websockets and over SPDY, and commands.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use clients::{Podium, said};
use expect_test::expect;

const BOTH: [(&str, &str); 2] = [("websocket", "true"), ("SPDY", "false")];

struct Kubectl {
    program: PathBuf,
    podium: Podium,
}

impl Kubectl {
    fn start() -> Self {
        let program = realcluster::programs::control_plane().expect("kubectl");
        Self { program, podium: Podium::start(&[]).expect("podium") }
    }

    fn command(&self, words: &[&str], websockets: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("kubectl").args(words).env("KUBECONFIG", self.podium.kubeconfig());
        for feature in ["KUBECTL_PORT_FORWARD_WEBSOCKETS", "KUBECTL_REMOTE_COMMAND_WEBSOCKETS"] {
            command.env(feature, websockets);
        }
        command
    }

    /// Forwards a free port; returns it.
    fn forward(&self, words: &[&str], websockets: &str) -> (Forwarding, String) {
        let mut child = self
            .command(&[&["port-forward", "--address=127.0.0.1"], words].concat(), websockets)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("kubectl that starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let address = line.split(' ').nth(2).expect(&line).to_owned();
        (Forwarding { child, output: Some(Box::new(output)) }, address)
    }
}

/// A running `kubectl port-forward`, stopped when dropped.
struct Forwarding {
    child: Child,
    /// Kept open: a program that cannot print may end.
    output: Option<Box<dyn std::io::Read>>,
}

impl Forwarding {
    /// What it complains about when it ends by itself.
    fn complaint(&mut self) -> String {
        drop(self.output.take());
        let mut said = String::new();
        let errors = self.child.stderr.as_mut().expect("its errors");
        errors.read_to_string(&mut said).expect("text");
        said
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The first lines of what comes back for requests on one connection.
fn ask(address: &str, paths: &[&str]) -> String {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let mut text = String::new();
    for path in paths {
        write!(stream, "GET {path} HTTP/1.1\r\nHost: web\r\n\r\n").expect("sent");
    }
    stream.shutdown(std::net::Shutdown::Write).expect("half closed");
    stream.read_to_string(&mut text).expect("an answer");
    text.lines().filter(|line| line.starts_with("HTTP/")).collect::<Vec<_>>().join(", ")
}

fn web(kubectl: &Kubectl) {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/web.yaml");
    for words in [
        &["create", "-f", manifest][..],
        &["expose", "deployment", "web", "--port", "8000", "--target-port", "80"],
        &["wait", "deployment", "web", "--for", "condition=Available", "--timeout", "60s"],
    ] {
        kubectl.podium.kubectl(words).expect("a web server");
    }
}

#[test]
fn ports_of_pods_and_services_are_forwarded() {
    let kubectl = Kubectl::start();
    web(&kubectl);
    let mut seen = String::new();
    for (how, websockets) in BOTH {
        let (_running, address) = kubectl.forward(&["service/web", ":8000"], websockets);
        writeln!(seen, "{how}: {}", ask(&address, &["/", "/none", "/"])).expect("text");
        // The next connection goes through the same client.
        writeln!(seen, "{how}: {}", ask(&address, &["/"])).expect("text");
        let (mut running, address) = kubectl.forward(&["deployment/web", ":81"], websockets);
        writeln!(seen, "{how}: {:?}", ask(&address, &[])).expect("text");
        let complaint = running.complaint();
        let end = complaint.split_once("IPv4: ").expect(&complaint).1;
        writeln!(seen, "{how}: {end}").expect("text");
    }
    expect![[r#"
        websocket: HTTP/1.1 200 OK, HTTP/1.1 404 Not Found, HTTP/1.1 200 OK
        websocket: HTTP/1.1 200 OK
        websocket: ""
        websocket: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused "
        error: lost connection to pod

        SPDY: HTTP/1.1 200 OK, HTTP/1.1 404 Not Found, HTTP/1.1 200 OK
        SPDY: HTTP/1.1 200 OK
        SPDY: ""
        SPDY: dial tcp4 127.0.0.1:81: connect: connection refused IPv6 dial tcp6 [::1]:81: connect: connection refused "
        error: lost connection to pod

    "#]].assert_eq(&seen);
}

#[test]
fn commands_run_over_both_protocols() {
    let kubectl = Kubectl::start();
    web(&kubectl);
    let mut seen = String::new();
    for (how, websockets) in BOTH {
        for words in [
            &[
                "exec",
                "-i",
                "deployment/web",
                "--",
                "sh",
                "-c",
                "read a; echo got $a; echo bad >&2; exit 4",
            ][..],
            &["exec", "deployment/web", "--", "hostnamex"],
            &["exec", "nobody", "--", "ls"],
        ] {
            let mut running = kubectl
                .command(words, websockets)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("kubectl that starts");
            // A command that fails early reads nothing.
            drop(running.stdin.take().expect("its input").write_all(b"typed\n"));
            let output = running.wait_with_output().expect("its end");
            let text = said(&output);
            let text = text.lines().map(|line| line.split_once("OCI").map_or(line, |(_, end)| end));
            let text: Vec<&str> = text.collect();
            let code = output.status.code().expect("an exit code");
            writeln!(seen, "{how}: {}: {}", code, text.join(" | ")).expect("text");
        }
    }
    expect![[r#"
        websocket: 4: got typed | bad | command terminated with exit code 4
        websocket: 1:  runtime exec failed: exec failed: unable to start container process: exec: "hostnamex": executable file not found in $PATH
        websocket: 1: Error from server (NotFound): pods "nobody" not found
        SPDY: 4: got typed | bad | command terminated with exit code 4
        SPDY: 1:  runtime exec failed: exec failed: unable to start container process: exec: "hostnamex": executable file not found in $PATH
        SPDY: 1: Error from server (NotFound): pods "nobody" not found
    "#]].assert_eq(&seen);
}
