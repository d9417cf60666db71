//! `cargo xtask test wasm` gives the digests of a native run to the build of the wasm run, which compares
//! itself with them. They are committed nowhere: every change of behaviour changes them, rightly.

use simulation::all;

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_same_journal_gives_the_same_bytes_twice() {
    assert_eq!(all(), all());
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn seeds_and_journals_show_in_the_digests() {
    let digests: std::collections::BTreeSet<String> =
        simulation::SEEDS.map(simulation::played).into_iter().collect();
    assert_eq!(digests.len(), simulation::SEEDS.len());
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
    let native = option_env!("PODIUM_NATIVE_DIGESTS");
    assert_eq!(Some(all().as_str()), native, "the right side is from `cargo xtask test wasm`");
}
