//! How events become what the page shows.

use protocol::v1::{ConnectionState, OutputLine, PodRef, RunOutcome, Stream};

use super::*;

fn places() -> Vec<CellPlace> {
    [
        ("a", "one", false, true),
        ("b", "one", false, false),
        ("shell", "two", true, false),
        ("c", "two", false, true),
    ]
    .map(|(id, step, console, changes)| CellPlace {
        id: id.to_owned(),
        step: step.to_owned(),
        console,
        changes,
    })
    .to_vec()
}

fn id(run: &str) -> RunId {
    RunId(run.to_owned())
}

/// Folds events in order and numbers them.
fn fold(model: &mut Model, bodies: Vec<EventBody>) {
    for body in bodies {
        let seq = model.seq + 1;
        model.fold(Event { seq, at_millis: i64::try_from(seq).unwrap() * 1000, body });
    }
}

fn started(run: &str, cell: &str) -> EventBody {
    EventBody::RunStarted { run: id(run), cell: cell.to_owned() }
}

fn finished(run: &str, cell: &str) -> EventBody {
    EventBody::RunFinished { run: id(run), cell: cell.to_owned(), outcome: RunOutcome::Ok }
}

fn printed(run: &str, cell: &str, text: &str) -> EventBody {
    let line = OutputLine { stream: Stream::Stdout, text: text.to_owned(), open: false };
    EventBody::Output { run: id(run), cell: cell.to_owned(), lines: vec![line] }
}

fn edge(state: ConnectionState) -> EventBody {
    let pod = |namespace: &str, name: &str| PodRef {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    EventBody::Connections {
        cell: "map".to_owned(),
        edges: vec![ConnectionView {
            from: pod("op", "np-no"),
            to: pod("dev", "np-test"),
            port: 80,
            state,
            reason: None,
            decided_by: None,
        }],
    }
}

#[test]
fn a_run_that_began_and_ended_is_ok() {
    let mut model = Model::new(places());
    fold(&mut model, vec![started("1", "a")]);
    assert_eq!(model.cell("a").phase, Phase::Running);
    fold(&mut model, vec![finished("1", "a")]);
    assert_eq!(model.cell("a").phase, Phase::Ok);
}

#[test]
fn an_event_that_comes_twice_counts_once() {
    let mut model = Model::new(places());
    fold(&mut model, vec![started("1", "shell"), printed("1", "shell", "x")]);
    model.fold(Event { seq: 2, at_millis: 0, body: printed("1", "shell", "x") });
    assert_eq!(model.cell("shell").output.len(), 1);
}

#[test]
fn a_console_keeps_its_output_and_other_cells_begin_anew() {
    let mut model = Model::new(places());
    for cell in ["shell", "b"] {
        let run = |n: &str| format!("{cell}-{n}");
        fold(
            &mut model,
            vec![
                started(&run("1"), cell),
                printed(&run("1"), cell, "one"),
                finished(&run("1"), cell),
                started(&run("2"), cell),
                printed(&run("2"), cell, "two"),
            ],
        );
    }
    assert_eq!(model.cell("shell").output.len(), 2);
    assert_eq!(model.cell("b").output.len(), 1);
}

#[test]
fn running_an_earlier_cell_again_makes_later_ones_stale() {
    let mut model = Model::new(places());
    fold(
        &mut model,
        vec![started("1", "a"), finished("1", "a"), started("2", "c"), finished("2", "c")],
    );
    assert!(!model.cell("c").stale);
    fold(&mut model, vec![started("3", "a"), finished("3", "a")]);
    assert!(model.cell("c").stale);
    assert!(!model.cell("a").stale);
}

#[test]
fn a_solution_ends_every_cell_that_it_touched() {
    let mut model = Model::new(places());
    fold(
        &mut model,
        vec![
            started("s", "one"),
            printed("s", "a", "x"),
            printed("s", "b", "y"),
            finished("s", "one"),
        ],
    );
    assert_eq!(
        ["one", "a", "b"].map(|cell| model.cell(cell).phase),
        [Phase::Ok, Phase::Ok, Phase::Ok]
    );
}

#[test]
fn a_reset_takes_back_what_ran_later_and_can_be_undone() {
    let mut model = Model::new(places());
    fold(
        &mut model,
        vec![started("1", "a"), finished("1", "a"), started("2", "c"), finished("2", "c")],
    );
    let scope = ResetScope::Cell { cell: "c".to_owned() };
    fold(&mut model, vec![EventBody::Reset { scope: scope.clone(), undone: false }]);
    assert_eq!([model.cell("a").phase, model.cell("c").phase], [Phase::Ok, Phase::Pristine]);
    fold(&mut model, vec![EventBody::Reset { scope, undone: true }]);
    assert_eq!([model.cell("a").phase, model.cell("c").phase], [Phase::Ok, Phase::Ok]);
    fold(&mut model, vec![EventBody::Reset { scope: ResetScope::Scenario, undone: false }]);
    assert_eq!([model.cell("a").phase, model.cell("c").phase], [Phase::Pristine, Phase::Pristine]);
}

#[test]
fn a_run_can_be_gone_back_to_and_the_branch_that_was_left_too() {
    let mut model = Model::new(places());
    fold(
        &mut model,
        vec![started("1", "a"), finished("1", "a"), started("2", "c"), finished("2", "c")],
    );
    let to =
        |run: &str| EventBody::Reset { scope: ResetScope::Run { run: id(run) }, undone: false };
    fold(&mut model, vec![started("3", "reset"), to("2"), finished("3", "reset")]);
    assert_eq!([model.cell("a").phase, model.cell("c").phase], [Phase::Ok, Phase::Pristine]);
    fold(&mut model, vec![started("4", "reset"), to("3"), finished("4", "reset")]);
    assert_eq!([model.cell("a").phase, model.cell("c").phase], [Phase::Ok, Phase::Ok]);
}

#[test]
fn a_changed_connection_belongs_to_the_cell_that_ran_last() {
    let mut model = Model::new(places());
    fold(
        &mut model,
        vec![edge(ConnectionState::Allowed), started("1", "a"), edge(ConnectionState::Blocked)],
    );
    let run = model.cell("a");
    let changes: Vec<_> = run.connections.iter().map(|one| (one.before, one.now.state)).collect();
    assert_eq!(changes, [(ConnectionState::Allowed, ConnectionState::Blocked)]);
}

#[test]
fn what_was_under_way_when_the_executor_ended_is_not_known() {
    let mut model = Model::new(Vec::new());
    model.queue("a", id("1"));
    model.lose();
    assert_eq!(model.cell("a").phase, Phase::Unknown);
    assert_eq!(model.cell("b").phase, Phase::Pristine);
}

#[test]
fn a_command_that_was_refused_leaves_a_newer_run_alone() {
    let mut model = Model::new(places());
    model.queue("a", id("1"));
    model.queue("a", id("2"));
    model.refuse("a", &id("1"), Phase::Unknown);
    assert_eq!(model.cell("a").phase, Phase::Queued);
    model.refuse("a", &id("2"), Phase::Unknown);
    assert_eq!(model.cell("a").phase, Phase::Unknown);
}

#[test]
fn what_was_done_is_a_tree_of_branches() {
    let mut model = Model::new(places());
    let told = |model: &Model| {
        let past: Vec<_> = model.past().iter().map(|one| one.run.0.clone()).collect();
        let left: Vec<_> =
            model.left().iter().map(|(one, last)| format!("{}:{last}", one.run.0)).collect();
        format!("{} | {}", past.join(" "), left.join(" "))
    };
    let to = |run: &str| {
        let scope = ResetScope::Run { run: id(run) };
        vec![started(&format!("to-{run}"), "reset"), EventBody::Reset { scope, undone: false }]
    };
    fold(&mut model, vec![started("1", "a"), started("2", CLOCK), started("3", "b")]);
    fold(&mut model, vec![started("4", "c"), started("5", "speed")]);
    assert_eq!(told(&model), "4 2 1 | ", "checks and speeds change nothing");
    fold(&mut model, to("2"));
    assert_eq!(told(&model), "1 | to-2:c");
    fold(&mut model, vec![started("6", "shell")]);
    assert_eq!(told(&model), "6 1 | to-2:c");
    fold(&mut model, to("to-2"));
    assert_eq!(told(&model), "4 2 1 | to-to-2:shell");
    let undo = EventBody::Reset { scope: ResetScope::Run { run: id("to-2") }, undone: true };
    fold(&mut model, vec![started("7", "undo"), undo]);
    assert_eq!(told(&model), "6 1 | 7:c", "a branch that was left twice is one");
    let cell = EventBody::Reset { scope: ResetScope::Cell { cell: "a".into() }, undone: false };
    fold(&mut model, vec![started("8", "reset"), cell]);
    assert!(told(&model).starts_with(" | 8:shell"), "{}", told(&model));
}

#[test]
fn what_is_typed_goes_on_in_the_line_of_the_prompt() {
    let mut run = CellRun::default();
    let line =
        |text: &str, open| OutputLine { stream: Stream::Stdout, text: text.to_owned(), open };
    run.print(vec![line("/ # ", true), line("ls", false)]);
    run.print(vec![line("bin", false), line("/ # ", true)]);
    run.begin(id("next"), 0, 2, true);
    run.print(vec![line("$", false)]);
    let shown: Vec<&str> = run.output.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(shown, ["/ # ls", "bin", "/ # ", "$"]);
}
