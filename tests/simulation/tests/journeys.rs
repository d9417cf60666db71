//! Random journeys: what must be true is, and going back is going back. `cargo run --release --package simulation
//! journeys 1000` walks more of them.
#![cfg(not(target_arch = "wasm32"))]

use apimachinery::engine::Engine as _;
use serde_json::json;
use simulation::journey::{self, Operation};
use simulation::portrait;

/// How many journeys are walked here.
const FEW: u64 = 8;

#[test]
fn whatever_is_done_what_must_be_true_is() {
    let broken: Vec<String> =
        (0..FEW).filter_map(journey::explore).map(|one| one.to_string()).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn undoing_step_after_step_comes_to_every_earlier_state() {
    for seed in 100..102 {
        let (mut cluster, moments) = journey::moments(seed, &journey::steps(seed));
        for (at, (snapshot, was)) in moments.iter().enumerate().rev() {
            cluster.restore(snapshot);
            assert_eq!(&portrait(&cluster), was, "seed {seed}, step {at}");
        }
    }
}

#[test]
fn going_somewhere_and_on_is_a_clean_run_to_there() {
    for seed in 200..202 {
        let steps: Vec<Operation> = journey::steps(seed).into_iter().take(24).collect();
        let (mut cluster, moments) = journey::moments(seed, &steps);
        for (from, to) in [(0, 24), (5, 20), (20, 24), (3, 3), (12, 18), (1, 9)] {
            let Some((snapshot, _)) = moments.get(from) else { continue };
            cluster.restore(snapshot);
            for step in steps.iter().take(to).skip(from) {
                drop(journey::take(&mut cluster, step));
            }
            let clean = moments.get(to).map(|(_, was)| was.as_str());
            assert_eq!(Some(portrait(&cluster).as_str()), clean, "seed {seed}, {from} to {to}");
        }
    }
}

/// The invariants are asked, and what breaks one is found among what does not.
#[test]
fn two_pods_with_one_address_are_found() {
    let pods = "/api/v1/namespaces/free/pods";
    let pod = |name: &str| {
        let object = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name },
            "spec": { "containers": [{ "name": "main", "image": "nginx:1.28" }], "schedulerName": "nobody" },
        });
        Operation::Create(pods.to_owned(), object)
    };
    let address = |name: &str| {
        let patch = json!({ "status": { "podIP": "10.9.9.9", "podIPs": [{ "ip": "10.9.9.9" }] } });
        Operation::Patch(format!("{pods}/{name}/status"), patch)
    };
    let needed = [pod("a"), pod("b"), address("a"), address("b")];
    let mut steps = journey::steps(1);
    for (step, at) in needed.iter().rev().zip([40, 30, 20, 10]) {
        steps.insert(at, step.clone());
    }
    let wrong = journey::walk(1, &needed);
    assert_eq!(wrong, ["address 10.9.9.9 is of free/a and of free/b"]);
    let shrunk = journey::shrunk(steps, |left| journey::walk(1, left) == wrong);
    assert_eq!(shrunk, needed);
}

#[test]
fn a_journey_that_breaks_something_is_shrunk_to_what_it_needs() {
    let steps: Vec<u32> = (0..40).collect();
    let needed = journey::shrunk(steps, |left| left.contains(&7) && left.contains(&33));
    assert_eq!(needed, [7, 33]);
}
