//! Console lessons on the embedded cluster: what a learner types, and what comes back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer, StreamId};
use apimachinery::transport::{
    BoxFuture, ByteStream, Clock, ExecError, ExecOutput, Transport, TransportError,
};
use cluster::{Cluster, ClusterConfig, Controllers};
use expect_test::{Expect, expect};
use jiff::Timestamp;
use kubectl::apply::{ApplyOptions, apply_documents, delete_documents, diff_documents};
use kubectl::completion::complete;
use kubectl::{Captured, Files, Invocation, Kubectl, NoFiles, manifest};

/// A cluster whose time moves only when everybody waits.
#[derive(Clone)]
struct Embedded(Arc<Mutex<Cluster>>);

impl Embedded {
    fn new() -> Self {
        let config = ClusterConfig {
            seed: 1,
            epoch: "2026-01-01T00:00:00Z".parse().unwrap_or_default(),
            nodes: 2,
            controllers: Controllers::All,
            admin_token: "admin".to_owned(),
            extra_tokens: Vec::new(),
        };
        let embedded = Self(Arc::new(Mutex::new(Cluster::new(config))));
        embedded.cluster().advance(Duration::from_secs(30));
        embedded
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, mut request: http::Request<Vec<u8>>) -> EngineAnswer {
        request
            .headers_mut()
            .insert("authorization", http::HeaderValue::from_static("Bearer admin"));
        self.cluster().handle(request)
    }
}

struct Stream {
    of: Embedded,
    id: StreamId,
    waiting: Vec<Vec<u8>>,
    closed: bool,
}

impl futures_core::Stream for Stream {
    type Item = Result<Vec<u8>, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.waiting.is_empty() && !self.closed {
            let read = self.of.cluster().read_stream(self.id);
            self.waiting = read.chunks;
            self.closed = read.closed;
        }
        if !self.waiting.is_empty() {
            let chunk = self.waiting.remove(0);
            return Poll::Ready(Some(Ok(chunk)));
        }
        if self.closed { Poll::Ready(None) } else { Poll::Pending }
    }
}

impl Transport for Embedded {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        let answer = match self.handle(request) {
            EngineAnswer::Full(response) => Ok(response),
            EngineAnswer::Stream(response) => {
                let (parts, id) = response.into_parts();
                let body = self.cluster().read_stream(id).chunks.concat();
                Ok(http::Response::from_parts(parts, body))
            }
        };
        Box::pin(async move { answer })
    }

    fn stream(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<ByteStream>, TransportError>> {
        let stream = |id, waiting, closed| -> ByteStream {
            Box::pin(Stream { of: self.clone(), id, waiting, closed })
        };
        let answer = match self.handle(request) {
            EngineAnswer::Full(response) => {
                response.map(|body| stream(StreamId(u64::MAX), vec![body], true))
            }
            EngineAnswer::Stream(response) => response.map(|id| stream(id, Vec::new(), false)),
        };
        Box::pin(async move { Ok(answer) })
    }

    fn exec(
        &self,
        request: http::Request<Vec<u8>>,
        _stdin: Vec<u8>,
    ) -> BoxFuture<'_, Result<ExecOutput, ExecError>> {
        let answer = self.handle(request);
        let cluster = self.clone();
        Box::pin(async move { cluster.finish_exec(answer) })
    }
}

impl Embedded {
    fn finish_exec(&self, answer: EngineAnswer) -> Result<ExecOutput, ExecError> {
        let response = match answer {
            EngineAnswer::Stream(response) => response,
            EngineAnswer::Full(response) => {
                let text = String::from_utf8_lossy(response.body()).into_owned();
                return Err(match serde_json::from_slice(response.body()) {
                    Ok(status) => ExecError::Refused(Box::new(status)),
                    Err(_) => ExecError::Transport(TransportError::Connection(text)),
                });
            }
        };
        let mut output = ExecOutput::default();
        for _ in 0..600 {
            let read = self.cluster().read_stream(*response.body());
            for frame in &read.chunks {
                match frame.split_first() {
                    Some((1, data)) => output.stdout.extend_from_slice(data),
                    Some((2, data)) => output.stderr.extend_from_slice(data),
                    Some((3, data)) => output.exit_code = exit_code(data),
                    _ => {}
                }
            }
            if read.closed {
                return Ok(output);
            }
            self.cluster().advance(Duration::from_millis(500));
        }
        Err(ExecError::Transport(TransportError::Connection("the command does not end".to_owned())))
    }
}

fn exit_code(status: &[u8]) -> i32 {
    let status: serde_json::Value = serde_json::from_slice(status).unwrap_or_default();
    let text = |path: &str| status.pointer(path).and_then(serde_json::Value::as_str);
    if text("/status") == Some("Success") {
        return 0;
    }
    text("/details/causes/0/message").and_then(|text| text.parse().ok()).unwrap_or(1)
}

impl Clock for Embedded {
    fn now(&self) -> Timestamp {
        self.cluster().now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let end = self.now() + jiff::SignedDuration::try_from(duration).unwrap_or_default();
        Box::pin(std::future::poll_fn(move |_| {
            if self.now() >= end { Poll::Ready(()) } else { Poll::Pending }
        }))
    }
}

impl Embedded {
    /// Polls a future, and lets the cluster's time pass while it waits, for an hour at most.
    fn block_on<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        for _ in 0..7200 {
            if let Poll::Ready(value) =
                future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
            {
                return Some(value);
            }
            self.cluster().advance(Duration::from_millis(500));
        }
        None
    }
}

/// What a line that does not end by itself has said after some seconds.
fn watched(embedded: &Embedded, line: &str, seconds: u32) -> String {
    let kubectl = kubectl(embedded);
    let mut out = Captured::default();
    let Ok(invocation) = Invocation::parse(line) else { return String::new() };
    {
        let files = files();
        let mut future = pin!(kubectl.run(&invocation, &files, "", &mut out));
        for _ in 0..seconds {
            if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
            embedded.cluster().advance(Duration::from_secs(1));
        }
    }
    [out.stdout, out.stderr].concat()
}

#[test]
fn a_watch_tells_every_change_until_it_is_dropped() {
    let embedded = Embedded::new();
    let mut said = watched(&embedded, "kubectl apply -f pod.yaml", 1);
    said.push_str(&watched(&embedded, "kubectl get pods -w", 20));
    said.push_str(&watched(&embedded, "kubectl delete pod web --wait=false", 1));
    let events = "kubectl get pod web --watch-only --output-watch-events -o name";
    said.push_str(&watched(&embedded, events, 60));
    expect![[r#"
        pod/web created
        NAME   READY   STATUS    RESTARTS   AGE
        web    0/1     Pending   0          0s
        web    0/1     Pending   0          1s
        web    0/1     ContainerCreating   0          1s
        web    0/1     ContainerCreating   0          1s
        web    1/1     Running             0          2s
        pod "web" deleted from default namespace
        pod/web
        pod/web
    "#]]
    .assert_eq(&said);
}

struct Folder(BTreeMap<&'static str, &'static str>);

impl Files for Folder {
    fn read(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|text| (*text).to_owned())
    }
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  containers:\n  - {name: web, image: nginx}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: shop}}\n  template:\n    metadata: {labels: {app: shop}}\n    spec: {containers: [{name: shop, image: nginx}]}\n";

fn files() -> Folder {
    Folder(BTreeMap::from([("pod.yaml", POD), ("shop.yaml", DEPLOYMENT)]))
}

fn kubectl(embedded: &Embedded) -> Kubectl {
    Kubectl::new(Arc::new(embedded.clone()), Arc::new(embedded.clone()))
}

/// Plays lines and compares the whole transcript.
fn lesson(lines: &[&str], expected: &Expect) {
    let embedded = Embedded::new();
    let kubectl = kubectl(&embedded);
    let mut said = String::new();
    for line in lines {
        writeln!(said, "$ {line}").unwrap_or_default();
        let invocation = match Invocation::parse(line) {
            Ok(invocation) => invocation,
            Err(error) => {
                writeln!(said, "{error}").unwrap_or_default();
                continue;
            }
        };
        let mut out = Captured::default();
        let code = embedded.block_on(kubectl.run(&invocation, &files(), "", &mut out));
        said.push_str(&out.stdout);
        said.push_str(&out.stderr);
        match code {
            Some(0) => {}
            Some(code) => writeln!(said, "[exit {code}]").unwrap_or_default(),
            None => said.push_str("[still waiting]\n"),
        }
    }
    expected.assert_eq(&said);
}

#[test]
fn a_pod_is_applied_looked_at_and_deleted() {
    lesson(
        &[
            "kubectl apply -f pod.yaml",
            "kubectl apply -f pod.yaml",
            "kubectl wait pod/web --for=condition=Ready --timeout=60s",
            "kubectl get pods --show-labels",
            "kubectl get pod web -o jsonpath='{.status.phase}{\"\\n\"}'",
            "kubectl exec web -- sh -c 'echo hello; exit 3'",
            "kubectl exec web -it -- cat /etc/hostname",
            "kubectl exec web -it -- sh",
            "kubectl logs web",
            "kubectl logs web -c nope",
            "kubectl delete pod web",
            "kubectl get pods",
        ],
        &expect![[r#"
            $ kubectl apply -f pod.yaml
            pod/web created
            $ kubectl apply -f pod.yaml
            pod/web unchanged
            $ kubectl wait pod/web --for=condition=Ready --timeout=60s
            pod/web condition met
            $ kubectl get pods --show-labels
            NAME   READY   STATUS    RESTARTS   AGE   LABELS
            web    1/1     Running   0          2s    app=web
            $ kubectl get pod web -o jsonpath='{.status.phase}{"\n"}'
            Running
            $ kubectl exec web -- sh -c 'echo hello; exit 3'
            hello
            command terminated with exit code 3
            [exit 3]
            $ kubectl exec web -it -- cat /etc/hostname
            web
            Unable to use a TTY - input is not a terminal or the right kind of file
            $ kubectl exec web -it -- sh
            error: a shell needs a terminal: open one with -it in a console of the page, or give it one command, for example kubectl exec POD -- sh -c 'ls /'
            [exit 1]
            $ kubectl logs web
            /docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration
            /docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/
            /docker-entrypoint.sh: Configuration complete; ready for start up
            $ kubectl logs web -c nope
            error: container nope is not valid for pod web out of: web
            [exit 1]
            $ kubectl delete pod web
            pod "web" deleted from default namespace
            $ kubectl get pods
            No resources found in default namespace.
        "#]],
    );
}

#[test]
fn a_deployment_rolls_out_scales_and_rolls_back() {
    lesson(
        &[
            "kubectl apply -f shop.yaml",
            "kubectl rollout status deploy/shop | tail -1",
            "kubectl set image deploy/shop shop=nginx:1.27",
            "kubectl rollout status deploy/shop | tail -n 1",
            "kubectl rollout history deploy/shop",
            "kubectl scale deploy/shop --replicas=3",
            "kubectl rollout status deploy/shop | tail -1",
            "kubectl get deploy",
            "kubectl rollout undo deploy/shop",
            "kubectl get rs --no-headers | wc -l",
            "kubectl delete deploy shop",
        ],
        &expect![[r#"
            $ kubectl apply -f shop.yaml
            deployment.apps/shop created
            $ kubectl rollout status deploy/shop | tail -1
            deployment "shop" successfully rolled out
            $ kubectl set image deploy/shop shop=nginx:1.27
            deployment.apps/shop image updated
            $ kubectl rollout status deploy/shop | tail -n 1
            deployment "shop" successfully rolled out
            $ kubectl rollout history deploy/shop
            deployment.apps/shop 
            REVISION  CHANGE-CAUSE
            1         <none>
            2         <none>

            $ kubectl scale deploy/shop --replicas=3
            deployment.apps/shop scaled
            $ kubectl rollout status deploy/shop | tail -1
            deployment "shop" successfully rolled out
            $ kubectl get deploy
            NAME   READY   UP-TO-DATE   AVAILABLE   AGE
            shop   3/3     3            3           7s
            $ kubectl rollout undo deploy/shop
            deployment.apps/shop rolled back
            Warning: resource deployments/shop was previously managed with 'kubectl apply'. Rolling back will not update the kubectl.kubernetes.io/last-applied-configuration annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.
            $ kubectl get rs --no-headers | wc -l
            2
            $ kubectl delete deploy shop
            deployment.apps "shop" deleted from default namespace
        "#]],
    );
}

#[test]
fn watches_end_when_the_time_is_up() {
    lesson(
        &[
            "kubectl apply -f pod.yaml",
            "kubectl wait pod/web --for=jsonpath='{.status.phase}'=Succeeded --timeout=5s",
            "kubectl wait pod/other --for=delete",
            "kubectl wait --for=create cm/late --timeout=2s",
        ],
        &expect![[r"
            $ kubectl apply -f pod.yaml
            pod/web created
            $ kubectl wait pod/web --for=jsonpath='{.status.phase}'=Succeeded --timeout=5s
            error: timed out waiting for the condition on pods/web
            [exit 1]
            $ kubectl wait pod/other --for=delete
            $ kubectl wait --for=create cm/late --timeout=2s
            error: timed out waiting for the condition
            [exit 1]
        "]],
    );
}

#[test]
fn rights_are_asked_and_refused() {
    lesson(
        &[
            "kubectl create ns dev",
            "kubectl create role reader -n dev --verb=get,list --resource=pods",
            "kubectl create rolebinding bob -n dev --role=reader --user=bob",
            "kubectl auth can-i list pods -n dev --as=bob",
            "kubectl auth can-i create pods -n dev --as=bob",
            "kubectl run x -n dev --image=nginx --as=bob",
            "kubectl get pods --as=bob",
            "kubectl auth whoami --as=bob",
        ],
        &expect![[r#"
            $ kubectl create ns dev
            namespace/dev created
            $ kubectl create role reader -n dev --verb=get,list --resource=pods
            role.rbac.authorization.k8s.io/reader created
            $ kubectl create rolebinding bob -n dev --role=reader --user=bob
            rolebinding.rbac.authorization.k8s.io/bob created
            $ kubectl auth can-i list pods -n dev --as=bob
            yes
            $ kubectl auth can-i create pods -n dev --as=bob
            no
            [exit 1]
            $ kubectl run x -n dev --image=nginx --as=bob
            Error from server (Forbidden): pods is forbidden: User "bob" cannot create resource "pods" in API group "" in the namespace "dev"
            [exit 1]
            $ kubectl get pods --as=bob
            Error from server (Forbidden): pods is forbidden: User "bob" cannot list resource "pods" in API group "" in the namespace "default"
            [exit 1]
            $ kubectl auth whoami --as=bob
            ATTRIBUTE   VALUE
            Username    bob
            Groups      [system:authenticated]
        "#]],
    );
}

#[test]
fn the_console_says_what_it_cannot_do() {
    lesson(
        &[
            "kubectl get pods; kubectl get svc",
            "kubectl get pods && true",
            "kubectl get pods > file",
            "kubectl get pods | less",
            "kubectl get $(echo pods)",
            "kubectl edit pod web",
            "kubectl cp a b",
            "kubectl get 'pods",
            "kubectl get ns | grep -v kube | sort -r",
            "kubectl get ns -o name | grep -c '^namespace/kube-'",
            "kubectl apply -f - <<EOF\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: here}\ndata: {a: b}\nEOF",
            "kubectl get cm here -o jsonpath='{.data.a}'",
        ],
        &expect![[r"
            $ kubectl get pods; kubectl get svc
            the console runs one command at a time: write each one by itself
            $ kubectl get pods && true
            the console runs one command at a time: write each one by itself
            $ kubectl get pods > file
            output cannot be written to a file here: the console prints it
            $ kubectl get pods | less
            less: the console pipes into grep, head, tail, wc and sort only
            $ kubectl get $(echo pods)
            the console is no shell: it cannot insert the output of another command
            $ kubectl edit pod web
            error: kubectl edit opens no editor in the console: change the object in an editor cell and apply it, or use kubectl patch
            [exit 1]
            $ kubectl cp a b
            error: kubectl cp is not available in the console: there is no file system beside the cluster; use kubectl exec with cat
            [exit 1]
            $ kubectl get 'pods
            the quote ' is not closed
            $ kubectl get ns | grep -v kube | sort -r
            default           Active   30s
            NAME              STATUS   AGE
            $ kubectl get ns -o name | grep -c '^namespace/kube-'
            3
            $ kubectl apply -f - <<EOF
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: here}
            data: {a: b}
            EOF
            configmap/here created
            $ kubectl get cm here -o jsonpath='{.data.a}'
            b"]],
    );
}

#[test]
fn documents_are_applied_compared_and_deleted_without_a_line() {
    let embedded = Embedded::new();
    let kubectl = kubectl(&embedded);
    let text = format!(
        "{POD}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: Bad_Name}}\n---\napiVersion: no/v1\nkind: Thing\nmetadata: {{name: x}}\n"
    );
    let documents = manifest::read(&text).unwrap_or_default();
    let mut said = String::new();
    let diffs = embedded.block_on(diff_documents(&kubectl, &documents)).unwrap_or_default();
    for diff in diffs {
        writeln!(
            said,
            "diff {} {}: {} lines before, after: {}, refused: {:?}",
            diff.key.kind,
            diff.key.name,
            diff.before.lines().count(),
            diff.after.contains("image: nginx"),
            diff.refused
        )
        .unwrap_or_default();
    }
    let options = ApplyOptions::default();
    for _ in 0..2 {
        let applied = apply_documents(&kubectl, &documents, &options);
        for result in embedded.block_on(applied).unwrap_or_default() {
            write!(said, "{:?} {}", result.outcome, result.message).unwrap_or_default();
        }
    }
    for result in embedded.block_on(delete_documents(&kubectl, &documents)).unwrap_or_default() {
        write!(said, "{:?} {}", result.outcome, result.message).unwrap_or_default();
    }
    expect![[r#"
        diff Pod web: 0 lines before, after: true, refused: None
        diff ConfigMap Bad_Name: 0 lines before, after: false, refused: Some("The ConfigMap \"Bad_Name\" is invalid: metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n")
        diff Thing x: 0 lines before, after: false, refused: Some("error: resource mapping not found for name: \"x\" namespace: \"\" from \"cell\": no matches for kind \"Thing\" in version \"no/v1\"\nensure CRDs are installed first\n")
        Created pod/web created
        Failed The ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        Failed error: resource mapping not found for name: "x" namespace: "" from "cell": no matches for kind "Thing" in version "no/v1"
        ensure CRDs are installed first
        Unchanged pod/web unchanged
        Failed The ConfigMap "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
        Failed error: resource mapping not found for name: "x" namespace: "" from "cell": no matches for kind "Thing" in version "no/v1"
        ensure CRDs are installed first
        Failed error: resource mapping not found for name: "x" namespace: "" from "cell": no matches for kind "Thing" in version "no/v1"
        ensure CRDs are installed first
        Failed Error from server (NotFound): configmaps "Bad_Name" not found
        Deleted pod "web" deleted from default namespace
    "#]].assert_eq(&said);
}

#[test]
fn words_are_completed() {
    let embedded = Embedded::new();
    let kubectl = kubectl(&embedded);
    if let Ok(invocation) = Invocation::parse("create configmap settings") {
        let mut out = Captured::default();
        embedded.block_on(kubectl.run(&invocation, &NoFiles, "", &mut out));
    }
    let mut said = String::new();
    for line in [
        "kubectl de",
        "kubectl get depl",
        "kubectl get cm s",
        "kubectl get -n kube-s",
        "kubectl rollout re",
        "kubectl get --show-l",
        "kubectl describe cm/se",
        "kubectl get po | gr",
    ] {
        let found = embedded.block_on(complete(&kubectl, line)).unwrap_or_default();
        let words: Vec<String> = found.into_iter().map(|completion| completion.word).collect();
        writeln!(said, "{line}: {}", words.join(" ")).unwrap_or_default();
    }
    expect![[r"
        kubectl de: debug delete describe
        kubectl get depl: deployments
        kubectl get cm s: settings
        kubectl get -n kube-s: kube-system
        kubectl rollout re: restart resume
        kubectl get --show-l: --show-labels
        kubectl describe cm/se: cm/settings
        kubectl get po | gr: 
    "]]
    .assert_eq(&said);
}
