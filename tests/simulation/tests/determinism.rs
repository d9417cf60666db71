//! The committed digests are those of a native run; the wasm run compares itself with them.

use simulation::{SEEDS, played};

fn all() -> String {
    SEEDS.map(|seed| format!("{seed}: {}\n", played(seed))).concat()
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_same_journal_gives_the_same_bytes_natively() {
    assert_eq!(all(), all());
    expect_test::expect_file!["../digests.txt"].assert_eq(&all());
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn going_back_and_on_again_comes_to_the_same_state() {
    use apimachinery::engine::Engine as _;
    let mut cluster = simulation::fresh(7);
    let start = cluster.snapshot();
    simulation::play(&mut cluster, 7);
    let objects = |cluster: &cluster::Cluster| cluster.apiserver().store().list("pods", None).len();
    let first = objects(&cluster);
    cluster.restore(&start);
    assert_ne!(objects(&cluster), first);
    simulation::play(&mut cluster, 7);
    assert_eq!(objects(&cluster), first);
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
fn the_same_journal_gives_the_native_bytes_as_wasm() {
    assert_eq!(all(), include_str!("../digests.txt"));
}
