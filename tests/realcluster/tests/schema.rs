//! The committed schema is what the real server says, so that nobody has to believe it.

use realcluster::{ControlPlane, schema};

#[test]
fn schema_is_what_the_real_server_serves() {
    let plane = ControlPlane::start_with(&[]).expect("a control plane");
    let served = schema::render(&plane).expect("the schema of the server");
    let committed = schema::committed().expect("the committed schema");
    let names = |files: &schema::Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&served), "run `cargo xtask schema`");
    for (name, text) in &served {
        let differs =
            committed[name].lines().zip(text.lines()).find(|(ours, theirs)| ours != theirs);
        assert_eq!(differs, None, "{name}: (committed, served) line; run `cargo xtask schema`");
        assert_eq!(committed[name].len(), text.len(), "{name}; run `cargo xtask schema`");
    }
}
