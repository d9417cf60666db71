//! Volumes in containers: files from ConfigMaps and Secrets, parts of volumes, updates, and a Tomcat that lives on
//! them.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_raw_string_hashes,
    reason = "a test may panic"
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

fn config(cluster: &mut Cluster, method: &str, name: &str, data: &Value) {
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": data });
    let place = "/api/v1/namespaces/default/configmaps";
    let path = if method == "POST" { place.to_owned() } else { format!("{place}/{name}") };
    assert_eq!(send(cluster, method, &path, &map)["kind"], "ConfigMap");
}

fn events(cluster: &mut Cluster, name: &str) -> String {
    let all = send(cluster, "GET", "/api/v1/namespaces/default/events", &Value::Null);
    let mut text = String::new();
    for event in all["items"].as_array().unwrap() {
        let field = |name: &str| event[name].as_str().unwrap_or_default();
        if event["involvedObject"]["name"] == name && field("type") == "Warning" {
            writeln!(text, "{} x{}: {}", field("reason"), event["count"], field("message"))
                .unwrap();
        }
    }
    text
}

fn state(cluster: &mut Cluster, name: &str) -> String {
    let pod = get(cluster, name);
    let status = &pod["status"];
    let state = status["containerStatuses"][0]["state"].to_string();
    let state = state.replace(pod["metadata"]["uid"].as_str().unwrap(), "UID");
    format!("{} {state}\n", status["phase"].as_str().unwrap())
}

fn box_with(volumes: &Value, mounts: &Value) -> Value {
    json!({
        "volumes": volumes,
        "containers": [{ "name": "main", "image": "busybox:1.37", "command": ["sleep", "infinity"], "volumeMounts": mounts }],
    })
}

#[test]
fn a_pod_waits_for_its_config_map_with_the_kubelets_words() {
    let mut cluster = fresh();
    let volumes =
        json!([{ "name": "server-volume", "configMap": { "name": "server-xml-config" } }]);
    let mounts = json!([{ "name": "server-volume", "mountPath": "/etc/config" }]);
    create(&mut cluster, "waits", &box_with(&volumes, &mounts));
    cluster.advance(Duration::from_secs(130));
    expect![[r#"
        Pending {"waiting":{"reason":"ContainerCreating"}}
        FailedMount x9: MountVolume.SetUp failed for volume "server-volume" : configmap "server-xml-config" not found
        FailedMount x1: Unable to attach or mount volumes: unmounted volumes=[server-volume], unattached volumes=[], failed to process volumes=[]: context deadline exceeded
    "#]].assert_eq(&(state(&mut cluster, "waits") + &events(&mut cluster, "waits")));
    config(&mut cluster, "POST", "server-xml-config", &json!({ "server.xml": "<Server/>\n" }));
    cluster.advance(Duration::from_secs(5));
    assert!(state(&mut cluster, "waits").starts_with("Pending"), "its back-off is not over");
    cluster.advance(Duration::from_secs(125));
    expect![[r#"
        <Server/>
        = 0, 0 s
    "#]]
    .assert_eq(&sh(&mut cluster, "waits", "cat /etc/config/server.xml"));
}

#[test]
fn items_choose_keys_and_modes_and_a_key_that_is_missing_is_named() {
    let mut cluster = fresh();
    config(&mut cluster, "POST", "settings", &json!({ "a": "one", "b": "two" }));
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "key" }, "stringData": { "id": "s3cret" } });
    send(&mut cluster, "POST", "/api/v1/namespaces/default/secrets", &secret);
    let volumes = json!([
        { "name": "config", "configMap": { "name": "settings", "items": [{ "key": "a", "path": "deep/first" }] } },
        { "name": "key", "secret": { "secretName": "key", "defaultMode": 256 } },
        { "name": "perhaps", "configMap": { "name": "nowhere", "optional": true } },
    ]);
    let mounts = json!([
        { "name": "config", "mountPath": "/config" }, { "name": "key", "mountPath": "/key" },
        { "name": "perhaps", "mountPath": "/perhaps" },
    ]);
    create(&mut cluster, "chosen", &box_with(&volumes, &mounts));
    let volumes = json!([{ "name": "config", "configMap": { "name": "settings", "items": [{ "key": "z", "path": "z" }] } }]);
    create(&mut cluster, "lacks", &box_with(&volumes, &json!([])));
    cluster.advance(Duration::from_secs(10));
    let script = "find /config; cat /config/deep/first; echo; ls -l /key; cat /key/id; echo; ls /perhaps; echo x > /config/deep/first";
    expect![[r#"
        /config
        /config/deep
        /config/deep/first
        one
        -r--------    1 root     root             6 Sep 21 14:13 id
        s3cret
        sh: can't create /config/deep/first: Read-only file system
        = 1, 0 s
        FailedMount x5: MountVolume.SetUp failed for volume "config" : configmap references non-existent config key: z
    "#]].assert_eq(&(sh(&mut cluster, "chosen", script) + &events(&mut cluster, "lacks")));
}

#[test]
fn a_directory_is_updated_and_a_part_is_not() {
    let mut cluster = fresh();
    config(&mut cluster, "POST", "settings", &json!({ "key": "old" }));
    let volumes = json!([{ "name": "config", "configMap": { "name": "settings" } }]);
    let mounts = json!([
        { "name": "config", "mountPath": "/whole" },
        { "name": "config", "mountPath": "/etc/part", "subPath": "key" },
    ]);
    create(&mut cluster, "reads", &box_with(&volumes, &mounts));
    cluster.advance(Duration::from_secs(10));
    config(&mut cluster, "PUT", "settings", &json!({ "key": "new", "more": "" }));
    cluster.advance(Duration::from_secs(1));
    let script = "ls /whole; cat /whole/key /etc/part; echo; ls -l /etc/part";
    let early = sh(&mut cluster, "reads", script);
    cluster.advance(Duration::from_secs(90));
    let late = sh(&mut cluster, "reads", script);
    expect![[r#"
        key
        oldold
        -rw-r--r--    1 root     root             3 Sep 21 14:13 /etc/part
        = 0, 0 s
        key
        more
        newold
        -rw-r--r--    1 root     root             3 Sep 21 14:15 /etc/part
        = 0, 0 s
    "#]]
    .assert_eq(&format!("{early}{late}"));
}

#[test]
fn environment_that_is_missing_is_told_in_the_kubelets_words() {
    let mut cluster = fresh();
    config(&mut cluster, "POST", "settings", &json!({ "a": "one" }));
    let from = |kind: &str, name: &str, key: &str| json!([{ "name": "X", "valueFrom": { kind: { "name": name, "key": key } } }]);
    let mut shown = String::new();
    for (name, env) in [
        ("no-map", from("configMapKeyRef", "nowhere", "a")),
        ("no-key", from("configMapKeyRef", "settings", "z")),
        ("no-secret", from("secretKeyRef", "nowhere", "a")),
    ] {
        let container =
            json!({ "name": "main", "image": "busybox:1.37", "command": ["env"], "env": env });
        create(&mut cluster, name, &json!({ "containers": [container] }));
        cluster.advance(Duration::from_secs(5));
        shown += &state(&mut cluster, name);
        shown += &events(&mut cluster, name);
    }
    expect![[r#"
        Pending {"waiting":{"message":"configmap \"nowhere\" not found","reason":"CreateContainerConfigError"}}
        Failed x1: Error: configmap "nowhere" not found
        Pending {"waiting":{"message":"couldn't find key z in ConfigMap default/settings","reason":"CreateContainerConfigError"}}
        Failed x1: Error: couldn't find key z in ConfigMap default/settings
        Pending {"waiting":{"message":"secret \"nowhere\" not found","reason":"CreateContainerConfigError"}}
        Failed x1: Error: secret "nowhere" not found
    "#]].assert_eq(&shown);
}

#[test]
fn the_token_of_a_pod_is_one_that_the_api_server_takes() {
    let mut cluster = fresh();
    create(&mut cluster, "asks", &box_with(&json!([]), &json!([])));
    cluster.advance(Duration::from_secs(10));
    let folder = "/var/run/secrets/kubernetes.io/serviceaccount";
    let read = sh(
        &mut cluster,
        "asks",
        &format!("cat {folder}/token; echo; cat {folder}/namespace; echo"),
    );
    let token = read.lines().next().unwrap().to_owned();
    let mut request = http::Request::builder()
        .method("POST")
        .uri("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(
            json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" })
                .to_string()
                .into_bytes(),
        )
        .unwrap();
    request.extensions_mut().clear();
    let EngineAnswer::Full(response) = cluster.handle(request) else { panic!("a stream") };
    let review: Value = serde_json::from_slice(response.body()).unwrap();
    expect!["system:serviceaccount:default:default"]
        .assert_eq(review["status"]["userInfo"]["username"].as_str().unwrap_or("?"));
}

const SERVER_XML: &str = r#"<Server port="8005" shutdown="SHUTDOWN">
  <Listener className="org.apache.catalina.startup.VersionLoggerListener" />
  <Service name="Catalina">
    <Connector port="8888" protocol="HTTP/1.1" />
    <Engine name="Catalina" defaultHost="localhost">
      <Host name="localhost" appBase="webapps">
        <Valve className="org.apache.catalina.valves.AccessLogValve" directory="logs" prefix="localhost_access_log" suffix=".txt" pattern="common" />
      </Host>
    </Engine>
  </Service>
</Server>
"#;

fn tomcat(cluster: &mut Cluster, name: &str, mounts: &Value) {
    let spec = json!({
        "volumes": [
            { "name": "server-volume", "configMap": { "name": "server-xml-config" } },
            { "name": "log-data", "emptyDir": {} }, { "name": "home", "emptyDir": {} },
        ],
        "containers": [{ "name": "tomcat", "image": "tomcat:10.1", "volumeMounts": mounts }],
    });
    create(cluster, name, &spec);
}

#[test]
fn tomcat_listens_where_its_server_xml_says_and_logs_what_it_serves() {
    let mut cluster = fresh();
    config(&mut cluster, "POST", "server-xml-config", &json!({ "server.xml": SERVER_XML }));
    tomcat(
        &mut cluster,
        "config-tomcat",
        &json!([
            { "name": "server-volume", "mountPath": "/usr/local/tomcat/conf/server.xml", "subPath": "server.xml" },
            { "name": "home", "mountPath": "/usr/local/tomcat/webapps/ROOT" },
            { "name": "log-data", "mountPath": "/usr/local/tomcat/logs" },
        ]),
    );
    cluster.advance(Duration::from_secs(20));
    let script = "pwd; ls conf; curl -s -o /dev/null -w '%{http_code}\\n' localhost:8888/; curl -s localhost:8888/a; echo; curl -sS localhost:8080/; echo '<h1>hello</h1>' > webapps/ROOT/index.html; curl -si localhost:8888/; ls logs; cat logs/*";
    let seen = exec(&mut cluster, "config-tomcat", &["sh", "-c", script]);
    expect![[r#"
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/10.1.46
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version number: 10.1.46.0
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log OS Name:               Linux
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log OS Version:            6.12.0
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Architecture:          amd64
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Java Home:             /opt/java/openjdk
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log JVM Version:           21.0.8+9-LTS
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log JVM Vendor:            Eclipse Adoptium
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log CATALINA_BASE:         /usr/local/tomcat
        21-Sep-2026 14:13:25.205 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log CATALINA_HOME:         /usr/local/tomcat
        21-Sep-2026 14:13:25.805 INFO [main] org.apache.coyote.AbstractProtocol.init Initializing ProtocolHandler ["http-nio-8888"]
        21-Sep-2026 14:13:25.805 INFO [main] org.apache.catalina.startup.Catalina.load Server initialization in [600] milliseconds
        21-Sep-2026 14:13:26.045 INFO [main] org.apache.catalina.core.StandardService.startInternal Starting service [Catalina]
        21-Sep-2026 14:13:26.045 INFO [main] org.apache.catalina.core.StandardEngine.startInternal Starting Servlet engine: [Apache Tomcat/10.1.46]
        21-Sep-2026 14:13:26.045 INFO [main] org.apache.catalina.startup.HostConfig.deployDirectory Deploying web application directory [/usr/local/tomcat/webapps/ROOT]
        21-Sep-2026 14:13:26.765 INFO [main] org.apache.catalina.startup.HostConfig.deployDirectory Deployment of web application directory [/usr/local/tomcat/webapps/ROOT] has finished in [720] ms
        21-Sep-2026 14:13:27.005 INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-8888"]
        21-Sep-2026 14:13:27.005 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [1200] milliseconds
        /usr/local/tomcat
        Catalina
        catalina.properties
        context.xml
        logging.properties
        server.xml
        tomcat-users.xml
        web.xml
        404
        <!doctype html><html lang="en"><head><title>HTTP Status 404 - Not Found</title><style type="text/css">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}</style></head><body><h1>HTTP Status 404 - Not Found</h1><hr class="line" /><p><b>Type</b> Status Report</p><p><b>Message</b> The requested resource [&#47;a] is not available</p><p><b>Description</b> The origin server did not find a current representation for the target resource or is not willing to disclose that one exists.</p><hr class="line" /><h3>Apache Tomcat/10.1.46</h3></body></html>
        curl: (7) Failed to connect to localhost port 8080 after 1 ms: Could not connect to server
        HTTP/1.1 404 Not Found
        Content-Type: text/html;charset=utf-8
        Content-Language: en
        Content-Length: 752
        Date: Mon, 21 Sep 2026 14:13:40 GMT

        <!doctype html><html lang="en"><head><title>HTTP Status 404 - Not Found</title><style type="text/css">body {font-family:Tahoma,Arial,sans-serif;} h1, h2, h3, b {color:white;background-color:#525D76;} h1 {font-size:22px;} h2 {font-size:16px;} h3 {font-size:14px;} p {font-size:12px;} a {color:black;} .line {height:1px;background-color:#525D76;border:none;}</style></head><body><h1>HTTP Status 404 - Not Found</h1><hr class="line" /><p><b>Type</b> Status Report</p><p><b>Message</b> The requested resource [&#47;] is not available</p><p><b>Description</b> The origin server did not find a current representation for the target resource or is not willing to disclose that one exists.</p><hr class="line" /><h3>Apache Tomcat/10.1.46</h3></body></html>localhost_access_log.2026-09-21.txt
        10.244.2.2 - - [21/Sep/2026:14:13:40 +0000] "GET / HTTP/1.1" 404 752
        10.244.2.2 - - [21/Sep/2026:14:13:40 +0000] "GET /a HTTP/1.1" 404 753
        10.244.2.2 - - [21/Sep/2026:14:13:40 +0000] "GET / HTTP/1.1" 404 752
        = 0, 0 s
    "#]].assert_eq(&(log(&mut cluster, "config-tomcat", "") + &seen.replace('\r', "").replace('\u{2013}', "-")));
}

#[test]
fn tomcat_without_the_rest_of_its_conf_serves_nothing_and_without_server_xml_gives_up() {
    let mut cluster = fresh();
    config(&mut cluster, "POST", "server-xml-config", &json!({ "server.xml": SERVER_XML }));
    let whole = json!([{ "name": "server-volume", "mountPath": "/usr/local/tomcat/conf" }]);
    tomcat(&mut cluster, "hidden", &whole);
    cluster.advance(Duration::from_secs(20));
    let script = "ls conf; mkdir webapps/ROOT; echo hello > webapps/ROOT/index.html; curl -s -o /dev/null -w '%{http_code}\\n' localhost:8888/";
    let mut shown =
        log(&mut cluster, "hidden", "tailLines=4") + &sh(&mut cluster, "hidden", script);
    config(&mut cluster, "PUT", "server-xml-config", &json!({ "other.xml": SERVER_XML }));
    tomcat(&mut cluster, "empty", &whole);
    let part = json!([{ "name": "server-volume", "mountPath": "/usr/local/tomcat/conf/server.xml", "subPath": "server.xml" }]);
    tomcat(&mut cluster, "wrong-key", &part);
    config(&mut cluster, "POST", "broken", &json!({}));
    cluster.advance(Duration::from_secs(22));
    shown += &log(&mut cluster, "empty", "");
    shown += &state(&mut cluster, "empty");
    shown += &state(&mut cluster, "wrong-key");
    let warnings = events(&mut cluster, "wrong-key");
    shown += &warnings
        .replace(get(&mut cluster, "wrong-key")["metadata"]["uid"].as_str().unwrap(), "UID");
    expect![[r#"
        Sep 21, 2026 2:13:27 PM org.apache.coyote.AbstractProtocol start
        INFO: Starting ProtocolHandler ["http-nio-8888"]
        Sep 21, 2026 2:13:27 PM org.apache.catalina.startup.Catalina start
        INFO: Server startup in [1200] milliseconds
        server.xml
        404
        = 0, 0 s
        Sep 21, 2026 2:13:58 PM org.apache.catalina.startup.Catalina parseServerXml
        WARNING: Unable to load server configuration from [/usr/local/tomcat/conf/server.xml]
        java.io.FileNotFoundException: /usr/local/tomcat/conf/server.xml (No such file or directory)
        Sep 21, 2026 2:13:58 PM org.apache.catalina.startup.Catalina start
        SEVERE: Cannot start server, server instance is not configured
        Running {"waiting":{"message":"back-off 20s restarting failed container=tomcat pod=empty_default(UID)","reason":"CrashLoopBackOff"}}
        Running {"waiting":{"message":"back-off 20s restarting failed container=tomcat pod=wrong-key_default(UID)","reason":"CrashLoopBackOff"}}
        Failed x3: Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error mounting "/var/lib/kubelet/pods/UID/volume-subpaths/server-volume/tomcat/0" to rootfs at "/usr/local/tomcat/conf/server.xml": mount src=/var/lib/kubelet/pods/UID/volume-subpaths/server-volume/tomcat/0, dst=/usr/local/tomcat/conf/server.xml, dstFd=/proc/thread-self/fd/11, flags=MS_BIND|MS_REC: not a directory: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type
        BackOff x2: Back-off restarting failed container tomcat in pod wrong-key_default(UID)
    "#]].assert_eq(&shown);
}

#[test]
fn the_proxy_of_the_api_server_reaches_a_pods_server() {
    let mut cluster = fresh();
    let container = json!({ "name": "web", "image": "nginx:1.29", "ports": [{ "name": "http", "containerPort": 80 }] });
    create(&mut cluster, "web", &json!({ "containers": [container] }));
    cluster.advance(Duration::from_secs(10));
    let mut seen = String::new();
    for (method, path) in [
        ("HEAD", "web/proxy/"),
        ("POST", "web/proxy/"),
        ("POST", "web/proxy/none"),
        ("PUT", "web/proxy/none"),
        ("GET", "web/proxy/"),
        ("GET", "web:http/proxy/none?x=1"),
        ("GET", "web:81/proxy/"),
    ] {
        let path = format!("/api/v1/namespaces/default/pods/{path}");
        let EngineAnswer::Full(response) = raw(&mut cluster, method, &path, &Value::Null) else {
            panic!("a stream")
        };
        let body = String::from_utf8_lossy(response.body()).into_owned();
        let line = body.lines().nth(1).or_else(|| body.lines().next()).unwrap_or_default();
        writeln!(seen, "{} {line}", response.status()).unwrap();
    }
    expect![[r#"
        200 OK 
        405 Method Not Allowed <head><title>405 Not Allowed</title></head>
        404 Not Found <head><title>404 Not Found</title></head>
        405 Method Not Allowed <head><title>405 Not Allowed</title></head>
        200 OK <html>
        404 Not Found <head><title>404 Not Found</title></head>
        503 Service Unavailable {"apiVersion":"v1","code":503,"kind":"Status","message":"error trying to reach service: dial tcp 10.244.1.2:81: connect: connection refused","metadata":{},"reason":"ServiceUnavailable","status":"Failure"}
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "HEAD / HTTP/1.1" 200 0 "-" "" "-"
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "POST / HTTP/1.1" 405 150 "-" "" "-"
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "POST /none HTTP/1.1" 404 146 "-" "" "-"
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "PUT /none HTTP/1.1" 405 150 "-" "" "-"
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "GET / HTTP/1.1" 200 615 "-" "" "-"
        172.18.0.2 - - [21/Sep/2026:14:13:30 +0000] "GET /none?x=1 HTTP/1.1" 404 146 "-" "" "-"
    "#]].assert_eq(&(seen + &log(&mut cluster, "web", "tailLines=6")));
}
