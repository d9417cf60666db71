//! The embedded cluster writes the audit log that the real one writes for the same commands. `PODIUM_BIN` names
//! the program `podium`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use realcluster::ControlPlane;
use regex_lite::Regex;
use transcripts::{Normaliser, Plane, Target, Transcript, outcomes};

/// What is asked: things that work, things that are refused, by several people.
const COMMANDS: &str = r#"
$ kubectl create configmap a --from-literal=k=v
$ kubectl get configmap a -o name
$ kubectl get configmaps
$ kubectl get configmap missing
$ kubectl create configmap a --from-literal=k=v
$ kubectl create configmap A_b
$ kubectl apply -f - <<'E'
apiVersion: v1
kind: Secret
metadata: {name: s}
E
$ kubectl apply --server-side -f - <<'E'
apiVersion: v1
kind: Secret
metadata: {name: s2}
E
$ kubectl patch configmap a -p '{"data":{"k":"w"}}'
$ kubectl replace -f - <<'E'
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {k: x}
E
$ kubectl label configmap a team=x
$ kubectl get pods --as=jane
$ kubectl get pods --as=jane --as-group=devs -n kube-system
$ kubectl get nodes --as=system:serviceaccount:default:default
$ kubectl get secret s --as=jane -o yaml
$ kubectl auth can-i get pods --as=jane
$ kubectl auth whoami --as=jane --as-uid=7 --as-user-extra=scopes=view
$ kubectl create role r --verb=get,list --resource=pods
$ kubectl create rolebinding b --role=r --user=jane
$ kubectl get pods --as=jane
$ kubectl create serviceaccount robot
$ kubectl create token robot >/dev/null
$ kubectl --token=nonsense get pods
$ kubectl get --raw /version
$ kubectl get --raw /nowhere
$ kubectl get --raw /api/v1/nothing
$ kubectl get --raw /apis/no.group/v1/things
$ kubectl get --raw '/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=1&resourceVersion=0' >/dev/null
$ kubectl get endpoints -n default
$ kubectl create deployment web --image=nginx
$ kubectl scale deployment web --replicas=3
$ kubectl delete configmap a
$ kubectl delete configmap a
$ kubectl delete secret --all
$ kubectl create clusterrole escalate --verb=* --resource=* --as=jane
$ kubectl run p --image=nginx
$ kubectl create serviceaccount default
$ kubectl run p --image=nginx
$ kubectl label ns audit-commands pod-security.kubernetes.io/enforce=baseline pod-security.kubernetes.io/audit=restricted
$ kubectl run q --image=nginx
$ kubectl run r --image=nginx --privileged
$ kubectl create token robot --bound-object-kind=Pod --bound-object-name=nobody
$ kubectl create -f - <<'E'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: watched}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]}
  matchConditions: [{name: own, expression: "request.namespace == 'audit-commands'"}]
  validations:
  - {expression: "!has(object.data) || size(object.data) < 2", message: too <many>}
  - {expression: "!object.metadata.name.startsWith('x')", message: no x}
  auditAnnotations:
  - {key: keys, valueExpression: "has(object.data) ? string(size(object.data)) : ''"}
  - {key: who, valueExpression: "'asked for by ' + request.userInfo.username + ' '"}
  - {key: nothing, valueExpression: "null"}
E
$ kubectl create -f - <<'E'
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: watched}
spec: {policyName: watched, validationActions: [Warn, Audit]}
E
$ until kubectl create configmap xprobing --dry-run=server 2>&1 | grep -q Warning; do :; done
$ kubectl create configmap x1 --from-literal=a=b --from-literal=c=d
$ kubectl create configmap x2
$ kubectl create configmap y --from-literal=a=b
$ kubectl create configmap y --from-literal=a=b
"#;

struct Embedded(Child);

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn embedded(kubeconfig: &Path, log: &Path) -> Embedded {
    let podium = std::env::var_os("PODIUM_BIN").expect("PODIUM_BIN with the path of podium");
    let mut command = Command::new(podium);
    command.args(["cluster", "--listen", "127.0.0.1:0", "--nodes", "0", "--controllers", "none"]);
    command.arg("--write-kubeconfig").arg(kubeconfig).arg("--audit-log").arg(log);
    let mut process = command.stdout(Stdio::piped()).spawn().expect("podium that starts");
    let mut output = BufReader::new(process.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line of its output");
    assert_eq!(line.trim(), "ready");
    Embedded(process)
}

/// The events that the commands caused. What kubectl asks about the API itself depends on what it has in its
/// cache; how long a slow request took, on the machine.
fn events(log: &Path) -> Vec<String> {
    let normaliser = Normaliser::new().expect("rules that compile");
    let latency =
        Regex::new(r#""apiserver\.latency\.k8s\.io/[a-z-]+":"[^"]*",?"#).expect("a pattern");
    let text = fs::read_to_string(log).expect("an audit log");
    let discovery = ["/openapi/v3", "\"requestURI\":\"/api?", "\"requestURI\":\"/apis?"];
    text.lines()
        .filter(|line| line.contains("\"userAgent\":\"kubectl"))
        // How often it takes until a policy is in force is up to chance.
        .filter(|line| !line.contains("xprobing"))
        .filter(|line| !discovery.iter().any(|path| line.contains(path)))
        .map(|line| latency.replace_all(&normaliser.normalise(line), "").into_owned())
        .collect()
}

#[test]
fn the_same_commands_leave_the_same_audit_log() {
    let dir = std::env::temp_dir().join(format!("podium-audit-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a folder");
    let path = dir.join("audit").join("commands.txt");
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(&path, COMMANDS).expect("a transcript");
    let transcript = Transcript::read(&path).expect("a transcript");
    assert_eq!(transcript.plane, Plane::Bare);

    let real = ControlPlane::start_audited(&[]).expect("a control plane");
    let target = Target::of(&real.kubeconfig()).expect("a target");
    let started = events(&real.audit_log()).len();
    outcomes(&target, &transcript).expect("commands that run");
    let expected = events(&real.audit_log()).split_off(started);

    let (kubeconfig, log) = (dir.join("kubeconfig"), dir.join("audit.log"));
    let process = embedded(&kubeconfig, &log);
    let target = Target::of(&kubeconfig).expect("a target");
    outcomes(&target, &transcript).expect("commands that run");
    let found = events(&log);
    drop(process);
    drop(fs::remove_dir_all(&dir));

    assert!(expected.len() > 40, "only {} events", expected.len());
    let (expected, found) = (expected.join("\n"), found.join("\n"));
    let difference = similar::TextDiff::from_lines(&expected, &found);
    let difference = difference.unified_diff().context_radius(0).to_string();
    assert!(expected == found, "the audit logs differ:\n{difference}");
}
