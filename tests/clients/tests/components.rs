//! The real controllers and scheduler at our API server: they bring workloads as far as there are kubelets, and
//! complain about nothing that they do not also complain about at the real one.
#![expect(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use clients::{Podium, said};
use expect_test::expect_file;
use realcluster::{Component, Components, ControlPlane};

const BOTH: [Component; 2] = [Component::Controllers, Component::Scheduler];

/// What is done and asked on each of the two; the answers must be the same. They are lines of a shell.
const STEPS: &[&str] = &[
    "create -f $MANIFESTS/nodes.yaml",
    "replace --subresource=status -f $MANIFESTS/nodes.yaml",
    "apply -f $MANIFESTS/workloads.yaml",
    "wait --for=jsonpath={.status.phase}=Bound persistentvolumeclaim/data --timeout=60s",
    "apply -f $MANIFESTS/claims.yaml",
    "wait --for=create pod/stateful-0 --timeout=60s",
    "wait --for=condition=PodScheduled pod -l made=here --timeout=60s",
    // Without a kubelet, somebody else says that a pod runs or has ended.
    "patch pod stateful-0 --subresource=status --patch-file $MANIFESTS/ready.yaml",
    "wait --for=create pod/stateful-1 --timeout=60s",
    "patch $(kubectl get pod -l app=job -o name) --subresource=status --patch-file $MANIFESTS/ended.yaml",
    "wait --for=condition=PodScheduled pod/stateful-1 --timeout=60s",
    "wait --for=create job -l app=cron --timeout=90s",
    "wait --for=condition=PodScheduled pod -l app=cron --timeout=60s",
    "get deployments,statefulsets,daemonsets -o custom-columns=KIND:.kind,NAME:.metadata.name,PODS:.status.replicas,READY:.status.readyReplicas,WANTED:.status.desiredNumberScheduled,SEEN:.status.observedGeneration",
    "get persistentvolumeclaims,persistentvolumes -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
    "get endpointslices -l app=deployment -o jsonpath='{.items[*].ports}{.items[*].endpoints}'",
    "scale deployment deployment --replicas=0",
    "wait --for=jsonpath={.status.observedGeneration}=2 deployment/deployment --timeout=60s",
    "create namespace going",
    "wait --for=create serviceaccount/default -n going --timeout=60s",
    "create configmap left -n going",
    "delete namespace going --timeout=60s",
    "delete -f $MANIFESTS/claims.yaml --grace-period=0 --force",
    "delete -f $MANIFESTS/workloads.yaml --cascade=orphan --wait=false",
];

struct Cluster {
    name: &'static str,
    program: PathBuf,
    kubeconfig: PathBuf,
    answers: String,
}

impl Cluster {
    fn run(&mut self, step: &str) {
        let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let script = format!("kubectl() {{ \"$PROGRAM\" kubectl \"$@\"; }}\nkubectl {step}");
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .env("PROGRAM", &self.program)
            .env("MANIFESTS", manifests)
            .env("KUBECONFIG", &self.kubeconfig);
        let output = command.output().expect("kubectl that starts");
        assert!(output.status.success(), "{}: {step}: {}", self.name, said(&output));
        self.answers.extend(["$ kubectl ", step, "\n", &without_chance(&said(&output))]);
    }
}

/// Names that a server makes up, addresses and times.
fn without_chance(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split_inclusive([' ', '"', '/', ',', '[', ']', '\'']);
        words.map(without_chance_word).collect::<String>()
    });
    let mut lines: Vec<String> = lines.collect();
    // Pods of a set are named by chance, and listed by name.
    lines.sort();
    lines.join("\n") + "\n"
}

fn without_chance_word(word: &str) -> String {
    const SUFFIX: &str = "bcdfghjklmnpqrstvwxz2456789";
    let end = word.trim_end_matches([' ', '"', '/', ',', ']', '[', '\'']).len();
    let (bare, rest) = word.split_at_checked(end).unwrap_or((word, ""));
    let parts = bare.split('-').map(|part| {
        let chance = part.len() >= 5
            && part.chars().any(|letter| letter.is_ascii_digit())
            && part.chars().all(|letter| SUFFIX.contains(letter));
        if chance || (part.len() == 5 && part.chars().all(|letter| SUFFIX.contains(letter))) {
            return "X".to_owned();
        }
        let number = !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
        if number && part.len() > 1 { "N".to_owned() } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("-") + rest
}

/// The errors of a log: where each was written, and its text without what differs from run to run.
fn errors(log: &str) -> BTreeSet<String> {
    let error = |line: &str| line.starts_with(['E', 'F']) && line.contains("] ");
    log.lines()
        .filter(|line| error(line))
        .filter_map(|line| {
            let (head, text) = line.split_once("] ")?;
            let file = head.split(' ').next_back()?.split(':').next()?;
            // Every controller that reads what it wrote says this, when its cache is slower.
            if text.contains("read version: ") {
                return Some("read version: N is not as new as written version: N".to_owned());
            }
            Some(format!("{file}: {}", without_numbers(without_chance(text).trim_end())))
        })
        .collect()
}

fn without_numbers(text: &str) -> String {
    let mut found = String::new();
    for letter in text.chars() {
        let letter = if letter.is_ascii_digit() { 'N' } else { letter };
        if letter != 'N' || !found.ends_with('N') {
            found.push(letter);
        }
    }
    found
}

#[test]
fn the_real_controllers_and_scheduler_cannot_tell() {
    let real = ControlPlane::start().expect("a control plane");
    let podium = Podium::start(&["--controllers", "none", "--nodes", "0"]).expect("podium");
    let components = Components::start(&podium.kubeconfig(), &BOTH).expect("the components");
    let program = real.program().to_owned();
    let cluster = |name, kubeconfig| Cluster {
        name,
        program: program.clone(),
        kubeconfig,
        answers: String::new(),
    };
    let mut ours = cluster("podium", podium.kubeconfig());
    let mut theirs = cluster("the real one", real.kubeconfig());
    std::thread::scope(|both| {
        for one in [&mut ours, &mut theirs] {
            both.spawn(|| STEPS.iter().for_each(|step| one.run(step)));
        }
    });
    let mut expected = BTreeSet::new();
    let mut found = BTreeSet::new();
    for component in BOTH {
        expected.extend(errors(&real.log(component).expect("a log")));
        found.extend(errors(&components.log(component).expect("a log")));
    }
    assert_eq!(ours.answers, theirs.answers, "ours, theirs");
    // What is only written when a race goes one way was seen on the real one before; UPDATE_EXPECT adds to it.
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/errors.txt");
    let before = std::fs::read_to_string(&file).unwrap_or_default();
    expected.extend(before.lines().map(str::to_owned));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let all: Vec<&str> = expected.iter().map(String::as_str).collect();
        expect_file![file].assert_eq(&(all.join("\n") + "\n"));
    }
    let more: Vec<&String> = found.difference(&expected).collect();
    assert!(more.is_empty(), "only at podium:\n{more:#?}");
}
