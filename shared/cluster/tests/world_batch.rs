//! Jobs and CronJobs over virtual time, told by what `kubectl get` and the events say.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic"
)]

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

const JOBS: &str = "/apis/batch/v1/namespaces/default/jobs";
const CRONS: &str = "/apis/batch/v1/namespaces/default/cronjobs";
const CORE: &str = "/api/v1/namespaces/default";

struct World {
    cluster: Cluster,
    began: Timestamp,
}

impl World {
    fn new() -> Self {
        let cluster = Cluster::new(ClusterConfig {
            seed: 1,
            epoch: Timestamp::from_second(1_790_000_000).unwrap(),
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "token".to_owned(),
            extra_tokens: Vec::new(),
        });
        let mut world = Self { began: cluster.now(), cluster };
        world.wait(1);
        world.began = world.cluster.now();
        world
    }

    fn wait(&mut self, seconds: u64) {
        self.cluster.advance(Duration::from_secs(seconds));
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let content =
            if method == "PATCH" { "application/merge-patch+json" } else { "application/json" };
        let mut request = http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content)
            .body(bytes)
            .unwrap();
        request.extensions_mut().insert(Identity::admin());
        let EngineAnswer::Full(response) = self.cluster.handle(request) else { panic!("a stream") };
        let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        assert!(response.status().is_success(), "{answer:#}");
        answer
    }

    fn job(&mut self, name: &str, spec: &Value) {
        let job = json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name }, "spec": spec,
        });
        self.send("POST", JOBS, &job);
    }

    /// Each change of a job's status, looked at every second: counters and conditions that are true.
    fn story(&mut self, name: &str, seconds: u64) -> String {
        let mut told = String::new();
        let mut last = String::new();
        for _ in 0..=seconds {
            let job = self.send("GET", &format!("{JOBS}/{name}"), &Value::Null);
            let status = &job["status"];
            let number = |field: &str| status[field].as_i64().unwrap_or_default();
            let conditions: Vec<&str> = status["conditions"]
                .as_array()
                .into_iter()
                .flatten()
                .filter(|one| one["status"] == "True")
                .filter_map(|one| one["type"].as_str())
                .collect();
            let line = format!(
                "active {} ready {} succeeded {} failed {} {}",
                number("active"),
                number("ready"),
                number("succeeded"),
                number("failed"),
                conditions.join(" ")
            );
            if line != last {
                let at = self.cluster.now().as_second() - self.began.as_second();
                told.extend([format!("{at:>3} s {line}").trim_end(), "\n"]);
                last = line;
            }
            self.wait(1);
        }
        told
    }

    fn cron(&mut self, name: &str, spec: Value, script: &str) {
        let mut spec = spec;
        spec["jobTemplate"] = json!({ "spec": { "template": template(script, "Never") } });
        let cron = json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": { "name": name }, "spec": spec,
        });
        self.send("POST", CRONS, &cron);
    }

    /// The jobs that are there: name, when due, succeeded or not.
    fn jobs(&mut self) -> String {
        let list = self.send("GET", JOBS, &Value::Null);
        let line = |job: &Value| {
            format!(
                "{} {} {}\n",
                job["metadata"]["name"].as_str().unwrap(),
                job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
                    .as_str()
                    .unwrap_or("-"),
                job["status"]["succeeded"]
            )
        };
        list["items"].as_array().unwrap().iter().map(line).collect()
    }

    fn events(&mut self, kind: &str) -> String {
        let path = format!("{CORE}/events?fieldSelector=involvedObject.kind={kind}");
        let list = self.send("GET", &path, &Value::Null);
        let line = |event: &Value| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}\n", text("type"), text("reason"), text("message"))
        };
        list["items"].as_array().unwrap().iter().map(line).collect()
    }

    fn pods(&mut self) -> String {
        let list = self.send("GET", &format!("{CORE}/pods"), &Value::Null);
        let line = |pod: &Value| {
            let finalizers = pod["metadata"]["finalizers"].as_array().map_or(0, Vec::len);
            format!(
                "{} {} finalizers {finalizers}\n",
                pod["metadata"]["name"].as_str().unwrap(),
                pod["status"]["phase"].as_str().unwrap()
            )
        };
        list["items"].as_array().unwrap().iter().map(line).collect()
    }
}

fn template(script: &str, policy: &str) -> Value {
    let container =
        json!({ "name": "main", "image": "busybox:1.37", "command": ["sh", "-c", script] });
    json!({ "spec": { "restartPolicy": policy, "containers": [container] } })
}

#[test]
fn a_job_completes_after_enough_successes() {
    let mut world = World::new();
    world.job(
        "six",
        &json!({ "completions": 3, "parallelism": 2, "template": template("sleep 3", "Never") }),
    );
    let story = world.story("six", 20);
    expect![[r#"
          0 s active 0 ready 0 succeeded 0 failed 0
          1 s active 2 ready 0 succeeded 0 failed 0
          2 s active 2 ready 2 succeeded 0 failed 0
          5 s active 1 ready 0 succeeded 2 failed 0
          6 s active 1 ready 1 succeeded 2 failed 0
          9 s active 0 ready 0 succeeded 3 failed 0 SuccessCriteriaMet Complete
        Normal SuccessfulCreate: Created pod: six-w42fg
        Normal SuccessfulCreate: Created pod: six-ktrfh
        Normal SuccessfulCreate: Created pod: six-zlrdr
        Normal Completed: Job completed
        six-ktrfh Succeeded finalizers 0
        six-w42fg Succeeded finalizers 0
        six-zlrdr Succeeded finalizers 0
    "#]]
    .assert_eq(&format!("{story}{}{}", world.events("Job"), world.pods()));
}

#[test]
fn a_failing_job_backs_off_twice_as_long_each_time() {
    let mut world = World::new();
    world.job("bad", &json!({ "backoffLimit": 2, "template": template("exit 3", "Never") }));
    let story = world.story("bad", 60);
    expect![[r#"
          0 s active 0 ready 0 succeeded 0 failed 0
          1 s active 1 ready 0 succeeded 0 failed 0
          2 s active 0 ready 0 succeeded 0 failed 1
         11 s active 1 ready 0 succeeded 0 failed 1
         12 s active 0 ready 0 succeeded 0 failed 2
         31 s active 1 ready 0 succeeded 0 failed 2
         33 s active 0 ready 0 succeeded 0 failed 3 FailureTarget Failed
        Normal SuccessfulCreate: Created pod: bad-w42fg
        Normal SuccessfulCreate: Created pod: bad-ktrfh
        Normal SuccessfulCreate: Created pod: bad-zlrdr
        Warning BackoffLimitExceeded: Job has reached the specified backoff limit
        bad-ktrfh Failed finalizers 0
        bad-w42fg Failed finalizers 0
        bad-zlrdr Failed finalizers 0
    "#]]
    .assert_eq(&format!("{story}{}{}", world.events("Job"), world.pods()));
}

#[test]
fn an_indexed_job_gives_each_pod_its_number() {
    let mut world = World::new();
    let script = "[ $JOB_COMPLETION_INDEX = 1 ] && sleep 9; echo $JOB_COMPLETION_INDEX";
    let spec = json!({
        "completions": 3, "parallelism": 3, "completionMode": "Indexed",
        "template": template(script, "Never"),
    });
    world.job("numbered", &spec);
    world.wait(6);
    let halfway = world.send("GET", &format!("{JOBS}/numbered"), &Value::Null);
    let story = world.story("numbered", 12);
    let job = world.send("GET", &format!("{JOBS}/numbered"), &Value::Null);
    let done = format!(
        "{} {}\n",
        halfway["status"]["completedIndexes"], job["status"]["completedIndexes"]
    );
    expect![[r#"
        "0,2" "0-2"
          6 s active 1 ready 1 succeeded 2 failed 0
         11 s active 0 ready 0 succeeded 3 failed 0 SuccessCriteriaMet Complete
        numbered-0-w42fg Succeeded finalizers 0
        numbered-1-ktrfh Succeeded finalizers 0
        numbered-2-zlrdr Succeeded finalizers 0
    "#]]
    .assert_eq(&format!("{done}{story}{}", world.pods()));
}

#[test]
fn a_job_past_its_deadline_fails_and_loses_its_pods() {
    let mut world = World::new();
    world.job(
        "slow",
        &json!({ "activeDeadlineSeconds": 8, "template": template("sleep 600", "Never") }),
    );
    let story = world.story("slow", 45);
    expect![[r#"
          0 s active 0 ready 0 succeeded 0 failed 0
          1 s active 1 ready 0 succeeded 0 failed 0
          2 s active 1 ready 1 succeeded 0 failed 0
          8 s active 0 ready 0 succeeded 0 failed 0 FailureTarget
          9 s active 0 ready 0 succeeded 0 failed 1 FailureTarget
         39 s active 0 ready 0 succeeded 0 failed 1 FailureTarget Failed
        Normal SuccessfulCreate: Created pod: slow-w42fg
        Normal SuccessfulDelete: Deleted pod: slow-w42fg
        Warning DeadlineExceeded: Job was active longer than specified deadline
    "#]]
    .assert_eq(&format!("{story}{}{}", world.events("Job"), world.pods()));
}

#[test]
fn a_suspended_job_has_no_pods_and_goes_on_when_it_may() {
    let mut world = World::new();
    world.job("hold", &json!({ "suspend": true, "template": template("sleep 2", "Never") }));
    let mut story = world.story("hold", 3);
    world.send("PATCH", &format!("{JOBS}/hold"), &json!({ "spec": { "suspend": false } }));
    story.push_str(&world.story("hold", 10));
    expect![[r#"
          0 s active 0 ready 0 succeeded 0 failed 0
          1 s active 0 ready 0 succeeded 0 failed 0 Suspended
          4 s active 0 ready 0 succeeded 0 failed 0 Suspended
          5 s active 1 ready 0 succeeded 0 failed 0
          6 s active 1 ready 1 succeeded 0 failed 0
          8 s active 0 ready 0 succeeded 1 failed 0 SuccessCriteriaMet Complete
        Normal Suspended: Job suspended
        Normal SuccessfulCreate: Created pod: hold-w42fg
        Normal Resumed: Job resumed
        Normal Completed: Job completed
    "#]]
    .assert_eq(&format!("{story}{}", world.events("Job")));
}

#[test]
fn a_finished_job_goes_away_after_its_time() {
    let mut world = World::new();
    world.job(
        "brief",
        &json!({ "ttlSecondsAfterFinished": 5, "template": template("true", "Never") }),
    );
    world.wait(20);
    let left = world.send("GET", JOBS, &Value::Null);
    assert_eq!(left["items"], json!([]));
    assert_eq!(world.pods(), "");
}

#[test]
fn the_pods_of_a_deleted_job_go_with_it() {
    let mut world = World::new();
    world.job("long", &json!({ "template": template("sleep 600", "Never") }));
    world.wait(5);
    let options =
        json!({ "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background" });
    world.send("DELETE", &format!("{JOBS}/long"), &options);
    world.wait(40);
    assert_eq!(world.pods(), "");
}

#[test]
fn a_cron_job_makes_a_job_each_minute_and_keeps_three() {
    let mut world = World::new();
    world.cron("hello", json!({ "schedule": "*/1 * * * *" }), "echo hello");
    world.wait(330);
    let cron = world.send("GET", &format!("{CRONS}/hello"), &Value::Null);
    let told = format!("{}{}{}\n", world.jobs(), world.events("CronJob"), cron["status"]);
    expect![[r#"
        hello-29833336 2026-09-21T14:16:00Z 1
        hello-29833337 2026-09-21T14:17:00Z 1
        hello-29833338 2026-09-21T14:18:00Z 1
        Normal SuccessfulCreate: Created job hello-29833334
        Normal SawCompletedJob: Saw completed job: hello-29833334, condition: Complete
        Normal SuccessfulCreate: Created job hello-29833335
        Normal SawCompletedJob: Saw completed job: hello-29833335, condition: Complete
        Normal SuccessfulCreate: Created job hello-29833336
        Normal SawCompletedJob: Saw completed job: hello-29833336, condition: Complete
        Normal SuccessfulCreate: Created job hello-29833337
        Normal SuccessfulDelete: Deleted job hello-29833334
        Normal SawCompletedJob: Saw completed job: hello-29833337, condition: Complete
        Normal SuccessfulCreate: Created job hello-29833338
        Normal SuccessfulDelete: Deleted job hello-29833335
        Normal SawCompletedJob: Saw completed job: hello-29833338, condition: Complete
        {"lastScheduleTime":"2026-09-21T14:18:00Z","lastSuccessfulTime":"2026-09-21T14:18:01Z"}
    "#]]
    .assert_eq(&told);
}

#[test]
fn the_concurrency_policy_decides_about_a_job_that_still_runs() {
    let mut told = String::new();
    for policy in ["Allow", "Forbid", "Replace"] {
        let mut world = World::new();
        let spec = json!({ "schedule": "* * * * *", "concurrencyPolicy": policy });
        world.cron("long", spec, "sleep 100");
        world.wait(140);
        told.extend([policy, "\n", &world.jobs(), &world.events("CronJob")]);
    }
    expect![[r#"
        Allow
        long-29833334 2026-09-21T14:14:00Z null
        long-29833335 2026-09-21T14:15:00Z null
        Normal SuccessfulCreate: Created job long-29833334
        Normal SuccessfulCreate: Created job long-29833335
        Forbid
        long-29833334 2026-09-21T14:14:00Z null
        Normal SuccessfulCreate: Created job long-29833334
        Normal JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid
        Replace
        long-29833335 2026-09-21T14:15:00Z null
        Normal SuccessfulCreate: Created job long-29833334
        Normal SuccessfulDelete: Deleted job long-29833334
        Normal SuccessfulCreate: Created job long-29833335
    "#]].assert_eq(&told);
}

#[test]
fn a_suspended_cron_job_makes_nothing() {
    let mut world = World::new();
    world.cron("hold", json!({ "schedule": "* * * * *", "suspend": true }), "true");
    world.wait(200);
    assert_eq!(world.jobs(), "");
}
