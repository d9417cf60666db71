//! What the store promises to watches and lists.

use serde_json::json;

use super::Store;

fn put(store: &mut Store, name: &str, value: u64) {
    store.put("configmaps", "dev", name, json!({"metadata": {"name": name}, "value": value}));
}

#[test]
fn a_clone_is_a_snapshot() {
    let mut store = Store::default();
    put(&mut store, "a", 1);
    let before = store.clone();
    put(&mut store, "a", 2);
    store.remove("configmaps", "dev", "a");
    assert_eq!(before.get("configmaps", "dev", "a").unwrap()["value"], 1);
    assert!(store.get("configmaps", "dev", "a").is_none());
}

#[test]
fn a_list_of_the_past_is_what_it_was() {
    let mut store = Store::default();
    put(&mut store, "a", 1);
    put(&mut store, "b", 1);
    let then = store.revision();
    put(&mut store, "c", 1);
    store.remove("configmaps", "dev", "a");
    let names: Vec<_> = store
        .objects_at("configmaps", then)
        .unwrap()
        .within(Some("dev"))
        .map(|object| object["metadata"]["name"].clone())
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn forgotten_changes_are_said_to_be_forgotten() {
    let mut store = Store::default();
    let start = store.revision();
    for value in 0..5000 {
        put(&mut store, "a", value);
    }
    assert!(store.changes_after(start).is_err());
    assert_eq!(store.changes_after(store.revision()).unwrap().len(), 0);
    assert_eq!(store.changes_after(store.oldest()).unwrap().len(), 4096);
}

#[test]
fn old_changes_are_told_as_they_were() {
    let mut store = Store::default();
    let start = store.revision();
    let mut expected = Vec::new();
    for value in 0..600 {
        let name = format!("n{}", value % 7);
        if value % 11 == 10 {
            store.remove("configmaps", "dev", &name);
        } else {
            put(&mut store, &name, value);
        }
        expected.extend(store.changes_since(store.revision() - 1));
    }
    expected.dedup();
    assert_eq!(store.changes_after(start).unwrap(), expected);
    let middle = expected[200].revision;
    assert_eq!(store.changes_after(middle).unwrap(), expected[201..]);
    let late = expected[expected.len() - 2].revision;
    assert_eq!(store.changes_after(late).unwrap(), expected[expected.len() - 1..]);
}
