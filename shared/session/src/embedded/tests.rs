//! Time, streams and waiting on an engine that is small enough to know by heart.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::transport::{Clock as _, ExecError, Transport as _};
use futures_util::StreamExt as _;

use super::{Embedded, Steering as _, Stuck};
use crate::fake_engine::{FakeEngine, epoch};

fn embedded() -> Embedded<FakeEngine> {
    Embedded::new(FakeEngine::default())
}

fn get(path: &str) -> http::Request<Vec<u8>> {
    http::Request::get(path).body(Vec::new()).unwrap()
}

fn seconds(embedded: &Embedded<FakeEngine>) -> i64 {
    embedded.now().duration_since(epoch()).as_secs()
}

#[test]
fn sleeping_moves_the_time_of_the_cluster_and_no_other() {
    let embedded = embedded();
    embedded.block_on(embedded.sleep(Duration::from_secs(90))).unwrap();
    assert_eq!(seconds(&embedded), 90);
}

#[test]
fn two_sleeps_end_in_the_order_of_their_deadlines() {
    let embedded = embedded();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sleep = |secs: u64| {
        let (embedded, order) = (embedded.clone(), Arc::clone(&order));
        async move {
            embedded.sleep(Duration::from_secs(secs)).await;
            order.lock().unwrap().push((secs, seconds(&embedded)));
        }
    };
    embedded.block_on(futures_util::future::join(sleep(20), sleep(5))).unwrap();
    assert_eq!(*order.lock().unwrap(), [(5, 5), (20, 20)]);
}

#[test]
fn a_wait_for_something_that_never_happens_is_given_up() {
    let embedded = embedded();
    let waited = embedded.block_on(std::future::pending::<()>());
    assert_eq!(waited, Err(Stuck));
}

#[test]
fn an_exec_is_collected_with_its_exit_code() {
    let embedded = embedded();
    let request = get("/api/v1/namespaces/dev/pods/web/exec?command=cat&stdin=true&stdout=true");
    let output = embedded.block_on(embedded.exec(request, b"hello".to_vec())).unwrap().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "hello");
    assert_eq!(output.exit_code, 3);
    assert_eq!(seconds(&embedded), 2, "the command took two seconds of the cluster's time");
}

#[test]
fn a_refused_exec_brings_the_status_of_the_server() {
    let embedded = embedded();
    let request = get("/api/v1/namespaces/dev/pods/none/exec?command=cat");
    let error = embedded.block_on(embedded.exec(request, Vec::new())).unwrap().unwrap_err();
    let ExecError::Refused(status) = error else { panic!("{error}") };
    assert_eq!((status.code, status.message.as_str()), (404, "pods \"none\" not found"));
}

#[test]
fn a_watch_brings_what_happens_while_time_passes() {
    let embedded = embedded();
    let first = embedded.block_on(async {
        let response = embedded.stream(get("/api/v1/pods?watch=true")).await.unwrap();
        response.into_body().next().await.unwrap().unwrap()
    });
    assert!(String::from_utf8(first.unwrap()).unwrap().contains("\"tick-1\""));
    assert_eq!(seconds(&embedded), 10, "the first thing happens after ten seconds");
}

#[test]
fn going_back_to_a_snapshot_goes_back_in_time() {
    let embedded = embedded();
    let start = embedded.snapshot();
    embedded.advance(Duration::from_mins(1));
    assert!(embedded.restore(start));
    assert_eq!(seconds(&embedded), 0);
    embedded.forget(start);
    assert!(!embedded.restore(start));
}
