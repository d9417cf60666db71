//! A host driven as the browser drives it: messages, ticks and turns.

use std::collections::BTreeMap;
use std::path::Path;

use expect_test::expect;
use protocol::v1::{
    Answer, ClockCommand, Command, CommandEnvelope, CreateSession, EventBody, Executor, FromWorker,
    Language, Past, Query, RunId, ToWorker,
};

use super::Host;

/// The ticks that anything in these tests may take.
const TICKS: usize = 200;

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// A compiled scenario, as the page has it.
fn compiled(folder: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/scenarios");
    let mut files = BTreeMap::new();
    collect(&root.join("hypercloud-4.1").join(folder), "", &mut files);
    let notebook = notebook::read::notebook("hypercloud-4.1", folder, &files, "en").unwrap();
    serde_json::to_string(&notebook).unwrap()
}

fn create(content: Option<String>, now_millis: Option<i64>, past: Vec<Past>) -> ToWorker {
    let past = past.iter().map(|past| serde_json::to_string(past).unwrap()).collect();
    ToWorker::Create {
        request: Box::new(CreateSession {
            scenario: "hypercloud-4.1/03-network-policy".to_owned(),
            language: Language::En,
            executor: Executor::EmbeddedTab,
            variables: BTreeMap::new(),
            content,
            seed: None,
            now_millis,
        }),
        past,
    }
}

fn command(run: &str, command: Command) -> ToWorker {
    let envelope = CommandEnvelope { run: RunId(run.to_owned()), command };
    ToWorker::Command { envelope: Box::new(envelope) }
}

/// A page without a screen: everything goes through JSON, as over `postMessage`.
struct Page {
    host: Host,
    heard: Vec<FromWorker>,
}

impl Page {
    fn new() -> Self {
        Self { host: Host::default(), heard: Vec::new() }
    }

    fn with_scenario() -> Self {
        Self::with_past(Vec::new())
    }

    fn with_past(past: Vec<Past>) -> Self {
        let mut page = Self::new();
        page.post(&create(Some(compiled("03-network-policy")), Some(1_767_225_600_000), past));
        page
    }

    fn post(&mut self, message: &ToWorker) {
        let text = serde_json::to_string(message).unwrap();
        let answer = self.host.take(serde_json::from_str(&text).unwrap());
        let mut news = Vec::from_iter(answer);
        loop {
            let turn = self.host.turn();
            news.extend(turn.messages);
            if !turn.again {
                break;
            }
        }
        for message in news {
            let text = serde_json::to_string(&message).unwrap();
            self.heard.push(serde_json::from_str(&text).unwrap());
        }
    }

    /// Ticks until something was heard.
    fn until(&mut self, what: &str, heard: impl Fn(&FromWorker) -> bool) {
        for _ in 0..TICKS {
            if self.heard.iter().any(&heard) {
                return;
            }
            self.post(&ToWorker::Tick { millis: 100 });
        }
        panic!("never heard: {what}\n{}", self.told());
    }

    fn until_printed(&mut self, text: &str) {
        self.until(text, |message| match message {
            FromWorker::Event { event } => match &event.body {
                EventBody::Output { lines, .. } => lines.iter().any(|line| line.text == text),
                _ => false,
            },
            _ => false,
        });
    }

    fn until_finished(&mut self, run: &str) {
        self.until(run, |message| match message {
            FromWorker::Event { event } => {
                matches!(&event.body, EventBody::RunFinished { run: ended, .. } if ended.0 == run)
            }
            _ => false,
        });
    }

    /// What was heard, without the objects and the clock.
    fn told(&self) -> String {
        self.heard.iter().filter_map(line).collect()
    }
}

fn line(message: &FromWorker) -> Option<String> {
    let text = match message {
        FromWorker::Event { event } => match &event.body {
            EventBody::RunStarted { run, cell } => format!("{} started at {cell}", run.0),
            EventBody::RunFinished { run, outcome, .. } => format!("{} ended: {outcome:?}", run.0),
            EventBody::Output { lines, .. } => {
                let mark = |open| if open { " <open>" } else { "" };
                let texts = lines.iter().map(|line| line.text.clone() + mark(line.open));
                texts.collect::<Vec<_>>().join("\n")
            }
            EventBody::Listening { run, cell } => format!("{} listens at {cell}", run.0),
            EventBody::Notice { phrase, .. } => format!("notice {}", phrase.code),
            _ => return None,
        },
        FromWorker::Created { session } => {
            format!("created {} on {:?}", session.scenario, session.executor.kind)
        }
        FromWorker::Problem { problem } => {
            format!("problem {} {}", problem.status, problem.phrase.code)
        }
        FromWorker::Taken { run, .. } => format!("taken {}", run.0),
        FromWorker::Refused { run, problem } => {
            format!("refused {} {}", run.0, problem.phrase.code)
        }
        FromWorker::Answer { id, answer } => match answer.as_ref() {
            Answer::Findings(found) => format!("answer {id}: {} findings", found.len()),
            Answer::Failed(phrase) => format!("answer {id}: {}", phrase.code),
            other => format!("answer {id}: {other:?}"),
        },
        FromWorker::Ticked => return None,
        FromWorker::Ready => "ready".to_owned(),
        FromWorker::Stopped { detail } => format!("stopped: {detail}"),
    };
    Some(text + "\n")
}

#[test]
fn nothing_is_done_without_a_session() {
    let mut page = Page::new();
    page.post(&command("early", Command::Undo));
    page.post(&ToWorker::Query {
        id: 1,
        query: Box::new(Query::CompleteLine { line: String::new() }),
    });
    page.post(&ToWorker::Tick { millis: 100 });
    page.post(&create(None, Some(0), Vec::new()));
    page.post(&create(Some(compiled("03-network-policy")), None, Vec::new()));
    expect![[r"
        refused early session-gone
        answer 1: session-gone
        problem 422 session-no-scenario
        problem 422 session-no-time
    "]]
    .assert_eq(&page.told());
}

#[test]
fn a_scenario_is_set_up_and_commands_are_run_in_order() {
    let mut page = Page::with_scenario();
    let console = Command::Console {
        cell: "console".to_owned(),
        line: "kubectl get namespaces".to_owned(),
        persona: None,
        stdin: None,
    };
    page.post(&command("look", console.clone()));
    // The same again changes nothing.
    page.post(&command("look", console));
    page.post(&command("nowhere", Command::Check { cell: "no-such-cell".to_owned() }));
    page.until_finished("look");
    expect![[r"
        created hypercloud-4.1/03-network-policy on EmbeddedTab
        setup started at setup
        setup ended: Ok
        taken look
        look started at console
        kubectl get namespaces
        NAME              STATUS   AGE
        default           Active   2s
        dev               Active   2s
        kube-node-lease   Active   2s
        kube-public       Active   2s
        kube-system       Active   2s
        op                Active   2s
        look ended: Ok
        taken look
        refused nowhere session-no-cell
    "]]
    .assert_eq(&page.told());
}

fn console(line: &str) -> Command {
    let (cell, line) = ("console".to_owned(), line.to_owned());
    Command::Console { cell, line, persona: None, stdin: None }
}

fn typed(target: &str, text: &str) -> Command {
    Command::Input { target: RunId(target.to_owned()), text: text.to_owned() }
}

#[test]
fn a_shell_in_a_container_reads_what_is_typed() {
    let mut page = Page::with_scenario();
    page.until_finished("setup");
    page.heard.clear();
    page.post(&command("sh", console("kubectl run shell --rm -it --image=busybox -- sh")));
    page.until_printed("/ # ");
    page.post(&command("1", typed("sh", "cd /tmp; n=$((6*7))\n")));
    page.until_printed("/tmp # ");
    page.post(&command("2", typed("sh", "echo $n; sleep 60\n")));
    page.until_printed("42");
    page.post(&command("3", typed("sh", "\u{3}")));
    page.post(&ToWorker::Tick { millis: 100 });
    page.post(&command("4", typed("sh", "exit\n")));
    page.until_finished("sh");
    page.post(&command("5", typed("sh", "too late\n")));
    expect![[r#"
        taken sh
        sh started at console
        kubectl run shell --rm -it --image=busybox -- sh
        All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
        If you don't see a command prompt, try pressing enter.
        sh listens at console
        / #  <open>
        taken 1
        1 started at input
        1 ended: Ok
        cd /tmp; n=$((6*7))
        /tmp #  <open>
        taken 2
        2 started at input
        2 ended: Ok
        echo $n; sleep 60
        42
        taken 3
        3 started at input
        3 ended: Ok
        ^C
        /tmp #  <open>
        taken 4
        4 started at input
        4 ended: Ok
        exit
        Session ended, resume using 'kubectl attach shell -c shell -n default -i -t' command
        pod "shell" deleted from default namespace
        sh ended: Ok
        taken 5
        5 started at input
        5 ended: Failed
    "#]]
    .assert_eq(&page.told());
}

#[test]
fn a_shell_answers_while_the_clock_stands() {
    let mut page = Page::with_scenario();
    page.until_finished("setup");
    page.post(&command("sh", console("kubectl run shell --rm -it --image=busybox -- sh")));
    page.until_printed("/ # ");
    page.post(&command("pause", Command::Clock { clock: ClockCommand::Pause }));
    page.heard.clear();
    page.post(&command("1", typed("sh", "echo $((6*7))\n")));
    page.until_printed("42");
}

#[test]
fn a_debugging_container_joins_a_pod() {
    let mut page = Page::with_scenario();
    page.until_finished("setup");
    page.heard.clear();
    page.post(&command("run", console("kubectl run web --image=nginx")));
    page.until_finished("run");
    page.post(&command("ready", console("kubectl wait pod/web --for=condition=Ready")));
    page.until_finished("ready");
    let line = "kubectl debug web -it --image=busybox --target=web -c look -- sh";
    page.post(&command("debug", console(line)));
    page.until_printed("/ # ");
    page.post(&command("1", typed("debug", "wget -qO- localhost | head -1\n")));
    page.until_printed("<!DOCTYPE html>");
    page.post(&command("2", typed("debug", "\u{4}")));
    page.until_finished("debug");
    let shown = "kubectl get pod web -o jsonpath={.spec.ephemeralContainers}";
    page.post(&command("shown", console(shown)));
    page.until_finished("shown");
    expect![[r#"
        taken run
        run started at console
        kubectl run web --image=nginx
        pod/web created
        run ended: Ok
        taken ready
        ready started at console
        kubectl wait pod/web --for=condition=Ready
        pod/web condition met
        ready ended: Ok
        taken debug
        debug started at console
        kubectl debug web -it --image=busybox --target=web -c look -- sh
        Targeting container "web". If you don't see processes from this container it may be because the container runtime doesn't support this feature.
        All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.
        If you don't see a command prompt, try pressing enter.
        debug listens at console
        / #  <open>
        taken 1
        1 started at input
        1 ended: Ok
        wget -qO- localhost | head -1
        <!DOCTYPE html>
        / #  <open>
        taken 2
        2 started at input
        2 ended: Ok

        Session ended, the ephemeral container will not be restarted but may be reattached using 'kubectl attach web -c look -n default -i -t' if it is still running
        debug ended: Ok
        taken shown
        shown started at console
        kubectl get pod web -o jsonpath={.spec.ephemeralContainers}
        [{"command":["sh"],"image":"busybox","imagePullPolicy":"Always","name":"look","resources":{},"securityContext":{"capabilities":{"add":["SYS_PTRACE"]}},"stdin":true,"targetContainerName":"web","terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","tty":true}]
        shown ended: Ok
    "#]]
    .assert_eq(&page.told());
}

#[test]
fn questions_are_answered_by_their_numbers() {
    let mut page = Page::with_scenario();
    page.until_finished("setup");
    page.heard.clear();
    let text = "apiVersion: v1\nkind: Pot\n".to_owned();
    page.post(&ToWorker::Query {
        id: 8,
        query: Box::new(Query::Validate { cell: String::new(), text }),
    });
    page.post(&ToWorker::Query {
        id: 9,
        query: Box::new(Query::CompleteLine { line: "kubectl desc".to_owned() }),
    });
    page.until("9", |message| matches!(message, FromWorker::Answer { id: 9, .. }));
    expect![[r#"
        answer 8: 1 findings
        answer 9: Completions([Completion { label: "describe", insert: "describe", detail: "Tell about objects in detail", documentation: "" }])
    "#]].assert_eq(&page.told());
}

#[test]
fn two_sessions_with_one_seed_are_alike() {
    let logs = [(); 2].map(|()| {
        let mut page = Page::with_scenario();
        page.until_finished("setup");
        serde_json::to_string(&page.heard).unwrap()
    });
    assert_eq!(logs[0], logs[1]);
}

/// What a person sees of the cluster, without times.
fn pods(page: &mut Page, run: &str) -> String {
    page.heard.clear();
    let line = "kubectl get pods,networkpolicies --all-namespaces --output name".to_owned();
    let (cell, persona, stdin) = ("console".to_owned(), None, None);
    page.post(&command(run, Command::Console { cell, line, persona, stdin }));
    page.until_finished(run);
    page.told()
}

#[test]
fn what_was_done_is_done_again_after_a_reload() {
    let mut page = Page::with_scenario();
    page.until_finished("setup");
    let lines = [
        "kubectl -n dev create deployment web --image nginx:1.29-alpine --replicas 2",
        "kubectl -n dev delete pod np-no",
        "kubectl -n dev get pods --watch",
    ];
    let mut past = Vec::new();
    for (number, line) in lines.into_iter().enumerate() {
        for _ in 0..30 {
            page.post(&ToWorker::Tick { millis: 100 });
        }
        let cell = "console".to_owned();
        let done = Command::Console { cell, line: line.to_owned(), persona: None, stdin: None };
        let envelope = CommandEnvelope { run: RunId(format!("r{number}")), command: done };
        page.post(&ToWorker::Command { envelope: Box::new(envelope.clone()) });
        let at_millis = page.heard.iter().rev().find_map(|message| match message {
            FromWorker::Taken { at_millis, .. } => Some(*at_millis),
            _ => None,
        });
        past.push(Past { at_millis: at_millis.unwrap(), envelope });
    }
    let times: Vec<i64> = past.iter().map(|past| past.at_millis).collect();
    expect!["[5500, 8500, 13505]"].assert_eq(&format!("{times:?}"));
    let cancel = Command::Cancel { target: RunId("r2".to_owned()) };
    let envelope = CommandEnvelope { run: RunId("r3".to_owned()), command: cancel };
    past.push(Past { at_millis: times[2] + 10, envelope });

    let mut again = Page::with_past(past);
    expect![[r#"
        created hypercloud-4.1/03-network-policy on EmbeddedTab
        setup started at setup
        setup ended: Ok
        r0 started at console
        kubectl -n dev create deployment web --image nginx:1.29-alpine --replicas 2
        deployment.apps/web created
        r0 ended: Ok
        r1 started at console
        kubectl -n dev delete pod np-no
        pod "np-no" deleted from dev namespace
        r1 ended: Ok
        r2 started at console
        kubectl -n dev get pods --watch
        NAME                  READY   STATUS    RESTARTS   AGE
        np-connect            1/1     Running   0          13s
        np-test               1/1     Running   0          13s
        web-5bb58b75b-k54nq   1/1     Running   0          8s
        web-5bb58b75b-nhvht   1/1     Running   0          8s
        r3 started at cancel
        r2 ended: Cancelled
        r3 ended: Ok
    "#]]
    .assert_eq(&again.told());
    assert_eq!(pods(&mut again, "look"), pods(&mut page, "look"));
    expect![[r"
        taken look again
        look again started at console
        kubectl get pods,networkpolicies --all-namespaces --output name
        pod/np-connect
        pod/np-test
        pod/web-5bb58b75b-k54nq
        pod/web-5bb58b75b-nhvht
        pod/coredns-8bfd984cd5-mfjb4
        pod/coredns-8bfd984cd5-mml78
        pod/etcd-control-plane
        pod/kube-apiserver-control-plane
        pod/kube-controller-manager-control-plane
        pod/kube-proxy-ktrfh
        pod/kube-proxy-rl5s8
        pod/kube-proxy-w42fg
        pod/kube-proxy-zlrdr
        pod/kube-scheduler-control-plane
        pod/metrics-server-c8646db8f4-xd7st
        pod/np-connect
        pod/np-no
        look again ended: Ok
    "]]
    .assert_eq(&pods(&mut again, "look again"));
}
