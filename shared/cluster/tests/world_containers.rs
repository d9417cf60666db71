//! What runs in containers: commands, loops over virtual time, crashes, probes, terminals, logs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::literal_string_with_formatting_args,
    clippy::duration_suboptimal_units,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic, and its tables are long and hold shell scripts"
)]

use std::fmt::Write as _;
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer, StreamId};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};

fn fresh() -> Cluster {
    Cluster::new(ClusterConfig {
        seed: 1,
        epoch: Timestamp::from_second(1_790_000_000).unwrap(),
        nodes: 2,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    })
}

fn raw(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> EngineAnswer {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let mut request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(bytes)
        .unwrap();
    request.extensions_mut().insert(Identity::admin());
    cluster.handle(request)
}

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Value {
    match raw(cluster, method, path, body) {
        EngineAnswer::Full(response) => {
            serde_json::from_slice(response.body()).unwrap_or(Value::Null)
        }
        EngineAnswer::Stream(_) => panic!("a stream for {path}"),
    }
}

fn create(cluster: &mut Cluster, name: &str, spec: &Value) {
    let pod = json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "labels": { "app": name } }, "spec": spec });
    let answer = send(cluster, "POST", "/api/v1/namespaces/default/pods", &pod);
    assert_eq!(answer["kind"], "Pod", "{answer:#}");
}

fn get(cluster: &mut Cluster, name: &str) -> Value {
    send(cluster, "GET", &format!("/api/v1/namespaces/default/pods/{name}"), &Value::Null)
}

fn log(cluster: &mut Cluster, name: &str, query: &str) -> String {
    match raw(
        cluster,
        "GET",
        &format!("/api/v1/namespaces/default/pods/{name}/log?{query}"),
        &Value::Null,
    ) {
        EngineAnswer::Full(response) => String::from_utf8_lossy(response.body()).into_owned(),
        EngineAnswer::Stream(_) => panic!("a stream"),
    }
}

fn open(cluster: &mut Cluster, pod: &str, flags: &str, command: &[&str]) -> StreamId {
    let mut query = flags.to_owned();
    for word in command {
        write!(query, "&command={}", apimachinery::request::percent_encode(word)).unwrap();
    }
    let path = format!("/api/v1/namespaces/default/pods/{pod}/exec?{query}");
    match raw(cluster, "GET", &path, &Value::Null) {
        EngineAnswer::Stream(response) => response.into_body(),
        EngineAnswer::Full(response) => panic!("{}", String::from_utf8_lossy(response.body())),
    }
}

/// Output, errors and exit code of a command, and how long it took.
fn exec(cluster: &mut Cluster, pod: &str, command: &[&str]) -> String {
    let stream = open(cluster, pod, "stdout=true&stderr=true", command);
    let before = cluster.now();
    let (mut text, mut code) = (String::new(), String::new());
    loop {
        let read = cluster.read_stream(stream);
        for chunk in read.chunks {
            let part = String::from_utf8_lossy(&chunk[1..]).into_owned();
            if chunk[0] == 3 {
                let status: Value = serde_json::from_str(&part).unwrap();
                code = status["details"]["causes"][0]["message"].as_str().unwrap_or("0").to_owned();
            } else {
                text.push_str(&part);
            }
        }
        if read.closed {
            break;
        }
        cluster.advance(Duration::from_millis(500));
    }
    format!("{text}= {code}, {} s\n", cluster.now().as_second() - before.as_second())
}

fn sh(cluster: &mut Cluster, pod: &str, script: &str) -> String {
    exec(cluster, pod, &["sh", "-c", script])
}

/// A cluster with an alpine, an ubuntu and an nginx.
fn three() -> Cluster {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    for (name, image, command) in
        [("box", "alpine:3.22", true), ("gnu", "ubuntu:24.04", true), ("web", "nginx:1.29", false)]
    {
        let mut container = json!({ "name": "main", "image": image });
        if command {
            container["command"] = json!(["sleep", "infinity"]);
        }
        create(&mut cluster, name, &json!({ "containers": [container] }));
    }
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" },
        "spec": { "selector": { "app": "web" }, "ports": [{ "name": "http", "port": 80 }, { "name": "closed", "port": 81, "targetPort": 8081 }] },
    });
    send(&mut cluster, "POST", "/api/v1/namespaces/default/services", &service);
    cluster.advance(Duration::from_secs(20));
    cluster
}

#[test]
fn scripts_do_what_a_shell_does() {
    let mut cluster = three();
    let mut text = String::new();
    for script in [
        "echo a b | tr a-z A-Z; echo $?",
        "x=1; y=$((x + 2 * 3)); echo \"$y\" '$y' \"${z:-none}\" ${#y}",
        "for i in 1 2 3; do if [ $i -eq 2 ]; then continue; fi; echo n$i; done",
        "i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i",
        "case abc in a*) echo yes;; *) echo no;; esac",
        "f() { echo in $1; return 3; }; f x; echo $?",
        "echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f | wc -l; cat < /tmp/f | grep -c o",
        "printf 'b\\na\\nb\\n' | sort | uniq -c",
        "echo $(echo $(echo deep)) `echo old`",
        "false && echo no || echo yes; ! true; echo $?",
        "(cd /tmp; pwd); pwd",
        "printf 'a 1\\nb 2\\n' | while read k v; do echo $v-$k; done",
        "cat <<END\nhello $((1+1))\nEND",
        "ls /nowhere; echo $?",
        "foo; echo $?",
        "echo 'a:b:c' | cut -d: -f2 | sed 's/b/X&X/'",
        "sleep 2 & wait; echo done",
        "yes_no=1 env | grep yes_no",
        "exit 7",
    ] {
        write!(text, "$ {script}\n{}", sh(&mut cluster, "box", script)).unwrap();
    }
    expect![[r#"
        $ echo a b | tr a-z A-Z; echo $?
        A B
        0
        = 0, 0 s
        $ x=1; y=$((x + 2 * 3)); echo "$y" '$y' "${z:-none}" ${#y}
        7 $y none 1
        = 0, 0 s
        $ for i in 1 2 3; do if [ $i -eq 2 ]; then continue; fi; echo n$i; done
        n1
        n3
        = 0, 0 s
        $ i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i
        3
        = 0, 0 s
        $ case abc in a*) echo yes;; *) echo no;; esac
        yes
        = 0, 0 s
        $ f() { echo in $1; return 3; }; f x; echo $?
        in x
        3
        = 0, 0 s
        $ echo one > /tmp/f; echo two >> /tmp/f; cat /tmp/f | wc -l; cat < /tmp/f | grep -c o
        2
        2
        = 0, 0 s
        $ printf 'b\na\nb\n' | sort | uniq -c
              1 a
              2 b
        = 0, 0 s
        $ echo $(echo $(echo deep)) `echo old`
        deep old
        = 0, 0 s
        $ false && echo no || echo yes; ! true; echo $?
        yes
        1
        = 0, 0 s
        $ (cd /tmp; pwd); pwd
        /tmp
        /
        = 0, 0 s
        $ printf 'a 1\nb 2\n' | while read k v; do echo $v-$k; done
        1-a
        2-b
        = 0, 0 s
        $ cat <<END
        hello $((1+1))
        END
        hello 2
        = 0, 0 s
        $ ls /nowhere; echo $?
        1
        ls: /nowhere: No such file or directory
        = 0, 0 s
        $ foo; echo $?
        127
        sh: foo: not found
        = 0, 0 s
        $ echo 'a:b:c' | cut -d: -f2 | sed 's/b/X&X/'
        XbX
        = 0, 0 s
        $ sleep 2 & wait; echo done
        done
        = 0, 2 s
        $ yes_no=1 env | grep yes_no
        yes_no=1
        = 0, 0 s
        $ exit 7
        = 7, 0 s
    "#]]
    .assert_eq(&text);
}

#[test]
fn connections_say_what_their_programs_say() {
    let mut cluster = three();
    let mut text = String::new();
    for (pod, script) in [
        ("box", "wget -qO- http://web | grep -o 'Welcome to nginx!' | head -1"),
        ("box", "wget -T 2 -qO- http://web:81"),
        ("box", "wget -qO- http://nothing"),
        ("box", "wget -qO- http://web/missing"),
        ("box", "wget -T 2 http://10.9.8.7"),
        ("box", "curl web"),
        ("box", "nc -zvw2 web 80; nc -zvw2 web 81"),
        ("box", "nslookup web.default"),
        (
            "web",
            "curl -s -o /dev/null -w '%{http_code}' http://web; curl -sS nothing; curl -m 3 10.9.8.7; curl -s web:81; echo $?",
        ),
        ("web", "wget x"),
        ("gnu", "foo; cat /nowhere"),
    ] {
        write!(text, "{pod}$ {script}\n{}", sh(&mut cluster, pod, script)).unwrap();
    }
    text.push_str(&log(&mut cluster, "web", "tailLines=2"));
    expect![[r#"
        box$ wget -qO- http://web | grep -o 'Welcome to nginx!' | head -1
        Welcome to nginx!
        = 0, 0 s
        box$ wget -T 2 -qO- http://web:81
        wget: can't connect to remote host (10.96.117.230): Connection refused
        = 1, 1 s
        box$ wget -qO- http://nothing
        wget: bad address 'nothing'
        = 1, 0 s
        box$ wget -qO- http://web/missing
        wget: server returned error: HTTP/1.1 404 Not Found
        = 1, 1 s
        box$ wget -T 2 http://10.9.8.7
        Connecting to 10.9.8.7 (10.9.8.7:80)
        wget: download timed out
        = 1, 2 s
        box$ curl web
        sh: curl: not found
        = 127, 0 s
        box$ nc -zvw2 web 80; nc -zvw2 web 81
        web (10.96.117.230:80) open
        nc: web (10.96.117.230:81): Connection refused
        = 1, 0 s
        box$ nslookup web.default
        Server:		10.96.0.10
        Address:	10.96.0.10:53

        Name:	web.default.svc.cluster.local
        Address: 10.96.117.230

        = 0, 1 s
        web$ curl -s -o /dev/null -w '%{http_code}' http://web; curl -sS nothing; curl -m 3 10.9.8.7; curl -s web:81; echo $?
        200curl: (6) Could not resolve host: nothing
        curl: (28) Connection timed out after 3000 milliseconds
        7
        = 0, 3 s
        web$ wget x
        sh: 1: wget: not found
        = 127, 0 s
        gnu$ foo; cat /nowhere
        sh: 1: foo: not found
        cat: /nowhere: No such file or directory
        = 1, 0 s
        10.244.1.2 - - [21/Sep/2026:14:13:42 +0000] "GET /missing HTTP/1.1" 404 146 "-" "Wget" "-"
        10.244.1.3 - - [21/Sep/2026:14:13:46 +0000] "GET / HTTP/1.1" 200 615 "-" "curl" "-"
    "#]].assert_eq(&text);
}

#[test]
fn a_loop_runs_over_virtual_time_and_its_log_grows() {
    let mut cluster = three();
    let script = "while true; do wget -T 2 -qO- http://web/none; echo done $?; sleep 10; done";
    create(
        &mut cluster,
        "loop",
        &json!({ "containers": [{ "name": "main", "image": "busybox", "command": ["sh", "-c", script] }] }),
    );
    cluster.advance(Duration::from_secs(35));
    let text = log(&mut cluster, "loop", "timestamps=true");
    expect![[r#"
        2026-09-21T14:13:42.012000000Z wget: server returned error: HTTP/1.1 404 Not Found
        2026-09-21T14:13:42.012000000Z done 1
        2026-09-21T14:13:52.014000000Z wget: server returned error: HTTP/1.1 404 Not Found
        2026-09-21T14:13:52.014000000Z done 1
        2026-09-21T14:14:02.016000000Z wget: server returned error: HTTP/1.1 404 Not Found
        2026-09-21T14:14:02.016000000Z done 1
        2026-09-21T14:14:12.018000000Z wget: server returned error: HTTP/1.1 404 Not Found
        2026-09-21T14:14:12.018000000Z done 1
    "#]]
    .assert_eq(&text);
}

#[test]
fn who_may_send_nothing_cannot_look_names_up() {
    let mut cluster = three();
    let policy = |egress: Value| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "out" },
            "spec": { "podSelector": { "matchLabels": { "app": "box" } }, "policyTypes": ["Egress"], "egress": egress },
        })
    };
    let policies = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies";
    send(&mut cluster, "POST", policies, &policy(json!([])));
    let mut text = sh(&mut cluster, "box", "wget -qO- http://web; nslookup web");
    send(&mut cluster, "DELETE", &format!("{policies}/out"), &Value::Null);
    let dns = json!([{ "to": [{ "namespaceSelector": {} }], "ports": [{ "protocol": "UDP", "port": 53 }] }]);
    send(&mut cluster, "POST", policies, &policy(dns));
    text.push_str(&sh(&mut cluster, "box", "wget -T 2 -qO- http://web"));
    expect![[r#"
        wget: bad address 'web'
        ;; connection timed out; no servers could be reached

        = 1, 20 s
        wget: download timed out
        = 1, 2 s
    "#]]
    .assert_eq(&text);
}

fn events(cluster: &mut Cluster, name: &str) -> String {
    let list = send(cluster, "GET", "/api/v1/namespaces/default/events", &Value::Null);
    let mut text = String::new();
    for event in list["items"].as_array().unwrap() {
        if event["involvedObject"]["name"] == name {
            let count = event["count"].as_i64().unwrap_or(1);
            writeln!(
                text,
                "{} x{count} {}",
                event["reason"].as_str().unwrap(),
                event["message"].as_str().unwrap()
            )
            .unwrap();
        }
    }
    text
}

#[test]
fn a_container_that_crashes_backs_off() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    create(
        &mut cluster,
        "crash",
        &json!({ "containers": [{ "name": "main", "image": "busybox", "args": ["sh", "-c", "echo bye; exit 3"] }] }),
    );
    cluster.advance(Duration::from_secs(60));
    let pod = get(&mut cluster, "crash");
    let status = &pod["status"]["containerStatuses"][0];
    let uid = pod["metadata"]["uid"].as_str().unwrap().to_owned();
    let mut text = format!("{} restarts {}\n", pod["status"]["phase"], status["restartCount"]);
    writeln!(text, "{}\n{}", status["state"], status["lastState"]["terminated"]["exitCode"])
        .unwrap();
    text.push_str(&log(&mut cluster, "crash", ""));
    text.push_str(&events(&mut cluster, "crash"));
    expect![[r#"
        "Running" restarts 3
        {"waiting":{"message":"back-off 40s restarting failed container=main pod=crash_default(UID)","reason":"CrashLoopBackOff"}}
        3
        bye
        Scheduled x1 Successfully assigned default/crash to worker-1
        Pulling x4 Pulling image "busybox"
        Pulled x4 Successfully pulled image "busybox" in 600ms (600ms including waiting). Image size: 2223686 bytes.
        Created x4 Container created
        Started x4 Container started
        BackOff x3 Back-off restarting failed container main in pod crash_default(UID)
    "#]].assert_eq(&text.replace(&uid, "UID"));
}

#[test]
fn pods_that_may_end_succeed_or_fail() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    let run = |script: &str| {
        json!({
            "restartPolicy": "Never",
            "initContainers": [{ "name": "first", "image": "busybox", "command": ["sh", "-c", "echo hello > /work/file"], "volumeMounts": [{ "name": "work", "mountPath": "/work" }] }],
            "containers": [{ "name": "main", "image": "busybox", "command": ["sh", "-c", script], "volumeMounts": [{ "name": "work", "mountPath": "/data" }] }],
            "volumes": [{ "name": "work", "emptyDir": {} }],
        })
    };
    create(&mut cluster, "good", &run("cat /data/file"));
    create(&mut cluster, "bad", &run("sleep 3; exit 1"));
    create(&mut cluster, "lost", &run("x"));
    cluster.advance(Duration::from_secs(20));
    let mut text = String::new();
    for name in ["good", "bad", "lost"] {
        let pod = get(&mut cluster, name);
        let state = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
        writeln!(
            text,
            "{name} {} {} {}",
            pod["status"]["phase"], state["exitCode"], state["reason"]
        )
        .unwrap();
        text.push_str(&log(&mut cluster, name, ""));
    }
    expect![[r#"
        good "Succeeded" 0 "Completed"
        hello
        bad "Failed" 1 "Error"
        lost "Failed" 127 "Error"
        sh: x: not found
    "#]]
    .assert_eq(&text);
}

#[test]
fn images_that_do_not_exist_are_not_pulled() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    create(
        &mut cluster,
        "typo",
        &json!({ "containers": [{ "name": "main", "image": "ngnix:1.29" }] }),
    );
    cluster.advance(Duration::from_secs(10));
    let mut text = format!(
        "{}\n",
        get(&mut cluster, "typo")["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
    );
    cluster.advance(Duration::from_secs(10));
    writeln!(
        text,
        "{}",
        get(&mut cluster, "typo")["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
    )
    .unwrap();
    text.push_str(&log(&mut cluster, "typo", ""));
    text.push_str(&events(&mut cluster, "typo"));
    create(
        &mut cluster,
        "tag",
        &json!({ "containers": [{ "name": "main", "image": "nginx:9.9" }] }),
    );
    cluster.advance(Duration::from_secs(5));
    text.push_str(&events(&mut cluster, "tag"));
    expect![[r#"
        "ErrImagePull"
        "ImagePullBackOff"
        {"apiVersion":"v1","code":400,"kind":"Status","message":"container \"main\" in pod \"typo\" is waiting to start: trying and failing to pull image","metadata":{},"reason":"BadRequest","status":"Failure"}Scheduled x1 Successfully assigned default/typo to worker-1
        Pulling x1 Pulling image "ngnix:1.29"
        Failed x1 Failed to pull image "ngnix:1.29": rpc error: code = Unknown desc = failed to pull and unpack image "docker.io/library/ngnix:1.29": failed to resolve image: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed
        Failed x1 Error: ErrImagePull
        BackOff x1 Back-off pulling image "ngnix:1.29"
        Failed x1 Error: ImagePullBackOff
        Scheduled x1 Successfully assigned default/tag to worker-2
        Pulling x1 Pulling image "nginx:9.9"
        Failed x1 Failed to pull image "nginx:9.9": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:9.9": failed to resolve image: docker.io/library/nginx:9.9: not found
        Failed x1 Error: ErrImagePull
    "#]].assert_eq(&text);
}

#[test]
fn configuration_reaches_the_container() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    create(
        &mut cluster,
        "conf",
        &json!({
            "containers": [{
                "name": "main", "image": "alpine", "command": ["sh", "-c", "echo $GREETING $NAME $(cat /etc/conf/a); sleep infinity"],
                "env": [
                    { "name": "GREETING", "valueFrom": { "configMapKeyRef": { "name": "conf", "key": "greeting" } } },
                    { "name": "NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
                ],
                "volumeMounts": [{ "name": "conf", "mountPath": "/etc/conf" }],
            }],
            "volumes": [{ "name": "conf", "configMap": { "name": "conf" } }],
        }),
    );
    cluster.advance(Duration::from_secs(5));
    let mut text = format!("{}\n", get(&mut cluster, "conf")["status"]["phase"]);
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "conf" }, "data": { "greeting": "hello", "a": "A" } });
    send(&mut cluster, "POST", "/api/v1/namespaces/default/configmaps", &map);
    cluster.advance(Duration::from_secs(30));
    text.push_str(&log(&mut cluster, "conf", ""));
    text.push_str(&sh(&mut cluster, "conf", "ls /etc/conf /var/run/secrets/kubernetes.io/serviceaccount; echo x > /var/run/secrets/kubernetes.io/serviceaccount/y"));
    text.push_str(&events(&mut cluster, "conf"));
    expect![[r#"
        "Pending"
        hello conf A
        /etc/conf:
        a
        greeting
        /var/run/secrets/kubernetes.io/serviceaccount:
        ca.crt
        namespace
        token
        sh: can't create /var/run/secrets/kubernetes.io/serviceaccount/y: Read-only file system
        = 1, 0 s
        Scheduled x1 Successfully assigned default/conf to worker-1
        FailedMount x4 MountVolume.SetUp failed for volume "conf" : configmap "conf" not found
        Pulling x1 Pulling image "alpine"
        Pulled x1 Successfully pulled image "alpine" in 700ms (700ms including waiting). Image size: 3802452 bytes.
        Created x1 Container created
        Started x1 Container started
    "#]].assert_eq(&text);
}

#[test]
fn probes_gate_readiness_and_restart_the_dead() {
    let mut cluster = fresh();
    cluster.advance(Duration::from_secs(1));
    create(
        &mut cluster,
        "gate",
        &json!({ "containers": [{
        "name": "main", "image": "nginx",
        "readinessProbe": { "httpGet": { "path": "/ready.html", "port": 80 }, "periodSeconds": 5 },
        "livenessProbe": { "exec": { "command": ["cat", "/tmp/alive"] }, "initialDelaySeconds": 40, "periodSeconds": 5, "failureThreshold": 1 },
    }] }),
    );
    cluster.advance(Duration::from_secs(15));
    let ready = |cluster: &mut Cluster| {
        let pod = get(cluster, "gate");
        format!(
            "{} {}\n",
            pod["status"]["containerStatuses"][0]["ready"],
            pod["status"]["containerStatuses"][0]["restartCount"]
        )
    };
    let mut text = ready(&mut cluster);
    text.push_str(&sh(
        &mut cluster,
        "gate",
        "echo ok > /usr/share/nginx/html/ready.html; touch /tmp/alive",
    ));
    cluster.advance(Duration::from_secs(10));
    text.push_str(&ready(&mut cluster));
    cluster.advance(Duration::from_secs(40));
    text.push_str(&ready(&mut cluster));
    text.push_str(&sh(&mut cluster, "gate", "rm /tmp/alive"));
    cluster.advance(Duration::from_secs(10));
    text.push_str(&ready(&mut cluster));
    text.push_str(&events(&mut cluster, "gate"));
    expect![[r#"
        false 0
        = 0, 0 s
        true 0
        true 0
        = 0, 0 s
        false 1
        Scheduled x1 Successfully assigned default/gate to worker-1
        Pulling x2 Pulling image "nginx"
        Pulled x2 Successfully pulled image "nginx" in 1.450s (1.450s including waiting). Image size: 72223946 bytes.
        Created x2 Container created
        Started x2 Container started
        Unhealthy x5 Readiness probe failed: HTTP probe failed with statuscode: 404
        Unhealthy x1 Liveness probe failed: cat: /tmp/alive: No such file or directory

        Killing x1 Container main failed liveness probe, will be restarted
    "#]].assert_eq(&text);
}

#[test]
fn a_terminal_echoes_prompts_and_ends() {
    let mut cluster = three();
    let stream = open(&mut cluster, "box", "stdin=true&stdout=true&tty=true", &["sh"]);
    let mut text = String::new();
    for keys in [
        "hostname\r",
        "cd /tmp\r",
        "sleep 100\r",
        "\u{3}",
        "if true; then\r",
        "echo x; fi\r",
        "exit 4\r",
    ] {
        let frame = [&[0], keys.as_bytes()].concat();
        cluster.write_stream(stream, &frame);
        cluster.advance(Duration::from_secs(1));
        for chunk in cluster.read_stream(stream).chunks {
            text.push_str(&String::from_utf8_lossy(&chunk[1..]));
        }
    }
    expect![[r#"
        / # hostname
        box
        / # cd /tmp
        /tmp # sleep 100
        ^C
        /tmp # if true; then
        > echo x; fi
        x
        /tmp # exit 4
        {"details":{"causes":[{"message":"4","reason":"ExitCode"}]},"message":"command terminated with non-zero exit code: error executing command, exit code 4","metadata":{},"reason":"NonZeroExitCode","status":"Failure"}"#]].assert_eq(&text.replace('\r', ""));
}

#[test]
fn the_same_seed_and_journal_give_the_same_state() {
    let digest = || {
        let mut cluster = three();
        sh(&mut cluster, "box", "wget -qO- http://web; sleep 3");
        cluster.advance(Duration::from_secs(600));
        let mut text = String::new();
        for resource in ["pods", "events", "nodes", "services", "endpoints"] {
            text.push_str(
                &send(&mut cluster, "GET", &format!("/api/v1/{resource}"), &Value::Null)
                    .to_string(),
            );
        }
        text
    };
    assert_eq!(digest(), digest());
}

/// What an attached client sees after a while.
fn attached(cluster: &mut Cluster, stream: StreamId, typed: &[u8]) -> String {
    if !typed.is_empty() {
        cluster.write_stream(stream, &[&[0], typed].concat());
    }
    cluster.advance(Duration::from_secs(3));
    let read = cluster.read_stream(stream);
    let mut text = String::new();
    for chunk in read.chunks {
        writeln!(text, "{}: {:?}", chunk[0], String::from_utf8_lossy(&chunk[1..])).unwrap();
    }
    if read.closed {
        text.push_str("closed\n");
    }
    text
}

fn attach(cluster: &mut Cluster, pod: &str, flags: &str) -> StreamId {
    let path = format!("/api/v1/namespaces/default/pods/{pod}/attach?{flags}");
    match raw(cluster, "GET", &path, &Value::Null) {
        EngineAnswer::Stream(response) => response.into_body(),
        EngineAnswer::Full(response) => panic!("{}", String::from_utf8_lossy(response.body())),
    }
}

#[test]
fn who_attaches_types_into_the_main_process_and_sees_what_it_writes() {
    let mut cluster = fresh();
    let shell = json!({ "name": "main", "image": "busybox:1.37", "stdin": true, "stdinOnce": true, "tty": true });
    create(&mut cluster, "shell", &json!({ "restartPolicy": "Never", "containers": [shell] }));
    let ticks = json!({ "name": "main", "image": "busybox:1.37", "command": ["sh", "-c", "while true; do echo tick; sleep 2; done"] });
    create(&mut cluster, "ticks", &json!({ "containers": [ticks] }));
    cluster.advance(Duration::from_secs(10));
    let stream = attach(&mut cluster, "shell", "stdin=true&stdout=true&tty=true");
    let mut seen = attached(&mut cluster, stream, b"");
    seen += &attached(&mut cluster, stream, b"\r");
    seen += &attached(&mut cluster, stream, b"echo hx\x7fi\r");
    seen += &attached(&mut cluster, stream, b"exit 3\r");
    let stream = attach(&mut cluster, "ticks", "stdout=true&stderr=true");
    seen += &attached(&mut cluster, stream, b"");
    let status = &get(&mut cluster, "shell")["status"];
    writeln!(
        seen,
        "{} {}",
        status["phase"], status["containerStatuses"][0]["state"]["terminated"]["exitCode"]
    )
    .unwrap();
    expect![[r#"
        1: "\r\n/ # "
        1: "echo hx\u{8} \u{8}i\r\nhi\r\n/ # "
        1: "exit 3\r\n"
        3: "{\"metadata\":{},\"status\":\"Success\"}"
        closed
        1: "tick\n"
        "Failed" 3
    "#]]
    .assert_eq(&seen);
}

#[test]
fn a_container_for_debugging_joins_a_pod_that_runs() {
    let mut cluster = fresh();
    let container = json!({ "name": "web", "image": "nginx:1.29" });
    create(&mut cluster, "web", &json!({ "containers": [container] }));
    cluster.advance(Duration::from_secs(10));
    let mut pod = get(&mut cluster, "web");
    pod["spec"]["ephemeralContainers"] = json!([{
        "name": "debugger", "image": "busybox:1.37", "stdin": true, "tty": true, "targetContainerName": "web",
    }]);
    let path = "/api/v1/namespaces/default/pods/web/ephemeralcontainers";
    let answer = send(&mut cluster, "PUT", path, &pod);
    assert_eq!(answer["kind"], "Pod", "{answer:#}");
    cluster.advance(Duration::from_secs(5));
    let path = "/api/v1/namespaces/default/pods/web/attach?container=debugger&stdin=true&stdout=true&tty=true";
    let EngineAnswer::Stream(stream) = raw(&mut cluster, "GET", path, &Value::Null) else {
        panic!("no stream");
    };
    let stream = stream.into_body();
    let mut seen = attached(&mut cluster, stream, b"wget -qO- localhost | head -n 2\r");
    seen += &attached(&mut cluster, stream, b"exit\r");
    let status = get(&mut cluster, "web")["status"].clone();
    let debugger = &status["ephemeralContainerStatuses"][0];
    let ended = &debugger["state"]["terminated"];
    writeln!(
        seen,
        "{} {} {} {}",
        status["phase"], debugger["name"], ended["reason"], ended["exitCode"]
    )
    .unwrap();
    expect![[r#"
        1: "wget -qO- localhost | head -n 2\r\n<!DOCTYPE html>\r\n<html>\r\n/ # "
        1: "exit\r\n"
        3: "{\"metadata\":{},\"status\":\"Success\"}"
        closed
        "Running" "debugger" "Completed" 0
    "#]]
    .assert_eq(&seen);
}
