//! A learner's session over the embedded cluster, driven as a host drives it: by polls and by time.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a session that cannot be driven is told by its error"
)]

use std::task::{Context, Waker};
use std::time::Duration;

use cluster::{Cluster, ClusterConfig, Controllers};
use notebook::read;
use protocol::v1::{
    ClockCommand, Command, CommandEnvelope, CreateSession, Event, EventBody, Executor,
    ExecutorView, Language, ResetScope, RunId, RunOutcome, SessionId,
};
use scenarios::{content, files};
use session::embedded::Embedded;
use session::{Ends, Opening, Session};

/// The polls that any command of these tests may take. Each is one turn of a host, a quarter of a second.
const TURNS: usize = 40;
/// The same for a whole solution: pods start, Jobs fail and wait, rollouts roll.
const TURNS_OF_A_SOLUTION: usize = 2_400;
const TURN: Duration = Duration::from_millis(250);

/// A host: it turns a session until something happened.
struct Host {
    session: Session,
    seen: u64,
    events: Vec<Event>,
}

impl Host {
    fn open(folder: &str) -> Self {
        let files = files(&content().join("hypercloud-4.1").join(folder));
        let notebook = read::notebook("hypercloud-4.1", folder, &files, "en").unwrap();
        let plan = &notebook.scenario.cluster;
        let cluster = Embedded::new(Cluster::furnished(
            ClusterConfig {
                seed: 4,
                epoch: "2026-01-01T00:00:00Z".parse().unwrap(),
                nodes: 3,
                controllers: Controllers::All,
                admin_token: "test".to_owned(),
                extra_tokens: Vec::new(),
            },
            addons::of_plan(plan.profile.name(), plan.products()),
        ));
        let session = Session::open(Opening {
            id: SessionId("test".to_owned()),
            request: CreateSession {
                scenario: format!("hypercloud-4.1/{folder}"),
                language: Language::En,
                executor: Executor::EmbeddedServer,
                variables: std::collections::BTreeMap::default(),
                content: None,
                now_millis: None,
                seed: None,
            },
            notebook,
            executor: ExecutorView {
                kind: Executor::EmbeddedServer,
                kubernetes: "v1.36.3".to_owned(),
                cluster: "embedded".to_owned(),
                kubeconfig: true,
            },
            ends: Ends::embedded(&cluster),
        })
        .unwrap();
        let mut host = Self { session, seen: 0, events: Vec::new() };
        assert_eq!(host.outcome("setup"), RunOutcome::Ok);
        host
    }

    fn turn(&mut self) {
        self.session.tick(TURN);
        self.session.poll(&mut Context::from_waker(Waker::noop()));
        let news = self.session.events_since(self.seen);
        self.seen = self.session.seq();
        self.events.extend(news);
    }

    /// Turns until a run has ended.
    fn outcome(&mut self, run: &str) -> RunOutcome {
        self.outcome_within(run, TURNS)
    }

    fn outcome_within(&mut self, run: &str, turns: usize) -> RunOutcome {
        for _ in 0..turns {
            self.turn();
            let ended = self.events.iter().find_map(|event| match &event.body {
                EventBody::RunFinished { run: ended, outcome, .. } if ended.0 == run => {
                    Some(*outcome)
                }
                _ => None,
            });
            if let Some(outcome) = ended {
                return outcome;
            }
        }
        panic!("{run} did not end within {turns} turns");
    }

    /// The time in the cluster.
    fn now(&self) -> String {
        let millis = self.session.view().clock.now_millis;
        let now = jiff::Timestamp::from_millisecond(millis).unwrap();
        now.round(jiff::Unit::Second).unwrap().to_string()
    }

    fn run(&mut self, run: &str, command: Command) -> RunOutcome {
        self.session.command(CommandEnvelope { run: RunId(run.to_owned()), command }).unwrap();
        self.outcome(run)
    }
}

#[test]
fn a_check_answers_while_the_session_follows_the_cluster() {
    let mut host = Host::open("03-network-policy");
    let check = |cell: &str| Command::Check { cell: cell.to_owned() };
    assert_eq!(host.run("before", check("open-matrix")), RunOutcome::Ok);
}

#[test]
fn an_idle_session_leaves_its_host_in_peace() {
    let mut host = Host::open("03-network-policy");
    for _ in 0..TURNS {
        host.session.tick(Duration::from_micros(50));
        let more = host.session.poll(&mut Context::from_waker(Waker::noop()));
        assert!(!more, "nothing was asked for");
        assert_eq!(host.session.generation(), host.session.polled(), "the poll saw everything");
    }
    assert!(host.session.next_wake().unwrap() > TURN / 50, "the next thing is not due at once");
}

#[test]
fn every_step_can_be_checked_solved_reset_and_undone() {
    let mut host = Host::open("03-network-policy");
    let check = || Command::Check { cell: "same-matrix".to_owned() };
    assert_eq!(host.run("before", check()), RunOutcome::Failed);
    let solve = Command::Solve { step: "same-namespace".to_owned(), before: vec![] };
    assert_eq!(host.run("solve", solve), RunOutcome::Ok);
    assert_eq!(host.run("after", check()), RunOutcome::Ok);
    let reset = Command::Reset { scope: ResetScope::Step { step: "same-namespace".to_owned() } };
    assert_eq!(host.run("reset", reset), RunOutcome::Ok);
    assert_eq!(host.run("again", check()), RunOutcome::Failed);
    assert_eq!(host.run("undo", Command::Undo), RunOutcome::Ok);
    assert_eq!(host.run("restored", check()), RunOutcome::Ok);
}

#[test]
fn time_moves_to_an_hour_and_to_a_condition_and_runs_are_branches() {
    let mut host = Host::open("03-network-policy");
    let console = |line: &str| Command::Console {
        cell: "console".to_owned(),
        line: line.to_owned(),
        persona: None,
        stdin: None,
    };
    let clock = |clock| Command::Clock { clock };
    assert_eq!(host.run("pause", clock(ClockCommand::Pause)), RunOutcome::Ok);
    let night = clock(ClockCommand::Daily { hour: 2, minute: 0 });
    assert_eq!(host.run("night", night.clone()), RunOutcome::Ok);
    assert_eq!(host.now(), "2026-01-01T02:00:00Z");
    assert_eq!(host.run("next night", night), RunOutcome::Ok);
    assert_eq!(host.now(), "2026-01-02T02:00:00Z");
    let never = clock(ClockCommand::Daily { hour: 24, minute: 0 });
    assert_eq!(host.run("never", never), RunOutcome::Failed);

    assert_eq!(host.run("run", console("kubectl run web --image=nginx -n dev")), RunOutcome::Ok);
    let ready = "--for=condition=Ready pod/web -n dev".to_owned();
    let until = clock(ClockCommand::Until { condition: ready });
    assert_eq!(host.run("until", until), RunOutcome::Ok);
    let later = host.now();
    assert!(later.as_str() > "2026-01-02T02:00:00Z" && later.as_str() < "2026-01-02T02:01:00Z");

    let to = |run: &str| Command::Reset { scope: ResetScope::Run { run: RunId(run.to_owned()) } };
    let get = || console("kubectl get pod web -n dev");
    assert_eq!(host.run("back", to("run")), RunOutcome::Ok);
    assert_eq!(host.now(), "2026-01-02T02:00:00Z");
    assert_eq!(host.run("gone", get()), RunOutcome::Failed);
    let missing = "--for=create pod/web -n dev --timeout=90s".to_owned();
    let until = clock(ClockCommand::Until { condition: missing });
    assert_eq!(host.run("in vain", until), RunOutcome::Failed);
    assert_eq!(host.now(), "2026-01-02T02:01:30Z");
    assert_eq!(host.run("other branch", to("back")), RunOutcome::Ok);
    assert_eq!(host.now(), later);
    assert_eq!(host.run("there", get()), RunOutcome::Ok);
}

#[test]
fn a_step_can_be_solved_with_those_before_it() {
    let mut host = Host::open("03-network-policy");
    let before = ["look", "same-namespace", "other-namespace"].map(str::to_owned).to_vec();
    let solve = Command::Solve { step: "label".to_owned(), before };
    assert_eq!(host.run("solve", solve), RunOutcome::Ok);
    let check = Command::Check { cell: "picture-matrix".to_owned() };
    assert_eq!(host.run("check", check), RunOutcome::Ok);
    let solve = Command::Solve { step: "label".to_owned(), before: vec!["nowhere".to_owned()] };
    let envelope = CommandEnvelope { run: RunId("wrong".to_owned()), command: solve };
    assert_eq!(host.session.command(envelope).unwrap_err().status, 404);
}

#[test]
fn every_scenario_can_be_solved_in_a_session_step_by_step() {
    for (track, folder) in scenarios::folders() {
        let files = files(&content().join(&track).join(&folder));
        let notebook = read::notebook(&track, &folder, &files, "ko").unwrap();
        if notebook.scenario.steps.is_empty() {
            continue;
        }
        let mut host = Host::open(&folder);
        for step in &notebook.scenario.steps {
            let solve = Command::Solve { step: step.id.clone(), before: vec![] };
            let run = RunId(format!("solve {folder} {}", step.id));
            host.session.command(CommandEnvelope { run: run.clone(), command: solve }).unwrap();
            let outcome = host.outcome_within(&run.0, TURNS_OF_A_SOLUTION);
            assert_eq!(outcome, RunOutcome::Ok, "{}", run.0);
        }
    }
}

#[test]
fn a_load_follows_its_slider_and_goes_back_with_a_reset() {
    let mut host = Host::open("06-autoscaling");
    let load = |pods| Command::Load { cell: "traffic".to_owned(), pods };
    let answers = |host: &Host, run: &str| -> Vec<String> {
        let of_run = host.events.iter().filter_map(|event| match &event.body {
            EventBody::Applied { run: of, results, .. } if of.0 == run => Some(results),
            _ => None,
        });
        of_run.flatten().map(|one| one.message.trim_end().to_owned()).collect()
    };
    for (run, pods, answer) in [
        ("none", 0, None),
        ("some", 3, Some("deployment.apps/load-generator created")),
        ("more", 8, Some("deployment.apps/load-generator configured")),
        ("end", 0, Some("deployment.apps \"load-generator\" deleted from dev namespace")),
        ("again", 2, Some("deployment.apps/load-generator created")),
    ] {
        assert_eq!(host.run(run, load(pods)), RunOutcome::Ok);
        assert_eq!(answers(&host, run), answer.into_iter().collect::<Vec<_>>(), "{run}");
    }
    let back = Command::Reset { scope: ResetScope::Cell { cell: "traffic".to_owned() } };
    assert_eq!(host.run("back", back), RunOutcome::Ok);
    assert_eq!(host.run("anew", load(1)), RunOutcome::Ok);
    assert_eq!(answers(&host, "anew"), ["deployment.apps/load-generator created"]);
    let run = RunId("too much".to_owned());
    let refused = host.session.command(CommandEnvelope { run, command: load(9) });
    assert_eq!(refused.unwrap_err().status, 422);
}
