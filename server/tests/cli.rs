//! The command line is a contract: what it prints, where, and with which exit code.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use expect_test::expect;

fn podium(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podium"));
    // The width of a terminal must not matter here.
    command.args(arguments).env("COLUMNS", "100").env_remove("PODIUM_LOG");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    command
}

/// Exit code, standard output and standard error, as a text.
fn run(arguments: &[&str]) -> String {
    let output = podium(arguments).output().expect("podium");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&scratch(), "SCRATCH");
    let code = output.status.code().expect("an exit code");
    let all = format!("exit {code}\n{}{}", text(&output.stdout), text(&output.stderr));
    // clap pads empty lines.
    all.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn scratch() -> String {
    format!("{}/cli-{}", env!("CARGO_TARGET_TMPDIR"), std::process::id())
}

/// Writes a file into this process's own folder.
fn file(name: &str, text: &str) -> String {
    let path = PathBuf::from(scratch()).join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(&path, text).expect("a file");
    path.display().to_string()
}

/// A program that ends with the test, when it has printed its first line.
struct Running(Child, String);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = podium(arguments).stdout(Stdio::piped()).spawn().expect("podium");
        let mut line = String::new();
        let output = child.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        Self(child, line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn help_shows_examples_and_exit_codes() {
    let help = run(&["--help"]);
    expect![[r"
        exit 0
        Kubernetes scenarios as notebooks that run, on an embedded cluster or a real one

        Usage: podium <COMMAND>

        Commands:
          serve      Serve the notebooks
          cluster    Serve one embedded cluster as a Kubernetes API, in real time, for kubectl, helm and any
                     client
          check      Prove scenarios: every check fails before its step is solved and passes afterwards
          lint       Find what is wrong in scenario folders, without playing them
          mutate     Play wrong states: every check cell must refuse 95 of 100 of them
          new        Make a scenario folder to begin with: in both languages, with a manifest, a check and a
                     quiz
          preview    Serve the notebooks as they are being written: the page follows every saved file
          kubectl    Run one command of the console's kubectl in this terminal
          scenarios  List the course, or compile it for the page
          help       Print this message or the help of the given subcommand(s)

        Options:
          -h, --help     Print help
          -V, --version  Print version

        Exit codes:
          0  it worked
          1  a check does not hold, or a scenario is not sound
          2  the command line is wrong
          3  the surroundings do not allow it (port in use, cluster not reachable, credentials refused, file
          not readable, or the cluster lacks what a scenario needs)
    "]].assert_eq(&help);
    for command in
        ["serve", "cluster", "check", "lint", "mutate", "new", "preview", "kubectl", "scenarios"]
    {
        let help = run(&[command, "--help"]);
        assert!(help.starts_with("exit 0\n"), "{help}");
        assert!(help.contains(&format!("Examples:\n  podium {command}")), "{help}");
    }
    expect![[r"
        exit 0
        Prove scenarios: every check fails before its step is solved and passes afterwards.

        On a real cluster, nothing that is there already is changed and nothing stays. What such a cluster
        lacks (nodes, a network plugin that enforces policies) is found out by trying, and reported as
        `LACKS` before anything is done; checks and scenarios that need it are `NOT HERE`, and the exit code
        is 3.

        Usage: podium check [OPTIONS] [SCENARIO]...

        Arguments:
          [SCENARIO]...
                  Scenarios to prove, for example `hypercloud-4.1/03-network-policy`; all that are ready
                  when absent

        Options:
              --kubeconfig <FILE>
                  Kubeconfig of a real cluster; its credentials never leave this process

              --context <NAME>
                  Context of the kubeconfig; its current one when absent

              --set <NAME=VALUE>
                  Value of a variable of the scenarios, for example `dev=mine`; may be given several times

              --lang <LANG>
                  Language of the answers

                  Possible values:
                  - ko: Korean
                  - en: English

                  [default: en]

              --format <FORMAT>
                  Form of the answers

                  Possible values:
                  - text: For people
                  - json: For programs

                  [default: text]

              --scenarios <DIR>
                  Folder of the scenarios

                  [default: manifests/scenarios]

          -h, --help
                  Print help (see a summary with '-h')

        Examples:
          podium check
          podium check hypercloud-4.1/03-network-policy --lang en
          podium check --kubeconfig ~/.kube/config --format json
          podium check hypercloud-4.1/02-authority --kubeconfig ~/.kube/config --set dev=mine
    "]].assert_eq(&run(&["check", "--help"]));
}

#[test]
fn the_version_is_one_line() {
    expect![[r"
        exit 0
        podium 0.1.0
    "]]
    .assert_eq(&run(&["--version"]));
}

#[test]
fn a_wrong_command_line_is_told_in_a_sentence() {
    let mut table = String::new();
    for arguments in [
        &[][..],
        &["serv"],
        &["serve", "--listen", "here"],
        &["serve", "--context", "a"],
        &["cluster"],
        &[
            "cluster",
            "--listen",
            "127.0.0.1:0",
            "--write-kubeconfig",
            "k",
            "--controllers",
            "job,nonsense",
        ],
        &["check", "--lang", "fr"],
        &["check", "--set", "dev"],
        &["check", "hypercloud-4.1/99-nothing"],
        &["check", "hypercloud-4.1/02-authority", "--set", "nope=1"],
        &["scenarios", "--format", "xml"],
    ] {
        let line = [&["podium"][..], arguments].concat().join(" ");
        table += &[&line, "\n", &run(arguments)].concat();
    }
    expect![[r#"
        podium
        exit 2
        podium: no command was given; see `podium --help`
        podium serv
        exit 2
        podium: unrecognized subcommand 'serv'; a similar subcommand exists: 'serve'; see `podium --help`
        podium serve --listen here
        exit 2
        podium: invalid value 'here' for '--listen <ADDR>': invalid socket address syntax; see `podium --help`
        podium serve --context a
        exit 2
        podium: the following required arguments were not provided: --kubeconfig <FILE>; see `podium --help`
        podium cluster
        exit 2
        podium: the following required arguments were not provided: --listen <ADDR> --write-kubeconfig <FILE>; see `podium --help`
        podium cluster --listen 127.0.0.1:0 --write-kubeconfig k --controllers job,nonsense
        exit 2
        podium: "nonsense" is not in the list of known controllers; choose from apiservice-availability-controller, certificatesigningrequest-approving-controller, certificatesigningrequest-cleaner-controller, certificatesigningrequest-signing-controller, clusterrole-aggregation-controller, cronjob-controller, daemonset-controller, deployment-controller, disk-provisioner, disruption-controller, endpoints-controller, endpointslice-controller, endpointslice-mirroring-controller, garbage-collector-controller, horizontal-pod-autoscaler-controller, job-controller, kubelet, namespace-controller, node-lifecycle-controller, persistentvolume-binder-controller, persistentvolume-protection-controller, persistentvolumeclaim-protection-controller, pod-garbage-collector-controller, replicaset-controller, replicationcontroller-controller, resourcequota-controller, root-ca-certificate-publisher-controller, scheduler, serviceaccount-controller, serviceaccount-token-controller, statefulset-controller, taint-eviction-controller, ttl-after-finished-controller
        podium check --lang fr
        exit 2
        podium: invalid value 'fr' for '--lang <LANG>' [possible values: ko, en]; see `podium --help`
        podium check --set dev
        exit 2
        podium: invalid value 'dev' for '--set <NAME=VALUE>': it is not NAME=VALUE; see `podium --help`
        podium check hypercloud-4.1/99-nothing
        exit 2
        podium: there is no scenario `hypercloud-4.1/99-nothing`; see `podium scenarios`
        podium check hypercloud-4.1/02-authority --set nope=1
        exit 2
        podium: hypercloud-4.1/02-authority: the scenario has no variable `nope`; there are `dev`, `op`; see the variables in its scenario.yaml
        podium scenarios --format xml
        exit 2
        podium: invalid value 'xml' for '--format <FORMAT>' [possible values: text, json]; see `podium --help`
    "#]].assert_eq(&table);
}

#[test]
fn a_port_in_use_is_told() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let kubeconfig = format!("{}/taken.kubeconfig", scratch());
    let cluster = ["cluster", "--listen", &address, "--write-kubeconfig", &kubeconfig];
    for arguments in [&["serve", "--listen", &address][..], &cluster] {
        assert_eq!(
            run(arguments),
            format!(
                "exit 3\npodium: {address} is in use by another program; stop that program or choose \
                 another address with --listen\n"
            )
        );
    }
}

fn kubeconfig(server: &str, more: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: \
         '{server}'}}}}]\nusers: [{{name: u, user: {{token: t}}}}]\ncontexts: [{{name: c, context: \
         {{cluster: c, user: u}}}}]\n{more}"
    )
}

#[test]
fn a_kubeconfig_that_leads_nowhere_is_told() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = nobody.local_addr().expect("an address").to_string();
    drop(nobody);
    let good = file("good", &kubeconfig(&format!("http://{address}"), ""));
    let mut table = String::new();
    for arguments in [
        &["--kubeconfig", &format!("{}/absent", scratch())][..],
        &["--kubeconfig", &file("empty", "")],
        &["--kubeconfig", &file("broken", "clusters: [")],
        &["--kubeconfig", &file("no-context", "apiVersion: v1\nkind: Config\n")],
        &[
            "--kubeconfig",
            &file(
                "no-cluster",
                &kubeconfig("http://x", "").replace("name: c, cluster", "name: w, cluster"),
            ),
        ],
        &["--kubeconfig", &good, "--context", "elsewhere"],
        &["--kubeconfig", &good],
    ] {
        for command in ["check", "serve"] {
            let mut all = vec![command];
            all.extend(arguments);
            table.push_str(&run(&all).replace(&address, "ADDRESS"));
        }
    }
    expect![[r"
        exit 3
        podium: the kubeconfig SCRATCH/absent cannot be read (No such file or directory (os error 2)); name a kubeconfig that this user may read
        exit 3
        podium: the kubeconfig SCRATCH/absent cannot be read (No such file or directory (os error 2)); name a kubeconfig that this user may read
        exit 3
        podium: the kubeconfig SCRATCH/empty has no current context; name one with --context
        exit 3
        podium: the kubeconfig SCRATCH/empty has no current context; name one with --context
        exit 3
        podium: the kubeconfig SCRATCH/broken cannot be used (failed to parse kubeconfig YAML: error: line 1 column 11: unclosed bracket '['); mend the file, or name another
        exit 3
        podium: the kubeconfig SCRATCH/broken cannot be used (failed to parse kubeconfig YAML: error: line 1 column 11: unclosed bracket '['); mend the file, or name another
        exit 3
        podium: the kubeconfig SCRATCH/no-context has no current context; name one with --context
        exit 3
        podium: the kubeconfig SCRATCH/no-context has no current context; name one with --context
        exit 3
        podium: the kubeconfig SCRATCH/no-cluster cannot be used (failed to load the cluster of context: c); mend the file, or name another
        exit 3
        podium: the kubeconfig SCRATCH/no-cluster cannot be used (failed to load the cluster of context: c); mend the file, or name another
        exit 3
        podium: the kubeconfig SCRATCH/good has no context `elsewhere`; see `kubectl config get-contexts`
        exit 3
        podium: the kubeconfig SCRATCH/good has no context `elsewhere`; see `kubectl config get-contexts`
        exit 3
        podium: the cluster at http://ADDRESS/ cannot be reached (tcp connect error: Connection refused (os error 111)); see that it runs and that its address and certificate authority are right
        exit 3
        podium: the cluster at http://ADDRESS/ cannot be reached (tcp connect error: Connection refused (os error 111)); see that it runs and that its address and certificate authority are right
    "]].assert_eq(&table);
}

#[test]
fn a_cluster_that_refuses_is_told() {
    let path = format!("{}/cluster.kubeconfig", scratch());
    std::fs::create_dir_all(scratch()).expect("a folder");
    let arguments = ["cluster", "--listen", "127.0.0.1:0", "--write-kubeconfig", &path];
    let cluster = Running::start(&arguments);
    assert_eq!(cluster.1, "ready\n");
    let text = std::fs::read_to_string(&path).expect("a kubeconfig");
    let without = |keys: &[&str]| {
        let lines = text.lines().filter(|line| !keys.iter().any(|key| line.contains(key)));
        lines.collect::<Vec<_>>().join("\n")
    };
    let server = text.lines().find_map(|line| line.trim().strip_prefix("server: "));
    let server = server.expect("a server").to_owned();
    let certificate = ["client-certificate-data", "client-key-data"];
    let expired = without(&certificate)
        .lines()
        .map(|line| match line.split_once("token: ") {
            Some((before, _)) => format!("{before}token: expired"),
            None => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let mut table = String::new();
    for (name, text) in
        [("expired", expired), ("no-authority", without(&["certificate-authority-data"]))]
    {
        let said = run(&["check", "--kubeconfig", &file(name, &text)]);
        table.push_str(&said.replace(&server, "https://ADDRESS"));
    }
    let plain = server.replace("https", "http");
    let said = run(&["check", "--kubeconfig", &file("plain", &kubeconfig(&plain, ""))]);
    table.push_str(&said.replace(&plain, "http://ADDRESS"));
    expect![[r"
        exit 3
        podium: https://ADDRESS/ refuses the credentials in SCRATCH/expired (Unauthorized); they have expired or were revoked: fetch new ones
        exit 3
        podium: the cluster at https://ADDRESS/ cannot be reached (invalid peer certificate: UnknownIssuer); see that it runs and that its address and certificate authority are right
        exit 3
        podium: the cluster at http://ADDRESS/ cannot be reached (invalid HTTP version parsed); see that it runs and that its address and certificate authority are right
    "]].assert_eq(&table);

    let proved = run(&["check", "hypercloud-4.1/02-authority", "--kubeconfig", &path]);
    assert!(proved.starts_with("exit 0\nok "), "{proved}");
}

#[test]
fn wrong_scenario_folders_are_told_with_file_and_line() {
    let course = |name: &str, files: &[(&str, &str)]| {
        for (path, text) in files {
            file(&format!("{name}/{path}"), text);
        }
        format!("{}/{name}", scratch())
    };
    let track = ("t/track.yaml", "title: {ko: t, en: t}\nsummary: {ko: t, en: t}\n");
    let absent = format!("{}/nothing-here", scratch());
    let mut table = run(&["check", "--scenarios", &absent]);
    for folder in [
        course("no-tracks", &[("README.md", "")]),
        course("track-only", &[track]),
        course("broken-track", &[("t/track.yaml", "title: [\n"), ("t/s/scenario.yaml", "")]),
        course("empty-scenario", &[track, ("t/s/scenario.yaml", "")]),
        course("wrong-key", &[track, ("t/s/scenario.yaml", "title: {ko: t, en: t}\nwrong: 1\n")]),
        course(
            "not-a-list",
            &[track, ("t/s/scenario.yaml", "title: {ko: t, en: t}\ncells:\n  a: 1\n")],
        ),
    ] {
        let name = folder.rsplit('/').next().unwrap_or_default();
        table += &[name, ": ", &run(&["check", "--scenarios", &folder])].concat();
    }
    expect![[r"
        exit 3
        podium: there is no folder SCRATCH/nothing-here; name the folder of the scenarios with --scenarios
        no-tracks: exit 1
        podium: SCRATCH/no-tracks holds no scenario that is ready; name the folder of the scenarios with --scenarios
        track-only: exit 1
        podium: SCRATCH/track-only holds no scenario that is ready; name the folder of the scenarios with --scenarios
        broken-track: exit 1
        podium: t/track.yaml:1: error: line 1 column 8: unclosed bracket '['; expected well-formed YAML; mend the scenario
        empty-scenario: exit 1
        podium: t/s/scenario.yaml:1: the scenario is nothing; expected a map; mend the scenario
        wrong-key: exit 1
        podium: t/s/scenario.yaml:1: the scenario has no `goal`; expected the field `goal`
        t/s/scenario.yaml:1: the scenario has no `minutes`; expected the field `minutes`
        t/s/scenario.yaml:1: the scenario has no `section`; expected the field `section`
        t/s/scenario.yaml:1: the scenario has no `status`; expected the field `status`
        t/s/scenario.yaml:2: the scenario has an unknown field `wrong`; expected one of `cells`, `cluster`, `goal`, `lessonRequires`, `minutes`, `personas`, `prerequisites`, `requires`, `section`, `setupChecks`, `setup`, `status`, `steps`, `title`, `variables`; mend the scenario
        not-a-list: exit 1
        podium: t/s/scenario.yaml:1: the scenario has no `goal`; expected the field `goal`
        t/s/scenario.yaml:1: the scenario has no `minutes`; expected the field `minutes`
        t/s/scenario.yaml:1: the scenario has no `section`; expected the field `section`
        t/s/scenario.yaml:1: the scenario has no `status`; expected the field `status`
        t/s/scenario.yaml:3: `cells` is a map; expected a list; mend the scenario
    "]].assert_eq(&table);
}

#[test]
#[cfg(unix)]
fn sigterm_ends_event_streams_and_then_the_server() {
    let mut server = Running::start(&["serve", "--listen", "127.0.0.1:0"]);
    let address = server.1.trim().trim_start_matches("Podium serves http://").trim_matches('/');
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let head = format!("Host: {address}\r\nX-Podium-Protocol: v1\r\n");
        stream.write_all(request.replace("HEAD", &head).as_bytes()).expect("sent");
        stream
    };
    let body = r#"{"scenario":"hypercloud-4.1/02-authority","language":"en","executor":"embedded-server"}"#;
    let request = format!(
        "POST /api/v1/sessions HTTP/1.1\r\nHEADContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    ask(&request).read_to_string(&mut answer).expect("an answer");
    let id = answer.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.expect("a session").to_owned();

    let mut events = ask(&format!("GET /api/v1/sessions/{id}/events HTTP/1.1\r\nHEAD\r\n"));
    let mut first = [0; 15];
    events.read_exact(&mut first).expect("the beginning");
    assert_eq!(String::from_utf8_lossy(&first), "HTTP/1.1 200 OK");
    let begin = Instant::now();
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
    let mut rest = String::new();
    events.read_to_string(&mut rest).expect("the stream ends");
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "the stream broke off: {rest}");
    assert_eq!(server.0.wait().expect("an end").code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}
