//! Every ready scenario is proved on the embedded cluster: each check fails before its step and passes
//! after the step's solution.
#![expect(clippy::print_stdout, reason = "the journal of a failed proof is its explanation")]
#![expect(clippy::unwrap_used, reason = "a scenario that cannot be run is told by its error")]

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::{Cluster, ClusterConfig, Controllers};
use notebook::read;
use notebook::scenario::{Notebook, Product, Profile, Status};
use notebook::words::Words;
use runner::{Progress, Proof, Runner, Said, Silent, State, Stream, Verdict, prove};
use scenarios::{content, files, folders, root};
use session::embedded::Embedded;

type Engine = Embedded<Cluster>;

fn cluster(notebook: &Notebook) -> Engine {
    let plan = &notebook.scenario.cluster;
    Embedded::new(Cluster::furnished(
        ClusterConfig {
            seed: 4,
            epoch: "2026-01-01T00:00:00Z".parse().unwrap(),
            nodes: 3,
            controllers: Controllers::All,
            admin_token: "test".to_owned(),
            extra_tokens: Vec::new(),
        },
        addons::of_plan(plan.profile.name(), plan.products()),
    ))
}

fn notebook(track: &str, folder: &str, variables: &[(&str, &str)]) -> Notebook {
    let files = files(&content().join(track).join(folder));
    let set = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let notebook = read::notebook(track, folder, &files, "en").unwrap();
    notebook.with_variables(&set.collect()).unwrap()
}

fn runner(cluster: &Engine, notebook: &Notebook) -> Runner {
    Runner::new(Arc::new(cluster.clone()), Arc::new(cluster.clone()), notebook)
}

fn words() -> Words {
    let texts = files(&root().join("app/locales/en"));
    Words::parse(&texts.values().map(String::as_str).collect::<Vec<_>>())
}

/// Prints what happens; shown when a proof fails.
struct Journal;

impl Progress for Journal {
    fn output(&self, cell: &str, stream: Stream, text: &str) {
        print!("[{cell}] {}{text}", if stream == Stream::Command { "$ " } else { "" });
        if stream == Stream::Command {
            println!();
        }
    }

    fn applied(&self, cell: &str, results: &[runner::DocumentResult]) {
        for result in results {
            println!("[{cell}] {}", result.message);
        }
    }
}

fn line(proof: &runner::CellProof, words: &Words) -> String {
    let say = |said: &Said| words.say(&said.code, &said.args);
    let Verdict { id, expected, found, cause, .. } = &proof.after;
    format!(
        "{}/{}/{id}: {:?} (before {:?}, after {:?})\n  expected: {}\n  before: {}\n  after: {}\n  cause: {:?}",
        proof.step,
        proof.cell,
        proof.fault,
        proof.before.state,
        proof.after.state,
        say(expected),
        say(&proof.before.found),
        say(found),
        cause.as_ref().map(say),
    )
}

fn faults(proof: &Proof) -> String {
    let words = words();
    let wrong = proof.checks.iter().filter(|check| check.fault.is_some());
    wrong.map(|check| line(check, &words)).collect::<Vec<_>>().join("\n")
}

fn ready() -> Vec<(String, String)> {
    let is_ready = |(track, folder): &(String, String)| {
        notebook(track, folder, &[]).scenario.status == Status::Ready
    };
    folders().into_iter().filter(is_ready).collect()
}

#[test]
fn every_check_fails_before_its_step_and_passes_after_its_solution() {
    assert!(!ready().is_empty());
    for (track, folder) in ready() {
        let notebook = notebook(&track, &folder, &[]);
        let cluster = cluster(&notebook);
        let runner = runner(&cluster, &notebook);
        let proof = cluster.block_on(prove(&runner, Some(&cluster), &Journal)).unwrap().unwrap();
        assert!(proof.missing().next().is_none(), "{folder}: {:?}", proof.capabilities);
        assert!(!proof.checks.is_empty(), "{folder}");
        assert!(proof.holds(), "{folder}\n{}", faults(&proof));
    }
}

#[test]
fn a_scenario_holds_in_namespaces_of_other_names() {
    for (track, folder) in ready() {
        let variables = notebook(&track, &folder, &[]).scenario.variables;
        let others: Vec<(&str, String)> = variables
            .iter()
            .map(|variable| (variable.name.as_str(), format!("kim-{}", variable.default)))
            .collect();
        let set: Vec<(&str, &str)> =
            others.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let notebook = notebook(&track, &folder, &set);
        let cluster = cluster(&notebook);
        let runner = runner(&cluster, &notebook);
        let proof = cluster.block_on(prove(&runner, Some(&cluster), &Journal)).unwrap().unwrap();
        assert!(!proof.checks.is_empty(), "{folder}");
        assert!(proof.holds(), "{folder}\n{}", faults(&proof));
    }
}

#[test]
fn what_scenarios_ask_of_the_embedded_cluster_is_there() {
    for profile in Profile::ALL {
        assert!(addons::profile(profile.name()).is_some(), "{profile:?}");
    }
    for product in Product::ALL {
        assert!(addons::named(product.name()).is_some(), "{product:?}");
    }
}

#[test]
fn setting_a_scenario_up_twice_changes_nothing() {
    for (track, folder) in ready() {
        let notebook = notebook(&track, &folder, &[]);
        let cluster = cluster(&notebook);
        let runner = runner(&cluster, &notebook);
        cluster.block_on(runner.setup(&Silent)).unwrap().unwrap();
        cluster.block_on(runner.setup(&Silent)).unwrap().unwrap();
    }
}

/// What a step's check cell says after something else than its solution was done.
fn after(
    folder: &str,
    steps: &[&str],
    deeds: &[(&str, &str)],
    cell: &str,
) -> BTreeMap<String, State> {
    let notebook = notebook("hypercloud-4.1", folder, &[]);
    let cluster = cluster(&notebook);
    let runner = runner(&cluster, &notebook);
    cluster.block_on(runner.setup(&Silent)).unwrap().unwrap();
    for step in steps {
        cluster.block_on(runner.solve(step, &Journal)).unwrap().unwrap();
    }
    for (manifest, text) in deeds {
        cluster.block_on(runner.apply(manifest, text, &Journal)).unwrap().unwrap().unwrap();
    }
    let verdicts = cluster.block_on(runner.check(cell, &Silent)).unwrap().unwrap();
    verdicts.into_iter().map(|verdict| (verdict.id, verdict.state)).collect()
}

#[test]
fn wrong_answers_to_section_3_are_told_from_right_ones() {
    let path = content().join("hypercloud-4.1/03-network-policy");
    let texts = files(&path);
    let right = &texts["cells/test-namespace-policy.yaml"];
    let wrong = [
        ("a dash more", texts["cells/one-dash-more.yaml"].clone()),
        ("admits everybody", right.replace("app: np-connect", "app: np-no")),
        ("selects nothing", right.replacen("app: np-test", "app: np-tset", 1)),
        ("another namespace label", right.replace("ns: op", "ns: ops")),
        ("only egress", right.replace("- Ingress", "- Egress")),
    ];
    for (what, text) in wrong {
        let steps = ["same-namespace", "other-namespace", "label", "dash"];
        let verdicts = after("03-network-policy", &steps, &[("repair-policy", &text)], "repaired");
        let failed = verdicts.values().any(|state| *state == State::Failed);
        assert!(failed, "{what} passes: {verdicts:?}");
    }
}

#[test]
fn wrong_answers_to_section_2_are_told_from_right_ones() {
    let texts = files(&content().join("hypercloud-4.1/02-authority"));
    let right = &texts["cells/new-role-that-only-reads.yaml"];
    let wrong = [
        ("may still do everything", texts["cells/new-role-with-the-right-group.yaml"].clone()),
        ("may do nothing", texts["cells/new-role-without-deployments.yaml"].clone()),
        ("cannot watch", right.replace("      - watch\n", "")),
        ("another group", right.replace("- apps", "- extensions")),
        ("only the subresource", right.replace("- deployments", "- deployments/scale")),
    ];
    for (what, text) in wrong {
        let steps = ["role", "binding", "group"];
        let verdicts = after("02-authority", &steps, &[("only-read", &text)], "read-only");
        let failed = verdicts.values().any(|state| *state == State::Failed);
        assert!(failed, "{what} passes: {verdicts:?}");
    }
    let verdicts =
        after("02-authority", &["role", "binding"], &[("only-read", right)], "read-only");
    assert!(verdicts.values().all(|state| *state == State::Passed), "{verdicts:?}");
}

/// Of several answers to a step's cell, its check cell fails after each but the right one.
fn only_right(folder: &str, steps: &[&str], right: &[(&str, &str)], wrong: &[&str], check: &str) {
    let verdicts = after(folder, steps, right, check);
    assert!(verdicts.values().all(|state| *state == State::Passed), "right: {verdicts:?}");
    let Some(((cell, _), before)) = right.split_last() else { return };
    for answer in wrong {
        let deeds = [before, &[(*cell, *answer)]].concat();
        let verdicts = after(folder, steps, &deeds, check);
        let failed = verdicts.values().any(|state| *state == State::Failed);
        assert!(failed, "passes: {verdicts:?}\n{answer}");
    }
}

#[test]
fn wrong_answers_to_section_6_are_told_from_right_ones() {
    let folder = "06-applications";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let text = |name: &str| texts[&format!("cells/{name}.yaml")].as_str();
    let service = text("web-service-that-selects");
    only_right(
        folder,
        &[],
        &[("web", text("web")), ("web-service", service)],
        &[text("web-service"), &service.replace("targetPort: 8080", "targetPort: 80")],
        "serving",
    );
    let update = text("web-updated");
    only_right(
        folder,
        &["deploy"],
        &[("update", update)],
        &[
            text("web-to-update"),
            &update.replace("replicas: 4", "replicas: 3"),
            &update.replace("agnhost:2.57", "agnhots:2.57"),
        ],
        "updated",
    );
    let switch = text("shop-service-green");
    only_right(
        folder,
        &["blue-green"],
        &[("switch-service", switch)],
        &[
            text("shop-service"),
            &switch.replace("version: green", "version: gren"),
            &switch.replace("name: shop", "name: shop-green"),
        ],
        "switched",
    );
}

#[test]
fn wrong_answers_about_nodes_are_told_from_right_ones() {
    let folder = "06-placement";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let text = |name: &str| texts[&format!("cells/{name}.yaml")].as_str();
    only_right(
        folder,
        &["host", "label"],
        &[("not-on-ssd", text("not-on-ssd-solved"))],
        &[
            text("not-on-ssd"),
            &text("not-on-ssd-solved").replace("['ssd']", "['hdd']"),
            &text("not-on-ssd").replace("'ssd'", "'hdd'"),
        ],
        "avoids",
    );
}

#[test]
fn wrong_answers_about_autoscaling_are_told_from_right_ones() {
    let folder = "06-autoscaling";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let right = texts["cells/load-with-requests.yaml"].as_str();
    only_right(
        folder,
        &[],
        &[
            ("load", &texts["cells/load.yaml"]),
            ("autoscaler", &texts["cells/autoscaler.yaml"]),
            ("with-requests", right),
        ],
        &[
            &texts["cells/load.yaml"],
            &right.replace("cpu: 100m", "cpu: 200m"),
            &right.replace("            requests:\n              cpu: 100m\n", ""),
            &right.replace("cpu: 200m", "cpu: 500m"),
        ],
        "a-number",
    );
}

#[test]
fn wrong_answers_to_section_1_are_told_from_right_ones() {
    let folder = "01-console";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let right = texts["cells/viewer-may-view.yaml"].as_str();
    only_right(
        folder,
        &[],
        &[("viewer", right)],
        &[
            &texts["cells/viewer.yaml"],
            &right.replace("name: view\n", "name: edit\n"),
            &right.replace("name: view\n", "name: cluster-admin\n"),
            &right.replace("viewer@", "Viewer@"),
            &right.replace("namespace: dev", "namespace: default"),
        ],
        "sees",
    );
}

#[test]
fn wrong_answers_to_section_4_are_told_from_right_ones() {
    let folder = "04-containers";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let text = |name: &str| texts[&format!("cells/{name}.yaml")].as_str();
    let config = text("server-xml-on-8888");
    only_right(
        folder,
        &[],
        &[("server-xml", config)],
        &[text("server-xml"), &config.replace("server.xml: |", "serverxml: |")],
        "registered",
    );
    let pod = text("config-tomcat-that-runs");
    only_right(
        folder,
        &["config"],
        &[("claims", text("claims")), ("config-tomcat", pod)],
        &[
            text("config-tomcat"),
            &pod.replace("          subPath: server.xml\n", ""),
            &pod.replace("conf/server.xml\n", "conf\n")
                .replace("          subPath: server.xml\n", ""),
            &pod.replace("claimName: home-pvc", "claimName: house-pvc"),
        ],
        "runs",
    );
}

#[test]
fn wrong_answers_about_accounts_are_told_from_right_ones() {
    let folder = "02-accounts";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let text = |name: &str| texts[&format!("cells/{name}.yaml")].as_str();
    let right = text("sign-up-strong");
    only_right(
        folder,
        &[],
        &[("sign-up-form", right)],
        &[
            text("sign-up"),
            &right.replace("Qwer1234!", "qwer1234!"),
            &right.replace("Qwer1234!", "Qwer12!"),
            &right.replace("email: new-user@tmax.co.kr", "email: kim@tmax.co.kr"),
            &right.replace("new-user@tmax.co.kr", "New-user@tmax.co.kr"),
        ],
        "registered",
    );
    let labelled = text("claim")
        .replace("  name: dev-claim\n", "  name: dev-claim\n  labels:\n    handled: f\n");
    only_right(
        folder,
        &["sign-up", "confirm"],
        &[("namespace-claim", &labelled)],
        &[
            text("claim"),
            &labelled.replace("handled: f", "handled: t"),
            &labelled.replace("resourceName: dev", "resourceName: default"),
            &labelled.replace("resourceName: dev", "resourceName: devel"),
        ],
        "awaiting",
    );
}

#[test]
fn wrong_answers_about_gpus_are_told_from_right_ones() {
    let folder = "00-environment";
    let texts = files(&content().join("hypercloud-4.1").join(folder));
    let text = |name: &str| texts[&format!("cells/{name}.yaml")].as_str();
    let right = text("gpu-tolerates");
    only_right(
        folder,
        &[],
        &[("gpu-pod", right)],
        &[
            text("gpu"),
            &right.replace("key: nvidia.com/gpu", "key: nvidia.com/gpus"),
            &right.replace("nvidia.com/gpu: 1", "nvidia.com/gpu: 3"),
        ],
        "on-gpu",
    );
}
