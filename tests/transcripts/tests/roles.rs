//! The roles and bindings that a cluster has from the start are those of the real one. `PODIUM_BIN` names the
//! program `podium`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use realcluster::{Component, ControlPlane, programs};

const KINDS: &str = "clusterroles,clusterrolebindings,roles,rolebindings";
/// What is compared: everything but who wrote it when.
const TEMPLATE: &str = r"{{range .items}}{{.kind}} {{.metadata.namespace}}/{{.metadata.name}} {{.metadata.labels}} {{.metadata.annotations}} {{.aggregationRule}} {{.roleRef}} {{.subjects}}
{{range .rules}}  {{.}}
{{end}}{{end}}";

struct Embedded(Child);

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn embedded(kubeconfig: &Path) -> Embedded {
    let podium = std::env::var_os("PODIUM_BIN").expect("PODIUM_BIN with the path of podium");
    let mut command = Command::new(podium);
    command.args(["cluster", "--listen", "127.0.0.1:0", "--nodes", "0", "--write-kubeconfig"]);
    let mut process =
        command.arg(kubeconfig).stdout(Stdio::piped()).spawn().expect("podium that starts");
    let mut output = BufReader::new(process.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line of its output");
    assert_eq!(line.trim(), "ready");
    Embedded(process)
}

fn roles(kubeconfig: &Path) -> String {
    let program = programs::control_plane().expect("kubectl");
    let mut command = Command::new(program);
    command.args(["kubectl", "get", KINDS, "-A", "-o"]).arg(format!("go-template={TEMPLATE}"));
    let output = command.env("KUBECONFIG", kubeconfig).output().expect("kubectl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The roles once the aggregated ones have been filled, which a controller does.
fn settled(kubeconfig: &Path) -> String {
    let started = Instant::now();
    let filled = |text: &str| {
        let rules = |name: &str| {
            let after = text.split(&format!("ClusterRole <no value>/{name} ")).nth(1)?;
            Some(after.lines().skip(1).take_while(|line| line.starts_with(' ')).count())
        };
        ["admin", "edit", "view"].iter().all(|name| rules(name).is_some_and(|count| count > 10))
    };
    loop {
        let text = roles(kubeconfig);
        if filled(&text) {
            return text;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "not aggregated:\n{text}");
    }
}

#[test]
fn roles_and_bindings_are_those_of_a_real_cluster() {
    let real = ControlPlane::start_with(&[Component::Controllers]).expect("a control plane");
    let expected = settled(&real.kubeconfig());
    drop(real);
    let name = format!("podium-roles-{}.kubeconfig", std::process::id());
    let kubeconfig = std::env::temp_dir().join(name);
    let process = embedded(&kubeconfig);
    let found = settled(&kubeconfig);
    drop(process);
    drop(std::fs::remove_file(&kubeconfig));
    assert!(expected.lines().count() > 500, "only {} lines", expected.lines().count());
    let difference = similar::TextDiff::from_lines(&expected, &found);
    let difference = difference.unified_diff().context_radius(1).to_string();
    assert!(expected == found, "the roles differ:\n{difference}");
}
