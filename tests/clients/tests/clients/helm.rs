//! A release with hooks, a custom resource and a test, through its whole life.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use clients::{Podium, said};
use expect_test::expect;

/// Lines that tell what was done; times differ from run to run.
fn line(text: &str) -> Option<&str> {
    let text = text.trim_end();
    let timed = ["LAST DEPLOYED:", "Last Started:", "Last Completed:"];
    (!text.is_empty() && !timed.iter().any(|start| text.starts_with(start))).then_some(text)
}

struct Session {
    podium: Podium,
    seen: String,
}

impl Session {
    fn helm(&mut self, line: &str) {
        let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("chart").display().to_string();
        let words = line.split(' ').map(|word| if word == "CHART" { &chart } else { word });
        let mut command = Command::new(realcluster::programs::helm().expect("helm"));
        command.args(words).env("KUBECONFIG", self.podium.kubeconfig());
        for home in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(home, self.podium.dir());
        }
        let output = command.output().expect("helm that starts");
        self.tell("helm", line, &said(&output));
    }

    fn kubectl(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let answer = self.podium.kubectl(&words).unwrap_or_else(|failure| failure);
        self.tell("kubectl", line, &answer);
    }

    fn tell(&mut self, program: &str, command: &str, answer: &str) {
        writeln!(self.seen, "$ {program} {command}").expect("text");
        for shown in answer.lines().filter_map(line) {
            writeln!(self.seen, "{shown}").expect("text");
        }
    }
}

#[test]
fn helm_installs_upgrades_tests_rolls_back_and_uninstalls() {
    let mut session = Session { podium: Podium::start(&[]).expect("podium"), seen: String::new() };
    let columns =
        "NAME:.metadata.name,REPLICAS:.spec.replicas,READY:.status.readyReplicas,SLOTS:.spec.slots";
    let state = format!("get -n shop deployments,shelves -o custom-columns={columns}");
    session.helm("install one CHART -n shop --create-namespace --wait --timeout 60s");
    session.kubectl(&state);
    session.helm("upgrade one CHART -n shop --set replicas=3,greeting=hi --wait --timeout 60s");
    session.kubectl(&state);
    session.kubectl("get configmap one-settings -n shop -o jsonpath={.data}");
    session.helm("test one -n shop --logs");
    session.helm("upgrade one CHART -n shop --set greeting=lost,image=none --atomic --timeout 5s");
    session.helm("rollback one 1 -n shop --wait --timeout 60s");
    session.kubectl(&state);
    session.kubectl("get secrets -n shop -l owner=helm -o custom-columns=NAME:.metadata.name,STATUS:.metadata.labels.status");
    session.helm("uninstall one -n shop --wait --timeout 60s");
    session.kubectl(
        "get -n shop deployments,services,shelves,secrets,pods -l app.kubernetes.io/instance=one",
    );
    session.kubectl(
        "get jobs -n shop -o custom-columns=NAME:.metadata.name,SUCCEEDED:.status.succeeded",
    );
    session.helm("list -A");
    expect![[r#"
        $ helm install one CHART -n shop --create-namespace --wait --timeout 60s
        NAME: one
        NAMESPACE: shop
        STATUS: deployed
        REVISION: 1
        $ kubectl get -n shop deployments,shelves -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas,READY:.status.readyReplicas,SLOTS:.spec.slots
        NAME      REPLICAS   READY    SLOTS
        one-web   1          1        <none>
        one       <none>     <none>   10
        $ helm upgrade one CHART -n shop --set replicas=3,greeting=hi --wait --timeout 60s
        Release "one" has been upgraded. Happy Helming!
        NAME: one
        NAMESPACE: shop
        STATUS: deployed
        REVISION: 2
        $ kubectl get -n shop deployments,shelves -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas,READY:.status.readyReplicas,SLOTS:.spec.slots
        NAME      REPLICAS   READY    SLOTS
        one-web   3          3        <none>
        one       <none>     <none>   30
        $ kubectl get configmap one-settings -n shop -o jsonpath={.data}
        {"greeting":"hi","revision":"2"}
        $ helm test one -n shop --logs
        NAME: one
        NAMESPACE: shop
        STATUS: deployed
        REVISION: 2
        TEST SUITE:     one-answers
        Phase:          Succeeded
        POD LOGS: one-answers
        <!DOCTYPE html>
        <html>
        <head>
        <title>Welcome to nginx!</title>
        <style>
        html { color-scheme: light dark; }
        body { width: 35em; margin: 0 auto;
        font-family: Tahoma, Verdana, Arial, sans-serif; }
        </style>
        </head>
        <body>
        <h1>Welcome to nginx!</h1>
        <p>If you see this page, the nginx web server is successfully installed and
        working. Further configuration is required.</p>
        <p>For online documentation and support please refer to
        <a href="http://nginx.org/">nginx.org</a>.<br/>
        Commercial support is available at
        <a href="http://nginx.com/">nginx.com</a>.</p>
        <p><em>Thank you for using nginx.</em></p>
        </body>
        </html>
        $ helm upgrade one CHART -n shop --set greeting=lost,image=none --atomic --timeout 5s
        Error: UPGRADE FAILED: release one failed, and has been rolled back due to atomic being set: context deadline exceeded
        $ helm rollback one 1 -n shop --wait --timeout 60s
        Rollback was a success! Happy Helming!
        $ kubectl get -n shop deployments,shelves -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas,READY:.status.readyReplicas,SLOTS:.spec.slots
        NAME      REPLICAS   READY    SLOTS
        one-web   1          1        <none>
        one       <none>     <none>   10
        $ kubectl get secrets -n shop -l owner=helm -o custom-columns=NAME:.metadata.name,STATUS:.metadata.labels.status
        NAME                        STATUS
        sh.helm.release.v1.one.v1   superseded
        sh.helm.release.v1.one.v2   superseded
        sh.helm.release.v1.one.v3   failed
        sh.helm.release.v1.one.v4   superseded
        sh.helm.release.v1.one.v5   deployed
        $ helm uninstall one -n shop --wait --timeout 60s
        release "one" uninstalled
        $ kubectl get -n shop deployments,services,shelves,secrets,pods -l app.kubernetes.io/instance=one
        $ kubectl get jobs -n shop -o custom-columns=NAME:.metadata.name,SUCCEEDED:.status.succeeded
        NAME               SUCCEEDED
        one-post-delete    1
        one-post-upgrade   1
        one-pre-install    1
        one-pre-rollback   1
        $ helm list -A
        NAME	NAMESPACE	REVISION	UPDATED	STATUS	CHART	APP VERSION
    "#]].assert_eq(&session.seen);
}
