//! A small budget of cases of every topic, the same in every run.

use fuzz::TOPICS;

const SEED: u64 = 1;
const CASES: u64 = 2000;

#[test]
fn go_says_the_same() {
    let mut told = String::new();
    for topic in TOPICS {
        match fuzz::compare(topic, SEED, (0, CASES / topic.cost), 3) {
            Ok(found) => told.extend(found.iter().map(|one| format!("{one}\n"))),
            Err(failure) => told.push_str(&failure),
        }
    }
    assert!(told.is_empty(), "{told}`cargo xtask fuzz` looks for more");
}
